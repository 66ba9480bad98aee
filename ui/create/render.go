package create

import (
	"slices"
	"strings"

	tea "charm.land/bubbletea/v2"

	"usher/auth0client/term"
	"usher/ui/dialog"
	"usher/ui/view"
	"usher/ui/widget"
)

const nameWidth = 18

// View draws the screen of the moment.
func (m *Model) View(size view.Size) view.Frame {
	if size.Width <= 0 || size.Height <= 0 {
		return view.Frame{}
	}
	switch m.phase {
	case reviewing, saving:
		return m.viewReview(size)
	case made:
		return m.viewMade(size)
	case filling:
	}
	t := m.env.Theme
	head := []string{m.state(size.Width)}
	var tail []string
	if m.note != "" {
		tail = dialog.Wrap([]string{t.Warn.Render(t.Icons.Warn + " " + m.note)}, size.Width)
	}
	var lines []string
	at := 0
	for i, r := range m.rows() {
		if i == m.cursor {
			at = len(lines)
		}
		lines = append(lines, m.line(r, i == m.cursor, size.Width))
		if said := m.refused[r.name]; said != "" {
			lines = append(lines, widget.Truncate(strings.Repeat(" ", nameWidth+2)+t.Danger.Render(t.Icons.Warn+" "+said), size.Width))
		}
		if r.name == "password" && m.now("password") != "" {
			lines = append(lines, m.demands(size.Width)...)
		}
	}
	room := max(1, size.Height-len(head)-len(tail))
	top := widget.Scroll(0, at, len(lines), room)
	lines = lines[top:min(len(lines), top+room)]
	f := view.Frame{Content: widget.Fit(strings.Join(slices.Concat(head, lines, tail), "\n"), size.Width, size.Height)}
	if m.typing {
		in := m.input
		in.SetWidth(max(1, size.Width-nameWidth-3))
		if c := in.Cursor(); c != nil {
			f.Cursor = tea.NewCursor(min(size.Width-1, nameWidth+2+c.X), len(head)+at-top)
		}
	}
	return f
}

func (m *Model) state(width int) string {
	t := m.env.Theme
	switch why := m.why(); {
	case why != "":
		return t.Warn.Render(widget.Truncate(t.Icons.Warn+" "+why, width))
	case m.loadErr != nil:
		return t.Danger.Render(widget.Truncate("Not read: "+view.Explain(m.env.Now(), m.loadErr).String(), width))
	case m.reading:
		return t.Muted.Render("Reading what the tenant asks for" + t.Icons.Ellipsis)
	case m.inviting:
		return t.Muted.Render(widget.Truncate("Auth0 mails an invitation: they make their account themselves.", width))
	}
	return t.Muted.Render(widget.Truncate("A new user. i invites them by mail instead.", width))
}

// demands are the connection's on the password, as it is typed.
func (m *Model) demands(width int) []string {
	t := m.env.Theme
	var out []string
	for _, r := range m.passwordRules() {
		sign, style := t.Icons.No+" needs ", t.Warn
		switch {
		case r.Later:
			sign, style = t.Icons.Bullet+" ", t.Muted
		case r.Met:
			sign, style = t.Icons.Yes+" ", t.Good
		}
		out = append(out, widget.Truncate(strings.Repeat(" ", nameWidth+2)+style.Render(sign+r.Text), width))
	}
	return out
}

func (m *Model) line(r row, marked bool, width int) string {
	t := m.env.Theme
	mark := "  "
	if marked {
		mark = t.Accent.Render(t.Icons.Cursor) + " "
	}
	label := r.title()
	if r.must && r.why == "" {
		label += " *"
	}
	name := widget.Pad(label, nameWidth)
	room := max(1, width-nameWidth-2)
	if r.why != "" {
		return mark + t.Muted.Render(name+widget.Truncate("- ("+r.why+")", room))
	}
	if marked {
		name = t.Strong.Render(name)
	}
	switch {
	case marked && m.typing:
		in := m.input
		in.SetWidth(max(1, room-1))
		return mark + name + in.View()
	case r.kind == flagRow:
		on := m.flags[r.name]
		return mark + name + widget.Checkbox(t, on, false) + map[bool]string{true: " yes", false: " no"}[on]
	case r.kind == listRow && len(r.options) == 0:
		return mark + name + t.Muted.Render("-")
	case r.kind == listRow:
		return mark + name + widget.Truncate("< "+r.options[min(m.chosen[r.name], len(r.options)-1)]+" >", room)
	case m.values[r.name] == "":
		return mark + name + t.Muted.Render("-")
	}
	return mark + name + widget.Truncate(term.Line(m.values[r.name]).String(), room)
}

func (m *Model) viewReview(size view.Size) view.Frame {
	t := m.env.Theme
	lines := []string{t.Title.Render(m.op.Name) + "  " + t.Strong.Render(m.op.User.Label().String()), ""}
	for _, d := range m.op.Does {
		lines = append(lines, t.Icons.Bullet+" "+d)
	}
	tail := []string{"Working" + t.Icons.Ellipsis}
	if m.phase == reviewing {
		tail = nil
		if m.note != "" {
			tail = append(tail, t.Warn.Render(t.Icons.Warn+" "+m.note))
		}
		tail = append(tail, m.reason.Lines(size.Width)...)
		tail = append(tail, m.reason.ButtonsAndKeys("Back to the form", m.op.Name, m.onDo, t.Accent.Render("y")+" yes  "+t.Accent.Render("n")+" no"))
	}
	lines, tail = dialog.Wrap(lines, size.Width), dialog.Wrap(tail, size.Width)
	if room := max(1, size.Height-len(tail)); len(lines) > room {
		lines = lines[:room]
	}
	return view.Frame{Content: widget.Fit(strings.Join(append(lines, tail...), "\n"), size.Width, size.Height)}
}

func (m *Model) viewMade(size view.Size) view.Frame {
	t := m.env.Theme
	lines := []string{}
	for _, d := range m.result.Done {
		lines = append(lines, t.Good.Render(t.Icons.Yes)+" "+d)
	}
	if m.password != "" {
		lines = append(lines, "", t.Strong.Render("Password")+t.Muted.Render(" (gone when you leave this screen)"), term.Line(m.password).String())
	}
	lines = append(lines, "", t.Accent.Render("enter")+" opens the user   "+t.Accent.Render("esc")+" goes back")
	return view.Frame{Content: widget.Fit(strings.Join(dialog.Wrap(lines, size.Width), "\n"), size.Width, size.Height)}
}
