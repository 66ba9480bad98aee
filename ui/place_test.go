package ui

import (
	"context"
	"strings"
	"testing"
	"time"

	tea "charm.land/bubbletea/v2"

	"usher/auth0client"
	"usher/auth0client/desk"
	"usher/auth0client/term"
	"usher/ui/login"
	"usher/ui/uitest"
	"usher/ui/view"
)

// quiet is a backend that finds nobody.
type quiet struct{ nobody }

func (quiet) SearchUsers(context.Context, auth0client.Search) (auth0client.UserPage, error) {
	return auth0client.UserPage{}, nil
}

func (quiet) Roles(context.Context) ([]auth0client.Role, error) { return nil, nil }

func somebody() auth0client.User {
	return auth0client.User{ID: "auth0|1", Email: term.Line("ada@example.com"), JSON: term.Line("much of it")}
}

func opened(t *testing.T, clock *time.Time, o func(*Options)) *App {
	t.Helper()
	s := &scripted{op: login.Operator{ID: "auth0|op"}}
	a := newApp(t, s, clock)
	a.o.Backend = quiet{}
	o(&a.o)
	signIn(t, a, s)
	return a
}

func TestAPlaceIsTakenUpAgain(t *testing.T) {
	t.Parallel()
	clock := noon()
	a := opened(t, clock, func(o *Options) { o.Query = "email:ada*" })
	a.perform(a.top().id, view.OpenUser{User: somebody()}, grace{})
	a.perform(a.top().id, view.EditRoles{Users: []auth0client.User{somebody()}}, grace{})
	p, ok := a.Place()
	if !ok || p.Operator != "auth0|op" || p.Showing != "search email:ada*" || len(p.steps) != 2 {
		t.Fatalf("the place is %+v, %v", p, ok)
	}
	if u := p.steps[0].open.(view.OpenUser).User; u.ID != "auth0|1" || !u.JSON.IsEmpty() {
		t.Errorf("of the user is kept %+v", u)
	}
	*clock = clock.Add(3 * time.Minute)
	var asked auth0client.UserID
	b := opened(t, clock, func(o *Options) {
		o.Resume = func(op auth0client.UserID) (Place, bool) { asked = op; return p, true }
	})
	if f := uitest.Frame(b); asked != "auth0|op" || !strings.Contains(f, "ended 3 min ago") || !strings.Contains(f, "ada@example.com") {
		t.Fatalf("asked for %q; the offer is\n%s", asked, f)
	}
	uitest.Press(b, "y") // in flight when it came
	if b.offer == nil {
		t.Fatal("a key in flight answered the offer")
	}
	*clock = clock.Add(time.Second)
	uitest.Press(b, "y")
	if q, _ := b.Place(); b.offer != nil || len(b.stack) != 3 || q.Showing != "search email:ada*" || len(q.steps) != 2 {
		t.Errorf("%d screens are open, the place is %+v", len(b.stack), q)
	}
}

func TestAPlaceThatIsNotOffered(t *testing.T) {
	t.Parallel()
	clock := noon()
	if _, ok := newApp(t, &scripted{}, clock).Place(); ok {
		t.Error("nobody signed in has a place")
	}
	there := Place{Operator: "auth0|op", Showing: "x", At: *clock}
	for name, tc := range map[string]struct {
		place Place
		is    bool
	}{
		"another operator's": {Place{Operator: "auth0|other", Showing: "x"}, true},
		"the list itself":    {Place{Operator: "auth0|op"}, true},
		"none":               {there, false},
	} {
		a := opened(t, clock, func(o *Options) { o.Resume = func(auth0client.UserID) (Place, bool) { return tc.place, tc.is } })
		if a.offer != nil {
			t.Errorf("%s is offered", name)
		}
	}
	a := opened(t, clock, func(o *Options) { o.Resume = func(auth0client.UserID) (Place, bool) { return there, true } })
	*clock = clock.Add(time.Second)
	a.Update(tea.PasteMsg{Content: "y"})
	uitest.Press(a, "n")
	if q, _ := a.Place(); a.offer != nil || q.Showing != "" {
		t.Errorf("after n the place is %+v", q)
	}
}

func TestARunOverASelectionIsNotBegunAgain(t *testing.T) {
	t.Parallel()
	a := opened(t, noon(), func(*Options) {})
	a.perform(a.top().id, view.OpenUser{User: somebody()}, grace{})
	a.perform(a.top().id, view.OperateAll{Name: "Block", Operations: []desk.Operation{{Name: "Block", User: somebody()}}}, grace{})
	if p, _ := a.Place(); len(p.steps) != 1 {
		t.Errorf("the place has %d steps, want the user alone", len(p.steps))
	}
}

func TestANoticeIsSeen(t *testing.T) {
	t.Parallel()
	a := opened(t, noon(), func(*Options) {})
	a.Update(NoticeMsg{Level: view.Bad, Text: "usher stops \x1b[2Jin a moment"})
	if f := uitest.Frame(a); !strings.Contains(f, "usher stops") {
		t.Errorf("no notice in\n%s", f)
	}
}
