package sshserver

import (
	"crypto/ed25519"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	gossh "golang.org/x/crypto/ssh"

	"usher/auth0client/signin/privatefile"
)

// HostKey reads the key that proves this host to its clients, and makes it where there is none: ed25519, for its owner only.
// A key that is there and cannot be read, or that others can read, is an error and is left alone: a host whose key changes
// looks like an attack.
func HostKey(path string, random io.Reader) (key gossh.Signer, made bool, err error) {
	data, err := privatefile.Read(path)
	if errors.Is(err, os.ErrNotExist) {
		if err := makeHostKey(path, random); err != nil && !errors.Is(err, os.ErrExist) {
			return nil, false, fmt.Errorf("make the host key: %w", err)
		} else {
			made = err == nil // else somebody else made it just now
		}
		data, err = privatefile.Read(path)
	}
	if err != nil {
		return nil, false, fmt.Errorf("read the host key: %w", err)
	}
	key, err = gossh.ParsePrivateKey(data)
	if err != nil {
		return nil, false, fmt.Errorf("the host key %s is damaged or no private key: %w; put it back from a copy, or take it away to have a new one made, which every client will be warned of", path, err)
	}
	return key, made, nil
}

// makeHostKey writes a key whole or not at all, and never over another.
func makeHostKey(path string, random io.Reader) error {
	_, private, err := ed25519.GenerateKey(random)
	if err != nil {
		return fmt.Errorf("draw a key: %w", err)
	}
	block, err := gossh.MarshalPrivateKey(private, "usher")
	if err != nil {
		return fmt.Errorf("encode the key: %w", err)
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return fmt.Errorf("make its folder: %w", err)
	}
	tmp, err := os.CreateTemp(filepath.Dir(path), ".host-key-*") // 0600
	if err != nil {
		return fmt.Errorf("write it: %w", err)
	}
	defer os.Remove(tmp.Name()) //nolint:errcheck // gone already, or a leftover nobody reads
	_, err = tmp.Write(pem.EncodeToMemory(block))
	if err = errors.Join(err, tmp.Sync(), tmp.Close()); err != nil {
		return fmt.Errorf("write it: %w", err)
	}
	return os.Link(tmp.Name(), path) // fails where there is one by now
}
