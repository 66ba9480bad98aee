package signin

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/jwt"
)

// Why a token does not count.
var (
	ErrSignature    = errors.New("the token's signature is not by the tenant's keys")
	ErrIssuer       = errors.New("the token is of another issuer")
	ErrAudience     = errors.New("the token is for another API")
	ErrExpiredToken = errors.New("the token has expired")
	ErrClock        = errors.New("the token is from the future: this machine's clock is behind, or the token is forged")
	ErrKeys         = errors.New("the tenant's signing keys cannot be read")
)

const (
	// keysKept is how long the tenant's keys are used before they are read again.
	keysKept = 10 * time.Minute
	// refetchEvery bounds how often an unknown key id makes the keys be read again.
	refetchEvery = time.Minute
	// maxToken is the longest token looked at.
	maxToken = 64 << 10
)

// VerifierConfig is whose tokens count, and for what.
type VerifierConfig struct {
	Issuer, Audience string
	HTTP             *http.Client
	Now              func() time.Time
	Skew             time.Duration // how far two clocks may differ
}

// Verifier checks tokens against the tenant's published keys. It is safe for concurrent use.
type Verifier struct {
	cfg VerifierConfig

	mu    sync.Mutex
	keys  jose.JSONWebKeySet
	read  time.Time // when the keys were read
	tried time.Time // when reading them was last tried for an unknown key id
}

// NewVerifier makes a verifier. It reads the keys at the first token.
func NewVerifier(cfg VerifierConfig) *Verifier {
	if cfg.HTTP == nil {
		cfg.HTTP = defaultHTTP()
	}
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	return &Verifier{cfg: cfg}
}

// Verify checks an access token for usher's API and says whose it is.
func (v *Verifier) Verify(ctx context.Context, token string) (Operator, error) {
	op, err := v.verify(ctx, token, v.cfg.Audience)
	if err != nil {
		return Operator{}, err
	}
	return op, nil
}

type claims struct {
	jwt.Claims
	Email       string           `json:"email"`
	Name        string           `json:"name"`
	Permissions []string         `json:"permissions"`
	AuthTime    *jwt.NumericDate `json:"auth_time"`
}

// verify checks a token for an audience. Beside [ErrExpiredToken] it still says whose the token was.
func (v *Verifier) verify(ctx context.Context, token, audience string) (Operator, error) {
	if len(token) > maxToken {
		return Operator{}, fmt.Errorf("%w: it is %d bytes long", ErrSignature, len(token))
	}
	// The algorithms are pinned: neither "none" nor a MAC under a public key gets past the parser.
	parsed, err := jwt.ParseSigned(token, []jose.SignatureAlgorithm{jose.RS256, jose.PS256})
	if err != nil || len(parsed.Headers) != 1 {
		return Operator{}, ErrSignature
	}
	key, err := v.key(ctx, parsed.Headers[0].KeyID)
	if err != nil {
		return Operator{}, err
	}
	var c claims
	if err := parsed.Claims(key, &c); err != nil {
		return Operator{}, ErrSignature
	}
	now, skew := v.cfg.Now(), v.cfg.Skew
	switch {
	case c.Issuer != v.cfg.Issuer:
		return Operator{}, ErrIssuer
	case !c.Audience.Contains(audience):
		return Operator{}, ErrAudience
	case c.Expiry == nil:
		return Operator{}, ErrExpiredToken
	case c.NotBefore != nil && now.Add(skew).Before(c.NotBefore.Time()), c.IssuedAt != nil && now.Add(skew).Before(c.IssuedAt.Time()):
		return Operator{}, ErrClock
	case c.Subject == "":
		return Operator{}, fmt.Errorf("%w: it names nobody", ErrSignature)
	}
	op := Operator{Subject: c.Subject, Email: c.Email, Name: c.Name, Permissions: c.Permissions, ExpiresAt: c.Expiry.Time()}
	if c.AuthTime != nil {
		op.AuthTime = c.AuthTime.Time()
	}
	if !now.Add(-skew).Before(op.ExpiresAt) {
		return op, ErrExpiredToken
	}
	return op, nil
}

// key finds a signing key, reading the tenant's keys when they are old or the id is new.
func (v *Verifier) key(ctx context.Context, id string) (any, error) {
	v.mu.Lock()
	defer v.mu.Unlock()
	now := v.cfg.Now()
	found := v.keys.Key(id)
	fresh := !v.read.IsZero() && now.Sub(v.read) < keysKept
	if len(found) == 0 && fresh && now.Sub(v.tried) < refetchEvery {
		return nil, ErrSignature
	}
	if len(found) == 0 || !fresh && now.Sub(v.tried) >= refetchEvery {
		v.tried = now
		keys, err := v.fetch(ctx)
		switch {
		case err == nil:
			v.keys, v.read = keys, now
			found = keys.Key(id)
		case len(found) == 0:
			return nil, err
		}
	}
	if len(found) == 0 {
		return nil, ErrSignature
	}
	return found[0].Key, nil
}

func (v *Verifier) fetch(ctx context.Context) (jose.JSONWebKeySet, error) {
	var set jose.JSONWebKeySet
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, strings.TrimSuffix(v.cfg.Issuer, "/")+"/.well-known/jwks.json", nil)
	if err != nil {
		return set, fmt.Errorf("%w: %w", ErrKeys, err)
	}
	res, err := v.cfg.HTTP.Do(req)
	if err != nil {
		return set, fmt.Errorf("%w: %w", ErrKeys, err)
	}
	defer res.Body.Close() //nolint:errcheck // read already
	if res.StatusCode != http.StatusOK {
		return set, fmt.Errorf("%w: HTTP %s", ErrKeys, strconv.Itoa(res.StatusCode))
	}
	if err := json.NewDecoder(io.LimitReader(res.Body, 1<<20)).Decode(&set); err != nil {
		return set, fmt.Errorf("%w: %w", ErrKeys, err)
	}
	return set, nil
}
