package main

import (
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"usher/auth0client/localtenant"
	"usher/auth0client/signin"
)

// TestTheBrowserOfThisMachineSignsInAtTheLocalTenant plays usher login --web with a browser that has cookies.
func TestTheBrowserOfThisMachineSignsInAtTheLocalTenant(t *testing.T) {
	t.Parallel()
	tenant, err := localtenant.New(localtenant.Options{Users: 5, Seed: 1})
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(tenant.Handler())
	defer server.Close()
	tenant.SetBaseURL(server.URL)
	id, audience := tenant.Device()
	s, err := identity{issuer: tenant.Issuer(), clientID: id, audience: audience}.open()
	if err != nil {
		t.Fatal(err)
	}
	defer s.close()
	w, err := s.client.StartWeb(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	type ended struct {
		op  signin.Operator
		err error
	}
	done := make(chan ended, 1)
	go func() {
		op, err := s.client.WaitWeb(t.Context(), w)
		done <- ended{op, err}
	}()
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	browser := &http.Client{Jar: jar}
	page := read(t)(browser.Get(w.URL))
	hidden := regexp.MustCompile(`name="state" value="([^"]+)"`)
	for range 3 { // the login, and a consent where the tenant wants one
		state := hidden.FindStringSubmatch(page)
		if state == nil {
			break
		}
		to := regexp.MustCompile(`action="([^"]+)"`).FindStringSubmatch(page)[1]
		page = read(t)(browser.PostForm(server.URL+to, url.Values{"state": {state[1]}, "operator": {"admin"}, "action": {"accept"}}))
	}
	if !strings.Contains(page, "close this tab") {
		t.Fatalf("the browser ends at\n%s", page)
	}
	if got := <-done; got.err != nil || got.op.Email != "ada.admin@ops.example" || got.op.AuthTime.IsZero() || len(s.client.Missing()) != 0 {
		t.Errorf("signed in as %+v, %v; missing %v", got.op, got.err, s.client.Missing())
	}
}

func TestAKeyProvesTheGatewayToTheLocalTenant(t *testing.T) {
	t.Parallel()
	for _, alg := range []string{"RS256", "PS256"} {
		tenant, err := localtenant.New(localtenant.Options{Users: 5, Seed: 1})
		if err != nil {
			t.Fatal(err)
		}
		server := httptest.NewServer(tenant.Handler())
		defer server.Close()
		tenant.SetBaseURL(server.URL)
		key, err := rsa.GenerateKey(rand.Reader, 2048)
		if err != nil {
			t.Fatal(err)
		}
		public, err := x509.MarshalPKIXPublicKey(&key.PublicKey)
		if err != nil {
			t.Fatal(err)
		}
		id, _ := tenant.M2M()
		if err := tenant.AddClientKey(id, pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: public}), alg); err != nil {
			t.Fatal(err)
		}
		private := pem.EncodeToMemory(&pem.Block{Type: "RSA PRIVATE KEY", Bytes: x509.MarshalPKCS1PrivateKey(key)})
		parsed, err := signin.ParseSigningKey(signin.Secret(private), alg)
		if err != nil {
			t.Fatal(err)
		}
		m := signin.NewM2M(signin.M2MConfig{TokenURL: server.URL + "/oauth/token", ClientID: id, Key: parsed, Audience: tenant.ManagementAudience()})
		for range 2 { // each proof counts once
			if _, err := m.Token(t.Context()); err != nil {
				t.Errorf("%s: %v", alg, err)
			}
			m.Forget()
		}
	}
}

func read(t *testing.T) func(*http.Response, error) string {
	return func(res *http.Response, err error) string {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		defer res.Body.Close()
		body, err := io.ReadAll(res.Body)
		if err != nil {
			t.Fatal(err)
		}
		return string(body)
	}
}
