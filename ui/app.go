// Package ui is the console: the root model with its sign-in gate, open views, dialogs, notices and keys. It does no I/O;
// it names what it needs in [Options].
package ui

import (
	"context"
	"slices"
	"time"

	tea "charm.land/bubbletea/v2"

	"usher/ui/login"
	"usher/ui/theme"
	"usher/ui/toast"
	"usher/ui/view"
)

// App is the root model. Build it with [New].
type App struct {
	ctx       context.Context //nolint:containedctx // the session's, handed to every view
	o         Options
	th        *theme.Theme
	size      view.Size
	login     *login.Model // nil while signed in; covers all else
	loginID   view.ID
	loginBy   grace
	operator  login.Operator
	stack     []open
	dialogs   []open
	toasts    toast.Queue
	palette   *palette
	help      bool
	leaving   bool // asks whether to quit although a change is under way
	last      view.ID
	waitUntil time.Time // requests are held back until then
	asked     time.Time // when the terminal was asked for its background
}

var _ tea.Model = (*App)(nil)

// New makes the console of one session, which ends with ctx.
func New(ctx context.Context, o Options) *App {
	a := &App{ctx: ctx, o: o, th: &theme.Theme{}}
	a.paint(o.Dark == nil || *o.Dark)
	return a
}

// slowAnswer is how late a terminal's answer to the first question may come before its line counts as slow.
const slowAnswer = 200 * time.Millisecond

// paint sets the colours, with as few bytes as possible on a slow line.
func (a *App) paint(dark bool) {
	*a.th = theme.New(dark, a.o.ASCII)
	if a.o.SlowLine {
		*a.th = a.th.Spare()
	}
}

// Init begins with the sign-in: nothing of the tenant is read before.
func (a *App) Init() tea.Cmd {
	cmd := a.askSignIn(grace{})
	if a.o.Dark == nil {
		a.asked = a.o.Now()
		return tea.Batch(tea.RequestBackgroundColor, cmd)
	}
	return cmd
}

func (a *App) askSignIn(by grace) tea.Cmd {
	if a.login != nil {
		return nil
	}
	a.loginID, a.loginBy = a.nextID(), by
	a.palette, a.help = nil, false
	a.login = login.New(login.Options{
		ID: a.loginID, Ctx: a.ctx, SignIn: a.o.SignIn, Approve: a.o.Approve, AutoApprove: a.o.AutoApprove,
		OpenBrowser: a.o.OpenBrowser, Theme: a.th, Now: a.o.Now, QR: !a.o.ASCII && !a.o.NoColor && !a.o.SlowLine,
		Again: len(a.stack) > 0,
	})
	return a.login.Init()
}

// signedIn returns to where the operator was; another operator begins anew.
func (a *App) signedIn(op login.Operator) tea.Cmd {
	a.login.Close()
	same := a.operator.ID == op.ID
	a.login, a.operator = nil, op
	if same && len(a.stack) > 0 {
		_, cmd := a.tell(a.top(), view.ReloadMsg{})
		return cmd
	}
	for _, w := range a.all() {
		w.v.Close()
	}
	a.stack, a.dialogs = nil, nil
	env := a.env()
	v := a.usersView(env)
	a.stack = append(a.stack, open{id: env.ID, v: v})
	if s, ok := v.(searcher); ok && a.o.Query != "" {
		return s.Search(a.o.Query)
	}
	return v.Init()
}

func (a *App) can(permission string) bool { return slices.Contains(a.operator.Permissions, permission) }

func (a *App) env() view.Env {
	return view.Env{ID: a.nextID(), Ctx: a.ctx, Theme: a.th, Now: a.o.Now, Can: a.can, OperatorID: a.operator.ID}
}

func (a *App) nextID() view.ID {
	a.last++
	return a.last
}
