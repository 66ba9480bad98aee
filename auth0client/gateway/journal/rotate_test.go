package journal

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"testing"
)

func TestTheChainGoesOnAcrossFiles(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	o := Options{MaxBytes: 3000, Now: ticking()}
	for start := range 4 {
		j := opened(t, dir, o)
		if left := j.Unfinished(); len(left) != 0 {
			t.Errorf("start %d reports %+v", start+1, left)
		}
		for i := range 10 {
			change(t, j, fmt.Sprintf("%d-%d", start, i))
		}
		closed(t, j)
	}
	paths, err := files(dir)
	if err != nil || len(paths) < 8 {
		t.Fatalf("there are %d files, %v", len(paths), err)
	}
	entries, err := Entries(Lines(t.Context(), dir))
	if err != nil {
		t.Fatal(err)
	}
	good(t, dir, len(entries))
	checkpoints := 0
	for i, e := range entries {
		if e.Seq != uint64(i+1) {
			t.Fatalf("line %d has the number %d", i+1, e.Seq)
		}
		if e.Step == StepCheckpoint {
			checkpoints++
		}
	}
	if checkpoints != len(paths)-1 || len(entries) != 80+checkpoints {
		t.Errorf("%d lines with %d checkpoints in %d files", len(entries), checkpoints, len(paths))
	}
	for _, path := range paths {
		if info, err := os.Stat(path); err != nil || info.Size() > 3000+2*1000 {
			t.Errorf("%s has %d bytes, %v", path, info.Size(), err)
		}
	}
}

func TestAChangeUnderWayWhileFilesChangeIsReportedAtTheNextStart(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	j := opened(t, dir, Options{MaxBytes: 1500})
	if _, err := j.Intent(t.Context(), Entry{ID: "under way", Target: "auth0|9"}); err != nil {
		t.Fatal(err)
	}
	done, err := j.Intent(t.Context(), Entry{ID: "done later"})
	if err != nil {
		t.Fatal(err)
	}
	for i := range 12 {
		change(t, j, fmt.Sprint(i))
	}
	if err := done.Outcome(t.Context(), Outcome{Status: 200}); err != nil {
		t.Fatal(err)
	}
	closed(t, j)
	j = opened(t, dir, Options{MaxBytes: 1500})
	if left := j.Unfinished(); len(left) != 1 || left[0].ID != "under way" || left[0].Target != "auth0|9" {
		t.Errorf("the next start reports %+v", left)
	}
	closed(t, j)
	if left := opened(t, dir, Options{}).Unfinished(); len(left) != 0 {
		t.Errorf("the start after that reports %+v", left)
	}
}

func TestACrashBetweenTwoFilesIsMended(t *testing.T) {
	t.Parallel()
	for name, crash := range map[string]func(path string) error{
		"before the new file is made": func(string) error { return nil },
		"before its first line":       func(path string) error { return os.WriteFile(path, nil, 0o600) },
		"within its first line":       func(path string) error { return os.WriteFile(path, []byte(`{"seq":5,"ti`), 0o600) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir, _ := written(t, 2, Options{})
			path := filepath.Join(dir, FileName)
			if err := errors.Join(os.Rename(path, filepath.Join(dir, fullName(1))), crash(path)); err != nil {
				t.Fatal(err)
			}
			j := opened(t, dir, Options{})
			change(t, j, "c")
			closed(t, j)
			entries, err := Entries(Lines(t.Context(), dir))
			if err != nil || entries[4].Step != StepCheckpoint {
				t.Fatalf("%+v, %v; want the new file to begin with a checkpoint", entries[4], err)
			}
			good(t, dir, len(entries))
			closed(t, opened(t, dir, Options{}))
		})
	}
}

func TestOpenReadsTheNewestFileOnlyAndVerifyAll(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	j := opened(t, dir, Options{MaxBytes: 1500})
	for i := range 10 {
		change(t, j, fmt.Sprint(i))
	}
	closed(t, j)
	first := filepath.Join(dir, fullName(1))
	data, err := os.ReadFile(first)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(first, bytes.Replace(data, []byte("gold"), []byte("lead"), 1), 0o600); err != nil {
		t.Fatal(err)
	}
	closed(t, opened(t, dir, Options{}))
	if rep, err := Verify(dir); err != nil || rep.Bad == nil || rep.Bad.Seq != 1 || rep.Bad.File != fullName(1) {
		t.Errorf("Verify = %v, %v", rep.Bad, err)
	}
	paths, err := files(dir)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Remove(paths[len(paths)-2]); err != nil {
		t.Fatal(err)
	}
	if _, err := Open(dir, Options{}); err == nil {
		t.Error("a journal was opened whose last full file is gone")
	}
}

func TestReadersAndChecksGoOnWhileFilesChange(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	j := opened(t, dir, Options{MaxBytes: 2000})
	change(t, j, "first")
	stop := make(chan struct{})
	var wg sync.WaitGroup
	wg.Go(func() {
		for {
			select {
			case <-stop:
				return
			default:
			}
			if rep, err := Verify(dir); err != nil || rep.Bad != nil {
				t.Errorf("Verify beside a writer: %v, %v", rep.Bad, err)
				return
			}
			last := uint64(0)
			for l, err := range Lines(t.Context(), dir) {
				if err != nil || l.Seq != last+1 {
					t.Errorf("beside a writer number %d follows %d, %v", l.Seq, last, err)
					return
				}
				last = l.Seq
			}
		}
	})
	for i := range 150 {
		change(t, j, fmt.Sprint(i))
	}
	close(stop)
	wg.Wait()
}

func TestFollowGivesEachLineOnce(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	j := opened(t, dir, Options{MaxBytes: 1500})
	change(t, j, "a")
	ticks := make(chan struct{})
	last, want := uint64(0), uint64(2)
	round := 0
	for l, err := range Follow(t.Context(), dir, 0, ticks) {
		if err != nil || l.Seq != last+1 {
			t.Fatalf("number %d follows %d, %v", l.Seq, last, err)
		}
		if last = l.Seq; last < want {
			continue
		}
		if round++; round == 8 {
			break
		}
		change(t, j, fmt.Sprint(round))
		want = j.w.headSeq()
		go func() { ticks <- struct{}{} }()
	}
}
