package sshserver

import (
	"crypto/rand"
	"crypto/rsa"
	"errors"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"reflect"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	gossh "golang.org/x/crypto/ssh"

	"usher/auth0client/signin/privatefile"
)

func TestAllowedKeys(t *testing.T) {
	t.Parallel()
	key := newKey(t)
	plain := strings.TrimSpace(authorized(key.PublicKey(), "ada"))
	short, err := rsa.GenerateKey(rand.Reader, 1024) //nolint:gosec // it is to be refused
	if err != nil {
		t.Fatal(err)
	}
	weak, err := gossh.NewPublicKey(&short.PublicKey)
	if err != nil {
		t.Fatal(err)
	}
	now := time.Date(2026, 6, 1, 12, 0, 0, 0, time.UTC)
	for name, tc := range map[string]struct {
		text, address string
		subject, err  string
	}{
		"a plain key":                {plain, "192.0.2.1", "", ""},
		"among others and remarks":   {"# x\n\n" + authorized(newKey(t).PublicKey(), "b") + plain + "\n", "192.0.2.1", "", ""},
		"bound to a subject":         {`subject="auth0|1" ` + plain, "192.0.2.1", "auth0|1", ""},
		"what is off anyhow":         {"restrict,no-port-forwarding,pty " + plain, "192.0.2.1", "", ""},
		"from its network":           {`from="192.0.2.0/24,!192.0.2.9" ` + plain, "192.0.2.1", "", ""},
		"from an exception":          {`from="192.0.2.0/24,!192.0.2.9" ` + plain, "192.0.2.9", "", "not allowed from this address"},
		"from elsewhere":             {`from="2001:db8::/32" ` + plain, "192.0.2.1", "", "not allowed from this address"},
		"from a name":                {`from="*.example.com" ` + plain, "192.0.2.1", "", "is not allowed"},
		"good until later":           {`expiry-time="202606011201Z" ` + plain, "192.0.2.1", "", ""},
		"expired":                    {`expiry-time="20260601120000Z" ` + plain, "192.0.2.1", "", "has expired"},
		"an expiry nobody can read":  {`expiry-time="soon" ` + plain, "192.0.2.1", "", "is not allowed"},
		"an option nobody knows":     {`command="/bin/true" ` + plain, "192.0.2.1", "", "is not allowed"},
		"bound to nobody":            {`subject="" ` + plain, "192.0.2.1", "", "is not allowed"},
		"a certificate authority":    {"cert-authority " + plain, "192.0.2.1", "", "is not allowed"},
		"no key at all":              {"hello\x00", "192.0.2.1", "", "is not allowed"},
		"the second line of the key": {`from="198.51.100.1" ` + plain + "\n" + plain, "192.0.2.1", "", ""},
		"an address that is none":    {`from="192.0.2.1" ` + plain, "unknown", "", "not allowed from this address"},
	} {
		lines, _ := parse([]byte(tc.text))
		got, err := find(lines, key.PublicKey(), tc.address, now)
		switch {
		case tc.err == "" && (err != nil || got.Subject != tc.subject || got.Label != "ada"):
			t.Errorf("%s: %+v, %v", name, got, err)
		case tc.err != "" && (err == nil || !strings.Contains(err.Error(), tc.err)):
			t.Errorf("%s: %v, want %q", name, err, tc.err)
		}
	}
	if lines, wrong := parse([]byte("\n" + authorized(weak, "weak"))); len(lines) != 0 || len(wrong) != 1 || !strings.Contains(wrong[0].Error(), "line 2: an RSA key of 1024 bits") {
		t.Errorf("a weak key: %d lines, %v", len(lines), wrong)
	}
}

func silent() *slog.Logger { return slog.New(slog.NewTextHandler(io.Discard, nil)) }

func TestTheListOfKeysIsReadAnew(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "keys")
	a, b := newKey(t), newKey(t)
	write(t, path, []byte(authorized(a.PublicKey(), "a")))
	f, err := NewKeyFile(path, silent(), time.Now)
	if err != nil {
		t.Fatal(err)
	}
	may := func(key gossh.Signer) bool {
		_, err := f.Find(t.Context(), "", "192.0.2.1", key.PublicKey())
		return err == nil
	}
	if !may(a) || may(b) {
		t.Error("the first list does not count")
	}
	write(t, path, []byte(authorized(b.PublicKey(), "bee")))
	if may(a) || !may(b) {
		t.Error("the second list does not count")
	}
	if runtime.GOOS != "windows" {
		if err := os.Chmod(path, 0o666); err != nil {
			t.Fatal(err)
		}
		if may(b) {
			t.Error("a list that anybody can write counts")
		}
		if err := os.Chmod(path, 0o600); err != nil || !may(b) {
			t.Errorf("a list put right does not count: %v", err)
		}
	}
	if err := os.Remove(path); err != nil || may(b) {
		t.Errorf("without a list somebody comes in: %v", err)
	}
	if _, err := NewKeyFile(path, silent(), time.Now); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("a server starts without a list: %v", err)
	}
}

