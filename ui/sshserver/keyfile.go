package sshserver

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"os"
	"runtime"
	"sync"
	"time"

	gossh "golang.org/x/crypto/ssh"
)

// largestKeys is the largest list of keys that is read, in bytes.
const largestKeys = 4 << 20

// KeyFile allows the keys of a file in the format of sshd's authorized_keys. It is read anew whenever it has changed; a
// file that cannot be read allows nobody. Besides sshd's from, expiry-time and restrict, the option subject="ID" binds a
// key to an Auth0 user.
type KeyFile struct {
	path string
	log  *slog.Logger
	now  func() time.Time

	mu    sync.Mutex
	info  os.FileInfo // of what was read
	lines []line
}

// NewKeyFile reads the file a first time.
func NewKeyFile(path string, log *slog.Logger, now func() time.Time) (*KeyFile, error) {
	f := &KeyFile{path: path, log: log, now: now}
	if _, err := f.read(); err != nil {
		return nil, err
	}
	return f, nil
}

// Find implements [Keys].
func (f *KeyFile) Find(_ context.Context, _, address string, key gossh.PublicKey) (Entry, error) {
	lines, err := f.read()
	if err != nil {
		f.log.Error("nobody can come in", "error", err.Error())
		return Entry{}, err
	}
	return find(lines, key, address, f.now())
}

func (f *KeyFile) read() ([]line, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	file, err := os.Open(f.path)
	if err != nil {
		return nil, fmt.Errorf("read the allowed keys: %w", err)
	}
	defer file.Close() //nolint:errcheck // read only
	info, err := file.Stat()
	if err != nil {
		return nil, fmt.Errorf("read the allowed keys: %w", err)
	}
	if runtime.GOOS != "windows" && info.Mode().Perm()&0o022 != 0 {
		return nil, fmt.Errorf("others may write to %s, which says who comes in; run: chmod go-w %s", f.path, f.path)
	}
	if f.info != nil && os.SameFile(f.info, info) && f.info.ModTime().Equal(info.ModTime()) && f.info.Size() == info.Size() {
		return f.lines, nil
	}
	data, err := io.ReadAll(io.LimitReader(file, largestKeys+1))
	switch {
	case err != nil:
		return nil, fmt.Errorf("read the allowed keys: %w", err)
	case len(data) > largestKeys:
		return nil, fmt.Errorf("%s is larger than 4 MB, which is no list of keys", f.path)
	}
	lines, wrong := parse(data)
	for _, err := range wrong {
		f.log.Warn("a key does not count", "file", f.path, "why", err.Error())
	}
	f.log.Info("the allowed keys were read", "file", f.path, "keys", len(lines))
	f.info, f.lines = info, lines
	return lines, nil
}
