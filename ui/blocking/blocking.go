// Package blocking is the dialog that blocks or unblocks a user. Auth0 knows two kinds of block that do not lift each
// other, and a third of the address that somebody comes from; the dialog reads all, names them apart and asks one question.
package blocking

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

// Blocks is what the dialog needs of a tenant.
type Blocks interface {
	User(ctx context.Context, id auth0client.UserID) (auth0client.User, error)
	UserBlocks(ctx context.Context, id auth0client.UserID) ([]auth0client.BruteForceBlock, error)
	SetBlocked(ctx context.Context, id auth0client.UserID, blocked bool) (auth0client.User, error)
	ClearUserBlocks(ctx context.Context, id auth0client.UserID) error
	IPBlocked(ctx context.Context, ip string) (bool, error)
	UnblockIP(ctx context.Context, ip string) error
}

// Permission is what the operator needs to block or unblock.
const Permission = "users:block"

// typeAhead is how long a confirming key pressed too early keeps later ones from counting: an operator who types ahead,
// or holds the key down, has not read the question.
const typeAhead = 400 * time.Millisecond

type phase int

const (
	loading phase = iota
	unread
	asking
	working
	finished
)

// Model is the dialog. Build it with [New].
type Model struct {
	env    view.Env
	tenant Blocks
	user   auth0client.User // as known, then as read

	loader   view.Loader
	phase    phase
	readUser bool
	readBans bool
	loadErr  error
	bans     []auth0client.BruteForceBlock

	ipLoader  view.Loader
	addresses []address
	free      bool // the blocked addresses are to be freed as well

	onDo    bool // the button that acts is highlighted, not Cancel
	early   time.Time
	note    string
	reason  dialog.Reason
	outcome outcome
	closed  bool
}

var _ view.View = (*Model)(nil)

// New makes the dialog for user.
func New(env view.Env, tenant Blocks, user auth0client.User) *Model {
	return &Model{env: env, tenant: tenant, user: user, reason: dialog.NewReason(env, Permission)}
}

// Init reads both kinds of block.
func (m *Model) Init() tea.Cmd { return m.load() }

// Title is the dialog's part of the breadcrumb.
func (m *Model) Title() string {
	switch {
	case m.phase != asking && m.phase != working && m.phase != finished:
		return "Block or unblock"
	case m.unblocks():
		return "Unblock"
	}
	return "Block"
}

// Typing reports that the field for the reason has the focus.
func (m *Model) Typing() bool { return m.phase == asking && m.reason.Typing() }

// Unsaved reports that a reason is typed.
func (m *Model) Unsaved() bool { return m.phase == asking && m.reason.Text() != "" }

// Writing reports that a change was sent and has not answered.
func (m *Model) Writing() bool { return m.phase == working }

// Close cancels the reads. A change under way goes on and reports.
func (m *Model) Close() {
	m.loader.Cancel()
	m.ipLoader.Cancel()
	m.closed = true
}

