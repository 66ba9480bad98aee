package localtenant

import (
	"crypto/rsa"
	"crypto/subtle"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/jwt"
)

// How a client proves who it is at the token endpoint, in Auth0's words.
const (
	authNone  = "none"
	authPost  = "client_secret_post"
	authBasic = "client_secret_basic"
	authKey   = "private_key_jwt"

	assertionType = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
	assertionLife = 5 * time.Minute
	assertionSkew = 10 * time.Second
	// mostClientKeys lets a client change its key without a moment without one.
	mostClientKeys = 2
)

func assertionAlgorithms() []string { return []string{"RS256", "RS384", "PS256"} }

func (t *Tenant) clientByID(id string) *client { return t.clients.at(id) }

// authenticate finds the client of a request and checks its secret or assertion. The tenant is locked.
func (t *Tenant) authenticate(p map[string]string) (*client, *refusal) {
	if p["client_assertion"] != "" || p["client_assertion_type"] != "" {
		return t.authenticateByKey(p)
	}
	if p["client_id"] == "" {
		return nil, missingParameter("client_id")
	}
	c := t.clientByID(p["client_id"])
	unauthorized := &refusal{http.StatusUnauthorized, "access_denied", "Unauthorized"}
	switch {
	case c == nil:
		return nil, &refusal{http.StatusUnauthorized, "invalid_client", "Unknown client: " + p["client_id"]}
	case c.authMethod() == authNone:
		return c, nil
	case c.authMethod() == authKey || c.Secret == "":
		return nil, unauthorized
	case subtle.ConstantTimeCompare([]byte(hashOf(c.Secret)), []byte(hashOf(p["client_secret"]))) != 1:
		return nil, unauthorized
	}
	return c, nil
}

// authenticateByKey checks a client assertion: signed by one of the client's keys, for this tenant, short-lived, used once.
func (t *Tenant) authenticateByKey(p map[string]string) (*client, *refusal) {
	bad := func(why string) (*client, *refusal) {
		return nil, &refusal{http.StatusUnauthorized, "invalid_client", why}
	}
	switch {
	case p["client_secret"] != "":
		return nil, &refusal{http.StatusBadRequest, "invalid_request", "Multiple client authentication methods were sent."}
	case p["client_assertion_type"] != assertionType:
		return nil, &refusal{http.StatusBadRequest, "invalid_request", "Invalid client_assertion_type: must be " + assertionType}
	case p["client_assertion"] == "":
		return nil, missingParameter("client_assertion")
	}
	parsed, err := jwt.ParseSigned(p["client_assertion"], []jose.SignatureAlgorithm{jose.RS256, jose.RS384, jose.PS256})
	if err != nil || len(parsed.Headers) != 1 {
		return bad("Client assertion is not a JWT signed with RS256, RS384 or PS256")
	}
	var said jwt.Claims
	if err := parsed.UnsafeClaimsWithoutVerification(&said); err != nil {
		return bad("Client assertion claims could not be read")
	}
	c := t.clientByID(said.Subject)
	if c == nil || said.Issuer != said.Subject || p["client_id"] != "" && p["client_id"] != c.ID {
		return bad("Client assertion iss and sub must be the client_id")
	}
	if !t.signedBy(c, parsed) {
		return bad("Client assertion signature could not be verified with a key of the client")
	}
	if why := t.assertionProblem(said); why != "" {
		return bad(why)
	}
	t.assertions.set(hashOf(c.ID+" "+said.ID), usedAssertion{Expires: said.Expiry.Time().Add(assertionSkew)})
	return c, nil
}

// signedBy reports that one of the client's keys made the signature, with the algorithm that key is for.
func (t *Tenant) signedBy(c *client, parsed *jwt.JSONWebToken) bool {
	header, now := parsed.Headers[0], t.now()
	for _, k := range c.Credentials {
		if k.Algorithm != header.Algorithm || header.KeyID != "" && header.KeyID != k.KeyID ||
			!k.Expires.IsZero() && !now.Before(k.Expires) {
			continue
		}
		key, err := rsaPublic([]byte(k.PEM))
		var verified jwt.Claims
		if err == nil && parsed.Claims(key, &verified) == nil {
			return true
		}
	}
	return false
}

