package desk

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"usher/auth0client"
	"usher/auth0client/gateway/policy"
	"usher/auth0client/term"
)

func allows(names ...string) (out []auth0client.Permission) {
	for _, n := range names {
		out = append(out, auth0client.Permission{Ref: auth0client.PermissionRef{API: "shop", Name: n}, Name: term.Line(n)})
	}
	return out
}

func names(ps []auth0client.Permission) string {
	var out []string
	for _, p := range ps {
		out = append(out, p.Ref.Name)
	}
	return strings.Join(out, " ")
}

func TestWhatAChangeOfRolesDoesToPermissions(t *testing.T) {
	t.Parallel()
	gives := Gives{"editor": allows("read:docs", "write:docs"), "viewer": allows("read:docs"), "boss": allows("delete:docs", "read:docs"), "group": allows("write:docs")}
	editor, viewer := auth0client.Role{ID: "editor", Name: term.Line("Editor")}, auth0client.Role{ID: "viewer", Name: term.Line("Viewer")}
	sourced := func(name string, sources ...auth0client.PermissionSource) auth0client.Permission {
		p := allows(name)[0]
		p.Sources = sources
		return p
	}
	for name, c := range map[string]struct {
		grants              Grants
		add, remove         []auth0client.RoleID
		gains, loses, keeps string
	}{
		"a role of a newcomer":                   {add: []auth0client.RoleID{"boss"}, gains: "delete:docs read:docs"},
		"what is held already is not gained":     {grants: ByRoles([]auth0client.RoleID{"viewer"}, gives), add: []auth0client.RoleID{"boss"}, gains: "delete:docs"},
		"the last source is lost":                {grants: ByRoles([]auth0client.RoleID{"editor"}, gives), remove: []auth0client.RoleID{"editor"}, loses: "read:docs write:docs"},
		"another role keeps it":                  {grants: ByRoles([]auth0client.RoleID{"editor", "viewer"}, gives), remove: []auth0client.RoleID{"editor"}, loses: "write:docs", keeps: "read:docs"},
		"an added role keeps it":                 {grants: ByRoles([]auth0client.RoleID{"editor"}, gives), add: []auth0client.RoleID{"viewer"}, remove: []auth0client.RoleID{"editor"}, loses: "write:docs", keeps: "read:docs"},
		"both of two removed roles gave it":      {grants: ByRoles([]auth0client.RoleID{"editor", "viewer"}, gives), remove: []auth0client.RoleID{"editor", "viewer"}, loses: "read:docs write:docs"},
		"a grant of its own keeps it":            {grants: GrantsOf([]auth0client.Permission{sourced("read:docs", auth0client.PermissionSource{Direct: true}, auth0client.PermissionSource{Role: "viewer"})}, []auth0client.Role{viewer}, nil, gives), remove: []auth0client.RoleID{"viewer"}, keeps: "read:docs"},
		"a group's role keeps it":                {grants: GrantsOf([]auth0client.Permission{sourced("write:docs", auth0client.PermissionSource{Role: "editor"})}, []auth0client.Role{editor}, []auth0client.RoleID{"group"}, gives), remove: []auth0client.RoleID{"editor"}, keeps: "write:docs"},
		"a source by name alone":                 {grants: GrantsOf([]auth0client.Permission{sourced("write:docs", auth0client.PermissionSource{Name: term.Line("Editor")})}, []auth0client.Role{editor}, nil, gives), remove: []auth0client.RoleID{"editor"}, loses: "write:docs"},
		"no source at all is a role's, if any":   {grants: GrantsOf(allows("write:docs", "read:docs"), []auth0client.Role{editor}, nil, gives), remove: []auth0client.RoleID{"editor"}, loses: "read:docs write:docs"},
		"no source and no role is their own":     {grants: GrantsOf(allows("delete:docs"), nil, nil, gives), add: []auth0client.RoleID{"boss"}, gains: "read:docs"},
		"removing what gives nothing is nothing": {grants: ByRoles([]auth0client.RoleID{"editor"}, gives), remove: []auth0client.RoleID{"empty"}},
	} {
		e := c.grants.Change(c.add, c.remove, gives)
		if names(e.Gains) != c.gains || names(e.Loses) != c.loses || names(e.Keeps) != c.keeps {
			t.Errorf("%s: gains %q, loses %q, keeps %q", name, names(e.Gains), names(e.Loses), names(e.Keeps))
		}
	}
	gains, loses := Sum([]Effect{{Gains: allows("a", "b")}, {Gains: allows("b"), Loses: allows("c")}})
	if len(gains) != 2 || gains[0].Permission.Ref.Name != "b" || gains[0].Users != 2 || len(loses) != 1 || loses[0].Users != 1 {
		t.Errorf("gains %v, loses %v", gains, loses)
	}
}

