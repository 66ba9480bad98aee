package roleeditor

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	tea "charm.land/bubbletea/v2"

	"usher/auth0client"
	"usher/auth0client/desk"
	"usher/auth0client/term"
	"usher/ui/uitest"
	"usher/ui/view"
)

func TestTheReviewSaysWhichPermissionsComeAndGo(t *testing.T) {
	t.Parallel()
	f := newTenant(5, "")
	f.gives["rol_0"] = []auth0client.Permission{permission("write:docs"), permission("delete:orders"), permission("read:docs")}
	f.gives["rol_1"] = []auth0client.Permission{permission("read:docs"), permission("write:prices"), permission("read:mail")}
	f.direct = []auth0client.Permission{permission("read:mail")}
	f.held["a"] = roleIDs("rol_1")
	m := opened(f, "a")
	has(t, m, "Role 0 ", "    3  does thing 0", "5 roles, 1 held")
	press(m, "space", "j", "space", "enter")
	has(t, m, "Permissions as a result", "+ write:docs  Shop", "+ delete:orders  Shop !", "− write:prices  Shop", "= read:docs", "= read:mail  Shop  stays",
		"! Dangerous (deletes): delete:orders.")
	lacking(t, m, "+ read:docs", "− read:docs", "− read:mail")
	if f.asked["gives"] != 5 || f.asked["permissions"] != 1 {
		t.Errorf("asked %v: what the list knows is not asked again", f.asked)
	}
}

func TestForASelectionPermissionsAreCounted(t *testing.T) {
	t.Parallel()
	f := newTenant(3, "")
	f.gives["rol_0"], f.gives["rol_1"] = []auth0client.Permission{permission("read:docs")}, []auth0client.Permission{permission("read:docs"), permission("read:mail")}
	f.held["a"], f.held["b"] = roleIDs("rol_1"), roleIDs("rol_2")
	m := opened(f, "a", "b", "c")
	press(m, "space", "j", "space", "space", "enter")
	has(t, m, "by their roles: 2 users gain, 1 lose", "+ read:docs  Shop  (2 users)", "− read:mail  Shop  (1 user)")
	if f.asked["permissions"] != 0 {
		t.Errorf("each user was asked about: %v", f.asked)
	}
}

func TestWhatCannotBeReadIsSaidAndKeepsNothing(t *testing.T) {
	t.Parallel()
	f := newTenant(2, "")
	f.givesErr = &auth0client.Unavailable{Answer: auth0client.Answer{Status: 503}}
	m := opened(f, "a")
	has(t, m, "    ?  does thing 0")
	press(m, "space", "enter")
	has(t, m, "not known: The tenant has a fault of its own (HTTP 503)")
	press(m, "y")
	if len(f.sent) != 1 {
		t.Errorf("sent %v", f.sent)
	}
}

func TestRolesThatComeOtherwiseAreShownAndNotEditable(t *testing.T) {
	t.Parallel()
	f := newTenant(4, "")
	f.held["a"] = roleIDs("rol_1")
	f.through = []desk.Through{
		{Role: "rol_0", From: "the group Engineering"}, {Role: "rol_1", From: "the group Sales"}, {Role: "rol_2", From: "Acme", Elsewhere: true},
	}
	m := opened(f, "a")
	has(t, m, "[•]   Role 0", "through the group Engineering", "[x]   Role 1", "also through the group Sales", "[ ]   Role 2", "in Acme")
	press(m, "space")
	has(t, m, "Role 0 comes through the group Engineering: it is changed there, not here.")
	press(m, "j", "space", "j", "space")
	has(t, m, "2 changes: +1 −1") // their own part of it is theirs to change
}

func TestWhatThePolicyForbidsIsDimAndSaysWhy(t *testing.T) {
	t.Parallel()
	f := newTenant(3, "")
	f.me = auth0client.Me{Policies: []string{"sales desk"}, Roles: []string{"Role 0", "Role 2"}}
	f.gives["rol_2"] = []auth0client.Permission{permission("users:delete")}
	m := opened(f, "a")
	has(t, m, "not yours: policy sales desk · does thing 7", "not yours: it gives users:delete, which you do not hold")
	press(m, "j", "space")
	has(t, m, "Role 1 is not yours to give or take: policy sales desk.")
	press(m, "j", "space")
	has(t, m, "Role 2 is not yours to give or take: it gives users:delete, which you do not hold.")
	if len(m.staged) != 0 {
		t.Errorf("staged %v", m.staged)
	}
}

// A role that turns out to escalate only when it is reviewed is refused there, before anything is sent.
func TestSelfEscalationIsSaidBeforeApplying(t *testing.T) {
	t.Parallel()
	f := newTenant(30, "")
	f.me = auth0client.Me{Policies: []string{"all"}}
	f.gives["rol_0"] = []auth0client.Permission{permission("roles:manage")}
	m := newModel(f, people("a"))
	_, cmd := m.Update(m.Init()())
	_ = cmd // the count is not answered
	press(m, "space", "enter")
	has(t, m, "✗ Role 0 is not yours to give or take: it gives roles:manage, which you do not hold.", "Dangerous (rights in usher itself): roles:manage.")
	press(m, "y")
	press(m, "tab", "enter")
	if len(f.sent) != 0 || m.phase != reviewing {
		t.Errorf("sent %v, phase %d", f.sent, m.phase)
	}
}

