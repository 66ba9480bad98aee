package bulk

import (
	"fmt"
	"slices"

	tea "charm.land/bubbletea/v2"

	"usher/auth0client/desk"
	"usher/ui/dialog"
	"usher/ui/view"
)

func (m *Model) pressed(k string) (view.Action, tea.Cmd) {
	m.note = ""
	if m.move(k) {
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

// move takes the keys of the list. While a part is asked about, that part is the list.
func (m *Model) move(k string) bool {
	list := m.places(func(desk.Item) bool { return true })
	if m.phase == asking {
		list = m.next
	}
	at, last := max(0, slices.Index(list, m.cursor)), len(list)-1
	switch k {
	case "j", "down":
		at++
	case "k", "up":
		at--
	case "pgdown", "ctrl+d":
		at += 10
	case "pgup", "ctrl+u":
		at -= 10
	case "g", "home":
		at = 0
	case "G", "end":
		at = last
	default:
		return false
	}
	if last >= 0 {
		m.cursor = list[max(0, min(at, last))]
	}
	return true
}

func (m *Model) answer(k string) (view.Action, tea.Cmd) {
	switch k {
	case "esc", "n":
		if m.note = m.reason.Keep(); m.note != "" {
			return nil, nil
		}
		if m.run != nil {
			m.phase = finished
			return nil, nil
		}
		return view.Back{}, nil
	case "y":
		switch {
		case m.why() != "":
			m.note = m.why()
		default:
			if m.note = m.reason.Missing(); m.note == "" {
				return nil, m.start(m.next)
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
		if at := m.failed(); len(at) > 0 {
			return nil, m.start(at)
		}
		m.note = "None failed: there is nothing to try again."
	case "c":
		if at := m.unbegun(); len(at) > 0 {
			m.phase, m.next, m.cursor = asking, at, at[0]
		}
	case "w":
		if m.save != nil {
			return nil, m.keep()
		}
	case "tab":
		if m.reason.Shown() {
			if at := m.failed(); len(at) > 0 {
				m.phase, m.next = asking, at // the reason is wanted; y begins anew only what failed for want of it
			}
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
	if n := len(m.failed()); n > 0 {
		keys = append(keys, view.NewKey("R", fmt.Sprintf("try again the %d that failed", n), "R"))
	}
	if n := len(m.unbegun()); n > 0 {
		keys = append(keys, view.NewKey("c", fmt.Sprintf("continue with the %d not begun", n), "c"))
	}
	if m.save != nil {
		keys = append(keys, view.NewKey("w", "keep the summary", "w"))
	}
	return append(keys, move)
}
