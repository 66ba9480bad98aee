package edit

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	tea "charm.land/bubbletea/v2"

	"usher/auth0client"
	"usher/auth0client/desk"
	"usher/auth0client/term"
	"usher/ui/dialog"
	"usher/ui/view"
	"usher/ui/widget"
)

// View draws the screen of the moment.
func (m *Model) View(size view.Size) view.Frame {
	if size.Width <= 0 || size.Height <= 0 {
		return view.Frame{}
	}
	switch m.phase {
	case writing:
		return m.viewWriting(size)
	case reviewing, saving:
		return m.viewReview(size)
	case deciding:
		return m.viewDeciding(size)
	case filling:
	}
	return m.viewForm(size)
}

const nameWidth = 16

func (m *Model) viewForm(size view.Size) view.Frame {
	t := m.env.Theme
	head := []string{m.state(size.Width)}
	tail := m.noteLines(size.Width)
	room := max(1, size.Height-len(head)-len(tail))
	var rows []string
	at := 0
	for i, f := range m.fields {
		if i == m.cursor {
			at = len(rows)
		}
		rows = append(rows, m.row(f, i == m.cursor, size.Width))
		if p := m.problem(f); p != "" {
			rows = append(rows, widget.Truncate(strings.Repeat(" ", nameWidth+4)+t.Danger.Render(t.Icons.Warn+" "+p), size.Width))
		}
	}
	top := widget.Scroll(0, at, len(rows), room)
	rows = rows[top:min(len(rows), top+room)]
	f := view.Frame{Content: widget.Fit(strings.Join(slices.Concat(head, rows, tail), "\n"), size.Width, size.Height)}
	if m.typing && at-top < len(rows) {
		f.Cursor = tea.NewCursor(min(size.Width-1, nameWidth+4+m.inputColumn(size.Width)), len(head)+at-top)
	}
	return f
}

// inputColumn is where the text cursor stands in the field.
func (m *Model) inputColumn(width int) int {
	in := m.input
	in.SetWidth(max(1, width-nameWidth-5))
	if c := in.Cursor(); c != nil {
		return c.X
	}
	return 0
}

func (m *Model) state(width int) string {
	t := m.env.Theme
	switch n := len(m.change()); {
	case m.loadErr != nil:
		return t.Danger.Render(widget.Truncate("Not read: "+view.Explain(m.env.Now(), m.loadErr).String(), width))
	case !m.loaded:
		return t.Muted.Render("Reading the record" + t.Icons.Ellipsis)
	case n == 0:
		return t.Muted.Render(widget.Truncate(desk.Who(m.user), width))
	default:
		return t.Warn.Render(widget.Truncate(fmt.Sprintf("%d changed, not saved: %s", n, strings.Join(m.change().Names(), ", ")), width))
	}
}

func (m *Model) row(f field, marked bool, width int) string {
	t := m.env.Theme
	mark := "  "
	if marked {
		mark = t.Accent.Render(t.Icons.Cursor) + " "
	}
	changed := "  "
	if !auth0client.SameJSON(f.was, f.value) {
		changed = t.Warn.Render("*") + " "
	}
	room := max(1, width-nameWidth-4)
	name := widget.Pad(f.title(), nameWidth)
	if marked && m.typing {
		in := m.input
		in.SetWidth(max(1, room-1))
		return mark + t.Strong.Render(name) + changed + in.View()
	}
	value := m.words(f)
	if why := m.why(f.name); why != "" {
		value = widget.Plain(value) // the line is dim as a whole
		left := max(min(widget.Width(value), room/2), room-widget.Width(why)-3)
		return mark + t.Muted.Render(name+changed+widget.Truncate(widget.Truncate(value, left)+" ("+why+")", room))
	}
	if marked {
		name = t.Strong.Render(name)
	}
	return mark + name + changed + widget.Truncate(value, room)
}

