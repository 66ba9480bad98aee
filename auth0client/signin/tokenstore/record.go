package tokenstore

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"usher/auth0client/signin"
)

// Damaged: what was kept cannot be read. Nothing of it is lost: a file is moved aside.
type Damaged struct {
	What  string // its path, or its name in the keyring
	Aside string // where the file is now
}

func (e *Damaged) Error() string {
	s := "the sign-in kept in " + e.What + " is damaged"
	if e.Aside != "" {
		s += " and was moved to " + e.Aside
	}
	return s + "; sign in again"
}

// Is makes every damage a [signin.ErrDamaged].
func (e *Damaged) Is(target error) bool { return target == signin.ErrDamaged }

// Locked: the encrypted file does not open. It stays where it is until somebody signs in anew.
type Locked struct{ Path, Key string }

func (e *Locked) Error() string {
	return fmt.Sprintf("%s does not open with %s: it is another one's, or the file is damaged; sign in again, or give the right one", e.Path, e.Key)
}

// Is makes a file that does not open a [signin.ErrDamaged]: for this run there is nothing in it.
func (e *Locked) Is(target error) bool { return target == signin.ErrDamaged }

// record is a sign-in as it is kept, in the clear only within a keyring's entry or age's encryption.
type record struct {
	Version int       `json:"v"`
	Account string    `json:"account"`
	Access  string    `json:"access"`
	Refresh string    `json:"refresh"`
	ID      string    `json:"id"`
	Expires time.Time `json:"expires"`
}

func encode(t signin.Tokens, account string) ([]byte, error) {
	data, err := json.Marshal(record{
		Version: 1, Account: account, Access: t.Access.Reveal(), Refresh: t.Refresh.Reveal(), ID: t.ID.Reveal(), Expires: t.ExpiresAt,
	})
	if err != nil {
		return nil, errors.New("the sign-in cannot be written down") // the cause could quote it
	}
	return data, nil
}

func decode(data []byte) (signin.Tokens, string, error) {
	var r record
	if err := json.Unmarshal(data, &r); err != nil || r.Version != 1 {
		return signin.Tokens{}, "", signin.ErrDamaged
	}
	return signin.Tokens{
		Access: signin.Secret(r.Access), Refresh: signin.Secret(r.Refresh), ID: signin.Secret(r.ID), ExpiresAt: r.Expires,
	}, r.Account, nil
}

// memoryBackend keeps the record for as long as the process runs.
type memoryBackend struct{ data *[]byte }

func (m *memoryBackend) probe(context.Context) error { return nil }

func (m *memoryBackend) load(context.Context) ([]byte, error) {
	if m.data == nil {
		return nil, nil
	}
	return *m.data, nil
}

func (m *memoryBackend) save(_ context.Context, data []byte) error { m.data = &data; return nil }

func (m *memoryBackend) wipe(context.Context) error { m.data = nil; return nil }
