package gateway

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"usher/auth0client/gateway/journal"
	"usher/auth0client/gateway/policy"
	"usher/auth0client/lucene"
)

// tenantStub is a tenant with some people: enough of the Management API for policies to be asked about them.
type tenantStub struct {
	mu          sync.Mutex
	users       map[string]map[string]any
	roles       map[string][]string // user to role ids
	permissions map[string][]string // user to permissions of usher's API, those of roles included
	roleNames   map[string]string
	roleGives   map[string][]string
	members     map[string][]string // organization to users
	logs        []map[string]any
	jobs        map[string]map[string]any
	identities  []any    // what linking answers
	through     []string // role ids that come to everybody through groups
	sent        []string // writes, as "METHOD path body"
	reads       int
	searches    []string
	headers     []http.Header // of writes
	before      func(r *http.Request)
}

func newStub() *tenantStub {
	s := &tenantStub{
		users: map[string]map[string]any{}, roles: map[string][]string{}, permissions: map[string][]string{},
		roleNames: map[string]string{"rol_customer": "customer", "rol_partner": "partner", "rol_admin": "usher admin"},
		roleGives: map[string][]string{"rol_admin": {"users:delete", "roles:assign"}},
		members:   map[string][]string{"org_acme": {"auth0|ann", "auth0|ivo"}}, jobs: map[string]map[string]any{},
	}
	add := func(id, department string) {
		name := strings.TrimPrefix(id, "auth0|")
		s.users[id] = map[string]any{
			"user_id": id, "email": name + "@example.com", "name": name, "last_ip": "192.0.2.7",
			"app_metadata":  map[string]any{"department": department, "salary": 5},
			"user_metadata": map[string]any{"tone": "dry"},
			"identities":    []any{map[string]any{"connection": "staff", "provider": "auth0", "user_id": name, "access_token": "canary-idp", "refresh_token": "canary-idp"}},
		}
	}
	add("auth0|ann", "sales")
	add("auth0|ben", "sales")
	add("auth0|ivo", "it")
	add("auth0|boss", "sales")
	add("auth0|op", "sales")
	add("auth0|lead", "sales")
	s.roles["auth0|op"], s.roles["auth0|lead"] = []string{"rol_desk"}, []string{"rol_desk", "rol_lead"}
	s.roleNames["rol_desk"], s.roleNames["rol_lead"] = "desk", "lead"
	s.permissions["auth0|boss"] = []string{"users:read", "users:delete", "journal:read", "roles:manage"}
	s.roles["auth0|boss"] = []string{"rol_admin"}
	for _, a := range policy.Actions() {
		s.permissions["auth0|op"] = append(s.permissions["auth0|op"], string(a))
	}
	s.logs = []map[string]any{
		{"log_id": "1", "user_id": "auth0|ann", "type": "s", "details": map[string]any{"request": map[string]any{"body": map[string]any{"password": "canary-log", "name": "x"}}}},
		{"log_id": "2", "user_id": "auth0|ivo", "type": "s"},
		{"log_id": "3", "type": "fp", "user_name": "nobody@example.com"},
	}
	return s
}

func write(w http.ResponseWriter, status int, body any) {
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	w.WriteHeader(status)
	if body != nil {
		_ = json.NewEncoder(w).Encode(body)
	}
}

func gone(w http.ResponseWriter) {
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	w.WriteHeader(404)
	_, _ = io.WriteString(w, `{"statusCode":404,"error":"Not Found","message":"The user does not exist.","errorCode":"inexistent_user"}`)
}

