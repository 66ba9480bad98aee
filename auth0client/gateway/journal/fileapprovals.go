package journal

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"time"

	"github.com/gofrs/flock"
)

// ApprovalsName is the file of approvals in the journal's folder.
const ApprovalsName = "approvals.json"

// keepDecided is how long a decided approval is listed, counted by the clock of whoever puts or decides one.
const keepDecided = 24 * time.Hour

// fileApprovals keeps approvals in one small file that is replaced whole. Its lock is its own: a second process may decide
// while the first writes the journal.
type fileApprovals struct {
	dir string
	now func() time.Time
	mu  sync.Mutex
}

func newFileApprovals(dir string, now func() time.Time) *fileApprovals {
	return &fileApprovals{dir: dir, now: now}
}

// OpenApprovals gives the approvals beside the journal in dir, which another process may be writing.
func OpenApprovals(dir string, now func() time.Time) Approvals { return newFileApprovals(dir, now) }

// stored is an approval with what its JSON for operators leaves out.
type stored struct {
	Approval
	Method string `json:"method"`
	Path   string `json:"path"`
	Query  string `json:"query,omitempty"`
	Sealed []byte `json:"sealed,omitempty"`
}

func (s stored) approval() Approval {
	a := s.Approval
	a.Method, a.Path, a.Query, a.Sealed = s.Method, s.Path, s.Query, s.Sealed
	return a
}

func newStored(a Approval) stored {
	return stored{Approval: a, Method: a.Method, Path: a.Path, Query: a.Query, Sealed: a.Sealed}
}

// locked runs f with the file to itself.
func (f *fileApprovals) locked(ctx context.Context, work func() error) (err error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	lock := flock.New(filepath.Join(f.dir, ApprovalsName+".lock"))
	if _, err := lock.TryLockContext(ctx, 5*time.Millisecond); err != nil {
		return fmt.Errorf("lock the approvals: %w", err)
	}
	defer func() { err = errors.Join(err, lock.Unlock()) }()
	return work()
}

func (f *fileApprovals) read() ([]stored, error) {
	path := filepath.Join(f.dir, ApprovalsName)
	data, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("read the approvals: %w", err)
	}
	var list []stored
	if err := json.Unmarshal(data, &list); err != nil {
		return nil, fmt.Errorf("the approvals in %s cannot be read; move the file aside, and whoever waits asks again: %w", path, err)
	}
	return list, nil
}

func (f *fileApprovals) write(list []stored) error {
	path := filepath.Join(f.dir, ApprovalsName)
	data, err := json.Marshal(list)
	if err != nil {
		return fmt.Errorf("encode the approvals: %w", err)
	}
	temp, err := writeTemp(path, append(escape(data), '\n'))
	if err != nil {
		return fmt.Errorf("write the approvals: %w", err)
	}
	if err := os.Rename(temp, path); err != nil {
		return fmt.Errorf("write the approvals: %w", errors.Join(err, os.Remove(temp)))
	}
	return syncFolder(f.dir)
}

// PutApproval implements [Approvals].
func (f *fileApprovals) PutApproval(ctx context.Context, a Approval) error {
	if err := fitToKeep(a); err != nil {
		return err
	}
	return f.locked(ctx, func() error {
		list, err := f.read()
		if err != nil {
			return err
		}
		if slices.ContainsFunc(list, func(s stored) bool { return s.ID == a.ID }) {
			return fmt.Errorf("there is an approval %q already", a.ID)
		}
		now := f.now()
		list = slices.DeleteFunc(list, func(s stored) bool { return old(s.Approval, now) })
		return f.write(append(list, newStored(a)))
	})
}

// Approvals implements [Approvals].
func (f *fileApprovals) Approvals(context.Context) ([]Approval, error) {
	list, err := f.read() // the file is replaced whole: no lock is needed to read it
	if err != nil {
		return nil, err
	}
	all := make([]Approval, len(list))
	for i, s := range list {
		all[i] = s.approval()
	}
	return listed(all, f.now()), nil
}

// MoveApproval implements [Approvals].
func (f *fileApprovals) MoveApproval(ctx context.Context, id string, m ApprovalMove) (a Approval, err error) {
	err = f.locked(ctx, func() error {
		list, err := f.read()
		if err != nil {
			return err
		}
		i := slices.IndexFunc(list, func(s stored) bool { return s.ID == id })
		if i < 0 {
			return ErrNoApproval
		}
		if a, err = list[i].approval().Moved(m); err != nil {
			return err
		}
		list[i] = newStored(a)
		return f.write(list)
	})
	if err != nil {
		return Approval{}, err
	}
	return a, nil
}

func fitToKeep(a Approval) error {
	if a.ID == "" || a.State != ApprovalWaiting || a.ExpiresAt.IsZero() {
		return errors.New("a new approval needs an id, an end of its time, and to be waiting")
	}
	return nil
}

// listed leaves out what is over for a day and marks what has expired.
func listed(list []Approval, now time.Time) []Approval {
	list = slices.DeleteFunc(list, func(a Approval) bool { return old(a, now) })
	for i := range list {
		if list[i].pending() && !now.Before(list[i].ExpiresAt) {
			list[i].State, list[i].DecidedAt = ApprovalExpired, list[i].ExpiresAt
		}
	}
	slices.SortStableFunc(list, func(a, b Approval) int {
		return cmp.Or(b.RequestedAt.Compare(a.RequestedAt), cmp.Compare(b.ID, a.ID))
	})
	return list
}

func old(a Approval, now time.Time) bool {
	over := a.DecidedAt
	switch {
	case a.State == ApprovalTaken:
		over = a.TakenAt
	case a.pending():
		over = a.ExpiresAt
	}
	return now.Sub(over) > keepDecided
}
