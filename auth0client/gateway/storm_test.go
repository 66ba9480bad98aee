package gateway

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"usher/auth0client/gateway/journal"
)

// served is a tenant with real waiting times, for tests whose clock is a bubble's.
type served struct {
	mu     sync.Mutex
	at     []time.Time
	most   int // requests under way at once
	busy   int
	answer func(r *http.Request, n int) (*http.Response, error)
	took   time.Duration
}

func (s *served) RoundTrip(r *http.Request) (*http.Response, error) {
	s.mu.Lock()
	s.at = append(s.at, time.Now())
	n := len(s.at)
	s.busy++
	s.most = max(s.most, s.busy)
	s.mu.Unlock()
	defer func() { s.mu.Lock(); s.busy--; s.mu.Unlock() }()
	select {
	case <-r.Context().Done():
		return nil, r.Context().Err()
	case <-time.After(s.took):
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.answer(r, n)
}

// within counts the requests of the first d after the first.
func (s *served) within(d time.Duration) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	n := 0
	for _, at := range s.at {
		if at.Sub(s.at[0]) < d {
			n++
		}
	}
	return n
}

func (s *served) count() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.at)
}

// gatewayTo makes a gateway on the bubble's clock.
func gatewayTo(t testing.TB, s http.RoundTripper, onWait func(time.Time)) *Gateway {
	t.Helper()
	j, err := journal.Open(t.TempDir(), journal.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = j.Close() })
	g, err := New(Options{
		Upstream: &url.URL{Scheme: "https", Host: "tenant.example"}, Verifier: verifier{}, M2M: tokenSource{}, Journal: j,
		Transport: s, OnWait: onWait,
	})
	if err != nil {
		t.Fatal(err)
	}
	return g
}

func TestAStormOf429sMeetsSixRequestsHoweverManyWait(t *testing.T) {
	for _, c := range []struct {
		name   string
		header func() []string
		warm   bool
	}{
		{"reset in the past", func() []string { return resetIn(-time.Hour) }, false},
		{"reset now", func() []string { return resetIn(0) }, false},
		{"reset far ahead", func() []string { return resetIn(time.Hour) }, false},
		{"no reset", func() []string { return nil }, false},
		{"reset now, after a quiet time", func() []string { return resetIn(0) }, true},
		{"no reset, after a quiet time", func() []string { return nil }, true},
	} {
		for _, callers := range []int{1, 4, 200} {
			t.Run(fmt.Sprintf("%s, %d callers", c.name, callers), func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) { storm(t, c.header, c.warm, callers) })
			})
		}
	}
}

func resetIn(d time.Duration) []string {
	now := time.Now()
	return []string{
		"X-RateLimit-Limit", "50", "X-RateLimit-Remaining", "0", "X-RateLimit-Reset", strconv.FormatInt(now.Add(d).Unix(), 10),
		"Date", now.UTC().Format(http.TimeFormat),
	}
}

func storm(t *testing.T, header func() []string, warm bool, callers int) {
	calm := warm
	s := &served{took: 50 * time.Millisecond, answer: func(*http.Request, int) (*http.Response, error) {
		if calm {
			return answer(200, `[]`, "X-RateLimit-Limit", "50", "X-RateLimit-Remaining", "49")
		}
		return answer(429, `{"statusCode":429}`, header()...)
	}}
	var mu sync.Mutex
	var told []time.Time
	g := gatewayTo(t, s, func(time.Time) { mu.Lock(); told = append(told, time.Now()); mu.Unlock() })
	if warm {
		for range 3 {
			if _, err := g.RoundTrip(request(t.Context(), t, "GET", user, "")); err != nil {
				t.Fatal(err)
			}
		}
		time.Sleep(time.Minute)
		calm = false
		s.at = nil
	}
	start := time.Now()
	ctx, cancel := context.WithCancel(t.Context())
	var all sync.WaitGroup
	for i := range callers {
		all.Go(func() {
			r := request(ctx, t, "GET", user, "")
			if i%3 == 2 {
				r = request(ctx, t, "PATCH", user, `{"blocked":true}`)
			}
			_, _ = g.RoundTrip(r)
		})
	}
	time.Sleep(15 * time.Second)
	if n := s.within(15 * time.Second); n > 6 || n == 0 {
		t.Errorf("%d requests within 15 s, want 1 to 6", n)
	}
	mu.Lock()
	if len(told) == 0 || told[0].Sub(start) > time.Second {
		t.Errorf("the first word of it came at %v", told)
	}
	mu.Unlock()
	cancel()
	left := time.Now()
	all.Wait()
	// Changes go on when their operator leaves, and are bounded by themselves.
	if callers < 3 && time.Since(left) > 100*time.Millisecond {
		t.Errorf("leaving took %v", time.Since(left))
	}
}