// words are a field's value for its line.
func (m *Model) words(f field) string {
	t := m.env.Theme
	if f.custom() && f.value != nil {
		return f.line()
	}
	switch v := f.value.(type) {
	case bool:
		return widget.Checkbox(t, v, false) + map[bool]string{true: " yes", false: " no"}[v]
	case map[string]any:
		if len(v) == 0 {
			return "{}"
		}
		keys := term.Line(strings.Join(slices.Sorted(maps.Keys(v)), ", ")).String()
		return fmt.Sprintf("%s %s %s", sizeWords(desk.Size(v)), t.Icons.Sep, keys)
	case string:
		return term.Line(v).String()
	case nil:
		if f.was != nil {
			return t.Removed.Render("(taken away)")
		}
		return t.Muted.Render("-")
	}
	return oneLine(f.value)
}

func sizeWords(bytes int) string {
	if bytes < 1024 {
		return fmt.Sprintf("%d B", bytes)
	}
	return fmt.Sprintf("%.1f KB", float64(bytes)/1024)
}

func oneLine(v any) string {
	if v == nil {
		return "nothing"
	}
	raw, err := json.Marshal(v)
	if err != nil {
		return "?"
	}
	return term.Line(string(raw)).String()
}

func (m *Model) noteLines(width int) []string {
	t := m.env.Theme
	if m.note != "" {
		return dialog.Wrap([]string{t.Warn.Render(t.Icons.Warn + " " + m.note)}, width)
	}
	if f := m.fields[m.cursor]; isMetadata(f.name) {
		if w := desk.SizeWarning(f.name, desk.Size(f.value)); w != "" {
			return dialog.Wrap([]string{t.Warn.Render(t.Icons.Warn + " " + w)}, width)
		}
	}
	if m.meErr != nil {
		return dialog.Wrap([]string{t.Muted.Render("Your policies could not be read; the gateway holds you to them all the same.")}, width)
	}
	return nil
}

// viewWriting is the text of metadata, with what it comes to below.
func (m *Model) viewWriting(size view.Size) view.Frame {
	t := m.env.Theme
	head := t.Title.Render(m.json.kind) + "  " + t.Muted.Render(widget.Truncate("as JSON "+t.Icons.Sep+" "+m.user.Label().String(), max(0, size.Width-len(m.json.kind)-2)))
	tail := m.judgement(size)
	area := m.json.area
	area.SetWidth(max(8, size.Width))
	area.SetHeight(max(1, size.Height-1-len(tail)))
	lines := append([]string{head}, strings.Split(area.View(), "\n")...)
	return view.Frame{Content: widget.Fit(strings.Join(append(lines, tail...), "\n"), size.Width, size.Height)}
}

// judgement says whether the text is metadata, how large it is and what it changes at the first level.
func (m *Model) judgement(size view.Size) []string {
	t := m.env.Theme
	var out []string
	if m.note != "" {
		out = append(out, t.Warn.Render(t.Icons.Warn+" "+m.note))
	}
	keys, err := desk.ParseMetadata(m.json.area.Value())
	if err != nil {
		return dialog.Wrap(append(out, t.Danger.Render(t.Icons.No+" "+err.Error())), size.Width)
	}
	f := m.field(m.json.kind)
	change := keysChanged(f.was, keys)
	n := desk.Size(keys)
	out = append(out, t.Muted.Render(fmt.Sprintf("%s JSON, %s of %s", t.Icons.Yes, sizeWords(n), sizeWords(desk.MetadataLimit))))
	if w := desk.SizeWarning(m.json.kind, n); w != "" {
		out = append(out, t.Warn.Render(t.Icons.Warn+" "+w))
	}
	for _, bad := range desk.RefusedKeys(m.json.kind, change) {
		out = append(out, t.Danger.Render(t.Icons.No+" "+bad))
	}
	most := max(1, size.Height/3)
	names := slices.Sorted(maps.Keys(change))
	for i, k := range names {
		if len(out) >= most && i < len(names)-1 {
			out = append(out, t.Muted.Render(fmt.Sprintf("and %d keys more", len(names)-i)))
			break
		}
		was, _ := f.was.(map[string]any)
		out = append(out, m.diff(k, was[k], change[k]))
	}
	for i := range out {
		out[i] = widget.Truncate(out[i], size.Width)
	}
	return out
}

