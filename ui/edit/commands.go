package edit

import (
	"context"

	tea "charm.land/bubbletea/v2"

	"usher/auth0client"
	"usher/auth0client/desk"
	"usher/auth0client/parallel"
	"usher/ui/view"
)

type loadedMsg struct {
	user        auth0client.User
	userErr     error
	connections []auth0client.Connection
	me          *auth0client.Me
	meErr       error
}

// load reads all at once. Without the connections or the policies the form is open, and Auth0 and the gateway decide.
func load(ctx context.Context, tenant Tenant, to view.ID, ticket uint64, id auth0client.UserID) tea.Cmd {
	return func() tea.Msg {
		var l loadedMsg
		var all parallel.Group
		all.Go(func() { l.user, l.userErr = tenant.User(ctx, id) })
		all.Go(func() { l.connections, _ = tenant.Connections(ctx) })
		all.Go(func() {
			me, err := tenant.Me(ctx)
			if l.meErr = err; err == nil {
				l.me = &me
			}
		})
		all.Wait()
		return view.Result{To: to, Ticket: ticket, Msg: l}
	}
}

func connectionOf(u auth0client.User, all []auth0client.Connection) *auth0client.Connection {
	if len(u.Identities) == 0 {
		return nil
	}
	i := u.Identities[0]
	for _, c := range all {
		if c.Label == i.Connection {
			return &c
		}
	}
	return &auth0client.Connection{Name: i.Connection.String(), Label: i.Connection, Strategy: i.Provider}
}

// Saved is the message at the end of a change. The app meets it only when the screen was closed meanwhile.
type Saved struct {
	op     desk.Operation
	result desk.Result
}

// Report is what to tell the operator when the screen is no longer there to say it.
func (s Saved) Report() view.Action {
	wishes := changes(s)
	if s.result.Err != nil {
		return append(wishes, view.Fail{What: "Edit " + s.op.User.Label().String(), Err: s.result.Err})
	}
	return append(wishes, view.Notify{Level: view.Good, Text: "Saved the changes of " + s.op.User.Label().String() + "."})
}

func changes(s Saved) view.All {
	var wishes view.All
	if s.result.User != nil {
		wishes = append(wishes, view.Changed{User: *s.result.User})
	}
	if len(s.result.Done) > 0 || s.result.Unsure() {
		wishes = append(wishes, view.Touched{ID: s.op.User.ID})
	}
	return wishes
}

func save(ctx context.Context, to view.ID, op desk.Operation, with func(context.Context) context.Context) tea.Cmd {
	return func() tea.Msg {
		return view.Result{To: to, Write: true, Msg: Saved{op, desk.Perform(with(ctx), op, "")}}
	}
}

// comparedMsg is the user as they are now, after somebody else was faster.
type comparedMsg struct {
	user auth0client.User
	err  error
}

func compare(ctx context.Context, tenant Tenant, to view.ID, id auth0client.UserID) tea.Cmd {
	return func() tea.Msg {
		u, err := tenant.User(ctx, id)
		return view.Result{To: to, Msg: comparedMsg{u, err}}
	}
}
