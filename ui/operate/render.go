package operate

import (
	"errors"
	"slices"
	"strings"

	"usher/auth0client"
	"usher/auth0client/desk"
	"usher/auth0client/term"
	"usher/ui/dialog"
	"usher/ui/view"
	"usher/ui/widget"
)

// View draws the dialog's text; the app frames it.
func (m *Model) View(size view.Size) view.Frame {
	if size.Width <= 0 || size.Height <= 0 {
		return view.Frame{}
	}
	wrap := func(lines []string) []string { return dialog.Wrap(lines, size.Width) }
	head, body, loses, tail := m.head(size.Width), wrap(m.body(size.Width)), m.loses(size.Width), wrap(m.tail(size.Width))
	m.hidden = false
	switch free := size.Height - len(head) - len(body) - len(loses) - len(tail); {
	case free >= 2:
		head, body, tail = append(head, ""), append(body, loses...), append([]string{""}, tail...)
	case free >= 0:
		body = append(body, loses...)
	default:
		// Too low for all: what cannot be brought back stays with the question and the buttons, the rest scrolls.
		if m.hidden = len(head)+len(loses)+len(tail) > size.Height && len(loses) > 0; m.hidden {
			tail = wrap([]string{m.env.Theme.Warn.Render(m.env.Theme.Icons.Warn + " " + tooSmall)})
		}
		if room := max(0, size.Height-len(head)-len(loses)-len(tail)); room < len(body) {
			m.scroll = min(m.scroll, len(body)-room)
			body = body[m.scroll : m.scroll+room]
			head[len(head)-1] = m.more(head[len(head)-1], size.Width)
		}
		body = append(loses, body...)
	}
	lines := append(append(head, body...), tail...)
	if over := len(lines) - size.Height; over > 0 && !m.hidden {
		lines = lines[over:]
	}
	return view.Frame{Content: widget.Fit(strings.Join(lines, "\n"), size.Width, size.Height)}
}

// tooSmall stands in place of the buttons while what cannot be brought back has no room.
const tooSmall = "Make the window larger: it does not show all that would be lost."

// more ends a line with the keys that show the lines which have no room.
func (m *Model) more(line string, width int) string {
	mark := "more: j/k"
	if m.Typing() {
		mark = "more: pgup/pgdn"
	}
	return widget.Pad(widget.Truncate(line, max(0, width-len(mark)-2)), max(0, width-len(mark))) + m.env.Theme.Warn.Render(mark)
}

func (m *Model) head(width int) []string {
	t, u := m.env.Theme, m.op.User
	title := t.Title.Render(m.op.Name)
	switch subject := m.op.Subject; {
	case u.ID == "" && subject.ID != "":
		return []string{
			title + "  " + t.Strong.Render(widget.Truncate(subject.Label.String(), max(1, width-widget.Width(m.op.Name)-2))),
			t.Muted.Render(widget.Truncate(term.Line(subject.ID).String(), width)),
		}
	case u.ID == "":
		return []string{widget.Truncate(title, width)}
	}
	id := u.ID.Safe().String()
	if c := u.Connection(); !c.IsEmpty() {
		id += " " + t.Icons.Sep + " " + c.String()
	}
	return []string{
		title + "  " + t.Strong.Render(widget.Truncate(u.Label().String(), max(1, width-widget.Width(m.op.Name)-2))),
		t.Muted.Render(widget.Truncate(id, width)),
	}
}

func (m *Model) body(width int) []string {
	t := m.env.Theme
	switch m.phase {
	case working:
		return []string{"Working" + t.Icons.Ellipsis + " Closing the dialog does not stop it."}
	case finished:
		return m.resultLines(width)
	case asking:
	}
	return dialog.Bullets(t, m.does(width), width)
}

// does says what will happen. Who it is about the head says already, where it has room for all of it.
func (m *Model) does(width int) []string {
	u := m.op.User
	head := m.head(1 << 16)
	if u.ID == "" || slices.ContainsFunc(head, func(l string) bool { return widget.Width(l) > width }) {
		return m.op.Does
	}
	who, label := desk.Who(u), u.Label().String()
	lines := make([]string, len(m.op.Does))
	for i, does := range m.op.Does {
		lines[i] = strings.ReplaceAll(does, who, label)
	}
	return lines
}

// loses are the lines on what cannot be brought back.
func (m *Model) loses(width int) []string {
	t := m.env.Theme
	var lines []string
	if m.phase != asking {
		return nil
	}
	for _, lost := range m.op.Loses {
		lines = append(lines, dialog.Point(t.Icons.Warn, t.Danger, "Cannot be brought back: "+lost, width)...)
	}
	return lines
}

func (m *Model) resultLines(width int) []string {
	t, r := m.env.Theme, m.result
	var lines []string
	for _, done := range r.Done {
		lines = append(lines, t.Good.Render(t.Icons.Yes)+" "+done)
	}
	for _, o := range r.Once {
		lines = append(lines, t.Strong.Render(o.Label)+t.Muted.Render(" (shown this once)"))
		lines = append(lines, dialog.Break(term.Line(o.Value.Reveal()).String(), width)...)
	}
	for _, note := range r.Note {
		lines = append(lines, t.Muted.Render(note))
	}
	var changed *auth0client.Changed
	switch {
	case r.Err == nil:
	case view.Waiting(r.Err):
		p := view.Explain(m.env.Now(), r.Err)
		lines = append(lines, t.Warn.Render(t.Icons.Spinner+" Not done yet. "+p.Title+"."), p.Hint+".")
	case errors.As(r.Err, &changed):
		lines = append(lines, t.Danger.Render("Somebody else was faster. Nothing more was written:"))
		for _, f := range changed.Fields {
			lines = append(lines, t.Icons.Bullet+" "+f.Name+": was "+f.Expected.String()+", is now "+f.Actual.String())
		}
	default:
		lines = append(lines, dialog.Problem(m.env, "Not finished", r.Err)...)
	}
	return lines
}

func (m *Model) tail(width int) []string {
	t := m.env.Theme
	key := func(k, does string) string { return t.Accent.Render(k) + " " + does }
	switch m.phase {
	case working:
		return []string{key("esc", "close")}
	case finished:
		if len(m.result.Once) > 0 {
			return []string{key("c", "copy") + "   " + key("enter", "close: it is gone then")}
		}
		return []string{key("enter", "close")}
	case asking:
	}
	var lines []string
	if note := m.note; note != "" {
		lines = append(lines, t.Warn.Render(t.Icons.Warn+" "+note))
	} else if why := m.why(); why != "" {
		lines = append(lines, t.Warn.Render(t.Icons.Warn+" "+why))
	}
	lines = append(lines, m.reason.Lines(width)...)
	if m.op.Type != "" {
		in := m.typed
		in.SetWidth(max(1, width-widget.Width(in.Prompt)-1))
		lines = append(lines, "To confirm, type "+t.Strong.Render(m.op.Type), in.View())
	}
	if m.inType { // none is highlighted while the field has the focus, and letters are text
		return append(lines, " Cancel     "+m.op.Name+" ")
	}
	return append(lines, m.reason.ButtonsAndKeys("Cancel", m.op.Name, m.onDo, key("y", "yes")+"  "+key("n", "cancel")))
}
