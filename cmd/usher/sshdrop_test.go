package main

import (
	"context"
	"crypto/ed25519"
	"crypto/rand"
	"encoding/json"
	"io"
	"log/slog"
	"maps"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/charmbracelet/x/vt"
	gossh "golang.org/x/crypto/ssh"

	"usher/auth0client/gateway/journal"
	"usher/auth0client/localtenant"
	"usher/ui/sshserver"
)

// passage is what passes between gateway and tenant. Once a user's record is armed, the line of whoever changes it drops at the
// nth request about them.
type passage struct {
	mu    sync.Mutex
	armed map[string]*drop // by user id
	made  map[string]int   // changes of roles that the tenant made, by user id
}

type drop struct {
	after int // requests
	late  bool
	cut   func()
}

func (p *passage) before(tenant http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, id, ok := strings.Cut(r.URL.Path, "/api/v2/users/")
		id, what, _ := strings.Cut(id, "/")
		var now *drop
		if ok && what != "permissions" { // those are of the review, whenever they come
			p.mu.Lock()
			if d := p.armed[id]; d != nil {
				if d.after--; d.after == 0 {
					now = d
				}
			}
			p.mu.Unlock()
		}
		if now != nil && !now.late {
			now.cut()
		}
		answer := httptest.NewRecorder()
		tenant.ServeHTTP(answer, r)
		if r.Method != http.MethodGet && strings.HasSuffix(r.URL.Path, "/roles") && answer.Code == http.StatusNoContent {
			p.mu.Lock()
			p.made[id]++
			p.mu.Unlock()
		}
		if now != nil && now.late {
			now.cut()
		}
		for name, values := range answer.Header() {
			w.Header()[name] = values
		}
		w.WriteHeader(answer.Code)
		_, _ = answer.Body.WriteTo(w)
	})
}

// anybody lets every key in.
type anybody struct{}

func (anybody) Find(context.Context, string, string, gossh.PublicKey) (sshserver.Entry, error) {
	return sshserver.Entry{}, nil
}

func newSSHKey(t *testing.T) gossh.Signer {
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

// line is a console at the other end of a connection that can be cut.
type line struct {
	t    *testing.T
	conn net.Conn
	in   io.Writer
	news chan struct{}

	mu  sync.Mutex
	emu *vt.SafeEmulator
}

func dialConsole(t *testing.T, addr, query string) *line {
	t.Helper()
	conn, err := net.Dial("tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	c, chans, reqs, err := gossh.NewClientConn(conn, addr, &gossh.ClientConfig{User: "me", Auth: []gossh.AuthMethod{gossh.PublicKeys(newSSHKey(t))}, HostKeyCallback: gossh.InsecureIgnoreHostKey()}) //nolint:gosec // a test
	if err != nil {
		t.Fatal(err)
	}
	s, err := gossh.NewClient(c, chans, reqs).NewSession()
	if err != nil {
		t.Fatal(err)
	}
	if err := s.RequestPty("xterm-256color", 40, 120, nil); err != nil {
		t.Fatal(err)
	}
	l := &line{t: t, conn: conn, emu: vt.NewSafeEmulator(120, 40), news: make(chan struct{}, 1)}
	if l.in, err = s.StdinPipe(); err != nil {
		t.Fatal(err)
	}
	go io.Copy(io.Discard, l.emu) //nolint:errcheck // what a terminal answers is not heard here
	s.Stdout = l
	if err := s.Start("open " + query); err != nil {
		t.Fatal(err)
	}
	return l
}

func (l *line) Write(p []byte) (int, error) {
	l.mu.Lock()
	n, err := l.emu.Write(p)
	l.mu.Unlock()
	select {
	case l.news <- struct{}{}:
	default:
	}
	return n, err
}

// see waits for an expression on the screen and gives what it captures.
func (l *line) see(expr string) []string {
	l.t.Helper()
	re := regexp.MustCompile(expr)
	deadline := time.After(30 * time.Second)
	for {
		if m := re.FindStringSubmatch(l.screen()); m != nil {
			return m
		}
		select {
		case <-l.news:
		case <-deadline:
			l.t.Errorf("no %q on\n%s", expr, l.screen())
			runtime.Goexit()
		}
	}
}

func (l *line) screen() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.emu.String()
}

func (l *line) press(keys string) {
	l.t.Helper()
	if _, err := io.WriteString(l.in, keys); err != nil {
		l.t.Error(err)
	}
}

// people are the ids of the tenant's users.
func people(t *testing.T, tenant *localtenant.Tenant) (ids []string) {
	t.Helper()
	id, secret := tenant.M2M()
	ask := func(req *http.Request, into any) {
		t.Helper()
		res, err := http.DefaultClient.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		defer res.Body.Close() //nolint:errcheck // read to its end
		if err := json.NewDecoder(res.Body).Decode(into); err != nil {
			t.Fatal(err)
		}
	}
	form := url.Values{"grant_type": {"client_credentials"}, "client_id": {id}, "client_secret": {secret}, "audience": {tenant.ManagementAudience()}}
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, tenant.Issuer()+"oauth/token", strings.NewReader(form.Encode()))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	var token struct {
		Token string `json:"access_token"`
	}
	ask(req, &token)
	if req, err = http.NewRequestWithContext(t.Context(), http.MethodGet, tenant.ManagementAudience()+"users?per_page=100", http.NoBody); err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer "+token.Token)
	var users []struct {
		ID string `json:"user_id"`
	}
	ask(req, &users)
	for _, u := range users {
		ids = append(ids, u.ID)
	}
	return ids
}

