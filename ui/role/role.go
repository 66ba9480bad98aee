// Package role is one role: who has it, what it allows, which groups give it; and two roles side by side.
package role

import (
	"context"
	"errors"

	tea "charm.land/bubbletea/v2"

	"usher/auth0client"
	"usher/auth0client/desk"
	"usher/auth0client/term"
	"usher/ui/fetch"
	"usher/ui/view"
	"usher/ui/widget"
)

// Reads is what is shown of a role.
type Reads interface {
	Role(ctx context.Context, id auth0client.RoleID) (auth0client.Role, error)
	RoleMembers(ctx context.Context, id auth0client.RoleID, from string) (auth0client.Batch[auth0client.User], error)
	RolePermissions(ctx context.Context, id auth0client.RoleID) ([]auth0client.Permission, error)
	GroupsOfRole(ctx context.Context, id auth0client.RoleID) ([]auth0client.Group, error)
}

// Choices is what there is to choose from: permissions to add, a role to compare with.
type Choices interface {
	APIs(ctx context.Context) ([]auth0client.API, error)
	Roles(ctx context.Context) ([]auth0client.Role, error)
}

// Tenant is what the screen needs of a tenant.
type Tenant interface {
	Reads
	Choices
	desk.RoleKeeping
}

type tab int

const (
	membersTab tab = iota
	permissionsTab
	groupsTab
	tabs // how many there are
)

func (t tab) String() string { return [...]string{"Members", "Permissions", "Groups"}[t] }

// member is what a long list keeps of a user.
type member struct {
	id    auth0client.UserID
	raw   string // the email, exact
	email term.Safe
	name  term.Safe
}

func (m member) user() auth0client.User {
	return auth0client.User{ID: m.id, EmailRaw: m.raw, Email: m.email, Name: m.name}
}

// Model is the screen. Build it with [New].
type Model struct {
	env    view.Env
	tenant Tenant
	known  auth0client.Role

	role        fetch.Part[auth0client.Role]
	members     fetch.Pages[member]
	permissions fetch.Part[[]auth0client.Permission]
	groups      fetch.Part[[]auth0client.Group]

	tab      tab
	place    [tabs]widget.Place
	filter   [tabs]widget.Filter
	lines    []line          // of the permissions, as they are shown
	shown    widget.Narrowed // of the members
	chosen   map[auth0client.PermissionRef]bool
	deleting bool // counts who loses it, then asks
	note     string
}

var _ view.View = (*Model)(nil)

// New makes the screen. What is known of the role is drawn at once.
func New(env view.Env, tenant Tenant, known auth0client.Role) *Model {
	m := &Model{env: env, tenant: tenant, known: known, chosen: map[auth0client.PermissionRef]bool{}}
	for i := range m.filter {
		m.filter[i] = widget.NewFilter()
	}
	return m
}

// Init reads the role and the first of its members.
func (m *Model) Init() tea.Cmd { return tea.Batch(m.readRole(), m.need()) }

// Title is the screen's part of the breadcrumb.
func (m *Model) Title() string {
	if name := m.now().Name.String(); name != "" {
		return name
	}
	return m.known.ID.Safe().String()
}

// now is the role as far as it is known.
func (m *Model) now() auth0client.Role {
	if m.role.Read() {
		return m.role.Value()
	}
	return m.known
}

// Typing reports that a filter takes letters.
func (m *Model) Typing() bool { return m.filter[m.tab].Typing() }

// Close cancels all reads.
func (m *Model) Close() {
	m.role.Cancel()
	m.members.Cancel()
	m.permissions.Cancel()
	m.groups.Cancel()
}

func (m *Model) readRole() tea.Cmd {
	tenant, id := m.tenant, m.known.ID
	return m.role.Fetch(m.env, func(ctx context.Context) (auth0client.Role, error) { return tenant.Role(ctx, id) })
}

func (m *Model) readPermissions() tea.Cmd {
	tenant, id := m.tenant, m.known.ID
	return m.permissions.Fetch(m.env, func(ctx context.Context) ([]auth0client.Permission, error) {
		return tenant.RolePermissions(ctx, id)
	})
}

