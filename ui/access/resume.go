package access

import (
	"maps"

	tea "charm.land/bubbletea/v2"

	"usher/auth0client"
	"usher/ui/view"
)

var _ view.Resumer = (*Model)(nil)

// kept is where in the screen one is, and which permissions are chosen.
type kept struct {
	show   show
	filter string
	cursor int
	chosen map[auth0client.PermissionRef]bool
	why    auth0client.PermissionRef // whose ways are open
	gives  auth0client.Permission    // for which it is open what would give it
}

// Kept is where in the screen one is.
func (m *Model) Kept() any {
	k := kept{show: m.show, filter: m.filter.Typed(), cursor: m.place.Cursor, chosen: maps.Clone(m.chosen)}
	if m.why != nil {
		k.why = m.why.grant.Ref
	}
	if m.search != nil {
		k.gives = m.search.permission
	}
	return k
}

// TakeUp goes back to where one was.
func (m *Model) TakeUp(was any) {
	k, ok := was.(kept)
	if !ok {
		return
	}
	m.show, m.chosen, m.back = k.show, maps.Clone(k.chosen), k
	m.filter.Type(k.filter)
	m.place.Back(k.cursor)
}

// reopen opens what was open over the list, once it is known what they may do.
func (m *Model) reopen() tea.Cmd {
	why, gives := m.back.why, m.back.gives
	none := auth0client.PermissionRef{}
	if !m.access.Read() || why == none && gives.Ref == none {
		return nil
	}
	m.back = kept{}
	if gives.Ref != none {
		return m.openSearch(gives)
	}
	for _, g := range m.access.Value().Grants {
		if g.Ref == why {
			return m.openWhy(g)
		}
	}
	return nil
}
