package ui

import (
	"fmt"
	"time"

	tea "charm.land/bubbletea/v2"

	"usher/auth0client"
	"usher/ui/view"
)

// lookForApprovals is how often the approvals are asked for while keys are pressed. Nobody asks while nobody is there.
const lookForApprovals = time.Minute

// waiting is what is known of approvals that wait for the operator.
type waiting struct {
	asked   bool // the first question was answered
	concern bool // the policies name the operator, or ask for a second one for what they do
	looking bool
	at      time.Time       // of the last look
	decide  int             // for the operator to decide
	take    int             // for the operator to take
	ids     map[string]bool // of both
}

// hint is what the header says of them.
func (w waiting) hint() string {
	switch {
	case w.decide > 0 && w.take > 0:
		return fmt.Sprintf("approvals: %d to decide, %d to take", w.decide, w.take)
	case w.decide > 0:
		return fmt.Sprintf("approvals: %d to decide", w.decide)
	case w.take > 0:
		return fmt.Sprintf("approvals: %d to take", w.take)
	}
	return ""
}

type approvalsLooked struct {
	operator auth0client.UserID
	concern  bool
	all      []auth0client.Approval
	err      error
}

// look asks for the approvals, in the name of who is signed in now; the first time only when the operator's policies say that
// approvals concern them.
func (a *App) look(first bool) tea.Cmd {
	if a.operator.ID == "" || a.approvals.looking {
		return nil
	}
	a.approvals.looking = true
	ctx, backend, op := auth0client.WithOperator(a.ctx, a.operator.ID), a.o.Backend, a.operator.ID
	ctx = auth0client.WithPriority(ctx, auth0client.PriorityPrefetch)
	return func() tea.Msg {
		if first {
			me, err := backend.Me(ctx)
			if err != nil || !me.Approves && len(me.Approvals) == 0 {
				return approvalsLooked{operator: op, err: err}
			}
		}
		all, err := backend.Approvals(ctx)
		return approvalsLooked{op, true, all, err}
	}
}

// lookAgain asks anew with a key that is pressed a while after the last look.
func (a *App) lookAgain(late bool) tea.Cmd {
	w := a.approvals
	if w.asked && !w.concern || late || a.login != nil || a.lock.covered() || a.o.Now().Sub(w.at) < lookForApprovals {
		return nil
	}
	return a.look(!w.asked)
}

// approvalsCame takes the answer. When it failed nothing is said: this was asked for by nobody, and the screen says it.
func (a *App) approvalsCame(msg approvalsLooked) tea.Cmd {
	if msg.operator != a.operator.ID {
		return nil
	}
	w := &a.approvals
	w.looking, w.at, w.asked, w.concern = false, a.o.Now(), w.asked || msg.err == nil, w.concern || msg.concern
	if msg.err != nil || !msg.concern {
		return nil
	}
	return a.count(msg.all)
}

// count notes what waits, and tells when it has become more.
func (a *App) count(all []auth0client.Approval) tea.Cmd {
	before := a.approvals
	w := &a.approvals
	w.at, w.decide, w.take, w.ids = a.o.Now(), 0, 0, map[string]bool{}
	news := false
	for _, one := range all {
		switch {
		case one.MayDecide:
			w.decide++
		case one.MayTake:
			w.take++
		default:
			continue
		}
		w.ids[one.ID] = true
		news = news || !before.ids[one.ID]
	}
	if !news || a.watching() {
		return nil
	}
	return a.notify(view.Info, w.words()+" See Approvals (:).")
}

func (w waiting) words() string {
	many := func(n int, one, more string) string {
		if n == 1 {
			return "1 " + one
		}
		return fmt.Sprintf("%d %s", n, more)
	}
	switch {
	case w.decide > 0 && w.take > 0:
		return many(w.decide, "change waits", "changes wait") + " for you to decide, and " + fmt.Sprint(w.take) + " for you to take."
	case w.decide > 0:
		return many(w.decide, "change waits", "changes wait") + " for you to decide."
	}
	return many(w.take, "change of yours was agreed to: take it.", "changes of yours were agreed to: take them.")
}

// watching reports that the screen of approvals is in view, which says it itself.
func (a *App) watching() bool {
	if len(a.stack) == 0 {
		return false
	}
	switch a.stack[len(a.stack)-1].did.(type) {
	case view.OpenApprovals, view.OpenApproval:
		return true
	}
	return false
}
