package sshserver

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	gossh "golang.org/x/crypto/ssh"
)

// closes fails unless a connection is closed from the other end.
func closes(t *testing.T, what string, c net.Conn) {
	t.Helper()
	_ = c.SetReadDeadline(time.Now().Add(within))
	if _, err := io.Copy(io.Discard, c); errors.Is(err, os.ErrDeadlineExceeded) {
		t.Errorf("%s is listened to for ever", what)
	}
}

func TestBytesThatTrickleEndAtTheDeadline(t *testing.T) {
	t.Parallel()
	r := start(t, Limits{Handshake: 500 * time.Millisecond})
	for what, begin := range map[string]string{"a version without an end": "SSH-2.0-", "a packet without an end": "SSH-2.0-x\r\n\x00\x00\x40\x00\x04\x14"} {
		c, err := r.from("127.0.0.1")
		if err != nil {
			t.Fatal(err)
		}
		if _, err := io.WriteString(c, begin); err != nil {
			t.Fatal(err)
		}
		go func() {
			for tick := time.NewTicker(20 * time.Millisecond); ; <-tick.C {
				if _, err := c.Write([]byte{'x'}); err != nil {
					tick.Stop()
					return
				}
			}
		}()
		closes(t, what, c)
		_ = c.Close()
	}
	// Who has exchanged keys and does not prove their own has no more time than others.
	gone := make(chan struct{})
	c, err := r.from("127.0.0.1")
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()                                                                                                     //nolint:errcheck // a test's
	config := &gossh.ClientConfig{User: "me", HostKeyCallback: gossh.InsecureIgnoreHostKey(), Auth: []gossh.AuthMethod{ //nolint:gosec // a test
		gossh.PublicKeysCallback(func() ([]gossh.Signer, error) {
			eventually(t, "the door is shut", func() bool {
				r.server.lobby.mu.Lock()
				defer r.server.lobby.mu.Unlock()
				return len(r.server.lobby.inside) == 0
			})
			close(gone)
			return []gossh.Signer{r.admin}, nil
		}),
	}}
	if _, _, _, err := gossh.NewClientConn(c, r.addr, config); err == nil {
		t.Error("a key is taken after the deadline")
	}
	<-gone
}

// frozen is a connection whose client stops to read.
type frozen struct {
	net.Conn
	still atomic.Bool
	never chan struct{}
}

func (f *frozen) Read(p []byte) (int, error) {
	if f.still.Load() {
		<-f.never
	}
	return f.Conn.Read(p)
}

func TestAClientThatGivesNoSignOfLifeIsLetGo(t *testing.T) {
	t.Parallel()
	r := start(t, Limits{KeepAlive: 50 * time.Millisecond})
	stays := r.open(r.client(r.other), "")
	stays.expect("canary-other")
	raw, err := r.from("127.0.0.1")
	if err != nil {
		t.Fatal(err)
	}
	c := &frozen{Conn: raw, never: make(chan struct{})}
	defer close(c.never)
	defer raw.Close()                                                                                                                                                                              //nolint:errcheck // a test's
	conn, chans, reqs, err := gossh.NewClientConn(c, r.addr, &gossh.ClientConfig{User: "me", Auth: []gossh.AuthMethod{gossh.PublicKeys(r.admin)}, HostKeyCallback: gossh.InsecureIgnoreHostKey()}) //nolint:gosec // a test
	if err != nil {
		t.Fatal(err)
	}
	goes := r.open(gossh.NewClient(conn, chans, reqs), "")
	goes.expect("canary-admin")
	c.still.Store(true)
	eventually(t, "one of two is left", func() bool {
		r.server.lobby.mu.Lock()
		defer r.server.lobby.mu.Unlock()
		return len(r.server.lobby.inside) == 1
	})
	stays.send("?")
	stays.expect("Keys")
}

