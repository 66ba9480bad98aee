package gateway

import (
	"context"
	"fmt"
	"net/http"
	"strings"

	"usher/auth0client/gateway/policy"
	"usher/auth0client/lucene"
	"usher/auth0client/parallel"
)

// look carries a reading request out: narrowed before it is sent where a search is, and cleaned of what the operator may
// not see.
func (g *Gateway) look(c *call) (*http.Response, error) {
	ctx, cancel := context.WithCancel(c.r.Context())
	defer cancel()
	c.about = c.rules
	empty, err := g.narrow(c)
	if err != nil || empty != nil {
		if err != nil {
			return g.refused(c, err)
		}
		return empty, nil
	}
	ids, err := g.subjects(ctx, c)
	if err != nil {
		return g.refused(c, err)
	}
	// A user's own record says itself whether it may be seen; for what hangs on a user the record is read beside it.
	var covered func() error
	if len(ids) > 0 && c.d.Answer != policy.UserAnswer && c.rules.NeedsPerson() {
		var reading parallel.Group
		var err error
		reading.Go(func() { c.about, err = g.covering(ctx, c.rules, ids, c.d.Subject) })
		covered = func() error {
			reading.Wait()
			return err
		}
	}
	if c.d.Subject == policy.Nobody || covered == nil && c.d.Answer != policy.UserAnswer {
		if no := c.rules.Permit(c.d); no != nil {
			return g.refused(c, no)
		}
	}
	r := c.r.Clone(ctx)
	r.URL.RawQuery = c.d.Query.Encode()
	r.Header.Del("Auth0-Custom-Domain")
	res, err := g.forward(ctx, r, c.d, nil, "")
	if covered != nil {
		if err := covered(); err != nil {
			return g.refused(c, err)
		}
		if no := c.about.Permit(c.d); no != nil {
			return g.refused(c, no)
		}
	}
	if err != nil {
		return nil, err
	}
	if res.StatusCode == http.StatusNotFound && c.rules.NeedsPerson() {
		// What does not exist and what is outside are told by the very same answer.
		switch c.d.Answer {
		case policy.UserAnswer, policy.JobAnswer, policy.JobErrorsAnswer:
			return g.refused(c, nothing(c.d.Subject, res.Header))
		case policy.LogAnswer:
			return g.refused(c, missing("Log not found.", "", res.Header))
		}
	}
	return g.clean(ctx, c, res)
}

// narrow changes what is asked for, so that the answer can be judged and holds no more than it must. It answers itself when
// nobody can be found.
func (g *Gateway) narrow(c *call) (*http.Response, error) {
	q := c.d.Query
	c.asked, c.include = q.Get("fields"), q.Get("include_fields") != "false"
	switch c.d.Answer {
	case policy.ClientsAnswer:
		q.Set("fields", "client_id,name,organization_usage")
		q.Set("include_fields", "true")
	case policy.UserAnswer, policy.UsersAnswer, policy.PeopleAnswer, policy.OwnedAnswer, policy.LogsAnswer, policy.InvitationsAnswer:
		if c.rules.NeedsPerson() && q.Get("fields") != "" {
			// The record is needed whole to judge it; what was not asked for is taken out after.
			q.Del("fields")
			q.Del("include_fields")
			c.project = true
		}
	case policy.SearchAnswer:
		return g.narrowSearch(c)
	}
	return nil, nil
}

// narrowSearch joins the operator's search with their filter. Both are read first and printed anew: no text of an operator
// can end a parenthesis of the gateway's.
func (g *Gateway) narrowSearch(c *call) (*http.Response, error) {
	q := c.d.Query
	if c.rules.Open() || !c.rules.NeedsPerson() && len(c.rules.Hidden()) == 0 {
		return nil, nil
	}
	search, err := lucene.Parse(q.Get("q"))
	if err != nil {
		return nil, badQuery(err.Error())
	}
	if no := c.rules.Searchable(search, q.Get("sort")); no != nil {
		return nil, no
	}
	if engine := q.Get("search_engine"); engine != "" && engine != "v3" {
		return nil, badQuery("your policy needs search_engine v3")
	}
	q.Set("search_engine", "v3")
	text := strings.TrimSpace(search.String())
	if text != "" {
		q.Set("q", text) // what was judged is what is sent
	}
	if !c.rules.NeedsPerson() {
		return nil, nil
	}
	if q.Get("fields") != "" {
		q.Del("fields")
		q.Del("include_fields")
		c.project = true
	}
	if !c.rules.Filtered() {
		return nil, nil
	}
	filter, found := c.rules.Filter()
	if !found {
		return nobody(c), nil
	}
	limits, err := lucene.Parse(filter)
	if err != nil {
		return nil, fmt.Errorf("read the filter of %s: %w", c.op.Subject, err)
	}
	joined := lucene.And(limits, search).String()
	if _, err := lucene.Parse(joined); err != nil {
		return nil, badQuery("together with your policy's filter the search is too long: " + err.Error())
	}
	q.Set("q", joined)
	return nil, nil
}

// nobody is an empty page.
func nobody(c *call) *http.Response {
	if c.d.Query.Get("include_totals") == "true" {
		return object(c.r, http.StatusOK, map[string]any{"start": 0, "limit": 0, "length": 0, "total": 0, "users": []any{}})
	}
	return object(c.r, http.StatusOK, []any{})
}
