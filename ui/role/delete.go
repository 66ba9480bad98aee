package role

import (
	"context"
	"errors"

	tea "charm.land/bubbletea/v2"

	"usher/auth0client/desk"
	"usher/ui/view"
)

// delete counts first who loses the role; the same key again asks with what is known by then.
func (m *Model) delete() (view.Action, tea.Cmd) {
	if m.note = m.why(); m.note != "" {
		return nil, nil
	}
	if m.deleting {
		m.members.Stop()
		return m.ask(), nil
	}
	m.deleting = true
	cmds := []tea.Cmd{m.members.Count(m.env, m.reader())}
	if !m.permissions.Read() && !m.permissions.Loading() {
		cmds = append(cmds, m.readPermissions())
	}
	if !m.groups.Read() && !m.groups.Loading() {
		cmds = append(cmds, m.readGroups())
	}
	return m.counted(), tea.Batch(cmds...)
}

// counted asks whether to delete once everything is known that the question says.
func (m *Model) counted() view.Action {
	if !m.deleting || m.members.Counting() || m.members.Loading() || m.permissions.Loading() || m.groups.Loading() {
		return nil
	}
	return m.ask()
}

func (m *Model) ask() view.Action {
	m.deleting = false
	l := desk.Losses{Members: len(m.members.Rows()), More: !m.members.Whole(), Groups: m.groups.Value(), Permissions: len(m.permissions.Value())}
	note := func(what string, read bool, err error) {
		switch {
		case err != nil && !errors.Is(err, context.Canceled):
			l.Unknown = append(l.Unknown, what+" ("+view.Explain(m.env.Now(), err).Title+")")
		case !read:
			l.Unknown = append(l.Unknown, what)
		}
	}
	note("who holds it", m.members.Read(), m.members.Err())
	note("what it gives", m.permissions.Read(), m.permissions.Err())
	note("which groups give it", m.groups.Read(), m.groups.Err())
	return view.Operate{Operation: desk.DeleteRole(m.tenant, m.now(), l)}
}
