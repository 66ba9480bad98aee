// Package edit is the screen that changes a user's record: profile attributes as far as the connection and the operator's
// policy allow, and metadata as JSON. What somebody else changed meanwhile is shown field by field before anything is saved.
package edit

import (
	"context"

	"charm.land/bubbles/v2/textinput"
	tea "charm.land/bubbletea/v2"

	"usher/auth0client"
	"usher/auth0client/desk"
	"usher/ui/dialog"
	"usher/ui/view"
	"usher/ui/widget"
)

// Tenant is what the screen needs: the record, what the connection and the policies allow, and the change itself.
type Tenant interface {
	User(ctx context.Context, id auth0client.UserID) (auth0client.User, error)
	Connections(ctx context.Context) ([]auth0client.Connection, error)
	Me(ctx context.Context) (auth0client.Me, error)
	desk.Records
}

// Editor opens a text in the operator's own editor. The command ends with the message that done makes of the text, or of
// what went wrong.
type Editor func(text string, done func(text string, err error) tea.Msg) tea.Cmd

// Permission is what the operator needs to save.
const Permission = "users:edit"

type phase int

const (
	filling phase = iota
	writing       // metadata, as a text
	reviewing
	saving
	deciding // mine or theirs, field by field
)

// Model is the screen. Build it with [New].
type Model struct {
	env    view.Env
	tenant Tenant
	editor Editor // nil where none can be opened

	user    auth0client.User // as it was read; before that, what was known
	loaded  bool
	loadErr error
	loader  view.Loader
	in      *auth0client.Connection
	me      *auth0client.Me
	meErr   error

	fields   []field
	cursor   int
	phase    phase
	input    textinput.Model
	typing   bool
	json     writer
	reason   dialog.Reason
	onDo     bool
	op       desk.Operation
	scroll   int
	choices  []choice
	choosing int
	note     string
	dropping bool
	refused  map[string]string // what Auth0 said of a field
	closed   bool
}

var _ view.View = (*Model)(nil)

// New makes the screen for a user. editor may be nil. fields are the profile's own; those to edit have lines of their own.
func New(env view.Env, tenant Tenant, user auth0client.User, editor Editor, fields ...view.Field) *Model {
	m := &Model{env: env, tenant: tenant, editor: editor, user: user, input: widget.NewInput(""), refused: map[string]string{}}
	m.reason = dialog.NewReason(env, Permission)
	m.json = newWriter()
	m.fields = withCustom(newFields(), fields)
	if len(user.Record) > 0 {
		m.fill(user)
	}
	return m
}

// Init reads the record anew, with what the connection and the policies allow.
func (m *Model) Init() tea.Cmd {
	ctx, ticket := m.loader.Begin(m.env.Ctx)
	return load(ctx, m.tenant, m.env.ID, ticket, m.user.ID)
}

// Title is the screen's part of the breadcrumb.
func (m *Model) Title() string {
	return m.user.Label().String() + " " + m.env.Theme.Icons.Crumb + " Edit"
}

// Typing reports that a field takes letters, or that something would be lost by a key that leaves the console: such keys
// come here, and are asked about.
func (m *Model) Typing() bool {
	return m.typing || m.phase == filling && m.dirty() || m.phase == deciding || m.phase == writing || m.phase == reviewing
}

// TakesLetters reports that letters are text.
func (m *Model) TakesLetters() bool {
	return m.typing || m.phase == writing || m.phase == reviewing && m.reason.Typing()
}

// Unsaved reports that something typed or changed would be lost.
func (m *Model) Unsaved() bool {
	switch m.phase {
	case filling:
		return m.dirty() || m.typing && m.typedNew()
	case writing:
		return m.dirty() || m.json.area.Value() != m.json.began
	case reviewing, deciding:
		return true
	case saving:
	}
	return false
}

// Writing reports that a change was sent and has not answered.
func (m *Model) Writing() bool { return m.phase == saving }

// Close cancels the reads. A change under way goes on and reports.
func (m *Model) Close() {
	m.closed = true
	m.loader.Cancel()
}

// Update takes keys, what was read and what became of a change.
func (m *Model) Update(msg tea.Msg) (view.Action, tea.Cmd) {
	switch msg := msg.(type) {
	case view.Result:
		return m.result(msg)
	case view.SignedInMsg:
		if m.loadErr != nil {
			return nil, m.Init()
		}
	case view.ReloadMsg:
		if m.phase == filling && !m.typing && !m.dirty() {
			return nil, m.Init()
		}
		m.note = "Save or drop your changes first: a reload would lose them."
	case view.BackgroundMsg:
		m.json.paint()
	case tea.PasteMsg:
		m.pasted(msg)
	case tea.KeyPressMsg:
		return m.pressed(msg)
	}
	return nil, nil
}

func (m *Model) result(res view.Result) (view.Action, tea.Cmd) {
	if res.To != m.env.ID {
		return nil, nil
	}
	switch msg := res.Msg.(type) {
	case loadedMsg:
		if m.loader.Current(res.Ticket) {
			return m.took(msg), nil
		}
	case writtenMsg:
		m.written(msg)
	case Saved:
		if m.closed {
			return msg.Report(), nil
		}
		return m.saved(msg)
	case comparedMsg:
		return m.compared(msg), nil
	}
	return nil, nil
}

func (m *Model) took(l loadedMsg) view.Action {
	m.loadErr, m.meErr = l.userErr, l.meErr
	m.in, m.me = connectionOf(l.user, l.connections), l.me
	if l.userErr != nil {
		return view.SignInFor(l.userErr)
	}
	switch {
	case m.phase != filling, m.loaded && m.typing && !m.dirty():
		// It rests on the record it was begun on: what somebody else changed since is found when it is saved.
		m.derive()
	case m.dirty():
		if !m.restOn(l.user) && !m.dirty() {
			m.note = "The record is as you want it: nothing is left to save."
		}
	default:
		m.fill(l.user)
	}
	return nil
}

// dirty reports that something would be lost.
func (m *Model) dirty() bool { return len(m.change()) > 0 }
