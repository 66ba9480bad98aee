// Package fetch reads what screens show: single answers and lists that come page by page. What was read stays, with its age,
// while a newer answer is awaited or fails to come.
package fetch

import (
	"context"
	"errors"
	"time"

	tea "charm.land/bubbletea/v2"

	"usher/ui/view"
)

// Part is one thing that a screen reads whole. The zero value is ready.
type Part[T any] struct {
	loader  view.Loader
	value   T
	at      time.Time // when value was read; zero for never
	err     error     // of the last read
	loading bool
}

// Value is what was read last; the zero value before.
func (p *Part[T]) Value() T { return p.value }

// Read reports that there is an answer, be it old.
func (p *Part[T]) Read() bool { return !p.at.IsZero() }

// Loading reports that an answer is awaited.
func (p *Part[T]) Loading() bool { return p.loading }

// Err is why the last read failed, if it did.
func (p *Part[T]) Err() error { return p.err }

// Wanted reports that the part was neither read nor asked for. A failed read is repeated only when asked.
func (p *Part[T]) Wanted() bool { return !p.Read() && !p.loading && p.err == nil }

// Cancel ends the read under way.
func (p *Part[T]) Cancel() {
	p.loader.Cancel()
	p.loading = false
}

// Fetch reads the part with read, a plain function of a context.
func (p *Part[T]) Fetch(env view.Env, read func(context.Context) (T, error)) tea.Cmd {
	ctx, ticket := p.loader.Begin(env.Ctx)
	p.loading = true
	to, now := env.ID, env.Now
	return func() tea.Msg {
		value, err := read(ctx)
		return view.Result{To: to, Ticket: ticket, Msg: got[T]{p, value, err, now()}}
	}
}

type got[T any] struct {
	of    *Part[T]
	value T
	err   error
	at    time.Time
}

func (g got[T]) arrive(ticket uint64) (view.Action, bool) {
	p := g.of
	if !p.loading || !p.loader.Current(ticket) {
		return nil, false
	}
	p.loading = false
	if g.err != nil {
		if errors.Is(g.err, context.Canceled) {
			return nil, false
		}
		p.err = g.err
		return view.SignInFor(g.err), true
	}
	p.value, p.at, p.err = g.value, g.at, nil
	return nil, true
}

// Answer is what comes back from reading a part or a page.
type Answer interface {
	arrive(ticket uint64) (view.Action, bool)
}

// Take stores an answer where it belongs. taken is false for what is no answer to a question of this view, or to an older one.
func Take(env view.Env, res view.Result) (action view.Action, taken bool) {
	a, ok := res.Msg.(Answer)
	if !ok || res.To != env.ID {
		return nil, false
	}
	return a.arrive(res.Ticket)
}
