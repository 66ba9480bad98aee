package auth0client

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"
)

// noon is the test clock: it does not move.
var noon = time.Date(2026, 3, 4, 12, 0, 0, 0, time.UTC)

// seen is one request as the fake tenant got it.
type seen struct {
	method, path, query, body string
	header                    http.Header
}

// tenant is a fake Management API that answers every request with the same handler.
type tenant struct {
	*Client
	mu   sync.Mutex
	reqs []seen
}

func (t *tenant) requests() []seen {
	t.mu.Lock()
	defer t.mu.Unlock()
	return append([]seen(nil), t.reqs...)
}

// toServer sends requests for any https host to a plain test server: go-auth0 insists on https.
// Each server has a transport of its own: one that closes breaks what others have under way over a shared one.
type toServer struct {
	to   *url.URL
	over http.RoundTripper
}

func (s toServer) RoundTrip(r *http.Request) (*http.Response, error) {
	r = r.Clone(r.Context())
	r.URL.Scheme, r.URL.Host = s.to.Scheme, s.to.Host
	return s.over.RoundTrip(r)
}

func newTenant(t testing.TB, answer http.HandlerFunc) *tenant {
	t.Helper()
	out := &tenant{}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		out.mu.Lock()
		out.reqs = append(out.reqs, seen{r.Method, r.URL.EscapedPath(), r.URL.RawQuery, string(body), r.Header.Clone()})
		out.mu.Unlock()
		answer(w, r)
	}))
	t.Cleanup(server.Close)
	to, err := url.Parse(server.URL)
	if err != nil {
		t.Fatal(err)
	}
	out.Client = clientOver(t, toServer{to, server.Client().Transport})
	return out
}

func clientOver(t testing.TB, next http.RoundTripper) *Client {
	t.Helper()
	c, err := New(Options{
		Domain: "tenant.example.com", HTTP: &http.Client{Transport: next}, UserAgent: "usher/test",
		Now: func() time.Time { return noon },
	})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// says answers with a status and a body.
func says(status int, body string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(status)
		_, _ = io.WriteString(w, body)
	}
}

// call is one method of the client, what it must send and what a tenant answers.
type call struct {
	name, method, path, answer, sends string
	run                               func(context.Context, *Client, UserID) error
}

const ada = UserID("auth0|5f/7%2")

// calls is every call about one user. The path is below /api/v2 and escaped: an id may hold "|", "/" and "%".
func calls() []call {
	const id = "auth0%7C5f%2F7%252"
	drop := func(_ any, err error) error { return err }
	return []call{
		{"User", "GET", "/users/" + id, `{"user_id":"a|1"}`, "", func(ctx context.Context, c *Client, id UserID) error { return drop(c.User(ctx, id)) }},
		{"SetBlocked", "PATCH", "/users/" + id, `{"user_id":"a|1"}`, `{"blocked":true}`, func(ctx context.Context, c *Client, id UserID) error { return drop(c.SetBlocked(ctx, id, true)) }},
		{"UserBlocks", "GET", "/user-blocks/" + id, `{"blocked_for":[]}`, "", func(ctx context.Context, c *Client, id UserID) error { return drop(c.UserBlocks(ctx, id)) }},
		{"ClearUserBlocks", "DELETE", "/user-blocks/" + id, "", "", func(ctx context.Context, c *Client, id UserID) error { return c.ClearUserBlocks(ctx, id) }},
		{"UserLogs", "GET", "/users/" + id + "/logs", `[]`, "", func(ctx context.Context, c *Client, id UserID) error { return drop(c.UserLogs(ctx, id, 0, 50)) }},
		{"UserRoles", "GET", "/users/" + id + "/roles", `{"roles":[],"total":0}`, "", func(ctx context.Context, c *Client, id UserID) error { return drop(c.UserRoles(ctx, id)) }},
		{"AssignRoles", "POST", "/users/" + id + "/roles", "", `{"roles":["rol_1","rol_2"]}`, func(ctx context.Context, c *Client, id UserID) error {
			return c.AssignRoles(ctx, id, []RoleID{"rol_1", "rol_2"})
		}},
		{"RemoveRoles", "DELETE", "/users/" + id + "/roles", "", `{"roles":["rol_1"]}`, func(ctx context.Context, c *Client, id UserID) error {
			return c.RemoveRoles(ctx, id, []RoleID{"rol_1"})
		}},
		{"UserPermissions", "GET", "/users/" + id + "/permissions", `{"permissions":[]}`, "", func(ctx context.Context, c *Client, id UserID) error { return drop(c.UserPermissions(ctx, id)) }},
		{"AuthenticationMethods", "GET", "/users/" + id + "/authentication-methods", `{"authenticators":[]}`, "", func(ctx context.Context, c *Client, id UserID) error {
			return drop(c.AuthenticationMethods(ctx, id))
		}},
		{"DeleteAuthenticationMethod", "DELETE", "/users/" + id + "/authentication-methods/totp%7Cdev%2F1", "", "", func(ctx context.Context, c *Client, id UserID) error {
			return c.DeleteAuthenticationMethod(ctx, id, "totp|dev/1")
		}},
		{"ForgetBrowsers", "POST", "/users/" + id + "/multifactor/actions/invalidate-remember-browser", "", "", func(ctx context.Context, c *Client, id UserID) error { return c.ForgetBrowsers(ctx, id) }},
	}
}

