package roleeditor

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"

	"usher/auth0client"
	"usher/ui/uitest"
	"usher/ui/view"
)

func roleIDs(ids ...string) (out []auth0client.RoleID) {
	for _, id := range ids {
		out = append(out, auth0client.RoleID(id))
	}
	return out
}

func unknown() error { return &auth0client.Unknown{Err: context.DeadlineExceeded} }

// three is a tenant of five roles and three users who differ: a holds 0 and 1, b holds 1, c holds none. Staged is role 0
// for all and role 1 for nobody.
func three(t *testing.T) (*tenant, *Model) {
	t.Helper()
	f := newTenant(5, "")
	f.held["a"], f.held["b"] = roleIDs("rol_0", "rol_1"), roleIDs("rol_1")
	m := opened(f, "a", "b", "c")
	press(m, "space", "j", "space", "space")
	has(t, m, "2 changes: +1 −1")
	return f, m
}

func TestTheReviewSaysWhatChanges(t *testing.T) {
	t.Parallel()
	f, m := three(t)
	press(m, "enter")
	has(t, m, "Review: change the roles of 3 users", "a@example.com  a  Users", "+ Role 0  is added", "− Role 1  is removed",
		"2 roles now, 1 after", "1 role now, 1 after", "0 roles now, 1 after", "Tokens already issued keep the old roles until they expire.", "› n cancel")
	if got := strings.Count(shown(m, 120, 40), "Role 0  is added"); got != 2 {
		t.Errorf("role 0 is added %d times, want 2: a has it", got)
	}
	for _, k := range []string{"n", "esc", "enter"} { // enter is on cancel
		press(m, k)
		if m.phase != choosing || len(m.staged) != 2 || len(f.sent) != 0 {
			t.Errorf("%s: phase %d, staged %v, sent %v", k, m.phase, m.staged, f.sent)
		}
		press(m, "enter")
	}
	press(m, "x", "space", "tab", "tab", "enter")
	if m.phase != choosing || len(f.sent) != 0 {
		t.Errorf("phase %d, sent %v", m.phase, f.sent)
	}
}

func TestNothingStagedIsNothingToReview(t *testing.T) {
	t.Parallel()
	m := opened(newTenant(3, ""), "a")
	press(m, "enter")
	has(t, m, "Nothing is changed yet: space adds or removes the marked role.")
	press(m, "j")
	lacking(t, m, "Nothing is changed yet")
}

func TestApplyingTakesTwoRequestsAUserAtMost(t *testing.T) {
	t.Parallel()
	for name, keys := range map[string][]string{"y": {"y"}, "the apply button": {"tab", "enter"}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f, m := three(t)
			got := press(m, append([]string{"enter"}, keys...)...)
			want := []string{"remove a rol_1", "assign b rol_0", "remove b rol_1", "assign c rol_0"}
			slices.Sort(f.sent)
			slices.Sort(want)
			if !slices.Equal(f.sent, want) {
				t.Errorf("sent %v, want %v", f.sent, want)
			}
			wish := []view.Action{
				view.Touched{ID: "a"}, view.Touched{ID: "b"}, view.Touched{ID: "c"},
				view.Notify{Level: view.Good, Text: "Roles of 3 users changed: 2 added, 2 removed. u takes it back."}, view.Back{},
			}
			if !slices.Equal(got, wish) {
				t.Errorf("actions %v, want %v", got, wish)
			}
		})
	}
}

func TestManyRolesOfOneUserAreTwoRequests(t *testing.T) {
	t.Parallel()
	f := newTenant(5, "")
	f.held["a"] = roleIDs("rol_3", "rol_4")
	m := opened(f, "a")
	for range 5 {
		press(m, "space", "j")
	}
	press(m, "enter", "y")
	if want := []string{"assign a rol_0 rol_1 rol_2", "remove a rol_3 rol_4"}; !slices.Equal(f.sent, want) {
		t.Errorf("sent %v, want %v", f.sent, want)
	}
}

func TestAChangeUnderWayTakesNoKeys(t *testing.T) {
	t.Parallel()
	f := newTenant(3, "")
	m := opened(f, "a")
	press(m, "space", "enter")
	_, cmd := m.Update(view.Press("y"))
	if !m.Writing() || cmd == nil {
		t.Fatal("y does not apply")
	}
	if got := press(m, "y", "enter", "esc", "R", "n", "space"); got != nil || len(f.sent) != 0 || !m.Writing() {
		t.Errorf("keys give %v and send %v", got, f.sent)
	}
	has(t, m, "Applying", "The change is under way; its result comes in a moment.")
	if _, cmd := m.Update(view.ReloadMsg{}); cmd != nil {
		t.Error("a reload in the middle of a change")
	}
	feed(m, cmd)
	if want := []string{"assign a rol_0"}; !slices.Equal(f.sent, want) || m.Writing() {
		t.Errorf("sent %v, want %v", f.sent, want)
	}
}

