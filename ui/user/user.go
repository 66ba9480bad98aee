// Package user is the detail view of one user: why they can't get in and what helps, their ways to sign in, roles,
// organizations, identities, sessions, what they did lately, and the raw record. Each tab is read when it is first opened.
package user

import (
	"context"

	tea "charm.land/bubbletea/v2"

	"usher/auth0client"
	"usher/auth0client/desk"
	"usher/ui/view"
)

// Person is what the verdict on why somebody can't get in rests on: four requests. The connections are those kept from
// before.
type Person interface {
	User(ctx context.Context, id auth0client.UserID) (auth0client.User, error)
	UserBlocks(ctx context.Context, id auth0client.UserID) ([]auth0client.BruteForceBlock, error)
	UserLogs(ctx context.Context, id auth0client.UserID, page, perPage int) ([]auth0client.LogEvent, error)
	ConnectionsKept() ([]auth0client.Connection, bool)
}

// Nameless is what went wrong for somebody and names them without their id.
type Nameless interface {
	NamelessEvents(ctx context.Context, u auth0client.User, page, perPage int) (auth0client.LogPage, error)
}

// Access is what somebody may do.
type Access interface {
	UserRoles(ctx context.Context, id auth0client.UserID) ([]auth0client.Role, error)
	UserPermissions(ctx context.Context, id auth0client.UserID) ([]auth0client.Permission, error)
}

// Belonging is where somebody belongs.
type Belonging interface {
	UserOrganizations(ctx context.Context, id auth0client.UserID) ([]auth0client.Organization, error)
	MemberRoles(ctx context.Context, id auth0client.OrgID, user auth0client.UserID) ([]auth0client.Role, error)
}

// Presence is where somebody is signed in.
type Presence interface {
	Sessions(ctx context.Context, id auth0client.UserID) ([]auth0client.Session, error)
	RefreshTokens(ctx context.Context, id auth0client.UserID) ([]auth0client.RefreshToken, error)
	DeviceCredentials(ctx context.Context, id auth0client.UserID) ([]auth0client.DeviceCredential, error)
	Grants(ctx context.Context, id auth0client.UserID) ([]auth0client.Grant, error)
	Applications(ctx context.Context) ([]auth0client.Application, error)
}

// Records is what the view reads of a tenant, and what the operations on a single row do to it.
type Records interface {
	Person
	Nameless
	Access
	Belonging
	Presence
	Factors(ctx context.Context) ([]auth0client.Factor, error)
	desk.Factors
	desk.SessionEnds
	desk.Records
}

// Model is the view. Build it with [New].
type Model struct {
	env     view.Env
	records Records
	fields  []view.Field // of the tenant's own, for the overview

	user    part[auth0client.User]
	bans    part[[]auth0client.BruteForceBlock]
	methods part[[]auth0client.AuthenticationMethod]
	events  part[trail]
	named   part[trail] // events without their id

	tabs   []tab
	at     int   // the tab that is shown
	cursor []int // the marked row of each tab
	note   string
}

var _ view.View = (*Model)(nil)

// New makes the view. What is known of the user is drawn at once. fields are those of the profile.
func New(env view.Env, records Records, known auth0client.User, fields ...view.Field) *Model {
	m := &Model{env: env, records: records}
	for _, f := range fields {
		if f.Detail {
			m.fields = append(m.fields, f)
		}
	}
	m.user.value = known
	m.user.naming, m.bans.naming, m.methods.naming, m.events.naming = true, true, true, true
	// The order is that of the digits that open them.
	m.tabs = []tab{&overview{m: m}, &security{m: m}, newAccess(m), newOrganizations(m), &identities{m: m}, &activity{m: m}, &raw{m: m}, &presence{m: m}}
	m.cursor = make([]int, len(m.tabs))
	return m
}

// Init reads what the first tab needs.
func (m *Model) Init() tea.Cmd { return m.need() }

// Title is the view's part of the breadcrumb.
func (m *Model) Title() string { return m.user.value.Label().String() }

// Typing reports that a filter takes letters.
func (m *Model) Typing() bool {
	f := m.shown().filter()
	return f != nil && f.typing
}

// Close cancels all reads.
func (m *Model) Close() {
	for _, p := range m.parts() {
		p.cancel()
	}
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
		if f := m.shown().filter(); f != nil {
			f.paste(msg.Content)
		}
	case tea.KeyPressMsg:
		return m.pressed(msg)
	}
	return nil, nil
}

func (m *Model) id() auth0client.UserID { return m.user.value.ID }

func (m *Model) answered(res view.Result) (view.Action, tea.Cmd) {
	answer, ok := res.Msg.(answer)
	if res.To != m.env.ID || !ok {
		return nil, nil
	}
	wish := answer.arrive(res.Ticket, m.env.Now())
	if t, ok := m.shown().(interface{ settled() tea.Cmd }); ok && !m.gone() {
		return wish, t.settled()
	}
	return wish, nil
}

// changed takes over a record that came as the answer to a change. It may lack the raw text, which only a single read
// brings.
func (m *Model) changed(u auth0client.User) tea.Cmd {
	if u.ID != m.id() {
		return nil
	}
	m.user.cancel()
	before := m.user.value
	m.user.got(u, m.env.Now())
	if u.JSON.IsEmpty() {
		m.user.value.JSON, m.user.value.Record = before.JSON, before.Record
		m.user.stale = true
	}
	return m.need()
}

// touched makes all that was read old, and reads anew what is shown.
func (m *Model) touched(id auth0client.UserID) tea.Cmd {
	if id != m.id() {
		return nil
	}
	for _, p := range m.parts() {
		p.spoil()
	}
	return m.need()
}

// open shows a tab and reads what it lacks.
func (m *Model) open(i int) tea.Cmd {
	if f := m.shown().filter(); f != nil {
		f.typing = false
	}
	m.at = (i + len(m.tabs)) % len(m.tabs)
	return m.need()
}

// need reads what the shown tab lacks.
func (m *Model) need() tea.Cmd {
	if m.gone() {
		return nil
	}
	return m.shown().need()
}

// reload reads the shown tab again, and with it what failed before.
func (m *Model) reload() tea.Cmd {
	if m.gone() {
		for _, p := range m.parts() {
			p.forgive()
		}
	}
	for _, p := range m.shown().parts() {
		p.spoil()
	}
	return m.need()
}

// moved tells the shown tab that another row is marked.
func (m *Model) moved() tea.Cmd {
	if t, ok := m.shown().(interface{ moved() tea.Cmd }); ok && !m.gone() {
		return t.moved()
	}
	return nil
}

// signInLost reports that something could not be read for want of a sign-in.
func (m *Model) signInLost() bool {
	for _, p := range m.parts() {
		if view.SignInFor(p.failure()) != nil {
			return true
		}
	}
	return false
}

// gone reports that the tenant no longer has this user.
func (m *Model) gone() bool {
	for _, p := range m.parts() {
		if p.missing() {
			return true
		}
	}
	return false
}
