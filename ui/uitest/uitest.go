// Package uitest drives the console or one of its views without a terminal.
package uitest

import (
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	tea "charm.land/bubbletea/v2"
	"github.com/charmbracelet/x/ansi"

	"usher/ui/view"
	"usher/ui/widget"
)

var update = flag.Bool("update", false, "write the golden frames anew") //nolint:gochecknoglobals // a flag of the tests

// Sizes are the sizes every screen is looked at.
func Sizes() []view.Size {
	return []view.Size{{Width: 120, Height: 40}, {Width: 80, Height: 24}, {Width: 60, Height: 15}}
}

// Drain runs cmd and the commands of batches in it, and returns their messages. Commands that wait (ticks) wait.
func Drain(cmd tea.Cmd) []tea.Msg {
	if cmd == nil {
		return nil
	}
	msg := cmd()
	batch, ok := msg.(tea.BatchMsg)
	if !ok {
		if msg == nil {
			return nil
		}
		return []tea.Msg{msg}
	}
	var all []tea.Msg
	for _, c := range batch {
		all = append(all, Drain(c)...)
	}
	return all
}

// Press gives the model one key after the other and returns the last command.
func Press(m tea.Model, keys ...string) tea.Cmd {
	var cmd tea.Cmd
	for _, k := range keys {
		_, cmd = m.Update(view.Press(k))
	}
	return cmd
}

// Frame is what the model shows, without styles.
func Frame(m tea.Model) string { return ansi.Strip(m.View().Content) }

// Fits fails when a frame is larger than size.
func Fits(t testing.TB, content string, size view.Size) {
	t.Helper()
	if content == "" {
		return
	}
	lines := strings.Split(content, "\n")
	if len(lines) > size.Height {
		t.Errorf("%d lines at %dx%d", len(lines), size.Width, size.Height)
	}
	for i, l := range lines {
		if w := widget.Width(l); w > size.Width {
			t.Errorf("line %d is %d cells wide at %dx%d: %q", i, w, size.Width, size.Height, l)
		}
	}
}

// Golden compares a frame with testdata/name.golden; -update writes it.
func Golden(t testing.TB, name, frame string) {
	t.Helper()
	GoldenFile(t, filepath.Join("testdata", name+".golden"), frame)
}

// GoldenFile is Golden for a file of any place.
func GoldenFile(t testing.TB, path, frame string) {
	t.Helper()
	if *update {
		if err := os.MkdirAll(filepath.Dir(path), 0o750); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(frame), 0o600); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(path) //nolint:gosec // a file of the test's own
	if err != nil {
		t.Fatal(err)
	}
	if string(want) != frame {
		t.Errorf("%s differs.\nwant:\n%s\ngot:\n%s", path, want, frame)
	}
}
