package signin

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"
)

func (s *authServer) gets() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.keyGets
}

func TestAFloodOfUnknownKeysReadsTheKeysOnceAMinuteAndStopsNobody(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	v := s.verifier()
	good := s.sign(t, audience, nil)
	if _, err := v.Verify(t.Context(), good); err != nil {
		t.Fatal(err)
	}
	parts := strings.SplitN(good, ".", 2)
	flood := func(from, to int) {
		for i := from; i < to; i++ {
			header := encode64(fmt.Sprintf(`{"alg":"RS256","kid":"unknown-%d"}`, i))
			if _, err := v.Verify(t.Context(), header+"."+parts[1]); !errors.Is(err, ErrSignature) {
				t.Errorf("an unknown key gives %v", err)
				return
			}
		}
	}
	s.clock.add(refetchEvery)
	var wg sync.WaitGroup
	for part := range 10 {
		wg.Go(func() { flood(part*500, (part+1)*500) })
	}
	wg.Wait()
	if got := s.gets(); got != 2 {
		t.Errorf("5,000 unknown keys within a minute read the keys %d times more, want 1", got-1)
	}
	s.clock.add(refetchEvery)
	flood(5000, 10000)
	if got := s.gets(); got != 3 {
		t.Errorf("a minute later: %d times, want 2", got-1)
	}

	// While the keys are read for an unknown one, a known key does not wait.
	hold, held := make(chan struct{}), make(chan struct{})
	s.change(func() { s.onKeys = func() { close(held); <-hold } })
	s.clock.add(refetchEvery)
	wg.Go(func() { flood(10000, 10001) })
	<-held
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
	defer cancel()
	if _, err := v.Verify(ctx, good); err != nil {
		t.Errorf("a known key waits for the network: %v", err)
	}
	// One who waits for an unknown key may give up.
	gone, give := context.WithCancel(t.Context())
	give()
	if _, err := v.Verify(gone, encode64(`{"alg":"RS256","kid":"other"}`)+"."+parts[1]); err == nil {
		t.Error("an unknown key counts")
	}
	close(hold)
	wg.Wait()
}

// patient says when somebody waits for it to end.
type patient struct {
	context.Context
	waits chan struct{}
	once  *sync.Once
}

// Done implements context.Context.
func (p patient) Done() <-chan struct{} {
	p.once.Do(func() { close(p.waits) })
	return p.Context.Done()
}

func TestWhoComesWhileTheFirstKeysAreReadWaitsForThem(t *testing.T) {
	t.Parallel()
	for name, leaves := range map[string]bool{"and whoever came first stays": false, "and whoever came first leaves": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newServer(t)
			v := s.verifier()
			good := s.sign(t, audience, nil)
			hold, held := make(chan struct{}), make(chan struct{})
			s.change(func() { s.onKeys = func() { close(held); <-hold } })
			ctx, leave := context.WithCancel(t.Context())
			defer leave()
			first, second := make(chan error, 1), make(chan error, 1)
			go func() {
				_, err := v.Verify(ctx, good)
				first <- err
			}()
			<-held
			next := patient{t.Context(), make(chan struct{}), &sync.Once{}}
			go func() {
				_, err := v.Verify(next, good)
				second <- err
			}()
			select {
			case <-next.waits:
			case err := <-second:
				t.Errorf("while the first keys are on their way a good token is refused: %v", err)
				second <- nil
			}
			if leaves {
				leave()
				if err := <-first; !errors.Is(err, context.Canceled) {
					t.Errorf("whoever left is told %v", err)
				}
				first <- nil
			}
			close(hold)
			for _, answer := range []chan error{first, second} {
				if err := <-answer; err != nil {
					t.Errorf("a good token is refused: %v", err)
				}
			}
		})
	}
}

func TestKeysThatCannotBeReadAreNoForgery(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	v := s.verifier()
	good := s.sign(t, audience, nil)
	s.change(func() { s.keyDown = true })
	for range 2 { // the second time nobody asks the tenant, so soon after
		if _, err := v.Verify(t.Context(), good); !errors.Is(err, ErrKeys) {
			t.Errorf("while the tenant's keys cannot be read a good token gives %v", err)
		}
	}
}

