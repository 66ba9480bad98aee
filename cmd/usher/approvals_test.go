//go:build unix

package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// newTwoDesk is a desktop whose profile has a policy that asks for second operators, with an operator signed in.
func newTwoDesk(t *testing.T, preset string) *desktop {
	t.Helper()
	d := newDesktop(t, preset)
	if err := os.WriteFile(filepath.Join(d.dir, "policies.toml"), []byte(twoOperators), 0o600); err != nil {
		t.Fatal(err)
	}
	data, err := os.ReadFile(d.config)
	if err != nil {
		t.Fatal(err)
	}
	with := strings.Replace(string(data), "[profiles.local]\n", "[profiles.local]\npolicies = \"policies.toml\"\n", 1)
	if err := os.WriteFile(d.config, []byte(with), 0o600); err != nil {
		t.Fatal(err)
	}
	return d
}

// as signs somebody else in.
func (d *desktop) as(preset string) { d.does(0, "login", "--approve", "--as", preset) }

func (d *desktop) approvals() []approvalOut {
	d.t.Helper()
	var all []approvalOut
	if err := json.Unmarshal([]byte(d.does(0, "approvals", "list", "--json").out), &all); err != nil {
		d.t.Fatal(err)
	}
	return all
}

// waits runs a change that must wait for a second operator, and gives its id.
func (d *desktop) waits(args ...string) string {
	d.t.Helper()
	s := d.does(exitFailed, append(args, "--yes", "--json")...)
	var out changeOut
	if err := json.Unmarshal([]byte(s.out), &out); err != nil || out.Error == nil || out.Error.Approval == "" {
		d.t.Fatalf("it does not wait: %v\n%s%s", err, s.out, s.errs)
	}
	return out.Error.Approval
}

func TestApprovalsByCommand(t *testing.T) {
	t.Parallel()
	d := newTwoDesk(t, "support")
	ada := d.id("ada@example.com")
	s := d.does(exitFailed, "users", "password", "link", "ada@example.com", "--yes", "--ttl", "1h", "--reason", "called back")
	d.says(s, "waits for a second operator", "role usher admin", "usher approvals show ")
	id := d.approvals()[0].ID

	d.says(d.does(0, "approvals", "list"), id, "sam@ops.example", "Password link", "ada@example.com", "waits", "until ")
	d.says(d.does(exitNotAllowed, "approvals", "approve", id, "--yes"), "nobody approves their own request", "role usher admin")
	d.says(d.does(exitFailed, "approvals", "take", id, "--yes"), "nobody has approved it yet")
	d.says(d.does(exitNotFound, "approvals", "show", "nope"), "no approval")
	d.does(exitNotFound, "approvals", "deny", "nope", "--yes")
	d.does(exitUsage, "approvals", "approve")

	d.as("admin")
	d.says(d.does(0, "approvals", "list"), "for you to decide")
	d.says(d.does(0, "approvals", "show", id), "sam@ops.example asked at ", "from cli", "Password link: ada@example.com ("+ada+")", "good for 1 hour", "Reason: called back", "role usher admin", "State: waits")
	d.says(d.does(exitUsage, "approvals", "approve", id), "--yes is missing")
	dry := d.does(0, "approvals", "approve", id, "--dry-run")
	d.says(dry, "Approve: ada@example.com", "a secret that is shown to them and not to you", "Nothing was changed")
	if a := d.approvals()[0]; a.State != "waiting" || !a.MayDecide || a.Reason != "called back" || a.Target != ada || a.Person != "ada@example.com" {
		t.Errorf("after a dry run it is %+v", a)
	}
	s = d.does(0, "approvals", "approve", id, "--yes")
	d.says(s, "You agreed. sam@ops.example can take it until ")
	if strings.Contains(s.out+s.errs, "ticket=") {
		t.Errorf("the approver reads the link:\n%s%s", s.out, s.errs)
	}
	d.says(d.does(exitFailed, "approvals", "approve", id, "--yes"), "not taken yet")
	d.says(d.does(exitNotAllowed, "approvals", "take", id, "--yes"), "only whoever asked for it takes it")

	d.as("support")
	d.says(d.does(0, "approvals", "list"), "for you to take")
	d.says(d.does(exitUsage, "approvals", "take", id, "--yes", "--json"), "--show-secret")
	var out changeOut
	if err := json.Unmarshal([]byte(d.does(0, "approvals", "take", id, "--yes", "--json", "--show-secret").out), &out); err != nil {
		t.Fatal(err)
	}
	if len(out.Secrets) != 1 || out.Secrets[0].Label != "Password link" || !strings.Contains(out.Secrets[0].Value, "ticket=") || out.Approval != id || out.UserID != ada {
		t.Errorf("taken is %+v", out)
	}
	d.says(d.does(exitFailed, "approvals", "take", id, "--yes"), "it is over: agreed to by ada.admin@ops.example, taken")
	if a := d.approvals()[0]; a.State != "taken" || a.Result != "made" || a.Decider != "ada.admin@ops.example" || a.TakenAt == nil || a.MayTake || a.MayDeny {
		t.Errorf("at the end it is %+v", a)
	}
	d.says(d.does(0, "journal", "verify"), "all whole")
}

func TestWhatHoldsNoSecretIsMadeByApproving(t *testing.T) {
	t.Parallel()
	d := newTwoDesk(t, "support")
	ada := d.id("ada@example.com")
	kept, denied, back := d.waits("users", "block", "ada@example.com"), d.waits("users", "block", "lena.locked@example.com"), d.waits("users", "block", "nico.newcomer@example.com")
	d.says(d.does(0, "approvals", "deny", back, "--yes"), "Taken back")
	d.as("admin")
	if d.user(ada)["blocked"] == true {
		t.Fatal("it was not waited for")
	}
	d.says(d.does(0, "approvals", "approve", kept, "--yes"), "Approved, and done: Block, ada@example.com")
	if d.user(ada)["blocked"] != true {
		t.Error("it was approved and is not made")
	}
	d.says(d.does(0, "approvals", "deny", denied, "--yes", "--reason", "wrong person"), "Denied: it will not be made")
	states := map[string]string{}
	for _, a := range d.approvals() {
		states[a.ID] = a.State + " " + a.Result
	}
	if states[kept] != "approved made" || states[denied] != "denied " || states[back] != "denied " {
		t.Errorf("they are %v", states)
	}
	d.says(d.does(exitFailed, "approvals", "deny", kept, "--yes"), "it is over: approved by ada.admin@ops.example, done")
	d.says(d.does(0, "journal", "list", "--json"), "wrong person", "denied approval "+denied)
}