func (s *tenantStub) mux() *http.ServeMux {
	m := http.NewServeMux()
	get := func(pattern string, f func(w http.ResponseWriter, r *http.Request, id string)) {
		m.HandleFunc("GET /api/v2/"+pattern, func(w http.ResponseWriter, r *http.Request) { f(w, r, r.PathValue("id")) })
	}
	list := func(w http.ResponseWriter, r *http.Request, key string, rows []any) {
		if r.URL.Query().Get("include_totals") == "true" {
			total := len(rows)
			if n, err := strconv.Atoi(r.URL.Query().Get("per_page")); err == nil {
				rows = rows[:min(n, total)] // the first page, whichever is asked for
			}
			write(w, 200, map[string]any{key: rows, "start": 0, "limit": 100, "total": total})
			return
		}
		write(w, 200, rows)
	}
	get("users/{id}", func(w http.ResponseWriter, _ *http.Request, id string) {
		if u, ok := s.users[id]; ok {
			write(w, 200, u)
			return
		}
		gone(w)
	})
	get("users", func(w http.ResponseWriter, r *http.Request, _ string) {
		q, err := lucene.Parse(r.URL.Query().Get("q"))
		if err != nil {
			write(w, 400, map[string]any{"message": err.Error()})
			return
		}
		rows := []any{}
		for _, id := range slices.Sorted(maps.Keys(s.users)) {
			if q.Match(lucene.MapDocument(s.users[id])) {
				rows = append(rows, s.users[id])
			}
		}
		list(w, r, "users", rows)
	})
	get("users-by-email", func(w http.ResponseWriter, r *http.Request, _ string) {
		rows := []any{}
		for _, u := range s.users {
			if u["email"] == r.URL.Query().Get("email") {
				rows = append(rows, u)
			}
		}
		write(w, 200, rows)
	})
	get("users/{id}/roles", func(w http.ResponseWriter, r *http.Request, id string) {
		rows := []any{}
		for _, role := range s.roles[id] {
			rows = append(rows, map[string]any{"id": role, "name": s.roleNames[role]})
		}
		list(w, r, "roles", rows)
	})
	get("users/{id}/permissions", func(w http.ResponseWriter, r *http.Request, id string) {
		rows := []any{}
		for _, p := range s.permissions[id] {
			rows = append(rows, map[string]any{"permission_name": p, "resource_server_identifier": "https://usher.example"})
		}
		list(w, r, "permissions", rows)
	})
	get("roles/{id}", func(w http.ResponseWriter, _ *http.Request, id string) {
		if name, ok := s.roleNames[id]; ok {
			write(w, 200, map[string]any{"id": id, "name": name})
			return
		}
		write(w, 404, map[string]any{"statusCode": 404})
	})
	get("roles/{id}/permissions", func(w http.ResponseWriter, r *http.Request, id string) {
		rows := []any{}
		for _, p := range s.roleGives[id] {
			rows = append(rows, map[string]any{"permission_name": p})
		}
		list(w, r, "permissions", rows)
	})
	people := func(w http.ResponseWriter, r *http.Request, key string, ids []string) {
		rows := []any{}
		for _, id := range ids {
			rows = append(rows, map[string]any{"user_id": id, "name": s.users[id]["name"], "email": s.users[id]["email"]})
		}
		list(w, r, key, rows)
	}
	get("roles/{id}/users", func(w http.ResponseWriter, r *http.Request, _ string) {
		people(w, r, "users", []string{"auth0|ann", "auth0|ben", "auth0|ivo"})
	})
	get("organizations/{id}/members", func(w http.ResponseWriter, r *http.Request, id string) { people(w, r, "members", s.members[id]) })
	get("organizations/{id}/invitations/{which}", func(w http.ResponseWriter, r *http.Request, _ string) {
		department, ok := map[string]string{"inv_sales": "sales", "inv_it": "it"}[r.PathValue("which")]
		if !ok {
			write(w, 404, map[string]any{"statusCode": 404})
			return
		}
		write(w, 200, map[string]any{"id": r.PathValue("which"), "invitee": map[string]any{"email": "new@example.com"}, "app_metadata": map[string]any{"department": department}})
	})
	get("organizations/{id}", func(w http.ResponseWriter, _ *http.Request, id string) {
		write(w, 200, map[string]any{"id": id, "name": strings.TrimPrefix(id, "org_")})
	})
	get("connections/{id}", func(w http.ResponseWriter, _ *http.Request, id string) {
		write(w, 200, map[string]any{"id": id, "name": strings.TrimPrefix(id, "con_")})
	})
	get("logs", func(w http.ResponseWriter, _ *http.Request, _ string) { write(w, 200, s.logs) })
	get("logs/{id}", func(w http.ResponseWriter, _ *http.Request, id string) {
		for _, l := range s.logs {
			if l["log_id"] == id {
				write(w, 200, l)
				return
			}
		}
		write(w, 404, map[string]any{"message": "Log not found."})
	})
	get("sessions/{id}", func(w http.ResponseWriter, _ *http.Request, id string) {
		write(w, 200, map[string]any{"id": id, "user_id": "auth0|" + strings.TrimPrefix(id, "ses_")})
	})
	owned := func(w http.ResponseWriter, r *http.Request, key string) {
		rows := []any{}
		for _, name := range []string{"ann", "ivo"} {
			if want := r.URL.Query().Get("user_id"); want == "" || want == "auth0|"+name {
				rows = append(rows, map[string]any{"id": key + "_" + name, "user_id": "auth0|" + name, "value": "canary-device"})
			}
		}
		list(w, r, key, rows)
	}
	get("grants", func(w http.ResponseWriter, r *http.Request, _ string) { owned(w, r, "grants") })
	get("device-credentials", func(w http.ResponseWriter, r *http.Request, _ string) { owned(w, r, "device_credentials") })
	get("jobs/{id}", func(w http.ResponseWriter, _ *http.Request, id string) {
		if j, ok := s.jobs[id]; ok {
			write(w, 200, j)
			return
		}
		write(w, 404, map[string]any{"message": "The job does not exist."})
	})
	get("users/{id}/effective-roles", func(w http.ResponseWriter, r *http.Request, _ string) {
		if len(s.through) == 0 {
			write(w, 501, map[string]any{"message": "no groups"})
			return
		}
		page, _ := strconv.Atoi(r.URL.Query().Get("from")) // a page for each
		body := map[string]any{"roles": []any{map[string]any{"id": s.through[page], "name": s.roleNames[s.through[page]]}}}
		if page+1 < len(s.through) {
			body["next"] = strconv.Itoa(page + 1)
		}
		write(w, 200, body)
	})
	get("user-blocks/{id}", func(w http.ResponseWriter, _ *http.Request, id string) {
		write(w, 200, map[string]any{"blocked_for": []any{map[string]any{"identifier": s.users[id]["email"], "ip": "192.0.2.9"}}})
	})
	get("users/{id}/logs", func(w http.ResponseWriter, _ *http.Request, _ string) { write(w, 200, s.logs[:1]) })
	m.HandleFunc("PATCH /api/v2/users/{id}", func(w http.ResponseWriter, r *http.Request) {
		u, ok := s.users[r.PathValue("id")]
		if !ok {
			gone(w)
			return
		}
		var fields map[string]any
		_ = json.NewDecoder(r.Body).Decode(&fields)
		for k, v := range fields {
			if m, nested := v.(map[string]any); nested && strings.HasSuffix(k, "_metadata") {
				old, _ := u[k].(map[string]any)
				if old == nil {
					old = map[string]any{}
				}
				maps.Copy(old, m)
				u[k] = old
				continue
			}
			u[k] = v
		}
		write(w, 200, u)
	})
	m.HandleFunc("POST /api/v2/users/{id}/roles", func(w http.ResponseWriter, r *http.Request) {
		var body struct{ Roles []string }
		_ = json.NewDecoder(r.Body).Decode(&body)
		s.roles[r.PathValue("id")] = append(s.roles[r.PathValue("id")], body.Roles...)
		w.WriteHeader(204)
	})
	m.HandleFunc("POST /api/v2/users/{id}/identities", func(w http.ResponseWriter, _ *http.Request) { write(w, 201, s.identities) })
	m.HandleFunc("POST /api/v2/tickets/password-change", func(w http.ResponseWriter, _ *http.Request) {
		write(w, 201, map[string]any{"ticket": "https://tenant.example/u/reset?ticket=t#"})
	})
	m.HandleFunc("/", func(w http.ResponseWriter, _ *http.Request) { write(w, 200, map[string]any{"ok": true}) })
	return m
}

