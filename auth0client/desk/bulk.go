package desk

import (
	"context"
	"sync"
	"time"

	"usher/auth0client"
	"usher/auth0client/parallel"
)

// patience bounds one operation that nobody waits for any more.
const patience = 5 * time.Minute

// Perform runs one operation to its end, even when its asker goes meanwhile. reason, if any, goes into the journal.
func Perform(ctx context.Context, op Operation, reason string) Result {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), patience)
	defer cancel()
	if reason != "" {
		ctx = auth0client.WithReason(ctx, reason)
	}
	return op.Run(ctx)
}

// Item is one operation of a bulk run and what became of it.
type Item struct {
	Operation Operation
	Result    Result
	State     State
}

// State is how far an item is.
type State int

// The states of an item.
const (
	Waiting State = iota
	Running
	Succeeded
	Failed
	Stopped // not begun: the run was stopped, or the sign-in was lost
)

// atOnce is how many operations of a run are under way together. The gateway's budget paces them.
const atOnce = 4

// Bulk runs operations for a selection, with bulk priority: the gateway serves everybody else first. What has begun is
// finished; Stop keeps the rest from beginning. It is used once.
type Bulk struct {
	mu      sync.Mutex
	items   []Item
	stopped bool
	changed func(done, total int)
}

// NewBulk makes a run. changed, which may be nil, is told after each item, from several goroutines but one at a time.
func NewBulk(ops []Operation, changed func(done, total int)) *Bulk {
	b := &Bulk{items: make([]Item, len(ops)), changed: changed}
	for i, op := range ops {
		b.items[i].Operation = op
	}
	return b
}

// Stop lets what is under way finish and begins nothing more.
func (b *Bulk) Stop() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.stopped = true
}

// Items is how far each is, in the order given.
func (b *Bulk) Items() []Item {
	b.mu.Lock()
	defer b.mu.Unlock()
	return append([]Item(nil), b.items...)
}

// Run runs all. It returns when nothing is under way any more; the end of ctx stops it.
func (b *Bulk) Run(ctx context.Context, reason string) {
	next := make(chan int)
	var workers parallel.Group
	for range min(atOnce, len(b.items)) {
		workers.Go(func() {
			defer func() { // whatever happens, nobody waits for a worker that is gone
				for range next {
				}
			}()
			for i := range next {
				b.one(ctx, i, reason)
			}
		})
	}
	for i := range b.items {
		next <- i
	}
	close(next)
	workers.Wait()
}

func (b *Bulk) one(ctx context.Context, i int, reason string) {
	b.mu.Lock()
	b.stopped = b.stopped || ctx.Err() != nil
	if b.stopped {
		b.items[i].State = Stopped
		b.tell()
		b.mu.Unlock()
		return
	}
	b.items[i].State = Running
	op := b.items[i].Operation
	b.mu.Unlock()
	r := Perform(auth0client.WithPriority(ctx, auth0client.PriorityBulk), op, reason)
	b.mu.Lock()
	defer b.mu.Unlock()
	b.items[i].Result, b.items[i].State = r, Succeeded
	if r.Err != nil {
		b.items[i].State = Failed
	}
	b.stopped = b.stopped || r.SignInLost()
	b.tell()
}

func (b *Bulk) tell() {
	if b.changed == nil {
		return
	}
	done := 0
	for _, it := range b.items {
		if it.State >= Succeeded {
			done++
		}
	}
	b.changed(done, len(b.items))
}
