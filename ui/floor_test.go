package ui

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	tea "charm.land/bubbletea/v2"

	"usher/auth0client"
	"usher/auth0client/gateway"
	"usher/auth0client/gateway/journal"
	"usher/auth0client/gateway/policy"
	"usher/auth0client/localtenant"
	"usher/auth0client/signin"
	"usher/ui/login"
	"usher/ui/uitest"
	"usher/ui/view"
)

// floor is a whole support desk but for the terminal: the console, the client, the gateway with its journal, and a local
// tenant behind HTTP.
type floor struct {
	t       testing.TB
	tenant  *localtenant.Tenant
	base    string
	token   string // for looking at the tenant past usher
	client  *auth0client.Client
	journal *journal.Journal
	app     *App
	msgs    chan tea.Msg
	asked   atomic.Int64 // requests of the client under way

	me     policy.Operator // who signs in
	beside *floor          // somebody else's console on the same gateway; nil mostly

	mu    sync.Mutex
	holds []string      // the permissions that the gateway finds in the operator's token
	sent  []string      // what reached the tenant's Management API
	delay time.Duration // of each request to the tenant
	hold  chan struct{} // requests wait for its end
	deny  []string      // ends of paths that the tenant refuses
}

// everything is all of usher's permissions.
func everything() []string {
	var all []string
	for _, a := range policy.Actions() {
		all = append(all, string(a))
	}
	return all
}

func openFloor(t testing.TB, o localtenant.Options) *floor {
	t.Helper()
	f := &floor{t: t, holds: everything(), me: policy.Operator{Subject: "auth0|op", Email: "op@example.com"}}
	f.start(o, nil)
	f.openConsole()
	return f
}

// start starts the tenant and the gateway before it.
func (f *floor) start(o localtenant.Options, policies *policy.Set) {
	t := f.t
	t.Helper()
	if o.Users == 0 {
		o.Users = 120 // the cast is among them
	}
	var err error
	if f.tenant, err = localtenant.New(o); err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(f.tenant.Handler())
	t.Cleanup(server.Close)
	f.base = server.URL
	f.tenant.SetBaseURL(f.base)
	upstream, err := url.Parse(f.base)
	if err != nil {
		t.Fatal(err)
	}
	id, secret := f.tenant.M2M()
	m2m := signin.NewM2M(signin.M2MConfig{TokenURL: f.base + "/oauth/token", ClientID: id, ClientSecret: signin.Secret(secret), Audience: f.tenant.ManagementAudience(), Now: time.Now})
	if f.token, err = m2m.Token(t.Context()); err != nil {
		t.Fatal(err)
	}
	j, err := journal.Open(t.TempDir(), journal.Options{Now: time.Now})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = j.Close() })
	f.journal = j
	console, _ := f.tenant.Device()
	gw, err := gateway.New(gateway.Options{Upstream: upstream, Verifier: f, M2M: m2m, Journal: j, Now: time.Now, Via: "console", Transport: watching{f}, Client: console, Policies: policies, Approvals: j})
	if err != nil {
		t.Fatal(err)
	}
	for token, who := range map[string]*floor{"operator": f, "beside": f.beside} {
		if who == nil {
			continue
		}
		if who.client, err = auth0client.New(auth0client.Options{Domain: upstream.Host, Now: time.Now, HTTP: &http.Client{Transport: asOperator{gw, token, &who.asked}}}); err != nil {
			t.Fatal(err)
		}
	}
}

// openConsole starts the console anew, signed in.
func (f *floor) openConsole() {
	f.msgs = make(chan tea.Msg, 1000)
	dark := true
	s := &scripted{op: login.Operator{ID: auth0client.UserID(f.me.Subject), Email: f.me.Email, Permissions: everything()}, expiresAt: time.Now().Add(time.Minute)}
	f.app = New(f.t.Context(), Options{Backend: f.client, SignIn: s, Profile: "acme", Now: time.Now, Dark: &dark})
	f.app.Update(tea.WindowSizeMsg{Width: 110, Height: 40})
	f.run(f.app.Init())
	f.until("no list", func() bool { return strings.Contains(f.flat(), " users") && !strings.Contains(f.flat(), "loading") })
}

