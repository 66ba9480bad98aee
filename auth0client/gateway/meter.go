package gateway

import (
	"container/list"
	"net/http"
	"strconv"
	"time"
)

const (
	// young is how long a request counts as under way when it is asked how many go at once: a tenant that hangs on one
	// request must not hold the others.
	young = time.Second
	// calmWindow is how many requests go at once after a pause: all that a screen asks for, and few enough that a storm of
	// 429s that begins just then stays small.
	calmWindow = 4
	maxWindow  = 512
	// learnOver is the least time over which a refill is measured: what remains is told in whole requests.
	learnOver = time.Second
)

// meter is one token bucket of the tenant as far as its answers tell of it.
type meter struct {
	limit  int     // its size; 0 as long as the tenant has named none
	level  float64 // what was left at `at`
	at     time.Time
	rate   float64   // refill a second, net of what others take
	refill time.Time // nothing is added before
	reset  time.Time // as the tenant told it

	told      int // what was left by the last answer, for whom, and when it came
	toldClass string
	toldAt    time.Time
	toldSeq   uint64

	anchor   time.Time // the refill is measured from here
	anchored int       // what was left then
	counted  int       // answers since

	window  int // how many requests may be under way
	probing bool
	until   time.Time // a 429 is waited out until then
	since   time.Time // when the last 429 came
	strikes int       // 429s without a success between

	flying *list.List // of *turn, oldest first, young ones only
	used   time.Time  // when the last request went
	queue  queue
}

func newMeter() *meter { return &meter{window: 1, probing: true, flying: list.New()} }

// turn is a request under way.
type turn struct {
	meter *meter
	class string
	seq   uint64
	start time.Time
	place *list.Element
}

// left is what is left at a time, as far as anybody knows.
func (m *meter) left(now time.Time) float64 {
	level, from := m.level, m.at
	if !m.refill.IsZero() {
		if now.Before(m.refill) {
			return level
		}
		if from.Before(m.refill) {
			level, from = level+1, m.refill
		}
	}
	return min(level+m.rate*max(0, now.Sub(from).Seconds()), float64(m.limit))
}

// wait is how long until a request may go that leaves floor of what remains; 0 is now.
func (m *meter) wait(now time.Time, floor int) time.Duration {
	if d := m.crowded(now); d > 0 && !now.Before(m.until) {
		return d
	}
	return m.dry(now, floor)
}

// crowded is how long until fewer requests are under way, if no answer comes before.
func (m *meter) crowded(now time.Time) time.Duration {
	m.age(now)
	if m.flying.Len() == 0 && now.Sub(m.used) > young {
		m.window = min(m.window, calmWindow)
	}
	if m.flying.Len() < m.window {
		return 0
	}
	oldest, _ := m.flying.Front().Value.(*turn)
	return max(oldest.start.Add(young).Sub(now), time.Millisecond)
}

// dry is how long the tenant's limit itself holds a request back.
func (m *meter) dry(now time.Time, floor int) time.Duration {
	if now.Before(m.until) {
		return m.until.Sub(now)
	}
	if m.limit == 0 || m.probing { // somebody has to ask
		return 0
	}
	need := float64(min(floor, m.limit-1)+1) - m.left(now)
	if need <= 0 {
		return 0
	}
	if now.Before(m.refill) {
		return m.refill.Sub(now)
	}
	return time.Duration(need/m.rate*float64(time.Second)) + time.Millisecond
}

// age takes requests off the list of those under way that are so for long.
func (m *meter) age(now time.Time) {
	for e := m.flying.Front(); e != nil; e = m.flying.Front() {
		t, _ := e.Value.(*turn)
		if now.Sub(t.start) < young {
			return
		}
		m.flying.Remove(e)
		t.place = nil
		if m.strikes == 0 { // whoever hangs, it is no 429
			m.window = max(m.window, calmWindow)
		}
	}
}

