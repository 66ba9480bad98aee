package auth0client

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"usher/auth0client/term"
)

// The states of an approval.
const (
	ApprovalWaiting  = "waiting"
	ApprovalAgreed   = "agreed" // whoever asked has to take it: its answer is a secret for them
	ApprovalApproved = "approved"
	ApprovalTaken    = "taken"
	ApprovalDenied   = "denied"
	ApprovalExpired  = "expired"
)

// What became of what was approved or taken; nothing while it is under way.
const (
	ResultMade    = "made"
	ResultRefused = "refused" // surely not made
	ResultUnknown = "unknown" // sent, without an answer
)

// Approval is a change that waits for a second operator, or waited.
type Approval struct {
	ID          string // exact
	State       string
	Result      string
	Status      int // HTTP status of the tenant's answer, with a Result
	RequestedAt time.Time
	ExpiresAt   time.Time // until then it can be decided, and taken
	DecidedAt   time.Time
	TakenAt     time.Time

	Requester, Decider     term.Safe // email, else id
	RequesterID, DeciderID UserID
	Via                    term.Safe // how the requester came
	Reason                 term.Safe
	By                     []term.Safe // who may approve: names of roles, emails; with * for anything

	Actions []term.Safe // usher's permissions
	Request string      // method and kind of path: "POST tickets/password-change"
	Target  UserID      // the id of what it is about: a user's, a role's, an organization's
	Person  term.Safe   // what the user it is about is called
	People  int         // of an import
	Changes []ApprovalChange

	Handover bool // its requester has to take it
	Mine     bool
	// What the operator may do about it.
	MayDecide, MayDeny, MayTake bool
}

// ApprovalChange is one attribute that a change sets, secrets left out.
type ApprovalChange struct {
	Name, From, To term.Safe
	Known          bool // From is known
}

type approvalJSON struct {
	ID          text           `json:"id"`
	State       text           `json:"state"`
	Result      text           `json:"result"`
	Status      number         `json:"status"`
	RequestedAt moment         `json:"requested_at"`
	ExpiresAt   moment         `json:"expires_at"`
	DecidedAt   moment         `json:"decided_at"`
	TakenAt     moment         `json:"taken_at"`
	Requester   text           `json:"requester"`
	Email       text           `json:"requester_email"`
	Via         text           `json:"via"`
	Actions     []text         `json:"actions"`
	Target      text           `json:"target"`
	Reason      text           `json:"reason"`
	DecidedBy   text           `json:"decided_by"`
	DeciderMail text           `json:"decided_by_email"`
	Request     text           `json:"request"`
	Fields      map[string]any `json:"fields"`
	From        map[string]any `json:"from"`
	RoleNames   map[text]text  `json:"role_names"`
	Person      struct {
		Email    text `json:"email"`
		Name     text `json:"name"`
		Username text `json:"username"`
		Phone    text `json:"phone_number"`
	} `json:"person"`
	People   number `json:"people"`
	Handover flag   `json:"handover"`
	By       []text `json:"by"`
	Mine     flag   `json:"mine"`
	Decide   flag   `json:"may_decide"`
	Deny     flag   `json:"may_deny"`
	Take     flag   `json:"may_take"`
}

// UnmarshalJSON keeps the digits of the numbers among the fields.
func (a *approvalJSON) UnmarshalJSON(b []byte) error {
	type plain approvalJSON
	dec := json.NewDecoder(bytes.NewReader(b))
	dec.UseNumber()
	return dec.Decode((*plain)(a))
}

// firstOf is the first text that says something.
func firstOf(texts ...text) text {
	for _, t := range texts {
		if t != "" {
			return t
		}
	}
	return ""
}

func lines(texts []text) []term.Safe {
	out := make([]term.Safe, len(texts))
	for i, t := range texts {
		out[i] = t.line()
	}
	return out
}

func (a approvalJSON) approval() Approval {
	return Approval{
		ID: string(a.ID), State: a.State.line().String(), Result: a.Result.line().String(), Status: int(a.Status),
		RequestedAt: a.RequestedAt.Time, ExpiresAt: a.ExpiresAt.Time, DecidedAt: a.DecidedAt.Time, TakenAt: a.TakenAt.Time,
		Requester: firstOf(a.Email, a.Requester).line(), RequesterID: UserID(a.Requester),
		Decider: firstOf(a.DeciderMail, a.DecidedBy).line(), DeciderID: UserID(a.DecidedBy),
		Via: a.Via.line(), Reason: a.Reason.line(), By: lines(a.By), Actions: lines(a.Actions),
		Request: a.Request.line().String(), Target: UserID(a.Target), People: int(a.People),
		Person:  firstOf(a.Person.Email, a.Person.Name, a.Person.Username, a.Person.Phone).line(),
		Changes: a.changes(), Handover: bool(a.Handover), Mine: bool(a.Mine),
		MayDecide: bool(a.Decide), MayDeny: bool(a.Deny), MayTake: bool(a.Take),
	}
}

