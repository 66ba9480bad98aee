package sshserver

import (
	"sync"
	"time"

	"usher/auth0client"
	"usher/ui"
)

// keepPlace is how long a lost connection can be taken up again.
const keepPlace = 10 * time.Minute

// places are where lost connections were, by the key's fingerprint: the last one of each operator who signed in with it.
type places struct {
	now func() time.Time

	mu   sync.Mutex
	kept map[string]map[auth0client.UserID]ui.Place
}

func newPlaces(now func() time.Time) *places {
	return &places{now: now, kept: map[string]map[auth0client.UserID]ui.Place{}}
}

func (p *places) keep(fingerprint string, place ui.Place) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for key, of := range p.kept { // what is too old goes; there are as many keys as operators
		for op, old := range of {
			if p.now().Sub(old.At) > keepPlace {
				delete(of, op)
			}
		}
		if len(of) == 0 {
			delete(p.kept, key)
		}
	}
	if p.kept[fingerprint] == nil {
		p.kept[fingerprint] = map[auth0client.UserID]ui.Place{}
	}
	p.kept[fingerprint][place.Operator] = place
}

// take gives a place back, once: of the same key and the same operator.
func (p *places) take(fingerprint string, op auth0client.UserID) (ui.Place, bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	place, ok := p.kept[fingerprint][op]
	if !ok || p.now().Sub(place.At) > keepPlace {
		return ui.Place{}, false
	}
	delete(p.kept[fingerprint], op)
	return place, true
}
