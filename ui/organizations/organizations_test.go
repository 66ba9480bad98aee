package organizations

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"usher/auth0client"
	"usher/auth0client/desk"
	"usher/auth0client/term"
	"usher/ui/uitest"
	"usher/ui/view"
)

type fake struct {
	desk.OrgKeeping
	desk.MemberWrites
	calls   []string
	orgs    int
	members int
	evil    string
	err     error
	apps    []auth0client.Application
	me      auth0client.Me
}

func (f *fake) called(name string) error {
	f.calls = append(f.calls, name)
	return f.err
}

func (f *fake) org(i int) auth0client.Organization {
	return auth0client.Organization{ID: auth0client.OrgID(fmt.Sprintf("org_%05d", i)), Name: term.Line(fmt.Sprintf("acme-%05d", i) + f.evil), Display: term.Line(fmt.Sprintf("Acme %05d", i) + f.evil)}
}

// slice is what of n rows comes after from, and the way on.
func slice(n int, from string) (start, end int, next string) {
	start, _ = strconv.Atoi(from)
	end = min(start+100, n)
	if end < n {
		next = strconv.Itoa(end)
	}
	return start, end, next
}

func (f *fake) Organizations(_ context.Context, from string) (auth0client.Batch[auth0client.Organization], error) {
	start, end, next := slice(f.orgs, from)
	out := auth0client.Batch[auth0client.Organization]{Next: next}
	for i := start; i < end; i++ {
		out.Items = append(out.Items, f.org(i))
	}
	return out, f.called("organizations")
}

func (f *fake) OrganizationNamed(_ context.Context, name string) (auth0client.Organization, error) {
	err := f.called("named " + name)
	if name != "acme-99999" {
		return auth0client.Organization{}, &auth0client.NotFound{}
	}
	return f.org(99999), err
}

func (f *fake) Organization(context.Context, auth0client.OrgID) (auth0client.Organization, error) {
	return f.org(1), f.called("organization")
}

func (f *fake) roles() []auth0client.Role {
	return []auth0client.Role{{ID: "rol_1", Name: term.Line("Editor" + f.evil)}, {ID: "rol_2", Name: term.Line("Auditor" + f.evil)}}
}

func (f *fake) OrgMembers(_ context.Context, _ auth0client.OrgID, from string) (auth0client.Batch[auth0client.Member], error) {
	start, end, next := slice(f.members, from)
	out := auth0client.Batch[auth0client.Member]{Next: next}
	for i := start; i < end; i++ {
		email := fmt.Sprintf("user%06d@example.com", i)
		u := auth0client.User{ID: auth0client.UserID(fmt.Sprintf("auth0|%06d", i)), EmailRaw: email, Email: term.Line(email + f.evil), Name: term.Line("User" + f.evil)}
		out.Items = append(out.Items, auth0client.Member{User: u, Roles: f.roles()[:i%3%2+i%3/2]})
	}
	return out, f.called("members")
}

func (f *fake) Invitations(context.Context, auth0client.OrgID) ([]auth0client.Invitation, error) {
	at := uitest.Noon()
	return []auth0client.Invitation{
		{ID: "uinv_1", Invitee: term.Line("vera@example.org" + f.evil), Inviter: term.Line("Ada"), CreatedAt: at.Add(-time.Hour), ExpiresAt: at.Add(48 * time.Hour), Roles: []auth0client.RoleID{"rol_2", "rol_gone"}},
		{ID: "uinv_2", Invitee: term.Line("old@example.org"), Inviter: term.Line("Ada"), CreatedAt: at.Add(-9 * 24 * time.Hour), ExpiresAt: at.Add(-time.Hour)},
	}, f.called("invitations")
}

func (f *fake) OrgConnections(context.Context, auth0client.OrgID) ([]auth0client.Connection, error) {
	return []auth0client.Connection{{Label: term.Line("Users" + f.evil), Strategy: term.Line("auth0")}}, f.called("connections")
}

func (f *fake) User(_ context.Context, id auth0client.UserID) (auth0client.User, error) {
	if id != "auth0|7" {
		return auth0client.User{}, &auth0client.NotFound{}
	}
	return auth0client.User{ID: id, Email: term.Line("seven@example.com")}, f.called("user")
}

