package gateway

import (
	"bytes"
	"cmp"
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"usher/auth0client/gateway/journal"
	"usher/auth0client/gateway/policy"
)

// sealed is what an approval needs to be carried out, which nobody may read meanwhile.
type sealed struct {
	Body        []byte
	ContentType string
	Unchanged   string // the header of what the requester saw
	Owner       string // the header that names a device's or a grant's user
	Operator    policy.Operator
	Approval    policy.Approval

	// What the store keeps openly, once more: who can write to the store must not change what was agreed to.
	Method, Path, Query, Target, Reason string
	Actions                             []string
	ExpiresAt                           time.Time

	What   what
	Users  []string   // ids of those it is about
	Agreed *agreement // nil until a second operator agreed to what the requester has to take
}

// agreement is who agreed, with the rights of that moment. It is sealed: who can write to the store cannot make one.
type agreement struct {
	Operator policy.Operator
	At       time.Time
}

// what tells people what is asked for. It holds no secret.
type what struct {
	Request   string            `json:"request,omitempty"` // method and line of the table: "POST tickets/password-change"
	Fields    map[string]any    `json:"fields,omitempty"`
	From      map[string]any    `json:"from,omitempty"` // as it was when it was asked for, where that is known
	RoleNames map[string]string `json:"role_names,omitempty"`
	Person    map[string]any    `json:"person,omitempty"` // what the user it is about is called
	People    int               `json:"people,omitempty"` // of an import
	Handover  bool              `json:"handover"`         // the requester has to take it: its answer is a secret for them
}

// UnmarshalJSON keeps the digits of numbers.
func (w *what) UnmarshalJSON(b []byte) error {
	type plain what
	dec := json.NewDecoder(bytes.NewReader(b))
	dec.UseNumber()
	return dec.Decode((*plain)(w))
}

// of reports whether an approval says in the open what it says sealed.
func (s sealed) of(a journal.Approval) bool {
	return s.Method == a.Method && s.Path == a.Path && s.Query == a.Query && s.Target == a.Target && s.Reason == a.Reason &&
		slices.Equal(s.Actions, a.Actions) && s.Operator.Subject == a.Requester && s.Operator.Email == a.RequesterEmail &&
		s.ExpiresAt.Equal(a.ExpiresAt)
}

// askApproval puts a change by until a second operator agrees. The answer is a 403, not a 202: a client that does not know of
// approvals must not take it for done.
func (g *Gateway) askApproval(ctx context.Context, c *call, no *policy.Refusal) error {
	if g.o.Approvals == nil {
		return &policy.Refusal{Code: "usher_approval", Rule: no.Rule, Message: "your policy asks for a second operator's approval, and this gateway keeps no approvals: ask whoever runs it"}
	}
	if len(no.Approval.By) == 0 {
		return &policy.Refusal{Code: "usher_approval", Rule: no.Rule, Message: "two of your policies name different people to approve this, so nobody can"}
	}
	if err := g.roomToWait(ctx, c); err != nil {
		return err
	}
	id, now := rand.Text(), g.o.Now().UTC().Truncate(time.Millisecond) // what any store keeps
	hidden, err := g.seal.seal(id, sealed{
		Body: c.body, ContentType: c.r.Header.Get("Content-Type"), Unchanged: c.r.Header.Get(UnchangedHeader),
		Owner: c.r.Header.Get("X-Usher-User"), Operator: c.op, Approval: *no.Approval,
		Method: c.r.Method, Path: c.d.Path, Query: c.d.Query.Encode(), Target: c.d.Target, Actions: actionNames(c.d.Actions), Reason: reasonOf(c.r),
		ExpiresAt: now.Add(no.Approval.Within()), What: g.describe(ctx, c), Users: c.d.Users,
	})
	if err != nil {
		return err
	}
	a := journal.Approval{
		ID: id, State: journal.ApprovalWaiting, RequestedAt: now, ExpiresAt: now.Add(no.Approval.Within()),
		Requester: c.op.Subject, RequesterEmail: c.op.Email, Via: g.viaOf(c.r.Context()), Method: c.r.Method, Path: c.d.Path,
		Query: c.d.Query.Encode(), Target: c.d.Target, Reason: reasonOf(c.r), Sealed: hidden, Actions: actionNames(c.d.Actions),
	}
	if err := g.o.Approvals.PutApproval(ctx, a); err != nil {
		return err
	}
	body := problem(http.StatusForbidden, no.Code, no.Message, string(no.Permission))
	body["policy"], body["approval"], body["expires_at"], body["by"] = no.Rule, a.ID, a.ExpiresAt, no.Approval.By
	data, err := encode(body)
	if err != nil {
		return err
	}
	return &answered{status: http.StatusForbidden, body: data, note: "waits for a second operator: approval " + id}
}

