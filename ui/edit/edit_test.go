package edit

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
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

// fake is a tenant with one user. It makes changes, or answers with the next of refuse.
type fake struct {
	desk.Records
	record      map[string]any
	connections []auth0client.Connection
	me          auth0client.Me
	userErr     error
	refuse      []error
	sent        []auth0client.Change
	rests       []auth0client.Unchanged
	reasons     []string
	reads       int
}

func person(record map[string]any) auth0client.User {
	raw, err := json.Marshal(record)
	if err != nil {
		panic(err)
	}
	text := func(n string) string { s, _ := record[n].(string); return s }
	return auth0client.User{ID: "auth0|1", EmailRaw: text("email"), Email: term.Line(text("email")), Record: raw,
		Identities: []auth0client.Identity{{Connection: term.Line("Users"), Provider: term.Line("auth0"), Key: auth0client.IdentityKey{Provider: "auth0", UserID: "1"}}}}
}

func (f *fake) User(context.Context, auth0client.UserID) (auth0client.User, error) {
	f.reads++
	return person(f.record), f.userErr
}
func (f *fake) Connections(context.Context) ([]auth0client.Connection, error) {
	return f.connections, nil
}
func (f *fake) Me(context.Context) (auth0client.Me, error) { return f.me, nil }
func (f *fake) UpdateUser(ctx context.Context, _ auth0client.UserID, step auth0client.Change, rests auth0client.Unchanged) (auth0client.User, error) {
	f.sent, f.rests, f.reasons = append(f.sent, step), append(f.rests, rests), append(f.reasons, auth0client.Reason(ctx))
	if len(f.refuse) > 0 {
		err := f.refuse[0]
		if f.refuse = f.refuse[1:]; err != nil {
			return auth0client.User{}, err
		}
	}
	for name, v := range step {
		if keys, nested := v.(map[string]any); nested {
			f.record[name] = withKeys(f.record[name], keys)
			continue
		}
		f.record[name] = v
	}
	return person(f.record), nil
}

func newFake() *fake {
	return &fake{
		record: map[string]any{"user_id": "auth0|1", "email": "ada@example.com", "email_verified": true, "name": "Ada", "nickname": "ada",
			"user_metadata": map[string]any{"plan": "free", "address": map[string]any{"city": "Paris"}}},
		connections: []auth0client.Connection{{ID: "con_1", Name: "Users", Label: term.Line("Users"), Strategy: term.Line("auth0"), Options: auth0client.ConnectionOptions{Known: true}}},
		me:          auth0client.Me{RawJSON: true, Create: true},
	}
}

type rig struct {
	*Model
	t    *testing.T
	wish view.Action
}

func open(t *testing.T, f *fake, editor Editor) *rig {
	t.Helper()
	th := theme.New(true, false)
	now := time.Date(2026, 3, 4, 12, 0, 0, 0, time.UTC)
	env := view.Env{ID: 7, Ctx: t.Context(), Theme: &th, Now: func() time.Time { return now }, Can: func(string) bool { return true }, Reasons: &view.Reasons{}}
	r := &rig{Model: New(env, f, auth0client.User{ID: "auth0|1", Email: term.Line("ada@example.com")}, editor), t: t}
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
	r.t.Helper()
	for _, k := range keys {
		wish, cmd := r.Update(view.Press(k))
		r.wish = wish
		r.drain(cmd)
	}
	return r
}

func (r *rig) types(s string) *rig {
	for _, c := range s {
		r.press(string(c))
	}
	return r
}

// to marks a field.
func (r *rig) to(name string) *rig {
	r.t.Helper()
	r.press("g")
	for i := range r.fields {
		if r.fields[i].name == name {
			return r
		}
		r.press("j")
	}
	r.t.Fatalf("no field %s", name)
	return r
}

func (r *rig) shown() string { return ansi.Strip(r.View(view.Size{Width: 100, Height: 30}).Content) }

func (r *rig) shows(texts ...string) {
	r.t.Helper()
	for _, text := range texts {
		if !strings.Contains(r.shown(), text) {
			r.t.Errorf("no %q in\n%s", text, r.shown())
		}
	}
}

