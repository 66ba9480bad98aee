//go:build unix

package main

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/creack/pty"

	"usher/auth0client"
	"usher/auth0client/localtenant"
	"usher/auth0client/signin"
	"usher/config"
	"usher/ui/login"
)

// bareTenant is a local tenant without anything of usher's, the token of an admin of it, and where it is.
type bareTenant struct {
	*localtenant.Tenant
	url, token string
}

func newBareTenant(t *testing.T) bareTenant {
	t.Helper()
	tenant, err := localtenant.New(localtenant.Options{Users: 20, Seed: 1})
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(tenant.Handler())
	t.Cleanup(server.Close)
	tenant.SetBaseURL(server.URL)
	b := bareTenant{Tenant: tenant, url: server.URL}
	id, secret := tenant.M2M()
	if b.token, err = signin.NewM2M(signin.M2MConfig{
		TokenURL: server.URL + "/oauth/token", ClientID: id, ClientSecret: signin.Secret(secret), Audience: tenant.ManagementAudience(),
	}).Token(t.Context()); err != nil {
		t.Fatal(err)
	}
	var found struct {
		Clients []struct {
			ID   string `json:"client_id"`
			Name string `json:"name"`
		} `json:"clients"`
		APIs []struct {
			ID   string `json:"id"`
			Name string `json:"name"`
		} `json:"resource_servers"`
		Roles []struct {
			ID   string `json:"id"`
			Name string `json:"name"`
		} `json:"roles"`
	}
	for _, list := range []string{"clients", "resource-servers", "roles"} {
		b.do(t, http.MethodGet, list+"?include_totals=true&page=0&per_page=100", nil, &found)
	}
	for _, c := range found.Clients {
		if strings.HasPrefix(c.Name, "usher") {
			b.do(t, http.MethodDelete, "clients/"+c.ID, nil, nil)
		}
	}
	for _, a := range found.APIs {
		if a.Name == "usher" {
			b.do(t, http.MethodDelete, "resource-servers/"+a.ID, nil, nil)
		}
	}
	for _, r := range found.Roles {
		if strings.HasPrefix(r.Name, "usher") {
			b.do(t, http.MethodDelete, "roles/"+r.ID, nil, nil)
		}
	}
	return b
}

// do asks the tenant's Management API as its admin.
func (b bareTenant) do(t *testing.T, method, path string, body, out any) {
	t.Helper()
	var payload io.Reader
	if body != nil {
		data, err := json.Marshal(body)
		if err != nil {
			t.Fatal(err)
		}
		payload = bytes.NewReader(data)
	}
	req, err := http.NewRequestWithContext(t.Context(), method, b.url+"/api/v2/"+path, payload)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer "+b.token)
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	said, err := io.ReadAll(res.Body)
	if err != nil || res.StatusCode >= 300 {
		t.Fatalf("%s %s: %d %s %v", method, path, res.StatusCode, said, err)
	}
	if out != nil {
		if err := json.Unmarshal(said, out); err != nil {
			t.Fatal(err)
		}
	}
}

// employ gives an operator of the local tenant the role of a name.
func (b bareTenant) employ(t *testing.T, email, role string) {
	t.Helper()
	var roles, users []map[string]any
	b.do(t, http.MethodGet, "roles?name_filter="+strings.ReplaceAll(role, " ", "%20"), nil, &roles)
	b.do(t, http.MethodGet, "users-by-email?email="+email, nil, &users)
	if len(roles) != 1 || len(users) != 1 {
		t.Fatalf("%v and %v", roles, users)
	}
	b.do(t, http.MethodPost, "roles/"+roles[0]["id"].(string)+"/users", map[string]any{"users": []any{users[0]["user_id"]}}, nil)
}

