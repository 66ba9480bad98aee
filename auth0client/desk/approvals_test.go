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

// second answers for a tenant with approvals.
type second struct {
	agreed bool
	err    error
	calls  []string
}

func (s *second) Approve(_ context.Context, id string) (bool, error) {
	s.calls = append(s.calls, "approve "+id)
	return s.agreed, s.err
}

func (s *second) Deny(_ context.Context, id string) error {
	s.calls = append(s.calls, "deny "+id)
	return s.err
}

func (s *second) Take(_ context.Context, id string) (auth0client.Secret, error) {
	s.calls = append(s.calls, "take "+id)
	return auth0client.NewSecret("canary"), s.err
}

func atNoon() time.Time { return time.Date(2026, 3, 4, 12, 0, 0, 0, time.UTC) }

func link() auth0client.Approval {
	return auth0client.Approval{
		ID: "A1", State: auth0client.ApprovalWaiting, RequestedAt: atNoon().Add(-26 * time.Hour), ExpiresAt: atNoon().Add(2 * time.Hour), DecidedAt: atNoon().Add(-time.Minute),
		Requester: term.Line("op@example.com"), RequesterID: "auth0|op", Decider: term.Line("lead@example.com"), DeciderID: "auth0|lead", Via: term.Line("console"), Reason: term.Line("called back"),
		By: []term.Safe{term.Line("lead"), term.Line("*@x.example")}, Actions: []term.Safe{term.Line("users:password")},
		Request: "POST tickets/password-change", Target: "auth0|ann", Person: term.Line("ann@example.com"), Handover: true,
		Changes: []auth0client.ApprovalChange{{Name: term.Line("ttl_sec"), To: term.Line("3600")}},
	}
}

func TestAnApprovalSaysAllOfIt(t *testing.T) {
	t.Parallel()
	want := []string{
		"op@example.com asked at 2026-03-03 10:00, from console", "Password link: ann@example.com (auth0|ann)", "good for 1 hour", "Reason: called back",
		"Needs users:password; may be approved by role lead or *@x.example", "Good until 14:00",
	}
	if got := ApprovalLines(link(), atNoon()); !slices.Equal(got, want) {
		t.Errorf("it says %q", got)
	}
	a := link()
	a.Reason, a.By, a.Mine, a.State = term.Safe{}, nil, true, auth0client.ApprovalTaken
	a.Changes = []auth0client.ApprovalChange{{Name: term.Line("user_metadata.tone"), From: term.Line("dry"), To: term.Line("warm"), Known: true}}
	if got := strings.Join(ApprovalLines(a, atNoon()), "\n"); !strings.Contains(got, "(you)") || !strings.Contains(got, "tone: dry → warm") || !strings.Contains(got, "No reason") ||
		!strings.Contains(got, "whom the policy names") || strings.Contains(got, "Good until") {
		t.Errorf("it says %s", got)
	}
}

func TestWhatIsAskedForInWords(t *testing.T) {
	t.Parallel()
	set := func(pairs ...string) (out []auth0client.ApprovalChange) {
		for i := 0; i < len(pairs); i += 2 {
			out = append(out, auth0client.ApprovalChange{Name: term.Line(pairs[i]), To: term.Line(pairs[i+1])})
		}
		return out
	}
	for want, a := range map[string]auth0client.Approval{
		"Block":           {Request: "PATCH users/{id}", Changes: set("blocked", "true")},
		"Unblock":         {Request: "PATCH users/{id}", Changes: set("blocked", "false")},
		"Set a password":  {Request: "PATCH users/{id}", Changes: set("connection", "c", "password", "…")},
		"Edit the user":   {Request: "PATCH users/{id}", Changes: set("blocked", "true", "name", "x")},
		"Delete the user": {Request: "DELETE users/{id}"},
		"a:b c:d":         {Request: "POST of/tomorrow", Actions: []term.Safe{term.Line("a:b"), term.Line("c:d")}},
	} {
		if got := Asked(a); got != want {
			t.Errorf("%+v is %q, want %q", a, got, want)
		}
	}
}

