package create

import (
	"context"
	"crypto/rand"
	"fmt"
	"reflect"
	"strings"
	"testing"
	"time"

	tea "charm.land/bubbletea/v2"
	"github.com/charmbracelet/x/ansi"

	"usher/auth0client"
	"usher/auth0client/term"
	"usher/ui/theme"
	"usher/ui/uitest"
	"usher/ui/view"
)

type fake struct {
	connections []auth0client.Connection
	me          auth0client.Me
	refuse      []error
	sent        []auth0client.Change
	invited     []auth0client.Invite
}

func (f *fake) Connections(context.Context) ([]auth0client.Connection, error) {
	return f.connections, nil
}
func (f *fake) Me(context.Context) (auth0client.Me, error) { return f.me, nil }
func (f *fake) Organizations(context.Context, string) (auth0client.Batch[auth0client.Organization], error) {
	return auth0client.Batch[auth0client.Organization]{Items: []auth0client.Organization{{ID: "org_1", Name: term.Line("acme")}, {ID: "org_2", Name: term.Line("globex")}}}, nil
}
func (f *fake) Applications(context.Context) ([]auth0client.Application, error) {
	return []auth0client.Application{{ID: "app1", Name: term.Line("Portal")}}, nil
}
func (f *fake) CreateUser(_ context.Context, c auth0client.Change) (auth0client.User, error) {
	f.sent = append(f.sent, c)
	if len(f.refuse) > 0 {
		err := f.refuse[0]
		f.refuse = f.refuse[1:]
		return auth0client.User{}, err
	}
	email, _ := c["email"].(string)
	return auth0client.User{ID: "auth0|new", EmailRaw: email, Email: term.Line(email)}, nil
}
func (f *fake) InviteMember(_ context.Context, _ auth0client.OrgID, i auth0client.Invite) (auth0client.Invitation, error) {
	f.invited = append(f.invited, i)
	return auth0client.Invitation{}, nil
}

func connection(name, strategy string, o auth0client.ConnectionOptions) auth0client.Connection {
	return auth0client.Connection{ID: "con_" + name, Name: name, Label: term.Line(name), Strategy: term.Line(strategy), Options: o}
}

func newFake() *fake {
	return &fake{me: auth0client.Me{RawJSON: true, Create: true}, connections: []auth0client.Connection{
		connection("Users", "auth0", auth0client.ConnectionOptions{Known: true, PasswordPolicy: "good"}),
		connection("Staff", "auth0", auth0client.ConnectionOptions{Known: true, PasswordPolicy: "excellent", RequiresUsername: true, UsernameMin: 3, UsernameMax: 8}),
		connection("corp", "samlp", auth0client.ConnectionOptions{Known: true}),
		connection("sms", "sms", auth0client.ConnectionOptions{Known: true})}}
}

type rig struct {
	*Model
	t    *testing.T
	wish view.Action
}

func open(t *testing.T, f *fake) *rig {
	t.Helper()
	th := theme.New(true, false)
	now := time.Date(2026, 3, 4, 12, 0, 0, 0, time.UTC)
	env := view.Env{ID: 7, Ctx: t.Context(), Theme: &th, Now: func() time.Time { return now }, Can: func(string) bool { return true }, Reasons: &view.Reasons{}}
	r := &rig{Model: New(env, f, Options{Random: rand.Reader, Inviter: "Ada Admin"}), t: t}
	r.drain(r.Init())
	return r
}

func (r *rig) drain(cmd tea.Cmd) {
	for _, msg := range uitest.Drain(cmd) {
		wish, more := r.Update(msg)
		if wish != nil {
			r.wish = wish
		}
		r.drain(more)
	}
}

func (r *rig) press(keys ...string) *rig {
	for _, k := range keys {
		wish, cmd := r.Update(view.Press(k))
		r.wish = wish
		r.drain(cmd)
	}
	return r
}

// set types a text into a field.
func (r *rig) set(name, text string) *rig {
	r.t.Helper()
	for i, row := range r.rows() {
		if row.name == name {
			r.cursor = i
			r.press("enter", "ctrl+u")
			for _, c := range text {
				r.press(string(c))
			}
			return r.press("esc")
		}
	}
	r.t.Fatalf("no field %s in %v", name, r.rows())
	return r
}

