package user

import (
	"context"

	tea "charm.land/bubbletea/v2"

	"usher/auth0client"
	"usher/ui/view"
)

// tab is one page of the view. It reads its parts when it is first shown.
type tab interface {
	// title is its name, and a shorter one for narrow screens.
	title() (long, short string)
	// parts are what it shows: for its age, for reading it again and for giving it up.
	parts() []tracked
	// need reads what is not there yet.
	need() tea.Cmd
	// rows are its body. How many there are does not hang on the width.
	rows(width int) []row
	// keys are those that only it has.
	keys() []view.Key
	// press takes a key before the view does, if it is one of its own.
	press(k string) (wish view.Action, cmd tea.Cmd, taken bool)
	// filter is its text filter, nil where it has none.
	filter() *filter
	// leave goes one step out within the tab; false when there is none.
	leave() bool
}

// plain is a tab without keys, filter and steps of its own.
type plain struct{}

func (plain) keys() []view.Key                          { return nil }
func (plain) press(string) (view.Action, tea.Cmd, bool) { return nil, nil, false }
func (plain) filter() *filter                           { return nil }
func (plain) leave() bool                               { return false }

func (m *Model) shown() tab { return m.tabs[m.at] }

// parts are all that the view reads, each once.
func (m *Model) parts() []tracked {
	seen := map[tracked]bool{}
	var all []tracked
	for _, t := range m.tabs {
		for _, p := range t.parts() {
			if !seen[p] {
				seen[p] = true
				all = append(all, p)
			}
		}
	}
	return all
}

// The parts that several tabs share.

func (m *Model) needUser() tea.Cmd {
	records, id := m.records, m.id()
	return lacking(m, &m.user, usersPermission, func(ctx context.Context) (auth0client.User, error) { return records.User(ctx, id) })
}

func (m *Model) needBans() tea.Cmd {
	records, id := m.records, m.id()
	return lacking(m, &m.bans, usersPermission, func(ctx context.Context) ([]auth0client.BruteForceBlock, error) { return records.UserBlocks(ctx, id) })
}

func (m *Model) needMethods() tea.Cmd {
	records, id := m.records, m.id()
	return lacking(m, &m.methods, methodsPermission, func(ctx context.Context) ([]auth0client.AuthenticationMethod, error) {
		return records.AuthenticationMethods(ctx, id)
	})
}

func (m *Model) needEvents() tea.Cmd {
	return lacking(m, &m.events, logsPermission, m.eventPage(0))
}

// lacking reads a part if it is wanted and may be read.
func lacking[T any](m *Model, p *part[T], permission string, read func(context.Context) (T, error)) tea.Cmd {
	if !p.wanted() || m.why(permission) != "" {
		return nil
	}
	return p.fetch(m.env, read)
}
