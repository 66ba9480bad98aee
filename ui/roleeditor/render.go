package roleeditor

import (
	"fmt"
	"strings"

	"usher/auth0client"
	"usher/auth0client/term"
	"usher/ui/view"
	"usher/ui/widget"
)

// View draws the editor, or the review.
func (m *Model) View(s view.Size) view.Frame {
	if s.Width <= 0 || s.Height <= 0 {
		return view.Frame{}
	}
	var lines []string
	switch m.phase {
	case reviewing, applying:
		lines = m.reviewLines(s)
	case finished:
		lines = m.resultLines(s)
	default:
		lines = m.listLines(s)
	}
	return view.Frame{Content: widget.Fit(strings.Join(lines, "\n"), s.Width, s.Height)}
}

func (m *Model) who() string {
	if len(m.users) == 1 {
		return m.users[0].Label().String()
	}
	return fmt.Sprintf("%d users", len(m.users))
}

func (m *Model) listLines(s view.Size) []string {
	th := m.env.Theme
	m.height = max(1, s.Height-4)
	m.follow()
	head := th.Strong.Render("Roles of "+m.who()) + "  " + m.counts()
	search := th.Muted.Render(fmt.Sprintf("%d roles", len(m.rows)))
	switch {
	case m.typing:
		in := m.input
		in.SetWidth(max(1, s.Width-4))
		search = in.View()
	case m.held == nil: // how many there are is not known yet
		search = ""
	case m.input.Value() != "":
		search = th.Muted.Render(fmt.Sprintf("%d of %d roles match %s", len(m.shown), len(m.rows), term.Line(m.input.Value())))
	}
	lines := []string{head, search, ""}
	switch {
	case m.err != nil && len(m.rows) == 0:
		for _, l := range wrapped("", view.Explain(m.env.Now(), m.err).String(), s.Width) {
			lines = append(lines, th.Danger.Render(l))
		}
	case m.loading && len(m.rows) == 0:
		lines = append(lines, th.Muted.Render("  loading roles"))
	case len(m.rows) == 0:
		lines = append(lines, "  This tenant has no roles.")
	case len(m.shown) == 0:
		lines = append(lines, "  No role matches the filter; esc drops it.")
	}
	name := m.nameWidth(s.Width)
	for i := m.offset; i < min(m.offset+m.height, len(m.shown)); i++ {
		lines = append(lines, m.rowLine(m.rows[m.shown[i]].role, i == m.cursor, name, s.Width))
	}
	for len(lines) < s.Height-1 {
		lines = append(lines, "")
	}
	return append(lines[:min(len(lines), s.Height-1)], m.bottom(s.Width))
}

func (m *Model) bottom(width int) string {
	th := m.env.Theme
	switch {
	case m.phase == leaving:
		return th.Warn.Render(widget.Truncate(fmt.Sprintf("Drop %s? y drops them, n keeps them", plural(len(m.staged), "change")), width))
	case m.note != "":
		return th.Warn.Render(widget.Truncate(m.note, width))
	case m.err != nil && len(m.rows) > 0: // without rows the list's place says it
		p := view.Explain(m.env.Now(), m.err)
		return th.Danger.Render(widget.Truncate(p.String(), width))
	}
	if why := m.whyNot(); why != "" {
		return th.Muted.Render(widget.Truncate("Read only. "+why, width))
	}
	return ""
}

func plural(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}

// counts is the line "2 changes: +1 −1", empty when nothing is staged.
func (m *Model) counts() string {
	add, remove := 0, 0
	for _, want := range m.staged {
		if want {
			add++
		} else {
			remove++
		}
	}
	if add+remove == 0 {
		return ""
	}
	th := m.env.Theme
	return th.Warn.Render(fmt.Sprintf("%s: %s%d %s%d", plural(add+remove, "change"), th.Icons.Plus, add, th.Icons.Minus, remove))
}

func (m *Model) nameWidth(width int) int {
	n := 12
	for _, i := range m.shown {
		n = max(n, widget.Width(m.rows[i].role.Name.String()))
	}
	return min(n, max(12, width/3))
}

func (m *Model) rowLine(r auth0client.Role, selected bool, nameWidth, width int) string {
	th := m.env.Theme
	n := m.holders(r.ID)
	want, isStaged := m.staged[r.ID]
	on, some := n > 0 && n == len(m.users), n > 0
	if isStaged {
		on, some = want, false
	}
	sign, word := " ", "       "
	if isStaged && want {
		sign, word = th.Icons.Plus, "added  "
	} else if isStaged {
		sign, word = th.Icons.Minus, "removed"
	}
	marker := " "
	if selected {
		marker = th.Icons.Cursor
	}
	line := marker + " " + widget.Checkbox(th, on, some) + " " + sign + " " + widget.Pad(r.Name.String(), nameWidth) + "  " + word + "  " + r.Description.String()
	line = widget.Pad(line, width)
	switch {
	case selected:
		return th.Selected.Render(line)
	case isStaged && want:
		return th.Added.Render(line)
	case isStaged:
		return th.Removed.Render(line)
	}
	return line
}

