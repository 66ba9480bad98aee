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

// The two of an approval, in the words of refusals.
const (
	theRequester = "whoever asked for this"
	theApprover  = "whoever approved this"
)

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

// approve carries a request out that a second operator agrees to: with the rights that both have now. A request whose answer
// is a secret is only agreed to: whoever made it takes it.
func (g *Gateway) approve(r *http.Request, op policy.Operator, id string) (*http.Response, error) {
	ctx := r.Context()
	a, s, err := g.pending(ctx, id, journal.ApprovalWaiting)
	if err != nil {
		return g.undecidable(r, err)
	}
	first := &call{r: r, op: op}
	if _, err := g.mayDecide(ctx, &op, a, s); err != nil {
		return g.refused(first, err)
	}
	requester, err := g.still(ctx, theRequester, s.Operator)
	if err != nil {
		return g.refused(first, err)
	}
	asked, err := g.second(r, a, s, requester, op)
	if err == nil {
		err = g.stands(ctx, r, a, s, requester)
	}
	if err != nil {
		return g.refused(asked, whose(theRequester, err))
	}
	if mine, err := g.agrees(ctx, r, a, s, op, g.o.Now()); err != nil {
		return g.refused(mine, err)
	}
	if asked.d.Handover {
		return g.agree(r, op, a, s)
	}
	if _, err := g.o.Approvals.MoveApproval(ctx, id, journal.ApprovalMove{
		From: journal.ApprovalWaiting, To: journal.ApprovalApproved, By: op.Subject, ByEmail: op.Email, At: g.o.Now(),
	}); err != nil {
		return g.undecidable(r, err)
	}
	res, err := g.serve(asked)
	g.settle(ctx, a, s, journal.ApprovalApproved, asked)
	if err != nil {
		return nil, err
	}
	return withhold(res)
}

// agree notes that a second operator agrees to what its requester has to take. It is on the record before it counts, as every
// decision.
func (g *Gateway) agree(r *http.Request, op policy.Operator, a journal.Approval, s sealed) (*http.Response, error) {
	ctx := r.Context()
	s.Agreed = &agreement{Operator: op, At: g.o.Now()}
	hidden, err := g.seal.seal(a.ID, s)
	if err != nil {
		return nil, err
	}
	entry := g.entry(&call{r: r, op: op, note: "agrees to approval " + a.ID + " of " + nameOf(a.Requester, a.RequesterEmail) + ", who has to take it"}, rand.Text())
	entry.Target, entry.Actions, entry.Reason = a.Target, a.Actions, a.Reason
	handle, err := g.o.Journal.Intent(ctx, entry)
	if err != nil {
		return refuse(r, http.StatusServiceUnavailable, "usher_journal", "the journal cannot be written: "+err.Error(), ""), nil
	}
	b, err := g.o.Approvals.MoveApproval(ctx, a.ID, journal.ApprovalMove{
		From: journal.ApprovalWaiting, To: journal.ApprovalAgreed, By: op.Subject, ByEmail: op.Email, At: g.o.Now(), Sealed: hidden,
	})
	outcome := journal.Outcome{Status: http.StatusOK}
	if err != nil {
		outcome = journal.Outcome{Note: journal.NoteNotSent}
	}
	jerr := handle.Outcome(context.WithoutCancel(ctx), outcome)
	if err != nil {
		return g.undecidable(r, err)
	}
	res := object(r, http.StatusOK, map[string]any{"approval": b})
	if jerr != nil { // it is agreed to and its intent is on disk; the next start reports it as unfinished
		res.Header.Set("X-Usher-Journal", "outcome not written")
	}
	return res, nil
}

// second makes the request anew as its requester's, approved by a second operator.
func (g *Gateway) second(r *http.Request, a journal.Approval, s sealed, requester, approver policy.Operator) (*call, error) {
	c, err := g.renew(r, a, s, requester)
	c.note, c.by, c.approved = "approved by "+nameOf(approver.Subject, approver.Email)+", approval "+a.ID, approver, true
	return c, err
}

// stands says whether the requester's policies still let them make the change, before the approval is used up for it.
func (g *Gateway) stands(ctx context.Context, r *http.Request, a journal.Approval, s sealed, op policy.Operator) error {
	c, err := g.renew(r, a, s, op) // a request is authorized once: it may be changed by that
	if err == nil {
		err = g.permits(ctx, c)
	}
	return err
}

