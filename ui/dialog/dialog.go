// Package dialog draws boxes over a screen and says how large their inside may be.
package dialog

import (
	"strings"
	"time"

	tea "charm.land/bubbletea/v2"

	"usher/ui/theme"
	"usher/ui/view"
	"usher/ui/widget"
)

// Grace is how long a box that opened by itself swallows keys: those were meant for what it covers.
const Grace = 250 * time.Millisecond

const (
	maxWidth  = 76
	maxHeight = 20
	frameW    = 4 // border and one space of padding on each side
	frameH    = 2
)

// Inside is the room for a box's content on a body of this size.
func Inside(body view.Size) view.Size {
	return view.Size{
		Width:  max(0, min(maxWidth, body.Width-frameW)),
		Height: max(0, min(maxHeight, body.Height-frameH)),
	}
}

// Tall is the room in a box that may be as high as the body.
func Tall(body view.Size) view.Size {
	in := Inside(body)
	in.Height = max(0, body.Height-frameH)
	return in
}

// OverTall is [Over] for a frame with the room of [Tall].
func OverTall(th *theme.Theme, base string, body view.Size, f view.Frame) view.Frame {
	return over(th, base, body, Tall(body), f)
}

// Over draws the frame in a box in the middle of base, which has body's size, and moves the frame's cursor along. Rows
// the box covers show nothing else, so that wide characters are never cut in two.
func Over(th *theme.Theme, base string, body view.Size, f view.Frame) view.Frame {
	return over(th, base, body, Inside(body), f)
}

func over(th *theme.Theme, base string, body, in view.Size, f view.Frame) view.Frame {
	if in.Width <= 0 || in.Height <= 0 {
		return view.Frame{Content: widget.Fit(f.Content, body.Width, body.Height)}
	}
	content := strings.Split(widget.Fit(f.Content, in.Width, in.Height), "\n")
	width := 0
	for _, l := range content {
		width = max(width, widget.Width(l))
	}
	x, y := (body.Width-width-frameW)/2, (body.Height-len(content)-frameH)/2
	left := strings.Repeat(" ", x)
	b := th.Icons.BorderStyle
	box := []string{left + th.Border.Render(b.TopLeft+strings.Repeat(b.Top, width+2)+b.TopRight)}
	side := th.Border.Render(b.Left)
	end := th.Border.Render(b.Right)
	for _, l := range content {
		box = append(box, left+side+" "+widget.Pad(l, width)+" "+end)
	}
	box = append(box, left+th.Border.Render(b.BottomLeft+strings.Repeat(b.Bottom, width+2)+b.BottomRight))

	lines := strings.Split(base, "\n")
	for len(lines) < body.Height {
		lines = append(lines, "")
	}
	copy(lines[y:], box)
	out := view.Frame{Content: widget.Fit(strings.Join(lines, "\n"), body.Width, body.Height)}
	if f.Cursor != nil && f.Cursor.X < in.Width && f.Cursor.Y < len(content) {
		c := *f.Cursor
		c.Position = tea.Position{X: c.X + x + 2, Y: c.Y + y + 1}
		out.Cursor = &c
	}
	return out
}
