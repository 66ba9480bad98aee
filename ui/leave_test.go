package ui

import (
	"slices"
	"strings"
	"testing"

	tea "charm.land/bubbletea/v2"

	"usher/auth0client"
	"usher/auth0client/desk"
	"usher/ui/uitest"
	"usher/ui/view"
)

func leaves(cmd tea.Cmd) bool { return cmd != nil && cmd() == tea.Msg(tea.QuitMsg{}) }

func TestLeavingAsksBeforeWhatWasTypedIsLost(t *testing.T) {
	t.Parallel()
	deletion := desk.Operation{Name: "Delete", Permission: "users:delete", Danger: true, User: ada(), Type: "ada@example.com"}
	for name, c := range map[string]struct {
		open view.Action
		keys []string
	}{
		"a search being typed":      {nil, []string{"/", "a", "d"}},
		"a field of the edit form":  {view.EditUser{User: ada()}, []string{"enter", "z"}},
		"a form for a new user":     {view.CreateUser{}, []string{"j", "enter", "n"}},
		"a half-typed confirmation": {view.Operate{Operation: deletion}, []string{"a", "d"}},
		"a typed reason":            {view.ToggleBlock{User: ada()}, []string{"y", "w", "h", "y"}},
		"staged changes of roles":   {view.EditRoles{Users: []auth0client.User{ada()}}, []string{"space"}},
		"an email to link":          {view.Fix{Kind: view.FixLink, User: ada()}, []string{"b"}},
		"a review of such changes":  {view.EditRoles{Users: []auth0client.User{ada()}}, []string{"space", "enter"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			onBench(t, boss(), nil, func(t *testing.T, b *bench) {
				if name == "a typed reason" {
					b.a.reasons.Learn("users:block")
				}
				b.do(c.open)
				if _, cmd := b.a.Update(view.Press("ctrl+c")); !leaves(cmd) {
					t.Error("it asks although nothing is typed")
				}
				b.press(c.keys...)
				if _, cmd := b.a.Update(view.Press("ctrl+c")); cmd != nil {
					t.Fatalf("left unasked:\n%s", b.frame())
				}
				b.has("Leave usher?", "What you typed is lost.", "y leave n stay")
				if _, cmd := b.a.Update(view.Press("q")); cmd != nil {
					t.Error("q answers the question")
				}
				if b.press("n"); b.a.leaving {
					t.Error("n does not stay")
				}
				b.press("ctrl+c")
				for _, k := range []string{"y", "ctrl+c"} {
					if _, cmd := b.a.Update(view.Press(k)); !leaves(cmd) {
						t.Errorf("%s does not leave", k)
					}
				}
			})
		})
	}
}

func TestLeavingAsksForWhatIsCovered(t *testing.T) {
	t.Parallel()
	a, _, p := signedIn(t, noon())
	p.unsaved = true
	a.stack = append(a.stack, open{id: 98, v: &probe{}})
	a.dialogs = append(a.dialogs, open{id: 99, v: &probe{}})
	if cmd := uitest.Press(a, "ctrl+c"); cmd != nil || !a.leaving {
		t.Error("what a covered form holds is lost unasked")
	}
}

func TestQAsksAsWell(t *testing.T) {
	t.Parallel()
	a, _, p := signedIn(t, noon())
	p.unsaved = true
	if cmd := uitest.Press(a, "q"); cmd != nil || !a.leaving {
		t.Error("q leaves unasked")
	}
	a.leaving, p.unsaved, p.writing = false, false, true
	for range 3 {
		if cmd := uitest.Press(a, "q"); cmd != nil {
			t.Fatal("a repeated q leaves a change under way")
		}
	}
	f := uitest.Frame(a)
	for _, want := range []string{"A change is still under way.", "y leave   n stay   ctrl+c again leaves too"} {
		if !strings.Contains(f, want) {
			t.Errorf("%q is missing in:\n%s", want, f)
		}
	}
}

