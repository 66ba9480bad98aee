package signin

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"
)

// recorder is a store that tells in which order things happened.
type recorder struct {
	Store
	mu     sync.Mutex
	events []string
	fail   error
}

func newRecorder() *recorder { return &recorder{Store: MemoryStore()} }

func (r *recorder) note(e string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.events = append(r.events, e)
}

func (r *recorder) Save(ctx context.Context, t Tokens) error {
	r.note("save " + t.Refresh.Reveal())
	if r.fail != nil {
		return r.fail
	}
	return r.Store.Save(ctx, t)
}

func (r *recorder) Wipe(ctx context.Context) error { r.note("wipe"); return r.Store.Wipe(ctx) }

func (r *recorder) Lock(context.Context) (func(), error) {
	r.note("lock")
	return func() { r.note("unlock") }, nil
}

func (r *recorder) log() string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return strings.Join(r.events, ", ")
}

// signedIn gives a client whose first sign-in got the refresh token r1; answer serves the later token calls.
func signedIn(t *testing.T, store Store, answer func(n int, w http.ResponseWriter)) (*authServer, *Client) {
	t.Helper()
	s := newServer(t)
	s.token = func(n int, _ url.Values, w http.ResponseWriter) {
		if n == 1 {
			s.grants(t, w, "r1")
			return
		}
		answer(n, w)
	}
	if answer == nil {
		answer = func(_ int, w http.ResponseWriter) { s.grants(t, w, "r2") }
	}
	c := s.client(t, store)
	code, err := c.StartDevice(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := c.WaitDevice(t.Context(), code); err != nil {
		t.Fatal(err)
	}
	return s, c
}

func TestManyCallersShareOneRefresh(t *testing.T) {
	t.Parallel()
	store := newRecorder()
	s, c := signedIn(t, store, nil)
	old, err := c.AccessToken(t.Context())
	if err != nil || len(s.calls()) != 1 {
		t.Fatalf("a good token is refreshed: %d calls, %v", len(s.calls()), err)
	}
	s.clock.add(time.Hour - early)
	tokens := make([]string, 30)
	var wg sync.WaitGroup
	for i := range tokens {
		wg.Go(func() {
			token, err := c.AccessToken(t.Context())
			if err != nil {
				t.Error(err)
			}
			tokens[i] = token
		})
	}
	wg.Wait()
	calls := s.calls()
	if len(calls) != 2 {
		t.Fatalf("%d refreshes, want 1", len(calls)-1)
	}
	if calls[1].Get("refresh_token") != "r1" || calls[1].Get("grant_type") != "refresh_token" {
		t.Errorf("the refresh sends %v", calls[1])
	}
	for _, token := range tokens {
		if token != tokens[0] || token == old {
			t.Error("the callers have different tokens, or the old one")
			break
		}
	}
	if got := store.log(); got != "lock, save r1, unlock, lock, save r2, unlock" {
		t.Errorf("the store saw: %s", got)
	}
}

func TestARotatedTokenThatCannotBeKeptIsNotUsed(t *testing.T) {
	t.Parallel()
	store := newRecorder()
	s, c := signedIn(t, store, nil)
	store.fail = errors.New("the disk is full")
	s.clock.add(time.Hour)
	if token, err := c.AccessToken(t.Context()); !errors.Is(err, store.fail) || token != "" {
		t.Errorf("gives %q, %v", token, err)
	}
}

func TestARotatedTokenThatCannotBeKeptIsNotLost(t *testing.T) {
	t.Parallel()
	full := errors.New("the disk is full")
	begin := func(t *testing.T) (*recorder, *authServer, *Client) {
		store := newRecorder()
		var s *authServer
		s, c := signedIn(t, store, func(n int, w http.ResponseWriter) {
			if n == 2 {
				s.grants(t, w, "r2")
				return
			}
			refuses(w, 403, "invalid_grant", "Unknown or invalid refresh token.") // r1 is used up: the whole family ends
		})
		s.clock.add(time.Hour)
		store.fail = full
		if _, err := c.AccessToken(t.Context()); !errors.Is(err, full) {
			t.Fatalf("the full disk gives %v", err)
		}
		return store, s, c
	}
	t.Run("it is kept once there is room", func(t *testing.T) {
		t.Parallel()
		store, s, c := begin(t)
		if _, err := c.AccessToken(t.Context()); !errors.Is(err, full) || len(s.calls()) != 2 {
			t.Errorf("while there is none: %v after %d calls", err, len(s.calls()))
		}
		store.fail = nil
		if token, err := c.AccessToken(t.Context()); err != nil || token == "" || len(s.calls()) != 2 {
			t.Errorf("then: %v after %d calls", err, len(s.calls()))
		}
		if kept, err := store.Load(t.Context()); kept.Refresh != "r2" || kept.Access == "" {
			t.Errorf("kept is %q, %v", kept.Refresh.Reveal(), err)
		}
	})
	t.Run("a new sign-in elsewhere comes before it", func(t *testing.T) {
		t.Parallel()
		store, s, c := begin(t)
		store.fail = nil
		exp := s.clock.Now().Add(time.Hour)
		newer := Tokens{Access: Secret(s.sign(t, audience, map[string]any{"exp": exp.Unix()})), Refresh: "r9", ExpiresAt: exp}
		if err := store.Store.Save(t.Context(), newer); err != nil {
			t.Fatal(err)
		}
		if token, err := c.AccessToken(t.Context()); err != nil || token != newer.Access.Reveal() {
			t.Errorf("it goes on with another token: %v", err)
		}
		if kept, _ := store.Load(t.Context()); kept.Refresh != "r9" {
			t.Errorf("kept is %q", kept.Refresh.Reveal())
		}
	})
	t.Run("signing out revokes it", func(t *testing.T) {
		t.Parallel()
		_, s, c := begin(t)
		if err := c.SignOut(t.Context()); err != nil {
			t.Fatal(err)
		}
		s.mu.Lock()
		defer s.mu.Unlock()
		if len(s.revoked) != 1 || s.revoked[0].Get("token") != "r2" {
			t.Errorf("revoked is %v", s.revoked)
		}
	})
}

func TestRefreshEndings(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name   string
		late   time.Duration // before the token's end
		answer func(http.ResponseWriter)
		token  bool
		over   bool
	}{
		{"a refresh token that is revoked ends the sign-in", 0, func(w http.ResponseWriter) { refuses(w, 403, "invalid_grant", "Unknown or invalid refresh token.") }, false, true},
		{"a lost network keeps the old token while it is good", 30 * time.Second, breaks, true, false},
		{"a lost network does not end the sign-in", 0, breaks, false, false},
		{"a fault of Auth0 does not end the sign-in", 0, func(w http.ResponseWriter) { says(w, 503, "down") }, false, false},
		{"a rate limit does not end the sign-in", 0, func(w http.ResponseWriter) { refuses(w, 429, "too_many_requests", "") }, false, false},
		{"a firewall's page does not end the sign-in", 0, func(w http.ResponseWriter) { says(w, 403, "<html>blocked") }, false, false},
		{"a login page on the way does not end the sign-in", 0, func(w http.ResponseWriter) { w.Header().Set("Location", "/x"); says(w, 302, "") }, false, false},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			store := newRecorder()
			s, c := signedIn(t, store, func(_ int, w http.ResponseWriter) { tc.answer(w) })
			s.clock.add(time.Hour - tc.late)
			token, err := c.AccessToken(t.Context())
			if (token != "") != tc.token || (err == nil) != tc.token || errors.Is(err, ErrSignedOut) != tc.over {
				t.Fatalf("gives a token %v, %v", token != "", err)
			}
			if _, ok := c.Operator(); ok == tc.over {
				t.Errorf("signed in: %v", ok)
			}
			kept, _ := store.Load(t.Context())
			if (kept.Refresh == "") != tc.over {
				t.Errorf("the store keeps %q", kept.Refresh.Reveal())
			}
		})
	}
}

