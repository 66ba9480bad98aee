package sshserver

import (
	"bytes"
	"cmp"
	"context"
	"crypto/ed25519"
	"crypto/rand"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	gossh "golang.org/x/crypto/ssh"

	"usher/auth0client"
	"usher/ui"
	"usher/ui/login"
)

const within = 10 * time.Second

// newKey makes a key pair.
func newKey(t testing.TB) gossh.Signer {
	t.Helper()
	_, private, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	key, err := gossh.NewSignerFromKey(private)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

func authorized(key gossh.PublicKey, comment string) string {
	return strings.TrimSpace(string(gossh.MarshalAuthorizedKey(key))) + " " + comment + "\n"
}

// approved is a sign-in that needs nobody: the operator is named after the key's comment.
type approved struct{ op login.Operator }

func (a approved) Resume(context.Context) (login.Operator, bool, error) { return a.op, true, nil }

func (a approved) StartDevice(context.Context, login.Ask) (login.Code, error) {
	return login.Code{}, fmt.Errorf("no code is needed")
}

func (a approved) WaitDevice(context.Context, login.Code, func(login.Trouble)) (login.Operator, error) {
	return a.op, nil
}

// tenant answers every request with one user, who carries a canary.
type tenant string

func (c tenant) RoundTrip(r *http.Request) (*http.Response, error) {
	body := fmt.Sprintf(`{"start":0,"limit":50,"length":1,"total":1,"users":[{"user_id":"auth0|%s","email":"%s@example.com","name":"%s"}]}`, string(c), string(c), string(c))
	return &http.Response{
		StatusCode: http.StatusOK, Header: http.Header{"Content-Type": {"application/json"}}, Body: io.NopCloser(strings.NewReader(body)), Request: r,
	}, nil
}

// stage is a host for tests.
type stage struct {
	command func(ctx context.Context, v Visitor, args []string, s Streams) int
	console func(v Visitor, c *Console) // changes what is shown

	mu    sync.Mutex
	as    string // who signs in; empty: after the key's comment
	shown []Visitor
}

func (h *stage) Console(_ context.Context, v Visitor, query string) (Console, error) {
	h.mu.Lock()
	h.shown = append(h.shown, v)
	as := cmp.Or(h.as, v.Label)
	h.mu.Unlock()
	client, err := auth0client.New(auth0client.Options{Domain: "acme.example", Now: time.Now, HTTP: &http.Client{Transport: tenant("canary-" + v.Label)}})
	if err != nil {
		return Console{}, err
	}
	dark := true
	c := Console{
		Options: ui.Options{
			Backend: client, SignIn: approved{login.Operator{ID: auth0client.UserID("auth0|op-" + as), Permissions: []string{"users:read"}}},
			Profile: "acme", Now: time.Now, Dark: &dark, Query: query, LockAfter: time.Hour,
		},
		Close: func() {},
	}
	if h.console != nil {
		h.console(v, &c)
	}
	return c, nil
}

func (h *stage) Command(ctx context.Context, v Visitor, args []string, s Streams) int {
	if h.command != nil {
		return h.command(ctx, v, args, s)
	}
	switch args[0] {
	case "whoami":
		fmt.Fprintf(s.Out, "%s %s %s LANG=%s LD_PRELOAD=%s\n", v.Label, v.Subject, v.Fingerprint, v.Env("LANG"), v.Env("LD_PRELOAD"))
		return 0
	}
	fmt.Fprintf(s.Err, "there is no command %q\n", args[0])
	return 127
}

// rig is a server at work.
type rig struct {
	t      testing.TB
	addr   string
	host   *stage
	keys   string // the file
	admin  gossh.Signer
	other  gossh.Signer
	server *Server
	stop   context.CancelFunc
	done   chan error
	log    *record
}

// record is a log that tests can read.
type record struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (r *record) Write(p []byte) (int, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.buf.Write(p)
}

func (r *record) String() string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.buf.String()
}

