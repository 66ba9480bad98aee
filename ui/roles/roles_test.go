package roles

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"usher/auth0client"
	"usher/auth0client/desk"
	"usher/auth0client/term"
	"usher/ui/uitest"
	"usher/ui/view"
)

type fake struct {
	desk.RoleKeeping
	mu     sync.Mutex
	roles  []auth0client.Role
	asked  []auth0client.RoleID
	err    error
	counts error
	me     auth0client.Me
}

func (f *fake) Roles(context.Context) ([]auth0client.Role, error) { return f.roles, f.err }

func (f *fake) Me(context.Context) (auth0client.Me, error) { return f.me, nil }

func (f *fake) RoleCounts(_ context.Context, id auth0client.RoleID) (auth0client.RoleCounts, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.asked = append(f.asked, id)
	return auth0client.RoleCounts{Users: 1234, Permissions: len(f.asked)}, f.counts
}

func (f *fake) requests() int {
	f.mu.Lock()
	defer f.mu.Unlock()
	n := len(f.asked)
	f.asked = nil
	return n
}

func role(id, name, description string) auth0client.Role {
	return auth0client.Role{ID: auth0client.RoleID(id), Name: term.Line(name), Description: term.Line(description)}
}

func many(n int) []auth0client.Role {
	out := make([]auth0client.Role, n)
	for i := range out {
		out[i] = role(fmt.Sprintf("rol_%04d", i), fmt.Sprintf("Role %04d", i), "does things")
	}
	return out
}

func few() []auth0client.Role {
	return []auth0client.Role{role("rol_b", "Editor", "edits books"), role("rol_a", "Auditor", "reads all"), role("rol_c", "Editor", "another of that name"), role("rol_d", `Quotes "and", commas`, "")}
}

func TestTheListIsSortedNarrowedAndTellsTwoOfOneNameApart(t *testing.T) {
	t.Parallel()
	f := &fake{roles: few(), me: auth0client.Me{Policies: []string{"books"}, Roles: []string{"Edit*", "*commas"}}}
	s := uitest.Open(t, New(uitest.Env(t), f))
	s.Shows("4 roles", "Editor  rol_b", "Editor  rol_c", "1,234", "You may not assign Auditor: policy books.")
	s.Golden("list")
	s.Press("/", "' COMMAS")
	s.Shows(`Quotes "and", commas`)
	if strings.Contains(s.At(view.Size{Width: 80, Height: 24}), "Editor") {
		t.Error("the filter narrows nothing")
	}
	if got := s.Press("enter", "enter"); got != (view.OpenRole{ID: "rol_d", Name: term.Line(`Quotes "and", commas`)}) {
		t.Errorf("enter opens %v", got)
	}
	if s.Press("esc") != nil || s.Press("esc") != (view.Back{}) {
		t.Error("esc does not end the filter first")
	}
}

func TestOnlyRolesInSightAreCountedAndOnlyOnce(t *testing.T) {
	t.Parallel()
	f := &fake{roles: many(1000)}
	s := uitest.Open(t, New(uitest.Env(t), f))
	if n := f.requests(); n != 21 {
		t.Errorf("%d roles were counted, 21 are in sight", n)
	}
	s.Press("j", "k", "j")
	if n := f.requests(); n != 0 {
		t.Errorf("%d roles were counted again", n)
	}
	s.Press("G")
	if n := f.requests(); n != 21 {
		t.Errorf("%d roles were counted at the end", n)
	}
	s.Press("g")
	if n := f.requests(); n != 0 {
		t.Errorf("%d roles were counted that are known", n)
	}
	s.Tell(view.AlteredMsg{ID: "rol_0001"})
	if n := f.requests(); n != 1 {
		t.Errorf("after a change of one role %d were counted", n)
	}
}

func TestRolesThatFlyPastAreNotCounted(t *testing.T) {
	t.Parallel()
	f := &fake{roles: many(1000)}
	s := uitest.Open(t, New(uitest.Env(t), f))
	f.requests()
	m := s.V.(*Model)
	var last []func()
	for range 20 {
		_, cmd := m.Update(view.Press("pgdown"))
		last = append(last, func() { s.Run(cmd) })
	}
	for _, run := range last {
		run()
	}
	if n := f.requests(); n > 21 {
		t.Errorf("%d roles were counted for one screen", n)
	}
}

func TestFailuresAreSaid(t *testing.T) {
	t.Parallel()
	f := &fake{roles: few(), counts: &auth0client.RateLimited{Until: uitest.Noon().Add(time.Minute)}}
	s := uitest.Open(t, New(uitest.Env(t), f))
	s.Shows("?", "Not counted: The tenant's rate limit")
	f.err = &auth0client.Unauthorized{}
	s.Press("R")
	if !slices.Contains(s.Wishes, view.Action(view.RequireLogin{})) {
		t.Errorf("a lost sign-in gives %v", s.Wishes)
	}
	f.err, f.counts = nil, nil
	s.Tell(view.SignedInMsg{})
	s.Shows("1,234")
	empty := uitest.Open(t, New(uitest.Env(t), &fake{err: &auth0client.Unreachable{Err: context.DeadlineExceeded}}))
	empty.Shows("cannot be reached")
}

func TestTwoAreComparedAndANewOneIsAskedFor(t *testing.T) {
	t.Parallel()
	f := &fake{roles: few()}
	s := uitest.Open(t, New(uitest.Env(t), f))
	if s.Press("=") != nil {
		t.Error("one role is compared")
	}
	s.Shows("compare Auditor with: =")
	got, ok := s.Press("j", "=").(view.CompareRoles)
	if !ok || got.A.ID != "rol_a" || got.B.ID != "rol_b" {
		t.Errorf("it compares %v", got)
	}
	form, ok := s.Press("n").(view.Form)
	if !ok {
		t.Fatal("n asks nothing")
	}
	if _, wrong := form.Then([]string{"", "x"}); wrong == "" {
		t.Error("a role without a name is made")
	}
	if _, wrong := form.Then([]string{"Editor", "x"}); wrong == "" {
		t.Error("a second role of one name is made")
	}
	if a, _ := form.Then([]string{`New "one"`, ""}); a.(view.Operate).Operation.Permission != managePermission {
		t.Errorf("it wishes %v", a)
	}
	lacking := uitest.Open(t, New(uitest.Env(t, managePermission), f))
	if lacking.Press("n") != nil {
		t.Error("without the permission n asks")
	}
	lacking.Shows("You lack the permission roles:manage.")
}

func TestNoSizeAndNoNameBreaksIt(t *testing.T) {
	t.Parallel()
	evil := "\x1b[2J\u202e\r\n漢字" + strings.Repeat("x", 300)
	s := uitest.Open(t, New(uitest.Env(t), &fake{roles: []auth0client.Role{role(evil, evil, evil), role("2"+evil, evil, evil)}}))
	s.Withstands()
}

func BenchmarkAKeyAmongAThousandRoles(b *testing.B) {
	s := uitest.Open(b, New(uitest.Env(b), &fake{roles: many(1000)}))
	s.V.Update(view.Press("/"))
	for i := 0; b.Loop(); i++ {
		k := "1"
		if i%2 == 1 {
			k = "backspace"
		}
		s.V.Update(view.Press(k))
		s.V.View(view.Size{Width: 120, Height: 37})
	}
	b.ReportMetric(16, "target-ms")
}
