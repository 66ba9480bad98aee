package access

import (
	"cmp"
	"context"
	"errors"
	"slices"

	tea "charm.land/bubbletea/v2"

	"usher/auth0client"
	"usher/auth0client/desk"
	"usher/ui/fetch"
	"usher/ui/view"
	"usher/ui/widget"
)

// why is the answer to why they have a permission, while it is open.
type why struct {
	grant desk.Grant
	ways  fetch.Part[[]desk.Way]
	place widget.Place
}

func (m *Model) openWhy(g desk.Grant) tea.Cmd {
	m.shut()
	w := &why{grant: g}
	m.why = w
	tenant, id, roles := m.tenant, m.user.ID, m.access.Value().Roles
	return w.ways.Fetch(m.env, func(ctx context.Context) ([]desk.Way, error) { return desk.Why(ctx, tenant, id, g, roles) })
}

// search looks for what would give a permission: Auth0 does not tell which roles do, so each is asked once.
type search struct {
	permission auth0client.Permission
	roles      fetch.Part[candidates]
	begun      bool
	loader     view.Loader
	ctx        context.Context //nolint:containedctx // of the questions under way; the loader cancels it
	ticket     uint64
	next       int // the role that is asked next
	asked      int // roles that answered, or need not be asked
	under      int // questions under way
	found      []candidate
	err        error
	stopped    bool
	place      widget.Place
}

// candidate is a role and why the operator may not give it; empty when they may.
type candidate struct {
	role auth0client.Role
	why  string
}

type candidates struct {
	roles []candidate
	may   desk.May
}

// atOnce is how many roles are asked together.
const atOnce = 4

func (m *Model) openSearch(p auth0client.Permission) tea.Cmd {
	m.shut()
	s := &search{permission: p}
	m.search = s
	tenant := m.tenant
	return s.roles.Fetch(m.env, func(ctx context.Context) (candidates, error) {
		roles, err := tenant.Roles(ctx)
		if err != nil {
			return candidates{}, err
		}
		out := candidates{roles: make([]candidate, len(roles))}
		switch me, err := tenant.Me(ctx); {
		case errors.Is(err, context.Canceled), view.SignInFor(err) != nil:
			return candidates{}, err
		case err == nil:
			out.may = desk.MayOf(me)
		}
		for i, r := range roles {
			out.roles[i] = candidate{r, out.may.Role(r, nil)}
		}
		slices.SortStableFunc(out.roles, func(a, b candidate) int { // those that help first
			return cmp.Compare(min(1, len(a.why)), min(1, len(b.why)))
		})
		return out, nil
	})
}

func (m *Model) beginSearch() tea.Cmd {
	s := m.search
	s.begun = true
	ctx, ticket := s.loader.Begin(m.env.Ctx)
	s.ctx, s.ticket = auth0client.WithPriority(ctx, auth0client.PriorityPrefetch), ticket
	return m.ask()
}

// looked is what one role gives.
type looked struct {
	at    int
	gives []auth0client.Permission
	err   error
}

// ask asks the next roles; those that were asked before are known.
func (m *Model) ask() tea.Cmd {
	s := m.search
	var cmds []tea.Cmd
	all := s.roles.Value().roles
	for s.under < atOnce && s.next < len(all) && s.err == nil && !s.stopped {
		at := s.next
		s.next++
		if gives, known := m.gives[all[at].role.ID]; known {
			m.weigh(at, gives)
			continue
		}
		s.under++
		ctx, ticket, to, tenant, id := s.ctx, s.ticket, m.env.ID, m.tenant, all[at].role.ID
		cmds = append(cmds, func() tea.Msg {
			gives, err := tenant.RoleGives(ctx, id)
			return view.Result{To: to, Ticket: ticket, Msg: looked{at, gives, err}}
		})
	}
	return tea.Batch(cmds...)
}

// weigh notes a role that gives what is looked for.
func (m *Model) weigh(at int, gives []auth0client.Permission) {
	s := m.search
	s.asked++
	if slices.ContainsFunc(gives, func(p auth0client.Permission) bool { return p.Ref == s.permission.Ref }) {
		c := s.roles.Value().roles[at]
		c.why = s.roles.Value().may.Role(c.role, gives)
		s.found = append(s.found, c)
	}
}

func (m *Model) looked(l looked) (view.Action, tea.Cmd) {
	s := m.search
	s.under--
	switch {
	case errors.As(l.err, new(*auth0client.NotFound)): // deleted meanwhile
		s.asked++
	case errors.Is(l.err, context.Canceled):
		return nil, nil
	case l.err != nil:
		s.err = l.err
		return view.SignInFor(l.err), nil
	default:
		m.gives[s.roles.Value().roles[l.at].role.ID] = l.gives
		m.weigh(l.at, l.gives)
	}
	return nil, m.ask()
}

// done reports that all roles were asked.
func (s *search) done() bool { return s.begun && s.asked == len(s.roles.Value().roles) }

func (s *search) stop() {
	s.stopped = true
	s.roles.Cancel()
	s.loader.Cancel()
}

// shut closes what is open over the list.
func (m *Model) shut() {
	if m.why != nil {
		m.why.ways.Cancel()
		m.why = nil
	}
	if m.search != nil {
		m.search.stop()
		m.search = nil
	}
}
