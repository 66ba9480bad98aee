package journal

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"
)

// The states of an approval.
const (
	ApprovalWaiting  = "waiting"
	ApprovalApproved = "approved" // decided, the change is being made or was made: its result says which
	ApprovalDenied   = "denied"
	ApprovalExpired  = "expired"
	ApprovalAgreed   = "agreed" // a second operator agreed; the answer is a secret for who asked, so they have to take it
	ApprovalTaken    = "taken"  // who asked takes it, or has taken it: its result says which
)

// What became of the change that was approved or taken. None: it is being made, or whoever made it stopped in its middle, and
// the journal says how far it came.
const (
	ResultMade    = "made"
	ResultRefused = "refused" // surely not made
	ResultUnknown = "unknown" // it was sent, and may have been made
)

// ErrDecided: somebody decided this approval already, or its time is over. An approval is used once.
var ErrDecided = errors.New("this approval was decided already, or has expired")

// ErrNoApproval: there is no approval of that id.
var ErrNoApproval = errors.New("there is no such approval")

// Approval is a change that waits for a second operator.
type Approval struct {
	ID             string    `json:"id"`
	State          string    `json:"state"`
	RequestedAt    time.Time `json:"requested_at"`
	ExpiresAt      time.Time `json:"expires_at"` // until then it can be decided, and taken
	Requester      string    `json:"requester"`  // subject
	RequesterEmail string    `json:"requester_email,omitempty"`
	Via            string    `json:"via,omitempty"`
	Actions        []string  `json:"actions"`
	Method, Path   string    `json:"-"`
	Query          string    `json:"-"`
	Target         string    `json:"target,omitempty"`
	Reason         string    `json:"reason,omitempty"`
	Sealed         []byte    `json:"-"` // the request's body, sealed by the gateway: it may hold a password
	DecidedBy      string    `json:"decided_by,omitempty"`
	DecidedByEmail string    `json:"decided_by_email,omitempty"`
	DecidedAt      time.Time `json:"decided_at,omitzero"`
	TakenAt        time.Time `json:"taken_at,omitzero"`
	Result         string    `json:"result,omitempty"`
	Status         int       `json:"status,omitempty"` // HTTP status of the tenant's answer, with a result
}

// ApprovalMove takes an approval from one state to another.
type ApprovalMove struct {
	From, To    string
	At          time.Time
	By, ByEmail string // who decides; a move that decides nothing has none
	Result      string
	Status      int
	Sealed      []byte // what is sealed from now on; nil: what was
}

// Approvals keeps approvals beside the journal, across restarts and for all gateways of one store.
type Approvals interface {
	// PutApproval keeps a new approval.
	PutApproval(ctx context.Context, a Approval) error
	// Approvals lists those that can be decided or taken and those that were over within the last day, newest first.
	Approvals(ctx context.Context) ([]Approval, error)
	// MoveApproval moves an approval on, atomically: of two that move it at once one gets [ErrDecided].
	MoveApproval(ctx context.Context, id string, m ApprovalMove) (Approval, error)
}

// Moved is an approval in its new state, if it may go there: [ErrDecided] when another was faster, or its time is over.
func (a Approval) Moved(m ApprovalMove) (Approval, error) {
	ways := map[string][]string{
		ApprovalWaiting:  {ApprovalApproved, ApprovalAgreed, ApprovalDenied},
		ApprovalAgreed:   {ApprovalTaken, ApprovalDenied},
		ApprovalApproved: {ApprovalApproved},              // its result
		ApprovalTaken:    {ApprovalTaken, ApprovalAgreed}, // its result; back, when it surely was not made
	}
	if !slices.Contains(ways[m.From], m.To) {
		return a, fmt.Errorf("an approval cannot go from %q to %q", m.From, m.To)
	}
	if a.State != m.From || a.pending() && !m.At.Before(a.ExpiresAt) {
		return a, ErrDecided
	}
	decides := a.State == ApprovalWaiting || m.To == ApprovalDenied
	a.State, a.Result, a.Status = m.To, m.Result, m.Status
	if decides {
		a.DecidedBy, a.DecidedByEmail, a.DecidedAt = m.By, m.ByEmail, m.At
	}
	switch {
	case m.To == ApprovalTaken && m.From == ApprovalAgreed:
		a.TakenAt = m.At
	case m.To == ApprovalAgreed:
		a.TakenAt = time.Time{}
	}
	if m.Sealed != nil {
		a.Sealed = m.Sealed
	}
	return a, nil
}

// pending reports that somebody can still decide or take it, within its time.
func (a Approval) pending() bool { return a.State == ApprovalWaiting || a.State == ApprovalAgreed }
