package roleeditor

import (
	"context"
	"errors"
	"sync"
	"time"

	tea "charm.land/bubbletea/v2"

	"usher/auth0client"
	"usher/auth0client/desk"
	"usher/auth0client/parallel"
	"usher/ui/view"
)

// together is how many questions are asked at the same time.
const together = 6

// each does something for several, a few at a time, until the context ends, and gives the first error.
func each[T any](ctx context.Context, all []T, do func(T) error) error {
	next := make(chan T)
	errs := make(chan error, len(all)+1)
	var workers parallel.Group
	for range min(together, len(all)) {
		workers.Go(func() {
			defer func() { // whatever happens, nobody waits for a worker that is gone
				for range next {
				}
			}()
			for one := range next {
				if err := do(one); err != nil {
					errs <- err
				}
			}
		})
	}
	for _, one := range all {
		if ctx.Err() != nil || len(errs) > 0 {
			break
		}
		next <- one
	}
	close(next)
	workers.Wait()
	if ctx.Err() != nil {
		errs <- ctx.Err()
	}
	select {
	case err := <-errs:
		return err
	default:
		return nil
	}
}

type loaded struct {
	roles []auth0client.Role
	held  map[auth0client.UserID]roleSet
	may   desk.May
	err   error
}

func (m *Model) load() tea.Cmd {
	ctx, ticket := m.loader.Begin(m.env.Ctx)
	m.loading = true
	tenant, whose, users, id := m.tenant, m.whose, m.users, m.env.ID
	return func() tea.Msg {
		return view.Result{To: id, Ticket: ticket, Msg: read(ctx, tenant, whose, users)}
	}
}

// read asks for the tenant's roles, for what the operator may, and for the roles of each user.
func read(ctx context.Context, tenant Roles, whose desk.Whose, users []auth0client.User) loaded {
	out := loaded{held: map[auth0client.UserID]roleSet{}}
	var mu sync.Mutex
	ask := []func() error{
		func() (err error) { out.roles, err = tenant.Roles(ctx); return err },
		// What the gateway does not tell it decides all the same.
		func() error {
			if me, err := tenant.Me(ctx); err == nil {
				out.may = desk.MayOf(me)
			}
			return nil
		},
	}
	for _, u := range users {
		ask = append(ask, func() error {
			held, err := whose.Held(ctx, u.ID)
			mu.Lock()
			defer mu.Unlock()
			out.held[u.ID] = setOf(held)
			return err
		})
	}
	if err := each(ctx, ask, func(f func() error) error { return f() }); err != nil {
		return loaded{err: err}
	}
	return out
}

func setOf(roles []auth0client.RoleID) roleSet {
	set := make(roleSet, len(roles))
	for _, id := range roles {
		set[id] = true
	}
	return set
}

func (m *Model) took(msg loaded) (view.Action, tea.Cmd) {
	m.loading = false
	if msg.err != nil {
		if errors.Is(msg.err, context.Canceled) {
			return nil, nil
		}
		m.err = msg.err
		return view.SignInFor(msg.err), nil
	}
	m.err, m.held, m.may = nil, msg.held, msg.may
	m.setRows(msg.roles)
	if n := m.prune(); n > 0 {
		m.note = plural(n, "role") + " that you had marked no longer exist: nothing is changed for them."
		if n == 1 {
			m.note = "A role that you had marked no longer exists: nothing is changed for it."
		}
	}
	m.filter()
	m.backAt()
	if m.undo != nil {
		return m.takeBack()
	}
	if len(m.users) != 1 {
		return nil, nil
	}
	return nil, m.readThrough()
}

// cameThrough is by which other ways the single user has roles.
type cameThrough struct {
	by  map[auth0client.RoleID][]desk.Through
	err error
}

func (m *Model) readThrough() tea.Cmd {
	ctx, ticket := m.loader.Begin(m.env.Ctx)
	whose, user, id := m.whose, m.users[0].ID, m.env.ID
	return func() tea.Msg {
		all, err := whose.Through(auth0client.WithPriority(ctx, auth0client.PriorityPrefetch), user)
		out := cameThrough{by: map[auth0client.RoleID][]desk.Through{}}
		if !errors.Is(err, context.Canceled) {
			out.err = err
		}
		for _, t := range all {
			out.by[t.Role] = append(out.by[t.Role], t)
		}
		return view.Result{To: id, Ticket: ticket, Msg: out}
	}
}

// settle is how long the list must stay where it is before permissions are counted: whoever runs through a thousand
// roles does not ask about each.
const settle = 120 * time.Millisecond

// atATime is how many roles one count asks about, so that the first are seen early.
const atATime = 8

// counts is what roles allow, read for those in sight.
type counts struct {
	loader  view.Loader
	settle  time.Duration
	gives   desk.Gives
	failed  roleSet
	reading []auth0client.RoleID
}

// counted is what some roles allow.
type counted struct {
	gives  desk.Gives
	failed []auth0client.RoleID
}

// took keeps also what an interrupted count found.
func (c *counts) took(msg counted, ticket uint64) {
	for id, gives := range msg.gives {
		c.gives[id] = gives
	}
	if !c.loader.Current(ticket) {
		return
	}
	c.reading = nil
	for _, id := range msg.failed {
		if c.failed == nil {
			c.failed = roleSet{}
		}
		c.failed[id] = true
	}
}

// countShown reads what the roles in sight allow, if that is not known or asked already.
func (m *Model) countShown() tea.Cmd {
	if m.phase != choosing || !m.ready() {
		return nil
	}
	c := &m.counts
	var want []auth0client.RoleID
	for i := m.offset; i < min(m.offset+max(m.height, atATime), len(m.shown)) && len(want) < atATime; i++ {
		id := m.rows[m.shown[i]].role.ID
		if _, known := c.gives[id]; !known && !c.failed[id] {
			want = append(want, id)
		}
	}
	if len(want) == 0 || len(c.reading) > 0 && c.reading[0] == want[0] {
		return nil
	}
	ctx, ticket := c.loader.Begin(m.env.Ctx)
	c.reading = want
	tenant, id, wait := m.tenant, m.env.ID, c.settle
	return func() tea.Msg {
		if wait > 0 {
			timer := time.NewTimer(wait)
			defer timer.Stop()
			select {
			case <-ctx.Done():
				return nil
			case <-timer.C:
			}
		}
		return view.Result{To: id, Ticket: ticket, Msg: readGives(ctx, tenant, want)}
	}
}

// readGives asks what roles allow.
func readGives(ctx context.Context, tenant Roles, roles []auth0client.RoleID) counted {
	ctx = auth0client.WithPriority(ctx, auth0client.PriorityPrefetch)
	out := counted{gives: desk.Gives{}}
	var mu sync.Mutex
	_ = each(ctx, roles, func(id auth0client.RoleID) error {
		gives, err := tenant.RoleGives(ctx, id)
		mu.Lock()
		defer mu.Unlock()
		if err != nil {
			out.failed = append(out.failed, id)
			return nil
		}
		out.gives[id] = gives
		return nil
	})
	return out
}