// RoundTrip implements http.RoundTripper.
func (s *tenantStub) RoundTrip(r *http.Request) (*http.Response, error) {
	if err := r.Context().Err(); err != nil {
		return nil, err
	}
	if s.before != nil {
		s.before(r)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if r.Method == http.MethodGet {
		s.reads++
		if q := r.URL.Query().Get("q"); q != "" {
			s.searches = append(s.searches, q)
		}
	} else {
		body := ""
		if r.Body != nil {
			data, _ := io.ReadAll(r.Body)
			body = string(data)
			r.Body = io.NopCloser(strings.NewReader(body))
		}
		s.sent = append(s.sent, strings.TrimSpace(r.Method+" "+strings.TrimPrefix(r.URL.RequestURI(), "/api/v2/")+" "+body))
		s.headers = append(s.headers, r.Header.Clone())
	}
	rec := httptest.NewRecorder()
	rec.Header().Set("X-Ratelimit-Limit", "1000")
	rec.Header().Set("X-Ratelimit-Remaining", "999")
	s.mux().ServeHTTP(rec, r)
	return rec.Result(), nil
}

// operators verifies tokens that are names of operators.
type operators map[string]policy.Operator

func (o operators) Verify(_ context.Context, token string) (policy.Operator, error) {
	if op, ok := o[token]; ok {
		return op, nil
	}
	return policy.Operator{}, errors.New("its signature does not match")
}

// approvalsInMemory keeps approvals as the journal's store does.
type approvalsInMemory struct {
	mu  sync.Mutex
	now func() time.Time
	all []journal.Approval
}

func (m *approvalsInMemory) PutApproval(_ context.Context, a journal.Approval) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.all = append([]journal.Approval{a}, m.all...)
	return nil
}

