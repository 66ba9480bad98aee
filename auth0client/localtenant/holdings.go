package localtenant

import (
	"crypto/rand"
	"slices"
	"time"
)

// holdings are what a tenant keeps beyond people, roles and what was there from the first: each kind in a table.
type holdings struct {
	groups        *table[*group]
	userGroups    *table[[]groupMembership] // by user id; changed by setGroups
	groupRoles    *table[[]string]          // by group id
	orgGroupRoles *table[[]string]          // by pairKey of organization and group

	orgConnections *table[[]*orgConnection] // by organization id, as the next three
	orgDomains     *table[[]*orgDomain]
	orgGrants      *table[[]string]
	rolesAhead     *table[[]string] // of who is no member yet, by pairKey of organization and user
	invitations    *table[[]*invitation]

	clientGrants *table[*clientGrant]
	consents     *table[[]*consent] // by user id, as the next
	deviceKeys   *table[[]*deviceKey]
	settings     *table[any]       // documents of settings by path
	ipBlocks     *table[time.Time] // blocked addresses, since when
	work         *table[*task]     // what is accepted and not done yet, oldest first

	exportKey    []byte          // signs the locations of exports, new in each process
	inGroup      map[string]*ids // users by group, made of userGroups when first asked for
	moved        []move          // memberships that lists of members do not show yet
	foundSession finder[*session]
	foundRefresh finder[*refreshRow]
	foundMethod  finder[*authMethod]
	foundKey     finder[*deviceKey]
	foundDevice  finder[*refreshRow]
	foundConsent finder[*consent]
}

func newHoldings() holdings {
	key := make([]byte, 32)
	rand.Read(key) //nolint:errcheck // crypto/rand.Read never fails
	return holdings{
		exportKey: key,
		groups:    newTable[*group]("group"), userGroups: newTable[[]groupMembership]("group memberships"),
		groupRoles: newTable[[]string]("group roles"), orgGroupRoles: newTable[[]string]("organization group roles"),
		orgConnections: newTable[[]*orgConnection]("organization connections"), orgDomains: newTable[[]*orgDomain]("organization domains"),
		orgGrants: newTable[[]string]("organization client grants"), rolesAhead: newTable[[]string]("roles of members to be"), invitations: newTable[[]*invitation]("invitations"),
		clientGrants: newTable[*clientGrant]("client grant"), consents: newTable[[]*consent]("consents"),
		deviceKeys: newTable[[]*deviceKey]("device keys"), settings: newTable[any]("settings"),
		ipBlocks: newTable[time.Time]("blocked addresses"), work: newTable[*task]("work"),
	}
}

type group struct {
	ID, Name, ExternalID, ConnectionID string
	Created, Updated                   time.Time
}

type groupMembership struct {
	Group string
	Since time.Time
}

type orgConnection struct {
	ConnectionID                           string
	AssignMembership, ShowAsButton, Signup *bool
	Name, Access                           string
	Enabled                                *bool
}

type orgDomain struct {
	ID, Domain, Status, Text string
	ForDiscovery             *bool
}

type invitation struct {
	ID, Org, Client, ConnectionID, Inviter, Invitee, Ticket string
	Roles                                                   []string
	UserMetadata, AppMetadata                               map[string]any
	Created, Expires                                        time.Time
}

// clientGrant lets an application have scopes of an API. API is the id of the API's record.
type clientGrant struct {
	ID, Client, API string
	Scopes          []string
	AllScopes       bool
	Subject         string // client or user
	OrgUsage        string
	AnyOrg          *bool
	DetailTypes     []string
	HasDetailTypes  bool
}

// consent is what a user allowed an application to have; Auth0 calls it a grant.
type consent struct {
	ID, Client, Audience string
	Scopes               []string
}

type deviceKey struct {
	ID, Name, Device, Client, Value string
}

// pairKey joins two ids into the key of a table.
func pairKey(a, b string) string { return a + " " + b }

// finder finds the row with an id among lists kept by user. It remembers owners, and looks again when it was wrong and the
// lists have changed.
type finder[T any] struct {
	owner map[string]string
	edits uint64 // of the table when owners were read
}

func (f *finder[T]) find(in *table[[]T], idOf func(T) string, id string) (owner string, row T, found bool) {
	if f.owner == nil {
		f.owner = map[string]string{}
	}
	among := func(list []T) bool {
		i := slices.IndexFunc(list, func(r T) bool { return idOf(r) == id })
		if i >= 0 {
			row = list[i]
		}
		return i >= 0
	}
	if who, known := f.owner[id]; known && among(in.at(who)) {
		return who, row, true
	}
	delete(f.owner, id)
	if f.edits == in.edits {
		return "", row, false
	}
	f.edits = in.edits
	for who, list := range in.all() {
		for _, r := range list {
			f.owner[idOf(r)] = who
		}
	}
	who, known := f.owner[id]
	if !known || !among(in.at(who)) {
		delete(f.owner, id)
		return "", row, false
	}
	return who, row, true
}

// trim takes rows out of a user's list, and the list away with the last one.
func trim[T any](in *table[[]T], key string, gone func(T) bool) (removed int) {
	had := in.at(key)
	left := slices.DeleteFunc(slices.Clone(had), gone)
	switch {
	case len(left) == len(had):
	case len(left) == 0:
		in.drop(key)
	default:
		in.set(key, left)
	}
	return len(had) - len(left)
}

// trimAll takes rows out of everybody's lists.
func trimAll[T any](in *table[[]T], gone func(T) bool) {
	var empty []string
	for _, key := range in.names() {
		had := in.at(key)
		left := slices.DeleteFunc(slices.Clone(had), gone)
		switch {
		case len(left) == 0:
			empty = append(empty, key)
		case len(left) < len(had):
			in.set(key, left)
		}
	}
	in.dropAll(empty)
}

// setGroups makes a user a member of exactly these groups.
func (t *Tenant) setGroups(userID string, now []groupMembership) {
	names := func(list []groupMembership) []string {
		out := make([]string, len(list))
		for i, m := range list {
			out[i] = m.Group
		}
		return out
	}
	if t.inGroup != nil {
		reindex(t.inGroup, userID, names(t.userGroups.at(userID)), names(now))
	}
	if len(now) == 0 {
		t.userGroups.drop(userID)
		return
	}
	t.userGroups.set(userID, now)
}

// membersOfGroup are the users in a group, in the order they joined; nil when there are none.
func (t *Tenant) membersOfGroup(id string) *ids {
	if t.inGroup == nil {
		t.inGroup = map[string]*ids{}
		for user, list := range t.userGroups.all() {
			for _, m := range list {
				reindex(t.inGroup, user, nil, []string{m.Group})
			}
		}
	}
	return t.inGroup[id]
}
