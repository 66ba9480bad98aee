package signin

import (
	"crypto/rand"
	"crypto/rsa"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"sync"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/jwt"
)

var noon = time.Date(2026, 3, 4, 12, 0, 0, 0, time.UTC)

const (
	clientID = "client-1"
	audience = "https://usher.example.com/api"
)

// clock is a clock that only moves when somebody waits for it.
type clock struct {
	mu    sync.Mutex
	now   time.Time
	waits []time.Duration
}

func (c *clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

func (c *clock) add(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
}

func (c *clock) After(d time.Duration) <-chan time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
	c.waits = append(c.waits, d)
	ready := make(chan time.Time, 1)
	ready <- c.now
	return ready
}

// authServer is a scripted authorization server.
type authServer struct {
	tb testing.TB
	*httptest.Server
	clock  *clock
	key    *rsa.PrivateKey
	issuer string

	mu      sync.Mutex
	kid     string
	keyGets int
	keyDown bool
	onKeys  func() // called before the keys are sent
	// keyHeader is the Cache-Control of the keys.
	keyHeader string
	asked     []url.Values // of device codes
	noCode    func(w http.ResponseWriter)
	device    map[string]any
	token     func(n int, form url.Values, w http.ResponseWriter)
	tokens    []url.Values
	revoked   []url.Values
	revoke    int
}

// serverKey is every scripted server's: making one takes long.
var serverKey = sync.OnceValue(func() *rsa.PrivateKey {
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		panic(err)
	}
	return key
})

func newServer(t testing.TB) *authServer {
	t.Helper()
	key := serverKey()
	s := &authServer{tb: t, clock: &clock{now: noon}, key: key, kid: "k1", revoke: http.StatusOK}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /.well-known/jwks.json", func(w http.ResponseWriter, _ *http.Request) {
		s.mu.Lock()
		wait := s.onKeys
		s.onKeys = nil
		s.mu.Unlock()
		if wait != nil {
			wait()
		}
		s.mu.Lock()
		defer s.mu.Unlock()
		s.keyGets++
		if s.keyHeader != "" {
			w.Header().Set("Cache-Control", s.keyHeader)
		}
		if s.keyDown {
			w.WriteHeader(http.StatusServiceUnavailable)
			return
		}
		_ = json.NewEncoder(w).Encode(jose.JSONWebKeySet{Keys: []jose.JSONWebKey{{Key: &key.PublicKey, KeyID: s.kid, Algorithm: "RS256", Use: "sig"}}})
	})
	mux.HandleFunc("POST /oauth/device/code", func(w http.ResponseWriter, r *http.Request) {
		_ = r.ParseForm()
		s.mu.Lock()
		defer s.mu.Unlock()
		s.asked = append(s.asked, r.PostForm)
		if s.noCode != nil {
			s.noCode(w)
			return
		}
		_ = json.NewEncoder(w).Encode(s.device)
	})
	mux.HandleFunc("POST /oauth/token", func(w http.ResponseWriter, r *http.Request) {
		_ = r.ParseForm()
		s.mu.Lock()
		s.tokens = append(s.tokens, r.PostForm)
		n, answer := len(s.tokens), s.token
		s.mu.Unlock()
		answer(n, r.PostForm, w)
	})
	mux.HandleFunc("POST /oauth/revoke", func(w http.ResponseWriter, r *http.Request) {
		_ = r.ParseForm()
		s.mu.Lock()
		defer s.mu.Unlock()
		s.revoked = append(s.revoked, r.PostForm)
		w.WriteHeader(s.revoke)
	})
	s.Server = httptest.NewServer(mux)
	t.Cleanup(s.Close)
	s.issuer = s.URL + "/"
	s.device = map[string]any{
		"device_code": "dev-secret", "user_code": "ABCD-EFGH", "verification_uri": s.URL + "/activate",
		"verification_uri_complete": s.URL + "/activate?user_code=ABCD-EFGH", "expires_in": 900, "interval": 5,
	}
	return s
}

// change changes the script while the server runs.
func (s *authServer) change(how func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	how()
}

func (s *authServer) calls() []url.Values {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]url.Values(nil), s.tokens...)
}

func (s *authServer) client(t testing.TB, store Store) *Client {
	t.Helper()
	c, err := New(Config{Issuer: s.issuer, ClientID: clientID, Audience: audience, HTTP: s.Client(), Now: s.clock.Now, After: s.clock.After, Store: store})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	return c
}

// sign signs claims, the usual ones changed by change.
func (s *authServer) sign(t testing.TB, aud string, change map[string]any) string {
	t.Helper()
	return signWith(t, jose.RS256, s.key, "k1", s.claims(aud, change))
}

func (s *authServer) claims(aud string, change map[string]any) map[string]any {
	now := s.clock.Now().Unix()
	c := map[string]any{"iss": s.issuer, "aud": aud, "sub": "auth0|ada", "iat": now, "exp": now + 3600, "permissions": []string{"users:read"}}
	for k, v := range change {
		if v == nil {
			delete(c, k)
		} else {
			c[k] = v
		}
	}
	return c
}

func signWith(t testing.TB, alg jose.SignatureAlgorithm, key any, kid string, claims any) string {
	t.Helper()
	signer, err := jose.NewSigner(jose.SigningKey{Algorithm: alg, Key: key}, (&jose.SignerOptions{}).WithHeader("kid", kid))
	if err != nil {
		t.Fatal(err)
	}
	token, err := jwt.Signed(signer).Claims(claims).Serialize()
	if err != nil {
		t.Fatal(err)
	}
	return token
}

// grants answers with tokens; refresh may be empty.
func (s *authServer) grants(t testing.TB, w http.ResponseWriter, refresh string) {
	_ = json.NewEncoder(w).Encode(map[string]any{
		"access_token": s.sign(t, audience, nil), "refresh_token": refresh, "expires_in": 3600,
		"id_token": s.sign(t, clientID, map[string]any{"email": "ada@example.com", "name": "Ada"}),
	})
}

func refuses(w http.ResponseWriter, status int, code, description string) {
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(map[string]string{"error": code, "error_description": description})
}

func breaks(w http.ResponseWriter) {
	conn, _, err := w.(http.Hijacker).Hijack()
	if err == nil {
		_ = conn.Close()
	}
}

func says(w http.ResponseWriter, status int, body string) {
	w.WriteHeader(status)
	_, _ = io.WriteString(w, body)
}
