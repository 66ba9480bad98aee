package choose

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/charmbracelet/x/ansi"

	"usher/auth0client"
	"usher/auth0client/term"
	"usher/ui/theme"
	"usher/ui/uitest"
	"usher/ui/view"
)

func ways(t *testing.T, evil string) *Model {
	t.Helper()
	th := theme.New(true, false)
	u := auth0client.User{ID: "auth0|1", Email: term.Line("ada@example.com" + evil)}
	return New(view.Env{ID: 7, Ctx: t.Context(), Theme: &th, Now: time.Now}, view.Choose{Title: "Password", User: u, Options: []view.Option{
		{Label: "Send the reset email", Note: "Auth0 mails them.", Why: "They have no email.", Action: view.Notify{Text: "mail"}},
		{Label: "Make a link, good for 1 hour", Note: "For you to hand on. Nobody is told.", Action: view.Notify{Text: "link"}},
		{Label: "Set a temporary password", Note: "You tell it to them." + evil, Action: view.Notify{Text: "set"}},
	}})
}

func press(m *Model, keys ...string) (last view.Action) {
	for _, k := range keys {
		last, _ = m.Update(view.Press(k))
	}
	return last
}

func TestAWayIsTakenByItsKey(t *testing.T) {
	t.Parallel()
	for keys, want := range map[string]string{"enter": "link", "2": "link", "3": "set", "j enter": "set", "down down down enter": "set", "tab k enter": "link"} {
		m := ways(t, "")
		wish := press(m, strings.Fields(keys)...)
		if got, ok := wish.(view.All); !ok || len(got) != 2 || got[0] != (view.Back{}) || got[1] != (view.Notify{Text: want}) {
			t.Errorf("%s wishes %v, want to leave for %s", keys, wish, want)
		}
	}
}

func TestWhatDoesNothingAndWhatCannotBeTaken(t *testing.T) {
	t.Parallel()
	for _, keys := range []string{"1", "k enter", "9", "0", "x", "space"} {
		m := ways(t, "")
		if wish := press(m, strings.Fields(keys)...); wish != nil {
			t.Errorf("%s wishes %v", keys, wish)
		}
		if said := strings.Contains(ansi.Strip(m.View(view.Size{Width: 70, Height: 18}).Content), "! They have no email."); said != (keys == "1" || keys == "k enter") {
			t.Errorf("after %s the reason is said: %v", keys, said)
		}
	}
	for _, k := range []string{"n", "esc"} {
		if press(ways(t, ""), k) != (view.Back{}) {
			t.Errorf("%s does not cancel", k)
		}
	}
}

func TestFramesOfAChoice(t *testing.T) {
	t.Parallel()
	for _, size := range uitest.Sizes() {
		uitest.Golden(t, fmt.Sprint(size.Width), ansi.Strip(ways(t, "").View(view.Size{Width: min(72, size.Width-4), Height: min(20, size.Height-5)}).Content))
	}
	for w := range 90 {
		for h := range 26 {
			size := view.Size{Width: w, Height: h}
			uitest.Fits(t, ways(t, "\x1b[2J漢\n").View(size).Content, size)
		}
	}
}
