package ui

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"usher/auth0client"
	"usher/auth0client/desk"
	"usher/ui/view"
)

// holdAll lets no request reach the tenant until release is called.
func (l *line) holdAll() (release func()) {
	hold := make(chan struct{})
	l.mu.Lock()
	l.hold = hold
	l.mu.Unlock()
	return func() {
		l.mu.Lock()
		l.hold = nil
		l.mu.Unlock()
		close(hold)
	}
}

// blocked asks the tenant past usher.
func (l *line) isBlocked(email string) bool {
	l.t.Helper()
	u := (&office{floor: l.floor}).user(email)
	var now struct{ Blocked bool }
	if status := l.look("GET", path(u), "", &now); status != http.StatusOK {
		l.t.Fatalf("the user answers %d", status)
	}
	return now.Blocked
}

// sentOff waits until a change has reached the gateway's way to the tenant.
func (l *line) sentOff() {
	l.t.Helper()
	l.until("no change was sent", func() bool {
		l.mu.Lock()
		defer l.mu.Unlock()
		for _, r := range l.sent {
			if !strings.HasPrefix(r, "GET ") {
				return true
			}
		}
		return len(l.sent) > 0
	})
}

// dropInABlock begins to block somebody and loses the line while the change has no answer; release lets the answer come.
func (l *line) dropInABlock() (release func(), p Place) {
	l.t.Helper()
	l.open("uma.unverified@example.com")
	l.play("b", "> y block")
	l.ahead.Add(int64(time.Second))
	l.requests()
	release = l.holdAll()
	l.play("y")
	l.sentOff()
	return release, l.drop()
}

func TestWhatEndsWhileTheLineIsLostIsTold(t *testing.T) {
	t.Parallel()
	l := openLine(t)
	release, p := l.dropInABlock()
	l.mu.Lock()
	l.hold = nil // reads of the next session pass
	l.mu.Unlock()
	l.connect(&p)
	l.play("> What you had sent:", "> no answer yet", "> Go on where you were? Users › uma.unverified@example.com")
	release()
	l.play("> uma.unverified@example.com is blocked.")
	if strings.Contains(l.flat(), "no answer yet") {
		t.Errorf("both are told:\n%s", l.flat())
	}
	if !l.isBlocked("uma.unverified@example.com") {
		t.Error("the change was not finished")
	}
}

func TestWhatEndsAfterTheReturnIsANotice(t *testing.T) {
	t.Parallel()
	l := openLine(t)
	release, p := l.dropInABlock()
	l.mu.Lock()
	l.hold = nil
	l.mu.Unlock()
	l.back(p)
	l.play("> Why can't they get in?")
	l.play("> found keeps them out")
	p = l.drop() // once more, before it ended
	l.back(p)
	l.play("> Why can't they get in?")
	release()
	l.play("> uma.unverified@example.com is blocked.", "> STOPS Blocked")
}

// TestWhatTheDeadLineSwallowedIsTold has the answer come while the connection is gone already and nobody knows it yet.
func TestWhatTheDeadLineSwallowedIsTold(t *testing.T) {
	t.Parallel()
	l := openLine(t)
	l.open("uma.unverified@example.com")
	l.play("b", "> y block")
	l.ahead.Add(int64(time.Second))
	l.play("y", "> ✓ Blocked.")
	p := l.drop()
	l.connect(&p)
	at := p.told[0].at.Format("15:04")
	l.play("> What you had sent: ✓ " + at + " uma.unverified@example.com is blocked.")
	l.ahead.Add(int64(time.Second))
	l.play("y", "> Why can't", "j")
	if again := l.drop(); len(again.told) > 0 {
		t.Errorf("%v is told although keys were pressed since", again.told)
	}
}

// TestARunEndsWithItsLine loses the line in the middle of a run: what has begun is finished, the rest is not begun, and both
// are told.
func TestARunEndsWithItsLine(t *testing.T) {
	t.Parallel()
	l := openLine(t)
	var ops []desk.Operation
	emails := []string{"uma.unverified@example.com", "faye.fatigue@example.com", "half.factor@example.com", "logins.9@example.com", "logins.10@example.com",
		"logins.99@example.com", "logins.100@example.com", "logins.200@example.com", "jane@exampleco.com", "john.doe@example.com"}
	for _, email := range emails {
		ops = append(ops, desk.Block(l.app.o.Backend, (&office{floor: l.floor}).user(email)))
	}
	l.app.perform(l.app.top().id, view.OperateAll{Name: "Block", Operations: ops}, grace{})
	l.requests()
	release := l.holdAll()
	l.play("> Block 10 users:", "y")
	l.sentOff()
	p := l.drop()
	release()
	l.connect(&p)
	l.play("> Block, stopped as the line was lost: 4 of 10 done, 6 not begun. The journal has each", "> enter go on")
	n := 0
	for _, email := range emails {
		if l.isBlocked(email) {
			n++
		}
	}
	if n != 4 {
		t.Errorf("%d are blocked", n)
	}
}

// TestAChangeOfRolesEndsWithItsLine is the same for the roles of several.
func TestAChangeOfRolesEndsWithItsLine(t *testing.T) {
	t.Parallel()
	l := openLine(t)
	office := &office{floor: l.floor}
	var users []auth0client.User
	for _, email := range []string{"uma.unverified@example.com", "faye.fatigue@example.com", "half.factor@example.com", "logins.9@example.com", "logins.10@example.com", "logins.99@example.com"} {
		u := office.user(email)
		users = append(users, u)
		l.look("POST", path(u)+"/roles", `{"roles":["`+office.role("Auditor").ID+`"]}`, nil)
	}
	l.run(l.app.perform(l.app.top().id, view.EditRoles{Users: users}, grace{}))
	l.play("@ Auditor", "space", "enter", "> y apply")
	l.requests()
	release := l.holdAll()
	l.play("y")
	l.sentOff()
	p := l.drop()
	release()
	l.connect(&p)
	l.play("> The line was lost: roles of 4 of 6 users changed, the rest was not begun.", "> Go on where you were?")
	l.back(p)
	l.play("> It had been sent. What is marked still differs", "> 1 change")
}
