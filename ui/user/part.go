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
}

// fetched is the answer to a read of a part.
type fetched[T any] struct {
	value T
	err   error
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

// fetch reads the part with read, a plain function of a context.
func (p *part[T]) fetch(env view.Env, read func(context.Context) (T, error)) tea.Cmd {
	ctx, ticket := p.loader.Begin(env.Ctx)
	p.loading, p.stale = true, false
	to := env.ID
	return func() tea.Msg {
		value, err := read(ctx)
		return view.Result{To: to, Ticket: ticket, Msg: fetched[T]{value: value, err: err}}
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
		var gone *auth0client.Unauthorized
		if errors.As(msg.err, &gone) {
			return view.RequireLogin{}
		}
	}
	return nil
}

func isNotFound(err error) bool {
	var nf *auth0client.NotFound
	return errors.As(err, &nf)
}
