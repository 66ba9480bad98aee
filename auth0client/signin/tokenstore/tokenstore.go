// Package tokenstore keeps a sign-in between runs: in the keyring of the operating system, else in a file encrypted with
// age, else in memory. A token is never on a disk in the clear.
package tokenstore

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/gofrs/flock"

	"usher/auth0client/signin"
	"usher/auth0client/signin/privatefile"
)

// Kind is a way of keeping a sign-in.
type Kind string

// The kinds, in the order in which they are tried.
const (
	Keyring Kind = "keyring"
	File    Kind = "file"
	Memory  Kind = "memory"
)

// ParseKind reads a kind; nothing means that the best one is found.
func ParseKind(s string) (Kind, error) {
	switch k := Kind(s); k {
	case "", Keyring, File, Memory:
		return k, nil
	}
	return "", fmt.Errorf("there is no token store %q: choose keyring, file or memory", s)
}

// Options says where a sign-in is kept.
type Options struct {
	Dir      string // the sign-in's own folder: its lock, the encrypted file, and which kind keeps it
	Account  string // tells this sign-in from others: profile, tenant and client
	Want     Kind   // empty: what kept it last, else the first of keyring, file and memory that works
	Identity string // an age identity file that opens the encrypted file
	// Passphrase asks for the one that opens the encrypted file; fresh says that it will be a new one. Nil: there is none.
	Passphrase func(ctx context.Context, fresh bool) (signin.Secret, error)
	Ring       Ring          // nil: the operating system's
	Timeout    time.Duration // of a call to the keyring, which can hang; default 3 s
	Now        func() time.Time
	Scrypt     int // log2 of the passphrase's work factor; default 17
}

const (
	defaultTimeout = 3 * time.Second
	// defaultScrypt costs about half a second and 128 MB: what OWASP asks of scrypt at least.
	defaultScrypt = 17
	// lockPoll is how often a lock that another usher holds is tried.
	lockPoll = 20 * time.Millisecond
)

// Status says what keeps the sign-in, and why nothing better does.
type Status struct {
	Kind Kind
	Note string // a sentence, empty when all is well
}

// backend keeps one record.
type backend interface {
	probe(ctx context.Context) error
	load(ctx context.Context) ([]byte, error) // nil: there is none
	save(ctx context.Context, data []byte) error
	wipe(ctx context.Context) error
}

// Store implements [signin.Store]. Nothing is opened before its first use.
type Store struct {
	o    Options
	ring *ringBackend
	file *fileBackend
	turn chan struct{} // held by who holds the lock in this process

	mu     sync.Mutex
	opened backend // nil: not yet
	status Status
}

var _ signin.Store = (*Store)(nil)

