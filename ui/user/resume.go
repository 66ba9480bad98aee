package user

import (
	"slices"

	"usher/ui/view"
)

var _ view.Resumer = (*Model)(nil)

// kept is where in the view one is.
type kept struct {
	at     int
	cursor []int
	events int // which are shown
	find   filter
	raw    filter
}

// Kept is where in the view one is.
func (m *Model) Kept() any {
	k := kept{at: m.at, cursor: slices.Clone(m.cursor)}
	for i, t := range m.tabs {
		switch t := t.(type) {
		case *activity:
			k.events, k.find = t.kind, t.find
			if t.opened != nil {
				k.cursor[i] = t.back
			}
		case *raw:
			k.raw = t.find
		}
	}
	return k
}

// TakeUp goes back to where one was. An event that was open is marked in the list.
func (m *Model) TakeUp(was any) {
	k, ok := was.(kept)
	if !ok || len(k.cursor) != len(m.tabs) {
		return
	}
	m.at, m.cursor = k.at, slices.Clone(k.cursor)
	for _, t := range m.tabs {
		switch t := t.(type) {
		case *activity:
			t.kind, t.find = k.events, k.find
		case *raw:
			t.find = k.raw
		}
	}
}
