package roles

import (
	tea "charm.land/bubbletea/v2"

	"usher/auth0client"
	"usher/auth0client/desk"
	"usher/ui/view"
)

const managePermission = "roles:manage"

func (m *Model) pressed(k string) (view.Action, tea.Cmd) {
	m.note = ""
	switch k {
	case "esc":
		return m.leave()
	case "/":
		m.filter.Open()
	case "n":
		return m.create(), nil
	case "enter":
		if r, ok := m.current(); ok {
			return view.OpenRole{ID: r.role.ID, Name: r.role.Name}, nil
		}
	case "=":
		return m.compare(), nil
	case "y":
		if r, ok := m.current(); ok {
			return view.Copy{What: "role id", Text: string(r.role.ID)}, nil
		}
	case "R":
		m.forget()
		return nil, m.Init()
	default:
		if m.place.Move(k, len(m.shown)) {
			return nil, m.moved()
		}
	}
	return nil, nil
}

// leave goes one step out: the comparison that was begun, then the filter, then the screen.
func (m *Model) leave() (view.Action, tea.Cmd) {
	switch {
	case m.first != nil:
		m.first = nil
	case m.filter.Text() != "":
		m.filter.Clear()
		m.narrow()
		return nil, m.moved()
	default:
		return view.Back{}, nil
	}
	return nil, nil
}

// stepOut is what esc does now.
func (m *Model) stepOut() string {
	switch {
	case m.first != nil:
		return "end the comparison"
	case m.filter.Text() != "":
		return "end the filter"
	}
	return "back"
}

// compare marks the first role of a comparison, or opens it with the second.
func (m *Model) compare() view.Action {
	r, ok := m.current()
	switch {
	case !ok:
		return nil
	case m.first == nil:
		m.first = &r.role
		return nil
	case m.first.ID == r.role.ID:
		m.first = nil
		return nil
	}
	a := *m.first
	m.first = nil
	return view.CompareRoles{A: a, B: r.role}
}

func (m *Model) why() string {
	if m.env.Can != nil && !m.env.Can(managePermission) {
		return "You lack the permission " + managePermission + "."
	}
	return ""
}

func (m *Model) create() view.Action {
	if m.note = m.why(); m.note != "" {
		return nil
	}
	tenant, taken := m.tenant, map[string]bool{}
	for _, r := range m.rows {
		taken[r.role.Name.String()] = true
	}
	return view.RoleForm("New role", "Create", auth0client.Role{}, func(name, description string) (view.Action, string) {
		if taken[name] {
			return nil, "There is a role of that name already."
		}
		return view.Operate{Operation: desk.CreateRole(tenant, name, description)}, ""
	})
}

// Keys are the bindings of the moment.
func (m *Model) Keys() []view.Key {
	if m.filter.Typing() {
		return []view.Key{view.NewKey("enter", "to the list", "enter"), view.NewKey("esc", "end the filter", "esc")}
	}
	hidden := func(k view.Key) view.Key {
		k.Hidden = true
		return k
	}
	create := view.NewKey("n", "new role", "n")
	create.Why = m.why()
	compare := view.NewKey("=", "compare", "=")
	if m.first != nil {
		compare = view.NewKey("=", "compare with this", "=")
	}
	return []view.Key{
		view.NewKey("/", "filter", "/"),
		view.NewKey("enter", "open", "enter"),
		create,
		compare,
		hidden(view.NewKey("y", "copy id", "y")),
		hidden(view.NewKey("j/k", "move", "j", "k", "down", "up")),
		hidden(view.NewKey("pgdn/pgup", "a page", "pgdown", "pgup", "ctrl+d", "ctrl+u")),
		hidden(view.NewKey("g/G", "first, last", "g", "G", "home", "end")),
		view.StepOut("end the comparison or the filter, then back", m.stepOut()),
		hidden(view.NewKey("R", "reload", "R", "ctrl+r")),
	}
}
