// Package roleeditor changes the roles of one user, or of several at once: a check list with a filter, changes staged and
// shown in a review before they are made, one assigning and one removing request a user.
package roleeditor

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"charm.land/bubbles/v2/textinput"
	tea "charm.land/bubbletea/v2"

	"usher/auth0client"
	"usher/auth0client/term"
	"usher/ui/dialog"
	"usher/ui/view"
	"usher/ui/widget"
)

// Roles is what the editor needs of a tenant.
type Roles interface {
	Roles(ctx context.Context) ([]auth0client.Role, error)
	UserRoles(ctx context.Context, id auth0client.UserID) ([]auth0client.Role, error)
	AssignRoles(ctx context.Context, id auth0client.UserID, roles []auth0client.RoleID) error
	RemoveRoles(ctx context.Context, id auth0client.UserID, roles []auth0client.RoleID) error
}

type phase int

const (
	choosing phase = iota
	reviewing
	applying
	finished
	leaving // asks whether to drop the staged changes
)

// roleSet is the roles that one user holds.
type roleSet map[auth0client.RoleID]bool

// row is one role of the check list, with what the filter looks at made ready.
type row struct {
	role   auth0client.Role
	search string
}

// Model is the screen. Build it with [New].
type Model struct {
	env   view.Env
	roles Roles
	users []auth0client.User

	loader  view.Loader
	loading bool
	err     error
	rows    []row
	held    map[auth0client.UserID]roleSet
	staged  map[auth0client.RoleID]bool // wanted: true assigns, false removes
	shown   []int                       // rows that pass the filter
	input   textinput.Model
	typing  bool
	cursor  int
	offset  int
	height  int

	phase   phase
	top     int  // the first line of the review that is shown
	onApply bool // the Apply button is highlighted, not Cancel
	note    string
	reason  dialog.Reason
	early   time.Time                      // when a key left the field for the reason
	waits   map[auth0client.UserID]roleSet // changes that wait for a second operator
	results []outcome
	closed  bool
}

var _ view.View = (*Model)(nil)

// New makes the editor for users.
func New(env view.Env, roles Roles, users []auth0client.User) *Model {
	return &Model{
		env: env, roles: roles, users: slices.Clone(users), staged: map[auth0client.RoleID]bool{}, input: widget.NewInput("/"),
		reason: dialog.NewReason(env, Permission), waits: map[auth0client.UserID]roleSet{},
	}
}

// Init reads the tenant's roles and those the users hold.
func (m *Model) Init() tea.Cmd { return m.load() }

// Title is the screen's part of the breadcrumb.
func (m *Model) Title() string { return "Roles" }

// Typing reports that the filter, or the field for the reason, has the focus.
func (m *Model) Typing() bool { return m.typing || m.phase == reviewing && m.reason.Typing() }

// Writing reports that changes are being made.
func (m *Model) Writing() bool { return m.phase == applying }

// Close cancels the read. Changes under way go on and report.
func (m *Model) Close() {
	m.loader.Cancel()
	m.closed = true
}

// Update takes keys and the answers of the screen's work.
func (m *Model) Update(msg tea.Msg) (view.Action, tea.Cmd) {
	switch msg := msg.(type) {
	case view.Result:
		return m.answered(msg)
	case view.ReloadMsg:
		if m.phase == choosing {
			return nil, m.load()
		}
	case view.SignedInMsg:
		if m.phase == choosing && view.SignInFor(m.err) != nil {
			return nil, m.load()
		}
	case tea.KeyPressMsg:
		return m.pressed(msg)
	case tea.PasteMsg:
		if m.phase == reviewing {
			m.reason.Paste(msg.Content)
		} else if m.typing {
			// What is pasted can be a tenant's text: it is one line, and what it hides becomes visible.
			msg.Content = term.Line(strings.Join(strings.Fields(msg.Content), " ")).String()
			var cmd tea.Cmd
			m.input, cmd = m.input.Update(msg)
			m.filter()
			return nil, cmd
		}
	}
	return nil, nil
}

func (m *Model) answered(res view.Result) (view.Action, tea.Cmd) {
	if res.To != m.env.ID {
		return nil, nil
	}
	switch msg := res.Msg.(type) {
	case loaded:
		if !m.loader.Current(res.Ticket) {
			return nil, nil
		}
		return m.took(msg), nil
	case Applied:
		if m.closed {
			return msg.Report(), nil
		}
		return m.applied(msg), nil
	}
	return nil, nil
}

