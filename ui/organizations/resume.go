package organizations

import (
	"maps"

	"usher/auth0client"
	"usher/ui/view"
	"usher/ui/widget"
)

var (
	_ view.Resumer = (*Model)(nil)
	_ view.Resumer = (*One)(nil)
)

// Kept is where in the list one is.
func (m *Model) Kept() any { return widget.SpotOf(&m.filter, &m.place) }

// TakeUp goes back to where one was.
func (m *Model) TakeUp(was any) {
	if spot, ok := was.(widget.Spot); ok {
		spot.Take(&m.filter, &m.place)
	}
}

// keptOne is where in an organization one is, and which members are chosen.
type keptOne struct {
	tab    tab
	spots  [tabs]widget.Spot
	chosen map[auth0client.UserID]auth0client.Member
}

// Kept is where in the organization one is.
func (o *One) Kept() any {
	k := keptOne{tab: o.tab, chosen: maps.Clone(o.chosen)}
	for i := range o.place {
		k.spots[i] = widget.SpotOf(&o.filter[i], &o.place[i])
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
		k.spots[i].Take(&o.filter[i], &o.place[i])
	}
}
