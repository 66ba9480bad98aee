package users

import (
	"slices"

	"usher/ui/widget"
)

// earlier reports that the rows are of an earlier search: the wanted one is under way, or failed. No key touches them then,
// since who is under the cursor is not who was searched for.
func (m *Model) earlier() bool { return m.stale() && len(m.rows) > 0 }

// touches reports that a key does something to a row, or to rows.
func touches(k string) bool {
	return slices.Contains([]string{"a", "space", "enter", "y", "Y", "w", "m", "b", "r", "s", "v", "p", "e", "D"}, k)
}

const waiting = "Wait: these are rows of the earlier search."

// waitWords say why a key does nothing to rows of an earlier search.
func (m *Model) waitWords() string {
	if m.loading > 0 {
		return waiting
	}
	return "These are rows of the earlier search: ctrl+r runs the new one again, esc goes back to the earlier."
}

// earlierWords are over the rows of an earlier search.
func (m *Model) earlierWords() string {
	words := "rows of the earlier search: " + m.rowsOf.words()
	if m.loading == 0 {
		words += " (esc goes back to it)"
	}
	return words
}

// wantedWords are the heading of a search that is not answered.
func (m *Model) wantedWords() string {
	if m.loading > 0 {
		return "Searching for " + m.wanted().words()
	}
	return "No answer for " + m.wanted().words()
}

// goBack makes the earlier search, whose rows are there, the wanted one again.
func (m *Model) goBack() {
	m.loader.Cancel()
	m.loading, m.err, m.ahead, m.jump, m.then, m.opening = 0, nil, nil, false, nil, false
	m.query, m.filter, m.sort = m.rowsOf.query, m.rowsOf.filter, m.rowsOf.sort
	m.box.set(m.query)
	m.keepPrefs()
	m.narrow()
}

// twins tells apart the rows in view that have the same label: the mark of a row is empty if no other is called the same,
// the connection if that is enough in so many cells, and else the end of the id.
func (m *Model) twins(cells int) func(row) string {
	type called struct{ label, connection string }
	labels, both := map[string]int{}, map[called]int{}
	cut := func(r row) called {
		return called{r.Label().String(), widget.Truncate(r.Connection().String(), cells)}
	}
	for i := range m.count() {
		labels[m.at(i).Label().String()]++
	}
	for i := range m.count() {
		if r := m.at(i); labels[r.Label().String()] > 1 { // few are, and cutting takes time
			both[cut(r)]++
		}
	}
	return func(r row) string {
		if labels[r.Label().String()] < 2 {
			return ""
		}
		if c := cut(r); both[c] < 2 && c.connection != "" {
			return c.connection
		}
		return m.endOfID(r, cells)
	}
}

// endOfID is as much of the end of an id as fits.
func (m *Model) endOfID(r row, cells int) string {
	id := []rune(oneLine(string(r.ID)))
	for from := range id {
		end := string(id[from:])
		if from > 0 {
			end = m.env.Theme.Icons.Ellipsis + end
		}
		if widget.Width(end) <= cells {
			return end
		}
	}
	return ""
}