func (r *rig) replace(name, with string) *rig {
	r.to(name).press("enter", "ctrl+u")
	return r.types(with).press("enter")
}

func TestAFieldIsChangedReviewedAndSaved(t *testing.T) {
	t.Parallel()
	f := newFake()
	r := open(t, f, nil)
	r.replace("name", "Ada L.")
	r.shows("1 changed, not saved: name", "Ada L.")
	r.press("ctrl+s")
	r.shows("Save changes", `name: "Ada" → "Ada L."`, "[Save]")
	if len(f.sent) != 0 {
		t.Fatal("it was sent before it was confirmed")
	}
	r.press("y")
	if len(f.sent) != 1 || f.sent[0]["name"] != "Ada L." || f.rests[0]["name"] != "Ada" {
		t.Errorf("sent %v resting on %v", f.sent, f.rests)
	}
	all, _ := r.wish.(view.All)
	if r.wish == nil {
		t.Fatal("nothing is wished at the end")
	}
	if fmt.Sprintf("%T", all[len(all)-2]) != "view.Back" {
		t.Errorf("the form stays open: %v", r.wish)
	}
}

func TestWhatAuth0RefusesTogetherIsSplitAndSaid(t *testing.T) {
	t.Parallel()
	f := newFake()
	f.connections[0].Options = auth0client.ConnectionOptions{Known: true, RequiresUsername: true}
	f.record["username"] = "ada"
	r := open(t, f, nil)
	r.to("verify_email").press("space")
	if r.dirty() {
		t.Error("a verification is mailed without a new email")
	}
	r.replace("email", "ada+new@example.com").replace("username", "ada2").replace("name", "Ada L.")
	r.to("verify_email").press("space")
	r.press("ctrl+s")
	r.shows("In 3 requests", "name, then username, then email + verify_email")
	r.press("enter")
	if len(f.sent) != 3 || f.sent[2]["email"] != "ada+new@example.com" || f.sent[2]["verify_email"] != true {
		t.Errorf("sent %v", f.sent)
	}
}

func TestFieldsThatCannotBeChangedSayWhy(t *testing.T) {
	t.Parallel()
	f := newFake()
	f.connections[0].Strategy = term.Line("samlp")
	f.connections[0].Options.SyncEachLogin = true
	f.me.Policies, f.me.Fields = []string{"sales"}, []string{"name", "nickname", "app_metadata.plan", "email"}
	r := open(t, f, nil)
	r.shows("(synced from Users at each sign-in)", "(it comes from Users, where they sign in)", "(your policy sales does not let you write it)")
	for _, name := range []string{"email", "email_verified", "name", "picture", "user_metadata"} {
		r.to(name).press("enter")
		if r.typing || r.dirty() || r.note == "" {
			t.Errorf("%s can be edited", name)
		}
	}
	r.to("app_metadata").press("enter")
	if r.phase != writing {
		t.Error("of app_metadata a part may be written")
	}
	r.json.area.SetValue(`{"other": 1}`)
	r.press("ctrl+s", "ctrl+s")
	r.shows("app_metadata.other: your policy sales")
	f.me = auth0client.Me{RawJSON: false}
	r = open(t, f, nil)
	r.to("app_metadata").press("enter")
	r.shows("keeps metadata from being edited as JSON")
	r.env.Can = func(string) bool { return false }
	r.to("nickname").press("enter")
	r.shows("you lack the permission users:edit")
}

func TestTypedTextIsNotLostByOneKey(t *testing.T) {
	t.Parallel()
	r := open(t, newFake(), nil)
	r.to("nickname").press("enter").types("x").press("ctrl+s")
	r.shows("Save changes", `"adax"`)
	r.press("n").to("nickname").press("x")
	r.to("name").press("enter").types("x").press("esc")
	r.shows("What you typed here would be lost")
	r.press("enter", "esc")
	r.shows("Your changes would be lost")
	if r.wish != nil {
		t.Fatalf("one esc leaves: %v", r.wish)
	}
	if r.press("esc"); r.wish != (view.Back{}) {
		t.Errorf("the second esc stays: %v", r.wish)
	}
	r.to("user_metadata").press("enter").types("x").press("esc")
	r.shows("What you wrote would be lost")
	r.press("esc")
	if r.phase != filling {
		t.Error("the second esc stays in the text")
	}
	r.press("ctrl+r")
}

