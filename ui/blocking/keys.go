package blocking

import (
	tea "charm.land/bubbletea/v2"

	"usher/ui/dialog"
	"usher/ui/view"
)

func (m *Model) pressed(k string) (view.Action, tea.Cmd) {
	m.note = ""
	switch k {
	case "esc", "n":
		return m.leave(), nil
	case "ctrl+r":
		return nil, m.again()
	case "R":
		if m.phase != asking {
			return nil, m.again()
		}
		return nil, nil
	}
	switch m.phase {
	case loading:
		if k == "y" || k == "enter" {
			m.early = m.env.Now()
		}
	case unread, finished:
		if k == "enter" {
			return view.Back{}, nil
		}
	case asking:
		return m.answer(k)
	case working:
	}
	return nil, nil
}

func (m *Model) answer(k string) (view.Action, tea.Cmd) {
	switch k {
	case "y":
		return nil, m.tryConfirm()
	case "enter":
		if m.onDo {
			return nil, m.tryConfirm()
		}
		if m.tooEarly() {
			return nil, nil
		}
		return m.leave(), nil
	case "space":
		if len(m.blockedAddresses()) > 0 {
			m.free = !m.free
		}
	case "tab", "shift+tab":
		if m.reason.Shown() && m.onDo == (k == "tab") { // past the last button is the field
			m.reason.Focus()
			return nil, nil
		}
		m.onDo = !m.onDo
	case "left", "right", "up", "down", "h", "j", "k", "l":
		m.onDo = !m.onDo
	}
	return nil, nil
}

// leave closes the dialog; what is typed is not lost by one key.
func (m *Model) leave() view.Action {
	if m.phase == asking {
		if m.note = m.reason.Keep(); m.note != "" {
			return nil
		}
	}
	return view.Back{}
}

// typed takes a key for the reason. Enter goes on to the button that acts, but the same press held down does not press it.
func (m *Model) typed(msg tea.KeyPressMsg) {
	m.note = ""
	switch m.reason.KeyBesideButtons(msg) {
	case dialog.ToAct:
		m.onDo = true
	case dialog.ToActByEnter:
		m.onDo, m.early = true, m.env.Now()
	case dialog.ToCancel:
		m.onDo = false
	case dialog.InField:
	}
}

func (m *Model) tryConfirm() tea.Cmd {
	if why := m.why(); why != "" {
		m.note = why
		return nil
	}
	if m.tooEarly() {
		m.note = "That key came too soon. Read the question, then press it again."
		return nil
	}
	if m.note = m.reason.Missing(); m.note != "" {
		return nil
	}
	return m.confirm()
}

// tooEarly reports a confirming key that belongs to those pressed before the question was there.
func (m *Model) tooEarly() bool {
	if m.early.IsZero() || m.env.Now().Sub(m.early) >= typeAhead {
		return false
	}
	m.early = m.env.Now()
	return true
}

// Keys are the bindings of the moment.
func (m *Model) Keys() []view.Key {
	cancel := view.NewKey("n", "cancel", "n", "esc")
	switch m.phase {
	case asking:
		do := view.NewKey("y", "block", "y")
		if m.unblocks() {
			do = view.NewKey("y", "unblock", "y")
		}
		do.Why = m.why()
		if m.Typing() {
			return []view.Key{view.NewKey("enter", "to the buttons", "enter", "tab"), view.NewKey("esc", "leave the field", "esc")}
		}
		keys := []view.Key{do, cancel}
		if len(m.blockedAddresses()) > 0 {
			keys = append(keys, view.NewKey("space", "free the address", "space"))
		}
		return append(keys,
			view.NewKey("tab", "other button", "tab", "shift+tab", "left", "right", "up", "down", "h", "j", "k", "l"),
			view.NewKey("enter", "press button", "enter"),
		)
	case unread:
		return []view.Key{view.NewKey("R", "try again", "R", "ctrl+r"), cancel}
	case finished:
		keys := []view.Key{view.NewKey("enter", "close", "enter", "esc", "n")}
		if m.outcome.err != nil {
			keys = append(keys, view.NewKey("R", "look again", "R", "ctrl+r"))
		}
		return keys
	case working:
		return []view.Key{view.NewKey("esc", "close, the change goes on", "esc", "n")}
	case loading:
	}
	return []view.Key{cancel}
}