func (m *meter) depart(t *turn, now time.Time) {
	t.meter, t.start = m, now
	t.place = m.flying.PushBack(t)
	m.used = now
	if m.limit > 0 {
		// Without this the next request of the same moment would count on the same token.
		m.level, m.at = m.left(now)-1, now
	}
}

// land ends a request; answered says that the tenant answered it, and not with a 429.
func (m *meter) land(t *turn, answered bool) {
	full := m.flying.Len() >= m.window
	if t.place != nil {
		m.flying.Remove(t.place)
		t.place = nil
	}
	if !answered || t.start.Before(m.since) {
		return
	}
	m.strikes = 0
	switch {
	case m.probing:
		m.probing, m.window = false, calmWindow
	case full:
		m.window = min(m.window+1, maxWindow)
	}
}

// limits are the headers that tell of a bucket.
type limits struct {
	limit, remaining int
	reset            time.Duration // until tokens are added, by the tenant's own clock
}

func readLimits(h http.Header, now time.Time) (limits, bool) {
	limit, err1 := strconv.Atoi(h.Get("X-Ratelimit-Limit"))
	remaining, err2 := strconv.Atoi(h.Get("X-Ratelimit-Remaining"))
	if err1 != nil || err2 != nil || limit <= 0 || remaining < 0 {
		return limits{}, false
	}
	l := limits{limit: limit, remaining: min(remaining, limit)}
	if d, err := http.ParseTime(h.Get("Date")); err == nil {
		now = d
	}
	if reset, err := strconv.ParseInt(h.Get("X-Ratelimit-Reset"), 10, 64); err == nil {
		l.reset = min(max(time.Unix(reset, 0).Sub(now), 0), time.Minute)
	}
	return l, true
}

// foreign reports that an answer cannot be about this bucket: more is left than anybody could have added since another
// class of requests was told of it. No plan refills faster than its whole size in a second.
func (m *meter) foreign(t *turn, l limits, now time.Time) bool {
	if m.toldAt.IsZero() || t.class == m.toldClass || t.seq < m.toldSeq {
		return false
	}
	most := float64(m.told) + float64(m.limit)*now.Sub(m.toldAt).Seconds() + 2 + float64(m.flying.Len())
	return float64(l.remaining) > most
}

// learn takes in what an answer tells. An older answer that comes after a newer one tells nothing.
func (m *meter) learn(t *turn, l limits, counts bool, now time.Time) {
	if m.limit != l.limit {
		m.limit, m.anchor = l.limit, time.Time{}
		m.rate = float64(l.limit) / 8 // below what any plan refills; soon measured
	} else if t.seq < m.toldSeq {
		if counts {
			m.counted++
		}
		return
	}
	if counts {
		m.counted++
	}
	m.measure(l, now)
	m.told, m.toldClass, m.toldAt, m.toldSeq = l.remaining, t.class, now, t.seq
	// Those under way may or may not be counted in already.
	m.level, m.at = float64(max(l.remaining-m.flying.Len(), -l.limit)), now
	m.reset, m.refill = now.Add(l.reset), time.Time{}
	// Both the reset and the tenant's clock are told in whole seconds: only a longer wait, or an empty bucket, is meant.
	if l.remaining == 0 || l.reset > 2*time.Second {
		m.refill = m.reset
	}
}

// measure reckons the refill from what is left now, what was left before and what was asked between.
func (m *meter) measure(l limits, now time.Time) {
	elapsed := now.Sub(m.anchor)
	if !m.anchor.IsZero() && elapsed < learnOver {
		return
	}
	// A full bucket overflows, and after a long time it may have been full: both tell less than the refill.
	if !m.anchor.IsZero() && elapsed < 10*learnOver && l.remaining < l.limit-1 && m.anchored < l.limit-1 {
		seen := float64(l.remaining-m.anchored+m.counted) / elapsed.Seconds()
		m.rate = min(max((m.rate+seen)/2, float64(l.limit)/20, 0.4), float64(l.limit))
	}
	m.anchor, m.anchored, m.counted = now, l.remaining, 0
}
