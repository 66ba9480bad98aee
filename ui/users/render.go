package users

import (
	"fmt"
	"strings"

	tea "charm.land/bubbletea/v2"
	"charm.land/lipgloss/v2"

	"usher/auth0client"
	"usher/auth0client/term"
	"usher/ui/view"
	"usher/ui/widget"
)

// chrome is the lines around the rows beside the bottom: the search line and the titles.
const chrome = 2

// mostBottom is how many lines the bottom takes where there is room for them.
const mostBottom = 3

// follow keeps the cursor in sight after it moved.
func (m *Model) follow() { m.scroll = widget.Scroll(m.scroll, m.cursor, m.count(), max(1, m.height)) }

// View draws the list.
func (m *Model) View(s view.Size) view.Frame {
	if s.Width <= 0 || s.Height <= 0 {
		return view.Frame{}
	}
	m.width = s.Width
	bottom := m.bottom(s.Width, max(1, min(mostBottom, s.Height/4)))
	m.height = max(1, s.Height-chrome-len(bottom))
	if m.earlier() {
		m.height = max(1, m.height-1)
	}
	m.follow()
	lines := []string{m.searchLine(s.Width)}
	var cursor *tea.Cursor
	switch {
	case m.panel != nil:
		if len(lines) < s.Height-len(bottom) {
			cursor = tea.NewCursor(min(s.Width-1, m.panel.column()), len(lines))
		}
		lines = append(lines, m.drawPanel(s.Width, max(1, s.Height-1-len(bottom)))...)
	default:
		lines = append(lines, m.drawRows(s.Width)...)
	}
	room := max(0, s.Height-len(bottom))
	for len(lines) < room {
		lines = append(lines, "")
	}
	lines = append(lines[:room], bottom...)
	return view.Frame{Content: widget.Fit(strings.Join(lines, "\n"), s.Width, s.Height), Cursor: cursor}
}

func (m *Model) drawRows(width int) []string {
	t, on := m.table()
	widths := t.Widths(width)
	lines, th := []string{t.Header(m.env.Theme, widths)}, m.env.Theme
	if m.count() == 0 {
		return append(lines, m.empty(width)...)
	}
	earlier := m.earlier()
	if earlier {
		lines = append([]string{th.Warn.Render(widget.Truncate(m.earlierWords(), width))}, lines...)
	}
	inName := on[1] && len(widths) > 1 && widths[1] > 0
	room := widths[0] / 2
	if inName {
		room = widths[1]
	}
	mark := m.twins(room)
	for i := m.scroll; i < min(m.scroll+m.height, m.count()); i++ {
		r := m.at(i)
		line := t.Row(th, widths, m.cells(r, on, mark(r), inName, widths[0]), i == m.cursor && !earlier)
		if earlier {
			line = th.Muted.Render(line)
		}
		lines = append(lines, line)
	}
	return lines
}

func (m *Model) searchLine(width int) string {
	if m.box.typing {
		in := m.box.input
		in.SetWidth(max(1, width-4))
		return in.View()
	}
	return widget.Truncate(m.env.Theme.Strong.Render(m.heading()), width)
}

