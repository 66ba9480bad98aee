package main

import (
	"bytes"
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"usher/auth0client/gateway/journal"
)

const hostile = "=1+1\u009b31m\u202e\x1b]52;c;x\a"

// keptJournal is a journal with a change that was made, one refused and one of unknown outcome.
func keptJournal(t *testing.T) (dir string, j *journal.Journal) {
	t.Helper()
	dir = t.TempDir()
	j, err := journal.Open(dir, journal.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = j.Close() })
	h, err := j.Intent(t.Context(), journal.Entry{
		ID: "made", Subject: "auth0|op", Email: "op@example.com", Via: "ssh", Client: "192.0.2.1", Approver: "auth0|boss", ApproverEmail: "boss@example.com",
		Actions: []string{"users:edit"}, Method: "PATCH", Path: "/api/v2/users/auth0%7C1", Target: "auth0|1", Reason: hostile,
		From: map[string]any{"nickname": "ada<1>", "blocked": true}, Fields: map[string]any{"nickname": hostile, "password": "canary"},
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := h.Outcome(t.Context(), journal.Outcome{Status: 200, Request: "req-1"}); err != nil {
		t.Fatal(err)
	}
	if err := j.Denied(t.Context(), journal.Entry{Email: "op@example.com", Actions: []string{"users:delete"}, Target: "auth0|2", Note: "no"}); err != nil {
		t.Fatal(err)
	}
	if _, err := j.Intent(t.Context(), journal.Entry{ID: "open", Email: "bo@example.com", Method: "POST", Path: "/api/v2/x", Target: "auth0|3"}); err != nil {
		t.Fatal(err)
	}
	return dir, j
}

func usher(t *testing.T, args ...string) (string, error) {
	t.Helper()
	return usherUntil(t.Context(), t, new(bytes.Buffer), args...)
}

func usherUntil(ctx context.Context, t *testing.T, out interface {
	String() string
	Write([]byte) (int, error)
}, args ...string) (string, error) {
	t.Helper()
	root := newRoot()
	root.SetArgs(args)
	root.SetOut(out)
	root.SetErr(out)
	err := root.ExecuteContext(ctx)
	if s := out.String(); strings.ContainsAny(s, "\x1b\x07\u009b\u202e") || strings.Contains(s, "canary") {
		t.Errorf("usher %v printed %q", args, s)
	}
	return out.String(), err
}

func TestTheJournalIsListedShownAndExported(t *testing.T) {
	t.Parallel()
	dir, _ := keptJournal(t)
	for _, c := range []struct {
		args  string
		lines int
		has   []string
	}{
		{"list", 4, []string{"op@example.com  users:edit  auth0|1", "HTTP 200", "denied", "intent"}},
		{"list --user auth0|1", 2, []string{"users:edit"}},
		{"list --operator boss@example.com", 2, []string{"HTTP 200"}},
		{"list --failed", 1, []string{"users:delete"}},
		{"list --unknown", 1, []string{"auth0|3"}},
		{"list --since 1h --action users:edit", 2, nil},
		{"list --since 2999-01-01", 0, nil},
		{"show made", 14, []string{
			"op@example.com (auth0|op)", "ssh 192.0.2.1", "boss@example.com (auth0|boss)", `field      nickname: "ada<1>" → "=1+1`, "field      blocked: was true",
			`field      password: → "…"`, "HTTP 200", "req-1",
		}},
		{"show 3", 6, []string{"refused: no"}},
		{"show open", 7, []string{"unknown: none was written; look whether"}},
		{"export", 4, []string{`"step":"outcome"`}},
		{"export --format csv", 5, []string{"seq,time,gateway", "'=1+1"}},
		{"export --format csv --failed", 2, nil},
		{"verify", 2, []string{"4 lines, all whole, sealed with key ", "unknown outcome: number 4, POST /api/v2/x by bo@example.com"}},
	} {
		out, err := usher(t, append([]string{"journal", "--dir", dir}, strings.Fields(c.args)...)...)
		if got := strings.Count(out, "\n"); err != nil || got != c.lines {
			t.Errorf("%s: %d lines, want %d, %v\n%s", c.args, got, c.lines, err, out)
		}
		for _, s := range c.has {
			if !strings.Contains(out, s) {
				t.Errorf("%s: %q is missing in\n%s", c.args, s, out)
			}
		}
	}
}

func TestTheJournalsJSONIsWhole(t *testing.T) {
	t.Parallel()
	dir, _ := keptJournal(t)
	var list []journal.Entry
	out, err := usher(t, "journal", "--dir", dir, "list", "--json")
	if jerr := json.Unmarshal([]byte(out), &list); err != nil || jerr != nil || len(list) != 4 || list[0].Reason != hostile || list[0].Client != "192.0.2.1" {
		t.Errorf("list: %v, %v\n%s", err, jerr, out)
	}
	if out, err := usher(t, "journal", "--dir", dir, "list", "--json", "--user", "nobody"); err != nil || out != "[]\n" {
		t.Errorf("list of nothing: %q, %v", out, err)
	}
	var c journal.Change
	out, err = usher(t, "journal", "--dir", dir, "show", "made", "--json")
	if jerr := json.Unmarshal([]byte(out), &c); err != nil || jerr != nil || c.Intent.Reason != hostile || c.Outcome == nil || c.Outcome.Status != 200 {
		t.Errorf("show: %v, %v\n%s", err, jerr, out)
	}
}

func TestADamagedJournalFailsTheCheckAndNamesTheLine(t *testing.T) {
	t.Parallel()
	dir, j := keptJournal(t)
	if err := j.Close(); err != nil {
		t.Fatal(err)
	}
	whole, err := usher(t, "journal", "--dir", dir, "verify")
	if err != nil {
		t.Fatal(err)
	}
	_, hash, _ := strings.Cut(whole, "with hash ")
	hash = hash[:64]
	for args, want := range map[string]int{
		"verify --anchor 4:" + hash:                       0,
		"verify --anchor 3:" + hash:                       exitFailed,
		"verify --anchor 9:" + hash:                       exitFailed,
		"verify --anchor x":                               exitUsage,
		"verify --gateway gw":                             exitUsage,
		"verify --key " + filepath.Join(dir, "no.key"):    exitFailed,
		"show nothing":                                    exitNotFound,
		"show":                                            exitUsage,
		"list --since yesterday":                          exitUsage,
		"list --follow --unknown":                         exitUsage,
		"export --format xml":                             exitUsage,
		"list --dsn postgres://op:canary@192.0.2.1/usher": exitUsage,
		"list --dsn env:USHER_TEST_NOWHERE":               exitFailed,
	} {
		_, err := usher(t, append([]string{"journal", "--dir", dir}, strings.Fields(args)...)...)
		if got := exitCode(err); got != want || err != nil && strings.Contains(err.Error(), "canary") {
			t.Errorf("%s: exit code %d, want %d: %v", args, got, want, err)
		}
	}
	path := filepath.Join(dir, journal.FileName)
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, bytes.Replace(data, []byte("auth0|2"), []byte("auth0|9"), 1), 0o600); err != nil {
		t.Fatal(err)
	}
	out, err := usher(t, "journal", "--dir", dir, "verify")
	if exitCode(err) != exitFailed || !strings.Contains(err.Error(), "number 3") || strings.Contains(out, "whole") {
		t.Errorf("the check of a damaged journal: %v\n%s", err, out)
	}
	if _, err := usher(t, "journal", "--dir", filepath.Join(dir, "none"), "list"); exitCode(err) != exitFailed {
		t.Errorf("a journal that is not there: %v", err)
	}
}

