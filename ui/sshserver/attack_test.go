package sshserver

import (
	"bytes"
	"crypto/rand"
	"errors"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	gossh "golang.org/x/crypto/ssh"
)

// impostor offers one key and signs with another.
type impostor struct {
	gossh.Signer
	shown gossh.PublicKey
}

func (i impostor) PublicKey() gossh.PublicKey { return i.shown }

func TestOnlyAProvedKeyOpensTheDoor(t *testing.T) {
	t.Parallel()
	r := start(t, Limits{})
	stranger := newKey(t)
	cert := &gossh.Certificate{Key: stranger.PublicKey(), CertType: gossh.UserCert, ValidBefore: gossh.CertTimeInfinity, ValidPrincipals: []string{"me"}}
	if err := cert.SignCert(rand.Reader, r.admin); err != nil {
		t.Fatal(err)
	}
	certified, err := gossh.NewCertSigner(cert, stranger)
	if err != nil {
		t.Fatal(err)
	}
	for name, auth := range map[string][]gossh.AuthMethod{
		"no key":                               nil,
		"a stranger's key":                     {gossh.PublicKeys(stranger)},
		"an allowed key signed for by another": {gossh.PublicKeys(impostor{stranger, r.admin.PublicKey()})},
		"a certificate by an allowed key":      {gossh.PublicKeys(certified)},
		"a password":                           {gossh.Password("admin")},
		"keyboard-interactive after a bad key": {gossh.PublicKeys(stranger), gossh.KeyboardInteractive(func(_, _ string, q []string, _ []bool) ([]string, error) { return make([]string, len(q)), nil })},
		"keyboard-interactive":                 {gossh.KeyboardInteractive(func(_, _ string, q []string, _ []bool) ([]string, error) { return make([]string, len(q)), nil })},
		"more keys than are tried for anybody": {gossh.PublicKeys(newKey(t), newKey(t), newKey(t), r.admin)},
	} {
		c, err := r.clientFrom("127.0.0.1", auth...)
		if err == nil {
			_ = c.Close()
			t.Errorf("%s opens the door", name)
		}
	}
	out, _, _ := r.run(r.client(r.other), "whoami")
	if !strings.HasPrefix(out, "other auth0|other "+gossh.FingerprintSHA256(r.other.PublicKey())) {
		t.Errorf("the other operator is %q", out)
	}
}

// A key that was offered before the one that is proved must leave nothing behind (CVE-2024-45337). OpenSSH offers a key of
// which it has the public half only, without a signature.
func TestAnotherKeyOfferedUnsignedProvesNothing(t *testing.T) {
	t.Parallel()
	ssh := openSSHClient(t)
	r := start(t, Limits{})
	dir := t.TempDir()
	block, err := gossh.MarshalPrivateKey(privateOf(t, r.other), "")
	if err != nil {
		t.Fatal(err)
	}
	write(t, filepath.Join(dir, "own"), pemOf(block))
	write(t, filepath.Join(dir, "admin.pub"), []byte(authorized(r.admin.PublicKey(), "admin")))
	host, port, _ := net.SplitHostPort(r.addr)
	cmd := exec.Command(ssh, "-F", "/dev/null", "-v", "-p", port, "-i", filepath.Join(dir, "admin.pub"), "-i", filepath.Join(dir, "own"), "-o", "IdentitiesOnly=yes", "-o", "IdentityAgent=none", //nolint:gosec // a test's
		"-o", "StrictHostKeyChecking=no", "-o", "UserKnownHostsFile=/dev/null", "-o", "BatchMode=yes", host, "whoami")
	var out, errs bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errs
	if err := cmd.Run(); err != nil {
		t.Fatalf("%v\n%s", err, errs.String())
	}
	admin := gossh.FingerprintSHA256(r.admin.PublicKey())
	if !strings.Contains(errs.String(), "Server accepts key: "+filepath.Join(dir, "admin.pub")) || !strings.Contains(errs.String(), admin) {
		t.Fatalf("the admin's key was not offered and taken:\n%s", errs.String())
	}
	if !strings.HasPrefix(out.String(), "other ") {
		t.Errorf("after the admin's key was offered unsigned the operator is %q", out.String())
	}
}

