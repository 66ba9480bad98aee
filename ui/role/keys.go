package role

import (
	"context"
	"fmt"

	tea "charm.land/bubbletea/v2"

	"usher/auth0client"
	"usher/auth0client/desk"
	"usher/ui/pick"
	"usher/ui/view"
)

// The permission of usher's API that changes need, and how many permissions Auth0 lets a role give.
const (
	managePermission = "roles:manage"
	mostPermissions  = 1000
)

func (m *Model) pressed(k string) (view.Action, tea.Cmd) {
	m.note = ""
	switch k {
	case "esc":
		return m.leave()
	case "tab":
		return nil, m.open(m.tab + 1)
	case "shift+tab":
		return nil, m.open(m.tab + tabs - 1)
	case "1", "2", "3":
		return nil, m.open(tab(k[0] - '1'))
	case "/":
		if m.tab != groupsTab {
			m.filter[m.tab].Open()
		}
	case "enter":
		if m.tab == membersTab && m.length() > 0 {
			return view.OpenUser{User: m.memberAt(m.place[membersTab].Cursor).user()}, nil
		}
	case "space":
		m.toggle()
	case "c":
		return nil, m.countMembers()
	case "+":
		return m.managing(m.add), nil
	case "-":
		return m.managing(m.remove), nil
	case "e":
		return m.managing(m.edit), nil
	case "D":
		return m.delete()
	case "=":
		return m.compare(), nil
	case "y":
		return view.Copy{What: "role id", Text: string(m.known.ID)}, nil
	case "R":
		return nil, m.reload()
	default:
		return nil, m.move(k)
	}
	return nil, nil
}

// leave goes one step out: what is under way, the choice, the filter, the screen.
func (m *Model) leave() (view.Action, tea.Cmd) {
	switch {
	case m.deleting || m.members.Counting():
		m.deleting = false
		m.members.Stop()
	case len(m.chosen) > 0:
		clear(m.chosen)
	case m.filter[m.tab].Text() != "":
		m.filter[m.tab].Clear()
		m.narrow()
	default:
		return view.Back{}, nil
	}
	return nil, nil
}

// stepOut is what esc does now.
func (m *Model) stepOut() string {
	switch {
	case m.deleting || m.members.Counting():
		return "stop"
	case len(m.chosen) > 0:
		return "end the choice"
	case m.filter[m.tab].Text() != "":
		return "end the filter"
	}
	return "back"
}

func (m *Model) open(t tab) tea.Cmd {
	m.tab = (t + tabs) % tabs
	m.narrow()
	return m.need()
}

// move moves the cursor; near the end of the members more of them are read.
func (m *Model) move(k string) tea.Cmd {
	p := &m.place[m.tab]
	if !p.Move(k, m.length()) {
		return nil
	}
	if m.tab == membersTab && p.Cursor >= m.length()-p.Height-1 {
		return m.members.More(m.env, m.reader())
	}
	return nil
}

// countMembers reads all members, or stops doing so.
func (m *Model) countMembers() tea.Cmd {
	if m.members.Counting() {
		m.members.Stop()
		return nil
	}
	return m.members.Count(m.env, m.reader())
}

func (m *Model) why() string {
	switch {
	case m.gone():
		return "The role no longer exists."
	case m.env.Can != nil && !m.env.Can(managePermission):
		return "You lack the permission " + managePermission + "."
	}
	return ""
}

func (m *Model) managing(do func() view.Action) view.Action {
	if m.note = m.why(); m.note != "" {
		return nil
	}
	return do()
}

func (m *Model) add() view.Action {
	tenant, role, can, held := m.tenant, m.now(), m.env.Can, m.permissions.Value()
	known := m.permissions.Read()
	return view.Pick{
		Title: "Add permissions to " + role.Name.String(), Empty: "The role gives all that the tenant's APIs know.",
		Load: func(ctx context.Context) ([]view.Choice, error) {
			if !known {
				var err error
				if held, err = tenant.RolePermissions(ctx, role.ID); err != nil {
					return nil, err
				}
			}
			return pick.Permissions(ctx, tenant, can, held)
		},
		Then: func(chosen []view.Choice) view.Action {
			ps := make([]auth0client.Permission, len(chosen))
			for i, c := range chosen {
				ps[i] = c.Value.(auth0client.Permission) //nolint:forcetypeassert // pick.Permissions made it
			}
			if n := len(held) + len(ps); n > mostPermissions {
				return view.Notify{Level: view.Bad, Text: fmt.Sprintf("The role would give %d permissions; Auth0 allows %d.", n, mostPermissions)}
			}
			return view.Operate{Operation: desk.AddToRole(tenant, role, ps)}
		},
	}
}

