package ui

import (
	"time"

	tea "charm.land/bubbletea/v2"

	"usher/auth0client/term"
	"usher/ui/login"
	"usher/ui/view"
)

// wish is a sign-in that something asks for.
type wish struct {
	purpose login.Purpose
	ask     login.Ask
}

// clockSkew is how far this machine's clock and the tenant's may differ when a sign-in's age is looked at.
const clockSkew = 30 * time.Second

// askSignIn brings the sign-in screen over the current one, which stays as it is. While the console is locked it waits:
// nobody is there to approve a code.
func (a *App) askSignIn(w wish, by grace) tea.Cmd {
	switch {
	case a.lock.covered():
		if a.lock.owed == nil || w.purpose != login.ForFresh {
			a.lock.owed = &w
		}
		return nil
	case a.login != nil && (a.loginFor != login.ForFresh || w.purpose == login.ForFresh):
		return nil
	case a.login != nil: // the session ended while a fresh sign-in was asked for: that cannot be left any more
		a.login.Close()
	}
	a.loginID, a.loginBy, a.loginFor = a.nextID(), by, w.purpose
	a.login = login.New(login.Options{
		ID: a.loginID, Ctx: a.ctx, SignIn: a.o.SignIn, Approve: a.o.Approve, AutoApprove: a.o.AutoApprove,
		OpenBrowser: a.o.OpenBrowser, Theme: a.th, Now: a.o.Now, QR: !a.o.ASCII && !a.o.SlowLine, NoColor: a.o.NoColor,
		Purpose: w.purpose, Ask: w.ask, Limit: a.o.SessionLimit, Refuse: a.refusal(w),
	})
	return a.login.Init()
}

// refusal says why somebody who signed in, or whose sign-in was kept, must do so again.
func (a *App) refusal(w wish) func(login.Operator) string {
	asked := a.o.Now()
	return func(op login.Operator) string {
		if op.AuthTime.IsZero() {
			return "" // not known here; the gateway decides
		}
		age := a.o.Now().Sub(op.AuthTime)
		switch {
		case w.purpose == login.Begin && a.o.SessionLimit > 0 && age >= a.o.SessionLimit:
			return "Your session of " + view.Span(a.o.SessionLimit) + " is over: sign in again."
		case w.purpose != login.ForFresh:
			return ""
		case w.ask.MaxAge > 0 && age > w.ask.MaxAge+clockSkew, w.ask.MaxAge <= 0 && op.AuthTime.Before(asked.Add(-clockSkew)):
			return "Your browser had you signed in since " + op.AuthTime.Format("15:04") + ", which is too long ago for this action."
		}
		return ""
	}
}

// signInDropped goes back without the fresh sign-in that was asked for.
func (a *App) signInDropped() tea.Cmd {
	a.login.Close()
	a.login = nil
	a.hold()
	return a.watch()
}

// signedIn returns to where the operator was; another operator begins anew.
func (a *App) signedIn(op login.Operator) tea.Cmd {
	began := a.o.Now()
	if a.login.Resumed() && !op.AuthTime.IsZero() {
		began = op.AuthTime
	}
	a.login.Close()
	before := a.operator
	a.login, a.operator, a.began, a.lock.last = nil, op, began, a.o.Now()
	if before.ID == op.ID && len(a.stack) > 0 {
		a.hold()
		return tea.Batch(a.tellAll(view.SignedInMsg{}), a.watch())
	}
	var said tea.Cmd
	if len(a.stack) > 0 {
		said = a.notify(view.Bad, "New operator: what was open or not sent is dropped.")
	}
	for _, n := range a.o.Notices {
		said = tea.Batch(said, a.notify(view.Bad, n))
	}
	a.o.Notices = nil
	cmd := a.anew()
	return tea.Batch(said, cmd, a.offered(op), a.watch(), a.look(true))
}

// anew closes all that is open and begins with the list of users.
func (a *App) anew() tea.Cmd {
	for _, w := range a.all() {
		a.leave(w)
	}
	a.stack, a.dialogs, a.palette, a.help, a.rights, a.offer = nil, nil, nil, false, false, nil
	a.reasons.Forget()
	a.approvals = waiting{}
	a.undo, a.unseen, a.earlier = view.Undoable{}, nil, nil
	env := a.env()
	v := a.usersView(env)
	a.stack = append(a.stack, open{id: env.ID, v: v})
	if s, ok := v.(searcher); ok && a.o.Query != "" {
		return s.Search(a.o.Query)
	}
	return v.Init()
}

// hold keeps keys in flight from what comes into view by itself.
func (a *App) hold() { a.back = grace{opened: a.o.Now()} }

// who names an operator.
func who(op login.Operator) string {
	if op.Email != "" {
		return term.Line(op.Email).String()
	}
	return term.Line(string(op.ID)).String()
}
