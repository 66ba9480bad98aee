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

func (a *activity) parts() []tracked { return []tracked{&a.m.events, &a.m.named} }

func (a *activity) need() tea.Cmd {
	return tea.Batch(a.m.needEvents(), lacking(a.m, &a.m.named, logsPermission, a.m.namedPage(0)))
}

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

// more reads on where the log breaks off, if it does.
func (a *activity) more() tea.Cmd {
	m := a.m
	if m.why(logsPermission) != "" {
		return nil
	}
	var cmds []tea.Cmd
	for _, l := range []struct {
		of   *part[trail]
		page func(int) func(context.Context) (trail, error)
	}{{&m.events, m.eventPage}, {&m.named, m.namedPage}} {
		if l.of.value.breaksOff(m.horizon()) && !l.of.loading {
			cmds = append(cmds, l.of.fetch(m.env, l.page(l.of.value.pages)))
		}
	}
	return tea.Batch(cmds...)
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
	return strings.TrimPrefix(fmt.Sprintf("%s, %d of %d", words, len(a.events()), len(a.m.log())), ", ")
}

// events are those that the filters leave.
func (a *activity) events() []auth0client.LogEvent {
	all := a.m.log()
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
	var rows []row
	for _, e := range a.events() {
		rows = append(rows, line(a.eventLine(e, width)))
	}
	return append(rows, a.end(len(rows))...)
}

// end says why the list ends where it does.
func (a *activity) end(shown int) []row {
	m, t := a.m, a.m.env.Theme
	var rows []row
	if m.named.err != nil {
		rows = m.problem("log of failures without their id", m.named.err, m.named.loading)
	}
	switch {
	case m.events.err != nil:
		return append(m.problem("log", m.events.err, m.events.loading), rows...)
	case !m.events.read():
		return append(rows, m.waiting("the log"))
	case m.events.loading && m.events.value.pages > 0 || m.named.loading && m.named.value.pages > 0:
		return append(rows, m.waiting("more of the log"))
	case m.events.value.more || m.named.value.more:
		return append(rows, line(t.Accent.Render("+")+t.Muted.Render(" reads older events")))
	case len(m.log()) == 0:
		return append(rows, line("Nothing in the tenant's log. Auth0 keeps it for a few days to a month, by plan."))
	case shown == 0:
		return append(rows, line("No event of this kind. "+t.Accent.Render("esc")+" shows all."))
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
