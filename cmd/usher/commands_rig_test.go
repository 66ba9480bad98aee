//go:build unix

package main

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// desktop is a machine with a local tenant and somebody signed in to it.
type desktop struct {
	t      *testing.T
	dir    string
	config string
	base   string
	token  string // of the tenant's own machine, to look at what is true
}

// said is what a command wrote and how it ended.
type said struct {
	out, errs string
	code      int
}

func newDesktop(t *testing.T, preset string, faults ...string) *desktop {
	t.Helper()
	d := &desktop{t: t, dir: t.TempDir()}
	d.config = filepath.Join(d.dir, "config.toml")
	running, err := startTenant(t.Context(), &tenantFlags{users: 120, seed: 1, plan: "unlimited", addr: "127.0.0.1:0", config: d.config, lag: -1, faults: faults})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = running.close() })
	d.base = running.base
	id, secret := running.tenant.M2M()
	res, err := http.PostForm(d.base+"/oauth/token", url.Values{"grant_type": {"client_credentials"}, "client_id": {id}, "client_secret": {secret}, "audience": {running.tenant.ManagementAudience()}})
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	var answer struct {
		Token string `json:"access_token"`
	}
	if err := json.NewDecoder(res.Body).Decode(&answer); err != nil || answer.Token == "" {
		t.Fatalf("no token for the test's own look: %v", err)
	}
	d.token = answer.Token
	d.does(0, "login", "--approve", "--as", preset)
	return d
}

// usher runs one command to its end, with in as its standard input.
func (d *desktop) usher(in string, args ...string) said {
	d.t.Helper()
	cmd := exec.CommandContext(d.t.Context(), os.Args[0], append([]string{"--config", d.config}, args...)...) //nolint:gosec // this very test
	cmd.Env = []string{"HOME=" + d.dir, "TMPDIR=" + d.dir, "USHER_STATE=" + filepath.Join(d.dir, "state"), "PATH=" + os.Getenv("PATH"), "LANG=C.UTF-8", roleVariable + "=main"}
	cmd.Stdin = strings.NewReader(in)
	var out, errs bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errs
	if err := cmd.Run(); err != nil && cmd.ProcessState == nil {
		d.t.Fatal(err)
	}
	return said{out.String(), errs.String(), cmd.ProcessState.ExitCode()}
}

// does runs a command that must end with code.
func (d *desktop) does(code int, args ...string) said {
	d.t.Helper()
	s := d.usher("", args...)
	d.ends(s, code, args...)
	return s
}

func (d *desktop) ends(s said, code int, args ...string) {
	d.t.Helper()
	if s.code != code {
		d.t.Fatalf("usher %s ends with %d, want %d\n%s%s", strings.Join(args, " "), s.code, code, s.out, s.errs)
	}
}

// look asks the tenant itself, beside usher.
func (d *desktop) look(path string) (status int, body map[string]any) {
	d.t.Helper()
	req, err := http.NewRequestWithContext(d.t.Context(), http.MethodGet, d.base+"/api/v2/"+path, http.NoBody)
	if err != nil {
		d.t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer "+d.token)
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		d.t.Fatal(err)
	}
	defer res.Body.Close()
	raw, err := io.ReadAll(res.Body)
	if err != nil {
		d.t.Fatal(err)
	}
	if len(raw) > 0 && raw[0] == '[' {
		raw = append(append([]byte(`{"list":`), raw...), '}')
	}
	if err := json.Unmarshal(raw, &body); err != nil {
		d.t.Fatalf("%s: %v: %s", path, err, raw)
	}
	return res.StatusCode, body
}

// user is a user as the tenant has them now; nil when there is none.
func (d *desktop) user(id string) map[string]any {
	d.t.Helper()
	status, u := d.look("users/" + url.PathEscape(id))
	if status != http.StatusOK {
		return nil
	}
	return u
}

// id is the only user with an email.
func (d *desktop) id(email string) string {
	d.t.Helper()
	_, found := d.look("users-by-email?email=" + url.QueryEscape(email))
	list, _ := found["list"].([]any)
	if len(list) != 1 {
		d.t.Fatalf("%d users have the email %s", len(list), email)
	}
	return list[0].(map[string]any)["user_id"].(string)
}

func (d *desktop) says(s said, texts ...string) {
	d.t.Helper()
	for _, text := range texts {
		if !strings.Contains(s.out+s.errs, text) {
			d.t.Errorf("no %q in\n%s\n%s", text, s.out, s.errs)
		}
	}
}

func decoded[T any](t *testing.T, text string) (v T) {
	t.Helper()
	if err := json.Unmarshal([]byte(text), &v); err != nil {
		t.Fatalf("%v in %s", err, text)
	}
	return v
}
