//go:build unix

package main

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

func TestFindingAndShowingUsers(t *testing.T) {
	t.Parallel()
	d := newDesktop(t, "viewer")
	found := decoded[[]userOut](t, d.does(0, "users", "search", "lena", "--json").out)
	if len(found) != 1 || found[0].Email != "lena.locked@example.com" || found[0].Connection == "" {
		t.Errorf("search finds %+v", found)
	}
	if got := d.does(0, "users", "search", "lena.locked@example.com", "--fields", "user_id").out; got != found[0].UserID+"\n" {
		t.Errorf("piped, one field prints %q", got)
	}
	if rows := decoded[[]map[string]any](t, d.does(0, "users", "search", "email:*example.com", "--fields", "email", "--limit", "3", "--json").out); len(rows) != 3 || len(rows[0]) != 1 {
		t.Errorf("three rows of one field are %v", rows)
	}
	if got := d.does(0, "users", "search", "nobodyatall", "--json").out; strings.TrimSpace(got) != "[]" {
		t.Errorf("nobody is %q", got)
	}
	one := decoded[showOut](t, d.does(0, "users", "show", "Lena.Locked@Example.com", "--json").out)
	if one.User.UserID != found[0].UserID || one.Verdict[0].Weight != "stops" || len(one.Bans) != 1 || len(one.Record) == 0 || len(one.Methods) == 0 {
		t.Errorf("show gives %+v", one)
	}
	d.says(d.does(0, "users", "show", found[0].UserID), "verdict", "stops", "Blocked", "203.0.113.9", "lena.locked@example.com")
	d.says(d.does(0, "mfa", "list", "sven.silent@example.com"), "phone")

	// The exit codes.
	d.does(exitUsage, "users", "show", "lena")
	d.does(exitUsage, "users", "search", "x", "--limit", "0")
	d.says(d.does(exitUsage, "users", "search", `blocked:true AND role:"Order desk"`), "usher roles show ROLE --members")
	d.does(0, "users", "search", "app_metadata.role:x", "--json")
	d.does(exitUsage, "users", "search", "x", "--fields", "shoe_size")
	d.does(exitNotFound, "users", "show", "nobody@example.com")
	d.does(exitNotFound, "users", "show", "auth0|000000000000000000000000")
	d.says(d.does(exitNotAllowed, "users", "block", found[0].UserID, "--yes"), "users:block")
	d.says(d.does(exitNotAllowed, "users", "block", "uma.unverified@example.com", "--dry-run"), "users:block")
	several := d.does(exitAmbiguous, "users", "show", "robin@example.com")
	if n := strings.Count(several.errs, "\n  robin@example.com  "); n != 5 {
		t.Errorf("%d of five candidates are listed:\n%s", n, several.errs)
	}
	d.does(0, "logout")
	d.says(d.does(exitNotAllowed, "users", "search", "x"), "login")
}

