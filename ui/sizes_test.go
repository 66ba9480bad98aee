package ui

import (
	"math/rand/v2"
	"testing"
	"time"

	tea "charm.land/bubbletea/v2"

	"usher/auth0client"
	"usher/auth0client/term"
	"usher/ui/login"
	"usher/ui/uitest"
	"usher/ui/view"
)

// sizesTried is how many sizes each screen is drawn at, beside the smallest and largest.
const sizesTried = 15

// Every screen, with whatever lies over it, is drawn at any size: nothing panics and no line is too wide.
func TestEveryScreenFitsAtAnySize(t *testing.T) {
	t.Parallel()
	f := openOffice(t)
	size := rand.New(rand.NewPCG(1, 2)) //nolint:gosec // the same sizes in every run
	draw := func(what string, w, h int) {
		defer func() {
			if p := recover(); p != nil {
				t.Fatalf("%s at %dx%d: %v", what, w, h, p)
			}
		}()
		f.app.Update(tea.WindowSizeMsg{Width: w, Height: h})
		uitest.Fits(t, f.app.View().Content, view.Size{Width: w, Height: h})
		if t.Failed() {
			t.Fatalf("%s at %dx%d", what, w, h)
		}
	}
	fits := func(what string) {
		t.Helper()
		for _, w := range []int{0, 1, 39, 40, 41, 600} {
			for _, h := range []int{0, 1, 9, 10, 11, 600} {
				draw(what, w, h)
			}
		}
		for range sizesTried {
			draw(what, size.IntN(601), size.IntN(601))
			draw(what, 40+size.IntN(80), 10+size.IntN(30)) // where layouts change
		}
		f.app.Update(tea.WindowSizeMsg{Width: 110, Height: 40})
	}
	ada := f.user("ada@example.com")
	mona := f.user("mona.many@example.com")
	role := f.role("Order desk")
	id := auth0client.RoleID(role.ID)
	screens := []struct {
		name string
		open func()
		keys []string // on it, each drawn as well
	}{
		{"the list", func() {}, []string{"/", "esc", "f", "esc", "c", "esc", "S", "esc", "space", "i", "esc", "w", "esc", "b", "esc", "esc"}},
		{"a user", func() { f.do(view.OpenUser{User: mona}) }, []string{"2", "3", "4", "5", "6", "enter", "esc", "7", "/", "esc", "8", "m", "esc", "b", "esc", "p", "esc", "v", "esc", "s", "esc"}},
		{"the role editor", func() { f.do(view.EditRoles{Users: []auth0client.User{ada}}) }, []string{"space", "/", "esc", "enter", "n", "esc"}},
		{"the role editor of several", func() { f.do(view.EditRoles{Users: []auth0client.User{ada, mona}}) }, []string{"space", "enter"}},
		{"the form of a user", func() { f.do(view.EditUser{User: ada}) }, []string{"enter", "esc", "j", "enter", "esc", "ctrl+s"}},
		{"a new user", func() { f.do(view.CreateUser{}) }, []string{"enter", "esc", "j", "enter", "esc"}},
		{"a deletion", func() { f.do(view.DeleteUser{User: ada}) }, nil},
		{"a reset", func() { f.do(view.ResetMFA{User: mona}) }, nil},
		{"a block", func() { f.do(view.ToggleBlock{User: ada}) }, nil},
		{"a password", func() { f.do(view.Password{User: ada}) }, []string{"3", "esc", "5"}},
		{"an undo", func() { f.do(view.Undo{}) }, nil},
		{"access", func() { f.do(view.OpenAccess{User: ada}) }, []string{"j", "enter"}},
		{"roles", func() { f.do(view.OpenRoles{}) }, []string{"/", "esc", "n", "esc"}},
		{"a role", func() { f.do(view.OpenRole{ID: id, Name: term.Line("Order desk")}) }, []string{"2", "3", "1"}},
		{"two roles", func() {
			f.do(view.CompareRoles{A: auth0client.Role{ID: id}, B: auth0client.Role{ID: id}})
		}, nil},
		{"approvals", func() { f.do(view.OpenApprovals{}) }, nil},
		{"organizations", func() { f.do(view.OpenOrganizations{}) }, []string{"/", "esc", "enter", "2", "3", "4"}},
	}
	overlays := map[string]func() (back func()){
		"nothing":    func() func() { return func() {} },
		"the help":   func() func() { f.app.help = true; return func() { f.app.help = false } },
		"a palette":  func() func() { f.app.palette = newPalette(globals()); return func() { f.app.palette = nil } },
		"rights":     func() func() { f.app.rights = true; return func() { f.app.rights = false } },
		"a question": func() func() { f.app.leaving = true; return func() { f.app.leaving = false } },
		"an offer": func() func() {
			f.app.offer = &offer{place: Place{Showing: evil, At: time.Now(), crumbs: []string{evil, "x"}, closed: []string{evil}, typed: true, lost: true}}
			return func() { f.app.offer = nil }
		},
		"a lock": func() func() {
			f.app.lock.since = time.Now()
			return func() { f.app.lock.since = time.Time{} }
		},
		"a sign-in": func() func() {
			f.app.askSignIn(wish{purpose: login.Ended}, grace{})
			return func() { f.app.login.Close(); f.app.login = nil }
		},
		"toasts": func() func() {
			for range 5 {
				f.app.toasts.Add(view.Bad, evil+evil+evil)
			}
			return func() {}
		},
	}
	for i, s := range screens {
		s.open()
		f.settle()
		if i > 0 && len(f.app.stack)+len(f.app.dialogs) < 2 {
			t.Fatalf("%s does not open", s.name)
		}
		for name, lay := range overlays {
			back := lay()
			fits(s.name + " under " + name)
			back()
		}
		for _, k := range s.keys {
			f.ahead.Add(int64(time.Second))
			f.press(k)
			f.settle()
			fits(s.name + " after " + k)
		}
		for len(f.app.dialogs) > 0 || len(f.app.stack) > 1 {
			f.app.close(f.app.top().id)
		}
	}
}

// settle takes in the answers that come until none is asked for any more.
func (f *office) settle() {
	f.t.Helper()
	for quiet := 0; quiet < 3; {
		select {
		case msg := <-f.msgs:
			_, cmd := f.app.Update(msg)
			f.run(cmd)
			quiet = 0
		case <-time.After(15 * time.Millisecond):
			quiet++
		}
	}
}
