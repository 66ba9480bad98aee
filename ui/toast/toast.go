// Package toast is the queue of short notices above the footer: notes pass by themselves, errors stay until dismissed.
package toast

import (
	"slices"
	"strings"
	"time"

	"usher/auth0client/term"
	"usher/ui/theme"
	"usher/ui/view"
	"usher/ui/widget"
)

// Life is how long a notice that is no error is shown.
const Life = 4 * time.Second

// most is how many toasts are kept; the oldest give way.
const most = 3

type entry struct {
	id    uint64
	level view.Level
	text  string
}

// Queue is the toasts on screen. The zero value is empty.
type Queue struct {
	entries []entry
	last    uint64
}

// Add shows a toast and returns its number; expires says whether the app is to call Expire with it after Life.
func (q *Queue) Add(level view.Level, text string) (id uint64, expires bool) {
	q.last++
	q.entries = append(q.entries, entry{q.last, level, term.Line(text).String()}) // a line each, whoever worded it
	if len(q.entries) > most {
		q.entries = q.entries[len(q.entries)-most:]
	}
	return q.last, level != view.Bad
}

// Expire takes the toast with this number away.
func (q *Queue) Expire(id uint64) {
	for i, e := range q.entries {
		if e.id == id {
			q.entries = append(q.entries[:i:i], q.entries[i+1:]...)
			return
		}
	}
}

// Dismiss takes the newest error away and reports whether there was one.
func (q *Queue) Dismiss() bool {
	for i := len(q.entries) - 1; i >= 0; i-- {
		if q.entries[i].level == view.Bad {
			q.Expire(q.entries[i].id)
			return true
		}
	}
	return false
}

// Dismissible reports that there is an error to dismiss.
func (q *Queue) Dismissible() bool {
	return slices.ContainsFunc(q.entries, func(e entry) bool { return e.level == view.Bad })
}

// Lines draws the toasts, oldest first, on at most atMost lines: the newest whole, as far as they have room, since an error
// says what to do next.
func (q *Queue) Lines(th *theme.Theme, width, atMost int) []string {
	var lines []string
	for _, e := range slices.Backward(q.entries) {
		if room := atMost - len(lines); room > 0 {
			lines = append(e.lines(th, width, room), lines...)
		}
	}
	return lines
}

// lines draw one toast. Its second line and those after are under the first one's text.
func (e entry) lines(th *theme.Theme, width, atMost int) []string {
	style, sign, tail := th.Accent, th.Icons.Bullet, ""
	switch e.level {
	case view.Good:
		style, sign = th.Good, th.Icons.Yes
	case view.Bad:
		style, sign, tail = th.Danger, th.Icons.Warn, "  (x)"
	case view.Info:
	}
	indent := widget.Width(sign) + 1
	lines := strings.Split(widget.Wrap(e.text, max(1, width-indent-len(tail))), "\n")
	if len(lines) > atMost {
		lines = lines[:atMost]
		lines[atMost-1] = widget.Truncate(lines[atMost-1]+" …", width-indent-len(tail))
	}
	for i, l := range lines {
		before, after := strings.Repeat(" ", indent), ""
		if i == 0 {
			before = sign + " "
		}
		if i == len(lines)-1 {
			after = tail
		}
		lines[i] = style.Render(widget.Truncate(before+l, width-len(after)) + after)
	}
	return lines
}
