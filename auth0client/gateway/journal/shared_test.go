package journal

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"
)

func TestSeveralSharersKeepOneWholeJournal(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	var all sync.WaitGroup
	for n := range 3 {
		s, err := OpenShared(dir, Options{})
		if err != nil {
			t.Fatal(err)
		}
		all.Go(func() {
			for i := range 4 {
				h, err := s.Intent(t.Context(), Entry{ID: fmt.Sprintf("%d-%d", n, i), Method: "PATCH"})
				if err == nil {
					err = h.Outcome(t.Context(), Outcome{Status: 200})
				}
				if err != nil {
					t.Error(err)
				}
				s.rest() // let the others have their turn at once
			}
			if err := s.Close(); err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	rep, err := Verify(dir)
	if err != nil || rep.Bad != nil || len(rep.Unfinished) != 0 {
		t.Fatalf("verified: %+v, %v", rep, err)
	}
	entries, err := Entries(Lines(t.Context(), dir))
	if err != nil {
		t.Fatal(err)
	}
	done := 0
	for _, e := range entries {
		if e.Step == StepOutcome {
			done++
		}
	}
	if done != 12 {
		t.Errorf("%d outcomes, want 12", done)
	}
}

func TestASharerReadsWhileAnotherWritesAndSaysWhyItCannot(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	j, err := Open(dir, Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer j.Close()
	h, err := j.Intent(t.Context(), Entry{ID: "held", Method: "PATCH"})
	if err != nil {
		t.Fatal(err)
	}
	s, err := OpenShared(dir, Options{})
	if err != nil {
		t.Fatalf("a second process does not start: %v", err)
	}
	defer s.Close()
	if n := len(s.Unfinished()); n != 0 {
		t.Errorf("a change under way elsewhere is reported as unfinished: %d", n)
	}
	if entries, err := s.Entries(t.Context()); err != nil || len(entries) != 1 {
		t.Errorf("read %d entries, %v", len(entries), err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	if _, err := s.Intent(ctx, Entry{ID: "mine"}); !errors.Is(err, ErrLocked) {
		t.Errorf("the change while the other writes: %v", err)
	}
	if err := errors.Join(h.Outcome(t.Context(), Outcome{Status: 200}), j.Close()); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Intent(t.Context(), Entry{ID: "mine"}); err != nil {
		t.Errorf("the change after it: %v", err)
	}
}

func TestASharerReportsWhatACrashLeft(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	j, err := Open(dir, Options{})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := j.Intent(t.Context(), Entry{ID: "lost", Method: "PATCH"}); err != nil {
		t.Fatal(err)
	}
	if err := j.Close(); err != nil {
		t.Fatal(err)
	}
	s, err := OpenShared(dir, Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	if u := s.Unfinished(); len(u) != 1 || u[0].ID != "lost" {
		t.Errorf("unfinished: %+v", u)
	}
}

func TestASharerKeepsAnOutcomeUntilItCanBeWritten(t *testing.T) {
	t.Parallel()
	dir, disk := t.TempDir(), &faultyDisk{}
	s, err := OpenShared(dir, Options{Open: disk.open})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	h, err := s.Intent(t.Context(), Entry{ID: "made", Method: "PATCH"})
	if err != nil {
		t.Fatal(err)
	}
	disk.set(errors.New("no space left on device"), nil, 0)
	if err := h.Outcome(t.Context(), Outcome{Status: 200}); err == nil {
		t.Fatal("the outcome was written to a full disk")
	}
	s.rest() // the time for it is over
	disk.set(nil, nil, 0)
	s.rest()
	if _, err := s.try(); err != nil { // it was let go of, and is taken up again
		t.Fatal(err)
	}
	changes, err := Changes(Lines(t.Context(), dir), Filter{})
	if err != nil || len(changes) != 1 || !changes[0].Done() {
		t.Errorf("the change is %+v, %v", changes, err)
	}
}