func TestWhatIsDangerous(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]string{
		"delete:orders": "deletes", "admin": "everything", "shop:admin": "everything", "manage:stock": "manages", "update:users": "changes people",
		"create:roles": "changes people", "users:delete": "rights in usher itself", "journal:read": "rights in usher itself", "*": "everything",
		"read:users": "", "read:orders": "", "write:docs": "", "": "", "administer": "",
	} {
		if got := Risk(allows(name)[0]); got != want {
			t.Errorf("%q is %q, want %q", name, got, want)
		}
	}
	var all []string
	for _, a := range policy.Actions() {
		all = append(all, string(a))
	}
	if !slices.Equal(usherPermissions(), all) {
		t.Errorf("usher's permissions are %v, the gateway's %v", usherPermissions(), all)
	}
}

func TestWhatAPolicyForbidsIsSaidBefore(t *testing.T) {
	t.Parallel()
	role := func(name string) auth0client.Role { return auth0client.Role{Name: term.Line(name)} }
	desk := MayOf(auth0client.Me{Policies: []string{"sales desk"}, Roles: []string{"customer", "partner *"}, Permissions: []string{"users:read"}})
	for _, c := range []struct {
		may  May
		role auth0client.Role
		give []auth0client.Permission
		want string
	}{
		{desk, role("customer"), nil, ""},
		{desk, role("partner of ours"), allows("read:docs", "users:read"), ""},
		{desk, role("Customer"), nil, "policy sales desk"},
		{desk, role("admin"), nil, "policy sales desk"},
		{desk, role("customer"), allows("users:delete"), "it gives users:delete, which you do not hold"},
		{MayOf(auth0client.Me{}), role("admin"), allows("users:delete"), ""},
		{May{}, role("admin"), nil, ""},
	} {
		if got := c.may.Role(c.role, c.give); got != c.want {
			t.Errorf("%s with %v: %q, want %q", c.role.Name, names(c.give), got, c.want)
		}
	}
}

// crowd is a tenant of many users whose assigning fails as told.
type crowd struct {
	sizes []int
	fail  func(call int, users []auth0client.UserID) error
	given map[auth0client.UserID]int
}

func (c *crowd) AssignToUsers(_ context.Context, _ auth0client.RoleID, users []auth0client.UserID) error {
	c.sizes = append(c.sizes, len(users))
	if c.fail != nil {
		if err := c.fail(len(c.sizes), users); err != nil {
			return err
		}
	}
	for _, u := range users {
		c.given[u]++
	}
	return nil
}

func ids(n int) (out []auth0client.UserID) {
	for i := range n {
		out = append(out, auth0client.UserID(fmt.Sprintf("auth0|%d", i)))
	}
	return out
}

