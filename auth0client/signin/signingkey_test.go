package signin

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/jwt"
)

func pkcs8(t *testing.T, key any) []byte {
	t.Helper()
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	return der
}

func asPEM(kind string, der []byte) Secret {
	return Secret(pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der}))
}

func TestAKeyProvesTheGateway(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	for _, alg := range []string{"", "RS256", "PS256"} {
		for kind, der := range map[string][]byte{"PRIVATE KEY": pkcs8(t, s.key), "RSA PRIVATE KEY": x509.MarshalPKCS1PrivateKey(s.key)} {
			key, err := ParseSigningKey(asPEM(kind, der), alg)
			if err != nil {
				t.Fatal(err)
			}
			seen := map[string]bool{}
			s.change(func() {
				s.token = func(_ int, form url.Values, w http.ResponseWriter) {
					if form.Has("client_secret") || form.Get("client_assertion_type") != "urn:ietf:params:oauth:client-assertion-type:jwt-bearer" || form.Get("grant_type") != "client_credentials" {
						t.Errorf("the fetch sends %v", form)
					}
					want := jose.RS256
					if alg == "PS256" {
						want = jose.PS256
					}
					token, err := jwt.ParseSigned(form.Get("client_assertion"), []jose.SignatureAlgorithm{want})
					if err != nil {
						t.Errorf("%s: %v", alg, err)
						return
					}
					var c jwt.Claims
					if err := token.Claims(&s.key.PublicKey, &c); err != nil {
						t.Errorf("%s: %v", alg, err)
					}
					// auth0-facts §2.4: for Auth0 itself, by and about the client, once, for a minute.
					if c.Issuer != "m2m" || c.Subject != "m2m" || !c.Audience.Contains(s.issuer) || len(c.Audience) != 1 || seen[c.ID] || len(c.ID) < 22 || c.Expiry.Time().Sub(c.IssuedAt.Time()) != time.Minute {
						t.Errorf("the assertion claims %+v", c)
					}
					seen[c.ID] = true
					says(w, 200, `{"access_token":"t","expires_in":86400}`)
				}
			})
			m := NewM2M(M2MConfig{TokenURL: s.URL + "/oauth/token", ClientID: "m2m", Key: key, Audience: "https://t.example.com/api/v2/", HTTP: s.Client(), Now: s.clock.Now})
			for range 2 {
				if token, err := m.Token(t.Context()); err != nil || token != "t" {
					t.Errorf("%s: %q, %v", alg, token, err)
				}
				m.Forget()
			}
		}
	}
}

func TestAKeyThatDoesNotServeSaysWhy(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	short, err := rsa.GenerateKey(rand.Reader, 1024) //nolint:gosec // it is to be refused
	if err != nil {
		t.Fatal(err)
	}
	curve, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	good := asPEM("PRIVATE KEY", pkcs8(t, s.key))
	for name, tc := range map[string]struct {
		text      Secret
		alg, says string
	}{
		"no PEM":           {"s3cr3t", "", "not in PEM"},
		"empty":            {"", "", "not in PEM"},
		"damaged":          {asPEM("PRIVATE KEY", []byte("s3cr3t")), "", "damaged"},
		"damaged PKCS #1":  {asPEM("RSA PRIVATE KEY", []byte("s3cr3t")), "", "damaged"},
		"with passphrase":  {asPEM("ENCRYPTED PRIVATE KEY", []byte("s3cr3t")), "", "has a passphrase"},
		"a certificate":    {asPEM("CERTIFICATE", []byte("s3cr3t")), "", "it is a CERTIFICATE"},
		"an elliptic one":  {asPEM("PRIVATE KEY", pkcs8(t, curve)), "", "not an RSA key"},
		"too short":        {asPEM("PRIVATE KEY", pkcs8(t, short)), "", "1024 bits"},
		"a weak algorithm": {good, "HS256", "choose RS256 or PS256"},
	} {
		if _, err := ParseSigningKey(tc.text, tc.alg); err == nil || !strings.Contains(err.Error(), tc.says) || strings.Contains(err.Error(), "s3cr3t") {
			t.Errorf("%s: %v", name, err)
		}
	}
	for n := 0; n < len(good); n += 53 {
		_, _ = ParseSigningKey(good[:n], "") // no panic anywhere
	}
}

func TestWhoWaitsForAMachineTokenMayGiveUp(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	began, hold := make(chan struct{}), make(chan struct{})
	s.token = func(_ int, _ url.Values, w http.ResponseWriter) {
		close(began)
		<-hold
		says(w, 200, `{"access_token":"t","expires_in":86400}`)
	}
	m := NewM2M(M2MConfig{TokenURL: s.URL + "/oauth/token", ClientID: "m2m", ClientSecret: "x", HTTP: s.Client(), Now: s.clock.Now})
	done := make(chan error, 1)
	go func() {
		_, err := m.Token(t.Context())
		done <- err
	}()
	<-began
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := m.Token(ctx); !errors.Is(err, context.Canceled) {
		t.Errorf("one who gave up gets %v", err)
	}
	close(hold)
	if err := <-done; err != nil {
		t.Error(err)
	}
	if token, err := m.Token(t.Context()); err != nil || token != "t" || len(s.calls()) != 1 {
		t.Errorf("%q, %v after %d fetches", token, err, len(s.calls()))
	}
}
