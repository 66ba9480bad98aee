package desk

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"usher/auth0client"
	"usher/auth0client/term"
)

// deskTenant records the changes, and answers reads with what it is given.
type deskTenant struct {
	calls []string
	err   error

	permissions []auth0client.Permission
	roles       []auth0client.EffectiveRole
	rolesErr    error
	gives       map[auth0client.RoleID][]auth0client.Permission
	effective   []auth0client.EffectivePermission
	giving      []auth0client.EffectiveRole
	givingErr   error
}

func (f *deskTenant) did(parts ...string) error {
	f.calls = append(f.calls, strings.Join(parts, " "))
	return f.err
}

func (f *deskTenant) CreateRole(_ context.Context, name, description string) (auth0client.Role, error) {
	return auth0client.Role{ID: "rol_new"}, f.did("create", name, description)
}
func (f *deskTenant) UpdateRole(_ context.Context, id auth0client.RoleID, name, description string) (auth0client.Role, error) {
	return auth0client.Role{}, f.did("update", string(id), name, description)
}
func (f *deskTenant) DeleteRole(_ context.Context, id auth0client.RoleID) error {
	return f.did("delete", string(id))
}
func (f *deskTenant) AddRolePermissions(_ context.Context, id auth0client.RoleID, ps []auth0client.PermissionRef) error {
	return f.did("add", string(id), ps[0].API, ps[0].Name)
}
func (f *deskTenant) RemoveRolePermissions(_ context.Context, id auth0client.RoleID, ps []auth0client.PermissionRef) error {
	return f.did("remove", string(id), ps[0].API, ps[0].Name)
}
func (f *deskTenant) GrantPermissions(_ context.Context, id auth0client.UserID, ps []auth0client.PermissionRef) error {
	return f.did("grant", string(id), ps[0].Name)
}
func (f *deskTenant) WithdrawPermissions(_ context.Context, id auth0client.UserID, ps []auth0client.PermissionRef) error {
	return f.did("withdraw", string(id), ps[0].Name)
}
func (f *deskTenant) AssignRoles(_ context.Context, id auth0client.UserID, roles []auth0client.RoleID) error {
	return f.did("assign", string(id), string(roles[0]))
}
func (f *deskTenant) AddOrgMembers(_ context.Context, id auth0client.OrgID, users []auth0client.UserID) error {
	return f.did("add members", string(id), string(users[0]))
}
func (f *deskTenant) RemoveOrgMembers(_ context.Context, id auth0client.OrgID, users []auth0client.UserID) error {
	return f.did("remove members", string(id), string(users[0]))
}
func (f *deskTenant) InviteMember(_ context.Context, id auth0client.OrgID, i auth0client.Invite) (auth0client.Invitation, error) {
	return auth0client.Invitation{ID: "uinv_1", Link: auth0client.NewSecret("https://shop.example/login?invitation=SECRET")}, f.did("invite", string(id), i.Email, i.Application, i.Lifetime.String())
}
func (f *deskTenant) RevokeInvitation(_ context.Context, id auth0client.OrgID, invitation string) error {
	return f.did("revoke", string(id), invitation)
}
func (f *deskTenant) UserPermissions(context.Context, auth0client.UserID) ([]auth0client.Permission, error) {
	return f.permissions, f.err
}
func (f *deskTenant) EffectiveRoles(context.Context, auth0client.UserID) ([]auth0client.EffectiveRole, error) {
	return f.roles, f.rolesErr
}
func (f *deskTenant) EffectivePermissions(_ context.Context, _ auth0client.UserID, api string) ([]auth0client.EffectivePermission, error) {
	return f.effective, f.did("effective", api)
}
func (f *deskTenant) RolePermissions(_ context.Context, id auth0client.RoleID) ([]auth0client.Permission, error) {
	if _, known := f.gives[id]; !known {
		return nil, &auth0client.NotFound{}
	}
	return f.gives[id], f.did("gives", string(id))
}
func (f *deskTenant) PermissionRoles(context.Context, auth0client.UserID, auth0client.PermissionRef) ([]auth0client.EffectiveRole, error) {
	return f.giving, f.givingErr
}
func (f *deskTenant) RoleGroups(_ context.Context, _ auth0client.UserID, id auth0client.RoleID) ([]auth0client.Group, error) {
	return []auth0client.Group{{ID: "grp", Name: term.Line("Managers")}}, f.did("groups", string(id))
}

