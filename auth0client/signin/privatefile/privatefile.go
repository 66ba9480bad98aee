// Package privatefile keeps small files that only their owner may read: written whole or not at all, and refused when
// others could have read or changed them.
package privatefile

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"
)

// maxSize is the largest file that is read.
const maxSize = 1 << 20

// Exposed: others than the owner can read or change what should be private.
type Exposed struct{ Path, Why, Remedy string }

func (e *Exposed) Error() string {
	s := e.Path + " should be private but " + e.Why
	if e.Remedy != "" {
		s += "; run: " + e.Remedy
	}
	return s
}

// Folder makes a folder with its parents, for its owner only. A folder that others may enter is refused.
func Folder(path string) error {
	if err := os.MkdirAll(path, 0o700); err != nil {
		return fmt.Errorf("make the folder %s: %w", path, err)
	}
	info, err := os.Stat(path)
	if err != nil {
		return fmt.Errorf("look at the folder %s: %w", path, err)
	}
	if !info.IsDir() {
		return fmt.Errorf("%s is in the way: it should be a folder", path)
	}
	return check(path, info)
}

// Read reads a file whole. A link, another's file and one that others may read are refused ([*Exposed]); a file that is
// not there is os.ErrNotExist.
func Read(path string) ([]byte, error) {
	f, err := open(path)
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", path, err)
	}
	defer f.Close() //nolint:errcheck // read already
	info, err := f.Stat()
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", path, err)
	}
	if !info.Mode().IsRegular() {
		return nil, &Exposed{Path: path, Why: "it is not a plain file"}
	}
	if err := check(path, info); err != nil {
		return nil, err
	}
	data, err := io.ReadAll(io.LimitReader(f, maxSize+1))
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", path, err)
	}
	if len(data) > maxSize {
		return nil, fmt.Errorf("%s is larger than 1 MB, which is no file of usher's", path)
	}
	return data, nil
}

// Write writes a file for its owner only, whole or not at all; it is on disk when Write returns.
func Write(path string, data []byte) error {
	dir := filepath.Dir(path)
	tmp, err := os.CreateTemp(dir, ".new-*")
	if err != nil {
		return fmt.Errorf("write %s: %w", path, err)
	}
	defer os.Remove(tmp.Name()) //nolint:errcheck // gone already once renamed
	_, err = tmp.Write(data)
	if err = errors.Join(err, tmp.Sync(), tmp.Close()); err != nil {
		return fmt.Errorf("write %s: %w", path, err)
	}
	if err := os.Rename(tmp.Name(), path); err != nil {
		return fmt.Errorf("write %s: %w", path, err)
	}
	return syncFolder(dir)
}

// Remove removes a file; one that is not there is no error.
func Remove(path string) error {
	if err := os.Remove(path); err != nil && !errors.Is(err, os.ErrNotExist) {
		return fmt.Errorf("remove %s: %w", path, err)
	}
	return nil
}

// Aside moves a damaged file out of the way, beside where it was, and says where it is now. It is never deleted.
func Aside(path string, now time.Time) (string, error) {
	to := path + ".damaged-" + now.UTC().Format("20060102T150405.000000")
	if err := os.Rename(path, to); err != nil {
		return "", fmt.Errorf("move the damaged %s aside: %w", path, err)
	}
	return to, nil
}
