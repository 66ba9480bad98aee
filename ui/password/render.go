package password

import (
	"strings"

	"usher/ui/dialog"
	"usher/ui/view"
	"usher/ui/widget"
)

// View draws the form; the app frames it.
func (m *Model) View(size view.Size) view.Frame {
	if size.Width <= 0 || size.Height <= 0 {
		return view.Frame{}
	}
	lines := dialog.Head(m.env.Theme, m.Title(), m.user, size.Width)
	in := m.input
	in.SetWidth(max(1, size.Width-widget.Width(in.Prompt)-1))
	lines = append(lines, in.View())
	body, tail := dialog.Wrap(m.demands(size.Width), size.Width), dialog.Wrap(m.tail(), size.Width)
	if len(lines)+len(body)+len(tail)+2 <= size.Height {
		lines, tail = append(lines, ""), append([]string{""}, tail...)
	}
	if room := max(0, size.Height-len(lines)-len(tail)); len(body) > room {
		body = body[:room]
	}
	lines = append(append(lines, body...), tail...)
	if over := len(lines) - size.Height; over > 0 {
		lines = lines[over:]
	}
	return view.Frame{Content: widget.Fit(strings.Join(lines, "\n"), size.Width, size.Height)}
}

// demands are what the connection wants of a password, and whether that is met.
func (m *Model) demands(width int) []string {
	t := m.env.Theme
	if m.reading {
		return []string{t.Muted.Render("Reading what the connection demands" + t.Icons.Ellipsis)}
	}
	var lines []string
	for _, r := range m.rules() {
		switch {
		case r.Later:
			lines = append(lines, dialog.Point(t.Icons.Bullet, t.Muted, r.Text, width)...)
		case r.Met:
			lines = append(lines, dialog.Point(t.Icons.Yes, t.Good, r.Text, width)...)
		default:
			lines = append(lines, dialog.Point(t.Icons.No, t.Warn, "still needs "+r.Text, width)...)
		}
	}
	switch {
	case m.readErr != nil:
		return append(lines, dialog.Problem(m.env, "The connection's own demands could not be read; these are Auth0's", m.readErr)...)
	case !m.known:
		return append(lines, t.Muted.Render("The connection's own demands are not shown to usher; these are Auth0's."))
	}
	return lines
}

func (m *Model) tail() []string {
	t := m.env.Theme
	var lines []string
	if m.note != "" {
		lines = append(lines, t.Warn.Render(t.Icons.Warn+" "+m.note))
	} else if why := m.why(); why != "" {
		lines = append(lines, t.Warn.Render(t.Icons.Warn+" "+why))
	}
	buttons := dialog.Buttons(t, "Cancel", "Go on", m.onGo)
	if m.typing { // none is highlighted while the field has the focus
		buttons = " Cancel     Go on "
	}
	return append(lines, buttons+"   "+t.Accent.Render("ctrl+g")+" suggests another")
}