// TestFromAnEmptyTenantToAUser sets a tenant up, signs in by device code with the application that was made, and reads a
// user through a gateway that proves itself with the key that was made.
func TestFromAnEmptyTenantToAUser(t *testing.T) {
	t.Parallel()
	b := newBareTenant(t)
	dir := t.TempDir()
	file := filepath.Join(dir, "config.toml")
	run := func(code int, env []string, args ...string) string {
		t.Helper()
		p := place{dir: dir, config: file}
		out, got := p.run(t, "main", append(env, "ADMIN="+b.token, "USHER_TOKEN_STORE=file"), args...)
		if got != code {
			t.Errorf("usher %v ends with %d:\n%s", args, got, out)
		}
		if strings.Contains(out, b.token) || strings.Contains(out, "PRIVATE KEY") {
			t.Errorf("usher %v shows a secret", args)
		}
		return out
	}
	base := []string{"setup", "--domain", b.url, "--token", "env:ADMIN", "--write-config", file}
	if said := run(exitUsage, nil, base...); !strings.Contains(said, "7 of 7 to create") || !strings.Contains(said, "add --yes") {
		t.Errorf("without --yes: %s", said)
	}
	run(0, nil, append(base, "--print")...)
	if left, err := os.ReadDir(dir); err != nil || len(left) != 0 {
		t.Errorf("only looking leaves %v, %v", left, err)
	}
	said := run(0, nil, append(base, "--yes")...)
	if !strings.Contains(said, "done: create the client grant") || !strings.Contains(said, "The profile local is in") {
		t.Errorf("setting up says %s", said)
	}
	key := filepath.Join(dir, "local.key.pem")
	info, err := os.Stat(key)
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Fatalf("the key's file: %v, %v", info, err)
	}
	if said := run(0, nil, append(base, "--yes")...); !strings.Contains(said, "Nothing to do") || strings.Contains(said, "left alone") {
		t.Errorf("a second run says %s", said)
	}

	p, err := config.Load(config.Options{File: file, Env: func(string) string { return "" }})
	if err != nil {
		t.Fatal(err)
	}
	b.employ(t, "sam@ops.example", "usher support")
	issuer, err := p.IssuerURL()
	if err != nil {
		t.Fatal(err)
	}
	e, err := credential(p, issuer)
	if err != nil {
		t.Fatal(err)
	}
	e.identity = identity{issuer: issuer.String(), clientID: p.ClientID, audience: p.Audience}
	e.upstream, e.journal = issuer.String(), filepath.Join(dir, "journal")
	w, err := wire(t.Context(), e)
	if err != nil {
		t.Fatal(err)
	}
	defer w.close() //nolint:errcheck // the journal is a temporary folder's
	sign := deviceSignIn{w.session, w.polls, nil}
	code, err := sign.StartDevice(t.Context(), login.Ask{})
	if err == nil {
		err = b.Approve(code.UserCode, "support")
	}
	if err != nil {
		t.Fatal(err)
	}
	op, err := sign.WaitDevice(t.Context(), code, func(login.Trouble) {})
	if err != nil || len(op.Permissions) != 12 {
		t.Fatalf("the operator is %+v, %v", op, err)
	}
	page, err := w.client.SearchUsers(t.Context(), auth0client.Search{PerPage: 5})
	if err != nil || len(page.Users) == 0 {
		t.Fatalf("searching: %+v, %v", page, err)
	}
	if _, err := w.client.User(t.Context(), page.Users[0].ID); err != nil {
		t.Errorf("reading a user: %v", err)
	}
}

