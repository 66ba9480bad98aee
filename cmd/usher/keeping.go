package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"
)

// keepRecord puts the copy of a record into the folder `deleted` beside the journal, for its owner only, and gives the
// file's path. It is on disk when it returns.
func (w *wiring) keepRecord(record []byte) (path string, err error) {
	if len(record) == 0 {
		return "", errors.New("the record is empty")
	}
	dir := filepath.Join(w.dir, "deleted")
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return "", fmt.Errorf("make the folder for copies: %w", err)
	}
	f, err := os.CreateTemp(dir, time.Now().UTC().Format("20060102T150405Z")+"-*.json")
	if err != nil {
		return "", fmt.Errorf("keep a copy: %w", err)
	}
	_, err = f.Write(append(record, '\n'))
	if err = errors.Join(err, f.Sync(), f.Close()); err != nil {
		return "", errors.Join(fmt.Errorf("keep a copy: %w", err), os.Remove(f.Name()))
	}
	return f.Name(), nil
}
