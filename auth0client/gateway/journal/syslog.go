package journal

import (
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/url"
	"os"
	"strconv"
	"strings"
	"sync"
	"time"
)

const (
	// syslogQueue is how many lines wait for a syslog that is slow or away; more are left out and counted.
	syslogQueue = 4096
	// longestDatagram is what a local syslog or one over UDP takes in one piece (RFC 5424 §6.1 asks for 2,048 at least).
	longestDatagram = 8 << 10
	syslogWithin    = 5 * time.Second
	// audit is facility 13 (log audit) with severity 5 (notice) or 4 (warning).
	priorityNotice  = 13*8 + 5
	priorityWarning = 13*8 + 4
)

// SyslogOptions is how lines are sent.
type SyslogOptions struct {
	App    string // default: usher
	Host   string // default: this machine's name
	TLS    *tls.Config
	Report func(error) // told when the syslog goes away and, with nil, when it is back; may be nil
	After  func(time.Duration) <-chan time.Time
}

// Syslog is a [Sink] that sends lines as RFC 5424 messages. Each carries its line's number, hash and seal, so that what it
// stores is an anchor for the whole chain. A syslog that is away holds nobody up: lines wait, and those beyond the queue are
// left out; once it is back a message says how many.
type Syslog struct {
	network, addr string
	o             SyslogOptions
	queue         chan Line
	stop          chan struct{}
	done          chan struct{}

	mu      sync.Mutex
	missed  int
	from    uint64 // the first line left out
	problem error
}

// NewSyslog makes a sink for address: unix:///dev/log, udp://host:514, tcp://host:601 or tls://host:6514. It does not
// connect yet.
func NewSyslog(address string, o SyslogOptions) (*Syslog, error) {
	network, addr, err := syslogAddress(address)
	if err != nil {
		return nil, err
	}
	if o.App == "" {
		o.App = "usher"
	}
	if o.Host == "" {
		if o.Host, err = os.Hostname(); err != nil {
			o.Host = "-"
		}
	}
	if o.After == nil {
		o.After = time.After
	}
	o.App, o.Host = syslogName(o.App, 48), syslogName(o.Host, 255)
	s := &Syslog{network: network, addr: addr, o: o, queue: make(chan Line, syslogQueue), stop: make(chan struct{}), done: make(chan struct{})}
	go s.run()
	return s, nil
}

func syslogAddress(address string) (network, addr string, err error) {
	u, err := url.Parse(address)
	if err != nil {
		return "", "", fmt.Errorf("the syslog's address %q cannot be read: %w", address, err)
	}
	ports := map[string]string{"udp": "514", "tcp": "601", "tls": "6514"}
	switch port, known := ports[u.Scheme]; {
	case u.Scheme == "unix" && u.Host == "" && u.Path != "":
		return u.Scheme, u.Path, nil
	case known && u.Hostname() != "" && strings.Trim(u.Path, "/") == "":
		if u.Port() != "" {
			port = u.Port()
		}
		return u.Scheme, net.JoinHostPort(u.Hostname(), port), nil
	}
	return "", "", fmt.Errorf("the syslog's address %q is none of unix:///dev/log, udp://host:514, tcp://host:601 and tls://host:6514", address)
}

// syslogName makes a text fit for a header's field: printable ASCII without spaces.
func syslogName(s string, longest int) string {
	s = strings.Map(func(r rune) rune {
		if r <= ' ' || r > '~' {
			return '_'
		}
		return r
	}, s)
	if s == "" {
		return "-"
	}
	return s[:min(len(s), longest)]
}

// Offer takes lines to be sent. It never waits.
func (s *Syslog) Offer(lines []Line) {
	for _, l := range lines {
		select {
		case s.queue <- l:
		default:
			s.mu.Lock()
			if s.missed++; s.missed == 1 {
				s.from = l.Seq
			}
			s.mu.Unlock()
		}
	}
}

// Problem is why lines are not sent at the moment, or nil.
func (s *Syslog) Problem() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.problem
}

// Close sends what waits, if the syslog takes it at once, and ends the connection.
func (s *Syslog) Close() error {
	close(s.stop)
	<-s.done
	return nil
}

func (s *Syslog) run() {
	defer close(s.done)
	var conn net.Conn
	defer func() {
		if conn != nil {
			_ = conn.Close() // nothing is lost by it
		}
	}()
	var enough <-chan time.Time // once stopped, how long what waits may still be sent
	for {
		var l Line
		select {
		case l = <-s.queue:
		case <-s.stop:
			if enough == nil {
				enough = s.o.After(syslogWithin)
			}
			select {
			case <-enough:
				return
			case l = <-s.queue:
			default:
				return
			}
		}
		if conn = s.deliver(conn, l); conn == nil {
			return
		}
	}
}

