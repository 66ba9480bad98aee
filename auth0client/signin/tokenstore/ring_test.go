package tokenstore

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"usher/auth0client/signin"
)

// fakeRing is a keyring that takes entries of the size Windows takes, fails on demand and can hang.
type fakeRing struct {
	mu      sync.Mutex
	entries map[string]string
	fail    error
	hang    chan struct{}
	left    int // calls of Set that still work; negative: all
}

func newFakeRing() *fakeRing { return &fakeRing{entries: map[string]string{}, left: -1} }

func (f *fakeRing) call() error {
	f.mu.Lock()
	hang, fail := f.hang, f.fail
	f.mu.Unlock()
	if hang != nil {
		<-hang
	}
	return fail
}

func (f *fakeRing) Get(service, account string) (string, error) {
	if err := f.call(); err != nil {
		return "", err
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	v, ok := f.entries[service+"/"+account]
	if !ok {
		return "", ErrNotFound
	}
	return v, nil
}

func (f *fakeRing) Set(service, account, secret string) error {
	if err := f.call(); err != nil {
		return err
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	switch {
	case len(secret) > 2560:
		return errors.New("data passed to Set was too big")
	case f.left == 0:
		return errors.New("the machine went down")
	case f.left > 0:
		f.left--
	}
	f.entries[service+"/"+account] = secret
	return nil
}

func (f *fakeRing) Delete(service, account string) error {
	if err := f.call(); err != nil {
		return err
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	if _, ok := f.entries[service+"/"+account]; !ok {
		return ErrNotFound
	}
	delete(f.entries, service+"/"+account)
	return nil
}

func (f *fakeRing) set(how func()) {
	f.mu.Lock()
	defer f.mu.Unlock()
	how()
}

var noon = time.Date(2026, 3, 4, 12, 0, 0, 0, time.UTC)

// signIn is a sign-in some size kilobytes long; n tells one from another.
func signIn(n, size int) signin.Tokens {
	return signin.Tokens{
		Access: signin.Secret(fmt.Sprintf("access-%d-", n) + strings.Repeat("x", size<<10)), Refresh: signin.Secret(fmt.Sprintf("refresh-%d", n)),
		ID: signin.Secret(fmt.Sprintf("id-%d", n)), ExpiresAt: noon.Add(time.Hour),
	}
}

func options(t testing.TB, ring Ring) Options {
	t.Helper()
	return Options{
		Dir: t.TempDir() + "/signin", Account: "work https://acme.eu.auth0.com/ client-1", Ring: ring,
		Timeout: 200 * time.Millisecond, Now: func() time.Time { return noon }, Scrypt: 10,
	}
}

func passphrase(text string) func(context.Context, bool) (signin.Secret, error) {
	return func(context.Context, bool) (signin.Secret, error) { return signin.Secret(text), nil }
}

func mustSave(t testing.TB, s *Store, tokens signin.Tokens) {
	t.Helper()
	if err := s.Save(context.Background(), tokens); err != nil {
		t.Fatal(err)
	}
}

func wantKept(t testing.TB, s *Store, want signin.Tokens) {
	t.Helper()
	got, err := s.Load(context.Background())
	if err != nil || got != want {
		t.Errorf("kept is the sign-in with %q, %v; want %q", got.Refresh.Reveal(), err, want.Refresh.Reveal())
	}
}

func TestTheKeyringKeepsALongSignInInPieces(t *testing.T) {
	t.Parallel()
	ring := newFakeRing()
	o := options(t, ring)
	for n, size := range []int{0, 1, 5, 20, 2} {
		mustSave(t, New(o), signIn(n, size))
		wantKept(t, New(o), signIn(n, size))
		if st, err := New(o).Open(t.Context()); err != nil || st != (Status{Kind: Keyring}) {
			t.Fatalf("kept by %+v, %v", st, err)
		}
	}
	if n := len(ring.entries); n != 3 {
		t.Errorf("%d entries are left for a sign-in of two pieces and its head", n)
	}
	if err := New(o).Wipe(t.Context()); err != nil || len(ring.entries) != 0 {
		t.Errorf("after the wipe %d entries are left, %v", len(ring.entries), err)
	}
	wantKept(t, New(o), signin.Tokens{})
}

func TestACrashBetweenPiecesLeavesTheOldSignInOrTheNewOne(t *testing.T) {
	t.Parallel()
	for left := range 12 {
		ring := newFakeRing()
		o := options(t, ring)
		mustSave(t, New(o), signIn(1, 9))
		s := New(o)
		if _, err := s.Open(t.Context()); err != nil { // its probe writes once
			t.Fatal(err)
		}
		ring.set(func() { ring.left = left })
		err := s.Save(t.Context(), signIn(2, 9))
		ring.set(func() { ring.left = -1 })
		want := signIn(2, 9)
		if err != nil {
			want = signIn(1, 9)
		}
		wantKept(t, New(o), want)
	}
}

func TestAKeyringEntryThatIsDamagedIsNamed(t *testing.T) {
	t.Parallel()
	for _, damage := range []func(f *fakeRing, name string){
		func(f *fakeRing, name string) { f.entries[name] = "{" },
		func(f *fakeRing, name string) { f.entries[name] = `{"v":1,"sum":"","chunks":1}` },
		func(f *fakeRing, name string) { f.entries[name] = `{"v":1,"sum":"ab","chunks":-1}` },
		func(f *fakeRing, name string) {
			f.entries[name] = strings.Replace(f.entries[name], `"chunks":6`, `"chunks":64`, 1)
		},
		func(f *fakeRing, name string) {
			for k := range f.entries {
				if strings.HasSuffix(k, ".1") {
					f.entries[k] = "y" + f.entries[k][1:]
				}
			}
		},
		func(f *fakeRing, name string) {
			for k := range f.entries {
				if strings.HasSuffix(k, ".1") {
					delete(f.entries, k)
				}
			}
		},
	} {
		ring := newFakeRing()
		o := options(t, ring)
		mustSave(t, New(o), signIn(1, 9))
		damage(ring, service+"/"+o.Account)
		s := New(o)
		_, err := s.Load(t.Context())
		if !errors.Is(err, signin.ErrDamaged) || !strings.Contains(err.Error(), o.Account) || strings.Contains(err.Error(), "access") {
			t.Errorf("a damaged entry gives %v", err)
		}
		mustSave(t, s, signIn(2, 9))
		wantKept(t, New(o), signIn(2, 9))
	}
}

func TestAKeyringThatHangsCostsItsTimeout(t *testing.T) {
	t.Parallel()
	ring := newFakeRing()
	ring.hang = make(chan struct{})
	defer close(ring.hang)
	for _, tc := range []struct {
		name string
		ask  func(context.Context, bool) (signin.Secret, error)
		want Kind
	}{{"without a passphrase", nil, Memory}, {"with a passphrase", passphrase("p"), File}} {
		o := options(t, ring)
		o.Passphrase, o.Timeout = tc.ask, 0 // the real timeout
		if tc.want == File {
			o.Timeout = 100 * time.Millisecond
		}
		began := time.Now()
		st, err := New(o).Open(t.Context())
		if took := time.Since(began); err != nil || st.Kind != tc.want || !strings.Contains(st.Note, "did not answer within") || took > 3500*time.Millisecond {
			t.Errorf("%s: kept by %+v, %v after %s", tc.name, st, err, took)
		}
	}
}

func TestAKeyringThatIsLockedMidwayIsAnErrorAndNotAnEmptyStore(t *testing.T) {
	t.Parallel()
	ring := newFakeRing()
	s := New(options(t, ring))
	mustSave(t, s, signIn(1, 1))
	ring.set(func() { ring.fail = errors.New("the collection is locked") })
	if _, err := s.Load(t.Context()); err == nil || errors.Is(err, signin.ErrDamaged) || !strings.Contains(err.Error(), "is locked") {
		t.Errorf("a locked keyring gives %v", err)
	}
	if err := s.Save(t.Context(), signIn(2, 1)); err == nil {
		t.Error("a sign-in that was not kept counts as kept")
	}
}
