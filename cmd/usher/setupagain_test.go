package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"usher/config"
)

// adminPlace is a place with the admin token of a tenant in a file.
func adminPlace(t *testing.T, b bareTenant) (p place, token string) {
	t.Helper()
	dir := t.TempDir()
	token = filepath.Join(dir, "token")
	if err := os.WriteFile(token, []byte(b.token+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	return place{dir: dir, config: filepath.Join(dir, "config.toml")}, "file:" + token
}

func TestSetupLeavesAProfileItsGateway(t *testing.T) {
	t.Parallel()
	b := newBareTenant(t)
	p, token := adminPlace(t, b)
	old := "[profiles.acme]\ndomain = \"old.example.com\"\nclient_id = \"a\"\naudience = \"b\"\ngateway = \"https://gw.example.com\"\n"
	if err := os.WriteFile(p.config, []byte(old), 0o600); err != nil {
		t.Fatal(err)
	}
	if out, code := p.run(t, "main", nil, "--profile", "acme", "setup", "--domain", b.url, "--token", token, "--features", "logs", "--write-config", p.config, "--yes"); code != 0 {
		t.Fatal(out)
	}
	got, err := config.Load(config.Options{File: p.config, Env: func(string) string { return "" }})
	if err != nil || got.Gateway != "https://gw.example.com" || got.ClientID == "a" {
		t.Errorf("the profile is %+v, %v", got, err)
	}
}

func TestASecretThatIsLostIsNamed(t *testing.T) {
	t.Parallel()
	b := newBareTenant(t)
	p, token := adminPlace(t, b)
	secret := filepath.Join(p.dir, "secret")
	args := []string{"setup", "--domain", b.url, "--token", token, "--features", "logs", "--secret-file", secret, "--yes"}
	if out, code := p.run(t, "main", nil, args...); code != 0 {
		t.Fatal(out)
	}
	if out, code := p.run(t, "main", nil, args...); code != 0 {
		t.Errorf("the second run ends with %d:\n%s", code, out)
	}
	if err := os.Remove(secret); err != nil {
		t.Fatal(err)
	}
	out, code := p.run(t, "main", nil, args...)
	if code != exitFailed || !strings.Contains(out, secret) || !strings.Contains(out, "copy it from the Dashboard") {
		t.Errorf("without the secret it ends with %d:\n%s", code, out)
	}
}
