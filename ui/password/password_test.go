package password

import (
	"context"
	"crypto/rand"
	"fmt"
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

type tenant struct {
	desk.Passwords
	all []auth0client.Connection
	err error
	got []auth0client.Change
}

func (f *tenant) Connections(context.Context) ([]auth0client.Connection, error) { return f.all, f.err }

func (f *tenant) User(_ context.Context, id auth0client.UserID) (auth0client.User, error) {
	return auth0client.User{ID: id}, nil
}

func (f *tenant) UpdateUser(_ context.Context, id auth0client.UserID, step auth0client.Change, _ auth0client.Unchanged) (auth0client.User, error) {
	f.got = append(f.got, step)
	return auth0client.User{ID: id}, nil
}

func users(policy string, min int) []auth0client.Connection {
	return []auth0client.Connection{{Name: "Users", Label: term.Line("Users"), Strategy: term.Line("auth0"), Options: auth0client.ConnectionOptions{Known: true, PasswordPolicy: policy, MinLength: min}}}
}

func ada() auth0client.User {
	return auth0client.User{ID: "auth0|1", EmailRaw: "ada@example.com", Email: term.Line("ada@example.com"),
		Identities: []auth0client.Identity{{Connection: term.Line("Users"), Provider: term.Line("auth0"), Key: auth0client.IdentityKey{Provider: "auth0", UserID: "1"}}}}
}

type rig struct {
	*Model
	t    *testing.T
	lack string
}

func open(t *testing.T, f *tenant, u auth0client.User) *rig {
	t.Helper()
	th := theme.New(true, false)
	r := &rig{t: t}
	r.Model = New(view.Env{ID: 7, Ctx: t.Context(), Theme: &th, Now: time.Now, Can: func(p string) bool { return p != r.lack }}, f, u, rand.Reader)
	for _, msg := range uitest.Drain(r.Init()) {
		r.Update(msg)
	}
	return r
}

func (r *rig) press(keys ...string) (last view.Action) {
	for _, k := range keys {
		last, _ = r.Update(view.Press(k))
	}
	return last
}

func (r *rig) typed(text string) {
	r.press("ctrl+u")
	for _, c := range text {
		r.press(string(c))
	}
}

func (r *rig) shown() string { return ansi.Strip(r.View(view.Size{Width: 72, Height: 18}).Content) }

func (r *rig) has(texts ...string) {
	r.t.Helper()
	for _, text := range texts {
		if want, not := strings.CutPrefix(text, "!"); strings.Contains(r.shown(), want) == not {
			r.t.Errorf("%q is there: %v\n%s", want, not, r.shown())
		}
	}
}

func TestASuggestionIsTwoKeysFromTheQuestion(t *testing.T) {
	t.Parallel()
	f := &tenant{all: users("excellent", 30)}
	r := open(t, f, ada())
	first := r.input.Value()
	r.press("ctrl+g")
	if second := r.input.Value(); len(first) < 30 || first == second {
		t.Errorf("the suggestions are %d letters long, and the same: %v", len(first), first == second)
	}
	r.has("✓ at least 30 characters", "!still needs")
	wish, ok := r.press("enter", "enter").(view.All)
	if !ok || wish[0] != (view.Back{}) {
		t.Fatalf("it wishes %v", wish)
	}
	op := wish[1].(view.Operate).Operation
	given := r.input.Value()
	r.Close()
	if got := op.Run(t.Context()); got.Err != nil || len(f.got) != 1 || f.got[0]["password"] != given || f.got[0]["connection"] != nil || got.Once[0].Value.Reveal() != given {
		t.Errorf("it sent %v, %v", f.got, got.Err)
	}
	if strings.Contains(r.shown(), given) {
		t.Error("the password is drawn after the form was left")
	}
}

func TestDemandsAreCheckedAsOneTypes(t *testing.T) {
	t.Parallel()
	r := open(t, &tenant{all: users("good", 8)}, ada())
	r.typed("abc")
	r.has("✗ still needs at least 8 characters", "✗ still needs three of")
	r.typed("abcdEFG1")
	r.has("✓ at least 8 characters", "✓ three of", "!still needs")
	r.typed("short")
	if wish := r.press("enter", "y"); wish != nil || !r.Typing() {
		t.Errorf("a short password goes on: %v", wish)
	}
	r.has("It needs at least 8 characters.")
	r.typed("")
	if wish := r.press("enter", "enter"); wish != nil {
		t.Errorf("no password goes on: %v", wish)
	}
}

func TestWhatWasTypedIsNotLostByOneKey(t *testing.T) {
	t.Parallel()
	r := open(t, &tenant{all: users("good", 8)}, ada())
	if r.press("esc", "esc") != (view.Back{}) {
		t.Error("an untouched suggestion keeps the form open")
	}
	r = open(t, &tenant{all: users("good", 8)}, ada())
	r.typed("mine-1-Mine")
	if r.press("esc", "esc") != nil {
		t.Error("what was typed is lost at once")
	}
	r.has("would be lost")
	if r.press("esc") != (view.Back{}) {
		t.Error("a third esc does not leave")
	}
}

func TestWithoutTheConnectionsDemandsAuth0sOwnHold(t *testing.T) {
	t.Parallel()
	r := open(t, &tenant{err: &auth0client.Unreachable{}}, ada())
	r.has("could not be read; these are Auth0's", "at least 8 characters")
	if _, ok := r.press("enter", "enter").(view.All); !ok {
		t.Error("it does not go on without them")
	}
	r = open(t, &tenant{all: []auth0client.Connection{{Label: term.Line("Users")}}}, ada())
	r.has("not shown to usher")
	r = open(t, &tenant{err: &auth0client.Unauthorized{}}, ada())
	if wish, cmd := r.Update(view.SignedInMsg{}); wish != nil || cmd == nil {
		t.Error("after a sign-in it is not read again")
	}
	r.lack = Permission
	if r.press("enter", "y") != nil {
		t.Error("it goes on without the permission")
	}
	r.has(Permission)
}

func TestAPasswordOfALinkedIdentityNamesItsConnection(t *testing.T) {
	t.Parallel()
	u := ada()
	u.Identities = append([]auth0client.Identity{{Connection: term.Line("google-oauth2"), Provider: term.Line("google-oauth2"), Key: auth0client.IdentityKey{Provider: "google-oauth2", UserID: "9"}}}, u.Identities...)
	f := &tenant{all: users("good", 8)}
	wish := open(t, f, u).press("enter", "enter").(view.All)
	wish[1].(view.Operate).Operation.Run(t.Context())
	if len(f.got) != 1 || f.got[0]["connection"] != "Users" {
		t.Errorf("it sent %v", f.got)
	}
}

func TestFramesOfTheForm(t *testing.T) {
	t.Parallel()
	r := open(t, &tenant{all: users("good", 8)}, ada())
	r.typed("abcdEFG")
	for _, size := range uitest.Sizes() {
		uitest.Golden(t, fmt.Sprint(size.Width), ansi.Strip(r.View(view.Size{Width: min(72, size.Width-4), Height: min(20, size.Height-5)}).Content))
	}
	for _, r := range []*rig{r, open(t, &tenant{err: &auth0client.Unavailable{Answer: auth0client.Answer{Message: term.Line("\x1b[2J漢\n")}}}, ada())} {
		for w := range 90 {
			for h := range 26 {
				size := view.Size{Width: w, Height: h}
				uitest.Fits(t, r.View(size).Content, size)
			}
		}
	}
}
