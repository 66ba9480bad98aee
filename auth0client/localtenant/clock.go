package localtenant

import (
	"sync/atomic"
	"time"
)

// shiftedClock is the tenant's clock: another clock, moved on by tests that cannot wait and moved off by a fault.
type shiftedClock struct {
	base    func() time.Time
	ahead   atomic.Int64 // nanoseconds it was advanced for good
	skew    atomic.Int64 // nanoseconds it is wrong by, until the fault is cleared
	touched atomic.Bool
}

func (c *shiftedClock) now() time.Time { return c.base().Add(c.shift()) }

func (c *shiftedClock) shift() time.Duration { return time.Duration(c.ahead.Load() + c.skew.Load()) }

// Advance moves the tenant's clock on, so that what takes days can be seen now. It cannot be taken back.
func (t *Tenant) Advance(by time.Duration) {
	t.wall.ahead.Add(int64(max(by, 0)))
	t.wall.touched.Store(true)
}

// SkewClock makes the tenant's clock wrong by a time, in its tokens as well as in the Date of its answers. Zero rights it.
func (t *Tenant) SkewClock(by time.Duration) {
	t.wall.skew.Store(int64(by))
	t.wall.touched.Store(true)
}
