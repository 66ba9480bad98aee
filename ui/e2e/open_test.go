//go:build unix

package e2e

import (
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"usher/ui/uitest/ptyrun"
)

// TestOpenStartsAtThePerson opens the console with what a ticket system would hand over.
func TestOpenStartsAtThePerson(t *testing.T) {
	t.Parallel()
	bin, err := usher()
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	conf := filepath.Join(dir, "config.toml")
	tenant := exec.Command(bin, "tenant", "--users", "200", "--write-config", conf)
	if err := tenant.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = tenant.Process.Kill()
		_ = tenant.Wait()
	})
	env := []string{"USHER_STATE=" + filepath.Join(dir, "state")}
	usherRuns := func(args ...string) *exec.Cmd {
		cmd := exec.Command(bin, append([]string{"--config", conf}, args...)...)
		cmd.Env = append(os.Environ(), env...)
		return cmd
	}
	for began := time.Now(); ; <-time.After(20 * time.Millisecond) {
		if _, err := os.Stat(conf); err == nil {
			break
		}
		if time.Since(began) > patience {
			t.Fatal("the tenant wrote no configuration")
		}
	}
	text, err := os.ReadFile(conf)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(conf, append(text, "\n[profiles.local.lookup]\ncrm = \"app_metadata.customer\"\n"...), 0o600); err != nil {
		t.Fatal(err)
	}
	if out, err := usherRuns("login", "--approve").CombinedOutput(); err != nil {
		t.Fatalf("sign in: %v\n%s", err, out)
	}
	for query, shows := range map[string]string{
		"Lena.Locked@Example.com":                  `Users › lena\.locked@example\.com`,
		"crm:C-10001":                              `Users › ada@example\.com`,
		"robin@example.com":                        `\b5 users for robin@example\.com`,
		"case 12: ada@example.com, +420 777 123 4": `Users › ada@example\.com`,
		"blocked:true":                             `users for blocked:true`,
		"auth0|nobody":                             `Nobody matches`,
	} {
		p, err := ptyrun.Start(ptyrun.Options{Command: bin, Args: []string{"--config", conf, "open", query}, Env: env, Cols: 100, Rows: 30})
		if err != nil {
			t.Fatal(err)
		}
		if err := p.Expect(shows, patience); err != nil {
			t.Errorf("open %q: %v", query, err)
		}
		if err := p.Close(); err != nil {
			t.Error(err)
		}
	}
}