func TestChangingOneUser(t *testing.T) {
	t.Parallel()
	d := newDesktop(t, "admin")
	id := d.id("bella.bothways@example.com")
	d.says(d.does(exitUsage, "users", "unblock", id), "--yes is missing")
	d.says(d.does(0, "users", "unblock", id, "--dry-run"), "administrator's block", "failed sign-ins", "Nothing was changed")
	if d.user(id)["blocked"] != true {
		t.Fatal("a dry run changed something")
	}
	done := decoded[changeOut](t, d.does(0, "users", "unblock", "bella.bothways@example.com", "--ip", "--yes", "--json", "--reason", "call 4711").out)
	_, blocks := d.look("user-blocks/" + strings.ReplaceAll(id, "|", "%7C"))
	if list, _ := blocks["blocked_for"].([]any); d.user(id)["blocked"] == true || len(list) != 0 || len(done.Done) != 3 || done.UserID != id || done.Error != nil {
		t.Errorf("after unblocking: %v, %+v", blocks, done)
	}
	d.says(d.does(0, "users", "unblock", id, "--yes"), "Not blocked.")
	d.says(d.does(0, "users", "block", id, "--yes"), "Blocked.")
	if d.user(id)["blocked"] != true {
		t.Error("not blocked")
	}
	d.says(d.does(0, "users", "block", id, "--yes"), "already")

	uma := d.id("uma.unverified@example.com")
	d.says(d.does(0, "users", "verify", uma, "--yes"), "Auth0 sends the email")
	d.does(0, "users", "verify", uma, "--mark", "--yes")
	if d.user(uma)["email_verified"] != true {
		t.Error("not marked as verified")
	}
	d.does(0, "users", "sign-out", uma, "--yes")
	d.does(0, "users", "password", "email", uma, "--yes")
	link := d.does(0, "users", "password", "link", uma, "--ttl", "1h", "--yes")
	if !strings.Contains(link.out, "http") || strings.Contains(link.errs, "http") {
		t.Errorf("the link is not on standard output alone:\n%s\n%s", link.out, link.errs)
	}
	d.says(d.does(exitUsage, "users", "password", "link", uma, "--yes", "--json"), "--show-secret")
	if made := decoded[changeOut](t, d.does(0, "users", "password", "link", uma, "--yes", "--json", "--show-secret").out); len(made.Secrets) != 1 {
		t.Errorf("with --show-secret: %+v", made)
	}
	weak := d.usher("short\n", "users", "password", "set", uma, "--yes")
	d.ends(weak, exitFailed)
	d.says(weak, "at least")
	good := d.usher("Long-Enough-4-All\n", "users", "password", "set", uma, "--yes", "--json")
	d.ends(good, 0)
	if strings.Contains(good.out+good.errs, "Long-Enough") {
		t.Error("the password is printed")
	}
	if strings.Contains(good.out+good.errs, "shown") {
		t.Errorf("it says that something is shown: %s%s", good.out, good.errs)
	}
	journal, err := os.ReadFile(filepath.Join(d.dir, "state", "local", "journal.jsonl"))
	if err != nil || !strings.Contains(string(journal), "call 4711") || !strings.Contains(string(journal), `"via":"cli"`) || strings.Contains(string(journal), "Long-Enough") {
		t.Errorf("the journal: %v", err)
	}
}

func TestSecondFactorsByCommand(t *testing.T) {
	t.Parallel()
	d := newDesktop(t, "admin")
	id := d.id("faye.fatigue@example.com")
	code := d.does(0, "mfa", "recovery-code", id, "--yes")
	d.says(code, "Recovery code: ")
	d.says(d.does(exitUsage, "mfa", "reset", id, "--method", "carrier-pigeon", "--yes"), "push")
	d.does(0, "mfa", "reset", id, "--method", "push", "--yes")
	kinds := func() (out []string) {
		for _, m := range decoded[[]methodOut](t, d.does(0, "mfa", "list", id, "--json").out) {
			out = append(out, m.Type)
		}
		return out
	}
	if got := kinds(); slices.Contains(got, "push") || !slices.Contains(got, "recovery-code") {
		t.Errorf("after resetting push: %v", got)
	}
	d.does(0, "mfa", "reset", id, "--yes")
	if got := kinds(); !slices.Equal(got, []string{"password"}) {
		t.Errorf("after resetting all: %v", got)
	}
	d.says(d.does(0, "mfa", "enrol", id, "--yes"), "Auth0 sends the email")
	d.says(d.does(0, "mfa", "enrol", id, "--link", "--yes"), "Enrolment link: http")
}

