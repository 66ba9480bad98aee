package signin

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"reflect"
	"sync"
	"testing"
	"time"
)

func TestAheadOfTheEndNobodyWaitsForARefresh(t *testing.T) {
	t.Parallel()
	hold := make(chan struct{})
	var s *authServer
	s, c := signedIn(t, nil, func(_ int, w http.ResponseWriter) {
		<-hold
		s.grants(t, w, "r2")
	})
	old, err := c.AccessToken(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	s.clock.add(time.Hour - ahead)
	for range 3 {
		if token, err := c.AccessToken(t.Context()); err != nil || token != old {
			t.Fatalf("the old token is good for five minutes, but: %v", err)
		}
		if op, ok := c.Operator(); !ok || op.Subject != "auth0|ada" {
			t.Fatal("the operator is not known while a refresh runs")
		}
	}
	// Close to the end they wait, each as long as they like.
	s.clock.add(ahead - early)
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer cancel()
	if _, err := c.AccessToken(ctx); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("one who gave up gets %v", err)
	}
	close(hold)
	token, err := c.AccessToken(t.Context())
	if err != nil || token == old || len(s.calls()) != 2 {
		t.Errorf("after the refresh: %v, the old token: %v, %d calls", err, token == old, len(s.calls()))
	}
}

func TestARefreshAheadThatFailsIsNotTriedAtEveryCall(t *testing.T) {
	t.Parallel()
	s, c := signedIn(t, nil, func(_ int, w http.ResponseWriter) { says(w, 503, "down") })
	s.clock.add(time.Hour - ahead)
	for range 10 {
		if _, err := c.AccessToken(t.Context()); err != nil {
			t.Fatal(err)
		}
		c.work.Wait()
	}
	if n := len(s.calls()); n != 2 {
		t.Errorf("%d tries at once, want 1", n-1)
	}
	s.clock.add(retryAhead)
	_, _ = c.AccessToken(t.Context())
	c.work.Wait()
	if n := len(s.calls()); n != 3 {
		t.Errorf("%d tries after a while, want 2", n-1)
	}
}

func TestARefreshOutlivesTheCallerThatNeededIt(t *testing.T) {
	t.Parallel()
	began, hold := make(chan struct{}), make(chan struct{})
	store := newRecorder()
	var s *authServer
	s, c := signedIn(t, store, func(_ int, w http.ResponseWriter) {
		close(began)
		<-hold
		s.grants(t, w, "r2")
	})
	s.clock.add(time.Hour)
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() {
		_, err := c.AccessToken(ctx)
		done <- err
	}()
	<-began
	cancel()
	if err := <-done; !errors.Is(err, context.Canceled) {
		t.Errorf("the caller gets %v", err)
	}
	close(hold)
	c.work.Wait()
	if kept, _ := store.Load(t.Context()); kept.Refresh != "r2" {
		t.Errorf("the rotated token is lost, kept is %q", kept.Refresh.Reveal())
	}
}

func TestTheLoserOfARaceReadsAgainBeforeItDeletesAnything(t *testing.T) {
	t.Parallel()
	for name, good := range map[string]bool{"the winner's token is good": true, "the winner's token is old as well": false} {
		store := newRecorder()
		var s *authServer
		s, c := signedIn(t, store, func(n int, w http.ResponseWriter) {
			if n == 2 { // another machine won while this one held no lock of it
				exp := s.clock.Now().Add(time.Hour)
				if !good {
					exp = s.clock.Now().Add(10 * time.Second)
				}
				_ = store.Store.Save(t.Context(), Tokens{Access: Secret(s.sign(t, audience, map[string]any{"iat": exp.Add(-time.Hour).Unix(), "exp": exp.Unix()})), Refresh: "r9", ExpiresAt: exp})
				refuses(w, 403, "invalid_grant", "Unknown or invalid refresh token.")
				return
			}
			s.grants(t, w, "r10")
		})
		s.clock.add(time.Hour)
		if _, err := c.AccessToken(t.Context()); err != nil {
			t.Errorf("%s: logged out by %v", name, err)
		}
		want := Secret("r9")
		if !good {
			want = "r10"
		}
		if kept, _ := store.Load(t.Context()); kept.Refresh != want {
			t.Errorf("%s: kept is %q", name, kept.Refresh.Reveal())
		}
	}
}

func TestASignOutElsewhereIsNoticed(t *testing.T) {
	t.Parallel()
	store := newRecorder()
	s, c := signedIn(t, store, nil)
	_ = store.Store.Wipe(t.Context())
	s.clock.add(time.Hour)
	if _, err := c.AccessToken(t.Context()); !errors.Is(err, ErrSignedOut) || len(s.calls()) != 1 {
		t.Errorf("%v after %d calls: a revoked token is used", err, len(s.calls()))
	}
}

