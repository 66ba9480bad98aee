package journal

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"slices"
	"time"
)

// store keeps lines. Its methods are called by one goroutine, but for approvals.
type store interface {
	Approvals
	// lines gives what is stored, oldest first.
	lines(ctx context.Context) iter.Seq2[Line, error]
	// commit makes lines durable, all of them or, as far as anybody can tell, none.
	commit(ctx context.Context, lines []sealed, head Head) error
	// restore makes the store whole after a commit that failed and says where its chain ends.
	restore(ctx context.Context, acknowledged Head) (end Head, err error)
	// rotate begins a new file if the present one is full.
	rotate() (begun bool, err error)
	close() error
}

// errFinal: the journal can only go on with a new start.
var errFinal = errors.New("restart usher once the cause is mended")

// state is what a store found when it was opened.
type state struct {
	head       Head
	gateway    string
	seals      *sealer
	open       map[string]uint64 // changes that have neither outcome nor note, by id: their intents' numbers
	notes      []Entry           // what is to be told first
	unfinished []Entry
}

// writer makes entries a chain and has them stored. One goroutine uses it.
type writer struct {
	store   store
	now     func() time.Time
	seals   *sealer
	gateway string
	head    Head // the last durable line
	open    map[string]uint64

	owed  []Entry // lines to be written before any other: notes, and outcomes that could not be written
	fault error   // why the last write failed
	since time.Time
	lost  []sealed // the batch that failed; after a broken connection it may be durable all the same
}

func newWriter(s store, st state, o Options) *writer {
	w := &writer{store: s, now: o.Now, seals: st.seals, gateway: st.gateway, head: st.head, open: st.open, owed: st.notes}
	if w.open == nil {
		w.open = map[string]uint64{}
	}
	return w
}

// write makes a batch durable and tells everybody who waits for it. It gives the lines that are durable now.
func (w *writer) write(batch []*pending) []sealed {
	ctx := context.Background()
	lead, err := w.ready(ctx)
	if err != nil {
		return w.fail(batch, nil, err)
	}
	lines := make([]sealed, 0, len(lead)+len(batch))
	head := w.head
	for _, e := range lead {
		if l, err := w.seal(e, &head); err == nil { // an entry of our own is always fit to be written
			lines = append(lines, l)
		}
	}
	kept := batch[:0:0]
	for _, p := range batch {
		l, err := w.seal(p.entry, &head)
		if err != nil {
			p.done <- err
			continue
		}
		lines, kept = append(lines, l), append(kept, p)
	}
	if len(lines) == 0 {
		return nil
	}
	head = w.seals.head(w.gateway, head.Seq, head.Hash)
	if err := w.store.commit(ctx, lines, head); err != nil {
		return w.fail(kept, lines, err)
	}
	w.head, w.owed, w.lost, w.fault = head, nil, nil, nil
	for _, l := range lines {
		w.track(l.entry)
	}
	for _, p := range kept {
		p.done <- nil
	}
	return lines
}

// finish writes what is still owed, if that is possible.
func (w *writer) finish() []sealed {
	if len(w.owed) == 0 {
		return nil
	}
	return w.write(nil)
}

// settled reports that nothing is owed, or that this run can write nothing more.
func (w *writer) settled() bool { return len(w.owed) == 0 || errors.Is(w.fault, errFinal) }

func (w *writer) seal(e Entry, head *Head) (sealed, error) {
	e.Seq, e.Time, e.Prev, e.Gateway = head.Seq+1, w.now().UTC(), head.Hash, w.gateway
	l, err := w.seals.close(e)
	if err != nil {
		return l, err
	}
	head.Seq, head.Hash = e.Seq, l.hash
	return l, nil
}

func (w *writer) track(e Entry) {
	switch e.Step {
	case StepIntent:
		w.open[e.ID] = e.Seq
	case StepOutcome, StepNote: // a note with an id says that no outcome will come
		delete(w.open, e.ID)
	}
}

// ready mends the store after a fault and begins a new file where one is full. It gives the entries to write first.
func (w *writer) ready(ctx context.Context) ([]Entry, error) {
	var lead []Entry
	if w.fault != nil {
		if errors.Is(w.fault, errFinal) {
			return nil, w.fault
		}
		end, err := w.store.restore(ctx, w.head)
		if err != nil {
			return nil, err
		}
		if err := w.adopt(end); err != nil {
			return nil, err
		}
		lead = append(lead, Entry{Step: StepNote, Note: fmt.Sprintf("the journal could not be written from %s until %s: %v",
			w.since.UTC().Format(time.RFC3339), w.now().UTC().Format(time.RFC3339), w.fault)})
	}
	begun, err := w.store.rotate()
	if err != nil {
		return nil, err
	}
	if begun {
		lead = append([]Entry{w.checkpoint()}, lead...)
	}
	return append(lead, w.owed...), nil
}

// checkpoint begins a file: it says which changes are under way, so that nobody need read the file before.
func (w *writer) checkpoint() Entry {
	open := make([]any, 0, len(w.open))
	for id, seq := range w.open {
		open = append(open, map[string]any{"id": id, "seq": seq})
	}
	return Entry{Step: StepCheckpoint, Fields: map[string]any{"open": open}, Note: "the journal goes on from the file before"}
}

// adopt settles where the chain ends after a fault. Without an answer to a commit nobody knew whether it was done.
func (w *writer) adopt(end Head) error {
	switch {
	case end.Seq == w.head.Seq && end.Hash == w.head.Hash:
	case len(w.lost) > 0 && end.Seq == w.lost[len(w.lost)-1].entry.Seq && end.Hash == w.lost[len(w.lost)-1].hash:
		w.head = end
		w.settle(w.lost)
	default:
		w.fault = fmt.Errorf("somebody else wrote to this journal: it ends at number %d, not at %d; %w", end.Seq, w.head.Seq, errFinal)
		return w.fault
	}
	w.lost = nil
	return nil
}

// settle takes lines for written that were thought lost.
func (w *writer) settle(lines []sealed) {
	for _, l := range lines {
		w.track(l.entry)
		w.owed = slices.DeleteFunc(w.owed, func(e Entry) bool { return e.Step == l.entry.Step && e.ID == l.entry.ID && e.Note == l.entry.Note })
		if l.entry.Step == StepIntent { // its sender was told that it failed and did not make the change
			w.owed = append(w.owed, Entry{Step: StepOutcome, ID: l.entry.ID, Subject: l.entry.Subject, Email: l.entry.Email,
				Target: l.entry.Target, Actions: l.entry.Actions, Note: NoteNotSent})
		}
	}
}

// fail tells everybody that nothing was written. Outcomes stay owed: their changes were made.
func (w *writer) fail(batch []*pending, lines []sealed, err error) []sealed {
	if w.fault == nil {
		w.since = w.now()
	}
	w.fault = err
	if lines != nil {
		w.lost = lines
	}
	for _, p := range batch {
		if p.entry.Step == StepOutcome {
			w.owed = append(w.owed, p.entry)
		}
		p.done <- err
	}
	return nil
}
