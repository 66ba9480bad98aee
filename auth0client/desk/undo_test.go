package desk

import (
	"context"
	"encoding/json"
	"reflect"
	"strings"
	"testing"
	"time"

	"usher/auth0client"
	"usher/auth0client/term"
)

type undoTenant struct {
	Undoer
	sent    []auth0client.Change
	rests   []auth0client.Unchanged
	gave    []auth0client.RoleID
	took    []auth0client.RoleID
	reasons []string
	err     error
}

func (u *undoTenant) UpdateUser(ctx context.Context, id auth0client.UserID, step auth0client.Change, rests auth0client.Unchanged) (auth0client.User, error) {
	u.sent, u.rests, u.reasons = append(u.sent, step), append(u.rests, rests), append(u.reasons, auth0client.Reason(ctx))
	return auth0client.User{ID: id}, u.err
}
func (u *undoTenant) AssignRoles(_ context.Context, _ auth0client.UserID, roles []auth0client.RoleID) error {
	u.gave = roles
	return u.err
}
func (u *undoTenant) RemoveRoles(_ context.Context, _ auth0client.UserID, roles []auth0client.RoleID) error {
	u.took = roles
	return u.err
}

func patch(id string, from, fields map[string]any) auth0client.Entry {
	return auth0client.Entry{ID: id, Method: "PATCH", Path: "/api/v2/users/auth0%7C1", Target: "auth0|1", Status: 200, From: from, Fields: fields}
}

func TestTheLastChangeThatCanBeUndone(t *testing.T) {
	t.Parallel()
	name := func(id string) auth0client.Entry {
		return patch(id, map[string]any{"name": "Ada"}, map[string]any{"name": "Eve"})
	}
	with := func(e auth0client.Entry, do func(*auth0client.Entry)) auth0client.Entry { do(&e); return e }
	undone := func(of string, status int) auth0client.Entry {
		return with(name("U"+of), func(e *auth0client.Entry) { e.Reason, e.Status = term.Line("oops (undo of "+of+")"), status })
	}
	roles := func(method string, from, named []any) auth0client.Entry {
		return auth0client.Entry{ID: "R", Method: method, Path: "/api/v2/users/auth0%7C1/roles", Target: "auth0|1", Status: 204, From: map[string]any{"roles": from}, Fields: map[string]any{"roles": named}}
	}
	for _, tc := range []struct {
		name string
		all  []auth0client.Entry
		want string
	}{
		{"nothing", nil, ""},
		{"the newest", []auth0client.Entry{name("B"), name("A")}, "B"},
		{"not one that failed, or whose end nobody knows", []auth0client.Entry{with(name("C"), func(e *auth0client.Entry) { e.Status = 400 }), with(name("B"), func(e *auth0client.Entry) { e.Status = 0 }), name("A")}, "A"},
		{"not one that is undone already", []auth0client.Entry{undone("B", 200), name("B"), name("A")}, "A"},
		{"one whose undoing failed", []auth0client.Entry{undone("B", 409), name("B")}, "B"},
		{"not one of which the journal does not know what was before", []auth0client.Entry{with(name("B"), func(e *auth0client.Entry) { e.From = nil }), name("A")}, "A"},
		{"not one with a secret", []auth0client.Entry{patch("C", map[string]any{"user_metadata": map[string]any{"token": "…"}}, map[string]any{"user_metadata": map[string]any{"token": "…"}}),
			patch("B", map[string]any{}, map[string]any{"password": "…"})}, ""},
		{"not a deletion", []auth0client.Entry{{ID: "B", Method: "DELETE", Path: "/api/v2/users/auth0%7C1", Target: "auth0|1", Status: 204}}, ""},
		{"roles", []auth0client.Entry{roles("POST", []any{}, []any{"rol_1"})}, "R"},
		{"not roles that were held already", []auth0client.Entry{roles("POST", []any{"rol_1"}, []any{"rol_1"})}, ""},
	} {
		got, _ := LastChange(tc.all)
		if got.ID != tc.want {
			t.Errorf("%s: %q, want %q", tc.name, got.ID, tc.want)
		}
	}
}

func TestUndoingPutsBackWhatWasThere(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 3, 4, 15, 0, 0, 0, time.UTC)
	u := auth0client.User{ID: "auth0|1", Email: term.Line("ada@example.com"), Record: json.RawMessage(`{"name":"Eve"}`)}
	tenant := &undoTenant{}
	e := patch("B", map[string]any{"name": "Ada", "email": "ada@example.com", "email_verified": true, "user_metadata": map[string]any{"a": nil, "b": json.Number("1")}},
		map[string]any{"name": "Eve", "email": "Eve@Example.com", "user_metadata": map[string]any{"a": json.Number("2"), "b": nil}})
	e.Time = now.Add(-25 * time.Hour)
	op := Undo(tenant, u, e, now)
	if op.Does[0] != "Undo: edit of email, name, user_metadata of ada@example.com at 2026-03-03 14:00" || op.Permission != "users:edit" {
		t.Errorf("it does %q", op.Does)
	}
	if r := Perform(t.Context(), op, "wrong person"); r.Err != nil || len(r.Done) != 2 {
		t.Fatalf("%+v", r)
	}
	if want := []auth0client.Change{{"name": "Ada", "user_metadata": map[string]any{"a": nil, "b": json.Number("1")}}, {"email": "ada@example.com", "email_verified": true}}; !reflect.DeepEqual(tenant.sent, want) {
		t.Errorf("sent %v", tenant.sent)
	}
	if want := []auth0client.Unchanged{{"name": "Eve", "user_metadata": map[string]any{"a": json.Number("2"), "b": nil}}, {"email": "eve@example.com"}}; !reflect.DeepEqual(tenant.rests, want) {
		t.Errorf("resting on %v", tenant.rests)
	}
	if tenant.reasons[0] != "wrong person (undo of B)" {
		t.Errorf("the reason is %q", tenant.reasons[0])
	}
	tenant = &undoTenant{err: &auth0client.Changed{}}
	if r := Perform(t.Context(), Undo(tenant, u, e, now), ""); r.Err == nil || len(tenant.sent) != 1 || !strings.HasPrefix(tenant.reasons[0], "(undo of B)") {
		t.Errorf("changed since: %+v", r)
	}
}

func TestUndoingRoles(t *testing.T) {
	t.Parallel()
	e := auth0client.Entry{ID: "R", Method: "POST", Path: "/api/v2/users/auth0%7C1/roles", Target: "auth0|1", From: map[string]any{"roles": []any{"a"}}, Fields: map[string]any{"roles": []any{"a", "b"}}}
	tenant := &undoTenant{}
	op := Undo(tenant, auth0client.User{ID: "auth0|1"}, e, time.Now())
	if Perform(t.Context(), op, ""); !reflect.DeepEqual(tenant.took, []auth0client.RoleID{"b"}) || op.Permission != "roles:assign" {
		t.Errorf("took %v", tenant.took)
	}
	e.Method, e.Fields = "DELETE", map[string]any{"roles": []any{"a"}}
	if Perform(t.Context(), Undo(tenant, auth0client.User{ID: "auth0|1"}, e, time.Now()), ""); !reflect.DeepEqual(tenant.gave, []auth0client.RoleID{"a"}) {
		t.Errorf("gave %v", tenant.gave)
	}
}