func perm(api, name string) auth0client.Permission {
	return auth0client.Permission{Ref: auth0client.PermissionRef{API: api, Name: name}, Name: term.Line(name), APIID: term.Line(api)}
}

func namedRole(id, name string) auth0client.Role {
	return auth0client.Role{ID: auth0client.RoleID(id), Name: term.Line(name)}
}

func TestOperationsOnRolesAndOrganizationsSayWhatTheyDoAndDoIt(t *testing.T) {
	t.Parallel()
	u := auth0client.User{ID: "auth0|1", Email: term.Line("ada@example.com")}
	r := auth0client.Role{ID: "rol_1", Name: term.Line("Desk"), Description: term.Line("old")}
	o := auth0client.Organization{ID: "org_1", Name: term.Line("acme"), Display: term.Line("Acme")}
	ps := []auth0client.Permission{perm("shop", "read:orders")}
	f := &deskTenant{}
	for _, tc := range []struct {
		op         Operation
		permission string
		danger     bool
		says, does string
	}{
		{CreateRole(f, `Q"A", b`, "about\x1b[2J"), "roles:manage", false, `“Q"A", b”: about␛[2J`, "create Q\"A\", b about\x1b[2J"},
		{EditRole(f, r, "Desk 2", "new"), "roles:manage", true, "“Desk” → “Desk 2”", "update rol_1 Desk 2 new"},
		{EditRole(f, r, "Desk", "new"), "roles:manage", false, "“old” → “new”", "update rol_1 Desk new"},
		{DeleteRole(f, r, Losses{}), "roles:manage", true, "nobody holds it directly", "delete rol_1"},
		{DeleteRole(f, r, Losses{Members: 12300, Permissions: 1}), "roles:manage", true, "12,300 people hold it directly and lose 1 permission", "delete rol_1"},
		{DeleteRole(f, r, Losses{Members: 100, More: true, Unknown: []string{"what it gives"}}), "roles:manage", true, "more than 100 people", "delete rol_1"},
		{AddToRole(f, r, ps), "roles:manage", false, "+ read:orders  shop", "add rol_1 shop read:orders"},
		{RemoveFromRole(f, r, ps), "roles:manage", true, "− read:orders  shop", "remove rol_1 shop read:orders"},
		{GrantDirectly(f, u, ps), "roles:assign", false, "+ read:orders", "grant auth0|1 read:orders"},
		{WithdrawDirect(f, u, ps, 1), "roles:assign", true, "1 of them they keep", "withdraw auth0|1 read:orders"},
		{GiveRole(f, u, r), "roles:assign", false, "Assign the role “Desk” to ada@example.com", "assign auth0|1 rol_1"},
		{AddMembers(f, o, []auth0client.User{u}), "orgs:manage", false, "ada@example.com", "add members org_1 auth0|1"},
		{RemoveMembers(f, o, []auth0client.Member{{User: u, Roles: []auth0client.Role{r}}}), "orgs:manage", true, "the roles they have there (1)", "remove members org_1 auth0|1"},
		{InviteTo(f, o, Invitee{Email: "vera@example.org", Application: auth0client.Application{ID: "app"}, Lifetime: 72 * time.Hour}), "orgs:manage", false, "nobody is told. It is good for 3 days", "invite org_1 vera@example.org app 72h0m0s"},
		{Revoke(f, o, auth0client.Invitation{ID: "uinv_1", Invitee: term.Line("vera@example.org")}), "orgs:manage", true, "vera@example.org", "revoke org_1 uinv_1"},
	} {
		f.calls, f.err = nil, nil
		says := strings.Join(append(slices.Clone(tc.op.Does), tc.op.Loses...), "\n")
		if !strings.Contains(says, tc.says) || strings.Contains(says, "\x1b") {
			t.Errorf("%s says %q, want %q", tc.op.Name, says, tc.says)
		}
		if tc.op.Permission != tc.permission || tc.op.Danger != tc.danger {
			t.Errorf("%s wants %s, danger %v", tc.op.Name, tc.op.Permission, tc.op.Danger)
		}
		if res := tc.op.Run(t.Context()); res.Err != nil || len(res.Done) != 1 || !slices.Equal(f.calls, []string{tc.does}) {
			t.Errorf("%s did %q: %+v", tc.op.Name, f.calls, res)
		}
		f.err = errors.New("refused")
		if res := tc.op.Run(t.Context()); res.Err == nil || len(res.Done) != 0 || len(res.Once) != 0 {
			t.Errorf("refused, %s says %+v", tc.op.Name, res)
		}
	}
}