func TestARefreshForSomebodyElseIsRefused(t *testing.T) {
	t.Parallel()
	for name, claims := range map[string][2]map[string]any{
		"the id token is of another person":     {nil, {"sub": "auth0|eve"}},
		"the access token is of another person": {{"sub": "auth0|eve"}, nil},
		"both tokens are of another person":     {{"sub": "auth0|eve"}, {"sub": "auth0|eve"}},
		"the id token is for another client":    {nil, {"aud": "client-2"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var s *authServer
			s, c := signedIn(t, nil, func(_ int, w http.ResponseWriter) {
				_ = json.NewEncoder(w).Encode(map[string]any{
					"access_token": s.sign(t, audience, claims[0]), "id_token": s.sign(t, clientID, claims[1]), "refresh_token": "r2",
				})
			})
			s.clock.add(time.Hour)
			if _, err := c.AccessToken(t.Context()); err == nil {
				t.Error("the tokens are taken")
			}
			if op, _ := c.Operator(); op.Subject != "auth0|ada" {
				t.Errorf("the operator is now %q", op.Subject)
			}
		})
	}
}

func TestAnotherUsherRefreshedMeanwhile(t *testing.T) {
	t.Parallel()
	store := newRecorder()
	s, c := signedIn(t, store, nil)
	s.clock.add(time.Hour)
	fresh := s.sign(t, audience, nil)
	if err := store.Store.Save(t.Context(), Tokens{Access: Secret(fresh), Refresh: "r9", ExpiresAt: s.clock.Now().Add(time.Hour)}); err != nil {
		t.Fatal(err)
	}
	token, err := c.AccessToken(t.Context())
	if err != nil || token != fresh || len(s.calls()) != 1 {
		t.Errorf("%d token calls, %v: one refresh token would be used twice", len(s.calls()), err)
	}
	eve := s.sign(t, audience, map[string]any{"sub": "auth0|eve", "exp": s.clock.Now().Add(9 * time.Hour).Unix()})
	s.clock.add(time.Hour)
	_ = store.Store.Save(t.Context(), Tokens{Access: Secret(eve), Refresh: "r10", ExpiresAt: s.clock.Now().Add(8 * time.Hour)})
	if token, err := c.AccessToken(t.Context()); err == nil {
		t.Errorf("another person's token is taken up: %v", token != "")
	}
}