func TestChannelsThatDoNothingKeepNoConnection(t *testing.T) {
	t.Parallel()
	r := start(t, Limits{Idle: 300 * time.Millisecond})
	c := r.client(r.admin)
	if _, _, err := c.OpenChannel("session", nil); err != nil {
		t.Fatal(err)
	}
	r.run(c, "whoami") // its end leaves the other channel as it was
	gone := make(chan struct{})
	go func() {
		_ = c.Wait()
		close(gone)
	}()
	select {
	case <-gone:
	case <-time.After(within):
		t.Error("a channel keeps its connection for ever")
	}
}

func TestChannelsOfAKeyAreBounded(t *testing.T) {
	t.Parallel()
	r := start(t, Limits{PerKey: 3})
	opened := 0
	var all []*gossh.Client
	for range 5 {
		c := r.client(r.admin)
		all = append(all, c)
		for range mostChannels {
			if _, _, err := c.OpenChannel("session", nil); err == nil {
				opened++
			} else if !strings.Contains(err.Error(), "too many sessions") {
				t.Fatal(err)
			}
		}
	}
	if opened != 3+spare {
		t.Errorf("%d channels are open", opened)
	}
	if out, _, _ := r.run(r.client(r.other), "whoami"); !strings.HasPrefix(out, "other") {
		t.Errorf("another operator finds %q", out)
	}
	for _, c := range all {
		_ = c.Close()
	}
	eventually(t, "the key's channels are forgotten", func() bool {
		r.server.live.mu.Lock()
		defer r.server.live.mu.Unlock()
		return r.server.live.open[gossh.FingerprintSHA256(r.admin.PublicKey())] == 0
	})
}

// mute is a channel whose client grants no room.
type mute struct {
	gossh.Channel
	cut chan struct{}
}

func (m mute) Write([]byte) (int, error) {
	<-m.cut
	return 0, io.EOF
}

func (m mute) Read([]byte) (int, error) { return 0, io.EOF }

func (m mute) Stderr() io.ReadWriter { return m }

type muteChannel struct {
	gossh.NewChannel
	mute
}

func (m muteChannel) Accept() (gossh.Channel, <-chan *gossh.Request, error) {
	requests := make(chan *gossh.Request)
	close(requests)
	return m.mute, requests, nil
}

func TestAClientThatGrantsNoRoomIsLetGo(t *testing.T) {
	t.Parallel()
	for what, writer := range map[string]func(gossh.Channel) io.Writer{
		"output": func(c gossh.Channel) io.Writer { return c }, "errors": func(c gossh.Channel) io.Writer { return c.Stderr() },
	} {
		m := muteChannel{mute: mute{cut: make(chan struct{})}}
		once := sync.OnceFunc(func() { close(m.cut) })
		c, _, err := screened{m, &sheet{canvas: newCanvas(10)}, 50 * time.Millisecond, once}.Accept()
		if err != nil {
			t.Fatal(err)
		}
		wrote := make(chan error, 1)
		go func() {
			_, err := writer(c).Write([]byte("x"))
			wrote <- err
		}()
		select {
		case err := <-wrote:
			if err == nil {
				t.Errorf("%s went somewhere", what)
			}
		case <-time.After(within):
			t.Errorf("%s waits for ever", what)
			once()
		}
	}
}

