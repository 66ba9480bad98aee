package login

import (
	tea "charm.land/bubbletea/v2"

	"usher/auth0client/term"
	"usher/ui/view"
)

func (m *Model) pressed(k string) (view.Action, tea.Cmd) {
	if k == "esc" && m.o.Purpose == ForFresh {
		m.loader.Cancel()
		return view.Back{}, nil
	}
	switch m.phase {
	case failed:
		if k == "r" || k == "enter" {
			return nil, m.Init()
		}
	case waiting:
		return m.waitingKey(k)
	case starting:
	}
	return nil, nil
}

func (m *Model) waitingKey(k string) (view.Action, tea.Cmd) {
	switch k {
	case "enter", "o":
		if m.o.OpenBrowser != nil {
			return nil, browse(m.o.ID, m.ticket, m.o.OpenBrowser, page(m.code))
		}
		if k == "o" {
			m.note = "There is no display here to open a browser on: enter the address on another device."
		}
	case "a":
		if m.o.Approve != nil {
			return nil, approve(m.wait, m.o.ID, m.ticket, m.o.Approve, m.code.UserCode)
		}
	case "c", "y":
		return view.Copy{What: "address", Text: term.Line(page(m.code)).String()}, nil
	}
	return nil, nil
}

// Keys are the keys that do something now.
func (m *Model) Keys() []view.Key {
	var keys []view.Key
	switch m.phase {
	case waiting:
		if m.o.Approve != nil {
			keys = append(keys, view.NewKey("a", "approve (demo)", "a"))
		}
		if m.o.OpenBrowser != nil {
			keys = append(keys, view.NewKey("o", "open the browser", "o", "enter"))
		}
		keys = append(keys, view.NewKey("c", "copy the address", "c", "y"))
	case failed:
		keys = append(keys, view.NewKey("r", "begin again", "r", "enter"))
	case starting:
	}
	if m.o.Purpose == ForFresh {
		keys = append(keys, view.NewKey("esc", "back without it", "esc"))
	}
	return append(keys, view.NewKey("q", "quit", "q"))
}
