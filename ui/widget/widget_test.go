package widget

import (
	"strings"
	"testing"
	"time"

	"charm.land/lipgloss/v2"

	"usher/ui/theme"
)

func TestTruncateNeverExceedsItsWidth(t *testing.T) {
	t.Parallel()
	for _, s := range []string{"", "plain", "名前は長いです", "é́́́", strings.Repeat("👩‍👩‍👧", 30), "\x1b[31mred and long\x1b[0m"} {
		for w := -1; w < 20; w++ {
			if got := lipgloss.Width(Truncate(s, w)); got > max(0, w) {
				t.Errorf("Truncate(%q, %d) takes %d cells", s, w, got)
			}
			if got := lipgloss.Width(Pad(s, w)); got != max(0, w) {
				t.Errorf("Pad(%q, %d) takes %d cells", s, w, got)
			}
		}
	}
}

func TestTableRowsFitAtEveryWidth(t *testing.T) {
	t.Parallel()
	th := theme.New(true, false)
	table := Table{Columns: []Column{{"User", 20, 3}, {"Name", 12, 2}, {"State", 10, 0}, {"Logins", 6, 0}}}
	for w := range 200 {
		widths := table.Widths(w)
		row := table.Row(&th, widths, []string{"ada@example.com", "Ada 名前", "blocked", "12"}, true)
		if got := lipgloss.Width(row); got > w {
			t.Fatalf("a row for %d cells takes %d: %q", w, got, row)
		}
		if w >= 80 && lipgloss.Width(row) != w {
			t.Fatalf("a row for %d cells takes only %d", w, lipgloss.Width(row))
		}
	}
}

func TestScrollKeepsTheCursorInSight(t *testing.T) {
	t.Parallel()
	for n := range 30 {
		for h := 1; h < 12; h++ {
			for cursor := range n {
				for offset := range n {
					o := Scroll(offset, cursor, n, h)
					if o < 0 || cursor < o || cursor >= o+h {
						t.Fatalf("Scroll(%d, %d, %d, %d) = %d hides the cursor", offset, cursor, n, h, o)
					}
				}
			}
		}
	}
}

func TestAgoInWords(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 3, 10, 12, 0, 0, 0, time.UTC)
	for want, at := range map[string]time.Time{
		"never": {}, "just now": now.Add(-5 * time.Second), "3 min ago": now.Add(-3 * time.Minute), "5 h ago": now.Add(-5 * time.Hour),
		"yesterday": now.Add(-30 * time.Hour), "9 days ago": now.Add(-9 * 24 * time.Hour), "2024-01-02": time.Date(2024, 1, 2, 0, 0, 0, 0, time.UTC),
	} {
		if got := Ago(now, at); got != want {
			t.Errorf("Ago(%v) = %q, want %q", at, got, want)
		}
	}
}
