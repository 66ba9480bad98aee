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
	case asking:
		lines = m.askingLines(s)
	case comparing:
		lines = m.compareLines(s)
	default:
		lines = m.listLines(s)
	}
	return view.Frame{Content: widget.Fit(strings.Join(lines, "\n"), s.Width, s.Height)}
}

func (m *Model) who() string {
	if len(m.users) == 1 {
		return m.users[0].Label().String() + m.whose.Where()
	}
	return fmt.Sprintf("%d users", len(m.users)) + m.whose.Where()
}

func (m *Model) listLines(s view.Size) []string {
	th := m.env.Theme
	bottom := widget.Foot(m.bottom(), s.Width, s.Height)
	m.height = max(1, s.Height-3-len(bottom))
	m.follow()
	head := th.Strong.Render("Roles of "+m.who()) + "  " + m.marked()
	search := th.Muted.Render(m.total())
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
	name := min(m.names, max(12, s.Width/3))
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
	default:
		lines[2] = th.Muted.Render(widget.Pad("", 8) + widget.Pad("Role", name) + "  " + widget.Pad("", 7) + "  Perms  Description")
	}
	for i := m.offset; i < min(m.offset+m.height, len(m.shown)); i++ {
		lines = append(lines, m.rowLine(m.rows[m.shown[i]], i == m.cursor, name, s.Width))
	}
	return strings.Split(widget.Footed(lines, bottom, s.Width, s.Height), "\n")
}

// total is how many roles there are, and how many of the most that one user can hold.
func (m *Model) total() string {
	s := plural(len(m.rows), "role")
	if len(m.users) == 1 && m.held != nil {
		s += fmt.Sprintf(", %d held", len(m.held[m.users[0].ID]))
	}
	return s
}

func (m *Model) bottom() string {
	th := m.env.Theme
	switch {
	case m.phase == leaving:
		return th.Warn.Render(fmt.Sprintf("Drop %s? y drops them, n keeps them", plural(len(m.staged), "change")))
	case m.phase == offering:
		return th.Warn.Render(m.offerWords())
	case m.note != "":
		return th.Warn.Render(m.note)
	case m.err != nil && len(m.rows) > 0: // without rows the list's place says it
		p := view.Explain(m.env.Now(), m.err)
		return th.Danger.Render(p.String())
	}
	if why := m.whyNot(); why != "" {
		return th.Muted.Render("Read only. " + why)
	}
	return ""
}

func (m *Model) offerWords() string {
	add, remove, locked := m.offer()
	words := fmt.Sprintf("%s: y marks %d to add", m.other.user.Label(), len(add))
	if len(remove) > 0 {
		words += fmt.Sprintf(", x also %d to remove", len(remove))
	}
	if locked > 0 {
		words += fmt.Sprintf(" (%d cannot be copied)", locked)
	}
	return words + ", n cancels"
}

func plural(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}

