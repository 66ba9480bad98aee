package journal

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
)

// faulty is a real file whose writes and syncs can be made to fail.
type faulty struct {
	*os.File
	disk *faultyDisk
}

// faultyDisk says what fails. part is how much of a failing write still reaches the file.
type faultyDisk struct {
	mu          sync.Mutex
	write, sync error
	part        int
}

func (d *faultyDisk) set(write, sync error, part int) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.write, d.sync, d.part = write, sync, part
}

func (d *faultyDisk) open(path string) (File, error) {
	f, err := appendFile(path)
	if err != nil {
		return nil, err
	}
	return faulty{f.(*os.File), d}, nil
}

func (f faulty) Write(b []byte) (int, error) {
	f.disk.mu.Lock()
	defer f.disk.mu.Unlock()
	if f.disk.write != nil {
		n, _ := f.File.Write(b[:min(f.disk.part, len(b))])
		return n, f.disk.write
	}
	return f.File.Write(b)
}

func (f faulty) Sync() error {
	f.disk.mu.Lock()
	defer f.disk.mu.Unlock()
	if f.disk.sync != nil {
		return f.disk.sync
	}
	return f.File.Sync()
}

func TestAFaultClosesTheJournalForChangesUntilItIsOver(t *testing.T) {
	t.Parallel()
	full := &fs.PathError{Op: "write", Path: FileName, Err: errors.New("no space left on device")}
	bad := &fs.PathError{Op: "sync", Path: FileName, Err: errors.New("input/output error")}
	for name, c := range map[string]struct {
		write, sync error
		part        int
		says        string
	}{
		"the disk is full":                  {write: full, says: "no space left"},
		"the disk is full within a line":    {write: full, part: 40, says: "no space left"},
		"the disk is full after a line":     {write: full, part: 1 << 20, says: "no space left"},
		"a sync fails":                      {sync: bad, says: "input/output error"},
		"the file system became read-only":  {write: errors.New("read-only file system"), says: "read-only"},
		"a write and the mending both fail": {write: full, sync: bad, part: 3, says: "error"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir, disk := t.TempDir(), &faultyDisk{}
			j := opened(t, dir, Options{Open: disk.open, Now: ticking()})
			change(t, j, "before")
			underWay, err := j.Intent(t.Context(), Entry{ID: "under way"})
			if err != nil {
				t.Fatal(err)
			}
			disk.set(c.write, c.sync, c.part)
			for range 3 {
				if _, err := j.Intent(t.Context(), Entry{ID: "lost"}); err == nil || c.sync == nil && !strings.Contains(err.Error(), c.says) {
					t.Fatalf("an intent that is not durable: %v; want it to fail and say %q", err, c.says)
				}
			}
			if err := underWay.Outcome(t.Context(), Outcome{Status: 200}); err == nil {
				t.Fatal("an outcome that is not durable was taken")
			}
			if entries, err := Entries(Lines(t.Context(), dir)); err != nil || len(entries) < 3 {
				t.Errorf("the journal cannot be read meanwhile: %d entries, %v", len(entries), err)
			}
			disk.set(nil, nil, 0)
			change(t, j, "after")
			closed(t, j)
			// before (2), under way, then the note, the outcome that was owed, after (2).
			if rep := good(t, dir, 7); len(rep.Unfinished) != 0 {
				t.Errorf("unfinished: %+v", rep.Unfinished)
			}
			entries, err := Entries(Lines(t.Context(), dir))
			if err != nil {
				t.Fatal(err)
			}
			if note, owed := entries[3], entries[4]; note.Step != StepNote || !strings.Contains(note.Note, "could not be written") || owed.Step != StepOutcome || owed.ID != "under way" {
				t.Errorf("after the fault stand %+v and %+v", note, owed)
			}
		})
	}
}

func TestAFaultThatLastsLeavesAJournalThatVerifies(t *testing.T) {
	t.Parallel()
	dir, disk := t.TempDir(), &faultyDisk{}
	j := opened(t, dir, Options{Open: disk.open})
	h, err := j.Intent(t.Context(), Entry{ID: "a"})
	if err != nil {
		t.Fatal(err)
	}
	disk.set(errors.New("no space left on device"), nil, 50)
	if err := h.Outcome(t.Context(), Outcome{Status: 200}); err == nil {
		t.Fatal("the outcome was taken")
	}
	closed(t, j)
	if rep := good(t, dir, 1); len(rep.Unfinished) != 1 {
		t.Errorf("unfinished: %+v", rep.Unfinished)
	}
	again := opened(t, dir, Options{})
	if left := again.Unfinished(); len(left) != 1 || left[0].ID != "a" {
		t.Errorf("the next start reports %+v", left)
	}
}

// unsure has no way to be cut.
type unsure struct{ at int }

func (f *unsure) Write(b []byte) (int, error) {
	if f.at--; f.at < 0 {
		return len(b) / 2, errors.New("no space left on device")
	}
	return len(b), nil
}
func (f *unsure) Sync() error  { return nil }
func (f *unsure) Close() error { return nil }

func TestAFileThatCannotBeCutEndsTheJournal(t *testing.T) {
	t.Parallel()
	j := opened(t, t.TempDir(), Options{Open: func(string) (File, error) { return &unsure{at: 1}, nil }})
	if _, err := j.Intent(t.Context(), Entry{ID: "a"}); err != nil {
		t.Fatal(err)
	}
	var err error
	for range 3 {
		if _, err = j.Intent(t.Context(), Entry{ID: "b"}); err == nil {
			t.Fatal("an intent that is not on disk was taken for written")
		}
	}
	if !strings.Contains(err.Error(), "restart usher") {
		t.Errorf("%v; want it to say what to do", err)
	}
}

func TestAFileMovedOrCutUnderAWriterIsNoticed(t *testing.T) {
	t.Parallel()
	for name, move := range map[string]func(path string) error{
		"moved":    func(path string) error { return os.Rename(path, path+".away") },
		"removed":  os.Remove,
		"cut":      func(path string) error { return os.Truncate(path, 10) },
		"added to": func(path string) error { return appendTo(path, "x") },
		"replaced": func(path string) error {
			data, err := os.ReadFile(path)
			return errors.Join(err, os.WriteFile(path+".new", data, 0o600), os.Rename(path+".new", path))
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			path := filepath.Join(dir, FileName)
			j := opened(t, dir, Options{})
			change(t, j, "a")
			if err := move(path); err != nil {
				t.Fatal(err)
			}
			before := snapshot(t, dir)
			for range 2 {
				if _, err := j.Intent(t.Context(), Entry{ID: "b"}); err == nil || !strings.Contains(err.Error(), path) {
					t.Fatalf("an intent into a file that nobody will read: %v", err)
				}
			}
			if after := snapshot(t, dir); after != before {
				t.Errorf("what is left was changed:\n%s", after)
			}
			if name != "moved" {
				return
			}
			if err := os.Rename(path+".away", path); err != nil {
				t.Fatal(err)
			}
			change(t, j, "b")
			closed(t, j)
			good(t, dir, 5)
		})
	}
}

func appendTo(path, s string) error {
	f, err := os.OpenFile(path, os.O_APPEND|os.O_WRONLY, 0)
	if err != nil {
		return err
	}
	_, err = f.WriteString(s)
	return errors.Join(err, f.Close())
}