func (r *rig) shows(texts ...string) {
	r.t.Helper()
	shown := ansi.Strip(r.View(view.Size{Width: 100, Height: 30}).Content)
	for _, text := range texts {
		if !strings.Contains(shown, text) {
			r.t.Errorf("no %q in\n%s", text, shown)
		}
	}
}

func TestAUserIsMadeWithAPasswordThatMeetsThePolicy(t *testing.T) {
	t.Parallel()
	f := newFake()
	r := open(t, f)
	r.press("ctrl+s")
	r.shows("email: it is missing")
	r.set("email", `o'neil+x@bücher.example`).set("password", "abc")
	r.shows("needs at least 8 characters", "needs three of")
	r.press("ctrl+s")
	r.shows("password: it needs at least 8 characters")
	r.set("password", "Correct-horse-1").press("ctrl+s")
	r.shows("Create a user in the connection Users", "password: a new one", "verification email")
	if len(f.sent) != 0 {
		t.Fatal("sent before it was confirmed")
	}
	r.press("y")
	want := auth0client.Change{"connection": "Users", "email": `o'neil+x@bücher.example`, "password": "Correct-horse-1"}
	if len(f.sent) != 1 || !reflect.DeepEqual(f.sent[0], want) {
		t.Errorf("sent %v, want %v", f.sent, want)
	}
	r.shows("Created", "Correct-horse-1", "gone when you leave")
	if all, ok := r.press("enter").wish.(view.All); !ok || len(all) != 2 || all[1].(view.OpenUser).User.ID != "auth0|new" {
		t.Errorf("enter wishes %v", r.wish)
	}
	r.Close()
	if strings.Contains(r.View(view.Size{Width: 100, Height: 30}).Content, "Correct-horse") {
		t.Error("the password is still drawn after closing")
	}
}

func TestASuggestionClearsWhatWasSaidOfTheFormerPassword(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]func(r *rig){
		"a suggestion": func(r *rig) { r.press("ctrl+g") },
		"a letter":     func(r *rig) { r.press("enter", "x") },
		"pasted": func(r *rig) {
			r.press("enter")
			r.note = "password: stale"
			r.Update(tea.PasteMsg{Content: "Correct-horse-1"})
		},
	} {
		r := open(t, newFake())
		r.set("email", "a@example.com").set("password", "abc").press("ctrl+s")
		r.shows("password: it needs at least 8 characters")
		if change(r); r.note != "" {
			t.Errorf("%s leaves %q", name, r.note)
		}
	}
}

func TestTheFormFollowsTheConnection(t *testing.T) {
	t.Parallel()
	f := newFake()
	r := open(t, f)
	names := func() (out []string) {
		for _, row := range r.rows() {
			out = append(out, row.name)
		}
		return out
	}
	r.set("email", "a@example.com")
	r.cursor = 0
	r.press("right")
	if !contains(names(), "username") {
		t.Errorf("Staff asks for %v", names())
	}
	r.set("username", "far-too-long").press("ctrl+s")
	r.shows("a username has 3 to 8 characters, this has 12")
	r.cursor = 0
	r.press("right")
	if got := names(); contains(got, "email") || contains(got, "password") || !contains(got, "phone_number") {
		t.Errorf("sms asks for %v", got)
	}
	r.set("phone_number", "0155").press("ctrl+s")
	r.shows("a number is +")
	r.set("phone_number", "+15550100001").press("ctrl+s", "y")
	if !reflect.DeepEqual(f.sent, []auth0client.Change{{"connection": "sms", "phone_number": "+15550100001"}}) {
		t.Errorf("sent %v", f.sent)
	}
	r.cursor = 0
	if c, _ := r.connection(); c.Name != "sms" || len(r.connections) != 3 {
		t.Errorf("an enterprise connection is offered: %v", r.connections)
	}
}

