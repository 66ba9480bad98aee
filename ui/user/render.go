package user

import (
	"slices"
	"strings"
	"time"

	"usher/auth0client/desk"
	"usher/ui/view"
	"usher/ui/widget"
)

// row is one thing the mark can stand on, drawn on one line or, where nothing may be cut off, on several.
type row struct {
	lines []string
	on    *target
}

// target is what can be done to what a row shows.
type target struct {
	does       string // in the words of a key
	permission string
	why        string // what keeps it from being done to this one
	operation  func() desk.Operation
}

func line(text string) row { return row{lines: []string{text}} }

// wrapped is text on as many lines as it takes.
func wrapped(text string, width int) row {
	return row{lines: strings.Split(widget.Wrap(text, max(1, width)), "\n")}
}

// markWidth is the column of the mark and the space after it.
const markWidth = 2

// View draws the view.
func (m *Model) View(size view.Size) view.Frame {
	if size.Width <= 0 || size.Height <= 0 {
		return view.Frame{}
	}
	lines := m.head(size.Width)
	if size.Height < 8 && len(lines) > 2 { // what is shown matters more than whose id it is
		lines = slices.Delete(lines, 1, 2)
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

// tabLine names the tabs: at length, in short, or but for the shown one in three letters, as there is room.
func (m *Model) tabLine(width int) string {
	names := make([][3]string, len(m.tabs))
	needs := [2]int{}
	for i, t := range m.tabs {
		long, short := t.title()
		names[i] = [3]string{long, short, short[:min(3, len(short))]}
		needs[0] += len(long) + 4
		needs[1] += len(short) + 3
	}
	kind, gap := 0, "  "
	switch {
	case width < needs[1]+2:
		kind, gap = 2, " "
	case width < needs[0]:
		kind, gap = 1, " "
	}
	t := m.env.Theme
	parts := make([]string, len(names))
	for i, n := range names {
		digit := string(rune('1'+i)) + " "
		if i == m.at {
			parts[i] = t.Accent.Render("[" + digit + n[min(kind, 1)] + "]")
		} else {
			parts[i] = t.Muted.Render(digit + n[kind])
		}
	}
	return strings.Join(parts, gap)
}

// status is one line: why a key did nothing, the filter, or how old the shown tab is.
func (m *Model) status() string {
	t, f := m.env.Theme, m.shown().filter()
	switch {
	case m.note != "":
		return t.Warn.Render(t.Icons.Warn + " " + m.note)
	case f != nil && f.typing:
		return t.Accent.Render("/"+f.text) + t.Selected.Render(" ")
	case m.gone():
		return ""
	}
	at, loading, failed := mixed(m.shown().parts())
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
	if a, ok := m.shown().(interface{ about() string }); ok && a.about() != "" {
		words += " " + t.Icons.Sep + " " + a.about()
	}
	if f != nil && f.text != "" {
		words += " " + t.Icons.Sep + " with \"" + f.text + "\", esc shows all"
	}
	return t.Muted.Render(words)
}

// rows is the body of the shown tab. How many there are does not hang on the width.
func (m *Model) rows(width int) []row {
	if m.gone() {
		return m.goneRows()
	}
	return m.shown().rows(width)
}

func (m *Model) rowCount() int { return len(m.rows(80)) }

// marked is the row under the mark.
func (m *Model) marked(rows int) int { return max(0, min(m.cursor[m.at], rows-1)) }

// target is what can be done to the marked row, if anything.
func (m *Model) target() *target {
	t, ok := m.shown().(interface{ targets() []row })
	if !ok || m.gone() {
		return nil
	}
	if rows := t.targets(); len(rows) > 0 {
		return rows[m.marked(len(rows))].on
	}
	return nil
}

func (m *Model) goneRows() []row {
	t := m.env.Theme
	return []row{
		line(t.Danger.Render("This user no longer exists.")),
		line("Someone deleted the record, or merged it into another one."),
		line(t.Accent.Render("esc") + " goes back, " + t.Accent.Render("ctrl+r") + " looks again."),
	}
}

// window draws as many lines as there is room for, around the marked row.
func (m *Model) window(rows []row, room int) []string {
	if room <= 0 {
		return nil
	}
	at := m.marked(len(rows))
	t := m.env.Theme
	var lines []string
	first := 0
	for i, r := range rows {
		mark := "  "
		if i == at {
			first, mark = len(lines), t.Accent.Render(t.Icons.Cursor)+" "
		}
		for _, l := range r.lines {
			lines = append(lines, mark+l)
			mark = "  "
		}
	}
	top := max(0, min(first-room/2, len(lines)-room))
	return lines[top:min(len(lines), top+room)]
}

// factWidth is the column of the names of facts.
const factWidth = 16

// fact is a name and a value, on as many lines as it takes; nothing when there is no value.
func (m *Model) fact(name, value string, width int) []row {
	if value == "" {
		return nil
	}
	r := wrapped(value, max(8, width-factWidth))
	for i, l := range r.lines {
		label := ""
		if i == 0 {
			label = name
		}
		r.lines[i] = m.env.Theme.Muted.Render(widget.Pad(label, factWidth)) + l
	}
	return []row{r}
}

// heading begins a group of rows; keys are those that act on all of it, as key and what it does in turn.
func (m *Model) heading(text string, keys ...string) []row {
	t := m.env.Theme
	s := t.Strong.Render(text)
	for i := 0; i+1 < len(keys); i += 2 {
		s += "   " + t.Accent.Render(keys[i]) + t.Muted.Render(" "+keys[i+1])
	}
	return []row{line(""), line(s)}
}

// problem says in the tab why a part could not be read.
func (m *Model) problem(what string, err error, loading bool) []row {
	t := m.env.Theme
	if loading {
		return []row{line(t.Muted.Render("Reading " + what + " again" + t.Icons.Ellipsis))}
	}
	p := view.Explain(m.env.Now(), err)
	rows := []row{line(t.Danger.Render("The " + what + " could not be read: " + p.Title))}
	for _, l := range []string{p.Hint, p.Detail} {
		if l != "" {
			rows = append(rows, line(t.Muted.Render(strings.ReplaceAll(l, "\n", " "))))
		}
	}
	return append(rows, line(t.Accent.Render("R")+" tries again."))
}

func (m *Model) waiting(what string) row {
	return line(m.env.Theme.Muted.Render("Reading " + what + m.env.Theme.Icons.Ellipsis))
}

// listed draws a part that is a list: why it is not there, or its rows.
func listed[T any](m *Model, p *part[[]T], permission, what, none string, draw func(T) row) []row {
	t := m.env.Theme
	if why := m.why(permission); why != "" {
		return []row{line(t.Warn.Render(why))}
	}
	var rows []row
	switch {
	case p.err != nil:
		rows = m.problem(what, p.err, p.loading)
	case !p.read():
		return []row{m.waiting(what)}
	case len(p.value) == 0:
		return []row{line(t.Muted.Render(none))}
	}
	for _, v := range p.value {
		rows = append(rows, draw(v))
	}
	return rows
}

func (m *Model) ago(at time.Time) string { return widget.Ago(m.env.Now(), at) }

// when is a time as date and age, empty for none.
func (m *Model) when(at time.Time) string {
	if at.IsZero() {
		return ""
	}
	if age := m.ago(at); !strings.HasPrefix(m.date(at), age) { // what is long past has its date for an age
		return m.date(at) + "  (" + age + ")"
	}
	return m.date(at)
}

func (m *Model) date(at time.Time) string {
	return at.In(m.env.Now().Location()).Format("2006-01-02 15:04")
}
