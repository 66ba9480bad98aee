package journal

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"
)

// ticking is a clock that moves a second at each look.
func ticking() func() time.Time {
	var mu sync.Mutex
	clock := time.Date(2026, 3, 1, 8, 0, 0, 0, time.UTC)
	return func() time.Time {
		mu.Lock()
		defer mu.Unlock()
		clock = clock.Add(time.Second)
		return clock
	}
}

func opened(tb testing.TB, dir string, o Options) *Journal {
	tb.Helper()
	j, err := Open(dir, o)
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() { _ = j.Close() })
	return j
}

func change(tb testing.TB, j *Journal, id string) {
	tb.Helper()
	h, err := j.Intent(tb.Context(), Entry{
		ID: id, Subject: "auth0|op", Email: "op@example.com", Method: "PATCH", Target: "auth0|1", Actions: []string{"users:edit"},
		From: map[string]any{"blocked": false},
		Fields: map[string]any{
			"blocked": true, "password": "canary-password", "user_metadata": map[string]any{"api_token": "canary-token", "plan": "gold"},
		},
	})
	if err != nil {
		tb.Fatal(err)
	}
	if err := h.Outcome(tb.Context(), Outcome{Status: 200, Request: "r"}); err != nil {
		tb.Fatal(err)
	}
}

func closed(tb testing.TB, j *Journal) {
	tb.Helper()
	if err := j.Close(); err != nil {
		tb.Fatal(err)
	}
}

// written is a journal of so many changes.
func written(tb testing.TB, changes int, o Options) (dir string, data []byte) {
	tb.Helper()
	dir = tb.TempDir()
	if o.Now == nil {
		o.Now = ticking()
	}
	j := opened(tb, dir, o)
	for i := range changes {
		change(tb, j, string(rune('a'+i)))
	}
	closed(tb, j)
	data, err := os.ReadFile(filepath.Join(dir, FileName))
	if err != nil {
		tb.Fatal(err)
	}
	return dir, data
}

// good fails unless the journal is whole and has so many lines.
func good(tb testing.TB, dir string, lines int) Report {
	tb.Helper()
	rep, err := Verify(dir)
	if err != nil || rep.Bad != nil || rep.Lines != lines || rep.KeyID == "" {
		tb.Fatalf("Verify = %+v (bad: %v), %v; want %d good lines", rep, rep.Bad, err, lines)
	}
	return rep
}

func TestAJournalAsWrittenVerifies(t *testing.T) {
	t.Parallel()
	dir, data := written(t, 3, Options{})
	if rep := good(t, dir, 6); len(rep.Unfinished) != 0 || rep.Head.Seq != 6 {
		t.Errorf("the report is %+v", rep)
	}
	if bytes.Contains(data, []byte("canary")) {
		t.Error("a secret reached the journal")
	}
	if !bytes.Contains(data, []byte("gold")) {
		t.Error("what is no secret should be kept")
	}
	for _, name := range []string{FileName, KeyName, HeadName} {
		info, err := os.Stat(filepath.Join(dir, name))
		if err != nil || os.PathSeparator == '/' && info.Mode().Perm() != 0o600 {
			t.Errorf("the mode of %s is %v, %v; want 0600", name, info.Mode(), err)
		}
	}
}

func TestATornLastLineIsTakenOutAndNoted(t *testing.T) {
	t.Parallel()
	dir, data := written(t, 2, Options{})
	path := filepath.Join(dir, FileName)
	// A crash leaves a part of a line that was never acknowledged.
	torn := append(bytes.Clone(data), `{"seq":5,"time":"2026-03`...)
	if err := os.WriteFile(path, torn, 0o600); err != nil {
		t.Fatal(err)
	}
	if rep := good(t, dir, 4); rep.Torn == 0 {
		t.Error("the report does not tell of the torn line")
	}
	closed(t, opened(t, dir, Options{}))
	good(t, dir, 5)
	entries, err := Entries(Lines(t.Context(), dir))
	if last := entries[len(entries)-1]; err != nil || last.Step != StepNote || !strings.Contains(last.Note, "2026-03") {
		t.Errorf("the mending is noted as %+v, %v", last, err)
	}
}

func TestAnUnknownOutcomeIsReportedAndNotedOnce(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	j := opened(t, dir, Options{})
	change(t, j, "a")
	if _, err := j.Intent(t.Context(), Entry{ID: "b", Target: "auth0|2"}); err != nil {
		t.Fatal(err)
	}
	closed(t, j) // as a crash would: without the outcome
	for start, want := range []int{1, 0, 0} {
		j := opened(t, dir, Options{})
		left := j.Unfinished()
		if len(left) != want || want == 1 && left[0].ID != "b" {
			t.Errorf("start %d reports %+v", start+1, left)
		}
		closed(t, j)
	}
	if rep := good(t, dir, 4); len(rep.Unfinished) != 1 {
		t.Errorf("a check reports %d changes without outcome, want 1 for ever", len(rep.Unfinished))
	}
	entries, err := Entries(Lines(t.Context(), dir))
	if last := entries[len(entries)-1]; err != nil || last.Step != StepNote || last.ID != "b" || !strings.Contains(last.Note, "look whether") {
		t.Errorf("the note is %+v, %v", last, err)
	}
}

