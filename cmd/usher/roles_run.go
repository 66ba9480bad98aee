package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	xterm "github.com/charmbracelet/x/term"

	"usher/auth0client"
	"usher/auth0client/desk"
	"usher/auth0client/term"
)

// rolesRun is one change of roles at the command line: a request for each user, or, where it takes fewer, one for each role
// and as many of its users as Auth0 takes.
type rolesRun struct {
	assign bool
	roles  []auth0client.Role
	users  []auth0client.User
	many   []*desk.ManyAssigned // one a role; nil: a user at a time
	ops    []desk.Operation
	items  []desk.Item
	failed error
}

func newRolesRun(c *auth0client.Client, assign bool, roles []auth0client.Role, users []auth0client.User) *rolesRun {
	r := &rolesRun{assign: assign, roles: roles, users: users}
	ids := make([]auth0client.UserID, len(users))
	for i, u := range users {
		ids[i] = u.ID
	}
	batches := (len(users) + auth0client.MostMembers - 1) / auth0client.MostMembers
	if assign && len(roles)*batches < len(users) {
		for _, role := range roles {
			r.many = append(r.many, desk.AssignToMany(c, role.ID, ids))
		}
		return r
	}
	operation := desk.RemoveRoles
	if assign {
		operation = desk.AssignRoles
	}
	for _, u := range users {
		r.ops = append(r.ops, operation(desk.OwnRoles(c), u, roles))
	}
	return r
}

// mostSaid is how many users are named before a change; the rest are counted.
const mostSaid = 20

// say says exactly what will be done.
func (r *rolesRun) say(out io.Writer) {
	if r.many != nil {
		fmt.Fprintf(out, "Assign %s to %d users:\n", desk.RoleNames(r.roles), len(r.users))
		for _, u := range r.users[:min(len(r.users), mostSaid)] {
			fmt.Fprintf(out, "  %s\n", desk.Who(u))
		}
	}
	for _, op := range r.ops[:min(len(r.ops), mostSaid)] {
		fmt.Fprintln(out, strings.Join(op.Does, "\n  "))
	}
	if n := len(r.users) - mostSaid; n > 0 {
		fmt.Fprintf(out, "  and %d more\n", n)
	}
}

// progressTo tells how far a long change is, on a terminal only.
func progressTo(out io.Writer) func(done, total int) {
	if !xterm.IsTerminal(os.Stderr.Fd()) {
		return func(int, int) {}
	}
	began := time.Now()
	return func(done, total int) {
		left := ""
		if took := time.Since(began); done > 0 && done < total && took > 2*time.Second {
			left = fmt.Sprintf(", %s left", (took / time.Duration(done) * time.Duration(total-done)).Round(time.Second))
		}
		end := ""
		if done == total {
			end = "\n"
		}
		fmt.Fprintf(out, "\r%d of %d%s   %s", done, total, left, end)
	}
}

// do makes the change. The end of ctx stops it: what is under way is finished, the rest is not begun.
func (r *rolesRun) do(ctx context.Context, reason string, progress func(done, total int)) {
	if r.many == nil {
		bulk := desk.NewBulk(r.ops, progress)
		bulk.Run(ctx, reason)
		r.items = bulk.Items()
		return
	}
	sent := auth0client.WithPriority(context.WithoutCancel(ctx), auth0client.PriorityBulk)
	if reason != "" {
		sent = auth0client.WithReason(sent, reason)
	}
	for _, many := range r.many {
		if ctx.Err() != nil {
			break
		}
		stop := context.AfterFunc(ctx, many.Stop)
		err := many.Run(sent, progress)
		stop()
		if r.failed == nil {
			r.failed = err
		}
	}
	r.items = r.collect()
}

// collect says of each user what became of all roles' ways to them.
func (r *rolesRun) collect() []desk.Item {
	done := make([]map[auth0client.UserID]bool, len(r.many))
	errs := make([]map[auth0client.UserID]error, len(r.many))
	for i, many := range r.many {
		done[i], errs[i] = map[auth0client.UserID]bool{}, many.Errs()
		for _, id := range many.Done() {
			done[i][id] = true
		}
	}
	items := make([]desk.Item, len(r.users))
	for n, u := range r.users {
		it := desk.Item{Operation: desk.Operation{User: u}, State: desk.Succeeded}
		for i, role := range r.roles {
			switch {
			case done[i][u.ID]:
				it.Result.Done = append(it.Result.Done, "Assigned "+role.Name.String()+".")
			case errs[i][u.ID] != nil:
				it.Result.Err, it.State = errs[i][u.ID], desk.Failed
			case it.State == desk.Succeeded:
				it.State = desk.Stopped
			}
		}
		items[n] = it
	}
	return items
}

