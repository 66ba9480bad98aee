package user

import (
	"context"
	"errors"
	"time"

	tea "charm.land/bubbletea/v2"

	"usher/auth0client"
	"usher/ui/view"
)

// part is one thing the view reads. What was read stays, with its age, while a newer answer is awaited or fails to come.
type part[T any] struct {
	loader  view.Loader
	loading bool
	stale   bool // read, and changed since
	value   T
	at      time.Time // when value was read; zero for never
	err     error     // of the last read
	naming  bool      // "not found" means that the user is gone
}

// tracked is a part of whatever kind.
type tracked interface {
	state() freshState
	failure() error
	missing() bool
	spoil()
	forgive()
	cancel()
}

// answer is what comes back from reading a part.
type answer interface {
	arrive(ticket uint64, now time.Time) view.Action
}

// fetched is the answer to a read of a part.
type fetched[T any] struct {
	of    *part[T]
	value T
	err   error
}

func (f fetched[T]) arrive(ticket uint64, now time.Time) view.Action {
	return f.of.take(ticket, f, now)
}

func (p *part[T]) read() bool { return !p.at.IsZero() }

// wanted reports that the part must be read: never yet, or changed since. A failed read is repeated only when asked.
func (p *part[T]) wanted() bool {
	return p.stale || !p.read() && !p.loading && p.err == nil
}

func (p *part[T]) got(value T, now time.Time) {
	p.value, p.at, p.err, p.loading, p.stale = value, now, nil, false, false
}

func (p *part[T]) cancel() {
	p.loader.Cancel()
	p.loading = false
}

func (p *part[T]) spoil()         { p.stale = true }
func (p *part[T]) forgive()       { p.err = nil }
func (p *part[T]) failure() error { return p.err }

func (p *part[T]) missing() bool {
	return p.naming && errors.As(p.err, new(*auth0client.NotFound))
}

// freshState is how old a part is, and whether it is being read or could not be.
type freshState struct {
	at              time.Time
	loading, failed bool
}

func (p *part[T]) state() freshState {
	return freshState{at: p.at, loading: p.loading, failed: p.err != nil && !p.loading}
}

// mixed is the age of the oldest part, and whether any is being read or could not be.
func mixed(parts []tracked) (at time.Time, loading, failed bool) {
	for _, p := range parts {
		s := p.state()
		if at.IsZero() || !s.at.IsZero() && s.at.Before(at) {
			at = s.at
		}
		loading, failed = loading || s.loading, failed || s.failed
	}
	return at, loading, failed
}

// fetch reads the part with read, a plain function of a context.
func (p *part[T]) fetch(env view.Env, read func(context.Context) (T, error)) tea.Cmd {
	ctx, ticket := p.loader.Begin(env.Ctx)
	p.loading, p.stale = true, false
	to := env.ID
	return func() tea.Msg {
		value, err := read(ctx)
		return view.Result{To: to, Ticket: ticket, Msg: fetched[T]{of: p, value: value, err: err}}
	}
}

// take stores an answer, if it is the one awaited.
func (p *part[T]) take(ticket uint64, msg fetched[T], now time.Time) view.Action {
	if !p.loading || !p.loader.Current(ticket) {
		return nil
	}
	p.loading = false
	switch {
	case msg.err == nil:
		stale := p.stale
		p.got(msg.value, now)
		p.stale = stale
	case errors.Is(msg.err, context.Canceled):
	default:
		p.err = msg.err
		if errors.As(msg.err, new(*auth0client.Unauthorized)) {
			return view.RequireLogin{}
		}
	}
	return nil
}
