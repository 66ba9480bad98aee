package edit

import (
	"slices"

	"usher/auth0client"
	"usher/ui/view"
)

var _ view.Resumer = (*Model)(nil)

// kept is the form as it is. Of a form in which nothing is typed or changed it is the marked line alone; else the record is
// there on which the form rests: what somebody else changes meanwhile is found by it.
type kept struct {
	marked string
	reason string
	rests  auth0client.User
	values map[string]any // what differs from the record, but for custom fields, which are in the metadata
	typed  *string        // in the marked line
	text   *string        // metadata that is being written
	began  string
	kind   string
	asked  []choice // mine or theirs
	sent   bool     // to be saved when the line was lost
}

// Kept is the form as it is.
func (m *Model) Kept() any {
	k := kept{marked: m.fields[m.cursor].name, reason: m.reason.Text(), sent: m.phase == saving}
	if !m.loaded {
		return k
	}
	if m.typing && m.typedNew() {
		typed := m.input.Value()
		k.typed = &typed
	}
	if m.phase == writing {
		text := m.json.area.Value()
		k.text, k.began, k.kind = &text, m.json.began, m.json.kind
	}
	for _, f := range m.fields {
		if !f.custom() && !auth0client.SameJSON(f.was, f.value) {
			if k.values == nil {
				k.values = map[string]any{}
			}
			k.values[f.name] = f.value
		}
	}
	if m.phase == deciding {
		k.asked = slices.Clone(m.choices)
	}
	if k.values != nil || k.typed != nil || k.text != nil {
		k.rests = m.user
	}
	return k
}

// TakeUp makes the form what it was. A review is left: what is in it is to be looked at again.
func (m *Model) TakeUp(was any) {
	k, ok := was.(kept)
	if !ok {
		return
	}
	m.reason.Put(k.reason)
	if at := slices.IndexFunc(m.fields, func(f field) bool { return f.name == k.marked }); at >= 0 {
		m.cursor = at
	}
	if k.rests.ID == "" {
		return
	}
	m.fill(k.rests)
	for name, v := range k.values {
		if f := m.field(name); f != nil {
			f.value = v
		}
	}
	m.derive()
	m.note = "What you had typed is here again. Nothing of it was sent."
	if k.sent {
		m.note = "This had been sent when the line was lost. What still differs from the record is marked."
	}
	switch {
	case len(k.asked) > 0:
		m.choices, m.phase = k.asked, deciding
	case k.text != nil:
		if f := m.field(k.kind); f != nil {
			note := m.note
			m.beginWriting(*f)
			m.json.began, m.note = k.began, note
			m.json.area.SetValue(*k.text)
			m.json.area.MoveToBegin()
		}
	case k.typed != nil && m.fields[m.cursor].name == k.marked:
		m.begin(&m.fields[m.cursor], false)
		m.input.SetValue(*k.typed)
		m.input.CursorEnd()
	}
}

// restOn makes the form rest on a newer record, and asks about what somebody else changed of what is changed here. It
// reports whether there is anything to ask.
func (m *Model) restOn(now auth0client.User) bool {
	m.choices = conflicts(recordOf(m.user), recordOf(now), m.change())
	m.rebase(now, nil)
	if len(m.choices) == 0 {
		return false
	}
	m.phase, m.choosing = deciding, 0
	return true
}
