package role

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"testing"

	"usher/auth0client"
	"usher/auth0client/desk"
	"usher/auth0client/term"
	"usher/ui/uitest"
	"usher/ui/view"
)

type fake struct {
	desk.RoleKeeping
	calls   []string
	members int
	evil    string
	err     error
	deny    error // of the members
	apis    []auth0client.API
}

func (f *fake) called(name string) error {
	f.calls = append(f.calls, name)
	return f.err
}

func (f *fake) Role(_ context.Context, id auth0client.RoleID) (auth0client.Role, error) {
	return auth0client.Role{ID: id, Name: term.Line("Order desk" + f.evil), Description: term.Line("Handles orders" + f.evil)}, f.called("role")
}

func (f *fake) RoleMembers(_ context.Context, _ auth0client.RoleID, from string) (auth0client.Batch[auth0client.User], error) {
	start, _ := strconv.Atoi(from)
	var out auth0client.Batch[auth0client.User]
	for i := start; i < min(start+100, f.members); i++ {
		email := fmt.Sprintf("user%06d@example.com", i)
		out.Items = append(out.Items, auth0client.User{ID: auth0client.UserID(fmt.Sprintf("auth0|%06d", i)), EmailRaw: email, Email: term.Line(email + f.evil), Name: term.Line("User" + f.evil)})
	}
	if start+100 < f.members {
		out.Next = strconv.Itoa(start + 100)
	}
	err := f.called("members")
	if f.deny != nil {
		err = f.deny
	}
	return out, err
}

func permission(api, name, evil string) auth0client.Permission {
	return auth0client.Permission{Ref: auth0client.PermissionRef{API: api, Name: name}, Name: term.Line(name + evil), API: term.Line(strings.ToUpper(api) + evil), APIID: term.Line("https://" + api + ".example"), Description: term.Line("May " + name + evil)}
}

func (f *fake) RolePermissions(_ context.Context, id auth0client.RoleID) ([]auth0client.Permission, error) {
	out := []auth0client.Permission{permission("shop", "write:orders", f.evil), permission("billing", "read:invoices", f.evil), permission("shop", "read:orders", f.evil)}
	if id == "rol_2" {
		out = []auth0client.Permission{permission("shop", "read:orders", f.evil), permission("shop", "refund:orders", f.evil)}
	}
	return out, f.called("permissions")
}

func (f *fake) GroupsOfRole(_ context.Context, id auth0client.RoleID) ([]auth0client.Group, error) {
	if id == "rol_2" {
		return nil, f.called("groups")
	}
	return []auth0client.Group{{ID: "grp_1", Name: term.Line("Shop managers" + f.evil)}}, f.called("groups")
}

func (f *fake) APIs(context.Context) ([]auth0client.API, error) { return f.apis, f.called("apis") }

func (f *fake) Roles(context.Context) ([]auth0client.Role, error) {
	return []auth0client.Role{one(), two()}, f.called("roles")
}

func one() auth0client.Role { return auth0client.Role{ID: "rol_1", Name: term.Line("Order desk")} }
func two() auth0client.Role { return auth0client.Role{ID: "rol_2", Name: term.Line("Refund desk")} }

func open(t *testing.T, f *fake, lacks ...string) *uitest.Stage {
	t.Helper()
	return uitest.Open(t, New(uitest.Env(t, lacks...), f, one()))
}

func TestEachTabIsReadWhenItIsOpened(t *testing.T) {
	t.Parallel()
	f := &fake{members: 3}
	s := open(t, f)
	s.Golden("members")
	s.Press("2")
	s.Golden("permissions")
	s.Press("3")
	s.Golden("groups")
	s.Press("1", "2", "tab", "tab")
	if slices.Sort(f.calls); !slices.Equal(f.calls, []string{"groups", "members", "permissions", "role"}) {
		t.Errorf("it asked for %v", f.calls)
	}
	u, ok := s.Press("1", "j", "enter").(view.OpenUser)
	if !ok || u.User.ID != "auth0|000001" || u.User.EmailRaw != "user000001@example.com" {
		t.Errorf("enter opens %v", u)
	}
}

