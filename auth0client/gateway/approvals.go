package gateway

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/url"
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
	Method, Path, Query, Reason string
	ExpiresAt                   time.Time
}

// of reports whether an approval says in the open what it says sealed.
func (s sealed) of(a journal.Approval) bool {
	return s.Method == a.Method && s.Path == a.Path && s.Query == a.Query && s.Reason == a.Reason &&
		s.Operator.Subject == a.Requester && s.ExpiresAt.Equal(a.ExpiresAt)
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
	id, now := rand.Text(), g.o.Now().UTC().Truncate(time.Millisecond) // what any store keeps
	hidden, err := g.seal.seal(id, sealed{
		Body: c.body, ContentType: c.r.Header.Get("Content-Type"), Unchanged: c.r.Header.Get(UnchangedHeader),
		Owner: c.r.Header.Get("X-Usher-User"), Operator: c.op, Approval: *no.Approval,
		Method: c.r.Method, Path: c.d.Path, Query: c.d.Query.Encode(), Reason: reasonOf(c.r), ExpiresAt: now.Add(no.Approval.Within()),
	})
	if err != nil {
		return err
	}
	a := journal.Approval{
		ID: id, State: journal.ApprovalWaiting, RequestedAt: now, ExpiresAt: now.Add(no.Approval.Within()),
		Requester: c.op.Subject, RequesterEmail: c.op.Email, Via: g.viaOf(c.r.Context()), Method: c.r.Method, Path: c.d.Path,
		Query: c.d.Query.Encode(), Target: c.d.Target, Reason: reasonOf(c.r), Sealed: hidden,
	}
	for _, action := range c.d.Actions {
		a.Actions = append(a.Actions, string(action))
	}
	if err := g.o.Approvals.PutApproval(ctx, a); err != nil {
		return err
	}
	body := problem(http.StatusForbidden, no.Code, no.Message, string(no.Permission))
	body["policy"], body["approval"], body["expires_at"] = no.Rule, a.ID, a.ExpiresAt
	data, err := encode(body)
	if err != nil {
		return err
	}
	return &answered{status: http.StatusForbidden, body: data, note: "waits for a second operator: approval " + id}
}

// waiting finds an approval that can still be decided, and what it hides.
func (g *Gateway) waiting(ctx context.Context, id string) (journal.Approval, sealed, error) {
	var s sealed
	all, err := g.o.Approvals.Approvals(ctx)
	if err != nil {
		return journal.Approval{}, s, err
	}
	for _, a := range all {
		if a.ID != id {
			continue
		}
		if a.State != journal.ApprovalWaiting || !g.o.Now().Before(a.ExpiresAt) {
			return a, s, journal.ErrDecided
		}
		if err := g.seal.open(a.ID, a.Sealed, &s); err != nil {
			return a, s, err
		}
		if !s.of(a) {
			return a, s, errors.New("this approval was changed in its store")
		}
		return a, s, nil
	}
	return journal.Approval{}, s, journal.ErrNoApproval
}

// mayDecide says whether an operator may approve a request. They must be named, be somebody else, and be able to do
// themselves what they agree to.
func (g *Gateway) mayDecide(ctx context.Context, op *policy.Operator, a journal.Approval, s sealed) (policy.Rules, error) {
	rules, err := g.rulesOf(ctx, op)
	if err != nil {
		return rules, err
	}
	if op.Roles == nil {
		if op.Roles, err = g.rolesOf(ctx, op.Subject); err != nil {
			return rules, err
		}
	}
	switch {
	case strings.EqualFold(op.Subject, a.Requester):
		return rules, &policy.Refusal{Code: "usher_self", Message: "nobody approves their own request"}
	case !s.Approval.MayApprove(*op):
		return rules, &policy.Refusal{Code: "usher_policy", Message: "you are not one of those who may approve this"}
	}
	for _, name := range a.Actions {
		if !op.May(policy.Action(name)) {
			return rules, &policy.Refusal{Code: "usher_permission", Message: "you lack the permission " + name + ", so you cannot approve it", Permission: policy.Action(name)}
		}
	}
	return rules, nil
}