// marked is the line "2 changes: +1 −1", empty when nothing is staged.
func (m *Model) marked() string {
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

func (m *Model) rowLine(r row, selected bool, nameWidth, width int) string {
	th := m.env.Theme
	id := r.role.ID
	n := m.holders(id)
	want, isStaged := m.staged[id]
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
	box := widget.Checkbox(th, on, some)
	from := m.comes(id)
	if from != "" {
		box = "[" + th.Icons.Bullet + "]"
	}
	line := marker + " " + box + " " + sign + " " + widget.Pad(r.label(), nameWidth) + "  " + word + "  " + m.count(id) + "  " + m.about(r.role, from)
	line = widget.Pad(line, width)
	switch {
	case selected:
		return th.Selected.Render(line)
	case isStaged && want:
		return th.Added.Render(line)
	case isStaged:
		return th.Removed.Render(line)
	case from != "" || m.forbidden(r.role) != "":
		return th.Muted.Render(line)
	}
	return line
}

// count is how many permissions a role gives, five cells wide.
func (m *Model) count(id auth0client.RoleID) string {
	gives, known := m.counts.gives[id]
	switch {
	case known:
		return fmt.Sprintf("%5d", len(gives))
	case m.counts.failed[id]:
		return "    ?"
	}
	return "     "
}

// about is what to know of a role, what keeps it from being changed first.
func (m *Model) about(r auth0client.Role, from string) string {
	var parts []string
	if why := m.forbidden(r); why != "" {
		parts = append(parts, "not yours: "+why)
	}
	if from != "" {
		parts = append(parts, "through "+from)
	}
	for _, t := range m.through[r.ID] {
		switch {
		case t.From == from:
		case t.Elsewhere && t.From == "everywhere":
			parts = append(parts, "held everywhere")
		case t.Elsewhere:
			parts = append(parts, "in "+t.From)
		default:
			parts = append(parts, "also through "+t.From)
		}
	}
	if !r.Description.IsEmpty() {
		parts = append(parts, r.Description.String())
	}
	return strings.Join(parts, " "+m.env.Theme.Icons.Sep+" ")
}

func (m *Model) askingLines(s view.Size) []string {
	th, p := m.env.Theme, &m.other
	title := "Copy roles from another user to " + m.who()
	if p.purpose == toCompare {
		title = "Compare " + m.who() + " with another user"
	}
	lines := []string{th.Strong.Render(title), ""}
	switch {
	case p.reading:
		lines = append(lines, th.Muted.Render("  reading "+th.Icons.Spinner))
	case len(p.several) > 0:
		lines = append(lines, "Several users have this email. Which one?", "")
		room := max(1, s.Height-6)
		top := widget.Scroll(0, p.cursor, len(p.several), room)
		for i := top; i < min(top+room, len(p.several)); i++ {
			u := p.several[i]
			line := widget.Pad("  "+u.Label().String()+"  "+u.ID.Safe().String()+"  "+u.Connection().String(), s.Width)
			if i == p.cursor {
				line = th.Selected.Render(widget.Pad(th.Icons.Cursor+line[1:], s.Width))
			}
			lines = append(lines, line)
		}
	default:
		in := p.input
		in.SetWidth(max(1, s.Width-16))
		lines = append(lines, "Email or id: "+in.View())
	}
	if p.note != "" {
		lines = append(lines, "")
		for _, l := range wrapped("", p.note, s.Width) {
			lines = append(lines, th.Warn.Render(l))
		}
	}
	return lines
}

func (m *Model) compareLines(s view.Size) []string {
	th, c := m.env.Theme, &m.compare
	rows := c.rows
	if c.only {
		rows = rows[:c.differ]
	}
	side := max(10, min(26, s.Width/4))
	name := max(8, s.Width-2*side-6)
	lines := []string{
		th.Strong.Render("Compare" + m.whose.Where() + ": " + c.left.Label().String() + " and " + c.right.Label().String()),
		th.Muted.Render(fmt.Sprintf("%d different, %d the same", c.differ, len(c.rows)-c.differ)),
		th.Muted.Render("  " + widget.Pad(c.left.Label().String(), side) + "  " + widget.Pad(c.right.Label().String(), side) + "  Role"),
	}
	room := max(1, s.Height-len(lines))
	m.top = max(0, min(m.top, len(rows)-room))
	for _, r := range rows[m.top:min(len(rows), m.top+room)] {
		line := "  " + widget.Pad(widget.Checkbox(th, r.left, false), side) + "  " + widget.Pad(widget.Checkbox(th, r.right, false), side) + "  "
		switch {
		case r.left == r.right:
			line = th.Muted.Render(line + widget.Truncate(r.row.label(), name))
		case r.left:
			line = th.Removed.Render(line + widget.Truncate(th.Icons.Minus+" "+r.row.label(), name))
		default:
			line = th.Added.Render(line + widget.Truncate(th.Icons.Plus+" "+r.row.label(), name))
		}
		lines = append(lines, line)
	}
	if len(rows) == 0 {
		lines = append(lines, "  They hold the same roles.")
	}
	return lines
}

// wrapped is text in lines of at most width cells, each after indent.
func wrapped(indent, text string, width int) []string {
	lines := strings.Split(widget.Wrap(text, max(10, width-len(indent))), "\n")
	for i, l := range lines {
		lines[i] = indent + l
	}
	return lines
}
