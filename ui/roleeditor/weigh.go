package roleeditor

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	tea "charm.land/bubbletea/v2"

	"usher/auth0client"
	"usher/auth0client/desk"
	"usher/ui/view"
)

// mostWeighed is about how many roles' permissions one review asks at most.
const mostWeighed = 150

// weighed is what the plan under review means for permissions.
type weighed struct {
	loader       view.Loader
	known        bool
	err          error
	tooMany      int // so many roles would have to be read
	gains, loses []desk.Counted
	keeps        []auth0client.Permission
	gaining      int // users who gain something
	losing       int
	refused      []string // what the gateway will not let the operator do, in words
}

// measured is what the review asked.
type measured struct {
	gives       desk.Gives
	permissions []auth0client.Permission // of the single user
	err         error
}

// weigh asks what the plan's roles allow, and what the people hold otherwise: of one user all, of several what their
// roles give.
func (m *Model) weigh(plan []desk.RoleChange) tea.Cmd {
	ctx, ticket := m.weighed.loader.Begin(m.env.Ctx)
	m.weighed = weighed{loader: m.weighed.loader}
	want := m.weighedRoles(plan)
	if len(want) > mostWeighed {
		m.weighed.known, m.weighed.tooMany = true, len(want)
		return nil
	}
	want = slices.DeleteFunc(want, func(id auth0client.RoleID) bool { _, known := m.counts.gives[id]; return known })
	tenant, id, user := m.tenant, m.env.ID, auth0client.UserID("")
	if len(plan) == 1 {
		user = plan[0].User.ID
	}
	return func() tea.Msg {
		return view.Result{To: id, Ticket: ticket, Msg: measure(ctx, tenant, want, user)}
	}
}

// weighedRoles are the roles whose permissions tell what the plan does, each once.
func (m *Model) weighedRoles(plan []desk.RoleChange) []auth0client.RoleID {
	var out []auth0client.RoleID
	seen := roleSet{}
	add := func(ids []auth0client.RoleID) {
		for _, id := range ids {
			if !seen[id] {
				seen[id] = true
				out = append(out, id)
			}
		}
	}
	for _, c := range plan {
		add(c.Add)
		add(c.Remove)
		if len(plan) > 1 {
			add(c.Held)
		}
	}
	if len(plan) == 1 {
		add(m.groupRoles())
	}
	return out
}

// groupRoles are the roles that the single user has through groups.
func (m *Model) groupRoles() []auth0client.RoleID {
	var out []auth0client.RoleID
	for id, ways := range m.through {
		if slices.ContainsFunc(ways, func(t desk.Through) bool { return !t.Elsewhere }) {
			out = append(out, id)
		}
	}
	slices.Sort(out)
	return out
}

func measure(ctx context.Context, tenant Roles, roles []auth0client.RoleID, user auth0client.UserID) measured {
	out := measured{gives: desk.Gives{}}
	got := readGives(ctx, tenant, roles)
	out.gives = got.gives
	if len(got.failed) > 0 {
		out.err = ctx.Err()
		if _, err := tenant.RoleGives(ctx, got.failed[0]); err != nil { // why
			out.err = err
		}
	}
	if user != "" && out.err == nil {
		out.permissions, out.err = tenant.UserPermissions(ctx, user)
	}
	return out
}

func (m *Model) measured(msg measured) {
	w := &m.weighed
	for id, gives := range msg.gives {
		m.counts.gives[id] = gives
	}
	w.known, w.err = true, msg.err
	if errors.Is(msg.err, context.Canceled) {
		w.err = nil
	}
	plan := m.plan()
	w.refused = m.refusals(plan)
	if msg.err != nil {
		return
	}
	effects := make([]desk.Effect, len(plan))
	for i, c := range plan {
		effects[i] = m.effectOn(c, len(plan) == 1, msg.permissions)
		if len(effects[i].Gains) > 0 {
			w.gaining++
		}
		if len(effects[i].Loses) > 0 {
			w.losing++
		}
	}
	w.gains, w.loses = desk.Sum(effects)
	if len(effects) == 1 {
		w.keeps = effects[0].Keeps
	}
}

func (m *Model) effectOn(c desk.RoleChange, single bool, permissions []auth0client.Permission) desk.Effect {
	gives := m.counts.gives
	grants := desk.ByRoles(c.Held, gives)
	if single && m.whose.Where() == "" {
		var held []auth0client.Role
		for _, r := range m.rows {
			if slices.Contains(c.Held, r.role.ID) {
				held = append(held, r.role)
			}
		}
		grants = desk.GrantsOf(permissions, held, m.groupRoles(), gives)
	} else if single { // in an organization what a user holds everywhere stays, whatever becomes of the roles there
		everywhere := slices.Clone(permissions)
		for i := range everywhere {
			everywhere[i].Sources = nil
		}
		grants = desk.GrantsOf(everywhere, nil, nil, gives)
		grants.Add(c.Held, gives)
	}
	return grants.Change(c.Add, c.Remove, gives)
}

// refusals are the roles of the plan that the gateway keeps from this operator.
func (m *Model) refusals(plan []desk.RoleChange) []string {
	var out []string
	seen := roleSet{}
	for _, c := range plan {
		for _, id := range slices.Concat(c.Add, c.Remove) {
			i := slices.IndexFunc(m.rows, func(r row) bool { return r.role.ID == id })
			if i < 0 || seen[id] {
				continue
			}
			seen[id] = true
			if why := m.forbidden(m.rows[i].role); why != "" {
				out = append(out, m.rows[i].label()+" is not yours to give or take: "+why+".")
			}
		}
	}
	return out
}

// risks are the warnings about what is gained, one for each kind of danger.
func (w *weighed) risks() []string {
	var kinds []string
	names := map[string][]string{}
	for _, c := range w.gains {
		kind := desk.Risk(c.Permission)
		if kind == "" {
			continue
		}
		if names[kind] == nil {
			kinds = append(kinds, kind)
		}
		names[kind] = append(names[kind], c.Permission.Name.String())
	}
	out := make([]string, len(kinds))
	for i, kind := range kinds {
		out[i] = fmt.Sprintf("Dangerous (%s): %s.", kind, someOf(names[kind], 6))
	}
	return out
}

func someOf(names []string, most int) string {
	if len(names) <= most {
		return strings.Join(names, ", ")
	}
	return fmt.Sprintf("%s and %d more", strings.Join(names[:most], ", "), len(names)-most)
}
