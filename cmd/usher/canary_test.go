//go:build unix

package main

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"io/fs"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"usher/auth0client"
	"usher/ui/uitest/ptyrun"
)

// panicking crashes with everything that holds a secret in its message.
func panicking(ctx context.Context) {
	w, op, err := openSignedIn(ctx, &consoleFlags{})
	if err != nil {
		panic(err)
	}
	if _, err := w.client.SearchUsers(ctx, auth0client.Search{}); err != nil {
		panic(err)
	}
	panic(fmt.Sprintf("%v %+v %#v %s %v %+v %#v", w.session, w, w.session, op, w.limits, w.keys, w))
}

// changing makes a change that the tenant refuses, quoting the credential.
func changing(ctx context.Context) {
	w, _, err := openSignedIn(ctx, &consoleFlags{})
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(exitCode(err))
	}
	defer w.close()
	_, err = w.client.SetBlocked(auth0client.WithReason(ctx, "a test"), "auth0|bob", true)
	fmt.Fprintln(os.Stderr, err)
}

// run runs one usher to its end and gives what it wrote.
func (p place) run(t *testing.T, role string, more []string, args ...string) (string, int) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), os.Args[0], args...)
	cmd.Env = p.env(append(more, roleVariable+"="+role)...)
	out, err := cmd.CombinedOutput()
	if err != nil && cmd.ProcessState == nil {
		t.Fatal(err)
	}
	return string(out), cmd.ProcessState.ExitCode()
}

func TestNoSecretIsWrittenAnywhere(t *testing.T) {
	t.Parallel()
	f := newFakeTenant(t)
	p := newPlace(t, f)
	var written []string
	do := func(role string, want int, args ...string) {
		t.Helper()
		out, code := p.run(t, role, nil, args...)
		if code != want {
			t.Errorf("%s %v ends with %d, want %d:\n%s", role, args, code, want, out)
		}
		written = append(written, out)
	}
	do("main", exitNotAllowed, "whoami")
	f.set(func() { f.life = -5 * time.Second }) // within the skew: the next run refreshes
	do("main", 0, "login", "--approve")
	f.set(func() { f.life = time.Hour })
	do("main", 0, "whoami")
	do("main", 0, "whoami", "--json")
	do("change", 0)
	do("panic", 2)
	f.set(func() { f.down = true })
	do("main", 0, "whoami") // the token and the keys are kept
	do("change", 0)
	do("main", exitFailed, "login", "--approve")
	f.set(func() { f.down, f.refuse = false, "invalid_request" })
	do("main", exitFailed, "login", "--approve")
	do("change", 0) // the machine's own credential is refused
	do("main", exitUsage, "--config", "/nowhere/x", "whoami")
	f.set(func() { f.refuse = "" })
	do("main", exitUsage, "logout", "--browser=maybe")
	written = append(written, throughABrowser(t, f, p))
	do("main", 0, "logout")
	f.set(func() { f.life = -5 * time.Second })
	do("main", 0, "login", "--approve")
	f.set(func() { f.refuse = "invalid_grant" })
	do("main", exitNotAllowed, "whoami") // reuse: the sign-in ended
	do("main", 0, "logout")

	if lines, err := os.ReadFile(filepath.Join(p.dir, "state", "fake", "journal.jsonl")); err != nil || !bytes.Contains(lines, []byte("ada@example.com")) {
		t.Errorf("the journal does not name the operator: %v\n%s", err, lines)
	}
	secrets := f.marks()
	for i, text := range written {
		for _, s := range secrets {
			if strings.Contains(text, s) {
				t.Errorf("output %d holds %s:\n%s", i, s, text)
			}
		}
	}
	if n := grep(t, p.dir, secrets, "keep"); n < 4 {
		t.Errorf("only %d files were looked at: the journal, the keys and more should be there", n)
	}
}