func TestMetadataIsCheckedWhileItIsWritten(t *testing.T) {
	t.Parallel()
	f := newFake()
	r := open(t, f, nil)
	r.to("user_metadata").press("enter")
	r.json.area.SetValue("{\n  \"plan\": \"gold\",\n  \"a.b\": 1,\n}")
	r.press("ctrl+s")
	r.shows("Not kept: line 4, column 1: invalid character '}'")
	r.json.area.SetValue("{\n  \"plan\": \"gold\",\n  \"n\": 12345678901234567890,\n  \"a.b\": 1\n}")
	r.shows(`~ plan: "free" -> "gold"`, "+ n: 12345678901234567890", `− address: {"city":"Paris"}`, "Auth0 allows no . and no $", "of 16.0 KB")
	r.press("ctrl+s", "ctrl+s")
	r.shows("user_metadata: user_metadata.a.b"[15:])
	r.to("user_metadata").press("enter")
	r.json.area.SetValue("{\n  \"plan\": \"gold\",\n  \"n\": 12345678901234567890\n}")
	r.press("ctrl+s", "ctrl+s", "y")
	got, err := json.Marshal(f.sent)
	if err != nil || string(got) != `[{"user_metadata":{"address":null,"n":12345678901234567890,"plan":"gold"}}]` {
		t.Errorf("sent %s", got)
	}
	for text, says := range map[string]string{"[1]": "metadata is an object", `"x"`: "metadata is an object", `{"a":1,"a":2}`: "comes twice"} {
		r := open(t, newFake(), nil)
		r.to("user_metadata").press("enter")
		r.json.area.SetValue(text)
		r.press("ctrl+s")
		r.shows(says)
	}
	r = open(t, newFake(), nil)
	r.to("app_metadata").press("enter")
	r.json.area.SetValue(`{"email":"x"}`)
	r.shows("Auth0 keeps this name for itself")
	r.json.area.SetValue(`{"big":"` + strings.Repeat("x", 17<<10) + `"}`)
	r.shows("beyond 16 KB")
}

func TestDeepAndHostileMetadataIsShownAndKept(t *testing.T) {
	t.Parallel()
	f := newFake()
	f.record["user_metadata"] = json.RawMessage(`{"x\u001b[2J":"` + "\u202e" + `y","deep":` + strings.Repeat(`{"a":`, 60) + "1" + strings.Repeat("}", 60) + `}`)
	r := open(t, f, nil)
	r.to("user_metadata").press("enter")
	if s := r.View(view.Size{Width: 80, Height: 24}).Content; strings.Contains(s, "\u202e") || strings.Contains(s, "\x1b[2J") {
		t.Error("the terminal is given what it would act on")
	}
	r.press("ctrl+s")
	if r.dirty() {
		t.Errorf("looking at it changes it: %v", r.change())
	}
}

func TestTheOwnEditorsTextIsChecked(t *testing.T) {
	t.Parallel()
	f := newFake()
	var given string
	answer, fault := "", error(nil)
	r := open(t, f, func(text string, done func(string, error) tea.Msg) tea.Cmd {
		given = text
		return func() tea.Msg { return done(answer, fault) }
	})
	answer = "{\"plan\": 1,,}\n"
	r.to("user_metadata").press("E")
	if !strings.Contains(given, `"plan": "free"`) || r.phase != writing {
		t.Errorf("the editor is given %s", given)
	}
	r.shows("line 1, column 12", "1,,")
	answer = "{\"plan\": \"gold\", \"address\": {\"city\": \"Paris\"}}\n"
	r.press("ctrl+e")
	if r.phase != filling || len(r.change()) != 1 {
		t.Errorf("phase %d, change %v", r.phase, r.change())
	}
	fault = errors.New("vi did not end well")
	r.press("E")
	r.shows("vi did not end well")
	r = open(t, f, nil)
	r.to("user_metadata").press("E")
	r.shows("No editor of your own")
}

