package desk

import (
	"context"
	"errors"
	"slices"
	"strings"
	"time"

	"usher/auth0client"
)

// LogReader reads the tenant's log.
type LogReader interface {
	UserLogs(ctx context.Context, id auth0client.UserID, page, perPage int) ([]auth0client.LogEvent, error)
	NamelessEvents(ctx context.Context, u auth0client.User, page, perPage int) (auth0client.LogPage, error)
	Logs(ctx context.Context, query string, page, perPage int) ([]auth0client.LogEvent, error)
	LogsAfter(ctx context.Context, id string, take int) ([]auth0client.LogEvent, error)
}

// LogAsk says which events are wanted; its zero value wants all.
type LogAsk struct {
	User   *auth0client.User // of this user, failures that only name them included
	Types  []string          // Auth0's event codes
	Failed bool
	Since  time.Time
}

// logPage is how many events a request asks for: Auth0's most.
const logPage = 100

// wants reports an event that was asked for, once it is known to be of the user.
func (a LogAsk) wants(e auth0client.LogEvent) bool {
	return (len(a.Types) == 0 || slices.Contains(a.Types, e.Code)) && (!a.Failed || e.Failed) && !e.Date.Before(a.Since)
}

// RecentLog gives the newest n events that were asked for, oldest first. whole is false when Auth0's 1,000 were read and there
// may be more: its log is searched no deeper.
func RecentLog(ctx context.Context, r LogReader, ask LogAsk, n int) (events []auth0client.LogEvent, whole bool, err error) {
	whole = true
	for _, list := range ask.lists(r) {
		found, all, err := ask.read(ctx, list, n)
		if err != nil {
			return nil, false, err
		}
		events, whole = append(events, found...), whole && all
	}
	slices.SortStableFunc(events, func(x, y auth0client.LogEvent) int { return x.Date.Compare(y.Date) })
	events = slices.CompactFunc(events, func(x, y auth0client.LogEvent) bool { return !x.ID.IsEmpty() && x.ID == y.ID })
	return events[max(0, len(events)-n):], whole, nil
}

// logList reads a page, newest first, and says how far back it reaches and whether there may be another.
type logList func(ctx context.Context, page int) (auth0client.LogPage, error)

// lists are what the events come from: one list for everybody, and two for a user, since Auth0 writes many failed sign-ins
// without a user's id.
func (a LogAsk) lists(r LogReader) []logList {
	if a.User == nil {
		return []logList{paged(func(ctx context.Context, page int) ([]auth0client.LogEvent, error) {
			return r.Logs(ctx, a.query(), page, logPage)
		})}
	}
	return []logList{
		paged(func(ctx context.Context, page int) ([]auth0client.LogEvent, error) {
			return r.UserLogs(ctx, a.User.ID, page, logPage)
		}),
		func(ctx context.Context, page int) (auth0client.LogPage, error) {
			return r.NamelessEvents(ctx, *a.User, page, logPage)
		},
	}
}

func paged(read func(ctx context.Context, page int) ([]auth0client.LogEvent, error)) logList {
	return func(ctx context.Context, page int) (auth0client.LogPage, error) {
		events, err := read(ctx, page)
		p := auth0client.LogPage{Events: events, More: len(events) >= logPage && (page+1)*logPage < auth0client.SearchWindow}
		if len(events) > 0 {
			p.Reached = events[len(events)-1].Date
		}
		return p, err
	}
}

// query narrows the search in the tenant's whole log. The codes were checked to be plain.
func (a LogAsk) query() string {
	if len(a.Types) == 0 {
		return ""
	}
	return "type:(" + strings.Join(a.Types, " OR ") + ")"
}

// read goes back through a list until n events are found.
func (a LogAsk) read(ctx context.Context, list logList, n int) (found []auth0client.LogEvent, whole bool, err error) {
	for page := 0; ; page++ {
		p, err := list(ctx, page)
		if err != nil {
			return nil, false, err
		}
		for _, e := range p.Events {
			if a.wants(e) {
				found = append(found, e)
			}
		}
		switch {
		case len(found) >= n, !p.Reached.IsZero() && p.Reached.Before(a.Since):
			return found, true, nil
		case !p.More:
			return found, (page+1)*logPage < auth0client.SearchWindow, nil
		}
	}
}

// LogHead is the id of the newest event of the whole log; empty when there is none.
func LogHead(ctx context.Context, r LogReader) (string, error) {
	newest, err := r.Logs(ctx, "", 0, 1)
	if err != nil || len(newest) == 0 {
		return "", err
	}
	return newest[0].ID.String(), nil
}

// FollowLog gives the events that were asked for as they come, oldest first: those after the event with the id after, or all
// when that is empty. It looks when tick ticks, and at once while there is more than a request gives. It ends with ctx, without
// an error; what the tenant cannot answer for the moment is told to missed, and asked again.
func FollowLog(ctx context.Context, r LogReader, ask LogAsk, after string, tick <-chan time.Time, each func(auth0client.LogEvent) error, missed func(error)) error {
	for {
		events, err := further(ctx, r, after)
		switch {
		case ctx.Err() != nil:
			return nil //nolint:nilerr // the operator ended it
		case passing(err):
			missed(err)
		case err != nil:
			return err
		}
		for _, e := range events {
			after = e.ID.String()
			if ask.wants(e) && ask.about(e) {
				if err := each(e); err != nil {
					return err
				}
			}
		}
		if len(events) >= logPage {
			continue
		}
		select {
		case <-ctx.Done():
			return nil
		case <-tick:
		}
	}
}

// further reads what came after an event, oldest first. Auth0 goes on from an event only, so the first of all are searched.
func further(ctx context.Context, r LogReader, after string) ([]auth0client.LogEvent, error) {
	if after != "" {
		return r.LogsAfter(ctx, after, logPage)
	}
	events, err := r.Logs(ctx, "", 0, logPage)
	slices.Reverse(events)
	return events, err
}

// about reports an event of the user who was asked for. What follows the log is not searched by Auth0.
func (a LogAsk) about(e auth0client.LogEvent) bool {
	return a.User == nil || e.UserID == a.User.ID || a.User.NamedIn(e)
}

// passing reports an error that a later look may not meet.
func passing(err error) bool {
	return errors.As(err, new(*auth0client.Unreachable)) || errors.As(err, new(*auth0client.Unavailable)) || errors.As(err, new(*auth0client.RateLimited))
}