func TestNothingButConsolesAndCommands(t *testing.T) {
	t.Parallel()
	r := start(t, Limits{})
	c := r.client(r.admin)
	for _, kind := range []string{"direct-tcpip", "direct-streamlocal@openssh.com", "x11", "auth-agent@openssh.com", "forwarded-tcpip", "tun@openssh.com"} {
		payload := gossh.Marshal(struct {
			Host   string
			Port   uint32
			Origin string
			From   uint32
		}{"127.0.0.1", 22, "127.0.0.1", 22})
		if ch, _, err := c.OpenChannel(kind, payload); err == nil {
			_ = ch.Close()
			t.Errorf("a channel %s is opened", kind)
		}
	}
	if l, err := c.Listen("tcp", "127.0.0.1:0"); err == nil {
		_ = l.Close()
		t.Error("ports are forwarded from here")
	}
	for _, name := range []string{"tcpip-forward", "streamlocal-forward@openssh.com", "no-more-sessions@openssh.com"} {
		if ok, _, err := c.SendRequest(name, true, nil); ok || err != nil {
			t.Errorf("the request %s is granted: %v, %v", name, ok, err)
		}
	}
	s, err := c.NewSession()
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close() //nolint:errcheck // a test's
	for _, name := range []string{"auth-agent-req@openssh.com", "x11-req", "subsystem", "signal", "break", "xon-xoff"} {
		if ok, err := s.SendRequest(name, true, gossh.Marshal(struct{ Name string }{"sftp"})); ok || err != nil {
			t.Errorf("the session's request %s is granted: %v, %v", name, ok, err)
		}
	}
	for name, value := range map[string]string{"LD_PRELOAD": "/x.so", "EDITOR": "vi", "LANG": "de\x1b[2J", "LC_ALL": strings.Repeat("x", 200), "TEA_TRACE": "/tmp/x"} {
		if err := s.Setenv(name, value); err == nil {
			t.Errorf("%s=%q is taken", name, value)
		}
	}
	if err := s.Setenv("LANG", "de_DE.UTF-8"); err != nil {
		t.Error(err)
	}
	out, err := s.Output("whoami")
	if err != nil || !strings.Contains(string(out), "LANG=de_DE.UTF-8 LD_PRELOAD=\n") {
		t.Errorf("%q, %v", out, err)
	}
	for command, want := range map[string]int{"rm -rf /": 127, "users search 'x": 2, "open": 1, "a\x00b": 2} {
		if _, errs, code := r.run(c, command); code != want || errs == "" {
			t.Errorf("%q ends with %d and says %q, want %d", command, code, errs, want)
		}
	}
}

func TestTooManySessions(t *testing.T) {
	t.Parallel()
	r := start(t, Limits{PerKey: 2})
	c := r.client(r.admin)
	a, b := r.open(c, ""), r.open(c, "")
	a.expect("canary-admin")
	b.expect("canary-admin")
	r.open(c, "").expect("too many sessions with this key")
	if out, _, _ := r.run(r.client(r.other), "whoami"); !strings.HasPrefix(out, "other") {
		t.Errorf("another operator finds %q", out)
	}
	a.send("q")
	a.ends()
	r.open(c, "").expect("canary-admin")
	for range mostChannels {
		if _, err := c.NewSession(); err != nil {
			return
		}
	}
	t.Errorf("one connection opens more than %d channels", mostChannels)
}

