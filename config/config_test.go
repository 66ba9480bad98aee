package config

import (
	"errors"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"
)

const good = `default = "work"

[profiles.work]
domain = "acme.eu.auth0.com"
client_id = "abc"
audience = "https://usher.acme.example/"
color = "#b3261e"
production = true

[profiles.work.management]
client_id = "m2m"
secret = "env:USHER_M2M"

[profiles.work.lookup]
crm = "app_metadata.external_id"

[[profiles.work.custom_fields]]
label = "Plan"
path = "app_metadata.plan"
show = ["list", "detail"]

[profiles.remote]
domain = "acme.eu.auth0.com"
client_id = "abc"
audience = "https://usher.acme.example/"
gateway = "https://usher.acme.example"
idle_lock = "off"
session_limit = "8h"
token_store = "file"
token_identity = "~/age.txt"
scopes = ["openid", "offline_access"]

[profiles.local]
domain = "http://127.0.0.1:4000/"
client_id = "abc"
audience = "https://usher.example/api"

[profiles.local.management]
client_id = "m2m"
secret = "file:/nowhere"
`

func file(t *testing.T, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "config.toml")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func env(vars map[string]string) func(string) string { return func(k string) string { return vars[k] } }

func TestFlagsComeBeforeTheEnvironmentBeforeTheFile(t *testing.T) {
	t.Parallel()
	path := file(t, good)
	for name, tc := range map[string]struct {
		o    Options
		want string
	}{
		"the file's default":  {Options{File: path}, "work"},
		"the environment's":   {Options{File: path, Env: env(map[string]string{"USHER_PROFILE": "local"})}, "local"},
		"the flag's":          {Options{File: path, Profile: "work", Env: env(map[string]string{"USHER_PROFILE": "local"})}, "work"},
		"a file by variable":  {Options{Env: env(map[string]string{"USHER_CONFIG": path})}, "work"},
		"another's domain":    {Options{File: path, Env: env(map[string]string{"USHER_DOMAIN": "b.auth0.com"})}, "work"},
		"a tenant by address": {Options{File: path, Profile: "local"}, "local"},
		"a remote gateway":    {Options{File: path, Profile: "remote"}, "remote"},
	} {
		if tc.o.Env == nil {
			tc.o.Env = env(nil)
		}
		p, err := Load(tc.o)
		if err != nil || p.Name != tc.want {
			t.Errorf("%s: profile %q, %v; want %q", name, p.Name, err, tc.want)
		}
	}
}

