package widget

import (
	"strings"

	"charm.land/lipgloss/v2"
)

// footMost is how many lines the text at the bottom of a screen takes at most: less where the screen is low.
const footMost = 3

// Foot is the text at the bottom of a screen of width by height cells: whole, on as many lines as it takes, since it says
// what went wrong or what to do. An empty one is a line too, so that rows do not jump when it comes.
func Foot(text string, width, height int) []string {
	if width <= 0 {
		return nil
	}
	lines := strings.Split(lipgloss.Wrap(text, width, ""), "\n")
	if most := max(1, min(footMost, height/4)); len(lines) > most {
		lines = lines[:most]
		lines[most-1] = Truncate(lines[most-1]+" …", width)
	}
	return lines
}

// Footed is a screen of lines with the foot at its bottom.
func Footed(lines, foot []string, width, height int) string {
	room := max(0, height-len(foot))
	for len(lines) < room {
		lines = append(lines, "")
	}
	return Fit(strings.Join(append(lines[:room:room], foot...), "\n"), width, height)
}
