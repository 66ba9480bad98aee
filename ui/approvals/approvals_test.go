package approvals

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"usher/auth0client"
	"usher/auth0client/term"
	"usher/ui/uitest"
	"usher/ui/view"
)

type fake struct {
	all   []auth0client.Approval
	err   error
	calls []string
	evil  string
}

func (f *fake) Approvals(context.Context) ([]auth0client.Approval, error) {
	f.calls = append(f.calls, "list")
	return f.all, f.err
}

func (f *fake) Approve(_ context.Context, id string) (bool, error) {
	f.calls = append(f.calls, "approve "+id)
	return true, f.err
}

func (f *fake) Deny(_ context.Context, id string) error {
	f.calls = append(f.calls, "deny "+id)
	return f.err
}

func (f *fake) Take(_ context.Context, id string) (auth0client.Secret, error) {
	f.calls = append(f.calls, "take "+id)
	return auth0client.NewSecret("canary"), f.err
}

// of is an approval that somebody asked for some minutes ago.
func (f *fake) of(id, state, request, who string, ago time.Duration, change func(a *auth0client.Approval)) auth0client.Approval {
	at := uitest.Noon().Add(-ago)
	a := auth0client.Approval{
		ID: id, State: state, RequestedAt: at, ExpiresAt: at.Add(4 * time.Hour), Requester: term.Line("sam@ops.example" + f.evil), RequesterID: "auth0|sam",
		Via: term.Line("console" + f.evil), Reason: term.Line("Called back on the number we have, ticket 4821" + f.evil), By: []term.Safe{term.Line("usher admin" + f.evil), term.Line("*@security.example")},
		Actions: []term.Safe{term.Line("users:edit")}, Request: request, Target: auth0client.UserID("auth0|" + who), Person: term.Line(who + "@example.com" + f.evil),
	}
	if state != auth0client.ApprovalWaiting {
		a.Decider, a.DeciderID, a.DecidedAt = term.Line("ada.admin@ops.example"+f.evil), "auth0|ada", at.Add(time.Minute)
	}
	a.MayDeny = state == auth0client.ApprovalWaiting || state == auth0client.ApprovalAgreed
	if change != nil {
		change(&a)
	}
	return a
}

func several(evil string) *fake {
	f := &fake{evil: evil}
	decide := func(a *auth0client.Approval) { a.MayDecide = true }
	own := func(a *auth0client.Approval) {
		a.Mine, a.Requester, a.RequesterID = true, term.Line("op@example.com"), "auth0|op"
	}
	f.all = []auth0client.Approval{
		f.of("OVER1", auth0client.ApprovalApproved, "DELETE users/{id}", "dora", 3*time.Hour, func(a *auth0client.Approval) { a.Result, a.Status = auth0client.ResultMade, 204 }),
		f.of("MINE1", auth0client.ApprovalWaiting, "DELETE users/{id}", "carl", 10*time.Minute, own),
		f.of("EDIT", auth0client.ApprovalWaiting, "PATCH users/{id}", "bert", 20*time.Minute, func(a *auth0client.Approval) {
			decide(a)
			a.Changes = []auth0client.ApprovalChange{
				{Name: term.Line("app_metadata.plan" + evil), From: term.Line("basic"), To: term.Line("enterprise" + evil), Known: true},
				{Name: term.Line("name"), To: term.Line("Bert the Long, of the department that has the longest of all names")},
			}
		}),
		f.of("TAKE", auth0client.ApprovalAgreed, "POST tickets/password-change", "ann", 30*time.Minute, func(a *auth0client.Approval) {
			own(a)
			a.MayTake, a.Handover = true, true
		}),
		f.of("LINK", auth0client.ApprovalWaiting, "POST tickets/password-change", "anna", 3*time.Hour, func(a *auth0client.Approval) {
			decide(a)
			a.Handover = true
		}),
		f.of("THEIRS", auth0client.ApprovalAgreed, "POST users/{id}/recovery-code-regeneration", "ed", 40*time.Minute, func(a *auth0client.Approval) { a.Handover = true }),
		f.of("BACK", auth0client.ApprovalDenied, "PATCH users/{id}", "fred", 50*time.Minute, func(a *auth0client.Approval) {
			own(a)
			a.Decider, a.DeciderID = a.Requester, a.RequesterID
		}),
		f.of("NO", auth0client.ApprovalDenied, "PATCH users/{id}", "gina", 55*time.Minute, own),
		f.of("ODD", auth0client.ApprovalTaken, "POST tickets/email-verification", "hana", 60*time.Minute, func(a *auth0client.Approval) { a.Result, a.TakenAt = auth0client.ResultUnknown, uitest.Noon() }),
		f.of("LATE", auth0client.ApprovalExpired, "DELETE users/{id}", "ida", 9*time.Hour, func(a *auth0client.Approval) { a.Decider, a.DecidedAt = term.Safe{}, time.Time{} }),
	}
	return f
}

