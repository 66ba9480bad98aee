package role

import (
	"fmt"
	"strings"

	"usher/auth0client/desk"
	"usher/ui/view"
	"usher/ui/widget"
)

// View draws the screen.
func (m *Model) View(s view.Size) view.Frame {
	if s.Width <= 0 || s.Height <= 0 {
		return view.Frame{}
	}
	lines := m.head(s.Width)
	bottom := widget.Foot(m.bottom(), s.Width, s.Height)
	body := m.body(s.Width, max(1, s.Height-len(lines)-len(bottom)))
	return view.Frame{Content: widget.Footed(append(lines, body...), bottom, s.Width, s.Height)}
}

func (m *Model) head(width int) []string {
	t, r := m.env.Theme, m.now()
	name := t.Title.Render(widget.Truncate(m.Title(), width))
	about := t.Muted.Render(r.ID.Safe().String())
	if !r.Description.IsEmpty() {
		about += "  " + r.Description.String()
	}
	lines := []string{name + "  " + widget.Truncate(about, width-widget.Width(name)-2), m.tabLine(width)}
	if line := m.filter[m.tab].Line(width); line != "" {
		lines = append(lines, line)
	}
	return lines
}

func (m *Model) tabLine(width int) string {
	t := m.env.Theme
	parts := make([]string, tabs)
	for i := range tabs {
		label := fmt.Sprintf("%d %s%s", i+1, i, m.size(i))
		if i == m.tab {
			label = t.Selected.Render("[" + label + "]")
		} else {
			label = " " + label + " "
		}
		parts[i] = label
	}
	return widget.Truncate(strings.Join(parts, " "), width)
}

// size is how many a tab holds, as far as known.
func (m *Model) size(i tab) string {
	switch {
	case i == membersTab && m.members.Read():
		n := " " + desk.Thousands(len(m.members.Rows()))
		if !m.members.Whole() {
			n += "+"
		}
		return n
	case i == permissionsTab && m.permissions.Read():
		return " " + desk.Thousands(len(m.permissions.Value()))
	case i == groupsTab && m.groups.Read():
		return " " + desk.Thousands(len(m.groups.Value()))
	}
	return ""
}

func (m *Model) body(width, height int) []string {
	if m.gone() {
		return m.says(m.env.Theme.Danger.Render, "  The role no longer exists: somebody deleted it, with what it gave. esc goes back.", width)
	}
	err, read, empty := m.state()
	switch {
	case err != nil && !read:
		return m.says(m.env.Theme.Danger.Render, "  "+view.Explain(m.env.Now(), err).String(), width)
	case !read:
		return m.says(m.env.Theme.Muted.Render, "  reading"+m.env.Theme.Icons.Ellipsis, width)
	case m.length() == 0 && m.filter[m.tab].Text() != "":
		empty = "Nothing that was read matches."
		fallthrough
	case m.length() == 0:
		return m.says(m.env.Theme.Muted.Render, "  "+empty, width)
	}
	switch m.tab {
	case membersTab:
		return m.memberRows(width, height)
	case permissionsTab:
		return m.permissionRows(width, height)
	case groupsTab, tabs:
	}
	return m.groupRows(width, height)
}

func (m *Model) says(style func(...string) string, text string, width int) []string {
	lines := strings.Split(widget.Wrap(text, max(10, width-1)), "\n")
	for i, l := range lines {
		lines[i] = style(l)
	}
	return lines
}

// state is how far the open tab is read, and what to say when it is empty.
func (m *Model) state() (err error, read bool, empty string) { //nolint:staticcheck // the error is a state here
	switch m.tab {
	case membersTab:
		return m.members.Err(), m.members.Read(), "Nobody has this role directly."
	case permissionsTab:
		return m.permissions.Err(), m.permissions.Read(), "The role gives no permission. + adds some."
	case groupsTab, tabs:
	}
	return m.groups.Err(), m.groups.Read(), "No group gives this role."
}

