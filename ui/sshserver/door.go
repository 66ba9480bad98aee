package sshserver

import (
	"net"
	"net/netip"
	"sync"
	"time"

	"charm.land/ssh"
	gossh "golang.org/x/crypto/ssh"
)

// maxTries is how many keys a connection may try (sshd_config's MaxAuthTries).
const maxTries = 3

// sendBuffer is how much the system keeps of what a client has not taken. By itself it would keep megabytes, and a client
// that reads nothing would be found out only when these are full.
const sendBuffer = 128 << 10

// door is one connection.
type door struct {
	net.Conn
	lobby          *lobby
	shown, counted netip.Addr
	since          time.Time // when it began to prove its key
	speaks         func() error
	heard          bool // something was said; of the goroutine that reads

	mu       sync.Mutex
	refused  int  // keys that are not allowed
	proved   bool // some key
	closed   bool
	channels int
	running  int                   // sessions that run something
	asked    map[ssh.Session]asked // sessions that are about to run
	alive    bool                  // signs of life are asked for
	lonely   *time.Timer
}

type doorKey struct{}

func doorOf(ctx ssh.Context) *door {
	d, _ := ctx.Value(doorKey{}).(*door)
	return d
}

// Read implements net.Conn. What is said first is handed on once there is a place to prove a key.
func (d *door) Read(p []byte) (int, error) {
	n, err := d.Conn.Read(p)
	if n > 0 && !d.heard {
		d.heard = true
		if err := d.speaks(); err != nil {
			return 0, err
		}
	}
	return n, err
}

// Close implements net.Conn.
func (d *door) Close() error {
	d.mu.Lock()
	if d.lonely != nil {
		d.lonely.Stop()
	}
	sprayed := d.refused > 0 && !d.proved && !d.closed
	d.closed = true
	d.mu.Unlock()
	if sprayed {
		d.lobby.mistaken(d)
	}
	d.lobby.leave(d)
	return d.Conn.Close()
}

// hangUp ends the connection; whoever reads from it closes the door.
func (d *door) hangUp() { _ = d.Conn.Close() }

// asked is the terminal that a session asked for, and the changes of its size.
type asked struct {
	pty      ssh.Pty
	sizes    <-chan ssh.Window
	terminal bool
}

// ask notes what a session asked for. The library writes changes of size into what its Pty reads, so that is read here, by
// the goroutine that writes it, and not by the one that runs the session.
func (s *Server) ask(sess ssh.Session, _ string) bool {
	d := doorOf(sess.Context())
	if d == nil {
		return false
	}
	a := asked{}
	a.pty, a.sizes, a.terminal = sess.Pty()
	d.mu.Lock()
	defer d.mu.Unlock()
	d.asked[sess] = a
	return true
}

func (d *door) take(sess ssh.Session) asked {
	d.mu.Lock()
	defer d.mu.Unlock()
	a := d.asked[sess]
	delete(d.asked, sess)
	return a
}

// knock meets a connection that was accepted.
func (s *Server) knock(ctx ssh.Context, c net.Conn) net.Conn {
	d := &door{Conn: c, lobby: s.lobby, asked: map[ssh.Session]asked{}}
	d.shown, d.counted = addressOf(c)
	note := func(err error) error {
		if err != nil {
			s.o.Log.Info("a connection was refused", "address", d.shown.String(), "why", err.Error())
		}
		return err
	}
	d.speaks = func() error { return note(s.lobby.speak(d)) }
	if note(s.lobby.admit(d)) != nil {
		return nil
	}
	if line, ok := c.(interface{ SetWriteBuffer(bytes int) error }); ok {
		_ = line.SetWriteBuffer(sendBuffer) // else it is as large as the system has it
	}
	ctx.SetValue(doorKey{}, d)
	return d
}

func (s *Server) serverConfig(ctx ssh.Context) *gossh.ServerConfig {
	return &gossh.ServerConfig{
		MaxAuthTries: maxTries,
		AuthLogCallback: func(_ gossh.ConnMetadata, _ string, err error) {
			if d := doorOf(ctx); err == nil && d != nil {
				d.mu.Lock()
				d.proved = true
				d.mu.Unlock()
				s.lobby.proved(d)
				d.rest(s.o.Limits.Idle)
			}
		},
	}
}

// tryKey says whether a key is allowed. That a key is offered proves nothing, so what is found of it is forgotten: a session
// asks again, for the key that was signed with.
func (s *Server) tryKey(ctx ssh.Context, key ssh.PublicKey) bool {
	d := doorOf(ctx)
	if d == nil {
		return false
	}
	_, err := s.o.Keys.Find(ctx, ctx.User(), d.shown.String(), key)
	if err == nil {
		return true
	}
	d.mu.Lock()
	d.refused++
	d.mu.Unlock()
	s.o.Log.Info("a key was refused", "address", d.shown.String(), "key", gossh.FingerprintSHA256(key), "why", err.Error())
	return false
}

// turnedAway is told of connections that ended before a key was proved.
func (s *Server) turnedAway(c net.Conn, err error) {
	at, _ := addressOf(c)
	s.o.Log.Debug("a connection proved no key", "address", at.String(), "why", err.Error())
}

// work notes a session that runs something.
func (d *door) work() {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.running++
	if d.lonely != nil {
		d.lonely.Stop()
	}
}

// worked notes the end of what a session ran. Of a connection that runs nothing for a while, nothing is left: channels that
// are open and do nothing do not keep it.
func (d *door) worked(idle time.Duration) {
	d.mu.Lock()
	d.running--
	d.mu.Unlock()
	d.rest(idle)
}

// rest ends a connection that runs nothing for a while.
func (d *door) rest(idle time.Duration) {
	d.mu.Lock()
	defer d.mu.Unlock()
	switch {
	case d.running > 0 || d.closed:
	case d.lonely == nil:
		d.lonely = time.AfterFunc(idle, d.hangUp)
	default:
		d.lonely.Reset(idle)
	}
}
