package tokenstore

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"

	"filippo.io/age"

	"usher/auth0client/signin"
	"usher/auth0client/signin/privatefile"
)

// fileBackend keeps a record in a file encrypted with age. The key is the operator's identity file, or one of its own
// that a passphrase opens: the passphrase's costly check happens once a run, and not at every refresh.
type fileBackend struct {
	dir, path, keyPath string
	identityPath       string
	ask                func(ctx context.Context, fresh bool) (signin.Secret, error)
	now                func() time.Time
	scrypt             int

	passphrase *signin.Secret
	key        *[]age.Identity // a pointer: fmt prints unexported fields
	recipient  age.Recipient
	sealed     []byte // what the key was opened from: another usher may have made a new one since
}

// room is as much as a sign-in takes, in bytes: on a full disk an empty file may still have a place.
const room = 16 << 10

func newFile(o Options) *fileBackend {
	return &fileBackend{
		dir: o.Dir, path: filepath.Join(o.Dir, "sign-in.age"), keyPath: filepath.Join(o.Dir, "sign-in.key.age"),
		identityPath: o.Identity, ask: o.Passphrase, now: o.Now, scrypt: o.Scrypt,
	}
}

// probe writes to the folder and opens the key, or makes sure that one can be made.
func (b *fileBackend) probe(ctx context.Context) error {
	if b.identityPath == "" && b.ask == nil {
		return fmt.Errorf("the encrypted file %s needs USHER_TOKEN_PASSPHRASE, or token_identity in the profile", b.path)
	}
	if err := privatefile.Folder(b.dir); err != nil {
		return err
	}
	name := filepath.Join(b.dir, "probe")
	if err := errors.Join(privatefile.Write(name, make([]byte, room)), privatefile.Remove(name)); err != nil {
		return fmt.Errorf("the sign-in cannot be kept: %w", err)
	}
	if b.identityPath != "" {
		return b.readIdentity()
	}
	return b.readPassphrase(ctx)
}

func (b *fileBackend) readIdentity() error {
	data, err := privatefile.Read(b.identityPath)
	if err != nil {
		return fmt.Errorf("the age identity of token_identity: %w", err)
	}
	ids, err := age.ParseIdentities(bytes.NewReader(data))
	if err != nil || len(ids) == 0 { // the cause could quote the file
		return fmt.Errorf("%s is no age identity file, or one with a passphrase; make one with age-keygen", b.identityPath)
	}
	switch id := ids[0].(type) {
	case *age.X25519Identity:
		b.recipient = id.Recipient()
	case *age.HybridIdentity:
		b.recipient = id.Recipient()
	default:
		return fmt.Errorf("%s begins with a kind of age identity that usher does not know; make one with age-keygen", b.identityPath)
	}
	b.key = &ids
	return nil
}

func (b *fileBackend) readPassphrase(ctx context.Context) error {
	_, err := os.Lstat(b.keyPath)
	p, err := b.ask(ctx, errors.Is(err, os.ErrNotExist))
	if err != nil {
		return fmt.Errorf("the passphrase of %s: %w", b.path, err)
	}
	if p == "" {
		return fmt.Errorf("the passphrase of %s is empty", b.path)
	}
	b.passphrase = &p
	return nil
}

// unlock opens the file's own key with the passphrase. Without one there is nothing to open: os.ErrNotExist.
func (b *fileBackend) unlock() error {
	if b.identityPath != "" {
		return nil // opened by the probe
	}
	sealed, err := privatefile.Read(b.keyPath)
	if err != nil {
		return err
	}
	if b.key != nil && bytes.Equal(sealed, b.sealed) {
		return nil
	}
	id, err := age.NewScryptIdentity(b.passphrase.Reveal())
	if err != nil {
		return fmt.Errorf("the passphrase of %s: %w", b.path, err)
	}
	id.SetMaxWorkFactor(22) // a file made to keep the machine busy for hours is refused
	text, err := decrypt(sealed, id)
	if err != nil {
		return &Locked{Path: b.keyPath, Key: "this passphrase"}
	}
	ids, err := age.ParseIdentities(bytes.NewReader(text))
	if err != nil || len(ids) != 1 {
		return &Locked{Path: b.keyPath, Key: "this passphrase"}
	}
	own, ok := ids[0].(*age.X25519Identity)
	if !ok {
		return &Locked{Path: b.keyPath, Key: "this passphrase"}
	}
	b.key, b.recipient, b.sealed = &ids, own.Recipient(), sealed
	return nil
}

