package linking

import (
	"strings"

	"usher/auth0client"
	"usher/auth0client/desk"
	"usher/ui/dialog"
	"usher/ui/view"
	"usher/ui/widget"
)

// View draws the form; the app frames it.
func (m *Model) View(size view.Size) view.Frame {
	if size.Width <= 0 || size.Height <= 0 {
		return view.Frame{}
	}
	head := dialog.Head(m.env.Theme, m.Title(), m.user, size.Width)
	body, at := m.body(size.Width)
	tail := dialog.Wrap(m.tail(), size.Width)
	if len(head)+len(body)+len(tail)+2 <= size.Height {
		head, tail = append(head, ""), append([]string{""}, tail...)
	}
	if room := max(1, size.Height-len(head)-len(tail)); len(body) > room {
		top := widget.Scroll(0, at, len(body), room)
		if m.phase == comparing {
			top = min(m.scroll, len(body)-room)
		}
		body = body[top : top+room]
	}
	lines := append(append(head, body...), tail...)
	if over := len(lines) - size.Height; over > 0 {
		lines = lines[over:]
	}
	return view.Frame{Content: widget.Fit(strings.Join(lines, "\n"), size.Width, size.Height)}
}

// body is the middle, and the line of it that must be seen.
func (m *Model) body(width int) (lines []string, at int) {
	t := m.env.Theme
	switch m.phase {
	case typing:
		in := m.input
		in.SetWidth(max(1, width-widget.Width(in.Prompt)-1))
		lines = []string{in.View()}
		if m.err != nil {
			lines = append(lines, dialog.Wrap(dialog.Problem(m.env, "The other user could not be looked for", m.err), width)...)
		}
	case looking:
		lines = []string{t.Muted.Render("Looking" + t.Icons.Ellipsis)}
	case choosing:
		lines = []string{"Several users have that email. Which one becomes an identity?"}
		for i, u := range m.found {
			mark := "  "
			if i == m.cursor {
				mark, at = t.Accent.Render(t.Icons.Cursor)+" ", len(lines)
			}
			lines = append(lines, widget.Truncate(mark+widget.Pad(u.Connection().String(), 20)+"  "+u.ID.Safe().String(), width))
		}
	case comparing:
		lines = dialog.Wrap(m.sideBySide(width), width)
	}
	return lines, at
}

// sideBySide is who stays and who is lost, attribute by attribute, and what cannot be brought back.
func (m *Model) sideBySide(width int) []string {
	t, other := m.env.Theme, m.found[m.cursor]
	const name = 12
	half := max(6, (width-name-2)/2)
	pair := func(what, a, b string) string {
		return t.Muted.Render(widget.Pad(what, name)) + widget.Pad(a, half) + "  " + widget.Truncate(b, half)
	}
	lines := []string{t.Strong.Render(pair("", "STAYS", "BECOMES AN IDENTITY"))}
	for _, r := range []struct {
		what string
		of   func(auth0client.User) string
	}{
		{"email", func(u auth0client.User) string { return u.Email.String() + verified(u) }},
		{"name", func(u auth0client.User) string { return u.Name.String() }},
		{"user id", func(u auth0client.User) string { return u.ID.Safe().String() }},
		{"connection", func(u auth0client.User) string { return u.Connection().String() }},
		{"last in", func(u auth0client.User) string { return widget.Ago(m.env.Now(), u.LastLogin) }},
	} {
		lines = append(lines, pair(r.what, r.of(m.user), r.of(other)))
	}
	if !strings.EqualFold(m.user.EmailRaw, other.EmailRaw) {
		lines = append(lines, t.Warn.Render(t.Icons.Warn+" Their emails differ: is this the same person?"))
	}
	if other.EmailRaw != "" && !other.EmailVerified {
		lines = append(lines, t.Warn.Render(t.Icons.Warn+" The other's email is not verified: nobody proved that it is theirs."))
	}
	for _, lost := range desk.Lost(other) {
		lines = append(lines, t.Danger.Render(t.Icons.Warn+" Lost: "+lost))
	}
	return lines
}

func verified(u auth0client.User) string {
	if u.EmailRaw != "" && !u.EmailVerified {
		return " (not verified)"
	}
	return ""
}

func (m *Model) tail() []string {
	t := m.env.Theme
	key := func(k, does string) string { return t.Accent.Render(k) + " " + does }
	var lines []string
	if m.note != "" {
		lines = []string{t.Warn.Render(t.Icons.Warn + " " + m.note)}
	}
	switch m.phase {
	case typing:
		return append(lines, key("enter", "looks")+"   "+key("esc", "cancel"))
	case choosing:
		return append(lines, key("enter", "this one")+"   "+key("n", "another email"))
	case comparing:
		return append(lines, key("y", "goes on, and asks first")+"   "+key("n", "another one"))
	case looking:
	}
	return append(lines, key("esc", "cancel"))
}
