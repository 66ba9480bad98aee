package journal

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
)

// Report is what a check of a journal found.
type Report struct {
	Lines      int
	LastSeq    uint64
	LastHash   string
	Unfinished []Entry
	Bad        *Bad // the first line that is wrong
}

// Bad is a line that was edited, moved, doubled, or follows one that is missing.
type Bad struct {
	Line   int
	Reason string
}

// Verify checks the chain of the journal in dir.
func Verify(dir string) (Report, error) { return verifyFile(filepath.Join(dir, FileName)) }

func verifyFile(path string) (Report, error) {
	f, err := os.Open(path)
	if err != nil {
		return Report{}, fmt.Errorf("open the journal: %w", err)
	}
	defer f.Close() //nolint:errcheck // read only
	return verify(f)
}

func verify(r io.Reader) (Report, error) {
	var rep Report
	open := map[string]Entry{}
	var order []string
	in := bufio.NewReaderSize(r, 64<<10)
	for {
		line, err := in.ReadBytes('\n')
		if errors.Is(err, io.EOF) && len(line) == 0 {
			break
		}
		if err != nil && !errors.Is(err, io.EOF) {
			return rep, fmt.Errorf("read the journal: %w", err)
		}
		e, why := check(rep, line, err != nil)
		if why != "" {
			rep.Bad = &Bad{Line: rep.Lines + 1, Reason: why}
			break
		}
		rep.Lines++
		rep.LastSeq, rep.LastHash = e.Seq, hashOf(line)
		switch e.Step {
		case StepIntent:
			open[e.ID] = e
			order = append(order, e.ID)
		case StepOutcome:
			delete(open, e.ID)
		}
	}
	for _, id := range order {
		if e, ok := open[id]; ok {
			rep.Unfinished = append(rep.Unfinished, e)
		}
	}
	return rep, nil
}

func check(rep Report, line []byte, torn bool) (e Entry, why string) {
	if torn {
		return e, "the line has no end"
	}
	dec := json.NewDecoder(bytes.NewReader(line))
	dec.DisallowUnknownFields()
	if err := dec.Decode(&e); err != nil {
		return e, "it is not a journal entry"
	}
	// An entry is written in one way only: a changed space or key order is an edit as well.
	again, err := encode(e)
	switch {
	case err != nil || !bytes.Equal(again, line):
		return e, "it is not as usher wrote it"
	case e.Seq != rep.LastSeq+1:
		return e, fmt.Sprintf("its number is %d, not %d: lines are missing, doubled or moved", e.Seq, rep.LastSeq+1)
	case e.Prev != rep.LastHash:
		return e, "it does not follow from the line before: that one was changed, or this one"
	}
	return e, ""
}

// redact replaces what must never be kept, however deep it lies.
func redact(fields map[string]any) map[string]any {
	if fields == nil {
		return nil
	}
	out := make(map[string]any, len(fields))
	for k, v := range fields {
		if secretName(k) {
			out[k] = "…"
			continue
		}
		out[k] = redactValue(v)
	}
	return out
}

func redactValue(v any) any {
	switch v := v.(type) {
	case map[string]any:
		return redact(v)
	case []any:
		list := make([]any, len(v))
		for i, item := range v {
			list[i] = redactValue(item)
		}
		return list
	}
	return v
}

func secretName(k string) bool {
	k = strings.ToLower(k)
	for _, s := range []string{"password", "secret", "token", "ticket", "recovery_code", "hash", "private", "credential"} {
		if strings.Contains(k, s) {
			return true
		}
	}
	return false
}
