package roles

import (
	"context"
	"errors"
	"time"

	tea "charm.land/bubbletea/v2"

	"usher/auth0client"
	"usher/ui/view"
)

// atOnce is how many roles are counted together. Each takes two requests of one row.
const atOnce = 3

// settle is how long the list must stand still before it is counted: who scrolls through a thousand roles counts none of those
// that fly past.
const settle = 120 * time.Millisecond

type counted struct {
	id     auth0client.RoleID
	counts auth0client.RoleCounts
	err    error
}

// count counts the roles in sight that were not counted yet, a few at a time.
func (m *Model) count() tea.Cmd {
	var cmds []tea.Cmd
	for _, id := range m.uncounted() {
		if len(m.pending) >= atOnce {
			break
		}
		m.pending[id] = true
		cmds = append(cmds, m.countOne(id))
	}
	return tea.Batch(cmds...)
}

// uncounted are the roles in sight whose counts are neither known nor asked for.
func (m *Model) uncounted() []auth0client.RoleID {
	var out []auth0client.RoleID
	place := m.place
	from, to := place.Sight(len(m.shown), max(1, m.place.Height))
	for i := from; i < to; i++ {
		id := m.rows[m.shown[i]].role.ID
		_, known := m.counts[id]
		if !known && m.failed[id] == nil && !m.pending[id] {
			out = append(out, id)
		}
	}
	return out
}

func (m *Model) countOne(id auth0client.RoleID) tea.Cmd {
	ctx, ticket, to, tenant := auth0client.WithPriority(m.ctx, auth0client.PriorityPrefetch), m.ticket, m.env.ID, m.tenant
	return func() tea.Msg {
		counts, err := tenant.RoleCounts(ctx, id)
		return view.Result{To: to, Ticket: ticket, Msg: counted{id, counts, err}}
	}
}

// stood is the end of a wait: only when nothing moved since are the roles in sight counted.
type stood struct{ moves int }

// moved counts the roles in sight once the list stands still.
func (m *Model) moved() tea.Cmd {
	if len(m.uncounted()) == 0 {
		return nil
	}
	m.moves++
	return view.After(m.env.Ctx, settle, view.Result{To: m.env.ID, Ticket: m.ticket, Msg: stood{m.moves}})
}

func (m *Model) counted(c counted) (view.Action, tea.Cmd) {
	delete(m.pending, c.id)
	switch {
	case errors.Is(c.err, context.Canceled):
		return nil, nil
	case c.err != nil:
		m.failed[c.id] = c.err
		if wish := view.SignInFor(c.err); wish != nil {
			return wish, nil // nothing more is asked before
		}
	default:
		m.counts[c.id] = c.counts
	}
	return nil, m.count()
}
