// Package widget holds the stateless pieces of screens: text cut to cells, tables, key-value blocks, scroll arithmetic.
package widget

import (
	"fmt"
	"strings"
	"time"

	"github.com/charmbracelet/x/ansi"

	"usher/ui/theme"
)

// Truncate cuts s to at most width cells, with an ellipsis where something was cut.
func Truncate(s string, width int) string {
	switch {
	case width <= 0:
		return ""
	case len(s) <= width && plain(s):
		return s
	}
	return ansi.Truncate(s, width, "…")
}

func plain(s string) bool {
	for i := range len(s) {
		if s[i] < 0x20 || s[i] > 0x7e {
			return false
		}
	}
	return true
}

// Width is the number of cells s takes.
func Width(s string) int {
	if plain(s) {
		return len(s)
	}
	return ansi.StringWidth(s)
}

// Pad cuts or fills s to exactly width cells.
func Pad(s string, width int) string {
	if width <= 0 {
		return ""
	}
	s = Truncate(s, width)
	return s + strings.Repeat(" ", max(0, width-Width(s)))
}

// Fit clamps a block to at most h lines of at most w cells.
func Fit(content string, w, h int) string {
	if w <= 0 || h <= 0 {
		return ""
	}
	lines := strings.Split(content, "\n")
	if len(lines) > h {
		lines = lines[:h]
	}
	for i, l := range lines {
		lines[i] = Truncate(l, w)
	}
	return strings.Join(lines, "\n")
}

// Wrap breaks text at words into lines of at most width cells.
func Wrap(s string, width int) string {
	if width <= 0 {
		return ""
	}
	return ansi.Wrap(s, width, "")
}

// Ago is the time between t and now in words: "3 min ago", "never" for the zero time.
func Ago(now, t time.Time) string {
	if t.IsZero() {
		return "never"
	}
	d := now.Sub(t)
	switch {
	case d < -time.Minute:
		return t.Format("2006-01-02")
	case d < time.Minute:
		return "just now"
	case d < time.Hour:
		return fmt.Sprintf("%d min ago", int(d/time.Minute))
	case d < 24*time.Hour:
		return fmt.Sprintf("%d h ago", int(d/time.Hour))
	case d < 48*time.Hour:
		return "yesterday"
	case d < 60*24*time.Hour:
		return fmt.Sprintf("%d days ago", int(d/(24*time.Hour)))
	}
	return t.Format("2006-01-02")
}

// Checkbox is the sign for a row that is chosen, not chosen, or chosen for some.
func Checkbox(th *theme.Theme, on, some bool) string {
	switch {
	case on:
		return th.Icons.Checked
	case some:
		return th.Icons.Partial
	}
	return th.Icons.Unchecked
}

// Scroll gives the first visible row of a list of n rows in h lines, so that the cursor is seen and the list moves as
// little as possible from where it was.
func Scroll(offset, cursor, n, h int) int {
	if h <= 0 || n <= h {
		return 0
	}
	if cursor < offset {
		offset = cursor
	}
	if cursor >= offset+h {
		offset = cursor - h + 1
	}
	return max(0, min(offset, n-h))
}

// Plain is s without styles, for a row that is styled as a whole.
func Plain(s string) string { return ansi.Strip(s) }
