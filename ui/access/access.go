// Package access is what a user may do, by what, why, and what would give them what they lack.
package access

import (
	"context"
	"slices"
	"strings"

	tea "charm.land/bubbletea/v2"

	"usher/auth0client"
	"usher/auth0client/desk"
	"usher/ui/fetch"
	"usher/ui/view"
	"usher/ui/widget"
)

// Tenant is what the screen needs of a tenant.
type Tenant interface {
	desk.AccessReads
	desk.WhyReads
	desk.DirectGrants
	Catalogue
}

// Catalogue is what there is in the tenant, and what of it the operator may give.
type Catalogue interface {
	APIs(ctx context.Context) ([]auth0client.API, error)
	Roles(ctx context.Context) ([]auth0client.Role, error)
	RoleGives(ctx context.Context, id auth0client.RoleID) ([]auth0client.Permission, error)
	Me(ctx context.Context) (auth0client.Me, error)
}

// show is which permissions are listed.
type show int

const (
	held show = iota
	lacking
	shows // how many there are
)

// line is a row: a permission held or lacking.
type line struct {
	grant  desk.Grant
	has    bool
	search string
}

// Model is the screen. Build it with [New].
type Model struct {
	env    view.Env
	tenant Tenant
	user   auth0client.User

	access fetch.Part[desk.Access]
	apis   fetch.Part[[]auth0client.API]
	show   show
	lines  []line // all of what is listed, the filter aside
	shown  []int
	filter widget.Filter
	place  widget.Place
	chosen map[auth0client.PermissionRef]bool
	note   string

	back   kept    // what is to be opened again
	why    *why    // open: the ways by which they have a permission
	search *search // open: what would give one
	gives  map[auth0client.RoleID][]auth0client.Permission
}

var _ view.View = (*Model)(nil)

// New makes the screen.
func New(env view.Env, tenant Tenant, user auth0client.User) *Model {
	return &Model{env: env, tenant: tenant, user: user, filter: widget.NewFilter(),
		chosen: map[auth0client.PermissionRef]bool{}, gives: map[auth0client.RoleID][]auth0client.Permission{}}
}

// Init reads what they may do.
func (m *Model) Init() tea.Cmd {
	tenant, id := m.tenant, m.user.ID
	held := m.access.Fetch(m.env, func(ctx context.Context) (desk.Access, error) { return desk.AccessOf(ctx, tenant, id) })
	if m.show == lacking && m.apis.Wanted() {
		return tea.Batch(held, m.readAPIs())
	}
	return held
}

// Title is the screen's part of the breadcrumb.
func (m *Model) Title() string {
	return m.user.Label().String() + " " + m.env.Theme.Icons.Crumb + " Access"
}

// Typing reports that the filter takes letters.
func (m *Model) Typing() bool { return m.filter.Typing() }

// Close cancels all reads.
func (m *Model) Close() {
	m.access.Cancel()
	m.apis.Cancel()
	m.shut()
}

// Update takes keys, answers and the news of changes.
func (m *Model) Update(msg tea.Msg) (view.Action, tea.Cmd) {
	switch msg := msg.(type) {
	case view.Result:
		return m.answered(msg)
	case view.ReloadMsg:
		return nil, m.reload()
	case view.SignedInMsg:
		if view.SignInFor(m.access.Err()) != nil || view.SignInFor(m.apis.Err()) != nil {
			return nil, m.reload()
		}
	case view.UserTouchedMsg:
		if msg.ID == m.user.ID {
			clear(m.chosen)
			return nil, m.reload()
		}
	case view.UserChangedMsg:
		if msg.User.ID == m.user.ID {
			m.user = msg.User
		}
	case view.AlteredMsg: // a role may give something else now
		delete(m.gives, auth0client.RoleID(msg.ID))
		return nil, m.Init()
	case tea.PasteMsg:
		m.filter.Paste(msg.Content)
		m.narrow()
	case tea.KeyPressMsg:
		if m.filter.Typing() {
			m.filter.Key(msg)
			m.narrow()
			return nil, nil
		}
		return m.pressed(msg.String())
	}
	return nil, nil
}

func (m *Model) reload() tea.Cmd {
	m.shut()
	clear(m.gives)
	cmds := []tea.Cmd{m.Init()}
	if m.apis.Read() || m.apis.Err() != nil {
		cmds = append(cmds, m.readAPIs())
	}
	return tea.Batch(cmds...)
}

func (m *Model) readAPIs() tea.Cmd {
	tenant := m.tenant
	return m.apis.Fetch(m.env, func(ctx context.Context) ([]auth0client.API, error) { return tenant.APIs(ctx) })
}

func (m *Model) answered(res view.Result) (view.Action, tea.Cmd) {
	if step, ok := res.Msg.(looked); ok {
		if res.To != m.env.ID || m.search == nil || !m.search.loader.Current(res.Ticket) {
			return nil, nil
		}
		return m.looked(step)
	}
	action, taken := fetch.Take(m.env, res)
	if taken {
		m.list()
		if m.search != nil && m.search.roles.Read() && !m.search.begun {
			return action, m.beginSearch()
		}
		if m.search == nil && m.why == nil {
			return action, m.reopen()
		}
	}
	return action, nil
}

// list makes the rows of what is to be shown.
func (m *Model) list() {
	has := map[auth0client.PermissionRef]bool{}
	var grants []desk.Grant
	for _, g := range m.access.Value().Grants {
		has[g.Ref] = true
		if m.show == held {
			grants = append(grants, g)
		}
	}
	if m.show == lacking {
		apis := slices.Clone(m.apis.Value())
		slices.SortStableFunc(apis, func(a, b auth0client.API) int { // Auth0's own API last
			switch {
			case a.System == b.System:
				return 0
			case a.System:
				return 1
			}
			return -1
		})
		for _, a := range apis {
			for _, p := range a.Permissions {
				if !has[p.Ref] {
					grants = append(grants, desk.Grant{Permission: p})
				}
			}
		}
	}
	m.lines = m.lines[:0]
	for _, g := range grants {
		m.lines = append(m.lines, line{grant: g, has: m.show == held, search: strings.ToLower(g.Name.String() + "\x00" + apiName(g.Permission) + "\x00" + m.sources(g))})
	}
	m.narrow()
}

func (m *Model) narrow() {
	want := m.filter.Text()
	m.shown = m.shown[:0]
	for i, l := range m.lines {
		if want == "" || strings.Contains(l.search, want) {
			m.shown = append(m.shown, i)
		}
	}
	m.place.Keep(len(m.shown))
}

func (m *Model) current() (line, bool) {
	if m.place.Cursor >= len(m.shown) {
		return line{}, false
	}
	return m.lines[m.shown[m.place.Cursor]], true
}

func apiName(p auth0client.Permission) string {
	if p.API.IsEmpty() {
		return p.APIID.String()
	}
	return p.API.String()
}

// sources say by what a permission is held.
func (m *Model) sources(g desk.Grant) string {
	var words []string
	if g.Direct {
		words = append(words, "direct")
	}
	for _, r := range g.Roles {
		name := "role " + r.Name.String()
		if r.ByGroups {
			name += " (group)"
		}
		words = append(words, name)
	}
	if len(words) == 0 && g.ByRoles {
		words = append(words, "a role")
	}
	slices.Sort(words)
	return strings.Join(words, ", ")
}
