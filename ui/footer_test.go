package ui

import (
	"fmt"
	"strings"
	"testing"

	tea "charm.land/bubbletea/v2"

	"usher/auth0client"
	"usher/auth0client/desk"
	"usher/ui/access"
	"usher/ui/create"
	"usher/ui/edit"
	"usher/ui/mfareset"
	"usher/ui/organizations"
	"usher/ui/role"
	"usher/ui/roleeditor"
	"usher/ui/roles"
	"usher/ui/uitest"
	"usher/ui/user"
	"usher/ui/users"
	"usher/ui/view"
	"usher/ui/widget"
)

// footerOf is the last line of the screen.
func footerOf(a *App) string {
	lines := strings.Split(uitest.Frame(a), "\n")
	return lines[len(lines)-1]
}

func TestTheFooterKeepsTheWayOutAndTheHelp(t *testing.T) {
	t.Parallel()
	many := []view.Key{
		view.NewKey("enter", "edit", "enter"), view.NewKey("ctrl+s", "save", "ctrl+s"), view.NewKey("x", "as it was", "x"),
		view.NewKey("E", "metadata in your editor, whichever that is", "E"), view.NewKey("j/k", "move", "j", "k"),
		view.NewKey("esc", "back", "esc"),
	}
	stepping := view.NewKey("esc", "end the choice or the filter, then back", "esc")
	stepping.Hidden, stepping.Short = true, "end the filter"
	idle := stepping
	idle.Short = ""
	for name, c := range map[string]struct {
		keys   []view.Key
		typing bool
		width  int
		want   string
	}{
		"all of them where there is room": {many, false, 200, "enter edit  ctrl+s save  x as it was  E metadata in your editor, whichever that is  j/k move  esc back  ? help  : commands  ctrl+r reload  q quit"},
		"what does not fit is hinted at":  {many, false, 80, "enter edit  ctrl+s save  x as it was  j/k move  …  esc back  ? help  : commands"},
		"at the least width":              {many, false, 40, "enter edit  …  esc back  ? help  q quit"},
		"a hidden way out says its step":  {[]view.Key{view.NewKey("/", "filter", "/"), stepping}, false, 50, "/ filter  esc end the filter  ? help  q quit  …"},
		"one that leads nowhere is not":   {[]view.Key{view.NewKey("/", "filter", "/"), idle}, false, 50, "/ filter  ? help  : commands  ctrl+r reload  …"},
		"the way out of a field":          {[]view.Key{view.NewKey("enter", strings.Repeat("on ", 20), "enter"), view.NewKey("esc", "leave the field", "esc")}, true, 60, "…  esc leave the field  ctrl+k commands  ctrl+r reload"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			a, _, p := signedIn(t, noon())
			p.keys, p.typing = c.keys, c.typing
			a.Update(tea.WindowSizeMsg{Width: c.width, Height: 24})
			if got := footerOf(a); got != c.want {
				t.Errorf("the footer is\n%q, want\n%q", got, c.want)
			}
		})
	}
	t.Run("an error to dismiss comes first", func(t *testing.T) {
		t.Parallel()
		a, _, p := signedIn(t, noon())
		p.keys = []view.Key{view.NewKey("enter", "edit", "enter"), view.NewKey("esc", "back", "esc")}
		a.toasts.Add(view.Bad, "That did not work.")
		if got := footerOf(a); !strings.HasPrefix(got, "enter edit  esc dismiss the error  ? help") {
			t.Errorf("the footer is %q", got)
		}
		uitest.Press(a, "esc")
		if got := footerOf(a); !strings.HasPrefix(got, "enter edit  esc back  ? help") {
			t.Errorf("after esc the footer is %q", got)
		}
	})
	t.Run("the cancel of a dialog", func(t *testing.T) {
		t.Parallel()
		a, _, _ := signedIn(t, noon())
		keys := []view.Key{view.NewKey("y", "reset and tell the person about it by email", "y"), view.NewKey("n", "cancel", "n", "esc")}
		a.dialogs = append(a.dialogs, open{id: 99, v: &probe{keys: keys}})
		a.Update(tea.WindowSizeMsg{Width: 40, Height: 24})
		if got := footerOf(a); got != "…  n cancel" {
			t.Errorf("the footer is %q", got)
		}
	})
}

