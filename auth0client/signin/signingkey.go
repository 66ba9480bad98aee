package signin

import (
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/jwt"
)

// assertionLife is how long an assertion counts: Auth0 takes five minutes at most and advises one.
const assertionLife = time.Minute

// SigningKey proves the gateway to Auth0 without a shared secret (private_key_jwt).
type SigningKey struct{ signer jose.Signer }

// ParseSigningKey reads an RSA private key of 2048 to 4096 bits in PEM (PKCS #8 or PKCS #1), which is what Auth0 takes.
// The algorithm is RS256 or PS256; empty means RS256. The key is in no error.
func ParseSigningKey(text Secret, algorithm string) (*SigningKey, error) {
	alg := jose.RS256
	switch algorithm {
	case "", "RS256":
	case "PS256":
		alg = jose.PS256
	default:
		return nil, fmt.Errorf("the algorithm %q is not one that Auth0 and usher share: choose RS256 or PS256", algorithm)
	}
	block, _ := pem.Decode([]byte(text.Reveal()))
	if block == nil {
		return nil, errors.New("the gateway's key is not in PEM: it should begin with -----BEGIN PRIVATE KEY-----")
	}
	var key *rsa.PrivateKey
	switch block.Type {
	case "PRIVATE KEY":
		any, err := x509.ParsePKCS8PrivateKey(block.Bytes)
		if err != nil {
			return nil, errors.New("the gateway's key cannot be read: it is damaged")
		}
		var ok bool
		if key, ok = any.(*rsa.PrivateKey); !ok {
			return nil, errors.New("the gateway's key is not an RSA key, and Auth0 takes no other")
		}
	case "RSA PRIVATE KEY":
		var err error
		if key, err = x509.ParsePKCS1PrivateKey(block.Bytes); err != nil {
			return nil, errors.New("the gateway's key cannot be read: it is damaged, or has a passphrase")
		}
	case "ENCRYPTED PRIVATE KEY":
		return nil, errors.New("the gateway's key has a passphrase; keep it without one in the keyring, or let a command print it")
	default:
		return nil, fmt.Errorf("the gateway's key should be a private key, but it is a %s", block.Type)
	}
	if bits := key.N.BitLen(); bits < 2048 || bits > 4096 {
		return nil, fmt.Errorf("the gateway's key has %d bits; Auth0 takes 2048 to 4096", bits)
	}
	signer, err := jose.NewSigner(jose.SigningKey{Algorithm: alg, Key: key}, (&jose.SignerOptions{}).WithType("JWT"))
	if err != nil {
		return nil, errors.New("the gateway's key cannot sign")
	}
	return &SigningKey{signer}, nil
}

// assertion is one proof, good once.
func (k *SigningKey) assertion(client, issuer, id string, now time.Time) (string, error) {
	text, err := jwt.Signed(k.signer).Claims(jwt.Claims{
		Issuer: client, Subject: client, Audience: jwt.Audience{issuer}, ID: id,
		IssuedAt: jwt.NewNumericDate(now), Expiry: jwt.NewNumericDate(now.Add(assertionLife)),
	}).Serialize()
	if err != nil {
		return "", errors.New("sign with the gateway's key: it does not work")
	}
	return text, nil
}

// Format implements fmt.Formatter: printing the key must not show it.
func (k *SigningKey) Format(f fmt.State, _ rune) { _, _ = f.Write([]byte("signin.SigningKey")) }
