package journal

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"

	"github.com/gofrs/flock"
)

// Open opens the journal in dir, making both where they are missing. It checks the file that grows, not the full ones. A
// last line cut off by a crash is taken out and noted, and so is each change whose outcome was not written; any other
// damage is an error, and nothing is written over it.
func Open(dir string, o Options) (*Journal, error) {
	o = o.withDefaults()
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("make the journal's folder: %w", err)
	}
	lock, err := lockFile(filepath.Join(dir, FileName))
	if err != nil {
		return nil, err
	}
	s := &fileStore{fileApprovals: newFileApprovals(dir, o.Now), dir: dir, path: filepath.Join(dir, FileName), open: o.Open, max: o.MaxBytes, lock: lock}
	st, err := s.begin(o)
	if err != nil {
		return nil, errors.Join(err, s.close())
	}
	return start(s, st, o), nil
}

// lockFile keeps a second usher off the same journal: two chains in one file would break each other.
func lockFile(path string) (*flock.Flock, error) {
	lock := flock.New(path + ".lock")
	ok, err := lock.TryLock()
	if err != nil {
		return nil, fmt.Errorf("lock the journal: %w", err)
	}
	if !ok {
		return nil, fmt.Errorf("%w: %s; close it, or use another profile", ErrLocked, path)
	}
	return lock, nil
}

// begin finds the end of the chain, checks it against the head and opens the file that grows.
func (s *fileStore) begin(o Options) (state, error) {
	paths, err := files(s.dir)
	if err != nil {
		return state{}, err
	}
	k, err := s.key(o, len(paths) > 0)
	if err != nil {
		return state{}, err
	}
	seals := newSealer(k)
	head, hasHead, err := readHead(s.dir, seals)
	if err != nil {
		return state{}, s.damaged(err.Error())
	}
	c := newChecker(seals, "")
	torn, err := s.tail(paths, c)
	if err != nil {
		return state{}, err
	}
	if bad := c.ending(head, hasHead); bad != nil {
		return state{}, s.damaged(bad.String())
	}
	if err := s.ready(torn, seals.head("", c.seq, c.hash), hasHead); err != nil {
		return state{}, err
	}
	return s.state(c, seals, torn)
}

func (s *fileStore) damaged(why string) error {
	return fmt.Errorf("the journal in %s is damaged: %s; nothing was written to it: look with `usher journal verify --dir %s`, then move the folder aside to begin a new journal", s.dir, why, s.dir)
}

// key reads the key. One is made only for a new journal: for an old one it would hide that the old key is gone.
func (s *fileStore) key(o Options, old bool) (key, error) {
	path := o.KeyFile
	if path == "" {
		path = filepath.Join(s.dir, KeyName)
	}
	there, err := exists(path)
	if err != nil {
		return key{}, err
	}
	if !there && old {
		return key{}, s.damaged("its key " + path + " is missing; bring it back from a copy if there is one")
	}
	if !there {
		if err := makeKey(path, o.Random); err != nil {
			return key{}, err
		}
	}
	return readKey(path)
}

// tail checks the newest file that holds lines and says which bytes at its end are no line. c ends where the chain does.
func (s *fileStore) tail(paths []string, c *checker) (torn []byte, err error) {
	// The file that grows may be empty: a crash came between two files.
	for len(paths) > 0 {
		path := paths[len(paths)-1]
		paths = paths[:len(paths)-1]
		rest, err := s.tailOf(path, c)
		if err != nil {
			return nil, err
		}
		torn = append(torn, rest...) // only the file that grows has any
		if c.lines > 0 {
			return torn, s.joins(paths, path)
		}
	}
	return torn, nil
}

func (s *fileStore) tailOf(path string, c *checker) (torn []byte, err error) {
	var why string
	grows := filepath.Base(path) == FileName
	err = eachLine(path, func(line []byte) bool {
		if grows && !whole(line) {
			torn = append([]byte(nil), line...)
			return false
		}
		if c.lines == 0 {
			why = c.beginAt(line)
		}
		if why == "" {
			why = c.next(line)
		}
		if grows {
			s.size += int64(len(line))
		}
		return why == ""
	})
	if err == nil && why != "" {
		err = s.damaged(Bad{Seq: c.seq + 1, File: filepath.Base(path), Line: c.lines + 1, Reason: why}.String())
	}
	return torn, err
}