func TestSomebodyElseWasFaster(t *testing.T) {
	t.Parallel()
	f := newFake()
	r := open(t, f, nil)
	r.replace("name", "Mine").replace("nickname", "mine")
	r.to("user_metadata").press("enter")
	r.json.area.SetValue(`{"plan":"gold","address":{"city":"Paris"}}`)
	r.press("ctrl+s")
	// Meanwhile: the name, the plan, and a key that is not touched here.
	f.record["name"] = "Theirs"
	f.record["user_metadata"] = map[string]any{"plan": "silver", "address": map[string]any{"city": "Paris"}, "new": true}
	f.refuse = []error{&auth0client.Changed{Answer: auth0client.Answer{Status: 409}}}
	r.press("ctrl+s", "y")
	r.shows("Somebody else changed this meanwhile", "was", `"Ada"`, "is now (theirs)", `"Theirs"`, "yours", `"Mine"`, "user_metadata.plan", `"silver"`)
	if strings.Contains(r.shown(), "nickname") {
		t.Error("what nobody else changed is asked about")
	}
	r.press("t", "j", "m", "enter")
	r.shows("nickname", `user_metadata.plan: "silver" → "gold"`)
	r.press("y")
	last, err := json.Marshal([]any{f.sent[len(f.sent)-1], f.rests[len(f.rests)-1]})
	if err != nil || string(last) != `[{"nickname":"mine","user_metadata":{"plan":"gold"}},{"nickname":"ada","user_metadata":{"plan":"silver"}}]` {
		t.Errorf("sent %s", last)
	}
	if f.record["name"] != "Theirs" || f.record["user_metadata"].(map[string]any)["new"] != true {
		t.Errorf("theirs is overwritten: %v", f.record)
	}
}

func TestARefusalStandsAtItsField(t *testing.T) {
	t.Parallel()
	f := newFake()
	f.refuse = []error{&auth0client.Invalid{Field: "nickname", Answer: auth0client.Answer{Status: 400, Message: term.Line("String is too odd")}}}
	r := open(t, f, nil)
	r.replace("nickname", "odd").press("ctrl+s", "y")
	r.shows("Auth0 refused it: String is too odd")
	if r.fields[r.cursor].name != "nickname" || r.phase != filling || !r.dirty() {
		t.Errorf("the mark is at %s", r.fields[r.cursor].name)
	}
	r.replace("email", "not an email").press("ctrl+s")
	r.shows("that is no email address")
	r.to("name").press("backspace", "ctrl+s")
	r.shows("it can be changed, not emptied")
}

func TestAnAnswerThatComesLateTakesNothingThatWasTyped(t *testing.T) {
	t.Parallel()
	f := newFake()
	r := open(t, f, nil)
	known := r.user
	for what, edit := range map[string]func(r *rig){
		"a line": func(r *rig) { r.replace("name", "New") }, "a line that is open": func(r *rig) { r.to("name").press("enter").types("New") },
		"a review": func(r *rig) { r.replace("name", "New").press("ctrl+s") },
	} {
		late := &rig{Model: New(r.env, f, known, nil), t: t}
		edit(late)
		phase, typing := late.phase, late.typing
		late.drain(late.Init())
		if late.phase != phase || late.typing != typing || !late.Unsaved() {
			t.Errorf("%s is gone with the answer", what)
		}
		if late.in == nil {
			t.Errorf("%s: the connection is not known", what)
		}
	}
	still := &rig{Model: New(r.env, f, known, nil), t: t}
	f.record["name"] = "Changed meanwhile"
	still.drain(still.Init())
	still.shows("Changed meanwhile")
}

func TestPartOfItDoneIsSaid(t *testing.T) {
	t.Parallel()
	f := newFake()
	f.refuse = []error{nil, &auth0client.Forbidden{Permission: "users:edit", Answer: auth0client.Answer{Status: 403}}}
	r := open(t, f, nil)
	r.replace("email", "new@example.com").replace("name", "New").press("ctrl+s", "y")
	r.shows("Saved name.", "Not saved: You lack the permission users:edit", "1 changed, not saved: email")
}

