package roles

import (
	"usher/ui/view"
	"usher/ui/widget"
)

var _ view.Resumer = (*Model)(nil)

// Kept is where in the list one is.
func (m *Model) Kept() any { return widget.SpotOf(&m.filter, &m.place) }

// TakeUp goes back to where one was.
func (m *Model) TakeUp(was any) {
	if spot, ok := was.(widget.Spot); ok {
		spot.Take(&m.filter, &m.place)
	}
}
