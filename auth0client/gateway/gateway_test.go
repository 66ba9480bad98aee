package gateway

import (
	"bytes"
	"context"
	"crypto/tls"
	"encoding/json"
	"errors"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"usher/auth0client/gateway/journal"
	"usher/auth0client/gateway/policy"
)

// What must never be where it does not belong.
const (
	operatorToken = "canary-operator-token"
	m2mToken      = "canary-m2m-token"
	password      = "canary-password"
	ticket        = "https://tenant.example/lo/reset?ticket=canary-ticket"
)

// clock is a time that only waiting moves.
type clock struct {
	mu  sync.Mutex
	now time.Time
}

func (c *clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

func (c *clock) After(d time.Duration) <-chan time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
	fired := make(chan time.Time, 1)
	fired <- c.now
	return fired
}

type verifier struct{}

func (verifier) Verify(_ context.Context, token string) (policy.Operator, error) {
	if token != operatorToken {
		return policy.Operator{}, errors.New("its signature does not match")
	}
	op := policy.Operator{Subject: "auth0|op", Email: "op@example.com"}
	for _, a := range policy.Preset("support") {
		op.Permissions = append(op.Permissions, string(a))
	}
	return op, nil
}

type tokenSource struct{}

func (tokenSource) Token(context.Context) (string, error) { return m2mToken, nil }

// sent is a request as the tenant saw it.
type sent struct {
	at     time.Time
	url    string
	header http.Header
	body   string
}

// world is a gateway between a caller and a tenant that answer makes up.
type world struct {
	*Gateway
	clock  *clock
	dir    string
	answer func(r *http.Request, n int) (*http.Response, error)

	mu   sync.Mutex
	sent []sent
}

// tenant notes a request and answers it.
func (w *world) tenant(r *http.Request) (*http.Response, error) {
	var body []byte
	if r.Body != nil {
		body, _ = io.ReadAll(r.Body)
	}
	w.mu.Lock()
	w.sent = append(w.sent, sent{at: w.clock.Now(), url: r.URL.String(), header: r.Header.Clone(), body: string(body)})
	n := len(w.sent)
	w.mu.Unlock()
	return w.answer(r, n)
}

type roundTripper func(*http.Request) (*http.Response, error)

func (f roundTripper) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

func answer(status int, body string, header ...string) (*http.Response, error) {
	h := http.Header{}
	for i := 0; i+1 < len(header); i += 2 {
		h.Set(header[i], header[i+1])
	}
	return &http.Response{StatusCode: status, Header: h, Body: io.NopCloser(strings.NewReader(body))}, nil
}

func fine(*http.Request, int) (*http.Response, error) { return answer(200, `{"ok":true}`) }

func newWorld(tb testing.TB, o journal.Options, tenant func(*http.Request, int) (*http.Response, error)) *world {
	tb.Helper()
	w := &world{clock: &clock{now: time.Date(2026, 3, 1, 8, 0, 0, 0, time.UTC)}, dir: tb.TempDir(), answer: tenant}
	o.Now = w.clock.Now
	j, err := journal.Open(w.dir, o)
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() { _ = j.Close() })
	w.Gateway, err = New(Options{
		Upstream: &url.URL{Scheme: "https", Host: "tenant.example"}, Verifier: verifier{}, M2M: tokenSource{}, Journal: j,
		Transport: roundTripper(w.tenant), Now: w.clock.Now, After: w.clock.After, Via: "console",
	})
	if err != nil {
		tb.Fatal(err)
	}
	return w
}

func request(ctx context.Context, tb testing.TB, method, path, body string) *http.Request {
	tb.Helper()
	r, err := http.NewRequestWithContext(ctx, method, "http://somewhere-else.example:8080"+path, strings.NewReader(body))
	if err != nil {
		tb.Fatal(err)
	}
	r.Header.Set("Authorization", "Bearer "+operatorToken)
	r.Header.Set("Content-Type", "application/json")
	return r
}

// do sends a request through the gateway and reads the answer.
func (w *world) do(t *testing.T, method, path, body string) (int, string) {
	t.Helper()
	res, err := w.RoundTrip(request(t.Context(), t, method, path, body))
	if err != nil {
		t.Fatalf("%s %s: %v", method, path, err)
	}
	data, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	return res.StatusCode, string(data)
}

