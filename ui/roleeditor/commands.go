package roleeditor

import (
	"context"
	"fmt"
	"maps"
	"time"

	tea "charm.land/bubbletea/v2"

	"usher/auth0client"
	"usher/ui/view"
)

// applyWithin bounds the whole change: it goes on when the screen is left, but not for ever.
const applyWithin = 5 * time.Minute

type loaded struct {
	roles []auth0client.Role
	held  map[auth0client.UserID]roleSet
	err   error
}

func (m *Model) load() tea.Cmd {
	ctx, ticket := m.loader.Begin(m.env.Ctx)
	m.loading = true
	roles, users, id := m.roles, m.users, m.env.ID
	return func() tea.Msg {
		return view.Result{To: id, Ticket: ticket, Msg: read(ctx, roles, users)}
	}
}

// read asks for the tenant's roles and, at the same time, for those of each user.
func read(ctx context.Context, roles Roles, users []auth0client.User) loaded {
	type answer struct {
		all []auth0client.Role
		err error
	}
	first := make(chan answer, 1)
	go func() {
		all, err := roles.Roles(ctx)
		first <- answer{all, err}
	}()
	out := loaded{held: map[auth0client.UserID]roleSet{}}
	for _, u := range users {
		held, err := holds(ctx, roles, u.ID)
		if err != nil {
			<-first
			return loaded{err: err}
		}
		out.held[u.ID] = held
	}
	a := <-first
	out.roles, out.err = a.all, a.err
	return out
}

func holds(ctx context.Context, roles Roles, id auth0client.UserID) (roleSet, error) {
	held, err := roles.UserRoles(ctx, id)
	if err != nil {
		return nil, err
	}
	set := make(roleSet, len(held))
	for _, r := range held {
		set[r.ID] = true
	}
	return set, nil
}

// outcome is what became of one user's change.
type outcome struct {
	change  change
	held    roleSet // as they are now, as far as known
	changed bool    // somebody else changed the roles meanwhile: nothing was sent
	waits   []error // parts that wait for a second operator
	err     error
}

// well reports that the change is made.
func (o outcome) well() bool { return o.err == nil && !o.changed && len(o.waits) == 0 }

// Applied is the message of a finished apply.
type Applied struct {
	outcomes []outcome
	users    int // how many were to be changed: a lost sign-in stops the change early
}

// Report tells the result to an operator who left the screen.
func (a Applied) Report() view.Action {
	var all view.All
	done, changed := 0, 0
	var failed, waits error
	for _, o := range a.outcomes {
		switch {
		case o.changed:
			changed++
		case o.err != nil:
			failed = o.err
			all = append(all, view.Touched{ID: o.change.user.ID})
		case len(o.waits) > 0:
			waits = o.waits[0]
			all = append(all, view.Touched{ID: o.change.user.ID})
		default:
			done++
			all = append(all, view.Touched{ID: o.change.user.ID})
		}
	}
	switch {
	case failed != nil:
		all = append(all, view.Fail{What: fmt.Sprintf("Change roles (%d of %d users done)", done, a.users), Err: failed})
	case waits != nil:
		all = append(all, view.Fail{What: fmt.Sprintf("Change roles (%d of %d users done)", done, a.users), Err: waits})
	case changed > 0 && done > 0:
		all = append(all, view.Notify{Level: view.Bad, Text: fmt.Sprintf(
			"Roles of %d of %d users changed; those of the others were changed by somebody else meanwhile and left alone.", done, a.users)})
	case changed > 0:
		all = append(all, view.Notify{Level: view.Bad, Text: "Roles were not changed: somebody else changed them meanwhile."})
	default:
		all = append(all, view.Notify{Level: view.Good, Text: summary(a.outcomes)})
	}
	return all
}

func summary(outcomes []outcome) string {
	add, remove := 0, 0
	for _, o := range outcomes {
		add += len(o.change.add)
		remove += len(o.change.remove)
	}
	who := fmt.Sprintf("%d users", len(outcomes))
	if len(outcomes) == 1 {
		who = outcomes[0].change.user.Label().String()
	}
	return fmt.Sprintf("Roles of %s changed: %d added, %d removed.", who, add, remove)
}

func (m *Model) apply(plan []change) tea.Cmd {
	m.phase = applying
	roles, id := m.roles, m.env.ID
	before := maps.Clone(m.held)
	ctx, cancel := context.WithTimeout(context.WithoutCancel(m.env.Ctx), applyWithin)
	ctx = m.reason.With()(ctx)
	return func() tea.Msg {
		defer cancel()
		var outcomes []outcome
		for _, c := range plan {
			o := applyOne(ctx, roles, c, before[c.user.ID])
			outcomes = append(outcomes, o)
			if view.Unsent(o.err) {
				break
			}
		}
		return view.Result{To: id, Write: true, Msg: Applied{outcomes: outcomes, users: len(plan)}}
	}
}

// applyOne changes one user in at most two requests. It reads their roles first: what somebody else changed meanwhile is
// shown and not overwritten. After a failure it reads them again, so that what is shown is what is true.
func applyOne(ctx context.Context, roles Roles, c change, before roleSet) outcome {
	o := outcome{change: c}
	now, err := holds(ctx, roles, c.user.ID)
	if err != nil {
		o.held, o.err = before, err
		return o
	}
	o.held = now
	if !maps.Equal(now, before) {
		o.changed = true
		return o
	}
	o.held = maps.Clone(now)
	send := func(want []auth0client.RoleID, call func(context.Context, auth0client.UserID, []auth0client.RoleID) error, then func(auth0client.RoleID)) {
		if len(want) == 0 || o.err != nil {
			return
		}
		switch err := call(ctx, c.user.ID, want); {
		case view.Waiting(err):
			o.waits = append(o.waits, err)
		case err != nil:
			o.err = err
		default:
			for _, id := range want {
				then(id)
			}
		}
	}
	send(c.add, roles.AssignRoles, func(id auth0client.RoleID) { o.held[id] = true })
	send(c.remove, roles.RemoveRoles, func(id auth0client.RoleID) { delete(o.held, id) })
	if o.err != nil && !view.Unsent(o.err) {
		if now, err := holds(ctx, roles, c.user.ID); err == nil {
			o.held = now
		}
	}
	return o
}

// applied takes the outcomes: all well leaves the screen, what was not sent comes back to be confirmed, anything else
// stays to be seen.
func (m *Model) applied(msg Applied) view.Action {
	m.results = msg.outcomes
	well, part := true, false
	var unsent error
	for _, o := range msg.outcomes {
		part = part || !o.changed && !maps.Equal(m.held[o.change.user.ID], o.held)
		m.held[o.change.user.ID] = o.held
		m.await(o)
		well = well && o.well()
		if view.Unsent(o.err) {
			unsent = o.err
		}
	}
	m.prune()
	report, _ := msg.Report().(view.All)
	m.phase = choosing
	if well {
		return append(report, view.Back{})
	}
	m.phase, m.onApply = finished, false
	var keep view.All
	for _, a := range report { // what went wrong stands on the screen
		if t, ok := a.(view.Touched); ok {
			keep = append(keep, t)
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

// await notes what waits for a second operator: it is not sent again.
func (m *Model) await(o outcome) {
	if len(o.waits) == 0 {
		return
	}
	set := m.waits[o.change.user.ID]
	if set == nil {
		set = roleSet{}
		m.waits[o.change.user.ID] = set
	}
	for _, id := range o.change.add {
		if !o.held[id] && o.err == nil {
			set[id] = true
		}
	}
	for _, id := range o.change.remove {
		if o.held[id] && o.err == nil {
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
