package edit

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/charmbracelet/x/ansi"

	"usher/auth0client"
	"usher/auth0client/term"
	"usher/ui/uitest"
	"usher/ui/view"
)

func ownFields() []view.Field {
	return []view.Field{
		{Label: "Contract", Path: "app_metadata.contract.id", Edit: true},
		{Label: "Seats", Path: "app_metadata.seats", Edit: true},
		{Label: "Plan", Path: "user_metadata.plan", Edit: true, Create: true},
		{Label: "Listed only", Path: "app_metadata.listed", List: true, Create: true},
		{Label: "Second name", Path: "name", Edit: true},
		{Label: "Last IP", Path: "last_ip", Edit: true},
	}
}

func openOwn(t *testing.T, f *fake, fields ...view.Field) *rig {
	t.Helper()
	if fields == nil {
		fields = ownFields()
	}
	r := &rig{Model: New(uitest.Env(t), f, auth0client.User{ID: "auth0|1", Email: term.Line("ada@example.com")}, nil, fields...), t: t}
	r.drain(r.Init())
	return r
}

func contracted() *fake {
	f := newFake()
	f.record["last_ip"] = "192.0.2.1"
	f.record["app_metadata"] = map[string]any{"contract": map[string]any{"id": "C-1", "since": 2019}, "seats": 12, "crm": "x"}
	return f
}

func (r *rig) sends(f *fake, want string) {
	r.t.Helper()
	got, err := json.Marshal(f.sent)
	if err != nil || string(got) != want {
		r.t.Errorf("sent %s, want %s", got, want)
	}
}

func TestACustomFieldIsALineOfItsOwn(t *testing.T) {
	t.Parallel()
	f := contracted()
	r := openOwn(t, f)
	size := view.Size{Width: 80, Height: 24}
	at := func(name string) {
		content := r.View(size).Content
		uitest.Fits(t, content, size)
		uitest.Golden(t, name+"-80", ansi.Strip(content))
	}
	at("custom-form")
	for _, absent := range []string{"Listed only", "Second name"} {
		if strings.Contains(r.shown(), absent) {
			t.Errorf("%s has a line", absent)
		}
	}
	r.replace("app_metadata.contract.id", "C-2").replace("app_metadata.seats", "13").replace("user_metadata.plan", "gold")
	at("custom-changed")
	r.press("ctrl+s")
	at("custom-review")
	r.press("y")
	r.sends(f, `[{"app_metadata":{"contract":{"id":"C-2","since":2019},"seats":13},"user_metadata":{"plan":"gold"}}]`)
	rests, err := json.Marshal(f.rests[0])
	if err != nil || string(rests) != `{"app_metadata":{"contract":{"id":"C-1","since":2019},"seats":12},"user_metadata":{"plan":"free"}}` {
		t.Errorf("it rests on %s, %v", rests, err)
	}
}

func TestEmptyTakesTheKeyAwayAndNothingBesideIt(t *testing.T) {
	t.Parallel()
	f := contracted()
	r := openOwn(t, f)
	r.to("app_metadata.contract.id").press("delete")
	r.to("app_metadata.seats").press("enter", "ctrl+u", "enter", "ctrl+s", "y")
	r.sends(f, `[{"app_metadata":{"contract":{"since":2019},"seats":null}}]`)

	r = openOwn(t, newFake(), view.Field{Label: "Deep", Path: "app_metadata.a.b.c", Edit: true})
	r.replace("app_metadata.a.b.c", "x")
	if got, _ := json.Marshal(r.change()); string(got) != `{"app_metadata":{"a":{"b":{"c":"x"}}}}` {
		t.Errorf("deep: %s", got)
	}
	if r.to("app_metadata.a.b.c").press("delete"); r.dirty() {
		t.Errorf("set and emptied again, it would send %v", r.change())
	}
	f = newFake()
	f.record["app_metadata"] = map[string]any{"a": map[string]any{"b": map[string]any{}}}
	r = openOwn(t, f, view.Field{Label: "Deep", Path: "app_metadata.a.b.c", Edit: true})
	r.replace("app_metadata.a.b.c", "x").to("app_metadata.a.b.c").press("x")
	if r.dirty() {
		t.Errorf("as it was, an empty object is lost: %v", r.change())
	}
}