func TestKeysByACommand(t *testing.T) {
	t.Parallel()
	if runtime.GOOS == "windows" {
		t.Skip("the programs of this test are Unix's")
	}
	key := newKey(t)
	dir := t.TempDir()
	write(t, filepath.Join(dir, "me"), []byte(authorized(key.PublicKey(), "by command")))
	find := func(user string, program ...string) (Entry, error) {
		c := KeyCommand{Program: program, Log: silent(), Now: time.Now}
		return c.Find(t.Context(), user, "192.0.2.1", key.PublicKey())
	}
	if e, err := find("me", "/bin/cat", dir+"/%u"); err != nil || e.Label != "by command" {
		t.Errorf("%+v, %v", e, err)
	}
	if e, err := find("me", "/bin/echo", "%t", "%k", "100%%"); err != nil || e.Label != "100%" {
		t.Errorf("%+v, %v", e, err)
	}
	for name, program := range map[string][]string{
		"a failure":       {"/bin/cat", dir + "/nobody"},
		"another's key":   {"/bin/echo", strings.TrimSpace(authorized(newKey(t).PublicKey(), "x"))},
		"nothing":         {"/bin/true"},
		"an endless list": {"/bin/cat", "/dev/zero"},
	} {
		if _, err := find("me", program...); err == nil {
			t.Errorf("%s lets somebody in", name)
		}
	}
	for _, user := range []string{"", "a b", "$(id)\n", strings.Repeat("x", 65)} {
		if _, err := find(user, "/bin/cat", dir+"/me"); err == nil && user != "" {
			t.Errorf("the name %q is handed to a program", user)
		}
	}
	for _, program := range [][]string{nil, {"cat"}, {"/nonexistent"}} {
		if err := (KeyCommand{Program: program}).Check(); err == nil {
			t.Errorf("%v is taken", program)
		}
	}
}

func TestTheHostKey(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "deep", "key")
	var group sync.WaitGroup
	prints := make(chan string, 10)
	for range 10 { // many starts at once make one key
		group.Go(func() {
			key, _, err := HostKey(path, rand.Reader)
			if err != nil {
				t.Error(err)
				return
			}
			prints <- gossh.FingerprintSHA256(key.PublicKey())
		})
	}
	group.Wait()
	close(prints)
	one := <-prints
	for p := range prints {
		if p != one {
			t.Errorf("two keys were made: %s and %s", one, p)
		}
	}
	if left, err := os.ReadDir(filepath.Dir(path)); err != nil || len(left) != 1 {
		t.Errorf("%d files are left: %v", len(left), err)
	}
	whole, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for name, damage := range map[string][]byte{"cut": whole[:len(whole)/2], "empty": nil, "noise": []byte("x")} {
		write(t, path, damage)
		if _, _, err := HostKey(path, rand.Reader); err == nil || !strings.Contains(err.Error(), path) {
			t.Errorf("%s: %v", name, err)
		}
		if now, _ := os.ReadFile(path); string(now) != string(damage) {
			t.Errorf("%s: the damaged key was replaced", name)
		}
	}
	if runtime.GOOS == "windows" {
		return
	}
	write(t, path, whole)
	if err := os.Chmod(path, 0o644); err != nil {
		t.Fatal(err)
	}
	if _, _, err := HostKey(path, rand.Reader); !errors.As(err, new(*privatefile.Exposed)) {
		t.Errorf("a key that others read gives %v", err)
	}
	if err := os.Chmod(path, 0o600); err != nil {
		t.Fatal(err)
	}
	if key, made, err := HostKey(path, rand.Reader); err != nil || made || gossh.FingerprintSHA256(key.PublicKey()) != one {
		t.Errorf("the key of before is not read: %v, %v", made, err)
	}
}

