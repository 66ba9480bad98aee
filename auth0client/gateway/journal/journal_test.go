package journal

import (
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"
)

func written(t *testing.T, changes int) (dir string, data []byte) {
	t.Helper()
	dir = t.TempDir()
	clock := time.Date(2026, 3, 1, 8, 0, 0, 0, time.UTC)
	j, err := Open(dir, Options{Now: func() time.Time { clock = clock.Add(time.Second); return clock }})
	if err != nil {
		t.Fatal(err)
	}
	for i := range changes {
		h, err := j.Intent(t.Context(), Entry{ID: string(rune('a' + i)), Subject: "auth0|op", Method: "PATCH", Target: "auth0|1", Fields: map[string]any{
			"blocked": true, "password": "canary-password", "user_metadata": map[string]any{"api_token": "canary-token", "plan": "gold"},
		}})
		if err != nil {
			t.Fatal(err)
		}
		if err := h.Outcome(t.Context(), Outcome{Status: 200, Request: "r"}); err != nil {
			t.Fatal(err)
		}
	}
	if err := j.Close(); err != nil {
		t.Fatal(err)
	}
	data, err = os.ReadFile(filepath.Join(dir, FileName))
	if err != nil {
		t.Fatal(err)
	}
	return dir, data
}

func TestAJournalAsWrittenVerifies(t *testing.T) {
	t.Parallel()
	dir, data := written(t, 3)
	rep, err := Verify(dir)
	if err != nil || rep.Bad != nil || rep.Lines != 6 || len(rep.Unfinished) != 0 {
		t.Fatalf("Verify = %+v, %v; want 6 good lines", rep, err)
	}
	if bytes.Contains(data, []byte("canary")) {
		t.Error("a secret reached the journal")
	}
	if !bytes.Contains(data, []byte("gold")) {
		t.Error("what is no secret should be kept")
	}
	info, err := os.Stat(filepath.Join(dir, FileName))
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("the file's mode is %v, %v; want 0600", info.Mode(), err)
	}
}

func TestEveryFlippedByteIsFound(t *testing.T) {
	t.Parallel()
	_, data := written(t, 2)
	lines := bytes.SplitAfter(data, []byte("\n"))
	last := len(data) - len(lines[len(lines)-2])
	// Only the line after it shows that the last line was changed: the tail needs an outside anchor.
	for i := range last {
		bent := bytes.Clone(data)
		bent[i] ^= 0x01
		rep, err := verify(bytes.NewReader(bent))
		if err != nil {
			t.Fatal(err)
		}
		if rep.Bad == nil {
			t.Fatalf("byte %d (%q) changed to %q and nobody noticed", i, data[i], bent[i])
		}
	}
}

func TestDroppedDoubledAndSwappedLinesAreFound(t *testing.T) {
	t.Parallel()
	_, data := written(t, 3)
	lines := bytes.SplitAfter(bytes.TrimSuffix(data, []byte("\n")), []byte("\n"))
	lines[len(lines)-1] = append(lines[len(lines)-1], '\n')
	for i := range len(lines) - 1 {
		for name, order := range map[string][][]byte{
			"dropped": append(append([][]byte{}, lines[:i]...), lines[i+1:]...),
			"doubled": append(append([][]byte{}, lines[:i+1]...), lines[i:]...),
			"swapped": append(append(append([][]byte{}, lines[:i]...), lines[i+1], lines[i]), lines[i+2:]...),
		} {
			rep, err := verify(bytes.NewReader(bytes.Join(order, nil)))
			if err != nil || rep.Bad == nil {
				t.Errorf("line %d %s and nobody noticed (%v)", i+1, name, err)
			}
		}
	}
}

func TestATornLastLineIsMovedAsideAndNoted(t *testing.T) {
	t.Parallel()
	dir, data := written(t, 2)
	path := filepath.Join(dir, FileName)
	if err := os.WriteFile(path, data[:len(data)-20], 0o600); err != nil {
		t.Fatal(err)
	}
	j, err := Open(dir, Options{})
	if err != nil {
		t.Fatal(err)
	}
	if got := j.Unfinished(); len(got) != 1 || got[0].ID != "b" {
		t.Errorf("unfinished = %+v; want the change whose outcome was torn off", got)
	}
	if err := j.Close(); err != nil {
		t.Fatal(err)
	}
	rep, err := Verify(dir)
	if err != nil || rep.Bad != nil {
		t.Errorf("after mending: %+v, %v", rep, err)
	}
	entries, err := Read(dir)
	if err != nil || entries[len(entries)-1].Step != StepNote {
		t.Errorf("the mending is not noted: %v", err)
	}
}