func TestFloodsDisturbNobodyAndLeaveNothing(t *testing.T) {
	// Not parallel: it counts goroutines.
	r := start(t, Limits{})
	before := runtime.NumGoroutine()
	raw, err := r.from("127.0.0.1")
	if err != nil {
		t.Fatal(err)
	}
	// The keys are exchanged anew as often as the library lets a client do so.
	conn, chans, reqs, err := gossh.NewClientConn(raw, r.addr, &gossh.ClientConfig{Config: gossh.Config{RekeyThreshold: 1}, User: "me", Auth: []gossh.AuthMethod{gossh.PublicKeys(r.admin)}, HostKeyCallback: gossh.InsecureIgnoreHostKey()}) //nolint:gosec // a test
	if err != nil {
		t.Fatal(err)
	}
	c := gossh.NewClient(conn, chans, reqs)
	var floods sync.WaitGroup
	floods.Go(func() {
		for i := range 2000 {
			if _, _, err := c.SendRequest([]string{"keepalive@openssh.com", "tcpip-forward"}[i%2], i%4 < 2, make([]byte, 200)); err != nil {
				t.Errorf("request %d: %v", i, err)
				return
			}
		}
	})
	floods.Go(func() {
		for i := range 200 {
			ch, requests, err := c.OpenChannel("session", nil)
			if err != nil {
				continue // those before it are about to close
			}
			go gossh.DiscardRequests(requests)
			if _, err := ch.Write(make([]byte, 32<<10)); err != nil {
				t.Errorf("channel %d: %v", i, err)
			}
			_ = ch.Close()
		}
	})
	other := r.client(r.other)
	for range 20 {
		if out, _, _ := r.run(other, "whoami"); !strings.HasPrefix(out, "other") {
			t.Errorf("meanwhile another finds %q", out)
		}
	}
	floods.Wait()
	_ = c.Close()
	_ = other.Close()
	eventually(t, "no goroutine is left", func() bool { return runtime.NumGoroutine() <= before+2 })
}

func TestSizesOfAnyKindLeaveAConsoleAlive(t *testing.T) {
	t.Parallel()
	r := start(t, Limits{})
	for _, side := range []int{0, 1, 20_000, 65_535} {
		s := r.openSized(r.client(r.admin), "", side, side)
		s.expect("usher · acme")
		for _, next := range []int{1, 0, 65_535, 80} {
			if err := s.session.WindowChange(next, next); err != nil {
				t.Fatal(err)
			}
		}
		s.expect("canary-admin")
		s.send("?")
		s.expect("Keys")
		s.send("qq")
		s.ends()
	}
}

func TestAKeyTakenOffTheListEndsItsSessions(t *testing.T) {
	t.Parallel()
	admin, other := "", ""
	for what, tc := range map[string]struct {
		list func() string
		says string
	}{
		"it is gone":                     {func() string { return other }, "the key is not allowed"},
		"it has expired":                 {func() string { return `expiry-time="20200101" ` + admin + other }, "the key has expired"},
		"it is good from elsewhere only": {func() string { return `from="192.0.2.0/24" ` + admin + other }, "not allowed from this address"},
		"it is bound to somebody":        {func() string { return `subject="auth0|new" ` + admin + other }, "bound to another person"},
	} {
		r := start(t, Limits{Recheck: 20 * time.Millisecond})
		r.host.command = func(ctx context.Context, _ Visitor, _ []string, s Streams) int {
			fmt.Fprintln(s.Out, "at work")
			<-ctx.Done()
			return 1
		}
		admin, other = authorized(r.admin.PublicKey(), "admin"), authorized(r.other.PublicKey(), "other")
		c := r.client(r.admin)
		console, command, stays := r.open(c, ""), r.open(c, "users search x"), r.open(r.client(r.other), "")
		console.expect("canary-admin")
		command.expect("at work")
		stays.expect("canary-other")
		// A list that cannot be read ends nobody's session.
		if runtime.GOOS != "windows" {
			if err := os.Chmod(r.keys, 0o666); err != nil {
				t.Fatal(err)
			}
			eventually(t, "the list was looked at", func() bool { return strings.Count(r.log.String(), "nobody can come in") > 3 })
			console.send("?")
			console.expect("Keys")
			r.open(c, "").expect("cannot be read now")
			if err := os.Chmod(r.keys, 0o600); err != nil {
				t.Fatal(err)
			}
		}
		r.allow(tc.list())
		for _, s := range []*screenful{console, command} {
			s.expect("the session was ended: ")
			s.expect(tc.says)
			s.ends()
		}
		if !strings.Contains(console.out.String(), "\x1b[?1049l") {
			t.Errorf("%s: the terminal is not put back", what)
		}
		// The connection is as old as the list was: it opens no new session, unless the binding is all that is new.
		if what != "it is bound to somebody" {
			if _, errs, code := r.run(c, "whoami"); code != 1 || !strings.Contains(errs, tc.says) {
				t.Errorf("%s: a new session on the old connection ends with %d and %q", what, code, errs)
			}
		}
		stays.send("?")
		stays.expect("Keys")
	}
}

