package users

import (
	tea "charm.land/bubbletea/v2"

	"usher/auth0client"
	"usher/ui/view"
)

// The permissions of usher's API that the keys need.
const (
	resetPermission  = "mfa:reset"
	blockPermission  = "users:block"
	assignPermission = "roles:assign"
	revokePermission = "sessions:revoke"
	editPermission   = "users:edit"

	passwordPermission = "users:password"
	createPermission   = "users:create"
	deletePermission   = "users:delete"
)

func (m *Model) pressed(k string) (view.Action, tea.Cmd) {
	m.note = ""
	if m.earlier() && touches(k) {
		m.note = m.waitWords()
		return nil, nil
	}
	switch k {
	case "/":
		// A search that ran is replaced; one that was typed and left with esc is there to be mended.
		text := m.box.value()
		if text == m.query {
			text = ""
		}
		cmd := m.box.open(text)
		m.narrow()
		return nil, cmd
	case "esc":
		return m.leave()
	case "R":
		return nil, m.load()
	case "o":
		m.sort = (m.sort + 1) % len(sorts())
		m.keepPrefs()
		return nil, m.load()
	case "a":
		m.selectAll()
	case "space":
		m.toggle()
	case "enter":
		if u, ok := m.current(); ok {
			return view.OpenUser{User: u}, nil
		}
	case "y":
		if u, ok := m.current(); ok {
			return view.Copy{What: "user id", Text: string(u.ID)}, nil
		}
	case "Y":
		if u, ok := m.current(); ok && u.EmailRaw != "" {
			return view.Copy{What: "email", Text: u.EmailRaw}, nil
		}
	case "f":
		m.openFilters()
	case "c":
		m.openColumns()
	case "S":
		m.openSaved()
	case "i":
		m.openDetails()
	case "w":
		if m.o.Save != nil {
			m.openExport()
		}
	default:
		if wish, ok := m.operate(k); ok {
			return wish, nil
		}
		return nil, m.move(k)
	}
	return nil, nil
}

// operate is what the keys do that change users: the selection, or the one under the cursor.
func (m *Model) operate(k string) (view.Action, bool) {
	switch k {
	case "m":
		return m.oneOrAll(resetPermission, resetMFA, func(u auth0client.User) view.Action { return view.ResetMFA{User: u} }), true
	case "b":
		return m.blockThem(), true
	case "r":
		return m.editRoles(), true
	case "s":
		return m.oneOrAll(revokePermission, signOut, nil), true
	case "v":
		return m.verifyThem(), true
	}
	return m.openDialog(k)
}

// openDialog is what the keys do that concern one user and have a dialog or form of their own.
func (m *Model) openDialog(k string) (view.Action, bool) {
	d := m.o.Dialogs
	if k == "p" && d.Password || k == "e" && d.Edit || k == "D" && d.Delete {
		if len(m.selected) > 0 {
			m.note = k + " works on one user: esc clears the selection."
			return nil, true
		}
	}
	switch {
	case k == "p" && d.Password:
		return m.one(passwordPermission, func(u auth0client.User) view.Action { return view.Password{User: u} }), true
	case k == "e" && d.Edit:
		return m.one(editPermission, func(u auth0client.User) view.Action { return view.EditUser{User: u} }), true
	case k == "D" && d.Delete:
		return m.one(deletePermission, func(u auth0client.User) view.Action { return view.DeleteUser{User: u} }), true
	case k == "n" && d.Create:
		if m.note = m.why(createPermission); m.note != "" {
			return nil, true
		}
		return view.CreateUser{}, true
	}
	return nil, false
}

// leave goes one step out: a search without an answer, then the selection, then what is typed, then the search, then nothing
// (the list is the first screen).
func (m *Model) leave() (view.Action, tea.Cmd) {
	switch {
	case m.earlier():
		m.goBack()
		return nil, nil
	case len(m.selected) > 0:
		clear(m.selected)
		return nil, nil
	case m.narrowed():
		m.box.set(m.query)
		m.narrow()
		return nil, nil
	case m.query != "":
		m.query = ""
		m.box.set("")
		m.narrow()
		return nil, m.load()
	}
	return view.Back{}, nil
}

// stepOut is what esc does now; empty for nothing.
func (m *Model) stepOut() string {
	switch {
	case m.earlier():
		return "earlier search"
	case len(m.selected) > 0:
		return "deselect"
	case m.narrowed():
		return "show all again"
	case m.query != "":
		return "end search"
	}
	return ""
}