func TestAfterAStormOneRequestAsksBeforeTheOthersFollow(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &served{took: 200 * time.Millisecond, answer: func(_ *http.Request, n int) (*http.Response, error) {
			if n == 1 {
				return answer(429, `{}`, "Retry-After", "2")
			}
			return answer(200, `[]`)
		}}
		g := gatewayTo(t, s, nil)
		var all sync.WaitGroup
		for range 20 {
			all.Go(func() {
				res, err := g.RoundTrip(request(t.Context(), t, "GET", user, ""))
				if err != nil || res.StatusCode != 200 {
					t.Errorf("a read ends with %v, %v", res, err)
				}
			})
		}
		all.Wait()
		if gap := s.at[1].Sub(s.at[0]); gap < 2*time.Second || gap > 3*time.Second {
			t.Errorf("the second request came after %v", gap)
		}
		if gap := s.at[2].Sub(s.at[1]); gap < 200*time.Millisecond {
			t.Errorf("the third came %v after the second, before its answer", gap)
		}
		if len(s.at) != 21 {
			t.Errorf("%d requests, want 21", len(s.at))
		}
	})
}

func TestAWaitingRequestLeavesAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &served{answer: func(*http.Request, int) (*http.Response, error) {
			return answer(429, `{}`, "Retry-After", "40")
		}}
		g := gatewayTo(t, s, nil)
		ctx, cancel := context.WithCancel(t.Context())
		var all sync.WaitGroup
		for range 30 {
			all.Go(func() {
				if _, err := g.RoundTrip(request(ctx, t, "GET", user, "")); !errors.Is(err, context.Canceled) {
					t.Errorf("ends with %v", err)
				}
			})
		}
		time.Sleep(3 * time.Second)
		if n := g.budget.waiting(); n != 30 {
			t.Errorf("%d wait, want 30", n)
		}
		cancel()
		before := time.Now()
		all.Wait()
		if d := time.Since(before); d > 100*time.Millisecond {
			t.Errorf("leaving took %v", d)
		}
		if n := g.budget.waiting(); n != 0 {
			t.Errorf("%d still wait", n)
		}
	})
}

func TestATenantThatHangsOnOneRequestHoldsNobodyElse(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &served{answer: func(*http.Request, int) (*http.Response, error) { return answer(200, `{}`) }}
		hang := roundTripper(func(r *http.Request) (*http.Response, error) {
			if r.URL.Path == "/api/v2/users" {
				<-r.Context().Done()
				return nil, r.Context().Err()
			}
			return s.RoundTrip(r)
		})
		g := gatewayTo(t, hang, nil)
		ctx, cancel := context.WithCancel(t.Context())
		var all sync.WaitGroup
		for range 40 {
			all.Go(func() { _, _ = g.RoundTrip(request(ctx, t, "GET", "/api/v2/users", "")) })
		}
		time.Sleep(12 * time.Second)
		before := time.Now()
		r := request(t.Context(), t, "GET", user, "")
		r.Header.Set("X-Usher-Priority", "action")
		if _, err := g.RoundTrip(r); err != nil {
			t.Fatal(err)
		}
		if d := time.Since(before); d > 2*time.Second {
			t.Errorf("a read of something else took %v", d)
		}
		cancel()
		all.Wait()
	})
}

// plan is a tenant with a token bucket, its headers as Auth0 sends them.
type plan struct {
	served
	mu          sync.Mutex
	burst, rate float64
	tokens      float64
	last        time.Time
	refused     int
	least       float64
}

func newPlan(burst, rate float64) *plan {
	now := time.Now()
	p := &plan{burst: burst, rate: rate, tokens: burst, last: now, least: burst}
	p.took = 40 * time.Millisecond
	p.answer = p.admit
	return p
}

func (p *plan) take() bool {
	now := time.Now()
	p.tokens = min(p.burst, p.tokens+p.rate*now.Sub(p.last).Seconds())
	p.last = now
	if p.tokens < 1 {
		return false
	}
	p.tokens--
	p.least = min(p.least, p.tokens)
	return true
}

func (p *plan) admit(*http.Request, int) (*http.Response, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	ok := p.take()
	now := time.Now()
	next := now.Add(time.Duration((1 - (p.tokens - float64(int(p.tokens)))) / p.rate * float64(time.Second)))
	header := []string{
		"X-RateLimit-Limit", strconv.Itoa(int(p.burst)), "X-RateLimit-Remaining", strconv.Itoa(int(p.tokens)),
		"X-RateLimit-Reset", strconv.FormatInt(next.Add(time.Second-1).Unix(), 10), "Date", now.UTC().Format(http.TimeFormat),
	}
	if !ok {
		p.refused++
		return answer(429, `{}`, header...)
	}
	return answer(200, `[]`, header...)
}

