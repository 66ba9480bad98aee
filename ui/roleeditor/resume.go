package roleeditor

import (
	"maps"

	"usher/auth0client"
	"usher/ui/view"
)

var _ view.Resumer = (*Model)(nil)

// kept is where in the list one is, and what is marked there.
type kept struct {
	staged map[auth0client.RoleID]bool
	filter string
	at     auth0client.RoleID
	reason string
	sent   bool // to be made when the line was lost
}

// Kept is where in the list one is. What takes changes back does not open again by itself: it begins with the question.
func (m *Model) Kept() any {
	if m.undo != nil {
		return nil
	}
	k := kept{staged: maps.Clone(m.staged), filter: m.input.Value(), reason: m.reason.Text(), sent: m.phase == applying}
	if r, ok := m.current(); ok {
		k.at = r.ID
	}
	return k
}

// TakeUp goes back to the list, with what was marked. It is held against the roles as they are then: what is so already is
// no change any more.
func (m *Model) TakeUp(was any) {
	k, ok := was.(kept)
	if !ok {
		return
	}
	m.staged, m.back = maps.Clone(k.staged), k
	m.input.SetValue(k.filter)
	m.reason.Put(k.reason)
}

// backAt puts the cursor where it was, once the roles are read.
func (m *Model) backAt() {
	for i, at := range m.shown {
		if m.rows[at].role.ID == m.back.at {
			m.cursor = i
		}
	}
	m.follow()
	switch {
	case len(m.staged) == 0 || m.note != "":
	case m.back.sent:
		m.note = "It had been sent. What is marked still differs: look before you send it again."
	case len(m.back.staged) > 0:
		m.note = "What you had marked is here again. Nothing of it was sent."
	}
	m.back = kept{}
}
