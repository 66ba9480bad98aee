package desk

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"usher/auth0client"
	"usher/auth0client/term"
)

// log is a tenant's log, oldest first.
type log struct {
	events  []auth0client.LogEvent
	queries []string
	fails   []error // of the next looks at what is new
}

var logStart = time.Date(2026, 3, 4, 12, 0, 0, 0, time.UTC)

// add writes an event a second after the last one.
func (l *log) add(code, user, name string) {
	n := len(l.events)
	l.events = append(l.events, auth0client.LogEvent{
		ID: term.Line(fmt.Sprintf("log%05d", n)), Date: logStart.Add(time.Duration(n) * time.Second), Code: code, Failed: strings.HasPrefix(code, "f"),
		UserID: auth0client.UserID(user), UserName: term.Line(name),
	})
}

func (l *log) page(n, per int, fits func(auth0client.LogEvent) bool) []auth0client.LogEvent {
	var all []auth0client.LogEvent
	for _, e := range slices.Backward(l.events) {
		if fits(e) {
			all = append(all, e)
		}
	}
	return all[min(len(all), n*per):min(len(all), (n+1)*per)]
}

func (l *log) UserLogs(_ context.Context, id auth0client.UserID, page, per int) ([]auth0client.LogEvent, error) {
	return l.page(page, per, func(e auth0client.LogEvent) bool { return e.UserID == id }), nil
}

func (l *log) NamelessEvents(_ context.Context, u auth0client.User, page, per int) (auth0client.LogPage, error) {
	return auth0client.LogPage{Events: l.page(page, per, u.NamedIn)}, nil
}

func (l *log) Logs(_ context.Context, query string, page, per int) ([]auth0client.LogEvent, error) {
	l.queries = append(l.queries, query)
	return l.page(page, per, func(e auth0client.LogEvent) bool { return query == "" || strings.Contains(query, e.Code) }), nil
}

func (l *log) LogsAfter(_ context.Context, id string, take int) ([]auth0client.LogEvent, error) {
	if len(l.fails) > 0 {
		err := l.fails[0]
		l.fails = l.fails[1:]
		return nil, err
	}
	i := slices.IndexFunc(l.events, func(e auth0client.LogEvent) bool { return e.ID.String() == id }) + 1
	return l.events[i:min(len(l.events), i+take)], nil
}

func idsOf(events []auth0client.LogEvent) (ids []string) {
	for _, e := range events {
		ids = append(ids, strings.TrimLeft(strings.TrimPrefix(e.ID.String(), "log"), "0"))
	}
	return ids
}

func TestRecentEventsOfAll(t *testing.T) {
	t.Parallel()
	l := &log{}
	for i := range 350 {
		l.add(map[bool]string{true: "fp", false: "s"}[i%10 == 0], "auth0|1", "ada@example.com")
	}
	for _, c := range []struct {
		name  string
		ask   LogAsk
		n     int
		first string
		count int
	}{
		{"the newest", LogAsk{}, 3, "347", 3},
		{"more than a page", LogAsk{}, 250, "100", 250},
		{"all there are", LogAsk{}, 1000, "", 350},
		{"of a type", LogAsk{Types: []string{"fp"}}, 5, "300", 5},
		{"failures, pages apart", LogAsk{Failed: true}, 20, "150", 20},
		{"since", LogAsk{Since: logStart.Add(340 * time.Second)}, 100, "340", 10},
	} {
		got, whole, err := RecentLog(t.Context(), l, c.ask, c.n)
		if err != nil || !whole || len(got) != c.count || idsOf(got)[0] != c.first {
			t.Errorf("%s: %d events from %v, whole %v, %v", c.name, len(got), idsOf(got)[:min(1, len(got))], whole, err)
		}
	}
	if !slices.Contains(l.queries, "type:(fp)") {
		t.Errorf("the type is not searched for: %q", l.queries)
	}
}