func TestRolesThatSomebodyElseChangedAreNotOverwritten(t *testing.T) {
	t.Parallel()
	f := newTenant(5, "")
	m := opened(f, "a")
	press(m, "space", "enter")
	f.held["a"] = roleIDs("rol_4")
	if got := press(m, "y"); got != nil || len(f.sent) != 0 {
		t.Errorf("actions %v, sent %v", got, f.sent)
	}
	has(t, m, "Somebody else changed these roles meanwhile. Nothing was sent; look again before you apply.", "Still to do: 1 user.")
	press(m, "R")
	has(t, m, "1 role now, 2 after", "› n cancel")
	if len(f.sent) != 0 {
		t.Errorf("R sent %v before a review", f.sent)
	}
	press(m, "y")
	if want := []string{"assign a rol_0"}; !slices.Equal(f.sent, want) {
		t.Errorf("sent %v, want %v", f.sent, want)
	}
}

func TestWhatSomebodyElseDidAlreadyIsNotDoneAgain(t *testing.T) {
	t.Parallel()
	f := newTenant(5, "")
	m := opened(f, "a")
	press(m, "space", "enter")
	f.held["a"] = roleIDs("rol_0")
	press(m, "y")
	lacking(t, m, "Still to do")
	press(m, "R", "enter", "y")
	if len(f.sent) != 0 || len(m.staged) != 0 {
		t.Errorf("sent %v, staged %v", f.sent, m.staged)
	}
}

func TestAFailureKeepsWhatIsLeftStaged(t *testing.T) {
	t.Parallel()
	f, m := three(t)
	f.fail["remove b rol_1"] = &auth0client.Unavailable{Answer: auth0client.Answer{Status: 503}}
	got := press(m, "enter", "y")
	want := []view.Action{view.Touched{ID: "a"}, view.Touched{ID: "b"}, view.Touched{ID: "c"}}
	if !slices.Equal(got, want) {
		t.Errorf("actions %v, want %v: the screen stays", got, want)
	}
	has(t, m, "✗ b@example.com", "HTTP 503", "✓ a@example.com  done", "✓ c@example.com  done", "Still to do: 1 user.")
	sent := len(f.sent)
	press(m, "R")
	has(t, m, "b@example.com", "− Role 1  is removed", "2 roles now, 1 after", "› n cancel")
	lacking(t, m, "a@example.com", "Role 0") // b was given role 0 before the failure
	if len(f.sent) != sent {
		t.Errorf("R sent %v before a review", f.sent[sent:])
	}
	delete(f.fail, "remove b rol_1")
	if got := press(m, "y"); !slices.Contains(got, view.Action(view.Back{})) || !slices.Equal(f.sent[sent:], []string{"remove b rol_1"}) {
		t.Errorf("actions %v, sent %v", got, f.sent[sent:])
	}
}

func TestAfterAFailureTheListCanBeSeenAgain(t *testing.T) {
	t.Parallel()
	f := newTenant(5, "")
	m := opened(f, "a")
	f.fail["assign a rol_0"] = unknown()
	press(m, "space", "enter", "y")
	has(t, m, "The outcome is unknown")
	press(m, "esc")
	has(t, m, "1 change: +1 −0")
	if got := press(m, "esc"); got != nil || m.phase != leaving {
		t.Errorf("esc gives %v", got)
	}
}

func TestALostSignInStopsTheChange(t *testing.T) {
	t.Parallel()
	f, m := three(t)
	first := []string{"assign b rol_0", "assign c rol_0", "remove a rol_1"} // what is under way together, in any order
	for _, line := range first {
		f.fail[line] = &auth0client.Unauthorized{}
	}
	got := press(m, "enter", "y")
	tried := len(f.sent)
	if !slices.Contains(got, view.Action(view.RequireLogin{})) || tried == 0 || slices.ContainsFunc(f.sent, func(line string) bool { return !slices.Contains(first, line) }) {
		t.Errorf("actions %v, sent %v", got, f.sent)
	}
	has(t, m, view.NotSent)
	has(t, m, "2 roles now, 1 after", "1 role now, 1 after", "0 roles now, 1 after")
	clear(f.fail)
	if _, cmd := m.Update(view.SignedInMsg{}); cmd != nil || len(f.sent) != tried {
		t.Fatalf("a new sign-in alone sent %v", f.sent)
	}
	got = press(m, "y")
	again := slices.Sorted(slices.Values(f.sent[tried:]))
	if want := []string{"assign b rol_0", "assign c rol_0", "remove a rol_1", "remove b rol_1"}; !slices.Contains(got, view.Action(view.Back{})) || !slices.Equal(again, want) {
		t.Errorf("confirmed again: actions %v, sent %v", got, again)
	}
}

