package bulk

import (
	tea "charm.land/bubbletea/v2"

	"usher/ui/dialog"
	"usher/ui/view"
)

func (m *Model) pressed(k string) (view.Action, tea.Cmd) {
	m.note = ""
	switch k {
	case "j", "down":
		m.cursor = min(m.cursor+1, len(m.items)-1)
		return nil, nil
	case "k", "up":
		m.cursor = max(0, m.cursor-1)
		return nil, nil
	case "pgdown", "ctrl+d":
		m.cursor = min(m.cursor+10, len(m.items)-1)
		return nil, nil
	case "pgup", "ctrl+u":
		m.cursor = max(0, m.cursor-10)
		return nil, nil
	case "g", "home":
		m.cursor = 0
		return nil, nil
	case "G", "end":
		m.cursor = len(m.items) - 1
		return nil, nil
	}
	switch m.phase {
	case asking:
		return m.answer(k)
	case working:
		if (k == "S" || k == "esc") && !m.stopped {
			m.run.Stop()
			m.stopped, m.note = true, "Stopping: what has begun is finished."
		}
	case finished:
		return m.after(k)
	}
	return nil, nil
}

func (m *Model) answer(k string) (view.Action, tea.Cmd) {
	switch k {
	case "esc", "n":
		if m.note = m.reason.Keep(); m.note != "" {
			return nil, nil
		}
		return view.Back{}, nil
	case "y":
		switch {
		case m.why() != "":
			m.note = m.why()
		default:
			if m.note = m.reason.Missing(); m.note == "" {
				return nil, m.start(m.left())
			}
		}
	case "tab":
		if m.reason.Shown() {
			m.reason.Focus()
		}
	}
	return nil, nil
}

func (m *Model) after(k string) (view.Action, tea.Cmd) {
	switch k {
	case "enter", "esc", "n":
		return view.Back{}, nil
	case "R":
		if at := m.again(); len(at) > 0 {
			return nil, m.start(at)
		}
		m.note = "There is nothing to try again."
	case "w":
		if m.save != nil {
			return nil, m.keep()
		}
	case "tab":
		if m.reason.Shown() {
			m.phase = asking // the reason is wanted; y begins anew only what is left
			m.reason.Focus()
		}
	}
	return nil, nil
}

func (m *Model) typed(msg tea.KeyPressMsg) {
	if m.reason.Key(msg) == dialog.Stayed {
		m.note = ""
	}
}

func (m *Model) why() string {
	if len(m.ops) > 0 && m.env.Can != nil && m.ops[0].Permission != "" && !m.env.Can(m.ops[0].Permission) {
		return "You lack the permission " + m.ops[0].Permission + "."
	}
	return ""
}

// Keys are the bindings of the moment.
func (m *Model) Keys() []view.Key {
	move := view.Key{Binding: view.NewKey("j/k", "move", "j", "k", "up", "down", "g", "G").Binding, Hidden: true}
	switch m.phase {
	case asking:
		do := view.NewKey("y", "do it", "y")
		do.Why = m.why()
		return []view.Key{do, view.NewKey("n", "cancel", "n", "esc"), move}
	case working:
		return []view.Key{view.NewKey("S", "stop the rest", "S", "esc"), move}
	case finished:
	}
	keys := []view.Key{view.NewKey("enter", "close", "enter", "esc", "n")}
	if len(m.again()) > 0 {
		keys = append(keys, view.NewKey("R", "try again what failed", "R"))
	}
	if m.save != nil {
		keys = append(keys, view.NewKey("w", "keep the summary", "w"))
	}
	return append(keys, move)
}