// Whenever the line drops in a change of roles, what the tenant did is what the journal says, and nothing stays behind.
func TestALineThatDropsAnywhereInAChange(t *testing.T) {
	const drops, points = 30, 5 // a save of roles takes so many requests
	way := &passage{armed: map[string]*drop{}, made: map[string]int{}}
	h, tenant := guesthouseBehind(t, way.before)
	server, err := sshserver.New(sshserver.Options{
		Host: h, HostKey: newSSHKey(t), Keys: anybody{}, Log: slog.New(slog.NewTextHandler(io.Discard, nil)), Now: time.Now,
	})
	if err != nil {
		t.Fatal(err)
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	served := make(chan error, 1)
	go func() { served <- server.Serve(ctx, l) }()
	defer func() {
		stop()
		if err := <-served; err != nil {
			t.Error(err)
		}
	}()
	ids := people(t, tenant)
	if len(ids) < drops {
		t.Fatalf("the tenant has %d users", len(ids))
	}
	before := consoles()
	var all sync.WaitGroup
	turns := make(chan struct{}, 5)
	for i := range drops {
		all.Go(func() {
			turns <- struct{}{}
			defer func() { <-turns }()
			c := dialConsole(t, l.Addr().String(), ids[i])
			defer c.conn.Close() //nolint:errcheck // it is cut
			if err := tenant.Approve(c.see(`[A-Z]{4}-[A-Z]{4}`)[0], "admin"); err != nil {
				t.Error(err)
				return
			}
			c.see(`1 Overview`) // whoever is named exactly is opened
			c.press("r")
			c.see(`Order desk`)
			c.press("/Order desk\r")
			c.see(`› \[.\] +Order desk`)
			c.press(" \r")
			c.see(`[+−] Order desk`)
			cut := make(chan struct{})
			way.mu.Lock()
			way.armed[ids[i]] = &drop{after: 1 + i%points, late: i/points%2 == 1, cut: func() {
				if tcp, ok := c.conn.(*net.TCPConn); ok && i%3 == 0 {
					_ = tcp.SetLinger(0) // a reset, and not an end
				}
				_ = c.conn.Close()
				close(cut)
			}}
			way.mu.Unlock()
			c.press("y")
			select {
			case <-cut:
			case <-time.After(30 * time.Second):
				t.Errorf("the line does not drop at request %d of a change:\n%s", 1+i%points, c.screen())
			}
		})
	}
	all.Wait()
	if n := h.writes.wait(20 * time.Second); n != 0 {
		t.Errorf("%d changes are under way for ever", n)
	}
	entries, err := h.journal.Entries(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	begun, recorded := map[string]string{}, map[string]int{}
	for _, e := range entries {
		switch e.Step {
		case journal.StepIntent:
			begun[e.ID] = e.Target
		case journal.StepOutcome:
			if e.Status == http.StatusNoContent {
				recorded[begun[e.ID]]++
			}
			delete(begun, e.ID)
		}
	}
	if len(begun) != 0 {
		t.Errorf("changes without an outcome: %v", begun)
	}
	way.mu.Lock()
	defer way.mu.Unlock()
	if !maps.Equal(recorded, way.made) {
		t.Errorf("the journal says that the tenant changed\n%v, and it changed\n%v", recorded, way.made)
	}
	if len(recorded) != drops { // what was confirmed is done, whatever becomes of the line
		t.Errorf("of %d changes %d were made", drops, len(recorded))
	}
	deadline := time.Now().Add(20 * time.Second)
	for now := consoles(); now > before; now = consoles() {
		if time.Now().After(deadline) {
			all := make([]byte, 8<<20)
			t.Fatalf("%d goroutines of consoles are left, %d at first:\n%s", now, before, all[:runtime.Stack(all, true)])
		}
		<-time.After(50 * time.Millisecond)
	}
}

// consoles counts the goroutines that serve consoles and their connections.
func consoles() (n int) {
	all := make([]byte, 8<<20)
	for g := range strings.SplitSeq(string(all[:runtime.Stack(all, true)]), "\n\n") {
		if strings.Contains(g, "usher/ui") || strings.Contains(g, "charm.land/") {
			n++
		}
	}
	return n
}
