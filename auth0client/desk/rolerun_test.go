package desk

import (
	"context"
	"slices"
	"strings"
	"sync"
	"testing"

	"usher/auth0client"
	"usher/auth0client/term"
)

// house is a tenant whose roles are kept by user, and by member of its one organization.
type house struct {
	mu   sync.Mutex
	held map[auth0client.UserID][]auth0client.RoleID
	sent []string
	on   func(sent string) error
}

func (h *house) roles(id auth0client.UserID) (out []auth0client.Role) {
	for _, r := range h.held[id] {
		out = append(out, auth0client.Role{ID: r, Name: term.Line(string(r))})
	}
	return out
}

func (h *house) UserRoles(_ context.Context, id auth0client.UserID) ([]auth0client.Role, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.roles(id), nil
}

func (h *house) change(verb string, id auth0client.UserID, roles []auth0client.RoleID) error {
	h.mu.Lock()
	defer h.mu.Unlock()
	line := verb + " " + string(id)
	for _, r := range roles {
		line += " " + string(r)
	}
	h.sent = append(h.sent, line)
	if h.on != nil {
		if err := h.on(line); err != nil {
			return err
		}
	}
	h.held[id] = slices.DeleteFunc(h.held[id], func(r auth0client.RoleID) bool { return slices.Contains(roles, r) })
	if strings.HasPrefix(verb, "assign") {
		h.held[id] = append(h.held[id], roles...)
	}
	return nil
}

func (h *house) AssignRoles(_ context.Context, id auth0client.UserID, roles []auth0client.RoleID) error {
	return h.change("assign", id, roles)
}

func (h *house) RemoveRoles(_ context.Context, id auth0client.UserID, roles []auth0client.RoleID) error {
	return h.change("remove", id, roles)
}

func (h *house) AssignToUsers(_ context.Context, role auth0client.RoleID, users []auth0client.UserID) error {
	for _, u := range users {
		if err := h.change("assign-many", u, []auth0client.RoleID{role}); err != nil {
			return err
		}
	}
	return nil
}

func (h *house) EffectiveRoles(context.Context, auth0client.UserID) ([]auth0client.EffectiveRole, error) {
	return []auth0client.EffectiveRole{{Role: auth0client.Role{ID: "own"}, Direct: true}, {Role: auth0client.Role{ID: "both"}, Direct: true, ByGroups: true}, {Role: auth0client.Role{ID: "grouped"}, ByGroups: true}}, nil
}

func (h *house) RoleGroups(_ context.Context, _ auth0client.UserID, role auth0client.RoleID) ([]auth0client.Group, error) {
	if role == "both" {
		return []auth0client.Group{{Name: term.Line("Sales")}, {Name: term.Line("Staff")}}, nil
	}
	return []auth0client.Group{{Name: term.Line("Engineering")}}, nil
}

func (h *house) UserOrganizations(context.Context, auth0client.UserID) ([]auth0client.Organization, error) {
	return []auth0client.Organization{{ID: "org_1", Name: term.Line("acme"), Display: term.Line("Acme Inc.")}}, nil
}

func (h *house) MemberRoles(_ context.Context, _ auth0client.OrgID, user auth0client.UserID) ([]auth0client.Role, error) {
	return h.roles(user + "@org"), nil
}

func (h *house) AssignMemberRoles(_ context.Context, _ auth0client.OrgID, user auth0client.UserID, roles []auth0client.RoleID) error {
	return h.change("assign member", user+"@org", roles)
}

func (h *house) RemoveMemberRoles(_ context.Context, _ auth0client.OrgID, user auth0client.UserID, roles []auth0client.RoleID) error {
	return h.change("remove member", user+"@org", roles)
}

func TestTheOtherWaysToARole(t *testing.T) {
	t.Parallel()
	h := &house{held: map[auth0client.UserID][]auth0client.RoleID{"a": {"own"}, "a@org": {"guest"}}}
	got, err := OwnRoles(h).Through(t.Context(), "a")
	want := []Through{{Role: "both", From: "the groups Sales, Staff"}, {Role: "grouped", From: "the group Engineering"}, {Role: "guest", From: "Acme Inc.", Elsewhere: true}}
	if err != nil || !slices.Equal(got, want) {
		t.Errorf("a user's: %v, %v", got, err)
	}
	member := MemberRoles(h, auth0client.Organization{ID: "org_1", Name: term.Line("acme")})
	if got, err := member.Through(t.Context(), "a"); err != nil || !slices.Equal(got, []Through{{Role: "own", From: "everywhere", Elsewhere: true}}) {
		t.Errorf("a member's: %v, %v", got, err)
	}
	run := NewRoleRun(member, []RoleChange{{User: auth0client.User{ID: "a"}, Held: []auth0client.RoleID{"guest"}, Add: []auth0client.RoleID{"host"}, Remove: []auth0client.RoleID{"guest"}}})
	run.Run(t.Context())
	if o := run.Outcomes()[0]; !o.Well() || !slices.Equal(o.Held, []auth0client.RoleID{"host"}) || !slices.Equal(h.held["a"], []auth0client.RoleID{"own"}) {
		t.Errorf("outcome %+v of %v", o, h.sent)
	}
	if member.Where() != " in acme" || !slices.Contains(member.Permissions(), "orgs:manage") {
		t.Errorf("%q needs %v", member.Where(), member.Permissions())
	}
}

