package journal

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"io"
	"iter"
	"strconv"
	"strings"
	"time"

	"usher/auth0client/term"
)

// JSON is the line as it is stored, fit for a terminal: what a journal of usher's own holds stays as it is.
func (l Line) JSON() []byte { return escape(l.Raw) }

// WriteJSONLines writes lines as they are stored, one a line. Nothing is lost: their hashes and seals still fit.
func WriteJSONLines(w io.Writer, lines iter.Seq2[Line, error]) error {
	for l, err := range lines {
		if err != nil {
			return err
		}
		if _, err := w.Write(append(l.JSON(), '\n')); err != nil {
			return fmt.Errorf("write the export: %w", err)
		}
	}
	return nil
}

// WriteJSONArray writes lines as they are stored, as one JSON array.
func WriteJSONArray(w io.Writer, lines iter.Seq2[Line, error]) error {
	between := "[\n  "
	for l, err := range lines {
		if err != nil {
			return err
		}
		if _, err := fmt.Fprintf(w, "%s%s", between, l.JSON()); err != nil {
			return fmt.Errorf("write the journal: %w", err)
		}
		between = ",\n  "
	}
	end := "\n]\n"
	if between[0] == '[' {
		end = "[]\n"
	}
	if _, err := io.WriteString(w, end); err != nil {
		return fmt.Errorf("write the journal: %w", err)
	}
	return nil
}

// WriteJSON writes a change as JSON that is fit for a terminal.
func WriteJSON(w io.Writer, c Change) error {
	data, err := json.Marshal(c)
	if err != nil {
		return fmt.Errorf("encode a change: %w", err)
	}
	var out bytes.Buffer
	if err := json.Indent(&out, escape(data), "", "  "); err != nil {
		return fmt.Errorf("encode a change: %w", err)
	}
	if _, err := w.Write(append(out.Bytes(), '\n')); err != nil {
		return fmt.Errorf("write a change: %w", err)
	}
	return nil
}

// WriteCSV writes lines for a spreadsheet (RFC 4180). Cells that one would take for a formula begin with an apostrophe, and
// what acts on a terminal is made visible: for a copy without loss there is [WriteJSONLines].
func WriteCSV(w io.Writer, lines iter.Seq2[Line, error]) error {
	out := csv.NewWriter(w)
	out.UseCRLF = true
	err := out.Write([]string{
		"seq", "time", "gateway", "step", "id", "operator", "email", "via", "client", "approver", "approver_email", "actions", "method",
		"path", "target", "reason", "from", "fields", "status", "request", "note", "prev", "mac",
	})
	for l, lineErr := range lines {
		if err == nil {
			err = lineErr
		}
		if err != nil {
			break
		}
		err = out.Write(csvRow(l.Entry))
	}
	out.Flush()
	if err == nil {
		err = out.Error()
	}
	if err != nil {
		return fmt.Errorf("write the export: %w", err)
	}
	return nil
}

func csvRow(e Entry) []string {
	status := ""
	if e.Status != 0 {
		status = strconv.Itoa(e.Status)
	}
	row := []string{
		strconv.FormatUint(e.Seq, 10), e.Time.UTC().Format(time.RFC3339Nano), e.Gateway, e.Step, e.ID, e.Subject, e.Email, e.Via, e.Client,
		e.Approver, e.ApproverEmail, strings.Join(e.Actions, " "), e.Method, e.Path, e.Target, e.Reason, jsonCell(e.From), jsonCell(e.Fields),
		status, e.Request, e.Note, e.Prev, e.Mac,
	}
	for i, s := range row {
		row[i] = term.Cell(s)
	}
	return row
}

func jsonCell(fields map[string]any) string {
	if fields == nil {
		return ""
	}
	data, err := json.Marshal(fields)
	if err != nil { // it came from JSON
		return hidden
	}
	return string(data)
}