// newKey makes the file's own key and seals it with the passphrase.
func (b *fileBackend) newKey() error {
	own, err := age.GenerateX25519Identity()
	if err != nil {
		return fmt.Errorf("make a key for %s: %w", b.path, err)
	}
	lid, err := age.NewScryptRecipient(b.passphrase.Reveal())
	if err != nil {
		return fmt.Errorf("the passphrase of %s: %w", b.path, err)
	}
	lid.SetWorkFactor(b.scrypt)
	sealed, err := encrypt([]byte(own.String()+"\n"), lid)
	if err != nil {
		return fmt.Errorf("seal the key of %s: %w", b.path, err)
	}
	if err := privatefile.Write(b.keyPath, sealed); err != nil {
		return err
	}
	b.key, b.recipient, b.sealed = &[]age.Identity{own}, own.Recipient(), sealed
	return nil
}

// errReplaced: another usher has put another file in the place of the one that was read.
var errReplaced = errors.New("the file was replaced while it was read")

// load reads without the lock: a file that another usher replaces meanwhile is read again.
func (b *fileBackend) load(context.Context) ([]byte, error) {
	for range mostReads {
		if data, err := b.read(); !errors.Is(err, errReplaced) {
			return data, err
		}
	}
	return nil, fmt.Errorf("read %s: %w", b.path, errReplaced)
}

func (b *fileBackend) read() ([]byte, error) {
	sealed, err := privatefile.Read(b.path)
	if errors.Is(err, os.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	switch err := b.unlock(); {
	case errors.Is(err, os.ErrNotExist):
		return nil, b.damaged(sealed) // its key is gone
	case err != nil:
		return nil, err
	}
	data, err := decrypt(sealed, *b.key...)
	var foreign *age.NoIdentityMatchError
	switch {
	case errors.As(err, &foreign) && b.identityPath != "":
		return nil, &Locked{Path: b.path, Key: "the identity " + b.identityPath}
	case err != nil:
		return nil, b.damaged(sealed)
	}
	if _, _, err := decode(data); err != nil {
		return nil, b.damaged(sealed)
	}
	return data, nil
}

// damaged moves the file aside, unless it is not what was read any more.
func (b *fileBackend) damaged(sealed []byte) error {
	now := b.now()
	if again, err := privatefile.Read(b.path); errors.Is(err, os.ErrNotExist) || err == nil && !bytes.Equal(again, sealed) {
		return errReplaced
	}
	aside, err := privatefile.Aside(b.path, now)
	if err != nil {
		return errors.Join(&Damaged{What: b.path}, err)
	}
	return &Damaged{What: b.path, Aside: aside}
}

// save writes the record. What does not open with the present key is moved aside, never overwritten.
func (b *fileBackend) save(_ context.Context, data []byte) error {
	err := b.unlock()
	if errors.As(err, new(*Locked)) {
		if _, err = privatefile.Aside(b.keyPath, b.now()); err == nil {
			err = os.ErrNotExist
		}
	}
	if errors.Is(err, os.ErrNotExist) {
		err = b.newKey()
	}
	if err != nil {
		return err
	}
	if old, err := privatefile.Read(b.path); err == nil {
		if _, err := decrypt(old, *b.key...); err != nil {
			if _, err := privatefile.Aside(b.path, b.now()); err != nil {
				return err
			}
		}
	}
	sealed, err := encrypt(data, b.recipient)
	if err != nil {
		return fmt.Errorf("encrypt %s: %w", b.path, err)
	}
	return privatefile.Write(b.path, sealed)
}

func (b *fileBackend) wipe(context.Context) error {
	return errors.Join(privatefile.Remove(b.path), privatefile.Remove(b.keyPath))
}

func encrypt(data []byte, to age.Recipient) ([]byte, error) {
	var out bytes.Buffer
	w, err := age.Encrypt(&out, to)
	if err != nil {
		return nil, err
	}
	if _, err := w.Write(data); err != nil {
		return nil, err
	}
	if err := w.Close(); err != nil {
		return nil, err
	}
	return out.Bytes(), nil
}

func decrypt(sealed []byte, with ...age.Identity) ([]byte, error) {
	r, err := age.Decrypt(bytes.NewReader(sealed), with...)
	if err != nil {
		return nil, err
	}
	return io.ReadAll(r)
}

// NewIdentity makes the text of an age identity file.
func NewIdentity() (signin.Secret, error) {
	id, err := age.GenerateX25519Identity()
	if err != nil {
		return "", fmt.Errorf("make an age identity: %w", err)
	}
	return signin.Secret(id.String()), nil
}
