package desk

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"usher/auth0client"
)

// Whose is whose roles are changed: users' own, or those of the members of an organization. Build it with [OwnRoles] or
// [MemberRoles].
type Whose interface {
	// Held reads the roles that are changed here.
	Held(ctx context.Context, id auth0client.UserID) ([]auth0client.RoleID, error)
	// Through reads the roles that come another way and are changed elsewhere.
	Through(ctx context.Context, id auth0client.UserID) ([]Through, error)
	// Assign and Remove take one request each. held is what was seen before: when it is not so any more, nothing is changed
	// and the error is an [auth0client.Changed].
	Assign(ctx context.Context, id auth0client.UserID, roles, held []auth0client.RoleID) error
	Remove(ctx context.Context, id auth0client.UserID, roles, held []auth0client.RoleID) error
	// Where is "" for users' own roles, else " in " and the organization's name.
	Where() string
	// Permissions are usher's permissions that a change needs.
	Permissions() []string
}

// Through is a role that somebody has another way than directly.
type Through struct {
	Role auth0client.RoleID
	From string // "the group Engineering", "Acme", fit for a terminal
	// Elsewhere: it counts in another place only (an organization) and changes nothing about the role here.
	Elsewhere bool
}

// MostRoles is how many roles Auth0 lets a user hold directly, and a member in an organization.
const MostRoles = auth0client.MaxRolesPerUser

// RoleWrites is what changing users' own roles needs.
type RoleWrites interface {
	UserRoles(ctx context.Context, id auth0client.UserID) ([]auth0client.Role, error)
	AssignRoles(ctx context.Context, id auth0client.UserID, roles []auth0client.RoleID) error
	RemoveRoles(ctx context.Context, id auth0client.UserID, roles []auth0client.RoleID) error
	AssignToUsers(ctx context.Context, id auth0client.RoleID, users []auth0client.UserID) error
}

// RoleSources tells by which other ways a user has roles.
type RoleSources interface {
	EffectiveRoles(ctx context.Context, id auth0client.UserID) ([]auth0client.EffectiveRole, error)
	RoleGroups(ctx context.Context, id auth0client.UserID, role auth0client.RoleID) ([]auth0client.Group, error)
	UserOrganizations(ctx context.Context, id auth0client.UserID) ([]auth0client.Organization, error)
	MemberRoles(ctx context.Context, id auth0client.OrgID, user auth0client.UserID) ([]auth0client.Role, error)
}

// OwnRoles are the roles that users hold themselves.
func OwnRoles(tenant interface {
	RoleWrites
	RoleSources
}) Whose {
	return ownRoles{tenant, tenant}
}

type ownRoles struct {
	writes  RoleWrites
	sources RoleSources
}

func (ownRoles) Where() string         { return "" }
func (ownRoles) Permissions() []string { return []string{"roles:assign"} }

func (o ownRoles) Held(ctx context.Context, id auth0client.UserID) ([]auth0client.RoleID, error) {
	held, err := o.writes.UserRoles(ctx, id)
	return roleIDs(held), err
}

func (o ownRoles) Assign(ctx context.Context, id auth0client.UserID, roles, held []auth0client.RoleID) error {
	return o.writes.AssignRoles(auth0client.IfRoles(ctx, held), id, roles)
}

func (o ownRoles) Remove(ctx context.Context, id auth0client.UserID, roles, held []auth0client.RoleID) error {
	return o.writes.RemoveRoles(auth0client.IfRoles(ctx, held), id, roles)
}

// AssignToUsers gives many users one role, see [AssignToMany].
func (o ownRoles) AssignToUsers(ctx context.Context, role auth0client.RoleID, users []auth0client.UserID) error {
	return o.writes.AssignToUsers(ctx, role, users)
}

// mostSources bounds how many groups' roles and organizations are asked about, one question each.
const mostSources = 12

