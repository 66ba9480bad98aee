package localtenant

import (
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/jwt"
)

const (
	accessLife  = 24 * time.Hour
	refreshLife = 30 * 24 * time.Hour
)

// claims are those of an access token.
type claims struct {
	jwt.Claims
	Scope       string   `json:"scope,omitempty"`
	AZP         string   `json:"azp,omitempty"`
	Grant       string   `json:"gty,omitempty"`
	Permissions []string `json:"permissions,omitempty"`
}

// family is one sign-in: every refresh token rotated from it, and the access tokens it gave.
type family struct {
	userID, clientID, audience string
	scopes                     []string
	sid, nonce                 string
	authTime                   time.Time
	absolute                   time.Time
	dead                       bool // no refresh any more
	revoked                    bool // access tokens refused as well
}

type refreshToken struct {
	f       *family
	next    *refreshToken // what it was rotated into
	rotated time.Time
	expires time.Time
}

func (t *Tenant) signer() (jose.Signer, error) {
	key, err := t.key()
	if err != nil {
		return nil, fmt.Errorf("make the signing key: %w", err)
	}
	return jose.NewSigner(jose.SigningKey{Algorithm: jose.RS256, Key: jose.JSONWebKey{Key: key, KeyID: t.keyID(), Algorithm: "RS256"}},
		(&jose.SignerOptions{}).WithType("JWT"))
}

// keyID is the same for every token of a tenant and different between two.
func (t *Tenant) keyID() string {
	key, err := t.key()
	if err != nil {
		return ""
	}
	sum := sha256.Sum256(key.N.Bytes())
	return base64.RawURLEncoding.EncodeToString(sum[:15])
}

func (t *Tenant) jwks() (jose.JSONWebKeySet, error) {
	key, err := t.key()
	if err != nil {
		return jose.JSONWebKeySet{}, fmt.Errorf("make the signing key: %w", err)
	}
	return jose.JSONWebKeySet{Keys: []jose.JSONWebKey{{Key: &key.PublicKey, KeyID: t.keyID(), Algorithm: "RS256", Use: "sig"}}}, nil
}

func (t *Tenant) sign(v ...any) (string, error) {
	s, err := t.signer()
	if err != nil {
		return "", err
	}
	b := jwt.Signed(s)
	for _, c := range v {
		b = b.Claims(c)
	}
	return b.Serialize()
}