func (m *approvalsInMemory) Approvals(context.Context) ([]journal.Approval, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return slices.Clone(m.all), nil
}

func (m *approvalsInMemory) MoveApproval(_ context.Context, id string, move journal.ApprovalMove) (journal.Approval, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for i := range m.all {
		if m.all[i].ID != id {
			continue
		}
		a, err := m.all[i].Moved(move)
		if err == nil {
			m.all[i] = a
		}
		return a, err
	}
	return journal.Approval{}, journal.ErrNoApproval
}

// memoryFile is a journal's file that a test need not wait for.
type memoryFile struct {
	mu   sync.Mutex
	data strings.Builder
}

func (f *memoryFile) Write(p []byte) (int, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.data.Write(p)
}
func (*memoryFile) Sync() error  { return nil }
func (*memoryFile) Close() error { return nil }

func (f *memoryFile) entries() []journal.Entry {
	f.mu.Lock()
	defer f.mu.Unlock()
	var out []journal.Entry
	for line := range strings.Lines(f.data.String()) {
		var e journal.Entry
		if json.Unmarshal([]byte(line), &e) == nil {
			out = append(out, e)
		}
	}
	return out
}

// desk is a gateway with policies before a tenantStub.
type desk struct {
	*Gateway
	*tenantStub
	clock     *clock
	journal   *memoryFile
	approvals *approvalsInMemory
	people    operators
}

func all() []string {
	var out []string
	for _, a := range policy.Actions() {
		out = append(out, string(a))
	}
	return out
}

