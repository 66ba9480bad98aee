package user

import (
	"context"

	tea "charm.land/bubbletea/v2"

	"usher/auth0client"
	"usher/ui/view"
)

// eventList is the user's log as far as it was read, newest first.
type eventList struct {
	events []auth0client.LogEvent
	pages  int
	more   bool // the last page was full
}

// need reads what the shown tab lacks: at most two requests a tab.
func (m *Model) need() tea.Cmd {
	if m.gone() {
		return nil
	}
	var cmds []tea.Cmd
	switch m.tab {
	case overview:
		cmds = append(cmds, m.needUser(), m.needBans())
	case security:
		cmds = append(cmds, m.needMethods(), m.needBans())
	case access:
		cmds = append(cmds, m.needRoles(), m.needPermissions())
	case activity:
		if m.events.wanted() && m.why(logsPermission) == "" {
			cmds = append(cmds, m.fetchEvents(0))
		}
	case raw:
		cmds = append(cmds, m.needUser())
	}
	return tea.Batch(cmds...)
}

// reload reads the shown tab again, and with it what failed before.
func (m *Model) reload() tea.Cmd {
	if m.gone() {
		m.user.err, m.bans.err, m.methods.err, m.roles.err, m.perms.err, m.events.err = nil, nil, nil, nil, nil, nil
	}
	switch m.tab {
	case overview:
		m.user.stale, m.bans.stale = true, true
	case security:
		m.methods.stale, m.bans.stale = true, true
	case access:
		m.roles.stale, m.perms.stale = true, true
	case activity:
		m.events.stale = true
	case raw:
		m.user.stale = true
	}
	return m.need()
}

func (m *Model) needUser() tea.Cmd {
	if !m.user.wanted() || m.why(usersPermission) != "" {
		return nil
	}
	records, id := m.records, m.id()
	return m.user.fetch(m.env, func(ctx context.Context) (auth0client.User, error) { return records.User(ctx, id) })
}

func (m *Model) needBans() tea.Cmd {
	if !m.bans.wanted() || m.why(usersPermission) != "" {
		return nil
	}
	records, id := m.records, m.id()
	return m.bans.fetch(m.env, func(ctx context.Context) ([]auth0client.BruteForceBlock, error) {
		return records.UserBlocks(ctx, id)
	})
}

func (m *Model) needMethods() tea.Cmd {
	if !m.methods.wanted() || m.why(methodsPermission) != "" {
		return nil
	}
	records, id := m.records, m.id()
	return m.methods.fetch(m.env, func(ctx context.Context) ([]auth0client.AuthenticationMethod, error) {
		return records.AuthenticationMethods(ctx, id)
	})
}

func (m *Model) needRoles() tea.Cmd {
	if !m.roles.wanted() || m.why(rolesPermission) != "" {
		return nil
	}
	records, id := m.records, m.id()
	return m.roles.fetch(m.env, func(ctx context.Context) ([]auth0client.Role, error) { return records.UserRoles(ctx, id) })
}

func (m *Model) needPermissions() tea.Cmd {
	if !m.perms.wanted() || m.why(rolesPermission) != "" {
		return nil
	}
	records, id := m.records, m.id()
	return m.perms.fetch(m.env, func(ctx context.Context) ([]auth0client.Permission, error) {
		return records.UserPermissions(ctx, id)
	})
}

// fetchEvents reads a page of the log: page 0 replaces what there is, a later one is put behind it.
func (m *Model) fetchEvents(page int) tea.Cmd {
	records, id := m.records, m.id()
	var before eventList
	if page > 0 {
		before = m.events.value
	}
	return m.events.fetch(m.env, func(ctx context.Context) (eventList, error) {
		events, err := records.UserLogs(ctx, id, page, eventsPerPage)
		return before.with(events), err
	})
}

// moreEvents reads the next page, if there may be one.
func (m *Model) moreEvents() tea.Cmd {
	if m.events.loading || !m.events.value.more || m.why(logsPermission) != "" {
		return nil
	}
	return m.fetchEvents(m.events.value.pages)
}

// with is the list and a further page. While pages are read new events push old ones on, so that a page can begin with
// what is known already.
func (l eventList) with(page []auth0client.LogEvent) eventList {
	known := make(map[string]bool, len(l.events))
	all := make([]auth0client.LogEvent, 0, len(l.events)+len(page))
	for _, e := range l.events {
		known[e.ID.String()] = true
		all = append(all, e)
	}
	for _, e := range page {
		if e.ID.IsEmpty() || !known[e.ID.String()] {
			all = append(all, e)
		}
	}
	return eventList{events: all, pages: l.pages + 1, more: len(page) >= eventsPerPage}
}

func (m *Model) answered(res view.Result) (view.Action, tea.Cmd) {
	if res.To != m.env.ID {
		return nil, nil
	}
	now := m.env.Now()
	switch msg := res.Msg.(type) {
	case fetched[auth0client.User]:
		return m.user.take(res.Ticket, msg, now), nil
	case fetched[[]auth0client.BruteForceBlock]:
		return m.bans.take(res.Ticket, msg, now), nil
	case fetched[[]auth0client.AuthenticationMethod]:
		return m.methods.take(res.Ticket, msg, now), nil
	case fetched[[]auth0client.Role]:
		return m.roles.take(res.Ticket, msg, now), nil
	case fetched[[]auth0client.Permission]:
		return m.perms.take(res.Ticket, msg, now), nil
	case fetched[eventList]:
		return m.events.take(res.Ticket, msg, now), nil
	}
	return nil, nil
}
