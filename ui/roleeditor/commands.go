package roleeditor

import (
	"context"
	"errors"
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
	err     error
}

// Applied is the message of a finished apply.
type Applied struct {
	outcomes []outcome
	users    int // how many were to be changed: a lost sign-in stops the change early
}

// Report tells the result to an operator who left the screen.
func (a Applied) Report() view.Action {
	var all view.All
	done, changed := 0, 0
	var failed error
	for _, o := range a.outcomes {
		switch {
		case o.changed:
			changed++
		case o.err != nil:
			failed = o.err
			all = append(all, view.Touched{ID: o.change.user.ID})
		default:
			done++
			all = append(all, view.Touched{ID: o.change.user.ID})
		}
	}
	switch {
	case failed != nil:
		all = append(all, view.Fail{What: fmt.Sprintf("Change roles (%d of %d users done)", done, a.users), Err: failed})
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
	return func() tea.Msg {
		defer cancel()
		var outcomes []outcome
		for _, c := range plan {
			o := applyOne(ctx, roles, c, before[c.user.ID])
			outcomes = append(outcomes, o)
			if errors.As(o.err, new(*auth0client.Unauthorized)) {
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
	if len(c.add) > 0 {
		o.err = roles.AssignRoles(ctx, c.user.ID, c.add)
	}
	if o.err == nil && len(c.remove) > 0 {
		o.err = roles.RemoveRoles(ctx, c.user.ID, c.remove)
	}
	if o.err != nil {
		if now, err := holds(ctx, roles, c.user.ID); err == nil {
			o.held = now
		}
		return o
	}
	o.held = maps.Clone(now)
	for _, id := range c.add {
		o.held[id] = true
	}
	for _, id := range c.remove {
		delete(o.held, id)
	}
	return o
}

// applied takes the outcomes: all well leaves the screen, anything else stays to be seen.
func (m *Model) applied(msg Applied) view.Action {
	m.results = msg.outcomes
	well := true
	for _, o := range msg.outcomes {
		m.held[o.change.user.ID] = o.held
		well = well && o.err == nil && !o.changed
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
	for _, o := range msg.outcomes {
		if errors.As(o.err, new(*auth0client.Unauthorized)) {
			keep = append(keep, view.RequireLogin{})
		}
	}
	return keep
}
