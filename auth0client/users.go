package auth0client

import (
	"encoding/json"
	"time"

	"usher/auth0client/term"
)

// UserID is a user's exact id, as the API wants it ("auth0|…"). Show it with [UserID.Safe].
type UserID string

// Safe is the id made fit for a terminal.
func (id UserID) Safe() term.Safe { return term.Line(string(id)) }

// User is a directory record. Absent times are zero.
type User struct {
	ID            UserID
	EmailRaw      string // exact, for API calls
	Email         term.Safe
	EmailVerified bool
	Name          term.Safe
	Nickname      term.Safe
	GivenName     term.Safe
	FamilyName    term.Safe
	Username      term.Safe
	Phone         term.Safe
	PhoneVerified bool
	Picture       term.Safe
	Blocked       bool // by an administrator; brute-force blocks are BruteForceBlock
	Logins        int
	LastIP        term.Safe
	CreatedAt     time.Time
	UpdatedAt     time.Time
	LastLogin     time.Time
	LastPassword  time.Time // last_password_reset
	Identities    []Identity
	UserMetadata  json.RawMessage // exact; not for a screen
	AppMetadata   json.RawMessage // exact; not for a screen
	JSON          term.Safe       // the whole record, indented, fit for a terminal (single reads only)
	Record        json.RawMessage // exact, as it came (single reads only); not for a screen
}

// Label is what a person is called on screen: email, else phone, username, name, id.
func (u User) Label() term.Safe {
	for _, s := range []term.Safe{u.Email, u.Phone, u.Username, u.Name} {
		if !s.IsEmpty() {
			return s
		}
	}
	return u.ID.Safe()
}

// Connection is the connection of the primary identity, empty when unknown.
func (u User) Connection() term.Safe {
	if len(u.Identities) == 0 {
		return term.Safe{}
	}
	return u.Identities[0].Connection
}

// DatabaseIdentity is the identity by which the user has a password here, if there is one: the primary identity first.
func (u User) DatabaseIdentity() (Identity, bool) {
	for _, i := range u.Identities {
		if i.Key.Provider == "auth0" {
			return i, true
		}
	}
	return Identity{}, false
}

// IdentityKey names an identity exactly.
type IdentityKey struct{ Provider, UserID string }

// Identity is one login of a user at one connection.
type Identity struct {
	Connection term.Safe
	Provider   term.Safe
	UserID     term.Safe
	Social     bool
	Profile    []ProfileFact // what the connection told of a linked identity
	Key        IdentityKey   // exact, for API calls
}

// ProfileFact is one attribute of an identity's own profile. Value is JSON where it is no string.
type ProfileFact struct{ Name, Value term.Safe }

// Sort orders a search. The zero value leaves the order to the tenant.
type Sort struct {
	Field string // Auth0's field name, such as "last_login"
	Desc  bool
}

// Search is one page of a user search. Page counts from 0; PerPage is at most 100.
type Search struct {
	Query   string // what the operator typed: plain words or Auth0 syntax; empty lists everybody
	Page    int
	PerPage int
	Sort    Sort
}

// UserPage is an answer to a Search. Total is capped by Auth0 at 1000, which is also how far paging goes.
type UserPage struct {
	Users []User
	Total int
	Start int
	Limit int
	// Ran is the query that was sent, for the operator to see.
	Ran term.Safe
}

// SearchWindow is how many results Auth0 lets anyone page through.
const SearchWindow = 1000