const (
	// mostWaiting is how many changes of an operator may wait at once, and mostSealed how much they may hold together, in bytes:
	// all of it is read and written with each of them.
	mostWaiting = 200
	mostSealed  = 8 << 20
)

// roomToWait refuses a change when as many of the operator's wait already as may.
func (g *Gateway) roomToWait(ctx context.Context, c *call) error {
	all, err := g.o.Approvals.Approvals(ctx)
	if err != nil {
		return err
	}
	n, bytes := 0, len(c.body)
	for _, a := range all {
		if a.Requester == c.op.Subject && (a.State == journal.ApprovalWaiting || a.State == journal.ApprovalAgreed) {
			n++
			bytes += len(a.Sealed)
		}
	}
	if n < mostWaiting && bytes <= mostSealed {
		return nil
	}
	return &policy.Refusal{Code: "usher_approval", Message: fmt.Sprintf(
		"%d changes of yours wait for a second operator already, and no more may: let them be decided, or take some of them back", n)}
}

// describe says what a change is, for those who decide about it. What the tenant does not say at the moment is left out.
func (g *Gateway) describe(ctx context.Context, c *call) what {
	w := what{
		Request: c.r.Method + " " + cmp.Or(c.d.Pattern, "password-reset-email"), Fields: journal.Redact(c.d.Fields),
		People: len(c.d.People), Handover: c.d.Handover,
	}
	if len(c.d.Users) == 1 && c.person == nil {
		c.person, _, _ = g.person(ctx, c.d.Users[0]) //nolint:errcheck // it is told without a name then
	}
	if c.person != nil {
		w.From, w.Person = journal.Redact(g.before(ctx, c)), map[string]any{}
		for _, name := range []string{"email", "name", "username", "phone_number"} {
			if v, ok := c.person[name].(string); ok && v != "" {
				w.Person[name] = v
			}
		}
	}
	ids, _ := c.d.Fields["roles"].([]any)
	for _, id := range ids[:min(len(ids), mostPeople)] {
		id, _ := id.(string)
		if r, _, err := g.roleByID(ctx, id); err == nil && id != "" {
			if w.RoleNames == nil {
				w.RoleNames = map[string]string{}
			}
			w.RoleNames[id] = r.Name
		}
	}
	return w
}

// pending finds an approval that is in one of these states within its time, and what it hides.
func (g *Gateway) pending(ctx context.Context, id string, states ...string) (journal.Approval, sealed, error) {
	var s sealed
	all, err := g.o.Approvals.Approvals(ctx)
	if err != nil {
		return journal.Approval{}, s, err
	}
	i := slices.IndexFunc(all, func(a journal.Approval) bool { return a.ID == id })
	if i < 0 {
		return journal.Approval{}, s, journal.ErrNoApproval
	}
	a := all[i]
	if !slices.Contains(states, a.State) || !g.o.Now().Before(a.ExpiresAt) {
		return a, s, journal.ErrDecided
	}
	if err := g.seal.open(a.ID, a.Sealed, &s); err != nil {
		return a, s, err
	}
	if !s.of(a) {
		return a, s, errStoreChanged
	}
	return a, s, nil
}

var errStoreChanged = errors.New("this approval was changed in its store")

// undecidable answers for an approval that cannot be decided.
func (g *Gateway) undecidable(r *http.Request, err error) (*http.Response, error) {
	switch {
	case errors.Is(err, journal.ErrNoApproval):
		return refuse(r, http.StatusNotFound, "usher_approval", err.Error(), ""), nil
	case errors.Is(err, journal.ErrDecided):
		return refuse(r, http.StatusConflict, "usher_decided", err.Error(), ""), nil
	case r.Context().Err() != nil:
		return nil, r.Context().Err()
	}
	return refuse(r, http.StatusServiceUnavailable, "usher_approval", "the approvals cannot be read or written: "+err.Error(), ""), nil
}

func nameOf(subject, email string) string {
	if email == "" {
		return subject
	}
	return email + " (" + subject + ")"
}

// listed is an approval as an operator is told of it.
type listed struct {
	journal.Approval
	what
	By     []string `json:"by"` // who may approve: names of roles, emails
	Mine   bool     `json:"mine"`
	Decide bool     `json:"may_decide"`
	Deny   bool     `json:"may_deny"` // end it, or take it back
	Take   bool     `json:"may_take"`
}