func TestTheKeysAreKeptForTheNextRunAsLongAsTheyLast(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	s.change(func() { s.keyHeader = "public, max-age=3600, must-revalidate" })
	path := filepath.Join(t.TempDir(), "signin", "keys.json")
	run := func() error {
		keys := NewKeys(KeysConfig{Issuer: s.issuer, HTTP: s.Client(), Now: s.clock.Now, Cache: path})
		defer keys.Close()
		v := NewVerifier(VerifierConfig{Issuer: s.issuer, Audience: audience, Now: s.clock.Now, Skew: clockSkew, Keys: keys})
		_, err := v.Verify(t.Context(), s.sign(t, audience, nil))
		keys.work.Wait()
		return err
	}
	for _, step := range []struct {
		when string
		pass time.Duration
		gets int
	}{{"the first run", 0, 1}, {"the next run", 59 * time.Minute, 1}, {"a run after their time", time.Minute + time.Second, 2}, {"the one after that", 0, 2}, {"a run the next day", 24 * time.Hour, 3}} {
		s.clock.add(step.pass)
		if err := run(); err != nil || s.gets() != step.gets {
			t.Errorf("%s: %d requests in all, want %d, %v", step.when, s.gets(), step.gets, err)
		}
	}
	whole, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	gets := s.gets()
	for n := 0; n < len(whole); n += 11 { // a damaged cache costs one request and nothing else
		if err := os.WriteFile(path, whole[:n], 0o600); err != nil {
			t.Fatal(err)
		}
		if gets++; run() != nil || s.gets() != gets {
			t.Fatalf("a cache cut at byte %d: %d requests, want %d", n, s.gets(), gets)
		}
	}
	if err := os.Chmod(path, 0o666); err != nil {
		t.Fatal(err)
	}
	if gets++; run() != nil || s.gets() != gets {
		t.Error("a cache that others may write is believed")
	}
}

func TestHowLongKeysLast(t *testing.T) {
	t.Parallel()
	for header, want := range map[string]time.Duration{
		"": keysKept, "no-store": keysKept, "public, max-age=3600": time.Hour, "max-age=15, stale-while-revalidate=15": time.Minute,
		"Max-Age=600": keysKept, "max-age=999999999": 24 * time.Hour, "max-age=-1": keysKept, "max-age=x": keysKept, "s-maxage=3600": keysKept,
		`max-age="120"`: 2 * time.Minute, "x,max-age=99999999999999999999": 24 * time.Hour,
	} {
		if got := lifetime(http.Header{"Cache-Control": {header}}); got != want {
			t.Errorf("%q lasts %s, want %s", header, got, want)
		}
	}
}

func TestOnlyLongRSAKeysCount(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	set := jose.JSONWebKeySet{Keys: []jose.JSONWebKey{
		{Key: []byte("a secret that is public"), KeyID: "mac"}, {Key: &s.key.PublicKey}, {Key: &s.key.PublicKey, KeyID: "enc", Use: "enc"},
		{Key: &s.key.PublicKey, KeyID: "k1"},
	}}
	if known := usable(set); len(known) != 1 || known["k1"] == nil {
		t.Errorf("usable are %v", known)
	}
}

// Operators who sign in at the same moment, before the keys are known or after the tenant has new ones, wait for the one read
// that all of them need.
func TestWhoeverComesWhileTheKeysAreReadWaitsForThem(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	v := s.verifier()
	good := s.sign(t, audience, nil)
	hold, held := make(chan struct{}), make(chan struct{}, 1)
	s.change(func() {
		s.onKeys = func() {
			held <- struct{}{}
			<-hold
		}
	})
	errs := make(chan error, 10)
	verify := func() { _, err := v.Verify(t.Context(), good); errs <- err }
	go verify()
	<-held
	for range cap(errs) - 1 {
		go verify()
	}
	select {
	case err := <-errs:
		close(hold)
		t.Fatalf("while the keys are read: %v", err)
	case <-time.After(100 * time.Millisecond): // none comes before it should, or the read below would not be what they wait for
	}
	close(hold)
	for range cap(errs) {
		if err := <-errs; err != nil {
			t.Fatal(err)
		}
	}
	if got := s.gets(); got != 1 {
		t.Errorf("the keys were read %d times", got)
	}
}