func (w *world) entries(t *testing.T) []journal.Entry {
	t.Helper()
	all, err := journal.Entries(journal.Lines(t.Context(), w.dir))
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		t.Fatal(err)
	}
	return all
}

// steps is the journal in short.
func (w *world) steps(t *testing.T) string {
	t.Helper()
	var out []string
	for _, e := range w.entries(t) {
		out = append(out, strings.TrimSpace(e.Step+" "+e.Note))
	}
	return strings.Join(out, ", ")
}

const user = "/api/v2/users/auth0%7C1"

func TestARequestIsForwardedWithTheGatewaysOwnTokenToTheTenantOnly(t *testing.T) {
	t.Parallel()
	for _, method := range []string{"GET", "PATCH"} {
		w := newWorld(t, journal.Options{}, fine)
		body, query := "", "?fields=email"
		if method == "PATCH" {
			body, query = `{"blocked":true}`, ""
		}
		r := request(t.Context(), t, method, user+query, body)
		r.Host = "third.example"
		r.Header.Set("X-Usher-Reason", "left+the+company")
		r.Header.Set("X-Usher-Priority", "bulk")
		r.Header.Set("Cookie", "session="+operatorToken)
		r.Header.Set("X-Forwarded-Host", "evil.example")
		r.Header.Set("Proxy-Authorization", "Bearer "+operatorToken)
		res, err := w.RoundTrip(r)
		if err != nil || res.StatusCode != 200 || len(w.sent) != 1 {
			t.Fatalf("%s: %v, %v, %d requests", method, res, err, len(w.sent))
		}
		got := w.sent[0]
		if got.url != "https://tenant.example"+user+query || got.body != body {
			t.Errorf("%s went to %s with %q", method, got.url, got.body)
		}
		if got.header.Get("Authorization") != "Bearer "+m2mToken {
			t.Errorf("%s has the authorization %q", method, got.header.Get("Authorization"))
		}
		for name, values := range got.header {
			if strings.HasPrefix(name, "X-Usher-") || strings.Contains(strings.Join(values, " "), operatorToken) || strings.Contains(strings.Join(values, " "), "evil") {
				t.Errorf("%s: the header %s reached the tenant", method, name)
			}
		}
	}
}

func TestAChangeIsOnDiskBeforeItIsSentAndItsOutcomeAfter(t *testing.T) {
	t.Parallel()
	var w *world
	var correlation string
	w = newWorld(t, journal.Options{}, func(r *http.Request, _ int) (*http.Response, error) {
		correlation = r.Header.Get("X-Correlation-Id")
		data, err := os.ReadFile(filepath.Join(w.dir, journal.FileName))
		if err != nil || bytes.Count(data, []byte("\n")) != 1 || !bytes.Contains(data, []byte(`"step":"intent"`)) {
			t.Errorf("when the tenant is asked the journal is %q, %v", data, err)
		}
		return answer(200, `{"ticket":"`+ticket+`"}`, "X-Auth0-RequestId", "req-1")
	})
	r := request(t.Context(), t, "PATCH", user, `{"password":"`+password+`","connection":"db"}`)
	r.Header.Set("X-Usher-Reason", url.QueryEscape("lost phone & key"))
	res, err := w.RoundTrip(r)
	if err != nil || res.StatusCode != 200 {
		t.Fatalf("%v, %v", res, err)
	}
	all := w.entries(t)
	if len(all) != 2 {
		t.Fatalf("the journal holds %d lines, want 2", len(all))
	}
	in, out := all[0], all[1]
	if in.Reason != "lost phone & key" || in.Target != "auth0|1" || in.Subject != "auth0|op" || in.Via != "console" || in.Method != "PATCH" || len(in.Actions) != 1 || in.Actions[0] != "users:password" {
		t.Errorf("the intent is %+v", in)
	}
	if out.Step != journal.StepOutcome || out.Status != 200 || out.Request != "req-1" || out.ID != in.ID || in.ID == "" || correlation != in.ID || res.Header.Get("X-Usher-Request-Id") != in.ID {
		t.Errorf("the outcome is %+v; correlation %q", out, correlation)
	}
}

