package access

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"

	"usher/auth0client"
	"usher/auth0client/term"
	"usher/ui/uitest"
	"usher/ui/view"
)

type fake struct {
	mu      sync.Mutex
	calls   []string
	evil    string
	err     error
	refused error // of the effective endpoints
	roles   int   // in the tenant, beside those below
	me      auth0client.Me
}

func (f *fake) called(name string) error {
	f.mu.Lock() // some questions are asked at once
	defer f.mu.Unlock()
	f.calls = append(f.calls, name)
	return f.err
}

func (f *fake) permission(api, name string) auth0client.Permission {
	return auth0client.Permission{Ref: auth0client.PermissionRef{API: api, Name: name}, Name: term.Line(name + f.evil), API: term.Line(strings.ToUpper(api) + f.evil), APIID: term.Line("https://" + api + ".example"), Description: term.Line("May " + name + f.evil)}
}

func (f *fake) role(id string) auth0client.Role {
	return auth0client.Role{ID: auth0client.RoleID(id), Name: term.Line("Role " + id + f.evil), Description: term.Line("does " + id + f.evil)}
}

func (f *fake) UserPermissions(context.Context, auth0client.UserID) ([]auth0client.Permission, error) {
	a, b := f.permission("shop", "read:orders"), f.permission("billing", "read:invoices")
	a.Sources = []auth0client.PermissionSource{{Direct: true}, {Name: f.role("desk").Name}}
	b.Sources = []auth0client.PermissionSource{{Direct: true}}
	return []auth0client.Permission{a, b}, f.called("permissions")
}

func (f *fake) EffectiveRoles(context.Context, auth0client.UserID) ([]auth0client.EffectiveRole, error) {
	if err := f.called("effective roles"); err != nil {
		return nil, err
	}
	return []auth0client.EffectiveRole{{Role: f.role("desk"), Direct: true}, {Role: f.role("boss"), ByGroups: true}}, f.refused
}

func (f *fake) EffectivePermissions(context.Context, auth0client.UserID, string) ([]auth0client.EffectivePermission, error) {
	return nil, f.called("effective permissions")
}

func (f *fake) RolePermissions(_ context.Context, id auth0client.RoleID) ([]auth0client.Permission, error) {
	err := f.called("gives")
	switch id {
	case "boss":
		return []auth0client.Permission{f.permission("shop", "refund:orders")}, err
	case "desk":
		return []auth0client.Permission{f.permission("shop", "read:orders")}, err
	case "lead":
		return []auth0client.Permission{f.permission("billing", "void:invoices")}, err
	}
	return nil, err
}

func (f *fake) RoleGives(ctx context.Context, id auth0client.RoleID) ([]auth0client.Permission, error) {
	return f.RolePermissions(ctx, id)
}

func (f *fake) PermissionRoles(_ context.Context, _ auth0client.UserID, p auth0client.PermissionRef) ([]auth0client.EffectiveRole, error) {
	if f.refused != nil {
		return nil, f.refused
	}
	r := f.role("desk")
	if p.Name == "refund:orders" {
		r = f.role("boss")
	}
	return []auth0client.EffectiveRole{{Role: r}}, f.called("why")
}

func (f *fake) RoleGroups(context.Context, auth0client.UserID, auth0client.RoleID) ([]auth0client.Group, error) {
	return []auth0client.Group{{ID: "grp", Name: term.Line("Shop managers" + f.evil)}}, f.called("groups")
}

func (f *fake) APIs(context.Context) ([]auth0client.API, error) {
	return []auth0client.API{
		{Identifier: "management", Name: term.Line("Auth0"), System: true, Permissions: []auth0client.Permission{f.permission("management", "read:users")}},
		{Identifier: "billing", Name: term.Line("Billing"), Permissions: []auth0client.Permission{f.permission("billing", "read:invoices"), f.permission("billing", "void:invoices")}},
	}, f.called("apis")
}