func (m *Model) remove() view.Action {
	if m.tab != permissionsTab {
		m.note = "2 shows the permissions: mark what to remove there."
		return nil
	}
	ps := m.here()
	if len(ps) == 0 {
		return nil
	}
	return view.Operate{Operation: desk.RemoveFromRole(m.tenant, m.now(), ps)}
}

func (m *Model) edit() view.Action {
	tenant, role := m.tenant, m.now()
	if !m.role.Read() {
		m.note = "The role is still being read."
		return nil
	}
	return view.RoleForm("Edit "+role.Name.String(), "Save", role, func(name, description string) (view.Action, string) {
		switch {
		case name == role.Name.String() && description == role.Description.String():
			return nil, "Nothing is changed."
		case description == "" && !role.Description.IsEmpty():
			return nil, "Auth0 keeps the old description when none is given: type another."
		}
		return view.Operate{Operation: desk.EditRole(tenant, role, name, description)}, ""
	})
}

func (m *Model) compare() view.Action {
	tenant, role := m.tenant, m.now()
	return view.Pick{
		Title: "Compare " + role.Name.String() + " with", One: true, Empty: "There is no other role.",
		Load: func(ctx context.Context) ([]view.Choice, error) {
			roles, err := tenant.Roles(ctx)
			if err != nil {
				return nil, err
			}
			var out []view.Choice
			for _, r := range roles {
				if r.ID != role.ID {
					out = append(out, view.Choice{Value: r, Label: r.Name.String(), Note: r.Description.String()})
				}
			}
			return out, nil
		},
		Then: func(chosen []view.Choice) view.Action {
			return view.CompareRoles{A: role, B: chosen[0].Value.(auth0client.Role)} //nolint:forcetypeassert // Load made it
		},
	}
}

// Keys are the bindings of the moment.
func (m *Model) Keys() []view.Key {
	if m.Typing() {
		return []view.Key{view.NewKey("enter", "to the list", "enter"), view.NewKey("esc", "end the filter", "esc")}
	}
	hidden := func(k view.Key) view.Key {
		k.Hidden = true
		return k
	}
	manage := func(k view.Key) view.Key {
		k.Why = m.why()
		return k
	}
	count := view.NewKey("c", "count all", "c")
	if m.members.Counting() {
		count = view.NewKey("c", "stop counting", "c")
	}
	first := []view.Key{view.NewKey("enter", "open user", "enter"), count}
	second := []view.Key{hidden(manage(view.NewKey("+", "add permissions", "+"))), hidden(manage(view.NewKey("-", "remove permissions", "-"))), hidden(view.NewKey("space", "choose", "space"))}
	if m.tab == permissionsTab {
		first = []view.Key{manage(view.NewKey("+", "add", "+")), manage(view.NewKey("-", "remove", "-")), view.NewKey("space", "choose", "space")}
		second = []view.Key{hidden(count)}
	}
	return append(append(append([]view.Key{view.NewKey("1-3", "tabs", "1", "2", "3", "tab", "shift+tab"), view.NewKey("/", "filter", "/")}, first...), second...),
		manage(view.NewKey("e", "edit", "e")),
		manage(view.NewKey("D", "delete", "D")),
		view.NewKey("=", "compare", "="),
		hidden(view.NewKey("y", "copy id", "y")),
		hidden(view.NewKey("j/k", "move", "j", "k", "down", "up")),
		hidden(view.NewKey("pgdn/pgup", "a page", "pgdown", "pgup", "ctrl+d", "ctrl+u")),
		hidden(view.NewKey("g/G", "first, last read", "g", "G", "home", "end")),
		view.StepOut("stop, end the choice or the filter, then back", m.stepOut()),
		hidden(view.NewKey("R", "reload", "R", "ctrl+r")))
}