// shift is what became of a simulated time at work.
type shift struct {
	waits   []time.Duration // of interactive reads, beyond the tenant's own time
	refused int             // 429s of the tenant
	failed  int             // answers that were no success
	use     float64         // of what the plan allowed
	least   float64         // left in the bucket
}

// work runs a bulk job and operators at work for a time, on a plan.
func work(t testing.TB, burst, rate float64, operators int, pause, during time.Duration) shift {
	p := newPlan(burst, rate)
	g := gatewayTo(t, p, nil)
	ctx, cancel := context.WithTimeout(t.Context(), during)
	defer cancel()
	var mu sync.Mutex
	var out shift
	ask := func(who, priority, path string) {
		r := request(ctx, t, "GET", path, "")
		r.Header.Set("X-Usher-Priority", priority)
		before := time.Now()
		res, err := g.RoundTrip(r)
		waited := time.Since(before) - p.took
		mu.Lock()
		defer mu.Unlock()
		switch {
		case ctx.Err() != nil:
		case err != nil || res.StatusCode != 200:
			out.failed++
		case who != "bulk":
			out.waits = append(out.waits, waited)
		}
		if res != nil {
			_, _ = io.Copy(io.Discard, res.Body)
		}
	}
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() {
			for ctx.Err() == nil {
				ask("bulk", "bulk", user)
			}
		})
	}
	for i := range operators {
		all.Go(func() {
			wait(ctx, time.Duration(i)*pause/time.Duration(operators))
			for ctx.Err() == nil { // a search, then a user's four parts
				ask("operator", "screen", "/api/v2/users")
				var parts sync.WaitGroup
				for _, part := range []string{"", "/roles", "/authentication-methods", "/logs"} {
					parts.Go(func() { ask("operator", "screen", user+part) })
				}
				parts.Wait()
				wait(ctx, pause)
			}
		})
	}
	all.Wait()
	p.mu.Lock()
	defer p.mu.Unlock()
	allowed := rate*during.Seconds() + burst*(1-0.2)
	out.refused, out.least = p.refused, p.least
	out.use = float64(p.count()-p.refused) / allowed
	slices.Sort(out.waits)
	return out
}

func wait(ctx context.Context, d time.Duration) {
	select {
	case <-ctx.Done():
	case <-time.After(d):
	}
}

func (s shift) p95() time.Duration {
	if len(s.waits) == 0 {
		return 0
	}
	return s.waits[len(s.waits)*95/100]
}

func TestThreeOperatorsAndABulkRunShareTheBudget(t *testing.T) {
	for _, c := range []struct {
		name        string
		burst, rate float64
	}{
		{"Enterprise, 16 a second", 50, 16}, {"Private Cloud, 50 a second", 50, 50}, {"Professional, users", 40, 500.0 / 60},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := work(t, c.burst, c.rate, 3, 5*time.Second, 40*time.Second)
				t.Logf("interactive reads: %d, p95 wait %v (target 250ms); 429s %d (0); use %.1f%% (90%%); least left %.0f",
					len(s.waits), s.p95(), s.refused, s.use*100, s.least)
				if s.p95() > 250*time.Millisecond || s.refused > 0 || s.failed > 0 || s.use < 0.9 {
					t.Errorf("%+v", s)
				}
			})
		})
	}
}

func TestAReadOfATenantThatHangsIsBounded(t *testing.T) {
	for _, c := range []struct {
		name  string
		hangs time.Duration // until the connection breaks
		tries int
		ends  time.Duration
	}{
		{"for ever", time.Hour, 1, 30 * time.Second},
		{"then breaks late", 20 * time.Second, 1, 20 * time.Second},
		{"then breaks soon, twice", 5 * time.Second, 2, 11 * time.Second},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				tries := 0
				g := gatewayTo(t, roundTripper(func(r *http.Request) (*http.Response, error) {
					tries++
					wait(r.Context(), c.hangs)
					return nil, errors.New("connection reset by peer")
				}), nil)
				before := time.Now()
				_, err := g.RoundTrip(request(t.Context(), t, "GET", user, ""))
				if took := time.Since(before); err == nil || took != c.ends || tries != c.tries {
					t.Errorf("ends with %v after %v and %d tries, want %v and %d", err, took, tries, c.ends, c.tries)
				}
			})
		})
	}
}
