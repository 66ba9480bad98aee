package desk

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"

	"usher/auth0client"
	"usher/auth0client/term"
)

// Records is what changing a user's record needs.
type Records interface {
	UpdateUser(ctx context.Context, id auth0client.UserID, step auth0client.Change, rests auth0client.Unchanged) (auth0client.User, error)
	DeleteUser(ctx context.Context, id auth0client.UserID) error
	LinkIdentity(ctx context.Context, primary auth0client.UserID, provider, id string) error
	UnlinkIdentity(ctx context.Context, primary auth0client.UserID, provider, id string) error
}

// Edit sets attributes, in the steps that Auth0 demands. u is as the operator saw them: where somebody else was faster,
// nothing more is written and the error says what changed.
func Edit(tenant Records, u auth0client.User, change auth0client.Change) Operation {
	steps := change.Steps()
	op := Operation{Name: "Save changes", Permission: "users:edit", User: u, Does: Diff(u, change)}
	if len(steps) > 1 {
		var names []string
		for _, s := range steps {
			names = append(names, strings.Join(s.Names(), " + "))
		}
		op.Does = append(op.Does, fmt.Sprintf("In %d requests, since Auth0 refuses them together: %s", len(steps), strings.Join(names, ", then ")))
	}
	op.Run = func(ctx context.Context) (r Result) {
		for _, s := range steps {
			after, err := tenant.UpdateUser(ctx, u.ID, s, u.Before(s))
			if err != nil {
				r.Err = err
				return r
			}
			r.User, r.Done = &after, append(r.Done, "Saved "+strings.Join(s.Names(), ", ")+".")
		}
		return r
	}
	return op
}

// Diff says what a change does to a user, a line for each attribute: from, to. A password is never shown.
func Diff(u auth0client.User, change auth0client.Change) []string {
	record := recordOf(u)
	var out []string
	for _, name := range change.Names() {
		switch v := change[name]; name {
		case "connection", "client_id":
		case "password":
			out = append(out, "password: a new one")
		case "user_metadata", "app_metadata":
			keys, _ := v.(map[string]any)
			have, _ := record[name].(map[string]any)
			for _, k := range slices.Sorted(maps.Keys(keys)) {
				out = append(out, name+"."+term.Line(k).String()+": "+words(have[k])+" → "+words(keys[k]))
			}
		default:
			out = append(out, name+": "+words(record[name])+" → "+words(v))
		}
	}
	return out
}

// words is a value for a line of a diff.
func words(v any) string {
	if v == nil {
		return "nothing"
	}
	raw, err := json.Marshal(v)
	if err != nil {
		return "?"
	}
	s := term.Line(string(raw)).String()
	if len(s) > 200 {
		s = strings.ToValidUTF8(s[:200], "") + "…"
	}
	return s
}

// Deleter is what deleting takes.
type Deleter interface {
	User(ctx context.Context, id auth0client.UserID) (auth0client.User, error)
	DeleteUser(ctx context.Context, id auth0client.UserID) error
}

// Delete deletes a user for good. keep is given the record as it is just before, and must put it on disk: without a copy
// nothing is deleted. Where the tenant refuses, the copy goes again.
func Delete(tenant Deleter, u auth0client.User, keep func(record []byte) (path string, err error)) Operation {
	op := Operation{Name: "Delete user", Permission: "users:delete", User: u, Danger: true, Type: u.Label().String(),
		Does:  []string{"Delete " + Who(u) + " for good"},
		Loses: []string{"the account, its metadata, roles, memberships and enrolments"}}
	if n := len(u.Identities); n > 1 {
		op.Loses = append(op.Loses, fmt.Sprintf("its %d linked identities as well", n-1))
	}
	if keep != nil {
		op.Does = append(op.Does, "A copy of the record is kept beside the journal; `usher users create --from` reads it.")
	}
	op.Run = func(ctx context.Context) (r Result) {
		if keep != nil {
			now, err := tenant.User(ctx, u.ID)
			if err != nil {
				return Result{Err: err}
			}
			path, err := keep(now.Record)
			if err != nil {
				return Result{Err: fmt.Errorf("nothing was deleted, since a copy could not be kept: %w", err)}
			}
			if r.Err = tenant.DeleteUser(ctx, u.ID); r.Err != nil && !r.Unsure() && !errors.As(r.Err, new(*auth0client.ApprovalPending)) {
				if err := os.Remove(path); err != nil { // the user is still there, and the copy is nobody's business
					r.Note = []string{"A copy of the record was left in " + term.Line(path).String() + ": " + err.Error()}
				}
				return r
			}
			r.Note = []string{"A copy of the record is in " + term.Line(path).String() + "; `usher users create --from` reads it."}
		} else {
			r.Err = tenant.DeleteUser(ctx, u.ID)
		}
		if r.Err == nil {
			r.Done = []string{"Deleted."}
		}
		return r
	}
	return op
}

// Link makes other an identity of u. other is the user as the operator saw them: only a whole id can be linked. The gateway
// wants users:password for it as well as users:edit, since whoever signs in as the one is the other from then on.
func Link(tenant Records, u, other auth0client.User) Operation {
	op := Operation{Name: "Link identity", Permission: "users:password", User: u, Danger: true,
		Does:  []string{"Make " + Who(other), "an identity of " + Who(u), "Whoever signs in as either is " + u.Label().String() + " from then on."},
		Loses: Lost(other)}
	op.Run = func(ctx context.Context) Result {
		provider, id, ok := strings.Cut(string(other.ID), "|")
		if !ok {
			return Result{Err: fmt.Errorf("%s is not an id of the form provider|id", other.ID.Safe())}
		}
		return done(tenant.LinkIdentity(ctx, u.ID, provider, id), "Linked. "+other.ID.Safe().String()+" is no user of its own any more.")
	}
	return op
}

// Lost is what is gone for good when a user becomes an identity of another.
func Lost(other auth0client.User) []string {
	lost := []string{"the id " + other.ID.Safe().String() + ", with its roles, permissions, memberships and second factors"}
	for _, m := range []struct {
		name string
		raw  json.RawMessage
	}{{"user_metadata", other.UserMetadata}, {"app_metadata", other.AppMetadata}} {
		var keys map[string]json.RawMessage
		if json.Unmarshal(m.raw, &keys) == nil && len(keys) > 0 {
			lost = append(lost, "its "+m.name+": "+term.Line(strings.Join(slices.Sorted(maps.Keys(keys)), ", ")).String())
		}
	}
	return lost
}

// Unlink makes an identity a user of its own again.
func Unlink(tenant Records, u auth0client.User, i auth0client.Identity) Operation {
	return Operation{Name: "Unlink identity", Permission: "users:edit", User: u, Danger: true,
		Does:  []string{fmt.Sprintf("Make the identity %s|%s (%s) a user of its own again", i.Provider, i.UserID, i.Connection), "It is taken from " + Who(u)},
		Loses: []string{"this way to sign in as this user; the user that is split off begins without metadata, roles and second factors"},
		Run: func(ctx context.Context) Result {
			return done(tenant.UnlinkIdentity(ctx, u.ID, i.Key.Provider, i.Key.UserID), "Unlinked. It is the user "+i.Provider.String()+"|"+i.UserID.String()+" again.")
		}}
}
