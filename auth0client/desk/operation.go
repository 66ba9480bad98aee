// Package desk is what the people at a support desk do to users: operations that say before what they will do and after what
// they did, one at a time or for a selection, and the verdict on why somebody cannot get in. Console and command line share it.
package desk

import (
	"context"
	"errors"

	"usher/auth0client"
	"usher/auth0client/term"
)

// Operation is one change of one user, ready to be shown and made. Its texts are fit for a terminal.
type Operation struct {
	Name       string // as on a button: "Reset MFA"
	Permission string // usher's permission it needs, such as "mfa:reset"
	User       auth0client.User
	Subject    Subject  // what is changed, when that is no user
	Does       []string // exactly what will happen, a line each
	Loses      []string // what cannot be brought back
	Type       string   // what must be typed to confirm; empty: a key is enough
	Danger     bool     // cancel is the button at first
	// Run makes the change. It is not cut short when its asker goes: the context only carries reason and priority.
	Run func(ctx context.Context) Result
}

// Subject is a role or an organization that an operation changes.
type Subject struct {
	ID    string // exact
	Label term.Safe
	Gone  bool // it is no more when the operation succeeds
	// Reread: it is read again whatever became of the operation.
	Reread bool
}

// Result is what became of an operation.
type Result struct {
	Done []string          // what was done, a line each
	Note []string          // what to know now: what is left, what Auth0 does later
	User *auth0client.User // the user as they are now, where the answer told
	Once []Once            // to be shown once and kept nowhere
	Err  error             // why it stopped; Done says how far it came
	Back *Operation        // what takes it back by itself; nil where the journal has to tell, or nothing can
}

// Once is a secret for the operator to hand on.
type Once struct {
	Label string
	Value auth0client.Secret
}

// Unsure reports that a change was sent and nobody knows whether it was made: look before trying again.
func (r Result) Unsure() bool { return errors.As(r.Err, new(*auth0client.Unknown)) }

// Waits reports that the change is not made yet, for a second operator must approve it: to send it again asks twice.
func (r Result) Waits() bool { return waiting(r.Err) }

// SignInLost reports that the operator must sign in anew before anything more is tried.
func (r Result) SignInLost() bool { return errors.As(r.Err, new(*auth0client.Unauthorized)) }

// done is the result of a single call.
func done(err error, what string, notes ...string) Result {
	if err != nil {
		return Result{Err: err}
	}
	return Result{Done: []string{what}, Note: notes}
}

// now is the result of a single call that answers with the user.
func now(u auth0client.User, err error, what string, notes ...string) Result {
	r := done(err, what, notes...)
	if err == nil {
		r.User = &u
	}
	return r
}

// Who names a user beyond mistake: what they are called, their id and their connection. Two users can look alike.
func Who(u auth0client.User) string {
	who := u.Label().String()
	if id := u.ID.Safe().String(); id != who {
		who += "  " + id
	}
	if c := u.Connection().String(); c != "" {
		who += "  " + c
	}
	return who
}