// watched tells of each write.
type watched struct {
	mu   sync.Mutex
	text strings.Builder
	news chan string
}

func (w *watched) Write(p []byte) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.text.Write(p)
	w.news <- string(p)
	return len(p), nil
}

func (w *watched) String() string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.text.String()
}

func TestFollowingTheJournalPrintsWhatIsWritten(t *testing.T) {
	t.Parallel()
	dir, j := keptJournal(t)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	out, ended := &watched{news: make(chan string, 16)}, make(chan error, 1)
	go func() {
		_, err := usherUntil(ctx, t, out, "journal", "--dir", dir, "list", "--follow", "--json", "--user", "auth0|7")
		ended <- err
	}()
	if err := j.Denied(t.Context(), journal.Entry{ID: "new", Target: "auth0|7"}); err != nil {
		t.Fatal(err)
	}
	select {
	case line := <-out.news:
		var e journal.Entry
		if err := json.Unmarshal([]byte(line), &e); err != nil || e.ID != "new" {
			t.Errorf("printed is %q, %v", line, err)
		}
	case <-time.After(10 * time.Second):
		t.Error("nothing was printed within 10 s")
	}
	cancel()
	if err := <-ended; err != nil {
		t.Error(err)
	}
}

func TestAJournalInPostgresIsReadByTheSameCommands(t *testing.T) {
	dsn := os.Getenv("USHER_TEST_POSTGRES")
	if dsn == "" {
		t.Skip("USHER_TEST_POSTGRES names no PostgreSQL server; .ci/postgres starts one")
	}
	keyFile := filepath.Join(t.TempDir(), "gw.key")
	// A name of its own keeps this chain apart in a server that others use.
	gateway := "cmd-" + strings.ToLower(strings.ReplaceAll(time.Now().UTC().Format("20060102-150405.000000000"), ".", "-"))
	j, err := journal.OpenPostgres(t.Context(), dsn, gateway, journal.Options{KeyFile: keyFile})
	if err != nil {
		t.Fatal(err)
	}
	h, err := j.Intent(t.Context(), journal.Entry{ID: gateway, Email: "op@example.com", Target: "auth0|1"})
	if err != nil {
		t.Fatal(err)
	}
	if err := h.Outcome(t.Context(), journal.Outcome{Status: 204}); err != nil {
		t.Fatal(err)
	}
	if err := j.Close(); err != nil {
		t.Fatal(err)
	}
	for args, has := range map[string]string{
		"show " + gateway:                                   "gateway    " + gateway,
		"list --operator op@example.com":                    gateway,
		"verify --gateway " + gateway + " --key " + keyFile: gateway + ": 2 lines, all whole",
	} {
		out, err := usher(t, append([]string{"journal", "--dsn", "env:USHER_TEST_POSTGRES"}, strings.Fields(args)...)...)
		if err != nil || !strings.Contains(out, has) {
			t.Errorf("%s: %v\n%s", args, err, out)
		}
	}
}

