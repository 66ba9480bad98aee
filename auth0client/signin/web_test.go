package signin

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"
)

// freePorts are n ports that nobody listens on.
func freePorts(t *testing.T, n int) []int {
	t.Helper()
	var ports []int
	for range n {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		defer l.Close()
		ports = append(ports, l.Addr().(*net.TCPAddr).Port)
	}
	return ports
}

// webClient waits for real: the script's clock would be over at once.
func (s *authServer) webClient(t *testing.T, ports ...int) *Client {
	t.Helper()
	c := s.client(t, nil)
	c.cfg.After = func(time.Duration) <-chan time.Time { return nil }
	c.cfg.WebPorts = ports
	return c
}

// browse calls the callback as a browser would, and gives the page.
func browse(t *testing.T, address string) (int, string) {
	t.Helper()
	res, err := http.Get(address)
	if err != nil {
		return 0, err.Error()
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	return res.StatusCode, string(body)
}

func (w *WebSignIn) back(q url.Values) string { return w.redirect + "?" + q.Encode() }

type ended struct {
	op  Operator
	err error
}

func waitWeb(ctx context.Context, c *Client, w *WebSignIn) <-chan ended {
	done := make(chan ended, 1)
	go func() {
		op, err := c.WaitWeb(ctx, w)
		done <- ended{op, err}
	}()
	return done
}

func TestSignInByTheBrowserOfThisMachine(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	ports := freePorts(t, 2)
	busy, err := net.Listen("tcp", fmt.Sprintf("127.0.0.1:%d", ports[0]))
	if err != nil {
		t.Fatal(err)
	}
	defer busy.Close()
	c := s.webClient(t, ports...)
	w, err := c.StartWeb(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	u, err := url.Parse(w.URL)
	if err != nil {
		t.Fatal(err)
	}
	q := u.Query()
	if want := fmt.Sprintf("http://127.0.0.1:%d/callback", ports[1]); q.Get("redirect_uri") != want || u.Path != "/authorize" || q.Get("response_type") != "code" ||
		q.Get("code_challenge_method") != "S256" || q.Get("audience") != audience || q.Get("client_id") != clientID || len(q.Get("state")) < 22 || q.Has("prompt") {
		t.Errorf("the browser is sent to %s", w.URL)
	}
	s.token = func(_ int, form url.Values, rw http.ResponseWriter) {
		sum := sha256.Sum256([]byte(form.Get("code_verifier")))
		if form.Get("grant_type") != "authorization_code" || form.Get("code") != "c0de" || form.Get("redirect_uri") != q.Get("redirect_uri") ||
			base64.RawURLEncoding.EncodeToString(sum[:]) != q.Get("code_challenge") || len(form.Get("code_verifier")) < 43 {
			t.Errorf("the exchange sends %v", form)
		}
		s.grants(t, rw, "r1")
	}
	done := waitWeb(t.Context(), c, w)
	for _, tc := range []struct {
		address string
		status  int
	}{
		{strings.TrimSuffix(w.redirect, "callback") + "favicon.ico", 404},
		{w.back(url.Values{"code": {"c0de"}}), 400},
		{w.back(url.Values{"code": {"c0de"}, "state": {"forged"}}), 400},
		{w.back(url.Values{"error": {"access_denied"}, "state": {"forged"}}), 400},
	} {
		if status, page := browse(t, tc.address); status != tc.status || strings.Contains(page, "forged") {
			t.Errorf("%s answers %d %s", tc.address, status, page)
		}
	}
	status, page := browse(t, w.back(url.Values{"code": {"c0de"}, "state": {q.Get("state")}}))
	if status != 200 || !strings.Contains(page, "close this tab") || strings.Contains(page, "c0de") {
		t.Errorf("the page is %d %s", status, page)
	}
	got := <-done
	if got.err != nil || got.op.Subject != "auth0|ada" {
		t.Errorf("signed in as %+v, %v", got.op, got.err)
	}
	if status, _ := browse(t, w.back(url.Values{"code": {"c0de"}, "state": {q.Get("state")}})); status != 0 {
		t.Errorf("a second answer is served: %d", status)
	}
	if len(s.calls()) != 1 {
		t.Errorf("%d exchanges", len(s.calls()))
	}
}

func TestABrowserThatBringsBadNews(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		q    url.Values
		says string
	}{
		"refused":             {url.Values{"error": {"access_denied"}, "error_description": {"not on \x1b[31mthe list"}}, "the sign-in was refused: not on ␛[31mthe list"},
		"a grant that is off": {url.Values{"error": {"unauthorized_client"}, "error_description": {"Grant type 'authorization_code' not allowed for the client."}}, "switch the grant on"},
		"without a code":      {url.Values{}, "without a code"},
		"an unknown audience": {url.Values{"error": {"invalid_request"}, "error_description": {"Service not found: x"}}, "no API with the profile's audience"},
	} {
		s := newServer(t)
		c := s.webClient(t, freePorts(t, 1)...)
		w, err := c.StartWeb(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		done := waitWeb(t.Context(), c, w)
		tc.q.Set("state", w.state.Reveal())
		browse(t, w.back(tc.q))
		if got := <-done; got.err == nil || !strings.Contains(got.err.Error(), tc.says) {
			t.Errorf("%s: %v; want %q", name, got.err, tc.says)
		}
		if len(s.calls()) != 0 {
			t.Errorf("%s: something was exchanged", name)
		}
	}
}

func TestWaitingForABrowserEnds(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	port := freePorts(t, 1)
	c := s.webClient(t, port...)
	first, err := c.StartWeb(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := c.StartWeb(t.Context()); err == nil || !strings.Contains(err.Error(), "all taken") {
		t.Errorf("a port that is taken gives %v", err)
	}
	done := waitWeb(t.Context(), c, first)
	if _, err := c.StartDevice(t.Context()); err != nil {
		t.Fatal(err)
	}
	if got := <-done; !errors.Is(got.err, ErrSuperseded) {
		t.Errorf("a sign-in begun elsewhere ends this one with %v", got.err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	second, err := c.StartWeb(ctx) // the port is free again
	if err != nil {
		t.Fatal(err)
	}
	done = waitWeb(ctx, c, second)
	cancel()
	if got := <-done; !errors.Is(got.err, context.Canceled) {
		t.Errorf("cancelled it ends with %v", got.err)
	}
	third, err := c.StartWeb(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	c.cfg.After = s.clock.After
	if _, err := c.WaitWeb(t.Context(), third); !errors.Is(err, ErrExpired) {
		t.Errorf("after ten minutes it ends with %v", err)
	}
}

func TestAFreshSignInIsCheckedAndNotBelieved(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		claims map[string]any
		want   error
	}{
		"just now":              {map[string]any{"auth_time": noon.Unix()}, nil},
		"within its time":       {map[string]any{"auth_time": noon.Add(-9 * time.Minute).Unix()}, nil},
		"a browser's old one":   {map[string]any{"auth_time": noon.Add(-11 * time.Minute).Unix()}, ErrNotFresh},
		"without a time at all": {nil, ErrNotFresh},
		"of somebody else":      {map[string]any{"auth_time": noon.Unix(), "sub": "auth0|eve"}, ErrOtherPerson},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s, c := signedIn(t, nil, nil)
			s.change(func() {
				s.token = func(_ int, _ url.Values, rw http.ResponseWriter) {
					sub := map[string]any{}
					if tc.claims["sub"] != nil {
						sub["sub"] = tc.claims["sub"]
					}
					_ = json.NewEncoder(rw).Encode(map[string]any{"access_token": s.sign(t, audience, sub), "id_token": s.sign(t, clientID, tc.claims), "refresh_token": "r2"})
				}
			})
			c.cfg.After = func(time.Duration) <-chan time.Time {
				ready := make(chan time.Time, 1)
				ready <- noon
				return ready
			}
			s.clock.mu.Lock()
			s.clock.now = noon
			s.clock.mu.Unlock()
			code, err := c.StartFreshDevice(t.Context(), 10*time.Minute)
			if err != nil {
				t.Fatal(err)
			}
			s.change(func() {
				if last := s.asked[len(s.asked)-1]; last.Get("max_age") != "600" || last.Get("prompt") != "login" {
					t.Errorf("asked with %v", last)
				}
			})
			op, err := c.WaitDevice(t.Context(), code)
			if !errors.Is(err, tc.want) || (err == nil) != (tc.want == nil) {
				t.Errorf("gives %+v, %v; want %v", op, err, tc.want)
			}
			if now, ok := c.Operator(); !ok || now.Subject != "auth0|ada" || (tc.want == nil) == now.AuthTime.IsZero() {
				t.Errorf("the operator is now %+v, %v", now, ok)
			}
		})
	}
	s := newServer(t)
	c := s.webClient(t, freePorts(t, 1)...)
	w, err := c.StartFreshWeb(t.Context(), time.Minute)
	if err != nil {
		t.Fatal(err)
	}
	defer w.Close()
	if !strings.Contains(w.URL, "max_age=60") || !strings.Contains(w.URL, "prompt=login") {
		t.Errorf("the browser is sent to %s", w.URL)
	}
}