func TestAnAnswerThatCannotBeCheckedKeepsItsRefreshToken(t *testing.T) {
	t.Parallel()
	store := newRecorder()
	var s *authServer
	s, c := signedIn(t, store, func(_ int, w http.ResponseWriter) {
		late := s.clock.Now().Add(-48 * time.Hour).Unix()
		says(w, 200, `{"access_token":"`+s.sign(t, audience, map[string]any{"iat": late, "exp": late + 3600})+`","refresh_token":"r2","expires_in":3600}`)
	})
	s.clock.add(48 * time.Hour) // the clock jumped ahead by two days
	if _, err := c.AccessToken(t.Context()); !errors.Is(err, ErrClock) {
		t.Errorf("the wrong clock gives %v", err)
	}
	if _, ok := c.Operator(); !ok {
		t.Error("a wrong clock signs out")
	}
	if kept, _ := store.Load(t.Context()); kept.Refresh != "r2" || kept.Access != "" {
		t.Errorf("kept is %q with an access token: %v", kept.Refresh.Reveal(), kept.Access != "")
	}
	s.change(func() {
		s.token = func(_ int, form url.Values, w http.ResponseWriter) {
			if form.Get("refresh_token") != "r2" {
				t.Errorf("refreshes with %q", form.Get("refresh_token"))
			}
			s.grants(t, w, "r3")
		}
	})
	if _, err := c.AccessToken(t.Context()); err != nil {
		t.Errorf("with the clock set right: %v", err)
	}
}

func TestARefusalThatIsNoReuseKeepsTheSignInForTheNextRun(t *testing.T) {
	t.Parallel()
	store := newRecorder()
	s, c := signedIn(t, store, func(_ int, w http.ResponseWriter) { refuses(w, 403, "access_denied", "closed on Sundays") })
	s.clock.add(time.Hour)
	_, err := c.AccessToken(t.Context())
	var refused *Refused
	if !errors.Is(err, ErrSignedOut) || !errors.As(err, &refused) || refused.Description != "closed on Sundays" {
		t.Errorf("%v does not say why", err)
	}
	if kept, _ := store.Load(t.Context()); kept.Refresh != "r1" {
		t.Errorf("kept is %q", kept.Refresh.Reveal())
	}
}

func TestATokenTheGatewayRefusesIsRenewed(t *testing.T) {
	t.Parallel()
	var s *authServer
	s, c := signedIn(t, nil, func(_ int, w http.ResponseWriter) { s.clock.add(time.Second); s.grants(t, w, "r2") })
	old, _ := c.AccessToken(t.Context())
	var wg sync.WaitGroup
	for range 10 {
		wg.Go(func() {
			if token, err := c.Renew(t.Context(), old); err != nil || token == old {
				t.Errorf("renewed: %v, the same token: %v", err, token == old)
			}
		})
	}
	wg.Wait()
	if n := len(s.calls()); n != 2 {
		t.Errorf("for one token that was refused there are %d refreshes", n-1)
	}
}

func TestWhatIsMissingIsTold(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		scope, permissions any
		want               []string
	}{
		"all is there":              {"openid profile email offline_access", []string{"users:read", "mfa:reset"}, nil},
		"no word of scopes is all":  {"", []string{"users:read", "mfa:reset"}, nil},
		"a permission":              {"openid profile email offline_access users:read", []string{"users:read"}, []string{"mfa:reset"}},
		"the API allows no keeping": {"openid profile email", []string{"mfa:reset"}, []string{"offline_access", "users:read"}},
		"an API without RBAC":       {"", nil, []string{"users:read", "mfa:reset"}},
	} {
		s := newServer(t)
		s.token = func(_ int, _ url.Values, w http.ResponseWriter) {
			says(w, 200, `{"access_token":"`+s.sign(t, audience, map[string]any{"scope": tc.scope, "permissions": tc.permissions})+`"}`)
		}
		c := s.client(t, nil)
		c.cfg.Want = []string{"users:read", "mfa:reset"}
		code, err := c.StartDevice(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		op, err := c.WaitDevice(t.Context(), code)
		if err != nil {
			t.Fatal(err)
		}
		if got := c.Missing(); !reflect.DeepEqual(got, tc.want) || (op.Permissions == nil) != (tc.permissions == nil) {
			t.Errorf("%s: missing %v, want %v", name, got, tc.want)
		}
	}
}
