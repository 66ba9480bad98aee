//go:build unix

// Package e2e drives the built program in a pseudo-terminal, as an operator would, one scenario a file.
package e2e

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"usher/ui/uitest/ptyrun"
)

const patience = 20 * time.Second

// usher builds the program once for all scenarios.
var usher = sync.OnceValues(func() (string, error) { //nolint:gochecknoglobals // the one build
	dir, err := os.MkdirTemp("", "usher-e2e-")
	if err != nil {
		return "", err
	}
	bin := filepath.Join(dir, "usher")
	if out, err := exec.Command("go", "build", "-o", bin, "usher/cmd/usher").CombinedOutput(); err != nil {
		return "", fmt.Errorf("build usher: %w\n%s", err, out)
	}
	return bin, nil
})

// scene is one program in its terminal, with the tenant it started.
type scene struct {
	t    *testing.T
	p    *ptyrun.Program
	info string
}

func start(t *testing.T, cols, rows int, env []string, args ...string) *scene {
	t.Helper()
	bin, err := usher()
	if err != nil {
		t.Fatal(err)
	}
	info := filepath.Join(t.TempDir(), "info.json")
	args = append([]string{"demo", "--users", "200", "--info", info}, args...)
	p, err := ptyrun.Start(ptyrun.Options{Command: bin, Args: args, Env: env, Cols: cols, Rows: rows})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = p.Close() })
	return &scene{t: t, p: p, info: info}
}

func (s *scene) expect(expr string) {
	s.t.Helper()
	if err := s.p.Expect(expr, patience); err != nil {
		s.t.Fatal(err)
	}
}

func (s *scene) send(keys string) {
	s.t.Helper()
	if err := s.p.Send(keys); err != nil {
		s.t.Fatal(err)
	}
}

// tenant asks the tenant by HTTP, past usher, with the machine-to-machine client of --info.
func (s *scene) tenant(path string, into any) {
	s.t.Helper()
	s.past(http.MethodGet, path, "", into)
}

// past sends the tenant a request past usher. into may be nil.
func (s *scene) past(method, path, body string, into any) {
	s.t.Helper()
	res := s.ask(method, path, body)
	defer res.Body.Close() //nolint:errcheck // read to its end
	if res.StatusCode >= http.StatusMultipleChoices {
		s.t.Fatalf("%s %s: HTTP %d", method, path, res.StatusCode)
	}
	if into == nil {
		return
	}
	if err := json.NewDecoder(res.Body).Decode(into); err != nil {
		s.t.Fatal(err)
	}
}

// ask sends the tenant a request past usher and gives the answer, whatever its status.
func (s *scene) ask(method, path, body string) *http.Response {
	s.t.Helper()
	data, err := os.ReadFile(s.info)
	if err != nil {
		s.t.Fatal(err)
	}
	var info struct {
		Issuer, Audience string
		M2M              struct {
			ClientID     string `json:"client_id"`
			ClientSecret string `json:"client_secret"`
		} `json:"m2m"`
	}
	if err := json.Unmarshal(data, &info); err != nil {
		s.t.Fatal(err)
	}
	res, err := http.PostForm(info.Issuer+"oauth/token", url.Values{
		"grant_type": {"client_credentials"}, "audience": {info.Audience},
		"client_id": {info.M2M.ClientID}, "client_secret": {info.M2M.ClientSecret},
	})
	if err != nil {
		s.t.Fatal(err)
	}
	var token struct {
		AccessToken string `json:"access_token"`
	}
	if err := json.NewDecoder(res.Body).Decode(&token); err != nil {
		s.t.Fatal(err)
	}
	_ = res.Body.Close()
	req, err := http.NewRequestWithContext(s.t.Context(), method, info.Audience+path, strings.NewReader(body))
	if err != nil {
		s.t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer "+token.AccessToken)
	if body != "" {
		req.Header.Set("Content-Type", "application/json")
	}
	res, err = http.DefaultClient.Do(req)
	if err != nil {
		s.t.Fatal(err)
	}
	return res
}

func (s *scene) roles(id string) map[string]bool {
	s.t.Helper()
	var roles []struct{ Name string }
	s.tenant("users/"+url.PathEscape(id)+"/roles", &roles)
	names := map[string]bool{}
	for _, r := range roles {
		names[r.Name] = true
	}
	return names
}

func (s *scene) methods(id string) (kinds []string) {
	s.t.Helper()
	var methods []struct{ Type string }
	s.tenant("users/"+url.PathEscape(id)+"/authentication-methods", &methods)
	for _, m := range methods {
		kinds = append(kinds, m.Type)
	}
	return kinds
}

// TestTheMainJob signs in, finds a user, opens them, adds one role and removes another, resets their MFA, and then looks
// at the tenant itself.
func TestTheMainJob(t *testing.T) {
	t.Parallel()
	s := start(t, 120, 40, nil)

	s.expect(`[A-Z]{4}-[A-Z]{4}`)
	s.send("a")
	s.expect(`200 users|20\d users`)

	s.send("/ada@example.com<enter>")
	s.expect(`\b1 user\b`)
	var found []struct {
		ID string `json:"user_id"`
	}
	s.tenant("users-by-email?email=ada%40example.com", &found)
	if len(found) != 1 {
		t.Fatalf("the tenant has %d users with that email, want 1", len(found))
	}
	id := found[0].ID
	before := s.roles(id)
	if len(before) == 0 {
		t.Fatal("the demo's first user has no role to take away")
	}
	var all []struct{ Name string }
	s.tenant("roles?per_page=100", &all)
	var add, remove string
	for _, r := range all {
		switch {
		case before[r.Name] && remove == "":
			remove = r.Name
		case !before[r.Name] && add == "" && !strings.HasPrefix(r.Name, "usher "):
			add = r.Name
		}
	}

	s.send("<enter>")
	s.expect(`Overview`)
	s.send("r")
	s.expect(`(?i)\[[x ]\]`)
	for _, name := range []string{add, remove} {
		s.send("/" + name + "<enter>")
		s.expect(`› .*` + name)
		s.send("<space>")
	}
	s.expect(`2 changes`)
	s.send("<enter>")
	s.expect(`(?i)review`)
	s.expect(`\+ .*` + add)
	s.expect(`− .*` + remove)
	s.send("y")
	s.expect(`Overview`)
	after := s.roles(id)
	if !after[add] || after[remove] || len(after) != len(before) {
		t.Fatalf("roles are %v; wanted %q added and %q removed from %v", after, add, remove, before)
	}

	s.send("m")
	s.expect(`(?i)reset mfa`)
	s.expect(`(?i)authenticator app`)
	s.send("y")
	s.expect(`(?i)done`)
	s.send("<enter>")
	for _, kind := range s.methods(id) {
		if kind != "password" && kind != "passkey" {
			t.Errorf("the method %s is left after the reset", kind)
		}
	}
	s.send("<esc>")
	s.expect(`\b1 user\b`)
	s.send("q")
	code, err := s.p.Exit(patience)
	if err != nil || code != 0 {
		t.Fatalf("exit status %d, %v", code, err)
	}
	restored(t, s.p)
}
