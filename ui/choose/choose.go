// Package choose is the dialog that asks which of several ways to take: by email, by a link, at once. The way that is taken
// asks for itself before anything happens.
package choose

import (
	"fmt"
	"strings"

	tea "charm.land/bubbletea/v2"

	"usher/ui/dialog"
	"usher/ui/view"
	"usher/ui/widget"
)

// Model is the dialog. Build it with [New].
type Model struct {
	env    view.Env
	what   view.Choose
	cursor int
	note   string
}

var _ view.View = (*Model)(nil)

// New makes the dialog. The cursor begins at the first way that can be taken.
func New(env view.Env, what view.Choose) *Model {
	m := &Model{env: env, what: what}
	for i, o := range what.Options {
		if o.Why == "" {
			m.cursor = i
			break
		}
	}
	return m
}

// Init does nothing: all that is shown is known.
func (m *Model) Init() tea.Cmd { return nil }

// Title is the dialog's part of the breadcrumb.
func (m *Model) Title() string { return m.what.Title }

// Typing reports that no field has the focus: there is none.
func (m *Model) Typing() bool { return false }

// Close has nothing to cancel.
func (m *Model) Close() {}

// Update takes keys.
func (m *Model) Update(msg tea.Msg) (view.Action, tea.Cmd) {
	key, ok := msg.(tea.KeyPressMsg)
	if !ok {
		return nil, nil
	}
	m.note = ""
	switch k := key.String(); k {
	case "esc", "n":
		return view.Back{}, nil
	case "up", "k", "shift+tab":
		m.cursor = max(0, m.cursor-1)
	case "down", "j", "tab":
		m.cursor = min(len(m.what.Options)-1, m.cursor+1)
	case "enter":
		return m.take(m.cursor), nil
	default:
		if len(k) == 1 && k[0] >= '1' && k[0] <= '9' {
			return m.take(int(k[0] - '1')), nil
		}
	}
	return nil, nil
}

// take leaves the dialog for the way, or says why it cannot be taken.
func (m *Model) take(i int) view.Action {
	if i < 0 || i >= len(m.what.Options) {
		return nil
	}
	m.cursor = i
	o := m.what.Options[i]
	if o.Why != "" {
		m.note = o.Why
		return nil
	}
	return view.All{view.Back{}, o.Action}
}

// Keys are the bindings of the moment.
func (m *Model) Keys() []view.Key {
	return []view.Key{
		view.NewKey("enter", "go on", "enter"),
		view.NewKey("1…9", "the n-th", "1", "2", "3", "4", "5", "6", "7", "8", "9"),
		view.NewKey("j/k", "move", "j", "k", "down", "up", "tab", "shift+tab"),
		view.NewKey("n", "cancel", "n", "esc"),
	}
}

// View draws the dialog's text; the app frames it.
func (m *Model) View(size view.Size) view.Frame {
	if size.Width <= 0 || size.Height <= 0 {
		return view.Frame{}
	}
	t := m.env.Theme
	head := dialog.Head(t, m.what.Title, m.what.User, size.Width)
	tail := []string{t.Accent.Render("enter") + " goes on, and asks first   " + t.Accent.Render("n") + " cancel"}
	if m.note != "" {
		tail = append([]string{t.Warn.Render(t.Icons.Warn + " " + m.note)}, tail...)
	}
	tail = dialog.Wrap(tail, size.Width)
	body, at := m.body(size.Width)
	if len(head)+len(body)+len(tail)+2 <= size.Height {
		head, tail = append(head, ""), append([]string{""}, tail...)
	}
	if room := max(1, size.Height-len(head)-len(tail)); len(body) > room {
		top := widget.Scroll(0, at, len(body), room)
		body = body[top : top+room]
	}
	lines := append(append(head, body...), tail...)
	if over := len(lines) - size.Height; over > 0 {
		lines = lines[over:]
	}
	return view.Frame{Content: widget.Fit(strings.Join(lines, "\n"), size.Width, size.Height)}
}

// body are the ways, and the last line of the marked one.
func (m *Model) body(width int) (lines []string, at int) {
	t := m.env.Theme
	for i, o := range m.what.Options {
		mark, label := "  ", fmt.Sprintf("%d %s", i+1, o.Label)
		if i == m.cursor {
			mark = t.Accent.Render(t.Icons.Cursor) + " "
		}
		note := "" // that of the marked one is enough to read
		switch {
		case o.Why != "":
			label, note = t.Muted.Render(label), o.Why
		case i == m.cursor:
			label, note = t.Strong.Render(label), o.Note
		}
		lines = append(lines, mark+label)
		for _, l := range dialog.Wrap([]string{note}, max(1, width-4)) {
			if l != "" {
				lines = append(lines, "    "+t.Muted.Render(l))
			}
		}
		if i == m.cursor {
			at = len(lines) - 1
		}
	}
	return lines, at
}