func (m *Model) reviewLines(s view.Size) []string {
	th := m.env.Theme
	plan := m.plan()
	lines := []string{th.Strong.Render("Review: change the roles of " + m.who()), ""}
	names := map[auth0client.RoleID]string{}
	for _, r := range m.rows {
		names[r.role.ID] = r.role.Name.String()
	}
	for _, c := range plan {
		u := c.user
		lines = append(lines, th.Accent.Render(u.Label().String())+th.Muted.Render("  "+u.ID.Safe().String()+"  "+u.Connection().String()))
		for _, id := range c.add {
			lines = append(lines, th.Added.Render("  "+th.Icons.Plus+" "+names[id])+"  is added")
		}
		for _, id := range c.remove {
			lines = append(lines, th.Removed.Render("  "+th.Icons.Minus+" "+names[id])+"  is removed")
		}
		from := len(m.held[u.ID])
		lines = append(lines, th.Muted.Render(fmt.Sprintf("  %s now, %d after", plural(from, "role"), from+len(c.add)-len(c.remove))), "")
	}
	tail := []string{th.Muted.Render("Tokens already issued keep the old roles until they expire."), ""}
	if m.phase == applying {
		tail = append(tail, th.Warn.Render(widget.Truncate("Applying "+th.Icons.Spinner+"  "+m.note, s.Width)))
	} else {
		if m.note != "" {
			for _, l := range wrapped("", m.note, s.Width) {
				tail = append(tail, th.Warn.Render(l))
			}
		}
		tail = append(append(tail, m.reason.Lines(s.Width)...), m.buttons())
	}
	// However long the list is, the buttons are in sight.
	room := max(0, s.Height-len(tail))
	if len(lines) > room {
		show := max(1, room-1)
		m.top = min(m.top, len(lines)-show)
		more := fmt.Sprintf("lines %d to %d of %d, j and k scroll", m.top+1, m.top+show, len(lines))
		if left := len(lines) - m.top - show; left > 0 {
			more = fmt.Sprintf("and %d lines more, j and k scroll", left)
		}
		lines = append(lines[m.top:m.top+min(show, room)], th.Muted.Render("  "+more))
		lines = lines[:min(len(lines), room)]
	}
	return append(lines, tail...)
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
	for _, o := range m.results {
		label := o.change.user.Label().String()
		switch {
		case o.changed:
			lines = append(lines, th.Warn.Render(th.Icons.Warn+" "+label))
			lines = append(lines, wrapped("    ", "Somebody else changed these roles meanwhile. Nothing was sent; look again before you apply.", s.Width)...)
		case o.err != nil:
			p := view.Explain(m.env.Now(), o.err)
			lines = append(lines, th.Danger.Render(th.Icons.No+" "+label))
			lines = append(lines, wrapped("    ", p.String(), s.Width)...)
		case len(o.waits) > 0:
			lines = append(lines, th.Warn.Render(th.Icons.Spinner+" "+label))
			for _, err := range o.waits {
				lines = append(lines, wrapped("    ", view.Explain(m.env.Now(), err).Title+".", s.Width)...)
			}
		default:
			done = append(done, th.Good.Render(th.Icons.Yes+" "+label)+"  done")
		}
	}
	lines = append(lines, done...)
	next := "esc goes back to the list."
	if n := len(m.plan()); n > 0 {
		next = fmt.Sprintf("Still to do: %s. R reviews and tries again, %s", plural(n, "user"), next)
	}
	tail := append([]string{""}, wrapped("", next, s.Width)...)
	// However many users there are, what to do next is in sight.
	room := max(0, s.Height-len(tail))
	if len(lines) > room {
		left := len(lines) - room + 1
		lines = append(lines[:max(0, room-1)], th.Muted.Render(fmt.Sprintf("  and %d lines more", left)))
	}
	return append(lines, tail...)
}

// wrapped is text in lines of at most width cells, each after indent.
func wrapped(indent, text string, width int) []string {
	lines := strings.Split(widget.Wrap(text, max(10, width-len(indent))), "\n")
	for i, l := range lines {
		lines[i] = indent + l
	}
	return lines
}
