package form

import (
	"context"
	"errors"
	"strings"
	"testing"

	tea "charm.land/bubbletea/v2"

	"usher/ui/uitest"
	"usher/ui/view"
)

func what() view.Form {
	return view.Form{
		Title: "Invite", Says: "They become a member.", Done: "Go on",
		Fields: []view.Blank{{Label: "Email", Hint: "of whom to invite"}, {Label: "Good for", Value: "3 days", Options: []string{"1 day", "3 days", "7 days"}}},
		Then: func(v []string) (view.Action, string) {
			if v[0] == "" {
				return nil, "An email is missing."
			}
			return view.Notify{Text: strings.Join(v, "|")}, ""
		},
	}
}

func TestTheFieldsBecomeTheNextStep(t *testing.T) {
	t.Parallel()
	s := uitest.Open(t, New(uitest.Env(t), what()))
	s.Golden("form")
	if !s.V.Typing() {
		t.Error("the first field has no focus")
	}
	s.Press("enter", "enter", "enter")
	s.Shows("! An email is missing.")
	a := s.Press("tab", "' vera@example.org", "tab", "right", "right", "left", "right", "enter", "enter")
	if all, ok := a.(view.All); !ok || all[0] != (view.Back{}) || all[1] != (view.Notify{Text: "vera@example.org|1 day"}) {
		t.Errorf("it wishes %v", a)
	}
	s.Withstands()
}

func TestWhatIsTypedIsNotLostByOneKey(t *testing.T) {
	t.Parallel()
	s := uitest.Open(t, New(uitest.Env(t), what()))
	if s.Press("esc") != (view.Back{}) {
		t.Error("an untouched form does not close")
	}
	s.Tell(tea.PasteMsg{Content: "a\x1b[2J\nb"})
	if s.Press("esc") != nil {
		t.Error("one key drops what is typed")
	}
	s.Shows("would be lost", "a␛[2J b")
	if s.Press("esc") != (view.Back{}) {
		t.Error("the second does not")
	}
}

func TestAStepThatReadsFirstSaysWhatItDidNotFind(t *testing.T) {
	t.Parallel()
	w := what()
	err := errors.New("no user is vera@example.org")
	w.Read = func(_ context.Context, v []string) (view.Action, error) { return view.Notify{Text: v[0]}, err }
	s := uitest.Open(t, New(uitest.Env(t), w))
	if s.Press("' vera", "enter", "enter", "enter") != nil {
		t.Error("a failed read goes on")
	}
	s.Shows("no user is vera@example.org")
	err = nil
	if all, ok := s.Press("enter").(view.All); !ok || all[1] != (view.Notify{Text: "vera"}) {
		t.Errorf("it wishes %v", s.Wishes)
	}
}
