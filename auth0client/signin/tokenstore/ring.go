package tokenstore

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/zalando/go-keyring"

	"usher/auth0client/signin/privatefile"
)

// Ring is a keyring. Get gives ErrNotFound where there is no entry.
type Ring interface {
	Get(service, account string) (string, error)
	Set(service, account, secret string) error
	Delete(service, account string) error
}

// ErrNotFound: the keyring has no such entry.
var ErrNotFound = keyring.ErrNotFound

// service is under which name the keyring shows usher's entries.
const service = "usher"

const (
	// chunk is the longest entry: Windows takes 2,560 bytes, macOS some 3,000 with all names.
	chunk = 1800
	// maxChunks is far beyond any sign-in.
	maxChunks = 64
	// mostReads is how often what changes while it is read is read again.
	mostReads = 5
)

// systemRing is the keyring of the operating system.
type systemRing struct{}

func (systemRing) Get(service, account string) (string, error) { return keyring.Get(service, account) }
func (systemRing) Set(service, account, secret string) error {
	return keyring.Set(service, account, secret)
}
func (systemRing) Delete(service, account string) error { return keyring.Delete(service, account) }

// ringBackend keeps a record in pieces: first the pieces under a name made of their content, then the head that names
// them, then the old pieces go. A crash in between leaves the old record or the new one.
type ringBackend struct {
	ring    Ring
	account string
	dir     string
	timeout time.Duration
}

func newRing(o Options) *ringBackend {
	return &ringBackend{ring: o.Ring, account: o.Account, dir: o.Dir, timeout: o.Timeout}
}

type head struct {
	Version int    `json:"v"`
	Sum     string `json:"sum"` // SHA-256 of the record
	Chunks  int    `json:"chunks"`
}

func (h head) piece(account string, i int) string {
	return account + "#" + h.Sum[:min(16, len(h.Sum))] + "." + strconv.Itoa(i)
}

// within does a call that cannot be cancelled, for as long as patience lasts. A call that hangs is left behind.
func within[T any](ctx context.Context, timeout time.Duration, call func() (T, error)) (T, error) {
	type result struct {
		value T
		err   error
	}
	done := make(chan result, 1)
	go func() {
		v, err := call()
		done <- result{v, err}
	}()
	timer := time.NewTimer(timeout)
	defer timer.Stop()
	var none T
	select {
	case r := <-done:
		return r.value, r.err
	case <-ctx.Done():
		return none, ctx.Err()
	case <-timer.C:
		return none, fmt.Errorf("the keyring did not answer within %s: it may be waiting to be unlocked", timeout)
	}
}

func (r *ringBackend) get(ctx context.Context, account string) (string, error) {
	return within(ctx, r.timeout, func() (string, error) { return r.ring.Get(service, account) })
}

func (r *ringBackend) set(ctx context.Context, account, secret string) error {
	_, err := within(ctx, r.timeout, func() (struct{}, error) { return struct{}{}, r.ring.Set(service, account, secret) })
	return err
}

func (r *ringBackend) remove(ctx context.Context, account string) error {
	_, err := within(ctx, r.timeout, func() (struct{}, error) { return struct{}{}, r.ring.Delete(service, account) })
	if errors.Is(err, ErrNotFound) {
		return nil
	}
	return err
}

// probe writes, reads and removes an entry, all three within one timeout.
func (r *ringBackend) probe(ctx context.Context) error {
	_, err := within(ctx, r.timeout, func() (struct{}, error) {
		const text = "usher looks whether this keyring works"
		name := r.account + "#probe-" + rand.Text() // its own: another usher may be starting
		if err := r.ring.Set(service, name, text); err != nil {
			return struct{}{}, err
		}
		got, err := r.ring.Get(service, name)
		if err == nil && got != text {
			err = errors.New("it gave back something else than it was given")
		}
		return struct{}{}, errors.Join(err, r.ring.Delete(service, name))
	})
	if err != nil {
		return fmt.Errorf("the keyring cannot be used: %w", err)
	}
	// Without the lock two ushers would use one refresh token twice.
	if err := privatefile.Folder(r.dir); err != nil {
		return fmt.Errorf("the sign-in's lock has no place: %w", err)
	}
	return nil
}

