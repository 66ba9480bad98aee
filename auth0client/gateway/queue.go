package gateway

import "time"

// waiter is a request that waits for its turn.
type waiter struct {
	claim
	tag     uint64 // its turn among those of its priority
	seq     uint64
	turn    *turn
	wake    chan struct{}
	noticed time.Time
}

// nudge wakes the waiter; once is enough.
func (w *waiter) nudge() {
	select {
	case w.wake <- struct{}{}:
	default:
	}
}

// before: who was sent away by a 429 comes first again, then whose turn is sooner.
func (w *waiter) before(other *waiter) bool {
	switch {
	case w.again != other.again:
		return w.again
	case w.tag != other.tag:
		return w.tag < other.tag
	}
	return w.seq < other.seq
}

// queue holds the waiters of a meter: the more urgent first; within a priority the operators take turns, so that nobody's
// many requests hold up another's few (start-time fair queueing).
type queue struct {
	lines [bulk + 1]line
}

type line struct {
	waiting []*waiter
	turn    uint64            // of whom was served last
	last    map[string]uint64 // the last turn given to each operator
}

func (q *queue) add(w *waiter) {
	l := &q.lines[w.priority]
	if l.last == nil {
		l.last = map[string]uint64{}
	}
	w.tag = max(l.turn, l.last[w.operator]) + 1
	l.last[w.operator] = w.tag
	l.waiting = append(l.waiting, w)
}

func (q *queue) head() *waiter {
	for i := range q.lines {
		var first *waiter
		for _, w := range q.lines[i].waiting {
			if first == nil || w.before(first) {
				first = w
			}
		}
		if first != nil {
			return first
		}
	}
	return nil
}

// remove takes a waiter out, who went or left.
func (q *queue) remove(w *waiter, went bool) {
	l := &q.lines[w.priority]
	for i, other := range l.waiting {
		if other == w {
			l.waiting = append(l.waiting[:i], l.waiting[i+1:]...)
			break
		}
	}
	if went {
		l.turn = w.tag
	}
	if len(l.waiting) == 0 {
		l.last, l.turn = nil, 0
	}
}

func (q *queue) all(do func(*waiter)) {
	for i := range q.lines {
		for _, w := range q.lines[i].waiting {
			do(w)
		}
	}
}