func TestWhatIsNoTextStaysNone(t *testing.T) {
	t.Parallel()
	f := contracted()
	f.record["app_metadata"].(map[string]any)["seats"] = json.Number("12345678901234567890")
	r := openOwn(t, f)
	r.to("app_metadata.seats").press("enter")
	r.types("1").press("enter")
	if got, _ := json.Marshal(r.change()); string(got) != `{"app_metadata":{"seats":123456789012345678901}}` {
		t.Errorf("the digits are lost: %s", got)
	}
	for typed, want := range map[string]string{`"many"`: `"many"`, `[1,{"a":true}]`: `[1,{"a":true}]`, "false": "false"} {
		r = openOwn(t, contracted())
		r.replace("app_metadata.seats", typed)
		if got, _ := json.Marshal(r.field("app_metadata.seats").value); string(got) != want {
			t.Errorf("%s became %s", typed, got)
		}
	}
	for _, typed := range []string{"many", `1,"w":2`, "{", "1}", `{"a":1,"a":2}`} {
		r = openOwn(t, contracted())
		r.to("app_metadata.seats").press("enter", "ctrl+u")
		r.types(typed).press("ctrl+s")
		r.shows("Not kept: it holds JSON")
		if r.phase != filling || !r.typing || r.dirty() {
			t.Errorf("%s: phase %d, typing %v, %v", typed, r.phase, r.typing, r.change())
		}
	}
	r = openOwn(t, contracted())
	r.to("app_metadata.seats").press("delete")
	r.replace("app_metadata.seats", "7").replace("user_metadata.plan", "007")
	if got, _ := json.Marshal(r.change()); string(got) != `{"app_metadata":{"seats":7},"user_metadata":{"plan":"007"}}` {
		t.Errorf("the kinds of values change: %s", got)
	}
}

func TestTheLineAndTheMetadataAreOneChange(t *testing.T) {
	t.Parallel()
	f := contracted()
	r := openOwn(t, f)
	r.replace("app_metadata.contract.id", "C-2")
	r.to("app_metadata").press("enter")
	if !strings.Contains(r.json.area.Value(), `"id": "C-2"`) {
		t.Errorf("the JSON does not see the line: %s", r.json.area.Value())
	}
	r.json.area.SetValue(`{"contract":{"id":"C-3","since":2020},"seats":12,"crm":"x"}`)
	r.press("ctrl+s")
	if got := r.field("app_metadata.contract.id").value; got != "C-3" {
		t.Errorf("the line does not see the JSON: %v", got)
	}
	r.replace("app_metadata.contract.id", "C-4").press("ctrl+s", "y")
	r.sends(f, `[{"app_metadata":{"contract":{"id":"C-4","since":2020}}}]`)

	r = openOwn(t, contracted())
	r.replace("app_metadata.contract.id", "C-2").to("app_metadata").press("x")
	if r.dirty() || r.field("app_metadata.contract.id").value != "C-1" {
		t.Errorf("the metadata as it was leaves the line at %v", r.field("app_metadata.contract.id").value)
	}
}