func (m *Model) memberRows(width, height int) []string {
	t := m.env.Theme
	table := widget.Table{Columns: []widget.Column{{Title: "Member", Min: 24, Flex: 2}, {Title: "Name", Min: 14, Flex: 1}, {Title: "Id", Min: 20, Flex: 1}}}
	widths := table.Widths(width)
	lines := []string{table.Header(t, widths)}
	from, to := m.place[membersTab].Sight(m.length(), height-1)
	for i := from; i < to; i++ {
		u := m.memberAt(i).user()
		lines = append(lines, table.Row(t, widths, []string{u.Label().String(), u.Name.String(), u.ID.Safe().String()}, i == m.place[membersTab].Cursor))
	}
	return lines
}

func (m *Model) permissionRows(width, height int) []string {
	t := m.env.Theme
	name := 0
	for _, l := range m.lines {
		name = max(name, widget.Width(l.permission.Name.String()))
	}
	name = min(name, max(10, width/2))
	var lines []string
	p := &m.place[permissionsTab]
	from, to := p.Sight(len(m.lines), height)
	for i := from; i < to; i++ {
		l := m.lines[i]
		marker := "  "
		if i == p.Cursor {
			marker = widget.Pad(t.Icons.Cursor, 2)
		}
		var text string
		if l.heading {
			text = marker + l.api + t.Muted.Render("  "+l.permission.APIID.String())
			if i != p.Cursor {
				text = marker + t.Strong.Render(l.api) + t.Muted.Render("  "+l.permission.APIID.String())
			}
		} else {
			text = marker + "  " + widget.Checkbox(t, m.chosen[l.permission.Ref], false) + " " + widget.Pad(l.permission.Name.String(), name) + "  " + l.permission.Description.String()
		}
		text = widget.Truncate(text, width)
		if i == p.Cursor {
			text = t.Selected.Render(widget.Plain(text))
		}
		lines = append(lines, text)
	}
	return lines
}

func (m *Model) groupRows(width, height int) []string {
	t := m.env.Theme
	table := widget.Table{Columns: []widget.Column{{Title: "Group", Min: 24, Flex: 1}, {Title: "Id", Min: 20, Flex: 1}}}
	widths := table.Widths(width)
	lines := []string{table.Header(t, widths)}
	p := &m.place[groupsTab]
	from, to := p.Sight(m.length(), height-1)
	for i := from; i < to; i++ {
		g := m.groups.Value()[i]
		lines = append(lines, table.Row(t, widths, []string{g.Name.String(), safe(g.ID)}, i == p.Cursor))
	}
	return lines
}

// bottom says what is under way, what went wrong, what a key would have needed.
func (m *Model) bottom() string {
	t := m.env.Theme
	err, read, _ := m.state()
	n := desk.Many(len(m.members.Rows()), "member", "members")
	switch {
	case m.note != "":
		return t.Warn.Render(m.note)
	case m.deleting:
		return t.Warn.Render("Counting who loses it: " + n + " so far. D goes on without the rest, esc stops.")
	case m.members.Counting():
		return t.Warn.Render("Counting: " + n + " so far. c stops.")
	case err != nil && read:
		return t.Danger.Render(view.Explain(m.env.Now(), err).String())
	case len(m.chosen) > 0:
		return t.Muted.Render(desk.Many(len(m.chosen), "permission", "permissions") + " chosen: - removes them, esc drops the choice.")
	case m.tab == membersTab && m.members.Loading() && read:
		return t.Muted.Render("reading more" + t.Icons.Ellipsis)
	case m.tab == membersTab && read && !m.members.Whole():
		what := n + " read, there are more: move on to read them, c counts all."
		if m.filter[membersTab].Text() != "" {
			what = "The filter looks at the " + n + " that were read; c reads all."
		}
		return t.Muted.Render(what)
	case m.tab == groupsTab && read && m.length() > 0:
		return t.Muted.Render("Members of these groups have the role through them; they are not among the members here.")
	}
	return ""
}