func TestWhatIsToBeDoneComesFirst(t *testing.T) {
	t.Parallel()
	f := several("")
	s := uitest.Open(t, New(uitest.Env(t), f))
	s.Golden("list")
	s.Shows("2 for you to decide · 1 for you to take · 1 of yours waiting")
	if got := s.Press("enter"); got.(view.OpenApproval).Approval.ID != "LINK" { // which ends first
		t.Errorf("enter opens %v", got)
	}
	s.Press("/", "' bert", "enter")
	s.Shows("1 of 10 for /bert", "bert@example.com")
	if got := s.Press("a").(view.Operate); got.Operation.Name != "Approve" || got.Operation.Subject.ID != "EDIT" {
		t.Errorf("a opens %+v", got)
	}
	if got := s.Press("esc", "esc"); got != (view.Back{}) {
		t.Errorf("esc gives %v", got)
	}
}

func TestAKeySaysWhyItDoesNothing(t *testing.T) {
	t.Parallel()
	for filter, c := range map[string]struct{ does, approve, deny, take string }{
		"link":   {"ad", "", "", "Only whoever asked for it takes it"},
		"edit":   {"ad", "", "", "Only whoever asked"},
		"take":   {"dt", "Nobody approves their own request", "", ""},
		"mine1":  {"d", "Nobody approves their own request. It may be approved by role usher admin or *@security.example.", "", "It is made by approving it"},
		"theirs": {"d", "sam@ops.example has to take it", "", "Only whoever asked"},
		"over1":  {"", "It is over: approved by ada.admin@ops.example, done.", "It is over", "It is over"},
		"odd":    {"", "outcome unknown", "It is over", "It is over"},
	} {
		f := several("")
		s := uitest.Open(t, New(uitest.Env(t), f))
		s.Press("/", "' "+filter, "enter")
		why := map[string]string{}
		for _, k := range s.V.Keys() {
			why[k.Help().Key] = k.Why
		}
		for key, want := range map[string]string{"a": c.approve, "d": c.deny, "t": c.take} {
			if (want == "") != (why[key] == "") || !strings.Contains(why[key], want) {
				t.Errorf("%s: %s says %q, want %q", filter, key, why[key], want)
			}
			_, opens := s.Press(key).(view.Operate)
			if opens != strings.Contains(c.does, key) {
				t.Errorf("%s: %s opens a question: %v", filter, key, opens)
			}
		}
	}
}

func TestAllOfAnApproval(t *testing.T) {
	t.Parallel()
	for name, at := range map[string]int{"one-edit": 2, "one-take": 3, "one-odd": 8} {
		f := several("")
		s := uitest.Open(t, NewOne(uitest.Env(t), f, f.all[at]))
		s.Golden(name)
		if len(f.calls) > 0 {
			t.Errorf("%s asks %v although all is known", name, f.calls)
		}
	}
}

