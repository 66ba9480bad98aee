package auth0client

import (
	"time"

	"usher/auth0client/term"
)

// MethodKind is Auth0's type of an authentication method, such as "totp" or "passkey".
type MethodKind string

// Primary reports a method that is a login of its own and not a second factor: an MFA reset spares it unless asked.
func (k MethodKind) Primary() bool { return k == "password" || k == "passkey" }

// AuthenticationMethod is one enrolled, or half enrolled, method of a user.
type AuthenticationMethod struct {
	ID         string // exact, for API calls
	Kind       MethodKind
	Label      term.Safe // Kind in words, such as "Authenticator app"
	Detail     term.Safe // device name, masked phone number, …
	Confirmed  bool
	CreatedAt  time.Time
	LastAuthAt time.Time
}

// BruteForceBlock is a block by attack protection: too many failed logins into one account from one address.
// It is apart from User.Blocked, which an administrator sets.
type BruteForceBlock struct {
	Identifier term.Safe
	IP         term.Safe
	Connection term.Safe
}
