package gateway

import (
	"context"
	"slices"
	"strings"
	"sync"
)

// locks lets one change of a user go on at a time. A change that waits gives up when its operator leaves.
type locks struct {
	mu   sync.Mutex
	held map[string]*place
}

type place struct {
	free  chan struct{} // holds one token while nobody changes the user
	users int           // who hold it or wait for it
}

func newLocks() *locks { return &locks{held: map[string]*place{}} }

// lock waits for all of these users, in one order, so that two changes of the same two cannot wait for each other.
func (l *locks) lock(ctx context.Context, ids []string) (unlock func(), err error) {
	keys := make([]string, len(ids))
	for i, id := range ids {
		keys[i] = strings.ToLower(id)
	}
	slices.Sort(keys)
	keys = slices.Compact(keys)
	for i, k := range keys {
		if err := l.take(ctx, k); err != nil {
			l.release(keys[:i])
			return nil, err
		}
	}
	return func() { l.release(keys) }, nil
}

func (l *locks) take(ctx context.Context, key string) error {
	l.mu.Lock()
	p := l.held[key]
	if p == nil {
		p = &place{free: make(chan struct{}, 1)}
		p.free <- struct{}{}
		l.held[key] = p
	}
	p.users++
	l.mu.Unlock()
	select {
	case <-p.free:
		return nil
	case <-ctx.Done():
		l.leave(key)
		return ctx.Err()
	}
}

func (l *locks) release(keys []string) {
	for _, k := range keys {
		l.mu.Lock()
		p := l.held[k]
		l.mu.Unlock()
		p.free <- struct{}{}
		l.leave(k)
	}
}

func (l *locks) leave(key string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	p := l.held[key]
	if p.users--; p.users == 0 {
		delete(l.held, key)
	}
}