func TestUpdatingAttributesAndMetadata(t *testing.T) {
	t.Parallel()
	d := newDesktop(t, "admin")
	id := d.id("first+last@example.com")
	file := filepath.Join(d.dir, "prefs.json")
	if err := os.WriteFile(file, []byte(`{"theme":"dark","n":12345678901234567890,"gone":null}`), 0o600); err != nil {
		t.Fatal(err)
	}
	s := d.does(0, "users", "update", "first+last@example.com", "--set", "name=First L.", "--set", "email=First.Last+2@example.com", "--set", "app_metadata.plan=gold", "--metadata", file, "--unset", "user_metadata.old", "--yes")
	d.says(s, `name: "First Last" → "First L."`, "In 2 requests", "Saved email")
	u := d.user(id)
	app, _ := u["app_metadata"].(map[string]any)
	own, _ := u["user_metadata"].(map[string]any)
	if u["name"] != "First L." || u["email"] != "first.last+2@example.com" || app["plan"] != "gold" || own["theme"] != "dark" || u["email_verified"] != false {
		t.Errorf("after the update: %v", u)
	}
	d.says(d.does(0, "users", "update", id, "--set", "name=First L.", "--yes"), "nothing to change")
	d.says(d.usher(`{"a": 1,}`, "users", "update", id, "--metadata", "-", "--yes"), "line 1, column 9")
	for says, args := range map[string][]string{
		"--yes is missing": {"--set", "name=x"}, "nothing to change: give": {"--yes"}, "block and unblock": {"--set", "blocked=true", "--yes"},
		"no . and no $": {"--set", "user_metadata.a.b=1", "--yes"}, "for itself": {"--set", "app_metadata.user_id=1", "--yes"},
	} {
		d.says(d.does(exitUsage, append([]string{"users", "update", id}, args...)...), says)
	}
	d.says(d.does(exitFailed, "users", "update", id, "--unset", "given_name", "--yes"), "cannot be removed: given_name")
	refused := decoded[changeOut](t, d.does(exitFailed, "users", "update", id, "--set", "username=anyone", "--yes", "--json").out)
	if refused.Error == nil || refused.Error.Status != 400 || refused.Error.ExitCode != exitFailed || !strings.Contains(refused.Error.Message, "username") {
		t.Errorf("Auth0's refusal is told as %+v", refused.Error)
	}
}

func TestDeletingKeepsACopyThatMakesTheUserAnew(t *testing.T) {
	t.Parallel()
	d := newDesktop(t, "admin")
	id := d.id("example.name@example.com")
	before := d.user(id)
	d.says(d.does(exitUsage, "users", "delete", id, "--yes"), "--confirm is missing")
	d.says(d.does(exitUsage, "users", "delete", id, "--yes", "--confirm", "another@example.com"), "nothing was changed")
	if d.user(id) == nil {
		t.Fatal("deleted without the right email")
	}
	d.says(d.does(0, "users", "delete", id, "--yes", "--confirm", "example.name@example.com"), "Deleted.", "A copy of the record is in")
	if d.user(id) != nil {
		t.Fatal("not deleted")
	}
	copies, err := filepath.Glob(filepath.Join(d.dir, "state", "local", "deleted", "*.json"))
	if err != nil || len(copies) != 1 {
		t.Fatalf("%d copies, %v", len(copies), err)
	}
	if info, err := os.Stat(copies[0]); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("the copy: %v, %v", info.Mode(), err)
	}
	d.says(d.does(0, "users", "create", "--from", copies[0], "--yes"), "Created")
	after := d.user(id)
	for _, name := range []string{"user_id", "email", "name", "email_verified"} {
		if after == nil || after[name] != before[name] {
			t.Fatalf("%s was %v, is %v", name, before[name], after)
		}
	}
	own, _ := after["user_metadata"].(map[string]any)
	if own["full_name"] != "Example Name" {
		t.Errorf("the metadata is %v", own)
	}
	d.says(d.does(exitFailed, "users", "create", "--from", copies[0], "--yes"), "exists")
}

