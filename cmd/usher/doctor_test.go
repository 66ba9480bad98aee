//go:build unix

package main

import (
	"encoding/json"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"usher/auth0client/doctor"
	"usher/auth0client/localtenant"
)

// localPlace is a machine with a profile for a local tenant.
func localPlace(t *testing.T) (place, *localtenant.Tenant) {
	t.Helper()
	tenant, err := localtenant.New(localtenant.Options{Users: 5, Seed: 1})
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(tenant.Handler())
	t.Cleanup(server.Close)
	tenant.SetBaseURL(server.URL)
	dir := t.TempDir()
	p := place{dir: dir, config: filepath.Join(dir, "config.toml")}
	if err := writeConfig(p.config, tenant); err != nil {
		t.Fatal(err)
	}
	return p, tenant
}

func TestTheDoctorSaysALineForEachCheck(t *testing.T) {
	t.Parallel()
	p, _ := localPlace(t)
	look := func(code int, env []string, args ...string) string {
		t.Helper()
		began := time.Now()
		out, got := p.run(t, "main", env, append([]string{"doctor"}, args...)...)
		if got != code || time.Since(began) > 10*time.Second {
			t.Errorf("usher doctor %v %v ends with %d after %s:\n%s", env, args, got, time.Since(began), out)
		}
		return out
	}
	if said := look(exitFailed, nil); !strings.Contains(said, "FAILED   sign-in") || !strings.Contains(said, "--profile local login\n") || !strings.Contains(said, "not all is well") {
		t.Errorf("before a sign-in: %s", said)
	}
	if out, code := p.run(t, "main", nil, "login", "--approve", "--as", "support"); code != 0 {
		t.Fatal(out)
	}
	said := look(0, nil)
	for _, name := range []string{"configuration", "dns", "tls", "clock", "discovery", "keys", "device", "audience", "store", "sign-in", "permissions", "credential", "scopes", "journal", "terminal"} {
		if !regexp.MustCompile(`(?m)^(ok|note) +` + name + ` `).MatchString(said) {
			t.Errorf("there is no good line for %s in\n%s", name, said)
		}
	}
	var rows []struct{ Check, Status, Message, Fix string }
	if err := json.Unmarshal([]byte(look(0, nil, "--json")), &rows); err != nil || len(rows) != 15 || rows[0].Check != "configuration" || rows[0].Status != "ok" {
		t.Errorf("--json says %v, %v", rows, err)
	}
	look(exitUsage, nil, "--features", "moon")

	for says, env := range map[string][]string{
		`domain "http://acme.example.com": only https counts`:                    {"USHER_DOMAIN=http://acme.example.com"},
		"there is no host no.such.host.invalid":                                  {"USHER_DOMAIN=no.such.host.invalid"},
		"FAILED   tls            127.0.0.1 cannot be reached":                    {"USHER_DOMAIN=http://127.0.0.1:1"},
		"Unknown client: of-another-tenant":                                      {"USHER_CLIENT_ID=of-another-tenant"},
		"FAILED   audience       Service not found: urn:nobody":                  {"USHER_AUDIENCE=urn:nobody"},
		"the environment has no M2M_SECRET":                                      {"USHER_MANAGEMENT_SECRET=env:M2M_SECRET"},
		"FAILED   gateway        127.0.0.1:1 cannot be reached":                  {"USHER_GATEWAY=https://127.0.0.1:1"},
		"FAILED   store          keyring cannot be used":                         {"USHER_TOKEN_STORE=keyring", "DBUS_SESSION_BUS_ADDRESS=unix:path=/nowhere"},
		"token_store \"cupboard\": choose keyring, file or memory":               {"USHER_TOKEN_STORE=cupboard"},
		"has no profile \"nobody\"":                                              {"USHER_PROFILE=nobody"},
		"FAILED   configuration  read the profile's policies: open /no/policies": {"USHER_POLICIES=/no/policies"},
	} {
		if said := look(exitFailed, env); !strings.Contains(said, says) {
			t.Errorf("with %v it says\n%s\nwant %q", env, said, says)
		}
	}
	if err := os.Chmod(p.config, 0o666); err != nil {
		t.Fatal(err)
	}
	if said := look(exitFailed, nil); !strings.Contains(said, "run: chmod go-w "+p.config) {
		t.Errorf("with a configuration open to all: %s", said)
	}
	if err := os.WriteFile(p.config, []byte("profiles = 3"), 0o600); err != nil {
		t.Fatal(err)
	}
	if said := look(exitFailed, nil); !strings.Contains(said, "FAILED   configuration") || !strings.Contains(said, "note     terminal") {
		t.Errorf("with a broken configuration: %s", said)
	}
}

func TestTheDoctorShowsNoSecret(t *testing.T) {
	t.Parallel()
	f := newFakeTenant(t)
	p := newPlace(t, f)
	if out, code := p.run(t, "main", nil, "login", "--approve"); code != 0 {
		t.Fatal(out)
	}
	for i, spoil := range []func(){func() {}, func() { f.refuse = "access_denied" }, func() { f.down = true }} {
		f.set(spoil)
		for _, args := range [][]string{{"doctor"}, {"doctor", "--json"}} {
			out, _ := p.run(t, "main", nil, args...)
			if strings.Contains(out, canary) || !strings.Contains(out, "configuration") {
				t.Errorf("%d: usher %v says %s", i, args, out)
			}
			f.set(func() {
				for _, s := range f.secrets {
					if strings.Contains(out, s) {
						t.Errorf("%d: usher %v shows a token", i, args)
					}
				}
			})
		}
	}
}

func TestTheDoctorsLinesAreOneLineEach(t *testing.T) {
	t.Parallel()
	p, tenant := localPlace(t)
	if err := tenant.AddFault("POST /oauth/token html"); err != nil {
		t.Fatal(err)
	}
	out, _ := p.run(t, "main", nil, "doctor")
	for line := range strings.Lines(strings.TrimSpace(out)) {
		if !regexp.MustCompile(`^(ok|note|FAILED|skipped) +[a-z-]+ +\S|^usher: not all is well`).MatchString(line) {
			t.Errorf("a line is %q", line)
		}
	}
}

func TestTheDoctorAsksAGatewayOnAnotherMachine(t *testing.T) {
	t.Parallel()
	f := prepareGateway(t, localtenant.Options{Users: 5, Seed: 1})
	f.start(t)
	ca := func() ([]byte, error) { return f.ca, nil }
	found := doctor.Run(t.Context(), []doctor.Check{doctor.Remote(f.url, ca)})
	if len(found) != 1 || found[0].State != doctor.OK || !strings.HasSuffix(found[0].Says.String(), "is ready") {
		t.Errorf("it finds %+v", found)
	}
}
