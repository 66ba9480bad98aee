package roles

import (
	"fmt"
	"strings"

	"usher/auth0client/desk"
	"usher/ui/view"
	"usher/ui/widget"
)

func table() widget.Table {
	return widget.Table{Columns: []widget.Column{
		{Title: "Role", Min: 24, Flex: 1}, {Title: "Users", Min: 7}, {Title: "Permissions", Min: 11}, {Title: "Description", Min: 10, Flex: 4},
	}}
}

// chrome is the lines over the rows: count or filter, titles.
const chrome = 2

// View draws the list.
func (m *Model) View(s view.Size) view.Frame {
	if s.Width <= 0 || s.Height <= 0 {
		return view.Frame{}
	}
	t := table()
	widths := t.Widths(s.Width)
	lines := []string{m.top(s.Width), t.Header(m.env.Theme, widths)}
	bottom := widget.Foot(m.bottom(), s.Width, s.Height)
	height := max(1, s.Height-chrome-len(bottom))
	if len(m.shown) == 0 {
		lines = append(lines, m.empty(s.Width)...)
	}
	from, to := m.place.Sight(len(m.shown), height)
	for i := from; i < to; i++ {
		r := m.rows[m.shown[i]]
		line := t.Row(m.env.Theme, widths, m.cells(r), i == m.place.Cursor)
		if r.why != "" && i != m.place.Cursor {
			line = m.env.Theme.Muted.Faint(true).Render(line)
		}
		lines = append(lines, line)
	}
	return view.Frame{Content: widget.Footed(lines, bottom, s.Width, s.Height)}
}

func (m *Model) top(width int) string {
	t := m.env.Theme
	if m.filter.Typing() {
		return m.filter.Line(width)
	}
	left := "Roles"
	if m.all.Read() {
		left = desk.Many(len(m.rows), "role", "roles")
		if m.filter.Text() != "" {
			left = fmt.Sprintf("%s of %s for %s", desk.Thousands(len(m.shown)), left, m.filter.Line(width))
		}
	}
	if m.first != nil {
		left += " " + t.Icons.Sep + " compare " + m.first.Name.String() + " with: ="
	}
	if m.all.Loading() {
		left += "  " + t.Icons.Spinner + " loading"
	}
	return t.Strong.Render(widget.Truncate(left, width))
}

func (m *Model) cells(r row) []string {
	name := r.role.Name.String()
	if m.first != nil && m.first.ID == r.role.ID {
		name = "= " + name
	}
	if m.same[r.role.Name.String()] > 1 { // only the id tells them apart
		name += "  " + r.role.ID.Safe().String()
	}
	return append(append([]string{name}, m.numbers(r)...), r.role.Description.String())
}

func (m *Model) numbers(r row) []string {
	c, known := m.counts[r.role.ID]
	switch {
	case known:
		return []string{number(c.Users), number(c.Permissions)}
	case m.failed[r.role.ID] != nil:
		return []string{"?", "?"}
	case m.pending[r.role.ID]:
		return []string{m.env.Theme.Icons.Spinner, m.env.Theme.Icons.Spinner}
	}
	return []string{"", ""}
}

// number is a count; one that the tenant did not tell is a question mark.
func number(n int) string {
	if n < 0 {
		return "?"
	}
	return desk.Thousands(n)
}

func (m *Model) empty(width int) []string {
	t := m.env.Theme
	switch {
	case m.all.Err() != nil:
		lines := strings.Split(widget.Wrap(view.Explain(m.env.Now(), m.all.Err()).String(), max(10, width-2)), "\n")
		for i, l := range lines {
			lines[i] = t.Danger.Render("  " + l)
		}
		return lines
	case !m.all.Read():
		return []string{t.Muted.Render("  reading roles")}
	case len(m.rows) == 0:
		return []string{t.Muted.Render(widget.Truncate("  This tenant has no roles. n makes one.", width))}
	}
	return []string{t.Muted.Render(widget.Truncate("  No role matches. esc ends the filter.", width))}
}

func (m *Model) bottom() string {
	t := m.env.Theme
	r, ok := m.current()
	switch {
	case m.note != "":
		return t.Warn.Render(m.note)
	case m.all.Err() != nil && len(m.rows) > 0:
		return t.Danger.Render(view.Explain(m.env.Now(), m.all.Err()).String())
	case ok && m.failed[r.role.ID] != nil:
		return t.Danger.Render("Not counted: " + view.Explain(m.env.Now(), m.failed[r.role.ID]).String())
	case ok && r.why != "":
		return t.Muted.Render("You may not assign " + r.role.Name.String() + ": " + r.why + ".")
	}
	return ""
}
