package roleeditor

import (
	"context"
	"fmt"
	"slices"
	"time"

	tea "charm.land/bubbletea/v2"

	"usher/auth0client"
	"usher/auth0client/desk"
	"usher/ui/view"
)

// applyWithin bounds the whole change, and perUser what each user adds to it: it goes on when the screen is left, but not
// for ever, and not when the session has ended.
const (
	applyWithin = 5 * time.Minute
	perUser     = 10 * time.Second
)

// refresh is how often the screen looks how far a change of several users is.
const refresh = 250 * time.Millisecond

type tick struct{}

func (m *Model) later() tea.Cmd {
	return view.After(m.env.Ctx, refresh, view.Result{To: m.env.ID, Msg: tick{}})
}

// Applied is the message of a finished apply.
type Applied struct {
	outcomes []desk.RoleOutcome
	undo     func([]desk.RoleChange) view.Action
	where    string
	undoes   bool // it took an earlier change back
	cut      bool // the session ended meanwhile
}

// Report tells the result to an operator who left the screen.
func (a Applied) Report() view.Action {
	var all view.All
	var failed, waits error
	done, changed, stopped := 0, 0, 0
	for _, o := range a.outcomes {
		switch {
		case o.Changed:
			changed++
		case o.State == desk.Stopped:
			stopped++
		case o.Err != nil:
			failed = o.Err
		case len(o.Waits) > 0:
			waits = o.Waits[0]
		default:
			done++
		}
		if !o.Changed && o.State != desk.Stopped {
			all = append(all, view.Touched{ID: o.Change.User.ID})
		}
	}
	users := len(a.outcomes)
	part := view.Notify{Level: view.Bad}
	switch {
	case failed != nil:
		return a.with(append(all, view.Fail{What: fmt.Sprintf("Change roles (%d of %d users done)", done, users), Err: failed}))
	case waits != nil:
		return a.with(append(all, view.Fail{What: fmt.Sprintf("Change roles (%d of %d users done)", done, users), Err: waits}))
	case stopped > 0 && a.cut:
		part.Text = fmt.Sprintf("The line was lost: roles of %d of %d users changed, the rest was not begun.", done, users)
	case stopped > 0:
		part.Text = fmt.Sprintf("Stopped: roles of %d of %d users changed.", done, users)
	case changed > 0 && done > 0:
		part.Text = fmt.Sprintf("Roles of %d of %d users changed; those of the others were changed by somebody else meanwhile and left alone.", done, users)
	case changed > 0:
		part.Text = "Roles were not changed: somebody else changed them meanwhile."
	default:
		part = view.Notify{Level: view.Good, Text: a.summary()}
	}
	return a.with(append(all, part))
}

// with adds how to take back what was done.
func (a Applied) with(all view.All) view.Action {
	var back []desk.RoleChange
	for _, o := range a.outcomes {
		if c := o.Change.Inverse(o.Held); o.Well() {
			back = append(back, c)
		}
	}
	if len(back) > 0 && a.undo != nil {
		all = append(all, view.Undoable{What: "the change of roles", Undo: a.undo(back)})
	}
	return all
}

func (a Applied) summary() string {
	add, remove := 0, 0
	for _, o := range a.outcomes {
		add += len(o.Change.Add)
		remove += len(o.Change.Remove)
	}
	who := fmt.Sprintf("%d users", len(a.outcomes))
	if len(a.outcomes) == 1 {
		who = a.outcomes[0].Change.User.Label().String()
	}
	again := "u takes it back."
	if a.undoes {
		again = "u makes it again."
	}
	return fmt.Sprintf("Roles of %s%s changed: %d added, %d removed. %s", who, a.where, add, remove, again)
}

// undoFor is the wish that takes changes of these roles back.
func (m *Model) undoFor() func([]desk.RoleChange) view.Action {
	whose := m.whose
	return func(changes []desk.RoleChange) view.Action { return view.UndoRoles{Whose: whose, Changes: changes} }
}

func (m *Model) apply(plan []desk.RoleChange) tea.Cmd {
	m.phase, m.began, m.stopped = applying, m.env.Now(), false
	m.run = desk.NewRoleRun(m.whose, plan)
	within := applyWithin + time.Duration(len(plan))*perUser
	ctx, cancel := context.WithTimeout(context.WithoutCancel(m.env.Ctx), within)
	ctx = m.reason.With()(ctx)
	session := m.env.Ctx
	if len(plan) > 1 {
		m.run.EndWith(session)
	}
	run, id, out := m.run, m.env.ID, Applied{undo: m.undoFor(), where: m.whose.Where(), undoes: m.undo != nil}
	work := func() tea.Msg {
		defer cancel()
		run.Run(ctx)
		out.outcomes, out.cut = run.Outcomes(), session.Err() != nil
		return view.Result{To: id, Write: true, Msg: out}
	}
	if len(plan) == 1 { // it has no more than two steps: nothing to look at in between
		return work
	}
	return tea.Batch(work, m.later())
}

