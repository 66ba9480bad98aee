// Package password is the form for a temporary password: a suggestion, the connection's demands checked as one types, and
// then the question of any change.
package password

import (
	"context"
	"errors"
	"io"
	"strings"

	"charm.land/bubbles/v2/textinput"
	tea "charm.land/bubbletea/v2"

	"usher/auth0client"
	"usher/auth0client/desk"
	"usher/ui/view"
	"usher/ui/widget"
)

// Tenant is what the form needs: the connections, which say what they demand, and the change itself.
type Tenant interface {
	Connections(ctx context.Context) ([]auth0client.Connection, error)
	desk.Passwords
}

// Permission is what the operator needs for it.
const Permission = "users:password"

// Model is the form. Build it with [New].
type Model struct {
	env    view.Env
	tenant Tenant
	user   auth0client.User
	in     auth0client.Identity // the identity whose password is set
	random io.Reader

	loader   view.Loader
	options  auth0client.ConnectionOptions
	known    bool // the connection was found
	readErr  error
	reading  bool
	input    textinput.Model
	typing   bool
	dropping bool
	touched  bool // the operator typed: the suggestion no longer changes by itself
	onGo     bool
	note     string
}

var _ view.View = (*Model)(nil)

// New makes the form for a user with a password here. random makes the suggestion.
func New(env view.Env, tenant Tenant, user auth0client.User, random io.Reader) *Model {
	m := &Model{env: env, tenant: tenant, user: user, random: random, input: widget.NewInput("Password: ")}
	m.in, _ = user.DatabaseIdentity()
	m.input.CharLimit = 200
	m.focus()
	return m
}

// Init reads what the connection demands.
func (m *Model) Init() tea.Cmd {
	m.reading = true
	ctx, ticket := m.loader.Begin(m.env.Ctx)
	tenant, to := m.tenant, m.env.ID
	return func() tea.Msg {
		all, err := tenant.Connections(ctx)
		return view.Result{To: to, Ticket: ticket, Msg: connectionsRead{all, err}}
	}
}

type connectionsRead struct {
	all []auth0client.Connection
	err error
}

// Title is the dialog's part of the breadcrumb.
func (m *Model) Title() string { return "Temporary password" }

// Typing reports that the field has the focus.
func (m *Model) Typing() bool { return m.typing }

// Unsaved reports that a password was typed.
func (m *Model) Unsaved() bool { return m.touched && m.input.Value() != "" }

// Close forgets what was typed and cancels the read.
func (m *Model) Close() {
	m.loader.Cancel()
	m.input.Reset()
}

// Update takes keys and what the connection demands.
func (m *Model) Update(msg tea.Msg) (view.Action, tea.Cmd) {
	switch msg := msg.(type) {
	case view.Result:
		if read, ok := msg.Msg.(connectionsRead); ok && msg.To == m.env.ID && m.loader.Current(msg.Ticket) {
			return m.read(read), nil
		}
	case view.SignedInMsg, view.ReloadMsg:
		if m.readErr != nil {
			return nil, m.Init()
		}
	case tea.PasteMsg:
		if m.typing {
			m.touched = true
			m.input, _ = m.input.Update(tea.PasteMsg{Content: strings.Trim(msg.Content, "\r\n")})
		}
	case tea.KeyPressMsg:
		return m.pressed(msg), nil
	}
	return nil, nil
}

func (m *Model) read(r connectionsRead) view.Action {
	m.reading, m.readErr = false, r.err
	if errors.Is(r.err, context.Canceled) {
		m.readErr = nil
		return nil
	}
	for _, c := range r.all {
		if c.Label == m.in.Connection {
			m.options, m.known = c.Options, c.Options.Known
		}
	}
	if !m.touched {
		m.suggest()
	}
	return view.SignInFor(r.err)
}

// suggest puts a password into the field that meets the demands.
func (m *Model) suggest() {
	s, err := desk.SuggestPassword(m.options, m.user, m.random)
	if err != nil {
		m.note = "No suggestion: " + view.Explain(m.env.Now(), err).Detail + "."
		return
	}
	m.input.SetValue(s.Reveal())
	m.input.CursorEnd()
}

func (m *Model) focus() {
	m.typing, m.onGo = true, false
	m.input.Focus()
}

func (m *Model) blur(onGo bool) {
	m.typing, m.onGo = false, onGo
	m.input.Blur()
}

func (m *Model) rules() []desk.PasswordRule {
	return desk.PasswordRules(m.options, m.user, m.input.Value())
}

func (m *Model) pressed(msg tea.KeyPressMsg) view.Action {
	k := msg.String()
	m.note = ""
	if k == "ctrl+g" {
		m.touched = false
		m.suggest()
		return nil
	}
	if m.typing {
		switch k {
		case "enter", "tab", "down":
			m.blur(true)
		case "esc", "shift+tab", "up":
			m.blur(false)
		default:
			m.touched, m.dropping = true, false
			m.input, _ = m.input.Update(msg)
		}
		return nil
	}
	switch k {
	case "esc", "n":
		return m.leave()
	case "y":
		return m.goOn()
	case "enter":
		if m.onGo {
			return m.goOn()
		}
		return m.leave()
	case "tab":
		if m.onGo {
			m.focus()
		} else {
			m.onGo = true
		}
	case "shift+tab":
		if m.onGo {
			m.onGo = false
		} else {
			m.focus()
		}
	case "left", "right", "h", "l":
		m.onGo = !m.onGo
	}
	return nil
}

// leave closes the form; what was typed is not lost by one key.
func (m *Model) leave() view.Action {
	if m.touched && m.input.Value() != "" && !m.dropping {
		m.dropping, m.note = true, "The password you typed would be lost. The same key again drops it."
		return nil
	}
	return view.Back{}
}

// goOn asks the question, if the password meets what can be checked here.
func (m *Model) goOn() view.Action {
	switch unmet := desk.Unmet(m.rules()); {
	case m.why() != "":
		m.note = m.why()
	case m.reading:
		m.note = "The connection's demands are still being read."
	case m.input.Value() == "":
		m.note = "Type a password, or press ctrl+g for a suggestion."
		m.focus()
	case len(unmet) > 0:
		m.note = "It needs " + unmet[0] + "."
		m.focus()
	default:
		connection := ""
		if len(m.user.Identities) > 0 && m.user.Identities[0].Key != m.in.Key {
			connection = m.in.Connection.String() // of a linked identity it must be named
		}
		op := desk.SetPassword(m.tenant, m.user, connection, auth0client.NewSecret(m.input.Value()))
		return view.All{view.Back{}, view.Operate{Operation: op}}
	}
	return nil
}

// why says what keeps the operator from the change, if anything.
func (m *Model) why() string {
	if m.env.Can != nil && !m.env.Can(Permission) {
		return "You lack the permission " + Permission + "."
	}
	return ""
}

// Keys are the bindings of the moment.
func (m *Model) Keys() []view.Key {
	suggest := view.NewKey("ctrl+g", "suggest another", "ctrl+g")
	if m.typing {
		return []view.Key{view.NewKey("enter", "to the buttons", "enter", "tab"), suggest, view.NewKey("esc", "leave the field", "esc")}
	}
	goOn := view.NewKey("y", "go on", "y")
	goOn.Why = m.why()
	return []view.Key{goOn, suggest, view.NewKey("n", "cancel", "n", "esc"),
		view.NewKey("tab", "field and buttons", "tab", "shift+tab", "left", "right", "h", "l"), view.NewKey("enter", "press button", "enter")}
}
