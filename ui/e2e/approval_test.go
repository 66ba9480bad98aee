//go:build unix

package e2e

import (
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"usher/ui/uitest/ptyrun"
)

// counter is a local tenant and what two operators share of it: a configuration with a policy that asks for a second
// operator, and usher's state with the journal.
type counter struct {
	*bastion
	bin, config string
	env         []string
}

func openCounter(t *testing.T) *counter {
	t.Helper()
	bin, err := usher()
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	c := &counter{bastion: &bastion{t: t, dir: dir, log: &logbook{}, info: filepath.Join(dir, "info.json")}, bin: bin, config: filepath.Join(dir, "usher.toml")}
	c.env = []string{"HOME=" + dir, "USHER_STATE=" + filepath.Join(dir, "state")}
	c.run(bin, "tenant", "--users", "200", "--info", c.info, "--write-config", c.config)
	data, err := os.ReadFile(c.config)
	if err != nil {
		t.Fatal(err)
	}
	// Each console signs in by itself: none finds the other's sign-in.
	text := strings.NewReplacer("[profiles.local]\n", "[profiles.local]\npolicies = \"policies.toml\"\n", "token_store = 'file'", "token_store = 'memory'").Replace(string(data))
	const policies = "[[policy]]\nname = \"desk\"\n[policy.approval]\n\"users:password\" = { by = [\"usher admin\"] }\n"
	for name, content := range map[string]string{c.config: text, filepath.Join(dir, "policies.toml"): policies} {
		if err := os.WriteFile(name, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return c
}

// sit opens a console and signs an operator in.
func (c *counter) sit(preset string) *scene {
	c.t.Helper()
	p, err := ptyrun.Start(ptyrun.Options{Command: c.bin, Args: []string{"--config", c.config}, Env: c.env, Cols: 80, Rows: 24})
	if err != nil {
		c.t.Fatal(err)
	}
	c.t.Cleanup(func() { _ = p.Close() })
	s := &scene{t: c.t, p: p, info: c.info}
	s.approve(s.code(""), preset)
	s.expect(`20\d users`)
	return s
}

// tickets counts the password links that the tenant's own log knows of.
func (s *scene) tickets() int {
	s.t.Helper()
	var events []struct{ Description string }
	s.tenant("logs?q=type:sapi&per_page=100", &events)
	n := 0
	for _, e := range events {
		if e.Description == "Create a password change ticket" {
			n++
		}
	}
	return n
}

// TestTwoOperatorsMakeOneLink has one operator ask for a password link, a second agree, and the first take it.
func TestTwoOperatorsMakeOneLink(t *testing.T) {
	t.Parallel()
	c := openCounter(t)
	sam := c.sit("support")
	sam.send("/lena.locked@example.com<enter>")
	sam.expect(`\b1 user\b`)
	sam.send("<enter>")
	sam.expect(`STOPS +Blocked`)
	sam.send("p")
	sam.expect(`Send the reset email`)
	sam.send("2")
	sam.expect(`good for 1 hour`)
	sam.send("y")
	sam.expect(`Not done yet\. It waits for a second operator`)
	sam.expect(`role usher admin`)
	sam.send("<enter>")

	ada := c.sit("admin")
	ada.expect(`approvals: 1 to decide`)
	ada.send(":")
	ada.expect(`Commands`)
	ada.send("Approvals<enter>")
	ada.expect(`› decide +Password link +lena\.locked@example\.com`)
	ada.send("<enter>")
	ada.expect(`Asked by +sam@ops\.example`)
	ada.send("a")
	ada.expect(`\[Cancel\]`)
	ada.send("y")
	ada.expect(`You agreed\. sam@ops\.example can take it`)
	ada.send("<enter>")
	ada.expect(`agreed to by ada\.admin@ops\.example, not taken yet`)
	if n := ada.tickets(); n != 0 {
		t.Fatalf("the tenant made %d links although nobody has taken one", n)
	}

	sam.send(":")
	sam.expect(`Commands`)
	sam.send("Approvals<enter>")
	sam.expect(`› take it +Password link +lena\.locked@example\.com`)
	sam.send("t")
	sam.expect(`shown this once, to you`)
	sam.send("y")
	sam.expect(`Password link \(shown this once\)`)
	sam.expect(`ticket=`)
	link := shownOnce(sam.p.Screen())
	res, err := http.Get(link) //nolint:noctx // the user's browser
	if err != nil {
		t.Fatal(err)
	}
	_ = res.Body.Close()
	if res.StatusCode != http.StatusOK {
		t.Errorf("the link %s gives HTTP %d", link, res.StatusCode)
	}
	sam.send("<enter>")
	sam.expect(`done +Password link +lena\.locked`)
	if err := sam.p.Absent(`ticket=`, patience); err != nil {
		t.Error(err)
	}
	if n := sam.tickets(); n != 1 {
		t.Errorf("the tenant made %d links, want 1", n)
	}
	for _, s := range []*scene{sam, ada} {
		s.send("q")
		if code, err := s.p.Exit(patience); err != nil || code != 0 {
			t.Errorf("exit status %d, %v", code, err)
		}
		restored(t, s.p)
	}
	c.journalHolds(`"step":"intent"`, `"email":"ada.admin@ops.example"`, `agrees to approval`)
	c.journalHolds(`"step":"intent"`, `"email":"sam@ops.example"`, `"approver_email":"ada.admin@ops.example"`, `tickets/password-change`)
	verify := exec.Command(c.bin, "--config", c.config, "journal", "verify") //nolint:gosec // the program under test
	verify.Env = append(os.Environ(), c.env...)
	if out, err := verify.CombinedOutput(); err != nil || !strings.Contains(string(out), "all whole") {
		t.Errorf("the journal: %v\n%s", err, out)
	}
}