func TestADamagedJournalIsNotWrittenOn(t *testing.T) {
	t.Parallel()
	for name, damage := range map[string]func(dir string, data []byte) error{
		"a line edited": func(dir string, data []byte) error {
			return os.WriteFile(filepath.Join(dir, FileName), bytes.Replace(data, []byte("gold"), []byte("lead"), 1), 0o600)
		},
		"the tail cut": func(dir string, data []byte) error {
			return os.WriteFile(filepath.Join(dir, FileName), data[:bytes.LastIndexByte(data[:len(data)-1], '\n')+1], 0o600)
		},
		"the tail cut in a line": func(dir string, data []byte) error {
			return os.WriteFile(filepath.Join(dir, FileName), data[:len(data)-20], 0o600)
		},
		"the file gone": func(dir string, _ []byte) error { return os.Remove(filepath.Join(dir, FileName)) },
		"the head gone": func(dir string, _ []byte) error { return os.Remove(filepath.Join(dir, HeadName)) },
		"the key gone":  func(dir string, _ []byte) error { return os.Remove(filepath.Join(dir, KeyName)) },
		"another key": func(dir string, _ []byte) error {
			return errors.Join(os.Remove(filepath.Join(dir, KeyName)), makeKey(filepath.Join(dir, KeyName), strings.NewReader(strings.Repeat("k", keyLength))))
		},
		"the head of another journal": func(dir string, _ []byte) error {
			other, _ := written(t, 2, Options{})
			data, err := os.ReadFile(filepath.Join(other, HeadName))
			return errors.Join(err, os.WriteFile(filepath.Join(dir, HeadName), data, 0o600))
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir, data := written(t, 2, Options{})
			if err := damage(dir, data); err != nil {
				t.Fatal(err)
			}
			before := snapshot(t, dir)
			_, err := Open(dir, Options{})
			if err == nil || !strings.Contains(err.Error(), dir) || !strings.Contains(err.Error(), "usher journal verify") {
				t.Fatalf("Open = %v; want an error that names the folder and what to do", err)
			}
			if after := snapshot(t, dir); after != before {
				t.Errorf("the damaged journal was changed:\n%s\nwas\n%s", after, before)
			}
		})
	}
}

func snapshot(tb testing.TB, dir string) string {
	tb.Helper()
	var all strings.Builder
	list, err := os.ReadDir(dir)
	if err != nil {
		tb.Fatal(err)
	}
	for _, f := range list {
		data, err := os.ReadFile(filepath.Join(dir, f.Name()))
		if err != nil {
			tb.Fatal(err)
		}
		if strings.HasSuffix(f.Name(), ".lock") {
			continue
		}
		all.WriteString(f.Name() + "\n" + string(data) + "\n")
	}
	return all.String()
}

func TestConcurrentChangesMakeOneChain(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	j := opened(t, dir, Options{})
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
	closed(t, j)
	good(t, dir, 640)
}

