package auth0client

import (
	"fmt"
	"log/slog"
)

// Secret is a link, a recovery code or a password: shown once to the operator, and to nobody by accident. Every way of
// printing it gives "[redacted]".
type Secret struct{ value *string }

// NewSecret keeps s.
func NewSecret(s string) Secret { return Secret{&s} }

// Reveal gives the secret itself, as the tenant gave it: make it fit for a terminal before it is shown.
func (s Secret) Reveal() string {
	if s.value == nil {
		return ""
	}
	return *s.value
}

// IsEmpty reports whether there is none.
func (s Secret) IsEmpty() bool { return s.Reveal() == "" }

// String implements fmt.Stringer.
func (s Secret) String() string { return "[redacted]" }

// Format implements fmt.Formatter, so that no verb shows the secret.
func (s Secret) Format(f fmt.State, _ rune) { _, _ = f.Write([]byte("[redacted]")) }

// MarshalJSON implements json.Marshaler.
func (s Secret) MarshalJSON() ([]byte, error) { return []byte(`"[redacted]"`), nil }

// LogValue implements slog.LogValuer.
func (s Secret) LogValue() slog.Value { return slog.StringValue("[redacted]") }
