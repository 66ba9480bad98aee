package access

import (
	"context"
	"fmt"

	tea "charm.land/bubbletea/v2"

	"usher/auth0client"
	"usher/auth0client/desk"
	"usher/ui/pick"
	"usher/ui/view"
)

// The permission of usher's API that changes need, and how many permissions Auth0 lets a user hold directly.
const (
	assignPermission = "roles:assign"
	mostDirect       = 1000
)

func (m *Model) pressed(k string) (view.Action, tea.Cmd) {
	m.note = ""
	switch {
	case m.why != nil:
		return m.whyPressed(k)
	case m.search != nil:
		return m.searchPressed(k)
	}
	switch k {
	case "esc":
		return m.leave(), nil
	case "/":
		m.filter.Open()
	case "tab", "shift+tab":
		return nil, m.turn((m.show + 1) % shows)
	case "1", "2":
		return nil, m.turn(show(k[0] - '1'))
	case "enter":
		return nil, m.explain()
	case "space":
		m.toggle()
	case "+":
		return m.assigning(m.grant), nil
	case "-":
		return m.assigning(m.withdraw), nil
	case "r":
		return m.assigning(func() view.Action { return view.EditRoles{Users: []auth0client.User{m.user}} }), nil
	case "y":
		if l, ok := m.current(); ok {
			return view.Copy{What: "permission", Text: l.grant.Ref.Name}, nil
		}
	case "R":
		return nil, m.reload()
	default:
		m.place.Move(k, len(m.shown))
	}
	return nil, nil
}

func (m *Model) leave() view.Action {
	switch {
	case len(m.chosen) > 0:
		clear(m.chosen)
	case m.filter.Text() != "":
		m.filter.Clear()
		m.narrow()
	default:
		return view.Back{}
	}
	return nil
}

// stepOut is what esc does now.
func (m *Model) stepOut() string {
	switch {
	case len(m.chosen) > 0:
		return "end the choice"
	case m.filter.Text() != "":
		return "end the filter"
	}
	return "back"
}

// turn shows what they hold, or what they lack.
func (m *Model) turn(s show) tea.Cmd {
	m.show = s
	m.place.Cursor = 0
	clear(m.chosen)
	m.list()
	if s == lacking && m.apis.Wanted() {
		return m.readAPIs()
	}
	return nil
}

// explain opens why they have the marked permission, or what would give it.
func (m *Model) explain() tea.Cmd {
	l, ok := m.current()
	switch {
	case !ok:
		return nil
	case l.has:
		return m.openWhy(l.grant)
	}
	return m.openSearch(l.grant.Permission)
}

func (m *Model) whyPressed(k string) (view.Action, tea.Cmd) {
	switch k {
	case "esc":
		m.shut()
	case "enter":
		if ways := m.why.ways.Value(); m.why.place.Cursor < len(ways) {
			r := ways[m.why.place.Cursor].Role
			if r.ID == "" {
				m.note = "The tenant named the role without its id: look for it among the roles."
				return nil, nil
			}
			return view.OpenRole{ID: r.ID, Name: r.Name}, nil
		}
	default:
		m.why.place.Move(k, len(m.why.ways.Value()))
	}
	return nil, nil
}

func (m *Model) searchPressed(k string) (view.Action, tea.Cmd) {
	s := m.search
	var at *candidate
	if s.place.Cursor < len(s.found) {
		at = &s.found[s.place.Cursor]
	}
	switch k {
	case "esc":
		if !s.done() && !s.stopped && s.err == nil {
			s.stop() // what was found stays
			return nil, nil
		}
		m.shut()
	case "enter":
		if at == nil {
			return nil, nil
		}
		if at.why != "" {
			m.note = at.role.Name.String() + ": " + at.why + "."
			return nil, nil
		}
		return m.assigning(func() view.Action { return view.Operate{Operation: desk.GiveRole(m.tenant, m.user, at.role)} }), nil
	case "o":
		if at != nil {
			return view.OpenRole{ID: at.role.ID, Name: at.role.Name}, nil
		}
	case "+":
		p := s.permission
		return m.assigning(func() view.Action { return m.grantThese([]auth0client.Permission{p}) }), nil
	default:
		s.place.Move(k, len(s.found))
	}
	return nil, nil
}

// toggle chooses the marked permission: a direct one to withdraw, or a lacking one to grant.
func (m *Model) toggle() {
	l, ok := m.current()
	switch {
	case !ok:
	case l.has && !l.grant.Direct:
		m.note = "It comes by a role: change the roles (r), or the role itself."
	case m.chosen[l.grant.Ref]:
		delete(m.chosen, l.grant.Ref)
		m.place.Move("down", len(m.shown))
	default:
		m.chosen[l.grant.Ref] = true
		m.place.Move("down", len(m.shown))
	}
}

func (m *Model) whyNot() string {
	switch {
	case m.env.Can != nil && !m.env.Can(assignPermission):
		return "You lack the permission " + assignPermission + "."
	case m.user.ID == m.env.OperatorID && m.user.ID != "":
		return "Nobody changes their own access: ask another operator."
	}
	return ""
}

