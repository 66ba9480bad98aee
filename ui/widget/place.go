package widget

// Place is where one is in a list: the row under the cursor and the first in sight. Height is set when it is drawn.
type Place struct {
	Cursor, Offset, Height int
	back                   int // the row to go to once it is there
}

// Back puts the cursor on a row as soon as the list has so many, unless it is moved before.
func (p *Place) Back(row int) { p.back = row }

// Move follows a moving key in a list of n rows; false for any other key.
func (p *Place) Move(key string, n int) bool {
	page := max(1, p.Height-1)
	to := p.Cursor
	switch key {
	case "j", "down":
		to++
	case "k", "up":
		to--
	case "pgdown", "ctrl+d":
		to += page
	case "pgup", "ctrl+u":
		to -= page
	case "g", "home":
		to = 0
	case "G", "end":
		to = n - 1
	default:
		return false
	}
	p.Cursor, p.back = to, 0
	p.Keep(n)
	return true
}

// Keep keeps cursor and sight within n rows.
func (p *Place) Keep(n int) {
	if p.back > 0 {
		if p.Cursor = p.back; p.back < n {
			p.back = 0
		}
	}
	p.Cursor = max(0, min(p.Cursor, n-1))
	p.Offset = Scroll(p.Offset, p.Cursor, n, max(1, p.Height))
}

// Sight is which of n rows are in sight of a list of height lines, from inclusive to exclusive.
func (p *Place) Sight(n, height int) (from, to int) {
	p.Height = max(1, height)
	p.Keep(n)
	return p.Offset, min(n, p.Offset+p.Height)
}
