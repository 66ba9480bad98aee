package localtenant

import (
	"maps"
	"slices"
	"time"
)

// user is a directory record. Records are copied to be changed, so the search index can keep an older one.
type user struct {
	ID            string
	Email         string
	EmailVerified *bool
	Username      string
	Phone         string
	PhoneVerified *bool
	Name          string
	Given         string
	Family        string
	Nickname      string
	Picture       string
	Blocked       *bool // absent until an administrator sets it
	Created       time.Time
	Updated       time.Time
	LastLogin     time.Time
	LastPassword  time.Time
	Logins        int
	LastIP        string
	Identities    []identity
	UserMetadata  map[string]any
	AppMetadata   map[string]any
	Password      string   // a hash, never sent
	OldPasswords  []string // hashes of earlier ones, newest first
}

type identity struct {
	Connection string
	UserID     string
	Provider   string
	Social     bool
	Profile    map[string]any // profileData, of linked identities
	Password   string         // of a linked database identity, hashed as the record's own
}

type connection struct {
	ID, Name, Display, Strategy string
	Options                     map[string]any
	Metadata                    map[string]any
	Clients                     []string // those it is enabled for; none disables it
	Realms                      []string
	ShowAsButton, Domain        *bool
}

type resourceServer struct {
	ID, Name, Identifier string
	System               bool
	Scopes               []scope
	Settings             map[string]any // what else the API shows of it, by the API's names
}

type scope struct{ Value, Description string }

type client struct {
	ID, Name, Type string
	Secret         string
	FirstParty     bool
	Settings       map[string]any // what else the API shows of it, by the API's names
	Credentials    []*credential
}

// credential is a public key with which an application proves itself.
type credential struct {
	ID, Name, KeyID, Algorithm, PEM string
	Created, Updated, Expires       time.Time
}

type organization struct {
	ID, Name, Display string
	Created           time.Time
	Branding          map[string]any
	Metadata          map[string]any
	TokenQuota        map[string]any
}

type role struct {
	ID, Name, Description string
	Permissions           []permission
}

type permission struct{ API, Name string }

type block struct{ Identifier, IP, Connection string }

type authMethod struct {
	ID, Type  string
	Name      string
	Confirmed bool
	Phone     string
	Email     string
	Preferred string
	KeyID     string
	Extra     map[string]any // what else the API shows of it
	LinkID    string
	Created   time.Time
	Enrolled  time.Time
	LastAuth  time.Time
}

type session struct {
	ID      string
	Created time.Time
	Active  time.Time
	IP      string
	Agent   string
	Client  string
	Meta    map[string]any // session_metadata
}

type refreshRow struct {
	ID, Client, Session string
	Created, Exchanged  time.Time
	API                 string
	Meta                map[string]any // refresh_token_metadata
}

func (u *user) clone() *user {
	c := *u
	c.Identities = slices.Clone(u.Identities)
	c.UserMetadata = maps.Clone(u.UserMetadata)
	c.AppMetadata = maps.Clone(u.AppMetadata)
	return &c
}

// connection is the name of the connection of the primary identity.
func (u *user) connection() string {
	if len(u.Identities) == 0 {
		return ""
	}
	return u.Identities[0].Connection
}

const stampLayout = "2006-01-02T15:04:05.000Z"

func stamp(at time.Time) string { return at.UTC().Format(stampLayout) }

// field is one root attribute as the API shows it; ok is false when the record has none.
func (u *user) field(name string) (v any, ok bool) {
	str := func(s string) (any, bool) { return s, s != "" }
	at := func(w time.Time) (any, bool) { return stamp(w), !w.IsZero() }
	flag := func(b *bool) (any, bool) {
		if b == nil {
			return nil, false
		}
		return *b, true
	}
	switch name {
	case "user_id":
		return u.ID, true
	case "email":
		return str(u.Email)
	case "email_verified":
		return flag(u.EmailVerified)
	case "username":
		return str(u.Username)
	case "phone_number":
		return str(u.Phone)
	case "phone_verified":
		return flag(u.PhoneVerified)
	case "name":
		return str(u.Name)
	case "given_name":
		return str(u.Given)
	case "family_name":
		return str(u.Family)
	case "nickname":
		return str(u.Nickname)
	case "picture":
		return str(u.Picture)
	case "blocked":
		return flag(u.Blocked)
	case "created_at":
		return at(u.Created)
	case "updated_at":
		return at(u.Updated)
	case "last_login":
		return at(u.LastLogin)
	case "last_password_reset":
		return at(u.LastPassword)
	case "logins_count":
		return u.Logins, u.Logins > 0
	case "last_ip":
		return str(u.LastIP)
	case "user_metadata":
		return u.UserMetadata, u.UserMetadata != nil
	case "app_metadata":
		return u.AppMetadata, u.AppMetadata != nil
	case "identities":
		return u.identitiesJSON(), true
	}
	return nil, false
}

func userFields() []string {
	return []string{"user_id", "email", "email_verified", "username", "phone_number", "phone_verified", "name", "given_name",
		"family_name", "nickname", "picture", "blocked", "created_at", "updated_at", "last_login", "last_password_reset",
		"logins_count", "last_ip", "user_metadata", "app_metadata", "identities"}
}

// json is the record as the API shows it, without or with only the given fields.
func (u *user) json(fields []string, include bool) map[string]any {
	out := make(map[string]any, 18)
	for _, f := range userFields() {
		if len(fields) > 0 && slices.Contains(fields, f) != include {
			continue
		}
		if v, ok := u.field(f); ok {
			out[f] = v
		}
	}
	return out
}

func (u *user) identitiesJSON() []any {
	out := make([]any, 0, len(u.Identities))
	for _, i := range u.Identities {
		m := map[string]any{"connection": i.Connection, "user_id": i.UserID, "provider": i.Provider, "isSocial": i.Social}
		if i.Profile != nil {
			m["profileData"] = i.Profile
		}
		out = append(out, m)
	}
	return out
}

// brief is the record as lists of members and role holders show it.
func (u *user) brief() map[string]any {
	return u.json([]string{"user_id", "picture", "name", "email"}, true)
}
