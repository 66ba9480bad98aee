package access

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
	bottom := widget.Foot(m.bottom(), s.Width, s.Height)
	height := s.Height - len(bottom)
	var lines []string
	switch {
	case m.why != nil:
		lines = m.whyLines(s.Width, height)
	case m.search != nil:
		lines = m.searchLines(s.Width, height)
	default:
		lines = m.listLines(s.Width, height)
	}
	return view.Frame{Content: widget.Footed(lines, bottom, s.Width, s.Height)}
}

func (m *Model) listLines(width, height int) []string {
	t := m.env.Theme
	lines := []string{m.tabLine(width)}
	if line := m.filter.Line(width); line != "" {
		lines = append(lines, line)
	}
	if says := m.state(); says != "" {
		style := t.Muted
		if m.listErr() != nil {
			style = t.Danger
		}
		for _, l := range strings.Split(widget.Wrap(says, max(10, width-2)), "\n") {
			lines = append(lines, style.Render("  "+l))
		}
		return lines
	}
	by := "Granted by"
	if m.show == lacking {
		by = "What it is"
	}
	table := widget.Table{Columns: []widget.Column{{Title: "Permission", Min: 22, Flex: 2}, {Title: by, Min: 20, Flex: 3}, {Title: "API", Min: 14, Flex: 1}}}
	widths := table.Widths(width)
	lines = append(lines, table.Header(t, widths))
	from, to := m.place.Sight(len(m.shown), height-len(lines))
	last := ""
	for i := from; i < to; i++ {
		l := m.lines[m.shown[i]]
		name := l.grant.Name.String()
		if m.chosen[l.grant.Ref] {
			name = t.Icons.Checked + " " + name
		}
		// An API is named at its first row in sight: its permissions follow.
		api := ""
		if l.grant.Ref.API != last || i == m.place.Cursor {
			api = apiName(l.grant.Permission)
		}
		last = l.grant.Ref.API
		says := m.sources(l.grant)
		if !l.has {
			says = l.grant.Description.String()
		}
		lines = append(lines, table.Row(t, widths, []string{name, says, api}, i == m.place.Cursor))
	}
	return lines
}

func (m *Model) tabLine(width int) string {
	t := m.env.Theme
	labels := [shows]string{"1 May", "2 May not"}
	if m.access.Read() {
		labels[held] += " " + desk.Thousands(len(m.access.Value().Grants))
	}
	for i := range labels {
		if show(i) == m.show {
			labels[i] = t.Selected.Render("[" + labels[i] + "]")
		} else {
			labels[i] = " " + labels[i] + " "
		}
	}
	line := strings.Join(labels[:], " ")
	if m.access.Loading() || m.apis.Loading() {
		line += "  " + t.Icons.Spinner + " reading"
	}
	return widget.Truncate(line, width)
}

func (m *Model) listErr() error {
	if m.access.Err() != nil && !m.access.Read() {
		return m.access.Err()
	}
	if m.show == lacking && !m.apis.Read() {
		return m.apis.Err()
	}
	return nil
}

// state is what stands in the place of rows.
func (m *Model) state() string {
	switch err := m.listErr(); {
	case err != nil:
		return view.Explain(m.env.Now(), err).String()
	case !m.access.Read(), m.show == lacking && !m.apis.Read():
		return "reading" + m.env.Theme.Icons.Ellipsis
	case len(m.shown) > 0:
		return ""
	case m.filter.Text() != "":
		return "No permission matches."
	case m.show == lacking:
		return "They hold all that the tenant's APIs know."
	}
	return "They may do nothing: no permission comes to them directly, by a role or through a group."
}

func (m *Model) whyLines(width, height int) []string {
	t, w := m.env.Theme, m.why
	g := w.grant
	lines := []string{t.Title.Render(widget.Truncate("Why may they "+g.Name.String()+"?", width)),
		t.Muted.Render(widget.Truncate(apiName(g.Permission)+"  "+g.APIID.String(), width)), ""}
	if g.Direct {
		lines = append(lines, widget.Truncate(t.Icons.Bullet+" It was granted to them directly. On the list, - withdraws it.", width))
	}
	switch {
	case w.ways.Err() != nil:
		return append(lines, strings.Split(t.Danger.Render(widget.Wrap(view.Explain(m.env.Now(), w.ways.Err()).String(), max(10, width))), "\n")...)
	case !w.ways.Read():
		return append(lines, t.Muted.Render("asking Auth0 which roles give it"+t.Icons.Ellipsis))
	case len(w.ways.Value()) == 0 && !g.Direct:
		return append(lines, t.Warn.Render("Nothing gives it any more: it changed meanwhile. esc, then ctrl+r."))
	}
	ways := w.ways.Value()
	from, to := w.place.Sight(len(ways), height-len(lines))
	for i := from; i < to; i++ {
		marker := "  "
		if i == w.place.Cursor {
			marker = widget.Pad(t.Icons.Cursor, 2)
		}
		text := widget.Truncate(marker+m.chain(g, ways[i]), width)
		if i == w.place.Cursor {
			text = t.Selected.Render(text)
		}
		lines = append(lines, text)
	}
	return lines
}