func (m *Model) assigning(do func() view.Action) view.Action {
	if m.note = m.whyNot(); m.note != "" {
		return nil
	}
	return do()
}

// grant grants what is chosen among the lacking permissions, else asks which.
func (m *Model) grant() view.Action {
	if !m.access.Read() {
		m.note = "What they hold is still being read."
		return nil
	}
	if m.show == lacking && len(m.chosen) > 0 {
		return m.grantThese(m.these())
	}
	tenant, can := m.tenant, m.env.Can
	var direct []auth0client.Permission
	for _, g := range m.access.Value().Grants {
		if g.Direct {
			direct = append(direct, g.Permission)
		}
	}
	return view.Pick{
		Title: "Grant " + m.user.Label().String() + " directly", Empty: "They hold directly all that the tenant's APIs know.",
		Load: func(ctx context.Context) ([]view.Choice, error) {
			return pick.Permissions(ctx, tenant, can, direct)
		},
		Then: func(chosen []view.Choice) view.Action {
			ps := make([]auth0client.Permission, len(chosen))
			for i, c := range chosen {
				ps[i] = c.Value.(auth0client.Permission) //nolint:forcetypeassert // pick.Permissions made it
			}
			return m.grantThese(ps)
		},
	}
}

func (m *Model) grantThese(ps []auth0client.Permission) view.Action {
	n := len(ps)
	for _, g := range m.access.Value().Grants {
		if g.Direct {
			n++
		}
	}
	if n > mostDirect {
		return view.Notify{Level: view.Bad, Text: fmt.Sprintf("They would hold %d permissions directly; Auth0 allows %d.", n, mostDirect)}
	}
	usher := desk.UsherAPI(m.apis.Value())
	for _, p := range ps {
		if why := desk.MayGrant(m.env.Can, usher, p.Ref); why != "" {
			return view.Notify{Level: view.Info, Text: p.Name.String() + ": " + why + "."}
		}
	}
	return view.Operate{Operation: desk.GrantDirectly(m.tenant, m.user, ps)}
}

// these are the chosen permissions, in the list's order.
func (m *Model) these() []auth0client.Permission {
	var out []auth0client.Permission
	for _, l := range m.lines {
		if m.chosen[l.grant.Ref] {
			out = append(out, l.grant.Permission)
		}
	}
	return out
}

// withdraw takes what is chosen, else the marked permission, as far as it was granted directly.
func (m *Model) withdraw() view.Action {
	ps := m.these()
	if l, ok := m.current(); ok && len(ps) == 0 && m.show == held {
		if !l.grant.Direct {
			m.note = "It comes by a role: change the roles (r), or the role itself."
			return nil
		}
		ps = append(ps, l.grant.Permission)
	}
	if len(ps) == 0 || m.show != held {
		return nil
	}
	still := 0
	for _, l := range m.lines {
		for _, p := range ps {
			if l.grant.Ref == p.Ref && len(l.grant.Roles) > 0 {
				still++
			}
		}
	}
	return view.Operate{Operation: desk.WithdrawDirect(m.tenant, m.user, ps, still)}
}

// Keys are the bindings of the moment.
func (m *Model) Keys() []view.Key {
	assign := func(k view.Key) view.Key {
		k.Why = m.whyNot()
		return k
	}
	hidden := func(k view.Key) view.Key {
		k.Hidden = true
		return k
	}
	moving := []view.Key{hidden(view.NewKey("j/k", "move", "j", "k", "down", "up")), hidden(view.NewKey("pgdn/pgup", "a page", "pgdown", "pgup", "ctrl+d", "ctrl+u")),
		hidden(view.NewKey("g/G", "first, last", "g", "G", "home", "end"))}
	switch {
	case m.filter.Typing():
		return []view.Key{view.NewKey("enter", "to the list", "enter"), view.NewKey("esc", "end the filter", "esc")}
	case m.why != nil:
		return append([]view.Key{view.NewKey("enter", "open the role", "enter"), view.NewKey("esc", "to the list", "esc")}, moving...)
	case m.search != nil:
		esc := view.NewKey("esc", "to the list", "esc")
		if !m.search.done() && !m.search.stopped {
			esc = view.NewKey("esc", "stop looking", "esc")
		}
		return append([]view.Key{assign(view.NewKey("enter", "assign the role", "enter")), view.NewKey("o", "open the role", "o"),
			assign(view.NewKey("+", "grant directly", "+")), esc}, moving...)
	}
	enter := view.NewKey("enter", "why?", "enter")
	if m.show == lacking {
		enter = view.NewKey("enter", "what would give it?", "enter")
	}
	return append([]view.Key{
		enter,
		view.NewKey("tab", "held, lacking", "tab", "shift+tab", "1", "2"),
		view.NewKey("/", "filter", "/"),
		assign(view.NewKey("+", "grant", "+")),
		assign(view.NewKey("-", "withdraw", "-")),
		assign(view.NewKey("r", "roles", "r")),
		hidden(view.NewKey("space", "choose", "space")),
		hidden(view.NewKey("y", "copy permission", "y")),
		view.StepOut("end the choice or the filter, then back", m.stepOut()),
		hidden(view.NewKey("R", "reload", "R", "ctrl+r")),
	}, moving...)
}