func (m *Model) readGroups() tea.Cmd {
	tenant, id := m.tenant, m.known.ID
	return m.groups.Fetch(m.env, func(ctx context.Context) ([]auth0client.Group, error) { return tenant.GroupsOfRole(ctx, id) })
}

// reader reads members, of each only what the list shows.
func (m *Model) reader() fetch.PageReader[member] {
	tenant, id := m.tenant, m.known.ID
	return func(ctx context.Context, from string) (auth0client.Batch[member], error) {
		part, err := tenant.RoleMembers(ctx, id, from)
		out := auth0client.Batch[member]{Items: make([]member, len(part.Items)), Next: part.Next}
		for i, u := range part.Items {
			out.Items[i] = member{u.ID, u.EmailRaw, u.Email, u.Name}
		}
		return out, err
	}
}

// need reads what the open tab lacks.
func (m *Model) need() tea.Cmd {
	switch {
	case m.tab == membersTab && m.members.Wanted():
		return m.members.Begin(m.env, m.reader())
	case m.tab == permissionsTab && m.permissions.Wanted():
		return m.readPermissions()
	case m.tab == groupsTab && m.groups.Wanted():
		return m.readGroups()
	}
	return nil
}

// reload reads again what was read, and what the open tab shows.
func (m *Model) reload() tea.Cmd {
	cmds := []tea.Cmd{m.readRole()}
	if m.tab == membersTab {
		cmds = append(cmds, m.members.Begin(m.env, m.reader()))
	}
	if m.tab == permissionsTab || m.permissions.Read() {
		cmds = append(cmds, m.readPermissions())
	}
	if m.tab == groupsTab || m.groups.Read() {
		cmds = append(cmds, m.readGroups())
	}
	return tea.Batch(cmds...)
}

// Update takes keys, answers and the news of changes.
func (m *Model) Update(msg tea.Msg) (view.Action, tea.Cmd) {
	switch msg := msg.(type) {
	case view.Result:
		return m.answered(msg)
	case view.ReloadMsg:
		return nil, m.reload()
	case view.SignedInMsg:
		if m.signInLost() {
			return nil, m.reload()
		}
	case view.AlteredMsg:
		switch {
		case msg.ID != string(m.known.ID):
		case msg.Gone:
			return view.Back{}, nil
		default:
			clear(m.chosen)
			return nil, m.reload()
		}
	case view.UserTouchedMsg:
		if m.members.Read() && m.members.Whole() && !m.deleting && len(m.members.Rows()) <= 100 { // one page: it is read again
			return nil, m.members.Begin(m.env, m.reader())
		}
	case tea.PasteMsg:
		m.filter[m.tab].Paste(msg.Content)
		m.narrow()
	case tea.KeyPressMsg:
		if m.Typing() {
			m.filter[m.tab].Key(msg)
			m.narrow()
			return nil, nil
		}
		return m.pressed(msg.String())
	}
	return nil, nil
}

func (m *Model) answered(res view.Result) (view.Action, tea.Cmd) {
	action, taken := fetch.Take(m.env, res)
	if !taken {
		return action, nil
	}
	m.narrow()
	var more tea.Cmd
	if m.members.Counting() {
		more = m.members.Count(m.env, m.reader())
	}
	if action != nil { // a sign-in is needed: the question would come over it
		m.deleting = false
		return action, more
	}
	return m.counted(), more
}

func (m *Model) errs() []error {
	return []error{m.role.Err(), m.members.Err(), m.permissions.Err(), m.groups.Err()}
}

func (m *Model) signInLost() bool {
	for _, err := range m.errs() {
		if view.SignInFor(err) != nil {
			return true
		}
	}
	return false
}

// gone reports that the role was deleted meanwhile: every read names it.
func (m *Model) gone() bool {
	for _, err := range m.errs() {
		if errors.As(err, new(*auth0client.NotFound)) {
			return true
		}
	}
	return false
}
