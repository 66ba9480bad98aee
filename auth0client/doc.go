// Package auth0client is what an operator can do to a tenant, as typed Go: one file a resource, small value types, typed
// errors. It is the only package that imports go-auth0's management packages, and it knows no screen. Strings of the
// tenant leave it as [term.Safe].
package auth0client
