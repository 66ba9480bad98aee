//go:build unix

package main

import (
	"bufio"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"testing"
)

func TestTheLogByCommand(t *testing.T) {
	t.Parallel()
	d := newDesktop(t, "admin")
	all := decoded[[]eventOut](t, d.does(0, "logs", "--json", "-n", "200").out)
	if len(all) != 200 || !slices.IsSortedFunc(all, func(a, b eventOut) int { return a.Date.Compare(b.Date) }) {
		t.Fatalf("%d events, or out of order", len(all))
	}
	for _, e := range decoded[[]eventOut](t, d.does(0, "logs", "--type", "fp,fu", "--json").out) {
		if e.Type != "fp" && e.Type != "fu" || !e.Failed {
			t.Errorf("%+v is no wrong password", e)
		}
	}
	id := d.id("ada@example.com")
	of := decoded[[]eventOut](t, d.does(0, "logs", "--user", "ada@example.com", "--json").out)
	if len(of) == 0 {
		t.Error("nothing is known of ada@example.com")
	}
	for _, e := range of {
		if e.UserID != id && (e.UserID != "" || e.UserName != "ada@example.com") {
			t.Errorf("%+v is of somebody else", e)
		}
	}
	d.says(d.does(0, "logs", "--type", "fp", "-n", "1"), "! Wrong password (fp)")

	d.does(exitUsage, "logs", "--type", "fp) OR (s")
	d.does(exitUsage, "logs", "--limit", "0")
	d.does(exitUsage, "logs", "--since", "yesterday")
	d.does(exitNotFound, "logs", "--user", "nobody@example.com")
	if got := d.does(0, "logs", "--type", "sui", "--since", "1m", "--json").out; got != "[]\n" {
		t.Errorf("no event is %q", got)
	}
	d.says(d.does(0, "logs", "--type", "sui", "--since", "1m"), "no event")
}

// TestTheLogIsFollowedByCommand sees a change while it happens, and ends by an interrupt as by its own end.
func TestTheLogIsFollowedByCommand(t *testing.T) {
	t.Parallel()
	d := newDesktop(t, "admin")
	cmd := exec.CommandContext(t.Context(), os.Args[0], "--config", d.config, "logs", "--follow", "-n", "1", "--json") //nolint:gosec // this very test
	cmd.Env = []string{"HOME=" + d.dir, "TMPDIR=" + d.dir, "USHER_STATE=" + filepath.Join(d.dir, "state"), "PATH=" + os.Getenv("PATH"), "LANG=C.UTF-8", roleVariable + "=main"}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	lines := bufio.NewScanner(out)
	lines.Buffer(nil, 1<<20)
	if !lines.Scan() {
		t.Fatal("the newest event is not shown")
	}
	id := d.id("ada@example.com")
	d.does(0, "users", "block", id, "--yes")
	found := false
	for !found && lines.Scan() {
		var e eventOut
		if err := json.Unmarshal(lines.Bytes(), &e); err != nil {
			t.Fatalf("%v in %s", err, lines.Text())
		}
		found = e.Type == "sapi"
	}
	if !found {
		t.Error("the change was not followed")
	}
	if err := cmd.Process.Signal(os.Interrupt); err != nil {
		t.Fatal(err)
	}
	for lines.Scan() { //nolint:revive // to its end
	}
	if err := cmd.Wait(); err != nil {
		t.Errorf("it ended with %v", err)
	}
}
