package signin

import (
	"context"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/jwt"
)

func (s *authServer) verifier() *Verifier {
	v := NewVerifier(VerifierConfig{Issuer: s.issuer, Audience: audience, HTTP: s.Client(), Now: s.clock.Now, Skew: clockSkew})
	s.tb.Cleanup(v.Close)
	return v
}

func encode64(text string) string { return base64.RawURLEncoding.EncodeToString([]byte(text)) }

// encrypted wraps a token in one that only the tenant could open.
func encrypted(t *testing.T, key *rsa.PublicKey, token string) string {
	t.Helper()
	e, err := jose.NewEncrypter(jose.A128GCM, jose.Recipient{Algorithm: jose.RSA_OAEP, Key: key, KeyID: "k1"}, nil)
	if err != nil {
		t.Fatal(err)
	}
	box, err := e.Encrypt([]byte(token))
	if err != nil {
		t.Fatal(err)
	}
	text, err := box.CompactSerialize()
	if err != nil {
		t.Fatal(err)
	}
	return text
}

// nested signs a token as if it were claims.
func nested(t *testing.T, s *authServer, token string) string {
	t.Helper()
	signer, err := jose.NewSigner(jose.SigningKey{Algorithm: jose.RS256, Key: s.key}, (&jose.SignerOptions{}).WithHeader("kid", "k1").WithContentType("JWT"))
	if err != nil {
		t.Fatal(err)
	}
	signed, err := signer.Sign([]byte(token))
	if err != nil {
		t.Fatal(err)
	}
	text, err := signed.CompactSerialize()
	if err != nil {
		t.Fatal(err)
	}
	return text
}

func severalSignatures(t *testing.T, s *authServer, other *rsa.PrivateKey) string {
	t.Helper()
	signer, err := jose.NewMultiSigner([]jose.SigningKey{
		{Algorithm: jose.RS256, Key: jose.JSONWebKey{Key: s.key, KeyID: "k1"}}, {Algorithm: jose.RS256, Key: jose.JSONWebKey{Key: other, KeyID: "k1"}},
	}, nil)
	if err != nil {
		t.Fatal(err)
	}
	body, err := json.Marshal(s.claims(audience, nil))
	if err != nil {
		t.Fatal(err)
	}
	signed, err := signer.Sign(body)
	if err != nil {
		t.Fatal(err)
	}
	return signed.FullSerialize()
}

func withHeader(t *testing.T, s *authServer, name jose.HeaderKey, value any) string {
	t.Helper()
	signer, err := jose.NewSigner(jose.SigningKey{Algorithm: jose.RS256, Key: s.key}, (&jose.SignerOptions{}).WithHeader("kid", "k1").WithHeader(name, value))
	if err != nil {
		t.Fatal(err)
	}
	token, err := jwt.Signed(signer).Claims(s.claims(audience, nil)).Serialize()
	if err != nil {
		t.Fatal(err)
	}
	return token
}

