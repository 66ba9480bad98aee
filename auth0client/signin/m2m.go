package signin

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"sync"
	"time"
)

// M2MConfig is the gateway's own credential: a secret or a key.
type M2MConfig struct {
	TokenURL     string
	ClientID     string
	ClientSecret Secret
	Key          *SigningKey // private_key_jwt instead of the secret
	Issuer       string      // whom the key's assertion is for; default: the token address's host, with its slash
	Audience     string
	HTTP         *http.Client
	Now          func() time.Time
	Random       func() string // at least 128 bits of text; default crypto/rand
}

// M2M fetches machine-to-machine tokens: one fetch at a time, kept in memory until shortly before expiry, nowhere else.
type M2M struct {
	cfg      M2MConfig
	fetching flight

	mu     sync.Mutex
	secret *Secret // pointers: fmt prints unexported fields without asking their methods, but no pointer within a struct
	token  *Secret
	until  time.Time
}

// NewM2M makes a token source. It sends nothing.
func NewM2M(cfg M2MConfig) *M2M {
	cfg.HTTP = noRedirects(cfg.HTTP)
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	if cfg.Random == nil {
		cfg.Random = rand.Text
	}
	if u, err := url.Parse(cfg.TokenURL); cfg.Issuer == "" && err == nil {
		cfg.Issuer = (&url.URL{Scheme: u.Scheme, Host: u.Host, Path: "/"}).String()
	}
	secret := cfg.ClientSecret
	cfg.ClientSecret = ""
	return &M2M{cfg: cfg, secret: &secret, fetching: newFlight()}
}

// Token gives a token for the Management API. Callers share one fetch, and each waits only as long as its own context
// lasts.
func (m *M2M) Token(ctx context.Context) (string, error) {
	if token, ok := m.current(); ok {
		return token, nil
	}
	if err := m.fetching.enter(ctx); err != nil {
		return "", fmt.Errorf("get the gateway's own token: %w", err)
	}
	defer m.fetching.leave()
	if token, ok := m.current(); ok {
		return token, nil // another caller fetched it
	}
	form := url.Values{"grant_type": {"client_credentials"}, "audience": {m.cfg.Audience}, "client_id": {m.cfg.ClientID}}
	if err := m.prove(form); err != nil {
		return "", fmt.Errorf("get the gateway's own token: %w", err)
	}
	var t tokenAnswer
	if _, err := post(ctx, m.cfg.HTTP, m.cfg.TokenURL, form, &t); err != nil {
		return "", fmt.Errorf("get the gateway's own token: %w", err)
	}
	if t.AccessToken == "" {
		return "", errors.New("get the gateway's own token: the answer has none")
	}
	life := time.Duration(t.ExpiresIn) * time.Second
	m.mu.Lock()
	defer m.mu.Unlock()
	m.token, m.until = (*Secret)(&t.AccessToken), m.cfg.Now().Add(life-min(early, life/4))
	return t.AccessToken, nil
}

func (m *M2M) current() (string, bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.token == nil || !m.cfg.Now().Before(m.until) {
		return "", false
	}
	return m.token.Reveal(), true
}

// prove adds the credential to a request.
func (m *M2M) prove(form url.Values) error {
	if m.cfg.Key == nil {
		form.Set("client_secret", m.secret.Reveal())
		return nil
	}
	assertion, err := m.cfg.Key.assertion(m.cfg.ClientID, m.cfg.Issuer, m.cfg.Random(), m.cfg.Now())
	if err != nil {
		return err
	}
	form.Set("client_assertion_type", "urn:ietf:params:oauth:client-assertion-type:jwt-bearer")
	form.Set("client_assertion", assertion)
	return nil
}

// Format implements fmt.Formatter: printing the source must not show its secret, which fmt would reach past its methods.
func (m *M2M) Format(f fmt.State, _ rune) { _, _ = f.Write([]byte("signin.M2M")) }

// Forget drops the kept token, so that the next call fetches a new one.
func (m *M2M) Forget() {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.token = nil
}