// changes are the attributes in the order of their names, those of metadata by their first level.
func (a approvalJSON) changes() []ApprovalChange {
	var out []ApprovalChange
	for _, name := range slices.Sorted(maps.Keys(a.Fields)) {
		to := a.Fields[name]
		from, known := a.From[name]
		if id, ok := to.(string); ok && name == "user_id" && id == string(a.Target) {
			continue
		}
		ids, _ := to.([]any)
		if name == "roles" && len(ids) > 0 {
			out = append(out, ApprovalChange{Name: term.Line(name), To: term.Line(a.named(ids))})
			continue
		}
		keys, nested := to.(map[string]any)
		if !nested {
			out = append(out, ApprovalChange{term.Line(name), shown(from), shown(to), known})
			continue
		}
		before, _ := from.(map[string]any)
		for _, key := range slices.Sorted(maps.Keys(keys)) {
			was, knew := before[key]
			out = append(out, ApprovalChange{term.Line(name + "." + key), shown(was), shown(keys[key]), knew})
		}
	}
	return out
}

func (a approvalJSON) named(ids []any) string {
	names := make([]string, len(ids))
	for i, id := range ids {
		id, _ := id.(string)
		names[i] = string(firstOf(a.RoleNames[text(id)], text(id)))
	}
	return strings.Join(names, ", ")
}

// shown is a value as people read it: a text itself, anything else as JSON.
func shown(v any) term.Safe {
	if s, ok := v.(string); ok {
		return term.Line(limit(s, 500))
	}
	raw, err := json.Marshal(v)
	if err != nil {
		return term.Safe{}
	}
	return term.Line(limit(string(raw), 500))
}

// Approvals reads what the operator asked for and what they may decide, that which was over within the last day included.
func (c *Client) Approvals(ctx context.Context) ([]Approval, error) {
	body, err := c.own(ctx, http.MethodGet, "approvals", nil, "read the approvals")
	if err != nil {
		return nil, err
	}
	return rows(body, approvalJSON.approval, "approvals")
}

// Approve agrees to a waiting change. It is made at once, in both operators' names, unless its answer is a secret: then
// agreed is true, and whoever asked has to take it.
func (c *Client) Approve(ctx context.Context, id string) (agreed bool, err error) {
	body, err := c.decide(ctx, id, "approve")
	if err != nil {
		return false, err
	}
	var answer struct {
		Approval struct {
			State text `json:"state"`
		} `json:"approval"`
	}
	_ = json.Unmarshal(body, &answer) // any other answer is the tenant's, to the change itself
	return answer.Approval.State == ApprovalAgreed, nil
}

// Deny ends a request, be it another's or the operator's own.
func (c *Client) Deny(ctx context.Context, id string) error {
	_, err := c.decide(ctx, id, "deny")
	return err
}

// Take makes the operator's own change that a second one agreed to, and gives the secret that its answer holds.
func (c *Client) Take(ctx context.Context, id string) (Secret, error) {
	body, err := c.decide(ctx, id, "take")
	if err != nil {
		return Secret{}, err
	}
	var answer map[string]json.RawMessage
	if err := json.Unmarshal(body, &answer); err == nil {
		for _, field := range []string{"ticket", "ticket_url", "recovery_code", "invitation_url"} {
			var value text
			if json.Unmarshal(answer[field], &value) == nil && value != "" {
				return NewSecret(string(value)), nil
			}
		}
	}
	return Secret{}, fmt.Errorf("take: %w", &Unknown{Err: errors.New("the answer holds no secret")})
}

func (c *Client) decide(ctx context.Context, id, verb string) ([]byte, error) {
	if err := checkPath([]string{id}); err != nil {
		return nil, fmt.Errorf("%s: %w", verb, err)
	}
	return c.own(ctx, http.MethodPost, "approvals/"+url.PathEscape(id)+"/"+verb, nil, verb)
}