func (t *Tenant) assertionProblem(c jwt.Claims) string {
	now := t.now()
	switch {
	case !slices.Contains(c.Audience, t.Issuer()):
		return "Client assertion aud must be " + t.Issuer()
	case c.Expiry == nil:
		return "Client assertion has no exp"
	case !now.Before(c.Expiry.Time().Add(assertionSkew)):
		return "Client assertion has expired"
	case c.Expiry.Time().After(now.Add(assertionLife + assertionSkew)):
		return "Client assertion exp is more than 5 minutes away"
	case c.IssuedAt != nil && c.IssuedAt.Time().After(now.Add(assertionSkew)), c.NotBefore != nil && c.NotBefore.Time().After(now.Add(assertionSkew)):
		return "Client assertion is from the future"
	case c.ID == "" || len(c.ID) > 64:
		return "Client assertion jti must have 1 to 64 characters"
	case t.assertions.has(hashOf(c.Subject + " " + c.ID)):
		return "Client assertion was used already"
	}
	return ""
}

// rsaPublic reads a public key or a certificate in PEM.
func rsaPublic(raw []byte) (*rsa.PublicKey, error) {
	block, _ := pem.Decode(raw)
	if block == nil {
		return nil, errors.New("this is not PEM")
	}
	var parsed any
	var err error
	switch block.Type {
	case "CERTIFICATE":
		var cert *x509.Certificate
		if cert, err = x509.ParseCertificate(block.Bytes); err == nil {
			parsed = cert.PublicKey
		}
	case "RSA PUBLIC KEY":
		parsed, err = x509.ParsePKCS1PublicKey(block.Bytes)
	default:
		if strings.Contains(block.Type, "PRIVATE") {
			return nil, errors.New("this is a private key: only its public half is registered")
		}
		parsed, err = x509.ParsePKIXPublicKey(block.Bytes)
	}
	if err != nil {
		return nil, fmt.Errorf("read the public key: %w", err)
	}
	key, isRSA := parsed.(*rsa.PublicKey)
	if !isRSA || key.N.BitLen() < 2048 || key.N.BitLen() > 4096 {
		return nil, errors.New("the key is not RSA with 2048 to 4096 bits")
	}
	return key, nil
}

// AddClientKey registers the public half (PEM) of a key that a client signs its assertions with. A client has two at most.
func (t *Tenant) AddClientKey(clientID string, publicPEM []byte, algorithm string) error {
	t.mu.Lock()
	defer t.release()
	return t.addClientKey(clientID, publicPEM, algorithm)
}

func (t *Tenant) addClientKey(clientID string, publicPEM []byte, algorithm string) error {
	c := t.clientByID(clientID)
	if c == nil {
		return fmt.Errorf("register a client's key: there is no client %q", clientID)
	}
	if !slices.Contains(assertionAlgorithms(), algorithm) {
		return fmt.Errorf("register a client's key: %q is not one of %s", algorithm, strings.Join(assertionAlgorithms(), ", "))
	}
	if slices.ContainsFunc(c.Credentials, func(k *credential) bool { return k.PEM == string(publicPEM) }) {
		return nil
	}
	if len(c.Credentials) >= mostClientKeys {
		return fmt.Errorf("register a client's key: the client has %d already, remove one first", mostClientKeys)
	}
	if _, err := rsaPublic(publicPEM); err != nil {
		return fmt.Errorf("register a client's key: %w", err)
	}
	now, changed := t.now().UTC(), *c
	changed.Credentials = append(slices.Clone(c.Credentials), &credential{ID: "cred_" + secret(22, alnum), KeyID: secret(43, alnum),
		Algorithm: algorithm, PEM: string(publicPEM), Created: now, Updated: now})
	t.clients.set(c.ID, &changed)
	return nil
}
