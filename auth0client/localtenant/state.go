package localtenant

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"time"

	"github.com/gofrs/flock"
)

// stateVersion is the form of state files that this usher writes and reads.
const stateVersion = 1

// keeper is a table as a state file sees it.
type keeper interface {
	name() string
	names() []string
	row(key string) (any, bool)
	restore(key string, raw json.RawMessage) error
	listen(note func(kind, key string))
}

func (t *table[T]) name() string                       { return t.kind }
func (t *table[T]) row(key string) (any, bool)         { e, ok := t.rows[key]; return e.row, ok }
func (t *table[T]) listen(note func(kind, key string)) { t.note = note }

func (t *table[T]) restore(key string, raw json.RawMessage) error {
	var row T
	if err := json.Unmarshal(raw, &row); err != nil {
		return err
	}
	t.set(key, row)
	return nil
}

// change is one record set or, without a value, dropped.
type change struct {
	Kind  string          `json:"k"`
	Key   string          `json:"id"`
	Value json.RawMessage `json:"v,omitempty"`
}

// stateHeader is the first line of a state file.
type stateHeader struct {
	Is      string    `json:"is"`
	Version int       `json:"version"`
	Seed    uint64    `json:"seed"`
	Born    time.Time `json:"born"`
	Lines   int       `json:"lines"` // of the whole tenant as it was written, this one included; changes follow
}

const stateIs = "usher local tenant"

// state is the file that keeps a tenant across runs: a header, then a line for each group of changes made together, each
// with a checksum before it. A group is on disk before its request is answered.
type state struct {
	path  string
	lock  *flock.Flock
	file  *os.File
	dirty []change // kind and key only
	seen  map[[2]string]bool
	err   error // the file could not be written: nothing more is kept
	lines int
}

// openState locks the file at path. There may be none yet.
func openState(path string) (*state, error) {
	s := &state{path: path, lock: flock.New(path + ".lock"), seen: map[[2]string]bool{}}
	ok, err := s.lock.TryLock()
	switch {
	case err != nil:
		return nil, fmt.Errorf("lock the state file: %w", err)
	case !ok:
		return nil, fmt.Errorf("another local tenant is using %s", path)
	}
	return s, nil
}

// damage says what is wrong with a state file. It was not touched.
type damage struct {
	path string
	line int
	why  string
}

func (d *damage) Error() string {
	return fmt.Sprintf("the state file %s is damaged at line %d: %s. Nothing was changed; put a copy back, or move it aside to begin anew", d.path, d.line, d.why)
}

// read calls each for every line of the file. A last line cut off by a crash, of a request that was never answered, is moved
// aside; torn names where to.
func (s *state) read(each func(line []byte) error) (torn string, err error) {
	f, err := os.OpenFile(s.path, os.O_RDWR, 0)
	if err != nil {
		return "", fmt.Errorf("open the state file: %w", err)
	}
	defer f.Close() //nolint:errcheck // nothing was written by this handle that was not synced
	data, err := io.ReadAll(f)
	if err != nil {
		return "", fmt.Errorf("read the state file: %w", err)
	}
	rest, whole := data, 1
	if first, _, ok := bytes.Cut(data, []byte("\n")); ok {
		if body, ok := checked(first); ok {
			whole = wholeLines(body)
		}
	}
	for len(rest) > 0 {
		s.lines++
		end := bytes.IndexByte(rest, '\n')
		if end < 0 {
			if _, ok := checked(rest[:len(rest)-1]); ok || s.lines <= whole {
				return "", &damage{s.path, s.lines, "its end is missing"}
			}
			s.lines--
			return s.cut(f, data, len(data)-len(rest))
		}
		body, ok := checked(rest[:end])
		if !ok {
			return "", &damage{s.path, s.lines, "its checksum does not fit"}
		}
		if err := each(body); err != nil {
			return "", &damage{s.path, s.lines, err.Error()}
		}
		rest = rest[end+1:]
	}
	if s.lines > 0 && s.lines < whole {
		return "", &damage{s.path, s.lines, fmt.Sprintf("its end is missing: %d lines of %d are there", s.lines, whole)}
	}
	return "", nil
}

// wholeLines is how many lines a header promises. They were put in place together, so that no crash can have cut them.
func wholeLines(header []byte) int {
	var h stateHeader
	if json.Unmarshal(header, &h) != nil {
		return 1
	}
	return max(1, h.Lines)
}

func (s *state) cut(f *os.File, data []byte, at int) (string, error) {
	aside := fmt.Sprintf("%s.torn-%d", s.path, at)
	if err := os.WriteFile(aside, data[at:], 0o600); err != nil {
		return "", fmt.Errorf("move a line cut off by a crash aside: %w", err)
	}
	if err := errors.Join(f.Truncate(int64(at)), f.Sync()); err != nil {
		return "", fmt.Errorf("cut off a line that a crash left: %w", err)
	}
	return aside, nil
}

func checked(line []byte) (body []byte, ok bool) {
	if len(line) < 10 || line[8] != ' ' {
		return nil, false
	}
	sum, err := strconv.ParseUint(string(line[:8]), 16, 32)
	return line[9:], err == nil && crc32.Checksum(line[9:], castagnoli()) == uint32(sum) && string(line[:8]) == fmt.Sprintf("%08x", sum)
}

func castagnoli() *crc32.Table { return crc32.MakeTable(crc32.Castagnoli) }

func sealed(v any) ([]byte, error) {
	body, err := json.Marshal(v)
	if err != nil {
		return nil, fmt.Errorf("encode a state line: %w", err)
	}
	return fmt.Appendf(nil, "%08x %s\n", crc32.Checksum(body, castagnoli()), body), nil
}

// rewrite puts lines into a new file in the old one's place, whole or not at all, and opens it to append.
func (s *state) rewrite(lines func(write func(v any) error) error) error {
	tmp, err := os.CreateTemp(filepath.Dir(s.path), ".usher-state-*")
	if err != nil {
		return fmt.Errorf("write the state file: %w", err)
	}
	defer os.Remove(tmp.Name()) //nolint:errcheck // gone already once renamed
	s.lines = 0
	err = lines(func(v any) error {
		line, err := sealed(v)
		if err != nil {
			return err
		}
		s.lines++
		_, err = tmp.Write(line)
		return err
	})
	if err = errors.Join(err, tmp.Sync(), tmp.Close()); err != nil {
		return fmt.Errorf("write the state file: %w", err)
	}
	if err := os.Rename(tmp.Name(), s.path); err != nil {
		return fmt.Errorf("write the state file: %w", err)
	}
	if dir, err := os.Open(filepath.Dir(s.path)); err == nil {
		dir.Sync()  //nolint:errcheck // not every system can; the rename itself is whole
		dir.Close() //nolint:errcheck // read only
	}
	return s.appendTo()
}

func (s *state) appendTo() error {
	f, err := os.OpenFile(s.path, os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return fmt.Errorf("open the state file: %w", err)
	}
	s.file = f
	return nil
}

// note remembers that a record changed.
func (s *state) note(kind, key string) {
	if k := [2]string{kind, key}; !s.seen[k] {
		s.seen[k] = true
		s.dirty = append(s.dirty, change{Kind: kind, Key: key})
	}
}

func (s *state) close() error {
	if s.file == nil {
		return s.lock.Unlock()
	}
	return errors.Join(s.file.Close(), s.lock.Unlock())
}