func TestNothingSuspendsTheServer(t *testing.T) {
	t.Parallel()
	r := start(t, Limits{})
	s := r.open(r.client(r.admin), "")
	s.expect("canary-admin")
	s.send("\x1a\x1c") // ctrl+z and ctrl+\
	s.send("?")
	s.expect("Keys")
}

// What OpenSSH's own client can ask for besides a console is refused.
func TestTheUsualClientGetsNothingElse(t *testing.T) {
	t.Parallel()
	r := start(t, Limits{PerAddress: 50})
	run := openSSH(t, r, r.admin)
	for what, tc := range map[string]struct {
		args []string
		says string
		code int
	}{
		"a program":                  {[]string{"HOST", "rm", "-rf", "/"}, "there is no command", 127},
		"a program at a terminal":    {[]string{"-tt", "HOST", "sh"}, "there is no command", 127},
		"a shell's words":            {[]string{"HOST", "whoami;id"}, "there is no command", 127},
		"an expansion":               {[]string{"HOST", "$(id)"}, "there is no command", 127},
		"a forwarded port":           {[]string{"-W", "127.0.0.1:22", "HOST"}, "stdio forwarding failed", 255},
		"a port of the server":       {[]string{"-o", "ExitOnForwardFailure=yes", "-R", "0:127.0.0.1:22", "HOST", "whoami"}, "remote port forwarding failed", 255},
		"a socket of the server":     {[]string{"-o", "ExitOnForwardFailure=yes", "-R", "/tmp/usher-x:127.0.0.1:22", "HOST", "whoami"}, "remote port forwarding failed", 255},
		"a tunnel":                   {[]string{"-o", "ExitOnForwardFailure=yes", "-w", "0:0", "HOST", "whoami"}, "", 255},
		"files":                      {[]string{"-s", "HOST", "sftp"}, "subsystem request failed", 255},
		"files as of old":            {[]string{"HOST", "scp", "-f", "/etc/passwd"}, "there is no command", 127},
		"a console without a screen": {[]string{"HOST"}, "needs a terminal", 1},
	} {
		out, code := run(tc.args...)
		if code != tc.code || !strings.Contains(out, tc.says) || strings.Contains(out, "uid=") {
			t.Errorf("%s ends with %d, want %d and %q:\n%s", what, code, tc.code, tc.says, out)
		}
	}
	// An agent and a screen that are offered are not taken, and the command runs.
	if out, code := run("-A", "-X", "-o", "SendEnv=*", "HOST", "whoami"); code != 0 || !strings.Contains(out, "admin ") {
		t.Errorf("with an agent and a screen: %d, %s", code, out)
	}
}