func start(t testing.TB, limits Limits) *rig {
	t.Helper()
	r := &rig{t: t, host: &stage{}, admin: newKey(t), other: newKey(t), keys: filepath.Join(t.TempDir(), "keys"), done: make(chan error, 1), log: &record{}}
	r.allow(authorized(r.admin.PublicKey(), "admin") + `subject="auth0|other" ` + authorized(r.other.PublicKey(), "other"))
	log := slog.New(slog.NewTextHandler(r.log, &slog.HandlerOptions{Level: slog.LevelDebug}))
	keys, err := NewKeyFile(r.keys, log, time.Now)
	if err != nil {
		t.Fatal(err)
	}
	r.server, err = New(Options{Host: r.host, HostKey: newKey(t), Keys: keys, Banner: "Authorized use only.\n", Limits: limits, Log: log, Now: time.Now})
	if err != nil {
		t.Fatal(err)
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	r.addr = l.Addr().String()
	ctx, stop := context.WithCancel(context.Background())
	r.stop = stop
	go func() { r.done <- r.server.Serve(ctx, l) }()
	t.Cleanup(func() {
		stop()
		select {
		case err := <-r.done:
			if err != nil {
				t.Error(err)
			}
			r.done <- nil
		case <-time.After(within):
			t.Error("the server does not stop")
		}
	})
	return r
}

func (r *rig) allow(text string) {
	r.t.Helper()
	if err := os.WriteFile(r.keys, []byte(text), 0o600); err != nil {
		r.t.Fatal(err)
	}
}

// from dials from a loopback address of its own, where the system has such.
func (r *rig) from(address string) (net.Conn, error) {
	d := net.Dialer{Timeout: within, LocalAddr: &net.TCPAddr{IP: net.ParseIP(address)}}
	return d.Dial("tcp", r.addr)
}

func (r *rig) clientFrom(address string, auth ...gossh.AuthMethod) (*gossh.Client, error) {
	c, err := r.from(address)
	if err != nil {
		return nil, err
	}
	_ = c.SetDeadline(time.Now().Add(within))
	conn, chans, reqs, err := gossh.NewClientConn(c, r.addr, &gossh.ClientConfig{User: "me", Auth: auth, HostKeyCallback: gossh.InsecureIgnoreHostKey()}) //nolint:gosec // a test
	if err != nil {
		_ = c.Close()
		return nil, err
	}
	_ = c.SetDeadline(time.Time{})
	return gossh.NewClient(conn, chans, reqs), nil
}

func (r *rig) client(key gossh.Signer) *gossh.Client {
	r.t.Helper()
	c, err := r.clientFrom("127.0.0.1", gossh.PublicKeys(key))
	if err != nil {
		r.t.Fatal(err)
	}
	r.t.Cleanup(func() { _ = c.Close() })
	return c
}

// run runs a command and gives its output and exit code.
func (r *rig) run(c *gossh.Client, command string) (out, errs string, code int) {
	r.t.Helper()
	s, err := c.NewSession()
	if err != nil {
		r.t.Fatal(err)
	}
	defer s.Close() //nolint:errcheck // it has ended
	var o, e bytes.Buffer
	s.Stdout, s.Stderr = &o, &e
	err = s.Run(command)
	if exit, ok := err.(*gossh.ExitError); ok { //nolint:errorlint // as documented
		code = exit.ExitStatus()
	} else if err != nil {
		r.t.Fatal(err)
	}
	return o.String(), e.String(), code
}

// screenful is a console at work, and what it wrote.
type screenful struct {
	t       testing.TB
	session *gossh.Session
	in      io.Writer
	out     *record
	changed chan struct{}
	closed  chan struct{}
}

// open opens a console.
func (r *rig) open(c *gossh.Client, command string) *screenful {
	r.t.Helper()
	return r.openSized(c, command, 100, 30)
}

func (r *rig) openSized(c *gossh.Client, command string, columns, rows int) *screenful {
	r.t.Helper()
	s, err := c.NewSession()
	if err != nil {
		r.t.Fatal(err)
	}
	if err := s.RequestPty("xterm-256color", rows, columns, gossh.TerminalModes{}); err != nil {
		r.t.Fatal(err)
	}
	sc := &screenful{t: r.t, session: s, out: &record{}, changed: make(chan struct{}, 1), closed: make(chan struct{})}
	if sc.in, err = s.StdinPipe(); err != nil {
		r.t.Fatal(err)
	}
	s.Stderr = sc.out
	out, err := s.StdoutPipe()
	if err != nil {
		r.t.Fatal(err)
	}
	if command == "" {
		err = s.Shell()
	} else {
		err = s.Start(command)
	}
	if err != nil {
		r.t.Fatal(err)
	}
	go func() {
		defer close(sc.closed)
		defer s.Wait() //nolint:errcheck // for all of what it wrote
		b := make([]byte, 32<<10)
		for {
			n, err := out.Read(b)
			_, _ = sc.out.Write(b[:n])
			select {
			case sc.changed <- struct{}{}:
			default:
			}
			if err != nil {
				return
			}
		}
	}()
	return sc
}

// expect waits until the console has written text.
func (s *screenful) expect(text string) {
	s.t.Helper()
	deadline := time.After(within)
	for !strings.Contains(s.out.String(), text) {
		select {
		case <-s.changed:
		case <-s.closed:
			if strings.Contains(s.out.String(), text) {
				return
			}
			s.t.Fatalf("the session ended without %q; it wrote %q", text, s.out.String())
		case <-deadline:
			s.t.Fatalf("no %q in %q", text, s.out.String())
		}
	}
}

func (s *screenful) ends() {
	s.t.Helper()
	select {
	case <-s.closed:
	case <-time.After(within):
		s.t.Fatal("the session does not end")
	}
}

func (s *screenful) send(keys string) {
	s.t.Helper()
	if _, err := io.WriteString(s.in, keys); err != nil {
		s.t.Fatal(err)
	}
}

// eventually waits until a condition holds.
func eventually(t testing.TB, what string, holds func() bool) {
	t.Helper()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	deadline := time.After(within)
	for !holds() {
		select {
		case <-tick.C:
		case <-deadline:
			t.Fatalf("not in time: %s", what)
		}
	}
}
