package roleeditor

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"usher/auth0client"
	"usher/auth0client/desk"
	"usher/ui/widget"
)

// row is one role of the check list, with what the filter looks at made ready.
type row struct {
	role   auth0client.Role
	search string
	twin   bool // another role has the same name
}

// setRows takes the tenant's roles.
func (m *Model) setRows(roles []auth0client.Role) {
	named := map[string]int{}
	for _, r := range roles {
		named[r.Name.String()]++
	}
	m.rows = make([]row, len(roles))
	for i, r := range roles {
		m.rows[i] = row{role: r, search: strings.ToLower(r.Name.String() + "\x00" + r.Description.String() + "\x00" + string(r.ID)), twin: named[r.Name.String()] > 1}
	}
}

// label is a role's name; with its id where another role has the same.
func (r row) label() string {
	if r.twin {
		return r.role.Name.String() + " (" + auth0client.UserID(r.role.ID).Safe().String() + ")"
	}
	return r.role.Name.String()
}

// labels are the roles' names by id. A role that is gone has its id alone.
func (m *Model) labels() func(auth0client.RoleID) string {
	names := make(map[auth0client.RoleID]string, len(m.rows))
	for _, r := range m.rows {
		names[r.role.ID] = r.label()
	}
	return func(id auth0client.RoleID) string {
		if n, ok := names[id]; ok {
			return n
		}
		return auth0client.UserID(id).Safe().String()
	}
}

// prune drops staged changes that are no longer any: the role is gone, or every user is as wanted already, or will be
// when a second operator agrees. It says which roles are gone.
func (m *Model) prune() (gone int) {
	known := make(map[auth0client.RoleID]bool, len(m.rows))
	for _, r := range m.rows {
		known[r.role.ID] = true
	}
	for id, want := range m.staged {
		if !known[id] {
			gone++
			delete(m.staged, id)
			continue
		}
		if !slices.ContainsFunc(m.users, func(u auth0client.User) bool { return m.differs(u.ID, id, want) }) {
			delete(m.staged, id)
		}
	}
	return gone
}

// differs reports that a user's role is still to be changed to what is wanted.
func (m *Model) differs(user auth0client.UserID, role auth0client.RoleID, want bool) bool {
	return m.held[user][role] != want && !m.waits[user][role]
}

func (m *Model) filter() {
	want := strings.ToLower(strings.TrimSpace(m.input.Value()))
	m.shown = m.shown[:0]
	m.names = 12
	for i, r := range m.rows {
		if want == "" || strings.Contains(r.search, want) {
			m.shown = append(m.shown, i)
			m.names = max(m.names, widget.Width(r.label()))
		}
	}
	m.cursor = max(0, min(m.cursor, len(m.shown)-1))
	m.follow()
}

func (m *Model) follow() {
	m.offset = widget.Scroll(m.offset, m.cursor, len(m.shown), max(1, m.height))
}

// holders is how many of the users hold a role now.
func (m *Model) holders(id auth0client.RoleID) int {
	n := 0
	for _, u := range m.users {
		if m.held[u.ID][id] {
			n++
		}
	}
	return n
}

func (m *Model) current() (auth0client.Role, bool) {
	if m.cursor < 0 || m.cursor >= len(m.shown) {
		return auth0client.Role{}, false
	}
	return m.rows[m.shown[m.cursor]].role, true
}

// toggle goes from what is (all, some or none) to the other ends and back.
func (m *Model) toggle() {
	r, ok := m.current()
	if !ok {
		return
	}
	if m.note = m.locked(r); m.note != "" {
		return
	}
	n := m.holders(r.ID)
	want, isStaged := m.staged[r.ID]
	switch {
	case !isStaged && n == len(m.users):
		m.staged[r.ID] = false
	case !isStaged:
		m.staged[r.ID] = true
	case want && n > 0 && n < len(m.users):
		m.staged[r.ID] = false
	default:
		delete(m.staged, r.ID)
	}
}

// forbidden is the rule by which the operator may neither give nor take a role; empty when they may.
func (m *Model) forbidden(r auth0client.Role) string { return m.may.Role(r, m.counts.gives[r.ID]) }

// comes is the way by which the single user has a role although they do not hold it directly, and not from elsewhere.
func (m *Model) comes(id auth0client.RoleID) string {
	if len(m.users) != 1 || m.held[m.users[0].ID][id] {
		return ""
	}
	for _, t := range m.through[id] {
		if !t.Elsewhere {
			return t.From
		}
	}
	return ""
}

// locked says why a role cannot be changed here; empty when it can.
func (m *Model) locked(r auth0client.Role) string {
	if why := m.forbidden(r); why != "" {
		return fmt.Sprintf("%s is not yours to give or take: %s.", r.Name, why)
	}
	if from := m.comes(r.ID); from != "" {
		return fmt.Sprintf("%s comes through %s: it is changed there, not here.", r.Name, from)
	}
	return ""
}

// plan is the change for each user that differs from what is wanted.
func (m *Model) plan() []desk.RoleChange {
	if m.undo != nil {
		return m.undo
	}
	var out []desk.RoleChange
	for _, u := range m.users {
		c := desk.RoleChange{User: u}
		for _, r := range m.rows { // in the list's order, so that the same plan is sent the same way
			want, ok := m.staged[r.role.ID]
			switch {
			case !ok || !m.differs(u.ID, r.role.ID, want):
			case want:
				c.Add = append(c.Add, r.role.ID)
			default:
				c.Remove = append(c.Remove, r.role.ID)
			}
		}
		if len(c.Add)+len(c.Remove) > 0 {
			for id := range m.held[u.ID] {
				c.Held = append(c.Held, id)
			}
			slices.Sort(c.Held)
			out = append(out, c)
		}
	}
	return out
}

// tooMany says who would hold more roles than Auth0 allows, also between the assigning and the removing request.
func (m *Model) tooMany(plan []desk.RoleChange) string {
	for _, c := range plan {
		var no *desk.TooManyRoles
		if errors.As(desk.RolesFit(len(c.Held), len(c.Add), len(c.Remove)), &no) {
			return c.User.Label().String() + " " + no.Error()
		}
	}
	return ""
}