func TestDeletingARoleWantsItsNameTyped(t *testing.T) {
	t.Parallel()
	if op := DeleteRole(&deskTenant{}, namedRole("rol_1", "Desk"), Losses{}); op.Type != "Desk" || !op.Subject.Gone {
		t.Errorf("it wants %q", op.Type)
	}
	if op := DeleteRole(&deskTenant{}, namedRole("rol_1", ""), Losses{}); op.Type != "rol_1" {
		t.Errorf("without a name it wants %q", op.Type)
	}
}

func TestTheLinkOfAnInvitationIsASecretShownOnce(t *testing.T) {
	t.Parallel()
	res := InviteTo(&deskTenant{}, auth0client.Organization{ID: "org_1"}, Invitee{Email: "vera@example.org", Send: true}).Run(t.Context())
	if len(res.Once) != 1 || strings.Contains(strings.Join(append(res.Done, res.Note...), " "), "SECRET") {
		t.Errorf("it gives %v", res)
	}
}

// brief is a grant in a line: what, and by what.
func brief(g Grant) string {
	s := g.Ref.API + " " + g.Ref.Name
	if g.Direct {
		s += " direct"
	}
	for _, r := range g.Roles {
		s += " " + r.Name.String() + "/" + string(r.ID)
	}
	if g.ByRoles {
		s += " by roles"
	}
	return s
}

func TestAccessIsAllWaysTogether(t *testing.T) {
	t.Parallel()
	desk := auth0client.EffectiveRole{Role: namedRole("rol_d", "Desk"), Direct: true}
	boss := auth0client.EffectiveRole{Role: namedRole("rol_b", "Boss"), ByGroups: true}
	twin := auth0client.EffectiveRole{Role: namedRole("rol_t", "Desk"), Direct: true}
	gone := auth0client.EffectiveRole{Role: namedRole("rol_gone", "Gone"), ByGroups: true}
	read := perm("shop", "read")
	read.Sources = []auth0client.PermissionSource{{Direct: true}, {Name: term.Line("Desk")}}
	told := perm("shop", "read")
	told.Sources = []auth0client.PermissionSource{{Name: term.Line("Desk"), Role: "rol_t"}}
	bare := perm("billing", "pay")
	for _, tc := range []struct {
		name    string
		f       deskTenant
		want    []string
		calls   []string
		partial bool
	}{
		{"direct and by a role", deskTenant{permissions: []auth0client.Permission{read}, roles: []auth0client.EffectiveRole{desk}}, []string{"shop read direct Desk/rol_d"}, nil, false},
		{"a name that is two roles' gives no id", deskTenant{permissions: []auth0client.Permission{read}, roles: []auth0client.EffectiveRole{desk, twin}}, []string{"shop read direct Desk/"}, nil, false},
		{"the source tells the id", deskTenant{permissions: []auth0client.Permission{told}, roles: []auth0client.EffectiveRole{desk, twin}}, []string{"shop read Desk/rol_t"}, nil, false},
		{"through a group as well", deskTenant{permissions: []auth0client.Permission{read}, roles: []auth0client.EffectiveRole{desk, boss},
			gives: map[auth0client.RoleID][]auth0client.Permission{"rol_b": {perm("shop", "read"), perm("shop", "refund")}}},
			[]string{"shop read direct Desk/rol_d Boss/rol_b", "shop refund Boss/rol_b"}, []string{"gives rol_b"}, false},
		{"a group's role that was deleted meanwhile", deskTenant{permissions: []auth0client.Permission{read}, roles: []auth0client.EffectiveRole{desk, gone}}, []string{"shop read direct Desk/rol_d"}, nil, false},
		{"without sources the effective permissions are asked", deskTenant{permissions: []auth0client.Permission{bare}, effective: []auth0client.EffectivePermission{{Ref: bare.Ref, ByRoles: true}}},
			[]string{"billing pay by roles"}, []string{"effective billing"}, false},
		{"without effective roles", deskTenant{permissions: []auth0client.Permission{read}, rolesErr: &auth0client.Forbidden{}}, []string{"shop read direct Desk/"}, nil, true},
		{"in a plan without effective roles", deskTenant{permissions: []auth0client.Permission{read}, rolesErr: &auth0client.NotFound{}}, []string{"shop read direct Desk/"}, nil, true},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			a, err := AccessOf(t.Context(), &tc.f, "auth0|1")
			if err != nil {
				t.Fatal(err)
			}
			var got []string
			for _, g := range a.Grants {
				got = append(got, brief(g))
			}
			if !slices.Equal(got, tc.want) || !slices.Equal(tc.f.calls, tc.calls) || (a.Partial != nil) != tc.partial {
				t.Errorf("got %q by %q, partial %v; want %q by %q", got, tc.f.calls, a.Partial, tc.want, tc.calls)
			}
		})
	}
	for name, f := range map[string]*deskTenant{
		"a lost sign-in":                  {rolesErr: &auth0client.Unauthorized{}},
		"a permission of usher's missing": {rolesErr: &auth0client.Forbidden{Permission: "roles:read"}},
		"permissions that cannot be read": {err: &auth0client.Unreachable{}},
	} {
		if _, err := AccessOf(t.Context(), f, "auth0|1"); err == nil {
			t.Errorf("%s is passed over", name)
		}
	}
}

