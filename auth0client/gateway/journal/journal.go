// Package journal is the append-only record of every change: one JSON line for the intent, durable before the request
// leaves, and one for its outcome. Each line holds the SHA-256 of the line before it and a seal, an HMAC by the journal's
// key; a head that is kept apart says where the journal ends. A journal lives in a folder of files or in PostgreSQL, and
// can be copied line by line to other places, a syslog among them.
package journal

import (
	"context"
	"crypto/rand"
	"errors"
	"io"
	"iter"
	"sync"
	"time"
)

// ErrClosed: the journal is closed.
var ErrClosed = errors.New("the journal is closed")

// File is what the journal needs of its file. One that can be cut (Truncate) lets the journal go on after a fault.
type File interface {
	io.Writer
	Sync() error
	Close() error
}

// Options is how a journal is kept.
type Options struct {
	Now      func() time.Time
	Random   io.Reader                       // default: crypto/rand
	Open     func(path string) (File, error) // default: append, 0600
	KeyFile  string                          // default: journal.key in the journal's folder; made where it is missing
	MaxBytes int64                           // a file this large is full and the next is begun; default 64 MB
	Sinks    []Sink                          // where lines are copied to; closed with the journal
}

func (o Options) withDefaults() Options {
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Random == nil {
		o.Random = rand.Reader
	}
	if o.Open == nil {
		o.Open = appendFile
	}
	if o.MaxBytes <= 0 {
		o.MaxBytes = 64 << 20
	}
	return o
}

// Line is one line as it is stored.
type Line struct {
	Entry
	Raw  []byte // the line without its end
	Hash string // its SHA-256
}

// Sink takes copies of lines. What it does may not take time: Offer must not block.
type Sink interface {
	Offer(lines []Line)
	Close() error
}

// Journal appends lines. It is safe for concurrent use: lines that come together are made durable together.
type Journal struct {
	w          *writer
	store      store
	sinks      []Sink
	unfinished []Entry

	mu     sync.Mutex
	queue  []*pending
	closed bool
	kick   chan struct{}
	ask    chan chan bool // of settle
	stop   chan struct{}
	done   chan struct{}
}

// A journal keeps approvals beside its lines.
var _ Approvals = (*Journal)(nil)

// start begins to write. Notes about what the last run left behind come first; that they cannot be written now does not
// keep a journal closed, they are owed like any outcome.
func start(s store, st state, o Options) *Journal {
	j := &Journal{
		w: newWriter(s, st, o), store: s, sinks: o.Sinks, unfinished: st.unfinished,
		kick: make(chan struct{}, 1), ask: make(chan chan bool), stop: make(chan struct{}), done: make(chan struct{}),
	}
	go j.run()
	return j
}

// Unfinished are the changes that the last run meant and whose outcome it did not write: they may or may not have been
// made, and somebody must look. Each is reported by one Open, which leaves a note in the journal.
func (j *Journal) Unfinished() []Entry { return append([]Entry(nil), j.unfinished...) }

// Handle is a change under way.
type Handle struct {
	j     *Journal
	entry Entry
	ended func() // told of the outcome; may be nil
}

// Intent makes a change's record durable before the change is made. When it fails the change must not be made.
func (j *Journal) Intent(ctx context.Context, e Entry) (Handle, error) {
	if err := ctx.Err(); err != nil {
		return Handle{}, err
	}
	if e.ID == "" {
		return Handle{}, errors.New("a change needs an id before it is written to the journal")
	}
	e.Step = StepIntent
	e.Fields, e.From = redact(e.Fields), redact(e.From)
	return Handle{j: j, entry: e}, j.append(e)
}

// Outcome is what became of a change. Status 0 with [NoteUnknown] means that nobody knows.
type Outcome struct {
	Status  int
	Request string
	Note    string
}

// Outcome makes a change's end durable. An outcome that cannot be written now is written as soon as the journal can be.
func (h Handle) Outcome(_ context.Context, o Outcome) error {
	if h.j == nil {
		return errors.New("an outcome was given without an intent")
	}
	if h.ended != nil {
		defer h.ended()
	}
	return h.j.append(Entry{
		Step: StepOutcome, ID: h.entry.ID, Subject: h.entry.Subject, Email: h.entry.Email, Target: h.entry.Target, Actions: h.entry.Actions,
		Status: o.Status, Request: o.Request, Note: o.Note,
	})
}