// chain is the way from a permission to where it comes from.
func (m *Model) chain(g desk.Grant, w desk.Way) string {
	t := m.env.Theme
	arrow := " " + "<-" + " "
	if !t.ASCII {
		arrow = " ← "
	}
	s := g.Name.String() + arrow + "role " + w.Role.Name.String() + arrow
	var from []string
	if w.Role.Direct {
		from = append(from, "assigned to them")
	}
	for _, group := range w.Groups {
		from = append(from, "group "+group.Name.String())
	}
	if w.Role.ByGroups && len(w.Groups) == 0 {
		from = append(from, "a group")
	}
	return s + strings.Join(from, " and ")
}

func (m *Model) searchLines(width, height int) []string {
	t, s := m.env.Theme, m.search
	lines := []string{t.Title.Render(widget.Truncate("What would give "+s.permission.Name.String()+"?", width)),
		t.Muted.Render(widget.Truncate(apiName(s.permission)+"  "+s.permission.APIID.String(), width)), t.Muted.Render(widget.Truncate(m.progress(), width)), ""}
	from, to := s.place.Sight(len(s.found), height-len(lines))
	for i := from; i < to; i++ {
		c := s.found[i]
		marker := "  "
		if i == s.place.Cursor {
			marker = widget.Pad(t.Icons.Cursor, 2)
		}
		note := c.role.Description.String()
		if c.why != "" {
			note = c.why
		}
		text := widget.Truncate(marker+"role "+widget.Pad(c.role.Name.String(), max(10, min(30, width/3)))+"  "+note, width)
		switch {
		case i == s.place.Cursor:
			text = t.Selected.Render(text)
		case c.why != "":
			text = t.Muted.Faint(true).Render(text)
		}
		lines = append(lines, text)
	}
	if s.done() && len(s.found) == 0 {
		lines = append(lines, "No role gives it. + grants it directly.")
	}
	return lines
}

func (m *Model) progress() string {
	s := m.search
	all := len(s.roles.Value().roles)
	switch {
	case s.roles.Err() != nil:
		return view.Explain(m.env.Now(), s.roles.Err()).String()
	case s.err != nil:
		return fmt.Sprintf("Stopped after %d of %d roles: %s", s.asked, all, view.Explain(m.env.Now(), s.err))
	case !s.begun && !s.stopped:
		return "reading the roles" + m.env.Theme.Icons.Ellipsis
	case s.done():
		return fmt.Sprintf("Looked at all %s.", desk.Many(all, "role", "roles"))
	case s.stopped:
		return fmt.Sprintf("Stopped: looked at %s of %s roles.", desk.Thousands(s.asked), desk.Thousands(all))
	}
	return fmt.Sprintf("Looked at %s of %s roles, those you may assign first. esc stops.", desk.Thousands(s.asked), desk.Thousands(all))
}

func (m *Model) bottom() string {
	t := m.env.Theme
	partial := m.access.Value().Partial
	switch {
	case m.note != "":
		return t.Warn.Render(m.note)
	case m.access.Err() != nil && m.access.Read():
		return t.Danger.Render(view.Explain(m.env.Now(), m.access.Err()).String())
	case partial != nil:
		return t.Warn.Render("What comes through groups is not among this: " + view.Explain(m.env.Now(), partial).Title + ".")
	case len(m.chosen) > 0 && m.show == held:
		return t.Muted.Render(fmt.Sprintf("%d chosen: - withdraws them", len(m.chosen)))
	case len(m.chosen) > 0:
		return t.Muted.Render(fmt.Sprintf("%d chosen: + grants them", len(m.chosen)))
	case m.why != nil || m.search != nil:
		return ""
	}
	return t.Muted.Render("Access tokens already issued keep what was until they expire.")
}