func TestRolesAreCopiedFromAnotherUser(t *testing.T) {
	t.Parallel()
	f := newTenant(5, "")
	f.people = append(people("a", "grace"), people("x|1")...)
	f.people[1].ID, f.people[2].ID = "x|grace", "x|2"
	f.people[2].Email = term.Line("twin@example.com")
	twin := f.people[2]
	twin.ID = "x|3"
	f.people = append(f.people, twin)
	f.held["a"], f.held["x|grace"], f.held["x|3"] = roleIDs("rol_0", "rol_1"), roleIDs("rol_1", "rol_2", "rol_3"), roleIDs("rol_4")
	m := opened(f, "a")
	press(m, "C")
	if !m.Typing() {
		t.Fatal("there is no field to type in")
	}
	typed := func(s string) {
		for _, r := range s {
			press(m, string(r))
		}
		press(m, "enter")
	}
	typed("grace")
	has(t, m, "Type an email or a user id.")
	for range 5 {
		press(m, "backspace")
	}
	typed("grace@example.com")
	has(t, m, "grace@example.com: y marks 2 to add, x also 1 to remove, n cancels")
	press(m, "y")
	has(t, m, "2 changes: +2 −0", "Nothing is changed yet.")
	press(m, "C")
	typed("x|grace")
	press(m, "x")
	has(t, m, "3 changes: +2 −1")
	press(m, "C")
	typed("twin@example.com")
	has(t, m, "Several users have this email. Which one?", "x|2", "x|3")
	press(m, "j", "enter", "y")
	has(t, m, "4 changes: +3 −1")
	press(m, "C")
	typed("nobody@example.com")
	has(t, m, "Nobody has this email.")
	press(m, "esc")
	press(m, "C")
	typed("x|nobody")
	has(t, m, "There is no such user")
	press(m, "esc")
	if len(f.sent) != 0 {
		t.Errorf("copying sent %v", f.sent)
	}
}

func TestTwoUsersSideBySide(t *testing.T) {
	t.Parallel()
	f := newTenant(5, "")
	f.held["a"], f.held["b"] = roleIDs("rol_0", "rol_1"), roleIDs("rol_1", "rol_2")
	m := opened(f, "a", "b")
	press(m, "=")
	has(t, m, "Compare: a@example.com and b@example.com", "2 different, 1 the same", "− Role 0", "+ Role 2", "Role 1")
	press(m, "d")
	lacking(t, m, "Role 1")
	press(m, "esc")
	has(t, m, "Roles of 2 users")
	f.people = people("b")
	one := opened(f, "a")
	press(one, "=")
	for _, r := range "b@example.com" {
		press(one, string(r))
	}
	press(one, "enter")
	has(t, one, "2 different")
	press(one, "C", "y")
	has(t, one, "1 change: +1 −0")
	press(opened(f, "a", "b", "c"), "=")
}

func TestManyUsersAndOneRoleAreOneRequest(t *testing.T) {
	t.Parallel()
	f := newTenant(3, "")
	var ids []string
	for i := range 60 {
		ids = append(ids, fmt.Sprintf("u%02d", i))
	}
	f.held["u07"] = roleIDs("rol_0", "rol_1")
	f.held["u08"] = roleIDs("rol_1")
	m := newFor(f, inBatches{own{f}}, people(ids...))
	feed(m, m.Init())
	press(m, "space", "j", "space", "space", "enter")
	got := press(m, "y")
	slices.Sort(f.sent)
	if want := []string{"give rol_0 to 59", "remove u07 rol_1", "remove u08 rol_1"}; !slices.Equal(f.sent, want) {
		t.Errorf("sent %v, want %v", f.sent, want)
	}
	if !slices.Contains(got, view.Action(view.Back{})) || len(f.held["u59"]) != 1 {
		t.Errorf("actions %v", got[len(got)-2:])
	}
}

func TestABatchThatFailsIsStillToDo(t *testing.T) {
	t.Parallel()
	f := newTenant(3, "")
	m := newFor(f, inBatches{own{f}}, people("a", "b", "c"))
	feed(m, m.Init())
	f.fail["give rol_0 to 2"] = &auth0client.Unavailable{Answer: auth0client.Answer{Status: 503}}
	press(m, "space", "enter")
	f.held["c"] = roleIDs("rol_2") // somebody else
	press(m, "y")
	has(t, m, "✗ a@example.com", "✗ b@example.com", "HTTP 503", "! c@example.com", "Somebody else changed", "Still to do: 3 users.")
	delete(f.fail, "give rol_0 to 2")
	press(m, "R", "y")
	if len(f.held["a"]) != 1 || len(f.held["b"]) != 1 || len(f.held["c"]) != 2 {
		t.Errorf("held %v after %v", f.held, f.sent)
	}
}