// Update takes keys and the answers of the dialog's work.
func (m *Model) Update(msg tea.Msg) (view.Action, tea.Cmd) {
	switch msg := msg.(type) {
	case view.Result:
		return m.answered(msg)
	case view.SignedInMsg:
		if m.phase == unread {
			return nil, m.load()
		}
	case view.ReloadMsg:
		return nil, m.again()
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
	if msg, ok := res.Msg.(ChangeDone); ok {
		if m.closed {
			return msg.Report(), nil
		}
		return m.done(msg), nil
	}
	if r, ok := res.Msg.(addressRead); ok {
		if m.ipLoader.Current(res.Ticket) {
			m.addressAnswered(r)
		}
		return nil, nil
	}
	if m.closed || !m.loader.Current(res.Ticket) || m.phase != loading {
		return nil, nil
	}
	switch msg := res.Msg.(type) {
	case userRead:
		if msg.err != nil {
			return m.failed(msg.err), nil
		}
		m.turned(msg.user.Blocked)
		m.user, m.readUser = msg.user, true
	case bansRead:
		if msg.err != nil {
			return m.failed(msg.err), nil
		}
		m.bans, m.readBans = msg.bans, true
	}
	if m.readUser && m.readBans {
		m.phase = asking
		return nil, m.lookAtAddresses()
	}
	return nil, nil
}

// turned says that the question is another than the screen before led to expect, and lets no key in flight answer it.
func (m *Model) turned(blocked bool) {
	switch {
	case blocked == m.user.Blocked:
		return
	case blocked:
		m.note = "They are blocked by now, as they were not on the screen before."
	default:
		m.note = "They are not blocked any more, as they were on the screen before."
	}
	m.early = m.env.Now()
}

func (m *Model) failed(err error) view.Action {
	if errors.Is(err, context.Canceled) {
		return nil
	}
	m.loader.Cancel()
	m.phase, m.loadErr = unread, err
	return view.SignInFor(err)
}

func (m *Model) done(msg ChangeDone) view.Action {
	m.phase, m.onDo, m.outcome = finished, false, msg.outcome
	wishes := msg.outcome.changes(msg.user)
	if msg.outcome.err == nil {
		wishes = append(wishes, view.Notify{Level: view.Good, Text: msg.text()})
	} else if view.Unsent(msg.outcome.err) {
		m.pending(msg.outcome)
	}
	if wish := view.SignInFor(msg.outcome.err); wish != nil {
		wishes = append(wishes, wish)
	}
	if len(wishes) == 0 {
		return nil
	}
	return wishes
}

// pending brings the question back for what was not sent.
func (m *Model) pending(o outcome) {
	m.phase, m.note = asking, view.NotSent
	if o.adminDone {
		m.user = o.user
	}
	if o.bansDone {
		m.bans = nil
	}
	for i := range m.addresses {
		a := &m.addresses[i]
		a.blocked = a.blocked && !slices.Contains(o.freed, a.ip)
	}
	if o.adminDone || o.bansDone || len(o.freed) > 0 {
		m.note = "A part is done. The rest was not sent: confirm it again."
	}
	if view.ReasonMissing(o.err) {
		m.note = "This action wants a reason. Type it, then confirm again."
		m.reason.Demand()
	}
}

func (m *Model) load() tea.Cmd {
	m.phase, m.readUser, m.readBans, m.loadErr, m.onDo = loading, false, false, nil, false
	ctx, ticket := m.loader.Begin(m.env.Ctx)
	return tea.Batch(
		readUser(ctx, m.tenant, m.env.ID, ticket, m.user.ID),
		readBans(ctx, m.tenant, m.env.ID, ticket, m.user.ID),
	)
}

// again reads anew. After a failed change that brings the question back for what is still so.
func (m *Model) again() tea.Cmd {
	if m.phase == unread || m.phase == asking || m.phase == finished && m.outcome.err != nil {
		return m.load()
	}
	return nil
}

func (m *Model) confirm() tea.Cmd {
	j := m.job()
	m.phase, m.outcome = working, outcome{job: j}
	return change(m.env, m.tenant, m.user, j, m.reason.With())
}

// job is what the question, answered with yes, does.
func (m *Model) job() job {
	if m.unblocks() {
		j := job{admin: m.user.Blocked, bans: len(m.bans) > 0}
		if m.free {
			j.ips = m.blockedAddresses()
		}
		return j
	}
	return job{block: true, admin: true}
}

// unblocks reports that the question is whether to unblock.
func (m *Model) unblocks() bool {
	if m.phase == finished || m.phase == working {
		return !m.outcome.job.block
	}
	return m.user.Blocked || len(m.bans) > 0 || m.free && len(m.blockedAddresses()) > 0
}

// why says what keeps the operator from the change, if anything.
func (m *Model) why() string {
	switch {
	case m.env.Can != nil && !m.env.Can(Permission):
		return "You lack the permission " + Permission + "."
	case m.user.ID == m.env.OperatorID && !m.unblocks():
		return "This is your own account: you cannot block yourself."
	}
	return ""
}