func TestTheLimitIsSaidBeforeAnythingIsSent(t *testing.T) {
	t.Parallel()
	var fifty []auth0client.RoleID
	for i := range 50 {
		fifty = append(fifty, roleID(i+1))
	}
	for name, c := range map[string]struct {
		held  []auth0client.RoleID
		keys  []string
		words string
	}{
		"one more than fifty":                      {held: fifty, keys: []string{"space"}, words: "a@example.com would hold 51 roles; Auth0 allows 50."},
		"one more than fifty until one is removed": {held: fifty, keys: []string{"space", "j", "space"}, words: "would hold 51 roles for a moment; Auth0 allows 50. Remove first, apply, then add."},
		"the fiftieth is allowed":                  {held: fifty[1:], keys: []string{"space"}},
		"removing from more than fifty is allowed": {held: append([]auth0client.RoleID{"rol_0"}, fifty...), keys: []string{"space"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := newTenant(60, "")
			f.held["a"] = c.held
			m := opened(f, "a")
			press(m, append(c.keys, "enter")...)
			if c.words == "" {
				has(t, m, "Review: change the roles of a@example.com")
				return
			}
			has(t, m, c.words)
			press(m, "y")
			if m.phase != choosing || len(f.sent) != 0 {
				t.Errorf("phase %d, sent %v", m.phase, f.sent)
			}
		})
	}
}

func TestAChangeReportsAfterTheScreenWasClosed(t *testing.T) {
	t.Parallel()
	lost := error(&auth0client.Unauthorized{})
	for name, c := range map[string]struct {
		users   []string // "a" when nil
		prepare func(f *tenant)
		ended   bool // the session, before the first request
		want    []view.Action
	}{
		"the session ended": {
			users: []string{"a", "b"}, prepare: func(*tenant) {}, ended: true,
			want: []view.Action{view.Notify{Level: view.Bad, Text: "The line was lost: roles of 0 of 2 users changed, the rest was not begun."}},
		},
		"some changed by somebody else": {
			users: []string{"a", "b"}, prepare: func(f *tenant) { f.held["b"] = roleIDs("rol_1") },
			want: []view.Action{view.Touched{ID: "a"}, view.Notify{
				Level: view.Bad, Text: "Roles of 1 of 2 users changed; those of the others were changed by somebody else meanwhile and left alone.",
			}},
		},
		"stopped early": {
			users: []string{"a", "b"}, prepare: func(f *tenant) { f.fail["assign a rol_0"] = lost },
			want: []view.Action{view.Touched{ID: "a"}, view.Fail{What: "Change roles (0 of 2 users done)", Err: lost}},
		},
		"done": {
			prepare: func(*tenant) {},
			want:    []view.Action{view.Touched{ID: "a"}, view.Notify{Level: view.Good, Text: "Roles of a@example.com changed: 1 added, 0 removed. u takes it back."}},
		},
		"failed": {
			prepare: func(f *tenant) { f.fail["assign a rol_0"] = context.DeadlineExceeded },
			want:    []view.Action{view.Touched{ID: "a"}, view.Fail{What: "Change roles (0 of 1 users done)", Err: context.DeadlineExceeded}},
		},
		"changed by somebody else": {
			prepare: func(f *tenant) { f.held["a"] = roleIDs("rol_1") },
			want:    []view.Action{view.Notify{Level: view.Bad, Text: "Roles were not changed: somebody else changed them meanwhile."}},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := newTenant(3, "")
			if c.users == nil {
				c.users = []string{"a"}
			}
			ctx, cancel := context.WithCancel(context.Background())
			m := newModel(f, people(c.users...))
			m.env.Ctx = ctx
			feed(m, m.Init())
			press(m, "space", "enter")
			_, cmd := m.Update(view.Press("y"))
			c.prepare(f)
			m.Close()
			if c.ended || len(c.users) == 1 { // the change of one user goes on even so
				cancel()
			}
			defer cancel()
			msgs := uitest.Drain(cmd)
			res, ok := msgs[0].(view.Result)
			if !ok || !res.Write || res.To != 7 {
				t.Fatalf("the answer is %v", msgs)
			}
			reporter, ok := res.Msg.(view.Reporter)
			if !ok {
				t.Fatalf("%T does not report", res.Msg)
			}
			if got := flat(reporter.Report()); !slices.Equal(got, c.want) {
				t.Errorf("report %v, want %v", got, c.want)
			}
			if got, _ := m.Update(res); !slices.Equal(flat(got), c.want) {
				t.Errorf("the closed screen gives %v, want %v", got, c.want)
			}
		})
	}
}

func TestTheWholeReviewCanBeSeen(t *testing.T) {
	t.Parallel()
	f := newTenant(40, "")
	m := opened(f, "a")
	for range 40 {
		press(m, "space", "j")
	}
	press(m, "enter")
	seen := map[string]bool{}
	for range 60 {
		for line := range strings.Lines(shown(m, 60, 15)) {
			seen[strings.TrimSpace(line)] = true
		}
		if got := shown(m, 60, 15); !strings.Contains(got, "n cancel") {
			t.Fatalf("no buttons in\n%s", got)
		}
		press(m, "j")
	}
	for i := range 40 {
		if !seen[fmt.Sprintf("+ Role %d  is added", i)] {
			t.Errorf("role %d is never shown", i)
		}
	}
	press(m, "pgup", "k", "pgdown", "n")
	if len(f.sent) != 0 {
		t.Errorf("scrolling sent %v", f.sent)
	}
}
