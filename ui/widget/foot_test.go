package widget

import (
	"strings"
	"testing"

	"charm.land/lipgloss/v2"
)

func TestAFootIsWholeWhereThereIsRoom(t *testing.T) {
	t.Parallel()
	text := "The tenant cannot be reached. Check the network, then try again with ctrl+r"
	for name, c := range map[string]struct {
		text          string
		width, height int
		lines         int
		whole         bool
	}{
		"on one line":          {text, 80, 21, 1, true},
		"on two lines":         {text, 60, 21, 2, true},
		"on three at the most": {strings.Repeat(text+" ", 9), 60, 21, 3, false},
		"on one, being low":    {text, 60, 7, 1, false},
		"nothing is a line":    {"", 60, 21, 1, true},
	} {
		lines := Foot(lipgloss.NewStyle().Bold(true).Render(c.text), c.width, c.height)
		got := Plain(strings.Join(lines, " "))
		if len(lines) != c.lines || strings.TrimSpace(got) == c.text != c.whole || strings.HasSuffix(got, "…") == c.whole {
			t.Errorf("%s: %d lines: %q", name, len(lines), got)
		}
		screen := Footed([]string{"first", "second"}, lines, c.width, c.height)
		if n := strings.Count(screen, "\n") + 1; n != c.height || !strings.HasPrefix(screen, "first") {
			t.Errorf("%s: a screen of %d lines", name, n)
		}
		for l := range strings.Lines(screen) {
			if w := Width(strings.TrimRight(l, "\n")); w > c.width {
				t.Errorf("%s: a line of %d cells: %q", name, w, l)
			}
		}
	}
}
