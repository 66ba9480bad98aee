package journal

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"unicode/utf8"
)

// Whatever stands in the journal's file, a check ends, and calls whole only what usher wrote.
func FuzzVerify(f *testing.F) {
	dir, data := written(f, 2, Options{})
	b := load(f, dir)
	lines := b.lines(FileName)
	f.Add(data)
	f.Add(data[:len(data)/2])
	f.Add(bytes.Join([][]byte{lines[0], lines[0], lines[1]}, nil))
	f.Add([]byte(`{"seq":1,"time":"","step":"","id":"` + strings.Repeat(`\`, 40) + `,"prev":"` + noHash() + `","mac":"` + noHash() + "\"}\n"))
	f.Add([]byte("\n\n{}\n\x00"))
	f.Fuzz(func(t *testing.T, found []byte) {
		at := b.with(FileName, found).store(t, t.TempDir())
		rep, err := Verify(at)
		if err != nil {
			t.Fatal(err)
		}
		if rep.Bad == nil && !bytes.HasPrefix(found, data) {
			t.Errorf("%q is taken for whole", found)
		}
		if rep.Bad != nil && rep.Bad.String() == "" {
			t.Error("nothing is said about what is wrong")
		}
		// The reader takes what it can and says where it cannot.
		if entries, err := Entries(Lines(t.Context(), at)); err == nil && len(entries) > bytes.Count(found, []byte("\n")) {
			t.Errorf("%d entries in %q", len(entries), found)
		}
		j, err := Open(at, Options{})
		if (err == nil) != (rep.Bad == nil) {
			t.Errorf("the check says %v, opening says %v", rep.Bad, err)
		}
		if err == nil {
			closed(t, j)
			if rep, err := Verify(at); err != nil || rep.Bad != nil || rep.Torn > 0 {
				t.Errorf("after opening: %+v, %v, %v", rep, rep.Bad, err)
			}
		}
	})
}

// Whatever a caller sends, the line that comes of it verifies, can be read back, and is safe to look at.
func FuzzLine(f *testing.F) {
	s := newSealer(key{secret: []byte("a key of this test"), id: "x"})
	f.Add("a", "b", "c", uint64(1))
	f.Add("\x1b[2J\u009b\u202e\xff", `","prev":"`, "eyJhbGciOiJub25lIn0.eyJzdWIiOiIxIn0.x", uint64(1<<40))
	f.Fuzz(func(t *testing.T, id, field, reason string, seq uint64) {
		seq = max(1, seq>>2)
		e := Entry{Seq: seq, Step: StepIntent, ID: id, Reason: reason, Gateway: field, Fields: redact(map[string]any{field: reason, reason: []any{id}}), Prev: noHash()}
		l, err := s.close(e)
		if err != nil {
			t.Fatal(err)
		}
		c := newChecker(s, text(field))
		c.seq = seq - 1
		if why := c.next(l.line); why != "" {
			t.Fatalf("%q: %s", l.line, why)
		}
		back, err := decode(l.line)
		if err != nil || back.Seq != seq || back.ID != text(id) || back.Reason != text(reason) || back.Mac != l.entry.Mac {
			t.Fatalf("read back is %+v, %v", back, err)
		}
		if _, ok := c.open[rawID(back.ID)]; back.ID != "" && !ok || plainID(rawID(back.ID)) != back.ID {
			t.Fatalf("the id %q is not found again in %v", back.ID, c.open)
		}
		if line := (Line{Raw: l.line[:len(l.line)-1]}).JSON(); !bytes.Equal(line, l.line[:len(l.line)-1]) || !utf8.Valid(line) || bytes.ContainsAny(line, "\x00\x1b\r\n\u009b\u202e\u200b") {
			t.Fatalf("the line is %q", l.line)
		}
	})
}

// The approvals' file may hold anything as well.
func FuzzApprovals(f *testing.F) {
	f.Add([]byte(`[{"id":"a","state":"waiting"}]`))
	f.Add([]byte(`null`))
	f.Fuzz(func(t *testing.T, found []byte) {
		dir := t.TempDir()
		path := filepath.Join(dir, ApprovalsName)
		if err := os.WriteFile(path, found, 0o600); err != nil {
			t.Fatal(err)
		}
		a := OpenApprovals(dir, ticking())
		if _, err := a.Approvals(t.Context()); err != nil && !strings.Contains(err.Error(), path) {
			t.Errorf("the error does not name the file: %v", err)
		}
	})
}