func TestNoSecretReachesTheJournal(t *testing.T) {
	t.Parallel()
	w := newWorld(t, journal.Options{}, func(r *http.Request, n int) (*http.Response, error) {
		if n == 3 {
			return nil, errors.New("broken off: " + r.Header.Get("Authorization"))
		}
		return answer(201, `{"ticket":"`+ticket+`"}`)
	})
	w.do(t, "POST", "/api/v2/tickets/password-change", `{"user_id":"auth0|1"}`)
	w.do(t, "PATCH", user, `{"password":"`+password+`"}`)
	if _, err := w.RoundTrip(request(t.Context(), t, "PATCH", user, `{"user_metadata":{"password":"`+password+`"}}`)); err == nil {
		t.Error("a broken connection is no error")
	}
	w.do(t, "POST", "/api/v2/users", `{"password":"`+password+`"}`)                               // denied: no permission
	w.do(t, "PATCH", user, `{"password":"`+password+`","password":"`+password+`"}`)               // denied: doubled
	w.do(t, "PATCH", user, `{"client_secret":"`+password+`"}`)                                    // denied: unknown field
	w.do(t, "PATCH", "/api/v2/users/auth0%7Cop", `{"user_metadata":{"password":"`+password+`"}}`) // denied: oneself
	data, err := os.ReadFile(filepath.Join(w.dir, journal.FileName))
	if err != nil || bytes.Count(data, []byte("\n")) != 10 {
		t.Fatalf("the journal holds %d lines (%v), want 10", bytes.Count(data, []byte("\n")), err)
	}
	if i := bytes.Index(data, []byte("canary")); i >= 0 {
		t.Errorf("the journal holds a secret: …%s…", data[max(0, i-80):min(len(data), i+40)])
	}
}

func TestRefusedRequestsStayHereAndRefusedChangesAreRecorded(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name, method, path, body, token string
		status                          int
		code, steps                     string
	}{
		{"a change without the permission", "DELETE", user, "", operatorToken, 403, "usher_permission", "denied you lack the permission users:delete"},
		{"a change to oneself", "PATCH", "/api/v2/users/auth0%7Cop", `{"blocked":false}`, operatorToken, 403, "usher_self", "denied nobody changes their own account through usher: ask another operator"},
		{"a change outside the table", "POST", "/api/v2/clients", `{}`, operatorToken, 403, "usher_route", "denied usher's gateway does not forward this request: it is not in its table"},
		{"a read outside the table", "GET", "/api/v2/client-grants", "", operatorToken, 403, "usher_route", ""},
		{"a token that does not verify", "PATCH", user, `{"blocked":true}`, "forged", 401, "usher_token", ""},
		{"an empty token", "GET", user, "", "", 401, "usher_token", ""},
		{"a body beyond 1 MB", "PATCH", user, `{"name":"` + strings.Repeat("x", maxRequest) + `"}`, operatorToken, 413, "usher_field", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, journal.Options{}, fine)
			r := request(t.Context(), t, c.method, c.path, c.body)
			r.Header.Set("Authorization", "Bearer "+c.token)
			if c.token == "" {
				r.Header.Del("Authorization")
			}
			res, err := w.RoundTrip(r)
			if err != nil {
				t.Fatal(err)
			}
			var said struct {
				StatusCode int    `json:"statusCode"`
				ErrorCode  string `json:"errorCode"`
				Message    string `json:"message"`
			}
			if err := json.NewDecoder(res.Body).Decode(&said); err != nil {
				t.Fatal(err)
			}
			if res.StatusCode != c.status || said.StatusCode != c.status || said.ErrorCode != c.code || said.Message == "" {
				t.Errorf("answered %d %+v, want %d %s", res.StatusCode, said, c.status, c.code)
			}
			if len(w.sent) != 0 {
				t.Errorf("%d requests reached the tenant", len(w.sent))
			}
			if got := w.steps(t); got != c.steps {
				t.Errorf("the journal holds %q, want %q", got, c.steps)
			}
		})
	}
}