// Through names the groups that give a user roles, and the organizations in which they have some.
func (o ownRoles) Through(ctx context.Context, id auth0client.UserID) ([]Through, error) {
	var out []Through
	all, err := o.sources.EffectiveRoles(ctx, id)
	if err != nil {
		return nil, err
	}
	asked := 0
	for _, r := range all {
		if !r.ByGroups {
			continue
		}
		from := "a group"
		if asked++; asked <= mostSources {
			groups, err := o.sources.RoleGroups(ctx, id, r.ID)
			if err != nil {
				return nil, err
			}
			if names := groupNames(groups); names != "" {
				from = names
			}
		}
		out = append(out, Through{Role: r.ID, From: from})
	}
	orgs, err := o.sources.UserOrganizations(ctx, id)
	if err != nil {
		return out, err
	}
	for _, org := range orgs[:min(len(orgs), mostSources)] {
		roles, err := o.sources.MemberRoles(ctx, org.ID, id)
		if err != nil {
			return out, err
		}
		for _, r := range roles {
			out = append(out, Through{Role: r.ID, From: orgName(org), Elsewhere: true})
		}
	}
	return out, nil
}

func groupNames(groups []auth0client.Group) string {
	names := make([]string, len(groups))
	for i, g := range groups {
		names[i] = g.Name.String()
	}
	switch len(names) {
	case 0:
		return ""
	case 1:
		return "the group " + names[0]
	}
	return "the groups " + strings.Join(names, ", ")
}

func orgName(o auth0client.Organization) string {
	if !o.Display.IsEmpty() {
		return o.Display.String()
	}
	return o.Name.String()
}

// MemberWrites is what changing the roles of an organization's members needs.
type MemberWrites interface {
	MemberRoles(ctx context.Context, id auth0client.OrgID, user auth0client.UserID) ([]auth0client.Role, error)
	AssignMemberRoles(ctx context.Context, id auth0client.OrgID, user auth0client.UserID, roles []auth0client.RoleID) error
	RemoveMemberRoles(ctx context.Context, id auth0client.OrgID, user auth0client.UserID, roles []auth0client.RoleID) error
	UserRoles(ctx context.Context, id auth0client.UserID) ([]auth0client.Role, error)
}

// MemberRoles are the roles that members have in an organization.
func MemberRoles(tenant MemberWrites, org auth0client.Organization) Whose {
	return memberRoles{tenant, org}
}

// OrganizationOf is the organization whose members' roles are meant; the zero one for users' own roles, also for nil. It is
// false for roles of another kind.
func OrganizationOf(w Whose) (auth0client.Organization, bool) {
	switch w := w.(type) {
	case nil, ownRoles:
		return auth0client.Organization{}, true
	case memberRoles:
		return w.org, true
	}
	return auth0client.Organization{}, false
}

type memberRoles struct {
	tenant MemberWrites
	org    auth0client.Organization
}

func (m memberRoles) Where() string       { return " in " + orgName(m.org) }
func (memberRoles) Permissions() []string { return []string{"orgs:manage", "roles:assign"} }

func (m memberRoles) Held(ctx context.Context, id auth0client.UserID) ([]auth0client.RoleID, error) {
	held, err := m.tenant.MemberRoles(ctx, m.org.ID, id)
	return roleIDs(held), err
}

// Through names what the user holds everywhere, in the organization as well.
func (m memberRoles) Through(ctx context.Context, id auth0client.UserID) ([]Through, error) {
	own, err := m.tenant.UserRoles(ctx, id)
	out := make([]Through, len(own))
	for i, r := range own {
		out[i] = Through{Role: r.ID, From: "everywhere", Elsewhere: true}
	}
	return out, err
}

func (m memberRoles) Assign(ctx context.Context, id auth0client.UserID, roles, held []auth0client.RoleID) error {
	return m.tenant.AssignMemberRoles(auth0client.IfRoles(ctx, held), m.org.ID, id, roles)
}

