package journal

import (
	"crypto/hmac"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
)

// KeyName is the key's file in the journal's folder, where no other is named.
const KeyName = "journal.key"

const (
	keyMark   = "usher-journal-key-1 "
	keyLength = 32
	hexLength = 2 * sha256.Size
	// sealLength is what a seal and the line's end add: ,"mac":"<64>"} and LF.
	sealLength = len(`,"mac":"`) + hexLength + len("\"}\n")
)

// noHash is the prev of a chain's first line.
func noHash() string { return strings.Repeat("0", hexLength) }

// key is what a journal is sealed with. Whoever has it can write lines that verify; whoever has it not cannot.
type key struct {
	secret []byte
	id     string // tells keys apart without giving one away
}

// String keeps the key out of logs.
func (key) String() string { return "[redacted]" }

// GoString keeps the key out of logs.
func (key) GoString() string { return "[redacted]" }

// readKey reads a key file. A key that others may read proves nothing: it is refused.
func readKey(path string) (key, error) {
	info, err := os.Stat(path)
	if err != nil {
		return key{}, fmt.Errorf("read the journal's key: %w", err)
	}
	if info.Mode().Perm()&0o077 != 0 && os.PathSeparator == '/' {
		return key{}, fmt.Errorf("%s seals the journal but others may read it; run: chmod 600 %s", path, path)
	}
	data, err := os.ReadFile(path)
	if err != nil {
		return key{}, fmt.Errorf("read the journal's key: %w", err)
	}
	digits, ok := strings.CutPrefix(strings.TrimSuffix(string(data), "\n"), keyMark)
	secret, err := hex.DecodeString(digits)
	if !ok || err != nil || len(secret) != keyLength || hex.EncodeToString(secret) != digits {
		return key{}, fmt.Errorf("%s is not a journal's key; bring back the right file from a copy", path)
	}
	sum := sha256.Sum256(append([]byte("usher journal key id\n"), secret...))
	return key{secret: secret, id: hex.EncodeToString(sum[:8])}, nil
}

// makeKey makes a key file where there is none, whole or not at all.
func makeKey(path string, random io.Reader) error {
	secret := make([]byte, keyLength)
	if _, err := io.ReadFull(random, secret); err != nil {
		return fmt.Errorf("make the journal's key: %w", err)
	}
	temp, err := writeTemp(path, []byte(keyMark+hex.EncodeToString(secret)+"\n"))
	if err != nil {
		return fmt.Errorf("make the journal's key: %w", err)
	}
	defer os.Remove(temp) //nolint:errcheck // gone already where it was renamed
	// A link does not replace a key that another process made meanwhile.
	err = os.Link(temp, path)
	if err != nil && !errors.Is(err, fs.ErrExist) {
		err = os.Rename(temp, path)
	}
	if err != nil && !errors.Is(err, fs.ErrExist) {
		return fmt.Errorf("make the journal's key: %w", err)
	}
	return syncFolder(filepath.Dir(path))
}

// writeTemp writes a file beside path, on disk and readable by its owner alone, and gives its name.
func writeTemp(path string, data []byte) (string, error) {
	f, err := os.CreateTemp(filepath.Dir(path), filepath.Base(path)+".new-*")
	if err != nil {
		return "", err
	}
	_, err = f.Write(data)
	if err == nil {
		err = f.Sync()
	}
	if err = errors.Join(err, f.Close()); err != nil {
		return "", errors.Join(err, os.Remove(f.Name()))
	}
	return f.Name(), nil
}

// sealer makes and checks seals. It is not safe for concurrent use.
type sealer struct {
	keyID string
	mac   hash.Hash
	sum   [sha256.Size]byte
	text  [hexLength]byte
}

func newSealer(k key) *sealer { return &sealer{keyID: k.id, mac: hmac.New(sha256.New, k.secret)} }

// seal gives the seal of body in hexadecimal. The slice is valid until the next call.
func (s *sealer) seal(body []byte) []byte {
	inner := sha256.Sum256(body)
	s.mac.Reset()
	s.mac.Write(inner[:])
	hex.Encode(s.text[:], s.mac.Sum(s.sum[:0]))
	return s.text[:]
}

func (s *sealer) fits(body, seal []byte) bool {
	return subtle.ConstantTimeCompare(s.seal(body), seal) == 1
}

// close makes a line of an encoded entry: it adds the seal and the end.
func (s *sealer) close(e Entry) (sealed, error) {
	body, err := encode(e)
	if err != nil {
		return sealed{}, err
	}
	e.Mac = string(s.seal(body))
	line := append(append(append(body, `,"mac":"`...), e.Mac...), "\"}\n"...)
	return sealed{entry: e, line: line, hash: hashOf(line)}, nil
}

// Head says where a chain ends. It is kept apart from the chain, so that a tail that was cut off is missed.
type Head struct {
	Seq  uint64 `json:"seq"`
	Hash string `json:"hash"` // of the line with that number
	Key  string `json:"key"`  // the id of the key that seals the chain
	Mac  string `json:"mac"`
}

func headText(gateway string, h Head) []byte {
	return []byte("usher journal head\n" + gateway + "\n" + strconv.FormatUint(h.Seq, 10) + "\n" + h.Hash + "\n")
}

func (s *sealer) head(gateway string, seq uint64, hash string) Head {
	h := Head{Seq: seq, Hash: hash, Key: s.keyID}
	h.Mac = string(s.seal(headText(gateway, h)))
	return h
}

func (s *sealer) fitsHead(gateway string, h Head) bool {
	return s.fits(headText(gateway, h), []byte(h.Mac))
}

func hashOf(line []byte) string {
	if n := len(line); n > 0 && line[n-1] == '\n' {
		line = line[:n-1]
	}
	sum := sha256.Sum256(line)
	return hex.EncodeToString(sum[:])
}
