package approvals

import (
	"context"

	tea "charm.land/bubbletea/v2"

	"usher/auth0client"
	"usher/auth0client/desk"
	"usher/ui/fetch"
	"usher/ui/view"
)

// One is an approval with all of it. Build it with [NewOne].
type One struct {
	env    view.Env
	tenant Tenant
	a      auth0client.Approval // as it is known
	now    fetch.Part[[]auth0client.Approval]
	gone   bool // it concerns the operator no more
	scroll int
	height int // of the lines that scroll, as last drawn
	lines  int
}

var _ view.View = (*One)(nil)

// NewOne makes the screen with what is known already.
func NewOne(env view.Env, tenant Tenant, a auth0client.Approval) *One {
	return &One{env: env, tenant: tenant, a: a}
}

// Init reads nothing: what the list read a moment ago is shown.
func (o *One) Init() tea.Cmd { return nil }

// Title is the screen's part of the breadcrumb.
func (o *One) Title() string { return desk.Asked(o.a) }

// Typing reports that no field has the focus.
func (o *One) Typing() bool { return false }

// Close cancels the read.
func (o *One) Close() { o.now.Cancel() }

func (o *One) read() tea.Cmd {
	tenant := o.tenant
	return o.now.Fetch(o.env, func(ctx context.Context) ([]auth0client.Approval, error) { return tenant.Approvals(ctx) })
}

// Update takes keys and answers.
func (o *One) Update(msg tea.Msg) (view.Action, tea.Cmd) {
	switch msg := msg.(type) {
	case view.Result:
		action, taken := fetch.Take(o.env, msg)
		if !taken || o.now.Err() != nil {
			return action, nil
		}
		o.gone = true
		for _, a := range o.now.Value() {
			if a.ID == o.a.ID {
				o.a, o.gone = a, false
			}
		}
		return view.Approvals{All: o.now.Value()}, nil
	case view.ReloadMsg:
		return nil, o.read()
	case view.AlteredMsg:
		if msg.ID == o.a.ID {
			return nil, o.read()
		}
	case view.SignedInMsg:
		if view.SignInFor(o.now.Err()) != nil {
			return nil, o.read()
		}
	case tea.KeyPressMsg:
		return o.pressed(msg.String())
	}
	return nil, nil
}

func (o *One) pressed(k string) (view.Action, tea.Cmd) {
	page := max(1, o.height-1)
	switch k {
	case "esc":
		return view.Back{}, nil
	case "enter":
		if u, ok := desk.AskedUser(o.a); ok {
			return view.OpenUser{User: u}, nil
		}
	case "R":
		return nil, o.read()
	case "j", "down":
		o.scroll++
	case "k", "up":
		o.scroll--
	case "pgdown", "ctrl+d":
		o.scroll += page
	case "pgup", "ctrl+u":
		o.scroll -= page
	case "g", "home":
		o.scroll = 0
	case "G", "end":
		o.scroll = o.lines
	default:
		if !o.gone {
			return do(o.env, o.tenant, o.a, k), nil
		}
	}
	o.scroll = max(0, min(o.scroll, o.lines-o.height))
	return nil, nil
}

// Keys are the bindings of the moment.
func (o *One) Keys() []view.Key {
	var keys []view.Key
	if !o.gone {
		keys = keysOf(o.a)
	}
	if _, ok := desk.AskedUser(o.a); ok {
		keys = append(keys, view.NewKey("enter", "open user", "enter"))
	}
	return append(append(keys, moving()...), view.NewKey("esc", "back", "esc"))
}