// approve carries a request out that a second operator agrees to: with the rights that both have now.
func (g *Gateway) approve(r *http.Request, op policy.Operator, id string) (*http.Response, error) {
	ctx := r.Context()
	a, s, err := g.waiting(ctx, id)
	if err != nil {
		return g.undecidable(r, err)
	}
	first := &call{r: r, op: op}
	if _, err := g.mayDecide(ctx, &op, a, s); err != nil {
		return g.refused(first, err)
	}
	requester, err := g.still(ctx, s.Operator)
	if err != nil {
		return g.refused(first, err)
	}
	asked, err := g.renew(r, a, s, requester)
	if err != nil {
		return g.refused(asked, err)
	}
	asked.note = "approved by " + nameOf(op.Subject, op.Email) + ", approval " + id
	asked.approved, asked.by = true, op
	// The approver must be able to make this change too: whom they may not see they cannot judge.
	mine, err := g.renew(r, a, s, op)
	if err != nil {
		return g.refused(mine, err)
	}
	if err := g.agrees(ctx, mine); err != nil {
		return g.refused(mine, err)
	}
	if _, err := g.o.Approvals.DecideApproval(ctx, id, journal.ApprovalApproved, op.Subject, op.Email, g.o.Now()); err != nil {
		return g.undecidable(r, err)
	}
	res, err := g.serve(asked)
	if err != nil {
		return nil, err
	}
	return g.withhold(asked, res)
}

// withhold takes out of an answer what was not meant for the approver: a ticket or a recovery code opens the account to
// whoever reads it. Neither of the two gets it.
func (g *Gateway) withhold(c *call, res *http.Response) (*http.Response, error) {
	body, err := io.ReadAll(res.Body)
	if err = errors.Join(err, res.Body.Close()); err != nil {
		return nil, err
	}
	if len(bytes.TrimSpace(body)) > 0 {
		var answer any
		dec := json.NewDecoder(bytes.NewReader(body))
		dec.UseNumber()
		if err := dec.Decode(&answer); err != nil {
			return refuse(c.r, http.StatusBadGateway, "usher_answer", "the tenant's answer is no JSON, so secrets could not be taken out of it", ""), nil
		}
		dropKeys(answer, func(k string) bool {
			return k == "ticket" || k == "ticket_url" || k == "ticket_id" || k == "recovery_code" || k == "invitation_url" || k == "barcode_uri" || k == "totp_secret"
		})
		if body, err = encode(answer); err != nil {
			return nil, err
		}
	}
	res.Body, res.ContentLength = io.NopCloser(bytes.NewReader(body)), int64(len(body))
	res.Header.Del("Content-Length")
	return res, nil
}

// still leaves a requester the rights they have now: their token was verified when they asked, which may be days ago.
func (g *Gateway) still(ctx context.Context, op policy.Operator) (policy.Operator, error) {
	user, _, err := g.person(ctx, op.Subject)
	if err != nil {
		return op, err
	}
	if user == nil || user["blocked"] == true {
		return op, &policy.Refusal{Code: "usher_policy", Message: "whoever asked for this is blocked or gone by now"}
	}
	held, err := g.permissionsHeld(ctx, op.Subject)
	if err != nil {
		return op, err
	}
	op.Permissions = slices.DeleteFunc(op.Permissions, func(name string) bool { return !slices.Contains(held, name) })
	op.Roles, op.Metadata = nil, nil
	return op, nil
}

