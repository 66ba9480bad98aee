package mfareset

import (
	"context"
	"errors"
	"time"

	tea "charm.land/bubbletea/v2"

	"usher/auth0client"
	"usher/ui/view"
)

// patience bounds a reset that nobody waits for any more.
const patience = 5 * time.Minute

type methodsListed struct {
	methods []auth0client.AuthenticationMethod
	err     error
}

// ResetDone is the message at the end of a reset. The app meets it only when the dialog was closed meanwhile.
type ResetDone struct {
	user   auth0client.User
	report report
}

// Report is what to tell the operator when the dialog is no longer there to say it.
func (d ResetDone) Report() view.Action {
	var wishes view.All
	if d.report.changed() {
		wishes = append(wishes, view.Touched{ID: d.user.ID})
	}
	if d.report.failed() {
		return append(wishes, view.Fail{What: "Reset MFA of " + d.user.Label().String(), Err: d.report.firstError()})
	}
	return append(wishes, view.Notify{Level: view.Good, Text: "MFA of " + d.user.Label().String() + ": " + d.report.summary()})
}

// job is what a reset has to do.
type job struct {
	methods []auth0client.AuthenticationMethod
	forget  bool
	reread  bool // look first which of the methods are still there
	reason  func(context.Context) context.Context
}

// changes reports that the job is more than looking.
func (j job) changes() bool { return len(j.methods) > 0 || j.forget }

func listMethods(ctx context.Context, tenant Methods, to view.ID, ticket uint64, id auth0client.UserID) tea.Cmd {
	return func() tea.Msg {
		methods, err := tenant.AuthenticationMethods(ctx, id)
		return view.Result{To: to, Ticket: ticket, Msg: methodsListed{methods: methods, err: err}}
	}
}

// resetMethods is the whole chain of writes. Leaving the dialog or the session does not cut it in the middle.
func resetMethods(env view.Env, tenant Methods, user auth0client.User, j job) tea.Cmd {
	parent, to := env.Ctx, env.ID
	return func() tea.Msg {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(parent), patience)
		defer cancel()
		if j.reason != nil {
			ctx = j.reason(ctx)
		}
		return view.Result{To: to, Write: true, Msg: ResetDone{user: user, report: reset(ctx, tenant, user.ID, j)}}
	}
}

func reset(ctx context.Context, tenant Methods, id auth0client.UserID, j job) report {
	var r report
	there := func(string) bool { return true }
	if j.reread {
		left, err := tenant.AuthenticationMethods(ctx, id)
		if err != nil {
			for _, method := range j.methods {
				r.outcomes = append(r.outcomes, outcome{method: method, err: err})
			}
			r.forgetErr, r.leftErr = forgetLost(j, err), err
			return r
		}
		there = idsOf(left)
	}
	var lost error // a sign-in or a reason is wanted: the rest is not tried
	for _, method := range j.methods {
		err := lost
		if err == nil && there(method.ID) {
			err = removed(tenant.DeleteAuthenticationMethod(ctx, id, method.ID))
		}
		if view.Unsent(err) {
			lost = err
		}
		r.outcomes = append(r.outcomes, outcome{method: method, err: err})
	}
	if lost != nil {
		r.forgetErr, r.leftErr = forgetLost(j, lost), lost
		return r
	}
	if j.forget {
		r.forgetErr = tenant.ForgetBrowsers(ctx, id)
		r.forgot = r.forgetErr == nil
	}
	r.left, r.leftErr = tenant.AuthenticationMethods(ctx, id)
	r.settle()
	return r
}

func forgetLost(j job, err error) error {
	if j.forget {
		return err
	}
	return nil
}

// removed takes "not found" for an answer: what is not there needs no removing.
func removed(err error) error {
	var gone *auth0client.NotFound
	if errors.As(err, &gone) {
		return nil
	}
	return err
}

func idsOf(methods []auth0client.AuthenticationMethod) func(string) bool {
	ids := make(map[string]bool, len(methods))
	for _, method := range methods {
		ids[method.ID] = true
	}
	return func(id string) bool { return ids[id] }
}
