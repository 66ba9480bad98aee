package user

import (
	"strings"
	"time"

	"usher/auth0client/term"
	"usher/ui/view"
	"usher/ui/widget"
)

// row is one thing the mark can stand on, drawn on one line or, where nothing may be cut off, on several.
type row []string

// markWidth is the column of the mark and the space after it.
const markWidth = 2

// View draws the view.
func (m *Model) View(size view.Size) view.Frame {
	if size.Width <= 0 || size.Height <= 0 {
		return view.Frame{}
	}
	lines := m.head(size.Width)
	if size.Height < 8 && len(lines) > 2 { // what is shown matters more than whose id it is
		lines = append(lines[:1], lines[2:]...)
	}
	room := size.Height - len(lines)
	lines = append(lines, m.window(m.rows(max(1, size.Width-markWidth)), room)...)
	if len(lines) > size.Height {
		lines = lines[:size.Height]
	}
	return view.Frame{Content: widget.Fit(strings.Join(lines, "\n"), size.Width, size.Height)}
}

// head is who the user is, the tabs, and how fresh the shown tab is.
func (m *Model) head(width int) []string {
	t, u := m.env.Theme, m.user.value
	who := t.Title.Render(u.Label().String())
	if name := u.Name.String(); name != "" && name != u.Label().String() {
		who += "  " + name
	}
	if u.Blocked {
		who += "  " + t.Danger.Render("BLOCKED")
	}
	if n := len(m.bans.value); n > 0 {
		who += "  " + t.Danger.Render("LOCKED OUT")
	}
	id := u.ID.Safe().String()
	if c := u.Connection(); !c.IsEmpty() {
		id += " " + t.Icons.Sep + " " + c.String()
	}
	return []string{who, t.Muted.Render(id), m.tabLine(width), m.status()}
}

func (m *Model) tabLine(width int) string {
	t := m.env.Theme
	var b strings.Builder
	for i := range tabs {
		name := string(rune('1'+i)) + " " + i.String()
		if width < 62 && i != m.tab {
			name = string(rune('1'+i)) + " " + strings.Fields(i.String())[0]
		}
		if i == m.tab {
			b.WriteString(t.Accent.Render("[" + name + "]"))
		} else {
			b.WriteString(t.Muted.Render(" " + name + " "))
		}
	}
	return b.String()
}

// status is one line: why a key did nothing, the filter, or how old the shown tab is.
func (m *Model) status() string {
	t := m.env.Theme
	switch {
	case m.note != "":
		return t.Warn.Render(t.Icons.Warn + " " + m.note)
	case m.filter.typing:
		return t.Accent.Render("/"+m.filter.text) + t.Selected.Render(" ")
	case m.gone():
		return ""
	}
	at, loading, failed := m.freshness()
	words := ""
	switch {
	case loading && at.IsZero():
		words = "reading" + t.Icons.Ellipsis
	case loading:
		words = "reading again" + t.Icons.Ellipsis + " shown is from " + m.ago(at)
	case failed && !at.IsZero():
		return t.Warn.Render(t.Icons.Warn + " could not be read again; shown is from " + m.ago(at))
	case !at.IsZero():
		words = "read " + m.ago(at)
	}
	if m.tab == raw && m.filter.text != "" {
		words += " " + t.Icons.Sep + " lines with \"" + m.filter.text + "\", esc shows all"
	}
	return t.Muted.Render(words)
}

// freshness is of the shown tab: the age of its oldest part, and whether any is being read or could not be.
func (m *Model) freshness() (at time.Time, loading, failed bool) {
	switch m.tab {
	case overview:
		return mixed(m.user.state(), m.bans.state())
	case security:
		return mixed(m.methods.state(), m.bans.state())
	case access:
		return mixed(m.roles.state(), m.perms.state())
	case activity:
		return mixed(m.events.state())
	}
	return mixed(m.user.state())
}

type freshState struct {
	at              time.Time
	loading, failed bool
}

func (p *part[T]) state() freshState {
	return freshState{at: p.at, loading: p.loading, failed: p.err != nil && !p.loading}
}

func mixed(parts ...freshState) (at time.Time, loading, failed bool) {
	for _, p := range parts {
		if at.IsZero() || !p.at.IsZero() && p.at.Before(at) {
			at = p.at
		}
		loading, failed = loading || p.loading, failed || p.failed
	}
	return at, loading, failed
}

// rows is the body of the shown tab. How many there are does not hang on the width.
func (m *Model) rows(width int) []row {
	if m.gone() {
		return m.goneRows()
	}
	switch m.tab {
	case overview:
		return m.overviewRows(width)
	case security:
		return m.securityRows(width)
	case access:
		return m.accessRows(width)
	case activity:
		if m.opened != nil {
			return m.eventRows(width)
		}
		return m.activityRows(width)
	}
	return m.rawRows(width)
}

func (m *Model) rowCount() int { return len(m.rows(80)) }

func (m *Model) goneRows() []row {
	t := m.env.Theme
	return []row{
		{t.Danger.Render("This user no longer exists.")},
		{"Someone deleted the record, or merged it into another one."},
		{t.Accent.Render("esc") + " goes back, " + t.Accent.Render("ctrl+r") + " looks again."},
	}
}

// window draws as many lines as there is room for, around the marked row.
func (m *Model) window(rows []row, room int) []string {
	if room <= 0 {
		return nil
	}
	at := m.cursor[m.tab]
	if m.opened != nil {
		at = m.inside
	}
	at = max(0, min(at, len(rows)-1))
	t := m.env.Theme
	var lines []string
	first := 0
	for i, r := range rows {
		mark := "  "
		if i == at {
			first, mark = len(lines), t.Accent.Render(t.Icons.Cursor)+" "
		}
		for _, line := range r {
			lines = append(lines, mark+line)
			mark = "  "
		}
	}
	top := max(0, min(first-room/2, len(lines)-room))
	return lines[top:min(len(lines), top+room)]
}

// fact is a name and a value on one line, nothing when there is no value.
func (m *Model) fact(name, value string) []row {
	if value == "" {
		return nil
	}
	return []row{{m.env.Theme.Muted.Render(widget.Pad(name, 16)) + value}}
}

func (m *Model) factSafe(name string, value term.Safe) []row { return m.fact(name, value.String()) }

func (m *Model) heading(text string) []row {
	return []row{{""}, {m.env.Theme.Strong.Render(text)}}
}

// problem says in the tab why a part could not be read.
func (m *Model) problem(what string, err error, loading bool) []row {
	t := m.env.Theme
	if loading {
		return []row{{t.Muted.Render("Reading " + what + " again" + t.Icons.Ellipsis)}}
	}
	p := view.Explain(m.env.Now(), err)
	rows := []row{{t.Danger.Render("The " + what + " could not be read: " + p.Title)}}
	for _, line := range []string{p.Hint, p.Detail} {
		if line != "" {
			rows = append(rows, row{t.Muted.Render(strings.ReplaceAll(line, "\n", " "))})
		}
	}
	return append(rows, row{t.Accent.Render("R") + " tries again."})
}

func (m *Model) waiting(what string) row {
	return row{m.env.Theme.Muted.Render("Reading " + what + m.env.Theme.Icons.Ellipsis)}
}

// wrapped is text on as many lines as it takes.
func wrapped(text string, width int) row {
	return strings.Split(widget.Wrap(text, max(1, width)), "\n")
}

func (m *Model) ago(at time.Time) string { return widget.Ago(m.env.Now(), at) }
