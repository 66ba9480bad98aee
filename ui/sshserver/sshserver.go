// Package sshserver serves the console over SSH. A key only opens the door: who the operator is, they prove to Auth0 by a
// sign-in of their own in each session. Everything but consoles and usher's own commands is refused.
package sshserver

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"time"

	tea "charm.land/bubbletea/v2"
	"charm.land/ssh"
	"charm.land/wish/v2"
	gossh "golang.org/x/crypto/ssh"

	"usher/ui"
)

// Limits bound what clients may take. A field that is zero has its default.
type Limits struct {
	Connections int           // at once; default 100
	PerAddress  int           // connections of one address, or of one IPv6 network of 64 bits; default 20
	PerKey      int           // sessions with one key; default 10
	HalfOpen    int           // connections that have not proved a key yet; default 10
	Handshake   time.Duration // until a key is proved; default 10 s
	Idle        time.Duration // without a key press; default 10 min
	Absolute    time.Duration // of a session; default 12 h
	Recheck     time.Duration // between looks whether the key of a session is still allowed; default 30 s
	Write       time.Duration // until a client takes what is written; default 15 s
	KeepAlive   time.Duration // between signs of life, of which three may be missed; default 15 s
	Resume      time.Duration // for which a lost connection can be taken up again; default 10 min
	Stop        time.Duration // until a stopping server has ended all sessions; default 4 s
}

func (l Limits) withDefaults() Limits {
	for _, n := range []struct {
		at *int
		is int
	}{{&l.Connections, 100}, {&l.PerAddress, 20}, {&l.PerKey, 10}, {&l.HalfOpen, 10}} {
		if *n.at <= 0 {
			*n.at = n.is
		}
	}
	for _, d := range []struct {
		at *time.Duration
		is time.Duration
	}{
		{&l.Handshake, 10 * time.Second}, {&l.Idle, 10 * time.Minute}, {&l.Absolute, 12 * time.Hour}, {&l.Write, 15 * time.Second},
		{&l.Recheck, 30 * time.Second}, {&l.KeepAlive, 15 * time.Second}, {&l.Resume, 10 * time.Minute}, {&l.Stop, 4 * time.Second},
	} {
		if *d.at <= 0 {
			*d.at = d.is
		}
	}
	return l
}

// Visitor is who is at the other end of a session, as far as their key says.
type Visitor struct {
	User        string // what they call themselves; it proves nothing
	Address     string
	Fingerprint string // of the key they proved to hold
	Label       string // the key's comment where it is allowed
	Subject     string // who alone may sign in with this key; empty: anybody
	Env         func(name string) string
	Terminal    bool
}

// Console is what a session's console is made of.
type Console struct {
	Options ui.Options
	Started func(send func(tea.Msg)) // told how to reach the console once it runs; may be nil
	Close   func()                   // the session has ended
}

// Streams are a command's.
type Streams struct {
	In       io.Reader
	Out, Err io.Writer
}

// Host gives sessions what they run.
type Host interface {
	// Console makes the console of a session, at a search where there is one. ctx ends with the session.
	Console(ctx context.Context, v Visitor, query string) (Console, error)
	// Command runs one of usher's commands and gives its exit code; 127 for a command that there is not.
	Command(ctx context.Context, v Visitor, args []string, s Streams) int
}

// Keys say who may come in.
type Keys interface {
	// Find gives what is known of a key that is allowed, and a [NotAllowed] for one that is not; any other error says that
	// nobody can tell. It is asked before anybody has proved to hold the key, when a session begins, and while it lasts.
	Find(ctx context.Context, user, address string, key gossh.PublicKey) (Entry, error)
}

// Options is what a server needs.
type Options struct {
	Host    Host
	HostKey gossh.Signer
	Keys    Keys
	Banner  string // shown before the sign-in
	Limits  Limits
	Log     *slog.Logger
	Now     func() time.Time
}

// Server serves consoles. Build it with [New].
type Server struct {
	o      Options
	ssh    *ssh.Server
	lobby  *lobby
	live   *registry
	places *places
	canvas *canvas
	base   context.Context //nolint:containedctx // of all sessions: it outlives the order to stop
}

// New makes a server. It does not listen yet.
func New(o Options) (*Server, error) {
	if o.Host == nil || o.HostKey == nil || o.Keys == nil || o.Log == nil {
		return nil, errors.New("the SSH server needs a host, a host key, allowed keys and a log")
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	o.Limits = o.Limits.withDefaults()
	s := &Server{
		o: o, lobby: newLobby(o.Limits, o.Now), live: newRegistry(o.Limits.PerKey), places: newPlaces(o.Now, o.Limits.Resume),
		canvas: newCanvas(o.Limits.PerKey),
	}
	var err error
	s.ssh, err = wish.NewServer(s.configure)
	if err != nil {
		return nil, fmt.Errorf("make the SSH server: %w", err)
	}
	return s, nil
}

// configure leaves nothing to defaults: no password, no forwarding, no agent, no subsystems, no environment of this process.
func (s *Server) configure(srv *ssh.Server) error {
	srv.HostSigners = []ssh.Signer{s.o.HostKey}
	srv.Version = "usher"
	srv.HandshakeTimeout = s.o.Limits.Handshake
	srv.ConnCallback = s.knock
	srv.ServerConfigCallback = s.serverConfig
	srv.PublicKeyHandler = s.tryKey
	srv.SessionRequestCallback = s.ask
	srv.ConnectionFailedCallback = s.turnedAway
	srv.ChannelHandlers = map[string]ssh.ChannelHandler{"session": s.openChannel}
	srv.RequestHandlers = map[string]ssh.RequestHandler{}
	srv.SubsystemHandlers = map[string]ssh.SubsystemHandler{}
	srv.Handler = s.serve
	if s.o.Banner != "" {
		srv.BannerHandler = func(ssh.Context) string { return s.o.Banner }
	}
	return nil
}

// Serve serves l until ctx ends. Then it tells everybody on screen, ends their sessions, and returns within Limits.Stop.
// Changes under way are the host's to wait for.
func (s *Server) Serve(ctx context.Context, l net.Listener) error {
	var cancel context.CancelFunc
	s.base, cancel = context.WithCancel(context.WithoutCancel(ctx))
	defer cancel()
	failed := make(chan error, 1)
	go func() { failed <- s.ssh.Serve(l) }()
	select {
	case err := <-failed:
		return errors.Join(fmt.Errorf("serve SSH: %w", err), s.ssh.Close())
	case <-ctx.Done():
	}
	s.stop(l)
	if err := <-failed; !errors.Is(err, ssh.ErrServerClosed) && !errors.Is(err, net.ErrClosed) {
		return fmt.Errorf("stop serving SSH: %w", err)
	}
	return nil
}

// sayStop is how long a notice stands before the console goes.
const sayStop = 1500 * time.Millisecond

func (s *Server) stop(l net.Listener) {
	begun := s.o.Now()
	_ = l.Close() // nobody new; Close below ends the loop that accepts
	if s.live.tellAll("usher stops on this host: your session ends in a moment. A change under way is finished and recorded.") {
		wait(sayStop, s.live.gone())
	}
	s.live.endAll("usher was stopped on this host")
	wait(s.o.Limits.Stop-s.o.Now().Sub(begun), s.live.gone())
	_ = s.ssh.Close() // connections that are left, and the listener once more
}

// wait waits for d at most.
func wait(d time.Duration, done <-chan struct{}) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-done:
	}
}
