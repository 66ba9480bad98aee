// Package parallel does things at the same time for somebody who waits for all of them.
package parallel

import (
	"fmt"
	"runtime/debug"
	"sync"
)

// Group is a [sync.WaitGroup] whose panics come to whoever waits. In a goroutine of its own a panic ends the process, and with
// it the sessions of everybody it serves; the one who waits is where a session, or a request, catches its own.
type Group struct {
	work sync.WaitGroup

	mu    sync.Mutex
	first *Panic
}

// Panic is the first panic of a group.
type Panic struct {
	Value any
	Stack []byte // of the goroutine it happened in
}

// Error implements error.
func (p *Panic) Error() string { return fmt.Sprintf("%v\n\n%s", p.Value, p.Stack) }

// Go calls f in a goroutine of its own.
func (g *Group) Go(f func()) {
	g.work.Go(func() {
		defer func() {
			if p := recover(); p != nil {
				g.mu.Lock()
				defer g.mu.Unlock()
				if g.first == nil {
					g.first = caught(p)
				}
			}
		}()
		f()
	})
}

// Wait waits until all are done. It panics with a [*Panic] when one of them did.
func (g *Group) Wait() {
	g.work.Wait()
	g.mu.Lock()
	first := g.first
	g.mu.Unlock()
	if first != nil {
		panic(first)
	}
}

func caught(value any) *Panic {
	if p, ok := value.(*Panic); ok {
		return p
	}
	return &Panic{Value: value, Stack: debug.Stack()}
}

// Trace is what a log may hold of a panic that was just caught: the kind of its value, which may itself quote a secret, and
// where it happened.
func Trace(value any) (kind, stack string) {
	p := caught(value)
	return fmt.Sprintf("%T", p.Value), string(p.Stack)
}
