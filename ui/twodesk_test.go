package ui

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	tea "charm.land/bubbletea/v2"

	"usher/auth0client"
	"usher/auth0client/gateway/journal"
	"usher/auth0client/gateway/policy"
	"usher/auth0client/localtenant"
	"usher/auth0client/term"
	"usher/ui/login"
	"usher/ui/uitest"
)

const twoOperators = `
[[policy]]
name = "desk"

[policy.approval]
"users:password" = { by = ["usher admin"], expires = "4h" }
"users:block" = { by = ["*@ops.example"], expires = "4h" }
`

// openTwo is a gateway whose policy asks for second operators, with the consoles of two: the first may ask, the second decide.
func openTwo(t *testing.T) (sam, ada *office) {
	t.Helper()
	set, err := policy.Load([]byte(twoOperators), "policies.toml")
	if err != nil {
		t.Fatal(err)
	}
	named := func(subject, email, preset string) *office {
		f := &office{floor: &floor{t: t, me: policy.Operator{Subject: subject, Email: email}}}
		for _, a := range policy.Preset(preset) {
			f.holds = append(f.holds, string(a))
		}
		return f
	}
	sam, ada = named("auth0|0be7a70f0000000000000002", "sam@ops.example", "support"), named("auth0|0be7a70f0000000000000003", "ada.admin@ops.example", "admin")
	sam.beside = ada.floor
	sam.start(localtenant.Options{SearchLag: -1}, set)
	sam.sit()
	return sam, ada
}

// sit opens an operator's console, by a clock that the test moves.
func (f *office) sit() {
	f.openConsole()
	f.app.o.Now = func() time.Time { return time.Now().Add(time.Duration(f.ahead.Load())) }
}

func (f *floor) tickets() int {
	f.mu.Lock()
	defer f.mu.Unlock()
	n := 0
	for _, r := range f.sent {
		if strings.HasPrefix(r, "POST /api/v2/tickets/") {
			n++
		}
	}
	return n
}

func TestASecondOperatorAgreesAndTheFirstTakesTheLink(t *testing.T) {
	t.Parallel()
	sam, ada := openTwo(t)
	sam.open("ada@example.com")
	sam.play("p", "> Make a link, good for 1 hour", "down", "enter", "> Make password link", "y",
		"> Not done yet. It waits for a second operator", "> Who may approve it: role usher admin. You see it under Approvals (:)", "enter")
	sam.play(":", "' Approvals", "enter", "> 1 of yours waiting", "> waits", "a", "> Nobody approves their own request")

	ada.sit()
	ada.play("> approvals: 1 to decide", "> 1 change waits for you to decide. See Approvals (:).", ":", "' Approvals", "enter", "> 1 for you to decide", "@ ada@example.com", "enter",
		"> waits for role usher admin", "> sam@ops.example", "> good for 1 hour", "a", "> [Cancel]", "> a secret that is shown to them and not to you", "enter")
	if strings.Contains(ada.flat(), "[Cancel]") || !strings.Contains(ada.flat(), "waits for role usher admin") {
		t.Fatalf("enter did not cancel:\n%s", uitest.Frame(ada.app))
	}
	ada.play("a", "> [Cancel]", "y", "> You agreed. sam@ops.example can take it until", "enter", "> agreed to by ada.admin@ops.example, not taken yet")
	ada.until("the header still says that something waits", func() bool { return !strings.Contains(ada.flat(), "to decide") })
	if n := sam.tickets(); n != 0 {
		t.Fatalf("%d tickets were made by approving", n)
	}

	sam.play("R", "> 1 for you to take", "> approvals: 1 to take", "@ take it", "enter", "> It was agreed to: t takes it.", "t", "> ada.admin@ops.example agreed at", "> It is made now, once", "y",
		"> Password link (shown this once)", "> ticket=", "c", "> Copied the password link", "enter", "> agreed to by ada.admin@ops.example, taken")
	if strings.Contains(sam.flat(), "ticket=") {
		t.Errorf("the link is still there:\n%s", uitest.Frame(sam.app))
	}
	sam.until("the header still says that something waits", func() bool { return !strings.Contains(sam.flat(), "to take") })
	sam.play("t", "> It is over: agreed to by ada.admin@ops.example, taken")
	ada.play("R", "> agreed to by ada.admin@ops.example, taken")
	if n := sam.tickets(); n != 1 {
		t.Errorf("%d tickets were made", n)
	}
	var agreed, made bool
	for l, err := range sam.journal.Lines(t.Context()) {
		if err != nil {
			t.Fatal(err)
		}
		if l.Step == journal.StepIntent {
			agreed = agreed || l.Email == "ada.admin@ops.example" && strings.Contains(l.Note, "agrees to approval")
			made = made || l.Email == "sam@ops.example" && l.ApproverEmail == "ada.admin@ops.example" && slices.Equal(l.Actions, []string{"users:password"})
		}
	}
	if !agreed || !made {
		t.Errorf("the journal names them: %v, %v", agreed, made)
	}
}