func TestResume(t *testing.T) {
	t.Parallel()
	store := newRecorder()
	s, _ := signedIn(t, store, nil)
	// The id token's end is the access token's: make it older, as it is at Auth0.
	kept, _ := store.Load(t.Context())
	kept.ID = Secret(s.sign(t, clientID, map[string]any{"exp": noon.Add(time.Minute).Unix(), "name": "Ada"}))
	_ = store.Store.Save(t.Context(), kept)
	s.clock.add(10 * time.Minute)
	op, ok, err := s.client(t, store).Resume(t.Context())
	if err != nil || !ok || op.Subject != "auth0|ada" || op.Name != "Ada" || len(s.calls()) != 1 {
		t.Errorf("resumes as %+v, %v, %v after %d calls", op, ok, err, len(s.calls()))
	}
	s.clock.add(2 * time.Hour)
	op, ok, err = s.client(t, store).Resume(t.Context())
	if err != nil || !ok || op.Subject != "auth0|ada" || len(s.calls()) != 2 {
		t.Errorf("after the token's end resumes as %+v, %v, %v after %d calls", op, ok, err, len(s.calls()))
	}
	s.change(func() { s.token = func(_ int, _ url.Values, w http.ResponseWriter) { breaks(w) } })
	s.clock.add(time.Hour - 30*time.Second)
	if op, ok, err := s.client(t, store).Resume(t.Context()); ok || err == nil {
		t.Errorf("without a network resumes as %+v, %v", op, err)
	}
	s.change(func() {
		s.token = func(_ int, _ url.Values, w http.ResponseWriter) { refuses(w, 403, "invalid_grant", "") }
	})
	if _, ok, err := s.client(t, store).Resume(t.Context()); ok || err != nil {
		t.Errorf("a revoked sign-in resumes: %v, %v", ok, err)
	}
	if _, ok, err := s.client(t, MemoryStore()).Resume(t.Context()); ok || err != nil {
		t.Errorf("an empty store resumes: %v, %v", ok, err)
	}
}

func TestSignOutRevokes(t *testing.T) {
	t.Parallel()
	for status, ok := range map[int]bool{http.StatusOK: true, http.StatusServiceUnavailable: false} {
		store := newRecorder()
		s, c := signedIn(t, store, nil)
		s.change(func() { s.revoke = status })
		if err := c.SignOut(t.Context()); (err == nil) != ok {
			t.Errorf("HTTP %d: %v", status, err)
		}
		s.change(func() {
			if len(s.revoked) != 1 || s.revoked[0].Get("token") != "r1" || s.revoked[0].Get("client_id") != clientID {
				t.Errorf("revoked %v", s.revoked)
			}
		})
		if kept, _ := store.Load(t.Context()); kept != (Tokens{}) {
			t.Error("the sign-in is still kept")
		}
		if _, err := c.AccessToken(t.Context()); !errors.Is(err, ErrSignedOut) {
			t.Errorf("after the sign-out a token gives %v", err)
		}
	}
}

// broken is a store that panics.
type broken struct{ *recorder }

func (b broken) Load(ctx context.Context) (Tokens, error) {
	if b.fail == nil {
		return b.recorder.Load(ctx)
	}
	panic("canary-token")
}

func TestAPanicOfARefreshIsTheErrorOfItsCaller(t *testing.T) {
	t.Parallel()
	store := broken{newRecorder()}
	s, c := signedIn(t, store, nil)
	store.fail = errors.New("from now on")
	s.clock.add(time.Hour)
	if token, err := c.AccessToken(t.Context()); err == nil || token != "" || strings.Contains(err.Error(), "canary") {
		t.Errorf("gives %q, %v", token, err)
	}
	store.fail = nil
	if _, err := c.AccessToken(t.Context()); err != nil {
		t.Errorf("afterwards: %v", err)
	}
}