func (f *fake) UsersByEmail(_ context.Context, email string) ([]auth0client.User, error) {
	u := func(id string) auth0client.User {
		return auth0client.User{ID: auth0client.UserID(id), Email: term.Line(email)}
	}
	switch email {
	case "twice@example.com":
		return []auth0client.User{u("auth0|a"), u("sms|b")}, f.called("by email")
	case "op@example.com":
		return []auth0client.User{u("auth0|op")}, nil
	case "nobody@example.com":
		return nil, f.called("by email")
	}
	return []auth0client.User{u("auth0|" + email)}, f.called("by email")
}

func (f *fake) Applications(context.Context) ([]auth0client.Application, error) {
	return f.apps, f.called("applications")
}

func (f *fake) Roles(context.Context) ([]auth0client.Role, error) {
	return f.roles(), f.called("roles")
}

func (f *fake) Me(context.Context) (auth0client.Me, error) { return f.me, nil }

func openOne(t *testing.T, f *fake, lacks ...string) *uitest.Stage {
	t.Helper()
	return uitest.Open(t, NewOne(uitest.Env(t, lacks...), f, f.org(1)))
}

func TestTheListIsReadAsFarAsOneLooks(t *testing.T) {
	t.Parallel()
	f := &fake{orgs: 20_000}
	s := uitest.Open(t, New(uitest.Env(t), f))
	s.Golden("list")
	s.Shows("100+ organizations")
	s.Press("G")
	s.Shows("200+ organizations")
	if len(f.calls) != 2 {
		t.Errorf("it asked %d times", len(f.calls))
	}
	if got := s.Press("g", "enter"); got != (view.OpenOrganization{ID: "org_00000", Name: term.Line("Acme 00000")}) {
		t.Errorf("enter opens %v", got)
	}
	// What was not read is found by its exact name.
	if got := s.Press("/", "' acme-99999", "enter"); got != (view.OpenOrganization{ID: "org_99999", Name: term.Line("Acme 99999")}) {
		t.Errorf("the name opens %v", got)
	}
	s.Press("esc", "/", "' acme-none", "enter")
	s.Shows("No organization has exactly the name acme-none.", "None of those that were read matches")
	s.Press("esc", "c")
	s.Shows("20,000 organizations")
}

func TestEachTabIsReadWhenItIsOpened(t *testing.T) {
	t.Parallel()
	f := &fake{members: 3}
	s := openOne(t, f)
	s.Golden("members")
	s.Press("2")
	s.Golden("invitations")
	s.Shows("Auditor, rol_gone", "expired")
	s.Press("3")
	s.Golden("connections")
	s.Press("1", "tab", "tab")
	if slices.Sort(f.calls); !slices.Equal(f.calls, []string{"connections", "invitations", "members", "organization", "roles"}) {
		t.Errorf("it asked for %v", f.calls)
	}
	if u, ok := s.Press("1", "j", "enter").(view.OpenUser); !ok || u.User.ID != "auth0|000001" {
		t.Errorf("enter opens %v", u)
	}
}

func TestAHundredThousandMembersAreCountedAndStopped(t *testing.T) {
	t.Parallel()
	f := &fake{members: 100_000}
	o := NewOne(uitest.Env(t), f, f.org(1))
	s := uitest.Open(t, o)
	s.Shows("Members 100+")
	_, cmd := o.Update(view.Press("c"))
	_, cmd = o.Update(cmd())
	s.Shows("Counting: 200 members so far. c stops.")
	o.Update(view.Press("esc"))
	if o.Update(cmd()); len(o.members.Rows()) != 200 {
		t.Errorf("after the stop there are %d", len(o.members.Rows()))
	}
	s.Press("c")
	s.Shows("Members 100,000]")
	if n := len(f.calls); n > 1003 {
		t.Errorf("%d requests for 1,000 pages", n)
	}
}

func TestMembersAreFoundBeforeTheyAreAdded(t *testing.T) {
	t.Parallel()
	f := &fake{members: 1}
	s := openOne(t, f)
	form := s.Press("+").(view.Form)
	read := func(text string) (view.Action, error) { return form.Read(t.Context(), []string{text}) }
	a, err := read("ada@example.com, auth0|7")
	if err != nil {
		t.Fatal(err)
	}
	if does := a.(view.Operate).Operation.Does; len(does) != 3 || !strings.Contains(does[2], "auth0|7") {
		t.Errorf("it does %q", does)
	}
	a, err = read("twice@example.com")
	if err != nil {
		t.Fatal(err)
	}
	pick := a.(view.Pick)
	choices, _ := pick.Load(t.Context())
	if does := pick.Then(choices[1:]).(view.Operate).Operation.Does; len(does) != 2 || !strings.Contains(does[1], "sms|b") {
		t.Errorf("one of two does %q", does)
	}
	for text, want := range map[string]string{"": "at least one", "nobody@example.com": "no user is nobody@example.com", "auth0|none": "no user is auth0|none",
		"op@example.com": "nobody changes their own", strings.Repeat("a@example.com ", 51): "at most 50"} {
		if _, err := read(text); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q says %v", text, err)
		}
	}
}

