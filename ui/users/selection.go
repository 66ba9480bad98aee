package users

import (
	"fmt"
	"slices"
	"strings"

	"usher/auth0client"
	"usher/auth0client/desk"
	"usher/ui/view"
)

func block(t Tenant, u auth0client.User) desk.Operation    { return desk.Block(t, u) }
func unblock(t Tenant, u auth0client.User) desk.Operation  { return desk.LiftBlocks(t, u) }
func signOut(t Tenant, u auth0client.User) desk.Operation  { return desk.SignOut(t, u) }
func resetMFA(t Tenant, u auth0client.User) desk.Operation { return desk.ResetMFA(t, u, nil) }

// all wishes an operation for each of the selection.
func (m *Model) all(of func(Tenant, auth0client.User) desk.Operation) view.Action {
	return m.each(m.chosen(), of)
}

// each wishes an operation for each of these users.
func (m *Model) each(chosen []auth0client.User, of func(Tenant, auth0client.User) desk.Operation) view.Action {
	ops := make([]desk.Operation, len(chosen))
	for i, u := range chosen {
		ops[i] = of(m.tenant, u)
	}
	if len(ops) == 0 {
		return nil
	}
	return view.OperateAll{Name: ops[0].Name, Operations: ops}
}

// oneOrAll does something to the selection, or to the user under the cursor in a dialog of its own.
func (m *Model) oneOrAll(permission string, of func(Tenant, auth0client.User) desk.Operation, one func(auth0client.User) view.Action) view.Action {
	if m.note = m.why(permission); m.note != "" {
		return nil
	}
	if len(m.selected) > 0 {
		return m.all(of)
	}
	if one == nil {
		one = func(u auth0client.User) view.Action { return view.Operate{Operation: of(m.tenant, u)} }
	}
	return m.one(permission, one)
}

// one wishes something for the user under the cursor, whatever is selected.
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

// verifyThem has verification mails sent, to nobody who has no email or has it verified.
func (m *Model) verifyThem() view.Action {
	verify := func(t Tenant, u auth0client.User) desk.Operation { return desk.VerifyEmail(t, u) }
	none := func(u auth0client.User) string {
		switch {
		case u.EmailRaw == "":
			return "They have no email."
		case u.EmailVerified:
			return "The email is verified already."
		}
		return ""
	}
	if m.note = m.why(editPermission); m.note != "" {
		return nil
	}
	if n := len(m.selected); n > 0 {
		helped := slices.DeleteFunc(m.chosen(), func(u auth0client.User) bool { return none(u) != "" })
		switch left := n - len(helped); {
		case left == n:
			m.note = fmt.Sprintf("None of the %d has an email that is to be verified.", n)
		case left > 0: // seen behind the question
			m.note = fmt.Sprintf("%d of the %d were left out: they have no email, or it is verified already.", left, n)
		}
		return m.each(helped, verify)
	}
	return m.one(editPermission, func(u auth0client.User) view.Action {
		if m.note = none(u); m.note != "" {
			return nil
		}
		return view.Operate{Operation: verify(m.tenant, u)}
	})
}

func (m *Model) blockThem() view.Action {
	if m.note = m.why(blockPermission); m.note != "" {
		return nil
	}
	if n := len(m.selected); n > 0 {
		m.openBlock(n)
		return nil
	}
	if u, ok := m.current(); ok {
		return view.ToggleBlock{User: u}
	}
	return nil
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

func (m *Model) why(permission string) string {
	if m.env.Can != nil && !m.env.Can(permission) {
		return "You lack the permission " + permission + "."
	}
	return ""
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
	m.cursor = min(m.cursor+1, m.count()-1)
	m.follow()
}

// selectAll selects all that is in view, or none of it when all of it is selected. Users selected in another search stay.
func (m *Model) selectAll() {
	all := true
	for i := range m.count() {
		if _, ok := m.selected[m.at(i).ID]; !ok {
			all = false
		}
	}
	for i := range m.count() {
		if u := m.at(i).User; all {
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
	for _, r := range m.rows {
		listed[r.ID] = true
		if _, ok := m.selected[r.ID]; ok {
			here = append(here, r.User)
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
