// Package roleeditor changes the roles of one user, or of several at once, their own or those in an organization: a check
// list with a filter, changes staged and shown in a review with what they mean before they are made in the fewest requests.
package roleeditor

import (
	"context"
	"errors"
	"slices"
	"strings"
	"time"

	"charm.land/bubbles/v2/textinput"
	tea "charm.land/bubbletea/v2"

	"usher/auth0client"
	"usher/auth0client/desk"
	"usher/auth0client/term"
	"usher/ui/dialog"
	"usher/ui/view"
	"usher/ui/widget"
)

// Roles is what the editor asks of a tenant about roles.
type Roles interface {
	Roles(ctx context.Context) ([]auth0client.Role, error)
	RoleGives(ctx context.Context, id auth0client.RoleID) ([]auth0client.Permission, error)
	UserPermissions(ctx context.Context, id auth0client.UserID) ([]auth0client.Permission, error)
	Me(ctx context.Context) (auth0client.Me, error)
}

// People finds the user to copy from or to compare with.
type People interface {
	User(ctx context.Context, id auth0client.UserID) (auth0client.User, error)
	UsersByEmail(ctx context.Context, email string) ([]auth0client.User, error)
}

// Tenant is what the editor needs, whosever roles it changes.
type Tenant interface {
	Roles
	People
}

type phase int

const (
	choosing phase = iota
	reviewing
	applying
	finished
	leaving   // asks whether to drop the staged changes
	asking    // asks for another person
	offering  // says what copying from them would stage
	comparing // shows two users side by side
)

// roleSet is the roles that one user holds.
type roleSet map[auth0client.RoleID]bool

// Model is the screen. Build it with [New].
type Model struct {
	env    view.Env
	tenant Tenant
	whose  desk.Whose
	users  []auth0client.User
	undo   []desk.RoleChange // what is taken back, instead of what is staged

	loader  view.Loader
	loading bool
	err     error
	may     desk.May
	rows    []row
	held    map[auth0client.UserID]roleSet
	through map[auth0client.RoleID][]desk.Through // of a single user
	staged  map[auth0client.RoleID]bool           // wanted: true assigns, false removes
	shown   []int                                 // rows that pass the filter
	input   textinput.Model
	typing  bool
	cursor  int
	offset  int
	height  int
	names   int // the widest name among those shown

	counts  counts
	other   person
	compare compared
	weighed weighed

	phase   phase
	top     int  // the first line of the review that is shown
	onApply bool // the Apply button is highlighted, not Cancel
	note    string
	reason  dialog.Reason
	early   time.Time                      // when a key left the field for the reason
	waits   map[auth0client.UserID]roleSet // changes that wait for a second operator
	run     *desk.RoleRun
	began   time.Time
	stopped bool
	results []desk.RoleOutcome
	closed  bool
	back    kept // where to go once the roles are read
}

var _ view.View = (*Model)(nil)

// New makes the editor for users. whose says which roles of theirs it changes.
func New(env view.Env, tenant Tenant, whose desk.Whose, users []auth0client.User) *Model {
	return &Model{
		env: env, tenant: tenant, whose: whose, users: slices.Clone(users), staged: map[auth0client.RoleID]bool{}, input: widget.NewInput("/"),
		reason: dialog.NewReason(env, Permission), waits: map[auth0client.UserID]roleSet{}, counts: counts{settle: settle, gives: desk.Gives{}},
		other: person{input: widget.NewInput("")},
	}
}

// NewUndo makes the editor that takes changes back. It begins with the review of that.
func NewUndo(env view.Env, tenant Tenant, whose desk.Whose, changes []desk.RoleChange) *Model {
	var users []auth0client.User
	for _, c := range changes {
		users = append(users, c.User)
	}
	m := New(env, tenant, whose, users)
	m.undo = slices.Clone(changes)
	return m
}

// Init reads the tenant's roles and those the users hold.
func (m *Model) Init() tea.Cmd { return m.load() }

