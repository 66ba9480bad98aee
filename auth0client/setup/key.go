package setup

import (
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"errors"
	"fmt"

	"usher/auth0client/signin"
)

// keyBits is between the 2048 and 4096 that Auth0 takes.
const keyBits = 3072

// PublicKey is the half of the gateway's key that Auth0 gets.
type PublicKey struct {
	ID        string // the SHA-256 of the key: it tells a key that is there already
	PEM       string
	Algorithm string // RS256 or PS256
}

// NewKey makes a private key for the gateway, in PEM.
func NewKey() (signin.Secret, error) {
	key, err := rsa.GenerateKey(rand.Reader, keyBits)
	if err != nil {
		return "", fmt.Errorf("make the gateway's key: %w", err)
	}
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return "", fmt.Errorf("make the gateway's key: %w", err)
	}
	return signin.Secret(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der})), nil
}

// PublicOf gives the public half of a private key (PEM) for an algorithm; empty is RS256. Errors do not show the key.
func PublicOf(private signin.Secret, algorithm string) (*PublicKey, error) {
	if algorithm == "" {
		algorithm = "RS256"
	}
	if _, err := signin.ParseSigningKey(private, algorithm); err != nil { // it words what is wrong
		return nil, err
	}
	block, _ := pem.Decode([]byte(private.Reveal()))
	var key *rsa.PrivateKey
	if parsed, err := x509.ParsePKCS8PrivateKey(block.Bytes); err == nil {
		key, _ = parsed.(*rsa.PrivateKey)
	} else if parsed, err := x509.ParsePKCS1PrivateKey(block.Bytes); err == nil {
		key = parsed
	}
	if key == nil {
		return nil, errors.New("the gateway's key cannot be read")
	}
	der, err := x509.MarshalPKIXPublicKey(&key.PublicKey)
	if err != nil {
		return nil, errors.New("the gateway's key has no public half")
	}
	sum := sha256.Sum256(der)
	return &PublicKey{
		ID: base64.RawURLEncoding.EncodeToString(sum[:]), Algorithm: algorithm,
		PEM: string(pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der})),
	}, nil
}
