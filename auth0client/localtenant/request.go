package localtenant

import (
	"bytes"
	"errors"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
)

// maxBody is the largest request body Auth0 takes.
const maxBody = 1 << 20

// call is one request to the Management API on its way through a handler. The tenant is locked meanwhile.
type call struct {
	*Tenant
	r     *http.Request
	query url.Values
	args  []string // the path's variable segments, decoded
	who   claims
	body  map[string]any
	items []any  // of a body that is a list
	title string // how the tenant's log names what is done
}

func (c *call) arg(i int) string { return c.args[i] }

// accept checks what can be checked of a request without looking at the tenant's records.
func (c *call) accept(w http.ResponseWriter, r *route) (reply, bool) {
	if problem, bad := r.refuse(c.who); bad {
		return problem, true
	}
	if r.paid && c.opts.Plan != PlanEnterprise && c.opts.Plan != PlanUnlimited {
		return fail(http.StatusForbidden, "This feature is not enabled for this tenant.", "feature_not_enabled"), true
	}
	query, err := url.ParseQuery(c.r.URL.RawQuery)
	if err != nil {
		return fail(http.StatusBadRequest, "Invalid request query string.", "invalid_query_string"), true
	}
	c.query = query
	values := map[string]any{}
	for name, v := range query {
		if of, known := r.query[name]; known {
			values[name] = queryValue(v, of)
		} else {
			values[name] = v[0]
		}
	}
	wanted := anObject(r.query, r.wants...)
	wanted.loose = r.form // a recorded upload had parameters nobody knows
	if flaw := wanted.check(values, ""); flaw != nil {
		return flaw.complaint("Query", "invalid_query_string"), true
	}
	if r.form {
		return c.spool(w)
	}
	return c.read(w, r.body)
}

func (r *route) refuse(who claims) (reply, bool) {
	held := strings.Fields(who.Scope)
	has := func(s string) bool { return slices.Contains(held, s) }
	if len(r.any) > 0 && !slices.ContainsFunc(r.any, has) {
		return fail(http.StatusForbidden, "Insufficient scope, expected any of: "+strings.Join(r.any, ","),
			"insufficient_scope"), true
	}
	if slices.ContainsFunc(r.all, func(s string) bool { return !has(s) }) {
		return fail(http.StatusForbidden, "Insufficient scope, expected all of: "+strings.Join(r.all, ","),
			"insufficient_scope"), true
	}
	return reply{}, false
}

// spool takes a form in, for the handler to read while the tenant is locked.
func (c *call) spool(w http.ResponseWriter) (reply, bool) {
	raw, err := io.ReadAll(http.MaxBytesReader(w, c.r.Body, maxForm))
	var big *http.MaxBytesError
	switch {
	case errors.As(err, &big):
		return fail(http.StatusRequestEntityTooLarge, "Payload content length greater than maximum allowed: 512000", ""), true
	case err != nil:
		return fail(http.StatusBadRequest, "The request body could not be read.", "invalid_body"), true
	}
	c.r.Body = io.NopCloser(bytes.NewReader(raw))
	return reply{}, false
}

// read takes the body in. One that the route has no use for must still be JSON.
func (c *call) read(w http.ResponseWriter, of *shape) (reply, bool) {
	if c.r.Method == http.MethodGet || c.r.Body == nil {
		return reply{}, false
	}
	raw, err := io.ReadAll(http.MaxBytesReader(w, c.r.Body, maxBody))
	var big *http.MaxBytesError
	switch {
	case errors.As(err, &big):
		return fail(http.StatusRequestEntityTooLarge, "Payload content length greater than maximum allowed: 1048576", ""), true
	case err != nil:
		return fail(http.StatusBadRequest, "The request body could not be read.", "invalid_body"), true
	}
	var body any
	if len(raw) > 0 {
		if body, err = decodeJSON(raw); err != nil {
			return fail(http.StatusBadRequest, "Invalid request payload JSON format", "invalid_body"), true
		}
	}
	if of == nil {
		return reply{}, false
	}
	if body == nil && of.optional() {
		body = map[string]any{}
	}
	if flaw := of.check(body, ""); flaw != nil {
		return flaw.complaint("Payload", "invalid_body"), true
	}
	c.body, _ = body.(map[string]any)
	c.items, _ = body.([]any)
	return reply{}, false
}

// texts are the strings of a list in the body, whose shape has been checked.
func (c *call) texts(name string) []string { return texts(c.body[name]) }

// texts are the different strings of a list, as it comes from JSON or from Go.
func texts(v any) []string {
	raw, _ := v.([]any)
	plain, _ := v.([]string)
	for _, s := range plain {
		raw = append(raw, s)
	}
	out := make([]string, 0, len(raw))
	for _, item := range raw {
		if s, isText := item.(string); isText && !slices.Contains(out, s) {
			out = append(out, s)
		}
	}
	return out
}

func (c *call) text(name string) string {
	s, _ := c.body[name].(string)
	return s
}

// flag is a truth value of the body, false when it is absent.
func (c *call) flag(name string) bool {
	b, _ := c.body[name].(bool)
	return b
}

func (c *call) sent(name string) bool { _, yes := c.body[name]; return yes }
