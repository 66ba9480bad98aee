package sshserver

import (
	"context"
	"strings"
	"time"

	"charm.land/ssh"
	gossh "golang.org/x/crypto/ssh"
)

const (
	// resizeEvery is how often a change of size is handed on, at most; the last one always is. A larger screen, which is made
	// and drawn anew each time, waits longer: perCell for each of its cells. While changes do not end, the wait doubles up to
	// stormEvery.
	resizeEvery = 50 * time.Millisecond
	perCell     = 20 * time.Microsecond
	stormEvery  = 250 * time.Millisecond
	// mostChannels is how many sessions a connection may have at once.
	mostChannels = 4
	// mostVariables and longestValue bound what a client may put into its environment.
	mostVariables = 20
	longestValue  = 128
	// longestTerminal is the longest name of a terminal.
	longestTerminal = 64
	// longestCommand is the longest command, in bytes.
	longestCommand = 8 << 10
	// missed is how many signs of life may stay unanswered.
	missed = 3
)

// openChannel lets a connection open a session. What it asks for in it passes screen first.
func (s *Server) openChannel(srv *ssh.Server, conn *gossh.ServerConn, ask gossh.NewChannel, ctx ssh.Context) {
	d := doorOf(ctx)
	if d == nil || !d.openChannel() {
		_ = ask.Reject(gossh.ResourceShortage, "too many sessions on this connection")
		return
	}
	defer d.closeChannel()
	key, _ := ctx.Value(ssh.ContextKeyPublicKey).(ssh.PublicKey)
	if key == nil || !s.live.openChannel(gossh.FingerprintSHA256(key)) {
		_ = ask.Reject(gossh.ResourceShortage, "too many sessions with this key")
		return
	}
	defer s.live.closeChannel(gossh.FingerprintSHA256(key))
	if d.first() {
		go s.keepAlive(ctx, conn, d)
	}
	part := s.canvas.sheet(ctx)
	defer part.free()
	ssh.DefaultSessionHandler(srv, conn, screened{ask, part, s.o.Limits.Write, d.hangUp}, ctx) // until the channel's requests have ended
}

func (d *door) openChannel() bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.channels >= mostChannels {
		return false
	}
	d.channels++
	return true
}

func (d *door) closeChannel() {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.channels--
}

// first reports the first channel of a connection.
func (d *door) first() bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	was := d.alive
	d.alive = true
	return !was
}

// keepAlive finds out when the client is no longer there.
func (s *Server) keepAlive(ctx context.Context, conn *gossh.ServerConn, d *door) {
	tick := time.NewTicker(s.o.Limits.KeepAlive)
	defer tick.Stop()
	answered := make(chan struct{}, 1)
	for open := 0; ; {
		select {
		case <-ctx.Done():
			return
		case <-answered:
			open = 0
		case <-tick.C:
			if open++; open > missed {
				d.hangUp()
				return
			}
			if open > 1 {
				continue // the question before still waits
			}
			go func() {
				if _, _, err := conn.SendRequest("keepalive@openssh.com", true, nil); err == nil {
					answered <- struct{}{}
				}
			}()
		}
	}
}

// screened is a channel whose requests are screened, and whose client is given up when it does not take what is written.
type screened struct {
	gossh.NewChannel
	part   *sheet
	within time.Duration
	stuck  func()
}

// Accept implements gossh.NewChannel.
func (c screened) Accept() (gossh.Channel, <-chan *gossh.Request, error) {
	ch, in, err := c.NewChannel.Accept()
	if err != nil {
		return nil, nil, err
	}
	out := make(chan *gossh.Request)
	go screen(in, out, c.part.fit)
	return newPatient(ch, c.within, c.stuck), out, nil
}

