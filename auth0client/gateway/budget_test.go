package gateway

import (
	"context"
	"errors"
	"io"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"

	"usher/auth0client/gateway/journal"
)

func TestALimitedRequestIsTriedAgainInBounds(t *testing.T) {
	t.Parallel()
	start := time.Date(2026, 3, 1, 8, 0, 0, 0, time.UTC)
	at := func(d time.Duration) string { return strconv.FormatInt(start.Add(d).Unix(), 10) }
	for _, c := range []struct {
		name          string
		header        []string
		reads, writes int           // tries while the tenant goes on limiting
		least         time.Duration // between two tries
	}{
		{"Retry-After in seconds", []string{"Retry-After", "3"}, 5, 5, 3 * time.Second},
		{"Retry-After zero", []string{"Retry-After", "0"}, 5, 5, time.Second},
		{"Retry-After below zero", []string{"Retry-After", "-5"}, 5, 5, time.Second},
		{"Retry-After of three hundred years", []string{"Retry-After", "9223372037"}, 2, 1, time.Minute},
		{"Retry-After as a date", []string{"Retry-After", start.Add(4 * time.Second).Format(http.TimeFormat), "Date", start.Format(http.TimeFormat)}, 5, 5, 4 * time.Second},
		{"a reset in the past", []string{"X-RateLimit-Reset", at(-time.Hour)}, 5, 5, time.Second},
		{"a reset now", []string{"X-RateLimit-Reset", at(0)}, 5, 5, time.Second},
		{"a reset soon by the server's clock, which is an hour ahead", []string{"X-RateLimit-Reset", at(time.Hour + 2*time.Second), "Date", start.Add(time.Hour).Format(http.TimeFormat)}, 5, 5, 2 * time.Second},
		{"a reset far away", []string{"X-RateLimit-Reset", at(time.Hour)}, 2, 1, time.Minute},
		{"no header at all", nil, 5, 5, time.Second},
		{"headers that are no numbers", []string{"Retry-After", "soon", "X-RateLimit-Reset", "later"}, 5, 5, time.Second},
		{"all that Auth0 sends", []string{"X-RateLimit-Limit", "10", "X-RateLimit-Remaining", "0", "X-RateLimit-Reset", at(time.Second)}, 5, 5, time.Second},
	} {
		for _, method := range []string{"GET", "PATCH"} {
			t.Run(method+": "+c.name, func(t *testing.T) {
				t.Parallel()
				w := newWorld(t, journal.Options{}, func(*http.Request, int) (*http.Response, error) {
					return answer(429, `{"statusCode":429}`, c.header...)
				})
				body, want := "", c.reads
				if method == "PATCH" {
					body, want = `{"blocked":true}`, c.writes
				}
				status, _ := w.do(t, method, user, body)
				if status != 429 || len(w.sent) != want {
					t.Errorf("answered %d after %d tries, want 429 after %d", status, len(w.sent), want)
				}
				within := 0
				for i, s := range w.sent {
					if s.at.Sub(w.sent[0].at) < 15*time.Second {
						within++
					}
					if s.body != body {
						t.Errorf("try %d has the body %q", i+1, s.body)
					}
					if i > 0 && s.at.Sub(w.sent[i-1].at) < c.least {
						t.Errorf("try %d comes %v after the one before, want %v at least", i+1, s.at.Sub(w.sent[i-1].at), c.least)
					}
				}
				if within > 6 {
					t.Errorf("%d requests within 15 s", within)
				}
				if waited := w.clock.Now().Sub(start); waited > maxWait+time.Second {
					t.Errorf("waited %v", waited)
				}
				if method == "PATCH" && (w.steps(t) != "intent, outcome" || w.entries(t)[1].Status != 429) {
					t.Errorf("the journal holds %q", w.steps(t))
				}
			})
		}
	}
}

