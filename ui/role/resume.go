package role

import (
	"maps"

	"usher/auth0client"
	"usher/ui/view"
	"usher/ui/widget"
)

var (
	_ view.Resumer = (*Model)(nil)
	_ view.Resumer = (*Diff)(nil)
)

// kept is where in the screen one is, and which permissions are chosen.
type kept struct {
	tab    tab
	spots  [tabs]widget.Spot
	chosen map[auth0client.PermissionRef]bool
}

// Kept is where in the screen one is.
func (m *Model) Kept() any {
	k := kept{tab: m.tab, chosen: maps.Clone(m.chosen)}
	for i := range m.place {
		k.spots[i] = widget.SpotOf(&m.filter[i], &m.place[i])
	}
	return k
}

// TakeUp goes back to where one was.
func (m *Model) TakeUp(was any) {
	k, ok := was.(kept)
	if !ok {
		return
	}
	m.tab, m.chosen = k.tab, maps.Clone(k.chosen)
	for i := range m.place {
		k.spots[i].Take(&m.filter[i], &m.place[i])
	}
}

// keptDiff is where in the comparison one is.
type keptDiff struct {
	all    bool
	cursor int
}

// Kept is where in the comparison one is.
func (d *Diff) Kept() any { return keptDiff{d.all, d.place.Cursor} }

// TakeUp goes back to where one was.
func (d *Diff) TakeUp(was any) {
	if k, ok := was.(keptDiff); ok {
		d.all = k.all
		d.place.Back(k.cursor)
	}
}
