//go:build unix

package main

import (
	"context"
	"crypto/rand"
	"crypto/rsa"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/jwt"

	"usher/auth0client/signin/tokenstore"
)

// canary marks every secret of the fake tenant: it must turn up nowhere.
const canary = "CANARYxSINGSxLOUD"

// fakeTenant is a tenant whose every secret is marked. It quotes what it is asked in its errors, as careless servers do.
type fakeTenant struct {
	*httptest.Server
	key *rsa.PrivateKey

	mu       sync.Mutex
	n        int
	life     time.Duration // of the access tokens
	requests []string
	secrets  []string // signatures of issued tokens
	down     bool
	hold     chan struct{} // every answer waits for it
	refuse   string        // an OAuth error for the token endpoint
	// unauthorized is how many requests to the Management API are answered with 401.
	unauthorized int
}

func newFakeTenant(t *testing.T) *fakeTenant {
	t.Helper()
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	f := &fakeTenant{key: key, life: time.Hour}
	f.Server = httptest.NewServer(http.HandlerFunc(f.serve))
	t.Cleanup(f.Close)
	return f
}

func (f *fakeTenant) set(how func()) {
	f.mu.Lock()
	defer f.mu.Unlock()
	how()
}

// asked are the requests since the last call.
func (f *fakeTenant) asked() []string {
	f.mu.Lock()
	defer f.mu.Unlock()
	asked := f.requests
	f.requests = nil
	return asked
}

func (f *fakeTenant) mark(what string) string {
	f.n++
	return fmt.Sprintf("%s-%s-%d", canary, what, f.n)
}

// token signs a token; its signature is a secret. The caller holds f.mu.
func (f *fakeTenant) token(aud string, more map[string]any) string {
	signer, err := jose.NewSigner(jose.SigningKey{Algorithm: jose.RS256, Key: f.key}, (&jose.SignerOptions{}).WithHeader("kid", "k"))
	if err != nil {
		panic(err)
	}
	now := time.Now()
	f.n++
	claims := map[string]any{
		"jti": strconv.Itoa(f.n),
		"iss": f.URL + "/", "sub": "auth0|ada", "aud": aud, "iat": now.Add(-time.Minute).Unix(), "exp": now.Add(f.life).Unix(), "auth_time": now.Unix(),
	}
	for k, v := range more {
		claims[k] = v
	}
	token, err := jwt.Signed(signer).Claims(claims).Serialize()
	if err != nil {
		panic(err)
	}
	f.secrets = append(f.secrets, token[strings.LastIndexByte(token, '.')+1:])
	return token
}

func (f *fakeTenant) serve(w http.ResponseWriter, r *http.Request) {
	f.mu.Lock()
	hold := f.hold
	f.mu.Unlock()
	if hold != nil {
		<-hold
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	f.requests = append(f.requests, r.Method+" "+r.URL.Path)
	_ = r.ParseForm()
	say := func(status int, v any) {
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(status)
		_ = json.NewEncoder(w).Encode(v)
	}
	switch {
	case f.down:
		say(http.StatusServiceUnavailable, map[string]string{"error": "down", "error_description": r.PostForm.Encode() + r.Header.Get("Authorization")})
	case r.URL.Path == "/.well-known/jwks.json":
		say(http.StatusOK, jose.JSONWebKeySet{Keys: []jose.JSONWebKey{{Key: &f.key.PublicKey, KeyID: "k", Algorithm: "RS256", Use: "sig"}}})
	case r.URL.Path == "/oauth/device/code":
		say(http.StatusOK, map[string]any{
			"device_code": f.mark("device"), "user_code": "ABCD-EFGH", "verification_uri": f.URL + "/activate", "expires_in": 900, "interval": 1,
		})
	case r.URL.Path == "/_usher/approve":
		w.WriteHeader(http.StatusNoContent)
	case r.URL.Path == "/oauth/revoke":
		say(http.StatusOK, map[string]any{})
	case r.URL.Path == "/oauth/token" && f.refuse != "":
		quoted := ""
		for _, v := range r.PostForm {
			quoted += " " + v[0]
		}
		say(http.StatusForbidden, map[string]string{"error": f.refuse, "error_description": "what you sent is wrong:" + quoted})
	case r.URL.Path == "/oauth/token" && r.PostForm.Get("grant_type") == "client_credentials":
		say(http.StatusOK, map[string]any{"access_token": f.mark("m2m"), "expires_in": 86400})
	case r.URL.Path == "/oauth/token":
		say(http.StatusOK, map[string]any{
			"access_token":  f.token("https://usher.example.com/api", map[string]any{"permissions": wanted()}),
			"id_token":      f.token("client-1", map[string]any{"email": "ada@example.com", "name": "Ada"}),
			"refresh_token": f.mark("refresh"), "expires_in": int(f.life.Seconds()),
		})
	case strings.HasPrefix(r.URL.Path, "/api/v2/") && f.unauthorized > 0:
		f.unauthorized--
		say(http.StatusUnauthorized, map[string]any{"statusCode": 401, "error": "Unauthorized", "message": "Expired token"})
	case strings.HasPrefix(r.URL.Path, "/api/v2/users") && r.Method == http.MethodGet:
		say(http.StatusOK, map[string]any{"start": 0, "limit": 50, "length": 0, "total": 0, "users": []any{}})
	default:
		say(http.StatusBadRequest, map[string]any{"statusCode": 400, "error": "Bad Request", "message": "you sent " + r.Header.Get("Authorization")})
	}
}

// place is a machine's files for one test: a configuration for the fake tenant, a home, and folders for state.
type place struct {
	dir, config string
}

func newPlace(t *testing.T, f *fakeTenant) place {
	t.Helper()
	p := place{dir: t.TempDir()}
	p.config = filepath.Join(p.dir, "config.toml")
	for _, d := range []string{"home", "tmp", "keep"} {
		if err := os.Mkdir(filepath.Join(p.dir, d), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	secret := filepath.Join(p.dir, "keep", "secret")
	if err := os.WriteFile(secret, []byte(canary+"-client-secret\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	identity, err := tokenstore.NewIdentity()
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(p.dir, "keep", "identity"), []byte(identity.Reveal()), 0o600); err != nil {
		t.Fatal(err)
	}
	f.set(func() { f.secrets = append(f.secrets, identity.Reveal()) })
	text := fmt.Sprintf("[profiles.fake]\ndomain = %q\nclient_id = \"client-1\"\naudience = \"https://usher.example.com/api\"\ntoken_store = \"file\"\ntoken_identity = \"keep/identity\"\n\n"+
		"[profiles.fake.management]\nclient_id = \"m2m\"\nsecret = \"file:keep/secret\"\n", f.URL+"/")
	if err := os.WriteFile(p.config, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return p
}

// env is the environment of an usher that runs there.
func (p place) env(more ...string) []string {
	return append([]string{
		"HOME=" + filepath.Join(p.dir, "home"), "TMPDIR=" + filepath.Join(p.dir, "tmp"), "USHER_STATE=" + filepath.Join(p.dir, "state"),
		"USHER_CONFIG=" + p.config, "USHER_TOKEN_PASSPHRASE=" + canary + "-passphrase", "PATH=" + os.Getenv("PATH"), "LANG=C.UTF-8",
	}, more...)
}

// roleVariable makes the test binary one usher: "main" is the program itself.
const roleVariable = "USHER_TEST_AS"

func TestMain(m *testing.M) {
	switch os.Getenv(roleVariable) {
	case "main":
		main()
	case "panic":
		panicking(context.Background())
	case "change":
		changing(context.Background())
	case "":
		os.Exit(m.Run())
	}
}