func TestAHundredThousandMembersAreReadAsFarAsOneLooksCountedAndStopped(t *testing.T) {
	t.Parallel()
	f := &fake{members: 100_000}
	m := New(uitest.Env(t), f, one())
	s := uitest.Open(t, m)
	if len(f.calls) != 2 {
		t.Fatalf("opening it asked %v", f.calls)
	}
	s.Shows("Members 100+", "there are more")
	s.Press("G")
	s.Shows("Members 200+")
	// Counting goes on by itself, page after page, until it is stopped.
	_, cmd := m.Update(view.Press("c"))
	for range 50 {
		msg := cmd()
		_, cmd = m.Update(msg)
	}
	s.Shows("Counting: 5,200 members so far. c stops.")
	m.Update(view.Press("c"))
	if late, _ := m.Update(cmd()); late != nil || len(m.members.Rows()) != 5200 {
		t.Errorf("after the stop there are %d", len(m.members.Rows()))
	}
	s.Press("c")
	s.Shows("Members 100,000]")
	if n := len(f.calls); n > 1003 {
		t.Errorf("%d requests for 1,000 pages", n)
	}
	s.Press("/", "' user099999")
	s.Shows("user099999@example.com")
}

func TestDeletingCountsFirstWhoLosesIt(t *testing.T) {
	t.Parallel()
	f := &fake{members: 250}
	s := open(t, f)
	op := s.Press("D").(view.Operate).Operation
	for _, want := range []string{"250 people hold it directly and lose 3 permissions", "all members of Shop managers", "in an organization"} {
		if !strings.Contains(strings.Join(op.Loses, "\n"), want) {
			t.Errorf("no %q in %q", want, op.Loses)
		}
	}
	if op.Type != "Order desk" || !op.Danger || !op.Subject.Gone {
		t.Errorf("the question is %+v", op)
	}
	m := New(uitest.Env(t), &fake{members: 100_000}, one())
	s = uitest.Open(t, m)
	m.Update(view.Press("D"))
	s.Shows("Counting who loses it: 100 members so far. D goes on without the rest")
	op = s.Press("D").(view.Operate).Operation
	if !strings.Contains(strings.Join(op.Loses, "\n"), "more than 100 people") {
		t.Errorf("stopped early it says %q", op.Loses)
	}
	m.Update(view.Press("D"))
	if s.Press("esc") != nil || m.deleting {
		t.Error("esc does not stop it")
	}
	denied := open(t, &fake{deny: &auth0client.Forbidden{}})
	op = denied.Press("D").(view.Operate).Operation
	if !strings.Contains(strings.Join(op.Loses, "\n"), "not known: who holds it (Not allowed)") {
		t.Errorf("without members it says %q", op.Loses)
	}
	lost := open(t, &fake{members: 1})
	if lost.Tell(view.AlteredMsg{ID: "rol_1", Gone: true}); !slices.Contains(lost.Wishes, view.Action(view.Back{})) {
		t.Error("a deleted role stays open")
	}
}