// err is the first error, the one that decides how the command exits.
func (r *rolesRun) err() error {
	failed, stopped := 0, 0
	first := r.failed
	for _, it := range r.items {
		switch it.State {
		case desk.Failed:
			failed++
			if first == nil {
				first = it.Result.Err
			}
		case desk.Stopped:
			stopped++
		}
	}
	switch {
	case len(r.users) == 1 && first != nil:
		return first
	case failed+stopped == 0:
		return nil
	case first == nil:
		return fmt.Errorf("stopped: %d of %d users were not begun", stopped, len(r.users))
	}
	return fmt.Errorf("%d of %d users failed, %d were not begun: %w", failed, len(r.users), stopped, first)
}

// userChanged is one user of a change, as --json prints it.
type userChanged struct {
	personJSON
	State string   `json:"state"` // planned, changed, unchanged, failed, stopped or unknown
	Done  []string `json:"done"`
	Note  []string `json:"note,omitempty"`
	Error string   `json:"error,omitempty"`
}

func changedOf(it desk.Item) userChanged {
	out := userChanged{personJSON: personOf(it.Operation.User), State: "unchanged", Done: append([]string{}, it.Result.Done...), Note: it.Result.Note}
	if it.Result.Err != nil {
		out.Error = term.Line(it.Result.Err.Error()).String()
	}
	switch {
	case it.State == desk.Stopped:
		out.State = "stopped"
	case it.Result.Unsure():
		out.State = "unknown"
	case it.State == desk.Failed:
		out.State = "failed"
	case len(out.Done) > 0:
		out.State = "changed"
	}
	return out
}

// report prints what was done, or with planned what would be.
func (r *rolesRun) report(out io.Writer, asJSON, planned bool) error {
	if planned {
		for _, u := range r.users {
			r.items = append(r.items, desk.Item{Operation: desk.Operation{User: u}})
		}
	}
	users := make([]userChanged, len(r.items))
	for i, it := range r.items {
		if users[i] = changedOf(it); planned {
			users[i].State = "planned"
		}
	}
	if asJSON {
		action := "remove"
		if r.assign {
			action = "assign"
		}
		roles := make([]roleJSON, len(r.roles))
		for i, role := range r.roles {
			roles[i] = roleOf(role)
		}
		return printJSON(out, struct {
			Action string        `json:"action"`
			DryRun bool          `json:"dry_run"`
			Roles  []roleJSON    `json:"roles"`
			Users  []userChanged `json:"users"`
		}{action, planned, roles, users})
	}
	if planned {
		return nil
	}
	count := map[string]int{}
	for i, u := range users {
		count[u.State]++
		if len(users) > mostSaid && u.State == "changed" {
			continue
		}
		fmt.Fprintf(out, "%s: %s\n", desk.Who(r.items[i].Operation.User), u.words())
	}
	if len(users) > 1 {
		fmt.Fprintf(out, "%d changed, %d unchanged, %d failed, %d not begun, %d of unknown outcome\n", count["changed"], count["unchanged"], count["failed"], count["stopped"], count["unknown"])
	}
	return nil
}

func (u userChanged) words() string {
	parts := append(append([]string{}, u.Done...), u.Note...)
	switch {
	case u.Error != "":
		parts = append(parts, u.Error)
	case u.State == "stopped":
		parts = append(parts, "Not begun.")
	}
	return strings.Join(parts, " ")
}

// keepLeft writes the ids of whom it was not done for, one a line, so that the same command goes on with them by --to -.
func (r *rolesRun) keepLeft(path string) error {
	if path == "" {
		return nil
	}
	var b strings.Builder
	for _, it := range r.items {
		if it.State != desk.Succeeded {
			b.WriteString(string(it.Operation.User.ID) + "\n")
		}
	}
	if err := os.WriteFile(path, []byte(b.String()), 0o600); err != nil {
		return fmt.Errorf("write whom it was not done for: %w", err)
	}
	return nil
}

// isAmbiguous reports that something named means several.
func isAmbiguous(err error) bool { return errors.As(err, new(*ambiguous)) }
