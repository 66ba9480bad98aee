package fetch

import (
	"context"
	"errors"

	tea "charm.land/bubbletea/v2"

	"usher/auth0client"
	"usher/ui/view"
)

// Pages is a list that comes page by page and may be very long. It is read as far as it is looked at, or to its end when it is
// to be counted. The zero value is ready.
type Pages[T any] struct {
	loader   view.Loader
	rows     []T
	next     string
	begun    bool // there is at least one page
	ended    bool
	loading  bool
	counting bool
	gen      int
	err      error
}

// Generation is another number whenever the list was begun anew: until then it only grows at its end.
func (p *Pages[T]) Generation() int { return p.gen }

// PageReader reads the page after from; "" is the first.
type PageReader[T any] func(ctx context.Context, from string) (auth0client.Batch[T], error)

// Rows are those that were read so far.
func (p *Pages[T]) Rows() []T { return p.rows }

// Whole reports that the list was read to its end: its length is the number of all.
func (p *Pages[T]) Whole() bool { return p.ended }

// Read reports that there is at least one page.
func (p *Pages[T]) Read() bool { return p.begun }

// Loading reports that a page is awaited.
func (p *Pages[T]) Loading() bool { return p.loading }

// Counting reports that pages are read one after the other to the end.
func (p *Pages[T]) Counting() bool { return p.counting }

// Err is why the last page could not be read, if so.
func (p *Pages[T]) Err() error { return p.err }

// Wanted reports that nothing was read nor asked for.
func (p *Pages[T]) Wanted() bool { return !p.begun && !p.loading && p.err == nil }

// Stop ends the counting; what was read stays.
func (p *Pages[T]) Stop() {
	p.loader.Cancel()
	p.loading, p.counting = false, false
}

// Cancel ends what is under way.
func (p *Pages[T]) Cancel() { p.Stop() }

// Begin reads the list from its first page. The rows that are there stay until it comes.
func (p *Pages[T]) Begin(env view.Env, read PageReader[T]) tea.Cmd {
	p.counting = false
	return p.page(env, "", read)
}

// More reads the next page, if there is one and none is under way.
func (p *Pages[T]) More(env view.Env, read PageReader[T]) tea.Cmd {
	if p.loading || p.ended || !p.begun {
		return nil
	}
	return p.page(env, p.next, read)
}

// Count reads on to the end. Each page is a request of its own: Stop ends it between two.
func (p *Pages[T]) Count(env view.Env, read PageReader[T]) tea.Cmd {
	if p.ended {
		return nil
	}
	p.counting = true
	switch {
	case p.loading:
		return nil
	case !p.begun:
		return p.page(env, "", read)
	}
	return p.page(env, p.next, read)
}

// page reads the page after from. The first begins the list anew, once it is there.
func (p *Pages[T]) page(env view.Env, from string, read PageReader[T]) tea.Cmd {
	ctx, ticket := p.loader.Begin(env.Ctx)
	p.loading = true
	to := env.ID
	return func() tea.Msg {
		part, err := read(ctx, from)
		if err == nil && part.Next != "" && len(part.Items) < full {
			part = joined(ctx, part, read)
		}
		return view.Result{To: to, Ticket: ticket, Msg: turned[T]{p, from == "", part, err}}
	}
}

// full is how many rows a page has at most.
const full = 100

// joined is a short page with the one after it. Auth0 gives some lists a next page where nothing follows: a list that ends is
// known to end without being looked at twice.
func joined[T any](ctx context.Context, part auth0client.Batch[T], read PageReader[T]) auth0client.Batch[T] {
	more, err := read(ctx, part.Next)
	if err != nil {
		return part // it is read again when somebody goes there
	}
	part.Items = append(part.Items, more.Items...)
	if part.Next = more.Next; len(more.Items) == 0 {
		part.Next = ""
	}
	return part
}

type turned[T any] struct {
	of   *Pages[T]
	anew bool
	part auth0client.Batch[T]
	err  error
}

func (t turned[T]) arrive(ticket uint64) (view.Action, bool) {
	p := t.of
	if !p.loading || !p.loader.Current(ticket) {
		return nil, false
	}
	p.loading = false
	if t.err != nil {
		p.counting = false
		if errors.Is(t.err, context.Canceled) {
			return nil, false
		}
		p.err = t.err
		return view.SignInFor(t.err), true
	}
	if t.anew {
		p.rows = nil
		p.gen++
	}
	p.err, p.begun = nil, true
	p.rows = append(p.rows, t.part.Items...)
	p.next = t.part.Next
	p.ended = p.next == "" || len(t.part.Items) == 0
	p.counting = p.counting && !p.ended
	return nil, true
}
