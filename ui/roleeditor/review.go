package roleeditor

import (
	"fmt"
	"time"

	"usher/auth0client"
	"usher/auth0client/desk"
	"usher/ui/view"
	"usher/ui/widget"
)

// reviewLines are the review, or the change under way.
func (m *Model) reviewLines(s view.Size) []string {
	th := m.env.Theme
	plan := m.plan()
	title := "Review: change the roles of " + m.who()
	if m.undo != nil {
		title = "Review: take the change of roles back for " + m.who()
	}
	lines := []string{th.Strong.Render(title)}
	lines = append(lines, m.warnings(s.Width)...)
	lines = append(lines, "")
	label := m.labels()
	for _, c := range plan {
		u := c.User
		lines = append(lines, th.Accent.Render(u.Label().String())+th.Muted.Render("  "+u.ID.Safe().String()+"  "+u.Connection().String()))
		for _, id := range c.Add {
			lines = append(lines, th.Added.Render("  "+th.Icons.Plus+" "+label(id))+"  is added")
		}
		for _, id := range c.Remove {
			lines = append(lines, th.Removed.Render("  "+th.Icons.Minus+" "+label(id))+"  is removed")
		}
		from := len(c.Held)
		lines = append(lines, th.Muted.Render(fmt.Sprintf("  %s now, %d after", plural(from, "role"), from+len(c.Add)-len(c.Remove))), "")
	}
	lines = append(lines, m.effectLines(len(plan) == 1)...)
	tail := []string{th.Muted.Render("Tokens already issued keep the old roles until they expire."), ""}
	if m.phase == applying {
		tail = append(tail, th.Warn.Render(widget.Truncate(m.progress(), s.Width)))
	} else {
		if m.note != "" {
			for _, l := range wrapped("", m.note, s.Width) {
				tail = append(tail, th.Warn.Render(l))
			}
		}
		tail = append(append(tail, m.reason.Lines(s.Width)...), m.buttons())
	}
	return append(m.window(lines, s.Height-len(tail)), tail...)
}

// window cuts lines to the room there is, from where the operator scrolled to: however long a list is, what comes after it
// is in sight.
func (m *Model) window(lines []string, room int) []string {
	room = max(0, room)
	if len(lines) <= room {
		return lines
	}
	show := max(1, room-1)
	m.top = min(m.top, len(lines)-show)
	more := fmt.Sprintf("lines %d to %d of %d, j and k scroll", m.top+1, m.top+show, len(lines))
	if left := len(lines) - m.top - show; left > 0 {
		more = fmt.Sprintf("and %d lines more, j and k scroll", left)
	}
	lines = append(lines[m.top:m.top+min(show, room):m.top+min(show, room)], m.env.Theme.Muted.Render("  "+more))
	return lines[:min(len(lines), room)]
}

// warnings come first: what will be refused, and what is dangerous.
func (m *Model) warnings(width int) []string {
	th := m.env.Theme
	var out []string
	for _, no := range m.weighed.refused {
		for _, l := range wrapped("", th.Icons.No+" "+no, width) {
			out = append(out, th.Danger.Render(l))
		}
	}
	for _, risk := range m.weighed.risks() {
		for _, l := range wrapped("", th.Icons.Warn+" "+risk, width) {
			out = append(out, th.Danger.Render(l))
		}
	}
	return out
}

