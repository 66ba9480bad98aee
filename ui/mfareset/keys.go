package mfareset

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
		if m.phase != choosing {
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
		switch {
		case k == "enter":
			return view.Back{}, nil
		case k == "L" && m.phase == finished: // what they need next
			return m.instead(view.FixEnrolment), nil
		}
		m.scroll(k)
	case choosing:
		return m.choose(k)
	case working:
	}
	return nil, nil
}

func (m *Model) choose(k string) (view.Action, tea.Cmd) {
	switch k {
	case "y":
		return nil, m.tryConfirm()
	case "enter":
		if m.onReset {
			return nil, m.tryConfirm()
		}
		if m.tooEarly() {
			return nil, nil
		}
		return m.leave(), nil
	case "tab", "shift+tab":
		if m.reason.Shown() && m.onReset == (k == "tab") { // past the last button is the field
			m.reason.Focus()
			return nil, nil
		}
		m.onReset = !m.onReset
	case "left", "right", "h", "l":
		m.onReset = !m.onReset
	case "N":
		return m.instead(view.FixRecoveryCode), nil
	case "L":
		return m.instead(view.FixEnrolment), nil
	case "space":
		if m.cursor < len(m.choices) {
			m.choices[m.cursor].ticked = !m.choices[m.cursor].ticked
		}
	default:
		m.scroll(k)
	}
	return nil, nil
}

// instead leaves the dialog for another fix of the same user.
func (m *Model) instead(kind view.FixKind) view.Action {
	if m.note = m.why(); m.note != "" {
		return nil
	}
	leave := m.leave()
	if leave == nil {
		return nil
	}
	return view.All{leave, view.Fix{Kind: kind, User: m.user}}
}

// leave closes the dialog; what is typed is not lost by one key.
func (m *Model) leave() view.Action {
	if m.phase == choosing {
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
		m.onReset = true
	case dialog.ToActByEnter:
		m.onReset, m.early = true, m.env.Now()
	case dialog.ToCancel:
		m.onReset = false
	case dialog.InField:
	}
}

func (m *Model) scroll(k string) {
	last := len(m.choices) - 1
	if m.phase == finished {
		last = len(m.outcome.outcomes) - 1
	}
	switch k {
	case "j", "down":
		m.cursor++
	case "k", "up":
		m.cursor--
	case "g", "home":
		m.cursor = 0
	case "G", "end":
		m.cursor = last
	}
	m.cursor = max(0, min(m.cursor, last))
}

func (m *Model) tryConfirm() tea.Cmd {
	if why := m.why(); why != "" {
		m.note = why
		return nil
	}
	if m.tooEarly() {
		m.note = "That key came too soon. Read the list, then press it again."
		return nil
	}
	if m.note = m.reason.Missing(); m.note != "" {
		return nil
	}
	return m.confirm()
}

// tooEarly reports a confirming key that belongs to those pressed before the list was there.
func (m *Model) tooEarly() bool {
	if m.early.IsZero() || m.env.Now().Sub(m.early) >= typeAhead {
		return false
	}
	m.early = m.env.Now()
	return true
}

func (m *Model) fixKey(k string, kind view.FixKind) view.Key {
	key := view.NewKey(k, kind.Label(), k)
	key.Why = m.why()
	return key
}

// Keys are the bindings of the moment.
func (m *Model) Keys() []view.Key {
	cancel := view.NewKey("n", "cancel", "n", "esc")
	switch m.phase {
	case choosing:
		reset := view.NewKey("y", "reset", "y")
		reset.Why = m.why()
		if m.Typing() {
			return []view.Key{view.NewKey("enter", "to the buttons", "enter", "tab"), view.NewKey("esc", "leave the field", "esc")}
		}
		return []view.Key{
			reset, cancel,
			view.NewKey("space", "tick", "space"),
			view.NewKey("j/k", "move", "j", "k", "down", "up", "g", "G", "home", "end"),
			view.NewKey("tab", "other button", "tab", "shift+tab", "left", "right", "h", "l"),
			view.NewKey("enter", "press button", "enter"),
			m.fixKey("N", view.FixRecoveryCode), m.fixKey("L", view.FixEnrolment),
		}
	case unread:
		return []view.Key{view.NewKey("R", "try again", "R", "ctrl+r"), cancel}
	case finished:
		keys := []view.Key{view.NewKey("enter", "close", "enter", "esc", "n"), m.fixKey("L", view.FixEnrolment)}
		if m.outcome.failed() {
			keys = append(keys, view.NewKey("R", "retry what failed", "R", "ctrl+r"))
		}
		return keys
	case working:
		return []view.Key{view.NewKey("esc", "close, the reset goes on", "esc", "n")}
	case loading:
	}
	return []view.Key{cancel}
}