func newDesk(tb testing.TB, policies string) *desk {
	tb.Helper()
	set, err := policy.Load([]byte(policies), "gateway.toml")
	if err != nil {
		tb.Fatal(err)
	}
	c := &clock{now: time.Date(2026, 3, 1, 8, 0, 0, 0, time.UTC)}
	d := &desk{
		tenantStub: newStub(), clock: c, journal: &memoryFile{}, approvals: &approvalsInMemory{now: c.Now},
		people: operators{
			"op":    {Subject: "auth0|op", Email: "op@example.com", Permissions: all(), AuthTime: c.now.Add(-5 * time.Minute)},
			"lead":  {Subject: "auth0|lead", Email: "lead@example.com", Permissions: all(), AuthTime: c.now.Add(-5 * time.Minute)},
			"other": {Subject: "auth0|ivo", Email: "ivo@example.com", Permissions: all(), AuthTime: c.now.Add(-5 * time.Minute)},
			"view":  {Subject: "auth0|op", Email: "op@example.com", Permissions: []string{"users:read"}},
			"half":  {Subject: "auth0|op", Email: "op@example.com", Permissions: []string{"users:read", "users:edit", "users:block", "roles:assign", "roles:manage", "orgs:manage", "users:password"}},
		},
	}
	for _, a := range policy.Actions() {
		d.permissions["auth0|lead"] = append(d.permissions["auth0|lead"], string(a))
	}
	j, err := journal.Open(tb.TempDir(), journal.Options{Now: c.Now, Open: func(string) (journal.File, error) { return d.journal, nil }})
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() { _ = j.Close() })
	d.Gateway, err = New(Options{
		Upstream: &url.URL{Scheme: "https", Host: "tenant.example"}, Verifier: d.people, M2M: tokenSource{}, Journal: j, Transport: d.tenantStub,
		Now: c.Now, After: c.After, Via: "console", Policies: set, Approvals: d.approvals,
		Entries: func(context.Context) ([]journal.Entry, error) { return d.journal.entries(), nil },
	})
	if err != nil {
		tb.Fatal(err)
	}
	return d
}

// said is an answer in short.
type said struct {
	status int
	code   string // errorCode
	body   string
	header http.Header
	json   map[string]any
	rows   []map[string]any
}

// ask makes a request as an operator; header are pairs.
func (d *desk) ask(tb testing.TB, as, method, path, body string, header ...string) said {
	tb.Helper()
	r := request(tb.Context(), tb, method, path, body)
	r.Header.Set("Authorization", "Bearer "+as)
	for i := 0; i+1 < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	res, err := d.Gateway.RoundTrip(r)
	if err != nil {
		tb.Fatalf("%s %s: %v", method, path, err)
	}
	data, err := io.ReadAll(res.Body)
	if err != nil {
		tb.Fatal(err)
	}
	out := said{status: res.StatusCode, body: string(data), header: res.Header}
	_ = json.Unmarshal(data, &out.json)
	_ = json.Unmarshal(data, &out.rows)
	out.code, _ = out.json["errorCode"].(string)
	for _, key := range []string{"users", "members", "grants", "device_credentials"} {
		if rows, ok := out.json[key].([]any); ok {
			for _, row := range rows {
				m, _ := row.(map[string]any)
				out.rows = append(out.rows, m)
			}
		}
	}
	return out
}

func (s said) ids(field string) string {
	var out []string
	for _, r := range s.rows {
		out = append(out, strings.TrimPrefix(fmt.Sprint(r[field]), "auth0|"))
	}
	return strings.Join(out, " ")
}

// unchangedHeader is what an operator saw.
func unchangedHeader(seen string) []string {
	return []string{UnchangedHeader, base64.StdEncoding.EncodeToString([]byte(seen))}
}

const sales = `
[[policy]]
name = "sales desk"
users = 'app_metadata.department:"${operator.app_metadata.department}"'
`
