package gateway

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"usher/auth0client/gateway/journal"
)

const fourEyes = `
[[policy]]
name = "elsewhere"
emails = ["*@example.org"]
users = "name:nobody"

[[policy]]
name = "desk"
emails = ["*@example.com"]
roles = ["desk"]
fresh_login = "1h"

[policy.approval]
"users:delete" = { by = ["lead"], expires = "2h" }
"users:password" = { by = ["lead"] }
`

// wantApproval makes a request that waits, and gives its id.
func wantApproval(t *testing.T, d *desk, method, path, body string, header ...string) string {
	t.Helper()
	got := d.ask(t, "op", method, path, body, header...)
	id, _ := got.json["approval"].(string)
	if got.status != 403 || got.code != "usher_approval" || id == "" || got.json["expires_at"] == nil || len(d.sent) != 0 {
		t.Fatalf("the request is answered %d %s, sent %q", got.status, got.body, d.sent)
	}
	return id
}

const decide = "/usher/v1/approvals/"

func TestASecondOperatorApprovesOnce(t *testing.T) {
	t.Parallel()
	d := newDesk(t, fourEyes)
	id := wantApproval(t, d, "PATCH", ann, `{"password":"`+password+`","connection":"staff"}`, "X-Usher-Reason", "lost+it")
	for _, a := range d.approvals.all {
		if strings.Contains(fmt.Sprintf("%+v %s", a, a.Sealed), password) {
			t.Errorf("the password lies open: %+v", a)
		}
	}
	if got := d.ask(t, "op", "POST", decide+id+"/approve", ""); got.code != "usher_self" {
		t.Errorf("one's own request: %d %s", got.status, got.body)
	}
	if got := d.ask(t, "other", "POST", decide+id+"/approve", ""); got.code != "usher_policy" {
		t.Errorf("by who may not approve: %d %s", got.status, got.body)
	}
	if got := d.ask(t, "lead", "POST", decide+id+"/approve", ""); got.status != 200 {
		t.Fatalf("approved: %d %s", got.status, got.body)
	}
	if len(d.sent) != 1 || d.sent[0] != `PATCH users/auth0%7Cann {"password":"`+password+`","connection":"staff"}` {
		t.Errorf("sent %q", d.sent)
	}
	for _, verb := range []string{"approve", "deny", "approve"} {
		if got := d.ask(t, "lead", "POST", decide+id+"/"+verb, ""); got.status != 409 || got.code != "usher_decided" {
			t.Errorf("%s again: %d %s", verb, got.status, got.body)
		}
	}
	if len(d.sent) != 1 {
		t.Errorf("sent %d times", len(d.sent))
	}
	var intent *journal.Entry
	for _, e := range d.journal.entries() {
		if e.Step == journal.StepIntent {
			intent = &e
		}
	}
	if intent == nil || intent.Email != "op@example.com" || intent.ApproverEmail != "lead@example.com" || intent.Approver == "" || !strings.Contains(intent.Note, "approved by lead@example.com") || intent.Reason != "lost it" {
		t.Errorf("the journal's intent is %+v", intent)
	}
	if strings.Contains(d.journal.data.String(), password) {
		t.Error("the password is in the journal")
	}
}

func TestOfTwoWhoApproveAtOnceOneDoes(t *testing.T) {
	t.Parallel()
	d := newDesk(t, fourEyes)
	id := wantApproval(t, d, "DELETE", ann, "")
	var wait sync.WaitGroup
	codes := make([]int, 8)
	for i := range codes {
		wait.Go(func() { codes[i] = d.ask(t, "lead", "POST", decide+id+"/approve", "").status })
	}
	wait.Wait()
	done := 0
	for _, c := range codes {
		if c < 300 {
			done++
		}
	}
	if done != 1 || len(d.sent) != 1 {
		t.Errorf("%d did it, sent %q", done, d.sent)
	}
}