func (m *Model) took(msg loaded) view.Action {
	m.loading = false
	if msg.err != nil {
		if errors.Is(msg.err, context.Canceled) {
			return nil
		}
		m.err = msg.err
		return view.SignInFor(msg.err)
	}
	m.err, m.held = nil, msg.held
	m.rows = make([]row, len(msg.roles))
	for i, r := range msg.roles {
		m.rows[i] = row{role: r, search: strings.ToLower(r.Name.String() + "\x00" + r.Description.String())}
	}
	m.prune()
	m.filter()
	return nil
}

// prune drops staged changes that are no longer any: the role is gone, or every user is as wanted already, or will be
// when a second operator agrees.
func (m *Model) prune() {
	for id, want := range m.staged {
		i := slices.IndexFunc(m.rows, func(r row) bool { return r.role.ID == id })
		if i < 0 {
			delete(m.staged, id)
			continue
		}
		if !slices.ContainsFunc(m.users, func(u auth0client.User) bool { return m.differs(u.ID, id, want) }) {
			delete(m.staged, id)
		}
	}
}

// differs reports that a user's role is still to be changed to what is wanted.
func (m *Model) differs(user auth0client.UserID, role auth0client.RoleID, want bool) bool {
	return m.held[user][role] != want && !m.waits[user][role]
}

func (m *Model) filter() {
	want := strings.ToLower(strings.TrimSpace(m.input.Value()))
	m.shown = m.shown[:0]
	for i, r := range m.rows {
		if want == "" || strings.Contains(r.search, want) {
			m.shown = append(m.shown, i)
		}
	}
	m.cursor = max(0, min(m.cursor, len(m.shown)-1))
	m.follow()
}

func (m *Model) follow() {
	m.offset = widget.Scroll(m.offset, m.cursor, len(m.shown), max(1, m.height))
}

// holders is how many of the users hold a role now.
func (m *Model) holders(id auth0client.RoleID) int {
	n := 0
	for _, u := range m.users {
		if m.held[u.ID][id] {
			n++
		}
	}
	return n
}

func (m *Model) current() (auth0client.Role, bool) {
	if m.cursor < 0 || m.cursor >= len(m.shown) {
		return auth0client.Role{}, false
	}
	return m.rows[m.shown[m.cursor]].role, true
}

// toggle goes from what is (all, some or none) to the other ends and back.
func (m *Model) toggle() {
	r, ok := m.current()
	if !ok {
		return
	}
	n := m.holders(r.ID)
	want, isStaged := m.staged[r.ID]
	switch {
	case !isStaged && n == len(m.users):
		m.staged[r.ID] = false
	case !isStaged:
		m.staged[r.ID] = true
	case want && n > 0 && n < len(m.users):
		m.staged[r.ID] = false
	default:
		delete(m.staged, r.ID)
	}
}

// whyNot is what forbids any change here.
func (m *Model) whyNot() string {
	if m.env.Can != nil && !m.env.Can(Permission) {
		return "You lack the permission " + Permission + "."
	}
	for _, u := range m.users {
		if u.ID == m.env.OperatorID && u.ID != "" {
			return "Nobody changes their own roles: ask another operator."
		}
	}
	return ""
}

// Permission is what the operator needs to change roles.
const Permission = "roles:assign"

// change is what one user gets and loses.
type change struct {
	user        auth0client.User
	add, remove []auth0client.RoleID
}

// plan is the change for each user that differs from what is wanted.
func (m *Model) plan() []change {
	var out []change
	for _, u := range m.users {
		c := change{user: u}
		for _, r := range m.rows { // in the list's order, so that the same plan is sent the same way
			want, ok := m.staged[r.role.ID]
			switch {
			case !ok || !m.differs(u.ID, r.role.ID, want):
			case want:
				c.add = append(c.add, r.role.ID)
			default:
				c.remove = append(c.remove, r.role.ID)
			}
		}
		if len(c.add)+len(c.remove) > 0 {
			out = append(out, c)
		}
	}
	return out
}

// tooMany says who would hold more roles than Auth0 allows, also between the assigning and the removing request.
func (m *Model) tooMany(plan []change) string {
	for _, c := range plan {
		most := len(m.held[c.user.ID]) + len(c.add)
		after := most - len(c.remove)
		switch {
		case len(c.add) == 0 || most <= auth0client.MaxRolesPerUser:
		case after > auth0client.MaxRolesPerUser:
			return fmt.Sprintf("%s would hold %d roles; Auth0 allows %d.", c.user.Label(), after, auth0client.MaxRolesPerUser)
		default:
			return fmt.Sprintf("%s would hold %d roles for a moment; Auth0 allows %d. Remove first, apply, then add.", c.user.Label(), most, auth0client.MaxRolesPerUser)
		}
	}
	return ""
}
