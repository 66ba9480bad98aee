package gateway

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"usher/auth0client/gateway/journal"
)

func remoteTo(tb testing.TB, s *running, onWait func(time.Time)) *Remote {
	tb.Helper()
	r, err := NewRemote(RemoteOptions{URL: s.url, CA: s.ca, OnWait: onWait})
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(r.o.Transport.(*http.Transport).CloseIdleConnections)
	return r
}

func isNotSent(err error) bool {
	var unsent interface{ NotSent() bool }
	return errors.As(err, &unsent) && unsent.NotSent()
}

func TestAConsoleAtTheOtherEndLearnsWhatOneInTheProcessWould(t *testing.T) {
	t.Parallel()
	broken, refused := errors.New("connection reset by peer"), &net.OpError{Op: "dial", Err: errors.New("connection refused")}
	for _, c := range []struct {
		name           string
		tenant         func(*http.Request, int) (*http.Response, error)
		reads, changes string
	}{
		{"an answer", fine, "200", "200"},
		{"a refusal of the tenant", func(*http.Request, int) (*http.Response, error) { return answer(404, `{}`) }, "404", "404"},
		{"a fault of the tenant", func(*http.Request, int) (*http.Response, error) { return answer(503, `{}`) }, "503", "503"},
		{"a limit", func(*http.Request, int) (*http.Response, error) { return answer(429, `{}`, "Retry-After", "50") }, "429", "429"},
		{"a credential of the gateway that does not count", func(*http.Request, int) (*http.Response, error) { return answer(401, `{}`) }, "502", "502"},
		{"a connection that breaks", func(*http.Request, int) (*http.Response, error) { return nil, broken }, "failed", "unknown"},
		{"no connection", func(*http.Request, int) (*http.Response, error) { return nil, refused }, "not sent", "not sent"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, journal.Options{}, c.tenant)
			remote := remoteTo(t, serve(t, w.Gateway, nil), nil)
			for method, want := range map[string]string{"GET": c.reads, "PATCH": c.changes} {
				body := map[string]string{"PATCH": `{"blocked":true}`}[method]
				for name, way := range map[string]http.RoundTripper{"in the process": w.Gateway, "far away": remote} {
					res, err := way.RoundTrip(request(t.Context(), t, method, user, body))
					got := "failed"
					switch {
					case err == nil:
						got = strconv.Itoa(res.StatusCode)
						_ = res.Body.Close()
					case errors.Is(err, ErrOutcomeUnknown):
						got = "unknown"
					case isNotSent(err):
						got = "not sent"
					}
					if got != want {
						t.Errorf("%s, %s: %s (%v), want %s", method, name, got, err, want)
					}
				}
			}
		})
	}
}

func TestARemoteConsoleIsToldOfWaitsBeforeTheAnswer(t *testing.T) {
	t.Parallel()
	release := make(chan struct{})
	s := serve(t, roundTripper(func(r *http.Request) (*http.Response, error) {
		for i := range 12 { // more than HTTP clients take by themselves
			r.Context().Value(noticeKey{}).(func(time.Time))(time.Now().Add(time.Duration(i+1) * time.Second))
		}
		<-release
		res, err := okay(r)
		res.Header.Set("X-RateLimit-Limit", "50")
		res.Header.Set("X-RateLimit-Remaining", "41")
		return res, err
	}), nil)
	var mu sync.Mutex
	var told []time.Duration
	remote := remoteTo(t, s, func(until time.Time) {
		mu.Lock()
		defer mu.Unlock()
		if told = append(told, time.Until(until)); len(told) == 12 {
			close(release)
		}
	})
	res, err := remote.RoundTrip(request(t.Context(), t, "GET", user, ""))
	if err != nil {
		t.Fatal(err)
	}
	body, err := io.ReadAll(res.Body)
	if err = errors.Join(err, res.Body.Close()); err != nil || string(body) != `{"ok":true}` {
		t.Errorf("%q, %v", body, err)
	}
	if len(told) != 12 || told[0] > time.Second || told[11] < 10*time.Second {
		t.Errorf("told %v", told)
	}
	if b := remote.Budget(); b.Limit != 50 || b.Remaining != 41 || !b.Known {
		t.Errorf("the budget is %+v", b)
	}
	// Who does not ask for signs of life gets none.
	if res, _ := s.do(t, s.request(t.Context(), t, "GET", user, "")); res.StatusCode != 200 || len(told) != 12 {
		t.Errorf("another client: %d", res.StatusCode)
	}
}

