package journal

import (
	"context"
	"errors"
	"time"
)

// The states of an approval.
const (
	ApprovalWaiting  = "waiting"
	ApprovalApproved = "approved" // decided, the change is being made or was made: its journal lines say which
	ApprovalDenied   = "denied"
	ApprovalExpired  = "expired"
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
	ExpiresAt      time.Time `json:"expires_at"`
	Requester      string    `json:"requester"` // subject
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
}

// Approvals keeps approvals beside the journal, across restarts and for all gateways of one store.
type Approvals interface {
	// PutApproval keeps a new approval.
	PutApproval(ctx context.Context, a Approval) error
	// Approvals lists those that wait and those decided within the last day, newest first.
	Approvals(ctx context.Context) ([]Approval, error)
	// DecideApproval moves an approval from waiting to state, atomically: of two that decide at once one gets [ErrDecided].
	DecideApproval(ctx context.Context, id, state, by, byEmail string, at time.Time) (Approval, error)
}
