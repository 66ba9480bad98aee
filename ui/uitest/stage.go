package uitest

import (
	"strings"
	"testing"
	"time"

	tea "charm.land/bubbletea/v2"
	"github.com/charmbracelet/x/ansi"

	"usher/ui/theme"
	"usher/ui/view"
)

// Noon is the time on a stage; it stands still.
func Noon() time.Time { return time.Date(2026, 3, 4, 12, 0, 0, 0, time.UTC) }

// Env is what the app would give a view: an operator with every permission but those lacked, at noon.
func Env(t testing.TB, lacks ...string) view.Env {
	th := theme.New(true, false)
	return view.Env{ID: 7, Ctx: t.Context(), Theme: &th, Now: Noon, OperatorID: "auth0|op", Reasons: &view.Reasons{}, Can: func(p string) bool {
		for _, l := range lacks {
			if l == p {
				return false
			}
		}
		return true
	}}
}

// Stage runs one view alone: its work at once, and its wishes are kept instead of carried out.
type Stage struct {
	t      testing.TB
	V      view.View
	Wishes []view.Action
}

// Open begins a view and lets it do its first work.
func Open(t testing.TB, v view.View) *Stage {
	t.Helper()
	s := &Stage{t: t, V: v}
	s.V.View(view.Size{Width: 80, Height: 24}) // a view knows how much is in sight once it was drawn
	s.Run(v.Init())
	return s
}

// Run does the work of a command, and all that follows from it.
func (s *Stage) Run(cmd tea.Cmd) {
	s.t.Helper()
	for _, msg := range Drain(cmd) {
		s.Tell(msg)
	}
}

// Tell gives the view a message, and does what follows from it.
func (s *Stage) Tell(msg tea.Msg) {
	s.t.Helper()
	wish, cmd := s.V.Update(msg)
	if wish != nil {
		s.Wishes = append(s.Wishes, wish)
	}
	s.Run(cmd)
}

// Press presses keys one after the other; "' text" types. It gives the last wish, nil when the last key had none.
func (s *Stage) Press(keys ...string) view.Action {
	s.t.Helper()
	for _, k := range keys {
		s.Wishes = nil
		if text, ok := strings.CutPrefix(k, "' "); ok {
			for _, c := range text {
				s.Tell(tea.KeyPressMsg{Code: c, Text: string(c)})
			}
			continue
		}
		s.Tell(view.Press(k))
	}
	if len(s.Wishes) == 0 {
		return nil
	}
	return s.Wishes[len(s.Wishes)-1]
}

// At is the view at a size, without styles.
func (s *Stage) At(size view.Size) string { return ansi.Strip(s.V.View(size).Content) }

// Shows fails when a text is not on the view at 80x24.
func (s *Stage) Shows(texts ...string) {
	s.t.Helper()
	frame := s.At(view.Size{Width: 80, Height: 24})
	for _, text := range texts {
		if !strings.Contains(frame, text) {
			s.t.Errorf("no %q in\n%s", text, frame)
		}
	}
}

// Golden compares the view with its golden frames at every size.
func (s *Stage) Golden(name string) {
	s.t.Helper()
	for _, size := range Sizes() {
		size.Height -= 3 // header, breadcrumb, footer
		f := s.At(size)
		Fits(s.t, f, size)
		Golden(s.t, name+"-"+sizeName(size), f)
	}
}

func sizeName(s view.Size) string {
	switch {
	case s.Width >= 120:
		return "120"
	case s.Width >= 80:
		return "80"
	}
	return "60"
}

// Withstands fails when a size breaks the view.
func (s *Stage) Withstands() {
	s.t.Helper()
	for _, w := range []int{0, 1, 2, 9, 20, 40, 61, 300} {
		for _, h := range []int{0, 1, 2, 3, 5, 9, 60} {
			size := view.Size{Width: w, Height: h}
			content := s.V.View(size).Content
			Fits(s.t, content, size)
			if strings.Contains(content, "\x1b[2J") || strings.Contains(content, "\u202e") {
				s.t.Fatalf("a tenant's escape reached the screen at %dx%d", w, h)
			}
		}
	}
}
