package users

import (
	"slices"
	"strings"

	tea "charm.land/bubbletea/v2"

	"usher/auth0client"
	"usher/ui/view"
)

// The permissions of usher's API that the keys need.
const (
	resetPermission  = "mfa:reset"
	blockPermission  = "users:block"
	assignPermission = "roles:assign"
)

func (m *Model) typed(k tea.KeyPressMsg) (view.Action, tea.Cmd) {
	switch k.String() {
	case "enter":
		m.blur()
		m.query = m.input.Value()
		return nil, m.load(0)
	case "esc":
		m.blur() // what was typed stays in the box
		return nil, nil
	}
	var cmd tea.Cmd
	m.input, cmd = m.input.Update(k)
	return nil, cmd
}

func (m *Model) blur() {
	m.typing = false
	m.input.Blur()
}

func (m *Model) pressed(k string) (view.Action, tea.Cmd) {
	m.note = ""
	switch k {
	case "/":
		// A search that ran is replaced; one that was typed and left with esc is there to be mended.
		m.typing = true
		if m.input.Value() == m.query {
			m.input.SetValue("")
		}
		return nil, m.input.Focus()
	case "esc":
		return m.leave()
	case "R":
		return nil, m.load(0)
	case "o":
		m.sort = (m.sort + 1) % len(sorts())
		return nil, m.load(0)
	case "a":
		m.selectAll()
	case "space":
		m.toggle()
	case "enter":
		if u, ok := m.current(); ok {
			return view.OpenUser{User: u}, nil
		}
	case "m":
		return m.one(resetPermission, func(u auth0client.User) view.Action { return view.ResetMFA{User: u} }), nil
	case "b":
		return m.one(blockPermission, func(u auth0client.User) view.Action { return view.ToggleBlock{User: u} }), nil
	case "r":
		return m.editRoles(), nil
	case "y":
		if u, ok := m.current(); ok {
			return view.Copy{What: "user id", Text: string(u.ID)}, nil
		}
	case "Y":
		if u, ok := m.current(); ok && u.EmailRaw != "" {
			return view.Copy{What: "email", Text: u.EmailRaw}, nil
		}
	default:
		return nil, m.move(k)
	}
	return nil, nil
}

// leave goes one step out: selection, then search, then nothing (the list is the first screen).
func (m *Model) leave() (view.Action, tea.Cmd) {
	switch {
	case len(m.selected) > 0:
		clear(m.selected)
		return nil, nil
	case m.query != "":
		m.query = ""
		m.input.SetValue("")
		return nil, m.load(0)
	}
	return view.Back{}, nil
}

func (m *Model) move(k string) tea.Cmd {
	last := len(m.rows) - 1
	wanted := m.cursor
	page := max(1, m.height-1)
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
		m.jump = m.more()
	default:
		m.jump = jump
		return nil
	}
	m.cursor = max(0, min(wanted, last))
	m.follow()
	if wanted > last && m.more() && !m.loading {
		return m.load(m.next())
	}
	return nil
}

func (m *Model) toggle() {
	u, ok := m.current()
	if !ok {
		return
	}
	if _, on := m.selected[u.ID]; on {
		delete(m.selected, u.ID)
	} else {
		m.selected[u.ID] = u
	}
	m.cursor = min(m.cursor+1, len(m.rows)-1)
	m.follow()
}

// selectAll selects all that is loaded, or none of it when all of it is selected. Users selected in another search stay.
func (m *Model) selectAll() {
	all := true
	for _, u := range m.rows {
		if _, ok := m.selected[u.ID]; !ok {
			all = false
		}
	}
	for _, u := range m.rows {
		if all {
			delete(m.selected, u.ID)
		} else {
			m.selected[u.ID] = u
		}
	}
}

// chosen is the selection: first the users of the list in its order, then those of other searches by id.
func (m *Model) chosen() []auth0client.User {
	var here, elsewhere []auth0client.User
	listed := make(map[auth0client.UserID]bool, len(m.rows))
	for _, u := range m.rows {
		listed[u.ID] = true
		if _, ok := m.selected[u.ID]; ok {
			here = append(here, u)
		}
	}
	for id, u := range m.selected {
		if !listed[id] {
			elsewhere = append(elsewhere, u)
		}
	}
	slices.SortFunc(elsewhere, func(a, b auth0client.User) int { return strings.Compare(string(a.ID), string(b.ID)) })
	return append(here, elsewhere...)
}

func (m *Model) why(permission string) string {
	if m.env.Can != nil && !m.env.Can(permission) {
		return "You lack the permission " + permission + "."
	}
	return ""
}

func (m *Model) one(permission string, wish func(auth0client.User) view.Action) view.Action {
	if m.note = m.why(permission); m.note != "" {
		return nil
	}
	u, ok := m.current()
	if !ok {
		return nil
	}
	return wish(u)
}

func (m *Model) editRoles() view.Action {
	if m.note = m.why(assignPermission); m.note != "" {
		return nil
	}
	chosen := m.chosen()
	if len(chosen) == 0 {
		u, ok := m.current()
		if !ok {
			return nil
		}
		chosen = []auth0client.User{u}
	}
	return view.EditRoles{Users: chosen}
}

// Keys are the bindings of the moment.
func (m *Model) Keys() []view.Key {
	if m.typing {
		return []view.Key{view.NewKey("enter", "search", "enter"), view.NewKey("esc", "leave the box", "esc")}
	}
	with := func(permission string, k view.Key) view.Key {
		k.Why = m.why(permission)
		return k
	}
	hidden := func(k view.Key) view.Key {
		k.Hidden = true
		return k
	}
	return []view.Key{
		view.NewKey("/", "search", "/"),
		view.NewKey("enter", "open", "enter"),
		with(resetPermission, view.NewKey("m", "reset MFA", "m")),
		with(blockPermission, view.NewKey("b", "block/unblock", "b")),
		with(assignPermission, view.NewKey("r", "roles", "r")),
		view.NewKey("space", "select", "space"),
		view.NewKey("o", "sort", "o"),
		hidden(view.NewKey("a", "select all shown", "a")),
		hidden(view.NewKey("y", "copy id", "y")),
		hidden(view.NewKey("Y", "copy email", "Y")),
		hidden(view.NewKey("j/k", "move", "j", "k", "down", "up")),
		hidden(view.NewKey("pgdn/pgup", "a page", "pgdown", "pgup", "ctrl+d", "ctrl+u")),
		hidden(view.NewKey("g/G", "first, last", "g", "G", "home", "end")),
		hidden(view.NewKey("esc", "end the selection or the search", "esc")),
		hidden(view.NewKey("R", "reload", "R", "ctrl+r")),
	}
}
