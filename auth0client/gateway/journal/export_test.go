package journal

import (
	"bytes"
	"encoding/csv"
	"reflect"
	"strings"
	"testing"

	"usher/auth0client/term"
)

func evilJournal(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	j := opened(t, dir, Options{})
	for i, evil := range []string{"=cmd|' /C calc'!A0", "a,b\"c\r\nd", "\u202e\u009b31m", "-2+3", "ünïcödé 😀"} {
		h, err := j.Intent(t.Context(), Entry{
			ID: string(rune('a' + i)), Subject: evil, Email: evil, Via: evil, Client: evil, Approver: evil, ApproverEmail: evil, Actions: []string{evil},
			Method: evil, Path: evil, Target: evil, Reason: evil, From: map[string]any{evil: evil}, Fields: map[string]any{evil: []any{evil, 12345678901234567.0}},
		})
		if err != nil {
			t.Fatal(err)
		}
		if err := h.Outcome(t.Context(), Outcome{Status: 200, Request: evil, Note: evil}); err != nil {
			t.Fatal(err)
		}
	}
	closed(t, j)
	return dir
}

func TestTheCSVOfHostileTextIsQuotedAndSafe(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	if err := WriteCSV(&out, Lines(t.Context(), evilJournal(t))); err != nil {
		t.Fatal(err)
	}
	rows, err := csv.NewReader(bytes.NewReader(out.Bytes())).ReadAll()
	if err != nil || len(rows) != 11 {
		t.Fatalf("%d rows, %v", len(rows), err)
	}
	if !strings.HasSuffix(out.String(), "\r\n") || strings.Count(out.String(), "\n") != 11 {
		t.Error("the rows do not end with CR LF, or a cell holds a line end")
	}
	for _, row := range rows {
		for i, cell := range row {
			if cell != term.Cell(cell) {
				t.Errorf("column %s holds %q", rows[0][i], cell)
			}
		}
	}
}

func TestTheJSONExportLosesNothing(t *testing.T) {
	t.Parallel()
	dir := evilJournal(t)
	var out bytes.Buffer
	if err := WriteJSONLines(&out, Lines(t.Context(), dir)); err != nil {
		t.Fatal(err)
	}
	if stored := load(t, dir)[FileName]; !bytes.Equal(stored, out.Bytes()) {
		t.Error("the export is not the journal byte by byte")
	}
	entries, err := Entries(Lines(t.Context(), dir))
	if err != nil {
		t.Fatal(err)
	}
	for i, line := range bytes.Split(bytes.TrimSpace(out.Bytes()), []byte("\n")) {
		if e, err := decode(line); err != nil || !reflect.DeepEqual(e, entries[i]) {
			t.Errorf("line %d is %+v, %v", i+1, e, err)
		}
	}
	// A line that somebody else wrote is made safe as well.
	l := Line{Raw: []byte("{\"note\":\"\u009b2J\xff\"}")}
	if got := string(l.JSON()); got != `{"note":"\u009b2J\ufffd"}` {
		t.Errorf("a foreign line becomes %q", got)
	}
}
