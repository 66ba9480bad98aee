package approvals

import (
	"errors"
	"strings"
	"time"

	"usher/auth0client"
	"usher/auth0client/desk"
	"usher/ui/view"
	"usher/ui/widget"
)

func table() widget.Table {
	return widget.Table{Columns: []widget.Column{
		{Title: "State", Min: 10}, {Title: "What", Min: 18, Flex: 1}, {Title: "For", Min: 20, Flex: 3}, {Title: "Time", Min: 11}, {Title: "Asked by", Min: 16, Flex: 2},
	}}
}

// chrome is the lines over the rows: counts or filter, titles.
const chrome = 2

// View draws the list.
func (m *Model) View(s view.Size) view.Frame {
	if s.Width <= 0 || s.Height <= 0 {
		return view.Frame{}
	}
	t := table()
	widths := t.Widths(s.Width)
	lines := []string{m.top(s.Width), t.Header(m.env.Theme, widths)}
	if m.shown.Len() == 0 {
		lines = append(lines, m.empty(s.Width)...)
	}
	bottom := widget.Foot(m.bottom(), s.Width, s.Height)
	from, to := m.place.Sight(m.shown.Len(), s.Height-chrome-len(bottom))
	for i := from; i < to; i++ {
		a := m.rows[m.shown.At(i)]
		who := a.Requester.String()
		if a.Mine {
			who = "you"
		}
		line := t.Row(m.env.Theme, widths, []string{stateOf(a), desk.Asked(a), desk.AskedOf(a), m.when(a), who}, i == m.place.Cursor)
		if rank(a) == over && i != m.place.Cursor {
			line = m.env.Theme.Muted.Render(line)
		}
		lines = append(lines, line)
	}
	return view.Frame{Content: widget.Footed(lines, bottom, s.Width, s.Height)}
}

// stateOf is how far an approval is, in a word or two.
func stateOf(a auth0client.Approval) string {
	switch {
	case a.MayDecide:
		return "decide"
	case a.MayTake:
		return "take it"
	}
	switch a.State {
	case auth0client.ApprovalWaiting:
		return "waits"
	case auth0client.ApprovalAgreed:
		return "not taken"
	case auth0client.ApprovalDenied:
		if a.DeciderID == a.RequesterID {
			return "taken back"
		}
	case auth0client.ApprovalApproved, auth0client.ApprovalTaken:
		switch a.Result {
		case auth0client.ResultMade:
			return "done"
		case auth0client.ResultRefused, auth0client.ResultUnknown:
			return a.Result
		}
		return "under way"
	}
	return a.State
}

// when is until when an approval is good, or when it was over.
func (m *Model) when(a auth0client.Approval) string {
	now := m.env.Now()
	switch left := a.ExpiresAt.Sub(now); {
	case a.MayDeny && left > 0:
		if left > time.Hour {
			left = left.Truncate(time.Hour)
		}
		return view.Span(left) + " left"
	case a.MayDeny:
		return "time is over"
	case !a.TakenAt.IsZero():
		return widget.Ago(now, a.TakenAt)
	case a.DecidedAt.IsZero():
		return widget.Ago(now, a.ExpiresAt)
	}
	return widget.Ago(now, a.DecidedAt)
}

func (m *Model) top(width int) string {
	t := m.env.Theme
	if m.filter.Typing() {
		return m.filter.Line(width)
	}
	left := "Approvals"
	if m.all.Read() {
		n := [over + 1]int{}
		for _, a := range m.rows {
			n[rank(a)]++
		}
		var parts []string
		for _, p := range []struct {
			n     int
			words string
		}{{n[forMe], "for you to decide"}, {n[toTake], "for you to take"}, {n[mine], "of yours waiting"}, {n[others], "of others not taken"}, {n[over], "over"}} {
			if p.n > 0 {
				parts = append(parts, desk.Thousands(p.n)+" "+p.words)
			}
		}
		if len(parts) > 0 {
			left = strings.Join(parts, " "+t.Icons.Sep+" ")
		}
		if m.filter.Text() != "" {
			left = desk.Thousands(m.shown.Len()) + " of " + desk.Thousands(len(m.rows)) + " for " + m.filter.Line(width)
		}
	}
	if m.all.Loading() {
		left += "  " + t.Icons.Spinner + " loading"
	}
	return t.Strong.Render(widget.Truncate(left, width))
}

func (m *Model) empty(width int) []string {
	t := m.env.Theme
	style, text := t.Muted.Render, ""
	switch err := m.all.Err(); {
	case errors.As(err, new(*auth0client.NotFound)):
		text = "This gateway keeps no approvals: none of its policies needs a second operator."
	case err != nil:
		style, text = t.Danger.Render, view.Explain(m.env.Now(), err).String()
	case !m.all.Read():
		text = "reading approvals"
	case len(m.rows) > 0:
		text = "No approval matches. esc ends the filter."
	default:
		text = "Nothing waits for you, and nothing of yours waits. What was decided is here for a day."
	}
	lines := strings.Split(widget.Wrap(text, max(10, width-2)), "\n")
	for i, l := range lines {
		lines[i] = style("  " + l)
	}
	return lines
}

