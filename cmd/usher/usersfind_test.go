//go:build unix

package main

import (
	"errors"
	"os"
	"strings"
	"testing"

	"usher/auth0client"
	"usher/auth0client/term"
)

// withLookup adds a lookup to the desktop's profile.
func (d *desktop) withLookup(name, path string) {
	d.t.Helper()
	text, err := os.ReadFile(d.config)
	if err != nil {
		d.t.Fatal(err)
	}
	if err := os.WriteFile(d.config, append(text, "\n[profiles.local.lookup]\n"+name+" = \""+path+"\"\n"...), 0o600); err != nil {
		d.t.Fatal(err)
	}
}

func TestCommandsFindWhatTheConsoleFinds(t *testing.T) {
	t.Parallel()
	d := newDesktop(t, "admin")
	d.withLookup("crm", "app_metadata.customer")
	ada := d.user(d.id("ada@example.com"))
	id := ada["user_id"].(string)
	for _, named := range []string{
		"ticket 4711: Ada <ada@example.com> cannot sign in", strings.ReplaceAll(id, "|", "%7C"), "crm:C-10001", "C-10001", "Re: " + id + " is out",
	} {
		if got := d.does(0, "users", "search", named, "--fields", "user_id").out; got != id+"\n" {
			t.Errorf("search %q finds %q", named, got)
		}
		if got := decoded[showOut](t, d.does(0, "users", "show", named, "--json").out).User.UserID; got != id {
			t.Errorf("show %q finds %q", named, got)
		}
	}
	d.does(0, "users", "block", "ticket 4711: Ada <ada@example.com>", "--yes")
	if d.user(id)["blocked"] != true {
		t.Error("the user of the pasted line is not blocked")
	}

	nobody := d.does(exitNotFound, "users", "search", "crm:C-99999")
	d.says(nobody, `nobody found; asked for: app_metadata.customer:"C-99999"`)
	if nobody.out != "" {
		t.Errorf("nobody is %q", nobody.out)
	}
	d.does(exitNotFound, "users", "show", "crm:C-99999")
	d.does(exitUsage, "users", "block", "ada lovelace", "--yes")
	d.does(exitAmbiguous, "users", "show", "from ada@example.com about robin@example.com")
	// A linked identity is no name of the user who has it, for whom it would be changed.
	d.does(exitNotFound, "users", "block", "google-oauth2|109876543210987654321", "--dry-run")

	several := d.usher("robin@example.com\n", "users", "block", "-", "--yes")
	d.ends(several, exitAmbiguous)
	if n := strings.Count(several.out, "\n  robin@example.com  "); n != 5 || strings.Contains(several.out, "␊") {
		t.Errorf("%d of five candidates have a line:\n%s", n, several.out)
	}
}

func TestNoCommandHintsAtTheConsolesKeys(t *testing.T) {
	t.Parallel()
	answer := auth0client.Answer{Status: 500, Message: term.Line("what Auth0 said")}
	for _, err := range []error{
		&auth0client.NotFound{Answer: answer}, &auth0client.Conflict{Answer: answer}, &auth0client.Unavailable{Answer: answer},
		&auth0client.Unavailable{}, &auth0client.Unknown{}, &auth0client.Unreachable{}, &auth0client.RateLimited{}, &auth0client.Unauthorized{Answer: answer},
		errors.New("something else"),
	} {
		if got := tell("", err).Error(); got == "" || strings.Contains(got, "ctrl") || strings.Contains(got, "any more") || strings.Contains(got, "meanwhile,") {
			t.Errorf("%T is told as %q", err, got)
		}
	}
	d := newDesktop(t, "admin")
	nope := d.does(exitNotFound, "users", "create", "--connection", "Nope", "--email", "new@example.com", "--yes")
	d.says(nope, "there is no connection Nope")
	if strings.Contains(nope.errs, "deleted") || strings.Contains(nope.errs, "any more") {
		t.Errorf("a connection that never was: %s", nope.errs)
	}
}

func TestShowTellsFactorsFromWaysToSignIn(t *testing.T) {
	t.Parallel()
	d := newDesktop(t, "viewer")
	none := d.does(0, "users", "show", "ada@example.com").out
	if !strings.Contains(none, "signs in by    Password") || strings.Contains(none, "MFA            Password") {
		t.Errorf("ways to sign in:\n%s", none)
	}
	d.says(d.does(0, "users", "show", "uma.unverified@example.com"), "MFA            none")
	if got := d.does(0, "users", "show", "sven.silent@example.com").out; strings.Contains(got, "MFA            none") || !strings.Contains(got, "MFA            ") {
		t.Errorf("a second factor:\n%s", got)
	}
}
