package users

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/charmbracelet/x/ansi"

	"usher/auth0client"
	"usher/auth0client/term"
	"usher/ui/uitest"
	"usher/ui/view"
)

// evil is what a tenant's text can try: a title by OSC, a clear, a carriage return, a direction override, a new line.
const evil = "\x1b]0;owned\x07\x1b[2J\r\u202e\n\u200b漢字👩‍👩‍👧e\u0301\u0301\u0301\u0301\u0301\u0301"

func TestFrames(t *testing.T) {
	t.Parallel()
	for name, prepare := range map[string]func() *Model{
		"list": func() *Model {
			m := opened(&tenant{total: 120}, "mfa:reset")
			m.View(view.Size{Width: 60, Height: 15})
			press(m, "j", "space", "space")
			return m
		},
		"loading": func() *Model {
			m := newModel(&tenant{})
			m.Init()
			return m
		},
		"typing": func() *Model {
			m := opened(&tenant{total: 120})
			press(m, "/", "a", "d", "a")
			return m
		},
		"nobody": func() *Model {
			m := opened(&tenant{})
			press(m, "/", "z", "enter")
			return m
		},
		"failed": func() *Model {
			f := &tenant{total: 4}
			m := opened(f)
			f.err = &auth0client.Unreachable{Err: context.DeadlineExceeded}
			press(m, "R")
			return m
		},
		"earlier": func() *Model {
			f := &tenant{total: 4}
			m := opened(f)
			f.err = &auth0client.Unreachable{Err: context.DeadlineExceeded}
			press(m, "f", "down", "enter", "esc")
			return m
		},
		"window": func() *Model {
			m := opened(&tenant{total: 4000})
			press(m, "G")
			return m
		},
		"narrowed": func() *Model {
			m := opened(&tenant{total: 120})
			press(m, "/", "0", "0", "1", "esc")
			return m
		},
		"filters": func() *Model {
			m := opened(&tenant{total: 120})
			press(m, "f", "down", "enter", "esc", "f", "down")
			return m
		},
		"choosing a role": func() *Model {
			m := opened(&tenant{total: 120})
			press(m, "f", "r", "o", "l", "enter", "s")
			return m
		},
		"columns": func() *Model {
			m := opened(&tenant{total: 120})
			press(m, "c", "down", "space")
			return m
		},
		"blocking": func() *Model {
			m := opened(&tenant{total: 120})
			press(m, "space", "space", "b")
			return m
		},
		"evil": func() *Model { return opened(&tenant{total: 30, evil: evil}) },
	} {
		for _, size := range uitest.Sizes() {
			frame := shown(prepare(), size.Width, size.Height)
			uitest.Golden(t, fmt.Sprintf("%s-%dx%d", strings.ReplaceAll(name, " ", "-"), size.Width, size.Height), frame)
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
	f := &tenant{total: 1000, evil: evil}
	list := opened(f)
	press(list, "G", "space", "k", "space")
	typing := opened(f)
	press(typing, "/", "漢", "字", "漢", "字")
	nobody := opened(&tenant{})
	nobody.query, nobody.rowsOf.query = evil, evil
	failed := opened(&tenant{err: &auth0client.Invalid{Answer: auth0client.Answer{Message: term.Line(evil)}}})
	panel := opened(f)
	press(panel, "f", "o", "r", "g", "enter", "x")
	panel.panel.text = evil
	narrowed := opened(f)
	press(narrowed, "/", "漢", "esc")
	for name, m := range map[string]*Model{"list": list, "typing": typing, "nobody": nobody, "failed": failed, "panel": panel, "narrowed": narrowed} {
		for w := 0; w <= 600; w++ {
			if w > 130 {
				w += 46 // 600 is among them; wide frames differ in little
			}
			for _, h := range []int{0, 1, 2, 3, 4, 15, 24, w} {
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
	m := opened(&tenant{total: 50})
	for _, keys := range [][]string{{"G"}, {"g"}, {"pgdown"}, {"pgdown", "k"}, {"G", "pgup"}} {
		press(m, keys...)
		for h := 4; h < 60; h++ {
			got := shown(m, 80, h)
			if want := fmt.Sprintf("p%04d@example.com", m.cursor); !strings.Contains(got, want) {
				t.Fatalf("after %v the cursor's row is not in a frame of %d lines:\n%s", keys, h, got)
			}
		}
	}
}

func TestDroppedColumnsKeepTheUser(t *testing.T) {
	t.Parallel()
	m := opened(&tenant{total: 3})
	for _, w := range []int{20, 40, 60, 80, 120} {
		if got := shown(m, w, 10); !strings.Contains(got, "p0001@example") {
			t.Errorf("no user at %d cells:\n%s", w, got)
		}
	}
	if got := shown(m, 40, 10); strings.Contains(got, "Connection") || strings.Contains(got, "Sign-ins") {
		t.Errorf("40 cells hold the last columns:\n%s", got)
	}
}

func FuzzView(f *testing.F) {
	f.Add("Ada", 80, 24)
	f.Add(evil, 60, 15)
	f.Add("\xff\xfe\u2066\u2028", 3, 2)
	f.Add(strings.Repeat("漢", 200), 31, 7)
	f.Fuzz(func(t *testing.T, name string, w, h int) {
		w, h = w%300, h%100
		m := opened(&tenant{total: 3, evil: name})
		press(m, "space")
		m.query, m.rowsOf.query, m.page.Ran = name, name, term.Line(name+"*")
		size := view.Size{Width: max(0, w), Height: max(0, h)}
		content := m.View(view.Size{Width: w, Height: h}).Content
		uitest.Fits(t, content, size)
		clean(t, content)
		if !utf8.ValidString(content) {
			t.Error("the frame is no valid UTF-8")
		}
	})
}

func TestASearchThatFindsNobodySaysOnceWhatWasAsked(t *testing.T) {
	t.Parallel()
	m := opened(&tenant{})
	press(m, "/", "z", "enter")
	m.page.Ran = term.Line("name:*z* OR email:*z*")
	for _, w := range []int{60, 80, 120} {
		got := strings.Join(strings.Fields(shown(m, w, 20)), " ")
		if n := strings.Count(got, "name:*z* OR email:*z*"); n != 1 {
			t.Errorf("at %d cells it is said %d times:\n%s", w, n, shown(m, w, 20))
		}
		if !strings.Contains(got, "press / to change the search, esc to end it.") {
			t.Errorf("at %d cells what to do next is cut:\n%s", w, shown(m, w, 20))
		}
	}
}

func TestColumnsWithoutRoomAreNamed(t *testing.T) {
	t.Parallel()
	m := opened(&tenant{total: 3})
	press(m, "c")
	if got := shown(m, 80, 20); !strings.Contains(got, "[x] Sign-ins      no room") || strings.Contains(got, "[x] Name          no room") || strings.Contains(got, "[ ] Phone         no room") {
		t.Errorf("80 cells wide:\n%s", got)
	}
	if got := shown(m, 160, 20); strings.Contains(got, "no room") {
		t.Errorf("160 cells wide:\n%s", got)
	}
}

func TestTheCursorOfAPanelIsWhereTheNextLetterGoes(t *testing.T) {
	t.Parallel()
	m := opened(&tenant{total: 3})
	press(m, "S")
	for _, c := range []struct {
		key  string
		want int
	}{{"", 16}, {"a", 17}, {"漢", 19}, {"backspace", 17}} {
		if c.key != "" {
			press(m, c.key)
		}
		f := m.View(view.Size{Width: 80, Height: 20})
		if f.Cursor == nil || f.Cursor.X != c.want || f.Cursor.Y != 1 {
			t.Errorf("after %q the cursor is at %+v, want column %d", c.key, f.Cursor, c.want)
		}
	}
	press(m, "esc")
	if f := m.View(view.Size{Width: 80, Height: 20}); f.Cursor != nil {
		t.Error("a cursor over the list")
	}
}

func TestASearchThatWasMissedSaysWhatToDo(t *testing.T) {
	t.Parallel()
	m := opened(&tenant{total: 3})
	m.page.Missed = &auth0client.Unreachable{Err: context.DeadlineExceeded}
	got := strings.Join(strings.Fields(shown(m, 80, 21)), " ")
	if !strings.Contains(got, "Looked up, but not searched for: The tenant cannot be reached. Check the network, then try again with ctrl+r") {
		t.Errorf("the list is\n%s", shown(m, 80, 21))
	}
}
