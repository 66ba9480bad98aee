package auth0client

import (
	"time"

	"usher/auth0client/term"
)

// Session is one sign-in of a user in a browser or app, as Auth0 keeps it. Plans below Enterprise do not show them.
type Session struct {
	ID           string
	CreatedAt    time.Time
	LastActive   time.Time
	ExpiresAt    time.Time
	IP           term.Safe
	UserAgent    term.Safe
	Applications []term.Safe // client ids
}

// RefreshToken is a right to go on without signing in. Plans below Enterprise do not show them.
type RefreshToken struct {
	ID            string
	Application   term.Safe // client id
	Session       string
	CreatedAt     time.Time
	LastExchanged time.Time
	ExpiresAt     time.Time
	Rotating      bool
}

// DeviceCredential is a refresh token as every plan shows it.
type DeviceCredential struct {
	ID          string
	Device      term.Safe
	Application term.Safe // client id
	Kind        term.Safe // refresh_token, rotating_refresh_token or public_key
}

// Grant is what a user has allowed an application to do. Deleting it ends its refresh tokens.
type Grant struct {
	ID          string
	Application term.Safe // client id
	API         term.Safe // identifier
	Scopes      []term.Safe
}

// SignOut is what became of signing a user out everywhere.
type SignOut struct {
	// Whole: sessions and refresh tokens were ended by one call (Enterprise). Auth0 does it a little later.
	Whole bool
	// Devices and Grants count what was taken away one by one on plans without that call. Sessions in browsers go on there
	// until they end by themselves.
	Devices, Grants int
}
