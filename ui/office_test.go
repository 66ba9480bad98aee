package ui

import (
	"sync/atomic"
	"testing"
	"time"

	"usher/auth0client/localtenant"
	"usher/ui/view"
)

// office is a floor whose clock a test moves: keys that come at once after a dialog opened are held for those of before.
type office struct {
	*floor
	ahead atomic.Int64
}

func openOffice(t *testing.T) *office {
	t.Helper()
	f := &office{floor: openFloor(t, localtenant.Options{SearchLag: -1})}
	f.app.o.Now = func() time.Time { return time.Now().Add(time.Duration(f.ahead.Load())) }
	f.requests()
	return f
}

// play is the floor's, and "wait" lets a second pass.
func (f *office) play(steps ...string) {
	f.t.Helper()
	for _, s := range steps {
		if s == "wait" {
			f.ahead.Add(int64(time.Second))
			continue
		}
		f.floor.play(s)
	}
}

// do carries out a wish as if the top view had it.
func (f *office) do(a view.Action) { f.run(f.app.perform(f.app.top().id, a, grace{})) }
