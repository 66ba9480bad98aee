package approvals

import "usher/ui/view"

var _ view.Resumer = (*Model)(nil)

// kept is where in the list one is.
type kept struct {
	filter string
	cursor int
}

// Kept is where in the list one is.
func (m *Model) Kept() any { return kept{m.filter.Typed(), m.place.Cursor} }

// TakeUp goes back to where one was.
func (m *Model) TakeUp(was any) {
	if k, ok := was.(kept); ok {
		m.filter.Type(k.filter)
		m.place.Back(k.cursor)
	}
}
