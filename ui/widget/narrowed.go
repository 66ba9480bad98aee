package widget

import "strings"

// Narrowed is which rows of a list pass a filter. A list that grows at its end is looked at where it grew. The zero value
// shows everything.
type Narrowed struct {
	want string
	gen  int
	seen int
	rows []int // unused without a filter
}

// Narrow looks at n rows, of which text gives what the filter looks at, in lower case. gen is another number whenever rows
// that were looked at are others now.
func (f *Narrowed) Narrow(want string, gen, n int, text func(i int) string) {
	if want != f.want || gen != f.gen || n < f.seen {
		f.want, f.gen, f.seen, f.rows = want, gen, 0, f.rows[:0]
	}
	for ; f.seen < n && want != ""; f.seen++ {
		if strings.Contains(text(f.seen), want) {
			f.rows = append(f.rows, f.seen)
		}
	}
	f.seen = n
}

// Len is how many rows pass.
func (f *Narrowed) Len() int {
	if f.want == "" {
		return f.seen
	}
	return len(f.rows)
}

// At is the i-th row that passes.
func (f *Narrowed) At(i int) int {
	if f.want == "" {
		return i
	}
	return f.rows[i]
}