func TestVerify(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	other, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	der, err := x509.MarshalPKIXPublicKey(&s.key.PublicKey)
	if err != nil {
		t.Fatal(err)
	}
	public := pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der})
	unsigned := func(header string) string {
		body, err := json.Marshal(s.claims(audience, nil))
		if err != nil {
			t.Fatal(err)
		}
		return encode64(header) + "." + encode64(string(body)) + "."
	}
	good := s.sign(t, audience, nil)
	parts := strings.Split(good, ".")
	forged, err := json.Marshal(s.claims(audience, map[string]any{"sub": "auth0|root"}))
	if err != nil {
		t.Fatal(err)
	}
	now := noon.Unix()
	for _, tc := range []struct {
		name, token string
		want        error
	}{
		{"a good token counts", good, nil},
		{"a token signed with PS256 counts", signWith(t, jose.PS256, s.key, "k1", s.claims(audience, nil)), nil},
		{"one of several audiences is enough", s.sign(t, audience, map[string]any{"aud": []string{"x", audience}}), nil},
		{"expired within the skew still counts", s.sign(t, audience, map[string]any{"exp": now - 29}), nil},
		{"expired", s.sign(t, audience, map[string]any{"exp": now - 30}), ErrExpiredToken},
		{"without an end", s.sign(t, audience, map[string]any{"exp": nil}), ErrExpiredToken},
		{"issued in the future", s.sign(t, audience, map[string]any{"iat": now + 31}), ErrClock},
		{"issued within the skew counts", s.sign(t, audience, map[string]any{"iat": now + 30}), nil},
		{"not valid yet", s.sign(t, audience, map[string]any{"nbf": now + 31}), ErrClock},
		{"for another API", s.sign(t, "https://other.example.com", nil), ErrAudience},
		{"an id token is not for the API", s.sign(t, clientID, nil), ErrAudience},
		{"an application's own", s.sign(t, audience, map[string]any{"sub": "abc@clients"}), ErrMachine},
		{"an application's own, by its grant", s.sign(t, audience, map[string]any{"gty": "client-credentials"}), ErrMachine},
		{"without an audience", s.sign(t, audience, map[string]any{"aud": nil}), ErrAudience},
		{"an issuer without its slash", s.sign(t, audience, map[string]any{"iss": strings.TrimSuffix(s.issuer, "/")}), ErrIssuer},
		{"of another issuer", s.sign(t, audience, map[string]any{"iss": "https://evil.example.com/"}), ErrIssuer},
		{"of nobody", s.sign(t, audience, map[string]any{"sub": nil}), ErrSignature},
		{"by another key under the same id", signWith(t, jose.RS256, other, "k1", s.claims(audience, nil)), ErrSignature},
		{"by an unknown key", signWith(t, jose.RS256, other, "k2", s.claims(audience, nil)), ErrSignature},
		{"changed after signing", parts[0] + "." + base64.RawURLEncoding.EncodeToString(forged) + "." + parts[2], ErrSignature},
		{"the algorithm none", unsigned(`{"alg":"none","kid":"k1"}`), ErrSignature},
		{"the algorithm None", unsigned(`{"alg":"None","kid":"k1"}`), ErrSignature},
		{"a signature that is empty", parts[0] + "." + parts[1] + ".", ErrSignature},
		{"a MAC with the public key as its secret", signWith(t, jose.HS256, public, "k1", s.claims(audience, nil)), ErrSignature},
		{"RS512 is not what the tenant signs with", signWith(t, jose.RS512, s.key, "k1", s.claims(audience, nil)), ErrSignature},
		{"beyond all size", good + strings.Repeat("A", maxToken), ErrTooLarge},
		{"a claim beyond all size", s.sign(t, audience, map[string]any{"name": strings.Repeat("A", maxToken)}), ErrTooLarge},
		{"one token within another", nested(t, s, good), ErrSignature},
		{"encrypted", encrypted(t, &s.key.PublicKey, good), ErrSignature},
		{"signed several times", severalSignatures(t, s, other), ErrSignature},
		{"with a demand nobody knows", withHeader(t, s, "crit", []string{"exp2"}), ErrSignature},
		{"with a key of its own", signWith(t, jose.RS256, other, "", s.claims(audience, nil)), ErrSignature},
		{"an end that is no number", s.sign(t, audience, map[string]any{"exp": "soon"}), ErrSignature},
		{"permissions that are no list", s.sign(t, audience, map[string]any{"permissions": "users:read"}), ErrSignature},
		{"nothing", "", ErrSignature},
		{"not a token", "ey.ey.ey", ErrSignature},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			op, err := s.verifier().Verify(t.Context(), tc.token)
			if !errors.Is(err, tc.want) || (err == nil) != (tc.want == nil) {
				t.Fatalf("the error is %v, want %v", err, tc.want)
			}
			if err != nil && op.Subject != "" {
				t.Errorf("a token that does not count gives %+v", op)
			}
			if err == nil && op.Subject != "auth0|ada" {
				t.Errorf("the token is of %+v", op)
			}
		})
	}
}

