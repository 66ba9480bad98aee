package gateway

import (
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"

	"usher/auth0client/gateway/journal"
)

// renewable gives a new token after each Forget.
type renewable struct {
	mu      sync.Mutex
	n       int
	forgets int
	err     error
}

func (s *renewable) Token(context.Context) (string, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return fmt.Sprintf("m2m-%d", s.n), s.err
}

func (s *renewable) Forget() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.n++
	s.forgets++
}

func TestAnswersToTheGatewaysOwnTokenAreNotTheOperators(t *testing.T) {
	t.Parallel()
	network := &url.Error{Op: "Post", URL: "https://tenant.example/oauth/token", Err: errors.New("no route to host")}
	for _, c := range []struct {
		name     string
		accepted string // the token that the tenant takes
		token    error  // of the token endpoint
		status   int    // 0: an error that says that nothing was sent
		code     string
		tries    int
		note     string // in the journal, of a change
	}{
		{"a token that lives", "m2m-0", nil, 200, "", 1, ""},
		{"a token that was revoked is replaced once", "m2m-1", nil, 200, "", 2, ""},
		{"a credential that lost its rights", "none", nil, 502, "usher_m2m", 2, "not sent"},
		{"a credential that is wrong", "m2m-0", errors.New("HTTP 401: Unauthorized"), 502, "usher_m2m", 0, "not sent"},
		{"Auth0 cannot be reached for a token", "m2m-0", network, 0, "", 0, "not sent"},
	} {
		for _, method := range []string{"GET", "PATCH"} {
			t.Run(method+": "+c.name, func(t *testing.T) {
				t.Parallel()
				w := newWorld(t, journal.Options{}, func(r *http.Request, _ int) (*http.Response, error) {
					if r.Header.Get("Authorization") != "Bearer "+c.accepted {
						return answer(401, `{"statusCode":401,"error":"Unauthorized","message":"Invalid token"}`)
					}
					return answer(200, `{}`)
				})
				source := &renewable{err: c.token}
				w.o.M2M = source
				body := map[string]string{"PATCH": `{"blocked":true}`}[method]
				res, err := w.RoundTrip(request(t.Context(), t, method, user, body))
				if len(w.sent) != c.tries {
					t.Errorf("sent %d times, want %d", len(w.sent), c.tries)
				}
				var unsent interface{ NotSent() bool }
				switch {
				case c.status == 0:
					if !errors.As(err, &unsent) || !unsent.NotSent() || !errors.Is(err, network) {
						t.Errorf("ends with %v", err)
					}
				case err != nil || res.StatusCode != c.status:
					t.Errorf("ends with %v, %v; want %d", res, err, c.status)
				default:
					var text bytes.Buffer
					_, _ = text.ReadFrom(res.Body)
					if !strings.Contains(text.String(), c.code) {
						t.Errorf("the answer is %s, want the code %s", text.String(), c.code)
					}
				}
				if method == "PATCH" {
					if all := w.entries(t); len(all) != 2 || all[1].Note != c.note {
						t.Errorf("the journal holds %q, want an outcome with the note %q", w.steps(t), c.note)
					}
				}
			})
		}
	}
}

func TestManyRequestsReplaceARefusedTokenOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t, journal.Options{}, func(r *http.Request, _ int) (*http.Response, error) {
		if r.Header.Get("Authorization") != "Bearer m2m-1" {
			return answer(401, `{}`)
		}
		return answer(200, `{}`)
	})
	source := &renewable{}
	w.o.M2M = source
	var all sync.WaitGroup
	for range 40 {
		all.Go(func() {
			if res, err := w.RoundTrip(request(t.Context(), t, "GET", user, "")); err != nil || res.StatusCode != 200 {
				t.Errorf("ends with %v, %v", res, err)
			}
		})
	}
	all.Wait()
	if source.forgets != 1 {
		t.Errorf("the token was replaced %d times, want once", source.forgets)
	}
}

func TestAGzipBombIsRefused(t *testing.T) {
	t.Parallel()
	var bomb bytes.Buffer
	z := gzip.NewWriter(&bomb)
	zeros := make([]byte, 1<<20)
	for range 24 {
		if _, err := z.Write(zeros); err != nil {
			t.Fatal(err)
		}
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	tenant := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !strings.Contains(r.Header.Get("Accept-Encoding"), "gzip") {
			t.Error("the gateway does not ask for packed answers")
		}
		w.Header().Set("Content-Encoding", "gzip")
		_, _ = w.Write(bomb.Bytes())
	}))
	defer tenant.Close()
	w := newWorld(t, journal.Options{}, nil)
	upstream, err := url.Parse(tenant.URL)
	if err != nil {
		t.Fatal(err)
	}
	w.o.Upstream, w.o.Transport = upstream, defaultTransport()
	if _, err := w.RoundTrip(request(t.Context(), t, "GET", "/api/v2/users", "")); !errors.Is(err, errTooLarge) {
		t.Errorf("%d bytes that unpack to 24 MB end with %v", bomb.Len(), err)
	}
}

func TestAHoldThatIsTooLongForAChangeIsToldWithItsEnd(t *testing.T) {
	t.Parallel()
	w := newWorld(t, journal.Options{}, func(*http.Request, int) (*http.Response, error) {
		return answer(429, `{}`, "Retry-After", "55")
	})
	w.do(t, "PATCH", user, `{"blocked":true}`)
	res, err := w.RoundTrip(request(t.Context(), t, "PATCH", user, `{"blocked":true}`))
	if err != nil || res.StatusCode != 429 || len(w.sent) != 1 {
		t.Fatalf("the second change ends with %v, %v after %d requests", res, err, len(w.sent))
	}
	if after := res.Header.Get("Retry-After"); after != "55" && after != "56" {
		t.Errorf("it may come again after %q seconds", after)
	}
	if all := w.entries(t); len(all) != 4 || all[3].Status != 429 || all[3].Note != "not sent" {
		t.Errorf("the journal holds %q", w.steps(t))
	}
}