// Denied records a change that was refused.
func (j *Journal) Denied(_ context.Context, e Entry) error {
	e.Step = StepDenied
	e.Fields, e.From = redact(e.Fields), redact(e.From)
	return j.append(e)
}

// pending is an entry that waits to be durable.
type pending struct {
	entry Entry
	done  chan error
}

func (j *Journal) append(e Entry) error {
	p := &pending{entry: e, done: make(chan error, 1)}
	j.mu.Lock()
	if j.closed {
		j.mu.Unlock()
		return ErrClosed
	}
	j.queue = append(j.queue, p)
	j.mu.Unlock()
	select {
	case j.kick <- struct{}{}:
	default: // it is awake already
	}
	return <-p.done
}

// longestBatch bounds how many lines become durable together.
const longestBatch = 256

func (j *Journal) take() []*pending {
	j.mu.Lock()
	defer j.mu.Unlock()
	n := min(len(j.queue), longestBatch)
	batch := j.queue[:n:n]
	j.queue = j.queue[n:]
	return batch
}

func (j *Journal) run() {
	defer close(j.done)
	for {
		select {
		case <-j.kick:
			j.drain()
		case settled := <-j.ask:
			j.drain()
			j.offer(j.w.finish())
			settled <- j.w.settled()
		case <-j.stop:
			j.drain()
			j.offer(j.w.finish())
			return
		}
	}
}

// settle writes what is owed, if that is possible, and says whether nothing is owed any more.
func (j *Journal) settle() bool {
	settled := make(chan bool, 1)
	select {
	case j.ask <- settled:
		return <-settled
	case <-j.done:
		return true
	}
}

func (j *Journal) drain() {
	for batch := j.take(); len(batch) > 0; batch = j.take() {
		j.offer(j.w.write(batch))
	}
}

func (j *Journal) offer(lines []sealed) {
	if len(j.sinks) == 0 || len(lines) == 0 {
		return
	}
	out := make([]Line, len(lines))
	for i, l := range lines {
		out[i] = Line{Entry: l.entry, Raw: l.line[:len(l.line)-1], Hash: l.hash}
	}
	for _, s := range j.sinks {
		s.Offer(out)
	}
}

// Close writes what waits and ends the journal.
func (j *Journal) Close() error {
	j.mu.Lock()
	if j.closed {
		j.mu.Unlock()
		return nil
	}
	j.closed = true
	j.mu.Unlock()
	close(j.stop)
	<-j.done
	errs := []error{j.store.close()}
	for _, s := range j.sinks {
		errs = append(errs, s.Close())
	}
	return errors.Join(errs...)
}

// PutApproval keeps a new approval beside the journal.
func (j *Journal) PutApproval(ctx context.Context, a Approval) error {
	return j.store.PutApproval(ctx, a)
}

// Approvals lists those that wait and those that were over within the last day, newest first.
func (j *Journal) Approvals(ctx context.Context) ([]Approval, error) { return j.store.Approvals(ctx) }

// MoveApproval decides an approval, or has it taken, once.
func (j *Journal) MoveApproval(ctx context.Context, id string, m ApprovalMove) (Approval, error) {
	return j.store.MoveApproval(ctx, id, m)
}

// Lines gives the lines of the journal, oldest first; in a shared store those of all gateways, by time.
func (j *Journal) Lines(ctx context.Context) iter.Seq2[Line, error] { return j.store.lines(ctx) }

// Changes gives the changes that f wants, oldest first.
func (j *Journal) Changes(ctx context.Context, f Filter) ([]Change, error) {
	return Changes(j.Lines(ctx), f)
}

// Entries gives the journal's entries, oldest first; in a shared store those of all gateways, by time.
func (j *Journal) Entries(ctx context.Context) ([]Entry, error) { return Entries(j.Lines(ctx)) }
