package users

import (
	"fmt"
	"strings"

	"usher/auth0client"
	"usher/auth0client/term"
	"usher/ui/view"
	"usher/ui/widget"
)

// chrome is the lines around the rows: the search line, the titles, the bottom line.
const chrome = 3

// follow keeps the cursor in sight after it moved.
func (m *Model) follow() { m.scroll = widget.Scroll(m.scroll, m.cursor, m.count(), max(1, m.height)) }

// View draws the list.
func (m *Model) View(s view.Size) view.Frame {
	if s.Width <= 0 || s.Height <= 0 {
		return view.Frame{}
	}
	m.height = max(1, s.Height-chrome)
	m.follow()
	lines := []string{m.searchLine(s.Width)}
	switch {
	case m.panel != nil:
		lines = append(lines, m.drawPanel(s.Width, max(1, s.Height-2))...)
	default:
		lines = append(lines, m.drawRows(s.Width)...)
	}
	for len(lines) < s.Height-1 {
		lines = append(lines, "")
	}
	lines = append(lines[:min(len(lines), s.Height-1)], m.bottom(s.Width))
	return view.Frame{Content: widget.Fit(strings.Join(lines, "\n"), s.Width, s.Height)}
}

func (m *Model) drawRows(width int) []string {
	t, on := m.table()
	widths := t.Widths(width)
	lines := []string{t.Header(m.env.Theme, widths)}
	if m.count() == 0 {
		return append(lines, m.empty(width)...)
	}
	for i := m.scroll; i < min(m.scroll+m.height, m.count()); i++ {
		lines = append(lines, t.Row(m.env.Theme, widths, m.cells(m.at(i), on), i == m.cursor))
	}
	return lines
}

func (m *Model) searchLine(width int) string {
	if m.box.typing {
		in := m.box.input
		in.SetWidth(max(1, width-4))
		return in.View()
	}
	sep := " " + m.env.Theme.Icons.Sep + " "
	left := m.total()
	if m.query != "" {
		left += " for " + oneLine(m.query)
	}
	if name := sorts()[m.sort].name; name != "" {
		left += ", " + name
	}
	if words := m.filter.words(); words != "" {
		left += sep + "only " + words
	}
	if m.narrowed() {
		left = fmt.Sprintf("%d of %d loaded are like %s", m.count(), len(m.rows), oneLine(m.box.value()))
	}
	if len(m.selected) > 0 {
		left += sep + fmt.Sprintf("%d selected", len(m.selected))
		if other := m.elsewhere(); other > 0 {
			left += fmt.Sprintf(", %d of them not in view", other)
		}
	}
	if m.loading > 0 {
		left += "  " + m.env.Theme.Icons.Spinner + " loading"
	}
	return widget.Truncate(m.env.Theme.Strong.Render(left), width)
}

// elsewhere is how many of the selected are not among the rows in view.
func (m *Model) elsewhere() int {
	n := len(m.selected)
	for i := range m.count() {
		if _, ok := m.selected[m.at(i).ID]; ok {
			n--
		}
	}
	return n
}

func (m *Model) total() string {
	switch {
	case m.loadedAt.IsZero(), m.stale(): // the number is not known, or another search's
		return "Users"
	case m.filter.Role.ID != "" && m.more():
		return fmt.Sprintf("%d+ users", len(m.rows))
	case m.filter.Role.ID != "":
		return users(len(m.rows))
	case m.page.Total >= auth0client.SearchWindow:
		return "1000+ users"
	}
	return users(m.page.Total)
}

func users(n int) string {
	if n == 1 {
		return "1 user"
	}
	return fmt.Sprintf("%d users", n)
}

func (m *Model) empty(width int) []string {
	th := m.env.Theme
	var out []string
	switch {
	case m.narrowed():
		out = []string{fmt.Sprintf("  None of the %d loaded users is like this.", len(m.rows)), "", th.Muted.Render("  enter in the box (/) asks the tenant, esc shows them again.")}
	case m.err != nil:
		lines := strings.Split(widget.Wrap(view.Explain(m.env.Now(), m.err).String(), max(10, width-2)), "\n")
		for i, l := range lines {
			lines[i] = th.Danger.Render("  " + l)
		}
		return lines
	case m.loading > 0:
		return []string{th.Muted.Render(widget.Truncate("  loading users", width))}
	case m.query == "" && m.filter == (Filter{}):
		return []string{th.Muted.Render(widget.Truncate("  This tenant has no users that you may see.", width))}
	default:
		out = []string{"  Nobody matches.", ""}
		if ran := m.page.Ran.String(); ran != "" && ran != m.query {
			out = append(out, th.Muted.Render("  usher asked for: "+ran))
		}
		if words := m.filter.words(); words != "" {
			out = append(out, th.Muted.Render("  Only "+words+": f changes that."))
		}
		out = append(out, th.Muted.Render("  Try a part of the name or email, or press / to change the search, esc to end it."))
	}
	for i := range out {
		out[i] = widget.Truncate(out[i], width)
	}
	return out
}

// bottom says what went wrong, what a key would have needed, or where the list ends.
func (m *Model) bottom(width int) string {
	th := m.env.Theme
	switch {
	case m.note != "":
		return th.Warn.Render(widget.Truncate(m.note, width))
	case m.err != nil && len(m.rows) > 0: // without rows their place says it
		p := view.Explain(m.env.Now(), m.err)
		return th.Danger.Render(widget.Truncate(p.String(), width))
	case m.box.typing && len(m.box.offers) > 1:
		return th.Muted.Render(widget.Truncate("tab: "+oneLine(strings.Join(m.box.offers, " ")), width))
	case m.box.typing && m.narrowed():
		return th.Muted.Render(widget.Truncate(fmt.Sprintf("%d of %d loaded users; enter asks the tenant", m.count(), len(m.rows)), width))
	case m.box.typing && m.box.value() == "":
		return th.Muted.Render(widget.Truncate("email, name, phone number, user id, a pasted line, or Auth0 syntax; tab completes field names", width))
	case m.page.Total >= auth0client.SearchWindow && len(m.rows) > 0 && m.cursor == m.count()-1 && !m.more() && m.loading == 0 && !m.narrowed():
		return th.Warn.Render(widget.Truncate(m.windowWords(), width))
	case m.page.Missed != nil:
		return th.Warn.Render(widget.Truncate("Looked up, but not searched for: "+view.Explain(m.env.Now(), m.page.Missed).String(), width))
	case !m.stale() && !m.page.Ran.IsEmpty() && m.page.Ran.String() != m.query:
		return th.Muted.Render(widget.Truncate("asked for: "+m.page.Ran.String(), width))
	}
	return ""
}

func (m *Model) windowWords() string {
	if m.o.Save == nil {
		return "Auth0 shows 1000 of a search: narrow it (/, f)."
	}
	return "Auth0 shows 1000 of a search: narrow it (/, f) or export (w)."
}

// oneLine makes what the operator pasted fit for a line.
func oneLine(s string) string { return term.Line(strings.Join(strings.Fields(s), " ")).String() }
