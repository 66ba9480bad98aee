//go:build unix

package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"usher/config"
)

func TestApprovingByItselfIsForLocalTenantsOnly(t *testing.T) {
	t.Parallel()
	for domain, refused := range map[string]bool{
		"acme.eu.auth0.com": true, "https://acme.eu.auth0.com/": true, "localhost.example.com": true, "https://127.0.0.1.example.com": true,
		"http://127.0.0.1:4000/": false, "http://localhost:4000/": false, "http://[::1]:4000/": false,
	} {
		p := config.Profile{Name: "x", Domain: domain}
		err := (&loginFlags{approve: true, as: "admin"}).check(p)
		if (err != nil) != refused || refused && (exitCode(err) != exitUsage || !strings.Contains(err.Error(), "is a real one")) {
			t.Errorf("%s: %v", domain, err)
		}
		if err := approveLocally(t.Context(), p, "A", "admin"); refused && (err == nil || !strings.Contains(err.Error(), "is for a local tenant")) {
			t.Errorf("%s is approved: %v", domain, err)
		}
	}
}

func TestSigningInAndOutAtTheCommandLine(t *testing.T) {
	t.Parallel()
	f := newFakeTenant(t)
	p := newPlace(t, f)
	step := func(code int, says string, env []string, args ...string) string {
		t.Helper()
		out, got := p.run(t, "main", env, args...)
		if got != code || !strings.Contains(out, says) {
			t.Errorf("usher %v ends with %d and says %q; want %d and %q", args, got, out, code, says)
		}
		return out
	}
	step(exitNotAllowed, "nobody is signed in to the profile fake; run: usher --config "+p.config+" --profile fake login", nil, "--config", p.config, "whoami")
	step(exitFailed, "there is no journal in ", nil, "journal", "list")
	step(exitFailed, "the profile other has no journal on this machine", nil, "journal", "verify", "--of", "other")
	step(exitUsage, "in a terminal", nil, "login")
	step(exitUsage, "in a terminal", nil, "login", "--web")
	step(exitUsage, "choose viewer, support or admin", nil, "login", "--approve", "--as", "boss")
	step(exitFailed, "cannot be kept: the keyring cannot be used", []string{"USHER_TOKEN_STORE=keyring", "DBUS_SESSION_BUS_ADDRESS=unix:path=/nowhere"}, "login", "--approve")
	if asked := f.asked(); len(asked) != 0 {
		t.Errorf("before it is known whether a sign-in can be kept, %v is asked", asked)
	}
	step(0, "memory: it ends with this command", []string{"USHER_TOKEN_STORE=memory"}, "login", "--approve")
	step(exitNotAllowed, "nobody is signed in", nil, "whoami")
	step(0, "Ada <ada@example.com>", nil, "login", "--approve")
	var w who
	if err := json.Unmarshal([]byte(step(0, "", nil, "whoami", "--json")), &w); err != nil || w.Subject != "auth0|ada" || w.Store != "file" || len(w.Permissions) != len(wanted()) || len(w.Missing) != 0 || w.SignedInAt == nil {
		t.Errorf("whoami --json says %+v, %v", w, err)
	}

	file := filepath.Join(p.dir, "state", "fake", "signin", "sign-in.age")
	if err := os.Chmod(file, 0o644); err != nil {
		t.Fatal(err)
	}
	step(exitFailed, "chmod 600 "+file, nil, "whoami")
	if err := os.WriteFile(file, []byte("age-encryption.org/v1\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(file, 0o600); err != nil {
		t.Fatal(err)
	}
	step(exitNotAllowed, "the sign-in kept in "+file+" is damaged and was moved to", nil, "whoami")
	step(exitNotAllowed, "nobody is signed in", nil, "whoami")
	step(0, "kept in", nil, "login", "--approve")

	f.asked()
	step(0, "revoked and forgotten", nil, "logout")
	if asked := f.asked(); len(asked) != 1 || asked[0] != "POST /oauth/revoke" {
		t.Errorf("a sign-out asks %v", asked)
	}
	step(0, "Nobody was signed in", nil, "logout")
	f.set(func() { f.life = 2 * time.Second })
	step(0, "kept in", nil, "login", "--approve")
	f.set(func() { f.refuse = "invalid_grant" })
	step(exitNotAllowed, "the sign-in to the profile fake has ended", nil, "users", "search", "ada")
	step(exitNotAllowed, "nobody is signed in", nil, "users", "search", "ada")
	f.set(func() { f.refuse, f.life = "", time.Hour })
	step(0, "kept in", nil, "login", "--approve")
	f.set(func() { f.down = true })
	step(exitFailed, "is forgotten here, but Auth0 could not be told", nil, "logout")
	step(exitNotAllowed, "nobody is signed in", nil, "whoami")
	step(exitUsage, "choose keyring, file or memory", []string{"USHER_TOKEN_STORE=cupboard"}, "whoami")
}

func TestAProfilesPoliciesCount(t *testing.T) {
	t.Parallel()
	f := newFakeTenant(t)
	p := newPlace(t, f)
	if out, code := p.run(t, "main", nil, "login", "--approve"); code != 0 {
		t.Fatal(out)
	}
	policies := filepath.Join(p.dir, "policies.toml")
	for text, says := range map[string]string{
		"[[policy]]\nname = \"others\"\nemails = [\"*@example.org\"]\n": "no policy of this gateway applies",
		"[[policy]]\nname = \"others\"\nemials = [\"*@example.org\"]\n": "line 3",
		"": "has no [[policy]] table",
	} {
		if err := os.WriteFile(policies, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		f.asked()
		out, _ := p.run(t, "change", []string{"USHER_POLICIES=policies.toml"})
		if !strings.Contains(out, says) {
			t.Errorf("with %q: %s; want %q", text, out, says)
		}
		if asked := strings.Join(f.asked(), " "); strings.Contains(asked, "PATCH") {
			t.Errorf("with %q the change was made: %s", text, asked)
		}
	}
}
