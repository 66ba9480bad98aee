package config

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

const good = `default = "work"

[profiles.work]
domain = "acme.eu.auth0.com"
client_id = "abc"
audience = "https://usher.acme.example/"
color = "#b3261e"
production = true

[profiles.work.management]
client_id = "m2m"
secret = "env:USHER_M2M"

[profiles.local]
domain = "http://127.0.0.1:4000/"
client_id = "abc"
audience = "https://usher.example/api"

[profiles.local.management]
client_id = "m2m"
secret = "file:/nowhere"
`

func file(t *testing.T, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "config.toml")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func env(vars map[string]string) func(string) string { return func(k string) string { return vars[k] } }

func TestFlagsComeBeforeTheEnvironmentBeforeTheFile(t *testing.T) {
	t.Parallel()
	path := file(t, good)
	for name, tc := range map[string]struct {
		o    Options
		want string
	}{
		"the file's default":  {Options{File: path}, "work"},
		"the environment's":   {Options{File: path, Env: env(map[string]string{"USHER_PROFILE": "local"})}, "local"},
		"the flag's":          {Options{File: path, Profile: "work", Env: env(map[string]string{"USHER_PROFILE": "local"})}, "work"},
		"a file by variable":  {Options{Env: env(map[string]string{"USHER_CONFIG": path})}, "work"},
		"another's domain":    {Options{File: path, Env: env(map[string]string{"USHER_DOMAIN": "b.auth0.com"})}, "work"},
		"a tenant by address": {Options{File: path, Profile: "local"}, "local"},
	} {
		if tc.o.Env == nil {
			tc.o.Env = env(nil)
		}
		p, err := Load(tc.o)
		if err != nil || p.Name != tc.want {
			t.Errorf("%s: profile %q, %v; want %q", name, p.Name, err, tc.want)
		}
	}
}

func TestABadFileIsExplainedWithItsNameAndLine(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct{ from, to, says string }{
		"an unknown key":       {"client_id = \"abc\"\naudience = \"https://usher.acme", "clientid = \"abc\"\naudience = \"https://usher.acme", `line 5: there is no setting "clientid"; did you mean "client_id"`},
		"a wrong type":         {"production = true", "production = \"yes\"", "line 8"},
		"plain http":           {"acme.eu.auth0.com", "http://acme.eu.auth0.com", "only https"},
		"a secret in the file": {"env:USHER_M2M", "s3cr3t-value", "does not belong in the file"},
		"no audience":          {"audience = \"https://usher.acme.example/\"\n", "", "are all needed"},
		"no profile of a name": {"default = \"work\"", "default = \"other\"", `no profile "other"`},
	} {
		path := file(t, strings.Replace(good, tc.from, tc.to, 1))
		_, err := Load(Options{File: path, Env: env(nil)})
		if err == nil || !strings.Contains(err.Error(), tc.says) || !strings.Contains(err.Error(), path) {
			t.Errorf("%s: %v; want the path and %q", name, err, tc.says)
		}
		if err != nil && strings.Contains(err.Error(), "s3cr3t") {
			t.Errorf("%s: the error quotes the secret", name)
		}
	}
}

func TestAFileCutAnywhereNamesItsPath(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "config.toml")
	for i := range len(good) {
		if err := os.WriteFile(path, []byte(good[:i]), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := Load(Options{File: path, Env: env(nil)}); err != nil && !strings.Contains(err.Error(), path) {
			t.Fatalf("cut at byte %d: %v does not name the file", i, err)
		}
	}
}

func TestWhatIsWrittenIsReadBack(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "c.toml")
	in := Profile{Domain: "http://127.0.0.1:1/", ClientID: "a", Audience: "b", Management: Management{ClientID: "m", Secret: "file:/x", Audience: "c"}}
	if err := Write(path, Config{Default: "local", Profiles: map[string]Profile{"local": in}}); err != nil {
		t.Fatal(err)
	}
	p, err := Load(Options{File: path, Env: env(nil)})
	in.Name = "local"
	if err != nil || p != in {
		t.Fatalf("read back %+v, %v; want %+v", p, err, in)
	}
	if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("mode %v, %v; want 0600", info.Mode(), err)
	}
}

func TestASecretThatOthersMayReadIsRefused(t *testing.T) {
	t.Parallel()
	path := file(t, "hush\n")
	if got, err := Reference("file:" + path).Resolve(env(nil)); err != nil || got != "hush" {
		t.Fatalf("Resolve = %q, %v", got, err)
	}
	if err := os.Chmod(path, 0o644); err != nil {
		t.Fatal(err)
	}
	if _, err := Reference("file:" + path).Resolve(env(nil)); err == nil || !strings.Contains(err.Error(), "chmod 600") {
		t.Errorf("Resolve of a file for all = %v; want the remedy", err)
	}
	if _, err := Reference("env:MISSING").Resolve(env(nil)); err == nil {
		t.Error("a missing variable was taken for a secret")
	}
}

func FuzzRead(f *testing.F) {
	f.Add(good)
	f.Add("[profiles")
	f.Fuzz(func(t *testing.T, text string) {
		path := filepath.Join(t.TempDir(), "c.toml")
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := Read(path); err != nil && !strings.Contains(err.Error(), path) {
			t.Errorf("%v does not name the file", err)
		}
	})
}
