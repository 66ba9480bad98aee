package ui

import (
	"slices"
	"strings"

	"usher/ui/view"
	"usher/ui/widget"
)

// footerKeys are the keys of whatever takes them now.
func (a *App) footerKeys() []view.Key {
	switch {
	case a.login != nil:
		return a.login.Keys()
	case a.offer != nil:
		return a.offerKeys()
	case a.help:
		return a.helpFooter()
	case a.rights:
		return []view.Key{view.NewKey("any key", "close")}
	case a.palette != nil:
		return []view.Key{view.NewKey("enter", "do it", "enter"), view.NewKey("↑/↓", "move", "up", "down"), view.NewKey("esc", "close", "esc")}
	}
	top := a.top().v
	if top == nil {
		return nil
	}
	keys := slices.Clone(top.Keys())
	if len(a.dialogs) == 0 {
		keys = append(keys, globalsOf(top)...)
	}
	if !top.Typing() && a.toasts.Dismissible() { // that comes first, whatever esc does then
		for i := range keys {
			if keys[i].Help().Key == "esc" {
				keys[i].Short = "dismiss the error"
			}
		}
	}
	return keys
}

// footerGap is between two keys of the footer, in cells.
const footerGap = 2

// told is a key as the footer shows it.
type told struct {
	key, does string
	off, kept bool // kept: a way out, or the help
	width     int
}

// footer is the last line: the keys of now in their order. Where not all have room, the way out and the help stay, and an
// ellipsis stands for what the help shows besides.
func (a *App) footer(width int) string {
	var keys []told
	all := 0
	for _, k := range a.footerKeys() {
		if t, ok := footed(k); ok {
			keys = append(keys, t)
			all += t.width + footerGap
		}
	}
	if all-footerGap > width {
		keys = a.narrowed(keys, width)
	}
	parts := make([]string, 0, len(keys))
	for _, k := range keys {
		switch {
		case k.does == "":
			parts = append(parts, a.th.Muted.Render(k.key))
		case k.off:
			parts = append(parts, a.th.Muted.Faint(true).Render(k.key+" "+k.does))
		default:
			parts = append(parts, a.th.Accent.Render(k.key)+" "+a.th.Muted.Render(k.does))
		}
	}
	return widget.Truncate(strings.Join(parts, strings.Repeat(" ", footerGap)), width)
}

// footed is a key in the footer, false for one that is not shown there. A hidden way out is, as far as it says its next step.
func footed(k view.Key) (told, bool) {
	h := k.Help()
	out := slices.Contains(k.Keys(), "esc")
	if k.Hidden && (!out || k.Short == "") || h.Key == "" && h.Desc == "" {
		return told{}, false
	}
	t := told{key: h.Key, does: h.Desc, off: k.Why != "", kept: out || h.Key == "?"}
	if k.Short != "" {
		t.does = k.Short
	}
	t.width = widget.Width(t.key) + 1 + widget.Width(t.does)
	return t, true
}

// narrowed leaves out keys that have no room in width cells, and puts an ellipsis for the first of them before the next
// that stays whatever happens.
func (a *App) narrowed(keys []told, width int) []told {
	hint := told{key: a.th.Icons.Ellipsis, width: widget.Width(a.th.Icons.Ellipsis)}
	room := width - hint.width
	for _, k := range keys {
		if k.kept {
			room -= k.width + footerGap
		}
	}
	out := make([]told, 0, len(keys)+1)
	missing, hinted := false, false
	for _, k := range keys {
		switch {
		case k.kept:
			if missing && !hinted {
				out, hinted = append(out, hint), true
			}
			out = append(out, k)
		case k.width+footerGap <= room:
			room -= k.width + footerGap
			out = append(out, k)
		default:
			missing = true
		}
	}
	if !hinted {
		out = append(out, hint)
	}
	return out
}
