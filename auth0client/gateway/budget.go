package gateway

import (
	"context"
	"math/rand/v2"
	"net/http"
	"sync"
	"time"

	"usher/auth0client/ratelimit"
)

const (
	maxTries = 5
	maxWait  = 90 * time.Second
	// tellAfter is how long a request may wait without its operator being told.
	tellAfter = time.Second
	// At most stormMost requests meet a 429 within stormOver, however many callers wait.
	stormMost = 6
	stormOver = 15 * time.Second
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

// asker is on whose account, and how urgently, the tenant is asked. Operators are told apart for the order of their turns.
type asker struct {
	priority int
	operator string // subject
}

type askerKey struct{}

// withAsker has all that the tenant is asked with the context, a request's own questions among it, go on its account.
func withAsker(r *http.Request, operator string) *http.Request {
	a := asker{priority: priorityOf(r, r.Method != http.MethodGet), operator: operator}
	return r.WithContext(context.WithValue(r.Context(), askerKey{}, a))
}

// askerOf is nobody in particular, at once, where no operator waits.
func askerOf(ctx context.Context) asker {
	a, _ := ctx.Value(askerKey{}).(asker)
	return a
}

// claim is a request's claim on the budget.
type claim struct {
	asker
	class    string
	deadline time.Time       // a 429 that lasts longer is told rather than waited out
	notice   func(time.Time) // told when the request waits for long; may be nil
	again    bool            // a 429 sent it back
}

// limitedError: the tenant limits requests for longer than the request can wait.
type limitedError struct{ until time.Time }

func (e *limitedError) Error() string {
	return "the tenant's rate limit is reached until " + e.until.UTC().Format(time.RFC3339)
}

// budget learns the tenant's limits from its answers, lets requests go in the order of their urgency, and holds them back
// while only the reserve is left: the limit is shared with the customer's production. It runs nothing of its own: the
// first in a line keeps the time for all in it.
type budget struct {
	now     func() time.Time
	after   func(time.Duration) <-chan time.Time
	reserve float64

	mu     sync.Mutex
	seq    uint64
	meters map[string]*meter // by class; classes that share a limit share a meter
	common *meter            // of classes that no answer told of yet, as long as all limits met are one
	heard  *meter            // by the last answer
	storm  []time.Time       // when the requests went that met a 429 lately
}

func newBudget(now func() time.Time, after func(time.Duration) <-chan time.Time, reserve float64) *budget {
	return &budget{now: now, after: after, reserve: reserve, meters: map[string]*meter{}, common: newMeter()}
}

func (b *budget) snapshot() Budget {
	b.mu.Lock()
	defer b.mu.Unlock()
	m := b.heard
	if m == nil {
		return Budget{}
	}
	return Budget{Limit: m.limit, Remaining: max(int(m.left(b.now())), 0), Reset: m.reset, Known: true}
}

// waiting is how many requests wait for their turn.
func (b *budget) waiting() int {
	b.mu.Lock()
	defer b.mu.Unlock()
	n := 0
	for _, m := range b.distinct() {
		m.queue.all(func(*waiter) { n++ })
	}
	return n
}

// distinct are the meters, each once.
func (b *budget) distinct() []*meter {
	out := []*meter{b.common}
	seen := map[*meter]bool{b.common: true}
	for _, m := range b.meters {
		if !seen[m] {
			seen[m] = true
			out = append(out, m)
		}
	}
	return out
}

func (b *budget) floor(m *meter, priority int) int {
	if priority == action {
		return 0
	}
	return int(b.reserve * float64(m.limit) * float64(priority))
}

// take waits for the turn of a request. It ends at once with ctx, or with a limitedError when the tenant's limit lasts
// longer than the request can wait.
func (b *budget) take(ctx context.Context, a claim) (*turn, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	b.mu.Lock()
	m := b.meterOf(a.class)
	b.seq++
	w := &waiter{claim: a, seq: b.seq, wake: make(chan struct{}, 1)}
	m.queue.add(w)
	b.mu.Unlock()
	for {
		t, wait, tell, err := b.step(m, w)
		switch {
		case err != nil || t != nil:
			return t, err
		case !tell.IsZero() && w.notice != nil:
			w.notice(tell)
		}
		var timer <-chan time.Time
		if wait > 0 {
			timer = b.after(wait)
		}
		select {
		case <-ctx.Done():
			return b.leave(m, w, ctx.Err())
		case <-w.wake:
		case <-timer:
		}
	}
}

// leave takes a waiter out of its line. Who got a turn at the same moment gives it back.
func (b *budget) leave(m *meter, w *waiter, why error) (*turn, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if w.turn == nil {
		m.queue.remove(w, false)
	} else {
		m.land(w.turn, false)
	}
	b.dispatch(m, nil)
	return nil, why
}

// step lets go who may go, and says how long w is to wait and until when, if it is worth telling.
func (b *budget) step(m *meter, w *waiter) (t *turn, wait time.Duration, tell time.Time, err error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.dispatch(m, w)
	if w.turn != nil {
		return w.turn, 0, tell, nil
	}
	now := b.now()
	if m.until.After(w.deadline) {
		m.queue.remove(w, false)
		b.dispatch(m, w)
		return nil, 0, tell, &limitedError{until: m.until}
	}
	floor := b.floor(m, w.priority)
	if m.queue.head() == w {
		wait = m.wait(now, floor)
	}
	// Only the tenant's limit is worth telling, not that others go first.
	held := m.dry(now, floor)
	if until := now.Add(held); held >= tellAfter && until.Sub(w.noticed) >= tellAfter/2 {
		w.noticed, tell = until, until
	}
	return nil, wait, tell, nil
}

// dispatch gives the turns that there are, and wakes whoever is first in line then: its timer is the line's.
func (b *budget) dispatch(m *meter, current *waiter) {
	now := b.now()
	for {
		w := m.queue.head()
		if w == nil {
			return
		}
		if m.wait(now, b.floor(m, w.priority)) > 0 {
			if w != current {
				w.nudge()
			}
			return
		}
		m.queue.remove(w, true)
		b.seq++
		w.turn = &turn{class: w.class, seq: b.seq}
		m.depart(w.turn, now)
		if w != current {
			w.nudge()
		}
	}
}

// done ends a request's turn; h is nil when no answer came. For a 429 it says until when the tenant limits.
func (b *budget) done(t *turn, status int, h http.Header) (until time.Time) {
	b.mu.Lock()
	defer b.mu.Unlock()
	now := b.now()
	limited := status == http.StatusTooManyRequests
	m := t.meter
	m.land(t, h != nil && !limited)
	if l, ok := readLimits(h, now); ok {
		told := m // of the Authentication API, whose limits say nothing of the Management API's
		if t.class != authenticationClass {
			told = b.meterFor(t, l, now)
			b.heard = told
		}
		told.learn(t, l, !limited, now)
		if told != m {
			b.dispatch(told, nil)
		}
	}
	if limited {
		until = b.limited(m, t, h, now)
	}
	b.dispatch(m, nil)
	return until
}

// limited notes a 429. The tenant's headers say how long it lasts; when it lasts longer than that, each further try comes
// after twice the time. Jitter keeps several gateways from coming back together.
func (b *budget) limited(m *meter, t *turn, h http.Header, now time.Time) time.Time {
	if m.strikes == 0 || !t.start.Before(m.since) { // one of a burst is no further sign
		m.strikes++
	}
	m.since, m.probing, m.window = now, true, 1
	wait := max(ratelimit.Wait(h, now), time.Second<<min(m.strikes-1, 6))
	wait = min(wait, time.Minute) + rand.N(250*time.Millisecond) //nolint:gosec // jitter is no secret
	until := now.Add(wait)
	b.storm = append(b.storm, t.start)
	for len(b.storm) > 0 && now.Sub(b.storm[0]) > stormOver {
		b.storm = b.storm[1:]
	}
	if n := len(b.storm); n >= stormMost {
		if calm := b.storm[n-stormMost].Add(stormOver); calm.After(until) {
			until = calm
		}
	}
	if until.After(m.until) {
		m.until = until
	}
	m.queue.all((*waiter).nudge) // all are told
	return m.until
}

// meterOf is the meter a class waits at. As long as all that is known has one limit, so has what is not known yet.
func (b *budget) meterOf(class string) *meter {
	if m := b.meters[class]; m != nil {
		return m
	}
	apart := class == authenticationClass
	for name, m := range b.meters {
		apart = apart || name != authenticationClass && m != b.common
	}
	if !apart {
		return b.common
	}
	m := newMeter()
	b.meters[class] = m
	return m
}

// meterFor finds the meter that an answer is about. Classes with the same limit are taken to share it, until an answer
// shows that they cannot.
func (b *budget) meterFor(t *turn, l limits, now time.Time) *meter {
	m := b.meters[t.class]
	switch {
	case m != nil && m.limit == l.limit && !m.foreign(t, l, now):
		return m
	case m != nil && m.limit == l.limit:
		m = newMeter()
		m.land(&turn{start: now}, true)
		b.meters[t.class] = m
		return m
	case b.common.limit == 0:
		b.meters[t.class] = b.common
		return b.common
	}
	for name, other := range b.meters {
		if name != authenticationClass && other.limit == l.limit && !other.foreign(t, l, now) {
			b.meters[t.class] = other
			return other
		}
	}
	if m == nil || m.limit != 0 {
		m = newMeter()
		m.land(&turn{start: now}, true)
	}
	b.meters[t.class] = m
	return m
}