// beginAt takes up the chain at a file's first line: what lies before is vouched for by that line's seal.
func (c *checker) beginAt(line []byte) string {
	p, ok := split(line)
	if !ok || c.seals != nil && !c.seals.fits(p.body, p.mc) {
		return c.next(line)
	}
	c.seq, c.hash = p.seq-1, string(p.prev)
	if string(p.step) != StepCheckpoint {
		return ""
	}
	e, err := decode(line)
	if err != nil {
		return err.Error()
	}
	list, _ := e.Fields["open"].([]any)
	for _, item := range list {
		in, _ := item.(map[string]any)
		id, _ := in["id"].(string)
		number, _ := in["seq"].(json.Number)
		seq, err := strconv.ParseUint(number.String(), 10, 63)
		if err != nil {
			return "its list of changes under way cannot be read"
		}
		c.open[rawID(id)] = intent{seq: seq}
	}
	return ""
}

// joins checks that the file before ends where this one begins.
func (s *fileStore) joins(before []string, path string) error {
	first, err := firstLine(path)
	if err != nil {
		return err
	}
	p, _ := split(first)
	s.first = p.seq
	if filepath.Base(path) != FileName {
		s.first = 0 // the next file is not begun
	}
	if p.seq == 1 && string(p.prev) == noHash() {
		return nil
	}
	if len(before) == 0 {
		return s.damaged("the lines before number " + strconv.FormatUint(p.seq, 10) + " are missing")
	}
	last, err := lastLine(before[len(before)-1])
	if err != nil {
		return err
	}
	if hashOf(last) != string(p.prev) {
		return s.damaged(fmt.Sprintf("%s does not go on from %s", filepath.Base(path), filepath.Base(before[len(before)-1])))
	}
	return nil
}

// ready cuts a torn line off, makes or mends the head and opens the file that grows.
func (s *fileStore) ready(torn []byte, head Head, hasHead bool) error {
	if len(torn) > 0 {
		if err := os.Truncate(s.path, s.size); err != nil {
			return fmt.Errorf("cut a torn journal line off: %w", err)
		}
	}
	var err error
	if s.head, err = openHead(filepath.Join(s.dir, HeadName)); err != nil {
		return err
	}
	if hasHead {
		// After a loss of power it may be older than the journal.
		err = s.head.write(head)
	} else {
		err = s.head.create(head)
	}
	if err != nil {
		return err
	}
	s.last = head.Seq
	return s.openFile()
}

// state says what the last run left behind.
func (s *fileStore) state(c *checker, seals *sealer, torn []byte) (state, error) {
	st := state{head: seals.head("", c.seq, c.hash), seals: seals, open: map[string]uint64{}}
	if len(torn) > 0 {
		st.notes = append(st.notes, Entry{Step: StepNote, Note: fmt.Sprintf("a line cut off by a crash was taken out: %q", torn)})
	}
	if err := s.fetch(c); err != nil {
		return st, err
	}
	left, err := c.unfinished(false)
	if err != nil {
		return st, err
	}
	for id, in := range c.open {
		if !in.noted {
			st.open[plainID(id)] = in.seq
		}
	}
	for _, e := range left {
		st.notes = append(st.notes, unknownNote(e))
	}
	st.unfinished = left
	return st, nil
}

func unknownNote(e Entry) Entry {
	return Entry{
		Step: StepNote, ID: e.ID, Subject: e.Subject, Email: e.Email, Actions: e.Actions, Target: e.Target,
		Note: fmt.Sprintf("%s: usher ended before the outcome of number %d was written; look whether the change was made", NoteUnknown, e.Seq),
	}
}

// fetch reads the intents that lie in earlier files.
func (s *fileStore) fetch(c *checker) error {
	wanted := map[uint64]string{}
	for id, in := range c.open {
		if in.line == nil && !in.noted {
			wanted[in.seq] = id
		}
	}
	paths, err := files(s.dir)
	if err != nil {
		return err
	}
	for i := len(paths) - 1; i >= 0 && len(wanted) > 0; i-- {
		err := eachLine(paths[i], func(line []byte) bool {
			if p, ok := split(line); ok {
				if id, ok := wanted[p.seq]; ok {
					in := c.open[id]
					in.line = append([]byte(nil), line...)
					c.open[id] = in
					delete(wanted, p.seq)
				}
			}
			return len(wanted) > 0
		})
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	return nil
}
