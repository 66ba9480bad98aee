package user

import (
	"context"
	"fmt"
	"strings"

	tea "charm.land/bubbletea/v2"

	"usher/auth0client"
	"usher/auth0client/term"
	"usher/ui/view"
	"usher/ui/widget"
)

// eventsPerPage is how much of the log is read at a time.
const eventsPerPage = 50

// trail is the user's log as far as it was read, newest first.
type trail struct {
	events []auth0client.LogEvent
	pages  int
	more   bool // there may be another page
}

// with is the trail and a further page. While pages are read new events push old ones on, so that a page can begin with
// what is known already.
func (l trail) with(page []auth0client.LogEvent, more bool) trail {
	known := make(map[string]bool, len(l.events))
	all := make([]auth0client.LogEvent, 0, len(l.events)+len(page))
	for _, e := range l.events {
		known[e.ID.String()] = true
		all = append(all, e)
	}
	for _, e := range page {
		if e.ID.IsEmpty() || !known[e.ID.String()] {
			known[e.ID.String()] = true
			all = append(all, e)
		}
	}
	return trail{events: all, pages: l.pages + 1, more: more}
}

// page reads a page of the log: page 0 replaces what there is, a later one is put behind it.
func (m *Model) page(n int) func(context.Context) (trail, error) {
	records, u := m.records, m.user.value
	var before trail
	if n > 0 {
		before = m.events.value
	}
	return func(ctx context.Context) (trail, error) {
		events, more, err := records.Trail(ctx, u, n, eventsPerPage)
		return before.with(events, more), err
	}
}

// Which events are shown.
const (
	allEvents = iota
	failedOnly
	signIns
	mfaEvents
	managed
	shownKinds // how many there are
)

// activity is what the user did and what was done to them, in words.
type activity struct {
	m      *Model
	kind   int
	find   filter
	opened *auth0client.LogEvent // the event shown raw
	back   int                   // where the mark was in the list
}

func (a *activity) title() (long, short string) { return "Activity", "Activity" }

func (a *activity) parts() []tracked { return []tracked{&a.m.events} }

func (a *activity) need() tea.Cmd { return a.m.needEvents() }

func (a *activity) filter() *filter {
	if a.opened != nil {
		return nil
	}
	return &a.find
}

func (a *activity) keys() []view.Key {
	if a.opened != nil {
		return []view.Key{view.NewKey("esc", "back to the list", "esc"), view.NewKey("w", "copy event", "w")}
	}
	return []view.Key{view.NewKey("enter", "raw event", "enter"), view.NewKey("f", "which events", "f"), view.NewKey("/", "filter", "/"), view.NewKey("+", "older", "+")}
}

func (a *activity) press(k string) (view.Action, tea.Cmd, bool) {
	switch {
	case k == "enter" && a.opened == nil:
		a.open()
	case k == "w" && a.opened != nil:
		return view.Copy{What: "event", Text: a.opened.JSON.String()}, nil, true
	case k == "+" && a.opened == nil:
		return nil, a.more(), true
	case k == "f" && a.opened == nil:
		a.kind = (a.kind + 1) % shownKinds
		a.m.cursor[a.m.at] = 0
	default:
		return nil, nil, false
	}
	return nil, nil, true
}

func (a *activity) open() {
	if shown := a.events(); a.m.why(logsPermission) == "" && a.m.cursor[a.m.at] < len(shown) {
		event := shown[a.m.cursor[a.m.at]]
		a.opened, a.back, a.m.cursor[a.m.at] = &event, a.m.cursor[a.m.at], 0
	}
}

func (a *activity) leave() bool {
	switch {
	case a.opened != nil:
		a.opened, a.m.cursor[a.m.at] = nil, a.back
	case a.kind != allEvents && a.find.text == "":
		a.kind, a.m.cursor[a.m.at] = allEvents, 0
	default:
		return false
	}
	return true
}

// more reads the next page, if there may be one.
func (a *activity) more() tea.Cmd {
	p := &a.m.events
	if p.loading || !p.value.more || a.m.why(logsPermission) != "" {
		return nil
	}
	return p.fetch(a.m.env, a.m.page(p.value.pages))
}

