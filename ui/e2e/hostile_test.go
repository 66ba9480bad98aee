//go:build unix

package e2e

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"usher/ui/uitest/ptyrun"
)

// evil is what hostile text tries to do to a terminal, each with the bytes that must not arrive.
func evil() map[string]string {
	return map[string]string{
		"sets the title": "\x1b]0;pwned\x07", "writes the clipboard": "\x1b]52;c;cHduZWQ=\x07", "makes a link": "\x1b]8;;http://evil.example\x1b\\",
		"clears the screen": "\x1b[2J", "colours": "\x1b[31mred", "asks for a capability": "\x1bP+q544e\x1b\\", "draws graphics": "\x1b_Gi=1;AAAA\x1b\\",
		"acts as a C1 control": "\u009b31m", "turns the text around": "\u202egpj.exe", "hides": "\u200bzero", "tags": "\U000E0041\U000E0042",
		"leaves the alternate screen": "\x1b[?1049l", "goes back": "name\rforged", "breaks the row": "name\nforged row",
		"asks who is there": "\x1b[c", "never ends": "\x1b]0;unended",
	}
}

func TestHostileTextDoesNotReachTheTerminal(t *testing.T) {
	t.Parallel()
	var people []map[string]any
	i := 0
	for what, bytes := range evil() {
		i++
		people = append(people, map[string]any{
			"email": "evil" + string(rune('a'+i)) + "@example.com", "email_verified": true, "name": "N " + bytes, "nickname": bytes,
			"given_name": bytes, "family_name": strings.Repeat(bytes, 4), "user_metadata": map[string]any{"k" + strings.ReplaceAll(bytes, ".", ""): bytes, "what": what, "long": strings.Repeat(bytes, 500)},
		})
	}
	people = append(people, map[string]any{"email": "long@example.com", "name": strings.Repeat("名前é́́́́́́", 15), "user_metadata": map[string]any{"long": strings.Repeat("名前é́́́́́́", 1000)}})
	data, err := json.Marshal(people)
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "people.json")
	if err := os.WriteFile(file, data, 0o600); err != nil {
		t.Fatal(err)
	}
	s := start(t, 100, 30, nil, "--data", file, "--approve")
	s.expect(`\d+ users`)
	for range len(people) {
		s.send("<enter>")
		s.expect(`1 Overview`)
		s.expect(`Why can.t they get in`)
		s.send("7")
		s.expect(`user_metadata|created_at`)
		s.send("<esc>")
		s.expect(`\d+ users`)
		s.send("j")
	}
	s.send("q")
	if code, err := s.p.Exit(patience); err != nil || code != 0 {
		t.Fatalf("exit status %d, %v", code, err)
	}
	out := s.p.Written()
	for what, payload := range evil() {
		// What the program itself sends at its start and end is not the tenant's.
		if payload == "\x1b[?1049l" || payload == "\x1b[2J" || payload == "\x1b[c" {
			continue
		}
		if bytes.Contains(out, []byte(payload)) {
			t.Errorf("text that %s reached the terminal", what)
		}
	}
	if n := bytes.Count(out, []byte("\x1b[?1049l")); n != 1 {
		t.Errorf("the alternate screen was left %d times, want once, at the end", n)
	}
}

func TestASignalLeavesTheTerminalAsItWas(t *testing.T) {
	t.Parallel()
	for _, sig := range []syscall.Signal{syscall.SIGTERM, syscall.SIGHUP, syscall.SIGQUIT} {
		s := start(t, 80, 24, nil, "--approve")
		s.expect(`20\d users`)
		if err := s.p.Signal(sig); err != nil {
			t.Fatal(err)
		}
		if _, err := s.p.Exit(patience); err != nil {
			t.Fatal(err)
		}
		restored(t, s.p)
		if out := string(s.p.Written()); strings.Contains(out, "goroutine ") {
			t.Errorf("%v leaves a dump on the terminal", sig)
		}
	}
	s := start(t, 80, 24, nil, "--approve")
	s.expect(`20\d users`)
	if err := s.p.Signal(syscall.SIGPIPE); err != nil { // of a pipe that is not the terminal
		t.Fatal(err)
	}
	s.send("?")
	s.expect(`Keys`)
}

func TestCtrlCLeavesFromEveryPlace(t *testing.T) {
	t.Parallel()
	for name, keys := range map[string][2]string{
		"the sign-in": {"", `[A-Z]{4}-[A-Z]{4}`}, "the list": {"a", `20\d users`},
	} {
		s := start(t, 80, 24, nil)
		s.expect(`[A-Z]{4}-[A-Z]{4}`)
		if keys[0] != "" {
			s.send(keys[0])
			s.expect(keys[1])
		}
		s.send("<c-c>")
		if code, err := s.p.Exit(patience); err != nil || code != 0 {
			t.Fatalf("from %s: exit status %d, %v", name, code, err)
		}
		restored(t, s.p)
	}
}

func TestAFaultyTenantGivesASentenceAndAWayOn(t *testing.T) {
	t.Parallel()
	for fault, says := range map[string]string{
		"GET /api/v2/users 500":     `fault of its own`,
		"GET /api/v2/users garbage": `makes no sense`,
		"GET /api/v2/users drop":    `cannot be reached`,
		"GET /api/v2/users 429":     `rate limit: going on in`,
		"GET /api/v2/users 403":     `(?i)not allowed`,
	} {
		s := start(t, 80, 24, nil, "--approve", "--fault", fault)
		s.expect(says)
		s.send("<c-c>")
		if code, err := s.p.Exit(patience); err != nil || code != 0 {
			t.Fatalf("%s: exit status %d, %v", fault, code, err)
		}
	}
}

// restored fails unless the program left the alternate screen and showed the cursor again.
func restored(t *testing.T, p *ptyrun.Program) {
	t.Helper()
	out := string(p.Written())
	if strings.LastIndex(out, "\x1b[?1049l") < strings.LastIndex(out, "\x1b[?1049h") || strings.LastIndex(out, "\x1b[?25h") < strings.LastIndex(out, "\x1b[?25l") {
		t.Errorf("the terminal was not put back; it ends with %q", out[max(0, len(out)-120):])
	}
}
