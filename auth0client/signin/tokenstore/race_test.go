package tokenstore

import (
	"bufio"
	"context"
	"crypto/rand"
	"crypto/rsa"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/jwt"

	"usher/auth0client/signin"
)

// The processes of this test are the test binary again, told by its environment to be one usher.
const (
	envRole     = "USHER_TEST_ROLE" // "refresh" or "crash"
	envIssuer   = "USHER_TEST_ISSUER"
	envDir      = "USHER_TEST_DIR"
	envIdentity = "USHER_TEST_IDENTITY"
	envLater    = "USHER_TEST_LATER" // how far this process's clock is ahead, as a duration
	callers     = 30
)

func TestMain(m *testing.M) {
	if role := os.Getenv(envRole); role != "" {
		if err := anUsher(context.Background(), role); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	os.Exit(m.Run())
}

// anUsher is one process: it resumes the sign-in, waits for the word, and asks for a token thirty times at once.
func anUsher(ctx context.Context, role string) error {
	later, err := time.ParseDuration(os.Getenv(envLater))
	if err != nil {
		return err
	}
	c, err := theClient(os.Getenv(envIssuer), os.Getenv(envDir), os.Getenv(envIdentity), later, role == "crash")
	if err != nil {
		return err
	}
	defer c.Close()
	fmt.Println("ready")
	if _, err := bufio.NewReader(os.Stdin).ReadString('\n'); err != nil {
		return err
	}
	if _, ok, err := c.Resume(ctx); err != nil || !ok {
		return fmt.Errorf("logged out: %v, %w", ok, err)
	}
	var wg sync.WaitGroup
	tokens, errs := make([]string, callers), make([]error, callers)
	for i := range callers {
		wg.Go(func() { tokens[i], errs[i] = c.AccessToken(ctx) })
	}
	wg.Wait()
	if len(slices.Compact(tokens)) != 1 {
		return errors.New("the callers have different tokens")
	}
	return errors.Join(errs...)
}

// crashing never comes back from keeping a rotated sign-in.
type crashing struct{ signin.Store }

func (c crashing) Save(context.Context, signin.Tokens) error {
	fmt.Println("answered")
	select {}
}

func theClient(issuer, dir, identity string, later time.Duration, crash bool) (*signin.Client, error) {
	now := func() time.Time { return time.Now().Add(later) }
	var store signin.Store = New(Options{Dir: dir, Account: "race", Want: File, Identity: identity, Now: now})
	if crash {
		store = crashing{store}
	}
	return signin.New(signin.Config{Issuer: issuer, ClientID: "client-1", Audience: "api", Now: now, Store: store})
}

// strictServer rotates refresh tokens with no leeway: a token used twice ends the sign-in.
type strictServer struct {
	*httptest.Server
	key *rsa.PrivateKey

	mu     sync.Mutex
	later  time.Duration
	good   string // the only refresh token that counts
	calls  int
	reused bool
}

func newStrictServer(t *testing.T) *strictServer {
	t.Helper()
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	s := &strictServer{key: key, good: "r0"}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /.well-known/jwks.json", func(w http.ResponseWriter, _ *http.Request) {
		_ = json.NewEncoder(w).Encode(jose.JSONWebKeySet{Keys: []jose.JSONWebKey{{Key: &key.PublicKey, KeyID: "k", Algorithm: "RS256", Use: "sig"}}})
	})
	mux.HandleFunc("POST /oauth/token", func(w http.ResponseWriter, r *http.Request) {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.calls++
		if got := r.PostFormValue("refresh_token"); got != s.good {
			s.reused, s.good = true, ""
			w.WriteHeader(http.StatusForbidden)
			_, _ = io.WriteString(w, `{"error":"invalid_grant","error_description":"Unknown or invalid refresh token."}`)
			return
		}
		s.good = "r" + strconv.Itoa(s.calls)
		_ = json.NewEncoder(w).Encode(map[string]any{"access_token": s.token(t), "refresh_token": s.good, "expires_in": 3600})
	})
	s.Server = httptest.NewServer(mux)
	t.Cleanup(s.Close)
	return s
}