func TestWords(t *testing.T) {
	t.Parallel()
	for command, want := range map[string][]string{
		"":                            nil,
		" users  search\tada ":        {"users", "search", "ada"},
		`a "b c" 'd "e"' f\ g`:        {"a", "b c", `d "e"`, "f g"},
		`users search 'email:"a b"'`:  {"users", "search", `email:"a b"`},
		`a "" ''`:                     {"a", "", ""},
		`"a\"b\\c\d" '\'`:             {`a"b\c\d`, `\`},
		"$(id) `id` $HOME * ; | > &&": {"$(id)", "`id`", "$HOME", "*", ";", "|", ">", "&&"},
		"héllo \"wörld\"":             {"héllo", "wörld"},
	} {
		got, err := words(command)
		if err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("%q is %q, %v; want %q", command, got, err, want)
		}
	}
	for _, command := range []string{`a "b`, `a 'b`, `a\`, "a\nb", "a\x00", "a\x1b[2J"} {
		if got, err := words(command); err == nil {
			t.Errorf("%q is %q", command, got)
		}
	}
}

func FuzzWords(f *testing.F) {
	f.Add(`a "b c" 'd' e\ f`)
	f.Fuzz(func(t *testing.T, command string) {
		got, err := words(command)
		for _, w := range got {
			if err != nil || strings.ContainsFunc(w, func(c rune) bool { return c < ' ' && c != '\t' }) {
				t.Errorf("%q gives %q, %v", command, got, err)
			}
		}
	})
}

// A host key that is cut anywhere is the very key or an error that names the file, and is left as it is.
func TestAHostKeyCutAnywhere(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "key")
	key, _, err := HostKey(path, rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	want := gossh.FingerprintSHA256(key.PublicKey())
	whole, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for n := range whole {
		write(t, path, whole[:n])
		got, made, err := HostKey(path, rand.Reader)
		switch {
		case err != nil && !strings.Contains(err.Error(), path):
			t.Fatalf("cut at %d: %v", n, err)
		case err == nil && (made || gossh.FingerprintSHA256(got.PublicKey()) != want):
			t.Fatalf("cut at %d there is another key", n)
		}
		if now, _ := os.ReadFile(path); string(now) != string(whole[:n]) {
			t.Fatalf("cut at %d the file was changed", n)
		}
	}
}

func TestAHostKeyThatIsNoFileOfOurs(t *testing.T) {
	t.Parallel()
	if runtime.GOOS == "windows" {
		t.Skip("links and modes are Unix's")
	}
	dir := t.TempDir()
	real := filepath.Join(dir, "real")
	if _, made, err := HostKey(real, rand.Reader); err != nil || !made {
		t.Fatal(made, err)
	}
	link, dangling, folder := filepath.Join(dir, "link"), filepath.Join(dir, "dangling"), filepath.Join(dir, "folder")
	if err := errors.Join(os.Symlink(real, link), os.Symlink(filepath.Join(dir, "nowhere"), dangling), os.Mkdir(folder, 0o700)); err != nil {
		t.Fatal(err)
	}
	for what, path := range map[string]string{"a link": link, "a link to nothing": dangling, "a folder": folder, "below a file": filepath.Join(real, "key")} {
		if _, made, err := HostKey(path, rand.Reader); err == nil || made || !strings.Contains(err.Error(), path) {
			t.Errorf("%s: made %t, %v", what, made, err)
		}
	}
	if _, err := os.Lstat(filepath.Join(dir, "nowhere")); !errors.Is(err, os.ErrNotExist) {
		t.Error("a key was made where a link points")
	}
	if os.Getuid() != 0 { // nothing is closed to root
		if err := os.Chmod(real, 0o200); err != nil {
			t.Fatal(err)
		}
		before, _ := os.Stat(real)
		if _, made, err := HostKey(real, rand.Reader); err == nil || made {
			t.Errorf("a key that cannot be read: made %t, %v", made, err)
		}
		if now, err := os.Stat(real); err != nil || now.ModTime() != before.ModTime() {
			t.Error("a key that cannot be read was replaced")
		}
	}
}

// A list of keys that is cut anywhere lets nobody in whom the whole list would not, and on no other terms.
func TestAListOfKeysCutAnywhere(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "keys")
	a, b := newKey(t), newKey(t)
	whole := `restrict,from="192.0.2.0/24",subject="auth0|1" ` + authorized(a.PublicKey(), "a") + `expiry-time="20200101" ` + authorized(b.PublicKey(), "b")
	for n := range len(whole) + 1 {
		write(t, path, []byte(whole[:n]))
		f, err := NewKeyFile(path, silent(), time.Now)
		if err != nil {
			t.Fatalf("cut at %d: %v", n, err)
		}
		if e, err := f.Find(t.Context(), "", "192.0.2.1", a.PublicKey()); err == nil && e.Subject != "auth0|1" {
			t.Errorf("cut at %d a key is bound to %q", n, e.Subject)
		}
		if _, err := f.Find(t.Context(), "", "198.51.100.1", a.PublicKey()); err == nil {
			t.Errorf("cut at %d a key is good from anywhere", n)
		}
		if _, err := f.Find(t.Context(), "", "192.0.2.1", b.PublicKey()); err == nil {
			t.Errorf("cut at %d a key is good that has expired", n)
		}
	}
}
