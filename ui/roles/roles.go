// Package roles is the list of the tenant's roles: filter, counts of those in sight, and the way to a role, to a new one and
// to two side by side.
package roles

import (
	"context"
	"errors"
	"slices"
	"strings"

	tea "charm.land/bubbletea/v2"

	"usher/auth0client"
	"usher/auth0client/desk"
	"usher/ui/fetch"
	"usher/ui/view"
	"usher/ui/widget"
)

// Roles is what the list reads.
type Roles interface {
	Roles(ctx context.Context) ([]auth0client.Role, error)
	RoleCounts(ctx context.Context, id auth0client.RoleID) (auth0client.RoleCounts, error)
	Me(ctx context.Context) (auth0client.Me, error)
}

// Tenant is what the list needs of a tenant.
type Tenant interface {
	Roles
	desk.RoleKeeping
}

// list is the answer to the first question: the roles, and which of them the operator may assign.
type list struct {
	roles []auth0client.Role
	me    auth0client.Me
	asked bool // the gateway said what the operator may do
}

// Model is the screen. Build it with [New].
type Model struct {
	env    view.Env
	tenant Tenant

	all    fetch.Part[list]
	rows   []row
	shown  []int
	same   map[string]int // how many roles have a name
	filter widget.Filter
	place  widget.Place

	counts  map[auth0client.RoleID]auth0client.RoleCounts
	failed  map[auth0client.RoleID]error
	pending map[auth0client.RoleID]bool
	reads   view.Loader     // of counts; a reload cancels it
	ctx     context.Context //nolint:containedctx // of the counts under way, cancelled by the loader
	ticket  uint64
	moves   int

	first *auth0client.Role // of a comparison
	note  string
}

// row is a role, with what the filter looks at made ready.
type row struct {
	role   auth0client.Role
	search string
	why    string // why the operator may not assign it
}

var _ view.View = (*Model)(nil)

// New makes the screen.
func New(env view.Env, tenant Tenant) *Model {
	m := &Model{env: env, tenant: tenant, filter: widget.NewFilter()}
	m.forget()
	return m
}

// forget drops the counts: they are read anew.
func (m *Model) forget() {
	m.counts, m.failed, m.pending = map[auth0client.RoleID]auth0client.RoleCounts{}, map[auth0client.RoleID]error{}, map[auth0client.RoleID]bool{}
	m.ctx, m.ticket = m.reads.Begin(m.env.Ctx)
}

// Init reads the roles.
func (m *Model) Init() tea.Cmd {
	tenant := m.tenant
	return m.all.Fetch(m.env, func(ctx context.Context) (list, error) {
		roles, err := tenant.Roles(ctx)
		if err != nil {
			return list{}, err
		}
		me, err := tenant.Me(ctx)
		if errors.Is(err, context.Canceled) || view.SignInFor(err) != nil {
			return list{}, err
		}
		return list{roles, me, err == nil}, nil // without the policy nothing is dim; the gateway refuses all the same
	})
}

// Title is the screen's part of the breadcrumb.
func (m *Model) Title() string { return "Roles" }

// Typing reports that the filter takes letters.
func (m *Model) Typing() bool { return m.filter.Typing() }

// Close cancels all reads.
func (m *Model) Close() {
	m.all.Cancel()
	m.reads.Cancel()
}

// Update takes keys and answers.
func (m *Model) Update(msg tea.Msg) (view.Action, tea.Cmd) {
	switch msg := msg.(type) {
	case view.Result:
		return m.answered(msg)
	case view.ReloadMsg:
		m.forget()
		return nil, m.Init()
	case view.AlteredMsg:
		return nil, m.altered(msg)
	case view.SignedInMsg:
		if view.SignInFor(m.all.Err()) != nil {
			return nil, m.Init()
		}
		clear(m.failed)
		return nil, m.count()
	case tea.PasteMsg:
		m.filter.Paste(msg.Content)
		m.narrow()
		return nil, m.moved()
	case tea.KeyPressMsg:
		if m.filter.Typing() {
			m.filter.Key(msg)
			m.narrow()
			return nil, m.moved()
		}
		return m.pressed(msg.String())
	}
	return nil, nil
}

// altered reads the list again when it was a role that changed; only that role is counted anew.
func (m *Model) altered(msg view.AlteredMsg) tea.Cmd {
	id := auth0client.RoleID(msg.ID)
	known := slices.ContainsFunc(m.rows, func(r row) bool { return r.role.ID == id })
	if !known && msg.ID != "roles" {
		return nil
	}
	delete(m.counts, id)
	delete(m.failed, id)
	return m.Init()
}

func (m *Model) answered(res view.Result) (view.Action, tea.Cmd) {
	current := res.To == m.env.ID && res.Ticket == m.ticket
	switch msg := res.Msg.(type) {
	case counted:
		if current {
			return m.counted(msg)
		}
		return nil, nil
	case stood:
		if current && msg.moves == m.moves {
			return nil, m.count()
		}
		return nil, nil
	}
	action, taken := fetch.Take(m.env, res)
	if !taken || m.all.Err() != nil {
		return action, nil
	}
	m.took()
	return action, m.count()
}

func (m *Model) took() {
	at := auth0client.RoleID("")
	if r, ok := m.current(); ok {
		at = r.role.ID
	}
	got := m.all.Value()
	may := desk.May{}
	if got.asked {
		may = desk.MayOf(got.me)
	}
	roles := slices.Clone(got.roles)
	slices.SortStableFunc(roles, func(a, b auth0client.Role) int {
		return strings.Compare(strings.ToLower(a.Name.String()), strings.ToLower(b.Name.String()))
	})
	m.rows, m.same = make([]row, len(roles)), map[string]int{}
	for i, r := range roles {
		m.same[r.Name.String()]++
		m.rows[i] = row{role: r, search: strings.ToLower(r.Name.String() + "\x00" + r.Description.String() + "\x00" + string(r.ID)), why: may.Role(r, nil)}
	}
	m.narrow()
	for i, j := range m.shown {
		if m.rows[j].role.ID == at {
			m.place.Cursor = i
		}
	}
	m.place.Keep(len(m.shown))
}

func (m *Model) narrow() {
	want := m.filter.Text()
	m.shown = m.shown[:0]
	for i := range m.rows {
		if want == "" || strings.Contains(m.rows[i].search, want) {
			m.shown = append(m.shown, i)
		}
	}
	m.place.Keep(len(m.shown))
}

func (m *Model) current() (row, bool) {
	if m.place.Cursor >= len(m.shown) {
		return row{}, false
	}
	return m.rows[m.shown[m.place.Cursor]], true
}