func TestWhatIsWantedBeforeASave(t *testing.T) {
	t.Parallel()
	f := newFake()
	f.refuse = []error{&auth0client.ReasonNeeded{}, &auth0client.Unauthorized{}}
	r := open(t, f, nil)
	r.replace("name", "New").press("ctrl+s", "y")
	r.shows("wants a reason")
	r.types("call 12").press("enter", "y")
	if r.wish != (view.RequireLogin{}) && fmt.Sprint(r.wish) != fmt.Sprint(view.All{view.RequireLogin{}}) {
		t.Errorf("wished %v", r.wish)
	}
	r.shows(view.NotSent)
	r.press("y")
	if f.record["name"] != "New" || f.reasons[2] != "call 12" {
		t.Errorf("after the new sign-in: %v, reasons %v", f.record, f.reasons)
	}
}

func TestAGoneUserAndAClosedForm(t *testing.T) {
	t.Parallel()
	f := newFake()
	f.userErr = &auth0client.NotFound{}
	r := open(t, f, nil)
	r.shows("It does not exist (any more)")
	f = newFake()
	r = open(t, f, nil)
	r.replace("name", "New").press("ctrl+s")
	_, cmd := r.Update(view.Press("y"))
	if !r.Writing() {
		t.Error("a change under way is not told")
	}
	r.Close()
	r.drain(cmd)
	all, _ := r.wish.(view.All)
	if len(all) == 0 || !strings.Contains(fmt.Sprint(all[len(all)-1]), "Saved the changes") {
		t.Errorf("closed, it reports %v", r.wish)
	}
}

func TestFrames(t *testing.T) {
	t.Parallel()
	for _, size := range uitest.Sizes() {
		f := newFake()
		r := open(t, f, nil)
		at := func(name string) {
			content := r.View(size).Content
			uitest.Fits(t, content, size)
			uitest.Golden(t, fmt.Sprintf("%s-%d", name, size.Width), ansi.Strip(content))
		}
		at("form")
		r.replace("name", "Mine")
		r.to("user_metadata").press("enter")
		r.json.area.SetValue("{\n  \"plan\": \"gold\"\n}")
		at("metadata")
		r.press("ctrl+s")
		at("changed")
		r.press("ctrl+s")
		at("review")
		f.record["name"] = "Theirs"
		f.refuse = []error{&auth0client.Changed{}}
		r.press("y")
		at("conflict")
	}
}

func TestEverySizeFits(t *testing.T) {
	t.Parallel()
	f := newFake()
	r := open(t, f, nil)
	fits := func() {
		for w := range 90 {
			for h := 0; h < 26; h += 3 {
				size := view.Size{Width: w, Height: h}
				uitest.Fits(t, r.View(size).Content, size)
			}
		}
	}
	fits()
	r.to("name").press("enter")
	fits()
	r.press("enter").to("user_metadata").press("enter")
	fits()
}

func TestWhatIsUnsaved(t *testing.T) {
	t.Parallel()
	r := open(t, newFake(), nil)
	for _, c := range []struct {
		step    string
		keys    []string
		unsaved bool
	}{
		{"as it was read", nil, false},
		{"a field is entered", []string{"enter"}, false},
		{"a letter is typed", []string{"z"}, true},
		{"it is kept", []string{"enter"}, true},
		{"the review", []string{"ctrl+s"}, true},
		{"as it was", []string{"esc", "x"}, false},
		{"metadata is opened", []string{"G", "enter"}, false},
		{"and written", []string{"z"}, true},
	} {
		if r.press(c.keys...); r.Unsaved() != c.unsaved {
			t.Errorf("%s: unsaved is %v", c.step, !c.unsaved)
		}
	}
}

func TestALineThatCannotBeChangedIsDimToItsEnd(t *testing.T) {
	t.Parallel()
	r := open(t, newFake(), nil)
	for _, f := range r.fields {
		if f.name != "username" {
			continue
		}
		row := r.row(f, false, 80)
		if !strings.Contains(ansi.Strip(row), "- (Users has no usernames)") || strings.Count(row, "\x1b[m") != 1 {
			t.Errorf("the line is %q", row)
		}
		return
	}
	t.Error("no such field")
}
