package sshserver

import (
	"io"
	"sync"
	"time"

	gossh "golang.org/x/crypto/ssh"
)

// inlet notes when something is typed, and when nothing more can be: a program would wait for ever.
type inlet struct {
	io.Reader
	typed, gone func()
}

// Read implements io.Reader.
func (i inlet) Read(p []byte) (int, error) {
	n, err := i.Reader.Read(p)
	if n > 0 {
		i.typed()
	}
	if err != nil {
		i.gone()
	}
	return n, err
}

// patient is a channel that waits for its client to take what is written, and not for ever: a client that grants no room
// would hold whatever writes.
type patient struct {
	gossh.Channel
	out    outlet
	stderr struct {
		io.Reader
		outlet
	}
}

func newPatient(c gossh.Channel, within time.Duration, stuck func()) *patient {
	p := &patient{Channel: c}
	p.out.to, p.out.within, p.out.stuck = c, within, stuck
	errs := c.Stderr()
	p.stderr.Reader, p.stderr.to, p.stderr.within, p.stderr.stuck = errs, errs, within, stuck
	return p
}

// Write implements io.Writer.
func (p *patient) Write(data []byte) (int, error) { return p.out.Write(data) }

// Stderr implements gossh.Channel.
func (p *patient) Stderr() io.ReadWriter { return &p.stderr }

// outlet gives up on a client that does not take what is written: nothing else would ever end the write.
type outlet struct {
	to     io.Writer
	within time.Duration
	stuck  func()

	mu      sync.Mutex
	writing int
	timer   *time.Timer
}

// Write implements io.Writer.
func (o *outlet) Write(p []byte) (int, error) {
	o.begin()
	defer o.end()
	return o.to.Write(p)
}

func (o *outlet) begin() {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.writing++; o.writing > 1 {
		return
	}
	if o.timer == nil {
		o.timer = time.AfterFunc(o.within, o.stuck)
		return
	}
	o.timer.Reset(o.within)
}

func (o *outlet) end() {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.writing--; o.writing == 0 {
		o.timer.Stop()
	}
}
