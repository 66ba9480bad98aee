package gateway

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// keySize is AES-256's, in bytes.
const keySize = 32

// KeyFile is the name of the key that [SealingKey] keeps beside the journal.
const KeyFile = "approvals.key"

// SealingKey reads the key that seals what waits for approval from dir, and makes one where there is none. Gateways that
// share a store of approvals need the same key. Others must not be able to read it.
func SealingKey(dir string) ([]byte, error) {
	path := filepath.Join(dir, KeyFile)
	key, err := readKey(path)
	if !errors.Is(err, fs.ErrNotExist) {
		return key, err
	}
	key = make([]byte, keySize)
	if _, err := rand.Read(key); err != nil {
		return nil, fmt.Errorf("make the approvals' key: %w", err)
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("make the folder of the approvals' key: %w", err)
	}
	// It appears whole or not at all, and whoever comes second takes the first's.
	aside, err := os.CreateTemp(dir, KeyFile+".*")
	if err != nil {
		return nil, fmt.Errorf("keep the approvals' key: %w", err)
	}
	defer os.Remove(aside.Name()) //nolint:errcheck // gone already, or of no use
	_, err = aside.Write(key)
	if err = errors.Join(err, aside.Chmod(0o600), aside.Sync(), aside.Close()); err != nil {
		return nil, fmt.Errorf("keep the approvals' key: %w", err)
	}
	if err := os.Link(aside.Name(), path); err != nil && !errors.Is(err, fs.ErrExist) {
		return nil, fmt.Errorf("keep the approvals' key: %w", err)
	}
	return readKey(path)
}

func readKey(path string) ([]byte, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, fmt.Errorf("read the approvals' key: %w", err)
	}
	if info.Mode().Perm()&0o077 != 0 && os.PathSeparator == '/' {
		return nil, fmt.Errorf("others can read the approvals' key %s: run chmod 600 on it", path)
	}
	key, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("read the approvals' key: %w", err)
	}
	if len(key) != keySize {
		return nil, fmt.Errorf("the approvals' key %s has %d bytes, not %d: move it aside, and what waits for approval is lost", path, len(key), keySize)
	}
	return key, nil
}

// sealer keeps what waits for approval from everybody but the gateway: it may hold a password.
type sealer struct{ aead cipher.AEAD }

// newSealer makes one with a key; without, what is sealed ends with the process.
func newSealer(key []byte) (*sealer, error) {
	if len(key) == 0 {
		key = make([]byte, keySize)
		if _, err := rand.Read(key); err != nil {
			return nil, fmt.Errorf("make the approvals' key: %w", err)
		}
	}
	if len(key) != keySize {
		return nil, fmt.Errorf("the approvals' key has %d bytes, not %d", len(key), keySize)
	}
	block, err := aes.NewCipher(key)
	if err != nil {
		return nil, err
	}
	aead, err := cipher.NewGCM(block)
	if err != nil {
		return nil, err
	}
	return &sealer{aead}, nil
}

// seal binds what it hides to an approval's id: it cannot be put under another.
func (s *sealer) seal(id string, v any) ([]byte, error) {
	plain, err := json.Marshal(v)
	if err != nil {
		return nil, err
	}
	nonce := make([]byte, s.aead.NonceSize())
	if _, err := rand.Read(nonce); err != nil {
		return nil, err
	}
	return s.aead.Seal(nonce, nonce, plain, []byte(id)), nil
}

func (s *sealer) open(id string, sealed []byte, into any) error {
	n := s.aead.NonceSize()
	if len(sealed) < n {
		return errors.New("it is cut off")
	}
	plain, err := s.aead.Open(nil, sealed[:n], sealed[n:], []byte(id))
	if err != nil {
		return errors.New("this gateway's key does not open it")
	}
	return json.Unmarshal(plain, into)
}
