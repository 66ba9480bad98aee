package signin

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"sync"
	"time"
)

// M2MConfig is the gateway's own credential.
type M2MConfig struct {
	TokenURL     string
	ClientID     string
	ClientSecret Secret
	Audience     string
	HTTP         *http.Client
	Now          func() time.Time
}

// M2M fetches machine-to-machine tokens: one fetch at a time, kept in memory until shortly before expiry, nowhere else.
type M2M struct {
	cfg M2MConfig

	mu     sync.Mutex
	secret *Secret // pointers: fmt prints unexported fields without asking their methods, but no pointer within a struct
	token  *Secret
	until  time.Time
}

// NewM2M makes a token source. It sends nothing.
func NewM2M(cfg M2MConfig) *M2M {
	if cfg.HTTP == nil {
		cfg.HTTP = defaultHTTP()
	}
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	secret := cfg.ClientSecret
	cfg.ClientSecret = ""
	return &M2M{cfg: cfg, secret: &secret}
}

// Token gives a token for the Management API.
func (m *M2M) Token(ctx context.Context) (string, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.token != nil && m.cfg.Now().Add(early).Before(m.until) {
		return m.token.Reveal(), nil
	}
	form := url.Values{
		"grant_type": {"client_credentials"}, "audience": {m.cfg.Audience},
		"client_id": {m.cfg.ClientID}, "client_secret": {m.secret.Reveal()},
	}
	var t tokenAnswer
	if _, err := post(ctx, m.cfg.HTTP, m.cfg.TokenURL, form, &t); err != nil {
		return "", fmt.Errorf("get the gateway's own token: %w", err)
	}
	if t.AccessToken == "" {
		return "", errors.New("get the gateway's own token: the answer has none")
	}
	m.token, m.until = (*Secret)(&t.AccessToken), m.cfg.Now().Add(time.Duration(t.ExpiresIn)*time.Second)
	return t.AccessToken, nil
}

// Format implements fmt.Formatter: printing the source must not show its secret, which fmt would reach past its methods.
func (m *M2M) Format(f fmt.State, _ rune) { _, _ = f.Write([]byte("signin.M2M")) }

// Forget drops the kept token, so that the next call fetches a new one.
func (m *M2M) Forget() {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.token = nil
}
