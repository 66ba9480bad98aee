package users

import (
	"fmt"
	"strings"

	"usher/auth0client"
	"usher/auth0client/term"
	"usher/ui/view"
	"usher/ui/widget"
)

// table lists the columns in the order in which they matter: what does not fit is dropped from the right.
func table() widget.Table {
	return widget.Table{Columns: []widget.Column{
		{Title: "User", Min: 24, Flex: 4}, {Title: "Name", Min: 14, Flex: 2}, {Title: "State", Min: 12}, {Title: "Last sign-in", Min: 12},
		{Title: "Connection", Min: 14, Flex: 1}, {Title: "Sign-ins", Min: 8},
	}}
}

// chrome is the lines around the rows: the search line, the titles, the bottom line.
const chrome = 3

// follow keeps the cursor in sight after it moved.
func (m *Model) follow() { m.scroll = widget.Scroll(m.scroll, m.cursor, len(m.rows), max(1, m.height)) }

// View draws the list.
func (m *Model) View(s view.Size) view.Frame {
	if s.Width <= 0 || s.Height <= 0 {
		return view.Frame{}
	}
	m.height = max(1, s.Height-chrome)
	m.follow()
	lines := []string{m.searchLine(s.Width)}
	t := table()
	widths := t.Widths(s.Width)
	lines = append(lines, t.Header(m.env.Theme, widths))
	switch {
	case len(m.rows) == 0:
		lines = append(lines, m.empty(s.Width)...)
	default:
		for i := m.scroll; i < min(m.scroll+m.height, len(m.rows)); i++ {
			lines = append(lines, t.Row(m.env.Theme, widths, m.cells(m.rows[i]), i == m.cursor))
		}
	}
	for len(lines) < s.Height-1 {
		lines = append(lines, "")
	}
	lines = append(lines[:min(len(lines), s.Height-1)], m.bottom(s.Width))
	return view.Frame{Content: widget.Fit(strings.Join(lines, "\n"), s.Width, s.Height)}
}

func (m *Model) searchLine(width int) string {
	if m.typing {
		in := m.input
		in.SetWidth(max(1, width-4))
		return in.View()
	}
	left := m.count()
	if m.query != "" {
		left += " for " + oneLine(m.query)
	}
	if name := sorts()[m.sort].name; name != "" {
		left += ", " + name
	}
	if len(m.selected) > 0 {
		left += fmt.Sprintf(" %s %d selected", m.env.Theme.Icons.Sep, len(m.selected))
	}
	if m.loading {
		left += "  " + m.env.Theme.Icons.Spinner + " loading"
	}
	return widget.Truncate(m.env.Theme.Strong.Render(left), width)
}

func (m *Model) count() string {
	switch {
	case m.loadedAt.IsZero(), m.stale(): // the number is not known, or another search's
		return "Users"
	case m.page.Total == 1:
		return "1 user"
	case m.page.Total >= auth0client.SearchWindow:
		return "1000+ users"
	}
	return fmt.Sprintf("%d users", m.page.Total)
}

func (m *Model) cells(u auth0client.User) []string {
	label := u.Label().String()
	if _, ok := m.selected[u.ID]; ok {
		label = m.env.Theme.Icons.Checked + " " + label
	}
	return []string{label, u.Name.String(), state(u), widget.Ago(m.env.Now(), u.LastLogin), u.Connection().String(), fmt.Sprint(u.Logins)}
}

// state is what stands out about an account, in a word. Brute-force blocks are not in a search's answer.
func state(u auth0client.User) string {
	switch {
	case u.Blocked:
		return "blocked"
	case !u.Email.IsEmpty() && !u.EmailVerified:
		return "unverified"
	case u.LastLogin.IsZero():
		return "never in"
	}
	return ""
}

func (m *Model) empty(width int) []string {
	th := m.env.Theme
	switch {
	case m.err != nil:
		lines := strings.Split(widget.Wrap(view.Explain(m.env.Now(), m.err).String(), max(10, width-2)), "\n")
		for i, l := range lines {
			lines[i] = th.Danger.Render("  " + l)
		}
		return lines
	case m.loading:
		return []string{th.Muted.Render(widget.Truncate("  loading users", width))}
	case m.query == "":
		return []string{th.Muted.Render(widget.Truncate("  This tenant has no users that you may see.", width))}
	}
	out := []string{"  Nobody matches.", ""}
	if ran := m.page.Ran.String(); ran != "" && ran != m.query {
		out = append(out, th.Muted.Render("  usher asked for: "+ran))
	}
	out = append(out, th.Muted.Render("  Try a part of the name or email, or press / to change the search, esc to end it."))
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
	case m.page.Total >= auth0client.SearchWindow && len(m.rows) > 0 && m.cursor == len(m.rows)-1 && !m.more() && !m.loading:
		return th.Warn.Render(widget.Truncate("Auth0 shows the first 1000 of a search. Narrow it with / to see others.", width))
	case m.query != "" && !m.page.Ran.IsEmpty() && m.page.Ran.String() != m.query:
		return th.Muted.Render(widget.Truncate("asked for: "+m.page.Ran.String(), width))
	}
	return ""
}

// oneLine makes what the operator pasted fit for a line.
func oneLine(s string) string { return term.Line(s).String() }
