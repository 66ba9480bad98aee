//go:build unix

package main

import (
	"strings"
	"testing"
)

func TestLinkingAndUnlinking(t *testing.T) {
	t.Parallel()
	d := newDesktop(t, "admin")
	ada, uma := d.id("ada@example.com"), d.id("uma.unverified@example.com")
	identities := func() int { return len(d.user(ada)["identities"].([]any)) }
	before := identities()
	d.does(exitUsage, "users", "link", ada, "--yes")
	d.does(exitUsage, "users", "link", ada, "--with", "ada@example.com", "--yes")
	d.does(exitUsage, "users", "link", "-", "--with", uma, "--yes")
	d.says(d.does(0, "users", "link", ada, "--with", uma, "--dry-run"), "cannot be brought back", uma)
	if identities() != before {
		t.Fatal("a dry run linked")
	}
	d.does(exitAmbiguous, "users", "link", ada, "--with", "robin@example.com", "--yes")
	d.says(d.does(0, "users", "link", ada, "--with", "uma.unverified@example.com", "--yes"), "Linked")
	if d.user(uma) != nil || identities() != before+1 {
		t.Error("not linked")
	}
	d.says(d.does(exitUsage, "users", "unlink", ada, "--identity", "auth0|nothing", "--yes"), "none of theirs", uma)
	d.says(d.does(exitUsage, "users", "unlink", ada, "--identity", ada, "--yes"), "the user itself")
	d.says(d.does(0, "users", "unlink", ada, "--identity", strings.ReplaceAll(uma, "|", "%7C"), "--yes"), "Unlinked")
	if d.user(uma) == nil || identities() != before {
		t.Error("not unlinked")
	}
}

func TestEndingOneThing(t *testing.T) {
	t.Parallel()
	d := newDesktop(t, "admin")
	id := d.id("ada@example.com")
	list := func(who string) sessionsOut {
		return decoded[sessionsOut](t, d.does(0, "users", "sessions", who, "--json").out)
	}
	has := list(id)
	// In this order: ending one thing ends what hangs on it.
	of := map[string]func(sessionsOut) []endable{
		"session": func(o sessionsOut) []endable { return o.Sessions }, "token": func(o sessionsOut) []endable { return o.Tokens },
		"device": func(o sessionsOut) []endable { return o.Devices }, "grant": func(o sessionsOut) []endable { return o.Grants },
	}
	for _, flag := range []string{"token", "device", "session", "grant"} {
		of := of[flag]
		all := of(list(id))
		if len(all) == 0 {
			t.Fatalf("no %s to end in %+v", flag, has)
		}
		d.says(d.does(0, "users", "sessions", id), flag+"\t"+all[0].ID+"\t")
		d.does(exitNotFound, "users", "end", "uma.unverified@example.com", "--"+flag, all[0].ID, "--yes")
		d.does(0, "users", "end", id, "--"+flag, all[0].ID, "--yes")
		for _, left := range of(list(id)) {
			if left.ID == all[0].ID {
				t.Errorf("the %s is still there", flag)
			}
		}
	}
	d.does(exitUsage, "users", "end", id, "--yes")
	d.does(exitUsage, "users", "end", id, "--session", "a", "--token", "b", "--yes")
}

func TestClearingRiskAndVerifyingByLink(t *testing.T) {
	t.Parallel()
	d := newDesktop(t, "admin")
	uma := d.id("uma.unverified@example.com")
	d.says(d.does(0, "mfa", "clear-risk", uma, "--yes"), "risk assessments are cleared")
	d.does(exitUsage, "mfa", "clear-risk", uma, "--connection", "Nope", "--yes")
	link := d.does(0, "users", "verify", uma, "--link", "--yes")
	if !strings.Contains(link.out, "Verification link: http") || strings.Contains(link.errs, "http") {
		t.Errorf("the link is not on standard output alone:\n%s\n%s", link.out, link.errs)
	}
	d.does(exitUsage, "users", "verify", uma, "--link", "--mark", "--yes")
	d.says(d.does(exitUsage, "users", "verify", uma, "--link", "--yes", "--json"), "--show-secret")
	if made := decoded[changeOut](t, d.does(0, "users", "verify", uma, "--link", "--yes", "--json", "--show-secret").out); len(made.Secrets) != 1 {
		t.Errorf("with --show-secret: %+v", made)
	}
	d.does(0, "users", "verify", uma, "--yes", "--json")
}