// fullDisk fails to write, or only to sync.
type fullDisk struct{ writes bool }

func (f fullDisk) Write(p []byte) (int, error) {
	if f.writes {
		return len(p), nil
	}
	return 0, errors.New("no space left on device")
}
func (fullDisk) Sync() error  { return errors.New("input/output error") }
func (fullDisk) Close() error { return nil }

func TestWithoutAJournalNothingIsChangedButReadsGoOn(t *testing.T) {
	t.Parallel()
	for _, disk := range []fullDisk{{writes: false}, {writes: true}} {
		w := newWorld(t, journal.Options{Open: func(string) (journal.File, error) { return disk, nil }}, fine)
		for _, change := range []struct{ method, body string }{{"PATCH", `{"blocked":true}`}, {"DELETE", ""}} {
			status, body := w.do(t, change.method, user, change.body)
			if status != 503 || !strings.Contains(body, "usher_journal") || len(w.sent) != 0 {
				t.Errorf("%s with %+v: %d %s, %d requests sent", change.method, disk, status, body, len(w.sent))
			}
		}
		if status, _ := w.do(t, "GET", user, ""); status != 200 {
			t.Errorf("a read with %+v is answered %d", disk, status)
		}
	}
}

func TestAChangeWithoutAnAnswerIsOfUnknownOutcomeAndOneThatNeverLeftIsNot(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name    string
		fail    error
		unknown bool
		steps   string
	}{
		{"the connection is reset", &net.OpError{Op: "read", Err: errors.New("connection reset by peer")}, true, "intent, outcome outcome unknown"},
		{"the answer is cut off", io.ErrUnexpectedEOF, true, "intent, outcome outcome unknown"},
		{"nobody listens", &net.OpError{Op: "dial", Err: errors.New("connection refused")}, false, "intent, outcome not sent"},
		{"the tenant's certificate is not its own", &tls.CertificateVerificationError{Err: errors.New("unknown authority")}, false, "intent, outcome not sent"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, journal.Options{}, func(*http.Request, int) (*http.Response, error) { return nil, c.fail })
			_, err := w.RoundTrip(request(t.Context(), t, "PATCH", user, `{"blocked":true}`))
			if err == nil || errors.Is(err, ErrOutcomeUnknown) != c.unknown || !errors.Is(err, c.fail) {
				t.Errorf("the error is %v", err)
			}
			if len(w.sent) != 1 {
				t.Errorf("sent %d times, want once", len(w.sent))
			}
			if got := w.steps(t); got != c.steps {
				t.Errorf("the journal holds %q, want %q", got, c.steps)
			}
		})
	}
}

func TestAChangeGoesOnWhenItsCallerLeavesAndAReadDoesNot(t *testing.T) {
	t.Parallel()
	var leave context.CancelFunc
	tenant := func(r *http.Request, _ int) (*http.Response, error) {
		leave()
		if err := r.Context().Err(); err != nil {
			return nil, err
		}
		return answer(200, `{}`)
	}
	w := newWorld(t, journal.Options{}, tenant)
	ctx, cancel := context.WithCancel(t.Context())
	leave = cancel
	res, err := w.RoundTrip(request(ctx, t, "PATCH", user, `{"blocked":true}`))
	if err != nil || res.StatusCode != 200 || w.steps(t) != "intent, outcome" {
		t.Errorf("the change ends with %v, %v; journal %q", res, err, w.steps(t))
	}
	ctx, cancel = context.WithCancel(t.Context())
	leave = cancel
	if _, err := w.RoundTrip(request(ctx, t, "GET", user, "")); !errors.Is(err, context.Canceled) || len(w.sent) != 2 {
		t.Errorf("the read ends with %v after %d requests", err, len(w.sent)-1)
	}
	if _, err := w.RoundTrip(request(ctx, t, "PATCH", user, `{"blocked":true}`)); !errors.Is(err, context.Canceled) || len(w.sent) != 2 || w.steps(t) != "intent, outcome" {
		t.Errorf("a change whose caller has left already ends with %v; journal %q", err, w.steps(t))
	}
}