func TestAnUnknownKeyReadsTheKeysAtMostOnceAMinute(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	v := s.verifier()
	token := func(kid string) string { return signWith(t, jose.RS256, s.key, kid, s.claims(audience, nil)) }
	gets := func(want int, when string) {
		t.Helper()
		s.mu.Lock()
		defer s.mu.Unlock()
		if s.keyGets != want {
			t.Errorf("%s: the keys were read %d times, want %d", when, s.keyGets, want)
		}
	}
	for range 3 {
		if _, err := v.Verify(t.Context(), token("k1")); err != nil {
			t.Fatal(err)
		}
	}
	gets(1, "known key")
	s.clock.add(61 * time.Second)
	for range 20 {
		if _, err := v.Verify(t.Context(), token("k2")); !errors.Is(err, ErrSignature) {
			t.Fatalf("an unknown key gives %v", err)
		}
	}
	gets(2, "twenty tokens of an unknown key")
	s.mu.Lock()
	s.kid = "k2" // the tenant rotates its key
	s.mu.Unlock()
	s.clock.add(61 * time.Second)
	if _, err := v.Verify(t.Context(), token("k2")); err != nil {
		t.Errorf("a rotated key is not found: %v", err)
	}
	gets(3, "rotated key")

	s.mu.Lock()
	s.keyDown = true
	s.mu.Unlock()
	s.clock.add(keysKept + time.Second)
	for range 5 {
		if _, err := v.Verify(t.Context(), token("k2")); err != nil {
			t.Errorf("an outage of the key address signs everybody out: %v", err)
		}
	}
	v.keys.work.Wait()
	gets(4, "outage")
	s.clock.add(staleKeys)
	if _, err := v.Verify(t.Context(), token("k2")); err != nil {
		t.Errorf("an outage of an hour signs everybody out: %v", err)
	}
	gets(5, "outage of an hour")
	s.clock.add(lastResort)
	if _, err := v.Verify(t.Context(), token("k2")); !errors.Is(err, ErrKeys) {
		t.Errorf("keys a day past their time still count: %v", err)
	}
}

func TestKeysThatCannotBeRead(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	s.change(func() { s.keyDown = true })
	v := s.verifier()
	if _, err := v.Verify(t.Context(), s.sign(t, audience, nil)); !errors.Is(err, ErrKeys) {
		t.Errorf("the error is %v, want ErrKeys", err)
	}
	s.change(func() { s.keyDown = false })
	s.clock.add(retryKeys)
	if _, err := v.Verify(t.Context(), s.sign(t, audience, nil)); err != nil {
		t.Errorf("keys that can be read again are not: %v", err)
	}
}

func BenchmarkVerify(b *testing.B) {
	s := newServer(b)
	v, token := s.verifier(), s.sign(b, audience, nil) // the figure to keep: 200 µs
	b.ReportAllocs()
	for b.Loop() {
		if _, err := v.Verify(context.Background(), token); err != nil {
			b.Fatal(err)
		}
	}
}

func TestTheTimeOfASignInMayComeFromAnAction(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	v := s.verifier()
	for name, tc := range map[string]struct {
		claims map[string]any
		want   int64 // 0: none
	}{
		"as the standard says":      {map[string]any{"auth_time": 1000}, 1000},
		"by usher's Action":         {map[string]any{"urn:usher:auth_time": 2000}, 2000},
		"by both: the tenant's own": {map[string]any{"auth_time": 1000, "urn:usher:auth_time": 2000}, 1000},
		"by nobody":                 {nil, 0},
	} {
		op, err := v.Verify(t.Context(), s.sign(t, audience, tc.claims))
		if err != nil || op.AuthTime.IsZero() != (tc.want == 0) || tc.want != 0 && op.AuthTime.Unix() != tc.want {
			t.Errorf("%s: %v, %v", name, op.AuthTime, err)
		}
	}
}
