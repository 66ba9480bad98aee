package organizations

import (
	"maps"

	"usher/auth0client"
	"usher/ui/view"
)

var (
	_ view.Resumer = (*Model)(nil)
	_ view.Resumer = (*One)(nil)
)

// keptList is where in the list one is.
type keptList struct {
	filter string
	cursor int
}

// Kept is where in the list one is.
func (m *Model) Kept() any { return keptList{m.filter.Typed(), m.place.Cursor} }

// TakeUp goes back to where one was.
func (m *Model) TakeUp(was any) {
	if k, ok := was.(keptList); ok {
		m.filter.Type(k.filter)
		m.place.Back(k.cursor)
	}
}

// keptOne is where in an organization one is, and which members are chosen.
type keptOne struct {
	tab    tab
	filter [tabs]string
	cursor [tabs]int
	chosen map[auth0client.UserID]auth0client.Member
}

// Kept is where in the organization one is.
func (o *One) Kept() any {
	k := keptOne{tab: o.tab, chosen: maps.Clone(o.chosen)}
	for i := range o.place {
		k.filter[i], k.cursor[i] = o.filter[i].Typed(), o.place[i].Cursor
	}
	return k
}

// TakeUp goes back to where one was.
func (o *One) TakeUp(was any) {
	k, ok := was.(keptOne)
	if !ok {
		return
	}
	o.tab, o.chosen = k.tab, maps.Clone(k.chosen)
	for i := range o.place {
		o.filter[i].Type(k.filter[i])
		o.place[i].Back(k.cursor[i])
	}
}
