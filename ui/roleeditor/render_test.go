package roleeditor

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/charmbracelet/x/ansi"

	"usher/auth0client"
	"usher/auth0client/term"
	"usher/ui/uitest"
	"usher/ui/view"
)

// evil is what a tenant's text can try: a title by OSC, a clear, a carriage return, a direction override, a new line.
const evil = "\x1b]0;owned\x07\x1b[2J\r\u202e\n\u200b漢字👩‍👩‍👧"

// scenes are the editor in each of its phases, over a tenant whose texts end in evil.
func scenes(n int, evil string) map[string]func() *Model {
	begin := func() (*tenant, *Model) {
		f := newTenant(n, evil)
		f.held["a"], f.held["b"] = roleIDs("rol_0", "rol_1"), roleIDs("rol_1")
		users := people("a", "b", "c")
		for i := range users {
			users[i].Email = term.Line(users[i].Email.String() + evil)
		}
		m := newModel(f, users)
		feed(m, m.Init())
		m.View(view.Size{Width: 60, Height: 15})
		return f, m
	}
	staged := func() (*tenant, *Model) {
		f, m := begin()
		press(m, "space", "j", "space", "space", "j")
		return f, m
	}
	with := func(keys ...string) func() *Model {
		return func() *Model {
			_, m := staged()
			press(m, keys...)
			return m
		}
	}
	return map[string]func() *Model{
		"list":    with(),
		"filter":  with("/", "2"),
		"review":  with("enter"),
		"apply":   with("enter", "tab"),
		"leaving": with("esc"),
		"loading": func() *Model {
			m := newModel(newTenant(n, evil), people("a"))
			m.Init()
			return m
		},
		"applying": func() *Model {
			_, m := staged()
			press(m, "enter")
			m.Update(view.Press("y"))
			return m
		},
		"result": func() *Model {
			f, m := staged()
			press(m, "enter")
			f.fail["assign b rol_0"] = &auth0client.Invalid{Answer: auth0client.Answer{Message: term.Line("no such role" + evil)}}
			f.held["c"] = roleIDs("rol_2")
			press(m, "y")
			return m
		},
		"failed": func() *Model {
			f := newTenant(n, evil)
			f.err = &auth0client.Unreachable{Err: context.DeadlineExceeded}
			return opened(f, "a")
		},
		"readonly": func() *Model { return opened(newTenant(n, evil), "me") },
	}
}

func TestFrames(t *testing.T) {
	t.Parallel()
	for name, prepare := range scenes(30, "") {
		for _, size := range uitest.Sizes() {
			uitest.Golden(t, fmt.Sprintf("%s-%dx%d", name, size.Width, size.Height), shown(prepare(), size.Width, size.Height))
		}
	}
}

// clean fails when something other than the theme's colours could move the terminal.
func clean(t testing.TB, content string) {
	t.Helper()
	for _, r := range ansi.Strip(content) {
		if r != '\n' && (r < 0x20 || r >= 0x7f && r <= 0x9f || r >= 0x202a && r <= 0x202e || r == 0x200b) {
			t.Fatalf("%U reached the screen", r)
		}
	}
	for _, seq := range []string{"\x1b]", "\x1b[2J", "\r"} {
		if strings.Contains(content, seq) {
			t.Fatalf("%q reached the screen", seq)
		}
	}
}

func TestNoSizeBreaksTheFrame(t *testing.T) {
	t.Parallel()
	for name, prepare := range scenes(40, evil) {
		m := prepare()
		for w := 0; w <= 600; w++ {
			if w > 130 {
				w += 46 // 600 is among them; wide frames differ in little
			}
			for _, h := range []int{0, 1, 2, 3, 4, 5, 15, w} {
				size := view.Size{Width: w, Height: h}
				content := m.View(size).Content
				uitest.Fits(t, content, size)
				clean(t, content)
				if t.Failed() {
					t.Fatalf("%s at %dx%d", name, w, h)
				}
			}
		}
	}
}

func TestTheCursorIsInSightAtEveryHeight(t *testing.T) {
	t.Parallel()
	m := opened(newTenant(200, ""), "a")
	for _, keys := range [][]string{{"G"}, {"g"}, {"pgdown"}, {"pgdown", "k"}, {"G", "pgup"}, {"k", "up"}} {
		press(m, keys...)
		for h := 5; h < 60; h++ {
			got := shown(m, 80, h)
			if want := fmt.Sprintf("› [ ]   Role %d ", m.cursor); !strings.Contains(got, want) {
				t.Fatalf("after %v %q is not in a frame of %d lines:\n%s", keys, want, h, got)
			}
		}
	}
}

func TestWhatFailedIsInSightAmongManyUsers(t *testing.T) {
	t.Parallel()
	f := newTenant(3, "")
	var ids []string
	for i := range 100 {
		ids = append(ids, fmt.Sprintf("u%02d", i))
	}
	m := opened(f, ids...)
	f.fail["assign u77 rol_0"] = &auth0client.NotFound{}
	press(m, "space", "enter", "y")
	got := shown(m, 60, 15)
	for _, want := range []string{"✗ u77@example.com", "It does not exist", "Still to do: 1 user.", "lines more"} {
		if !strings.Contains(got, want) {
			t.Errorf("%q is missing in\n%s", want, got)
		}
	}
}

func FuzzView(f *testing.F) {
	f.Add("Editor", 80, 24)
	f.Add(evil, 60, 15)
	f.Add("\xff\xfe\u2066\u2028", 3, 2)
	f.Fuzz(func(t *testing.T, name string, w, h int) {
		w, h = w%300, h%100
		for _, scene := range []string{"list", "review", "result"} {
			content := scenes(4, name)[scene]().View(view.Size{Width: w, Height: h}).Content
			uitest.Fits(t, content, view.Size{Width: max(0, w), Height: max(0, h)})
			clean(t, content)
		}
	})
}

// BenchmarkAKeyAmongAThousandRoles is a key press and the frame after it.
func BenchmarkAKeyAmongAThousandRoles(b *testing.B) {
	size := view.Size{Width: 120, Height: 40}
	for name, keys := range map[string][]string{"move": {"j", "k"}, "toggle": {"space"}, "filter": {"/", "9", "esc"}} {
		b.Run(name, func(b *testing.B) {
			m := opened(newTenant(1000, " of the tenant"), "a", "b", "c")
			m.View(size)
			b.ReportAllocs()
			for i := 0; b.Loop(); i++ {
				m.Update(view.Press(keys[i%len(keys)]))
				m.View(size)
			}
		})
	}
}