// deliver tries until a line is sent. It gives no connection when it was stopped before.
func (s *Syslog) deliver(conn net.Conn, l Line) net.Conn {
	for wait := time.Second; ; wait = min(2*wait, time.Minute) {
		var err error
		conn, err = s.send(conn, l)
		s.tell(err)
		if err == nil {
			return conn
		}
		select {
		case <-s.stop:
			return nil
		case <-s.o.After(wait):
		}
	}
}

// tell reports a change between away and back.
func (s *Syslog) tell(err error) {
	s.mu.Lock()
	changed := (err == nil) != (s.problem == nil)
	s.problem = err
	s.mu.Unlock()
	if changed && s.o.Report != nil {
		s.o.Report(err)
	}
}

// send sends a line, and before it how many were left out. It gives the connection to use next.
func (s *Syslog) send(conn net.Conn, l Line) (net.Conn, error) {
	if conn == nil {
		var err error
		if conn, err = s.dial(); err != nil {
			return nil, fmt.Errorf("connect to the syslog %s: %w", s.addr, err)
		}
	}
	s.mu.Lock()
	missed, from := s.missed, s.from
	s.mu.Unlock()
	err := s.write(conn, s.message(l))
	if err == nil && missed > 0 {
		err = s.write(conn, s.missedMessage(missed, from, l.Time))
	}
	if err != nil {
		return nil, errors.Join(fmt.Errorf("write to the syslog %s: %w", s.addr, err), conn.Close())
	}
	s.mu.Lock()
	s.missed -= missed
	s.mu.Unlock()
	return conn, nil
}

func (s *Syslog) dial() (net.Conn, error) {
	ctx, cancel := context.WithTimeout(context.Background(), syslogWithin)
	defer cancel()
	var d net.Dialer
	switch s.network {
	case "unix":
		conn, err := d.DialContext(ctx, "unixgram", s.addr)
		if err != nil {
			return d.DialContext(ctx, "unix", s.addr)
		}
		return conn, nil
	case "tls":
		return (&tls.Dialer{NetDialer: &d, Config: s.o.TLS}).DialContext(ctx, "tcp", s.addr)
	}
	return d.DialContext(ctx, s.network, s.addr)
}

func (s *Syslog) write(conn net.Conn, message []byte) error {
	if err := conn.SetWriteDeadline(time.Now().Add(syslogWithin)); err != nil {
		return err
	}
	if stream(conn) { // octet counting, RFC 6587 §3.4.1 and RFC 5425 §4.3
		message = append(strconv.AppendInt(nil, int64(len(message)), 10), append([]byte(" "), message...)...)
	}
	_, err := conn.Write(message)
	return err
}

func stream(conn net.Conn) bool {
	n := conn.LocalAddr().Network()
	return n == "tcp" || n == "unix"
}

// message is a line as RFC 5424 has it. 32473 is the number for examples (RFC 5612): usher has none of its own.
func (s *Syslog) message(l Line) []byte {
	priority := priorityNotice
	if l.Step == StepDenied || l.Status >= 400 || l.Step == StepOutcome && l.Status == 0 {
		priority = priorityWarning
	}
	head := fmt.Sprintf(`<%d>1 %s %s %s %d %s [usher@32473 seq="%d" hash="%s" mac="%s"`, priority, syslogTime(l.Time), s.o.Host, s.o.App, os.Getpid(), l.Step, l.Seq, l.Hash, l.Mac)
	if l.Gateway != "" {
		head += ` gateway="` + parameter(l.Gateway) + `"`
	}
	body := l.Raw
	if longest := longestDatagram - len(head) - 2; len(body) > longest && (s.network == "udp" || s.network == "unix") {
		body = fmt.Appendf(nil, "line of %d bytes left out: it is longer than this syslog takes", len(body))
	}
	return bytes.Join([][]byte{[]byte(head + "]"), body}, []byte(" "))
}

func (s *Syslog) missedMessage(n int, from uint64, at time.Time) []byte {
	return fmt.Appendf(nil, `<%d>1 %s %s %s %d missed [usher@32473 missed="%d" from="%d"] %d lines from number %d on were left out while the syslog was away`,
		priorityWarning, syslogTime(at), s.o.Host, s.o.App, os.Getpid(), n, from, n, from)
}

// syslogTime has at most six digits of a second (RFC 5424 §6.2.3).
func syslogTime(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05.000000Z07:00") }

// parameter escapes a value (RFC 5424 §6.3.3).
func parameter(s string) string {
	return strings.NewReplacer(`\`, `\\`, `"`, `\"`, `]`, `\]`).Replace(string(escape([]byte(s))))
}