func TestAnApprovalIsForWhatIsStillSo(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name   string
		change func(d *desk)
		status int
		code   string
	}{
		{"its time is over", func(d *desk) { d.clock.After(2*time.Hour + time.Second) }, 409, "usher_decided"},
		{"the requester is blocked", func(d *desk) { d.users["auth0|op"]["blocked"] = true }, 403, "usher_policy"},
		{"the requester is gone", func(d *desk) { delete(d.users, "auth0|op") }, 403, "usher_policy"},
		{"the requester may no more", func(d *desk) { d.permissions["auth0|op"] = []string{"users:read"} }, 403, "usher_permission"},
		{"the approver may not themselves", func(d *desk) {
			op := d.people["lead"]
			op.Permissions = []string{"users:read"}
			d.people["lead"] = op
		}, 403, "usher_permission"},
		{"the approver is the one it is about", func(d *desk) {
			op := d.people["lead"]
			op.Subject = "auth0|ann"
			d.tenantStub.roles["auth0|ann"] = []string{"rol_lead", "rol_desk"}
			d.people["lead"] = op
		}, 403, "usher_self"},
		{"the approver may not see whom it is about", func(d *desk) {
			op := d.people["lead"]
			op.Email = "lead@example.org"
			d.people["lead"] = op
		}, 404, "inexistent_user"},
		{"the approver's sign-in is old", func(d *desk) { d.clock.After(90 * time.Minute) }, 403, "usher_fresh_login"},
		{"it is under another id", func(d *desk) { d.o.Approvals.(*approvalsInMemory).all[0].ID = "OTHER" }, 404, "usher_approval"},
		{"it was changed in the store", func(d *desk) { d.o.Approvals.(*approvalsInMemory).all[0].Sealed[20] ^= 1 }, 503, "usher_approval"},
		{"it is about another in the store", func(d *desk) { d.o.Approvals.(*approvalsInMemory).all[0].Path = ivo }, 503, "usher_approval"},
		{"nothing changed", func(*desk) {}, 200, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			d := newDesk(t, fourEyes)
			id := wantApproval(t, d, "DELETE", ann, "")
			c.change(d)
			got := d.ask(t, "lead", "POST", decide+id+"/approve", "")
			if got.status != c.status || got.code != c.code || (len(d.sent) == 1) != (c.code == "") {
				t.Errorf("%d %s, sent %q; want %d %s", got.status, got.body, d.sent, c.status, c.code)
			}
		})
	}
}

func TestAnApprovalCanBeDeniedAndTakenBack(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		who  string
		code string
	}{{"lead", ""}, {"op", ""}, {"other", "usher_policy"}} {
		d := newDesk(t, fourEyes)
		id := wantApproval(t, d, "DELETE", ann, "")
		if got := d.ask(t, c.who, "POST", decide+id+"/deny", ""); got.code != c.code {
			t.Errorf("%s: %d %s", c.who, got.status, got.body)
		}
		want := map[bool]string{true: "usher_decided", false: ""}[c.code == ""]
		if got := d.ask(t, "lead", "POST", decide+id+"/approve", ""); got.code != want {
			t.Errorf("after %s denied it: %d %s", c.who, got.status, got.body)
		}
	}
}

func TestApprovalsAreListedToThoseTheyConcern(t *testing.T) {
	t.Parallel()
	d := newDesk(t, fourEyes)
	id := wantApproval(t, d, "DELETE", ann, "")
	for who, want := range map[string]string{"op": "mine:true decide:false", "lead": "mine:false decide:true", "other": ""} {
		got := d.ask(t, who, "GET", "/usher/v1/approvals", "")
		list, _ := got.json["approvals"].([]any)
		line := ""
		for _, a := range list {
			m, _ := a.(map[string]any)
			if m["id"] != id || m["target"] != "auth0|ann" || m["requester_email"] != "op@example.com" {
				t.Errorf("%s sees %v", who, m)
			}
			line += fmt.Sprintf("mine:%v decide:%v", m["mine"], m["may_decide"])
		}
		if got.status != 200 || line != want || strings.Contains(got.body, "ealed") {
			t.Errorf("%s: %d %s, want %q", who, got.status, got.body, want)
		}
	}
}

func TestTheApprovalsKeyIsTheGatewaysAlone(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "journal")
	var wait sync.WaitGroup
	keys := make([][]byte, 8)
	for i := range keys {
		wait.Go(func() { keys[i], _ = SealingKey(dir) })
	}
	wait.Wait()
	for _, k := range keys {
		if len(k) != keySize || !bytes.Equal(k, keys[0]) {
			t.Fatalf("two gateways started at once have different keys, or none")
		}
	}
	path := filepath.Join(dir, KeyFile)
	if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("the key's file: %v %v", info.Mode(), err)
	}
	if left, _ := filepath.Glob(path + ".*"); len(left) > 0 {
		t.Errorf("left behind: %v", left)
	}
	if err := os.Chmod(path, 0o644); err != nil {
		t.Fatal(err)
	}
	if _, err := SealingKey(dir); err == nil || !strings.Contains(err.Error(), "chmod 600") {
		t.Errorf("a key that others can read: %v", err)
	}
	if err := os.WriteFile(path, []byte("short"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(path, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := SealingKey(dir); err == nil {
		t.Error("a key that was cut off is taken")
	}
}
