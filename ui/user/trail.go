package user

import (
	"context"
	"slices"
	"time"

	"usher/auth0client"
)

// eventsPerPage is how much of the log is read at a time.
const eventsPerPage = 50

// trail is a part of the user's log as far as it was read, newest first.
type trail struct {
	events  []auth0client.LogEvent
	reached time.Time // how far back it goes
	pages   int
	more    bool // there may be another page
}

// with is the trail and a further page. While pages are read new events push old ones on, so that a page can begin with
// what is known already.
func (l trail) with(page auth0client.LogPage) trail {
	if page.Reached.IsZero() {
		page.Reached = l.reached
	}
	return trail{events: merged(l.events, page.Events), reached: page.Reached, pages: l.pages + 1, more: page.More}
}

// merged are the events of both lists, each once, newest first.
func merged(a, b []auth0client.LogEvent) []auth0client.LogEvent {
	known := make(map[string]bool, len(a)+len(b))
	all := make([]auth0client.LogEvent, 0, len(a)+len(b))
	for _, e := range slices.Concat(a, b) {
		if e.ID.IsEmpty() || !known[e.ID.String()] {
			known[e.ID.String()] = true
			all = append(all, e)
		}
	}
	slices.SortStableFunc(all, func(x, y auth0client.LogEvent) int { return y.Date.Compare(x.Date) })
	return all
}

// breaksOff reports that the trail must be read on to know what was before a time.
func (l trail) breaksOff(before time.Time) bool {
	return l.more && !l.reached.Before(before)
}

// horizon is how far back the log is known: what is older may have gaps, since one of its lists ends before.
func (m *Model) horizon() time.Time {
	var at time.Time
	for _, l := range []trail{m.events.value, m.named.value} {
		if l.more && l.reached.After(at) {
			at = l.reached
		}
	}
	return at
}

// log is what is known of the user's log without gaps: their events and, once the Activity tab has read them, those that
// only name them.
func (m *Model) log() []auth0client.LogEvent {
	if len(m.named.value.events) == 0 {
		return m.events.value.events
	}
	all, horizon := merged(m.events.value.events, m.named.value.events), m.horizon()
	if i := slices.IndexFunc(all, func(e auth0client.LogEvent) bool { return e.Date.Before(horizon) }); i >= 0 {
		return all[:i]
	}
	return all
}

// eventPage reads a page of the user's events: page 0 replaces what there is, a later one is put behind it.
func (m *Model) eventPage(n int) func(context.Context) (trail, error) {
	records, id := m.records, m.id()
	var before trail
	if n > 0 {
		before = m.events.value
	}
	return func(ctx context.Context) (trail, error) {
		events, err := records.UserLogs(ctx, id, n, eventsPerPage)
		page := auth0client.LogPage{Events: events, More: len(events) >= eventsPerPage && (n+1)*eventsPerPage < auth0client.SearchWindow}
		if len(events) > 0 {
			page.Reached = events[len(events)-1].Date
		}
		return before.with(page), err
	}
}

// namedPage reads a page of the events that only name the user.
func (m *Model) namedPage(n int) func(context.Context) (trail, error) {
	records, u := m.records, m.user.value
	var before trail
	if n > 0 {
		before = m.named.value
	}
	return func(ctx context.Context) (trail, error) {
		page, err := records.NamelessEvents(ctx, u, n, eventsPerPage)
		return before.with(page), err
	}
}
