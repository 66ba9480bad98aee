// Package journal is the append-only record of every change: one JSON line for the intent, on disk before the request
// leaves, and one for its outcome. Each line holds the SHA-256 of the line before it.
package journal

import (
	"bufio"
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"github.com/gofrs/flock"
)

// FileName is the journal's file in its folder.
const FileName = "journal.jsonl"

// The steps of a change.
const (
	StepIntent  = "intent"
	StepOutcome = "outcome"
	StepDenied  = "denied"
	StepNote    = "note"
)

// ErrClosed: the journal is closed, or an earlier line could not be written.
var ErrClosed = errors.New("the journal is closed")

// Entry is one line.
type Entry struct {
	Seq     uint64         `json:"seq"`
	Time    time.Time      `json:"time"`
	Step    string         `json:"step"`
	ID      string         `json:"id,omitempty"` // ties the lines of one change; also Auth0's correlation id
	Subject string         `json:"operator,omitempty"`
	Email   string         `json:"email,omitempty"`
	Via     string         `json:"via,omitempty"`
	Actions []string       `json:"actions,omitempty"`
	Method  string         `json:"method,omitempty"`
	Path    string         `json:"path,omitempty"`
	Target  string         `json:"target,omitempty"`
	Reason  string         `json:"reason,omitempty"`
	Fields  map[string]any `json:"fields,omitempty"` // what is set; secrets are replaced
	Status  int            `json:"status,omitempty"`
	Request string         `json:"request,omitempty"` // Auth0's request id
	Note    string         `json:"note,omitempty"`
	Prev    string         `json:"prev"`
}

// File is what the journal needs of its file.
type File interface {
	io.Writer
	Sync() error
	Close() error
}

// Options is how a journal is kept.
type Options struct {
	Now  func() time.Time
	Open func(path string) (File, error) // default: append, 0600
}

// Journal appends lines. It is safe for concurrent use: lines written together share one sync.
type Journal struct {
	now  func() time.Time
	lock *flock.Flock

	mu         sync.Mutex
	file       File
	seq        uint64
	prev       string
	broken     error
	written    uint64 // lines written
	synced     uint64 // lines on disk
	syncing    bool
	wake       *sync.Cond
	unfinished []Entry
}

// Open opens the journal in dir, making both where they are missing. A last line torn by a crash is moved aside and noted;
// any other damage is an error, and nothing is written over it.
func Open(dir string, o Options) (*Journal, error) {
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Open == nil {
		o.Open = appendFile
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("make the journal's folder: %w", err)
	}
	path := filepath.Join(dir, FileName)
	lock, err := lockFile(path)
	if err != nil {
		return nil, err
	}
	j, err := open(path, lock, o)
	if err != nil {
		return nil, errors.Join(err, lock.Unlock())
	}
	return j, nil
}

// lockFile keeps a second usher off the same journal: two chains in one file would break each other.
func lockFile(path string) (*flock.Flock, error) {
	lock := flock.New(path + ".lock")
	ok, err := lock.TryLock()
	if err != nil {
		return nil, fmt.Errorf("lock the journal: %w", err)
	}
	if !ok {
		return nil, fmt.Errorf("another usher is writing the journal %s; close it, or use another profile", path)
	}
	return lock, nil
}

func open(path string, lock *flock.Flock, o Options) (*Journal, error) {
	torn, err := mendTail(path)
	if err != nil {
		return nil, err
	}
	report, err := verifyFile(path)
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return nil, err
	}
	if report.Bad != nil {
		return nil, fmt.Errorf("the journal %s is damaged at line %d: %s; look with `usher journal verify` and move it aside to begin a new one", path, report.Bad.Line, report.Bad.Reason)
	}
	file, err := o.Open(path)
	if err != nil {
		return nil, fmt.Errorf("open the journal: %w", err)
	}
	j := &Journal{now: o.Now, file: file, lock: lock, seq: report.LastSeq, prev: report.LastHash, unfinished: report.Unfinished}
	j.wake = sync.NewCond(&j.mu)
	if torn != "" {
		if err := j.append(Entry{Step: StepNote, Note: "a line cut off by a crash was moved to " + torn}); err != nil {
			return nil, errors.Join(err, file.Close())
		}
	}
	return j, nil
}

func appendFile(path string) (File, error) {
	f, err := os.OpenFile(path, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		return nil, err
	}
	if err := f.Chmod(0o600); err != nil { // an older file may be open to others
		return nil, errors.Join(err, f.Close())
	}
	return f, nil
}

// longestText bounds each text of an entry, so that a line stays one that can be read back.
const longestText = 4096

// encode writes an entry in the one way that verify knows: texts are valid UTF-8 and of bounded length. What is not is
// mended here, since any caller of the gateway could send it.
func encode(e Entry) ([]byte, error) {
	for _, s := range []*string{&e.ID, &e.Subject, &e.Email, &e.Via, &e.Method, &e.Path, &e.Target, &e.Reason, &e.Request, &e.Note} {
		*s = text(*s)
	}
	for i, a := range e.Actions {
		e.Actions[i] = text(a)
	}
	line, err := json.Marshal(e)
	if err != nil {
		return nil, err
	}
	return append(line, '\n'), nil
}