func TestCreatingUsers(t *testing.T) {
	t.Parallel()
	d := newDesktop(t, "admin")
	connection := decoded[showOut](t, d.does(0, "users", "show", "lena.locked@example.com", "--json").out).User.Connection
	made := d.does(0, "users", "create", "--connection", connection, "--email", "o'neil+x@bücher.example", "--set", "name=O'Neil \"Q\"", "--generate-password", "--yes")
	d.says(made, "Password: ", "Created")
	u := d.user(d.id("o'neil+x@bücher.example"))
	if u["name"] != `O'Neil "Q"` || u["email_verified"] != false {
		t.Errorf("created %v", u)
	}
	d.says(d.does(0, "users", "create", "--connection", "sms", "--phone", "+15550199999", "--yes"), "Created")
	d.says(d.does(exitUsage, "users", "create", "--connection", connection, "--email", "x@example.com", "--yes"), "--generate-password")
	d.does(exitUsage, "users", "create", "--email", "x@example.com", "--yes")
	d.does(exitNotFound, "users", "create", "--connection", "nowhere", "--email", "x@example.com", "--no-password", "--yes")
	d.says(d.does(exitUsage, "users", "create", "--connection", "google-oauth2", "--email", "x@example.com", "--yes"), "come from elsewhere")
	weak := d.usher("12345\n", "users", "create", "--connection", connection, "--email", "x@example.com", "--password-stdin", "--yes")
	d.ends(weak, exitFailed)
	d.says(weak, "it needs")
	d.says(d.does(exitFailed, "users", "create", "--connection", connection, "--email", "not an email", "--no-password", "--yes"), "email")
}

func TestManyUsersFromStandardInput(t *testing.T) {
	t.Parallel()
	d := newDesktop(t, "admin")
	uma, nico := d.id("uma.unverified@example.com"), d.id("nico.newcomer@example.com")
	names := uma + "\n\nnico.newcomer@example.com\n" + uma + "\n"
	d.ends(d.usher(names, "users", "block", "-"), exitUsage)
	d.says(d.usher(names, "users", "block", "-", "--dry-run"), "would be done  "+uma)
	s := d.usher(names, "users", "block", "-", "--yes")
	d.ends(s, 0)
	if strings.Count(s.out, "done  ") != 2 || d.user(uma)["blocked"] != true || d.user(nico)["blocked"] != true {
		t.Errorf("blocked:\n%s", s.out)
	}
	s = d.usher(names+"nobody@example.com\n", "users", "unblock", "-", "--yes", "--json")
	d.ends(s, exitNotFound)
	all := decoded[[]changeOut](t, s.out)
	if len(all) != 3 || all[0].Error != nil || all[2].Error == nil || all[2].Error.ExitCode != exitNotFound || all[2].Named != "nobody@example.com" || d.user(uma)["blocked"] == true {
		t.Errorf("unblocked: %+v", all)
	}
	d.ends(d.usher("nobody@example.com\nrobin@example.com\n", "users", "block", "-", "--yes"), exitFailed)
	d.ends(d.usher("\n", "users", "block", "-", "--yes"), exitUsage)
	d.says(d.usher(names, "users", "delete", "-", "--yes", "--confirm", "3"), "Nothing was changed")
	d.ends(d.usher(names, "users", "delete", "-", "--yes", "--confirm", "2"), 0)
	if d.user(uma) != nil || d.user(nico) != nil {
		t.Error("not deleted")
	}
	copies, err := filepath.Glob(filepath.Join(d.dir, "state", "local", "deleted", "*.json"))
	if err != nil || len(copies) != 2 {
		t.Errorf("%d copies, %v", len(copies), err)
	}
}

func TestExportingUsers(t *testing.T) {
	t.Parallel()
	d := newDesktop(t, "admin")
	file := filepath.Join(d.dir, "all.csv")
	d.does(0, "users", "export", "--format", "csv", "--fields", "user_id,email", "--output", file)
	if data, err := os.ReadFile(file); err != nil || !strings.Contains(string(data), "lena.locked@example.com") {
		t.Errorf("the file: %v, %.200s", err, data)
	}
	if s := d.does(0, "users", "export", "--limit", "2"); strings.Count(s.out, "\n") != 2 || !strings.Contains(s.out, "user_id") {
		t.Errorf("two users are %s", s.out)
	}
	d.does(exitUsage, "users", "export", "--format", "xml")
	d.does(exitNotFound, "users", "export", "--connection", "nowhere")
}
