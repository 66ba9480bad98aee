package journal

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"
	"unicode/utf16"
	"unicode/utf8"

	"usher/auth0client/term"
)

// The steps of a change, and what else a line can be.
const (
	StepIntent     = "intent"
	StepOutcome    = "outcome"
	StepDenied     = "denied"
	StepNote       = "note"
	StepCheckpoint = "checkpoint" // the first line of a file that goes on from another
)

// What an outcome's note says where the tenant gave no status.
const (
	NoteNotSent = "not sent"        // surely no byte reached the tenant
	NoteUnknown = "outcome unknown" // it was sent and no answer came
)

// Entry is one line.
type Entry struct {
	Seq           uint64         `json:"seq"`
	Time          time.Time      `json:"time"`
	Step          string         `json:"step"`
	ID            string         `json:"id,omitempty"`       // ties the lines of one change; also Auth0's correlation id
	Gateway       string         `json:"gateway,omitempty"`  // where several share a store
	Subject       string         `json:"operator,omitempty"` // the operator's subject
	Email         string         `json:"email,omitempty"`
	Via           string         `json:"via,omitempty"`    // how the operator came: console, cli, ssh
	Client        string         `json:"client,omitempty"` // the address the operator came from
	Approver      string         `json:"approver,omitempty"`
	ApproverEmail string         `json:"approver_email,omitempty"`
	Actions       []string       `json:"actions,omitempty"`
	Method        string         `json:"method,omitempty"`
	Path          string         `json:"path,omitempty"`
	Target        string         `json:"target,omitempty"`
	Reason        string         `json:"reason,omitempty"`
	From          map[string]any `json:"from,omitempty"`   // what was set before, where it is known
	Fields        map[string]any `json:"fields,omitempty"` // what is set; secrets are replaced here and in From
	Status        int            `json:"status,omitempty"`
	Request       string         `json:"request,omitempty"` // Auth0's request id
	Note          string         `json:"note,omitempty"`
	Prev          string         `json:"prev"`          // SHA-256 of the line before
	Mac           string         `json:"mac,omitempty"` // the seal: HMAC-SHA256, by the journal's key, of the line up to here
}

const (
	// longestText bounds each text of an entry.
	longestText = 4096
	// longestLine bounds a line: Auth0's largest payload twice, each byte escaped.
	longestLine = 16 << 20
)

// sealed is an entry as it is written: the line with its end, and what follows from it.
type sealed struct {
	entry Entry
	line  []byte
	hash  string // SHA-256 of the line without its end: the next line's prev
}

// encode writes an entry as a line without its seal and end. Texts are valid UTF-8 and of bounded length; what is not is
// mended here, since any caller of the gateway could send it. What would act on a terminal is escaped.
func encode(e Entry) ([]byte, error) {
	for _, s := range []*string{
		&e.ID, &e.Gateway, &e.Subject, &e.Email, &e.Via, &e.Client, &e.Approver, &e.ApproverEmail, &e.Method, &e.Path, &e.Target,
		&e.Reason, &e.Request, &e.Note,
	} {
		*s = text(*s)
	}
	actions := make([]string, len(e.Actions))
	for i, a := range e.Actions {
		actions[i] = text(a)
	}
	e.Actions, e.Mac = actions, ""
	body, err := json.Marshal(e)
	if err != nil {
		return nil, fmt.Errorf("encode a journal line: %w", err)
	}
	body = escape(bytes.TrimSuffix(body, []byte("}")))
	if len(body) > longestLine-sealLength {
		return nil, fmt.Errorf("encode a journal line: it would be longer than %d MB", longestLine>>20)
	}
	return body, nil
}

func text(s string) string {
	s = strings.ToValidUTF8(s, "\uFFFD")
	if len(s) > longestText {
		s = strings.ToValidUTF8(s[:longestText], "") + "…"
	}
	return withoutSecrets(s)
}

// escape writes the characters of a JSON text that act without being seen as \uXXXX, so that the file itself is safe to
// look at. The text stays the same JSON.
func escape(body []byte) []byte {
	plain := true
	for _, c := range body {
		if c < 0x20 || c > 0x7e {
			plain = false
			break
		}
	}
	if plain {
		return body
	}
	out := make([]byte, 0, len(body)+64)
	for i := 0; i < len(body); {
		r, size := utf8.DecodeRune(body[i:])
		s := body[i : i+size]
		i += size
		switch {
		case r >= 0x20 && r < 0x7f || r > 0x7f && term.Line(string(r)).String() == string(s):
			out = append(out, s...)
		case r > 0xffff:
			hi, lo := utf16.EncodeRune(r)
			out = fmt.Appendf(out, `\u%04x\u%04x`, hi, lo)
		default:
			out = fmt.Appendf(out, `\u%04x`, r)
		}
	}
	return out
}

// decode reads a line. Numbers keep their digits: what was set before must be put back as it was.
func decode(line []byte) (Entry, error) {
	var e Entry
	dec := json.NewDecoder(bytes.NewReader(line))
	dec.UseNumber()
	err := dec.Decode(&e)
	if err == nil {
		if _, more := dec.Token(); !errors.Is(more, io.EOF) {
			err = errors.New("more follows it")
		}
	}
	if err != nil {
		return e, fmt.Errorf("it is not a journal entry: %w", err)
	}
	return e, nil
}