func TestADamagedJournalIsNotWrittenOn(t *testing.T) {
	t.Parallel()
	dir, data := written(t, 2)
	path := filepath.Join(dir, FileName)
	bent := bytes.Replace(data, []byte("gold"), []byte("lead"), 1)
	if err := os.WriteFile(path, bent, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := Open(dir, Options{}); err == nil || !strings.Contains(err.Error(), path) {
		t.Fatalf("Open = %v; want an error that names the file", err)
	}
	if now, err := os.ReadFile(path); err != nil || !bytes.Equal(now, bent) {
		t.Error("the damaged journal was changed")
	}
}

type failing struct{ at int }

func (f *failing) Write(b []byte) (int, error) {
	if f.at--; f.at < 0 {
		return len(b) / 2, errors.New("no space left on device")
	}
	return len(b), nil
}
func (f *failing) Sync() error  { return nil }
func (f *failing) Close() error { return nil }

func TestAFullDiskEndsTheJournal(t *testing.T) {
	t.Parallel()
	j, err := Open(t.TempDir(), Options{Open: func(string) (File, error) { return &failing{at: 1}, nil }})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := j.Intent(t.Context(), Entry{ID: "a"}); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if _, err := j.Intent(context.Background(), Entry{ID: "b"}); err == nil {
			t.Fatal("an intent that is not on disk was taken for written")
		}
	}
}

func TestConcurrentChangesMakeOneChain(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	j, err := Open(dir, Options{})
	if err != nil {
		t.Fatal(err)
	}
	var wg sync.WaitGroup
	for i := range 16 {
		wg.Go(func() {
			for k := range 20 {
				h, err := j.Intent(t.Context(), Entry{ID: string(rune('a'+i)) + string(rune('a'+k))})
				if err != nil {
					t.Error(err)
					return
				}
				if err := h.Outcome(t.Context(), Outcome{Status: 204}); err != nil {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
	if err := j.Close(); err != nil {
		t.Fatal(err)
	}
	if rep, err := Verify(dir); err != nil || rep.Bad != nil || rep.Lines != 640 {
		t.Fatalf("Verify = %+v, %v; want 640 good lines", rep, err)
	}
}

func BenchmarkChanges(b *testing.B) {
	j, err := Open(b.TempDir(), Options{})
	if err != nil {
		b.Fatal(err)
	}
	b.SetParallelism(32)
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			h, err := j.Intent(b.Context(), Entry{ID: "x", Target: "auth0|1"})
			if err != nil {
				b.Error(err)
				return
			}
			if err := h.Outcome(b.Context(), Outcome{Status: 200}); err != nil {
				b.Error(err)
			}
		}
	})
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "changes/s")
	_ = j.Close()
}

func TestWhatACallerSendsCannotDamageTheJournal(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	j, err := Open(dir, Options{})
	if err != nil {
		t.Fatal(err)
	}
	for _, evil := range []string{"\xff", "\u2028<script>", strings.Repeat("<", 1<<20), "a\nb\r\x00\x1b[2J"} {
		if err := j.Denied(t.Context(), Entry{Reason: evil, Path: evil, Target: evil, Fields: map[string]any{
			"x": []any{[]any{map[string]any{"password": "canary"}}},
		}}); err != nil {
			t.Fatal(err)
		}
	}
	if err := j.Close(); err != nil {
		t.Fatal(err)
	}
	rep, err := Verify(dir)
	if err != nil || rep.Bad != nil || rep.Lines != 4 {
		t.Fatalf("Verify = %+v, %v", rep, err)
	}
	if entries, err := Read(dir); err != nil || len(entries) != 4 {
		t.Fatalf("Read gives %d entries, %v", len(entries), err)
	}
	data, err := os.ReadFile(filepath.Join(dir, FileName))
	if err != nil || bytes.Contains(data, []byte("canary")) {
		t.Errorf("a secret in nested lists reached the journal (%v)", err)
	}
}

func TestTwoUshersCannotShareAJournal(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	j, err := Open(dir, Options{})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := Open(dir, Options{}); err == nil || !strings.Contains(err.Error(), "another usher") {
		t.Fatalf("a second Open = %v; want to be told of the other", err)
	}
	if err := j.Close(); err != nil {
		t.Fatal(err)
	}
	again, err := Open(dir, Options{})
	if err != nil {
		t.Fatalf("Open after Close = %v", err)
	}
	_ = again.Close()
}
