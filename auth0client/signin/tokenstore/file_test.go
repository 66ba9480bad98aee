package tokenstore

import (
	"bytes"
	"context"
	"errors"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"filippo.io/age"

	"usher/auth0client/signin"
	"usher/auth0client/signin/privatefile"
)

var noRing = &fakeRing{fail: errors.New("there is no keyring here"), left: -1}

// fileOptions keeps sign-ins in a file that an identity opens, which costs no time.
func fileOptions(t testing.TB) Options {
	t.Helper()
	o := options(t, noRing)
	o.Identity = identity(t)
	return o
}

func identity(t testing.TB) string {
	t.Helper()
	id, err := age.GenerateX25519Identity()
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "identity.txt")
	if err := os.WriteFile(path, []byte("# created by a test\n"+id.String()+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestAFileKeepsASignInForItsOwnerOnly(t *testing.T) {
	t.Parallel()
	withPassphrase := options(t, noRing)
	withPassphrase.Passphrase = passphrase("correct horse")
	for name, o := range map[string]Options{"an identity": fileOptions(t), "a passphrase": withPassphrase} {
		for n := range 3 {
			mustSave(t, New(o), signIn(n, n))
			wantKept(t, New(o), signIn(n, n))
		}
		st, err := New(o).Open(t.Context())
		if err != nil || st.Kind != File || Remembered(o.Dir) != File {
			t.Errorf("%s: kept by %+v, %v; remembered %q", name, st, err, Remembered(o.Dir))
		}
		err = filepath.WalkDir(o.Dir, func(path string, d fs.DirEntry, err error) error {
			if err != nil {
				return err
			}
			info, err := d.Info()
			if err != nil {
				return err
			}
			if want := map[bool]os.FileMode{true: 0o700, false: 0o600}[d.IsDir()]; info.Mode().Perm() != want {
				t.Errorf("%s: %s has mode %v", name, path, info.Mode())
			}
			if !d.IsDir() {
				data, _ := os.ReadFile(path)
				for _, secret := range []string{"access-", "refresh-", "correct horse", "AGE-SECRET-KEY"} {
					if bytes.Contains(data, []byte(secret)) {
						t.Errorf("%s: %s holds %q in the clear", name, path, secret)
					}
				}
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		if err := New(o).Wipe(t.Context()); err != nil {
			t.Error(err)
		}
		wantKept(t, New(o), signin.Tokens{})
		mustSave(t, New(o), signIn(9, 0))
		wantKept(t, New(o), signIn(9, 0))
	}
}

func TestAWrongPassphraseLosesNothing(t *testing.T) {
	t.Parallel()
	right := options(t, noRing)
	right.Passphrase = passphrase("right")
	wrong := right
	wrong.Passphrase = passphrase("wrong")
	mustSave(t, New(right), signIn(1, 0))
	s := New(wrong)
	if _, err := s.Load(t.Context()); !errors.Is(err, signin.ErrDamaged) || !strings.Contains(err.Error(), "does not open with this passphrase") || !strings.Contains(err.Error(), right.Dir) {
		t.Fatalf("the wrong passphrase gives %v", err)
	}
	wantKept(t, New(right), signIn(1, 0))
	mustSave(t, s, signIn(2, 0)) // a fresh sign-in goes on with the new one
	wantKept(t, New(wrong), signIn(2, 0))
	if aside, _ := filepath.Glob(filepath.Join(right.Dir, "*.damaged-*")); len(aside) != 2 {
		t.Errorf("moved aside: %v; want the old key and the old sign-in", aside)
	}
}

func TestAnotherIdentityLosesNothing(t *testing.T) {
	t.Parallel()
	o := fileOptions(t)
	mustSave(t, New(o), signIn(1, 0))
	other := o
	other.Identity = identity(t)
	if _, err := New(other).Load(t.Context()); !errors.Is(err, signin.ErrDamaged) || !strings.Contains(err.Error(), other.Identity) {
		t.Errorf("another identity gives %v", err)
	}
	mustSave(t, New(other), signIn(2, 0))
	wantKept(t, New(other), signIn(2, 0))
	if aside, _ := filepath.Glob(filepath.Join(o.Dir, "sign-in.age.damaged-*")); len(aside) != 1 {
		t.Errorf("moved aside: %v", aside)
	}
}

func TestADamagedFileIsNamedMovedAsideAndReplaced(t *testing.T) {
	t.Parallel()
	o := fileOptions(t)
	mustSave(t, New(o), signIn(1, 0))
	path := filepath.Join(o.Dir, "sign-in.age")
	whole, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	try := func(what string, n int, data []byte) {
		t.Helper()
		if err := os.WriteFile(path, data, 0o600); err != nil {
			t.Fatal(err)
		}
		s := New(o)
		got, err := s.Load(t.Context())
		if !errors.Is(err, signin.ErrDamaged) || !strings.Contains(err.Error(), path) || got != (signin.Tokens{}) || strings.Contains(err.Error(), "access") {
			t.Fatalf("%s %d: %v", what, n, err)
		}
		// What may be another identity's is moved when a fresh sign-in needs its place. Each save costs the disk some syncs.
		if n%20 == 0 || errors.As(err, new(*Locked)) {
			mustSave(t, s, signIn(2, 0))
			wantKept(t, New(o), signIn(2, 0))
		}
		aside, _ := filepath.Glob(path + ".damaged-*")
		if len(aside) != 1 {
			t.Fatalf("%s %d: moved aside %v", what, n, aside)
		}
		if kept, _ := os.ReadFile(aside[0]); !bytes.Equal(kept, data) {
			t.Fatalf("%s %d: the damaged file was changed", what, n)
		}
		_ = os.Remove(aside[0])
	}
	for n := range whole {
		try("cut at byte", n, whole[:n])
	}
	random := rand.New(rand.NewPCG(1, 2))
	for n := range 200 {
		flipped := bytes.Clone(whole)
		flipped[random.IntN(len(flipped))] ^= byte(1 + random.IntN(255))
		try("flip", n, flipped)
	}
}

func TestADamagedKeyIsReplaced(t *testing.T) {
	t.Parallel()
	o := options(t, noRing)
	o.Passphrase = passphrase("p")
	mustSave(t, New(o), signIn(1, 0))
	path := filepath.Join(o.Dir, "sign-in.key.age")
	whole, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for n := 0; n < len(whole); n += 7 {
		if err := privatefile.Write(path, whole[:n]); err != nil {
			t.Fatal(err)
		}
		s := New(o)
		if _, err := s.Load(t.Context()); !errors.Is(err, signin.ErrDamaged) || !strings.Contains(err.Error(), path) {
			t.Fatalf("a key cut at byte %d gives %v", n, err)
		}
		mustSave(t, s, signIn(2, 0))
		wantKept(t, New(o), signIn(2, 0))
		for _, aside := range must(filepath.Glob(filepath.Join(o.Dir, "*.damaged-*"))) {
			_ = os.Remove(aside)
		}
	}
}

func must(paths []string, _ error) []string { return paths }

func TestWhatOthersMayReadIsRefused(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		spoil func(o *Options) error
		says  string
	}{
		"the file":                        {func(o *Options) error { return os.Chmod(filepath.Join(o.Dir, "sign-in.age"), 0o644) }, "chmod 600"},
		"the note of which kind keeps it": {func(o *Options) error { return os.Chmod(filepath.Join(o.Dir, "kept-in"), 0o644) }, "chmod 600"},
		"the folder":                      {func(o *Options) error { return os.Chmod(o.Dir, 0o755) }, "chmod 700"},
		"the identity":                    {func(o *Options) error { return os.Chmod(o.Identity, 0o640) }, "chmod 600"},
		"a link": {func(o *Options) error {
			path := filepath.Join(o.Dir, "sign-in.age")
			return errors.Join(os.Rename(path, path+".real"), os.Symlink(path+".real", path))
		}, "it is a link"},
		"a pipe": {func(o *Options) error {
			path := filepath.Join(o.Dir, "sign-in.age")
			return errors.Join(os.Remove(path), os.Mkdir(path, 0o700))
		}, "not a plain file"},
	} {
		o := fileOptions(t)
		mustSave(t, New(o), signIn(1, 0))
		if err := tc.spoil(&o); err != nil {
			t.Fatal(err)
		}
		s := New(o)
		st, _ := s.Open(t.Context())
		got, err := s.Load(t.Context())
		if got != (signin.Tokens{}) {
			t.Errorf("%s that others may use gives a sign-in", name)
		}
		said := st.Note
		if err != nil {
			said += err.Error()
		}
		if !strings.Contains(said, tc.says) {
			t.Errorf("%s that others may use: %q; want %q", name, said, tc.says)
		}
	}
}

func TestWhichKindKeepsASignIn(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name       string
		ring       Ring
		want       Kind
		passphrase string
		before     Kind
		kind       Kind
		note       string
	}{
		{"a keyring comes first", newFakeRing(), "", "p", "", Keyring, ""},
		{"without one it is the file", noRing, "", "p", "", File, "there is no keyring here"},
		{"without a passphrase it is memory", noRing, "", "", "", Memory, "kept in memory and ends with usher"},
		{"what kept it last keeps it", newFakeRing(), "", "p", File, File, ""},
		{"what kept it last needs its passphrase", newFakeRing(), "", "", File, Keyring, "USHER_TOKEN_PASSPHRASE"},
		{"memory when asked for", newFakeRing(), Memory, "p", "", Memory, ""},
		{"the file when asked for", newFakeRing(), File, "p", "", File, ""},
		{"never a file when a keyring was asked for", noRing, Keyring, "p", "", Memory, "there is no keyring here"},
		{"never a keyring when a file was asked for", newFakeRing(), File, "", "", Memory, "USHER_TOKEN_PASSPHRASE"},
	} {
		o := options(t, tc.ring)
		o.Want = tc.want
		if tc.passphrase != "" {
			o.Passphrase = passphrase(tc.passphrase)
		}
		if tc.before != "" {
			if err := errors.Join(privatefile.Folder(o.Dir), privatefile.Write(filepath.Join(o.Dir, "kept-in"), []byte(tc.before))); err != nil {
				t.Fatal(err)
			}
		}
		s := New(o)
		st, err := s.Open(t.Context())
		if err != nil || st.Kind != tc.kind || !strings.Contains(st.Note, tc.note) || (tc.note == "") != (st.Note == "") {
			t.Errorf("%s: %+v, %v", tc.name, st, err)
		}
		mustSave(t, s, signIn(1, 0))
		wantKept(t, s, signIn(1, 0))
		if err := s.Wipe(t.Context()); err != nil {
			t.Errorf("%s: %v", tc.name, err)
		}
		wantKept(t, s, signin.Tokens{})
	}
}

func TestAFolderThatCannotBeWrittenMeansMemory(t *testing.T) {
	t.Parallel()
	o := fileOptions(t)
	block := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(block, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	o.Dir = filepath.Join(block, "signin") // as on a read-only home, whoever runs the test
	for _, ring := range []Ring{noRing, newFakeRing()} {
		o.Ring = ring
		s := New(o)
		st, err := s.Open(t.Context())
		if err != nil || st.Kind != Memory || !strings.Contains(st.Note, o.Dir) {
			t.Errorf("kept by %+v, %v", st, err)
		}
		mustSave(t, s, signIn(1, 0))
	}
}

func TestASignInOfAnotherTenantIsNotTakenUp(t *testing.T) {
	t.Parallel()
	o := fileOptions(t)
	mustSave(t, New(o), signIn(1, 0))
	o.Account = "work https://other.eu.auth0.com/ client-1"
	wantKept(t, New(o), signin.Tokens{})
}

func TestIdentitiesThatDoNotWorkSayWhy(t *testing.T) {
	t.Parallel()
	for name, text := range map[string]string{
		"empty": "", "no identity": "hello", "a secret that is cut": "AGE-SECRET-KEY-1QQQ", "encrypted": "age-encryption.org/v1\n-> scrypt",
	} {
		o := fileOptions(t)
		if err := os.WriteFile(o.Identity, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		st, err := New(o).Open(t.Context())
		if err != nil || !strings.Contains(st.Note, o.Identity) || strings.Contains(st.Note, "SECRET") {
			t.Errorf("%s: %+v, %v", name, st, err)
		}
	}
	o := fileOptions(t)
	o.Identity += ".gone"
	if st, err := New(o).Open(t.Context()); err != nil || !strings.Contains(st.Note, "token_identity") {
		t.Errorf("gone: %+v, %v", st, err)
	}
}

func FuzzDecode(f *testing.F) {
	data, err := encode(signIn(1, 0), "a")
	if err != nil {
		f.Fatal(err)
	}
	f.Add(data)
	f.Add([]byte(`{"v":1,"expires":"9999"}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		if _, _, err := decode(data); err != nil && !errors.Is(err, signin.ErrDamaged) {
			t.Errorf("%v", err)
		}
	})
}

func TestOnlyOneHoldsTheLock(t *testing.T) {
	t.Parallel()
	o := fileOptions(t)
	a, b := New(o), New(o)
	unlock, err := a.Lock(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range []*Store{a, b} {
		ctx, cancel := context.WithTimeout(t.Context(), 3*lockPoll)
		if _, err := s.Lock(ctx); err == nil {
			t.Error("two hold the lock")
		}
		cancel()
	}
	unlock()
	again, err := b.Lock(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	again()
}