func TestALogThatIsLongerThanASearchIsSaidToBe(t *testing.T) {
	t.Parallel()
	l := &log{}
	l.add("fp", "auth0|1", "ada@example.com")
	for range 1500 {
		l.add("s", "auth0|1", "ada@example.com")
	}
	got, whole, err := RecentLog(t.Context(), l, LogAsk{Failed: true}, 5)
	if err != nil || whole || len(got) != 0 || len(l.queries) != 10 {
		t.Errorf("%d events, whole %v, %d requests, %v", len(got), whole, len(l.queries), err)
	}
}

func TestRecentEventsOfAUserHoldThoseThatOnlyNameThem(t *testing.T) {
	t.Parallel()
	l := &log{}
	l.add("s", "auth0|1", "ada@example.com")
	l.add("fp", "", "ada@example.com")
	l.add("fp", "", "grace@example.com")
	l.add("s", "auth0|2", "grace@example.com")
	l.add("fp", "auth0|1", "ada@example.com")
	ada := auth0client.User{ID: "auth0|1", EmailRaw: "ada@example.com"}
	got, whole, err := RecentLog(t.Context(), l, LogAsk{User: &ada}, 10)
	if want := []string{"", "1", "4"}; err != nil || !whole || !slices.Equal(idsOf(got), want) {
		t.Errorf("events %q, whole %v, %v", idsOf(got), whole, err)
	}
}

func TestTheLogIsFollowed(t *testing.T) {
	t.Parallel()
	l := &log{fails: []error{&auth0client.Unavailable{}}}
	ada := auth0client.User{ID: "auth0|1", EmailRaw: "ada@example.com"}
	l.add("s", "auth0|1", "ada@example.com")
	head, err := LogHead(t.Context(), l)
	if err != nil || head != "log00000" {
		t.Fatalf("the head is %q, %v", head, err)
	}
	for range 205 { // more than two requests give
		l.add("s", "auth0|2", "grace@example.com")
	}
	l.add("fp", "", "ada@example.com")
	l.add("s", "auth0|1", "ada@example.com")
	ctx, cancel := context.WithCancel(t.Context())
	tick := make(chan time.Time, 1)
	tick <- logStart // after the failure; the end of the log is reached without another
	var got, missed []string
	err = FollowLog(ctx, l, LogAsk{User: &ada}, head, tick, func(e auth0client.LogEvent) error {
		got = append(got, e.Code)
		if e.UserID != "" {
			cancel()
		}
		return nil
	}, func(err error) { missed = append(missed, err.Error()) })
	if err != nil || !slices.Equal(got, []string{"fp", "s"}) || len(missed) != 1 {
		t.Errorf("followed %q, missed %q, %v", got, missed, err)
	}
}

func TestAnEmptyLogIsFollowedFromItsFirstEvent(t *testing.T) {
	t.Parallel()
	l := &log{}
	head, err := LogHead(t.Context(), l)
	if err != nil || head != "" {
		t.Fatalf("the head is %q, %v", head, err)
	}
	l.add("s", "auth0|1", "ada@example.com")
	l.add("fp", "auth0|1", "ada@example.com")
	enough := errors.New("enough")
	var got []string
	err = FollowLog(t.Context(), l, LogAsk{}, head, nil, func(e auth0client.LogEvent) error {
		if got = append(got, e.Code); len(got) == 2 {
			return enough
		}
		return nil
	}, func(err error) { t.Error(err) })
	if !errors.Is(err, enough) || !slices.Equal(got, []string{"s", "fp"}) {
		t.Errorf("followed %q, %v", got, err)
	}
}

func TestAnErrorThatStaysEndsTheFollowing(t *testing.T) {
	t.Parallel()
	l := &log{fails: []error{&auth0client.Forbidden{Permission: "logs:read"}}}
	l.add("s", "auth0|1", "ada@example.com")
	err := FollowLog(t.Context(), l, LogAsk{}, "log00000", nil, nil, nil)
	if !errors.As(err, new(*auth0client.Forbidden)) {
		t.Errorf("it ended with %v", err)
	}
}
