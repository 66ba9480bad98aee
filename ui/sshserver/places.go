package sshserver

import (
	"slices"
	"sync"
	"time"

	"usher/auth0client"
	"usher/ui"
)

// mostPlaces is how many lost connections of one operator and key are kept; the oldest gives way.
const mostPlaces = 10

// places are where lost connections were, by the key's fingerprint and who signed in with it. They are in memory alone, and
// go when their time is over.
type places struct {
	now  func() time.Time
	long time.Duration // how long each is kept

	mu   sync.Mutex
	kept map[string]map[auth0client.UserID][]ui.Place // the newest last
}

func newPlaces(now func() time.Time, long time.Duration) *places {
	return &places{now: now, long: long, kept: map[string]map[auth0client.UserID][]ui.Place{}}
}

func (p *places) keep(fingerprint string, place ui.Place) {
	p.mu.Lock()
	defer p.mu.Unlock()
	of := p.kept[fingerprint]
	if of == nil {
		of = map[auth0client.UserID][]ui.Place{}
		p.kept[fingerprint] = of
	}
	all := append(of[place.Operator], place)
	of[place.Operator] = slices.Clone(all[max(0, len(all)-mostPlaces):])
	time.AfterFunc(p.long, p.sweep)
}

// sweep forgets what is too old.
func (p *places) sweep() {
	p.mu.Lock()
	defer p.mu.Unlock()
	for key, of := range p.kept {
		for op, all := range of {
			left := slices.DeleteFunc(all, p.old)
			if of[op] = left; len(left) == 0 {
				delete(of, op)
			}
		}
		if len(of) == 0 {
			delete(p.kept, key)
		}
	}
}

func (p *places) old(place ui.Place) bool { return p.now().Sub(place.At) >= p.long }

// take gives the newest place back, once: of the same key and the same operator.
func (p *places) take(fingerprint string, op auth0client.UserID) (ui.Place, bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	of := p.kept[fingerprint]
	all := of[op]
	if len(all) == 0 || p.old(all[len(all)-1]) {
		return ui.Place{}, false
	}
	place := all[len(all)-1]
	all[len(all)-1] = ui.Place{}
	if of[op] = all[:len(all)-1]; len(of[op]) == 0 {
		delete(of, op)
	}
	if len(of) == 0 {
		delete(p.kept, fingerprint)
	}
	return place, true
}