func TestHowFarAnApprovalIs(t *testing.T) {
	t.Parallel()
	for want, change := range map[string]func(a *auth0client.Approval){
		"waits": func(*auth0client.Approval) {},
		"agreed to by lead@example.com, not taken yet": func(a *auth0client.Approval) { a.State = auth0client.ApprovalAgreed },
		"agreed to by lead@example.com; the last try was refused (HTTP 404), nothing was made": func(a *auth0client.Approval) {
			a.State, a.Result, a.Status = auth0client.ApprovalAgreed, auth0client.ResultRefused, 404
		},
		"approved by lead@example.com, done": func(a *auth0client.Approval) {
			a.State, a.Result = auth0client.ApprovalApproved, auth0client.ResultMade
		},
		"approved by lead@example.com, but refused (HTTP 409): nothing was made": func(a *auth0client.Approval) {
			a.State, a.Result, a.Status = auth0client.ApprovalApproved, auth0client.ResultRefused, 409
		},
		"agreed to by lead@example.com, taken": func(a *auth0client.Approval) {
			a.State, a.Result = auth0client.ApprovalTaken, auth0client.ResultMade
		},
		"agreed to by lead@example.com, outcome unknown: look whether it was made": func(a *auth0client.Approval) {
			a.State, a.Result = auth0client.ApprovalTaken, auth0client.ResultUnknown
		},
		"agreed to by lead@example.com, being taken; the journal says how far it came": func(a *auth0client.Approval) { a.State = auth0client.ApprovalTaken },
		"denied by lead@example.com": func(a *auth0client.Approval) { a.State = auth0client.ApprovalDenied },
		"taken back by op@example.com": func(a *auth0client.Approval) {
			a.State, a.Decider, a.DeciderID = auth0client.ApprovalDenied, a.Requester, a.RequesterID
		},
		"nobody decided in time":                               func(a *auth0client.Approval) { a.State, a.Decider = auth0client.ApprovalExpired, term.Safe{} },
		"agreed to by lead@example.com, but not taken in time": func(a *auth0client.Approval) { a.State = auth0client.ApprovalExpired },
	} {
		a := link()
		change(&a)
		if got := ApprovalState(a); got != want {
			t.Errorf("it is %q, want %q", got, want)
		}
	}
}

func TestDecidingAndTaking(t *testing.T) {
	t.Parallel()
	tenant := &second{agreed: true}
	a := link()
	for _, c := range []struct {
		op           Operation
		danger       bool
		says, became string
	}{
		{Approve(tenant, a, atNoon()), true, "a secret that is shown to them and not to you", "You agreed. op@example.com can take it until 14:00."},
		{Deny(tenant, a, atNoon()), true, "It ends and is not made.", "Denied: it will not be made."},
		{Take(tenant, a, atNoon()), false, "lead@example.com agreed at 11:59.", "Password link: done."},
	} {
		r := c.op.Run(t.Context())
		if c.op.Danger != c.danger || !slices.Contains(c.op.Does, c.says) && !strings.Contains(strings.Join(c.op.Does, "\n"), c.says) || !slices.Equal(r.Done, []string{c.became}) || r.Err != nil ||
			c.op.User.ID != "auth0|ann" || c.op.Subject.ID != "A1" || !c.op.Subject.Reread {
			t.Errorf("%s does %q, and says %+v", c.op.Name, c.op.Does, r)
		}
		if (len(r.Once) == 1 && r.Once[0].Label == "Password link" && r.Once[0].Value.Reveal() == "canary") != (c.op.Name == "Take") {
			t.Errorf("%s gives %v", c.op.Name, r.Once)
		}
	}
	if want := []string{"approve A1", "deny A1", "take A1"}; !slices.Equal(tenant.calls, want) {
		t.Errorf("it called %v", tenant.calls)
	}
	a.Mine = true
	if op := Deny(tenant, a, atNoon()); op.Name != "Take back" {
		t.Errorf("one's own is denied by %q", op.Name)
	}
}

func TestWhatAFailedTakeSays(t *testing.T) {
	t.Parallel()
	for note, err := range map[string]error{
		"It counts as taken":                             &auth0client.Unknown{Err: errors.New("x")},
		"The list of approvals says":                     &auth0client.Decided{},
		"Nothing was made. It can be taken until 14:00.": &auth0client.NotFound{},
	} {
		r := Take(&second{err: err}, link(), atNoon()).Run(t.Context())
		if len(r.Note) != 1 || !strings.HasPrefix(r.Note[0], note) || len(r.Once) > 0 || r.Err == nil {
			t.Errorf("after %T it says %+v", err, r)
		}
	}
	if r := Take(&second{err: &auth0client.FreshLogin{}}, link(), atNoon()).Run(t.Context()); len(r.Note) > 0 {
		t.Errorf("a sign-in that is asked for says %v", r.Note)
	}
}
