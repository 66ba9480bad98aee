package setup

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/jwt"

	"usher/auth0client/ratelimit"
	"usher/auth0client/signin"
	"usher/auth0client/term"
)

// Tenant is the few calls that setting up needs. A path is below api/v2/.
type Tenant interface {
	Call(ctx context.Context, method, path string, body, out any) error
}

// Refused is what the tenant answered instead of doing it.
type Refused struct {
	Status  int
	Message term.Safe
	doing   string
}

func (e *Refused) Error() string {
	switch e.Status {
	case http.StatusUnauthorized:
		return fmt.Sprintf("%s: the tenant does not take the admin token (any more): %s; get a new one", e.doing, e.Message)
	case http.StatusForbidden:
		return fmt.Sprintf("%s: the admin token may not do this: %s", e.doing, e.Message)
	}
	return fmt.Sprintf("%s: %s (HTTP %d)", e.doing, e.Message, e.Status)
}

const (
	// callWithin bounds one request, tries how often one that meets a rate limit is sent.
	callWithin = 30 * time.Second
	tries      = 6
	maxAnswer  = 8 << 20
	// canonical is how the names of tenants end at Auth0 that are no custom domains.
	canonical = ".auth0.com"
)

// Admin speaks with a tenant's Management API. Its token is held in memory only and never shown.
type Admin struct {
	base  *url.URL
	token *signin.Secret // a pointer: fmt prints unexported fields without asking their methods, but no pointer within a struct
	http  *http.Client
	after func(time.Duration) <-chan time.Time
	now   func() time.Time
}

// NewAdmin makes an admin of the tenant. It sends nothing.
func NewAdmin(issuer string, token signin.Secret, now func() time.Time, after func(time.Duration) <-chan time.Time) (*Admin, error) {
	u, err := url.Parse(issuer)
	if err != nil || u.Host == "" {
		return nil, fmt.Errorf("the tenant's address %q is none", issuer)
	}
	return &Admin{
		base: u.JoinPath("api/v2/"), token: &token, now: now, after: after,
		// A redirect could take the token to another host.
		http: &http.Client{Timeout: callWithin, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }},
	}, nil
}

// Format implements fmt.Formatter: printing the admin must not show the token.
func (a *Admin) Format(f fmt.State, _ rune) { _, _ = f.Write([]byte("setup.Admin")) }

// CheckToken looks at what the token says of itself, before anything is sent: a token that has ended, is for another
// tenant or lacks scopes is told at once. What cannot be read is left to the tenant to judge. It gives the token's end.
func (a *Admin) CheckToken(scopes []string) (time.Time, error) {
	parsed, err := jwt.ParseSigned(a.token.Reveal(), []jose.SignatureAlgorithm{jose.RS256, jose.PS256, jose.RS512})
	if err != nil {
		return time.Time{}, errors.New("the admin token is no access token of Auth0's: copy it whole, without quotes")
	}
	var said struct {
		jwt.Claims
		Scope string `json:"scope"`
	}
	if err := parsed.UnsafeClaimsWithoutVerification(&said); err != nil {
		return time.Time{}, errors.New("the admin token cannot be read: copy it whole, without quotes")
	}
	if said.Expiry != nil && !a.now().Before(said.Expiry.Time()) {
		return time.Time{}, fmt.Errorf("the admin token ended %s ago; get a new one", a.now().Sub(said.Expiry.Time()).Round(time.Second))
	}
	if slices.ContainsFunc(said.Audience, a.foreign) {
		return time.Time{}, fmt.Errorf("the admin token is for %s, and this is %s", term.Line(strings.Join(said.Audience, ", ")), a.base.Host)
	}
	if !slices.ContainsFunc(said.Audience, func(aud string) bool { return strings.HasSuffix(aud, "/api/v2/") }) {
		return time.Time{}, fmt.Errorf("the admin token is for %s and not for the Management API", term.Line(strings.Join(said.Audience, ", ")))
	}
	held := strings.Fields(said.Scope)
	missing := slices.DeleteFunc(slices.Clone(scopes), func(s string) bool { return slices.Contains(held, s) })
	if len(missing) > 0 {
		return time.Time{}, fmt.Errorf("the admin token lacks the scopes %s", strings.Join(missing, " "))
	}
	if said.Expiry == nil {
		return time.Time{}, nil
	}
	return said.Expiry.Time(), nil
}