// Title is the screen's part of the breadcrumb.
func (m *Model) Title() string { return "Roles" + m.whose.Where() }

// Typing reports that a field has the focus.
func (m *Model) Typing() bool {
	return m.typing || m.phase == reviewing && m.reason.Typing() || m.phase == asking && m.other.typing()
}

// Unsaved reports that changes are staged, or a reason is typed.
func (m *Model) Unsaved() bool {
	return m.phase != applying && m.phase != finished && (len(m.staged) > 0 || m.reason.Text() != "")
}

// Writing reports that changes are being made.
func (m *Model) Writing() bool { return m.phase == applying }

// Close cancels the reads. Changes under way go on and report.
func (m *Model) Close() {
	m.loader.Cancel()
	m.counts.loader.Cancel()
	m.weighed.loader.Cancel()
	m.other.loader.Cancel()
	m.closed = true
}

// Update takes keys and the answers of the screen's work.
func (m *Model) Update(msg tea.Msg) (view.Action, tea.Cmd) {
	action, cmd := m.update(msg)
	if m.closed || m.phase != choosing {
		return action, cmd
	}
	return action, batch(cmd, m.countShown())
}

// batch is tea.Batch that makes nothing of nothing.
func batch(a, b tea.Cmd) tea.Cmd {
	switch {
	case a == nil:
		return b
	case b == nil:
		return a
	}
	return tea.Batch(a, b)
}

func (m *Model) update(msg tea.Msg) (view.Action, tea.Cmd) {
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
		return nil, m.pasted(msg)
	}
	return nil, nil
}

// pasted takes text for the field that has the focus. It can be a tenant's: it is one line, and what it hides becomes
// visible.
func (m *Model) pasted(msg tea.PasteMsg) tea.Cmd {
	line := tea.PasteMsg{Content: term.Line(strings.Join(strings.Fields(msg.Content), " ")).String()}
	var cmd tea.Cmd
	switch {
	case m.phase == reviewing:
		m.reason.Paste(msg.Content)
	case m.phase == asking && m.other.typing():
		m.other.input, cmd = m.other.input.Update(line)
	case m.typing:
		m.input, cmd = m.input.Update(line)
		m.filter()
	}
	return cmd
}

func (m *Model) answered(res view.Result) (view.Action, tea.Cmd) {
	if res.To != m.env.ID {
		return nil, nil
	}
	switch msg := res.Msg.(type) {
	case loaded:
		if m.loader.Current(res.Ticket) {
			return m.took(msg)
		}
	case cameThrough:
		if m.loader.Current(res.Ticket) {
			m.through = msg.by
			if msg.err != nil && !errors.As(msg.err, new(*auth0client.Forbidden)) {
				m.note = "By which groups and organizations there are more roles is not known: " + view.Explain(m.env.Now(), msg.err).Title + "."
			}
		}
	case counted:
		m.counts.took(msg, res.Ticket)
	case measured:
		if m.weighed.loader.Current(res.Ticket) {
			m.measured(msg)
		}
	case found:
		if m.other.loader.Current(res.Ticket) {
			return m.found(msg)
		}
	case tick:
		if m.phase == applying {
			return nil, m.later()
		}
	case Applied:
		if m.closed {
			return msg.Report(), nil
		}
		return m.applied(msg), nil
	}
	return nil, nil
}

// Permission is what the operator needs to change roles.
const Permission = "roles:assign"

// whyNot is what forbids any change here.
func (m *Model) whyNot() string {
	for _, p := range m.whose.Permissions() {
		if m.env.Can != nil && !m.env.Can(p) {
			return "You lack the permission " + p + "."
		}
	}
	for _, u := range m.users {
		if m.env.OperatorID != "" && strings.EqualFold(string(u.ID), string(m.env.OperatorID)) {
			return "Nobody changes their own roles: ask another operator."
		}
	}
	return ""
}