func text(s string) string {
	s = strings.ToValidUTF8(s, "\uFFFD")
	if len(s) > longestText {
		s = strings.ToValidUTF8(s[:longestText], "") + "…"
	}
	return s
}

// Unfinished are the changes that were meant but have no outcome: their requests may or may not have reached the tenant.
func (j *Journal) Unfinished() []Entry { return append([]Entry(nil), j.unfinished...) }

// Handle is a change under way.
type Handle struct {
	j     *Journal
	entry Entry
}

// Intent puts a change on disk before it is made. When it fails the change must not be made.
func (j *Journal) Intent(_ context.Context, e Entry) (Handle, error) {
	e.Step = StepIntent
	e.Fields = redact(e.Fields)
	return Handle{j: j, entry: e}, j.append(e)
}

// Outcome is what became of a change. Status 0 with a note means that nobody knows.
type Outcome struct {
	Status  int
	Request string
	Note    string
}

// Outcome puts a change's end on disk.
func (h Handle) Outcome(_ context.Context, o Outcome) error {
	return h.j.append(Entry{
		Step: StepOutcome, ID: h.entry.ID, Subject: h.entry.Subject, Target: h.entry.Target, Actions: h.entry.Actions,
		Status: o.Status, Request: o.Request, Note: o.Note,
	})
}

// Denied records a change that was refused.
func (j *Journal) Denied(_ context.Context, e Entry) error {
	e.Step = StepDenied
	e.Fields = redact(e.Fields)
	return j.append(e)
}

func (j *Journal) append(e Entry) error {
	j.mu.Lock()
	defer j.mu.Unlock()
	if j.broken != nil {
		return j.broken
	}
	e.Seq, e.Time, e.Prev = j.seq+1, j.now().UTC(), j.prev
	line, err := encode(e)
	if err != nil {
		return fmt.Errorf("encode a journal line: %w", err)
	}
	if _, err := j.file.Write(line); err != nil {
		// A part of the line may be on disk: nothing can follow it.
		j.broken = fmt.Errorf("write to the journal: %w", err)
		j.wake.Broadcast()
		return j.broken
	}
	j.seq, j.prev = e.Seq, hashOf(line)
	j.written++
	return j.syncThrough(j.written)
}

// syncThrough waits until line n is on disk. One of the waiting lines syncs for all written so far.
func (j *Journal) syncThrough(n uint64) error {
	for j.synced < n && j.broken == nil {
		if j.syncing {
			j.wake.Wait()
			continue
		}
		j.syncing = true
		through := j.written
		j.mu.Unlock()
		err := j.file.Sync()
		j.mu.Lock()
		j.syncing = false
		if err != nil {
			j.broken = fmt.Errorf("put the journal on disk: %w", err)
		} else {
			j.synced = through
		}
		j.wake.Broadcast()
	}
	if j.synced >= n {
		return nil
	}
	return j.broken
}

// Close ends the journal.
func (j *Journal) Close() error {
	j.mu.Lock()
	defer j.mu.Unlock()
	for j.syncing {
		j.wake.Wait()
	}
	if j.broken == nil {
		j.broken = ErrClosed
	}
	if err := errors.Join(j.file.Close(), j.lock.Unlock()); err != nil {
		return fmt.Errorf("close the journal: %w", err)
	}
	return nil
}

func hashOf(line []byte) string {
	sum := sha256.Sum256(bytes.TrimSuffix(line, []byte("\n")))
	return hex.EncodeToString(sum[:])
}

// mendTail moves a last line without its end aside. It names the file it went to.
func mendTail(path string) (string, error) {
	data, err := os.ReadFile(path)
	if errors.Is(err, os.ErrNotExist) || err == nil && (len(data) == 0 || data[len(data)-1] == '\n') {
		return "", nil
	}
	if err != nil {
		return "", fmt.Errorf("read the journal: %w", err)
	}
	cut := bytes.LastIndexByte(data, '\n') + 1
	aside := fmt.Sprintf("%s.torn-%d", path, cut)
	if err := os.WriteFile(aside, data[cut:], 0o600); err != nil {
		return "", fmt.Errorf("move a torn journal line aside: %w", err)
	}
	if err := os.Truncate(path, int64(cut)); err != nil {
		return "", fmt.Errorf("cut a torn journal line off: %w", err)
	}
	return filepath.Base(aside), nil
}

// Read gives the entries of the journal in dir, oldest first.
func Read(dir string) ([]Entry, error) {
	f, err := os.Open(filepath.Join(dir, FileName))
	if err != nil {
		return nil, fmt.Errorf("open the journal: %w", err)
	}
	defer f.Close() //nolint:errcheck // read only
	var out []Entry
	in := bufio.NewReaderSize(f, 64<<10)
	for {
		line, err := in.ReadBytes('\n')
		if errors.Is(err, io.EOF) && len(line) == 0 {
			return out, nil
		}
		if err != nil && !errors.Is(err, io.EOF) {
			return out, fmt.Errorf("read the journal: %w", err)
		}
		var e Entry
		if err := json.Unmarshal(line, &e); err != nil {
			return out, fmt.Errorf("line %d of the journal is not an entry: %w", len(out)+1, err)
		}
		out = append(out, e)
	}
}
