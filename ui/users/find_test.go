package users

import (
	"errors"
	"slices"
	"strings"
	"testing"

	tea "charm.land/bubbletea/v2"

	"usher/auth0client"
	"usher/ui/view"
)

// memory keeps what the list remembers.
type memory struct {
	kept Kept
	err  error
}

func (m *memory) Load() Kept { return m.kept }

func (m *memory) Save(k Kept) error {
	if m.err == nil {
		m.kept = k
	}
	return m.err
}

func last(f *tenant) auth0client.Finding { return f.asked[len(f.asked)-1] }

// typeIn types text into the box.
func typeIn(m *Model, text string) {
	for _, r := range text {
		k := string(r)
		if r == ' ' {
			m.Update(tea.KeyPressMsg{Code: tea.KeySpace, Text: " "})
			continue
		}
		press(m, k)
	}
}

func TestAPastedLineGoesIntoTheBoxFromAnywhere(t *testing.T) {
	t.Parallel()
	f := &tenant{total: 3}
	m := opened(f)
	m.Update(tea.PasteMsg{Content: "#4821  Ada <ada@example.com>\r\nlocked out"})
	if !m.Typing() || m.box.value() != "#4821 Ada <ada@example.com> locked out" || len(f.asked) != 1 {
		t.Fatalf("the box has %q, %d requests", m.box.value(), len(f.asked))
	}
	press(m, "enter")
	if got := last(f).Typed; got != "#4821 Ada <ada@example.com> locked out" {
		t.Errorf("asked for %q", got)
	}
}

func TestExactlyOnePersonIsOpenedAtOnce(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		only  []auth0client.User
		total int
		open  bool
	}{
		"one person by a key":        {only: []auth0client.User{person(4, "")}, open: true},
		"several people by a key":    {only: []auth0client.User{person(4, ""), person(5, "")}},
		"nobody by a key":            {only: []auth0client.User{}},
		"one person, but by a word":  {total: 1},
		"the whole list, by nothing": {total: 40},
	} {
		f := &tenant{only: c.only, total: c.total}
		m := withOptions(f, Options{Prefs: &memory{kept: Kept{Filter: Filter{Blocked: Yes}}}})
		wishes := feed(m, m.Search("auth0|0004"))
		opened := len(wishes) == 1 && wishes[0].(view.OpenUser).User.ID == "auth0|0004"
		if opened != c.open || len(f.asked) != 1 || f.asked[0].Filter != "" {
			t.Errorf("%s: wishes %v after asking %+v", name, wishes, f.asked)
		}
		if again := feed(m, hold(m, "R")); len(again) != 0 {
			t.Errorf("%s: a reload wishes %v", name, again)
		}
	}
}

func TestSearchesOfBeforeComeBack(t *testing.T) {
	t.Parallel()
	f := &tenant{total: 3}
	m := opened(f)
	for _, q := range []string{"ada", "bob", "ada", "eve"} {
		press(m, "/")
		typeIn(m, q)
		press(m, "enter")
	}
	press(m, "/")
	typeIn(m, "zoe")
	var seen []string
	for _, k := range []string{"up", "up", "up", "up", "down", "down", "down", "down"} {
		press(m, k)
		seen = append(seen, m.box.value())
	}
	if want := []string{"eve", "ada", "bob", "bob", "ada", "eve", "zoe", "zoe"}; !slices.Equal(seen, want) {
		t.Errorf("went through %q, want %q", seen, want)
	}
	for range mostHistory + 10 {
		m.box.remember(string(rune('a' + len(m.box.history))))
	}
	if len(m.box.history) > mostHistory {
		t.Errorf("%d searches are remembered", len(m.box.history))
	}
}

func TestTabCompletesFieldsAndNames(t *testing.T) {
	t.Parallel()
	o := Options{Lookups: []auth0client.Lookup{{Name: "crm", Path: "app_metadata.id"}}, Fields: []view.Field{{Name: "contract", Path: "app_metadata.c", Search: true}, {Name: "secret", Path: "app_metadata.s"}}}
	for _, c := range []struct{ typed, want string }{
		{"phone_n", "phone_number:"}, {"cr", "crm:"}, {"contr", "contract:"}, {"secr", "secr"}, {"blocked:t", "blocked:true"}, {"ada AND bloc", "ada AND blocked:"},
		{"NOT (user_m", "NOT (user_metadata."}, {"connection:ac", "connection:acme-saml"}, {"role:sup", `role:"Support Lead"`}, {`role:"Support L`, `role:"Support Lead"`},
		{"role:none", "role:none"}, {"conn", "connection:"},
	} {
		m := withOptions(&tenant{total: 3}, o)
		feed(m, m.Init())
		press(m, "/")
		typeIn(m, c.typed)
		press(m, "tab")
		if got := m.box.value(); got != c.want {
			t.Errorf("tab makes %q of %q, want %q", got, c.typed, c.want)
		}
	}
	m := opened(&tenant{total: 3})
	press(m, "/", "e", "m", "tab")
	has(t, m, "tab: email: email.domain: email_verified:")
	press(m, "tab", "tab", "tab")
	if got := m.box.value(); got != "email:" {
		t.Errorf("a fourth tab gives %q, want the first again", got)
	}
}

