package localtenant

import (
	"errors"
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
	idLife      = 10 * time.Hour
	refreshLife = 30 * 24 * time.Hour
)

// Token dialects of an API, in Auth0's words.
const (
	dialectPlain        = "access_token"
	dialectAuthz        = "access_token_authz"
	dialectRFC9068      = "rfc9068_profile"
	dialectRFC9068Authz = "rfc9068_profile_authz"
)

// claims are those of an access token.
type claims struct {
	jwt.Claims
	Scope       string   `json:"scope,omitempty"`
	AZP         string   `json:"azp,omitempty"`
	ClientID    string   `json:"client_id,omitempty"` // in the RFC 9068 dialects, instead of azp
	Grant       string   `json:"gty,omitempty"`
	Org         string   `json:"org_id,omitempty"`
	Permissions []string `json:"permissions,omitempty"`
	// AuthTime is what the Action of `usher setup` puts into tokens for usher's API, since Auth0 says it in id tokens only.
	AuthTime *jwt.NumericDate `json:"urn:usher:auth_time,omitempty"`
}

type identityClaims struct {
	jwt.Claims
	SID           string           `json:"sid"`
	AuthTime      *jwt.NumericDate `json:"auth_time"`
	AMR           []string         `json:"amr,omitempty"`
	Nonce         string           `json:"nonce,omitempty"`
	Org           string           `json:"org_id,omitempty"`
	Email         string           `json:"email,omitempty"`
	EmailVerified *bool            `json:"email_verified,omitempty"`
	Name          string           `json:"name,omitempty"`
	Given         string           `json:"given_name,omitempty"`
	Family        string           `json:"family_name,omitempty"`
	Nickname      string           `json:"nickname,omitempty"`
	Picture       string           `json:"picture,omitempty"`
	UpdatedAt     string           `json:"updated_at,omitempty"`
}

// sign makes a token of claims. The tenant is locked, and its key was asked for before.
func (t *Tenant) sign(kind string, claims any) (string, error) {
	s, err := t.signer(kind)
	if err != nil {
		return "", fmt.Errorf("sign a token: %w", err)
	}
	return jwt.Signed(s).Claims(claims).Serialize()
}

// verify checks a token this tenant issued: signature, issuer, times, and that it was not revoked.
func (t *Tenant) verify(raw string) (claims, error) {
	var c claims
	if err := t.read(raw, &c); err != nil {
		return c, err
	}
	if err := c.ValidateWithLeeway(jwt.Expected{Issuer: t.Issuer(), Time: t.now()}, 0); err != nil {
		return c, fmt.Errorf("check the claims: %w", err)
	}
	t.mu.Lock()
	defer t.release()
	if f := t.families.at(familyOf(c.ID)); f.Revoked {
		return c, errors.New("the token was revoked")
	}
	return c, nil
}

// read takes a token's claims if one of the tenant's keys signed it.
func (t *Tenant) read(raw string, into any) error {
	if err := t.needKeys(keyCurrent); err != nil {
		return err
	}
	parsed, err := jwt.ParseSigned(raw, []jose.SignatureAlgorithm{jose.RS256})
	if err != nil {
		return fmt.Errorf("parse the token: %w", err)
	}
	t.mu.Lock()
	set, err := t.jwks()
	t.mu.Unlock()
	if err != nil {
		return err
	}
	if err := parsed.Claims(set, into); err != nil {
		return fmt.Errorf("check the signature: %w", err)
	}
	return nil
}

// bearer verifies the access token of a request. problem is what Auth0 says about a bad one.
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

// familyChars is the length of a family's id, with which the jti of its access tokens begin.
const familyChars = 14

func familyOf(jti string) string { return jti[:min(len(jti), familyChars)] }

// accessToken issues a token of a sign-in with some of its scopes. The tenant is locked.
func (t *Tenant) accessToken(f family, g grantedScopes) (raw string, life time.Duration, err error) {
	now, api := t.now(), t.api(f.Asked.Audience)
	life = api.life(t.opts.TokenLife)
	c := claims{Claims: jwt.Claims{Issuer: t.Issuer(), Subject: f.Who.UserID, IssuedAt: jwt.NewNumericDate(now),
		Expiry: jwt.NewNumericDate(now.Add(life)), ID: f.ID + secret(22-familyChars, alnum)},
		Scope: strings.Join(g.scopes, " "), Org: f.Asked.Org, Permissions: g.permissions}
	if api != nil {
		c.Audience = append(c.Audience, api.Identifier)
		if api.Identifier == UsherAudience {
			c.AuthTime = jwt.NewNumericDate(f.Who.At)
		}
	}
	if api == nil || slices.Contains(g.scopes, "openid") {
		c.Audience = append(c.Audience, t.Issuer()+"userinfo")
	}
	raw, err = t.sign(api.dress(&c, f.Asked.Client), c)
	return raw, life, err
}

// api is the API of an identifier, nil when there is none.
func (t *Tenant) api(identifier string) *resourceServer {
	if identifier == "" {
		return nil
	}
	return t.apis.find(func(a *resourceServer) bool { return a.Identifier == identifier })
}

func (t *Tenant) idToken(f family, nonce string) (string, error) {
	u, now := t.users.at(f.Who.UserID), t.now()
	c := identityClaims{Claims: jwt.Claims{Issuer: t.Issuer(), Subject: u.ID, Audience: jwt.Audience{f.Asked.Client},
		IssuedAt: jwt.NewNumericDate(now), Expiry: jwt.NewNumericDate(now.Add(idLife))},
		SID: f.Who.SID, AuthTime: jwt.NewNumericDate(f.Who.At), Nonce: nonce, Org: f.Asked.Org}
	if f.Who.MFA {
		c.AMR = []string{"mfa"}
	}
	if slices.Contains(f.Asked.Scopes, "email") {
		c.Email, c.EmailVerified = u.Email, u.EmailVerified
	}
	if slices.Contains(f.Asked.Scopes, "profile") {
		c.Name, c.Given, c.Family, c.Nickname, c.Picture, c.UpdatedAt = u.Name, u.Given, u.Family, u.Nickname, u.Picture, stamp(u.Updated)
	}
	return t.sign("JWT", c)
}

// RevokeTokens ends every sign-in of a person: access tokens are refused by the tenant, refresh tokens are dead.
func (t *Tenant) RevokeTokens() {
	t.mu.Lock()
	defer t.release()
	t.revokeFamilies(func(family) bool { return true })
}

func (t *Tenant) revokeFamilies(which func(family) bool) (n int) {
	for _, f := range t.families.list() {
		if which(f) && !f.Revoked {
			t.killFamily(f, true)
			n++
		}
	}
	return n
}

// endFamilies kills a user's refresh tokens, all or those of one session. Access tokens live until they expire.
func (t *Tenant) endFamilies(userID, sid string) {
	for _, f := range t.families.list() {
		if f.Who.UserID == userID && (sid == "" || f.Who.SID == sid) && !f.Dead {
			t.killFamily(f, false)
		}
	}
}

// killFamily ends a sign-in: its refresh tokens are gone, its access tokens too when they are to be revoked.
func (t *Tenant) killFamily(f family, revoke bool) {
	f.Dead, f.Revoked = true, f.Revoked || revoke
	t.families.set(f.ID, f)
	rows := t.grants.at(f.Who.UserID)
	if i := slices.IndexFunc(rows, func(r *refreshRow) bool { return r.ID == f.ID }); i >= 0 {
		t.grants.set(f.Who.UserID, slices.Delete(slices.Clone(rows), i, i+1))
	}
}
