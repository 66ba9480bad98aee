package ui

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	tea "charm.land/bubbletea/v2"

	"usher/auth0client"
	"usher/auth0client/desk"
	"usher/auth0client/localtenant"
	"usher/ui/uitest"
	"usher/ui/view"
)

// TestARunOfBlocksIsTakenBackByOneKey blocks several through the gateway, somebody else lifts one of the blocks, and u takes
// back the others.
func TestARunOfBlocksIsTakenBackByOneKey(t *testing.T) {
	t.Parallel()
	f := openFloor(t, localtenant.Options{SearchLag: -1})
	var ops []desk.Operation
	var ids []auth0client.UserID
	for _, email := range []string{"uma.unverified@example.com", "faye.fatigue@example.com", "half.factor@example.com"} {
		u := f.open(email)
		ids, ops = append(ids, u.ID), append(ops, desk.Block(f.app.o.Backend, u))
	}
	blocked := func(id auth0client.UserID) bool {
		var u struct{ Blocked bool }
		if status := f.look("GET", "users/"+url.PathEscape(string(id)), "", &u); status != http.StatusOK {
			t.Fatalf("the user answers %d", status)
		}
		return u.Blocked
	}
	f.app.perform(f.app.top().id, view.OperateAll{Name: "Block", Operations: ops}, grace{})
	f.await("Block 3 users:")
	f.play("y")
	f.await("3 of 3 done")
	f.await("u takes back what was done.")
	f.look("PATCH", "users/"+url.PathEscape(string(ids[2])), `{"blocked":false}`, nil)
	f.play("u")
	f.await("Unblock 3 users:")
	f.play("y")
	f.await("2 of 3 done, 1 failed")
	for _, id := range ids {
		if blocked(id) {
			t.Errorf("%s is still blocked", id)
		}
	}
	f.play("u")
	f.await("Block 2 users:")
}

// TestADeletionSaysWhatIsLostInTheSmallestWindow opens the dialog at 60 by 15.
func TestADeletionSaysWhatIsLostInTheSmallestWindow(t *testing.T) {
	t.Parallel()
	f := openFloor(t, localtenant.Options{SearchLag: -1})
	u := f.open("uma.unverified@example.com")
	f.app.o.Keep = func([]byte) (string, error) { return "/kept", nil }
	f.app.Update(tea.WindowSizeMsg{Width: 60, Height: 15})
	f.app.perform(f.app.top().id, view.DeleteUser{User: u}, grace{})
	f.await("Cannot be brought back: the account")
	if s := uitest.Frame(f.app); !strings.Contains(s, "enrolments") || !strings.Contains(s, "Cancel     Delete user") || !strings.Contains(s, "more: pgup/pgdn") {
		t.Errorf("the dialog is\n%s", s)
	}
	for range 3 { // errors leave the dialog what it needs
		f.app.toasts.Add(view.Bad, strings.Repeat("That did not work. ", 9))
	}
	if s := uitest.Frame(f.app); !strings.Contains(s, "enrolments") || !strings.Contains(s, "Cancel     Delete user") || !strings.Contains(s, "! That did not work.") {
		t.Errorf("beside errors the dialog is\n%s", s)
	}
}