func TestASecondOperatorHasItMadeOrEndsIt(t *testing.T) {
	t.Parallel()
	sam, ada := openTwo(t)
	for _, email := range []string{"ada@example.com", "nico.newcomer@example.com", "hugo.huge@example.com"} {
		sam.open(email)
		sam.play("b", "> Not blocked", "wait", "y", "> It waits for a second operator", "> *@ops.example", "enter", "esc")
	}
	blocked := func(email string) bool {
		var found []struct{ Blocked bool }
		sam.look("GET", "users-by-email?email="+email, "", &found)
		return len(found) == 1 && found[0].Blocked
	}
	sam.play(":", "' Approvals", "enter", "> 3 of yours waiting", "@ hugo.huge", "d", "> Take back", "> It ends and is not made", "y", "> Taken back: it will not be made", "enter", "> taken back")
	ada.sit()
	ada.play("> 2 changes wait for you to decide", ":", "' Approvals", "enter", "@ ada@example.com", "a", "> It is made at once, in both your names", "y", "> Approved, and done: Block, ada@example.com", "enter", "> 2 over")
	if !blocked("ada@example.com") {
		t.Error("it was approved and is not made")
	}
	ada.play("@ nico.newcomer", "d", "> It ends and is not made", "y", "> Denied: it will not be made", "enter", "> 3 over", "/", "' nico", "enter", "> 1 of 3 for", "> denied by ada.admin@ops.example", "enter", "> Decided", "enter", "> Why can't they get in?")
	if blocked("nico.newcomer@example.com") || blocked("hugo.huge@example.com") {
		t.Error("what was denied, or taken back, is made")
	}
	sam.play("R", "> 3 over", "@ ada@example.com", "> approved by ada.admin@ops.example, done")
}

// What the requester's console does not know is found out when it acts.
func TestSomebodyElseWasFaster(t *testing.T) {
	t.Parallel()
	sam, ada := openTwo(t)
	sam.open("ada@example.com")
	sam.play("b", "> Not blocked", "wait", "y", "> It waits for a second operator", "enter")
	ada.sit()
	ada.play(":", "' Approvals", "enter", "> 1 for you to decide")
	sam.play(":", "' Approvals", "enter", "> 1 of yours waiting", "d", "> Take back", "y", "> Taken back", "enter")
	ada.play("a", "> It is made at once", "y", "> Somebody decided it already, or its time is over", "enter", "> taken back by sam@ops.example")
}

// asked is a backend that counts what the console asks of approvals.
type asked struct {
	Backend
	me    auth0client.Me
	all   []auth0client.Approval
	err   error
	calls []string
}

func (b *asked) Me(context.Context) (auth0client.Me, error) {
	b.calls = append(b.calls, "me")
	return b.me, b.err
}

