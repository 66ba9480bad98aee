package edit

import (
	"errors"
	"maps"
	"slices"
	"strings"

	tea "charm.land/bubbletea/v2"

	"usher/auth0client"
	"usher/auth0client/desk"
	"usher/ui/view"
)

// choice is a field, or a key of metadata, that somebody else changed as well.
type choice struct {
	kind, key      string // the field, and for metadata its key
	was, is, yours any
	theirs         bool
}

func (c choice) name() string {
	if c.key != "" {
		return c.kind + "." + c.key
	}
	return c.kind
}

// saved takes what became of a change: it is left, told of, or put right.
func (m *Model) saved(s Saved) (view.Action, tea.Cmd) {
	m.phase, m.note = filling, ""
	wishes := changes(s)
	err := s.result.Err
	if err == nil {
		return append(wishes, view.Back{}, view.Notify{Level: view.Good, Text: "Saved the changes of " + s.op.User.Label().String() + "."}), nil
	}
	if s.result.User != nil { // some steps were made: the form rests on what they left
		m.rebase(*s.result.User, nil)
	}
	var changed *auth0client.Changed
	var invalid *auth0client.Invalid
	switch {
	case errors.As(err, &changed):
		m.phase = saving
		return orNil(wishes), compare(m.env.Ctx, m.tenant, m.env.ID, m.user.ID)
	case view.ReasonMissing(err):
		m.review()
		m.note = "This action wants a reason. Type it, then confirm again."
		m.reason.Demand()
		return orNil(wishes), nil
	case view.Unsent(err):
		m.review()
		m.note = view.NotSent
	case view.Waiting(err):
		p := view.Explain(m.env.Now(), err)
		return append(wishes, view.Back{}, view.Notify{Level: view.Info, Text: p.String()}), nil
	case errors.As(err, &invalid):
		m.refuse(invalid)
	default:
		m.note = "Not saved: " + view.Explain(m.env.Now(), err).String()
	}
	if len(s.result.Done) > 0 {
		m.note = strings.Join(s.result.Done, " ") + " " + m.note
	}
	if wish := view.SignInFor(err); wish != nil {
		wishes = append(wishes, wish)
	}
	return orNil(wishes), nil
}

func orNil(wishes view.All) view.Action {
	if len(wishes) == 0 {
		return nil
	}
	return wishes
}

// refuse puts Auth0's words at the field they are about.
func (m *Model) refuse(e *auth0client.Invalid) {
	said := e.Answer.Message.String()
	m.note = "Auth0 refused it: " + said
	for i, f := range m.fields {
		_, sent := m.change()[f.name]
		named := e.Field == f.name || strings.HasPrefix(e.Field, f.name+".") || e.Field == "" && strings.Contains(said, f.name)
		if sent && named {
			m.refused[f.name], m.cursor = said, i
			return
		}
	}
}

// compared finds what somebody else changed of what is changed here.
func (m *Model) compared(c comparedMsg) view.Action {
	m.phase = filling
	if c.err != nil {
		m.note = "Somebody else was faster, and what is true now cannot be read: " + view.Explain(m.env.Now(), c.err).String()
		return view.SignInFor(c.err)
	}
	if !m.restOn(c.user) {
		m.review()
		m.note = "Somebody else changed it meanwhile, to what you want as well. Look again, then confirm."
	}
	return nil
}

// conflicts are what is changed here, and was changed otherwise by somebody else.
func conflicts(before, now map[string]any, change auth0client.Change) []choice {
	var all []choice
	for _, name := range change.Names() {
		keys, nested := change[name].(map[string]any)
		if !nested || !isMetadata(name) {
			if !auth0client.SameJSON(before[name], now[name]) && !auth0client.SameJSON(now[name], change[name]) {
				all = append(all, choice{kind: name, was: before[name], is: now[name], yours: change[name]})
			}
			continue
		}
		was, _ := before[name].(map[string]any)
		is, _ := now[name].(map[string]any)
		for _, k := range slices.Sorted(maps.Keys(keys)) {
			if !auth0client.SameJSON(was[k], is[k]) && !auth0client.SameJSON(is[k], keys[k]) {
				all = append(all, choice{kind: name, key: k, was: was[k], is: is[k], yours: keys[k]})
			}
		}
	}
	return all
}

// rebase makes the form rest on a newer record. What was changed here stays changed, but for what theirs names; what others
// changed beside it is taken over.
func (m *Model) rebase(now auth0client.User, theirs []choice) {
	change := m.change()
	for _, c := range theirs {
		if keys, nested := change[c.kind].(map[string]any); nested && c.key != "" {
			delete(keys, c.key)
			continue
		}
		delete(change, c.kind)
	}
	m.fill(now)
	for i := range m.fields {
		f := &m.fields[i]
		v, changed := change[f.name]
		switch keys, nested := v.(map[string]any); {
		case !changed:
		case nested && isMetadata(f.name):
			f.value = withKeys(f.was, keys)
		default:
			f.value = v
		}
	}
	m.derive()
}

// decided keeps mine or theirs for each field and asks about what is left.
func (m *Model) decided() {
	var theirs []choice
	for _, c := range m.choices {
		if c.theirs {
			theirs = append(theirs, c)
		}
	}
	m.rebase(m.user, theirs)
	m.choices = nil
	if m.phase = filling; m.dirty() {
		m.review()
		return
	}
	m.note = "Nothing of yours is left to save: theirs is kept."
}

// review shows what will happen, exactly, and asks.
func (m *Model) review() {
	m.op = desk.Edit(m.tenant, m.user, m.change())
	m.phase, m.onDo, m.scroll = reviewing, true, 0
}