func TestABadFileIsExplainedWithItsNameAndLine(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct{ from, to, says string }{
		"an unknown key":             {"client_id = \"abc\"\naudience = \"https://usher.acme", "clientid = \"abc\"\naudience = \"https://usher.acme", `line 5: there is no setting "clientid"; did you mean "client_id"`},
		"a wrong type":               {"production = true", "production = \"yes\"", "line 8"},
		"plain http":                 {"acme.eu.auth0.com", "http://acme.eu.auth0.com", "only https"},
		"an unknown key of a table":  {"client_id = \"m2m\"", "client_idd = \"m2m\"", `line 11: there is no setting "client_idd"; did you mean "client_id"`},
		"a key of another table":     {"client_id = \"m2m\"", "production = true", `there is no setting "production"; there are algorithm, audience, client_id, key, secret`},
		"an unknown key of a field":  {"label = \"Plan\"", "lable = \"Plan\"", `line 18: there is no setting "lable"; did you mean "label"`},
		"an unknown table":           {"[profiles.work.lookup]", "[profiles.work.lokup]", `did you mean "lookup"`},
		"an unknown key at the top":  {"default = \"work\"", "defaults = \"work\"", `line 1: there is no setting "defaults"; did you mean "default"`},
		"a store that is none":       {"production = true", "token_store = \"cupboard\"", "choose keyring, file or memory"},
		"a colour that is none":      {"#b3261e", "reddish", "is not one such as"},
		"a time that is none":        {"production = true", "idle_lock = \"soon\"", "is not a time such as 15m"},
		"a time that is negative":    {"production = true", "idle_lock = \"-1m\"", "is not a time such as 15m"},
		"an authority of no gateway": {"production = true", "gateway_ca = \"ca.pem\"", "is for a gateway on another machine"},
		"two credentials":            {"secret = \"env:USHER_M2M\"", "secret = \"env:USHER_M2M\"\nkey = \"file:k.pem\"", "are two credentials"},
		"no credential":              {"secret = \"env:USHER_M2M\"", "", "are needed by the gateway"},
		"an algorithm without a key": {"secret = \"env:USHER_M2M\"", "secret = \"env:USHER_M2M\"\nalgorithm = \"PS256\"", "is for management.key"},
		"an algorithm that is none":  {"secret = \"env:USHER_M2M\"", "key = \"file:k.pem\"\nalgorithm = \"none\"", "choose RS256 or PS256"},
		"a key in the file":          {"secret = \"env:USHER_M2M\"", "key = \"-----BEGIN PRIVATE KEY-----\"", "management.key must say where"},
		"a gateway and a credential": {"production = true", "gateway = \"https://usher.acme.example\"", "has a gateway and a [management] table"},
		"scopes without openid":      {"production = true", "scopes = [\"profile\"]", "must have openid"},
		"a domain with a path":       {"acme.eu.auth0.com", "acme.eu.auth0.com/x", "is not a host name"},
		"a domain with a person":     {"acme.eu.auth0.com", "https://me:pw@acme.eu.auth0.com", "is not a host name"},
		"a lookup of nothing":        {"app_metadata.external_id", "a b", "is not a field such as"},
		"a lookup nobody can type":   {"crm =", "\"C R M\" =", "is typed into the search"},
		"a field without a label":    {"label = \"Plan\"", "label = \" \"", "has no label"},
		"a field of nothing":         {"app_metadata.plan", "", "is not a field such as"},
		"a field shown nowhere":      {"\"detail\"", "\"moon\"", "cannot show in \"moon\""},
		"a secret in the file":       {"env:USHER_M2M", "s3cr3t-value", "does not belong in the file"},
		"no audience":                {"audience = \"https://usher.acme.example/\"\n", "", "are all needed"},
		"no profile of a name":       {"default = \"work\"", "default = \"other\"", `no profile "other"`},
	} {
		path := file(t, strings.Replace(good, tc.from, tc.to, 1))
		_, err := Load(Options{File: path, Env: env(nil)})
		if err == nil || !strings.Contains(err.Error(), tc.says) || !strings.Contains(err.Error(), path) {
			t.Errorf("%s: %v; want the path and %q", name, err, tc.says)
		}
		if err != nil && strings.Contains(err.Error(), "s3cr3t") {
			t.Errorf("%s: the error quotes the secret", name)
		}
	}
}

func TestAConfigurationThatIsNotThereSaysWhatToDo(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "none.toml")
	_, err := Load(Options{File: path, Env: env(nil)})
	if !errors.Is(err, os.ErrNotExist) {
		t.Fatalf("%v, want an os.ErrNotExist", err)
	}
	for _, says := range []string{path, "usher demo", "usher setup", "--config"} {
		if !strings.Contains(err.Error(), says) {
			t.Errorf("%v; want it to name %s", err, says)
		}
	}
}

func TestAFileCutAnywhereNamesItsPath(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "config.toml")
	for i := range len(good) {
		if err := os.WriteFile(path, []byte(good[:i]), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := Load(Options{File: path, Env: env(nil)}); err != nil && !strings.Contains(err.Error(), path) {
			t.Fatalf("cut at byte %d: %v does not name the file", i, err)
		}
	}
}

func TestWhatIsWrittenIsReadBack(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "c.toml")
	in := Profile{
		Domain: "http://127.0.0.1:1/", ClientID: "a", Audience: "b", Color: "#b3261e", Production: true, Scopes: []string{"openid"},
		Management: Management{ClientID: "m", Key: "file:/x", Algorithm: "PS256", Audience: "c"}, Policies: "/p.toml",
		TokenStore: "file", TokenIdentity: "/id", IdleLock: Off, SessionLimit: Duration(8 * time.Hour), Lookup: map[string]string{"crm": "app_metadata.x"},
		CustomFields: []CustomField{{Label: "Plan", Path: "app_metadata.plan", Show: []string{"list"}}},
	}
	if err := Write(path, Config{Default: "local", Profiles: map[string]Profile{"local": in}}); err != nil {
		t.Fatal(err)
	}
	p, err := Load(Options{File: path, Env: env(nil)})
	in.Name = "local"
	if err != nil || !reflect.DeepEqual(p, in) {
		t.Fatalf("read back %+v, %v; want %+v", p, err, in)
	}
	if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("mode %v, %v; want 0600", info.Mode(), err)
	}
}

