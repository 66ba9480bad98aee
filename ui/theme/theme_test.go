package theme

import (
	"image/color"
	"math"
	"testing"

	"charm.land/lipgloss/v2"
)

// luminance is the relative luminance of WCAG 2.
func luminance(c color.Color) float64 {
	r, g, b, _ := c.RGBA()
	linear := func(v uint32) float64 {
		s := float64(v) / 0xffff
		if s <= 0.04045 {
			return s / 12.92
		}
		return math.Pow((s+0.055)/1.055, 2.4)
	}
	return 0.2126*linear(r) + 0.7152*linear(g) + 0.0722*linear(b)
}

func contrast(a, b color.Color) float64 {
	x, y := luminance(a), luminance(b)
	return (max(x, y) + 0.05) / (min(x, y) + 0.05)
}

// TestColoursCanBeRead holds the colours to WCAG 2 AA on the backgrounds that terminals have: 4.5 for text, 3 for what only
// bounds a box.
func TestColoursCanBeRead(t *testing.T) {
	t.Parallel()
	for _, dark := range []bool{true, false} {
		backgrounds := []string{"#ffffff", "#f6f8fa"}
		if dark {
			backgrounds = []string{"#000000", "#0d1117", "#1e1e1e"}
		}
		th := New(dark, false)
		for name, c := range map[string]struct {
			style lipgloss.Style
			least float64
		}{
			"muted": {th.Muted, 4.5}, "title": {th.Title, 4.5}, "accent": {th.Accent, 4.5}, "danger": {th.Danger, 4.5}, "warn": {th.Warn, 4.5},
			"good": {th.Good, 4.5}, "added": {th.Added, 4.5}, "removed": {th.Removed, 4.5}, "border": {th.Border, 3},
		} {
			for _, b := range backgrounds {
				if got := contrast(c.style.GetForeground(), lipgloss.Color(b)); got < c.least {
					t.Errorf("dark %v: %s on %s has a contrast of %.1f, want %.1f", dark, name, b, got, c.least)
				}
			}
		}
		if got := contrast(th.Production.GetForeground(), th.Production.GetBackground()); got < 4.5 {
			t.Errorf("dark %v: PRODUCTION has a contrast of %.1f", dark, got)
		}
	}
}
