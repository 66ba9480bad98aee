package create

import (
	"strings"

	tea "charm.land/bubbletea/v2"

	"usher/auth0client/desk"
	"usher/auth0client/term"
	"usher/ui/dialog"
	"usher/ui/view"
)

func (m *Model) pressed(msg tea.KeyPressMsg) (view.Action, tea.Cmd) {
	switch m.phase {
	case reviewing:
		return m.reviewPressed(msg)
	case saving:
		if msg.String() == "esc" {
			return view.Back{}, nil
		}
		return nil, nil
	case made:
		return m.madePressed(msg.String()), nil
	case filling:
	}
	if msg.String() == "ctrl+g" {
		m.suggest()
		return nil, nil
	}
	if m.typing {
		m.typingPressed(msg)
		return nil, nil
	}
	return m.formPressed(msg.String())
}

func (m *Model) formPressed(k string) (view.Action, tea.Cmd) {
	dropping := m.dropping
	m.note, m.dropping = "", false
	rows := m.rows()
	m.cursor = min(m.cursor, len(rows)-1)
	r := rows[m.cursor]
	switch k {
	case "esc", "q":
		if m.filled() && !dropping {
			m.dropping, m.note = true, "What you typed would be lost. The same key again drops it."
			return nil, nil
		}
		return view.Back{}, nil
	case "j", "down", "tab":
		m.cursor = min(len(rows)-1, m.cursor+1)
	case "k", "up", "shift+tab":
		m.cursor = max(0, m.cursor-1)
	case "left", "h":
		m.turn(r, -1)
	case "right", "l":
		m.turn(r, 1)
	case "i":
		m.inviting, m.cursor = !m.inviting, 0
		if m.inviting && m.values["inviter"] == "" {
			m.values["inviter"] = m.o.Inviter
		}
		return nil, m.Init()
	case "ctrl+s":
		m.askToCreate()
	case "enter", "e", "space":
		m.begin(r, k == "space")
	}
	return nil, nil
}

// filled reports that something was typed.
func (m *Model) filled() bool {
	for name, v := range m.values {
		if v != "" && name != "inviter" {
			return true
		}
	}
	return false
}

// turn takes the next or the former of a list, or turns a switch.
func (m *Model) turn(r row, by int) {
	if r.why != "" {
		m.note = r.title() + ": " + r.why + "."
		return
	}
	delete(m.refused, r.name)
	switch n := len(r.options); {
	case r.kind == flagRow:
		m.flags[r.name] = !m.flags[r.name]
	case r.kind == listRow && n > 0:
		m.chosen[r.name] = (m.chosen[r.name] + by + n) % n
		if r.name == "connection" {
			clear(m.refused)
		}
	}
}

func (m *Model) begin(r row, bySpace bool) {
	switch {
	case r.why != "" || r.kind != textRow:
		m.turn(r, 1)
	case !bySpace:
		m.input.SetValue(m.values[r.name])
		m.input.CursorEnd()
		m.input.Focus()
		m.typing = true
	}
}

func (m *Model) typingPressed(msg tea.KeyPressMsg) {
	rows := m.rows()
	r := rows[m.cursor]
	switch msg.String() {
	case "enter", "tab", "down":
		m.keep(r)
		if m.cursor = min(len(rows)-1, m.cursor+1); rows[m.cursor].kind == textRow && rows[m.cursor].why == "" && m.values[rows[m.cursor].name] == "" {
			m.begin(rows[m.cursor], false)
		}
	case "up", "shift+tab":
		m.keep(r)
		m.cursor = max(0, m.cursor-1)
	case "esc":
		m.keep(r) // leaving the field keeps what is in it; leaving the form asks
	case "ctrl+s":
		m.keep(r)
		m.askToCreate()
	default:
		m.note = ""
		delete(m.refused, r.name)
		m.input, _ = m.input.Update(msg)
	}
}

func (m *Model) keep(r row) {
	m.values[r.name] = m.input.Value()
	if r.name != "password" {
		m.values[r.name] = strings.TrimSpace(m.input.Value())
	}
	m.typing = false
	m.input.Blur()
}