func TestOneRoleForTenThousandUsersIsARequestABatch(t *testing.T) {
	t.Parallel()
	c := &crowd{given: map[auth0client.UserID]int{}}
	m := AssignToMany(c, "rol_1", append(ids(10_000), ids(3)...))
	told := 0
	if err := m.Run(t.Context(), func(done, total int) { told = done * 10_000 / total }); err != nil {
		t.Fatal(err)
	}
	if want := 10_000 / auth0client.MostMembers; len(c.sizes) != want || len(c.given) != 10_000 || told != 10_000 || len(m.Left()) != 0 {
		t.Errorf("%d requests for %d users, %d told, %d left; want %d requests", len(c.sizes), len(c.given), told, len(m.Left()), want)
	}
}

func TestARunGoesOnWhereItStopped(t *testing.T) {
	t.Parallel()
	fault := &auth0client.Unavailable{Answer: auth0client.Answer{Status: 503}}
	for name, c := range map[string]struct {
		fail  func(m *ManyAssigned) func(int, []auth0client.UserID) error
		first int // requests of the first run
		left  int
		err   bool
	}{
		"one batch failed": {func(*ManyAssigned) func(int, []auth0client.UserID) error {
			return func(call int, _ []auth0client.UserID) error {
				if call == 2 {
					return fault
				}
				return nil
			}
		}, 4, 500, true},
		"stopped": {func(m *ManyAssigned) func(int, []auth0client.UserID) error {
			return func(call int, _ []auth0client.UserID) error {
				if call == 2 {
					m.Stop()
				}
				return nil
			}
		}, 2, 1000, false},
		"the sign-in was lost": {func(*ManyAssigned) func(int, []auth0client.UserID) error {
			return func(call int, _ []auth0client.UserID) error {
				if call == 2 {
					return &auth0client.Unauthorized{}
				}
				return nil
			}
		}, 2, 1500, true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			tenant := &crowd{given: map[auth0client.UserID]int{}}
			m := AssignToMany(tenant, "rol_1", ids(2000))
			tenant.fail = c.fail(m)
			if err := m.Run(t.Context(), nil); (err != nil) != c.err || len(tenant.sizes) != c.first || len(m.Left()) != c.left {
				t.Fatalf("%v after %d requests, %d left", err, len(tenant.sizes), len(m.Left()))
			}
			tenant.fail = nil
			if err := m.Run(t.Context(), nil); err != nil || len(m.Left()) != 0 || len(tenant.given) != 2000 {
				t.Errorf("%v, %d left, %d given", err, len(m.Left()), len(tenant.given))
			}
			for u, n := range tenant.given {
				if n != 1 {
					t.Fatalf("%s was given the role %d times", u, n)
				}
			}
		})
	}
}

func TestBatchesBecomeSmallWhereEachPersonIsLookedAt(t *testing.T) {
	t.Parallel()
	tenant := &crowd{given: map[auth0client.UserID]int{}, fail: func(_ int, users []auth0client.UserID) error {
		if len(users) > 50 {
			return &auth0client.Forbidden{Answer: auth0client.Answer{Status: 403, Code: term.Line("usher_field")}}
		}
		return nil
	}}
	m := AssignToMany(tenant, "rol_1", ids(620))
	if err := m.Run(t.Context(), nil); err != nil || len(tenant.given) != 620 || len(tenant.sizes) != 1+13 {
		t.Errorf("%v, %d given in %v", err, len(tenant.given), tenant.sizes)
	}
}

func TestTheLimitOfRoles(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		held, add, remove int
		says              string
	}{
		{49, 1, 0, ""}, {50, 1, 0, "would hold 51 roles; Auth0 allows 50."}, {50, 1, 1, "for a moment"}, {60, 0, 3, ""}, {60, 1, 3, "would hold 58"},
	} {
		err := RolesFit(c.held, c.add, c.remove)
		if (err == nil) != (c.says == "") || err != nil && !strings.Contains(err.Error(), c.says) {
			t.Errorf("%+v gives %v", c, err)
		}
	}
	if !errors.As(RolesFit(50, 1, 0), new(*TooManyRoles)) {
		t.Error("the limit is no kind of error")
	}
}
