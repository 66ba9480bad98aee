package localtenant

import (
	"encoding/json"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
)

// maxAddress is the longest path and query taken: Auth0 states no figure, proxies before it commonly have this one.
const maxAddress = 8 << 10

// reply is what a handler answers. A nil body sends none.
type reply struct {
	status int
	body   any
	link   string
	kind   string // content type, when it is not the usual one
}

type route struct {
	method  string
	pattern []string
	any     []string // scopes of which one is needed
	all     []string // scopes that are all needed
	class   string   // rate-limit class
	title   string   // how the tenant's log names a successful write
	query   fields   // parameters it takes
	wants   []string // parameters it cannot do without
	body    *shape   // nil: a body is not looked at
	form    bool     // the body is a form with files, read by the handler
	paid    bool     // only on the larger plans
	do      func(*call) reply
}

// on begins a route such as "GET users/*/roles"; "*" stands for one segment.
func on(what string, do func(*call) reply) route {
	method, path, _ := strings.Cut(what, " ")
	return route{method: method, pattern: strings.Split(path, "/"), do: do, query: fields{}}
}

func (r route) needs(scopes ...string) route    { r.any = scopes; return r }
func (r route) needsAll(scopes ...string) route { r.all = scopes; return r }
func (r route) in(class string) route           { r.class = class; return r }
func (r route) titled(s string) route           { r.title = s; return r }
func (r route) takes(body shape) route          { r.body = &body; return r }
func (r route) onLargePlans() route             { r.paid = true; return r }

// asks adds query parameters; the name of one that is needed ends with "!".
func (r route) asks(sets ...fields) route {
	r.query = maps.Clone(r.query)
	for _, set := range sets {
		for name, of := range set {
			plain, needed := strings.CutSuffix(name, "!")
			r.query[plain] = of
			if needed {
				r.wants = append(r.wants, plain)
			}
		}
	}
	slices.Sort(r.wants)
	return r
}

func ok(body any) reply      { return reply{status: http.StatusOK, body: body} }
func created(body any) reply { return reply{status: http.StatusCreated, body: body} }
func nothing() reply         { return reply{status: http.StatusNoContent} }
func accepted() reply        { return reply{status: http.StatusAccepted, body: map[string]any{}} }

// fail is an error of the Management API. code may be empty: Auth0 sends some errors without.
func fail(status int, message, code string) reply {
	body := map[string]any{"statusCode": status, "error": http.StatusText(status), "message": message}
	if code != "" {
		body["errorCode"] = code
	}
	return reply{status: status, body: body}
}

func notFound(message, code string) reply { return fail(http.StatusNotFound, message, code) }

func badRequest(message, code string) reply { return fail(http.StatusBadRequest, message, code) }

func noUser() reply { return fail(http.StatusNotFound, "The user does not exist.", "inexistent_user") }

// endpoints are all routes of the Management API.
func endpoints() []route {
	return slices.Concat(userRoutes(), identityRoutes(), blockRoutes(), roleRoutes(), permissionRoutes(), effectiveRoutes(),
		orgRoutes(), orgMemberRoutes(), orgConnectionRoutes(), orgDomainRoutes(), invitationRoutes(), groupRoutes(), groupRoleRoutes(),
		methodRoutes(), guardianRoutes(), settingRoutes(), sessionRoutes(), refreshRoutes(), deviceRoutes(), grantRoutes(),
		logRoutes(), statRoutes(), accountRoutes(), ticketRoutes(), jobRoutes(), connectionRoutes(), clientRoutes(), clientGrantRoutes(), apiRoutes())
}

func (t *Tenant) routes() http.Handler {
	table := map[string][]route{}
	for _, r := range endpoints() {
		table[r.pattern[0]] = append(table[r.pattern[0]], r)
	}
	root := http.NewServeMux()
	t.oauthRoutes(root)
	root.HandleFunc("/_usher/", t.control)
	root.HandleFunc("GET "+exportPath, t.download)
	root.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) { http.Error(w, "Not found.", http.StatusNotFound) })
	return t.withFaults(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		t.mu.Lock()
		t.catchUp()
		t.release()
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

func (t *Tenant) serveAPI(w http.ResponseWriter, r *http.Request, table map[string][]route, rest string) {
	if len(r.URL.RequestURI()) > maxAddress {
		send(w, fail(http.StatusRequestURITooLong, "Request-URI Too Large", ""))
		return
	}
	segments, err := split(rest)
	if err != nil {
		send(w, fail(http.StatusBadRequest, "Invalid request URI.", "invalid_uri"))
		return
	}
	who, problem := t.bearer(r)
	if problem == "" && !slices.Contains(who.Audience, t.ManagementAudience()) {
		problem = "Bad audience: " + strings.Join(who.Audience, ",")
	}
	if problem != "" {
		w.Header().Set("WWW-Authenticate", "Bearer")
		send(w, fail(http.StatusUnauthorized, problem, ""))
		return
	}
	found, args, absent := find(table[segments[0]], r, segments)
	if found == nil {
		send(w, absent)
		return
	}
	if !t.admit(w, found.class) {
		send(w, fail(http.StatusTooManyRequests, "Global limit has been reached", "too_many_requests"))
		return
	}
	c := &call{Tenant: t, r: r, args: args, who: who, title: found.title}
	if problem, bad := c.accept(w, found); bad {
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

// find picks the route for a request; absent says why there is none.
func find(table []route, r *http.Request, segments []string) (found *route, args []string, absent reply) {
	what := "This local tenant has no such endpoint: "
	for i := range table {
		a, path, all := table[i].match(r.Method, segments)
		if all {
			return &table[i], a, reply{}
		}
		if path {
			what = "This local tenant does not take this method here: "
		}
	}
	return nil, nil, fail(http.StatusNotImplemented, what+r.Method+" "+r.URL.Path, "not_implemented")
}

// send writes a reply. Auth0 keeps the content type even on an empty 204.
func send(w http.ResponseWriter, a reply) {
	h := w.Header()
	h.Set("Content-Type", "application/json; charset=utf-8")
	h.Set("Cache-Control", "no-cache")
	h.Set("Strict-Transport-Security", "max-age=31536000")
	h.Set("Vary", "origin,accept-encoding")
	h.Set("X-Content-Type-Options", "nosniff")
	if a.status >= 400 && a.status < 500 && a.status != http.StatusTooManyRequests {
		// Recorded refusals carry none of these.
		for _, name := range []string{"X-RateLimit-Limit", "X-RateLimit-Remaining", "X-RateLimit-Reset"} {
			h.Del(name)
		}
	}
	if a.kind != "" {
		h.Set("Content-Type", a.kind)
	}
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