func TestGarbageOnThePort(t *testing.T) {
	t.Parallel()
	r := start(t, Limits{Handshake: time.Second})
	noise := make([]byte, 64<<10)
	if _, err := rand.Read(noise); err != nil {
		t.Fatal(err)
	}
	for name, said := range map[string][]byte{
		"noise": noise, "HTTP": []byte("GET / HTTP/1.1\r\n\r\n"), "a version and noise": append([]byte("SSH-2.0-x\r\n"), noise...),
		"a huge packet": append([]byte("SSH-2.0-x\r\n"), 0xff, 0xff, 0xff, 0xff, 0),
	} {
		c, err := r.from("127.0.0.1")
		if err != nil {
			t.Fatal(err)
		}
		_ = c.SetDeadline(time.Now().Add(within))
		_, _ = c.Write(said)
		if _, err := io.Copy(io.Discard, c); errors.Is(err, os.ErrDeadlineExceeded) {
			t.Errorf("%s is listened to", name)
		}
		_ = c.Close()
	}
	if out, _, _ := r.run(r.client(r.admin), "whoami"); !strings.HasPrefix(out, "admin") {
		t.Errorf("afterwards the operator is %q", out)
	}
}

// fromElsewhere is a client of another loopback address; only Linux gives those out freely.
func fromElsewhere(t *testing.T, r *rig) {
	t.Helper()
	if runtime.GOOS != "linux" {
		return
	}
	c, err := r.clientFrom("127.0.0.2", gossh.PublicKeys(r.admin))
	if err != nil {
		t.Fatalf("somebody else is kept out: %v", err)
	}
	defer c.Close() //nolint:errcheck // a test's
	if out, _, _ := r.run(c, "whoami"); !strings.HasPrefix(out, "admin") {
		t.Errorf("somebody else finds %q", out)
	}
}

func TestConnectionsThatSayNothing(t *testing.T) {
	// Not parallel: it counts goroutines.
	r := start(t, Limits{Handshake: 4 * time.Second})
	before := runtime.NumGoroutine()
	var silent []net.Conn
	defer func() {
		for _, c := range silent {
			_ = c.Close()
		}
	}()
	for range 1000 {
		c, err := r.from("127.0.0.1")
		if err != nil {
			t.Fatal(err)
		}
		silent = append(silent, c)
	}
	if n := runtime.NumGoroutine() - before; n > 100 {
		t.Errorf("they keep %d goroutines busy", n)
	}
	began := time.Now()
	fromElsewhere(t, r)
	if took := time.Since(began); took > patience+2*time.Second {
		t.Errorf("somebody else waits %v", took)
	}
	eventually(t, "all of them are gone", func() bool {
		r.server.lobby.mu.Lock()
		defer r.server.lobby.mu.Unlock()
		return len(r.server.lobby.inside) == 0
	})
	eventually(t, "no goroutine is left", func() bool { return runtime.NumGoroutine() <= before+2 })
}

func TestKeySpraying(t *testing.T) {
	t.Parallel()
	r := start(t, Limits{})
	for range mistakes {
		if _, err := r.clientFrom("127.0.0.1", gossh.PublicKeys(newKey(t), newKey(t))); err == nil {
			t.Fatal("a stranger comes in")
		}
	}
	eventually(t, "every mistake is noted", func() bool { return strings.Count(r.log.String(), "a connection proved no key") == mistakes })
	if c, err := r.clientFrom("127.0.0.1", gossh.PublicKeys(r.admin)); err == nil {
		_ = c.Close()
		t.Error("the address is let in")
	}
	fromElsewhere(t, r)
}

func TestAddressesShareNoRoom(t *testing.T) {
	t.Parallel()
	r := start(t, Limits{PerAddress: 2, Connections: 3})
	r.client(r.admin)
	r.client(r.admin)
	if c, err := r.clientFrom("127.0.0.1", gossh.PublicKeys(r.admin)); err == nil {
		_ = c.Close()
		t.Error("an address has more than its share")
	}
	fromElsewhere(t, r)
}