// approvals lists what an operator asked for, and what they may decide about people who exist for them.
func (g *Gateway) approvals(r *http.Request, op policy.Operator) (*http.Response, error) {
	ctx := r.Context()
	all, err := g.o.Approvals.Approvals(ctx)
	if err != nil {
		return g.undecidable(r, err)
	}
	rules, err := g.rulesOf(ctx, &op)
	if err != nil {
		return g.refused(&call{r: r, op: op}, err)
	}
	hides := make([]sealed, len(all))
	var about []string
	for i, a := range all {
		if g.seal.open(a.ID, a.Sealed, &hides[i]) != nil || !hides[i].of(a) {
			hides[i] = sealed{}
		}
		about = append(about, whomOf(a, hides[i])...)
	}
	seen, err := g.visible(ctx, rules, about)
	if err != nil {
		return g.refused(&call{r: r, op: op}, err)
	}
	out := []listed{}
	for i, a := range all {
		l, ok := g.listed(ctx, &op, a, hides[i])
		if ok && (l.Mine || g.sees(r, rules, op, a, hides[i], seen)) {
			for _, m := range []map[string]any{l.Fields, l.From, l.Person} {
				hideFields(rules, m)
			}
			out = append(out, l)
		}
	}
	return object(r, http.StatusOK, map[string]any{"approvals": out, "now": g.o.Now().UTC().Format(time.RFC3339)}), nil
}

// sees reports whether what an approval is about exists for an operator. What is about nobody who is there yet, such as an
// invitation, is asked of their policies as if they made it.
func (g *Gateway) sees(r *http.Request, rules policy.Rules, op policy.Operator, a journal.Approval, s sealed, seen map[string]bool) bool {
	ids := whomOf(a, s)
	if len(ids) > 0 || !rules.Filtered() {
		return !slices.ContainsFunc(ids, func(id string) bool { return !seen[id] })
	}
	return g.stands(r.Context(), r, a, s, op) == nil
}

// whomOf are the ids of those an approval is about.
func whomOf(a journal.Approval, s sealed) []string {
	switch {
	case len(s.Users) > 0:
		return s.Users
	case s.What.Request != "" || a.Target == "":
		return nil
	}
	return []string{a.Target}
}

// listed says what an operator may do about an approval; ok is false when it does not concern them.
func (g *Gateway) listed(ctx context.Context, op *policy.Operator, a journal.Approval, s sealed) (l listed, ok bool) {
	if (a.State == journal.ApprovalWaiting || a.State == journal.ApprovalAgreed) && !g.o.Now().Before(a.ExpiresAt) {
		a.State = journal.ApprovalExpired
	}
	l = listed{Approval: a, what: s.What, By: append([]string{}, s.Approval.By...), Mine: a.Requester == op.Subject}
	readable := s.Operator.Subject != "" // sealed with another key, or changed: nobody can decide it
	open := a.State == journal.ApprovalWaiting || a.State == journal.ApprovalAgreed
	switch {
	case !readable:
		return l, l.Mine
	case l.Mine:
		l.Deny, l.Take = open, a.State == journal.ApprovalAgreed
		return l, true
	}
	if _, err := g.mayDecide(ctx, op, a, s); err != nil {
		return l, false
	}
	l.Deny, l.Decide = open, a.State == journal.ApprovalWaiting
	return l, true
}

// approves reports whether the operator is one of those who may approve something of somebody.
func (g *Gateway) approves(ctx context.Context, op policy.Operator) (bool, error) {
	if g.o.Approvals == nil || g.o.Policies.Len() == 0 {
		return false, nil
	}
	_, err := g.rulesOf(ctx, &op) // roles and email, where policies ask for them
	return g.o.Policies.Approves(op), err
}

// whose tells of a refusal to one of two operators that it is about the other.
func whose(who string, err error) error {
	var no *policy.Refusal
	var said *answered
	theirs := strings.NewReplacer("you lack ", "they lack ", "your policy ", "their policy ", "you may ", "they may ", "you are ", "they are ")
	switch {
	case errors.As(err, &no):
		return &policy.Refusal{Code: no.Code, Rule: no.Rule, Message: who + " may not do this any more: " + theirs.Replace(no.Message)}
	case errors.As(err, &said) && said.status < http.StatusInternalServerError:
		return &policy.Refusal{Code: "usher_policy", Message: who + " may not do this any more: whom it is about is not there for them"}
	}
	return err
}
