// Package create is the form for a new user: by connection, with its password policy checked as one types, or by an
// invitation that Auth0 mails.
package create

import (
	"context"
	"errors"
	"io"
	"strings"

	"charm.land/bubbles/v2/textinput"
	tea "charm.land/bubbletea/v2"

	"usher/auth0client"
	"usher/auth0client/desk"
	"usher/ui/dialog"
	"usher/ui/view"
	"usher/ui/widget"
)

// Tenant is what the form needs: where users can be created, what the policies leave, and the making itself.
type Tenant interface {
	Connections(ctx context.Context) ([]auth0client.Connection, error)
	Me(ctx context.Context) (auth0client.Me, error)
	Organizations(ctx context.Context, from string) (auth0client.Batch[auth0client.Organization], error)
	Applications(ctx context.Context) ([]auth0client.Application, error)
	desk.Creator
	desk.Inviter
}

// Options are what else the form is made of.
type Options struct {
	Random  io.Reader    // makes suggestions for passwords; nil: the system's
	Inviter string       // the operator's name, as an invitation tells it
	Fields  []view.Field // the profile's own; those to create have lines of their own
}

// The permissions that the operator needs.
const (
	Permission       = "users:create"
	InvitePermission = "orgs:manage"
)

type phase int

const (
	filling phase = iota
	reviewing
	saving
	made
)

// Model is the screen. Build it with [New].
type Model struct {
	env    view.Env
	tenant Tenant
	o      Options

	loader      view.Loader
	reading     bool
	loadErr     error
	connections []auth0client.Connection // in which users can be created
	me          *auth0client.Me
	orgs        []auth0client.Organization
	apps        []auth0client.Application

	inviting bool
	values   map[string]string // what was typed, by attribute; it stays while the connection changes
	flags    map[string]bool
	chosen   map[string]int // of lists, by name
	refused  map[string]string
	cursor   int
	back     *kept // what is to be chosen again once the lists are read
	input    textinput.Model
	typing   bool

	phase    phase
	op       desk.Operation
	reason   dialog.Reason
	onDo     bool
	result   desk.Result
	password string // to show once it is set
	note     string
	dropping bool
	closed   bool
}

var _ view.View = (*Model)(nil)

// New makes the form.
func New(env view.Env, tenant Tenant, o Options) *Model {
	m := &Model{env: env, tenant: tenant, o: o, values: map[string]string{}, flags: map[string]bool{"verify_email": true}, chosen: map[string]int{},
		refused: map[string]string{}, input: widget.NewInput("")}
	m.reason = dialog.NewReason(env, Permission)
	return m
}

// Init reads where users can be created and what the policies say.
func (m *Model) Init() tea.Cmd {
	m.reading = true
	ctx, ticket := m.loader.Begin(m.env.Ctx)
	return load(ctx, m.tenant, m.env.ID, ticket, m.inviting)
}

// Title is the screen's part of the breadcrumb.
func (m *Model) Title() string {
	if m.inviting {
		return "Invite"
	}
	return "New user"
}

// Typing reports that a field takes letters, or that something would be lost by a key that leaves the console: such keys
// come here, and are asked about.
func (m *Model) Typing() bool {
	return m.typing || m.phase == filling && m.filled() || m.phase == reviewing
}

// ShowsOnce reports that the new user's password is shown, which nobody shows again.
func (m *Model) ShowsOnce() bool { return m.phase == made && m.password != "" }

// TakesLetters reports that letters are text.
func (m *Model) TakesLetters() bool { return m.typing || m.phase == reviewing && m.reason.Typing() }

// Unsaved reports that something typed would be lost.
func (m *Model) Unsaved() bool {
	return m.phase == filling && (m.filled() || m.typing && m.input.Value() != "") || m.phase == reviewing
}

// Writing reports that a change was sent and has not answered.
func (m *Model) Writing() bool { return m.phase == saving }

// Close forgets the password and cancels the reads. A change under way goes on and reports.
func (m *Model) Close() {
	m.closed = true
	m.loader.Cancel()
	m.password = ""
	delete(m.values, "password")
	m.input.Reset()
}

// Update takes keys, what was read and what became of the change.
func (m *Model) Update(msg tea.Msg) (view.Action, tea.Cmd) {
	switch msg := msg.(type) {
	case view.Result:
		return m.answered(msg), nil
	case view.SignedInMsg, view.ReloadMsg:
		if m.loadErr != nil || !m.reading && m.phase == filling {
			return nil, m.Init()
		}
	case tea.PasteMsg:
		m.pasted(msg)
	case tea.KeyPressMsg:
		return m.pressed(msg)
	}
	return nil, nil
}

func (m *Model) answered(res view.Result) view.Action {
	if res.To != m.env.ID {
		return nil
	}
	switch msg := res.Msg.(type) {
	case loadedMsg:
		if m.loader.Current(res.Ticket) {
			return m.took(msg)
		}
	case Made:
		if m.closed {
			return msg.Report()
		}
		return m.finished(msg)
	}
	return nil
}

func (m *Model) took(l loadedMsg) view.Action {
	m.reading, m.loadErr, m.me = false, l.err, l.me
	if errors.Is(l.err, context.Canceled) {
		m.loadErr = nil
		return nil
	}
	if l.err != nil {
		return view.SignInFor(l.err)
	}
	m.connections = nil
	for _, c := range l.connections {
		if c.Creates() && allowed(l.me, c.Name) {
			m.connections = append(m.connections, c)
		}
	}
	if m.inviting {
		m.orgs, m.apps = l.orgs, l.apps
	}
	m.backAt()
	m.cursor = min(m.cursor, len(m.rows())-1)
	return nil
}

func (m *Model) finished(d Made) view.Action {
	m.phase, m.note = filling, ""
	err := d.result.Err
	var invalid *auth0client.Invalid
	var exists *auth0client.Conflict
	switch {
	case err == nil:
		m.phase, m.result = made, d.result
	case view.ReasonMissing(err):
		m.phase = reviewing
		m.note = "This action wants a reason. Type it, then confirm again."
		m.reason.Demand()
	case view.Unsent(err):
		m.phase, m.note = reviewing, view.NotSent
	case view.Waiting(err):
		p := view.Explain(m.env.Now(), err)
		return view.All{view.Back{}, view.Notify{Level: view.Info, Text: p.String()}}
	case errors.As(err, &exists):
		m.refuse("", exists.Answer.Message.String(), "email", "phone_number", "username")
	case errors.As(err, &invalid):
		m.refuse(invalid.Field, invalid.Answer.Message.String())
	default:
		m.note = "Not created: " + view.Explain(m.env.Now(), err).String()
	}
	return view.SignInFor(err)
}

// refuse puts Auth0's words at the field they are about.
func (m *Model) refuse(field, said string, otherwise ...string) {
	m.note = "Auth0 refused it: " + said
	low := strings.ToLower(said)
	for _, named := range []func(string) bool{
		func(n string) bool { return n == field },
		func(n string) bool { return field == "" && strings.Contains(low, strings.ReplaceAll(n, "_number", "")) },
		func(n string) bool { return len(otherwise) > 0 && m.values[n] != "" && contains(otherwise, n) },
	} {
		for i, r := range m.rows() {
			if named(r.name) {
				m.refused[r.name], m.cursor = said, i
				return
			}
		}
	}
}