// heading says what is shown.
func (m *Model) heading() string {
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
	switch {
	case m.earlier():
		left = m.wantedWords()
	case m.narrowed():
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
	return left
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

// nobodyLike reports that nobody who is loaded is like what is typed, and that the tenant is not asked for it.
func (m *Model) nobodyLike() bool {
	return m.narrowed() && m.count() == 0 && (!m.earlier() || m.box.value() != m.query)
}

func (m *Model) empty(width int) []string {
	th := m.env.Theme
	var out []string
	switch {
	case m.nobodyLike():
		out = []string{fmt.Sprintf("  None of the %d loaded users is like this.", len(m.rows)), "", th.Muted.Render("  enter in the box (/) asks the tenant, esc shows them again.")}
	case m.err != nil:
		lines := strings.Split(widget.Wrap(view.Explain(m.env.Now(), m.err).String(), max(10, width-2)), "\n")
		for i, l := range lines {
			lines[i] = th.Danger.Render("  " + l)
		}
		if m.earlier() {
			lines = append(lines, "", th.Muted.Render("  esc brings the earlier search back."))
		}
		return lines
	case m.loading > 0:
		return []string{th.Muted.Render(widget.Truncate("  loading users", width))}
	case m.query == "" && m.filter == (Filter{}):
		return []string{th.Muted.Render(widget.Truncate("  This tenant has no users that you may see.", width))}
	default:
		out = []string{"  Nobody matches.", ""}
		if ran := m.page.Ran.String(); ran != "" && ran != m.query {
			for _, l := range wrapped(th.Muted, "usher asked for: "+ran, "", max(10, width-2), mostBottom) {
				out = append(out, "  "+l)
			}
		}
		if words := m.filter.words(); words != "" {
			out = append(out, th.Muted.Render("  Only "+words+": f changes that."))
		}
		for _, l := range wrapped(th.Muted, "Try a part of the name or email, or press / to change the search, esc to end it.", "", max(10, width-2), mostBottom) {
			out = append(out, "  "+l)
		}
	}
	for i := range out {
		out[i] = widget.Truncate(out[i], width)
	}
	return out
}

// bottom says what went wrong, what a key would have needed, or where the list ends, on at most so many lines.
func (m *Model) bottom(width, lines int) []string {
	th := m.env.Theme
	switch {
	case m.note != "":
		return wrapped(th.Warn, m.note, "", width, lines)
	case m.err != nil && (m.count() > 0 || m.nobodyLike()): // without rows their place says it
		p := view.Explain(m.env.Now(), m.err)
		hint := p.Hint
		p.Hint = ""
		return wrapped(th.Danger, p.String(), hint, width, lines)
	case !m.box.typing && !m.stale() && !m.atWindow() && m.page.Missed != nil:
		p := view.Explain(m.env.Now(), m.page.Missed)
		hint := p.Hint
		p.Hint = ""
		return wrapped(th.Warn, "Looked up, but not searched for: "+p.String(), hint, width, lines)
	case m.count() == 0 && !m.narrowed() && !m.box.typing && m.page.Missed == nil: // the place of the rows says what was asked
		return []string{""}
	case !m.box.typing && m.page.Missed == nil && !m.atWindow() && m.asked() != "":
		return wrapped(th.Muted, "asked for: "+m.asked(), "", width, lines)
	}
	return []string{m.bottomLine(width)}
}

// asked is what the tenant was asked for, if that is not what was typed.
func (m *Model) asked() string {
	if ran := m.page.Ran.String(); !m.stale() && ran != m.query {
		return ran
	}
	return ""
}

// atWindow reports that the cursor is at the last row that a search gives, though there are more.
func (m *Model) atWindow() bool {
	return m.page.Total >= auth0client.SearchWindow && len(m.rows) > 0 && m.cursor == m.count()-1 && !m.more() && m.loading == 0 && !m.narrowed()
}

// wrapped breaks text into at most so many lines. What is too long is cut before the hint, which stays whole.
func wrapped(st lipgloss.Style, text, hint string, width, most int) []string {
	whole := text
	if hint != "" {
		whole += ". " + hint
	}
	lines := strings.Split(widget.Wrap(whole, width), "\n")
	for cells := most * width; len(lines) > most && hint != "" && cells > 0; cells-- {
		lines = strings.Split(widget.Wrap(strings.TrimSuffix(widget.Truncate(text, cells), ".")+". "+hint, width), "\n")
	}
	if len(lines) > most { // no room for more than a part
		lines = lines[:most]
		lines[most-1] = widget.Truncate(lines[most-1]+" …", width)
	}
	for i, l := range lines {
		lines[i] = st.Render(widget.Truncate(l, width))
	}
	return lines
}

func (m *Model) bottomLine(width int) string {
	th := m.env.Theme
	switch {
	case m.box.typing && len(m.box.offers) > 1:
		return th.Muted.Render(widget.Truncate("tab: "+oneLine(strings.Join(m.box.offers, " ")), width))
	case m.box.typing && m.narrowed():
		return th.Muted.Render(widget.Truncate(fmt.Sprintf("%d of %d loaded users; enter asks the tenant", m.count(), len(m.rows)), width))
	case m.box.typing && m.box.value() == "":
		return th.Muted.Render(widget.Truncate("email, name, phone number, user id, a pasted line, or Auth0's search syntax", width))
	case m.stale():
		return ""
	case m.atWindow():
		return th.Warn.Render(widget.Truncate(m.windowWords(), width))
	case m.page.Missed != nil:
		return th.Warn.Render(widget.Truncate("Looked up, but not searched for: "+view.Explain(m.env.Now(), m.page.Missed).String(), width))
	case m.asked() != "":
		return th.Muted.Render(widget.Truncate("asked for: "+m.asked(), width))
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
