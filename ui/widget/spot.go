package widget

// Spot is where in a filtered list one is, as it is kept for whoever comes back.
type Spot struct {
	filter string
	cursor int
}

// SpotOf is where in a list one is.
func SpotOf(f *Filter, p *Place) Spot { return Spot{f.Typed(), p.Cursor} }

// Take goes back there.
func (s Spot) Take(f *Filter, p *Place) {
	f.Type(s.filter)
	p.Back(s.cursor)
}
