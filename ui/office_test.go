package ui

import (
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

// office is the console with everything behind it but the terminal: client, gateway, journal, and a local tenant over HTTP.
type office struct {
	t      *testing.T
	tenant *localtenant.Tenant
	base   string
	token  string // for looking at the tenant past usher
	client *auth0client.Client
	app    *App
	msgs   chan tea.Msg

	ahead atomic.Int64 // by how much the console's clock is ahead

	mu    sync.Mutex
	sent  []string       // what reached the Management API
	fails map[string]int // answers instead of the tenant's, by the end of a path
}

func openOffice(t *testing.T, o localtenant.Options) *office {
	t.Helper()
	f := &office{t: t, msgs: make(chan tea.Msg, 1000), fails: map[string]int{}}
	o.Users, o.SearchLag = 120, -1
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
	gw, err := gateway.New(gateway.Options{Upstream: upstream, Verifier: f, M2M: m2m, Journal: j, Now: time.Now, Via: "console", Transport: overheard{f}})
	if err != nil {
		t.Fatal(err)
	}
	if f.client, err = auth0client.New(auth0client.Options{Domain: upstream.Host, Now: time.Now, HTTP: &http.Client{Transport: inTheirName{gw}}}); err != nil {
		t.Fatal(err)
	}
	dark := true
	s := &scripted{op: login.Operator{ID: "auth0|op", Email: "op@example.com", Permissions: allActions()}, expiresAt: time.Now().Add(time.Minute)}
	f.app = New(t.Context(), Options{Backend: f.client, SignIn: s, Profile: "acme", Now: f.now, Dark: &dark})
	f.app.Update(tea.WindowSizeMsg{Width: 110, Height: 40})
	f.run(f.app.Init())
	f.await("users")
	f.requests()
	return f
}

func allActions() []string {
	var all []string
	for _, a := range policy.Actions() {
		all = append(all, string(a))
	}
	return all
}

// Verify implements gateway.Verifier.
func (f *office) Verify(context.Context, string) (policy.Operator, error) {
	return policy.Operator{Subject: "auth0|op", Email: "op@example.com", Permissions: allActions(), AuthTime: time.Now()}, nil
}

type inTheirName struct{ next http.RoundTripper }

func (a inTheirName) RoundTrip(r *http.Request) (*http.Response, error) {
	r = r.Clone(r.Context())
	r.Header.Set("Authorization", "Bearer operator")
	return a.next.RoundTrip(r)
}

// overheard is the way from the gateway to the tenant.
type overheard struct{ f *office }

func (w overheard) RoundTrip(r *http.Request) (*http.Response, error) {
	w.f.mu.Lock()
	if path, ok := strings.CutPrefix(r.URL.Path, "/api/v2/"); ok {
		w.f.sent = append(w.f.sent, r.Method+" "+path)
		for end, status := range w.f.fails {
			if strings.HasSuffix(path, end) {
				w.f.mu.Unlock()
				return &http.Response{StatusCode: status, Header: http.Header{"Content-Type": {"application/json"}}, Request: r,
					Body: io.NopCloser(strings.NewReader(`{"statusCode":403,"error":"Forbidden","message":"Insufficient scope","errorCode":"insufficient_scope"}`))}, nil
			}
		}
	}
	w.f.mu.Unlock()
	return http.DefaultTransport.RoundTrip(r)
}

// requests forgets what reached the tenant, and gives it in order.
func (f *office) requests() []string {
	f.mu.Lock()
	defer f.mu.Unlock()
	sent := f.sent
	f.sent = nil
	slices.Sort(sent)
	return sent
}

// look asks the tenant past usher.
func (f *office) look(method, path, body string, into any) int {
	f.t.Helper()
	req, err := http.NewRequestWithContext(f.t.Context(), method, f.base+"/api/v2/"+path, strings.NewReader(body))
	if err != nil {
		f.t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer "+f.token)
	req.Header.Set("Content-Type", "application/json")
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		f.t.Fatal(err)
	}
	defer res.Body.Close() //nolint:errcheck // read to its end
	if into != nil && res.StatusCode < 300 {
		if err := json.NewDecoder(res.Body).Decode(into); err != nil {
			f.t.Fatalf("%s %s: %v", method, path, err)
		}
	}
	return res.StatusCode
}

func (f *office) run(cmd tea.Cmd) {
	if cmd == nil {
		return
	}
	go func() {
		switch msg := cmd().(type) {
		case nil:
		case tea.BatchMsg:
			for _, c := range msg {
				f.run(c)
			}
		default:
			select {
			case f.msgs <- msg:
			case <-f.t.Context().Done():
			}
		}
	}()
}

// flat is the screen without line breaks and boxes, so that wrapped texts are found.
func (f *office) flat() string {
	return strings.Join(strings.Fields(strings.NewReplacer("│", " ").Replace(uitest.Frame(f.app))), " ")
}

// await takes in answers until the screen shows text.
func (f *office) await(text string) {
	f.t.Helper()
	deadline := time.After(10 * time.Second)
	for !strings.Contains(f.flat(), text) {
		select {
		case msg := <-f.msgs:
			_, cmd := f.app.Update(msg)
			f.run(cmd)
		case <-deadline:
			f.t.Fatalf("no %q on the screen:\n%s", text, uitest.Frame(f.app))
		}
	}
}

// do carries out a wish as if a screen had it.
func (f *office) do(a view.Action) { f.run(f.app.perform(f.app.top().id, a, grace{})) }

// play presses keys one after the other. "> text" waits until it is there, "@ text" moves the mark to a row with it, "' text"
// types, and "wait" lets a moment pass: keys that come at once after a dialog opened, or after another, are held for those of
// before.
func (f *office) play(steps ...string) {
	f.t.Helper()
	for _, s := range steps {
		kind, text, ok := strings.Cut(s, " ")
		switch {
		case ok && kind == ">":
			f.await(text)
		case ok && kind == "@":
			f.mark(text)
		case ok && kind == "'":
			for _, c := range text {
				_, cmd := f.app.Update(tea.KeyPressMsg{Code: c, Text: string(c)})
				f.run(cmd)
			}
		case s == "wait":
			f.ahead.Add(int64(time.Second))
		default:
			f.press(s)
		}
	}
}

func (f *office) press(k string) {
	_, cmd := f.app.Update(view.Press(k))
	f.run(cmd)
}

// mark moves down to a row that holds text.
func (f *office) mark(text string) {
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

func (f *office) now() time.Time { return time.Now().Add(time.Duration(f.ahead.Load())) }
