//go:build unix

package main

import (
	"bufio"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"runtime"
	"strings"
	"syscall"
	"testing"

	"github.com/charmbracelet/x/term"
	"github.com/creack/pty"
)

func TestCtrlCAtThePassphraseLeavesTheTerminalAsItWas(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	p := place{dir: dir, config: filepath.Join(dir, "config.toml")}
	text := "[profiles.fake]\ndomain = \"127.0.0.1:1\"\nclient_id = \"c\"\naudience = \"a\"\ntoken_store = \"file\"\ngateway = \"https://127.0.0.1:1\"\n"
	if err := os.WriteFile(p.config, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, args := range [][]string{{}, {"whoami"}} {
		keys, terminal, err := pty.Open()
		if err != nil {
			t.Fatal(err)
		}
		defer keys.Close()     //nolint:errcheck // a test's
		defer terminal.Close() //nolint:errcheck // a test's
		modes := func() *term.State {
			state, err := term.GetState(terminal.Fd())
			if err != nil {
				t.Fatal(err)
			}
			return state
		}
		before := modes()
		cmd := exec.CommandContext(t.Context(), os.Args[0], args...)
		cmd.Env = p.env(roleVariable+"=main", "USHER_TOKEN_PASSPHRASE=", "TERM=xterm")
		cmd.Stdin, cmd.Stdout, cmd.Stderr = terminal, terminal, terminal
		cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true, Setctty: true}
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		said := bufio.NewReader(keys)
		if question, err := said.ReadString(':'); err != nil || !strings.Contains(question, "passphrase") {
			t.Fatalf("usher %v says %q, %v", args, question, err)
		}
		for reflect.DeepEqual(modes(), before) { // the question comes before the echo is off
			runtime.Gosched()
		}
		if _, err := keys.WriteString("\x03"); err != nil {
			t.Fatal(err)
		}
		go func() { _, _ = io.Copy(io.Discard, said) }()
		_ = cmd.Wait()
		if !reflect.DeepEqual(modes(), before) {
			t.Errorf("usher %v leaves the terminal as %+v, it was %+v", args, modes(), before)
		}
	}
}

func TestAPasswordTypedAtTheTerminalIsNotShown(t *testing.T) {
	t.Parallel()
	d := newDesktop(t, "admin")
	const typed = "Correct-Horse-7-Battery"
	set := func(second string) (said string, code int) {
		t.Helper()
		cmd := exec.CommandContext(t.Context(), os.Args[0], "--config", d.config, "users", "password", "set", "ada@example.com", "--yes") //nolint:gosec // this very test
		cmd.Env = []string{"HOME=" + d.dir, "TMPDIR=" + d.dir, "USHER_STATE=" + filepath.Join(d.dir, "state"), "PATH=" + os.Getenv("PATH"), "LANG=C.UTF-8", roleVariable + "=main"}
		keys, err := pty.Start(cmd)
		if err != nil {
			t.Fatal(err)
		}
		defer keys.Close() //nolint:errcheck // a test's
		before, err := term.GetState(keys.Fd())
		if err != nil {
			t.Fatal(err)
		}
		var all strings.Builder
		from := bufio.NewReader(io.TeeReader(keys, &all))
		for _, answer := range []string{typed, second} {
			if question, err := from.ReadString(':'); err != nil {
				t.Fatalf("%q, %v", question, err)
			}
			for now := before; reflect.DeepEqual(now, before); { // the question comes before the echo is off
				if now, err = term.GetState(keys.Fd()); err != nil {
					t.Fatal(err)
				}
				runtime.Gosched()
			}
			if _, err := keys.WriteString(answer + "\r"); err != nil {
				t.Fatal(err)
			}
		}
		_, _ = io.Copy(io.Discard, from) // to the end of the terminal
		_ = cmd.Wait()
		return all.String(), cmd.ProcessState.ExitCode()
	}
	if said, code := set("another"); code == 0 || !strings.Contains(said, "the two differ") {
		t.Errorf("two passwords end with %d: %s", code, said)
	}
	said, code := set(typed)
	if code != 0 || strings.Contains(said, typed) {
		t.Errorf("it ends with %d: %s", code, said)
	}
}