func TestPermissionsAreAddedAndRemoved(t *testing.T) {
	t.Parallel()
	own := auth0client.API{Identifier: "usher", Name: term.Line("usher")}
	for _, p := range []string{"users:read", "mfa:reset", "roles:assign", "journal:read", "bulk:run"} {
		own.Permissions = append(own.Permissions, permission("usher", p, ""))
	}
	f := &fake{members: 1, apis: []auth0client.API{own, {Identifier: "shop", Name: term.Line("Shop"), Permissions: []auth0client.Permission{permission("shop", "read:orders", ""), permission("shop", "refund:orders", "")}}}}
	s := open(t, f, "bulk:run")
	pick := s.Press("2", "+").(view.Pick)
	choices, err := pick.Load(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	var offered, dim []string
	for _, c := range choices {
		offered = append(offered, c.Label)
		if c.Why != "" {
			dim = append(dim, c.Label)
		}
	}
	if slices.Contains(offered, "read:orders") || !slices.Contains(offered, "refund:orders") || !slices.Equal(dim, []string{"bulk:run"}) {
		t.Errorf("offered %v, dim %v", offered, dim)
	}
	op := pick.Then(choices[len(choices)-1:]).(view.Operate).Operation
	if op.Name != "Add permissions" || op.Does[1] != "+ refund:orders  SHOP" {
		t.Errorf("it does %q", op.Does)
	}
	// A heading stands for all of its API.
	op = s.Press("j", "j", "space", "-").(view.Operate).Operation
	if len(op.Does) != 3 {
		t.Errorf("it does %q", op.Does)
	}
	s.Press("esc")
	if op = s.Press("g", "j", "-").(view.Operate).Operation; len(op.Does) != 2 || op.Does[1] != "− read:invoices  BILLING" {
		t.Errorf("it does %q", op.Does)
	}
	lacking := open(t, f, managePermission)
	for _, k := range []string{"+", "-", "e", "D"} {
		if lacking.Press(k) != nil {
			t.Errorf("without the permission %s does something", k)
		}
		lacking.Shows("You lack the permission roles:manage.")
	}
}

func TestEditingSaysFromAndTo(t *testing.T) {
	t.Parallel()
	s := open(t, &fake{})
	form := s.Press("e").(view.Form)
	if _, wrong := form.Then([]string{"Order desk", "Handles orders"}); wrong != "Nothing is changed." {
		t.Errorf("unchanged it says %q", wrong)
	}
	if _, wrong := form.Then([]string{"Order desk", ""}); wrong == "" {
		t.Error("a description is taken away, which Auth0 does not do")
	}
	a, _ := form.Then([]string{`Desk "1", upstairs`, "Handles orders"})
	if does := a.(view.Operate).Operation.Does; !strings.Contains(does[0], `“Order desk” → “Desk "1", upstairs”`) {
		t.Errorf("it says %q", does)
	}
}

func TestTwoRolesSideBySide(t *testing.T) {
	t.Parallel()
	f := &fake{}
	s := open(t, f)
	pick := s.Press("=").(view.Pick)
	choices, err := pick.Load(t.Context())
	if err != nil || len(choices) != 1 || !pick.One {
		t.Fatalf("offered %v, %v", choices, err)
	}
	c := pick.Then(choices).(view.CompareRoles)
	f.calls = nil
	d := uitest.Open(t, NewDiff(uitest.Env(t), f, c.A, c.B))
	if len(f.calls) != 4 {
		t.Errorf("it asked %v", f.calls)
	}
	d.Golden("diff")
	d.Press("f")
	if got := d.At(view.Size{Width: 80, Height: 24}); strings.Contains(got, "read:orders") || !strings.Contains(got, "refund:orders") {
		t.Errorf("the differences are\n%s", got)
	}
	if got := d.Press(">"); got != (view.OpenRole{ID: "rol_2", Name: term.Line("Refund desk")}) {
		t.Errorf("> opens %v", got)
	}
	d.Withstands()
}

func TestARoleThatIsGoneSaysSo(t *testing.T) {
	t.Parallel()
	f := &fake{members: 1}
	s := open(t, f)
	f.err = &auth0client.NotFound{}
	s.Press("R")
	s.Shows("no longer exists")
	if s.Press("D") != nil || s.Press("esc") != (view.Back{}) {
		t.Error("something can be done to it")
	}
	f.err = &auth0client.Unauthorized{}
	if s.Press("R"); !slices.Contains(s.Wishes, view.Action(view.RequireLogin{})) {
		t.Errorf("a lost sign-in gives %v", s.Wishes)
	}
	f.err = nil
	s.Tell(view.SignedInMsg{})
	s.Shows("user000000@example.com")
}

func TestNoSizeAndNoNameBreaksIt(t *testing.T) {
	t.Parallel()
	evil := "\x1b[2J\u202e\r\n漢字" + strings.Repeat("x", 300)
	f := &fake{members: 150, evil: evil}
	s := open(t, f)
	for _, k := range []string{"1", "2", "3"} {
		s.Press(k, "j", "space")
		s.Withstands()
	}
	uitest.Open(t, NewDiff(uitest.Env(t), f, one(), two())).Withstands()
}
