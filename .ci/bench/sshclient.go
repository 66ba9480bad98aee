//go:build linux

package main

import (
	"errors"
	"fmt"
	"io"
	"net"
	"regexp"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/charmbracelet/x/ansi"
	gossh "golang.org/x/crypto/ssh"
)

// patience is how long anything may take before a run counts as failed.
const patience = 30 * time.Second

// sshSession is a client at work in a terminal.
type sshSession struct {
	conn    net.Conn
	client  *gossh.Client
	session *gossh.Session
	in      io.Writer
	changed chan struct{} // something was written
	closed  chan struct{}
	wrote   atomic.Int64

	mu   sync.Mutex
	text []byte // what was written, until it is forgotten
	keep bool
}

// dial connects from a loopback address.
func dial(from, to string) (net.Conn, error) {
	d := net.Dialer{Timeout: patience, LocalAddr: &net.TCPAddr{IP: net.ParseIP(from)}}
	return d.Dial("tcp", to)
}

// shake proves a key over a connection.
func shake(conn net.Conn, keys ...gossh.Signer) (*gossh.Client, error) {
	_ = conn.SetDeadline(time.Now().Add(patience))
	c, chans, reqs, err := gossh.NewClientConn(conn, conn.RemoteAddr().String(), &gossh.ClientConfig{
		User: "bench", Auth: []gossh.AuthMethod{gossh.PublicKeys(keys...)}, HostKeyCallback: gossh.InsecureIgnoreHostKey(),
	})
	if err != nil {
		_ = conn.Close()
		return nil, err
	}
	_ = conn.SetDeadline(time.Time{})
	return gossh.NewClient(c, chans, reqs), nil
}

// openSSH opens a terminal of a size. It does not wait for what is drawn there.
func openSSH(from, to string, key gossh.Signer, columns, rows int) (*sshSession, error) {
	conn, err := dial(from, to)
	if err != nil {
		return nil, err
	}
	return openOver(conn, key, columns, rows)
}

func openOver(conn net.Conn, key gossh.Signer, columns, rows int) (_ *sshSession, err error) {
	s := &sshSession{conn: conn, changed: make(chan struct{}, 1), closed: make(chan struct{}), keep: true}
	if s.client, err = shake(conn, key); err != nil {
		return nil, err
	}
	defer func() {
		if err != nil {
			_ = s.client.Close()
		}
	}()
	if s.session, err = s.client.NewSession(); err != nil {
		return nil, err
	}
	if err = s.session.RequestPty("xterm-256color", rows, columns, gossh.TerminalModes{}); err != nil {
		return nil, err
	}
	if s.in, err = s.session.StdinPipe(); err != nil {
		return nil, err
	}
	out, err := s.session.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err = s.session.Shell(); err != nil {
		return nil, err
	}
	go s.read(out)
	return s, nil
}

func (s *sshSession) read(out io.Reader) {
	defer close(s.closed)
	b := make([]byte, 32<<10)
	for {
		n, err := out.Read(b)
		s.mu.Lock()
		if s.keep {
			s.text = append(s.text, b[:n]...)
		}
		s.mu.Unlock()
		s.wrote.Add(int64(n))
		select {
		case s.changed <- struct{}{}:
		default:
		}
		if err != nil {
			return
		}
	}
}

// expect waits until text is on the screen that fits an expression, and gives it.
func (s *sshSession) expect(expr *regexp.Regexp) (string, error) {
	late := time.After(patience)
	for {
		s.mu.Lock()
		text := string(s.text)
		s.mu.Unlock()
		if found := expr.FindString(ansi.Strip(text)); found != "" {
			return found, nil
		}
		select {
		case <-s.changed:
		case <-s.closed:
			return "", fmt.Errorf("the session ended without %s", expr)
		case <-late:
			return "", fmt.Errorf("no %s within %v", expr, patience)
		}
	}
}

// forget lets go of what was written so far, and keeps no more of it.
func (s *sshSession) forget() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.text, s.keep = nil, false
}

func (s *sshSession) resize(columns, rows uint32) error {
	_, err := s.session.SendRequest("window-change", false, gossh.Marshal(struct{ Columns, Rows, Width, Height uint32 }{columns, rows, 0, 0}))
	return err
}

// press sends a key and gives how long it takes, in ms, until something is written.
func (s *sshSession) press(key string) (float64, error) {
	select {
	case <-s.changed:
	default:
	}
	t := time.Now()
	if _, err := io.WriteString(s.in, key); err != nil {
		return 0, err
	}
	select {
	case <-s.changed:
		return ms(t), nil
	case <-s.closed:
		return 0, errors.New("the session ended at a key")
	case <-time.After(patience):
		return 0, fmt.Errorf("no answer to a key within %v", patience)
	}
}

// drop goes without a word.
func (s *sshSession) drop() { _ = s.conn.Close() }

var (
	codeShown  = regexp.MustCompile(`[A-Z]{4}-[A-Z]{4}`)
	usersShown = regexp.MustCompile(`\d+\+?\s*users`)
	firstFrame = regexp.MustCompile(`users|Sign in`)
	anyFrame   = regexp.MustCompile(`[a-z]{3}`)
)

// enter opens a terminal at the server and waits for its first frame.
func (s *sshServer) enter(from string) (*sshSession, error) {
	c, err := openSSH(from, s.addr, s.keys.operator, 120, 40)
	if err != nil {
		return nil, err
	}
	if _, err := c.expect(firstFrame); err != nil {
		c.drop()
		return nil, err
	}
	return c, nil
}

// signIn opens a console, signs in, and waits for a page of users; the floor has its rows at once.
func (s *sshServer) signIn(from string) (*sshSession, error) {
	c, err := s.enter(from)
	if err != nil {
		return nil, err
	}
	if s.issuer != "" {
		if err := c.prove(s.issuer); err != nil {
			c.drop()
			return nil, err
		}
	}
	c.forget()
	return c, nil
}

func (c *sshSession) prove(issuer string) error {
	code, err := c.expect(codeShown)
	if err != nil {
		return err
	}
	if err := approveCode(issuer, strings.TrimSpace(code)); err != nil {
		return err
	}
	_, err = c.expect(usersShown)
	return err
}

// many does something n times at once.
func many(n int, do func(i int) error) error {
	errs := make([]error, n)
	var all sync.WaitGroup
	for i := range n {
		all.Go(func() { errs[i] = do(i) })
	}
	all.Wait()
	return errors.Join(errs...)
}

// signInMany signs n operators in at once.
func (s *sshServer) signInMany(n int, from string) ([]*sshSession, error) {
	all := make([]*sshSession, n)
	err := many(n, func(i int) (err error) {
		all[i], err = s.signIn(from)
		return err
	})
	if err != nil {
		dropAll(all)
		return nil, err
	}
	return all, nil
}

func dropAll(all []*sshSession) {
	for _, c := range all {
		if c != nil {
			c.drop()
		}
	}
}

// pressAll lets all sessions press n keys, down and up, at once, and gives what each press took, in ms.
func pressAll(all []*sshSession, n int) ([]float64, error) {
	took := make([][]float64, len(all))
	err := many(len(all), func(i int) error {
		for k := range n {
			d, err := all[i].press([]string{"j", "k"}[k%2])
			if err != nil {
				return err
			}
			took[i] = append(took[i], d)
			<-time.After(100*time.Millisecond - time.Duration(i)*time.Millisecond/4)
		}
		return nil
	})
	var flat []float64
	for _, t := range took {
		flat = append(flat, t...)
	}
	return flat, err
}
