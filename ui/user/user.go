// Package user is the detail view of one user: whether they can sign in and what keeps them from it, their methods,
// roles and permissions, what they did lately, and the raw record. Each tab is read when it is first opened.
package user

import (
	"context"

	tea "charm.land/bubbletea/v2"

	"usher/auth0client"
	"usher/ui/view"
)

// Records is what the view reads of a tenant.
type Records interface {
	User(ctx context.Context, id auth0client.UserID) (auth0client.User, error)
	UserRoles(ctx context.Context, id auth0client.UserID) ([]auth0client.Role, error)
	UserPermissions(ctx context.Context, id auth0client.UserID) ([]auth0client.Permission, error)
	AuthenticationMethods(ctx context.Context, id auth0client.UserID) ([]auth0client.AuthenticationMethod, error)
	UserBlocks(ctx context.Context, id auth0client.UserID) ([]auth0client.BruteForceBlock, error)
	UserLogs(ctx context.Context, id auth0client.UserID, page, perPage int) ([]auth0client.LogEvent, error)
}

type tab int

const (
	overview tab = iota
	security
	access
	activity
	raw
	tabs // how many there are
)

func (t tab) String() string {
	return [...]string{"Overview", "Security", "Roles & access", "Activity", "Raw"}[t]
}

// eventsPerPage is how much of the log is read at a time.
const eventsPerPage = 50

// Model is the view. Build it with [New].
type Model struct {
	env     view.Env
	records Records

	user    part[auth0client.User]
	bans    part[[]auth0client.BruteForceBlock]
	methods part[[]auth0client.AuthenticationMethod]
	roles   part[[]auth0client.Role]
	perms   part[[]auth0client.Permission]
	events  part[eventList]

	tab    tab
	cursor [tabs]int
	opened *auth0client.LogEvent // the event shown raw
	inside int                   // the line of it under the cursor
	filter filter
	note   string // why the last key did nothing
}

var _ view.View = (*Model)(nil)

// New makes the view. What is known of the user is drawn at once.
func New(env view.Env, records Records, known auth0client.User) *Model {
	m := &Model{env: env, records: records}
	m.user.value = known
	return m
}

// Init reads what the first tab needs.
func (m *Model) Init() tea.Cmd { return m.need() }

// Title is the view's part of the breadcrumb.
func (m *Model) Title() string { return m.user.value.Label().String() }

// Typing reports that the filter of the raw record takes letters.
func (m *Model) Typing() bool { return m.filter.typing }

// Close cancels all reads.
func (m *Model) Close() {
	m.user.cancel()
	m.bans.cancel()
	m.methods.cancel()
	m.roles.cancel()
	m.perms.cancel()
	m.events.cancel()
}

// Update takes keys, answers and the news of changes.
func (m *Model) Update(msg tea.Msg) (view.Action, tea.Cmd) {
	switch msg := msg.(type) {
	case view.Result:
		return m.answered(msg)
	case view.UserChangedMsg:
		return nil, m.changed(msg.User)
	case view.UserTouchedMsg:
		return nil, m.touched(msg.ID)
	case view.SignedInMsg:
		if m.signInLost() {
			return nil, m.reload()
		}
	case view.ReloadMsg:
		return nil, m.reload()
	case tea.PasteMsg:
		m.filter.paste(msg.Content)
	case tea.KeyPressMsg:
		return m.pressed(msg)
	}
	return nil, nil
}

func (m *Model) id() auth0client.UserID { return m.user.value.ID }

// changed takes over a record that came as the answer to a change. It may lack the raw text, which only a single read
// brings.
func (m *Model) changed(u auth0client.User) tea.Cmd {
	if u.ID != m.id() {
		return nil
	}
	m.user.cancel()
	before := m.user.value.JSON
	m.user.got(u, m.env.Now())
	if u.JSON.IsEmpty() {
		m.user.value.JSON = before
		m.user.stale = true
	}
	return m.need()
}

// touched makes all that was read old, and reads anew what is shown.
func (m *Model) touched(id auth0client.UserID) tea.Cmd {
	if id != m.id() {
		return nil
	}
	m.user.stale = true
	m.bans.stale = true
	m.methods.stale = true
	m.roles.stale = true
	m.perms.stale = true
	m.events.stale = true
	return m.need()
}

// open shows a tab and reads what it lacks.
func (m *Model) open(t tab) tea.Cmd {
	m.tab = (t + tabs) % tabs
	m.opened = nil
	m.filter.typing = false
	return m.need()
}

// signInLost reports that something could not be read for want of a sign-in.
func (m *Model) signInLost() bool {
	for _, err := range []error{m.user.err, m.bans.err, m.methods.err, m.roles.err, m.perms.err, m.events.err} {
		if view.SignInFor(err) != nil {
			return true
		}
	}
	return false
}

// gone reports that the tenant no longer has this user: every read names the user, so "not found" means them.
func (m *Model) gone() bool {
	for _, err := range []error{m.user.err, m.bans.err, m.methods.err, m.roles.err, m.perms.err, m.events.err} {
		if isNotFound(err) {
			return true
		}
	}
	return false
}