// agrees asks the approver's own policies about the change.
func (g *Gateway) agrees(ctx context.Context, c *call) error {
	var err error
	if c.rules, err = g.rulesOf(ctx, &c.op); err != nil {
		return err
	}
	ids, err := g.subjects(ctx, c)
	if err != nil {
		return err
	}
	if err := g.authorize(ctx, c, ids); err != nil {
		return err
	}
	if d := c.about.Demands(c.d.Actions, reasonOf(c.r), g.o.Now()); d.FreshLogin != nil {
		return d.FreshLogin
	}
	return nil
}

// renew makes the request that waited anew, as one operator's.
func (g *Gateway) renew(r *http.Request, a journal.Approval, s sealed, op policy.Operator) (*call, error) {
	again, err := http.NewRequestWithContext(r.Context(), a.Method, "https://tenant.invalid/", http.NoBody)
	if err != nil {
		return &call{r: r, op: op}, err
	}
	path, err := url.PathUnescape(a.Path)
	if err != nil {
		return &call{r: r, op: op}, err
	}
	again.URL.Path, again.URL.RawPath, again.URL.RawQuery = path, a.Path, a.Query
	for name, v := range map[string]string{
		"Content-Type": s.ContentType, UnchangedHeader: s.Unchanged, "X-Usher-User": s.Owner,
		"X-Usher-Reason": url.QueryEscape(a.Reason), "X-Usher-Priority": "action",
	} {
		if v != "" {
			again.Header.Set(name, v)
		}
	}
	return g.decide(again, op, s.Body)
}

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

// deny ends a request. Whoever made it may take it back.
func (g *Gateway) deny(r *http.Request, op policy.Operator, id string) (*http.Response, error) {
	ctx := r.Context()
	a, s, err := g.waiting(ctx, id)
	if err != nil {
		return g.undecidable(r, err)
	}
	if op.Subject != a.Requester {
		if _, err := g.mayDecide(ctx, &op, a, s); err != nil {
			return g.refused(&call{r: r, op: op}, err)
		}
	}
	// On the record before it counts, as every decision.
	line := &call{r: r, op: op, note: "denied approval " + id + " of " + nameOf(a.Requester, a.RequesterEmail)}
	entry := g.entry(line, "")
	entry.Target, entry.Actions = a.Target, a.Actions
	if err := g.o.Journal.Denied(ctx, entry); err != nil {
		return refuse(r, http.StatusServiceUnavailable, "usher_journal", "the journal cannot be written: "+err.Error(), ""), nil
	}
	a, err = g.o.Approvals.DecideApproval(ctx, id, journal.ApprovalDenied, op.Subject, op.Email, g.o.Now())
	if err != nil {
		return g.undecidable(r, err)
	}
	return object(r, http.StatusOK, a), nil
}

func nameOf(subject, email string) string {
	if email == "" {
		return subject
	}
	return email + " (" + subject + ")"
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
	var targets []string
	for _, a := range all {
		targets = append(targets, a.Target)
	}
	seen, err := g.visible(ctx, rules, targets)
	if err != nil {
		return g.refused(&call{r: r, op: op}, err)
	}
	type listed struct {
		journal.Approval
		Mine   bool `json:"mine"`
		Decide bool `json:"may_decide"`
	}
	out := []listed{}
	for _, a := range all {
		if a.State == journal.ApprovalWaiting && !g.o.Now().Before(a.ExpiresAt) {
			a.State = journal.ApprovalExpired
		}
		l := listed{Approval: a, Mine: a.Requester == op.Subject}
		var s sealed
		if !l.Mine && g.seal.open(a.ID, a.Sealed, &s) == nil && (a.Target == "" || seen[a.Target]) {
			_, err := g.mayDecide(ctx, &op, a, s)
			l.Decide = err == nil && a.State == journal.ApprovalWaiting
			if err != nil {
				continue
			}
		} else if !l.Mine {
			continue
		}
		out = append(out, l)
	}
	return object(r, http.StatusOK, map[string]any{"approvals": out, "now": g.o.Now().UTC().Format(time.RFC3339)}), nil
}
