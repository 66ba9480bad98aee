package signin

import (
	"errors"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"
)

// TestBadInputHasItsOwnSentence plays what goes wrong with a profile, a tenant or a token.
func TestBadInputHasItsOwnSentence(t *testing.T) {
	t.Parallel()
	device := func(t *testing.T, c *Client) error {
		code, err := c.StartDevice(t.Context())
		if err != nil {
			return err
		}
		_, err = c.WaitDevice(t.Context(), code)
		return err
	}
	said := map[string]string{}
	for _, tc := range []struct {
		name string
		do   func(t *testing.T, s *authServer) error
		says string
	}{
		{"a domain that does not exist", func(t *testing.T, s *authServer) error {
			c, err := New(Config{Issuer: "https://acme.eu.auth0.invalid/", ClientID: clientID, Audience: audience, HTTP: &http.Client{Transport: noHost{}}})
			if err != nil {
				return err
			}
			return device(t, c)
		}, "there is no host acme.eu.auth0.invalid: check the profile's domain"},
		{"a host where nobody answers", func(t *testing.T, s *authServer) error {
			other := httptest.NewServer(http.NotFoundHandler())
			other.Close()
			c, err := New(Config{Issuer: other.URL + "/", ClientID: clientID, Audience: audience})
			if err != nil {
				return err
			}
			return device(t, c)
		}, "cannot be reached: check the network and the profile's domain: "},
		{"a domain of something else", func(t *testing.T, s *authServer) error {
			other := httptest.NewServer(http.NotFoundHandler())
			defer other.Close()
			c, err := New(Config{Issuer: other.URL + "/", ClientID: clientID, Audience: audience})
			if err != nil {
				return err
			}
			return device(t, c)
		}, "does not answer like an Auth0 tenant"},
		{"a host that cannot prove itself", func(t *testing.T, s *authServer) error {
			other := httptest.NewUnstartedServer(http.NotFoundHandler())
			other.Config.ErrorLog = log.New(io.Discard, "", 0)
			other.StartTLS()
			defer other.Close()
			c, err := New(Config{Issuer: other.URL + "/", ClientID: clientID, Audience: audience})
			if err != nil {
				return err
			}
			return device(t, c)
		}, "does not prove that it is the tenant"},
		{"plain http", func(t *testing.T, s *authServer) error {
			_, err := New(Config{Issuer: "http://acme.eu.auth0.com/", ClientID: clientID, Audience: audience})
			return err
		}, "is not https"},
		{"a client of another tenant", func(t *testing.T, s *authServer) error {
			return device(t, s.refusing(t, 401, "invalid_client", "Unknown client: client-1"))
		}, "does not know the client client-1"},
		{"a grant that is not switched on", func(t *testing.T, s *authServer) error {
			return device(t, s.refusing(t, 403, "unauthorized_client", "Grant type not allowed for the client."))
		}, "switch the grant on"},
		{"an audience nobody knows", func(t *testing.T, s *authServer) error {
			return device(t, s.refusing(t, 403, "access_denied", "Service not found: https://usher.example.com/api"))
		}, "no API with the profile's audience"},
		{"a refresh token used twice", func(t *testing.T, s *authServer) error {
			c := s.refusing(t, 403, "invalid_grant", "Unknown or invalid refresh token.")
			_ = c.cfg.Store.Save(t.Context(), Tokens{Access: "a", Refresh: "r0"})
			c.mu.Lock()
			c.tokens, c.signedIn = &Tokens{Access: "a", Refresh: "r0"}, true
			c.mu.Unlock()
			_, err := c.AccessToken(t.Context())
			return err
		}, "nobody is signed in"},
		{"keys that cannot be reached", func(t *testing.T, s *authServer) error {
			s.change(func() { s.keyDown = true })
			_, err := s.verifier().Verify(t.Context(), s.sign(t, audience, nil))
			return err
		}, "signing keys cannot be read"},
		{"a token for another API", func(t *testing.T, s *authServer) error {
			_, err := s.verifier().Verify(t.Context(), s.sign(t, "https://other.example.com", nil))
			return err
		}, "for another API"},
		{"a token without a signature", func(t *testing.T, s *authServer) error {
			_, err := s.verifier().Verify(t.Context(), encode64(`{"alg":"none"}`)+"."+encode64(`{}`)+".")
			return err
		}, "not by the tenant's keys"},
		{"a token that has ended", func(t *testing.T, s *authServer) error {
			_, err := s.verifier().Verify(t.Context(), s.sign(t, audience, map[string]any{"exp": noon.Add(-time.Hour).Unix()}))
			return err
		}, "has expired"},
		{"a token of the future", func(t *testing.T, s *authServer) error {
			_, err := s.verifier().Verify(t.Context(), s.sign(t, audience, map[string]any{"iat": noon.Add(time.Hour).Unix()}))
			return err
		}, "from 1h0m0s in the future, so the clock is behind"},
		{"a clock that is ahead", func(t *testing.T, s *authServer) error {
			s.token = func(_ int, _ url.Values, w http.ResponseWriter) {
				late := s.clock.Now().Add(-26 * time.Hour).Unix()
				says(w, 200, `{"access_token":"`+s.sign(t, audience, map[string]any{"iat": late, "exp": late + 7200})+`","expires_in":7200}`)
			}
			return device(t, s.client(t, nil))
		}, "ended 24h0m0s ago, so the clock is ahead"},
		{"a token with an enormous claim", func(t *testing.T, s *authServer) error {
			_, err := s.verifier().Verify(t.Context(), s.sign(t, audience, map[string]any{"name": strings.Repeat("x", 1<<20)}))
			return err
		}, "longer than any that Auth0 makes"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			err := tc.do(t, newServer(t))
			if err == nil || !strings.Contains(err.Error(), tc.says) {
				t.Fatalf("%v; want %q", err, tc.says)
			}
			if other := said[err.Error()]; other != "" {
				t.Errorf("the sentence is that of %s", other)
			}
			said[err.Error()] = tc.name
		})
	}
}

