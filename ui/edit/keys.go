package edit

import (
	"strings"

	tea "charm.land/bubbletea/v2"

	"usher/auth0client/term"
	"usher/ui/dialog"
	"usher/ui/view"
)

func (m *Model) pressed(msg tea.KeyPressMsg) (view.Action, tea.Cmd) {
	switch m.phase {
	case writing:
		return m.writingPressed(msg)
	case reviewing:
		return m.reviewPressed(msg)
	case deciding:
		m.decidePressed(msg.String())
		return nil, nil
	case saving:
		if msg.String() == "esc" {
			return view.Back{}, nil
		}
		return nil, nil
	case filling:
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
	f := &m.fields[m.cursor]
	switch k {
	case "esc", "q":
		if m.dirty() && !dropping {
			m.dropping, m.note = true, "Your changes would be lost. The same key again drops them, ctrl+s saves them."
			return nil, nil
		}
		return view.Back{}, nil
	case "j", "down", "tab":
		m.cursor = min(len(m.fields)-1, m.cursor+1)
	case "k", "up", "shift+tab":
		m.cursor = max(0, m.cursor-1)
	case "g", "home":
		m.cursor = 0
	case "G", "end":
		m.cursor = len(m.fields) - 1
	case "ctrl+s":
		m.askToSave()
	case "x":
		m.put(f, f.was)
	case "enter", "e", "space":
		m.begin(f, k == "space")
	case "backspace", "delete":
		m.empty(f)
	case "E":
		if isMetadata(f.name) && m.may(f) {
			m.beginWriting(*f)
			return nil, m.openEditor(m.json.area.Value())
		}
	}
	return nil, nil
}

// may reports that a field can be changed, or says why not.
func (m *Model) may(f *field) bool {
	why := m.why(f.name)
	if why != "" {
		m.note = f.title() + ": " + why + "."
	}
	return why == ""
}

// begin edits the marked field: a switch is turned, a text is typed, metadata is written.
func (m *Model) begin(f *field, bySpace bool) {
	if !m.may(f) {
		return
	}
	switch {
	case isFlag(f.name):
		on, _ := f.value.(bool)
		m.put(f, !on)
	case isMetadata(f.name):
		m.beginWriting(*f)
	case !bySpace:
		m.input.SetValue(f.line())
		m.input.CursorEnd()
		m.input.Focus()
		m.typing = true
	}
}

// empty takes an attribute away.
func (m *Model) empty(f *field) {
	if !m.may(f) || isFlag(f.name) || isMetadata(f.name) {
		return
	}
	m.put(f, nil)
}

func (m *Model) typingPressed(msg tea.KeyPressMsg) {
	f := &m.fields[m.cursor]
	switch msg.String() {
	case "enter", "tab", "down":
		if m.keep(f) && msg.String() != "enter" {
			m.cursor = min(len(m.fields)-1, m.cursor+1)
		}
	case "up", "shift+tab":
		if m.keep(f) {
			m.cursor = max(0, m.cursor-1)
		}
	case "ctrl+s":
		if m.keep(f) {
			m.askToSave()
		}
	case "esc": // what was there before the field was entered; nothing beside it is lost
		if m.typedNew() && !m.dropping {
			m.dropping, m.note = true, "What you typed here would be lost. esc again drops it, enter keeps it."
			return
		}
		m.stopTyping()
	default:
		m.dropping = false
		m.input, _ = m.input.Update(msg)
	}
}

// typedNew reports that the field under the cursor holds a text that is not in the form.
func (m *Model) typedNew() bool {
	return m.input.Value() != m.fields[m.cursor].line()
}

func (m *Model) stopTyping() {
	m.typing, m.dropping, m.note = false, false, ""
	m.input.Blur()
}

// keep takes what was typed into the form, or says why it cannot. A text that was only shown, made fit for a terminal, stays
// as it is.
func (m *Model) keep(f *field) bool {
	typed := strings.TrimSpace(m.input.Value())
	if typed == strings.TrimSpace(f.line()) {
		m.stopTyping()
		return true
	}
	v, err := f.parsed(typed)
	if err != nil {
		m.note = "Not kept: " + err.Error() + "."
		return false
	}
	m.stopTyping()
	m.put(f, v)
	return true
}

func (m *Model) pasted(msg tea.PasteMsg) {
	oneLine := tea.PasteMsg{Content: term.Line(strings.Join(strings.Fields(msg.Content), " ")).String()}
	switch {
	case m.phase == writing:
		m.json.area, _ = m.json.area.Update(tea.PasteMsg{Content: term.Block(msg.Content).String()})
	case m.phase == reviewing:
		m.reason.Paste(msg.Content)
	case m.typing:
		m.input, _ = m.input.Update(oneLine)
	}
}

// askToSave goes to the review, unless something is surely refused.
func (m *Model) askToSave() {
	if !m.loaded {
		m.note = "The record is still being read."
		return
	}
	if !m.dirty() {
		m.note = "Nothing is changed."
		return
	}
	for i, f := range m.fields {
		if p := m.problem(f); p != "" {
			m.cursor, m.note = i, f.name+": "+strings.TrimPrefix(p, f.name+".")+"."
			return
		}
	}
	m.review()
}

func (m *Model) reviewPressed(msg tea.KeyPressMsg) (view.Action, tea.Cmd) {
	if m.reason.Typing() {
		switch m.reason.Key(msg) {
		case dialog.ByEnter, dialog.ByTab, dialog.ByEsc:
			m.onDo = true
		case dialog.Stayed:
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
		m.phase = filling // to the form, where everything still is
	case "tab", "shift+tab":
		if m.reason.Shown() && m.onDo {
			m.reason.Focus()
			return nil, nil
		}
		m.onDo = !m.onDo
	case "left", "right", "h", "l":
		m.onDo = !m.onDo
	case "j", "down":
		m.scroll++
	case "k", "up":
		m.scroll = max(0, m.scroll-1)
	}
	return nil, nil
}

func (m *Model) confirm() tea.Cmd {
	if m.note = m.reason.Missing(); m.note != "" {
		return nil
	}
	m.phase = saving
	return save(m.env.Ctx, m.env.ID, m.op, m.reason.With())
}

func (m *Model) decidePressed(k string) {
	c := &m.choices[m.choosing]
	switch k {
	case "j", "down", "tab":
		m.choosing = min(len(m.choices)-1, m.choosing+1)
	case "k", "up", "shift+tab":
		m.choosing = max(0, m.choosing-1)
	case "space", "left", "right":
		c.theirs = !c.theirs
	case "m":
		c.theirs = false
	case "t":
		c.theirs = true
	case "enter":
		m.decided()
	case "esc":
		m.choices, m.phase = nil, filling
		m.note = "The form rests on what is true now; yours is still in it. ctrl+s saves it."
	}
}

// Keys are the bindings of the moment.
func (m *Model) Keys() []view.Key {
	esc := view.NewKey("esc", "back", "esc")
	switch {
	case m.phase == writing:
		own := view.NewKey("ctrl+e", "your editor", "ctrl+e")
		if m.editor == nil {
			own.Why = "No editor of your own can be opened here."
		}
		return []view.Key{view.NewKey("ctrl+s", "keep", "ctrl+s"), own, esc}
	case m.phase == deciding:
		return []view.Key{view.NewKey("m", "keep mine", "m"), view.NewKey("t", "keep theirs", "t"), view.NewKey("j/k", "move", "j", "k", "down", "up"),
			view.NewKey("enter", "go on", "enter"), view.NewKey("esc", "to the form", "esc")}
	case m.phase == reviewing:
		return []view.Key{view.NewKey("y", "save", "y"), view.NewKey("n", "to the form", "n", "esc"), view.NewKey("j/k", "scroll", "j", "k", "down", "up"),
			view.NewKey("enter", "press button", "enter")}
	case m.phase == saving:
		return []view.Key{esc}
	case m.typing:
		return []view.Key{view.NewKey("enter", "keep", "enter"), view.NewKey("tab", "next field", "tab"), view.NewKey("esc", "leave the field", "esc")}
	}
	edit := view.NewKey("enter", "edit", "enter", "e", "space")
	if why := m.why(m.fields[m.cursor].name); why != "" {
		edit.Why = m.fields[m.cursor].title() + ": " + why + "."
	}
	own := view.NewKey("E", "metadata in your editor", "E")
	switch {
	case m.editor == nil:
		own.Why = "No editor of your own can be opened here."
	case !isMetadata(m.fields[m.cursor].name):
		own.Why = "Mark user_metadata or app_metadata first."
	}
	return []view.Key{edit, view.NewKey("ctrl+s", "save", "ctrl+s"), view.NewKey("x", "as it was", "x"), view.NewKey("del", "empty", "delete", "backspace"), own,
		view.NewKey("j/k", "move", "j", "k", "down", "up", "tab", "shift+tab"), view.NewKey("esc", "back", "esc")}
}