func (m *Model) move(k string) tea.Cmd {
	last := m.count() - 1
	wanted := m.cursor
	page := max(1, m.height-1)
	m.sought = sought{}
	jump := m.jump
	m.jump = false // any other move ends the way to the end
	switch k {
	case "j", "down":
		wanted++
	case "k", "up":
		wanted--
	case "pgdown", "ctrl+d":
		wanted += page
	case "pgup", "ctrl+u":
		wanted -= page
	case "g", "home":
		wanted = 0
	case "G", "end":
		wanted = last + 1
		m.jump = m.more() && !m.narrowed()
	default:
		m.jump = jump
		return nil
	}
	m.cursor = max(0, min(wanted, last))
	m.follow()
	switch {
	case wanted <= last || !m.more() || m.loading > 0 || m.narrowed():
		return nil
	case m.jump:
		return m.loadRest()
	}
	return m.loadNext()
}

// Keys are the bindings of the moment.
func (m *Model) Keys() []view.Key {
	switch {
	case m.panel != nil:
		return []view.Key{view.NewKey("enter", "choose", "enter"), view.NewKey("↑/↓", "move", "up", "down"), view.NewKey("esc", "close", "esc"),
			hidden(view.NewKey("space", "switch", "space")), hidden(view.NewKey("ctrl+d", "forget", "ctrl+d"))}
	case m.box.typing:
		return []view.Key{view.NewKey("enter", "search", "enter"), view.NewKey("tab", "complete", "tab"), view.NewKey("↑/↓", "earlier searches", "up", "down"),
			view.NewKey("esc", "leave the box", "esc"), hidden(view.NewKey("pgdn/pgup", "a page", "pgdown", "pgup"))}
	}
	return append(m.userKeys(), m.listKeys()...)
}

func (m *Model) userKeys() []view.Key {
	with := func(permission string, k view.Key) view.Key {
		k.Why = m.why(permission)
		return k
	}
	keys := []view.Key{
		view.NewKey("/", "find", "/"),
		view.NewKey("enter", "open", "enter"),
		with(resetPermission, view.NewKey("m", "reset MFA", "m")),
		with(blockPermission, view.NewKey("b", "block/unblock", "b")),
		with(assignPermission, view.NewKey("r", "roles", "r")),
		with(revokePermission, view.NewKey("s", "sign out", "s")),
		view.NewKey("space", "select", "space"),
		view.NewKey("f", "filters", "f"),
		hidden(with(editPermission, view.NewKey("v", "send verification mail", "v"))),
	}
	for _, k := range []struct {
		there      bool
		permission string
		key        view.Key
	}{
		{m.o.Dialogs.Password, passwordPermission, view.NewKey("p", "password", "p")}, {m.o.Dialogs.Edit, editPermission, view.NewKey("e", "edit", "e")},
		{m.o.Dialogs.Create, createPermission, view.NewKey("n", "new user", "n")}, {m.o.Dialogs.Delete, deletePermission, view.NewKey("D", "delete", "D")},
	} {
		if k.there {
			keys = append(keys, hidden(with(k.permission, k.key)))
		}
	}
	return keys
}

func (m *Model) listKeys() []view.Key {
	keys := []view.Key{
		view.NewKey("o", "sort", "o"),
		hidden(view.NewKey("c", "columns", "c")),
		hidden(view.NewKey("S", "saved searches", "S")),
		hidden(view.NewKey("i", "the search and the last error in full", "i")),
		hidden(view.NewKey("a", "select all shown", "a")),
		hidden(view.NewKey("y", "copy id", "y")),
		hidden(view.NewKey("Y", "copy email", "Y")),
		hidden(view.NewKey("j/k", "move", "j", "k", "down", "up")),
		hidden(view.NewKey("pgdn/pgup", "a page", "pgdown", "pgup", "ctrl+d", "ctrl+u")),
		hidden(view.NewKey("g/G", "first, last", "g", "G", "home", "end")),
		view.StepOut("end the selection or the search", m.stepOut()),
		hidden(view.NewKey("R", "reload", "R", "ctrl+r")),
	}
	if m.o.Save != nil {
		keys = append(keys, hidden(view.NewKey("w", "export to a file", "w")))
	}
	return keys
}

func hidden(k view.Key) view.Key {
	k.Hidden = true
	return k
}