func (m *Model) pasted(msg tea.PasteMsg) {
	switch {
	case m.phase == reviewing:
		m.reason.Paste(msg.Content)
	case m.typing:
		m.note = ""
		delete(m.refused, m.rows()[m.cursor].name)
		m.input, _ = m.input.Update(tea.PasteMsg{Content: term.Line(strings.Join(strings.Fields(msg.Content), " ")).String()})
	}
}

// suggest puts a password into its field that meets the policy.
func (m *Model) suggest() {
	c, ok := m.connection()
	if !ok || !c.Database() || m.inviting {
		return
	}
	s, err := desk.SuggestPassword(c.Options, m.user(), m.o.Random)
	if err != nil {
		m.note = "No suggestion: " + view.Explain(m.env.Now(), err).Detail + "."
		return
	}
	m.values["password"] = s.Reveal()
	m.note = ""
	delete(m.refused, "password")
	if rows := m.rows(); m.typing && rows[m.cursor].name == "password" {
		m.input.SetValue(s.Reveal())
		m.input.CursorEnd()
	}
}

func (m *Model) askToCreate() {
	switch {
	case m.why() != "":
		m.note = m.why()
		return
	case m.reading:
		m.note = "What the tenant asks for is still being read."
		return
	}
	for i, r := range m.rows() {
		if p := m.problem(r); p != "" {
			m.cursor, m.note = i, r.title()+": "+p+"."
			return
		}
	}
	m.review()
}

func (m *Model) reviewPressed(msg tea.KeyPressMsg) (view.Action, tea.Cmd) {
	if m.reason.Typing() {
		if m.reason.Key(msg) != dialog.Stayed {
			m.onDo = true
		}
		return nil, nil
	}
	m.note = ""
	switch msg.String() {
	case "y":
		return nil, m.confirm()
	case "enter":
		if m.onDo {
			return nil, m.confirm()
		}
		m.phase = filling
	case "esc", "n":
		m.phase = filling
	case "tab", "shift+tab":
		if m.reason.Shown() && m.onDo {
			m.reason.Focus()
			return nil, nil
		}
		m.onDo = !m.onDo
	case "left", "right", "h", "l":
		m.onDo = !m.onDo
	}
	return nil, nil
}

func (m *Model) confirm() tea.Cmd {
	if m.note = m.reason.Missing(); m.note != "" {
		return nil
	}
	m.phase = saving
	if m.password = ""; !m.inviting {
		m.password = m.values["password"]
	}
	return do(m.env.Ctx, m.env.ID, m.op, m.reason.With())
}

func (m *Model) madePressed(k string) view.Action {
	switch k {
	case "enter":
		if m.result.User != nil {
			return view.All{view.Back{}, view.OpenUser{User: *m.result.User}}
		}
		return view.Back{}
	case "c":
		if m.password != "" {
			return view.Copy{What: "password", Text: m.password}
		}
	case "esc", "q":
		return view.Back{}
	}
	return nil
}

// Keys are the bindings of the moment.
func (m *Model) Keys() []view.Key {
	esc := view.NewKey("esc", "back", "esc")
	switch m.phase {
	case made:
		keys := []view.Key{view.NewKey("enter", "open the user", "enter")}
		if m.password != "" {
			keys = append(keys, view.NewKey("c", "copy the password", "c"))
		}
		return append(keys, esc)
	case reviewing:
		return []view.Key{view.NewKey("y", "do it", "y"), view.NewKey("n", "to the form", "n", "esc"), view.NewKey("enter", "press button", "enter")}
	case saving:
		return []view.Key{esc}
	case filling:
	}
	suggest := view.NewKey("ctrl+g", "suggest a password", "ctrl+g")
	if m.typing {
		return []view.Key{view.NewKey("enter", "next field", "enter", "tab", "down"), suggest, view.NewKey("esc", "leave the field", "esc")}
	}
	save := view.NewKey("ctrl+s", "create", "ctrl+s")
	other := view.NewKey("i", "invite by mail instead", "i")
	if m.inviting {
		save, other = view.NewKey("ctrl+s", "invite", "ctrl+s"), view.NewKey("i", "create here instead", "i")
	}
	save.Why = m.why()
	return []view.Key{view.NewKey("enter", "edit", "enter", "e", "space"), view.NewKey("left/right", "choose", "left", "right", "h", "l"), save, suggest, other,
		view.NewKey("j/k", "move", "j", "k", "down", "up", "tab", "shift+tab"), esc}
}