// screen hands on what a session may ask for, with sizes that are bounded. Changes of size wait until a program runs, and
// for each other: of a storm of them the last is handed on.
func screen(in <-chan *gossh.Request, out chan<- *gossh.Request, fit fit) {
	defer close(out)
	var size *gossh.Request // the last change of size that was not handed on
	var cells uint32        // of it
	var running, resting bool
	variables, wait := 0, resizeEvery
	rest := time.NewTimer(wait)
	rest.Stop()
	defer rest.Stop()
	for {
		var resize chan<- *gossh.Request
		if size != nil && running && !resting {
			resize = out
		}
		select {
		case r, ok := <-in:
			switch {
			case !ok:
				return
			case r.Type == "window-change":
				n, bounded := boundSize(r, fit)
				if !bounded {
					answer(r, false)
					continue
				}
				answer(size, true)
				size, cells = r, n
			case !allowed(r, &variables, fit):
				answer(r, false)
			default:
				running = running || r.Type == "shell" || r.Type == "exec"
				out <- r
			}
		case resize <- size:
			size, resting = nil, true
			rest.Reset(max(wait, time.Duration(cells)*perCell))
		case <-rest.C:
			resting = false
			if wait = min(2*wait, stormEvery); size == nil {
				wait = resizeEvery
			}
		}
	}
}

func answer(r *gossh.Request, ok bool) {
	if r != nil && r.WantReply {
		_ = r.Reply(ok, nil) // the connection may be gone
	}
}

// allowed reports a request that a console has a use for, and bounds what it holds.
func allowed(r *gossh.Request, variables *int, fit fit) bool {
	switch r.Type {
	case "shell":
		return true
	case "exec":
		return len(r.Payload) <= longestCommand
	case "pty-req":
		return boundTerminal(r, fit)
	case "env":
		var v struct{ Name, Value string }
		if gossh.Unmarshal(r.Payload, &v) != nil || !welcome(v.Name, v.Value) || *variables >= mostVariables {
			return false
		}
		*variables++
		return true
	}
	return false // agents, X11, subsystems, signals, breaks and what is yet to be thought of
}

// welcome reports a variable of the client's that a console heeds.
func welcome(name, value string) bool {
	switch {
	case name == "LANG", name == "COLORTERM", name == "NO_COLOR", name == "TERM":
	case strings.HasPrefix(name, "LC_"):
	default:
		return false
	}
	return len(name) <= longestValue && len(value) <= longestValue && !strings.ContainsFunc(name+value, func(c rune) bool { return c < ' ' || c > '~' })
}

// terminal is a request for a terminal (RFC 4254 §6.2), and size a change of its size (§6.7).
type (
	terminal struct {
		Term                         string
		Columns, Rows, Width, Height uint32
		Modes                        string
	}
	size struct{ Columns, Rows, Width, Height uint32 }
)

// fit bounds a size.
type fit func(columns, rows uint32) (c, r uint32)

func boundTerminal(r *gossh.Request, fit fit) bool {
	var t terminal
	if gossh.Unmarshal(r.Payload, &t) != nil {
		return false
	}
	if !terminalName(t.Term) {
		t.Term = "dumb"
	}
	t.Columns, t.Rows = fit(t.Columns, t.Rows)
	t.Width, t.Height, t.Modes = 0, 0, ""
	r.Payload = gossh.Marshal(&t)
	return true
}

// terminalName reports what a name of a terminal looks like: letters, digits and . _ + -, at first a letter or a digit.
func terminalName(s string) bool {
	if s == "" || len(s) > longestTerminal || strings.ContainsRune("._+-", rune(s[0])) {
		return false
	}
	return !strings.ContainsFunc(s, func(c rune) bool {
		return (c < 'a' || c > 'z') && (c < 'A' || c > 'Z') && (c < '0' || c > '9') && !strings.ContainsRune("._+-", c)
	})
}

// boundSize bounds a change of size, and gives how many cells the screen has then.
func boundSize(r *gossh.Request, fit fit) (cells uint32, ok bool) {
	var s size
	if gossh.Unmarshal(r.Payload, &s) != nil {
		return 0, false
	}
	s.Columns, s.Rows = fit(s.Columns, s.Rows)
	s.Width, s.Height = 0, 0
	r.Payload = gossh.Marshal(&s)
	return s.Columns * s.Rows, true
}
