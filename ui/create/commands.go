package create

import (
	"context"
	"errors"

	tea "charm.land/bubbletea/v2"

	"usher/auth0client"
	"usher/auth0client/desk"
	"usher/auth0client/parallel"
	"usher/ui/view"
)

type loadedMsg struct {
	connections []auth0client.Connection
	me          *auth0client.Me
	orgs        []auth0client.Organization
	apps        []auth0client.Application
	err         error
}

// load reads all at once; organizations and applications only for an invitation. Without the policies the form is open, and
// the gateway decides.
func load(ctx context.Context, tenant Tenant, to view.ID, ticket uint64, inviting bool) tea.Cmd {
	return func() tea.Msg {
		var l loadedMsg
		var errs [3]error
		var all parallel.Group
		all.Go(func() { l.connections, errs[0] = tenant.Connections(ctx) })
		all.Go(func() {
			if me, err := tenant.Me(ctx); err == nil {
				l.me = &me
			}
		})
		if inviting {
			all.Go(func() {
				batch, err := tenant.Organizations(ctx, "")
				l.orgs, errs[1] = batch.Items, err
			})
			all.Go(func() { l.apps, errs[2] = tenant.Applications(ctx) })
		}
		all.Wait()
		l.err = errors.Join(errs[:]...)
		return view.Result{To: to, Ticket: ticket, Msg: l}
	}
}

// Made is the message at the end of it. The app meets it only when the form was closed meanwhile.
type Made struct {
	op     desk.Operation
	result desk.Result
}

// Report is what to tell the operator when the form is no longer there to say it.
func (d Made) Report() view.Action {
	if d.result.Err != nil {
		return view.Fail{What: d.op.Name + " " + d.op.User.Label().String(), Err: d.result.Err}
	}
	text := d.op.Name + ": done for " + d.op.User.Label().String() + "."
	if len(d.result.Done) > 0 {
		text = d.result.Done[0]
	}
	return view.Notify{Level: view.Good, Text: text}
}

func do(ctx context.Context, to view.ID, op desk.Operation, with func(context.Context) context.Context) tea.Cmd {
	return func() tea.Msg {
		return view.Result{To: to, Write: true, Msg: Made{op, desk.Perform(with(ctx), op, "")}}
	}
}