// diff is a key that is set, replaced or taken away.
func (m *Model) diff(key string, from, to any) string {
	t := m.env.Theme
	name := term.Line(key).String()
	switch {
	case to == nil:
		return t.Removed.Render(t.Icons.Minus + " " + name + ": " + oneLine(from))
	case from == nil:
		return t.Added.Render(t.Icons.Plus + " " + name + ": " + oneLine(to))
	}
	return "~ " + name + ": " + oneLine(from) + " -> " + oneLine(to)
}

func (m *Model) viewReview(size view.Size) view.Frame {
	t := m.env.Theme
	head := dialog.Head(t, "Save changes", m.user, size.Width)
	var body []string
	for _, d := range m.op.Does {
		body = append(body, t.Icons.Bullet+" "+d)
	}
	for _, f := range m.fields {
		if isMetadata(f.name) && !auth0client.SameJSON(f.was, f.value) {
			if w := desk.SizeWarning(f.name, desk.Size(f.value)); w != "" {
				body = append(body, t.Warn.Render(t.Icons.Warn+" "+w))
			}
		}
	}
	for _, d := range m.deepChanges() {
		body = append(body, t.Icons.Bullet+" "+d)
	}
	body = dialog.Wrap(body, size.Width)
	var tail []string
	if m.phase == saving {
		tail = []string{"Saving" + t.Icons.Ellipsis}
	} else {
		if m.note != "" {
			tail = append(tail, t.Warn.Render(t.Icons.Warn+" "+m.note))
		}
		tail = append(tail, m.reason.Lines(size.Width)...)
		tail = append(tail, m.reason.ButtonsAndKeys("Back to the form", "Save", m.onDo, t.Accent.Render("y")+" yes  "+t.Accent.Render("n")+" no"))
	}
	tail = dialog.Wrap(tail, size.Width)
	if room := max(1, size.Height-len(head)-len(tail)); len(body) > room {
		from := min(m.scroll, len(body)-room)
		body = body[from : from+room]
	}
	return view.Frame{Content: widget.Fit(strings.Join(slices.Concat(head, body, tail), "\n"), size.Width, size.Height)}
}

func (m *Model) viewDeciding(size view.Size) view.Frame {
	t := m.env.Theme
	head := dialog.Wrap([]string{t.Danger.Render(t.Icons.Warn + " Somebody else changed this meanwhile. Nothing of it is overwritten until you say so.")}, size.Width)
	var body []string
	at := 0
	for i, c := range m.choices {
		mark := "  "
		if i == m.choosing {
			mark, at = t.Accent.Render(t.Icons.Cursor)+" ", len(body)+3
		}
		body = append(body, mark+t.Strong.Render(term.Line(c.name()).String()))
		for _, l := range []struct {
			name string
			v    any
			kept bool
		}{{"was", c.was, false}, {"is now (theirs)", c.is, c.theirs}, {"yours", c.yours, !c.theirs}} {
			sign := strings.Repeat(" ", 3+widget.Width(widget.Checkbox(t, true, false)))
			if l.name != "was" {
				sign = "  " + widget.Checkbox(t, l.kept, false) + " "
			}
			body = append(body, widget.Truncate("  "+sign+widget.Pad(l.name, 16)+oneLine(l.v), size.Width))
		}
	}
	tail := dialog.Wrap([]string{t.Accent.Render("m") + " mine  " + t.Accent.Render("t") + " theirs  " + t.Accent.Render("enter") + " goes on to the review"}, size.Width)
	if room := max(1, size.Height-len(head)-len(tail)); len(body) > room {
		top := widget.Scroll(0, at, len(body), room)
		body = body[top : top+room]
	}
	return view.Frame{Content: widget.Fit(strings.Join(slices.Concat(head, body, tail), "\n"), size.Width, size.Height)}
}