func TestAChangeIsTakenBack(t *testing.T) {
	t.Parallel()
	f := newTenant(5, "")
	f.held["a"], f.held["b"] = roleIDs("rol_0"), roleIDs("rol_4")
	m := opened(f, "a", "b")
	press(m, "space", "space", "j", "space", "enter")
	_, cmd := m.Update(view.Press("y"))
	back := wayBack(m, cmd)
	if len(back.Changes) != 2 || !slices.Contains(f.held["a"], "rol_1") || slices.Contains(f.held["a"], "rol_0") {
		t.Fatalf("undo %+v, held %v", back, f.held)
	}
	undo := NewUndo(m.env, f, back.Whose, back.Changes)
	feed(undo, undo.Init())
	has(t, undo, "Review: take the change of roles back for 2 users", "− Role 1  is removed", "+ Role 0  is added")
	f.held["b"] = append(f.held["b"], "rol_3") // somebody else, meanwhile
	press(undo, "y")
	has(t, undo, "The roles were changed since: nothing is taken back.", "✓ a@example.com  done")
	if !slices.Equal(f.held["a"], roleIDs("rol_0")) || len(f.held["b"]) != 3 {
		t.Errorf("held %v", f.held)
	}
	late := NewUndo(m.env, f, back.Whose, back.Changes)
	sent := len(f.sent)
	feed(late, late.Init())
	has(t, late, "The roles were changed since", "esc goes back.")
	if press(late, "y"); len(f.sent) != sent {
		t.Errorf("an undo too late sent %v", f.sent[sent:])
	}
	again := opened(f, "a")
	if action, _ := again.Update(view.Press("u")); action != nil {
		t.Errorf("u is the app's, yet gives %v", action)
	}
}

// wayBack makes a change and gives what it offers to take it back.
func wayBack(m *Model, cmd tea.Cmd) (back view.UndoRoles) {
	for _, msg := range uitest.Drain(cmd) {
		action, _ := m.Update(msg)
		all, _ := action.(view.All)
		for _, a := range all {
			if undo, ok := a.(view.Undoable); ok {
				back, _ = undo.Undo.(view.UndoRoles)
			}
		}
	}
	return back
}

func TestNamesThatAreHardToTellApart(t *testing.T) {
	t.Parallel()
	f := newTenant(0, "")
	f.roles = []auth0client.Role{{ID: "rol_a", Name: term.Line("Twin")}, {ID: "rol_b", Name: term.Line("Twin")}, {ID: "rol_c", Name: term.Line(`Say "hi", all`)}}
	m := opened(f, "a")
	has(t, m, "Twin (rol_a)", "Twin (rol_b)", `Say "hi", all`)
	press(m, "j", "space", "j", "space", "enter")
	has(t, m, "+ Twin (rol_b)  is added", `+ Say "hi", all  is added`)
	press(m, "y")
	if want := []string{"assign a rol_b rol_c"}; !slices.Equal(f.sent, want) {
		t.Errorf("sent %v, want %v", f.sent, want)
	}
}

func TestAUserInSixtyRoles(t *testing.T) {
	t.Parallel()
	f := newTenant(70, "")
	for i := range 60 {
		f.held["a"] = append(f.held["a"], roleID(i))
	}
	m := opened(f, "a")
	has(t, m, "70 roles, 60 held")
	press(m, "space", "enter", "y")
	if want := []string{"remove a rol_0"}; !slices.Equal(f.sent, want) {
		t.Errorf("sent %v, want %v", f.sent, want)
	}
	m = opened(f, "a")
	press(m, "G", "space", "enter")
	has(t, m, "a@example.com would hold 60 roles; Auth0 allows 50.")
}

func TestARoleDeletedMeanwhileIsSaid(t *testing.T) {
	t.Parallel()
	f := newTenant(3, "")
	m := opened(f, "a")
	press(m, "space")
	f.fail["assign a rol_0"] = &auth0client.NotFound{}
	press(m, "enter", "y")
	has(t, m, "It does not exist (any more)")
	press(m, "esc")
	f.roles = f.roles[1:]
	press(m, "R")
	has(t, m, "A role that you had marked no longer exists: nothing is changed for it.")
	if len(m.staged) != 0 || !strings.Contains(shown(m, 80, 24), "2 roles") {
		t.Errorf("staged %v", m.staged)
	}
}

func TestRunningThroughTheListAsksLittle(t *testing.T) {
	t.Parallel()
	f := newTenant(1000, "")
	m := newModel(f, people("a"))
	m.counts.settle = settle
	m.Update(m.Init()()) // the count begins, and waits
	m.View(view.Size{Width: 80, Height: 24})
	for range 300 {
		m.Update(view.Press("j"))
	}
	m.Close()
	if f.asked["gives"] != 0 {
		t.Errorf("%d roles were asked about while the list moved", f.asked["gives"])
	}
}
