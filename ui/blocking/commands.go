package blocking

import (
	"context"
	"errors"
	"strings"
	"time"

	tea "charm.land/bubbletea/v2"

	"usher/auth0client"
	"usher/auth0client/desk"
	"usher/ui/view"
)

// patience bounds a change that nobody waits for any more.
const patience = 2 * time.Minute

type userRead struct {
	user auth0client.User
	err  error
}

type bansRead struct {
	bans []auth0client.BruteForceBlock
	err  error
}

// job is what to change: the administrator's block, the brute-force blocks, those of addresses, or several.
type job struct {
	block bool // set the administrator's block; else lift
	admin bool
	bans  bool
	ips   []string
}

// outcome is what became of a job.
type outcome struct {
	job       job
	user      auth0client.User // Auth0's answer
	adminDone bool
	bansDone  bool
	freed     []string // addresses
	err       error
}

// changes tells the open views what is different now.
func (o outcome) changes(user auth0client.User) view.All {
	var wishes view.All
	var unknown *auth0client.Unknown
	if o.adminDone {
		wishes = append(wishes, view.Changed{User: o.user})
	}
	if o.bansDone || len(o.freed) > 0 || errors.As(o.err, &unknown) {
		wishes = append(wishes, view.Touched{ID: user.ID})
	}
	return wishes
}

// ChangeDone is the message at the end of a change. The app meets it only when the dialog was closed meanwhile.
type ChangeDone struct {
	user    auth0client.User // as it was
	outcome outcome
}

// Report is what to tell the operator when the dialog is no longer there to say it.
func (d ChangeDone) Report() view.Action {
	wishes := d.outcome.changes(d.user)
	if d.outcome.err != nil {
		return append(wishes, view.Fail{What: d.what() + " " + d.user.Label().String(), Err: d.outcome.err})
	}
	return append(wishes, view.Notify{Level: view.Good, Text: d.text()})
}

func (d ChangeDone) what() string {
	if d.outcome.job.block {
		return "Block"
	}
	return "Unblock"
}

func (d ChangeDone) text() string { return d.user.Label().String() + " is " + d.outcome.state() + "." }

func (o outcome) state() string {
	switch {
	case o.job.block:
		return "blocked"
	case !o.job.admin && !o.job.bans:
		return "free to come from " + strings.Join(o.job.ips, ", ")
	}
	return "unblocked"
}

func readUser(ctx context.Context, tenant Blocks, to view.ID, ticket uint64, id auth0client.UserID) tea.Cmd {
	return func() tea.Msg {
		user, err := tenant.User(ctx, id)
		return view.Result{To: to, Ticket: ticket, Msg: userRead{user: user, err: err}}
	}
}

func readBans(ctx context.Context, tenant Blocks, to view.ID, ticket uint64, id auth0client.UserID) tea.Cmd {
	return func() tea.Msg {
		bans, err := tenant.UserBlocks(ctx, id)
		return view.Result{To: to, Ticket: ticket, Msg: bansRead{bans: bans, err: err}}
	}
}

// change is the whole chain of writes. Leaving the dialog or the session does not cut it in the middle.
func change(
	env view.Env, tenant Blocks, user auth0client.User, j job, reason func(context.Context) context.Context,
) tea.Cmd {
	parent, to := env.Ctx, env.ID
	return func() tea.Msg {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(parent), patience)
		defer cancel()
		return view.Result{To: to, Write: true, Msg: ChangeDone{user: user, outcome: carryOut(reason(ctx), tenant, user.ID, j)}}
	}
}

// carryOut changes what j says, the administrator's block first. It goes on after a failure of that, unless a sign-in or
// a reason is wanted: each kind of block is worth lifting alone.
func carryOut(ctx context.Context, tenant Blocks, id auth0client.UserID, j job) outcome {
	o := outcome{job: j}
	if j.admin {
		o.user, o.err = desk.SetBlocked(ctx, tenant, id, j.block)
		o.adminDone = o.err == nil
	}
	if j.bans && !view.Unsent(o.err) {
		err := clearBans(ctx, tenant, id)
		o.bansDone = err == nil
		if o.err == nil || view.Waiting(o.err) && err != nil {
			o.err = err
		}
	}
	if !view.Unsent(o.err) {
		freed, err := freeAddresses(ctx, tenant, j.ips)
		o.freed = freed
		if o.err == nil || view.Waiting(o.err) && err != nil {
			o.err = err
		}
	}
	return o
}

// clearBans reads back when the outcome of the change is not known.
func clearBans(ctx context.Context, tenant Blocks, id auth0client.UserID) error {
	err := tenant.ClearUserBlocks(ctx, id)
	var unknown *auth0client.Unknown
	if !errors.As(err, &unknown) {
		return err
	}
	if left, readErr := tenant.UserBlocks(ctx, id); readErr == nil && len(left) == 0 {
		return nil
	}
	return err
}
