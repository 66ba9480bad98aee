//go:build unix

package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"usher/auth0client"
	"usher/auth0client/localtenant"
	"usher/auth0client/term"
)

// rolePlace is where usher's roles commands are tried: a local tenant behind a server that counts changes, a configuration
// for it, and an administrator who is signed in.
type rolePlace struct {
	t      *testing.T
	place  place
	tenant *localtenant.Tenant
	token  string

	mu      sync.Mutex
	changes []string
}

func newRolePlace(t *testing.T, users int) *rolePlace {
	t.Helper()
	r := &rolePlace{t: t, place: place{dir: t.TempDir()}}
	r.place.config = filepath.Join(r.place.dir, "config.toml")
	var err error
	if r.tenant, err = localtenant.New(localtenant.Options{Users: users, Seed: 1, SearchLag: -1}); err != nil {
		t.Fatal(err)
	}
	handler := r.tenant.Handler()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, q *http.Request) {
		if q.Method != http.MethodGet && strings.HasPrefix(q.URL.Path, "/api/v2/") {
			r.mu.Lock()
			r.changes = append(r.changes, q.Method+" "+q.URL.Path)
			r.mu.Unlock()
		}
		handler.ServeHTTP(w, q)
	}))
	t.Cleanup(server.Close)
	r.tenant.SetBaseURL(server.URL)
	for _, d := range []string{"home", "tmp"} {
		if err := os.Mkdir(filepath.Join(r.place.dir, d), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	if err := writeConfig(r.place.config, r.tenant); err != nil {
		t.Fatal(err)
	}
	r.usher(0, "", "login", "--approve")
	id, secret := r.tenant.M2M()
	res, err := http.PostForm(server.URL+"/oauth/token", url.Values{
		"grant_type": {"client_credentials"}, "audience": {r.tenant.ManagementAudience()}, "client_id": {id}, "client_secret": {secret},
	})
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	var answer struct {
		Token string `json:"access_token"`
	}
	if err := json.NewDecoder(res.Body).Decode(&answer); err != nil || answer.Token == "" {
		t.Fatalf("no token: %v", err)
	}
	r.token = answer.Token
	return r
}

// usher runs a command with this standard input, and gives what it wrote.
func (r *rolePlace) usher(code int, stdin string, args ...string) string {
	r.t.Helper()
	cmd := exec.CommandContext(r.t.Context(), os.Args[0], args...)
	cmd.Env = r.place.env(roleVariable + "=main")
	cmd.Stdin = strings.NewReader(stdin)
	var out, said strings.Builder
	cmd.Stdout, cmd.Stderr = &out, &said
	if err := cmd.Run(); err != nil && cmd.ProcessState == nil {
		r.t.Fatal(err)
	}
	if got := cmd.ProcessState.ExitCode(); got != code {
		r.t.Errorf("usher %q ends with %d, want %d:\n%s%s", args, got, code, out.String(), said.String())
	}
	if code != 0 {
		return out.String() + said.String()
	}
	return out.String()
}

// tenantSays asks the tenant itself.
func (r *rolePlace) tenantSays(path string, into any) {
	r.t.Helper()
	req, err := http.NewRequestWithContext(r.t.Context(), http.MethodGet, r.tenant.Issuer()+"api/v2/"+path, nil)
	if err != nil {
		r.t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer "+r.token)
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		r.t.Fatal(err)
	}
	defer res.Body.Close()
	if err := json.NewDecoder(res.Body).Decode(into); err != nil || res.StatusCode != http.StatusOK {
		r.t.Fatalf("GET %s: HTTP %d, %v", path, res.StatusCode, err)
	}
}

func (r *rolePlace) rolesOf(id string) (names []string) {
	r.t.Helper()
	var roles []struct{ Name string }
	r.tenantSays("users/"+url.PathEscape(id)+"/roles?per_page=100", &roles)
	for _, one := range roles {
		names = append(names, one.Name)
	}
	return names
}

func (r *rolePlace) idOf(email string) string {
	r.t.Helper()
	var found []struct {
		ID string `json:"user_id"`
	}
	r.tenantSays("users-by-email?email="+url.QueryEscape(email), &found)
	if len(found) == 0 {
		r.t.Fatalf("nobody has the email %s", email)
	}
	return found[0].ID
}

// sent are the changes since the last call.
func (r *rolePlace) sent() []string {
	r.mu.Lock()
	defer r.mu.Unlock()
	sent := r.changes
	r.changes = nil
	return sent
}

func TestRolesAtTheCommandLine(t *testing.T) {
	t.Parallel()
	r := newRolePlace(t, 200)
	var roles []roleJSON
	if err := json.Unmarshal([]byte(r.usher(0, "", "roles", "list", "--json")), &roles); err != nil || len(roles) < 6 {
		t.Fatalf("roles list --json gives %d roles, %v", len(roles), err)
	}
	ada := r.idOf("ada@example.com")
	before := r.rolesOf(ada)
	var lacks []roleJSON
	for _, role := range roles {
		if !slices.Contains(before, role.Name) && !strings.HasPrefix(role.Name, "usher ") {
			lacks = append(lacks, role)
		}
	}
	x, y := lacks[0], lacks[1]
	r.sent()

	out := r.usher(exitUsage, "", "roles", "assign", x.Name, "--to", ada)
	if !strings.Contains(out, "--yes") {
		t.Errorf("without a terminal it says %q", out)
	}
	out = r.usher(0, "", "roles", "assign", x.Name, y.ID, "--to", "ada@example.com", "--dry-run")
	if !strings.Contains(out, "Assign "+x.Name+", "+y.Name+" to ada@example.com  "+ada) {
		t.Errorf("--dry-run says %q", out)
	}
	if sent := r.sent(); len(sent) != 0 {
		t.Fatalf("before it was confirmed %v was sent", sent)
	}
	out = r.usher(0, "", "roles", "assign", strings.ToUpper(x.Name), y.ID, "--to", "ada@example.com", "--yes", "--reason", "a test", "--json")
	var did struct{ Users []userChanged }
	if err := json.Unmarshal([]byte(out), &did); err != nil || len(did.Users) != 1 || did.Users[0].State != "changed" || did.Users[0].ID != ada {
		t.Errorf("assign --json says %s (%v)", out, err)
	}
	if now := r.rolesOf(ada); !slices.Contains(now, x.Name) || !slices.Contains(now, y.Name) || len(now) != len(before)+2 {
		t.Errorf("roles are %v", now)
	}
	if sent := r.sent(); len(sent) != 1 {
		t.Errorf("two roles for one user took %v, want one request", sent)
	}
	if out = r.usher(0, "", "roles", "assign", x.Name, "--to", ada, "--yes"); !strings.Contains(out, "Held already: "+x.Name) || len(r.sent()) != 0 {
		t.Errorf("assigning again says %q", out)
	}
	out = r.usher(0, "", "roles", "show", x.ID, "--members", "--json")
	var shown roleShown
	if err := json.Unmarshal([]byte(out), &shown); err != nil || shown.Name != x.Name || !slices.ContainsFunc(shown.Members, func(p personJSON) bool { return p.ID == ada }) {
		t.Errorf("show --members says %s (%v)", out, err)
	}
	r.usher(0, "", "roles", "remove", x.Name, y.Name, "--from", ada, "--yes")
	if now := r.rolesOf(ada); !slices.Equal(now, before) {
		t.Errorf("roles are %v, want %v again", now, before)
	}
	if sent := r.sent(); len(sent) != 1 {
		t.Errorf("removing two roles took %v, want one request", sent)
	}

	for _, c := range []struct {
		code int
		says string
		args []string
	}{
		{exitNotFound, `there is no role \"No such\"`, []string{"assign", "No such", "--to", ada, "--yes"}},
		{exitNotFound, "nobody has the email", []string{"assign", x.Name, "--to", "nobody@example.com", "--yes"}},
		{exitNotFound, "not found", []string{"assign", x.Name, "--to", "auth0|nobody", "--yes"}},
		{exitAmbiguous, "means several", []string{"assign", x.Name, "--to", "robin@example.com", "--yes"}},
		{exitUsage, "name the users with --to", []string{"assign", x.Name}},
		{exitUsage, "no user is named", []string{"assign", x.Name, "--to", "-", "--yes"}},
		{exitUsage, "--yes", []string{"assign", x.Name, "--to", "-"}},
	} {
		out := r.usher(c.code, "", append([]string{"roles"}, c.args...)...)
		if !strings.Contains(strings.ReplaceAll(out, `"`, `\"`), c.says) {
			t.Errorf("usher roles %q says %q, want %q", c.args, out, c.says)
		}
	}
	if sent := r.sent(); len(sent) != 0 {
		t.Errorf("mistakes sent %v", sent)
	}
	r.usher(0, "", "login", "--approve", "--as", "viewer")
	if out := r.usher(exitNotAllowed, "", "roles", "assign", x.Name, "--to", ada, "--yes"); !strings.Contains(out, "roles:assign") {
		t.Errorf("a viewer is told %q", out)
	}
}

func TestARoleForManyUsersGoesInBatches(t *testing.T) {
	t.Parallel()
	r := newRolePlace(t, 1100)
	var ids []string
	for page := range 10 {
		var users []struct {
			ID string `json:"user_id"`
		}
		r.tenantSays(fmt.Sprintf("users?per_page=100&page=%d&q=%s&search_engine=v3", page, url.QueryEscape(`NOT email:*usher*`)), &users)
		for _, u := range users {
			ids = append(ids, u.ID)
		}
	}
	if len(ids) != 1000 {
		t.Fatalf("%d users were found, want 1000", len(ids))
	}
	var roles []roleJSON
	r.tenantSays("roles?per_page=100", &roles)
	role := roles[len(roles)-1]
	ids = slices.DeleteFunc(ids, func(id string) bool { return len(r.rolesOf(id)) > 40 || strings.Contains(id, "usher") })
	r.sent()
	if err := r.tenant.AddFault("POST /api/v2/roles/{id}/users 503 x1"); err != nil {
		t.Fatal(err)
	}
	left := filepath.Join(r.place.dir, "left")
	r.usher(exitFailed, strings.Join(ids, "\n"), "roles", "assign", role.Name, "--to", "-", "--yes", "--left", left)
	data, err := os.ReadFile(left)
	if n := strings.Count(string(data), "\n"); err != nil || n != auth0client.MostMembers {
		t.Fatalf("%d users are left, %v; want the one batch that failed", n, err)
	}
	if sent := r.sent(); len(sent) != 2 {
		t.Errorf("%d users took %v, want two requests", len(ids), sent)
	}
	r.usher(0, string(data), "roles", "assign", role.Name, "--to", "-", "--yes", "--left", left)
	if sent := r.sent(); len(sent) != 1 {
		t.Errorf("the rest took %v, want one request", sent)
	}
	for _, id := range []string{ids[0], ids[len(ids)/2], ids[len(ids)-1]} {
		if now := r.rolesOf(id); !slices.Contains(now, role.Name) {
			t.Errorf("%s has %v", id, now)
		}
	}
}

func TestNamesOfRolesAreTakenAsTheyAre(t *testing.T) {
	t.Parallel()
	role := func(id, name string) auth0client.Role {
		return auth0client.Role{ID: auth0client.RoleID(id), Name: term.Line(name)}
	}
	all := []auth0client.Role{role("rol_1", `Say "hi", all`), role("rol_2", "Twin"), role("rol_3", "Twin"), role("rol_4", "twin"), role("rol_5", "on-call@night")}
	got, err := pickRoles(all, []string{`Say "hi", all`, "twin", "rol_3", "rol_3"})
	if err != nil || len(got) != 3 || got[0].ID != "rol_1" || got[1].ID != "rol_4" || got[2].ID != "rol_3" {
		t.Errorf("picked %v, %v", got, err)
	}
	_, err = pickRoles(all, []string{"Twin"})
	if exitCode(err) != exitAmbiguous || !strings.Contains(err.Error(), "rol_2") || !strings.Contains(err.Error(), "rol_3") || strings.Contains(err.Error(), "rol_4") {
		t.Errorf("a name of two roles gives %v", err)
	}
	roles, people := sortOut(all, []string{"Twin", "ada@example.com", "on-call@night", "auth0|1"})
	if !slices.Equal(roles, []string{"Twin", "on-call@night"}) || !slices.Equal(people, []string{"ada@example.com", "auth0|1"}) {
		t.Errorf("roles %v, people %v", roles, people)
	}
	f := &rolesFlags{}
	if err := f.explained(&auth0client.ReasonNeeded{}); exitCode(err) != exitUsage || !strings.Contains(err.Error(), "--reason") {
		t.Errorf("a missing reason gives %v", err)
	}
	if err := errors.Join(nil, f.explained(&auth0client.Forbidden{})); exitCode(err) != exitNotAllowed {
		t.Errorf("a refusal exits with %d", exitCode(err))
	}
}
