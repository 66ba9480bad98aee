package journal

import (
	"context"
	"errors"
	"fmt"
	"os"
	"sync"
	"time"
)

// ErrLocked: another process writes to the journal.
var ErrLocked = errors.New("another usher is writing to this journal")

const (
	// sharedWait is how long a change waits for the other processes' changes to end.
	sharedWait = 10 * time.Second
	// sharedRetry is how often it looks whether they have.
	sharedRetry = 20 * time.Millisecond
	// sharedIdle is how long a journal stays open after a change, for the next one.
	sharedIdle = time.Second
)

// Shared is the journal in a folder for a process that is one of several: a console left open, a command, another console.
// It is open, and locked, only while this process has changes under way; the others wait a moment for their turn. Reading
// needs no lock at all.
type Shared struct {
	dir        string
	o          Options
	unfinished []Entry

	mu     sync.Mutex
	j      *Journal // nil while nothing is under way
	users  int
	idle   *time.Timer
	closed bool
}

// OpenShared looks at the journal in dir, making both where they are missing. While another process writes to it there is
// nothing to look at: what was left unfinished is that process's to tell.
func OpenShared(dir string, o Options) (*Shared, error) {
	s := &Shared{dir: dir, o: o.withDefaults()}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("make the journal's folder: %w", err)
	}
	j, err := Open(dir, s.o)
	if errors.Is(err, ErrLocked) {
		return s, nil
	}
	if err != nil {
		return nil, err
	}
	s.unfinished = j.Unfinished()
	if err := j.Close(); err != nil {
		return nil, err
	}
	return s, nil
}

// Unfinished are the changes that an earlier run meant and whose outcome it did not write, as found at the start.
func (s *Shared) Unfinished() []Entry { return append([]Entry(nil), s.unfinished...) }

// begin opens the journal for a change, waiting for the others' changes to end.
func (s *Shared) begin(ctx context.Context) (*Journal, error) {
	ctx, cancel := context.WithTimeout(ctx, sharedWait)
	defer cancel()
	for {
		j, err := s.try()
		if !errors.Is(err, ErrLocked) {
			return j, err
		}
		timer := time.NewTimer(sharedRetry)
		select {
		case <-timer.C:
		case <-ctx.Done():
			timer.Stop()
			return nil, fmt.Errorf("%w; it did not end its changes in time: try again, or close it", ErrLocked)
		}
	}
}

func (s *Shared) try() (*Journal, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case s.closed:
		return nil, ErrClosed
	case s.j == nil:
		j, err := Open(s.dir, s.o)
		if err != nil {
			return nil, err
		}
		s.j = j
	}
	if s.idle != nil {
		s.idle.Stop()
	}
	s.users++
	return s.j, nil
}

// end lets the others have their turn once nothing more is under way here.
func (s *Shared) end() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.users--; s.users == 0 && !s.closed {
		s.idle = time.AfterFunc(sharedIdle, s.rest)
	}
}

// rest closes the journal unless a change began meanwhile. Lines that are owed keep it open: they are this process's.
func (s *Shared) rest() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.users > 0 || s.j == nil || s.closed {
		return
	}
	if !s.j.settle() {
		s.idle = time.AfterFunc(sharedIdle, s.rest)
		return
	}
	s.j.Close() //nolint:errcheck // nothing is left to be written
	s.j = nil
}

// Intent makes a change's record durable before the change is made. When it fails the change must not be made.
func (s *Shared) Intent(ctx context.Context, e Entry) (Handle, error) {
	j, err := s.begin(ctx)
	if err != nil {
		return Handle{}, err
	}
	h, err := j.Intent(ctx, e)
	if err != nil {
		s.end()
		return Handle{}, err
	}
	h.ended = sync.OnceFunc(s.end)
	return h, nil
}

// Denied records a change that was refused.
func (s *Shared) Denied(ctx context.Context, e Entry) error {
	j, err := s.begin(ctx)
	if err != nil {
		return err
	}
	defer s.end()
	return j.Denied(ctx, e)
}

// Entries gives the journal's entries, oldest first.
func (s *Shared) Entries(ctx context.Context) ([]Entry, error) {
	out, err := Entries(Lines(ctx, s.dir))
	if errors.Is(err, os.ErrNotExist) {
		return nil, nil
	}
	return out, err
}

// Close ends the journal here.
func (s *Shared) Close() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.closed = true
	if s.idle != nil {
		s.idle.Stop()
	}
	if s.j == nil {
		return nil
	}
	err := s.j.Close()
	s.j = nil
	return err
}
