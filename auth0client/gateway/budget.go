package gateway

import (
	"context"
	"math/rand/v2"
	"net/http"
	"strconv"
	"sync"
	"time"

	"usher/auth0client/ratelimit"
)

const (
	maxTries = 5
	maxWait  = 90 * time.Second
)

// Budget is what is left of the tenant's rate limit.
type Budget struct {
	Limit, Remaining int
	Reset            time.Time
	Known            bool
}

// The priorities, soonest first.
const (
	action = iota
	screen
	prefetch
	bulk
)

func priorityOf(r *http.Request, write bool) int {
	switch r.Header.Get("X-Usher-Priority") {
	case "action":
		return action
	case "prefetch":
		return prefetch
	case "bulk":
		return bulk
	case "screen":
		return screen
	}
	if write {
		return action
	}
	return screen
}

// budget learns the tenant's limit from its answers and holds requests back while only the reserve is left: the limit is
// shared with the customer's production.
type budget struct {
	now     func() time.Time
	after   func(time.Duration) <-chan time.Time
	reserve float64

	mu    sync.Mutex
	known Budget
	until time.Time // a 429 is waited out until then
}

func newBudget(now func() time.Time, after func(time.Duration) <-chan time.Time, reserve float64) *budget {
	return &budget{now: now, after: after, reserve: reserve}
}

func (b *budget) snapshot() Budget {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.known
}

// take waits until a request of this priority may go. What is less urgent leaves more of the budget alone.
func (b *budget) take(ctx context.Context, priority int) error {
	for {
		wait := b.wait(priority)
		if wait <= 0 {
			return ctx.Err()
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-b.after(wait):
		}
	}
}

func (b *budget) wait(priority int) time.Duration {
	b.mu.Lock()
	defer b.mu.Unlock()
	now := b.now()
	if now.Before(b.until) {
		return b.until.Sub(now)
	}
	if !b.known.Known {
		return 0
	}
	if !now.Before(b.known.Reset) {
		b.known.Known = false // what was heard is old: ask and learn
		return 0
	}
	floor := 0
	if priority > action {
		floor = int(b.reserve * float64(b.known.Limit) * float64(priority))
	}
	if b.known.Remaining > min(floor, b.known.Limit-1) {
		b.known.Remaining--
		return 0
	}
	return min(max(b.known.Reset.Sub(now), 50*time.Millisecond), time.Second)
}

func (b *budget) learn(h http.Header) {
	limit, err1 := strconv.Atoi(h.Get("X-Ratelimit-Limit"))
	remaining, err2 := strconv.Atoi(h.Get("X-Ratelimit-Remaining"))
	if err1 != nil || err2 != nil {
		return
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	b.known = Budget{Limit: limit, Remaining: remaining, Reset: b.now().Add(ratelimit.Wait(h, b.now())), Known: true}
}

// limited notes a 429 and says how long to wait for it, with jitter so that several gateways do not come back together.
func (b *budget) limited(h http.Header) time.Duration {
	wait := ratelimit.Wait(h, b.now())
	wait += time.Duration(rand.Int64N(int64(250 * time.Millisecond))) //nolint:gosec // jitter is no secret
	b.mu.Lock()
	defer b.mu.Unlock()
	if until := b.now().Add(wait); until.After(b.until) {
		b.until = until
	}
	return wait
}
