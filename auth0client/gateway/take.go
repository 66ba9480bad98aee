package gateway

import (
	"net/http"

	"usher/auth0client/gateway/journal"
	"usher/auth0client/gateway/policy"
)

// take carries a request out that a second operator agreed to, for whoever made it: its answer is a secret for them alone. The
// rights of both are looked at anew. Of two that take at once one does, and what surely was not made can be taken again: at
// most one ticket comes of an approval.
func (g *Gateway) take(r *http.Request, op policy.Operator, id string) (*http.Response, error) {
	ctx := r.Context()
	a, s, err := g.pending(ctx, id, journal.ApprovalAgreed)
	if err != nil {
		return g.undecidable(r, err)
	}
	if op.Subject != a.Requester {
		return g.refused(&call{r: r, op: op}, &policy.Refusal{Code: "usher_policy", Message: "only whoever asked for this takes it"})
	}
	if s.Agreed == nil || s.Agreed.Operator.Subject != a.DecidedBy {
		return g.undecidable(r, errStoreChanged)
	}
	approver, err := g.still(ctx, theApprover, s.Agreed.Operator)
	if err != nil {
		return g.refused(&call{r: r, op: op, by: s.Agreed.Operator}, err)
	}
	if op, err = g.still(ctx, theRequester, op); err != nil {
		return g.refused(&call{r: r, op: op, by: approver}, err)
	}
	asked, err := g.second(r, a, s, op, approver)
	if err != nil {
		return g.refused(asked, err)
	}
	if _, err = g.mayDecide(ctx, &approver, a, s); err == nil {
		_, err = g.agrees(ctx, r, a, s, approver, s.Agreed.At)
	}
	if err != nil {
		return g.refused(asked, whose(theApprover, err))
	}
	// The requester is here: how old their sign-in may be counts as for any change of theirs.
	if _, err := g.agrees(ctx, r, a, s, op, g.o.Now()); err != nil {
		return g.refused(asked, err)
	}
	if _, err := g.o.Approvals.MoveApproval(ctx, id, journal.ApprovalMove{From: journal.ApprovalAgreed, To: journal.ApprovalTaken, At: g.o.Now()}); err != nil {
		return g.undecidable(r, err)
	}
	res, err := g.serve(asked)
	g.settle(ctx, a, s, journal.ApprovalTaken, asked)
	return res, err
}
