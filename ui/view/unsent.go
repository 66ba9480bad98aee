package view

import (
	"errors"

	"usher/auth0client"
)

// NotSent stands where a change came back unmade and can be confirmed again as it is.
const NotSent = "Your change was not sent: confirm it again."

// SignInFor is the wish for the sign-in that err asks for; nil when it asks for none.
func SignInFor(err error) Action {
	var fresh *auth0client.FreshLogin
	switch {
	case errors.As(err, &fresh):
		return RequireLogin{Fresh: true, MaxAge: fresh.MaxAge}
	case errors.As(err, new(*auth0client.Unauthorized)):
		return RequireLogin{}
	}
	return nil
}

// ReasonMissing reports that the change was refused for want of a reason.
func ReasonMissing(err error) bool { return errors.As(err, new(*auth0client.ReasonNeeded)) }

// Unsent reports that a change was refused before it was made for something the operator can put right: a sign-in or a
// reason. It is still to be confirmed, and never sent again by itself.
func Unsent(err error) bool { return SignInFor(err) != nil || ReasonMissing(err) }

// Waiting reports that the change is not made yet and waits for a second operator.
func Waiting(err error) bool { return errors.As(err, new(*auth0client.ApprovalPending)) }

// Reasons remembers for a session which actions want a reason, as their refusals taught. A nil Reasons remembers nothing.
type Reasons struct{ wanted map[string]bool }

// Wanted reports that an action, named by its permission, was refused for want of a reason before.
func (r *Reasons) Wanted(permission string) bool { return r != nil && r.wanted[permission] }

// Learn notes that an action wants a reason.
func (r *Reasons) Learn(permission string) {
	if r == nil {
		return
	}
	if r.wanted == nil {
		r.wanted = map[string]bool{}
	}
	r.wanted[permission] = true
}

// Forget begins anew: another operator may be under another policy.
func (r *Reasons) Forget() {
	if r != nil {
		r.wanted = nil
	}
}