// verify checks a token this tenant issued: signature, issuer, times, and that it was not revoked.
func (t *Tenant) verify(raw string) (claims, error) {
	var c claims
	set, err := t.jwks()
	if err != nil {
		return c, err
	}
	parsed, err := jwt.ParseSigned(raw, []jose.SignatureAlgorithm{jose.RS256})
	if err != nil {
		return c, fmt.Errorf("parse the token: %w", err)
	}
	if err := parsed.Claims(set, &c); err != nil {
		return c, fmt.Errorf("check the signature: %w", err)
	}
	if err := c.ValidateWithLeeway(jwt.Expected{Issuer: t.Issuer(), Time: t.now()}, 0); err != nil {
		return c, fmt.Errorf("check the claims: %w", err)
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	if f := t.issued[c.ID]; f != nil && f.revoked {
		return c, fmt.Errorf("the token was revoked")
	}
	return c, nil
}

// bearer reads the caller of an API request; problem is empty when there is one.
func (t *Tenant) bearer(r *http.Request) (who claims, problem string) {
	kind, raw, found := strings.Cut(r.Header.Get("Authorization"), " ")
	if !found || !strings.EqualFold(kind, "bearer") || raw == "" {
		return who, "Missing authentication"
	}
	who, err := t.verify(strings.TrimSpace(raw))
	switch {
	case err == nil:
		return who, ""
	case strings.Contains(err.Error(), "expired"):
		return who, "Expired token received for JSON Web Token validation"
	case strings.Contains(err.Error(), "signature"):
		return who, "Invalid signature received for JSON Web Token validation"
	}
	return who, "Invalid token"
}

// accessToken issues a token for f's audience with the scopes that person may have there. The tenant is locked.
func (t *Tenant) accessToken(f *family) (raw, scope string, err error) {
	scopes, permissions := t.granted(f)
	now := t.now()
	c := claims{Claims: jwt.Claims{
		Issuer: t.Issuer(), Subject: f.userID, IssuedAt: jwt.NewNumericDate(now),
		Expiry: jwt.NewNumericDate(now.Add(t.opts.TokenLife)), ID: secret(22, alnum),
	}, AZP: f.clientID, Permissions: permissions}
	if f.audience != "" {
		c.Audience = append(c.Audience, f.audience)
	}
	if slices.Contains(scopes, "openid") {
		c.Audience = append(c.Audience, t.Issuer()+"userinfo")
	}
	c.Scope = strings.Join(scopes, " ")
	raw, err = t.sign(c)
	if err == nil {
		t.issued[c.ID] = f
	}
	return raw, c.Scope, err
}

// granted narrows what f asked for: OpenID scopes as asked, API scopes as RBAC allows, and for the Management API only
// those about oneself, whoever asks.
func (t *Tenant) granted(f *family) (scopes, permissions []string) {
	for _, s := range f.scopes {
		if slices.Contains([]string{"openid", "profile", "email", "phone", "address", "offline_access"}, s) {
			scopes = append(scopes, s)
		}
	}
	if f.audience == t.ManagementAudience() {
		for _, s := range f.scopes {
			if strings.Contains(s, ":current_user") && slices.Contains(managementScopes(), s) {
				scopes = append(scopes, s)
			}
		}
		return scopes, nil
	}
	permissions = t.permissionsFor(f.userID, f.audience)
	for _, s := range f.scopes {
		if slices.Contains(permissions, s) {
			scopes = append(scopes, s)
		}
	}
	return scopes, permissions
}

// permissionsFor is what a user holds on one API, directly and through roles, sorted.
func (t *Tenant) permissionsFor(userID, api string) []string {
	out := []string{}
	for _, p := range t.userPerms.at(userID) {
		if p.API == api {
			out = append(out, p.Name)
		}
	}
	for _, id := range t.userRoles.at(userID) {
		for _, p := range t.roles.at(id).Permissions {
			if p.API == api {
				out = append(out, p.Name)
			}
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}

type identityClaims struct {
	jwt.Claims
	SID           string           `json:"sid"`
	AuthTime      *jwt.NumericDate `json:"auth_time"`
	Nonce         string           `json:"nonce,omitempty"`
	Email         string           `json:"email,omitempty"`
	EmailVerified *bool            `json:"email_verified,omitempty"`
	Name          string           `json:"name,omitempty"`
	Nickname      string           `json:"nickname,omitempty"`
	Picture       string           `json:"picture,omitempty"`
	UpdatedAt     string           `json:"updated_at,omitempty"`
}

func (t *Tenant) idToken(f *family) (string, error) {
	u := t.users.at(f.userID)
	now := t.now()
	c := identityClaims{Claims: jwt.Claims{
		Issuer: t.Issuer(), Subject: f.userID, Audience: jwt.Audience{f.clientID}, IssuedAt: jwt.NewNumericDate(now),
		Expiry: jwt.NewNumericDate(now.Add(10 * time.Hour)),
	}, SID: f.sid, AuthTime: jwt.NewNumericDate(f.authTime), Nonce: f.nonce}
	if slices.Contains(f.scopes, "email") {
		c.Email, c.EmailVerified = u.Email, u.EmailVerified
	}
	if slices.Contains(f.scopes, "profile") {
		c.Name, c.Nickname, c.Picture, c.UpdatedAt = u.Name, u.Nickname, u.Picture, stamp(u.Updated)
	}
	return t.sign(c)
}

// RevokeTokens ends every operator's sign-in: access tokens are refused by the tenant, refresh tokens are dead.
func (t *Tenant) RevokeTokens() {
	t.mu.Lock()
	defer t.mu.Unlock()
	for _, f := range t.families {
		f.dead, f.revoked = true, true
	}
}