// New makes a store. It opens nothing.
func New(o Options) *Store {
	if o.Ring == nil {
		o.Ring = systemRing{}
	}
	if o.Timeout == 0 {
		o.Timeout = defaultTimeout
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Scrypt == 0 {
		o.Scrypt = defaultScrypt
	}
	return &Store{o: o, ring: newRing(o), file: newFile(o), turn: make(chan struct{}, 1)}
}

// Remembered is the kind that kept a folder's sign-in last; empty when there was none.
func Remembered(dir string) Kind {
	data, err := privatefile.Read(filepath.Join(dir, "kept-in"))
	if err != nil {
		return ""
	}
	k, err := ParseKind(strings.TrimSpace(string(data)))
	if err != nil {
		return ""
	}
	return k
}

// Open finds a kind that works, trying it out: a keyring is written to and read back, so that nobody signs in only to lose
// the sign-in. It takes the keyring's timeout at most.
func (s *Store) Open(ctx context.Context) (Status, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.open(ctx)
}

func (s *Store) open(ctx context.Context) (Status, error) {
	if s.opened != nil {
		return s.status, nil
	}
	var notes []string
	for _, kind := range s.order() {
		b := s.backend(kind)
		err := b.probe(ctx)
		if ctx.Err() != nil {
			return Status{}, ctx.Err()
		}
		if err != nil {
			notes = append(notes, err.Error())
			continue
		}
		s.opened, s.status = b, Status{Kind: kind}
		if len(notes) > 0 {
			s.status.Note = strings.Join(notes, "; ")
			if kind == Memory {
				s.status.Note += "; the sign-in is kept in memory and ends with usher"
			}
		}
		return s.status, nil
	}
	return Status{}, errors.New(strings.Join(notes, "; "))
}

// order is which kinds to try. Memory is the last resort even where another was asked for: it puts nothing anywhere.
func (s *Store) order() []Kind {
	switch {
	case s.o.Want == Memory:
		return []Kind{Memory}
	case s.o.Want != "":
		return []Kind{s.o.Want, Memory}
	}
	order := []Kind{Keyring, File, Memory}
	if last := Remembered(s.o.Dir); last == File {
		order = []Kind{File, Keyring, Memory}
	}
	if s.o.Identity == "" && s.o.Passphrase == nil && Remembered(s.o.Dir) != File {
		order = slices.DeleteFunc(order, func(k Kind) bool { return k == File })
	}
	return order
}

func (s *Store) backend(k Kind) backend {
	switch k {
	case Keyring:
		return s.ring
	case File:
		return s.file
	case Memory:
	}
	return &memoryBackend{}
}

// Load implements [signin.Store]. What cannot be read is a [signin.ErrDamaged] with one sentence that names it.
func (s *Store) Load(ctx context.Context) (signin.Tokens, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if _, err := s.open(ctx); err != nil {
		return signin.Tokens{}, err
	}
	if stale, err := s.stale(); stale || err != nil {
		return signin.Tokens{}, err
	}
	data, err := s.opened.load(ctx)
	if err != nil || len(data) == 0 {
		return signin.Tokens{}, err
	}
	t, account, err := decode(data)
	if err != nil {
		return signin.Tokens{}, &Damaged{What: s.what()}
	}
	if account != s.o.Account {
		return signin.Tokens{}, nil // of another tenant or client: the profile was changed since
	}
	return t, nil
}

// stale reports that what the store holds does not count: another kind has kept a newer sign-in, or somebody signed out
// while this one could not be reached.
func (s *Store) stale() (bool, error) {
	if s.status.Kind == Memory {
		return false, nil
	}
	_, err := privatefile.Read(filepath.Join(s.o.Dir, "kept-in"))
	if errors.Is(err, os.ErrNotExist) {
		return true, nil
	}
	last := Remembered(s.o.Dir)
	return last != "" && last != s.status.Kind, err
}

func (s *Store) what() string {
	if s.status.Kind == File {
		return s.file.path
	}
	return "the keyring's entry " + service + " " + s.o.Account
}

// Save implements [signin.Store]: when it returns, the sign-in survives a crash.
func (s *Store) Save(ctx context.Context, t signin.Tokens) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if _, err := s.open(ctx); err != nil {
		return err
	}
	data, err := encode(t, s.o.Account)
	if err != nil {
		return err
	}
	if err := s.opened.save(ctx, data); err != nil {
		return err
	}
	if s.status.Kind == Memory || Remembered(s.o.Dir) == s.status.Kind {
		return nil
	}
	return privatefile.Write(filepath.Join(s.o.Dir, "kept-in"), []byte(s.status.Kind+"\n"))
}

// Wipe implements [signin.Store]. What an earlier run left goes too, whoever keeps the sign-in now. A keyring that cannot be
// reached matters only where it kept the sign-in last: what it holds else counts no longer.
func (s *Store) Wipe(ctx context.Context) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if _, err := s.open(ctx); err != nil {
		return err
	}
	err := s.opened.wipe(ctx)
	if s.status.Kind != File {
		err = errors.Join(err, s.file.wipe(ctx))
	}
	if last := Remembered(s.o.Dir); s.status.Kind != Keyring && (last == Keyring || s.o.Want == "") {
		if left := s.ring.wipe(ctx); last == Keyring {
			err = errors.Join(err, left)
		}
	}
	return errors.Join(err, privatefile.Remove(filepath.Join(s.o.Dir, "kept-in")))
}

// Lock implements [signin.Store]: one usher at a time, on a file that is never renamed or removed.
func (s *Store) Lock(ctx context.Context) (func(), error) {
	s.mu.Lock()
	st, err := s.open(ctx)
	s.mu.Unlock()
	if err != nil {
		return nil, err
	}
	select {
	case s.turn <- struct{}{}:
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	if st.Kind == Memory {
		return func() { <-s.turn }, nil
	}
	path := filepath.Join(s.o.Dir, "lock")
	lock := flock.New(path)
	if ok, err := lock.TryLockContext(ctx, lockPoll); err != nil || !ok {
		<-s.turn
		return nil, fmt.Errorf("another usher holds %s: %w", path, errors.Join(err, ctx.Err()))
	}
	return func() {
		_ = lock.Close() // the end of the file's handle is the end of the lock
		<-s.turn
	}, nil
}

// Format implements fmt.Formatter: printing the store must not show what it keeps.
func (s *Store) Format(f fmt.State, _ rune) { _, _ = f.Write([]byte("tokenstore.Store")) }