// Verify implements gateway.Verifier.
func (f *floor) Verify(_ context.Context, token string) (policy.Operator, error) {
	if token == "beside" {
		return f.beside.Verify(context.Background(), "operator")
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	op := f.me
	op.Permissions, op.AuthTime = f.holds, time.Now()
	return op, nil
}

// lose takes a permission from the operator without the console's knowledge.
func (f *floor) lose(permission string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	var left []string
	for _, p := range f.holds {
		if p != permission {
			left = append(left, p)
		}
	}
	f.holds = left
}

// regain gives the operator all permissions back.
func (f *floor) regain() {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.holds = everything()
}

// watching is the way from the gateway to the tenant.
type watching struct{ f *floor }

func (w watching) RoundTrip(r *http.Request) (*http.Response, error) {
	w.f.mu.Lock()
	if strings.HasPrefix(r.URL.Path, "/api/v2/") || strings.HasPrefix(r.URL.Path, "/dbconnections/") {
		w.f.sent = append(w.f.sent, r.Method+" "+r.URL.Path)
	}
	delay, hold := w.f.delay, w.f.hold
	denied := slices.ContainsFunc(w.f.deny, func(end string) bool { return strings.HasSuffix(r.URL.Path, end) })
	w.f.mu.Unlock()
	if denied {
		return &http.Response{StatusCode: http.StatusForbidden, Header: http.Header{"Content-Type": {"application/json"}}, Request: r,
			Body: io.NopCloser(strings.NewReader(`{"statusCode":403,"error":"Forbidden","message":"Insufficient scope","errorCode":"insufficient_scope"}`))}, nil
	}
	if hold != nil {
		<-hold
	}
	if delay > 0 {
		<-time.After(delay)
	}
	return http.DefaultTransport.RoundTrip(r)
}

type asOperator struct {
	next  http.RoundTripper
	token string
	asked *atomic.Int64 // requests under way
}

func (a asOperator) RoundTrip(r *http.Request) (*http.Response, error) {
	a.asked.Add(1)
	defer a.asked.Add(-1)
	r = r.Clone(r.Context())
	r.Header.Set("Authorization", "Bearer "+a.token)
	return a.next.RoundTrip(r)
}

// requests forgets what reached the tenant, and gives it.
func (f *floor) requests() []string {
	f.mu.Lock()
	defer f.mu.Unlock()
	sent := f.sent
	f.sent = nil
	return sent
}

func (f *floor) run(cmd tea.Cmd) { f.answerTo(f.msgs, cmd) }

// answerTo runs a command for a console, which another may have followed before it ends.
func (f *floor) answerTo(msgs chan<- tea.Msg, cmd tea.Cmd) {
	if cmd == nil {
		return
	}
	go func() {
		switch msg := cmd().(type) {
		case nil:
		case tea.BatchMsg:
			for _, c := range msg {
				f.answerTo(msgs, c)
			}
		default:
			select {
			case msgs <- msg:
			case <-f.t.Context().Done():
			}
		}
	}()
}

// flat is the screen without line breaks and boxes, so that wrapped texts are found.
func (f *floor) flat() string {
	return strings.Join(strings.Fields(strings.NewReplacer("│", " ").Replace(uitest.Frame(f.app))), " ")
}

// await takes in answers until the screen shows text.
func (f *floor) await(text string) {
	f.t.Helper()
	f.until("no "+text, func() bool { return strings.Contains(f.flat(), text) })
}

func (f *floor) until(what string, there func() bool) {
	f.t.Helper()
	deadline := time.After(10 * time.Second)
	for !there() {
		select {
		case msg := <-f.msgs:
			_, cmd := f.app.Update(msg)
			f.run(cmd)
		case <-deadline:
			f.t.Fatalf("%s on the screen:\n%s", what, uitest.Frame(f.app))
		}
	}
}

// play presses keys one after the other. "> text" waits until it is there, "@ text" moves the mark to a row with it, and
// "' text" types.
func (f *floor) play(steps ...string) {
	f.t.Helper()
	for _, s := range steps {
		if text, ok := strings.CutPrefix(s, "> "); ok {
			f.await(text)
			continue
		}
		if text, ok := strings.CutPrefix(s, "@ "); ok {
			f.mark(text)
			continue
		}
		if text, ok := strings.CutPrefix(s, "' "); ok {
			for _, c := range text {
				_, cmd := f.app.Update(tea.KeyPressMsg{Code: c, Text: string(c)})
				f.run(cmd)
			}
			continue
		}
		f.press(s)
	}
}

func (f *floor) press(k string) {
	_, cmd := f.app.Update(view.Press(k))
	f.run(cmd)
}

// mark moves down to a row that holds text.
func (f *floor) mark(text string) {
	f.t.Helper()
	f.await(text)
	for range 80 {
		for l := range strings.SplitSeq(uitest.Frame(f.app), "\n") {
			if len(f.app.dialogs) > 0 && !strings.Contains(l, "│") {
				continue // what lies below a dialog has a mark as well
			}
			if rest, ok := strings.CutPrefix(strings.TrimLeft(l, "│ "), "› "); ok && strings.Contains(rest, text) {
				return
			}
		}
		f.press("j")
	}
	f.t.Fatalf("no row with %q:\n%s", text, uitest.Frame(f.app))
}

// open finds a member of the cast by email and opens the detail view.
func (f *floor) open(email string) auth0client.User {
	f.t.Helper()
	found, err := f.client.UsersByEmail(f.t.Context(), email)
	if err != nil || len(found) == 0 {
		f.t.Fatalf("find %s: %v, %v", email, found, err)
	}
	f.run(f.app.perform(0, view.OpenUser{User: found[0]}, grace{}))
	f.await("Why can't they get in?")
	f.until("all is not read", func() bool { return !strings.Contains(f.flat(), "reading") })
	return found[0]
}

// look asks the tenant past usher.
func (f *floor) look(method, path, body string, into any) int {
	f.t.Helper()
	req, err := http.NewRequestWithContext(f.t.Context(), method, f.base+"/api/v2/"+path, bytes.NewReader([]byte(body)))
	if err != nil {
		f.t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer "+f.token)
	if body != "" {
		req.Header.Set("Content-Type", "application/json")
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		f.t.Fatal(err)
	}
	defer res.Body.Close() //nolint:errcheck // read to its end
	raw, err := io.ReadAll(res.Body)
	if err != nil {
		f.t.Fatal(err)
	}
	if into != nil && res.StatusCode < 300 {
		if err := json.Unmarshal(raw, into); err != nil {
			f.t.Fatalf("%s is no JSON: %s", path, raw)
		}
	}
	return res.StatusCode
}

// count is how many rows a list of the tenant has.
func (f *floor) count(path, list string) int {
	f.t.Helper()
	var raw json.RawMessage
	if status := f.look("GET", path, "", &raw); status != http.StatusOK {
		f.t.Fatalf("GET %s: %d", path, status)
	}
	var rows []json.RawMessage
	if json.Unmarshal(raw, &rows) == nil {
		return len(rows)
	}
	var lists map[string]json.RawMessage
	if err := json.Unmarshal(raw, &lists); err != nil {
		f.t.Fatal(err)
	}
	if err := json.Unmarshal(lists[list], &rows); err != nil {
		f.t.Fatalf("GET %s has no list %s: %s", path, list, raw)
	}
	return len(rows)
}