func TestEveryScreenSaysHowToLeaveIt(t *testing.T) {
	t.Parallel()
	env := uitest.Env(t)
	ada := auth0client.User{ID: "auth0|1"}
	ada.Record = []byte("{}")
	for name, v := range map[string]view.View{
		"user":          user.New(env, nil, ada),
		"role editor":   roleeditor.New(env, nil, desk.OwnRoles(&tenant{}), []auth0client.User{ada}),
		"edit":          edit.New(env, nil, ada, func(string, func(string, error) tea.Msg) tea.Cmd { return nil }),
		"new user":      create.New(env, nil, create.Options{}),
		"roles":         roles.New(env, nil),
		"role":          role.New(env, nil, auth0client.Role{ID: "rol_1"}),
		"two roles":     role.NewDiff(env, nil, auth0client.Role{ID: "rol_1"}, auth0client.Role{ID: "rol_2"}),
		"access":        access.New(env, nil, ada),
		"organizations": organizations.New(env, nil),
		"organization":  organizations.NewOne(env, nil, auth0client.Organization{ID: "org_1"}),
		"users":         users.New(env, nil, users.Options{Dialogs: users.Dialogs{Password: true, Edit: true, Create: true, Delete: true}}),
	} {
		a, _, _ := signedIn(t, noon())
		a.stack = append(a.stack, open{id: 99, v: v})
		for _, width := range []int{40, 60, 80, 120} {
			got := a.footer(width)
			if widget.Width(got) > width {
				t.Errorf("%s: the footer is wider than %d: %q", name, width, got)
			}
			a.Update(tea.WindowSizeMsg{Width: width, Height: 24})
			line := footerOf(a)
			if !strings.Contains(line, "? help") || name != "users" && !strings.Contains(line, "esc back") {
				t.Errorf("%s, %d wide: the footer is %q", name, width, line)
			}
		}
	}
	a, _, _ := signedIn(t, noon())
	a.dialogs = append(a.dialogs, open{id: 99, v: mfareset.New(env, nil, ada)})
	if got := footerOf(a); !strings.Contains(got, "n cancel") {
		t.Errorf("the dialog's footer is %q", got)
	}
}

func TestTheHelpSaysBrieflyWhatAKeyNeeds(t *testing.T) {
	t.Parallel()
	a, _, p := signedIn(t, noon())
	roles := view.NewKey("r", "roles", "r")
	roles.Why = "You lack the permission roles:assign."
	own := view.NewKey("z", "a key whose text is longer than the window is wide, by far, at least where it is sixty cells", "z")
	own.Why = "Nobody changes their own roles."
	p.keys = []view.Key{roles, own}
	for range 20 {
		k := fmt.Sprintf("f%d", len(p.keys))
		p.keys = append(p.keys, view.NewKey(k, "more", k))
	}
	a.Update(tea.WindowSizeMsg{Width: 60, Height: 15})
	uitest.Press(a, "?")
	s := uitest.Frame(a)
	if !strings.Contains(s, "roles (needs roles:assign)") {
		t.Errorf("the help is\n%s", s)
	}
	if !strings.Contains(s, "more below") {
		t.Errorf("the help fits, or does not say that it goes on:\n%s", s)
	}
	for line := range strings.Lines(s) {
		if strings.Contains(line, "more below") && strings.Contains(line, "…") {
			t.Errorf("the mark of what is below is cut: %q", line)
		}
	}
}

// dirtyForm is a view with something to lose, in which no field has the focus.
type dirtyForm struct{ probe }

func (f *dirtyForm) TakesLetters() bool { return false }

func TestAFormWithSomethingToLoseHasItsHelp(t *testing.T) {
	t.Parallel()
	a, _, p := signedIn(t, noon())
	f := &dirtyForm{probe{typing: true}}
	a.stack = append(a.stack, open{id: 99, v: f})
	if got := footerOf(a); got != "? help  ctrl+k commands  ctrl+r reload" {
		t.Errorf("the footer is %q", got)
	}
	if uitest.Press(a, "q", ":", "u"); len(f.got) != 3 {
		t.Errorf("the form got %v", f.got)
	}
	if uitest.Press(a, "?"); !a.help {
		t.Error("? does not open the help")
	}
	uitest.Press(a, "esc")
	p.typing = true
	a.stack = a.stack[:len(a.stack)-1]
	if uitest.Press(a, "?"); a.help || p.got[len(p.got)-1] != "?" {
		t.Error("? is no text in a field")
	}
}
