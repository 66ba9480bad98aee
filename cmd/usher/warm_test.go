//go:build unix

package main

import (
	"net"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"usher/ui/uitest/ptyrun"
)

// console starts the console in a terminal.
func (p place) console(t *testing.T, env ...string) *ptyrun.Program {
	t.Helper()
	prog, err := ptyrun.Start(ptyrun.Options{Command: os.Args[0], Env: p.env(append(env, roleVariable+"=main")...), Cols: 100, Rows: 30})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = prog.Close() })
	return prog
}

func expect(t *testing.T, prog *ptyrun.Program, expr string) {
	t.Helper()
	if err := prog.Expect(expr, 20*time.Second); err != nil {
		t.Fatal(err)
	}
}

func TestAKeptSignInOpensTheConsoleWithoutACode(t *testing.T) {
	t.Parallel()
	f := newFakeTenant(t)
	p := newPlace(t, f)
	if out, code := p.run(t, "main", nil, "login", "--approve"); code != 0 {
		t.Fatal(out)
	}
	f.asked()
	prog := p.console(t)
	expect(t, prog, "ada@example.com")
	for _, asked := range f.asked() {
		if strings.Contains(asked, "device") || strings.Contains(asked, "jwks") {
			t.Errorf("a warm start asks %s", asked)
		}
	}
}

func TestTheFirstFrameWaitsForNoAnswer(t *testing.T) {
	t.Parallel()
	f := newFakeTenant(t)
	p := newPlace(t, f)
	f.set(func() { f.life = -5 * time.Second }) // the console has to refresh
	if out, code := p.run(t, "main", nil, "login", "--approve"); code != 0 {
		t.Fatal(out)
	}
	f.asked()
	hold := make(chan struct{})
	f.set(func() { f.hold, f.life = hold, time.Hour })
	prog := p.console(t)
	expect(t, prog, "Sign in")
	if screen := prog.Screen(); strings.Contains(screen, "ada@example.com") {
		t.Errorf("the answer came already:\n%s", screen)
	}
	close(hold)
	expect(t, prog, "ada@example.com")
	if slices.ContainsFunc(f.asked(), func(r string) bool { return strings.Contains(r, "device") }) {
		t.Error("a code was asked for although the sign-in could be refreshed")
	}
}

func TestAKeyringThatHangsCostsThreeSeconds(t *testing.T) {
	t.Parallel()
	if runtime.GOOS != "linux" {
		t.Skip("the keyring that hangs is a D-Bus service")
	}
	f := newFakeTenant(t)
	p := newPlace(t, f)
	text, err := os.ReadFile(p.config)
	if err != nil {
		t.Fatal(err)
	}
	plain := strings.NewReplacer("token_store = \"file\"\n", "", "token_identity = \"keep/identity\"\n", "").Replace(string(text))
	if err := os.WriteFile(p.config, []byte(plain), 0o600); err != nil {
		t.Fatal(err)
	}
	// A service that takes calls and never answers, as a keyring that waits for somebody to unlock it.
	dir, err := os.MkdirTemp("", "bus") // a socket's path is short
	if err != nil {
		t.Fatal(err)
	}
	defer os.RemoveAll(dir) //nolint:errcheck // a temporary folder
	bus, err := net.Listen("unix", filepath.Join(dir, "s"))
	if err != nil {
		t.Fatal(err)
	}
	defer bus.Close()
	env := []string{"DBUS_SESSION_BUS_ADDRESS=unix:path=" + filepath.Join(dir, "s"), "USHER_TOKEN_PASSPHRASE="}
	began := time.Now()
	out, code := p.run(t, "main", env, "login", "--approve")
	took := time.Since(began)
	if code != 0 || !strings.Contains(out, "did not answer within 3s") || !strings.Contains(out, "memory: it ends with this command") {
		t.Errorf("ends with %d:\n%s", code, out)
	}
	// A second for a machine that is busy with other tests.
	if took < 3*time.Second || took > 4500*time.Millisecond {
		t.Errorf("took %s, want 3 to 3.5 s", took)
	}
}