func TestPoliciesSetAndOfferValues(t *testing.T) {
	t.Parallel()
	f := newFake()
	f.me.Policies, f.me.Connections, f.me.Fields = []string{"sales"}, []string{"Us*"}, []string{"name"}
	f.me.Stamped, f.me.Choices = []string{"app_metadata.team"}, map[string][]any{"app_metadata.plan": {"free", "gold"}}
	r := open(t, f)
	r.shows("app_metadata.team", "(your policy sets it)", "< free >", "(your policy sales does not let you write it)")
	if len(r.connections) != 1 {
		t.Errorf("offered %v", r.connections)
	}
	r.set("email", "a@example.com").press("ctrl+g")
	for i, row := range r.rows() {
		if row.name == "app_metadata.plan" {
			r.cursor = i
		}
	}
	r.press("right", "ctrl+s", "y")
	plan, _ := f.sent[0]["app_metadata"].(map[string]any)
	if len(f.sent) != 1 || plan["plan"] != "gold" || len(plan) != 1 {
		t.Errorf("sent %v", f.sent)
	}
	f.me.Create = false
	r = open(t, f)
	r.press("ctrl+s")
	r.shows("Your policy sales does not let you create users.")
}

func TestAuth0sRefusalsStandAtTheirField(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		err   error
		field string
	}{
		{&auth0client.Conflict{Answer: auth0client.Answer{Message: term.Line("The user already exists.")}}, "email"},
		{&auth0client.Invalid{Answer: auth0client.Answer{Message: term.Line("PasswordStrengthError: Password is too weak")}}, "password"},
		{&auth0client.Invalid{Field: "nickname", Answer: auth0client.Answer{Message: term.Line("String is too odd")}}, "nickname"},
	} {
		f := newFake()
		f.refuse = []error{tc.err}
		r := open(t, f)
		r.set("email", "a@example.com").set("password", "Correct-horse-1").set("nickname", "n").press("ctrl+s", "y")
		if got := r.rows()[r.cursor].name; got != tc.field || r.refused[tc.field] == "" || r.phase != filling {
			t.Errorf("%v stands at %s", tc.err, got)
		}
		r.shows("Auth0 refused it: ")
		r.set(tc.field, "b"+r.values[tc.field])
		if r.refused[tc.field] != "" {
			t.Error("a refusal outlives what it was about")
		}
	}
}

func TestAnInvitationInstead(t *testing.T) {
	t.Parallel()
	f := newFake()
	r := open(t, f)
	r.set("email", "a@example.com").press("i")
	r.shows("acme", "Portal", "Ada Admin", "a@example.com")
	for i, row := range r.rows() {
		if row.name == "organization" {
			r.cursor = i
		}
	}
	r.press("right", "ctrl+s")
	r.shows("invitation into globex")
	r.press("y")
	if want := []auth0client.Invite{{Email: "a@example.com", Inviter: "Ada Admin", Application: "app1", Send: true}}; !reflect.DeepEqual(f.invited, want) {
		t.Errorf("invited %v", f.invited)
	}
	r.shows("Auth0 sends the invitation")
}

func TestTypedTextIsNotLostByOneKey(t *testing.T) {
	t.Parallel()
	r := open(t, newFake())
	r.set("email", "a@example.com").press("esc")
	r.shows("What you typed would be lost")
	if r.wish != nil {
		t.Fatal("one esc leaves")
	}
	if r.press("esc"); r.wish != (view.Back{}) {
		t.Error("the second esc stays")
	}
}

func TestFrames(t *testing.T) {
	t.Parallel()
	for _, size := range uitest.Sizes() {
		r := open(t, newFake())
		at := func(name string) {
			content := r.View(size).Content
			uitest.Fits(t, content, size)
			uitest.Golden(t, fmt.Sprintf("%s-%d", name, size.Width), ansi.Strip(content))
		}
		at("form")
		r.set("email", "ada@example.com").set("password", "short")
		at("password")
		r.set("password", "Correct-horse-1").press("ctrl+s")
		at("review")
		r.press("y")
		at("made")
	}
}

func TestEverySizeFits(t *testing.T) {
	t.Parallel()
	r := open(t, newFake())
	r.set("password", "x")
	for w := range 90 {
		for h := 0; h < 26; h += 3 {
			size := view.Size{Width: w, Height: h}
			uitest.Fits(t, r.View(size).Content, size)
		}
	}
}