func TestARunOfRolesCanBeStopped(t *testing.T) {
	t.Parallel()
	h := &house{held: map[auth0client.UserID][]auth0client.RoleID{}}
	var changes []RoleChange
	for _, id := range ids(20) {
		h.held[id] = []auth0client.RoleID{"r"}
		changes = append(changes, RoleChange{User: auth0client.User{ID: id}, Held: []auth0client.RoleID{"r"}, Remove: []auth0client.RoleID{"r"}})
	}
	run := NewRoleRun(OwnRoles(h), changes)
	h.on = func(string) error {
		run.Stop()
		return nil
	}
	run.Run(t.Context())
	done, stopped := 0, 0
	for _, o := range run.Outcomes() {
		switch o.State {
		case Succeeded:
			done++
		case Stopped:
			stopped++
		}
	}
	if done != len(h.sent) || done > atOnce || done+stopped != 20 || run.Ended() != 20 {
		t.Errorf("%d done of %d sent, %d not begun", done, len(h.sent), stopped)
	}
}

func TestOnePersonsRefusalDoesNotStopTheOthers(t *testing.T) {
	t.Parallel()
	h := &house{held: map[auth0client.UserID][]auth0client.RoleID{}, on: func(sent string) error {
		switch {
		case strings.HasPrefix(sent, "remove auth0|1 "):
			return &auth0client.Forbidden{Answer: auth0client.Answer{Status: 403}} // above the operator
		case strings.HasPrefix(sent, "remove auth0|2 "):
			return &auth0client.ApprovalPending{}
		}
		return nil
	}}
	var changes []RoleChange
	for _, id := range ids(9) {
		h.held[id] = []auth0client.RoleID{"r"}
		changes = append(changes, RoleChange{User: auth0client.User{ID: id}, Held: []auth0client.RoleID{"r"}, Remove: []auth0client.RoleID{"r"}})
	}
	run := NewRoleRun(OwnRoles(h), changes)
	run.Run(t.Context())
	for i, o := range run.Outcomes() {
		if want := i != 1 && i != 2; o.Well() != want || (len(o.Waits) > 0) != (i == 2) || (o.Err != nil) != (i == 1) {
			t.Errorf("%d: %+v", i, o)
		}
	}
}

func TestAssigningAndRemovingLookFirst(t *testing.T) {
	t.Parallel()
	h := &house{held: map[auth0client.UserID][]auth0client.RoleID{"a": {"x"}}}
	u := auth0client.User{ID: "a", Email: term.Line("a@example.com")}
	role := func(id string) auth0client.Role {
		return auth0client.Role{ID: auth0client.RoleID(id), Name: term.Line(id)}
	}
	r := Perform(t.Context(), AssignRoles(OwnRoles(h), u, []auth0client.Role{role("x"), role("y"), role("z")}), "")
	if r.Err != nil || r.Done[0] != "Assigned y, z." || r.Note[0] != "Held already: x." || !slices.Equal(h.sent, []string{"assign a y z"}) {
		t.Errorf("%+v sent %v", r, h.sent)
	}
	r = Perform(t.Context(), RemoveRoles(OwnRoles(h), u, []auth0client.Role{role("x"), role("w")}), "")
	if r.Err != nil || r.Done[0] != "Removed x." || r.Note[0] != "Not held: w." || len(h.sent) != 2 {
		t.Errorf("%+v sent %v", r, h.sent)
	}
	for i := range MostRoles {
		h.held["a"] = append(h.held["a"], auth0client.RoleID(strings.Repeat("i", i+1)))
	}
	if r = Perform(t.Context(), AssignRoles(OwnRoles(h), u, []auth0client.Role{role("new")}), ""); r.Err == nil || len(h.sent) != 2 {
		t.Errorf("over the limit: %+v sent %v", r, h.sent)
	}
}

func TestARunOfRolesEndsWithItsSession(t *testing.T) {
	t.Parallel()
	h := &house{held: map[auth0client.UserID][]auth0client.RoleID{}}
	var changes []RoleChange
	for _, id := range ids(20) {
		h.held[id] = []auth0client.RoleID{"r"}
		changes = append(changes, RoleChange{User: auth0client.User{ID: id}, Held: []auth0client.RoleID{"r"}, Remove: []auth0client.RoleID{"r"}})
	}
	session, end := context.WithCancel(t.Context())
	defer end()
	run := NewRoleRun(OwnRoles(h), changes)
	run.EndWith(session)
	h.on = func(string) error {
		end()
		return nil
	}
	run.Run(t.Context())
	done := 0
	for _, o := range run.Outcomes() {
		if o.State == Succeeded {
			done++
		} else if o.State != Stopped {
			t.Errorf("one is in state %v: %v", o.State, o.Err)
		}
	}
	if done == 0 || done != len(h.sent) || done > atOnce {
		t.Errorf("%d done of %d sent", done, len(h.sent))
	}
}