// foreign reports that an audience is the Management API of another tenant, as far as that shows: behind a custom domain
// may be any.
func (a *Admin) foreign(audience string) bool {
	of, err := url.Parse(audience)
	return err == nil && strings.HasSuffix(of.Hostname(), canonical) && strings.HasSuffix(a.base.Hostname(), canonical) &&
		!strings.EqualFold(of.Hostname(), a.base.Hostname())
}

// Call implements [Tenant]. A rate limit is waited out; nothing else is sent twice. The end of ctx ends a wait and a read; a
// change that is sent is finished: broken off, nobody would know whether it was made, and a secret could be lost.
func (a *Admin) Call(ctx context.Context, method, path string, body, out any) error {
	var payload []byte
	if body != nil {
		var err error
		if payload, err = json.Marshal(body); err != nil {
			return fmt.Errorf("encode a request: %w", err)
		}
	}
	sending := ctx
	if method != http.MethodGet {
		sending = context.WithoutCancel(ctx)
	}
	for try := 1; ; try++ {
		res, answer, err := a.send(sending, method, path, payload)
		if err != nil {
			return err
		}
		switch {
		case res.StatusCode == http.StatusTooManyRequests && try < tries:
			select {
			case <-ctx.Done():
				return ctx.Err()
			case <-a.after(ratelimit.Wait(res.Header, a.now())):
			}
		case res.StatusCode >= 300:
			return a.refused(res.StatusCode, answer, doing(method, path))
		case out == nil:
			return nil
		default:
			if err := json.Unmarshal(answer, out); err != nil {
				return fmt.Errorf("%s: %s does not answer like Auth0's Management API", doing(method, path), a.base.Host)
			}
			return nil
		}
	}
}

func (a *Admin) send(ctx context.Context, method, path string, payload []byte) (*http.Response, []byte, error) {
	req, err := http.NewRequestWithContext(ctx, method, a.base.String()+path, bytes.NewReader(payload))
	if err != nil {
		return nil, nil, fmt.Errorf("make a request: %w", err)
	}
	req.Header.Set("Authorization", "Bearer "+a.token.Reveal())
	req.Header.Set("Accept", "application/json")
	if payload != nil {
		req.Header.Set("Content-Type", "application/json")
	}
	res, err := a.http.Do(req)
	if err != nil {
		var address *url.Error
		if errors.As(err, &address) {
			err = address.Err
		}
		return nil, nil, fmt.Errorf("%s: reach %s: %w", doing(method, path), a.base.Host, err)
	}
	defer res.Body.Close() //nolint:errcheck // read already
	answer, err := io.ReadAll(io.LimitReader(res.Body, maxAnswer))
	if err != nil {
		return nil, nil, fmt.Errorf("%s: read the answer: %w", doing(method, path), err)
	}
	return res, answer, nil
}

// refused words an answer that is no success. A careless server may quote the token.
func (a *Admin) refused(status int, answer []byte, what string) error {
	var said struct {
		Message string `json:"message"`
	}
	if json.Unmarshal(answer, &said) != nil || said.Message == "" {
		said.Message = a.base.Host + " does not answer like Auth0's Management API"
	}
	return &Refused{Status: status, Message: term.Line(strings.ReplaceAll(said.Message, a.token.Reveal(), "[redacted]")), doing: what}
}

// doing names a call for people, without ids and parameters.
func doing(method, path string) string {
	path, _, _ = strings.Cut(path, "?")
	kind, rest, _ := strings.Cut(path, "/")
	if _, below, ok := strings.Cut(rest, "/"); ok {
		kind += "' " + below
	}
	names := map[string]string{
		"resource-servers": "APIs", "roles": "roles", "roles' permissions": "permissions of roles", "clients": "applications",
		"clients' credentials": "keys of applications", "client-grants": "client grants",
	}
	what := map[string]string{http.MethodGet: "read", http.MethodPost: "create", http.MethodPatch: "change"}[method]
	return what + " the tenant's " + names[kind]
}