func TestWhyNamesRolesAndGroups(t *testing.T) {
	t.Parallel()
	desk := auth0client.EffectiveRole{Role: namedRole("rol_d", "Desk"), Direct: true}
	boss := auth0client.EffectiveRole{Role: namedRole("rol_b", "Boss"), ByGroups: true}
	f := &deskTenant{giving: []auth0client.EffectiveRole{{Role: desk.Role}, {Role: boss.Role}, {Role: namedRole("rol_n", "New")}}}
	ways, err := Why(t.Context(), f, "auth0|1", Grant{Permission: perm("shop", "read")}, []auth0client.EffectiveRole{desk, boss})
	if err != nil || len(ways) != 3 || len(ways[0].Groups) != 0 || len(ways[1].Groups) != 1 || !ways[2].Role.Direct || !slices.Equal(f.calls, []string{"groups rol_b"}) {
		t.Errorf("%+v by %q, %v", ways, f.calls, err)
	}
	f = &deskTenant{givingErr: &auth0client.Forbidden{}}
	ways, err = Why(t.Context(), f, "auth0|1", Grant{Permission: perm("shop", "read"), Roles: []auth0client.EffectiveRole{desk}}, nil)
	if err != nil || len(ways) != 1 || !ways[0].Role.Direct {
		t.Errorf("refused: %+v, %v", ways, err)
	}
	f.givingErr = &auth0client.Unauthorized{}
	if _, err := Why(t.Context(), f, "auth0|1", Grant{}, nil); err == nil {
		t.Error("a lost sign-in is passed over")
	}
}

func TestWhatAnOperatorMayGrant(t *testing.T) {
	t.Parallel()
	api := auth0client.API{Identifier: "usher"}
	for _, p := range []string{"users:read", "mfa:reset", "roles:assign", "journal:read", "bulk:run"} {
		api.Permissions = append(api.Permissions, perm("usher", p))
	}
	own := UsherAPI([]auth0client.API{{Identifier: "shop", Permissions: api.Permissions[:3]}, api})
	can := func(p string) bool { return p == "users:read" }
	if own != "usher" || MayGrant(can, own, auth0client.PermissionRef{API: "usher", Name: "users:read"}) != "" || MayGrant(can, own, auth0client.PermissionRef{API: "usher", Name: "bulk:run"}) == "" ||
		MayGrant(can, own, auth0client.PermissionRef{API: "shop", Name: "bulk:run"}) != "" || UsherAPI(nil) != "" {
		t.Errorf("usher's own API is %q", own)
	}
}

func TestNumbersInWords(t *testing.T) {
	t.Parallel()
	for n, want := range map[int]string{0: "0 people", 1: "1 person", 999: "999 people", 1000: "1,000 people", 1234567: "1,234,567 people"} {
		if got := Many(n, "person", "people"); got != want {
			t.Errorf("%d is %q", n, got)
		}
	}
}
