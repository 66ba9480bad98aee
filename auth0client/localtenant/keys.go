package localtenant

import (
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/go-jose/go-jose/v4"
)

// What a signing key is at the moment, in Auth0's words.
const (
	keyCurrent  = "current"
	keyNext     = "next"
	keyPrevious = "previous"
)

// signingKey is one of the tenant's keys. Previous ones verify until they are removed.
type signingKey struct {
	ID    string
	PEM   string // PKCS #8
	State string
	Since time.Time // when it became what it is
}

// keyring makes keys and keeps them ready to use. The keys themselves are in the table.
type keyring struct {
	making sync.Mutex // one key is made at a time; taken before the tenant's lock
	ready  map[string]*rsa.PrivateKey
}

// needKeys makes the keys that are missing: the current one, or also the next. The tenant is not locked: it serves others
// meanwhile.
func (t *Tenant) needKeys(states ...string) error {
	if t.hasKeys(states) {
		return nil
	}
	t.keyring.making.Lock()
	defer t.keyring.making.Unlock()
	for _, state := range states {
		if t.hasKeys([]string{state}) {
			continue
		}
		if err := t.makeKey(state); err != nil {
			return fmt.Errorf("make the %s signing key: %w", state, err)
		}
	}
	return nil
}

func (t *Tenant) hasKeys(states []string) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	return !slices.ContainsFunc(states, func(s string) bool { return t.keyIn(s) == nil })
}

func (t *Tenant) makeKey(state string) error {
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		return err
	}
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return err
	}
	sum := sha256.Sum256(key.N.Bytes())
	k := &signingKey{ID: base64.RawURLEncoding.EncodeToString(sum[:15]), State: state,
		PEM: string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der}))}
	t.mu.Lock()
	defer t.release()
	k.Since = t.now().UTC()
	t.keyring.ready[k.ID] = key
	t.signingKeys.set(k.ID, k)
	return nil
}

func (t *Tenant) keyIn(state string) *signingKey {
	return t.signingKeys.find(func(k *signingKey) bool { return k.State == state })
}

// private is a key ready to use. The tenant is locked.
func (t *Tenant) private(k *signingKey) (*rsa.PrivateKey, error) {
	if key := t.keyring.ready[k.ID]; key != nil {
		return key, nil
	}
	block, _ := pem.Decode([]byte(k.PEM))
	if block == nil {
		return nil, fmt.Errorf("the signing key %s is not PEM", k.ID)
	}
	parsed, err := x509.ParsePKCS8PrivateKey(block.Bytes)
	if err != nil {
		return nil, fmt.Errorf("read the signing key %s: %w", k.ID, err)
	}
	key, isRSA := parsed.(*rsa.PrivateKey)
	if !isRSA {
		return nil, fmt.Errorf("the signing key %s is not RSA", k.ID)
	}
	t.keyring.ready[k.ID] = key
	return key, nil
}

// signer signs with the current key. The tenant is locked, and the key was asked for before.
func (t *Tenant) signer(kind string) (jose.Signer, error) {
	k := t.keyIn(keyCurrent)
	if k == nil {
		return nil, errors.New("there is no signing key")
	}
	key, err := t.private(k)
	if err != nil {
		return nil, err
	}
	return jose.NewSigner(jose.SigningKey{Algorithm: jose.RS256, Key: jose.JSONWebKey{Key: key, KeyID: k.ID, Algorithm: "RS256"}},
		(&jose.SignerOptions{}).WithType(jose.ContentType(kind)))
}

// jwks is the published keys: current, next and what was current before. The tenant is locked.
func (t *Tenant) jwks() (jose.JSONWebKeySet, error) {
	var set jose.JSONWebKeySet
	for _, state := range []string{keyCurrent, keyNext, keyPrevious} {
		for _, k := range t.signingKeys.all() {
			if k.State != state {
				continue
			}
			key, err := t.private(k)
			if err != nil {
				return set, err
			}
			set.Keys = append(set.Keys, jose.JSONWebKey{Key: &key.PublicKey, KeyID: k.ID, Algorithm: "RS256", Use: "sig"})
		}
	}
	return set, nil
}

// RotateKeys makes the next key the current one. The one before still verifies, until [Tenant.RemoveKey].
func (t *Tenant) RotateKeys() error {
	if err := t.needKeys(keyCurrent, keyNext); err != nil {
		return err
	}
	t.mu.Lock()
	now := t.now().UTC()
	for _, change := range [][2]string{{keyCurrent, keyPrevious}, {keyNext, keyCurrent}} {
		if k := t.keyIn(change[0]); k != nil {
			moved := *k
			moved.State, moved.Since = change[1], now
			t.signingKeys.set(k.ID, &moved)
		}
	}
	t.release()
	return t.needKeys(keyNext)
}

// RemoveKey takes a previous key away: tokens it signed verify no more. An empty id takes all previous keys.
func (t *Tenant) RemoveKey(id string) error {
	t.mu.Lock()
	defer t.release()
	found := false
	for _, k := range t.signingKeys.list() {
		if k.State == keyPrevious && (id == "" || k.ID == id) {
			t.signingKeys.drop(k.ID)
			delete(t.keyring.ready, k.ID)
			found = true
		}
	}
	if !found {
		return errors.New("there is no such previous key: rotate first, the current key cannot be removed")
	}
	return nil
}