func TestAPassphraseIsWrittenNowhere(t *testing.T) {
	t.Parallel()
	f := newFakeTenant(t)
	p := newPlace(t, f)
	text, err := os.ReadFile(p.config)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(p.config, bytes.Replace(text, []byte("token_identity = \"keep/identity\"\n"), nil, 1), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, step := range []struct {
		passphrase string
		code       int
		says       string
	}{{canary + "-1", 0, "an encrypted file"}, {canary + "-2", exitNotAllowed, "does not open with this passphrase"}} {
		args := []string{"whoami"}
		if step.says == "an encrypted file" {
			args = []string{"login", "--approve"}
		}
		out, code := p.run(t, "main", []string{"USHER_TOKEN_PASSPHRASE=" + step.passphrase}, args...)
		if code != step.code || !strings.Contains(out, step.says) || strings.Contains(out, canary) {
			t.Errorf("%v ends with %d:\n%s", args, code, out)
		}
	}
	if grep(t, p.dir, f.marks(), "keep") < 4 {
		t.Error("too few files were looked at")
	}
}

// marks are the secrets in every shape they could turn up in.
func (f *fakeTenant) marks() []string {
	f.mu.Lock()
	defer f.mu.Unlock()
	marks := slices.Clone(f.secrets)
	for offset := range 3 { // base64 hides a text in three ways, by where it begins
		text := base64.StdEncoding.EncodeToString([]byte("xxx"[:offset] + canary))
		marks = append(marks, text[4:len(text)-4])
	}
	return append(marks, canary, strings.ToLower(canary), hex.EncodeToString([]byte(canary)), strings.ToUpper(hex.EncodeToString([]byte(canary))))
}

// grep looks through every file below dir but those in a folder of that name.
func grep(t *testing.T, dir string, secrets []string, but string) int {
	t.Helper()
	n := 0
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			if err == nil && d.Name() == but {
				return filepath.SkipDir
			}
			return err
		}
		data, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		n++
		for _, s := range secrets {
			if bytes.Contains(data, []byte(s)) {
				t.Errorf("%s holds %s", path, s)
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// throughABrowser signs in with --web, as an operator at a terminal would, and gives the screen's bytes. Meanwhile the
// process's title is looked at.
func throughABrowser(t *testing.T, f *fakeTenant, p place) string {
	t.Helper()
	prog, err := ptyrun.Start(ptyrun.Options{Command: os.Args[0], Args: []string{"login", "--web"}, Env: p.env(roleVariable + "=main"), Cols: 400, Rows: 30})
	if err != nil {
		t.Fatal(err)
	}
	defer prog.Close() //nolint:errcheck // it has ended
	address := regexp.MustCompile(`http://\S+/authorize\?\S+`)
	if err := prog.Expect(`/authorize\?`, 20*time.Second); err != nil {
		t.Fatal(err)
	}
	u, err := url.Parse(address.FindString(string(prog.Written())))
	if err != nil {
		t.Fatal(err)
	}
	if title, err := os.ReadFile(fmt.Sprintf("/proc/%d/cmdline", prog.Pid())); err == nil && bytes.Contains(title, []byte(canary)) {
		t.Errorf("the process's title holds a secret: %q", title)
	}
	q := url.Values{"code": {canary + "-code"}, "state": {u.Query().Get("state")}}
	res, err := http.Get(u.Query().Get("redirect_uri") + "?" + q.Encode())
	if err != nil {
		t.Fatal(err)
	}
	_ = res.Body.Close()
	if err := prog.Expect(`kept in +an encrypted file`, 20*time.Second); err != nil {
		t.Fatal(err)
	}
	return string(prog.Written())
}

func TestTheSearchForSecretsFindsOne(t *testing.T) {
	t.Parallel()
	f := newFakeTenant(t)
	for _, text := range []string{canary, "x" + base64.StdEncoding.EncodeToString([]byte(`{"a":"`+canary+`-device-1"}`)), hex.EncodeToString([]byte(canary + "x")), base64.RawURLEncoding.EncodeToString([]byte(canary + "-m2m-7"))} {
		if !slices.ContainsFunc(f.marks(), func(s string) bool { return strings.Contains(text, s) }) {
			t.Errorf("%s is not found", text)
		}
	}
}

func TestAWarmStartAsksForNothingBeforeTheFirstData(t *testing.T) {
	t.Parallel()
	f := newFakeTenant(t)
	p := newPlace(t, f)
	if out, code := p.run(t, "main", nil, "login", "--approve"); code != 0 {
		t.Fatal(out)
	}
	f.asked()
	if out, code := p.run(t, "change", nil); code != 0 {
		t.Fatal(out)
	}
	// The machine's token is never kept; the keys and the operator's token are.
	// The user is read for the journal, which keeps what a change replaces.
	want := []string{"POST /oauth/token", "GET /api/v2/users/auth0|bob", "PATCH /api/v2/users/auth0|bob"}
	if got := f.asked(); !slices.Equal(got, want) {
		t.Errorf("asked %v, want %v", got, want)
	}
}