func TestAGatewayThatFallsSilentIsGivenUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		calls := 0
		hang := roundTripper(func(r *http.Request) (*http.Response, error) {
			calls++
			<-r.Context().Done()
			return nil, r.Context().Err()
		})
		r, err := NewRemote(RemoteOptions{URL: &url.URL{Scheme: "https", Host: "usher.example.com"}, Transport: hang})
		if err != nil {
			t.Fatal(err)
		}
		start := time.Now()
		if _, err := r.RoundTrip(request(t.Context(), t, "GET", user, "")); !errors.Is(err, errWholeTime) || time.Since(start) != wholeWithin {
			t.Errorf("a gateway that never gave a sign: %v after %v", err, time.Since(start))
		}
		ctx, cancel := context.WithCancel(t.Context())
		time.AfterFunc(time.Second, cancel)
		start = time.Now()
		if _, err := r.RoundTrip(request(ctx, t, "GET", user, "")); !errors.Is(err, context.Canceled) || errors.Is(err, errSilent) || time.Since(start) != time.Second {
			t.Errorf("an operator who leaves: %v after %v", err, time.Since(start))
		}
		q := &quiet{}
		silent, end := context.WithCancelCause(t.Context())
		q.cancel = end
		q.restart()
		time.Sleep(8 * time.Second)
		q.restart()
		time.Sleep(8 * time.Second)
		if silent.Err() != nil {
			t.Error("given up 8 s after a sign of life")
		}
		time.Sleep(3 * time.Second)
		if !errors.Is(context.Cause(silent), errSilent) {
			t.Error("not given up 11 s after a sign of life")
		}
		q.stop()
		if calls != 2 {
			t.Errorf("%d requests went out, want 2", calls)
		}
	})
}

func TestWhatStandsBetweenIsNotTakenForTheTenant(t *testing.T) {
	t.Parallel()
	for _, status := range []int{200, 307, 403, 404, 502, 504} {
		between := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Location", "https://evil.example/")
			w.WriteHeader(status)
			_, _ = io.WriteString(w, "<html>Please sign in to the guest network</html>")
		}))
		at, err := url.Parse(between.URL)
		if err != nil {
			t.Fatal(err)
		}
		r, err := NewRemote(RemoteOptions{URL: at})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := r.RoundTrip(request(t.Context(), t, "GET", user, "")); !errors.Is(err, ErrForeign) {
			t.Errorf("a read answered %d: %v", status, err)
		}
		if _, err := r.RoundTrip(request(t.Context(), t, "PATCH", user, "{}")); !errors.Is(err, ErrOutcomeUnknown) {
			t.Errorf("a change answered %d: %v", status, err)
		}
		between.Close()
	}
}

func TestARemoteGatewayMustProveWhoItIs(t *testing.T) {
	t.Parallel()
	s, other := serve(t, roundTripper(okay), nil), serve(t, roundTripper(okay), nil)
	for name, ca := range map[string][]byte{"the system's authorities": nil, "another authority": other.ca} {
		r, err := NewRemote(RemoteOptions{URL: s.url, CA: ca})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := r.RoundTrip(request(t.Context(), t, "PATCH", user, "{}")); err == nil || !strings.Contains(err.Error(), "certificate") || errors.Is(err, ErrOutcomeUnknown) {
			t.Errorf("%s: %v", name, err)
		}
	}
	for address, good := range map[string]bool{
		"https://usher.example.com": true, "https://usher.example.com:8443/": true, "http://127.0.0.1:1": true, "http://localhost:1": true, "http://[::1]:1": true,
		"http://usher.example.com": false, "http://127.0.0.1.example.com": false, "usher.example.com": false, "https://a:b@usher.example.com": false,
		"https://usher.example.com/api": false, "ftp://usher.example.com": false, "https://": false,
	} {
		at, err := url.Parse(address)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := NewRemote(RemoteOptions{URL: at}); (err == nil) != good {
			t.Errorf("%s: %v", address, err)
		}
	}
	if _, err := NewRemote(RemoteOptions{URL: s.url, CA: []byte("no PEM")}); err == nil {
		t.Error("a file without a certificate is taken")
	}
}