func TestWhatACallerSendsCannotDamageTheJournal(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	j := opened(t, dir, Options{})
	for _, evil := range []string{
		"\xff", "\u2028<script>", strings.Repeat("<", 1<<16), "a\nb\r\x00\x1b[2J", "\u009b31m\u202e\x7f\U000E0041", `","step":"x","mac":"`, "\\",
	} {
		e := Entry{Reason: evil, Path: evil, Target: evil, ID: evil, Actions: []string{evil}, Fields: map[string]any{
			evil: evil, "x": []any{[]any{map[string]any{"password": "canary"}}}, "y": map[string]string{"clientSecret": "canary"},
		}}
		if err := j.Denied(t.Context(), e); err != nil {
			t.Fatal(err)
		}
		h, err := j.Intent(t.Context(), e)
		if err != nil {
			t.Fatal(err)
		}
		if err := h.Outcome(t.Context(), Outcome{Note: evil}); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := j.Intent(t.Context(), Entry{ID: "x", Fields: map[string]any{"x": func() {}, "y": strings.Repeat("<", 3<<20)}}); err == nil {
		t.Error("a line of 18 MB was written")
	}
	change(t, j, "after")
	closed(t, j)
	if rep := good(t, dir, 23); len(rep.Unfinished) != 0 {
		t.Errorf("outcomes are not found to their intents: %+v", rep.Unfinished)
	}
	if entries, err := Entries(Lines(t.Context(), dir)); err != nil || len(entries) != 23 || entries[0].Reason != "\uFFFD" || entries[3].Reason != "\u2028<script>" {
		t.Fatalf("Read gives %d entries, %v", len(entries), err)
	}
	data, err := os.ReadFile(filepath.Join(dir, FileName))
	if err != nil || bytes.Contains(data, []byte("canary")) {
		t.Errorf("a secret in nested lists reached the journal (%v)", err)
	}
	for _, r := range string(data) {
		if r < 0x20 && r != '\n' || r >= 0x7f && r <= 0x9f || r == 0x202e || r == 0xe0041 {
			t.Fatalf("%U stands in the file as it is", r)
		}
	}
}

func TestTokensAndTicketsAreKnownByTheirShape(t *testing.T) {
	t.Parallel()
	const jwt = "eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJjYW5hcnkifQ.Zm9vYmFyY2FuYXJ5"
	dir := t.TempDir()
	j := opened(t, dir, Options{})
	for _, s := range []string{
		"he sent me " + jwt, "Authorization: Bearer canary", "https://t.example.com/lo/reset?ticket=canary#", "x?a=b&access_token=canary",
	} {
		h, err := j.Intent(t.Context(), Entry{ID: "a", Reason: s, Fields: map[string]any{"note": s, "list": []string{s}}, From: map[string]any{"was": s, "otp_secret": "canary"}})
		if err != nil {
			t.Fatal(err)
		}
		if err := h.Outcome(t.Context(), Outcome{Note: s}); err != nil {
			t.Fatal(err)
		}
	}
	closed(t, j)
	data, err := os.ReadFile(filepath.Join(dir, FileName))
	if err != nil || bytes.Contains(data, []byte("canary")) || bytes.Contains(data, []byte(jwt[25:])) {
		t.Errorf("a token reached the journal (%v):\n%s", err, data)
	}
	if !bytes.Contains(data, []byte("he sent me …")) || !bytes.Contains(data, []byte("https://t.example.com/lo/reset?ticket=…#")) {
		t.Errorf("more than the token is gone:\n%s", data)
	}
}

func TestTwoUshersCannotShareAJournal(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	j := opened(t, dir, Options{})
	if _, err := Open(dir, Options{}); err == nil || !strings.Contains(err.Error(), "another usher") {
		t.Fatalf("a second Open = %v; want to be told of the other", err)
	}
	closed(t, j)
	closed(t, opened(t, dir, Options{}))
}

func TestAKeyThatOthersMayReadIsRefused(t *testing.T) {
	t.Parallel()
	if os.PathSeparator != '/' {
		t.Skip("files have no mode here")
	}
	dir, _ := written(t, 1, Options{})
	if err := os.Chmod(filepath.Join(dir, KeyName), 0o644); err != nil {
		t.Fatal(err)
	}
	if _, err := Open(dir, Options{}); err == nil || !strings.Contains(err.Error(), "chmod 600") {
		t.Errorf("Open = %v", err)
	}
	if _, err := Verify(dir); err == nil {
		t.Error("Verify took it")
	}
}

func TestAfterCloseNothingIsWritten(t *testing.T) {
	t.Parallel()
	j := opened(t, t.TempDir(), Options{})
	h, err := j.Intent(t.Context(), Entry{ID: "a"})
	if err != nil {
		t.Fatal(err)
	}
	closed(t, j)
	if err := h.Outcome(t.Context(), Outcome{Status: 200}); !errors.Is(err, ErrClosed) {
		t.Errorf("an outcome after the end: %v", err)
	}
	over, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := j.Intent(over, Entry{ID: "b"}); !errors.Is(err, context.Canceled) {
		t.Errorf("an intent nobody waits for: %v", err)
	}
}

func TestWhatIsWrittenCanBeRead(t *testing.T) {
	t.Parallel()
	nested := func(levels int) any {
		var v any = "x"
		for range levels {
			v = []any{v}
		}
		return v
	}
	dir := t.TempDir()
	j := opened(t, dir, Options{})
	for _, v := range []any{nested(9_997), nested(9_998), nested(20_000), json.Number("1e999"), json.Number("-1e999"), json.Number("9007199254740993")} {
		if err := j.Denied(t.Context(), Entry{From: map[string]any{"app_metadata": map[string]any{"a": v}}, Fields: map[string]any{"a": v}}); err != nil {
			t.Error(err)
		}
	}
	entries, err := j.Entries(t.Context())
	if err != nil || len(entries) != 6 || entries[3].Fields["a"] != "1e999" || entries[5].Fields["a"] != json.Number("9007199254740993") {
		t.Errorf("%d entries, %v", len(entries), err)
	}
}
