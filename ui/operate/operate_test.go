package operate

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/charmbracelet/x/ansi"

	"usher/auth0client"
	"usher/auth0client/desk"
	"usher/auth0client/term"
	"usher/ui/theme"
	"usher/ui/uitest"
	"usher/ui/view"
)

type rig struct {
	*Model
	t   *testing.T
	now time.Time
	ran int
	can bool
}

func open(t *testing.T, op desk.Operation) *rig {
	t.Helper()
	r := &rig{t: t, now: time.Date(2026, 3, 4, 12, 0, 0, 0, time.UTC), can: true}
	th := theme.New(true, false)
	run := op.Run
	op.User.ID, op.User.Email = "auth0|1", term.Line("ada@example.com")
	op.Run = func(ctx context.Context) desk.Result { r.ran++; return run(ctx) }
	r.Model = New(view.Env{ID: 7, Ctx: t.Context(), Theme: &th, Now: func() time.Time { return r.now }, Can: func(string) bool { return r.can }, Reasons: &view.Reasons{}}, op)
	return r
}

// press presses keys a second apart and runs the work they begin; it gives the last wish.
func (r *rig) press(keys ...string) view.Action {
	r.t.Helper()
	var wish view.Action
	for _, k := range keys {
		r.now = r.now.Add(time.Second)
		action, cmd := r.Update(view.Press(k))
		wish = action
		for _, msg := range uitest.Drain(cmd) {
			wish, _ = r.Update(msg)
		}
	}
	return wish
}

func (r *rig) shown() string { return ansi.Strip(r.View(view.Size{Width: 70, Height: 18}).Content) }

func (r *rig) shows(texts ...string) {
	r.t.Helper()
	for _, text := range texts {
		if !strings.Contains(r.shown(), text) {
			r.t.Errorf("no %q in\n%s", text, r.shown())
		}
	}
}

func succeeds(context.Context) desk.Result { return desk.Result{Done: []string{"It is done."}} }

func TestADangerousOperationIsNotDoneByEnter(t *testing.T) {
	t.Parallel()
	r := open(t, desk.Operation{Name: "Sign out", Danger: true, Does: []string{"End it all"}, Loses: []string{"the session"}, Run: succeeds})
	r.shows("Sign out", "ada@example.com", "auth0|1", "End it all", "Cannot be brought back: the session", "[Cancel]")
	if _, back := r.press("enter").(view.Back); !back || r.ran != 0 {
		t.Errorf("enter ran it %d times", r.ran)
	}
}

func TestYesDoesItOnceAndSaysWhatBecameOfIt(t *testing.T) {
	t.Parallel()
	r := open(t, desk.Operation{Name: "Send", Run: succeeds})
	wish := r.press("y")
	if r.ran != 1 {
		t.Fatalf("it ran %d times", r.ran)
	}
	r.shows("It is done.")
	if all, ok := wish.(view.All); !ok || len(all) != 1 || all[0] != (view.Touched{ID: "auth0|1"}) {
		t.Errorf("the views are told %v", wish)
	}
	r.press("y")
	if r.ran != 1 {
		t.Error("a second y ran it again")
	}
}

func TestDeletingWantsTheEmailTyped(t *testing.T) {
	t.Parallel()
	r := open(t, desk.Operation{Name: "Delete user", Danger: true, Type: "ada@example.com", Run: succeeds})
	if !r.Typing() {
		t.Fatal("the field has no focus")
	}
	r.press("y", "esc", "y")
	if r.ran != 0 {
		t.Fatal("it ran without the email")
	}
	r.shows("Type ada@example.com to confirm.")
	r.press("backspace")
	for _, c := range "ada@example.com" {
		r.press(string(c))
	}
	action, cmd := r.Update(view.Press("enter"))
	if action != nil || cmd != nil {
		t.Fatal("the enter that leaves the field did something")
	}
	if _, cmd := r.Update(view.Press("enter")); cmd != nil {
		t.Error("the same press held down confirmed")
	}
	r.press("enter")
	if r.ran != 1 {
		t.Errorf("it ran %d times", r.ran)
	}
}

func TestASecretIsShownOnceAndGoneWithTheDialog(t *testing.T) {
	t.Parallel()
	const code = "ABCD2345EFGH6789JKLMNPQR"
	r := open(t, desk.Operation{Name: "New code", Run: func(context.Context) desk.Result {
		return desk.Result{Done: []string{"Made."}, Once: []desk.Once{{Label: "Recovery code", Value: auth0client.NewSecret(code)}}}
	}})
	r.press("y")
	r.shows(code, "shown this once")
	if c, ok := r.press("c").(view.Copy); !ok || c.Text != code || c.What != "recovery code" {
		t.Errorf("c copies %v", c)
	}
	r.Close()
	if strings.Contains(r.shown(), code) {
		t.Error("the code is still drawn after closing")
	}
}

func TestAClosedDialogStillReportsAndTellsThatItsSecretIsLost(t *testing.T) {
	t.Parallel()
	r := open(t, desk.Operation{Name: "New code", Run: func(context.Context) desk.Result {
		return desk.Result{Done: []string{"Made."}, Once: []desk.Once{{Label: "Recovery code", Value: auth0client.NewSecret("CODE")}}}
	}})
	_, cmd := r.Update(view.Press("y"))
	r.Close()
	wish, _ := r.Update(uitest.Drain(cmd)[0])
	all, _ := wish.(view.All)
	if len(all) != 2 || !strings.Contains(all[1].(view.Notify).Text, "is gone") || strings.Contains(all[1].(view.Notify).Text, "CODE") {
		t.Errorf("reported %v", wish)
	}
}

