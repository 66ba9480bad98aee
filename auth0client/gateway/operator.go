package gateway

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"

	"usher/auth0client/gateway/policy"
)

// rememberFor is how long the gateway goes on with what the tenant said of operators and roles.
const rememberFor = time.Minute

// known is what the tenant said lately of operators, roles, organizations and connections. What is known of the people that
// requests are about is never kept.
type known struct {
	now func() time.Time

	mu   sync.Mutex
	said map[string]saying
}

type saying struct {
	what  any
	until time.Time
}

// mostKnown bounds the memory of a gateway whose tenant has very many of something.
const mostKnown = 10_000

func newKnown(now func() time.Time) *known { return &known{now: now, said: map[string]saying{}} }

// lately gives what is remembered under key.
func lately[T any](k *known, key string) (v T, ok bool) {
	k.mu.Lock()
	s, ok := k.said[key]
	k.mu.Unlock()
	if ok && k.now().Before(s.until) {
		v, ok = s.what.(T)
		return v, ok
	}
	return v, false
}

// ask gives what is remembered under key, or asks anew.
func ask[T any](k *known, key string, fresh func() (T, error)) (T, error) {
	if v, ok := lately[T](k, key); ok {
		return v, nil
	}
	v, err := fresh()
	if err != nil {
		return v, err
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	if len(k.said) >= mostKnown {
		clear(k.said)
	}
	k.said[key] = saying{what: v, until: k.now().Add(rememberFor)}
	return v, nil
}

// claimsOf reads the claims of a token that was verified already.
func claimsOf(token string) map[string]any {
	parts := strings.Split(token, ".")
	if len(parts) != 3 {
		return nil
	}
	data, err := base64.RawURLEncoding.DecodeString(parts[1])
	if err != nil {
		return nil
	}
	var claims map[string]any
	if json.Unmarshal(data, &claims) != nil {
		return nil
	}
	return claims
}

// rulesOf gives an operator's rules, and fills in what the policies ask of them. When the tenant cannot say it, the
// request is refused: a limit must not fall away with a fault.
func (g *Gateway) rulesOf(ctx context.Context, op *policy.Operator) (policy.Rules, error) {
	set := g.o.Policies
	if set.NeedsRoles() && op.Roles == nil {
		roles, err := g.rolesOf(ctx, op.Subject)
		if err != nil {
			return policy.Rules{}, unsaid(ctx, "your roles", err)
		}
		op.Roles = roles
	}
	if set.NeedsMetadata() && op.Metadata == nil || set.NeedsEmail() && op.Email == "" {
		user, err := ask(g.known, "operator "+op.Subject, func() (map[string]any, error) {
			user, _, err := g.person(ctx, op.Subject)
			return user, err
		})
		if err != nil {
			return policy.Rules{}, unsaid(ctx, "your own record", err)
		}
		op.Metadata, _ = user["app_metadata"].(map[string]any)
		if op.Email == "" && user["email_verified"] == true {
			op.Email, _ = user["email"].(string)
		}
	}
	return set.For(*op), nil
}

// emailOf is an operator's email: what their token says, or what the tenant said of them lately. It asks nobody.
func (g *Gateway) emailOf(op policy.Operator) string {
	if op.Email != "" {
		return op.Email
	}
	user, _ := lately[map[string]any](g.known, "operator "+op.Subject)
	if user["email_verified"] != true {
		return ""
	}
	email, _ := user["email"].(string)
	return email
}

func unsaid(ctx context.Context, what string, err error) error {
	if ctx.Err() != nil {
		return ctx.Err()
	}
	body := problem(http.StatusServiceUnavailable, "usher_policy", "your policy asks for "+what+", which the tenant does not say at the moment", "")
	data, jerr := json.Marshal(body)
	if jerr != nil {
		return errors.Join(err, jerr)
	}
	return &answered{status: http.StatusServiceUnavailable, body: data}
}

// rolesOf gives the names of the roles an operator holds.
func (g *Gateway) rolesOf(ctx context.Context, subject string) ([]string, error) {
	return ask(g.known, "roles of "+subject, func() ([]string, error) {
		direct, through, err := g.rolesHeld(ctx, subject)
		names := make([]string, 0, len(direct)+len(through))
		for _, r := range append(direct, through...) {
			names = append(names, r.Name)
		}
		return names, err
	})
}

type role struct {
	ID   string `json:"id"`
	Name string `json:"name"`
}

// rolesHeld reads the roles a user holds themselves, and those that come to them through groups, where the tenant knows of
// such.
func (g *Gateway) rolesHeld(ctx context.Context, id string) (direct, through []role, err error) {
	if direct, err = pages[role](ctx, g, userPath(id)+"/roles", nil, "roles"); err != nil {
		return nil, nil, err
	}
	through, err = g.rolesThrough(ctx, id)
	return direct, through, err
}

func (g *Gateway) rolesThrough(ctx context.Context, id string) ([]role, error) {
	if none, _ := ask(g.known, "no groups", func() (bool, error) { return false, errUnknown }); none {
		return nil, nil
	}
	var out []role
	for next := ""; ; {
		var list struct {
			Roles []role `json:"roles"`
			Next  string `json:"next"`
		}
		q := url.Values{"take": {"100"}}
		if next != "" {
			q.Set("from", next)
		}
		_, _, err := g.lookup(ctx, userPath(id)+"/effective-roles", q, &list)
		var said *answered
		if errors.As(err, &said) && (said.status == http.StatusForbidden || said.status == http.StatusNotImplemented) {
			// A tenant without groups has no such endpoint, or the gateway was given no permission for it.
			_, err = ask(g.known, "no groups", func() (bool, error) { return true, nil })
		}
		out = append(out, list.Roles...)
		if err != nil || list.Next == "" || list.Next == next {
			return out, err
		}
		next = list.Next
	}
}

var errUnknown = errors.New("nothing was said of it lately")

// roleByID reads a role's name and the permissions of usher's own API that it gives.
func (g *Gateway) roleByID(ctx context.Context, id string) (role, []string, error) {
	type whole struct {
		role
		gives []string
	}
	w, err := ask(g.known, "role "+id, func() (whole, error) {
		var w whole
		found, h, err := g.lookup(ctx, "/api/v2/roles/"+url.PathEscape(id), nil, &w.role)
		if err != nil {
			return w, err
		}
		if !found {
			return w, missing("The role does not exist.", "", h)
		}
		given, err := pages[permission](ctx, g, "/api/v2/roles/"+url.PathEscape(id)+"/permissions", nil, "permissions")
		for _, p := range given {
			w.gives = append(w.gives, p.Name)
		}
		return w, err
	})
	return w.role, w.gives, err
}

type permission struct {
	Name string `json:"permission_name"`
	API  string `json:"resource_server_identifier"`
}

// name is the name of an organization or a connection.
func (g *Gateway) name(ctx context.Context, kind, id string) (string, error) {
	return ask(g.known, kind+" "+id, func() (string, error) {
		var named struct {
			Name string `json:"name"`
		}
		found, h, err := g.lookup(ctx, "/api/v2/"+kind+"/"+url.PathEscape(id), nil, &named)
		switch {
		case err != nil:
			return "", err
		case !found && kind == "organizations":
			return "", missing("No organization found by that id or name", "", h)
		case !found:
			return "", missing("The connection does not exist.", "inexistent_connection", h)
		}
		return named.Name, nil
	})
}

func userPath(id string) string { return "/api/v2/users/" + url.PathEscape(id) }

// pages reads a list whole, up to 1,000 rows.
func pages[T any](ctx context.Context, g *Gateway, path string, query url.Values, key string) ([]T, error) {
	var out []T
	for page := range 10 {
		q := url.Values{"page": {fmt.Sprint(page)}, "per_page": {"100"}, "include_totals": {"true"}}
		for k, v := range query {
			q[k] = v
		}
		var raw json.RawMessage
		if found, _, err := g.lookup(ctx, path, q, &raw); err != nil || !found {
			return out, err
		}
		var rows []T
		if json.Unmarshal(raw, &rows) == nil {
			return append(out, rows...), nil // a bare list is the whole of it
		}
		var listed map[string]json.RawMessage
		if err := json.Unmarshal(raw, &listed); err != nil {
			return nil, fmt.Errorf("the tenant's list of %s cannot be read: %w", key, err)
		}
		if err := json.Unmarshal(listed[key], &rows); err != nil {
			return nil, fmt.Errorf("the tenant's list of %s cannot be read: %w", key, err)
		}
		var total, limit int
		_ = json.Unmarshal(listed["total"], &total)
		_ = json.Unmarshal(listed["limit"], &limit)
		out = append(out, rows...)
		if len(rows) == 0 || len(out) >= total {
			return out, nil
		}
	}
	return out, nil
}
