package auth0client

import (
	"context"
	"errors"
	"strings"

	"usher/auth0client/lucene"
	"usher/auth0client/parallel"
	"usher/auth0client/term"
)

// Find looks for users the exact and immediate way where what was typed allows it, and by the search beside it, all at once.
// A user that both find is there once, as the look-up has them. Ran says what was asked.
func (c *Client) Find(ctx context.Context, f Finding) (FoundPage, error) {
	p := PlanFor(f)
	if f.Role != "" {
		return c.findHolders(ctx, f, p)
	}
	if f.Page > 0 || len(p.IDs)+len(p.Emails) == 0 {
		page, err := c.search(ctx, f, p.Query)
		return FoundPage{UserPage: page, Exact: p.Exact}, err
	}
	found := c.lookUp(ctx, f, p)
	if p.Late && found.none() {
		found.page, found.searchErr = c.search(ctx, f, p.Query)
	}
	return found.merged(f, p)
}

// String says what the plan asks for.
func (p Plan) String() string {
	var all []string
	for _, id := range p.IDs {
		all = append(all, "user "+string(id))
	}
	if len(p.Emails) > 0 {
		all = append(all, "email "+strings.Join(p.Emails, ", "))
	}
	switch {
	case p.Query == "":
	case len(all) == 0:
		return p.Query
	case p.Late:
		all = append(all, "or else search "+p.Query)
	default:
		all = append(all, "search "+p.Query)
	}
	return strings.Join(all, "; ")
}

// lookedUp is what the parts of a plan answered.
type lookedUp struct {
	exact     [][]User // by place in the plan: ids, then emails
	errs      []error
	page      UserPage
	searchErr error
}

func (c *Client) lookUp(ctx context.Context, f Finding, p Plan) *lookedUp {
	n := len(p.IDs) + len(p.Emails)
	l := &lookedUp{exact: make([][]User, n), errs: make([]error, n)}
	var all parallel.Group
	for i, id := range p.IDs {
		all.Go(func() {
			u, err := c.User(ctx, id)
			switch {
			case err == nil:
				l.exact[i] = []User{u}
			case !isNotFound(err):
				l.errs[i] = err
			}
		})
	}
	for i, email := range p.Emails {
		at := len(p.IDs) + i
		all.Go(func() { l.exact[at], l.errs[at] = c.UsersByEmail(ctx, email) })
	}
	if !p.Late && p.Query != "" {
		all.Go(func() { l.page, l.searchErr = c.search(ctx, f, p.Query) })
	}
	all.Wait()
	return l
}

func (l *lookedUp) none() bool {
	for i := range l.exact {
		if len(l.exact[i]) > 0 || l.errs[i] != nil {
			return false
		}
	}
	return true
}

// merged is everybody once. A failed look-up fails the whole, since an answer without it could hide the person; a failed
// search does not, where a look-up found somebody.
func (l *lookedUp) merged(f Finding, p Plan) (FoundPage, error) {
	for _, err := range l.errs {
		if err != nil {
			return FoundPage{}, err
		}
	}
	if l.searchErr != nil && l.none() {
		return FoundPage{}, l.searchErr
	}
	out := FoundPage{Exact: p.Exact, Missed: l.searchErr, UserPage: UserPage{Start: 0, Limit: f.PerPage, Ran: term.Line(p.String())}}
	seen := map[UserID]bool{}
	for _, us := range append(l.exact, l.page.Users) {
		for _, u := range us {
			if !seen[u.ID] {
				seen[u.ID] = true
				out.Users = append(out.Users, u)
			}
		}
	}
	out.Total = max(len(out.Users), l.page.Total)
	return out, nil
}

// findHolders gives the part of a search that holds a role: a page of its members, then a search for those among them, which
// the fields of the list come from as well.
func (c *Client) findHolders(ctx context.Context, f Finding, p Plan) (FoundPage, error) {
	members, err := c.RoleMembers(ctx, f.Role, f.From)
	if err != nil {
		return FoundPage{}, err
	}
	ids := make([]UserID, len(members.Items))
	for i, u := range members.Items {
		ids[i] = u.ID
	}
	halves := [][]UserID{ids[:min(len(ids), maxIDs)], ids[min(len(ids), maxIDs):]}
	pages, errs := make([]UserPage, len(halves)), make([]error, len(halves))
	var all parallel.Group
	for i, half := range halves {
		if len(half) > 0 {
			all.Go(func() {
				pages[i], errs[i] = c.search(ctx, Finding{Sort: f.Sort, PerPage: take, More: f.More}, both(p.Query, among(half)))
			})
		}
	}
	all.Wait()
	if err := errors.Join(errs...); err != nil {
		return FoundPage{}, err
	}
	out := FoundPage{Exact: p.Exact, Next: members.Next, UserPage: UserPage{Limit: take, Ran: term.Line(p.Query)}}
	out.Users = append(pages[0].Users, pages[1].Users...)
	out.Total = len(out.Users)
	return out, nil
}

// maxIDs bounds the ids of one query, whose address must not grow too long.
const maxIDs = take / 2

func among(ids []UserID) string {
	any := make([]string, len(ids))
	for i, id := range ids {
		any[i] = lucene.Quote(string(id))
	}
	return "user_id:(" + strings.Join(any, " OR ") + ")"
}
