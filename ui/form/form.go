// Package form is the dialog with a few fields: texts, and choices among a few words. What is typed becomes the next step,
// which asks for itself before anything happens.
package form

import (
	"context"
	"strings"

	"charm.land/bubbles/v2/textinput"
	tea "charm.land/bubbletea/v2"

	"usher/auth0client/term"
	"usher/ui/dialog"
	"usher/ui/fetch"
	"usher/ui/view"
	"usher/ui/widget"
)

// Model is the dialog. Build it with [New].
type Model struct {
	env      view.Env
	what     view.Form
	texts    []textinput.Model // of a choice: unused
	option   []int
	focus    int // len(fields) is the button that goes on
	next     fetch.Part[view.Action]
	note     string
	dropping bool // leaving was asked for once, although something is typed
}

var _ view.View = (*Model)(nil)

// New makes the dialog.
func New(env view.Env, what view.Form) *Model {
	m := &Model{env: env, what: what, texts: make([]textinput.Model, len(what.Fields)), option: make([]int, len(what.Fields))}
	for i, f := range what.Fields {
		in := widget.NewInput("")
		if f.Most > 0 {
			in.CharLimit = f.Most
		}
		in.SetValue(f.Value)
		m.texts[i] = in
		for j, o := range f.Options {
			if o == f.Value {
				m.option[i] = j
			}
		}
	}
	m.to(0)
	return m
}

// Init does nothing: all that is shown is known.
func (m *Model) Init() tea.Cmd { return nil }

// Title is the dialog's part of the breadcrumb.
func (m *Model) Title() string { return m.what.Title }

// Typing reports that a text field has the focus.
func (m *Model) Typing() bool {
	return m.focus < len(m.texts) && len(m.what.Fields[m.focus].Options) == 0
}

// Unsaved reports that something typed would be lost.
func (m *Model) Unsaved() bool { return m.touched() }

// Close cancels the read of the next step.
func (m *Model) Close() { m.next.Cancel() }

// Update takes keys and the next step.
func (m *Model) Update(msg tea.Msg) (view.Action, tea.Cmd) {
	switch msg := msg.(type) {
	case view.Result:
		action, taken := fetch.Take(m.env, msg)
		switch {
		case !taken || action != nil:
			return action, nil
		case m.next.Err() != nil:
			m.note = view.Explain(m.env.Now(), m.next.Err()).String()
			return nil, nil
		}
		return view.All{view.Back{}, m.next.Value()}, nil
	case tea.PasteMsg:
		if m.Typing() {
			m.texts[m.focus], _ = m.texts[m.focus].Update(tea.PasteMsg{Content: term.Line(strings.Join(strings.Fields(msg.Content), " ")).String()})
		}
	case tea.KeyPressMsg:
		return m.pressed(msg)
	}
	return nil, nil
}

func (m *Model) to(i int) {
	n := len(m.texts) + 1
	m.focus = (i + n) % n
	for j := range m.texts {
		m.texts[j].Blur()
	}
	if m.Typing() {
		m.texts[m.focus].Focus()
	}
}

func (m *Model) pressed(msg tea.KeyPressMsg) (view.Action, tea.Cmd) {
	k := msg.String()
	m.note = ""
	if k != "esc" {
		m.dropping = false
	}
	switch k {
	case "esc":
		if m.touched() && !m.dropping {
			m.dropping, m.note = true, "What is typed would be lost. The same key again drops it."
			return nil, nil
		}
		return view.Back{}, nil
	case "tab", "down":
		m.to(m.focus + 1)
	case "shift+tab", "up":
		m.to(m.focus - 1)
	case "enter":
		if m.focus < len(m.texts) {
			m.to(m.focus + 1)
			return nil, nil
		}
		return m.goOn()
	default:
		m.change(msg)
	}
	return nil, nil
}

// change types into a text, or turns a choice.
func (m *Model) change(msg tea.KeyPressMsg) {
	if m.focus == len(m.texts) {
		return
	}
	if m.Typing() {
		m.texts[m.focus], _ = m.texts[m.focus].Update(msg) // the cursor does not blink: there is no command
		return
	}
	n := len(m.what.Fields[m.focus].Options)
	switch msg.String() {
	case "right", "l", "space":
		m.option[m.focus] = (m.option[m.focus] + 1) % n
	case "left", "h":
		m.option[m.focus] = (m.option[m.focus] + n - 1) % n
	}
}

