package widget

import (
	"strings"

	"usher/ui/theme"
)

// Column is one column of a Table: Min cells at least, and Flex shares of what is left over.
type Column struct {
	Title string
	Min   int
	Flex  int
}

// Table draws the header and rows of a list. It holds no rows and no state.
type Table struct{ Columns []Column }

// gap is the space between columns; lead is the marker before each row.
const (
	gap  = 2
	lead = 2
)

// Widths shares total cells among the columns; columns that do not fit are dropped from the right and have width 0. The
// first column is kept whatever its Min.
func (t Table) Widths(total int) []int {
	widths := make([]int, len(t.Columns))
	left := total - lead
	if left <= 0 || len(t.Columns) == 0 {
		return widths
	}
	shown, flex := 0, 0
	for i, c := range t.Columns {
		need := c.Min
		if i > 0 {
			need += gap
		}
		if need > left && i > 0 {
			break
		}
		widths[i] = min(c.Min, left)
		left -= min(need, left)
		flex += c.Flex
		shown++
	}
	if flex == 0 {
		return widths
	}
	rest := left
	for i := range shown {
		share := left * t.Columns[i].Flex / flex
		widths[i] += share
		rest -= share
	}
	for i := range shown { // what division left over goes to the first that stretches
		if t.Columns[i].Flex > 0 {
			widths[i] += rest
			break
		}
	}
	return widths
}

// Header is the line of titles.
func (t Table) Header(th *theme.Theme, widths []int) string {
	cells := make([]string, len(t.Columns))
	for i, c := range t.Columns {
		cells[i] = c.Title
	}
	return th.Muted.Render(t.line("", cells, widths))
}

// Row is one line of cells. The selected row has a marker as well as its style; an unselected row is plain text, so that
// moving the cursor sends two rows and nothing else.
func (t Table) Row(th *theme.Theme, widths []int, cells []string, selected bool) string {
	if !selected {
		return t.line("", cells, widths)
	}
	return th.Selected.Render(t.line(th.Icons.Cursor, cells, widths))
}

func (t Table) line(marker string, cells []string, widths []int) string {
	total := 0
	for _, w := range widths {
		total += w
	}
	if total == 0 {
		return ""
	}
	var b strings.Builder
	b.WriteString(Pad(marker, lead))
	for i, w := range widths {
		if w == 0 || i >= len(cells) {
			continue
		}
		if i > 0 {
			b.WriteString(strings.Repeat(" ", gap))
		}
		b.WriteString(Pad(cells[i], w))
	}
	return b.String()
}
