package operate

import (
	"strings"

	tea "charm.land/bubbletea/v2"

	"usher/ui/dialog"
	"usher/ui/view"
)

func (m *Model) pressed(msg tea.KeyPressMsg) (view.Action, tea.Cmd) {
	if m.Typing() {
		return nil, m.letters(msg)
	}
	m.note = ""
	k := msg.String()
	switch m.phase {
	case asking:
		return m.answer(k)
	case working:
		if k == "esc" || k == "n" {
			return view.Back{}, nil
		}
	case finished:
		return m.read(k), nil
	}
	return nil, nil
}

// letters takes a key while a field has the focus.
func (m *Model) letters(msg tea.KeyPressMsg) tea.Cmd {
	if !m.inType {
		switch m.reason.Key(msg) {
		case dialog.ByEnter, dialog.ByTab:
			m.next()
		case dialog.ByEsc:
			m.onDo = false
		case dialog.Stayed:
		}
		return nil
	}
	switch msg.String() {
	case "pgdown":
		m.scroll++
	case "pgup":
		m.scroll = max(0, m.scroll-1)
	case "esc":
		m.blurType()
		m.onDo = false
	case "enter", "tab", "down":
		m.blurType()
		m.onDo, m.early = m.typedRight(), m.env.Now()
	case "shift+tab", "up":
		m.blurType()
		if m.reason.Shown() {
			m.reason.Focus()
		}
	default:
		m.typed, _ = m.typed.Update(msg)
	}
	return nil
}

// next goes on from the reason: to what must be typed, or to the button that acts. The same press held down does not press it.
func (m *Model) next() {
	m.early = m.env.Now()
	if m.op.Type != "" && !m.typedRight() {
		m.focusType()
		return
	}
	m.onDo = true
}

func (m *Model) answer(k string) (view.Action, tea.Cmd) {
	switch k {
	case "esc", "n":
		if m.note = m.reason.Keep(); m.note != "" {
			return nil, nil
		}
		return view.Back{}, nil
	case "y":
		return nil, m.try()
	case "enter":
		if m.onDo {
			return nil, m.try()
		}
		if m.tooEarly() {
			return nil, nil
		}
		return view.Back{}, nil
	case "tab", "shift+tab":
		switch {
		case m.op.Type != "" && m.onDo == (k == "tab"):
			m.focusType()
		case m.reason.Shown() && m.onDo == (k == "tab"):
			m.reason.Focus()
		default:
			m.onDo = !m.onDo
		}
	case "left", "right", "h", "l":
		m.onDo = !m.onDo
	case "up", "k":
		m.scroll = max(0, m.scroll-1)
	case "down", "j", "pgdown":
		m.scroll++
	case "pgup":
		m.scroll = max(0, m.scroll-1)
	}
	return nil, nil
}

func (m *Model) try() tea.Cmd {
	switch {
	case m.why() != "":
		m.note = m.why()
	case m.tooEarly():
		m.note = "That key came too soon. Read the question, then press it again."
	case m.hidden:
		m.note = tooSmall
	case !m.typedRight():
		m.note = "Type " + m.op.Type + " to confirm."
		m.focusType()
	default:
		if m.note = m.reason.Missing(); m.note == "" {
			return m.confirm()
		}
	}
	return nil
}

// tooEarly reports a confirming key that belongs to those pressed before the question was there.
func (m *Model) tooEarly() bool {
	if m.early.IsZero() || m.env.Now().Sub(m.early) >= typeAhead {
		return false
	}
	m.early = m.env.Now()
	return true
}

// read takes a key while the result is shown.
func (m *Model) read(k string) view.Action {
	switch k {
	case "enter", "esc", "n":
		return view.Back{}
	case "c":
		if once := m.once(); len(once) > 0 {
			return view.Copy{What: strings.ToLower(once[0].Label), Text: once[0].Value.Reveal()}
		}
	case "up", "k":
		m.scroll = max(0, m.scroll-1)
	case "down", "j":
		m.scroll++
	}
	return nil
}

// Keys are the bindings of the moment.
func (m *Model) Keys() []view.Key {
	switch m.phase {
	case asking:
		if m.Typing() {
			return []view.Key{view.NewKey("enter", "go on", "enter", "tab"), view.NewKey("esc", "leave the field", "esc")}
		}
		do := view.NewKey("y", strings.ToLower(m.op.Name), "y")
		do.Why = m.why()
		return []view.Key{do, view.NewKey("n", "cancel", "n", "esc"),
			view.NewKey("tab", "other button", "tab", "shift+tab", "left", "right", "h", "l"), view.NewKey("enter", "press button", "enter")}
	case working:
		return []view.Key{view.NewKey("esc", "close, the change goes on", "esc", "n")}
	case finished:
	}
	keys := []view.Key{view.NewKey("enter", "close", "enter", "esc", "n")}
	if len(m.result.Once) > 0 {
		keys = append([]view.Key{view.NewKey("c", "copy", "c")}, keys...)
	}
	return keys
}
