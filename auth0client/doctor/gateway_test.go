package doctor

import (
	"bytes"
	"encoding/json"
	"encoding/pem"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"usher/auth0client/gateway/journal"
	"usher/auth0client/gateway/policy"
	"usher/auth0client/signin"
)

func TestTheGatewaysCredential(t *testing.T) {
	t.Parallel()
	l := newLocal(t)
	id, secret := l.M2M()
	check := func(change func(*signin.M2MConfig)) Check {
		c := signin.M2MConfig{TokenURL: l.Issuer() + "oauth/token", ClientID: id, ClientSecret: signin.Secret(secret), Audience: l.ManagementAudience()}
		change(&c)
		return Credential(func() (*signin.M2M, error) { return signin.NewM2M(c), nil }, policy.Actions())
	}
	good := func(*signin.M2MConfig) {}
	expect(t, "all scopes", check(good), "ok credential", "note scopes: all ", "more than needed: ", "usher setup --print names all")
	expect(t, "a wrong secret", check(func(c *signin.M2MConfig) { c.ClientSecret = "wrong" }), "failed credential", "check management.secret", "skipped scopes")
	expect(t, "an unknown client", check(func(c *signin.M2MConfig) { c.ClientID = "other" }), "failed credential: Unknown client: other")
	expect(t, "another audience", check(func(c *signin.M2MConfig) { c.Audience = "https://x.example/" }), "failed credential: Service not found")
	expect(t, "no key", Credential(func() (*signin.M2M, error) { return nil, os.ErrNotExist }, nil), "failed credential: file does not exist; put management.key")

	var rows []map[string]any
	if err := json.Unmarshal(l.do(t, http.MethodGet, "client-grants?client_id="+id, nil), &rows); err != nil || len(rows) != 1 {
		t.Fatalf("%v %v", rows, err)
	}
	grant := func(scopes []string) {
		l.do(t, http.MethodPatch, "client-grants/"+rows[0]["id"].(string), map[string]any{"scope": scopes})
	}
	need := policy.Scopes(policy.Actions())
	grant(need)
	expect(t, "least scopes", check(good), "ok scopes: the ", "that are needed and no more")
	var less []string
	for _, s := range need {
		if s != "delete:users" && s != "delete:authentication_methods" {
			less = append(less, s)
		}
	}
	grant(append(less, "update:connections"))
	expect(t, "missing and superfluous", check(good),
		"failed scopes: missing: delete:authentication_methods delete:users, and without them users:delete mfa:reset fail; more than needed: update:connections; run usher setup")
	l.do(t, http.MethodDelete, "client-grants/"+rows[0]["id"].(string), nil)
	expect(t, "no grant at all", check(good), "failed credential", "is not authorized to access", "run usher setup")

	opaque := &Report{}
	judgeScopes(opaque, "opaque", policy.Actions())
	if said := lines(opaque.findings); !strings.Contains(said, "note scopes: the token does not show its scopes") {
		t.Error(said)
	}
}

func TestAGatewayOnAnotherMachine(t *testing.T) {
	t.Parallel()
	status, body := http.StatusOK, "ready\nkeys: ok\n"
	s := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/readyz" {
			t.Errorf("it asks for %s", r.URL.Path)
		}
		w.WriteHeader(status)
		_, _ = io.WriteString(w, body)
	}))
	defer s.Close()
	ca := func() ([]byte, error) {
		return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: s.Certificate().Raw}), nil
	}
	system := func() ([]byte, error) { return nil, nil }
	expect(t, "ready", Remote(s.URL, ca), "ok gateway: 127.0.0.1", "is ready")
	expect(t, "an authority that does not count", Remote(s.URL, system), "failed gateway: the certificate of 127.0.0.1", "does not trust")
	expect(t, "no authority", Remote(s.URL, func() ([]byte, error) { return nil, os.ErrNotExist }), "failed gateway: its authority cannot be read")
	expect(t, "a bad authority", Remote(s.URL, func() ([]byte, error) { return []byte("x"), nil }), "failed gateway: gateway_ca holds no certificate")
	status, body = http.StatusServiceUnavailable, "not ready\n"
	expect(t, "not ready", Remote(s.URL, ca), "failed gateway", "is not ready; on its machine")
	status, body = http.StatusOK, "<html>"
	expect(t, "a web server", Remote(s.URL, ca), "failed gateway", "does not answer like a gateway of usher's (HTTP 200)")
	s.Close()
	expect(t, "gone", Remote(s.URL, ca), "failed gateway", "cannot be reached")
}

func TestTheJournal(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "state", "acme")
	expect(t, "before the first change", Journal(dir), "ok journal: "+dir+" will be made with the first change")
	if _, err := os.Stat(dir); err == nil {
		t.Error("looking makes the folder")
	}
	if err := os.MkdirAll(filepath.Join(dir, "signin"), 0o700); err != nil {
		t.Fatal(err)
	}
	expect(t, "only a sign-in", Journal(dir), "ok journal: "+dir+" has none yet")
	j, err := journal.Open(dir, journal.Options{Now: time.Now})
	if err != nil {
		t.Fatal(err)
	}
	if err := j.Denied(t.Context(), journal.Entry{Subject: "auth0|ada", Actions: []string{"users:block"}}); err != nil {
		t.Fatal(err)
	}
	if err := j.Close(); err != nil {
		t.Fatal(err)
	}
	expect(t, "whole", Journal(dir), "lines, all whole")
	file := filepath.Join(dir, journal.FileName)
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file, bytes.Replace(data, []byte("auth0|ada"), []byte("auth0|eve"), 1), 0o600); err != nil {
		t.Fatal(err)
	}
	expect(t, "edited", Journal(dir), "failed journal: it is damaged at", "usher journal verify --dir "+dir)
	expect(t, "a file in the way", Journal(filepath.Join(file, "acme")), "failed journal")
	expect(t, "a file instead", Journal(file), "failed journal: "+file+" should be a folder")
	if runtime.GOOS == "linux" { // where there is a folder in which not even root makes files
		expect(t, "a folder that takes nothing", Journal("/proc/usher"), "failed journal: no change could be recorded")
	}
}
