// Package linking is the form that makes another user an identity of this one: it finds the other by id or email, shows both
// side by side with what is lost, and then asks as for any change.
package linking

import (
	"context"
	"errors"
	"strings"

	"charm.land/bubbles/v2/textinput"
	tea "charm.land/bubbletea/v2"

	"usher/auth0client"
	"usher/auth0client/desk"
	"usher/auth0client/term"
	"usher/ui/view"
	"usher/ui/widget"
)

// Directory is what the form needs of a tenant.
type Directory interface {
	User(ctx context.Context, id auth0client.UserID) (auth0client.User, error)
	UsersByEmail(ctx context.Context, email string) ([]auth0client.User, error)
	desk.Records
}

type phase int

const (
	typing phase = iota
	looking
	choosing // several users have the email
	comparing
)

// Model is the form. Build it with [New].
type Model struct {
	env    view.Env
	tenant Directory
	user   auth0client.User

	loader view.Loader
	phase  phase
	input  textinput.Model
	asked  string // what was looked for
	found  []auth0client.User
	cursor int
	err    error
	note   string
	scroll int
}

var _ view.View = (*Model)(nil)

// New makes the form for user, who stays.
func New(env view.Env, tenant Directory, user auth0client.User) *Model {
	m := &Model{env: env, tenant: tenant, user: user, input: widget.NewInput("Id or email: ")}
	m.input.Focus()
	return m
}

// Init does nothing: the operator types first.
func (m *Model) Init() tea.Cmd { return nil }

// Title is the dialog's part of the breadcrumb.
func (m *Model) Title() string { return "Link identity" }

// Typing reports that the field has the focus.
func (m *Model) Typing() bool { return m.phase == typing }

// Unsaved reports that an id or email is typed.
func (m *Model) Unsaved() bool { return m.phase == typing && m.input.Value() != "" }

// Close cancels the search.
func (m *Model) Close() { m.loader.Cancel() }

// Update takes keys and what was found.
func (m *Model) Update(msg tea.Msg) (view.Action, tea.Cmd) {
	switch msg := msg.(type) {
	case view.Result:
		if f, ok := msg.Msg.(usersFound); ok && msg.To == m.env.ID && m.loader.Current(msg.Ticket) && m.phase == looking {
			return m.answered(f), nil
		}
	case view.UserChangedMsg:
		if msg.User.ID == m.user.ID {
			m.user = msg.User
		}
	case tea.PasteMsg:
		if m.phase == typing {
			m.input, _ = m.input.Update(tea.PasteMsg{Content: term.Line(strings.Join(strings.Fields(msg.Content), " ")).String()})
		}
	case tea.KeyPressMsg:
		return m.pressed(msg)
	}
	return nil, nil
}

type usersFound struct {
	users []auth0client.User
	err   error
}

// look finds the other user by what was typed: an id has a bar in it.
func (m *Model) look() tea.Cmd {
	m.asked = strings.TrimSpace(m.input.Value())
	if m.asked == "" {
		m.note = "Type the other user's id or email."
		return nil
	}
	m.phase, m.err = looking, nil
	m.input.Blur()
	ctx, ticket := m.loader.Begin(m.env.Ctx)
	tenant, to, asked := m.tenant, m.env.ID, m.asked
	return func() tea.Msg {
		users, err := lookUp(ctx, tenant, asked)
		return view.Result{To: to, Ticket: ticket, Msg: usersFound{users, err}}
	}
}

func lookUp(ctx context.Context, tenant Directory, asked string) ([]auth0client.User, error) {
	if strings.Contains(asked, "|") {
		u, err := tenant.User(ctx, auth0client.UserID(asked))
		if err != nil {
			return nil, err
		}
		return []auth0client.User{u}, nil
	}
	users, err := tenant.UsersByEmail(ctx, asked)
	if lower := strings.ToLower(asked); err == nil && len(users) == 0 && lower != asked {
		return tenant.UsersByEmail(ctx, lower)
	}
	return users, err
}

func (m *Model) answered(f usersFound) view.Action {
	var others []auth0client.User
	for _, u := range f.users {
		if u.ID != m.user.ID {
			others = append(others, u)
		}
	}
	m.found, m.cursor, m.scroll = others, 0, 0
	switch {
	case errors.Is(f.err, context.Canceled):
	case errors.As(f.err, new(*auth0client.NotFound)):
		m.again("Nobody has that id.")
	case f.err != nil:
		m.err = f.err
		m.again("")
		return view.SignInFor(f.err)
	case len(others) == 0 && len(f.users) > 0:
		m.again("That is this user.")
	case len(others) == 0:
		m.again("Nobody has that email.")
	case len(others) == 1:
		m.phase = comparing
	default:
		m.phase = choosing
	}
	return nil
}

// again goes back to the field, with what was typed in it.
func (m *Model) again(note string) {
	m.phase, m.note = typing, note
	m.input.Focus()
}

func (m *Model) pressed(msg tea.KeyPressMsg) (view.Action, tea.Cmd) {
	k := msg.String()
	m.note = ""
	switch m.phase {
	case typing:
		switch k {
		case "esc":
			return view.Back{}, nil
		case "enter":
			return nil, m.look()
		}
		m.input, _ = m.input.Update(msg)
	case looking:
		if k == "esc" || k == "n" {
			m.loader.Cancel()
			m.again("")
		}
	case choosing:
		m.choose(k)
	case comparing:
		return m.compare(k), nil
	}
	return nil, nil
}

func (m *Model) choose(k string) {
	switch k {
	case "esc", "n":
		m.again("")
	case "down", "j", "tab":
		m.cursor = min(m.cursor+1, len(m.found)-1)
	case "up", "k", "shift+tab":
		m.cursor = max(m.cursor-1, 0)
	case "enter":
		m.phase, m.scroll = comparing, 0
	}
}

func (m *Model) compare(k string) view.Action {
	switch k {
	case "esc", "n":
		if len(m.found) > 1 {
			m.phase = choosing
		} else {
			m.again("")
		}
	case "down", "j":
		m.scroll++
	case "up", "k":
		m.scroll = max(0, m.scroll-1)
	case "enter", "y":
		return view.All{view.Back{}, view.Operate{Operation: desk.Link(m.tenant, m.user, m.found[m.cursor])}}
	}
	return nil
}

// Keys are the bindings of the moment.
func (m *Model) Keys() []view.Key {
	back := view.NewKey("n", "another one", "n", "esc")
	switch m.phase {
	case typing:
		return []view.Key{view.NewKey("enter", "look", "enter"), view.NewKey("esc", "cancel", "esc")}
	case choosing:
		return []view.Key{view.NewKey("enter", "this one", "enter"), view.NewKey("j/k", "move", "j", "k", "down", "up", "tab", "shift+tab"), back}
	case comparing:
		return []view.Key{view.NewKey("y", "go on", "y", "enter"), view.NewKey("j/k", "scroll", "j", "k", "down", "up"), back}
	case looking:
	}
	return []view.Key{view.NewKey("esc", "cancel", "esc", "n")}
}