// A certificate opens no door, whoever signed it and whosever key is in it; the key beside it opens its own.
func TestACertificateIsNoKey(t *testing.T) {
	t.Parallel()
	r := start(t, Limits{})
	stranger := newKey(t)
	certify := func(holder, by gossh.Signer, change func(c *gossh.Certificate)) gossh.Signer {
		c := &gossh.Certificate{Key: holder.PublicKey(), CertType: gossh.UserCert, ValidBefore: gossh.CertTimeInfinity, ValidPrincipals: []string{"me"}}
		change(c)
		if err := c.SignCert(rand.Reader, by); err != nil {
			t.Fatal(err)
		}
		s, err := gossh.NewCertSigner(c, holder)
		if err != nil {
			t.Fatal(err)
		}
		return s
	}
	as := func(*gossh.Certificate) {}
	for what, cert := range map[string]gossh.Signer{
		"an allowed key, signed by itself":   certify(r.admin, r.admin, as),
		"an allowed key, signed by another":  certify(r.admin, stranger, as),
		"for somebody else":                  certify(r.admin, r.admin, func(c *gossh.Certificate) { c.ValidPrincipals = []string{"root"} }),
		"for nobody":                         certify(r.admin, r.admin, func(c *gossh.Certificate) { c.ValidPrincipals = nil }),
		"expired":                            certify(r.admin, r.admin, func(c *gossh.Certificate) { c.ValidBefore = 1 }),
		"of a host":                          certify(r.admin, r.admin, func(c *gossh.Certificate) { c.CertType = gossh.HostCert }),
		"with an option nobody knows":        certify(r.admin, r.admin, func(c *gossh.Certificate) { c.CriticalOptions = map[string]string{"force-command": "x"} }),
		"a stranger's, signed by an allowed": certify(stranger, r.admin, as),
	} {
		if c, err := r.clientFrom("127.0.0.1", gossh.PublicKeys(cert)); err == nil {
			_ = c.Close()
			t.Errorf("a certificate opens the door: %s", what)
		}
		r.server.lobby.mu.Lock()
		clear(r.server.lobby.failed) // these are as many mistakes as an address may make
		r.server.lobby.mu.Unlock()
		c, err := r.clientFrom("127.0.0.1", gossh.PublicKeys(cert, r.other))
		if err != nil {
			t.Fatalf("%s: the key beside it: %v", what, err)
		}
		if out, _, _ := r.run(c, "whoami"); !strings.HasPrefix(out, "other ") {
			t.Errorf("%s: the key beside it is %q", what, out)
		}
		_ = c.Close()
	}
}

// openSSHClient is where OpenSSH's client is.
func openSSHClient(t *testing.T) string {
	t.Helper()
	client, err := exec.LookPath("ssh")
	if err != nil {
		t.Skip("there is no OpenSSH client on this machine")
	}
	return client
}

// openSSH runs OpenSSH's client with a key; HOST among its arguments is the server.
func openSSH(t *testing.T, r *rig, key gossh.Signer) func(args ...string) (out string, code int) {
	t.Helper()
	client := openSSHClient(t)
	dir := t.TempDir()
	block, err := gossh.MarshalPrivateKey(privateOf(t, key), "")
	if err != nil {
		t.Fatal(err)
	}
	write(t, filepath.Join(dir, "key"), pemOf(block))
	host, port, err := net.SplitHostPort(r.addr)
	if err != nil {
		t.Fatal(err)
	}
	return func(args ...string) (string, int) {
		t.Helper()
		for i := range args {
			args[i] = strings.ReplaceAll(args[i], "HOST", host)
		}
		ctx, cancel := context.WithTimeout(t.Context(), within)
		defer cancel()
		cmd := exec.CommandContext(ctx, client, append([]string{"-F", "/dev/null", "-p", port, "-i", filepath.Join(dir, "key"), "-o", "IdentitiesOnly=yes", "-o", "BatchMode=yes", //nolint:gosec // a test's
			"-o", "StrictHostKeyChecking=no", "-o", "UserKnownHostsFile=/dev/null"}, args...)...)
		cmd.Env = []string{"PATH=" + os.Getenv("PATH"), "HOME=" + dir, "DISPLAY=:9", "SSH_AUTH_SOCK=" + filepath.Join(dir, "agent"), "LD_PRELOAD_X=/x.so"}
		out, err := cmd.CombinedOutput()
		if exit := (*exec.ExitError)(nil); err != nil && !errors.As(err, &exit) {
			t.Fatalf("ssh %v: %v", args, err)
		}
		return string(out), cmd.ProcessState.ExitCode()
	}
}
