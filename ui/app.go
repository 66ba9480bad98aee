// Package ui is the console: the root model with its sign-in gate, open views, dialogs, notices and keys. It does no I/O;
// it names what it needs in [Options].
package ui

import (
	"context"
	"crypto/rand"
	"slices"
	"time"

	tea "charm.land/bubbletea/v2"

	"usher/auth0client"
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
	loginFor  login.Purpose
	back      grace // since what lay under a sign-in or the lock's cover is in view again
	operator  login.Operator
	began     time.Time // when the operator's session began
	lock      lock
	reasons   view.Reasons
	stack     []open
	dialogs   []open
	toasts    toast.Queue
	approvals waiting
	undo      view.Undoable // the last change that can be taken back
	palette   *palette
	help      bool
	helpTop   int         // the first key in sight
	rights    bool        // shows what the operator may do
	leaving   bool        // asks whether to quit although something would be lost
	offer     *offer      // asks whether to go back to where a lost connection was; nil mostly
	acting    view.Action // being carried out: what is opened by it remembers it
	kept      any         // what is opened takes up; nil mostly
	after     *aftermath
	earlier   []*aftermath       // of lost connections, with changes that have not ended
	away      map[view.ID]string // views that were closed before their change answered, by title
	unseen    []outcome          // came after the last key: nobody knows whether they were seen
	last      view.ID
	waitUntil time.Time // requests are held back until then
	asked     time.Time // when the terminal was asked for its background
}

var _ tea.Model = (*App)(nil)

// New makes the console of one session, which ends with ctx.
func New(ctx context.Context, o Options) *App {
	if o.Random == nil {
		o.Random = rand.Reader
	}
	a := &App{ctx: ctx, o: o, th: &theme.Theme{}, after: newAftermath(o.Now)}
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
	cmd := a.askSignIn(wish{purpose: login.Begin}, grace{})
	if a.o.Dark == nil {
		a.asked = a.o.Now()
		return tea.Batch(tea.RequestBackgroundColor, cmd)
	}
	return cmd
}

func (a *App) can(permission string) bool { return slices.Contains(a.operator.Permissions, permission) }

func (a *App) env() view.Env {
	// What a view sends is sent in the name of who opened it, or not at all.
	return view.Env{
		ID: a.nextID(), Ctx: auth0client.WithOperator(a.ctx, a.operator.ID), Theme: a.th, Now: a.o.Now, Can: a.can, OperatorID: a.operator.ID, Reasons: &a.reasons,
	}
}

func (a *App) nextID() view.ID {
	a.last++
	return a.last
}