// moved reads on at the end of the list.
func (a *activity) moved() tea.Cmd {
	if rows := len(a.events()); a.opened == nil && rows > 0 && a.m.cursor[a.m.at] >= rows {
		return a.more()
	}
	return nil
}

// about names the kind of events that is shown.
func (a *activity) about() string {
	words := []string{"", "failed only", "sign-ins", "MFA", "management"}[a.kind]
	if words == "" && a.find.text == "" {
		return ""
	}
	return strings.TrimPrefix(fmt.Sprintf("%s, %d of %d", words, len(a.events()), len(a.m.events.value.events)), ", ")
}

// events are those that the filters leave.
func (a *activity) events() []auth0client.LogEvent {
	all := a.m.events.value.events
	if a.kind == allEvents && a.find.text == "" {
		return all
	}
	find := strings.ToLower(a.find.text)
	var some []auth0client.LogEvent
	for _, e := range all {
		if a.ofKind(e) && (find == "" || strings.Contains(strings.ToLower(eventText(e)), find)) {
			some = append(some, e)
		}
	}
	return some
}

func (a *activity) ofKind(e auth0client.LogEvent) bool {
	switch a.kind {
	case failedOnly:
		return e.Failed
	case signIns:
		return e.Kind() == auth0client.LogSignIn
	case mfaEvents:
		return e.Kind() == auth0client.LogMFA
	case managed:
		return e.Kind() == auth0client.LogManagement
	}
	return true
}

// eventText is what the text filter looks at.
func eventText(e auth0client.LogEvent) string {
	return strings.Join([]string{e.Code, eventWords(e), e.Connection.String(), e.Client.String(), e.IP.String(), e.UserAgent.String(), e.UserName.String()}, " ")
}

func (a *activity) rows(width int) []row {
	m, t := a.m, a.m.env.Theme
	if why := m.why(logsPermission); why != "" {
		return []row{line(t.Warn.Render(why))}
	}
	if a.opened != nil {
		var rows []row
		for l := range strings.SplitSeq(a.opened.JSON.String(), "\n") {
			rows = append(rows, wrapped(l, width))
		}
		return rows
	}
	list := m.events.value
	var rows []row
	for _, e := range a.events() {
		rows = append(rows, line(a.eventLine(e, width)))
	}
	switch {
	case m.events.err != nil:
		return append(rows, m.problem("log", m.events.err, m.events.loading)...)
	case !m.events.read():
		return append(rows, m.waiting("the log"))
	case m.events.loading && list.pages > 0:
		return append(rows, m.waiting("older events"))
	case list.more:
		return append(rows, line(t.Accent.Render("+")+t.Muted.Render(" reads older events")))
	case len(list.events) == 0:
		return []row{line("Nothing in the tenant's log. Auth0 keeps it for a few days to a month, by plan.")}
	case len(rows) == 0:
		return []row{line("No event of this kind. " + t.Accent.Render("esc") + " shows all.")}
	}
	return append(rows, line(t.Muted.Render("That is all the log holds.")))
}

// eventWords are what happened, with what Auth0 says about it.
func eventWords(e auth0client.LogEvent) string {
	words := e.Words.String()
	if words == "" {
		words = term.Line(e.Code).String()
	}
	if d := e.Description.String(); d != "" {
		words += ": " + d
	}
	return words
}

func (a *activity) eventLine(e auth0client.LogEvent, width int) string {
	t := a.m.env.Theme
	words := eventWords(e)
	if e.UserID == "" {
		words = "(by name) " + words
	}
	result := widget.Pad("", 6)
	if e.Failed {
		result = t.Danger.Render(widget.Pad("FAILED", 6))
	}
	connection, ip := 0, 15
	if width >= 100 { // what happened comes first; where is told when there is room
		connection = min(32, width/5)
	}
	date := a.m.date(e.Date)
	if width < 70 {
		date = date[5:] // the year can be spared
	}
	rest := max(4, width-len(date)-2-6-2-ip-2-connection-2)
	text := date + "  " + result + "  " + widget.Pad(words, rest) + "  "
	if connection > 0 {
		text += t.Muted.Render(widget.Pad(e.Connection.String(), connection)) + "  "
	}
	return text + widget.Pad(e.IP.String(), ip)
}