func TestTheEnvironmentComesBeforeTheFile(t *testing.T) {
	t.Parallel()
	path := file(t, good)
	p, err := Load(Options{File: path, Env: env(map[string]string{
		"USHER_DOMAIN": "b.auth0.com", "USHER_CLIENT_ID": "c2", "USHER_AUDIENCE": "a2", "USHER_TOKEN_STORE": "memory", "USHER_TOKEN_IDENTITY": "id.txt",
		"USHER_MANAGEMENT_CLIENT_ID": "m2", "USHER_MANAGEMENT_KEY": "file:key.pem", "USHER_MANAGEMENT_AUDIENCE": "ma", "USHER_POLICIES": "p.toml",
	})})
	if err != nil {
		t.Fatal(err)
	}
	dir := filepath.Dir(path)
	want := Management{ClientID: "m2", Key: Reference("file:" + filepath.Join(dir, "key.pem")), Algorithm: "RS256", Audience: "ma"}
	if p.Domain != "b.auth0.com" || p.ClientID != "c2" || p.Audience != "a2" || p.TokenStore != "memory" || p.TokenIdentity != filepath.Join(dir, "id.txt") || p.Management != want || p.Policies != filepath.Join(dir, "p.toml") {
		t.Errorf("the profile is %+v", p)
	}
	p, err = Load(Options{File: path, Env: env(map[string]string{"USHER_GATEWAY": "http://127.0.0.1:9/"})})
	if err != nil || p.Management != (Management{}) {
		t.Errorf("another gateway: %+v, %v", p, err)
	}
	if u, err := p.GatewayURL(); err != nil || u.Host != "127.0.0.1:9" {
		t.Errorf("the gateway is %v, %v", u, err)
	}
	for _, bad := range []string{"http://usher.acme.example", "usher.acme.example", "https://me:pw@usher.acme.example", "https://usher.acme.example?x=1", "ftp://127.0.0.1"} {
		if _, err := Load(Options{File: path, Env: env(map[string]string{"USHER_GATEWAY": bad})}); err == nil || !strings.Contains(err.Error(), "gateway") {
			t.Errorf("the gateway %s: %v", bad, err)
		}
	}
}

func TestWhatTheEnvironmentReplacesTakesAlongWhatBelongsToIt(t *testing.T) {
	t.Parallel()
	path := file(t, `[profiles.work]
domain = "acme.eu.auth0.com"
client_id = "c"
audience = "a"
policies = "policies.toml"
[profiles.work.management]
client_id = "m"
key = "file:key.pem"
algorithm = "PS256"
`)
	p, err := Load(Options{File: path, Env: env(map[string]string{"USHER_GATEWAY": "https://usher.acme.example"})})
	if err != nil || p.Policies != "" {
		t.Errorf("a gateway elsewhere, which has its own policies: %q, %v", p.Policies, err)
	}
	p, err = Load(Options{File: path, Env: env(map[string]string{"USHER_MANAGEMENT_SECRET": "env:X"})})
	if err != nil || p.Management.Algorithm != "" || p.Management.Key != "" {
		t.Errorf("a secret instead of a key: %+v, %v", p.Management, err)
	}
	p, err = Load(Options{File: path, Env: env(map[string]string{"USHER_MANAGEMENT_KEY": "env:X"})})
	if err != nil || p.Management.Algorithm != "PS256" {
		t.Errorf("another key: %+v, %v", p.Management, err)
	}
	if _, err = Load(Options{File: path, Env: env(map[string]string{"USHER_GATEWAY": "https://usher.acme.example", "USHER_POLICIES": "p.toml"})}); err == nil {
		t.Error("policies that are asked for are dropped without a word")
	}
}

func TestAHostsNameIsTheSameInAnyCase(t *testing.T) {
	t.Parallel()
	for _, domain := range []string{"ACME.EU.Auth0.com", "https://Acme.eu.auth0.com/"} {
		if u, err := (Profile{Domain: domain}).IssuerURL(); err != nil || u.String() != "https://acme.eu.auth0.com/" {
			t.Errorf("%s: %v, %v", domain, u, err)
		}
	}
}

