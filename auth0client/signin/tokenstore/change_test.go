package tokenstore

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"usher/auth0client/signin"
)

// meddled is a keyring in which somebody else does something while an entry of a name is read.
type meddled struct {
	*fakeRing
	name string // a part of it; empty: that of a record's second piece
	once sync.Once
	do   func()
}

func (m *meddled) Get(service, account string) (string, error) {
	if m.name != "" && strings.Contains(account, m.name) || m.name == "" && strings.HasSuffix(account, ".1") {
		m.once.Do(m.do)
	}
	return m.fakeRing.Get(service, account)
}

func TestWhatAnotherUsherRenewsMeanwhileIsNotDamaged(t *testing.T) {
	t.Parallel()
	t.Run("in the keyring", func(t *testing.T) {
		t.Parallel()
		o := options(t, newFakeRing())
		other := New(o)
		for name, tc := range map[string]struct {
			do   func() error
			want signin.Tokens
		}{
			"renewed":    {func() error { return other.Save(t.Context(), signIn(2, 9)) }, signIn(2, 9)},
			"signed out": {func() error { return other.Wipe(t.Context()) }, signin.Tokens{}},
		} {
			mustSave(t, other, signIn(1, 9))
			mine := o
			mine.Ring = &meddled{fakeRing: o.Ring.(*fakeRing), do: func() {
				if err := tc.do(); err != nil {
					t.Error(err)
				}
			}}
			if got, err := New(mine).Load(t.Context()); err != nil || got != tc.want {
				t.Errorf("%s: kept is %q, %v", name, got.Refresh.Reveal(), err)
			}
		}
	})
	t.Run("in the file", func(t *testing.T) {
		t.Parallel()
		o := fileOptions(t)
		path := filepath.Join(o.Dir, "sign-in.age")
		for name, tc := range map[string]struct {
			do   func() error
			want signin.Tokens
		}{
			"renewed":    {func() error { return New(o).Save(t.Context(), signIn(2, 0)) }, signIn(2, 0)},
			"signed out": {func() error { return os.Remove(path) }, signin.Tokens{}},
		} {
			mustSave(t, New(o), signIn(1, 0))
			if err := os.WriteFile(path, []byte("half"), 0o600); err != nil {
				t.Fatal(err)
			}
			mine, done := o, false
			mine.Now = func() time.Time { // the last that happens before the file is moved
				if !done {
					done = true
					_ = os.Remove(path)
					if err := tc.do(); err != nil && !errors.Is(err, os.ErrNotExist) {
						t.Error(err)
					}
				}
				return noon
			}
			if got, err := New(mine).Load(t.Context()); err != nil || got != tc.want {
				t.Errorf("%s: kept is %q, %v", name, got.Refresh.Reveal(), err)
			}
			if aside := must(filepath.Glob(path + ".damaged-*")); len(aside) != 0 {
				t.Errorf("%s: moved aside is %v", name, aside)
			}
		}
	})
}

func TestAfterASignOutNoOlderSignInComesBack(t *testing.T) {
	t.Parallel()
	for name, back := range map[string]bool{"the keyring is there again": true, "the keyring stays locked": false} {
		ring := newFakeRing()
		o := options(t, ring)
		o.Passphrase = passphrase("p")
		mustSave(t, New(o), signIn(1, 0))
		ring.set(func() { ring.fail = errors.New("the collection is locked") })
		mustSave(t, New(o), signIn(2, 0))
		wantKept(t, New(o), signIn(2, 0))
		if back {
			ring.set(func() { ring.fail = nil })
		}
		if err := New(o).Wipe(t.Context()); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if back && len(ring.entries) != 0 {
			t.Errorf("%s: it still has %d entries", name, len(ring.entries))
		}
		ring.set(func() { ring.fail = nil })
		wantKept(t, New(o), signin.Tokens{})
	}
}

func TestUshersThatStartAtOnceLeaveEachOtherTheKeyring(t *testing.T) {
	t.Parallel()
	o := options(t, newFakeRing())
	mine := o
	mine.Ring = &meddled{fakeRing: o.Ring.(*fakeRing), name: "#probe", do: func() {
		if st, err := New(o).Open(t.Context()); err != nil || st.Kind != Keyring {
			t.Errorf("the other is kept by %+v, %v", st, err)
		}
	}}
	if st, err := New(mine).Open(t.Context()); err != nil || st.Kind != Keyring {
		t.Errorf("kept by %+v, %v", st, err)
	}
	if n := len(o.Ring.(*fakeRing).entries); n != 0 {
		t.Errorf("%d entries are left behind", n)
	}
}