func TestFaultsAreTriedAgainOnlyWhereThatIsSafe(t *testing.T) {
	t.Parallel()
	reset := errors.New("connection reset by peer")
	for _, c := range []struct {
		name, method string
		status       int // of the first answers; 0: the connection breaks
		faults       int
		tries, end   int // end is the last status; 0: an error
	}{
		{"a limited read goes on", "GET", 429, 1, 2, 200},
		{"a limited change goes on", "PATCH", 429, 1, 2, 200},
		{"a read after a 502", "GET", 502, 1, 2, 200},
		{"a read after a 503", "GET", 503, 1, 2, 200},
		{"a read after a 504", "GET", 504, 1, 2, 200},
		{"a read after two 503s gives up", "GET", 503, 9, 2, 503},
		{"a read after a 500 is told", "GET", 500, 9, 1, 500},
		{"a read after a 404 is told", "GET", 404, 9, 1, 404},
		{"a read after a broken connection", "GET", 0, 1, 2, 200},
		{"a read after two broken connections gives up", "GET", 0, 9, 2, 0},
		{"a change after a 500 is never repeated", "PATCH", 500, 9, 1, 500},
		{"a change after a 502 is never repeated", "PATCH", 502, 9, 1, 502},
		{"a change after a 503 is never repeated", "DELETE", 503, 9, 1, 503},
		{"a change after a 504 is never repeated", "PATCH", 504, 9, 1, 504},
		{"a change after a broken connection is never repeated", "PATCH", 0, 9, 1, 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, journal.Options{}, func(_ *http.Request, n int) (*http.Response, error) {
				switch {
				case n > c.faults:
					return answer(200, `{}`)
				case c.status == 0:
					return nil, reset
				}
				return answer(c.status, `{}`)
			})
			path, body := user, ""
			switch c.method {
			case "PATCH":
				body = `{"blocked":true}`
			case "DELETE":
				path += "/sessions"
			}
			res, err := w.RoundTrip(request(t.Context(), t, c.method, path, body))
			if len(w.sent) != c.tries {
				t.Errorf("sent %d times, want %d", len(w.sent), c.tries)
			}
			switch {
			case c.end == 0 && !errors.Is(err, reset):
				t.Errorf("ends with %v, want the broken connection", err)
			case c.end != 0 && (err != nil || res.StatusCode != c.end):
				t.Errorf("ends with %v, %v; want %d", res, err, c.end)
			}
		})
	}
}

// endless is an answer without an end; read says how much was taken of it.
type endless struct{ read int }

func (e *endless) Read(p []byte) (int, error) { e.read += len(p); return len(p), nil }
func (e *endless) Close() error               { return nil }

func TestAnAnswerBeyondTenMegabytesIsRefused(t *testing.T) {
	t.Parallel()
	var bodies []*endless
	w := newWorld(t, journal.Options{}, func(*http.Request, int) (*http.Response, error) {
		bodies = append(bodies, &endless{})
		return &http.Response{StatusCode: 200, Header: http.Header{}, Body: bodies[len(bodies)-1]}, nil
	})
	_, err := w.RoundTrip(request(t.Context(), t, "GET", "/api/v2/users", ""))
	if err == nil || !strings.Contains(err.Error(), "10 MB") {
		t.Errorf("the error is %v", err)
	}
	if len(bodies) != 1 {
		t.Errorf("it was asked for %d times, want once: it will not be smaller", len(bodies))
	}
	for _, b := range bodies {
		if b.read > maxResponse+1<<20 {
			t.Errorf("%d bytes were read", b.read)
		}
	}
	if _, err = w.RoundTrip(request(t.Context(), t, "PATCH", user, `{"blocked":true}`)); !errors.Is(err, ErrOutcomeUnknown) {
		t.Errorf("a change whose answer is too large ends with %v", err)
	}
	exact := newWorld(t, journal.Options{}, func(*http.Request, int) (*http.Response, error) {
		return answer(200, strings.Repeat("x", maxResponse))
	})
	if status, body := exact.do(t, "GET", "/api/v2/users", ""); status != 200 || len(body) != maxResponse {
		t.Errorf("an answer of just 10 MB: %d, %d bytes", status, len(body))
	}
}

func TestARedirectIsPassedOnAndNotFollowed(t *testing.T) {
	t.Parallel()
	for _, method := range []string{"GET", "PATCH"} {
		w := newWorld(t, journal.Options{}, func(*http.Request, int) (*http.Response, error) {
			return answer(307, "", "Location", "https://evil.example/collect")
		})
		body := ""
		if method == "PATCH" {
			body = `{"blocked":true}`
		}
		if status, _ := w.do(t, method, user, body); status != 307 || len(w.sent) != 1 {
			t.Errorf("%s: %d after %d requests, want 307 after one", method, status, len(w.sent))
		}
	}
}

func TestTheReserveIsLeftToProductionAndActionsGoFirst(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name, method, priority string
		remaining              int
		waits                  bool
	}{
		{"a screen above the reserve goes", "GET", "", 21, false},
		{"a screen at the reserve waits", "GET", "", 20, true},
		{"an action at the reserve goes", "PATCH", "", 20, false},
		{"an action with the last request goes", "PATCH", "", 1, false},
		{"an action with none left waits", "PATCH", "", 0, true},
		{"a prefetch leaves twice the reserve", "GET", "prefetch", 40, true},
		{"bulk work leaves three times the reserve", "PATCH", "bulk", 60, true},
		{"bulk work above that goes", "PATCH", "bulk", 61, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			var w *world
			w = newWorld(t, journal.Options{}, func(*http.Request, int) (*http.Response, error) {
				reset := strconv.FormatInt(w.clock.Now().Add(5*time.Second).Unix(), 10)
				return answer(200, `{}`, "X-RateLimit-Limit", "100", "X-RateLimit-Remaining", strconv.Itoa(c.remaining), "X-RateLimit-Reset", reset)
			})
			w.do(t, "GET", user, "")
			if b := w.Budget(); !b.Known || b.Limit != 100 || b.Remaining != c.remaining || !b.Reset.Equal(w.clock.Now().Add(5*time.Second)) {
				t.Fatalf("the budget is %+v", b)
			}
			body := ""
			if c.method == "PATCH" {
				body = `{"blocked":true}`
			}
			r := request(t.Context(), t, c.method, user, body)
			if c.priority != "" {
				r.Header.Set("X-Usher-Priority", c.priority)
			}
			if _, err := w.RoundTrip(r); err != nil {
				t.Fatal(err)
			}
			waited := w.sent[1].at.Sub(w.sent[0].at)
			if c.waits && waited != 5*time.Second || !c.waits && waited != 0 {
				t.Errorf("waited %v", waited)
			}
		})
	}
}