func (m *Model) bottom() string {
	t := m.env.Theme
	if m.all.Err() != nil && m.all.Read() {
		return t.Danger.Render(view.Explain(m.env.Now(), m.all.Err()).String())
	}
	if a, ok := m.current(); ok {
		who := a.Requester.String()
		if a.Mine {
			who = "you"
		}
		return t.Muted.Render("asked for by " + who + ": " + desk.ApprovalState(a))
	}
	return ""
}

// labelled is how wide the labels of one approval are.
const labelled = 12

// View draws all of an approval.
func (o *One) View(s view.Size) view.Frame {
	if s.Width <= 0 || s.Height <= 0 {
		return view.Frame{}
	}
	t := o.env.Theme
	head := []string{
		widget.Truncate(t.Title.Render(desk.Asked(o.a))+"  "+t.Strong.Render(desk.AskedOf(o.a)), s.Width),
		t.Muted.Render(widget.Truncate(o.a.Target.Safe().String(), s.Width)),
	}
	body := o.body(s.Width)
	o.lines, o.height = len(body), max(1, s.Height-len(head)-1)
	bottom := widget.Foot(o.bottom(), s.Width, s.Height)
	o.height = max(1, s.Height-len(head)-len(bottom))
	o.scroll = max(0, min(o.scroll, o.lines-o.height))
	return view.Frame{Content: widget.Footed(append(head, body[o.scroll:min(o.lines, o.scroll+o.height)]...), bottom, s.Width, s.Height)}
}

func (o *One) body(width int) []string {
	t, a, now := o.env.Theme, o.a, o.env.Now()
	var lines []string
	row := func(label, text string) {
		for i, l := range strings.Split(widget.Wrap(text, max(10, width-labelled)), "\n") {
			if i > 0 {
				label = ""
			}
			lines = append(lines, t.Muted.Render(widget.Pad(label, labelled))+l)
		}
	}
	state := desk.ApprovalState(a)
	if a.State == auth0client.ApprovalWaiting {
		state = "waits for " + desk.MayApprove(a.By)
	}
	row("State", state)
	who := a.Requester.String()
	if a.Mine {
		who += " (you)"
	}
	if id := a.RequesterID.Safe().String(); id != a.Requester.String() {
		who += " " + t.Icons.Sep + " " + id
	}
	row("Asked by", who)
	asked := at(a.RequestedAt, now)
	if !a.Via.IsEmpty() {
		asked += ", from " + a.Via.String()
	}
	row("Asked at", asked)
	label := "Changes"
	for _, c := range desk.ApprovalChanges(a) {
		row(label, c)
		label = ""
	}
	reason := a.Reason.String()
	if reason == "" {
		reason = "none was given"
	}
	row("Reason", reason)
	actions := make([]string, len(a.Actions))
	for i, action := range a.Actions {
		actions[i] = action.String()
	}
	row("Needs", strings.Join(actions, ", "))
	row("May approve", desk.MayApprove(a.By))
	row("Good until", at(a.ExpiresAt, now))
	if !a.DecidedAt.IsZero() {
		row("Decided", at(a.DecidedAt, now)+" by "+a.Decider.String())
	}
	if !a.TakenAt.IsZero() {
		row("Taken", at(a.TakenAt, now))
	}
	if a.Handover {
		row("Secret", "what comes of it is shown once, to whoever asked, and to nobody else")
	}
	row("Id", a.ID)
	return lines
}

// at is a time with how long it is to it, or since.
func at(when, now time.Time) string {
	s := when.In(now.Location()).Format("2006-01-02 15:04")
	if left := when.Sub(now); left > 0 {
		return s + ", in " + view.Span(left.Round(time.Minute))
	}
	return s + ", " + widget.Ago(now, when)
}

func (o *One) bottom() string {
	t, a := o.env.Theme, o.a
	more := ""
	if o.lines > o.height {
		more = " more: j/k"
	}
	switch {
	case o.now.Err() != nil:
		return t.Danger.Render(view.Explain(o.env.Now(), o.now.Err()).String())
	case o.now.Loading():
		return t.Muted.Render(t.Icons.Spinner + " loading")
	case o.gone:
		return t.Warn.Render("It is over, or no longer concerns you.")
	case a.MayDecide:
		return t.Warn.Render("It waits for you: a approves, d denies." + more)
	case a.MayTake:
		return t.Warn.Render("It was agreed to: t takes it." + more)
	}
	return t.Muted.Render(strings.TrimSpace(more))
}
