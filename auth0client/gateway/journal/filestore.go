package journal

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/gofrs/flock"
)

// fileStore keeps a journal in files of one folder.
type fileStore struct {
	*fileApprovals
	dir, path string
	open      func(string) (File, error)
	max       int64
	lock      *flock.Flock
	file      File // nil: to be opened again
	head      *headFile
	size      int64  // acknowledged bytes of the file that grows
	first     uint64 // the number of its first line; 0: it has none
	last      uint64 // the number of the last acknowledged line
	dirty     bool   // a write of ours failed: bytes beyond size are to be cut off
}

func appendFile(path string) (File, error) {
	f, err := os.OpenFile(path, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		return nil, err
	}
	if err := f.Chmod(0o600); err != nil { // an older file may be open to others
		return nil, errors.Join(err, f.Close())
	}
	return f, nil
}

func (s *fileStore) openFile() error {
	f, err := s.open(s.path)
	if err != nil {
		return fmt.Errorf("open the journal: %w", err)
	}
	s.file = f
	return syncFolder(s.dir)
}

func (s *fileStore) commit(_ context.Context, lines []sealed, head Head) error {
	if err := s.inPlace(); err != nil {
		return err
	}
	n := 0
	for _, l := range lines {
		n += len(l.line)
	}
	all := make([]byte, 0, n)
	for _, l := range lines {
		all = append(all, l.line...)
	}
	s.dirty = true
	if _, err := s.file.Write(all); err != nil {
		return fmt.Errorf("write to the journal: %w", err)
	}
	if err := s.file.Sync(); err != nil {
		return fmt.Errorf("put the journal on disk: %w", err)
	}
	if err := s.head.write(head); err != nil {
		return err
	}
	if s.first == 0 {
		s.first = lines[0].entry.Seq
	}
	s.size, s.last, s.dirty = s.size+int64(n), head.Seq, false
	return nil
}

// inPlace finds out whether the open file is still the one that readers will find.
func (s *fileStore) inPlace() error {
	f, ok := s.file.(interface{ Stat() (os.FileInfo, error) })
	if !ok {
		return nil // a file of a test
	}
	mine, err := f.Stat()
	if err != nil {
		return fmt.Errorf("look at the journal's file: %w", err)
	}
	theirs, err := os.Stat(s.path)
	if err != nil || !os.SameFile(mine, theirs) || mine.Size() != s.size {
		return fmt.Errorf("the journal's file %s was changed, moved or replaced while usher writes to it; put it back as it was", s.path)
	}
	return nil
}

// restore cuts off what a failed write left behind. What was acknowledged before lies below the cut and was synced.
func (s *fileStore) restore(_ context.Context, acknowledged Head) (Head, error) {
	if s.file == nil {
		if err := s.openFile(); err != nil {
			return Head{}, err
		}
	}
	if s.dirty {
		if err := s.cut(); err != nil {
			return Head{}, err
		}
	}
	if err := s.inPlace(); err != nil {
		return Head{}, err
	}
	return acknowledged, s.head.write(acknowledged)
}

func (s *fileStore) cut() error {
	f, ok := s.file.(interface{ Truncate(size int64) error })
	if !ok {
		return fmt.Errorf("the journal's file cannot be cut after a fault; %w", errFinal)
	}
	if st, ok := s.file.(interface{ Stat() (os.FileInfo, error) }); ok {
		info, err := st.Stat()
		if err != nil {
			return fmt.Errorf("look at the journal's file: %w", err)
		}
		if info.Size() < s.size { // cutting would make it longer
			return fmt.Errorf("lines were cut off the journal's file %s while usher writes to it; %w", s.path, errFinal)
		}
	}
	if err := f.Truncate(s.size); err != nil {
		return fmt.Errorf("cut a failed line off the journal: %w", err)
	}
	if err := s.file.Sync(); err != nil {
		return fmt.Errorf("put the journal on disk: %w", err)
	}
	s.dirty = false
	return nil
}

// rotate renames a full file after its first line and begins the next. It says so until that one has a line.
func (s *fileStore) rotate() (bool, error) {
	if s.size >= s.max && s.first > 0 && s.file != nil {
		if err := s.inPlace(); err != nil {
			return false, err
		}
		err := s.file.Close()
		s.file = nil
		if err != nil {
			return false, fmt.Errorf("close a full journal file: %w", err)
		}
		if err := os.Rename(s.path, filepath.Join(s.dir, fullName(s.first))); err != nil {
			return false, fmt.Errorf("put a full journal file away: %w", err)
		}
		s.size, s.first = 0, 0
		if err := s.openFile(); err != nil {
			return false, err
		}
	}
	return s.size == 0 && s.last > 0, nil
}

func (s *fileStore) close() error {
	var errs []error
	if s.file != nil {
		errs = append(errs, s.file.Close())
	}
	if s.head != nil {
		errs = append(errs, s.head.close())
	}
	if err := errors.Join(append(errs, s.lock.Unlock())...); err != nil {
		return fmt.Errorf("close the journal: %w", err)
	}
	return nil
}