func TestOneIsReadAgainWhenItWasDecided(t *testing.T) {
	t.Parallel()
	f := several("")
	s := uitest.Open(t, NewOne(uitest.Env(t), f, f.all[2]))
	s.Shows("It waits for you", "app_metadata.plan: basic → enterprise")
	if got := s.Press("d").(view.Operate); got.Operation.Name != "Deny" {
		t.Errorf("d opens %+v", got)
	}
	if got := s.Press("enter").(view.OpenUser); got.User.ID != "auth0|bert" {
		t.Errorf("enter opens %v", got)
	}
	s.Tell(view.AlteredMsg{ID: "OTHER"})
	f.all[2] = f.of("EDIT", auth0client.ApprovalApproved, "PATCH users/{id}", "bert", time.Hour, func(a *auth0client.Approval) { a.Result, a.Status = auth0client.ResultRefused, 400 })
	s.Wishes = nil
	s.Tell(view.AlteredMsg{ID: "EDIT"})
	s.Shows("but refused (HTTP 400)")
	if len(f.calls) != 1 || len(s.Wishes) != 1 {
		t.Errorf("it asked %v and wishes %v", f.calls, s.Wishes)
	}
	f.all = nil
	s.Press("R")
	s.Shows("It is over, or no longer concerns you.")
	if got := s.Press("a"); got != nil {
		t.Errorf("a does %v to what is gone", got)
	}
}

func TestTheMarkStaysOnWhatIsToBeDecidedNext(t *testing.T) {
	t.Parallel()
	f := several("")
	s := uitest.Open(t, New(uitest.Env(t), f))
	f.all[4] = f.of("LINK", auth0client.ApprovalAgreed, "POST tickets/password-change", "anna", 3*time.Hour, nil)
	s.Tell(view.AlteredMsg{ID: "LINK"})
	if got := s.Press("enter"); got.(view.OpenApproval).Approval.ID != "EDIT" {
		t.Errorf("the mark is on %v", got)
	}
	s.Press("j")
	s.Press("R") // nothing changed: it stays
	if got := s.Press("enter"); got.(view.OpenApproval).Approval.ID != "TAKE" {
		t.Errorf("the mark is on %v", got)
	}
}

func TestWithoutApprovalsItSaysSo(t *testing.T) {
	t.Parallel()
	for text, f := range map[string]*fake{
		"Nothing waits for you":           {},
		"This gateway keeps no approvals": {err: &auth0client.NotFound{}},
		"The tenant cannot be reached":    {err: &auth0client.Unreachable{Err: fmt.Errorf("away")}},
	} {
		s := uitest.Open(t, New(uitest.Env(t), f))
		s.Shows(text)
		s.Press("a", "d", "t", "enter", "y", "j", "G")
		if f.err == nil {
			s.Golden("empty")
		}
	}
}

func TestAFailedReloadKeepsWhatWasRead(t *testing.T) {
	t.Parallel()
	f := several("")
	s := uitest.Open(t, New(uitest.Env(t), f))
	f.err = &auth0client.Unreachable{Err: fmt.Errorf("away")}
	s.Press("R")
	s.Shows("anna@example.com", "The tenant cannot be reached")
	f.err = &auth0client.Unauthorized{}
	if s.Press("R"); len(s.Wishes) == 0 || s.Wishes[0] != (view.RequireLogin{}) {
		t.Errorf("it wishes %v", s.Wishes)
	}
	f.err = nil
	s.Tell(view.SignedInMsg{})
	s.Shows("2 for you to decide")
}

func TestTheScreensWithstandWhateverComes(t *testing.T) {
	t.Parallel()
	const evil = "\x1b]0;pwned\x07\x1b[2J\u202e\r\n漢字👩‍👩‍👧"
	f := several(evil)
	s := uitest.Open(t, New(uitest.Env(t), f))
	s.Withstands()
	for _, a := range append(f.all, auth0client.Approval{}) {
		one := uitest.Open(t, NewOne(uitest.Env(t), f, a))
		one.Withstands()
		one.Press("G", "pgup", "j", "k", "g")
		one.Withstands()
	}
}
