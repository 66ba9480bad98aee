package create

import (
	"maps"
	"slices"

	"usher/auth0client/term"
	"usher/ui/view"
)

var _ view.Resumer = (*Model)(nil)

// kept is the form as it is, without its password.
type kept struct {
	inviting bool
	values   map[string]string
	flags    map[string]bool
	chosen   map[string]string // of lists, by what is chosen
	marked   string
	reason   string
	sent     bool // to be made when the line was lost
}

// Kept is the form as it is. One that shows a new user's password does not open again.
func (m *Model) Kept() any {
	if m.phase == made {
		return nil
	}
	k := kept{inviting: m.inviting, values: map[string]string{}, flags: maps.Clone(m.flags), chosen: map[string]string{}, reason: m.reason.Text(), sent: m.phase == saving}
	for name := range m.values {
		k.values[name] = m.now(name)
	}
	for i, r := range m.rows() {
		if i == m.cursor {
			k.marked = r.name
		}
		switch {
		case r.kind == listRow && m.chosen[r.name] < len(r.options):
			k.chosen[r.name] = r.options[m.chosen[r.name]]
		case r.kind == textRow:
			k.values[r.name] = m.now(r.name)
		}
	}
	if m.back != nil { // the lists were not read yet
		k.chosen, k.marked = m.back.chosen, m.back.marked
	}
	delete(k.values, "password")
	return k
}

// TakeUp makes the form what it was, as far as it is known before the lists are read.
func (m *Model) TakeUp(was any) {
	k, ok := was.(kept)
	if !ok {
		return
	}
	m.inviting, m.values, m.flags, m.back = k.inviting, maps.Clone(k.values), maps.Clone(k.flags), &k
	m.reason.Put(k.reason)
	switch {
	case k.sent:
		m.note = "This had been sent when the line was lost: look whether the user is there before you send it again."
	case m.filled():
		m.note = "What you had typed is here again, but for a password. Nothing of it was sent."
	}
}

// backAt chooses in the lists what was chosen, once they are read. The connection is the first: it says what others there
// are.
func (m *Model) backAt() {
	k := m.back
	if m.back = nil; k == nil {
		return
	}
	for at := 0; at < len(m.rows()); at++ {
		r := m.rows()[at]
		was, had := k.chosen[r.name]
		if r.kind != listRow || !had {
			continue
		}
		i := slices.Index(r.options, was)
		if m.chosen[r.name] = max(0, i); i < 0 {
			m.note = r.title() + ": " + term.Line(was).String() + " is no longer offered. Look at the form again."
		}
	}
	if at := slices.IndexFunc(m.rows(), func(r row) bool { return r.name == k.marked }); at >= 0 {
		m.cursor = at
	}
}