func (r *ringBackend) damaged() error {
	return &Damaged{What: "the keyring's entry " + service + " " + r.account}
}

// head gives the zero head where nothing is kept.
func (r *ringBackend) head(ctx context.Context) (head, error) {
	text, err := r.get(ctx, r.account)
	if errors.Is(err, ErrNotFound) {
		return head{}, nil
	}
	if err != nil {
		return head{}, fmt.Errorf("read the keyring: %w", err)
	}
	var h head
	if err := json.Unmarshal([]byte(text), &h); err != nil || h.Version != 1 || len(h.Sum) != 2*sha256.Size || h.Chunks < 1 || h.Chunks > maxChunks {
		return head{}, r.damaged()
	}
	return h, nil
}

// load reads without the lock: a record that another usher replaces meanwhile is read again.
func (r *ringBackend) load(ctx context.Context) ([]byte, error) {
	h, err := r.head(ctx)
	for range mostReads {
		if err != nil || h.Chunks == 0 {
			return nil, err
		}
		data, broken := r.gather(ctx, h)
		if !errors.As(broken, new(*Damaged)) {
			return data, broken
		}
		was := h
		if h, err = r.head(ctx); err == nil && h == was {
			break
		}
	}
	return nil, r.damaged()
}

// gather puts a record together.
func (r *ringBackend) gather(ctx context.Context, h head) ([]byte, error) {
	var data []byte
	for i := range h.Chunks {
		piece, err := r.get(ctx, h.piece(r.account, i))
		if errors.Is(err, ErrNotFound) {
			return nil, r.damaged()
		}
		if err != nil {
			return nil, fmt.Errorf("read the keyring: %w", err)
		}
		data = append(data, piece...)
	}
	if sum(data) != h.Sum {
		return nil, r.damaged()
	}
	return data, nil
}

func (r *ringBackend) save(ctx context.Context, data []byte) error {
	old, err := r.head(ctx)
	if err != nil && !errors.As(err, new(*Damaged)) {
		return err
	}
	h := head{Version: 1, Sum: sum(data), Chunks: (len(data) + chunk - 1) / chunk}
	if h.Chunks > maxChunks {
		return fmt.Errorf("the sign-in is %d bytes long, too much for a keyring; choose USHER_TOKEN_STORE=file", len(data))
	}
	for i := range h.Chunks {
		piece := data[i*chunk : min((i+1)*chunk, len(data))]
		if err := r.set(ctx, h.piece(r.account, i), string(piece)); err != nil {
			return fmt.Errorf("write to the keyring: %w", err)
		}
	}
	text, err := json.Marshal(h)
	if err != nil {
		return fmt.Errorf("write to the keyring: %w", err)
	}
	if err := r.set(ctx, r.account, string(text)); err != nil {
		return fmt.Errorf("write to the keyring: %w", err)
	}
	if old.Sum == h.Sum {
		return nil
	}
	return r.drop(ctx, old)
}

// drop removes the pieces of an old record.
func (r *ringBackend) drop(ctx context.Context, h head) error {
	for i := range h.Chunks {
		if err := r.remove(ctx, h.piece(r.account, i)); err != nil {
			return fmt.Errorf("remove the old sign-in from the keyring: %w", err)
		}
	}
	return nil
}

func (r *ringBackend) wipe(ctx context.Context) error {
	h, err := r.head(ctx)
	if err != nil && !errors.As(err, new(*Damaged)) {
		return err
	}
	if err := r.remove(ctx, r.account); err != nil {
		return fmt.Errorf("remove the sign-in from the keyring: %w", err)
	}
	return r.drop(ctx, h)
}

func sum(data []byte) string {
	s := sha256.Sum256(data)
	return hex.EncodeToString(s[:])
}
