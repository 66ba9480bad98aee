package toast

import (
	"slices"
	"strings"
	"testing"

	"usher/ui/theme"
	"usher/ui/view"
	"usher/ui/widget"
)

func TestAToastSaysAllThatHasRoom(t *testing.T) {
	t.Parallel()
	th := theme.New(true, false)
	text := "Reset MFA: The tenant cannot be reached. Check the network, then try again with ctrl+r"
	for name, c := range map[string]struct {
		levels []view.Level
		width  int
		most   int
		want   []string
	}{
		"an error is broken": {[]view.Level{view.Bad}, 50, 3, []string{"! Reset MFA: The tenant cannot be reached.", "  Check the network, then try again with", "  ctrl+r  (x)"}},
		"the newest is whole, the one before has the rest": {[]view.Level{view.Good, view.Bad}, 50, 4, []string{
			"✓ Reset MFA: The tenant cannot be reached. Check …", "! Reset MFA: The tenant cannot be reached.", "  Check the network, then try again with", "  ctrl+r  (x)"}},
		"what has no room is cut": {[]view.Level{view.Good, view.Bad}, 50, 1, []string{"! Reset MFA: The tenant cannot be reached. …  (x)"}},
		"no room at all":          {[]view.Level{view.Bad}, 50, 0, nil},
		"where all fits":          {[]view.Level{view.Bad}, 100, 2, []string{"! " + text + "  (x)"}},
	} {
		var q Queue
		for _, l := range c.levels {
			q.Add(l, text)
		}
		var got []string
		for _, l := range q.Lines(&th, c.width, c.most) {
			got = append(got, widget.Plain(l))
			if widget.Width(l) > c.width {
				t.Errorf("%s: %d cells: %q", name, widget.Width(l), l)
			}
		}
		if !slices.Equal(got, c.want) {
			t.Errorf("%s:\n%s\nwant\n%s", name, strings.Join(got, "\n"), strings.Join(c.want, "\n"))
		}
	}
	var q Queue
	q.Add(view.Bad, text)
	for w := range 12 {
		for _, l := range q.Lines(&th, w, 5) {
			if widget.Width(l) > max(5, w) {
				t.Errorf("%d cells at a width of %d: %q", widget.Width(l), w, l)
			}
		}
	}
}
