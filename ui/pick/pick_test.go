package pick

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"

	"usher/auth0client"
	"usher/ui/uitest"
	"usher/ui/view"
)

func choices(n int) []view.Choice {
	out := make([]view.Choice, n)
	for i := range out {
		out[i] = view.Choice{Value: i, Group: "Shop API", Label: fmt.Sprintf("read:%03d", i), Note: "reads"}
	}
	return out
}

func open(t *testing.T, what view.Pick, load func() ([]view.Choice, error)) *uitest.Stage {
	t.Helper()
	what.Title = "Add permissions"
	what.Load = func(context.Context) ([]view.Choice, error) { return load() }
	what.Then = func(chosen []view.Choice) view.Action {
		var words []string
		for _, c := range chosen {
			words = append(words, c.Label)
		}
		return view.Notify{Text: strings.Join(words, " ")}
	}
	return uitest.Open(t, New(uitest.Env(t), what))
}

// went is what the dialog left for.
func went(a view.Action) string {
	all, ok := a.(view.All)
	if !ok || len(all) != 2 || all[0] != (view.Back{}) {
		return fmt.Sprint("nowhere: ", a)
	}
	return all[1].(view.Notify).Text
}

func TestSeveralAreChosenInTheListsOrder(t *testing.T) {
	t.Parallel()
	s := open(t, view.Pick{}, func() ([]view.Choice, error) {
		out := choices(40)
		out[3].Why = "you do not hold it yourself"
		out[5].On = true
		return out, nil
	})
	s.Golden("several")
	if a := s.Press("j", "j", "j", "space"); a != nil {
		t.Errorf("space wishes %v", a)
	}
	s.Shows("! you do not hold it yourself")
	if got := went(s.Press("/", "' 02", "enter", "a", "esc", "g", "space", "enter")); got != "read:000 read:002 read:005 read:020 read:021 read:022 read:023 read:024 read:025 read:026 read:027 read:028 read:029" {
		t.Errorf("chosen: %s", got)
	}
	if a := s.Press("esc"); a != (view.Back{}) {
		t.Errorf("esc wishes %v", a)
	}
}

func TestNothingIsChosenOnlyWhereThatMeansSomething(t *testing.T) {
	t.Parallel()
	load := func() ([]view.Choice, error) { return choices(2), nil }
	s := open(t, view.Pick{}, load)
	if s.Press("enter") != nil {
		t.Error("nothing goes on")
	}
	s.Shows("Nothing is chosen")
	s = open(t, view.Pick{None: "no role"}, load)
	s.Shows("no role")
	if got := went(s.Press("enter")); got != "" {
		t.Errorf("chosen: %s", got)
	}
	s = open(t, view.Pick{Empty: "There is nothing."}, func() ([]view.Choice, error) { return nil, nil })
	s.Shows("There is nothing.")
}

func TestOneIsTaken(t *testing.T) {
	t.Parallel()
	s := open(t, view.Pick{One: true}, func() ([]view.Choice, error) {
		out := choices(3)
		out[0].Why = "not this"
		return out, nil
	})
	if s.Press("enter") != nil {
		t.Error("what cannot be chosen is taken")
	}
	s.Shows("! not this")
	if got := went(s.Press("j", "enter")); got != "read:001" {
		t.Errorf("taken: %s", got)
	}
}

func TestAFailedReadIsSaidAndTriedAgain(t *testing.T) {
	t.Parallel()
	err := error(&auth0client.Unauthorized{})
	s := open(t, view.Pick{}, func() ([]view.Choice, error) { return choices(1), err })
	if !slices.Contains(s.Wishes, view.Action(view.RequireLogin{})) {
		t.Errorf("it wishes %v", s.Wishes)
	}
	s.Shows("Your sign-in has ended")
	err = nil
	s.Tell(view.SignedInMsg{})
	s.Shows("read:000")
	s.Withstands()
}