// applied takes the outcomes: all well leaves the screen, what was not sent comes back to be confirmed, anything else
// stays to be seen.
func (m *Model) applied(msg Applied) view.Action {
	m.results = msg.outcomes
	well, part := true, false
	var unsent error
	for _, o := range msg.outcomes {
		id := o.Change.User.ID
		part = part || o.Well()
		m.held[id] = setOf(o.Held)
		m.await(o)
		well = well && o.Well()
		if view.Unsent(o.Err) {
			unsent = o.Err
		}
	}
	m.prune()
	m.undoLeft(msg.outcomes)
	report, _ := msg.Report().(view.All)
	m.phase = choosing
	if well {
		return append(report, view.Back{})
	}
	m.phase, m.onApply = finished, false
	var keep view.All
	for _, a := range report { // what went wrong stands on the screen
		switch a.(type) {
		case view.Touched, view.Undoable:
			keep = append(keep, a)
		}
	}
	if unsent != nil {
		m.pending(unsent, part)
	}
	if wish := view.SignInFor(unsent); wish != nil {
		keep = append(keep, wish)
	}
	return keep
}

// undoLeft keeps of what is taken back only what is not yet.
func (m *Model) undoLeft(outcomes []desk.RoleOutcome) {
	if m.undo == nil {
		return
	}
	m.undo = m.undo[:0:0]
	for _, o := range outcomes {
		if !o.Well() && !o.Changed && len(o.Waits) == 0 {
			c := o.Change
			c.Add = slices.DeleteFunc(slices.Clone(c.Add), func(id auth0client.RoleID) bool { return slices.Contains(o.Held, id) })
			c.Remove = slices.DeleteFunc(slices.Clone(c.Remove), func(id auth0client.RoleID) bool { return !slices.Contains(o.Held, id) })
			c.Held = o.Held
			m.undo = append(m.undo, c)
		}
	}
}

// takeBack begins an undo: what was changed since is left alone, the rest is reviewed.
func (m *Model) takeBack() (view.Action, tea.Cmd) {
	m.results = nil
	var left []desk.RoleChange
	for _, c := range m.undo {
		now := m.held[c.User.ID]
		same := len(now) == len(setOf(c.Held)) && !slices.ContainsFunc(c.Held, func(id auth0client.RoleID) bool { return !now[id] })
		if !same {
			m.results = append(m.results, desk.RoleOutcome{Change: c, State: desk.Failed, Changed: true})
			continue
		}
		left = append(left, c)
	}
	m.undo = append([]desk.RoleChange{}, left...)
	if len(left) == 0 {
		m.phase = finished
		return nil, nil
	}
	cmd := m.review()
	if n := len(m.results); n > 0 && m.phase == reviewing {
		m.note = fmt.Sprintf("The roles of %s were changed since: they are left alone.", plural(n, "user"))
	}
	if m.phase != reviewing {
		m.phase = finished
	}
	return nil, cmd
}

// await notes what waits for a second operator: it is not sent again.
func (m *Model) await(o desk.RoleOutcome) {
	if len(o.Waits) == 0 {
		return
	}
	set := m.waits[o.Change.User.ID]
	if set == nil {
		set = roleSet{}
		m.waits[o.Change.User.ID] = set
	}
	for _, id := range o.Change.Add {
		if !slices.Contains(o.Held, id) && o.Err == nil {
			set[id] = true
		}
	}
	for _, id := range o.Change.Remove {
		if slices.Contains(o.Held, id) && o.Err == nil {
			set[id] = true
		}
	}
}

// pending brings the review back for what was not sent, as it was staged.
func (m *Model) pending(err error, part bool) {
	m.phase, m.results, m.top = reviewing, nil, 0
	m.note = view.NotSent
	if part {
		m.note = "A part is done. The rest, shown here, was not sent: confirm it again."
	}
	if view.ReasonMissing(err) {
		m.note = "This action wants a reason. Type it, then confirm again."
		m.reason.Demand()
	}
}