func (f *fake) Roles(context.Context) ([]auth0client.Role, error) {
	out := []auth0client.Role{f.role("boss"), f.role("desk"), f.role("lead")}
	for i := range f.roles {
		out = append(out, f.role(fmt.Sprint("r", i)))
	}
	return out, f.called("roles")
}

func (f *fake) Me(context.Context) (auth0client.Me, error) { return f.me, nil }

func (f *fake) GrantPermissions(context.Context, auth0client.UserID, []auth0client.PermissionRef) error {
	return f.called("grant")
}
func (f *fake) WithdrawPermissions(context.Context, auth0client.UserID, []auth0client.PermissionRef) error {
	return f.called("withdraw")
}
func (f *fake) AssignRoles(context.Context, auth0client.UserID, []auth0client.RoleID) error {
	return f.called("assign")
}

func open(t *testing.T, f *fake, lacks ...string) *uitest.Stage {
	t.Helper()
	return uitest.Open(t, New(uitest.Env(t, lacks...), f, auth0client.User{ID: "auth0|1", Email: term.Line("ada@example.com")}))
}

func TestEverythingTheyMayDoIsThereWithItsSource(t *testing.T) {
	t.Parallel()
	f := &fake{}
	s := open(t, f)
	s.Shows("1 May 3", "direct, role Role desk", "role Role boss (group)")
	s.Golden("may")
	if slices.Sort(f.calls); !slices.Equal(f.calls, []string{"effective roles", "gives", "permissions"}) {
		t.Errorf("it asked for %v", f.calls)
	}
	s.Press("/", "' GROUP")
	if got := s.At(view.Size{Width: 80, Height: 24}); strings.Contains(got, "read:invoices") || !strings.Contains(got, "refund:orders") {
		t.Errorf("the filter shows\n%s", got)
	}
}

func TestWhyIsAnsweredByAChain(t *testing.T) {
	t.Parallel()
	f := &fake{}
	s := open(t, f)
	s.Press("j", "j", "enter")
	s.Shows("Why may they refund:orders?", "refund:orders ← role Role boss ← group Shop managers")
	s.Golden("why")
	if got := s.Press("enter"); got != (view.OpenRole{ID: "boss", Name: f.role("boss").Name}) {
		t.Errorf("enter opens %v", got)
	}
	s.Press("esc", "k", "enter")
	s.Shows("It was granted to them directly", "read:orders ← role Role desk ← assigned to them")
}

func TestWithoutTheEffectiveEndpointsTheSourcesOfPermissionsDo(t *testing.T) {
	t.Parallel()
	f := &fake{refused: &auth0client.Forbidden{}}
	s := open(t, f)
	s.Shows("1 May 2", "What comes through groups is not among this: Not allowed.", "direct, role Role desk")
	s.Press("j", "enter")
	s.Shows("read:orders ← role Role desk ← assigned to them")
	s.Press("enter")
	s.Shows("without its id")
}

func TestWhatWouldGiveItIsLookedForAndStopped(t *testing.T) {
	t.Parallel()
	f := &fake{me: auth0client.Me{Policies: []string{"billing"}, Roles: []string{"Role lead"}}}
	s := open(t, f)
	s.Press("2")
	s.Shows("void:invoices", "read:users")
	s.Golden("may-not")
	f.calls = nil
	s.Press("enter")
	s.Shows("What would give void:invoices?", "role Role lead", "Looked at all 3 roles.")
	s.Golden("search")
	if len(f.calls) != 4 {
		t.Errorf("it asked %v", f.calls)
	}
	op := s.Press("enter").(view.Operate).Operation
	if op.Name != "Assign role" || op.User.ID != "auth0|1" {
		t.Errorf("enter wishes %+v", op)
	}
	f.calls = nil
	if s.Press("esc", "enter"); slices.Contains(f.calls, "gives") {
		t.Error("roles that are known were asked again")
	}

	m := New(uitest.Env(t), &fake{roles: 1000}, auth0client.User{ID: "auth0|1"})
	s = uitest.Open(t, m)
	s.Press("2")
	_, cmd := m.Update(view.Press("enter"))
	_, cmd = m.Update(cmd())
	asked := uitest.Drain(cmd)
	if len(asked) != atOnce {
		t.Errorf("%d roles are asked at once", len(asked))
	}
	m.Update(asked[0])
	s.Press("esc")
	s.Shows("Stopped: looked at 1 of 1,003 roles.")
	if _, more := m.Update(asked[1]); more != nil {
		t.Error("it goes on after the stop")
	}
}

