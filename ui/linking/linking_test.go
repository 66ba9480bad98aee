package linking

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	tea "charm.land/bubbletea/v2"
	"github.com/charmbracelet/x/ansi"

	"usher/auth0client"
	"usher/auth0client/desk"
	"usher/auth0client/term"
	"usher/ui/theme"
	"usher/ui/uitest"
	"usher/ui/view"
)

type directory struct {
	desk.Records
	users []auth0client.User
	err   error
	calls []string
}

func (d *directory) User(_ context.Context, id auth0client.UserID) (auth0client.User, error) {
	d.calls = append(d.calls, "id "+string(id))
	for _, u := range d.users {
		if u.ID == id {
			return u, d.err
		}
	}
	return auth0client.User{}, &auth0client.NotFound{}
}

func (d *directory) UsersByEmail(_ context.Context, email string) (out []auth0client.User, err error) {
	d.calls = append(d.calls, "email "+email)
	for _, u := range d.users {
		if u.EmailRaw == email {
			out = append(out, u)
		}
	}
	return out, d.err
}

func (d *directory) LinkIdentity(_ context.Context, primary auth0client.UserID, provider, id string) error {
	d.calls = append(d.calls, fmt.Sprintf("link %s <- %s|%s", primary, provider, id))
	return nil
}

func one(id, email, connection string) auth0client.User {
	return auth0client.User{ID: auth0client.UserID(id), EmailRaw: email, Email: term.Line(email), EmailVerified: true, Name: term.Line("Ada of " + connection),
		Identities: []auth0client.Identity{{Connection: term.Line(connection)}}, UserMetadata: []byte(`{"theme":"dark"}`)}
}

func people() *directory {
	odd := one("email|3", "other@example.com", "email")
	odd.EmailVerified = false
	return &directory{users: []auth0client.User{one("auth0|1", "ada@example.com", "Users"), one("google-oauth2|2", "ada@example.com", "google-oauth2"), one("samlp|corp|ada/x@example.com", "ada@example.com", "corp"), odd}}
}

type rig struct {
	*Model
	t *testing.T
}

func open(t *testing.T, d *directory) *rig {
	t.Helper()
	th := theme.New(true, false)
	now := time.Date(2026, 3, 4, 12, 0, 0, 0, time.UTC)
	return &rig{New(view.Env{ID: 7, Ctx: t.Context(), Theme: &th, Now: func() time.Time { return now }}, d, d.users[0]), t}
}

// look types and searches.
func (r *rig) look(text string) (last view.Action) {
	r.press("ctrl+u")
	r.Update(tea.PasteMsg{Content: text})
	return r.press("enter")
}

func (r *rig) press(keys ...string) (last view.Action) {
	for _, k := range keys {
		var cmd tea.Cmd
		last, cmd = r.Update(view.Press(k))
		for _, msg := range uitest.Drain(cmd) {
			last, _ = r.Update(msg)
		}
	}
	return last
}

func (r *rig) has(texts ...string) {
	r.t.Helper()
	got := ansi.Strip(r.View(view.Size{Width: 72, Height: 20}).Content)
	for _, text := range texts {
		if !strings.Contains(got, text) {
			r.t.Errorf("%q is missing in\n%s", text, got)
		}
	}
}

func TestTheOtherIsFoundByIDAndBothAreShownBeforeAnything(t *testing.T) {
	t.Parallel()
	d := people()
	r := open(t, d)
	r.look(" samlp|corp|ada/x@example.com\n")
	r.has("STAYS", "BECOMES AN IDENTITY", "auth0|1", "samlp|corp|ada/x@example.com", "Ada of Users", "Ada of corp", "Lost: the id samlp|corp|ada/x@example.com", "Lost: its user_metadata: theme")
	wish, ok := r.press("y").(view.All)
	if !ok || wish[0] != (view.Back{}) {
		t.Fatalf("y wishes %v", wish)
	}
	if slices.ContainsFunc(d.calls, func(c string) bool { return strings.HasPrefix(c, "link") }) {
		t.Fatal("it was linked without the question")
	}
	op := wish[1].(view.Operate).Operation
	if r := op.Run(t.Context()); r.Err != nil || d.calls[len(d.calls)-1] != "link auth0|1 <- samlp|corp|ada/x@example.com" || !op.Danger || len(op.Loses) != 2 {
		t.Errorf("the question %+v called %v", op, d.calls)
	}
}

func TestSeveralUsersOfOneEmailAreToldApart(t *testing.T) {
	t.Parallel()
	r := open(t, people())
	r.look("ADA@example.com")
	r.has("Several users", "google-oauth2|2", "samlp|corp")
	r.press("j", "enter")
	r.has("Ada of corp")
	r.press("n", "k", "enter")
	r.has("Ada of google-oauth2")
	if r.press("n", "n") != nil || !r.Typing() || r.input.Value() != "ADA@example.com" {
		t.Error("what was typed is lost on the way back")
	}
	if r.press("esc") != (view.Back{}) {
		t.Error("esc does not leave")
	}
}

func TestWhatIsFoundAndCannotBeLinked(t *testing.T) {
	t.Parallel()
	for text, says := range map[string]string{"auth0|1": "That is this user.", "nobody@example.com": "Nobody has that email.", "auth0|none": "Nobody has that id.", "": "Type the other user's"} {
		r := open(t, people())
		r.look(text)
		r.has(says)
		if !r.Typing() {
			t.Errorf("after %q the field has no focus", text)
		}
	}
	r := open(t, people())
	r.look("other@example.com")
	r.has("Their emails differ", "not verified: nobody proved")
	d := people()
	d.err = &auth0client.Unauthorized{}
	r = open(t, d)
	if wish := r.look("other@example.com"); wish != (view.RequireLogin{}) {
		t.Errorf("a lost sign-in wishes %v", wish)
	}
	r.has("could not be looked for")
}

func TestALateAnswerIsDropped(t *testing.T) {
	t.Parallel()
	r := open(t, people())
	r.Update(tea.PasteMsg{Content: "other@example.com"})
	_, cmd := r.Update(view.Press("enter"))
	r.press("esc")
	for _, msg := range uitest.Drain(cmd) {
		r.Update(msg)
	}
	if r.phase != typing {
		t.Error("the answer to a search that was given up is shown")
	}
	r.Close()
}

func TestFramesOfTheForm(t *testing.T) {
	t.Parallel()
	for _, size := range uitest.Sizes() {
		r := open(t, people())
		r.look("other@example.com")
		uitest.Golden(t, fmt.Sprint(size.Width), ansi.Strip(r.View(view.Size{Width: min(72, size.Width-4), Height: min(20, size.Height-5)}).Content))
	}
	d := people()
	d.users[1].Name, d.users[1].UserMetadata = term.Line("\x1b[2J漢\n"), []byte(`{"\u001b[2J\u202e":1}`)
	for _, look := range []string{"ada@example.com", "google-oauth2|2", "none"} {
		r := open(t, d)
		r.look(look)
		for w := range 90 {
			for h := range 26 {
				size := view.Size{Width: w, Height: h}
				content := r.View(size).Content
				uitest.Fits(t, content, size)
				if strings.Contains(content, "\x1b[2J") || strings.Contains(content, "\u202e") {
					t.Fatal("a tenant's escape reached the screen")
				}
			}
		}
	}
}