func TestARoleInTheBoxBecomesAFilter(t *testing.T) {
	t.Parallel()
	f := &tenant{total: 230}
	m := opened(f)
	press(m, "/")
	typeIn(m, `role:"support lead" blocked:true`)
	press(m, "enter")
	if got := last(f); got.Role != "rol_2" || got.Typed != "blocked:true" {
		t.Fatalf("asked for %+v", got)
	}
	has(t, m, "100+ users for blocked:true", "only role support lead")
	press(m, "o", "o", "o", "G")
	if got := last(f); got.From != "200" || len(m.rows) != 230 || m.cursor != 229 {
		t.Errorf("asked from %q: %d rows, cursor %d", got.From, len(m.rows), m.cursor)
	}
	press(m, "/")
	typeIn(m, "role:nobody")
	asked := len(f.asked)
	press(m, "enter")
	has(t, m, "There is no role nobody.")
	if len(f.asked) != asked {
		t.Error("a role that is not there was searched for")
	}
}

func TestNamesThatCannotBeReadAreSaid(t *testing.T) {
	t.Parallel()
	f := &tenant{total: 3}
	m := opened(f)
	f.err = &auth0client.Forbidden{Permission: "roles:read"}
	press(m, "f")
	typeIn(m, "role")
	press(m, "enter")
	has(t, m, "You lack the permission roles:read", "Has role")
	press(m, "esc")
	f.err = nil
	press(m, "f")
	typeIn(m, "role")
	press(m, "enter")
	has(t, m, "Support Lead")
}

func TestSearchesAreSavedUnderANameAndForgotten(t *testing.T) {
	t.Parallel()
	f, kept := &tenant{total: 3}, &memory{}
	m := withOptions(f, Options{Prefs: kept})
	feed(m, m.Init())
	press(m, "/")
	typeIn(m, "ada")
	press(m, "enter", "o", "S")
	typeIn(m, "my adas")
	has(t, m, "save this search under that name")
	press(m, "enter")
	has(t, m, "Saved as my adas.")
	again := withOptions(f, Options{Prefs: kept})
	feed(again, again.Init())
	press(again, "S")
	has(t, again, "my adas", "ada, last sign-in first")
	press(again, "enter")
	if got := last(f); got.Typed != "ada" || got.Sort.Field != "last_login" {
		t.Errorf("asked for %+v", got)
	}
	press(again, "S", "ctrl+d", "esc")
	if len(kept.kept.Saved) != 0 {
		t.Errorf("%v is still saved", kept.kept.Saved)
	}
	kept.err = errors.New("disk full")
	press(again, "o")
	press(again, "c", "space", "esc")
	has(t, again, "This is not remembered: disk full")
}

func TestColumnsAreSwitchedOffAndRemembered(t *testing.T) {
	t.Parallel()
	f, kept := &tenant{total: 3}, &memory{}
	o := Options{Prefs: kept, Fields: []view.Field{{Label: "Contract", Path: "app_metadata.contract_id", List: true}, {Label: "Unseen", Path: "app_metadata.x"}}}
	u := person(1, "")
	u.AppMetadata = []byte(`{"contract_id":"C-77"}`)
	f.only = []auth0client.User{u}
	m := withOptions(f, o)
	feed(m, m.Init())
	has(t, m, "Contract", "C-77", "Last sign-in")
	lacking(t, m, "Unseen")
	if got := last(f); !slices.Equal(got.More, []string{"app_metadata"}) {
		t.Errorf("asks for %v beside", got.More)
	}
	press(m, "c")
	typeIn(m, "last")
	press(m, "space", "esc")
	lacking(t, m, "Last sign-in")
	again := withOptions(f, o)
	feed(again, again.Init())
	lacking(t, again, "Last sign-in")
	press(again, "c")
	typeIn(again, "last")
	press(again, "space", "esc")
	has(t, again, "Last sign-in")
	if len(kept.kept.Switched) != 0 {
		t.Errorf("%v are not as they were", kept.kept.Switched)
	}
	lacking(t, again, "Created")
	press(again, "c")
	typeIn(again, "crea")
	press(again, "space", "esc")
	if got := shown(again, 160, 10); !strings.Contains(got, "Created") {
		t.Errorf("no column Created in\n%s", got)
	}
}

// TestAPageThatSortsInBetweenLeavesTheCursorOnItsUser reads on among the holders of a role, whom the list puts in order itself.
func TestAPageThatSortsInBetweenLeavesTheCursorOnItsUser(t *testing.T) {
	t.Parallel()
	for name, typed := range map[string]string{"all are in view": "", "some are in view": "person"} {
		m := opened(&tenant{total: 130})
		press(m, "/")
		typeIn(m, `role:"support lead"`)
		press(m, "enter", "o", "o", "o", "o", "o") // most sign-ins first: the next page goes before this one
		late := m.loadNext()
		if typed != "" {
			press(m, "/")
			typeIn(m, typed)
			press(m, "esc")
		}
		press(m, "j", "j", "j")
		before, _ := m.current()
		feed(m, late)
		after, _ := m.current()
		if len(m.rows) != 130 || m.rows[0].ID != "auth0|0129" {
			t.Fatalf("%s: %d rows, the first %s", name, len(m.rows), m.rows[0].ID)
		}
		if after.ID != before.ID {
			t.Errorf("%s: the cursor was on %s and is on %s", name, before.ID, after.ID)
		}
	}
}
