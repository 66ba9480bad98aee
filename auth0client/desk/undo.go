package desk

import (
	"context"
	"fmt"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"time"

	"usher/auth0client"
	"usher/auth0client/term"
)

// Undoer is what undoing a change takes.
type Undoer interface {
	MyChanges(ctx context.Context) ([]auth0client.Entry, error)
	User(ctx context.Context, id auth0client.UserID) (auth0client.User, error)
	UpdateUser(ctx context.Context, id auth0client.UserID, step auth0client.Change, rests auth0client.Unchanged) (auth0client.User, error)
	AssignRoles(ctx context.Context, id auth0client.UserID, roles []auth0client.RoleID) error
	RemoveRoles(ctx context.Context, id auth0client.UserID, roles []auth0client.RoleID) error
}

// undoMark finds in a reason which change the change with that reason undid.
func undoMark() *regexp.Regexp { return regexp.MustCompile(`\(undo of ([A-Z0-9]+)\)$`) }

// LastChange finds the newest of an operator's changes that can be undone and was not undone yet.
func LastChange(all []auth0client.Entry) (auth0client.Entry, bool) {
	undone := map[string]bool{}
	for _, e := range all {
		if m := undoMark().FindStringSubmatch(e.Reason.String()); m != nil {
			undone[m[1]] = undone[m[1]] || e.Made()
			continue
		}
		if e.Made() && !undone[e.ID] && reversible(e) {
			return e, true
		}
	}
	return auth0client.Entry{}, false
}

// Unkept says of an operator's newest change, when it is of a kind that can be undone, that the journal does not know what was
// before: changes made together go without. It is empty when the journal knows, or the newest change cannot be undone anyway.
func Unkept(all []auth0client.Entry, now time.Time) string {
	var first, last auth0client.Entry
	n := 0
	for _, e := range all {
		if !e.Made() {
			continue
		}
		if !undoable(e) || len(e.From) > 0 || n > 0 && (changeWords(e) != changeWords(first) || last.Time.Sub(e.Time) > together) {
			break
		}
		if n++; n == 1 {
			first = e
		}
		last = e
	}
	switch words := strings.TrimSuffix(strings.TrimSuffix(changeWords(first), " of"), " to"); {
	case n == 0:
		return ""
	case n == 1:
		return fmt.Sprintf("Your last change, 1 %s at %s, cannot be undone here: what was before was not kept.", words, clock(first.Time, now))
	case words == "block" || words == "unblock":
		return fmt.Sprintf("Your last change, %d %ss made together at %s, cannot be undone here: what was before was not kept.", n, words, clock(first.Time, now))
	default:
		return fmt.Sprintf("Your last change, of %d users together at %s (%s), cannot be undone here: what was before was not kept.", n, clock(first.Time, now), words)
	}
}

// together is how far apart two changes of one run lie at most.
const together = time.Minute

// undoable reports a change of a kind that can be undone where the journal knows what was before.
func undoable(e auth0client.Entry) bool {
	rest, ok := strings.CutPrefix(e.Path, "/api/v2/users/")
	return ok && e.Target != "" && e.Fields["password"] == nil &&
		(e.Method == http.MethodPatch && !strings.Contains(rest, "/") || strings.HasSuffix(rest, "/roles"))
}

// clock is when something happened: today the time, else the date as well.
func clock(t, now time.Time) string {
	t = t.In(now.Location())
	if t.Format(time.DateOnly) == now.Format(time.DateOnly) {
		return t.Format("15:04")
	}
	return t.Format("2006-01-02 15:04")
}

// reversible reports that the journal knows what a change replaced, all of it.
func reversible(e auth0client.Entry) bool {
	if hidden(e.From) || hidden(e.Fields) || e.Fields["password"] != nil {
		return false
	}
	rest, ok := strings.CutPrefix(e.Path, "/api/v2/users/")
	switch {
	case !ok || e.Target == "":
		return false
	case e.Method == http.MethodPatch && !strings.Contains(rest, "/"):
		return len(e.From) > 0
	case strings.HasSuffix(rest, "/roles"):
		_, known := e.From["roles"]
		return known && len(rolesTouched(e)) > 0
	}
	return false
}

// hidden reports a value that the journal left out, because it is a secret or the operator may not see it.
func hidden(v any) bool {
	switch v := v.(type) {
	case string:
		return v == "…"
	case map[string]any:
		for _, one := range v {
			if hidden(one) {
				return true
			}
		}
	case []any:
		return slices.ContainsFunc(v, hidden)
	}
	return false
}

// rolesTouched are the roles that a change really gave or took.
func rolesTouched(e auth0client.Entry) []auth0client.RoleID {
	held, named := idsIn(e.From["roles"]), idsIn(e.Fields["roles"])
	return slices.DeleteFunc(named, func(r auth0client.RoleID) bool { return slices.Contains(held, r) == (e.Method == http.MethodPost) })
}

