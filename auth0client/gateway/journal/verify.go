package journal

import (
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"slices"
)

// Report is what a check of one chain found.
type Report struct {
	Gateway    string // the chain's name in a shared store
	Lines      int
	LastSeq    uint64
	LastHash   string
	Head       Head
	KeyID      string  // the key the seals were checked with; empty: the key is missing and they were not
	Unfinished []Entry // changes without an outcome
	Torn       int     // bytes at the end that are no whole line: one was cut off by a crash, or is being written
	Bad        *Bad    // the first line that is wrong
}

// Bad is the place where a journal was edited, cut, or had lines moved, doubled or taken out.
type Bad struct {
	Seq    uint64 // the number of the first line that is wrong or missing; 0: not a line but the head or the key
	File   string // where it is, in a journal of files
	Line   int    // counted within File
	Reason string
}

func (b Bad) String() string {
	switch {
	case b.Seq == 0:
		return b.Reason
	case b.File == "":
		return fmt.Sprintf("number %d: %s", b.Seq, b.Reason)
	}
	return fmt.Sprintf("number %d (line %d of %s): %s", b.Seq, b.Line, b.File, b.Reason)
}

// Anchor is the hash of a line, kept outside of the journal's reach.
type Anchor struct {
	Seq  uint64
	Hash string
}

// VerifyOptions says what a journal is checked against.
type VerifyOptions struct {
	KeyFile string   // default: the key in the journal's folder
	Anchors []Anchor // lines known from elsewhere: a syslog, a note
}

// ErrNoKey: the seals could not be checked. The chain was, which finds careless changes but no careful ones.
var ErrNoKey = errors.New("the journal's key is missing: the chain was checked, the seals were not")

// Verify checks the journal in dir with the key that lies there: every line of every file, and the head. Without the key
// the report is of the chain alone and the error is [ErrNoKey].
func Verify(dir string) (Report, error) { return VerifyFiles(dir, VerifyOptions{}) }

// VerifyFiles is [Verify] with a key or anchors from elsewhere.
func VerifyFiles(dir string, o VerifyOptions) (Report, error) {
	if o.KeyFile == "" {
		o.KeyFile = filepath.Join(dir, KeyName)
	}
	k, keyErr := readKey(o.KeyFile)
	if keyErr != nil && !errors.Is(keyErr, fs.ErrNotExist) {
		return Report{}, keyErr
	}
	var s *sealer
	if keyErr == nil {
		s = newSealer(k)
	}
	for {
		before, err := files(dir)
		if err != nil {
			return Report{}, err
		}
		rep, err := verifyFiles(dir, before, s, o)
		after, listErr := files(dir)
		if listErr != nil || slices.Equal(before, after) {
			if err == nil && keyErr != nil {
				err = ErrNoKey
			}
			rep.KeyID = k.id
			return rep, errors.Join(err, listErr)
		}
		// A writer began a new file meanwhile.
	}
}

func verifyFiles(dir string, paths []string, s *sealer, o VerifyOptions) (Report, error) {
	// The head first: a writer at work only adds lines after it.
	head, hasHead, err := readHead(dir, s)
	if err != nil && !hasHead {
		return Report{}, err
	}
	if err != nil {
		return Report{Bad: &Bad{File: HeadName, Reason: err.Error()}}, nil
	}
	c := newChecker(s, "")
	c.anchors = o.Anchors
	rep, err := checkFiles(paths, c)
	if err != nil {
		return rep, err
	}
	rep.Head = head
	if rep.Bad == nil {
		rep.Bad = c.ending(head, hasHead)
	}
	return rep, nil
}

// checkFiles checks every line of every file.
func checkFiles(paths []string, c *checker) (Report, error) {
	var rep Report
	for i, path := range paths {
		bad, torn, err := c.file(path, i == len(paths)-1)
		if err != nil {
			return rep, err
		}
		if rep.Bad, rep.Torn = bad, torn; bad != nil {
			break
		}
	}
	rep.Lines, rep.LastSeq, rep.LastHash = c.lines, c.seq, c.hash
	var err error
	rep.Unfinished, err = c.unfinished(true)
	return rep, err
}

// file checks one file. Only in the last may a line lack its end: torn is its length.
func (c *checker) file(path string, last bool) (bad *Bad, torn int, err error) {
	n := 0
	err = eachLine(path, func(line []byte) bool {
		n++
		if last && !whole(line) {
			torn = len(line)
			return false
		}
		if why := c.next(line); why != "" {
			bad = &Bad{Seq: c.seq + 1, File: filepath.Base(path), Line: n, Reason: why}
		}
		return bad == nil
	})
	return bad, torn, err
}

// ending compares the end of a chain with its head and with the anchors beyond it.
func (c *checker) ending(head Head, hasHead bool) *Bad {
	missing := func(seq uint64, where string) *Bad {
		return &Bad{Seq: c.seq + 1, Reason: fmt.Sprintf("the journal ends at number %d, %s says that it reached %d: lines were cut off its end", c.seq, where, seq)}
	}
	switch {
	case !hasHead && c.lines > 0:
		return &Bad{File: HeadName, Reason: "the journal's head is missing: whether lines were cut off its end cannot be told"}
	case hasHead && head.Seq > c.seq:
		return missing(head.Seq, "its head")
	case hasHead && head.Seq == c.seq && head.Hash != c.hash:
		return &Bad{File: HeadName, Reason: fmt.Sprintf("the head and line number %d do not belong together", c.seq)}
	}
	for _, a := range c.anchors {
		if a.Seq > c.seq {
			return missing(a.Seq, "what was kept elsewhere")
		}
	}
	return nil
}