func TestSomebodyElseChangedACustomField(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ key, id, saved string }{{"m", "C-mine", "C-mine"}, {"t", "C-theirs", "C-theirs"}} {
		f := contracted()
		r := openOwn(t, f)
		r.replace("app_metadata.contract.id", "C-mine").replace("user_metadata.plan", "gold")
		f.record["app_metadata"] = map[string]any{"contract": map[string]any{"id": "C-theirs", "since": 2019}, "seats": 99, "crm": "x"}
		f.refuse = []error{&auth0client.Changed{}}
		r.press("ctrl+s", "y")
		r.shows("Somebody else changed this", "app_metadata.contract", "C-theirs", "C-mine")
		r.press(c.key, "enter")
		if got := r.field("app_metadata.contract.id").value; got != c.id {
			t.Errorf("%s leaves %v in the line", c.key, got)
		}
		if got, _ := json.Marshal(r.field("app_metadata.seats").value); string(got) != "99" {
			t.Errorf("what they changed beside it shows as %s", got)
		}
		r.press("y")
		app, _ := f.record["app_metadata"].(map[string]any)
		if got := valueAt(app, []string{"contract", "id"}); got != c.saved || f.record["user_metadata"].(map[string]any)["plan"] != "gold" {
			t.Errorf("%s saves %v", c.key, f.record)
		}
	}
}

func TestACustomFieldThatCannotBeChangedSaysWhy(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		change func(f *fake)
		path   string
		says   string
	}{
		"policy":         {func(f *fake) { f.me.Policies, f.me.Fields = []string{"sales"}, []string{"app_metadata.seats"} }, "app_metadata.contract.id", "your policy sales does not let you write it"},
		"hidden":         {func(f *fake) { f.me.Hidden = []string{"app_metadata.contract"} }, "app_metadata.contract.id", "your policy hides it"},
		"no raw JSON":    {func(f *fake) { f.me.RawJSON = false }, "app_metadata.seats", "only its own fields"},
		"no metadata":    {func(*fake) {}, "last_ip", "only metadata can be edited here"},
		"no object":      {func(f *fake) { f.record["app_metadata"] = map[string]any{"contract": "C-1"} }, "app_metadata.contract.id", "app_metadata.contract is no object"},
		"beyond a line":  {func(f *fake) { f.record["app_metadata"] = map[string]any{"seats": strings.Repeat("x", 600)} }, "app_metadata.seats", "too long for a line"},
		"not permission": {func(f *fake) { f.me.Create = false }, "", ""},
	} {
		f := contracted()
		c.change(f)
		r := openOwn(t, f)
		if c.path == "" {
			r.env.Can = func(string) bool { return false }
			c.path, c.says = "app_metadata.seats", "you lack the permission users:edit"
		}
		r.shows(c.says)
		for _, k := range []string{"enter", "delete"} {
			if r.to(c.path).press(k); r.typing || r.dirty() || !strings.Contains(r.note, c.says) {
				t.Errorf("%s: %s edits it, note %q", name, k, r.note)
			}
		}
	}
	f := contracted()
	f.me.RawJSON, f.me.CustomFields = false, []auth0client.PolicyField{{Path: "app_metadata.contract.id", Where: []string{"edit"}}, {Path: "app_metadata.seats", Where: []string{"list"}}}
	r := openOwn(t, f)
	r.replace("app_metadata.contract.id", "C-2").to("app_metadata.seats").press("enter")
	r.shows("only its own fields")
	r.press("ctrl+s", "y")
	r.sends(f, `[{"app_metadata":{"contract":{"id":"C-2","since":2019}}}]`)
}

func TestHostileCustomFields(t *testing.T) {
	t.Parallel()
	f := newFake()
	f.record["app_metadata"] = map[string]any{"text": "\x1b[2J\u202ea", "list": []string{"\u202e\x1b[2J"}}
	r := openOwn(t, f, view.Field{Label: "\x1b[2J\u202e", Path: "app_metadata.text", Edit: true}, view.Field{Label: "List", Path: "app_metadata.list", Edit: true})
	for _, path := range []string{"app_metadata.text", "app_metadata.list"} {
		r.to(path).press("enter")
		for w := range 90 {
			size := view.Size{Width: w, Height: 24}
			content := r.View(size).Content
			uitest.Fits(t, content, size)
			if strings.Contains(content, "\u202e") || strings.Contains(content, "\x1b[2J") {
				t.Fatalf("%s: the terminal is given what it would act on", path)
			}
		}
		if r.press("enter"); r.dirty() {
			t.Errorf("looking at %s changes it: %v", path, r.change())
		}
	}
}