func TestAnEnvironmentAloneIsEnough(t *testing.T) {
	home := t.TempDir()
	t.Setenv("XDG_CONFIG_HOME", home)
	t.Setenv("HOME", home)
	vars := map[string]string{"USHER_DOMAIN": "acme.eu.auth0.com", "USHER_CLIENT_ID": "c", "USHER_AUDIENCE": "a", "USHER_GATEWAY": "https://usher.acme.example"}
	p, err := Load(Options{Env: env(vars)})
	if err != nil || p.Name != "default" || p.Domain != "acme.eu.auth0.com" {
		t.Errorf("%+v, %v", p, err)
	}
	delete(vars, "USHER_AUDIENCE")
	if _, err := Load(Options{Env: env(vars)}); err == nil || !strings.Contains(err.Error(), "the environment") {
		t.Errorf("half an environment gives %v", err)
	}
	if _, err := Load(Options{Env: env(nil)}); err == nil || !strings.Contains(err.Error(), "usher demo") {
		t.Errorf("nothing at all gives %v", err)
	}
}

func TestDefaultsComeLast(t *testing.T) {
	t.Parallel()
	path := file(t, good)
	for name, want := range map[string]Duration{"work": Duration(15 * time.Minute), "remote": Off} {
		p, err := Load(Options{File: path, Profile: name, Env: env(map[string]string{"HOME": "/home/ada"})})
		if err != nil || p.IdleLock != want {
			t.Errorf("%s locks after %v, %v", name, p.IdleLock, err)
		}
		if name == "remote" && (p.TokenIdentity != filepath.Join("/home/ada", "age.txt") || p.SessionLimit != Duration(8*time.Hour)) {
			t.Errorf("%+v", p)
		}
	}
}

func TestAProfilesNameIsNoPath(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"../x", "a/b", ".hidden", "a b", "", strings.Repeat("a", 65)} {
		path := filepath.Join(t.TempDir(), "c.toml")
		p := Profile{Domain: "a.auth0.com", ClientID: "a", Audience: "b", Gateway: "https://g.example"}
		if err := Write(path, Config{Profiles: map[string]Profile{name: p}}); err != nil {
			t.Fatal(err)
		}
		if _, err := Load(Options{File: path, Profile: name, Env: env(nil)}); err == nil || !strings.Contains(err.Error(), path) {
			t.Errorf("the name %q: %v", name, err)
		}
	}
}

func TestWhatWasThereIsKeptBesideIt(t *testing.T) {
	t.Parallel()
	path := file(t, good)
	link := filepath.Join(t.TempDir(), "link.toml")
	if err := os.Symlink(path, link); err != nil {
		t.Fatal(err)
	}
	c := Config{Profiles: map[string]Profile{"x": {Domain: "a.auth0.com"}}}
	for range 2 { // the second changes nothing, and keeps what was there
		if err := Write(link, c); err != nil {
			t.Fatal(err)
		}
	}
	if bak, err := os.ReadFile(path + ".bak"); err != nil || string(bak) != good {
		t.Errorf("beside it is %q, %v", bak, err)
	}
	if info, err := os.Lstat(link); err != nil || info.Mode()&os.ModeSymlink == 0 {
		t.Errorf("the link was replaced: %v, %v", info.Mode(), err)
	}
	if got, err := Read(path); err != nil || len(got.Profiles) != 1 {
		t.Errorf("%+v, %v", got, err)
	}
	if err := Write(filepath.Join(path, "below", "c.toml"), c); err == nil || !strings.Contains(err.Error(), path) {
		t.Errorf("a folder that cannot be made gives %v", err)
	}
}

func FuzzRead(f *testing.F) {
	f.Add(good)
	f.Add("[profiles")
	f.Fuzz(func(t *testing.T, text string) {
		c, err := parse("/etc/usher.toml", []byte(text))
		if err == nil {
			for _, profile := range []string{"", "work"} {
				if _, err = c.profile("/etc", Options{Profile: profile, Env: env(nil)}); err != nil {
					break
				}
			}
		}
		if err != nil && !strings.Contains(err.Error(), "/etc/usher.toml") {
			t.Errorf("%v does not name the file", err)
		}
	})
}