func (m memberRoles) Remove(ctx context.Context, id auth0client.UserID, roles, held []auth0client.RoleID) error {
	return m.tenant.RemoveMemberRoles(auth0client.IfRoles(ctx, held), m.org.ID, id, roles)
}

func roleIDs(roles []auth0client.Role) []auth0client.RoleID {
	out := make([]auth0client.RoleID, len(roles))
	for i, r := range roles {
		out[i] = r.ID
	}
	return out
}

// AssignRoles gives a user roles in one request, after a look at what they hold: what they have already is not sent, and
// more than Auth0 allows is refused before anything is sent.
func AssignRoles(whose Whose, u auth0client.User, roles []auth0client.Role) Operation {
	return Operation{Name: "Assign roles", Permission: "roles:assign", User: u,
		Does: []string{"Assign " + RoleNames(roles) + whose.Where() + " to " + Who(u)},
		Run: func(ctx context.Context) Result {
			held, err := whose.Held(ctx, u.ID)
			if err != nil {
				return Result{Err: err}
			}
			lacks, has := split(roles, held)
			var r Result
			if len(has) > 0 {
				r.Note = []string{"Held already: " + RoleNames(has) + "."}
			}
			if len(lacks) == 0 {
				return r
			}
			if err := RolesFit(len(held), len(lacks), 0); err != nil {
				return Result{Err: err}
			}
			if r.Err = whose.Assign(ctx, u.ID, roleIDs(lacks), held); r.Err == nil {
				r.Done = []string{"Assigned " + RoleNames(lacks) + "."}
			}
			return r
		}}
}

// RemoveRoles takes roles from a user in one request, after a look at what they hold.
func RemoveRoles(whose Whose, u auth0client.User, roles []auth0client.Role) Operation {
	return Operation{Name: "Remove roles", Permission: "roles:assign", User: u, Danger: true,
		Does: []string{"Remove " + RoleNames(roles) + whose.Where() + " from " + Who(u), "Tokens already issued keep the roles until they expire."},
		Run: func(ctx context.Context) Result {
			held, err := whose.Held(ctx, u.ID)
			if err != nil {
				return Result{Err: err}
			}
			lacks, has := split(roles, held)
			var r Result
			if len(lacks) > 0 {
				r.Note = []string{"Not held: " + RoleNames(lacks) + "."}
			}
			if len(has) == 0 {
				return r
			}
			if r.Err = whose.Remove(ctx, u.ID, roleIDs(has), held); r.Err == nil {
				r.Done = []string{"Removed " + RoleNames(has) + "."}
			}
			return r
		}}
}

func split(roles []auth0client.Role, held []auth0client.RoleID) (lacks, has []auth0client.Role) {
	for _, r := range roles {
		if slices.Contains(held, r.ID) {
			has = append(has, r)
		} else {
			lacks = append(lacks, r)
		}
	}
	return lacks, has
}

// RoleNames lists roles by name.
func RoleNames(roles []auth0client.Role) string {
	names := make([]string, len(roles))
	for i, r := range roles {
		names[i] = r.Name.String()
	}
	return strings.Join(names, ", ")
}

// TooManyRoles: Auth0 would refuse a change for its limit of [MostRoles].
type TooManyRoles struct {
	Would  int  // how many roles the user would hold
	Moment bool // only between assigning and removing
}

func (e *TooManyRoles) Error() string {
	if e.Moment {
		return fmt.Sprintf("would hold %d roles for a moment; Auth0 allows %d. Remove first, apply, then add.", e.Would, MostRoles)
	}
	return fmt.Sprintf("would hold %d roles; Auth0 allows %d.", e.Would, MostRoles)
}

// RolesFit says whether somebody who holds so many roles can be given and then relieved of some; a no is a *TooManyRoles.
func RolesFit(held, add, remove int) error {
	most := held + add
	switch {
	case add == 0 || most <= MostRoles:
		return nil
	case most-remove > MostRoles:
		return &TooManyRoles{Would: most - remove}
	}
	return &TooManyRoles{Would: most, Moment: true}
}