// token signs an access token of an hour. The caller holds s.mu.
func (s *strictServer) token(t *testing.T) string {
	signer, err := jose.NewSigner(jose.SigningKey{Algorithm: jose.RS256, Key: s.key}, (&jose.SignerOptions{}).WithHeader("kid", "k"))
	if err != nil {
		t.Error(err)
		return ""
	}
	now := time.Now().Add(s.later)
	token, err := jwt.Signed(signer).Claims(jwt.Claims{
		Issuer: s.URL + "/", Subject: "auth0|ada", Audience: jwt.Audience{"api"}, IssuedAt: jwt.NewNumericDate(now), Expiry: jwt.NewNumericDate(now.Add(time.Hour)),
	}).Serialize()
	if err != nil {
		t.Error(err)
	}
	return token
}

func (s *strictServer) state() (calls int, reused bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.calls, s.reused
}

// start starts one usher that waits for the word.
func (s *strictServer) start(t *testing.T, role, dir, identity string, later time.Duration) (*exec.Cmd, io.WriteCloser, *bufio.Reader) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), os.Args[0])
	cmd.Env = append(os.Environ(), envRole+"="+role, envIssuer+"="+s.URL+"/", envDir+"="+dir, envIdentity+"="+identity, envLater+"="+later.String())
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	cmd.Stderr = t.Output()
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	lines := bufio.NewReader(out)
	if _, err := lines.ReadString('\n'); err != nil {
		t.Fatal(err)
	}
	return cmd, in, lines
}

func TestFiveProcessesOfThirtyCallersRefreshOncePerExpiry(t *testing.T) {
	t.Parallel()
	s := newStrictServer(t)
	o := fileOptions(t)
	o.Account = "race"
	mustSave(t, New(o), signin.Tokens{Access: "old", Refresh: "r0", ExpiresAt: time.Now().Add(-time.Minute)})
	for round := 1; round <= 3; round++ {
		later := time.Duration(round-1) * 2 * time.Hour // each round the token of the one before is too old
		s.mu.Lock()
		s.later = later
		s.mu.Unlock()
		var ushers []*exec.Cmd
		var words []io.WriteCloser
		for range 5 {
			cmd, in, _ := s.start(t, "refresh", o.Dir, o.Identity, later)
			ushers, words = append(ushers, cmd), append(words, in)
		}
		for _, in := range words {
			if _, err := io.WriteString(in, "go\n"); err != nil {
				t.Fatal(err)
			}
		}
		for _, cmd := range ushers {
			if err := cmd.Wait(); err != nil {
				t.Errorf("round %d: an usher ended with %v", round, err)
			}
		}
		if calls, reused := s.state(); calls != round || reused {
			t.Fatalf("round %d: %d token calls for %d expiries, a token used twice: %v", round, calls, round, reused)
		}
	}
}

func TestAKillBetweenAnswerAndDiskCostsOneSignIn(t *testing.T) {
	t.Parallel()
	s := newStrictServer(t)
	o := fileOptions(t)
	o.Account = "race"
	mustSave(t, New(o), signin.Tokens{Access: "old", Refresh: "r0", ExpiresAt: time.Now().Add(-time.Minute)})
	cmd, in, lines := s.start(t, "crash", o.Dir, o.Identity, 0)
	if _, err := io.WriteString(in, "go\n"); err != nil {
		t.Fatal(err)
	}
	if line, err := lines.ReadString('\n'); err != nil || strings.TrimSpace(line) != "answered" {
		t.Fatalf("the usher said %q, %v", line, err)
	}
	if err := cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = cmd.Wait()
	// The next start finds a token that was used up: it asks for a sign-in, once, and does not try for ever.
	for start := range 3 {
		c, err := theClient(s.URL+"/", o.Dir, o.Identity, 0, false)
		if err != nil {
			t.Fatal(err)
		}
		if op, ok, err := c.Resume(t.Context()); ok || err != nil {
			t.Errorf("start %d resumes as %+v, %v", start, op, err)
		}
		if _, err := c.AccessToken(t.Context()); !errors.Is(err, signin.ErrSignedOut) {
			t.Errorf("start %d: %v", start, err)
		}
		c.Close()
	}
	if calls, _ := s.state(); calls != 2 {
		t.Errorf("%d token calls; want the one that was killed and one that learned of it", calls)
	}
}
