package gateway

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"usher/auth0client/gateway/policy"
	"usher/auth0client/lucene"
)

// lookup asks the tenant something on the gateway's own account, as urgently as the request that waits for it. found is false for what does not exist, or whose id is none.
// Any other answer than success is an *answered, for the operator to see.
func (g *Gateway) lookup(ctx context.Context, path string, query url.Values, into any) (found bool, header http.Header, err error) {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, "https://tenant.invalid/", http.NoBody)
	if err != nil {
		return false, nil, err
	}
	r.URL.RawQuery = query.Encode()
	res, err := g.forward(ctx, r, policy.Decision{Path: path}, nil, "")
	if err != nil {
		return false, nil, err
	}
	body, err := io.ReadAll(res.Body)
	if err != nil {
		return false, nil, err
	}
	switch {
	case res.StatusCode == http.StatusNotFound, res.StatusCode == http.StatusBadRequest:
		return false, res.Header, nil
	case res.StatusCode != http.StatusOK:
		return false, res.Header, &answered{status: res.StatusCode, header: res.Header, body: body}
	}
	dec := json.NewDecoder(strings.NewReader(string(body)))
	dec.UseNumber()
	if err := dec.Decode(into); err != nil {
		return false, res.Header, fmt.Errorf("the tenant's answer is no JSON: %w", err)
	}
	return true, res.Header, nil
}

// person reads a user by id, immediately; nil when there is none.
func (g *Gateway) person(ctx context.Context, id string) (map[string]any, http.Header, error) {
	var user map[string]any
	found, h, err := g.lookup(ctx, userPath(id), nil, &user)
	if !found {
		user = nil
	}
	return user, h, err
}

// mostPeople is how many people one request may be about while each must be looked at first.
const mostPeople = 50

// covering reads people and gives the rules about all of them; a 404 when one of them does not exist for the operator.
// Whoever does not exist at all and whoever is outside take the same way, and so the same time.
func (g *Gateway) covering(ctx context.Context, rules policy.Rules, ids []string, s policy.Subject) (policy.Rules, error) {
	about, _, err := g.coveringPeople(ctx, rules, ids, s)
	return about, err
}

// coveringPeople is covering that gives the people as well, when it had to read them.
func (g *Gateway) coveringPeople(ctx context.Context, rules policy.Rules, ids []string, s policy.Subject) (policy.Rules, []map[string]any, error) {
	if !rules.NeedsPerson() || len(ids) == 0 {
		return rules, nil, nil
	}
	if len(ids) > mostPeople {
		return rules, nil, &policy.Refusal{Code: "usher_field", Message: fmt.Sprintf("at most %d people at once, while a policy says whom you may see", mostPeople)}
	}
	people := make([]map[string]any, len(ids))
	headers := make([]http.Header, len(ids))
	numbers := make([]int, len(ids))
	for i := range ids {
		numbers[i] = i
	}
	if err := forEach(numbers, func(i int) (err error) {
		people[i], headers[i], err = g.person(ctx, ids[i])
		return err
	}); err != nil {
		return rules, nil, err
	}
	var about policy.Rules
	for i, p := range people {
		one, ok := rules.Covering(p)
		if p == nil || !ok {
			return about, nil, nothing(s, headers[i])
		}
		about = about.Join(one)
	}
	return about, people, nil
}

// visible finds which of these users exist for the operator, by search: for lists, which may be a moment behind.
func (g *Gateway) visible(ctx context.Context, rules policy.Rules, ids []string) (map[string]bool, error) {
	out := map[string]bool{}
	filter, anyone := rules.Filter()
	ids = slices.Compact(slices.Sorted(slices.Values(ids)))
	for chunk := range slices.Chunk(ids, mostPeople) {
		if !rules.Filtered() {
			for _, id := range chunk {
				out[id] = true
			}
			continue
		}
		if !anyone {
			break
		}
		quoted := make([]string, 0, len(chunk))
		for _, id := range chunk {
			if id != "" {
				quoted = append(quoted, lucene.Quote(id))
			}
		}
		if len(quoted) == 0 {
			continue
		}
		q := "user_id:(" + strings.Join(quoted, " OR ") + ") AND (" + filter + ")"
		var users []map[string]any
		if _, _, err := g.lookup(ctx, "/api/v2/users", url.Values{"q": {q}, "search_engine": {"v3"}, "per_page": {"100"}, "page": {"0"}}, &users); err != nil {
			return nil, err
		}
		for _, u := range users {
			if id, ok := u["user_id"].(string); ok {
				if _, covered := rules.Covering(u); covered {
					out[id] = true
				}
			}
		}
	}
	return out, nil
}

// byEmail finds the ids of the users with an email, as typed and as Auth0 keeps it.
func (g *Gateway) byEmail(ctx context.Context, email string) ([]string, error) {
	var out []string
	for _, e := range slices.Compact([]string{email, strings.ToLower(email)}) {
		var users []map[string]any
		if _, _, err := g.lookup(ctx, "/api/v2/users-by-email", url.Values{"email": {e}}, &users); err != nil {
			return nil, err
		}
		out = append(out, idsOf(users)...)
	}
	slices.Sort(out)
	return slices.Compact(out), nil
}

// byIdentifier finds the users whom an email, a user name or a phone number names.
func (g *Gateway) byIdentifier(ctx context.Context, name string) ([]string, error) {
	if strings.Contains(name, "@") {
		return g.byEmail(ctx, name)
	}
	q := "username:" + lucene.Quote(name) + " OR username:" + lucene.Quote(strings.ToLower(name)) + " OR phone_number:" + lucene.Quote(name)
	var users []map[string]any
	_, _, err := g.lookup(ctx, "/api/v2/users", url.Values{"q": {q}, "search_engine": {"v3"}, "per_page": {"100"}, "page": {"0"}}, &users)
	return idsOf(users), err
}

func idsOf(users []map[string]any) []string {
	var out []string
	for _, u := range users {
		if id, ok := u["user_id"].(string); ok {
			out = append(out, id)
		}
	}
	return out
}

// owner finds whom a session, a refresh token, a device credential or a grant belongs to. hint is a user it may be, which
// the caller named: it saves reading the tenant's whole list, and is believed only when that user has it.
func (g *Gateway) owner(ctx context.Context, s policy.Subject, id, hint string) ([]string, error) {
	var one struct {
		UserID string `json:"user_id"`
	}
	path := map[policy.Subject]string{policy.BySession: "/api/v2/sessions/", policy.ByRefreshToken: "/api/v2/refresh-tokens/"}[s]
	if path != "" {
		found, h, err := g.lookup(ctx, path+url.PathEscape(id), nil, &one)
		if err != nil {
			return nil, err
		}
		if !found || one.UserID == "" {
			return nil, nothing(s, h)
		}
		return []string{one.UserID}, nil
	}
	path, key, queries := "/api/v2/grants", "grants", []url.Values{{}}
	if s == policy.ByDevice {
		path, key = "/api/v2/device-credentials", "device_credentials"
		queries = []url.Values{{"type": {"refresh_token"}}, {"type": {"rotating_refresh_token"}}, {"type": {"public_key"}}}
	}
	for _, q := range queries {
		if hint != "" {
			q.Set("user_id", hint)
		}
		rows, err := pages[struct {
			ID     string `json:"id"`
			UserID string `json:"user_id"`
		}](ctx, g, path, q, key)
		if err != nil {
			return nil, err
		}
		for _, r := range rows {
			if r.ID == id && r.UserID != "" {
				return []string{r.UserID}, nil
			}
		}
	}
	return nil, nothing(s, nil)
}
