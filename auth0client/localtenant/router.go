package localtenant

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strconv"
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
}

func (c *call) arg(i int) string { return c.args[i] }

// reply is what a handler answers. A nil body sends none.
type reply struct {
	status int
	body   any
	link   string
}

type route struct {
	method  string
	pattern []string
	any     []string // scopes of which one is needed
	all     []string // scopes that are all needed
	class   string   // rate-limit class
	do      func(*call) reply
}

func ok(body any) reply      { return reply{status: http.StatusOK, body: body} }
func created(body any) reply { return reply{status: http.StatusCreated, body: body} }
func nothing() reply         { return reply{status: http.StatusNoContent} }
func accepted() reply        { return reply{status: http.StatusAccepted} }

// fail is an error of the Management API. code may be empty: Auth0 sends some errors without.
func fail(status int, message, code string) reply {
	body := map[string]any{"statusCode": status, "error": http.StatusText(status), "message": message}
	if code != "" {
		body["errorCode"] = code
	}
	return reply{status: status, body: body}
}

func invalid(format string, a ...any) reply {
	return fail(http.StatusBadRequest, fmt.Sprintf(format, a...), "invalid_body")
}

func noUser() reply { return fail(http.StatusNotFound, "The user does not exist.", "inexistent_user") }

func (t *Tenant) routes() http.Handler {
	table := slices.Concat(t.userRoutes(), t.roleRoutes(), t.mfaRoutes(), t.tenantRoutes(), t.sessionRoutes(), t.logRoutes())
	root := http.NewServeMux()
	t.oauthRoutes(root)
	root.HandleFunc("/_usher/", t.control)
	root.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) { http.Error(w, "Not found.", http.StatusNotFound) })
	return t.withFaults(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		// ServeMux would clean a path that holds an encoded slash: the API is routed before it.
		if rest, ok := strings.CutPrefix(r.URL.EscapedPath(), "/api/v2/"); ok {
			t.serveAPI(w, r, table, rest)
			return
		}
		root.ServeHTTP(w, r)
	}))
}

// split decodes the segments of an escaped path, so that a "/" inside an id stays inside.
func split(escaped string) ([]string, error) {
	parts := strings.Split(strings.TrimSuffix(escaped, "/"), "/")
	for i, p := range parts {
		s, err := url.PathUnescape(p)
		if err != nil {
			return nil, err
		}
		parts[i] = s
	}
	return parts, nil
}

func (r *route) match(method string, segments []string) (args []string, path, all bool) {
	if len(segments) != len(r.pattern) {
		return nil, false, false
	}
	for i, want := range r.pattern {
		switch {
		case want == "*" && segments[i] != "":
			args = append(args, segments[i])
		case want != segments[i]:
			return nil, false, false
		}
	}
	return args, true, method == r.method
}

func (t *Tenant) serveAPI(w http.ResponseWriter, r *http.Request, table []route, rest string) {
	segments, err := split(rest)
	if err != nil {
		send(w, fail(http.StatusBadRequest, "Invalid request URI.", "invalid_uri"))
		return
	}
	who, problem := t.bearer(r)
	if problem != "" {
		w.Header().Set("WWW-Authenticate", "Bearer")
		send(w, fail(http.StatusUnauthorized, problem, ""))
		return
	}
	if !slices.Contains(who.Audience, t.ManagementAudience()) {
		w.Header().Set("WWW-Authenticate", "Bearer")
		send(w, fail(http.StatusUnauthorized, "Bad audience: "+strings.Join(who.Audience, ","), ""))
		return
	}
	var found *route
	var args []string
	known := false
	for i := range table {
		a, path, all := table[i].match(r.Method, segments)
		known = known || path
		if all {
			found, args = &table[i], a
			break
		}
	}
	if found == nil {
		what := "This local tenant has no such endpoint: "
		if known {
			what = "This local tenant does not take this method here: "
		}
		send(w, fail(http.StatusNotImplemented, what+r.Method+" "+r.URL.Path, "not_implemented"))
		return
	}
	if !t.admit(w, found.class) {
		send(w, fail(http.StatusTooManyRequests, "Global limit has been reached", "too_many_requests"))
		return
	}
	if problem, bad := found.refuse(who); bad {
		send(w, problem)
		return
	}
	c := &call{Tenant: t, r: r, query: r.URL.Query(), args: args, who: who}
	if problem, bad := c.read(w); bad {
		send(w, problem)
		return
	}
	t.mu.Lock()
	answer := found.do(c)
	if answer.status < 300 && r.Method != http.MethodGet {
		t.logWrite(c, answer.status)
	}
	if err := t.keep(); err != nil && r.Method != http.MethodGet {
		answer = fail(http.StatusServiceUnavailable, err.Error(), "")
	}
	t.mu.Unlock()
	send(w, answer)
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

func (c *call) read(w http.ResponseWriter) (reply, bool) {
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
	case len(raw) == 0:
		return reply{}, false
	}
	if err := json.Unmarshal(raw, &c.body); err != nil || c.body == nil {
		return fail(http.StatusBadRequest, "Invalid request payload JSON format", "invalid_body"), true
	}
	return reply{}, false
}

