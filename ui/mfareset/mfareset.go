// Package mfareset is the dialog that takes a user's second factors away, so that they can enrol again. It lists the
// methods first, spares what is a login of its own unless asked, and says afterwards what is left.
package mfareset

import (
	"context"
	"errors"
	"slices"
	"time"

	tea "charm.land/bubbletea/v2"

	"usher/auth0client"
	"usher/ui/dialog"
	"usher/ui/view"
)

// Methods is what the dialog needs of a tenant.
type Methods interface {
	AuthenticationMethods(ctx context.Context, id auth0client.UserID) ([]auth0client.AuthenticationMethod, error)
	DeleteAuthenticationMethod(ctx context.Context, id auth0client.UserID, method string) error
	ForgetBrowsers(ctx context.Context, id auth0client.UserID) error
}

// Permission is what the operator needs for a reset.
const Permission = "mfa:reset"

// typeAhead is how long a confirming key pressed too early keeps later ones from counting: an operator who types ahead,
// or holds the key down, has not read the list.
const typeAhead = 400 * time.Millisecond

type phase int

const (
	loading phase = iota
	unread
	choosing
	working
	finished
)

type choice struct {
	method auth0client.AuthenticationMethod
	ticked bool
}

// Model is the dialog. Build it with [New].
type Model struct {
	env     view.Env
	methods Methods
	user    auth0client.User

	loader  view.Loader
	phase   phase
	loadErr error
	choices []choice
	cursor  int
	onReset bool // the Reset button is highlighted, not Cancel
	early   time.Time
	note    string
	reason  dialog.Reason
	outcome report
	closed  bool
}

var _ view.View = (*Model)(nil)

// New makes the dialog for user.
func New(env view.Env, methods Methods, user auth0client.User) *Model {
	return &Model{env: env, methods: methods, user: user, reason: dialog.NewReason(env, Permission)}
}

// Init reads the user's methods.
func (m *Model) Init() tea.Cmd { return m.load() }

// Title is the dialog's part of the breadcrumb.
func (m *Model) Title() string { return "Reset MFA" }

// Typing reports that the field for the reason has the focus.
func (m *Model) Typing() bool { return m.phase == choosing && m.reason.Typing() }

// Unsaved reports that a reason is typed.
func (m *Model) Unsaved() bool { return m.phase == choosing && m.reason.Text() != "" }

// Writing reports that a change was sent and has not answered.
func (m *Model) Writing() bool { return m.phase == working }

// Close cancels the read. A reset under way goes on and reports.
func (m *Model) Close() {
	m.loader.Cancel()
	m.closed = true
}

// Update takes keys and the answers of the dialog's work.
func (m *Model) Update(msg tea.Msg) (view.Action, tea.Cmd) {
	switch msg := msg.(type) {
	case view.Result:
		return m.answered(msg)
	case view.SignedInMsg:
		return nil, m.signedIn()
	case view.ReloadMsg:
		return nil, m.reread()
	case tea.PasteMsg:
		if m.Typing() {
			m.reason.Paste(msg.Content)
		}
	case tea.KeyPressMsg:
		if m.Typing() {
			m.typed(msg)
			return nil, nil
		}
		return m.pressed(msg.String())
	}
	return nil, nil
}

func (m *Model) answered(res view.Result) (view.Action, tea.Cmd) {
	if res.To != m.env.ID {
		return nil, nil
	}
	switch msg := res.Msg.(type) {
	case methodsListed:
		if m.closed || !m.loader.Current(res.Ticket) {
			return nil, nil
		}
		return m.listed(msg), nil
	case ResetDone:
		if m.closed {
			return msg.Report(), nil
		}
		return m.done(msg), nil
	}
	return nil, nil
}

func (m *Model) listed(msg methodsListed) view.Action {
	if errors.Is(msg.err, context.Canceled) {
		return nil
	}
	if msg.err != nil {
		m.phase, m.loadErr = unread, msg.err
		return view.SignInFor(msg.err)
	}
	m.phase, m.loadErr, m.choices, m.cursor = choosing, nil, nil, 0
	for _, method := range msg.methods {
		m.choices = append(m.choices, choice{method: method, ticked: !method.Kind.Primary()})
	}
	return nil
}

func (m *Model) done(msg ResetDone) view.Action {
	m.phase, m.onReset, m.cursor = finished, false, 0
	m.outcome = m.outcome.followedBy(msg.report)
	var wishes view.All
	if msg.report.changed() {
		wishes = append(wishes, view.Touched{ID: m.user.ID})
	}
	if err := msg.report.unsent(); err != nil {
		m.pending(err)
	}
	if wish := view.SignInFor(msg.report.firstError()); wish != nil {
		wishes = append(wishes, wish)
	}
	if len(wishes) == 0 {
		return nil
	}
	return wishes
}

func (m *Model) load() tea.Cmd {
	m.phase, m.onReset, m.outcome = loading, false, report{}
	ctx, ticket := m.loader.Begin(m.env.Ctx)
	return listMethods(ctx, m.methods, m.env.ID, ticket, m.user.ID)
}

// again repeats what failed: the read, or the part of the reset that did not work.
func (m *Model) again() tea.Cmd {
	switch {
	case m.phase == unread, m.phase == choosing:
		return m.load()
	case m.phase == finished && m.outcome.failed():
		m.phase = working
		j := m.outcome.rest()
		j.reason = m.reason.With()
		return resetMethods(m.env, m.methods, m.user, j)
	}
	return nil
}

// pending brings the question back for what was not sent, as it was chosen.
func (m *Model) pending(err error) {
	before := m.outcome.removed()
	m.outcome = m.outcome.made()
	made := m.outcome.ids()
	m.choices = slices.DeleteFunc(m.choices, func(c choice) bool { return made(c.method.ID) })
	m.phase = choosing
	m.note = view.NotSent
	if before > 0 {
		m.note = methodCount(before) + " removed already. The rest was not sent: confirm it again."
	}
	if view.ReasonMissing(err) {
		m.note = "This action wants a reason. Type it, then confirm again."
		m.reason.Demand()
	}
}

// signedIn reads what could not be read for want of a sign-in. It changes nothing.
func (m *Model) signedIn() tea.Cmd {
	switch {
	case m.phase == unread:
		return m.load()
	case m.phase == finished && m.outcome.failed() && !m.outcome.rest().changes():
		return m.again()
	}
	return nil
}

// reread reads the methods again where nothing is chosen yet or under way.
func (m *Model) reread() tea.Cmd {
	if m.phase == unread || m.phase == choosing {
		return m.load()
	}
	return nil
}

func (m *Model) confirm() tea.Cmd {
	j := job{forget: true, reason: m.reason.With()}
	for _, c := range m.choices {
		if c.ticked {
			j.methods = append(j.methods, c.method)
		}
	}
	m.phase = working
	return resetMethods(m.env, m.methods, m.user, j)
}

// why says what keeps the operator from the reset, if anything.
func (m *Model) why() string {
	if m.env.Can != nil && !m.env.Can(Permission) {
		return "You lack the permission " + Permission + "."
	}
	return ""
}
