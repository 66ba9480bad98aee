package dialog

import (
	"slices"
	"testing"

	"usher/ui/theme"
	"usher/ui/uitest"
	"usher/ui/view"
	"usher/ui/widget"
)

func TestNamesAndFlagsAreNotBrokenAtTheirHyphens(t *testing.T) {
	t.Parallel()
	for text, want := range map[string][]string{
		"of Username-Password-Authentication":         {"of", "Username-Password-Authentication"},
		"`usher users create --from` reads it":        {"`usher users create --from` reads", "it"},
		"a mark \ue02d of one's own is kept as it is": {"a mark \ue02d of one's own is kept as", "it is"},
		"too-long-" + "xxxxxxxxxxxxxxxxxxxxxxxxxxxxx": {"too-long-xxxxxxxxxxxxxxxxxxxxxxxx", "xxxxx"},
	} {
		if got := Wrap([]string{text}, 33); !slices.Equal(got, want) {
			t.Errorf("%q is broken to %q, want %q", text, got, want)
		}
	}
}

func TestWhatIsBrokenGoesOnUnderItsBeginning(t *testing.T) {
	t.Parallel()
	th := theme.New(true, false)
	got := Bullets(&th, []string{"one two three", "four"}, 10)
	if want := []string{"• one two", "  three", "• four"}; !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestKeysBesideButtonsAreLettersInTheField(t *testing.T) {
	t.Parallel()
	env := uitest.Env(t)
	env.Reasons.Learn("users:block")
	r := NewReason(env, "users:block")
	if got := widget.Plain(r.ButtonsAndKeys("Cancel", "Block", false, "y block")); got != "[Cancel]   Block    y block" {
		t.Errorf("beside the field: %q", got)
	}
	r.Focus()
	if got := widget.Plain(r.ButtonsAndKeys("Cancel", "Block", false, "y block")); got != " Cancel     Block " {
		t.Errorf("in the field: %q", got)
	}
	r.Key(view.Press("enter"))
	if got := widget.Plain(r.ButtonsAndKeys("Cancel", "Block", true, "y block")); got != "  Cancel   [Block]   y block" {
		t.Errorf("after the field: %q", got)
	}
}