func TestSetupWritesAProfileBesideOthers(t *testing.T) {
	t.Parallel()
	b := newBareTenant(t)
	dir := t.TempDir()
	file, secret := filepath.Join(dir, "config.toml"), filepath.Join(dir, "kept", "secret")
	old := "default = \"other\"\n\n[profiles.other]\ndomain = \"other.example.com\"\nclient_id = \"a\"\naudience = \"b\"\ngateway = \"https://gw.example.com\"\n\n" +
		"[profiles.acme]\ndomain = \"old.example.com\"\nclient_id = \"a\"\naudience = \"b\"\ncolor = \"#b3261e\"\n[profiles.acme.management]\nclient_id = \"m\"\nsecret = \"env:X\"\n"
	if err := os.WriteFile(file, []byte(old), 0o600); err != nil {
		t.Fatal(err)
	}
	token := filepath.Join(dir, "token")
	if err := os.WriteFile(token, []byte(b.token+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	p := place{dir: dir, config: file}
	out, code := p.run(t, "main", nil, "--profile", "acme", "setup", "--domain", b.url, "--token", "file:"+token, "--secret-file", secret, "--features", "logs", "--write-config", file, "--yes", "--json")
	if code != 0 {
		t.Fatal(out)
	}
	var said setupSaid
	dropAction := regexp.MustCompile(`"steps": \[[\s\S]*?\n  \],`)
	if err := json.Unmarshal([]byte(dropAction.ReplaceAllString(out, "")), &said); err != nil || !said.Applied || said.Changes != 7 || !strings.Contains(said.Profile, "urn:usher") {
		t.Errorf("it says %+v, %v", said, err)
	}
	c, err := config.Read(file)
	if err != nil || c.Default != "other" || len(c.Profiles) != 2 || c.Profiles["acme"].Color != "#b3261e" || c.Profiles["acme"].IdleLock != 0 {
		t.Fatalf("the configuration is %+v, %v", c, err)
	}
	loaded, err := config.Load(config.Options{File: file, Profile: "acme", Env: func(string) string { return "" }})
	if err != nil {
		t.Fatal(err)
	}
	hidden, err := loaded.Management.Secret.Resolve(os.Getenv)
	if err != nil || strings.Contains(out, hidden) {
		t.Errorf("the secret: %v; shown: %v", err, strings.Contains(out, hidden))
	}
	if _, err := signin.NewM2M(signin.M2MConfig{
		TokenURL: b.url + "/oauth/token", ClientID: loaded.Management.ClientID, ClientSecret: signin.Secret(hidden), Audience: loaded.Management.Audience,
	}).Token(t.Context()); err != nil {
		t.Errorf("the gateway's token: %v", err)
	}
}

func TestSetupRefusesWhatItCannotUse(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	p := place{dir: dir, config: filepath.Join(dir, "config.toml")}
	for _, tc := range []struct {
		says string
		args []string
	}{
		{"name the tenant with --domain", nil},
		{"only https counts", []string{"--domain", "http://acme.example.com"}},
		{"there is no feature", []string{"--domain", "acme.example.com", "--features", "moon"}},
		{"does not belong on the command line", []string{"--domain", "acme.example.com", "--token", "eyJhbGci.s3cr3t"}},
		{"the environment has no ADMIN", []string{"--domain", "acme.example.com", "--token", "env:ADMIN"}},
		{"is no access token", []string{"--domain", "acme.example.com", "--token", "env:RUBBISH"}},
		{"none of the others can be", []string{"--domain", "acme.example.com", "--print", "--yes"}},
		{"choose RS256 or PS256", []string{"--domain", "acme.example.com", "--algorithm", "ES256"}},
		{"none of the others can be", []string{"--domain", "acme.example.com", "--key", "a", "--secret-file", "b"}},
		{"The profile, for the configuration", []string{"--domain", "acme.example.com"}},
		{`"thing": "client grant of \"usher gateway`, []string{"--domain", "acme.example.com", "--json"}},
	} {
		out, _ := p.run(t, "main", []string{"RUBBISH=s3cr3t"}, append([]string{"setup"}, tc.args...)...)
		if !strings.Contains(out, tc.says) || strings.Contains(out, "s3cr3t") {
			t.Errorf("usher setup %v says %s; want %q", tc.args, out, tc.says)
		}
	}
}

func TestChangesAreConfirmedByTypingYes(t *testing.T) {
	t.Parallel()
	for typed, says := range map[string]string{"yes\n": "", "y\n": "not confirmed: nothing was changed", "\n": "not confirmed"} {
		keys, terminal, err := pty.Open()
		if err != nil {
			t.Fatal(err)
		}
		defer keys.Close()     //nolint:errcheck // a test's
		defer terminal.Close() //nolint:errcheck // a test's
		if _, err := keys.WriteString(typed); err != nil {
			t.Fatal(err)
		}
		var out strings.Builder
		err = (&setupFlags{}).confirm(t.Context(), terminal, &out)
		if (err == nil) != (says == "") || err != nil && !strings.Contains(err.Error(), says) || !strings.Contains(out.String(), "Type yes") {
			t.Errorf("typing %q: %v", typed, err)
		}
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, terminal, err := pty.Open()
	if err != nil {
		t.Fatal(err)
	}
	defer terminal.Close() //nolint:errcheck // a test's
	if err := (&setupFlags{}).confirm(ctx, terminal, io.Discard); err == nil || !strings.Contains(err.Error(), "broken off") {
		t.Errorf("interrupted: %v", err)
	}
	if err := (&setupFlags{}).confirm(t.Context(), strings.NewReader("yes\n"), io.Discard); exitCode(err) != exitUsage {
		t.Errorf("without a terminal: %v", err)
	}
}
