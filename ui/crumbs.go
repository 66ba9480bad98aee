package ui

import (
	"strings"

	"usher/ui/widget"
)

// trail are the titles of open views. One that begins with the title before it, such as a form over the user it changes,
// does not say that again.
func trail(crumb string, views []open) []string {
	sep := " " + crumb + " "
	var parts []string
	before := ""
	for _, w := range views {
		title := w.v.Title()
		part, _ := strings.CutPrefix(title, before+sep)
		parts = append(parts, strings.Split(part, sep)...)
		before = title
	}
	return parts
}

// crumbLine joins a trail to at most width cells. Where one is is said to the end: what is in the middle is cut first, and
// then where one began.
func crumbLine(parts []string, sep string, width int) string {
	if len(parts) == 0 {
		return ""
	}
	tooMuch := widget.Width(strings.Join(parts, sep)) - width
	for i := 1; i <= len(parts)-1 && tooMuch > 0; i++ {
		at := i % (len(parts) - 1) // the first comes last
		has := widget.Width(parts[at])
		parts[at] = widget.Truncate(parts[at], max(1, has-tooMuch))
		tooMuch -= has - widget.Width(parts[at])
	}
	if tooMuch > 0 {
		return widget.Truncate(parts[len(parts)-1], width)
	}
	return strings.Join(parts, sep)
}
