package signin

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/jwt"
)

// Why a token does not count.
var (
	ErrSignature    = errors.New("the token's signature is not by the tenant's keys")
	ErrTooLarge     = errors.New("the token is longer than any that Auth0 makes")
	ErrIssuer       = errors.New("the token is of another issuer")
	ErrAudience     = errors.New("the token is for another API")
	ErrMachine      = errors.New("the token is an application's own, not a person's")
	ErrExpiredToken = errors.New("the token has expired")
	ErrClock        = errors.New("this machine's clock does not agree with Auth0's")
)

// maxToken is the longest token looked at, in bytes.
const maxToken = 64 << 10

// VerifierConfig is whose tokens count, and for what.
type VerifierConfig struct {
	Issuer, Audience string
	HTTP             *http.Client
	Now              func() time.Time
	Skew             time.Duration // how far two clocks may differ
	Keys             *Keys         // shared with others; nil: its own
}

// Verifier checks tokens against the tenant's published keys. It is safe for concurrent use.
type Verifier struct {
	cfg  VerifierConfig
	keys *Keys
	own  bool
}

// NewVerifier makes a verifier. It reads the keys at the first token.
func NewVerifier(cfg VerifierConfig) *Verifier {
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	v := &Verifier{cfg: cfg, keys: cfg.Keys}
	if v.keys == nil {
		v.keys, v.own = NewKeys(KeysConfig{Issuer: cfg.Issuer, HTTP: cfg.HTTP, Now: cfg.Now}), true
	}
	return v
}

// Close ends what the verifier does in the background.
func (v *Verifier) Close() {
	if v.own {
		v.keys.Close()
	}
}

// Verify checks an access token for usher's API and says whose it is.
func (v *Verifier) Verify(ctx context.Context, token string) (Operator, error) {
	got, err := v.verify(ctx, token, v.cfg.Audience)
	if err != nil {
		return Operator{}, err
	}
	return got.Operator, nil
}

type claims struct {
	jwt.Claims
	Email       string           `json:"email"`
	Name        string           `json:"name"`
	Permissions []string         `json:"permissions"`
	Scope       string           `json:"scope"`
	AuthTime    *jwt.NumericDate `json:"auth_time"`
	Grant       string           `json:"gty"` // how Auth0 gave the token: "client-credentials" for an application of its own
	// Auth0 puts auth_time into id tokens only, and lets no Action set it: usher's own (see usher setup) says it under this name.
	ActionTime *jwt.NumericDate `json:"urn:usher:auth_time"`
}

// verified is what a token that counts says.
type verified struct {
	Operator
	issued time.Time
	scopes []string
}

// verify checks a token for an audience. Beside [ErrExpiredToken] it still says whose the token was.
func (v *Verifier) verify(ctx context.Context, token, audience string) (verified, error) {
	if len(token) > maxToken {
		return verified{}, fmt.Errorf("%w: %d bytes", ErrTooLarge, len(token))
	}
	// The algorithms are pinned: neither "none" nor a MAC under a public key gets past the parser, nor does a token
	// that is encrypted or signed several times.
	parsed, err := jwt.ParseSigned(token, []jose.SignatureAlgorithm{jose.RS256, jose.PS256})
	if err != nil || len(parsed.Headers) != 1 {
		return verified{}, ErrSignature
	}
	key, err := v.keys.find(ctx, parsed.Headers[0].KeyID)
	if err != nil {
		return verified{}, err
	}
	var c claims
	if err := parsed.Claims(key, &c); err != nil {
		return verified{}, ErrSignature
	}
	return v.judge(c, audience)
}

// judge looks at the claims of a token whose signature is good.
func (v *Verifier) judge(c claims, audience string) (verified, error) {
	now, skew := v.cfg.Now(), v.cfg.Skew
	switch {
	case c.Issuer != v.cfg.Issuer:
		return verified{}, ErrIssuer
	case !c.Audience.Contains(audience):
		return verified{}, ErrAudience
	case c.Expiry == nil:
		return verified{}, fmt.Errorf("%w: it has no end at all", ErrExpiredToken)
	case c.Subject == "":
		return verified{}, fmt.Errorf("%w: it names nobody", ErrSignature)
	case c.Grant == "client-credentials", strings.HasSuffix(c.Subject, "@clients"):
		return verified{}, ErrMachine // an application could be granted usher's permissions; nobody would answer for what it does
	}
	for _, at := range []*jwt.NumericDate{c.IssuedAt, c.NotBefore} {
		if at != nil && now.Add(skew).Before(at.Time()) {
			return verified{}, fmt.Errorf("%w: the token is from %s in the future, so the clock is behind, or the token is forged; set the clock",
				ErrClock, at.Time().Sub(now).Round(time.Second))
		}
	}
	got := verified{Operator: Operator{Subject: c.Subject, Email: c.Email, Name: c.Name, Permissions: c.Permissions, ExpiresAt: c.Expiry.Time()}}
	got.scopes = strings.Fields(c.Scope)
	if at := cmp.Or(c.AuthTime, c.ActionTime); at != nil {
		got.AuthTime = at.Time()
	}
	if c.IssuedAt != nil {
		got.issued = c.IssuedAt.Time()
	}
	if !now.Add(-skew).Before(got.ExpiresAt) {
		return got, ErrExpiredToken
	}
	return got, nil
}