func TestAShorterLimitDoesNotEndALongerOne(t *testing.T) {
	t.Parallel()
	c := &clock{now: time.Date(2026, 3, 1, 8, 0, 0, 0, time.UTC)}
	b := newBudget(c.Now, c.After, 0.2)
	first, err1 := b.take(t.Context(), claim{class: "other"})
	b.done(first, 200, http.Header{})
	first, err2 := b.take(t.Context(), claim{class: "other"})
	second, err3 := b.take(t.Context(), claim{class: "other"})
	if err := errors.Join(err1, err2, err3); err != nil {
		t.Fatal(err)
	}
	b.done(first, 429, http.Header{"Retry-After": {"30"}})
	b.done(second, 429, http.Header{"Retry-After": {"1"}})
	if wait := b.common.wait(c.Now(), 0); wait < 30*time.Second {
		t.Errorf("the next request waits %v, want 30 s", wait)
	}
}

// A plan may tell of no limit at all but that of the Authentication API, by which reset mails are asked for.
func TestTheAuthenticationAPIsLimitHoldsForItAlone(t *testing.T) {
	t.Parallel()
	c := &clock{now: time.Date(2026, 3, 1, 8, 0, 0, 0, time.UTC)}
	b := newBudget(c.Now, c.After, 0.2)
	spent := http.Header{"X-Ratelimit-Limit": {"10"}, "X-Ratelimit-Remaining": {"0"}, "X-Ratelimit-Reset": {strconv.FormatInt(c.Now().Add(time.Minute).Unix(), 10)}}
	mail := classOf("POST", changePassword)
	for _, class := range []string{"other", "read users", mail, "other", "read users", "delete users"} {
		at := c.Now()
		turn, err := b.take(t.Context(), claim{class: class})
		if err != nil {
			t.Fatal(err)
		}
		if waited := c.Now().Sub(at); waited != 0 {
			t.Errorf("%s waits %v", class, waited)
		}
		h := http.Header{}
		if class == mail {
			h = spent
		}
		b.done(turn, 200, h)
	}
	if b.snapshot().Known {
		t.Error("it is shown as the Management API's")
	}
	at := c.Now()
	if _, err := b.take(t.Context(), claim{class: mail}); err != nil || c.Now().Sub(at) < time.Minute {
		t.Errorf("the next mail waits %v, %v", c.Now().Sub(at), err)
	}
}

func TestAWaitForTheBudgetEndsWithItsCaller(t *testing.T) {
	t.Parallel()
	w := newWorld(t, journal.Options{}, func(*http.Request, int) (*http.Response, error) {
		return answer(200, `{}`, "X-RateLimit-Limit", "100", "X-RateLimit-Remaining", "0", "X-RateLimit-Reset", "1772352060")
	})
	w.do(t, "GET", user, "")
	ctx, cancel := context.WithCancel(t.Context())
	w.budget.after = func(time.Duration) <-chan time.Time { cancel(); return nil }
	if _, err := w.RoundTrip(request(ctx, t, "GET", user, "")); !errors.Is(err, context.Canceled) || len(w.sent) != 1 {
		t.Errorf("ends with %v after %d requests", err, len(w.sent))
	}
}

// BenchmarkGatewayRead is what the gateway adds to a read: compare it with the bare transport.
func BenchmarkGatewayRead(b *testing.B) {
	page := strings.Repeat(`{"user_id":"auth0|1","email":"a@example.com"},`, 1000)
	w := newWorld(b, journal.Options{}, nil)
	tenant := roundTripper(func(*http.Request) (*http.Response, error) { return answer(200, page) })
	w.o.Transport = tenant
	for name, rt := range map[string]http.RoundTripper{"bare": tenant, "gateway": w.Gateway} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			b.SetBytes(int64(len(page)))
			for b.Loop() {
				res, err := rt.RoundTrip(request(b.Context(), b, "GET", "/api/v2/users?page=0", ""))
				if err != nil {
					b.Fatal(err)
				}
				if n, err := io.Copy(io.Discard, res.Body); err != nil || n != int64(len(page)) {
					b.Fatal(n, err)
				}
			}
		})
	}
}
