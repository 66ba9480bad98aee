package doctor

import (
	"context"
	"crypto/rand"
	"crypto/rsa"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"
)

// tenantServer answers like a tenant's discovery, over TLS; answer may spoil that.
func tenantServer(t *testing.T, answer func(w http.ResponseWriter, issuer string) bool) (*httptest.Server, Profile) {
	t.Helper()
	var s *httptest.Server
	s = httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if answer != nil && answer(w, s.URL+"/") {
			return
		}
		if strings.HasSuffix(r.URL.Path, "jwks.json") {
			_, _ = io.WriteString(w, `{"keys":[]}`)
			return
		}
		_, _ = fmt.Fprintf(w, `{"issuer":%q}`, s.URL+"/")
	}))
	s.Config.ErrorLog = log.New(io.Discard, "", 0)
	s.StartTLS()
	t.Cleanup(s.Close)
	return s, Profile{Issuer: s.URL + "/", ClientID: "c", Audience: "a", HTTP: s.Client(), Now: time.Now}
}

func TestTheWayToTheTenant(t *testing.T) {
	t.Parallel()
	_, p := tenantServer(t, nil)
	expect(t, "a good tenant", Tenant(p), "ok dns: 127.0.0.1 is an address", "ok tls: TLS 1.3", "ok clock", "ok discovery: the issuer is https://127.0.0.1")

	named := p
	named.Issuer = "https://tenant.example.com/"
	named.Lookup = func(context.Context, string) ([]string, error) {
		return nil, &net.DNSError{Name: "tenant.example.com", IsNotFound: true}
	}
	expect(t, "a wrong domain", Tenant(named), "failed dns: there is no host tenant.example.com; put the domain right", "skipped tls: not looked at: dns failed", "skipped discovery")
	named.Lookup = func(context.Context, string) ([]string, error) {
		return nil, &net.DNSError{Name: "x", Err: "server misbehaving"}
	}
	expect(t, "a broken resolver", Tenant(named), "failed dns: tenant.example.com could not be looked up", "look at this machine's network")

	strange := p
	strange.HTTP = &http.Client{Transport: &http.Transport{}}
	expect(t, "another's certificate", Tenant(strange), "failed tls: the certificate of 127.0.0.1 is by an authority that this machine does not trust", "SSL_CERT_FILE", "skipped clock")
	other := p
	other.Issuer = strings.Replace(p.Issuer, "127.0.0.1", "localhost", 1)
	expect(t, "a certificate for another host", Tenant(other), "failed tls: the certificate of localhost is for another host")
	plain := httptest.NewServer(http.NotFoundHandler())
	defer plain.Close()
	other.Issuer = strings.Replace(plain.URL, "http:", "https:", 1) + "/"
	expect(t, "no TLS", Tenant(other), "failed tls: 127.0.0.1 cannot be reached: http: server gave HTTP response to HTTPS client")
	gone := p
	gone.Issuer = "https://127.0.0.1:1/"
	expect(t, "nobody there", Tenant(gone), "failed tls: 127.0.0.1 cannot be reached", "look at the network")

	late := p
	late.Now = func() time.Time { return time.Now().Add(45 * time.Second) }
	expect(t, "a clock ahead", Tenant(late), "failed clock: this machine's clock is 4", "s ahead of the tenant's", "ok discovery")
	early := p
	early.Now = func() time.Time { return time.Now().Add(-2 * time.Minute) }
	expect(t, "a clock behind", Tenant(early), "failed clock: this machine's clock is ", "s behind the tenant's")
}

func TestACertificateThatEndsSoonIsNoted(t *testing.T) {
	t.Parallel()
	s, p := tenantServer(t, nil)
	ends := s.Certificate().NotAfter
	p.Now = func() time.Time { return ends.Add(-3*24*time.Hour - time.Hour) }
	u, err := url.Parse(p.Issuer)
	if err != nil {
		t.Fatal(err)
	}
	r := &Report{}
	p.tls(r, u, &tls.ConnectionState{PeerCertificates: []*x509.Certificate{s.Certificate()}})
	if said := lines(r.findings); !strings.Contains(said, "note tls: the certificate of 127.0.0.1, by") || !strings.Contains(said, "ends in 3 days") {
		t.Errorf("it says %s", said)
	}
}

func TestWhatIsNoTenant(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		answer func(w http.ResponseWriter, issuer string) bool
		want   []string
	}{
		"a web page": {func(w http.ResponseWriter, _ string) bool { _, _ = io.WriteString(w, "<html>"); return true },
			[]string{"failed discovery: 127.0.0.1 does not answer like an Auth0 tenant (HTTP 200)"}},
		"a redirect": {func(w http.ResponseWriter, _ string) bool {
			w.Header().Set("Location", "https://example.com/")
			w.WriteHeader(http.StatusFound)
			return true
		}, []string{"failed discovery", "(HTTP 302)"}},
		"another issuer": {func(w http.ResponseWriter, _ string) bool {
			_, _ = io.WriteString(w, `{"issuer":"https://acme.eu.auth0.com/"}`)
			return true
		}, []string{"failed discovery: 127.0.0.1 calls itself https://acme.eu.auth0.com/, so its tokens are not taken"}},
	} {
		_, p := tenantServer(t, tc.answer)
		expect(t, name, Tenant(p), tc.want...)
	}
}

func TestSigningKeys(t *testing.T) {
	t.Parallel()
	_, p := tenantServer(t, nil)
	expect(t, "no key", Keys(p), "failed keys: of the tenant's 0 signing keys none is RSA")
	_, p = tenantServer(t, func(w http.ResponseWriter, _ string) bool { w.WriteHeader(http.StatusNotFound); return true })
	expect(t, "no set", Keys(p), "failed keys: the tenant's signing keys cannot be read (HTTP 404)")
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	for use, want := range map[string]string{"sig": "ok keys: 1 signing keys", "": "ok keys: 1 signing keys", "enc": "failed keys: of the tenant's 1 signing keys none"} {
		_, p := tenantServer(t, func(w http.ResponseWriter, _ string) bool {
			_ = json.NewEncoder(w).Encode(jose.JSONWebKeySet{Keys: []jose.JSONWebKey{{Key: &key.PublicKey, KeyID: "k1", Use: use}}})
			return true
		})
		expect(t, "a key for "+use, Keys(p), want)
	}
	p.Issuer = "https://127.0.0.1:1/"
	expect(t, "nobody there", Keys(p), "failed keys: the tenant cannot be reached")
}

func TestATenantThatNeverAnswers(t *testing.T) {
	t.Parallel()
	hang := make(chan struct{})
	_, p := tenantServer(t, func(http.ResponseWriter, string) bool { <-hang; return true })
	defer close(hang)
	began := time.Now()
	found := run(t.Context(), []Check{Tenant(p), Keys(p), Device(p)}, 200*time.Millisecond)
	if said := lines(found); time.Since(began) > 3*time.Second || strings.Count(said, "failed") < 3 || !strings.Contains(said, "failed tls: 127.0.0.1 does not answer within") {
		t.Errorf("after %s:\n%s", time.Since(began), said)
	}
}