func (b *asked) Approvals(context.Context) ([]auth0client.Approval, error) {
	b.calls = append(b.calls, "approvals")
	return b.all, b.err
}

func TestApprovalsAreAskedForOnlyWhileTheyConcernSomebodyWhoIsThere(t *testing.T) {
	t.Parallel()
	waits := auth0client.Approval{ID: "A1", State: auth0client.ApprovalWaiting, MayDecide: true, MayDeny: true, Requester: term.Line("op@example.com")}
	for name, c := range map[string]struct {
		me    auth0client.Me
		err   error
		first []string // after the sign-in
		later []string // a key a minute later
	}{
		"no policy speaks of them":           {auth0client.Me{}, nil, []string{"me"}, nil},
		"the operator may approve":           {auth0client.Me{Approves: true}, nil, []string{"me", "approvals"}, []string{"approvals"}},
		"what the operator does is approved": {auth0client.Me{Approvals: []string{"users:delete"}}, nil, []string{"me", "approvals"}, []string{"approvals"}},
		"nobody answered":                    {auth0client.Me{Approves: true}, errors.New("away"), []string{"me"}, []string{"me"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			clock := noon()
			s := &scripted{op: login.Operator{ID: "auth0|op", Email: "op@acme.test", Permissions: []string{"users:read"}}}
			a := newApp(t, s, clock)
			b := &asked{me: c.me, err: c.err, all: []auth0client.Approval{waits}}
			a.o.Backend = b
			signIn(t, a, s)
			a.stack = append(a.stack, open{id: a.nextID(), v: &probe{}})
			// The question of the sign-in is one of several commands; it is played by itself.
			a.approvals.looking = false
			play := func(cmd tea.Cmd) {
				if cmd != nil {
					a.Update(cmd())
				}
			}
			calls := func() []string {
				got := b.calls
				b.calls = nil
				return got
			}
			play(a.look(true))
			if got := calls(); !slices.Equal(got, c.first) {
				t.Errorf("after the sign-in it asked %v", got)
			}
			if want := c.err == nil && c.first[len(c.first)-1] == "approvals"; strings.Contains(uitest.Frame(a), "approvals: 1 to decide") != want {
				t.Errorf("the header:\n%s", uitest.Frame(a))
			}
			*clock = clock.Add(59 * time.Second)
			if cmd := a.lookAgain(false); cmd != nil {
				t.Error("a key within a minute asks again")
			}
			*clock = clock.Add(time.Second)
			if cmd := a.lookAgain(true); cmd != nil {
				t.Error("a key that wakes a locked console asks")
			}
			play(a.lookAgain(false))
			if got := calls(); !slices.Equal(got, c.later) {
				t.Errorf("a minute later it asked %v", got)
			}
			if cmd := a.lookAgain(false); cmd != nil && len(c.later) > 0 {
				t.Error("the next key asks again")
			}
		})
	}
}

func TestApprovalsOfAnEarlierOperatorAreForgotten(t *testing.T) {
	t.Parallel()
	a, s, _ := signedIn(t, noon())
	b := &asked{me: auth0client.Me{Approves: true}, all: []auth0client.Approval{{ID: "A1", MayDecide: true}}}
	a.o.Backend, a.approvals.looking = b, false
	late := a.look(true)
	a.Update(late())
	if !strings.Contains(uitest.Frame(a), "approvals: 1 to decide") {
		t.Fatalf("nothing waits:\n%s", uitest.Frame(a))
	}
	a.approvals.looking = false
	late = a.look(false)
	s.op = login.Operator{ID: "auth0|other", Email: "other@acme.test"}
	a.askSignIn(wish{purpose: login.Ended}, grace{})
	again(t, a, s)
	a.Update(late())
	if strings.Contains(uitest.Frame(a), "approvals: ") {
		t.Errorf("somebody else reads what waited:\n%s", uitest.Frame(a))
	}
}
