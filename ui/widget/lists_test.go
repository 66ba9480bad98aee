package widget

import (
	"fmt"
	"slices"
	"testing"

	tea "charm.land/bubbletea/v2"
)

func TestAPlaceStaysWithinItsRows(t *testing.T) {
	t.Parallel()
	p := Place{Height: 5}
	for _, c := range []struct {
		key    string
		n      int
		cursor int
	}{{"k", 20, 0}, {"j", 20, 1}, {"pgdown", 20, 5}, {"G", 20, 19}, {"down", 20, 19}, {"up", 3, 2}, {"g", 3, 0}, {"G", 0, 0}} {
		if !p.Move(c.key, c.n) || p.Cursor != c.cursor {
			t.Errorf("%s of %d goes to %d, want %d", c.key, c.n, p.Cursor, c.cursor)
		}
	}
	if p.Move("x", 5) {
		t.Error("x moves")
	}
	p.Cursor = 19
	if from, to := p.Sight(20, 6); from != 14 || to != 20 {
		t.Errorf("in sight are %d to %d", from, to)
	}
}

func TestAFilterLooksAtAListWhereItGrew(t *testing.T) {
	t.Parallel()
	var f Narrowed
	looked := 0
	text := func(i int) string { looked++; return fmt.Sprint("row ", i%3) }
	shown := func() (out []int) {
		for i := range f.Len() {
			out = append(out, f.At(i))
		}
		return out
	}
	if f.Narrow("", 0, 4, text); f.Len() != 4 || f.At(2) != 2 || looked != 0 {
		t.Errorf("without a filter %v after %d looks", shown(), looked)
	}
	f.Narrow("row 1", 0, 4, text)
	f.Narrow("row 1", 0, 8, text)
	if !slices.Equal(shown(), []int{1, 4, 7}) || looked != 8 {
		t.Errorf("%v after %d looks", shown(), looked)
	}
	if f.Narrow("row 1", 1, 8, text); !slices.Equal(shown(), []int{1, 4, 7}) || looked != 16 {
		t.Errorf("another list is not looked at: %v after %d", shown(), looked)
	}
	if f.Narrow("row 1", 1, 2, text); !slices.Equal(shown(), []int{1}) {
		t.Errorf("a shorter list shows %v", shown())
	}
}

func TestTheFilterBox(t *testing.T) {
	t.Parallel()
	f := NewFilter()
	f.Open()
	f.Paste("A\x1b[2J\n b")
	f.Key(tea.KeyPressMsg{Code: 'C', Text: "C"})
	if got := f.Text(); got != "a␛[2j bc" {
		t.Errorf("it looks for %q", got)
	}
	f.Key(tea.KeyPressMsg{Code: tea.KeyEnter})
	if f.Typing() || f.Line(20) == "" {
		t.Error("enter does not leave it, or empties it")
	}
	f.Open()
	if f.Key(tea.KeyPressMsg{Code: tea.KeyEscape}); f.Typing() || f.Text() != "" || f.Line(20) != "" {
		t.Error("esc does not empty it")
	}
}

func TestACursorGoesBackWhenItsRowIsThere(t *testing.T) {
	t.Parallel()
	p := Place{Height: 5}
	p.Back(3)
	for _, step := range []struct{ rows, at int }{{0, 0}, {2, 1}, {4, 3}, {9, 3}, {2, 1}, {9, 1}} {
		if p.Keep(step.rows); p.Cursor != step.at {
			t.Errorf("with %d rows the cursor is at %d, want %d", step.rows, p.Cursor, step.at)
		}
	}
	p.Back(7)
	p.Move("j", 4)
	if p.Keep(9); p.Cursor != 2 {
		t.Errorf("moved meanwhile, the cursor is at %d", p.Cursor)
	}
}