func TestWhatWasNotSentComesBackToBeConfirmed(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		err  error
		want string
	}{
		"a lost sign-in":      {&auth0client.Unauthorized{}, view.NotSent},
		"a reason is missing": {&auth0client.ReasonNeeded{}, "wants a reason"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			err := tc.err
			r := open(t, desk.Operation{Name: "Send", Permission: "users:edit", Run: func(context.Context) desk.Result { return desk.Result{Err: err} }})
			r.press("y")
			r.shows(tc.want)
			if r.phase != asking || r.ran != 1 {
				t.Errorf("phase %d, ran %d times", r.phase, r.ran)
			}
		})
	}
}

func TestFailuresAndConflictsAreWorded(t *testing.T) {
	t.Parallel()
	r := open(t, desk.Operation{Name: "Save", Run: func(context.Context) desk.Result {
		return desk.Result{Done: []string{"Saved name."}, Err: &auth0client.Changed{Fields: []auth0client.FieldConflict{{Name: "nickname", Expected: term.Line(`"a"`), Actual: term.Line(`"b"`)}}}}
	}})
	r.press("y")
	r.shows("Saved name.", "Somebody else was faster", `nickname: was "a", is now "b"`)
	r = open(t, desk.Operation{Name: "Save", Run: func(context.Context) desk.Result { return desk.Result{Err: errors.New("odd")} }})
	r.press("y")
	r.shows("Not finished")
}

func TestWithoutThePermissionNothingRuns(t *testing.T) {
	t.Parallel()
	r := open(t, desk.Operation{Name: "Send", Permission: "users:edit", Run: succeeds})
	r.can = false
	r.press("y")
	r.shows("You lack the permission users:edit.")
	if r.ran != 0 {
		t.Error("it ran")
	}
}

func TestWhatIsLostStaysInSightWhereRoomIsShort(t *testing.T) {
	t.Parallel()
	lost := "Cannot be brought back: the account"
	op := desk.Operation{Name: "Delete user", Danger: true, Type: "ada@example.com", Does: []string{"one", "two", "three", "four"}, Loses: []string{"the account"}, Run: succeeds}
	r := open(t, op)
	at := func(h int) string { return ansi.Strip(r.View(view.Size{Width: 56, Height: h}).Content) }
	if s := at(9); !strings.Contains(s, lost) || !strings.Contains(s, "more: pgup/pgdn") || strings.Contains(s, "four") || !strings.Contains(s, "Cancel     Delete user") {
		t.Errorf("low:\n%s", s)
	}
	r.press("esc", "j", "j", "j", "j", "j", "j")
	if s := at(9); !strings.Contains(s, lost) || !strings.Contains(s, "more: j/k") || !strings.Contains(s, "four") {
		t.Errorf("scrolled:\n%s", s)
	}
	if s := at(14); strings.Contains(s, "more:") || !strings.Contains(s, lost) {
		t.Errorf("high:\n%s", s)
	}
	op.Type = ""
	r = open(t, op)
	for h := 1; h < 20; h++ {
		if s := at(h); strings.Contains(s, "[Cancel]") && !strings.Contains(s, lost) {
			t.Errorf("height %d asks without saying what is lost:\n%s", h, s)
		}
	}
	at(3)
	if r.press("y"); r.ran != 0 {
		t.Error("it ran although what is lost was not shown")
	}
}

func TestEverySizeFits(t *testing.T) {
	t.Parallel()
	r := open(t, desk.Operation{Name: "Delete user", Danger: true, Type: "ada@example.com", Does: []string{strings.Repeat("long words ", 40)}, Loses: []string{"all"}, Run: succeeds})
	for w := range 90 {
		for h := range 26 {
			size := view.Size{Width: w, Height: h}
			uitest.Fits(t, r.View(size).Content, size)
		}
	}
}

func TestWhatTheHeadSaysIsNotSaidTwice(t *testing.T) {
	t.Parallel()
	u := auth0client.User{ID: "auth0|1", Email: term.Line("ada@example.com")}
	op := desk.Operation{Name: "End", Does: []string{"End all sessions of " + desk.Who(u) + " everywhere"}, Run: succeeds}
	r := open(t, op)
	r.shows("auth0|1", "• End all sessions of ada@example.com everywhere")
	if s := ansi.Strip(r.View(view.Size{Width: 18, Height: 18}).Content); strings.Count(s, "auth0|1") != 2 {
		t.Errorf("the head has no room for who it is, and the text does not say it:\n%s", s)
	}
}

func TestLettersAreTextWhileTheConfirmationIsTyped(t *testing.T) {
	t.Parallel()
	r := open(t, desk.Operation{Name: "Delete user", Danger: true, Type: "ada", Does: []string{"all"}, Run: succeeds})
	if s := r.shown(); strings.Contains(s, "y yes") || strings.Contains(s, "[Cancel]") {
		t.Errorf("in the field:\n%s", s)
	}
	r.press("esc")
	r.shows("[Cancel]   Delete user    y yes  n cancel")
}