func TestTheJournalIsTheProfilesUnlessNamed(t *testing.T) {
	state := t.TempDir()
	t.Setenv("USHER_STATE", state)
	file := filepath.Join(t.TempDir(), "config.toml")
	t.Setenv("USHER_CONFIG", file)
	profile := "default = \"acme\"\n[profiles.acme]\ndomain = \"acme.eu.auth0.com\"\nclient_id = \"c\"\naudience = \"urn:usher\"\n"
	local := "management = { client_id = \"m\", secret = \"env:NONE\" }\n"
	if err := os.WriteFile(file, []byte(profile+local), 0o600); err != nil {
		t.Fatal(err)
	}
	j, err := journal.Open(filepath.Join(state, "acme"), journal.Options{})
	if err != nil {
		t.Fatal(err)
	}
	if err := j.Denied(t.Context(), journal.Entry{Actions: []string{"users:delete"}, Target: "auth0|2"}); err != nil {
		t.Fatal(err)
	}
	if err := j.Close(); err != nil {
		t.Fatal(err)
	}
	for _, args := range []string{"journal list", "journal list --profile acme", "journal list --of acme"} {
		if out, err := usher(t, strings.Fields(args)...); err != nil || !strings.Contains(out, "auth0|2") {
			t.Errorf("usher %s: %q, %v", args, out, err)
		}
	}
	if err := os.WriteFile(file, []byte(profile+"gateway = \"https://usher.example\"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := usher(t, "journal", "list"); exitCode(err) != exitUsage || !strings.Contains(err.Error(), "--dsn") {
		t.Errorf("of a gateway elsewhere: %v", err)
	}
}
