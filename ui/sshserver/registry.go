package sshserver

import (
	"sync"
	"sync/atomic"
	"time"
)

// live is a session that runs.
type live struct {
	cut   func()       // ends the connection, whatever runs
	typed atomic.Int64 // when something was typed last, in nanoseconds
	lost  atomic.Bool  // the client went without a word

	mu    sync.Mutex
	tell  func(text string) // shows a notice; may be nil
	quit  func()            // asks what runs to end; nil before it runs
	why   string            // why it was ended from here; empty: it was not
	ended chan struct{}
}

// quitWithin is how long a session may take to end once it is asked to.
const quitWithin = 2 * time.Second

// end ends the session, and says why on what is left of its screen.
func (l *live) end(why string) {
	l.mu.Lock()
	first := l.why == ""
	if first {
		l.why = why
	}
	quit := l.quit
	l.mu.Unlock()
	if !first {
		return
	}
	if quit != nil {
		go quit() // it waits for a program that may be stuck
	}
	go func() {
		timer := time.NewTimer(quitWithin)
		defer timer.Stop()
		select {
		case <-timer.C:
			l.cut()
		case <-l.ended:
		}
	}()
}

// begin says how what runs now is reached.
func (l *live) begin(tell func(string), quit func()) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.tell, l.quit = tell, quit
	if l.why != "" {
		go quit()
	}
}

// notify shows a notice, where there is a screen.
func (l *live) notify(text string) {
	l.mu.Lock()
	tell := l.tell
	l.mu.Unlock()
	if tell != nil {
		tell(text)
	}
}

// reason is why the session was ended from here.
func (l *live) reason() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.why
}

// registry knows the sessions that run.
type registry struct {
	perKey int

	mu     sync.Mutex
	all    map[*live]string // and the fingerprints of their keys
	of     map[string]int
	open   map[string]int // channels of each key, whatever they do
	closed bool
	empty  chan struct{} // closed when all are gone after the server was told to stop
}

func newRegistry(perKey int) *registry {
	return &registry{perKey: perKey, all: map[*live]string{}, of: map[string]int{}, open: map[string]int{}, empty: make(chan struct{})}
}

// spare is how many channels a key may have beyond its sessions: enough to say in them that there are too many. Each channel
// may hold two megabytes that nobody reads.
const spare = 2

// openChannel counts a channel of a key; false when it has too many.
func (r *registry) openChannel(fingerprint string) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.open[fingerprint] >= r.perKey+spare {
		return false
	}
	r.open[fingerprint]++
	return true
}

func (r *registry) closeChannel(fingerprint string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.open[fingerprint]--; r.open[fingerprint] <= 0 {
		delete(r.open, fingerprint)
	}
}

// enter adds a session; false when its key has too many, or the server stops.
func (r *registry) enter(l *live, fingerprint string) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.closed || r.of[fingerprint] >= r.perKey {
		return false
	}
	l.ended = make(chan struct{})
	r.all[l] = fingerprint
	r.of[fingerprint]++
	return true
}

func (r *registry) leave(l *live) {
	r.mu.Lock()
	defer r.mu.Unlock()
	fingerprint, ok := r.all[l]
	if !ok {
		return
	}
	close(l.ended)
	delete(r.all, l)
	if r.of[fingerprint]--; r.of[fingerprint] <= 0 {
		delete(r.of, fingerprint)
	}
	if r.closed && len(r.all) == 0 {
		close(r.empty)
	}
}

// tellAll lets nobody else in and tells everybody; false when nobody is there.
func (r *registry) tellAll(text string) bool {
	r.mu.Lock()
	r.closed = true
	anybody := len(r.all) > 0
	if !anybody {
		close(r.empty)
	}
	for l := range r.all {
		go l.notify(text)
	}
	r.mu.Unlock()
	return anybody
}

func (r *registry) endAll(why string) {
	r.mu.Lock()
	var all []*live
	for l := range r.all {
		all = append(all, l)
	}
	r.mu.Unlock()
	for _, l := range all {
		l.end(why)
	}
}

// gone is closed once the last session has left a server that stops.
func (r *registry) gone() <-chan struct{} { return r.empty }