// effectLines say which permissions are gained and lost as a result.
func (m *Model) effectLines(single bool) []string {
	th, w := m.env.Theme, &m.weighed
	head := th.Strong.Render("Permissions as a result")
	switch {
	case !w.known:
		return []string{head + th.Muted.Render("  reading "+th.Icons.Spinner), ""}
	case w.tooMany > 0:
		return []string{head, th.Muted.Render(fmt.Sprintf("  not counted: these users hold %d different roles", w.tooMany)), ""}
	case w.err != nil:
		return []string{head, th.Warn.Render("  not known: " + view.Explain(m.env.Now(), w.err).Title), ""}
	case len(w.gains)+len(w.loses)+len(w.keeps) == 0:
		return []string{head, th.Muted.Render("  none is gained or lost"), ""}
	}
	lines := []string{head}
	if !single {
		lines[0] += th.Muted.Render(fmt.Sprintf("  by their roles: %s gain, %d lose", plural(w.gaining, "user"), w.losing))
	}
	line := func(sign string, p auth0client.Permission, n int) string {
		text := "  " + sign + " " + p.Name.String() + "  " + apiName(p)
		if !single {
			text += fmt.Sprintf("  (%s)", plural(n, "user"))
		}
		return text
	}
	for _, c := range w.gains {
		text := th.Added.Render(line(th.Icons.Plus, c.Permission, c.Users))
		if desk.Risk(c.Permission) != "" {
			text += " " + th.Danger.Render(th.Icons.Warn)
		}
		lines = append(lines, text)
	}
	for _, c := range w.loses {
		lines = append(lines, th.Removed.Render(line(th.Icons.Minus, c.Permission, c.Users)))
	}
	for _, p := range w.keeps {
		lines = append(lines, th.Muted.Render(line("=", p, 1)+"  stays: held another way as well"))
	}
	return append(lines, "")
}

func apiName(p auth0client.Permission) string {
	if !p.API.IsEmpty() {
		return p.API.String()
	}
	return p.APIID.String()
}

// progress is how far the change is, and how long it will take at this pace.
func (m *Model) progress() string {
	th := m.env.Theme
	words := "Applying " + th.Icons.Spinner
	if all := len(m.run.Outcomes()); all > 1 {
		done := m.run.Ended()
		words += fmt.Sprintf("  %d of %d users", done, all)
		if took := m.env.Now().Sub(m.began); done > 0 && took > 2*time.Second {
			words += ", " + view.Span(took/time.Duration(done)*time.Duration(all-done)) + " left"
		}
		if m.stopped {
			return words + "  stopping: what is under way is finished"
		}
		words += "  s stops the rest"
	}
	return words + "  " + m.note
}

func (m *Model) buttons() string {
	th := m.env.Theme
	no, yes := "  n cancel  ", "  y apply  "
	switch {
	case m.Typing():
		return no + " " + yes
	case m.onApply:
		return no + " " + th.Selected.Render(th.Icons.Cursor+yes[1:])
	}
	return th.Selected.Render(th.Icons.Cursor+no[1:]) + " " + yes
}

func (m *Model) resultLines(s view.Size) []string {
	th := m.env.Theme
	lines := []string{th.Strong.Render("Result: the roles of " + m.who()), ""}
	var done []string // after what needs a look
	back := 0
	for _, o := range m.results {
		label := o.Change.User.Label().String()
		switch {
		case o.Changed:
			lines = append(lines, th.Warn.Render(th.Icons.Warn+" "+label))
			lines = append(lines, wrapped("    ", m.changedWords(), s.Width)...)
		case o.State == desk.Stopped:
			lines = append(lines, th.Muted.Render(th.Icons.Bullet+" "+label+"  not begun"))
		case o.Err != nil:
			p := view.Explain(m.env.Now(), o.Err)
			lines = append(lines, th.Danger.Render(th.Icons.No+" "+label))
			lines = append(lines, wrapped("    ", p.String(), s.Width)...)
		case len(o.Waits) > 0:
			lines = append(lines, th.Warn.Render(th.Icons.Spinner+" "+label))
			for _, err := range o.Waits {
				lines = append(lines, wrapped("    ", view.Explain(m.env.Now(), err).Title+".", s.Width)...)
			}
		default:
			back++
			done = append(done, th.Good.Render(th.Icons.Yes+" "+label)+"  done")
		}
	}
	lines = append(lines, done...)
	next := "esc goes back to the list."
	if m.undo != nil {
		next = "esc goes back."
	}
	if n := len(m.plan()); n > 0 {
		next = fmt.Sprintf("Still to do: %s. R reviews and tries again, %s", plural(n, "user"), next)
	}
	if back > 0 {
		next += " u takes back what is done."
	}
	tail := append([]string{""}, wrapped("", next, s.Width)...)
	return append(m.window(lines, s.Height-len(tail)), tail...)
}

func (m *Model) changedWords() string {
	if m.undo != nil {
		return "The roles were changed since: nothing is taken back."
	}
	return "Somebody else changed these roles meanwhile. Nothing was sent; look again before you apply."
}