func TestARoleThatThePolicyForbidsIsDimWithTheReason(t *testing.T) {
	t.Parallel()
	s := open(t, &fake{me: auth0client.Me{Policies: []string{"billing"}, Roles: []string{"other"}}})
	s.Press("2", "enter")
	s.Shows("policy billing")
	if s.Press("enter") != nil {
		t.Error("it can be assigned")
	}
	lacking := open(t, &fake{}, assignPermission)
	for _, k := range []string{"+", "-", "r"} {
		if lacking.Press(k) != nil {
			t.Errorf("without the permission %s does something", k)
		}
	}
	own := uitest.Open(t, New(uitest.Env(t), &fake{}, auth0client.User{ID: "auth0|op"}))
	if own.Press("+") != nil {
		t.Error("their own access can be changed")
	}
	own.Shows("Nobody changes their own access")
}

func TestDirectPermissionsAreGrantedAndWithdrawn(t *testing.T) {
	t.Parallel()
	f := &fake{}
	s := open(t, f)
	op := s.Press("j", "-").(view.Operate).Operation
	if !strings.Contains(strings.Join(op.Does, "\n"), "1 of them they keep") {
		t.Errorf("it does %q", op.Does)
	}
	if s.Press("j", "-") != nil {
		t.Error("what a role gives is withdrawn")
	}
	s.Shows("It comes by a role")
	if op = s.Press("g", "space", "space", "-").(view.Operate).Operation; len(op.Does) != 4 {
		t.Errorf("two are withdrawn by %q", op.Does)
	}
	pick := s.Press("esc", "+").(view.Pick)
	choices, err := pick.Load(t.Context())
	if err != nil || len(choices) != 2 || choices[1].Label != "read:users" {
		t.Fatalf("offered %v, %v", choices, err)
	}
	op = pick.Then(choices[:1]).(view.Operate).Operation
	if r := op.Run(t.Context()); r.Err != nil || f.calls[len(f.calls)-1] != "grant" {
		t.Errorf("it ran %v: %v", f.calls, r.Err)
	}
	op = s.Press("2", "space", "+").(view.Operate).Operation
	if len(op.Does) != 2 || !strings.Contains(op.Does[1], "void:invoices") {
		t.Errorf("it does %q", op.Does)
	}
}

func TestTheNewsOfAChangeIsFollowed(t *testing.T) {
	t.Parallel()
	f := &fake{}
	s := open(t, f)
	f.calls = nil
	s.Tell(view.UserTouchedMsg{ID: "auth0|2"})
	if len(f.calls) != 0 {
		t.Error("another user's change is read")
	}
	s.Tell(view.UserTouchedMsg{ID: "auth0|1"})
	if len(f.calls) != 3 {
		t.Errorf("it asked %v", f.calls)
	}
	f.err = &auth0client.Unauthorized{}
	if s.Press("R"); !slices.Contains(s.Wishes, view.Action(view.RequireLogin{})) {
		t.Errorf("a lost sign-in gives %v", s.Wishes)
	}
	s.Shows("refund:orders")
}

func TestNoSizeAndNoNameBreaksIt(t *testing.T) {
	t.Parallel()
	s := open(t, &fake{evil: "\x1b[2J\u202e\r\n漢字" + strings.Repeat("x", 300)})
	for _, keys := range [][]string{{"1"}, {"enter"}, {"esc", "2"}, {"enter"}} {
		s.Press(keys...)
		s.Withstands()
	}
}
