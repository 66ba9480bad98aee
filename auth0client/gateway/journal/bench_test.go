package journal

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// The figures usher sets itself, printed beside what is measured.
const (
	targetChanges = 1_000   // changes a second from 64 writers, each line on disk
	targetAdded   = 5.0     // ms that the journal adds to a change, p95
	targetVerify  = 500_000 // lines a second
)

const writers = 64

// benchChanges measures how many changes a second 64 writers get through and how long one waits for its two lines. The
// operators' requests between them take 100 ms in the real world; here they take none, which is the hardest case.
func benchChanges(b *testing.B, j *Journal, writers int) {
	b.Helper()
	var mu sync.Mutex
	var took []time.Duration
	var n atomic.Int64
	b.ResetTimer()
	var wg sync.WaitGroup
	for range writers {
		wg.Go(func() {
			var mine []time.Duration
			for i := n.Add(1); i <= int64(b.N); i = n.Add(1) {
				start := time.Now()
				h, err := j.Intent(b.Context(), Entry{
					ID: strconv.FormatInt(i, 10), Subject: "auth0|op", Email: "op@example.com", Via: "console", Actions: []string{"users:block"}, Method: "PATCH",
					Path: "/api/v2/users/auth0%7C1", Target: "auth0|1", Reason: "asked for it by phone", From: map[string]any{"blocked": false}, Fields: map[string]any{"blocked": true},
				})
				if err == nil {
					err = h.Outcome(b.Context(), Outcome{Status: 200, Request: "0123456789abcdef"})
				}
				if err != nil {
					b.Error(err)
					return
				}
				mine = append(mine, time.Since(start))
			}
			mu.Lock()
			took = append(took, mine...)
			mu.Unlock()
		})
	}
	wg.Wait()
	b.StopTimer()
	slices.Sort(took)
	ms := func(p float64) float64 {
		return float64(took[min(int(p*float64(len(took))), len(took)-1)].Microseconds()) / 1000
	}
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "changes/s")
	b.ReportMetric(ms(0.5), "p50-ms")
	b.ReportMetric(ms(0.95), "p95-ms")
}

func BenchmarkChangesFrom64Writers(b *testing.B) {
	j := opened(b, b.TempDir(), Options{})
	benchChanges(b, j, writers)
	b.ReportMetric(targetChanges, "target-changes/s")
}

func BenchmarkChangesFrom64WritersToPostgres(b *testing.B) {
	dsn := schema(b)
	benchChanges(b, openedPostgres(b, dsn, "gw", filepath.Join(b.TempDir(), KeyName)), writers)
	b.ReportMetric(targetChanges, "target-changes/s")
}

func BenchmarkChangesFromOneOperator(b *testing.B) {
	j := opened(b, b.TempDir(), Options{})
	benchChanges(b, j, 1)
	b.ReportMetric(targetAdded, "target-p95-ms")
}

func BenchmarkVerify(b *testing.B) {
	const lines = 100_000
	dir := b.TempDir()
	writeBook(b, dir, lines)
	size := int64(0)
	paths, err := files(dir)
	if err != nil {
		b.Fatal(err)
	}
	for _, p := range paths {
		info, err := os.Stat(p)
		if err != nil {
			b.Fatal(err)
		}
		size += info.Size()
	}
	b.SetBytes(size)
	for b.Loop() {
		rep, err := Verify(dir)
		if err != nil || rep.Bad != nil || rep.Lines != lines {
			b.Fatalf("%+v, %v, %v", rep, rep.Bad, err)
		}
	}
	b.ReportMetric(float64(lines)*float64(b.N)/b.Elapsed().Seconds(), "lines/s")
	b.ReportMetric(targetVerify, "target-lines/s")
}

// writeBook writes a journal without waiting for the disk.
func writeBook(b *testing.B, dir string, lines int) {
	b.Helper()
	closed(b, opened(b, dir, Options{}))
	k, err := readKey(filepath.Join(dir, KeyName))
	if err != nil {
		b.Fatal(err)
	}
	f, err := appendFile(filepath.Join(dir, FileName))
	if err != nil {
		b.Fatal(err)
	}
	s, head := newSealer(k), Head{Hash: noHash()}
	at := time.Date(2026, 3, 1, 8, 0, 0, 0, time.UTC)
	for i := range lines {
		e := Entry{
			Seq: head.Seq + 1, Time: at.Add(time.Duration(i) * time.Millisecond), Prev: head.Hash, Step: StepIntent, ID: fmt.Sprint("K3JQ7Z5W4V2M6T8R9Y1X0N", i/2), Subject: "auth0|op",
			Email: "op@example.com", Actions: []string{"users:block"}, Target: "auth0|64f0c0ffee", Method: "PATCH", Path: "/api/v2/users/auth0%7C64f0c0ffee",
			Reason: "asked for it by phone", From: map[string]any{"blocked": false}, Fields: map[string]any{"blocked": true},
		}
		if i%2 == 1 {
			e = Entry{Seq: e.Seq, Time: e.Time, Prev: e.Prev, Step: StepOutcome, ID: e.ID, Subject: e.Subject, Email: e.Email, Target: e.Target, Actions: e.Actions, Status: 200, Request: "0123456789abcdef"}
		}
		l, err := s.close(e)
		if err != nil {
			b.Fatal(err)
		}
		if _, err := f.Write(l.line); err != nil {
			b.Fatal(err)
		}
		head.Seq, head.Hash = e.Seq, l.hash
	}
	h, err := openHead(filepath.Join(dir, HeadName))
	if err != nil {
		b.Fatal(err)
	}
	if err := h.write(s.head("", head.Seq, head.Hash)); err != nil {
		b.Fatal(err)
	}
	if err := h.close(); err != nil {
		b.Fatal(err)
	}
	if err := f.Close(); err != nil {
		b.Fatal(err)
	}
}