func TestAnInvitationAsksForApplicationPersonAndRoles(t *testing.T) {
	t.Parallel()
	f := &fake{members: 1, apps: []auth0client.Application{{ID: "api", Name: term.Line("API")}, {ID: "shop", Name: term.Line("Shop"), ForOrganizations: true}}, me: auth0client.Me{Policies: []string{"desk"}, Roles: []string{"Auditor"}}}
	s := openOne(t, f)
	apps := s.Press("n").(view.Pick)
	choices, err := apps.Load(t.Context())
	if err != nil || choices[0].Label != "Shop" || choices[1].Why == "" {
		t.Fatalf("offered %v, %v", choices, err)
	}
	form := apps.Then(choices[:1]).(view.Form)
	for _, bad := range [][]string{{"none", "Support", "7 days", ""}, {"Vera <vera@example.org>", "Support", "7 days", ""}, {"vera@example.org", "", "7 days", ""}} {
		if _, wrong := form.Then(bad); wrong == "" {
			t.Errorf("%q is taken", bad)
		}
	}
	a, _ := form.Then([]string{"vera@example.org", "Support", "3 days", "let Auth0 mail it"})
	roles := a.(view.Pick)
	if choices, err = roles.Load(t.Context()); err != nil || choices[0].Why == "" || choices[1].Why != "" {
		t.Fatalf("offered %v, %v", choices, err)
	}
	does := strings.Join(roles.Then(choices[1:]).(view.Operate).Operation.Does, "\n")
	for _, want := range []string{"vera@example.org", "Shop", "Auth0 mails the link. It is good for 3 days", "Auditor"} {
		if !strings.Contains(does, want) {
			t.Errorf("no %q in %q", want, does)
		}
	}
	op := s.Press("2", "-").(view.Operate).Operation
	if op.Name != "Revoke invitation" || !strings.Contains(op.Does[0], "vera@example.org") {
		t.Errorf("- wishes %+v", op)
	}
}

func TestRolesHereAreEditedInTheRoleEditor(t *testing.T) {
	t.Parallel()
	f := &fake{members: 3}
	s := openOne(t, f)
	edit := s.Press("r").(view.EditRoles)
	if len(edit.Users) != 1 || edit.Whose.Where() != " in Acme 00001" {
		t.Errorf("r wishes %v", edit)
	}
	if edit = s.Press("space", "space", "r").(view.EditRoles); len(edit.Users) != 2 || edit.Users[1].ID != "auth0|000001" {
		t.Errorf("of two chosen r wishes %v", edit)
	}
	op := s.Press("-").(view.Operate).Operation
	if len(op.Does) != 3 || len(op.Loses) != 1 {
		t.Errorf("it does %q and loses %q", op.Does, op.Loses)
	}
	for lacked, keys := range map[string][]string{managePermission: {"+", "-", "n", "r"}, assignPermission: {"r"}} {
		lacking := openOne(t, f, lacked)
		for _, k := range keys {
			if lacking.Press(k) != nil {
				t.Errorf("without %s %s does something", lacked, k)
			}
		}
	}
}

func TestAnOrganizationThatIsGoneSaysSo(t *testing.T) {
	t.Parallel()
	f := &fake{members: 1}
	s := openOne(t, f)
	f.err = &auth0client.NotFound{}
	s.Press("R")
	s.Shows("no longer exists")
	if s.Press("+") != nil || s.Press("esc") != (view.Back{}) {
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
	f := &fake{orgs: 3, members: 150, evil: "\x1b[2J\u202e\r\n漢字" + strings.Repeat("x", 300)}
	uitest.Open(t, New(uitest.Env(t), f)).Withstands()
	s := openOne(t, f)
	for _, k := range []string{"1", "2", "3"} {
		s.Press(k, "j", "space")
		s.Withstands()
	}
}