func (g *Gateway) permits(ctx context.Context, c *call) error {
	var err error
	if c.rules, err = g.rulesOf(ctx, &c.op); err != nil {
		return err
	}
	if !c.rules.Open() && len(c.rules.Names()) == 0 {
		return c.rules.Permit(c.d)
	}
	ids, err := g.subjects(ctx, c)
	if err != nil {
		return err
	}
	return g.authorize(ctx, c, ids)
}

// agrees asks an operator's own policies about the change, with a sign-in that counted at a time: whoever may not make it
// cannot approve it, and whom they may not see they cannot judge.
func (g *Gateway) agrees(ctx context.Context, r *http.Request, a journal.Approval, s sealed, op policy.Operator, at time.Time) (*call, error) {
	c, err := g.renew(r, a, s, op)
	if err == nil {
		err = g.permits(ctx, c)
	}
	if err != nil {
		return c, err
	}
	if d := c.about.Demands(c.d.Actions, reasonOf(c.r), at); d.FreshLogin != nil {
		return c, d.FreshLogin
	}
	return c, nil
}

// settle notes what became of the change that was approved or taken. What surely was not made can be taken again; all else is
// over, and what was sealed of it is dropped. When the note fails, the journal has it.
func (g *Gateway) settle(ctx context.Context, a journal.Approval, s sealed, state string, c *call) {
	m := journal.ApprovalMove{From: state, To: state, At: g.o.Now(), Result: c.result, Status: c.status}
	if m.Result == "" { // the gateway itself said no
		m.Result = journal.ResultRefused
	}
	if state == journal.ApprovalTaken && m.Result == journal.ResultRefused {
		m.To = journal.ApprovalAgreed
	} else {
		m.Sealed = g.emptied(a.ID, s)
	}
	_, _ = g.o.Approvals.MoveApproval(context.WithoutCancel(ctx), a.ID, m)
}

// emptied is what stays sealed of a request that is over: what it was, but not its body, which may hold a password.
func (g *Gateway) emptied(id string, s sealed) []byte {
	s.Body, s.Unchanged, s.Owner = nil, "", ""
	hidden, err := g.seal.seal(id, s)
	if err != nil {
		return nil
	}
	return hidden
}

// withhold takes out of an answer what was not meant for the approver: a ticket or a recovery code opens the account to
// whoever reads it. Requests that are known to give such are taken by their requester; this is for what is not known.
func withhold(res *http.Response) (*http.Response, error) {
	body, err := io.ReadAll(res.Body)
	if err = errors.Join(err, res.Body.Close()); err != nil {
		return nil, err
	}
	if len(bytes.TrimSpace(body)) > 0 {
		var answer any
		dec := json.NewDecoder(bytes.NewReader(body))
		dec.UseNumber()
		if dec.Decode(&answer) != nil {
			answer = map[string]any{} // secrets cannot be told in it; the status says what became of the change
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

// still leaves an operator the rights they have now: their token was verified when they asked or agreed, which may be days ago.
func (g *Gateway) still(ctx context.Context, who string, op policy.Operator) (policy.Operator, error) {
	user, _, err := g.person(ctx, op.Subject)
	if err != nil {
		return op, err
	}
	if user == nil || user["blocked"] == true {
		return op, &policy.Refusal{Code: "usher_policy", Message: who + " is blocked or gone by now"}
	}
	held, err := g.permissionsHeld(ctx, op.Subject)
	if err != nil {
		return op, err
	}
	op.Permissions = slices.DeleteFunc(slices.Clone(op.Permissions), func(name string) bool { return !slices.Contains(held, name) })
	op.Roles, op.Metadata = nil, nil
	return op, nil
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
		"X-Usher-Reason": url.QueryEscape(a.Reason), "X-Usher-Priority": "action", BeforeHeader: "1", // so that it can be undone
	} {
		if v != "" {
			again.Header.Set(name, v)
		}
	}
	return g.decide(again, op, s.Body)
}

// deny ends a request. Whoever made it may take it back.
func (g *Gateway) deny(r *http.Request, op policy.Operator, id string) (*http.Response, error) {
	ctx := r.Context()
	a, s, err := g.pending(ctx, id, journal.ApprovalWaiting, journal.ApprovalAgreed)
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
	a, err = g.o.Approvals.MoveApproval(ctx, id, journal.ApprovalMove{
		From: a.State, To: journal.ApprovalDenied, By: op.Subject, ByEmail: op.Email, At: g.o.Now(), Sealed: g.emptied(id, s),
	})
	if err != nil {
		return g.undecidable(r, err)
	}
	return object(r, http.StatusOK, a), nil
}
