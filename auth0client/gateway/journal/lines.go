package journal

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

// FileName is the file in the journal's folder that grows. Full ones are renamed after their first line's number.
const FileName = "journal.jsonl"

const (
	fullPrefix = "journal-"
	fullSuffix = ".jsonl"
	fullDigits = 12
)

// fullName is the name of a full file whose first line has the number first.
func fullName(first uint64) string {
	return fmt.Sprintf("%s%0*d%s", fullPrefix, fullDigits, first, fullSuffix)
}

// files lists the journal's files in dir, oldest first; the one that grows is last.
func files(dir string) ([]string, error) {
	list, err := os.ReadDir(dir)
	if err != nil {
		return nil, fmt.Errorf("read the journal's folder: %w", err)
	}
	var names []string
	grows := false
	for _, f := range list {
		if f.Name() == FileName {
			grows = true
			continue
		}
		if _, ok := firstOf(f.Name()); ok {
			names = append(names, f.Name())
		}
	}
	slices.SortFunc(names, func(a, b string) int {
		na, _ := firstOf(a)
		nb, _ := firstOf(b)
		return int(min(max(int64(na)-int64(nb), -1), 1)) //nolint:gosec // numbers of lines
	})
	if grows {
		names = append(names, FileName)
	}
	for i, name := range names {
		names[i] = filepath.Join(dir, name)
	}
	return names, nil
}

// firstOf is the number of a full file's first line, by its name.
func firstOf(name string) (uint64, bool) {
	digits, ok := strings.CutPrefix(name, fullPrefix)
	if !ok {
		return 0, false
	}
	digits, ok = strings.CutSuffix(digits, fullSuffix)
	if !ok || len(digits) < fullDigits {
		return 0, false
	}
	n, err := strconv.ParseUint(digits, 10, 63)
	return n, err == nil
}

// lineReader reads lines. A line is valid until the next is read.
type lineReader struct {
	in   *bufio.Reader
	long []byte
}

func newLineReader(r io.Reader) *lineReader { return &lineReader{in: bufio.NewReaderSize(r, 32<<10)} }

// next gives the next line with its end. The last line may lack it: it was cut off, or is being written. io.EOF follows.
func (l *lineReader) next() ([]byte, error) {
	line, err := l.in.ReadSlice('\n')
	if err == nil {
		return line, nil
	}
	l.long = l.long[:0]
	for errors.Is(err, bufio.ErrBufferFull) {
		if l.long = append(l.long, line...); len(l.long) > longestLine {
			return l.long, nil // no line of ours: whoever checks it says so
		}
		line, err = l.in.ReadSlice('\n')
	}
	l.long = append(l.long, line...)
	switch {
	case err == nil, errors.Is(err, io.EOF) && len(l.long) > 0:
		return l.long, nil
	case errors.Is(err, io.EOF):
		return nil, io.EOF
	}
	return nil, fmt.Errorf("read the journal: %w", err)
}

func whole(line []byte) bool { return len(line) > 0 && line[len(line)-1] == '\n' }

// eachLine calls f for each line of a file until it says stop. f gets a cut-off last line too.
func eachLine(path string, f func(line []byte) (more bool)) error {
	in, err := os.Open(path)
	if err != nil {
		return fmt.Errorf("open the journal: %w", err)
	}
	defer in.Close() //nolint:errcheck // read only
	lines := newLineReader(in)
	for {
		line, err := lines.next()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		if !f(line) {
			return nil
		}
	}
}

// firstLine reads the first line of a file.
func firstLine(path string) (first []byte, err error) {
	err = eachLine(path, func(line []byte) bool {
		first = append(first, line...)
		return false
	})
	return first, err
}

// lastLine reads the last line of a file without reading all of it.
func lastLine(path string) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("open the journal: %w", err)
	}
	defer f.Close() //nolint:errcheck // read only
	size, err := f.Seek(0, io.SeekEnd)
	if err != nil {
		return nil, fmt.Errorf("read the journal: %w", err)
	}
	for n := int64(64 << 10); ; n *= 4 {
		n = min(n, size)
		buf := make([]byte, n)
		if _, err := f.ReadAt(buf, size-n); err != nil && !errors.Is(err, io.EOF) {
			return nil, fmt.Errorf("read the journal: %w", err)
		}
		if len(buf) == 0 {
			return nil, nil
		}
		if i := strings.LastIndexByte(string(buf[:len(buf)-1]), '\n'); i >= 0 {
			return buf[i+1:], nil
		}
		if n == size || n > longestLine {
			return buf, nil
		}
	}
}

func exists(path string) (bool, error) {
	_, err := os.Stat(path)
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	if err != nil {
		return false, fmt.Errorf("look for %s: %w", path, err)
	}
	return true, nil
}
