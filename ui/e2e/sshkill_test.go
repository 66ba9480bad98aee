//go:build unix

package e2e

import (
	"errors"
	"os"
	"strings"
	"syscall"
	"testing"
	"time"
)

// TestAServerThatIsKilledInAChange is killed without a word while the tenant works on a change. Its next start names the
// change, and a later stop tells whoever is there.
func TestAServerThatIsKilledInAChange(t *testing.T) {
	t.Parallel()
	b := newBastion(t, "", "POST /api/v2/users/{id}/roles delay=3s x1")
	s := b.connect("key0", "open", "ada@example.com")
	s.approve(s.code(""), "admin")
	s.expect(`1 Overview`)
	s.send("r")
	s.expect(`\[ \] +Order desk`)
	s.send("/Order desk<enter>")
	s.expect(`› .*Order desk`)
	s.send("<space><enter>")
	s.expect(`\+ .*Order desk`)
	s.send("y")
	s.expect(`(?i)applying|changing`)
	b.journalHolds(`"step":"intent"`, `"via":"ssh 127.0.0.1"`)
	if err := b.server.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = b.server.Wait() // it was killed
	if said := b.log.String(); strings.Contains(said, "no known outcome") {
		t.Fatalf("something is without an outcome before the kill: %s", said)
	}

	b.serve()
	for _, part := range []string{"a change has no known outcome", `"operator":"auth0|`, `"method":"POST"`, `"target":"auth0|`} {
		b.logs(part)
	}
	again := b.connect("key0")
	again.approve(again.code(""), "admin")
	again.expect(`20\d users`)
	began := time.Now()
	if err := b.server.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	again.expect(`usher was stopped on this host`)
	if err := b.server.Wait(); err != nil || time.Since(began) > 5*time.Second {
		t.Errorf("with an operator at work the server ends after %v: %v", time.Since(began), err)
	}
	restored(t, again.p)
}

// TestAServerOutlivesItsLog goes on serving when nobody reads what it logs any more.
func TestAServerOutlivesItsLog(t *testing.T) {
	t.Parallel()
	b := newBastion(t, "")
	_ = b.server.Process.Kill()
	_ = b.server.Wait() // it was killed
	read, written, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	b.stderr = written
	b.serve()
	if err := errors.Join(written.Close(), read.Close()); err != nil {
		t.Fatal(err)
	}
	for range 3 { // each is logged
		if said, code := b.command("key0", "nothing"); code != 127 {
			t.Fatalf("exit status %d: %s", code, said)
		}
	}
}

// logs waits until a server has logged text: what it writes comes by a pipe of its own.
func (b *bastion) logs(text string) {
	b.t.Helper()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	deadline := time.After(patience)
	for !strings.Contains(b.log.String(), text) {
		select {
		case <-tick.C:
		case <-deadline:
			b.t.Fatalf("no %s in the log:\n%s", text, b.log)
		}
	}
}