func (m *Model) value(i int) string {
	if f := m.what.Fields[i]; len(f.Options) > 0 {
		return f.Options[m.option[i]]
	}
	return strings.TrimSpace(m.texts[i].Value())
}

func (m *Model) values() []string {
	out := make([]string, len(m.texts))
	for i := range m.texts {
		out[i] = m.value(i)
	}
	return out
}

func (m *Model) touched() bool {
	for i, f := range m.what.Fields {
		if len(f.Options) == 0 && m.value(i) != strings.TrimSpace(f.Value) {
			return true
		}
	}
	return false
}

func (m *Model) goOn() (view.Action, tea.Cmd) {
	if m.what.Read != nil {
		if m.next.Loading() {
			return nil, nil
		}
		read, values := m.what.Read, m.values()
		return nil, m.next.Fetch(m.env, func(ctx context.Context) (view.Action, error) { return read(ctx, values) })
	}
	next, wrong := m.what.Then(m.values())
	if wrong != "" {
		m.note = wrong
		return nil, nil
	}
	return view.All{view.Back{}, next}, nil
}

// Keys are the bindings of the moment.
func (m *Model) Keys() []view.Key {
	enter := view.NewKey("enter", "next field", "enter")
	if m.focus == len(m.texts) {
		enter = view.NewKey("enter", strings.ToLower(m.what.Done), "enter")
	}
	keys := []view.Key{enter, view.NewKey("tab", "fields", "tab", "shift+tab", "up", "down")}
	if m.focus < len(m.texts) && !m.Typing() {
		keys = append(keys, view.NewKey("left/right", "other choice", "left", "right", "h", "l", "space"))
	}
	return append(keys, view.NewKey("esc", "cancel", "esc"))
}

// View draws the dialog's text; the app frames it.
func (m *Model) View(size view.Size) view.Frame {
	if size.Width <= 0 || size.Height <= 0 {
		return view.Frame{}
	}
	t := m.env.Theme
	lines := []string{t.Title.Render(widget.Truncate(m.what.Title, size.Width))}
	if m.what.Says != "" && size.Height > len(m.texts)+4 {
		lines = append(lines, dialog.Wrap([]string{t.Muted.Render(m.what.Says)}, size.Width)...)
	}
	label := 0
	for _, f := range m.what.Fields {
		label = max(label, widget.Width(f.Label))
	}
	for i := range m.what.Fields {
		lines = append(lines, m.field(i, label, size.Width))
	}
	lines = append(lines, "")
	switch {
	case m.next.Loading():
		lines = append(lines, t.Muted.Render("looking"+t.Icons.Ellipsis))
	case m.note != "":
		lines = append(lines, dialog.Wrap([]string{t.Warn.Render(t.Icons.Warn + " " + m.note)}, size.Width)...)
	default:
		lines = append(lines, t.Muted.Render(m.hint()))
	}
	button := "  " + m.what.Done + " "
	if m.focus == len(m.texts) {
		button = " " + t.Selected.Render("["+m.what.Done+"]")
	}
	lines = append(lines, button)
	if over := len(lines) - size.Height; over > 0 { // too low: the fields stay
		lines = lines[over:]
	}
	return view.Frame{Content: widget.Fit(strings.Join(lines, "\n"), size.Width, size.Height)}
}

func (m *Model) hint() string {
	if m.focus < len(m.texts) {
		return m.what.Fields[m.focus].Hint
	}
	return ""
}

func (m *Model) field(i, label, width int) string {
	t, f := m.env.Theme, m.what.Fields[i]
	marker := " "
	if i == m.focus {
		marker = t.Icons.Cursor
	}
	line := widget.Pad(marker, 2) + t.Muted.Render(widget.Pad(f.Label, label)) + "  "
	if len(f.Options) == 0 {
		in := m.texts[i]
		in.SetWidth(max(1, width-label-5))
		return line + in.View()
	}
	if i == m.focus {
		return line + t.Selected.Render("< "+m.value(i)+" >")
	}
	return line + m.value(i)
}
