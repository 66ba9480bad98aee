package users

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"usher/auth0client"
	"usher/ui/view"
)

var _ view.Resumer = (*Model)(nil)

// kept is where in the list one is, and what is typed and selected there.
type kept struct {
	of       wanted
	switched map[string]bool
	saved    []Saved
	text     string // in the box
	typing   bool
	history  []string
	selected map[auth0client.UserID]auth0client.User
	at       auth0client.UserID // under the cursor
	rows     int                // that were read
}

// sought is a row to go back to once it is read.
type sought struct {
	id   auth0client.UserID
	of   wanted
	rows int // how many to read for it, at most
}

// Kept is where in the list one is.
func (m *Model) Kept() any {
	k := kept{
		of: m.wanted(), switched: maps.Clone(m.switched), saved: slices.Clone(m.saved), text: m.box.value(), typing: m.box.typing,
		history: slices.Clone(m.box.history), selected: maps.Clone(m.selected), rows: m.offset,
	}
	if u, ok := m.current(); ok && m.cursor > 0 {
		k.at = u.ID
	}
	return k
}

// TakeUp goes back to where one was; nobody is opened even if one person alone is found.
func (m *Model) TakeUp(was any) {
	k, ok := was.(kept)
	if !ok {
		return
	}
	m.query, m.filter, m.sort = k.of.query, k.of.filter, k.of.sort
	m.switched, m.saved, m.selected = k.switched, k.saved, k.selected
	m.opening, m.panel, m.note = false, nil, ""
	m.sought = sought{k.at, k.of, k.rows}
	m.box.history = k.history
	m.box.set(k.text)
	if k.typing {
		m.box.open(k.text) // the cursor does not blink: there is no command
	}
	m.narrow()
}

// Showing is what the list shows, in words; empty for everybody from the top, with nothing chosen or typed.
func (m *Model) Showing() string {
	var parts []string
	switch w := m.wanted(); {
	case w.query != "":
		parts = append(parts, "search "+w.words())
	case w != (wanted{}):
		parts = append(parts, w.words())
	}
	if text := oneLine(m.box.value()); text != "" && text != oneLine(m.query) {
		parts = append(parts, "typed "+text)
	}
	if n := len(m.selected); n > 0 {
		parts = append(parts, fmt.Sprintf("%d selected", n))
	}
	if u, ok := m.current(); ok && len(parts) == 0 && m.cursor > 0 {
		parts = append(parts, "at "+u.Label().String())
	}
	return strings.Join(parts, ", ")
}

// seek puts the cursor on the row that is sought. It reports that the row may be among those to read yet.
func (m *Model) seek() (further bool) {
	if m.sought.id == "" {
		return false
	}
	found := false
	for i := range m.count() {
		if m.at(i).ID == m.sought.id {
			m.cursor, found = i, true
		}
	}
	if found {
		m.follow()
	}
	if found || m.sought.of != m.rowsOf || !m.more() || m.offset >= m.sought.rows {
		m.sought = sought{}
		return false
	}
	return true
}