type noHost struct{}

func (noHost) RoundTrip(r *http.Request) (*http.Response, error) {
	return nil, &net.OpError{Op: "dial", Err: &net.DNSError{Err: "no such host", Name: r.URL.Hostname(), IsNotFound: true}}
}

// refusing gives a client whose every token call and code is refused.
func (s *authServer) refusing(t *testing.T, status int, code, description string) *Client {
	t.Helper()
	s.token = func(_ int, _ url.Values, w http.ResponseWriter) { refuses(w, status, code, description) }
	s.noCode = func(w http.ResponseWriter) { refuses(w, status, code, description) }
	return s.client(t, nil)
}

func TestARedirectToAnotherHostGetsNoSecret(t *testing.T) {
	t.Parallel()
	for _, status := range []int{302, 307, 308} {
		asked := make(chan string, 8)
		other := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { asked <- r.URL.Path }))
		defer other.Close()
		tenant := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Location", other.URL+r.URL.Path)
			w.WriteHeader(status)
		}))
		defer tenant.Close()
		store := MemoryStore()
		_ = store.Save(t.Context(), Tokens{Refresh: "r1"})
		c, err := New(Config{Issuer: tenant.URL + "/", ClientID: clientID, Audience: audience, Store: store, HTTP: &http.Client{}})
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		if _, ok, err := c.Resume(t.Context()); ok || err == nil {
			t.Errorf("HTTP %d: resumes, %v", status, err)
		}
		m := NewM2M(M2MConfig{TokenURL: tenant.URL + "/oauth/token", ClientID: "m", ClientSecret: "s", HTTP: &http.Client{}})
		if _, err := m.Token(t.Context()); err == nil {
			t.Errorf("HTTP %d: a token comes from another host", status)
		}
		select {
		case path := <-asked:
			t.Errorf("HTTP %d: %s was asked at the other host", status, path)
		default:
		}
		if kept, _ := store.Load(t.Context()); kept.Refresh != "r1" {
			t.Error("a redirect ended the sign-in")
		}
		var refused *Refused
		if _, err := m.Token(t.Context()); !errors.As(err, &refused) || refused.Status != status {
			t.Errorf("HTTP %d is told as %v", status, err)
		}
	}
}