func TestEveryCallIsOneRequestWithTheIDEscaped(t *testing.T) {
	t.Parallel()
	for _, tc := range calls() {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			status := http.StatusOK
			if tc.answer == "" {
				status = http.StatusNoContent
			}
			tenant := newTenant(t, says(status, tc.answer))
			ctx := WithPriority(WithReason(t.Context(), "ticket 7\r\nX-Evil: é"), PriorityAction)
			if err := tc.run(ctx, tenant.Client, ada); err != nil {
				t.Fatalf("the call fails: %v", err)
			}
			reqs := tenant.requests()
			if len(reqs) != 1 {
				t.Fatalf("%d requests, want 1", len(reqs))
			}
			r := reqs[0]
			if r.method != tc.method || r.path != "/api/v2"+tc.path {
				t.Errorf("sent %s %s, want %s /api/v2%s", r.method, r.path, tc.method, tc.path)
			}
			if got := strings.TrimSpace(r.body); got != tc.sends {
				t.Errorf("sent the body %q, want %q", got, tc.sends)
			}
			if got := r.header.Get("X-Usher-Reason"); got != "ticket+7%0D%0AX-Evil%3A+%C3%A9" {
				t.Errorf("the reason went out as %q", got)
			}
			if got := r.header.Get("X-Usher-Priority"); got != "action" {
				t.Errorf("the priority went out as %q", got)
			}
			if got := r.header.Get("User-Agent"); got != "usher/test" {
				t.Errorf("the user agent is %q", got)
			}
		})
	}
}

func TestAnIDThatIsNoneIsRefusedBeforeSending(t *testing.T) {
	t.Parallel()
	for _, id := range []UserID{"", ".", ".."} {
		for _, tc := range calls() {
			tenant := newTenant(t, says(200, `{}`))
			invalid := new(*Invalid)
			if err := tc.run(t.Context(), tenant.Client, id); !asType(err, invalid) {
				t.Errorf("%s of %q gives %v, want *Invalid", tc.name, id, err)
			}
			if n := len(tenant.requests()); n != 0 {
				t.Errorf("%s of %q sent %d requests", tc.name, id, n)
			}
		}
	}
	tenant := newTenant(t, says(204, ""))
	if err := tenant.DeleteAuthenticationMethod(t.Context(), ada, ""); !asType(err, new(*Invalid)) || len(tenant.requests()) != 0 {
		t.Errorf("a method without an id gives %v: it would take all methods away", err)
	}
}

func TestSearchSendsOnePageWithItsSort(t *testing.T) {
	t.Parallel()
	tenant := newTenant(t, says(200, `{"users":[{"user_id":"a|1"},{"user_id":"a|2"}],"total":"57","start":20,"limit":10}`))
	page, err := tenant.SearchUsers(t.Context(), Search{Query: "ada@example.com", Page: 2, PerPage: 10, Sort: Sort{Field: "last_login", Desc: true}})
	if err != nil {
		t.Fatal(err)
	}
	if page.Total != 57 || page.Start != 20 || page.Limit != 10 || len(page.Users) != 2 || page.Ran.String() != `email:"ada@example.com"` {
		t.Errorf("the page is %+v", page)
	}
	reqs := tenant.requests()
	q, _ := url.ParseQuery(reqs[0].query)
	for k, want := range map[string]string{
		"q": `email:"ada@example.com"`, "page": "2", "per_page": "10", "sort": "last_login:-1", "include_totals": "true", "search_engine": "v3",
	} {
		if got := q.Get(k); got != want {
			t.Errorf("the request has %s=%q, want %q", k, got, want)
		}
	}
	if len(reqs) != 1 {
		t.Errorf("%d requests, want 1", len(reqs))
	}
}

func TestASearchWithoutTotalsStillHasItsUsers(t *testing.T) {
	t.Parallel()
	for _, body := range []string{`[{"user_id":"a|1"},null]`, `{"users":[{"user_id":"a|1"}],"total":null,"start":null,"limit":null}`} {
		page, err := newTenant(t, says(200, body)).SearchUsers(t.Context(), Search{Page: 0, PerPage: 25})
		if err != nil || len(page.Users) != 1 || page.Total != 1 || page.Limit != 25 {
			t.Errorf("%s gives %+v, %v", body, page, err)
		}
	}
}

func TestRolesAreReadInPagesAndKeptForAMinute(t *testing.T) {
	t.Parallel()
	var clock struct {
		sync.Mutex
		now time.Time
	}
	clock.now = noon
	tenant := newTenant(t, func(w http.ResponseWriter, r *http.Request) {
		n := 100
		if r.URL.Query().Get("page") == "2" {
			n = 50
		}
		items := make([]string, n)
		for i := range items {
			items[i] = fmt.Sprintf(`{"id":"rol_%s_%d","name":"Role"}`, r.URL.Query().Get("page"), i)
		}
		says(200, `{"roles":[`+strings.Join(items, ",")+`],"total":250}`)(w, r)
	})
	tenant.now = func() time.Time { clock.Lock(); defer clock.Unlock(); return clock.now }
	for _, step := range []struct {
		after    time.Duration
		requests int
	}{{0, 3}, {59 * time.Second, 3}, {2 * time.Second, 6}} {
		clock.Lock()
		clock.now = clock.now.Add(step.after)
		clock.Unlock()
		roles, err := tenant.Roles(t.Context())
		if err != nil || len(roles) != 250 || roles[249].ID != "rol_2_49" {
			t.Fatalf("%d roles, %v", len(roles), err)
		}
		roles[0].ID = "spoiled by the caller"
		if n := len(tenant.requests()); n != step.requests {
			t.Errorf("after %v: %d requests, want %d", step.after, n, step.requests)
		}
	}
	again, _ := tenant.Roles(t.Context())
	if again[0].ID != "rol_0_0" {
		t.Error("a caller can change the list that is kept")
	}
}
