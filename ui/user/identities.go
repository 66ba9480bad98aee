package user

import (
	"fmt"

	tea "charm.land/bubbletea/v2"

	"usher/auth0client/desk"
)

// identities are the user's ways in at other providers, each with what it tells of them.
type identities struct {
	plain
	m *Model
}

func (i *identities) title() (long, short string) { return "Identities", "Identities" }

func (i *identities) parts() []tracked { return []tracked{&i.m.user} }

func (i *identities) need() tea.Cmd { return i.m.needUser() }

func (i *identities) targets() []row { return i.rows(80) }

func (i *identities) rows(width int) []row {
	m, t := i.m, i.m.env.Theme
	u := m.user.value
	rows := m.heading(fmt.Sprintf("Identities (%d)", len(u.Identities)), "l", "links another user")[1:]
	if m.user.err != nil {
		rows = append(rows, m.problem("profile", m.user.err, m.user.loading)...)
	}
	switch {
	case m.why(usersPermission) != "":
		return append(rows, line(t.Warn.Render(m.why(usersPermission))))
	case len(u.Identities) == 0 && !m.user.read() && m.user.err == nil:
		return append(rows, m.waiting("the identities"))
	}
	for n, id := range u.Identities {
		kind := "primary: it gives the user id"
		if n > 0 {
			kind = "linked"
		}
		head := line(t.Strong.Render(m.identityWords(id)) + "  " + t.Muted.Render(kind))
		head.on = &target{does: "unlink", permission: editPermission, operation: func() desk.Operation { return desk.Unlink(m.records, u, id) }}
		if n == 0 {
			head.on.why = "The primary identity cannot be unlinked: the user is named by it."
		}
		rows = append(rows, line(""), head)
		tell := func(name, value string) {
			for _, r := range m.fact(name, value, width-2) {
				for at := range r.lines {
					r.lines[at] = "  " + r.lines[at]
				}
				r.on = head.on
				rows = append(rows, r)
			}
		}
		tell("id", id.Provider.String()+"|"+id.UserID.String())
		for _, f := range id.Profile {
			tell(f.Name.String(), f.Value.String())
		}
	}
	return rows
}
