package ui

import (
	"fmt"
	"strings"

	"usher/ui/dialog"
	"usher/ui/view"
	"usher/ui/widget"
)

// helpKeys are the keys of the top view and those that work everywhere, each once: a view may name a global key as well.
func (a *App) helpKeys() []view.Key {
	var keys []view.Key
	seen := map[string]bool{}
	for _, k := range append(a.top().v.Keys(), globals()...) {
		if h := k.Help(); !seen[h.Key] {
			seen[h.Key] = true
			keys = append(keys, k)
		}
	}
	return keys
}

// helpRoom is how many of n keys the overlay shows at once, and whether that is all of them. The title takes a line, and so
// does the mark of what is out of sight.
func helpRoom(in view.Size, n int) (rows int, whole bool) {
	if rows = in.Height - 1; n <= rows {
		return n, true
	}
	return max(1, rows-1), false
}

// helpPressed scrolls the overlay or closes it. While keys are out of sight only esc, q and ? close it.
func (a *App) helpPressed(k string) {
	n := len(a.helpKeys())
	rows, whole := helpRoom(dialog.Tall(a.bodySize()), n)
	switch k {
	case "esc", "q", "?":
		a.help = false
		return
	}
	if whole {
		a.help = false
		return
	}
	last := n - rows
	a.helpTop = min(a.helpTop, last) // the window may have grown
	switch k {
	case "j", "down":
		a.helpTop++
	case "k", "up":
		a.helpTop--
	case "pgdown", "space":
		a.helpTop += rows
	case "pgup":
		a.helpTop -= rows
	case "g", "home":
		a.helpTop = 0
	case "G", "end":
		a.helpTop = last
	}
	a.helpTop = max(0, min(a.helpTop, last))
}

func (a *App) drawHelp(in view.Size) view.Frame {
	keys := a.helpKeys()
	rows, whole := helpRoom(in, len(keys))
	top := max(0, min(a.helpTop, len(keys)-rows))
	lines := []string{a.th.Title.Render("Keys " + a.th.Icons.Sep + " " + a.top().v.Title())}
	width := 0
	for i, k := range keys {
		line := a.keyLine(k, false)
		width = max(width, widget.Width(line)) // of all: the box stays as wide while it scrolls
		if i >= top && i < top+rows {
			lines = append(lines, line)
		}
	}
	if whole {
		return view.Frame{Content: strings.Join(lines, "\n")}
	}
	var marks []string
	if below := len(keys) - top - rows; below > 0 {
		marks = append(marks, fmt.Sprintf("%s %d more below", a.th.Icons.Down, below))
	}
	if top > 0 {
		marks = append(marks, fmt.Sprintf("%s %d above", a.th.Icons.Up, top))
	}
	lines = append(lines, widget.Pad(a.th.Muted.Render(strings.Join(marks, "   ")), min(width, in.Width)))
	return view.Frame{Content: strings.Join(lines, "\n")}
}

// helpFooter are the keys of the overlay itself.
func (a *App) helpFooter() []view.Key {
	if _, whole := helpRoom(dialog.Tall(a.bodySize()), len(a.helpKeys())); whole {
		return []view.Key{view.NewKey("any key", "close")}
	}
	return []view.Key{view.NewKey("esc", "close"), view.NewKey("j/k", "scroll"), view.NewKey("pgdn/pgup", "page"), view.NewKey("g/G", "first, last")}
}
