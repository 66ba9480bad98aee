package auth0client

import (
	"errors"
	"fmt"
	"time"

	"usher/auth0client/term"
)

// Answer is what the API said with an error: for the operator's second look, never for control flow.
type Answer struct {
	Status    int // HTTP status, 0 when there was no answer
	Code      term.Safe
	Message   term.Safe
	RequestID term.Safe
}

// NotFound: the thing does not exist, or not for this operator.
type NotFound struct{ Answer Answer }

// Unauthorized: the operator's sign-in is gone. A new one is needed.
type Unauthorized struct{ Answer Answer }

// Forbidden: the operator lacks a permission, or a policy says no.
type Forbidden struct {
	Permission string // usher's permission that is missing, empty when a policy or Auth0 refused
	Answer     Answer
}

// FreshLogin: a policy wants a more recent sign-in for this action. Nothing was changed.
type FreshLogin struct {
	MaxAge time.Duration // how old the sign-in may be
	Answer Answer
}

// ReasonNeeded: a policy wants a reason for this action, see [WithReason]. Nothing was changed.
type ReasonNeeded struct{ Answer Answer }

// ApprovalPending: a second operator must approve the change. It is not made yet; it waits under ID.
type ApprovalPending struct {
	ID        term.Safe
	ExpiresAt time.Time   // zero when not known
	By        []term.Safe // who may approve: names of roles, emails; with * for anything
	Answer    Answer
}

// Decided: somebody decided or took the approval already, or its time is over.
type Decided struct{ Answer Answer }

// RateLimited: the tenant's limit is reached until the given time.
type RateLimited struct {
	Until  time.Time
	Answer Answer
}

// Conflict: it exists already, or changed meanwhile.
type Conflict struct{ Answer Answer }

// Invalid: the API refused what was sent.
type Invalid struct {
	Field  string
	Answer Answer
}

// Unavailable: the tenant answered with a server error (5xx) or with something that is not an answer.
type Unavailable struct {
	Answer Answer
	Err    error
}

// Unreachable: no answer came (DNS, connection, TLS, time-out).
type Unreachable struct{ Err error }

// GatewayFault is what an [Unreachable] or [Unknown] holds when requests go by a gateway on another machine: on which side of
// it there was no answer.
type GatewayFault struct {
	Host        string // of the gateway
	Tenant      bool   // the gateway answered, the tenant did not
	Foreign     bool   // something before the gateway answered in its place
	Certificate bool   // what the gateway shows for itself does not count
	Err         error
}

// Unknown: a change was sent and its outcome is not known. It must be read back, never sent again blindly.
type Unknown struct{ Err error }

func (e *NotFound) Error() string     { return "not found: " + e.Answer.text() }
func (e *Unauthorized) Error() string { return "not signed in: " + e.Answer.text() }
func (e *Forbidden) Error() string    { return "not allowed: " + e.Answer.text() }
func (e *FreshLogin) Error() string   { return "a fresh sign-in is wanted: " + e.Answer.text() }
func (e *ReasonNeeded) Error() string { return "a reason is wanted: " + e.Answer.text() }
func (e *ApprovalPending) Error() string {
	return fmt.Sprintf("waits for approval %s by a second operator: %s", e.ID, e.Answer.text())
}
func (e *Decided) Error() string     { return "decided already: " + e.Answer.text() }
func (e *RateLimited) Error() string { return "rate limit: " + e.Answer.text() }
func (e *Conflict) Error() string    { return "conflict: " + e.Answer.text() }
func (e *Invalid) Error() string     { return "refused: " + e.Answer.text() }
func (e *Unavailable) Error() string {
	if e.Err != nil {
		return fmt.Sprintf("tenant fault: %s: %v", e.Answer.text(), e.Err)
	}
	return "tenant fault: " + e.Answer.text()
}
func (e *Unreachable) Error() string { return fmt.Sprintf("unreachable: %v", e.Err) }
func (e *Unknown) Error() string     { return fmt.Sprintf("outcome unknown: %v", e.Err) }
func (e *GatewayFault) Error() string {
	return fmt.Sprintf("the gateway %s: %v", term.Line(e.Host), e.Err)
}

func (e *Unavailable) Unwrap() error { return e.Err }
func (e *Unreachable) Unwrap() error { return e.Err }
func (e *Unknown) Unwrap() error     { return e.Err }

// Unwrap gives the error of the connection.
func (e *GatewayFault) Unwrap() error { return e.Err }

func (a Answer) text() string {
	if a.Message.IsEmpty() {
		return fmt.Sprintf("HTTP %d", a.Status)
	}
	return fmt.Sprintf("%s (HTTP %d)", a.Message, a.Status)
}

// AnswerOf returns what the API said with err, if it said anything.
func AnswerOf(err error) (Answer, bool) {
	var (
		nf *NotFound
		ua *Unauthorized
		fo *Forbidden
		rl *RateLimited
		co *Conflict
		in *Invalid
		un *Unavailable
		fl *FreshLogin
		rn *ReasonNeeded
		ap *ApprovalPending
		ch *Changed
		de *Decided
	)
	switch {
	case errors.As(err, &de):
		return de.Answer, true
	case errors.As(err, &ch):
		return ch.Answer, true
	case errors.As(err, &fl):
		return fl.Answer, true
	case errors.As(err, &rn):
		return rn.Answer, true
	case errors.As(err, &ap):
		return ap.Answer, true
	case errors.As(err, &nf):
		return nf.Answer, true
	case errors.As(err, &ua):
		return ua.Answer, true
	case errors.As(err, &fo):
		return fo.Answer, true
	case errors.As(err, &rl):
		return rl.Answer, true
	case errors.As(err, &co):
		return co.Answer, true
	case errors.As(err, &in):
		return in.Answer, true
	case errors.As(err, &un):
		return un.Answer, un.Answer.Status != 0
	}
	return Answer{}, false
}
