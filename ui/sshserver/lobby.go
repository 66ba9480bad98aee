package sshserver

import (
	"errors"
	"net"
	"net/netip"
	"slices"
	"sync"
	"time"
)

const (
	// patience is how long a connection may take to prove a key while others wait for its place.
	patience = 2 * time.Second
	// mistakes is how many connections of an address may fail to prove an allowed key within forgive.
	mistakes = 10
	forgive  = time.Minute
	// mostSilent is how many connections may have said nothing yet. They cost little, and are dropped first.
	mostSilent = 500
	// mostAddresses bounds what is remembered of mistakes.
	mostAddresses = 10_000
)

var (
	errFull    = errors.New("there are too many connections")
	errCrowd   = errors.New("there are too many connections of this address")
	errSpray   = errors.New("too many keys of this address were refused lately")
	errNoPlace = errors.New("too many others were proving their keys")
	errDropped = errors.New("it said nothing, and others came")
)

// lobby counts connections from when they are accepted, so that what a client may take is bounded before it proved anything.
type lobby struct {
	limits Limits
	now    func() time.Time

	mu       sync.Mutex
	inside   map[*door]bool
	of       map[netip.Addr]int
	silent   []*door       // has said nothing yet; oldest first
	knocking []*door       // has a place, and has not proved a key yet; oldest first
	freed    chan struct{} // closed when a place is free
	failed   map[netip.Addr]failures
}

type failures struct {
	n     int
	since time.Time
}

func newLobby(l Limits, now func() time.Time) *lobby {
	return &lobby{
		limits: l, now: now, inside: map[*door]bool{}, of: map[netip.Addr]int{}, freed: make(chan struct{}), failed: map[netip.Addr]failures{},
	}
}

// addressOf is a connection's address as it is shown, and the one its connections are counted under: whoever has an IPv6
// address has 2^64 of them.
func addressOf(c net.Conn) (shown, counted netip.Addr) {
	at, err := netip.ParseAddrPort(c.RemoteAddr().String())
	if err != nil {
		return netip.Addr{}, netip.Addr{}
	}
	shown = at.Addr().Unmap().WithZone("")
	counted = shown
	if shown.Is6() {
		if p, err := shown.Prefix(64); err == nil {
			counted = p.Addr()
		}
	}
	return shown, counted
}

// admit lets a connection say something. The caller closes one that is refused.
func (l *lobby) admit(d *door) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	f, seen := l.failed[d.counted]
	if seen && l.now().Sub(f.since) >= forgive {
		delete(l.failed, d.counted)
		f = failures{}
	}
	switch {
	case f.n >= mistakes:
		return errSpray
	case l.of[d.counted] >= l.limits.PerAddress:
		return errCrowd
	}
	if len(l.silent) >= mostSilent {
		mute := ofMost(l.silent)
		l.drop(mute)
		mute.hangUp()
	}
	l.silent = append(l.silent, d)
	l.inside[d] = true
	l.of[d.counted]++
	return nil
}

// speak lets a connection that has said something begin to prove its key, as soon as there is a place: whoever connects and
// says nothing takes none.
func (l *lobby) speak(d *door) error {
	if err := l.spoken(d); err != nil {
		return err
	}
	deadline := l.now().Add(l.limits.Handshake)
	for {
		freed, next, ok := l.place(d)
		if ok {
			return nil
		}
		if !l.now().Before(deadline) {
			return errNoPlace
		}
		wait(next, freed)
	}
}

func (l *lobby) spoken(d *door) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	i := slices.Index(l.silent, d)
	if i < 0 {
		return errDropped
	}
	if len(l.inside)-len(l.silent) >= l.limits.Connections {
		return errFull
	}
	l.silent = slices.Delete(l.silent, i, i+1)
	return nil
}

// place gives d a place among those who prove their keys. When all are taken, the oldest connection of the address that has
// most of them loses its own once its patience is over; until then, next says when to look again.
func (l *lobby) place(d *door) (freed <-chan struct{}, next time.Duration, ok bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(l.knocking) >= l.limits.HalfOpen {
		slow := ofMost(l.knocking)
		if age := l.now().Sub(slow.since); age < patience {
			return l.freed, patience - age, false
		}
		l.unknock(slow)
		slow.hangUp()
	}
	d.since = l.now()
	l.knocking = append(l.knocking, d)
	return nil, 0, true
}

// ofMost is the oldest connection of the address that has most of them.
func ofMost(all []*door) *door {
	count := map[netip.Addr]int{}
	for _, d := range all {
		count[d.counted]++
	}
	old := all[0]
	for _, d := range all {
		if count[d.counted] > count[old.counted] {
			old = d
		}
	}
	return old
}

func (l *lobby) unknock(d *door) {
	i := slices.Index(l.knocking, d)
	if i < 0 {
		return
	}
	l.knocking = slices.Delete(l.knocking, i, i+1)
	close(l.freed)
	l.freed = make(chan struct{})
}

// proved gives d's place to others.
func (l *lobby) proved(d *door) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.unknock(d)
	delete(l.failed, d.counted)
}

// mistaken notes that no key of d was one that is allowed.
func (l *lobby) mistaken(d *door) {
	l.mu.Lock()
	defer l.mu.Unlock()
	f := l.failed[d.counted]
	if f.n == 0 || l.now().Sub(f.since) >= forgive {
		f = failures{since: l.now()}
	}
	f.n++
	if len(l.failed) >= mostAddresses {
		clear(l.failed)
	}
	l.failed[d.counted] = f
}

func (l *lobby) leave(d *door) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.drop(d)
}

// drop forgets a connection, for who holds l.mu.
func (l *lobby) drop(d *door) {
	l.unknock(d)
	if i := slices.Index(l.silent, d); i >= 0 {
		l.silent = slices.Delete(l.silent, i, i+1)
	}
	if !l.inside[d] {
		return
	}
	delete(l.inside, d)
	if l.of[d.counted]--; l.of[d.counted] <= 0 {
		delete(l.of, d.counted)
	}
}