// send writes a reply. Auth0 keeps the content type even on an empty 204.
func send(w http.ResponseWriter, a reply) {
	h := w.Header()
	h.Set("Content-Type", "application/json; charset=utf-8")
	h.Set("Cache-Control", "no-cache")
	if a.link != "" {
		h.Set("Link", a.link)
	}
	if a.body == nil {
		w.WriteHeader(a.status)
		return
	}
	raw, err := json.Marshal(a.body)
	if err != nil {
		w.WriteHeader(http.StatusInternalServerError)
		return
	}
	w.WriteHeader(a.status)
	w.Write(raw) //nolint:errcheck // the client is gone: nobody is left to tell
}

// paging is the offset paging of a list.
type paging struct {
	page, size int
	totals     bool
}

func (c *call) paging(fallback, most int) (paging, *reply) {
	p := paging{size: fallback}
	number := func(name string, low, high, into *int) *reply {
		if !c.query.Has(name) {
			return nil
		}
		n, err := strconv.Atoi(c.query.Get(name))
		var why string
		switch {
		case err != nil:
			why = "Expected type integer but found type string"
		case n < *low:
			why = fmt.Sprintf("Value %d is less than minimum %d", n, *low)
		case n > *high:
			why = fmt.Sprintf("Value %d is greater than maximum %d", n, *high)
		}
		if why != "" {
			bad := fail(http.StatusBadRequest, fmt.Sprintf("Query validation error: '%s' on property %s.", why, name),
				"invalid_query_string")
			return &bad
		}
		*into = n
		return nil
	}
	zero, huge := 0, 1<<20
	if bad := number("page", &zero, &huge, &p.page); bad != nil {
		return p, bad
	}
	if bad := number("per_page", &zero, &most, &p.size); bad != nil {
		return p, bad
	}
	p.totals = c.query.Get("include_totals") == "true"
	return p, nil
}

func (p paging) start() int { return p.page * p.size }

// cut is the page of a list of n.
func (p paging) cut(n int) (from, to int) {
	from = min(p.start(), n)
	return from, min(from+p.size, n)
}

// list answers one page of rows, under key with totals, bare without.
func (c *call) list(key string, rows []any) reply {
	p, bad := c.paging(50, 100)
	if bad != nil {
		return *bad
	}
	from, to := p.cut(len(rows))
	page := append([]any{}, rows[from:to]...)
	if !p.totals {
		return ok(page)
	}
	return ok(map[string]any{key: page, "start": p.start(), "limit": p.size, "total": len(rows)})
}

// listFrom answers a list by checkpoint when take or from is given, else by offset.
func (c *call) listFrom(key string, rows []any) reply {
	if !c.query.Has("take") && !c.query.Has("from") {
		return c.list(key, rows)
	}
	return c.checkpoint(key, rows)
}

func (c *call) checkpoint(key string, rows []any) reply {
	take, at := 50, 0
	if v := c.query.Get("take"); v != "" {
		n, err := strconv.Atoi(v)
		if err != nil || n < 1 || n > 100 {
			return fail(http.StatusBadRequest, "Query validation error: 'Value out of range' on property take.",
				"invalid_query_string")
		}
		take = n
	}
	if v := c.query.Get("from"); v != "" {
		n, err := openCursor(v)
		if err != nil {
			return fail(http.StatusBadRequest, "Invalid query string paging options: from", "invalid_query_string")
		}
		at = min(n, len(rows))
	}
	to := min(at+take, len(rows))
	out := map[string]any{key: append([]any{}, rows[at:to]...)}
	if to < len(rows) {
		out["next"] = cursor(to)
	}
	return ok(out)
}

// texts reads a list of strings from the body; it must hold at least one.
func (c *call) texts(name string) ([]string, *reply) {
	raw, _ := c.body[name].([]any)
	out := make([]string, 0, len(raw))
	for _, v := range raw {
		s, isText := v.(string)
		if !isText || s == "" {
			bad := invalid("Payload validation error: 'Expected type string' on property %s.", name)
			return nil, &bad
		}
		out = append(out, s)
	}
	if len(out) == 0 {
		bad := invalid("Payload validation error: 'Missing required property: %s'.", name)
		return nil, &bad
	}
	return out, nil
}

func (c *call) text(name string) string {
	s, _ := c.body[name].(string)
	return s
}
