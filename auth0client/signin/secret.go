package signin

import (
	"context"
	"fmt"
	"log/slog"
	"sync"
	"time"
)

// Secret is a string that does not show itself: every way of printing it gives "[redacted]".
type Secret string

const redacted = "[redacted]"

// Reveal gives the secret itself.
func (s Secret) Reveal() string { return string(s) }

// String implements fmt.Stringer.
func (s Secret) String() string { return redacted }

// GoString implements fmt.GoStringer.
func (s Secret) GoString() string { return redacted }

// Format implements fmt.Formatter, so that no verb shows the secret.
func (s Secret) Format(f fmt.State, _ rune) { _, _ = f.Write([]byte(redacted)) }

// MarshalJSON implements json.Marshaler.
func (s Secret) MarshalJSON() ([]byte, error) { return []byte(`"` + redacted + `"`), nil }

// MarshalText implements encoding.TextMarshaler.
func (s Secret) MarshalText() ([]byte, error) { return []byte(redacted), nil }

// LogValue implements slog.LogValuer.
func (s Secret) LogValue() slog.Value { return slog.StringValue(redacted) }

// Tokens is a sign-in as it is kept.
type Tokens struct {
	Access, Refresh, ID Secret
	ExpiresAt           time.Time
}

// Store keeps a sign-in between runs. Lock keeps other ushers from refreshing at the same time.
type Store interface {
	Load(ctx context.Context) (Tokens, error)
	Save(ctx context.Context, t Tokens) error
	Wipe(ctx context.Context) error
	Lock(ctx context.Context) (unlock func(), err error)
}

// MemoryStore keeps a sign-in for as long as the process runs.
func MemoryStore() Store { return &memory{tokens: &Tokens{}, turn: newFlight()} }

type memory struct {
	turn   flight
	mu     sync.Mutex
	tokens *Tokens // a pointer: fmt prints unexported fields without asking their methods, but no pointer within a struct
}

// Format implements fmt.Formatter: printing the store must not show its tokens.
func (m *memory) Format(f fmt.State, _ rune) { _, _ = f.Write([]byte("signin.MemoryStore")) }

func (m *memory) Load(context.Context) (Tokens, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return *m.tokens, nil
}

func (m *memory) Save(_ context.Context, t Tokens) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.tokens = &t
	return nil
}

func (m *memory) Wipe(ctx context.Context) error { return m.Save(ctx, Tokens{}) }

func (m *memory) Lock(ctx context.Context) (func(), error) {
	if err := m.turn.enter(ctx); err != nil {
		return nil, err
	}
	return m.turn.leave, nil
}
