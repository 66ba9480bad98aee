package journal

import (
	"bytes"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// book is a journal's folder in memory.
type book map[string][]byte

func load(tb testing.TB, dir string) book {
	tb.Helper()
	list, err := os.ReadDir(dir)
	if err != nil {
		tb.Fatal(err)
	}
	b := book{}
	for _, f := range list {
		if strings.HasSuffix(f.Name(), ".lock") {
			continue
		}
		if b[f.Name()], err = os.ReadFile(filepath.Join(dir, f.Name())); err != nil {
			tb.Fatal(err)
		}
	}
	return b
}

func (b book) with(name string, data []byte) book {
	c := maps.Clone(b)
	if c[name] = data; data == nil {
		delete(c, name)
	}
	return c
}

func (b book) store(tb testing.TB, dir string) string {
	tb.Helper()
	for name, data := range b {
		if err := os.WriteFile(filepath.Join(dir, name), data, 0o600); err != nil {
			tb.Fatal(err)
		}
	}
	return dir
}

// bookFiles are the names of the files with lines, oldest first.
func (b book) bookFiles() []string {
	names := slices.DeleteFunc(slices.Sorted(maps.Keys(b)), func(n string) bool { return !strings.HasSuffix(n, ".jsonl") })
	return append(slices.DeleteFunc(names, func(n string) bool { return n == FileName }), FileName)
}

func (b book) lines(name string) [][]byte {
	return slices.Collect(bytes.SplitAfterSeq(bytes.TrimSuffix(b[name], []byte("\n")), []byte("\n")))
}

func joined(lines [][]byte) []byte {
	if len(lines) == 0 {
		return []byte{}
	}
	return append(bytes.TrimSuffix(bytes.Join(lines, nil), []byte("\n")), '\n')
}

// tampered is a journal of three files and how often something may be done to it.
func tampered(tb testing.TB) book {
	tb.Helper()
	dir, _ := written(tb, 3, Options{MaxBytes: 800})
	b := load(tb, dir)
	if n := len(b.bookFiles()); n < 3 {
		tb.Fatalf("the journal has %d files: %v", n, slices.Collect(maps.Keys(b)))
	}
	if rep, err := Verify(dir); err != nil || rep.Bad != nil {
		tb.Fatalf("as written: %v, %v", rep.Bad, err)
	}
	return b
}

func firstBad(tb testing.TB, b book) (seq uint64, reason string) {
	tb.Helper()
	dir, err := os.MkdirTemp("", "journal")
	if err != nil {
		tb.Fatal(err)
	}
	defer os.RemoveAll(dir) //nolint:errcheck // a folder of this test
	rep, err := Verify(b.store(tb, dir))
	switch {
	case err != nil:
		return 0, err.Error()
	case rep.Bad == nil:
		return 0, ""
	}
	return rep.Bad.Seq, rep.Bad.Reason
}

func TestEveryChangedByteIsFoundAndItsLineNamed(t *testing.T) {
	t.Parallel()
	b := tampered(t)
	dir := b.store(t, t.TempDir())
	seq := uint64(0)
	for _, name := range append(b.bookFiles(), HeadName, KeyName) {
		data := b[name]
		if strings.HasSuffix(name, ".jsonl") {
			seq++
		}
		f, err := os.OpenFile(filepath.Join(dir, name), os.O_RDWR, 0)
		if err != nil {
			t.Fatal(err)
		}
		for i, was := range data {
			bent := was ^ byte(1+(i*37+11)%255) // any other value
			if _, err := f.WriteAt([]byte{bent}, int64(i)); err != nil {
				t.Fatal(err)
			}
			rep, err := Verify(dir)
			switch {
			case err == nil && rep.Bad == nil:
				t.Fatalf("byte %d of %s (%q) changed to %q and nobody noticed", i, name, was, bent)
			case strings.HasSuffix(name, ".jsonl") && (err != nil || rep.Bad.Seq != seq):
				t.Fatalf("byte %d of %s belongs to number %d; the report says %v, %v", i, name, seq, rep.Bad, err)
			}
			if was == '\n' && i < len(data)-1 {
				seq++
			}
			if _, err := f.WriteAt([]byte{was}, int64(i)); err != nil {
				t.Fatal(err)
			}
		}
		if err := f.Close(); err != nil {
			t.Fatal(err)
		}
	}
}

func TestAllValuesOfAByteAreTried(t *testing.T) {
	t.Parallel()
	b := tampered(t)
	k, err := readKey(filepath.Join(b.store(t, t.TempDir()), KeyName))
	if err != nil {
		t.Fatal(err)
	}
	line := b.lines(b.bookFiles()[0])[0]
	s := newSealer(k)
	if why := newChecker(s, "").next(line); why != "" {
		t.Fatal(why)
	}
	for i := range line {
		was := line[i]
		for v := range 256 {
			if line[i] = byte(v); line[i] != was && newChecker(s, "").next(line) == "" {
				t.Fatalf("byte %d (%q) changed to %q and nobody noticed", i, was, line[i])
			}
		}
		line[i] = was
	}
}

func TestDroppedDoubledSwappedAndCutLinesAreFound(t *testing.T) {
	t.Parallel()
	b := tampered(t)
	seq := uint64(0)
	names := b.bookFiles()
	for f, name := range names {
		lines := b.lines(name)
		lines[len(lines)-1] = append(lines[len(lines)-1], '\n')
		for i := range lines {
			seq++
			insert := func(at int, line []byte) [][]byte { return slices.Insert(slices.Clone(lines), at, line) }
			cases := map[string]struct {
				lines [][]byte
				want  uint64
			}{
				"dropped":         {slices.Delete(slices.Clone(lines), i, i+1), seq},
				"doubled":         {insert(i+1, lines[i]), seq + 1},
				"a copy at start": {insert(0, lines[i]), 0},
			}
			if i+1 < len(lines) {
				swapped := slices.Clone(lines)
				swapped[i], swapped[i+1] = swapped[i+1], swapped[i]
				cases["swapped"] = struct {
					lines [][]byte
					want  uint64
				}{swapped, seq}
			}
			for what, c := range cases {
				got, why := firstBad(t, b.with(name, joined(c.lines)))
				if why == "" || c.want != 0 && got != c.want {
					t.Errorf("number %d %s: the report says number %d, %q; want %d", seq, what, got, why, c.want)
				}
			}
			// The tail is cut before this line: this and all later files go.
			cut := b.with(name, joined(lines[:i]))
			for _, later := range names[f+1:] {
				cut = cut.with(later, nil)
			}
			if got, why := firstBad(t, cut); got != seq || !strings.Contains(why, "cut off its end") {
				t.Errorf("cut before number %d: the report says %d, %q", seq, got, why)
			}
		}
	}
}

func TestSwappedMissingAndForeignFilesAreFound(t *testing.T) {
	t.Parallel()
	b, other := tampered(t), tampered(t)
	names := b.bookFiles()
	firsts := make([]uint64, len(names))
	for i, name := range names {
		n, err := decode(b.lines(name)[0])
		if err != nil {
			t.Fatal(err)
		}
		firsts[i] = n.Seq
		if got, why := firstBad(t, b.with(name, nil)); got != firsts[i] {
			t.Errorf("%s is gone: the report says number %d, %q; want %d", name, got, why, firsts[i])
		}
		if got, why := firstBad(t, b.with(name, other[name])); got != firsts[i] {
			t.Errorf("%s is another journal's: the report says number %d, %q; want %d", name, got, why, firsts[i])
		}
		for k := range i {
			swapped := b.with(name, b[names[k]]).with(names[k], b[name])
			if got, why := firstBad(t, swapped); got != firsts[k] {
				t.Errorf("%s and %s are swapped: the report says number %d, %q; want %d", name, names[k], got, why, firsts[k])
			}
		}
	}
	for _, name := range []string{HeadName, KeyName} {
		if _, why := firstBad(t, b.with(name, nil)); why == "" {
			t.Errorf("%s is gone and nobody noticed", name)
		}
		if _, why := firstBad(t, b.with(name, other[name])); why == "" {
			t.Errorf("%s is another journal's and nobody noticed", name)
		}
	}
}

// Whoever has no key can compute every hash anew.
func TestAChainWrittenAnewWithoutTheKeyIsFound(t *testing.T) {
	t.Parallel()
	dir, data := written(t, 2, Options{})
	b := load(t, dir)
	forger := newSealer(key{secret: []byte("not the key"), id: "x"})
	var lines [][]byte
	prev := noHash()
	for _, line := range bytes.SplitAfter(bytes.TrimSuffix(data, []byte("\n")), []byte("\n")) {
		e, err := decode(line)
		if err != nil {
			t.Fatal(err)
		}
		e.Prev, e.Email = prev, "mallory@example.com"
		l, err := forger.close(e)
		if err != nil {
			t.Fatal(err)
		}
		prev = l.hash
		lines = append(lines, l.line)
	}
	head, err := encodeHead(forger.head("", 4, prev))
	if err != nil {
		t.Fatal(err)
	}
	forged := b.with(FileName, bytes.Join(lines, nil)).with(HeadName, head)
	if _, why := firstBad(t, forged); why == "" {
		t.Error("a chain and head written anew verify")
	}
	if seq, why := firstBad(t, forged.with(HeadName, b[HeadName])); seq != 1 {
		t.Errorf("a chain written anew under the old head: number %d, %q", seq, why)
	}
}

// Whoever has the key, or an old copy of the whole folder, is found by what was kept elsewhere.
func TestAnchorsFromElsewhereFindWhatTheKeyCannot(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	j := opened(t, dir, Options{})
	change(t, j, "a")
	closed(t, j)
	early := load(t, dir)
	j = opened(t, dir, Options{})
	change(t, j, "b")
	closed(t, j)
	rep := good(t, dir, 4)
	kept := []Anchor{{Seq: rep.LastSeq, Hash: rep.LastHash}}
	if rep, err := VerifyFiles(dir, VerifyOptions{Anchors: kept}); err != nil || rep.Bad != nil {
		t.Errorf("the journal itself: %v, %v", rep.Bad, err)
	}
	rolledBack := early.store(t, t.TempDir())
	good(t, rolledBack, 2)
	if rep, err := VerifyFiles(rolledBack, VerifyOptions{Anchors: kept}); err != nil || rep.Bad == nil || rep.Bad.Seq != 3 {
		t.Errorf("an old copy: %v, %v", rep.Bad, err)
	}
	j = opened(t, rolledBack, Options{})
	change(t, j, "c")
	change(t, j, "d")
	closed(t, j)
	good(t, rolledBack, 6)
	if rep, err := VerifyFiles(rolledBack, VerifyOptions{Anchors: kept}); err != nil || rep.Bad == nil || rep.Bad.Seq != 4 {
		t.Errorf("an old copy written on: %v, %v", rep.Bad, err)
	}
}

func TestWithoutTheKeyTheChainIsCheckedAndTheReportSaysSo(t *testing.T) {
	t.Parallel()
	b := tampered(t)
	elsewhere := filepath.Join(t.TempDir(), "kept.key")
	if err := os.WriteFile(elsewhere, b[KeyName], 0o600); err != nil {
		t.Fatal(err)
	}
	dir := b.with(KeyName, nil).store(t, t.TempDir())
	rep, err := Verify(dir)
	if err == nil || rep.Bad != nil || rep.Lines == 0 || rep.KeyID != "" {
		t.Errorf("Verify = %+v, %v", rep, err)
	}
	first := b.bookFiles()[0]
	if err := os.WriteFile(filepath.Join(dir, first), bytes.Replace(b[first], []byte("gold"), []byte("lead"), 1), 0o600); err != nil {
		t.Fatal(err)
	}
	if rep, err := Verify(dir); !errors.Is(err, ErrNoKey) || rep.Bad == nil || rep.Bad.Seq != 2 {
		t.Errorf("a line changed, the key missing: %v, %v; want the line after it named", rep.Bad, err)
	}
	if err := os.WriteFile(filepath.Join(dir, first), b[first], 0o600); err != nil {
		t.Fatal(err)
	}
	if rep, err := VerifyFiles(dir, VerifyOptions{KeyFile: elsewhere}); err != nil || rep.Bad != nil || rep.KeyID == "" {
		t.Errorf("with the key from elsewhere: %+v, %v", rep, err)
	}
	if fmt.Sprintf("%v %+v %#v", key{secret: []byte("canary")}, key{secret: []byte("canary")}, key{secret: []byte("canary")}) != "[redacted] [redacted] [redacted]" {
		t.Error("a key can be printed")
	}
}