func idsIn(v any) []auth0client.RoleID {
	list, _ := v.([]any)
	var out []auth0client.RoleID
	for _, one := range list {
		if s, ok := one.(string); ok {
			out = append(out, auth0client.RoleID(s))
		}
	}
	return out
}

// changeWords say what a change was: "block", "edit of name, nickname".
func changeWords(e auth0client.Entry) string {
	switch {
	case strings.HasSuffix(e.Path, "/roles") && e.Method == http.MethodPost:
		return "roles given to"
	case strings.HasSuffix(e.Path, "/roles"):
		return "roles taken from"
	case len(e.Fields) == 1 && e.Fields["blocked"] == true:
		return "block of"
	case len(e.Fields) == 1 && e.Fields["blocked"] == false:
		return "unblock of"
	}
	return "edit of " + term.Line(strings.Join(auth0client.Change(e.Fields).Names(), ", ")).String() + " of"
}

// Undo puts back what a change of the operator's own replaced. u is the user as they are now. Where a value is not as the
// change left it, nothing is written and the error says what it is.
func Undo(tenant Undoer, u auth0client.User, e auth0client.Entry, now time.Time) Operation {
	op := Operation{Name: "Undo", Permission: "users:edit", User: u, Does: []string{fmt.Sprintf("Undo: %s %s at %s", changeWords(e), u.Label(), clock(e.Time, now))}}
	mark := "(undo of " + e.ID + ")"
	if strings.HasSuffix(e.Path, "/roles") {
		op.Permission = "roles:assign"
		op.Does = append(op.Does, rolesWords(e))
		op.Run = func(ctx context.Context) Result { return undoRoles(marked(ctx, mark), tenant, u, e) }
		return op
	}
	back := replaced(e)
	if len(back) == 1 && back["blocked"] != nil {
		op.Permission = "users:block"
	}
	op.Does = append(op.Does, Diff(u, back)...)
	op.Run = func(ctx context.Context) (r Result) {
		ctx = marked(ctx, mark)
		for _, step := range back.Steps() {
			after, err := tenant.UpdateUser(ctx, u.ID, step, left(e, step))
			if r.Err = err; err != nil {
				return r
			}
			r.User, r.Done = &after, append(r.Done, "Put back "+strings.Join(step.Names(), ", ")+".")
		}
		return r
	}
	return op
}

// marked adds to the reason which change is undone, so that it is not undone again.
func marked(ctx context.Context, mark string) context.Context {
	return auth0client.WithReason(ctx, strings.TrimSpace(auth0client.Reason(ctx)+" "+mark))
}

// replaced is the change that sets what was there before. What is true or false was false while it was absent.
func replaced(e auth0client.Entry) auth0client.Change {
	back := auth0client.Change{}
	for name, v := range e.From {
		if v == nil && (name == "blocked" || slices.Contains(Flags(), name)) {
			v = false
		}
		back[name] = v
	}
	return back
}

// left is how the change left the attributes of a step. Auth0 keeps the emails and names of its databases in lower case.
func left(e auth0client.Entry, step auth0client.Change) auth0client.Unchanged {
	out := auth0client.Unchanged{}
	for name := range step {
		v, set := e.Fields[name]
		s, text := v.(string)
		switch {
		case !set: // a verification that went with its email
		case text && (name == "email" || name == "username") && strings.HasPrefix(string(e.Target), "auth0|"):
			out[name] = strings.ToLower(s)
		default:
			out[name] = v
		}
	}
	return out
}

func rolesWords(e auth0client.Entry) string {
	var ids []string
	for _, r := range rolesTouched(e) {
		ids = append(ids, string(r))
	}
	verb := "Give back the roles "
	if e.Method == http.MethodPost {
		verb = "Take away the roles "
	}
	return verb + term.Line(strings.Join(ids, ", ")).String()
}

func undoRoles(ctx context.Context, tenant Undoer, u auth0client.User, e auth0client.Entry) Result {
	held, touched := idsIn(e.From["roles"]), rolesTouched(e)
	now := append([]auth0client.RoleID{}, held...)
	if e.Method == http.MethodPost {
		now = append(now, touched...)
	} else {
		now = slices.DeleteFunc(now, func(r auth0client.RoleID) bool { return slices.Contains(touched, r) })
	}
	ctx = auth0client.WithUnchanged(ctx, auth0client.Unchanged{"roles": now})
	if e.Method == http.MethodPost {
		return done(tenant.RemoveRoles(ctx, u.ID, touched), "The roles are taken away again.")
	}
	return done(tenant.AssignRoles(ctx, u.ID, touched), "The roles are given back.")
}