func TestHelpScrolls(t *testing.T) {
	t.Parallel()
	a, _, p := signedIn(t, noon())
	for _, k := range "abcdefhiklmnop" {
		p.keys = append(p.keys, view.NewKey(string(k), "does "+string(k), string(k)))
	}
	a.Update(tea.WindowSizeMsg{Width: 60, Height: 15})
	has := func(want string) bool { return strings.Contains(uitest.Frame(a), want) }
	uitest.Press(a, "?")
	if !has("12 more below") || has("what may I do?") || !has("esc close") {
		t.Fatalf("cut without a sign:\n%s", uitest.Frame(a))
	}
	for _, c := range []struct{ key, want string }{
		{"j", "↑ 1 above"}, {"k", "12 more below"}, {"up", "12 more below"}, {"pgdown", "↑ 8 above"}, {"G", "what may I do?"}, {"down", "↑ 12 above"},
		{"pgup", "↑ 4 above"}, {"g", "does a"}, {"x", "12 more below"},
	} {
		if uitest.Press(a, c.key); !a.help || !has(c.want) {
			t.Errorf("after %s %q is missing in:\n%s", c.key, c.want, uitest.Frame(a))
		}
	}
	for _, k := range []string{"esc", "q", "?"} {
		a.help = true
		if cmd := uitest.Press(a, k); a.help || cmd != nil {
			t.Errorf("%s does not close it", k)
		}
	}
	a.Update(tea.WindowSizeMsg{Width: 60, Height: 40})
	uitest.Press(a, "?")
	if has("more below") || !has("what may I do?") || !has("does a") {
		t.Errorf("a high screen is not used:\n%s", uitest.Frame(a))
	}
	if uitest.Press(a, "x"); a.help {
		t.Error("any key closes what is seen whole")
	}
}

func TestTheFooterOffersNoLettersThatAreText(t *testing.T) {
	t.Parallel()
	a, _, p := signedIn(t, noon())
	p.typing = true
	f := uitest.Frame(a)
	if strings.Contains(f, "? help") || strings.Contains(f, "q quit") || strings.Contains(f, ": commands") || !strings.Contains(f, "ctrl+k commands") {
		t.Errorf("while typing:\n%s", f)
	}
	uitest.Press(a, "ctrl+k")
	if slices.ContainsFunc(a.palette.keys, func(p place) bool { return p.open == nil && len(p.Keys()[0]) == 1 }) {
		t.Error("the palette types a letter into the field")
	}
	a.palette, p.typing = nil, false
	if f := uitest.Frame(a); !strings.Contains(f, "? help") || !strings.Contains(f, "q quit") {
		t.Errorf("else:\n%s", f)
	}
}

func TestPlainSigns(t *testing.T) {
	t.Parallel()
	a, _, p := signedIn(t, noon())
	a.o.ASCII = true
	a.paint(true)
	p.keys = []view.Key{view.NewKey("↑/↓", "a→b←c⋯2×")}
	f := uitest.Frame(a)
	if !strings.Contains(f, "^/v a>b<c~2x") {
		t.Errorf("the footer is\n%s", f)
	}
}

func TestTheBreadcrumbSaysNobodyTwice(t *testing.T) {
	t.Parallel()
	titled := func(titles ...string) (views []open) {
		for _, s := range titles {
			views = append(views, open{v: &probe{title: s}})
		}
		return views
	}
	for _, c := range []struct {
		titles []string
		width  int
		want   string
	}{
		{nil, 40, ""},
		{[]string{"Users", "lena@example.com", "lena@example.com › Edit"}, 40, "Users › lena@example.com › Edit"},
		{[]string{"Users", "lena@example.com › Edit"}, 40, "Users › lena@example.com › Edit"},
		{[]string{"Users", "lena@example.com", "lena@example.com › Edit"}, 25, "Users › lena@exam… › Edit"},
		{[]string{"Users", "lena@example.com › Edit"}, 12, "… › … › Edit"},
		{[]string{"Users", "lena@example.com"}, 21, "U… › lena@example.com"},
		{[]string{"Users", "lena@example.com"}, 10, "lena@exam…"},
		{[]string{"Users", "lena@example.com", "lena@example.com"}, 60, "Users › lena@example.com › lena@example.com"},
	} {
		if got := crumbLine(trail("›", titled(c.titles...)), " › ", c.width); got != c.want {
			t.Errorf("%v in %d cells is %q, want %q", c.titles, c.width, got, c.want)
		}
	}
}
