package ui

import (
	"strconv"

	tea "charm.land/bubbletea/v2"

	"usher/auth0client/term"
	"usher/ui/view"
)

// copied puts text on the clipboard of the operator's own machine. What is pasted into a shell acts there, so it is one line
// without anything that cannot be seen.
func (a *App) copied(act view.Copy) tea.Cmd {
	if a.o.NoClipboard {
		return a.notify(view.Info, "Nothing is copied: this profile leaves the clipboard alone (no_clipboard).")
	}
	text, left := term.Paste(act.Text)
	said := "Copied the " + act.What
	switch {
	case left == 1:
		said += ", without a character that is not seen"
	case left > 1:
		said += ", without " + strconv.Itoa(left) + " characters that are not seen"
	}
	return tea.Batch(tea.SetClipboard(text), a.notify(view.Good, said))
}
