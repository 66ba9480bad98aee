package main

import (
	"bytes"
	"context"
	"crypto/tls"
	"encoding/json"
	"errors"
	"io"
	"net/http"

	"usher/auth0client"
	"usher/auth0client/gateway"
	"usher/auth0client/gateway/policy"
	"usher/auth0client/signin"
	"usher/auth0client/term"
)

// operatorTransport puts the operator's own token on each request on its way to the gateway, which takes it off again.
type operatorTransport struct {
	session *signin.Client
	next    http.RoundTripper
}

// RoundTrip implements http.RoundTripper. Without a signed-in operator nothing is sent.
func (t operatorTransport) RoundTrip(r *http.Request) (*http.Response, error) {
	token, err := t.session.AccessToken(r.Context())
	switch {
	case errors.Is(err, signin.ErrSignedOut):
		return nil, &auth0client.Unauthorized{Answer: auth0client.Answer{Message: term.Line("the sign-in has ended")}}
	case err != nil:
		return nil, err
	}
	res, err := t.send(r, token)
	if err != nil || !refusesToken(res) || r.Body != nil && r.Body != http.NoBody && r.GetBody == nil {
		return res, err
	}
	// The gateway does not take the token (any more) and has done nothing: once more, with a new one.
	if token, err = t.session.Renew(r.Context(), token); err != nil {
		return res, nil
	}
	if r.GetBody != nil {
		if r.Body, err = r.GetBody(); err != nil {
			return res, nil
		}
	}
	_ = res.Body.Close()
	return t.send(r, token)
}

func (t operatorTransport) send(r *http.Request, token string) (*http.Response, error) {
	if bound := auth0client.Operator(r.Context()); bound != "" {
		if now, _ := t.session.Operator(); now.Subject != string(bound) {
			return nil, &auth0client.Forbidden{Answer: auth0client.Answer{Message: term.Line("another operator has signed in; nothing was sent in their name")}}
		}
	}
	r = r.Clone(r.Context())
	r.Header.Set("Authorization", "Bearer "+token)
	return t.next.RoundTrip(r)
}

// gatewayTransport says of requests that go by a gateway on another machine on which side of it there was no answer.
type gatewayTransport struct {
	host string
	next http.RoundTripper
}

// RoundTrip implements http.RoundTripper.
func (t gatewayTransport) RoundTrip(r *http.Request) (*http.Response, error) {
	res, err := t.next.RoundTrip(r)
	if err != nil {
		return nil, &auth0client.GatewayFault{
			Host: t.host, Tenant: errors.Is(err, gateway.ErrNoTenant), Foreign: errors.Is(err, gateway.ErrForeign),
			Certificate: errors.As(err, new(*tls.CertificateVerificationError)), Err: err,
		}
	}
	return res, nil
}

// refusesToken reports that the gateway itself does not take the operator's token. A tenant's 401 is about the gateway's.
// The answer can still be read afterwards.
func refusesToken(res *http.Response) bool {
	if res.StatusCode != http.StatusUnauthorized {
		return false
	}
	body, err := io.ReadAll(io.LimitReader(res.Body, 1<<20))
	_ = res.Body.Close()
	res.Body = io.NopCloser(bytes.NewReader(body))
	var e struct {
		Code string `json:"errorCode"`
	}
	return err == nil && json.Unmarshal(body, &e) == nil && e.Code == "usher_token"
}

// operatorVerifier gives the gateway what it asks of a verifier.
type operatorVerifier struct{ *signin.Verifier }

// Verify checks an operator's access token and says whose it is.
func (v operatorVerifier) Verify(ctx context.Context, token string) (policy.Operator, error) {
	op, err := v.Verifier.Verify(ctx, token)
	if err != nil {
		return policy.Operator{}, err
	}
	return policy.Operator{
		Subject: op.Subject, Email: op.Email, Name: op.Name, Permissions: op.Permissions,
		AuthTime: op.AuthTime, ExpiresAt: op.ExpiresAt,
	}, nil
}

// sessionVerifier is the verifier of a gateway that serves one session only, its own process's. Auth0's access tokens name
// nobody: who the operator is, and since when, is in the session's verified id token.
type sessionVerifier struct {
	operatorVerifier
	session *signin.Client
}

// Verify checks an operator's access token and says whose it is.
func (v sessionVerifier) Verify(ctx context.Context, token string) (policy.Operator, error) {
	op, err := v.operatorVerifier.Verify(ctx, token)
	if err != nil {
		return policy.Operator{}, err
	}
	if known, ok := v.session.Operator(); ok && known.Subject == op.Subject {
		op.Email, op.Name = known.Email, known.Name
		if op.AuthTime.IsZero() {
			op.AuthTime = known.AuthTime
		}
	}
	return op, nil
}
