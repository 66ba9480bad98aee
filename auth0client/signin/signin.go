// Package signin proves who the operator is: OAuth device authorization (RFC 8628) against Auth0, tokens verified by
// JWKS, refresh with rotation, sign-out. It also fetches the gateway's machine-to-machine token.
package signin

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"

	"usher/auth0client/term"
)

// Sign-in errors that the console acts on.
var (
	// ErrSignedOut: there is no sign-in, or it can no longer be refreshed.
	ErrSignedOut = errors.New("nobody is signed in")
	// ErrExpired: the device code was not approved in time.
	ErrExpired = errors.New("the code has expired")
)

// Denied: the operator, or a rule of the tenant, refused the sign-in.
type Denied struct{ Description string }

func (e *Denied) Error() string {
	if e.Description == "" {
		return "the sign-in was refused"
	}
	return "the sign-in was refused: " + e.Description
}

// Refused: Auth0 answered with an OAuth error.
type Refused struct {
	Status            int
	Code, Description string
}

func (e *Refused) Error() string {
	return fmt.Sprintf("Auth0 refused: %s (%s, HTTP %d)", e.Description, e.Code, e.Status)
}

// Operator is who signed in and what they may do. The strings are as Auth0 gave them.
type Operator struct {
	Subject, Email, Name string
	Permissions          []string
	AuthTime, ExpiresAt  time.Time
}

// Config is one tenant's sign-in.
type Config struct {
	Issuer   string // with its trailing slash; plain http only on a loopback host
	ClientID string
	Audience string // usher's own API
	Scopes   []string
	HTTP     *http.Client
	Now      func() time.Time
	After    func(time.Duration) <-chan time.Time // waits between polls
	Store    Store                                // nil: in memory
}

// Client signs one operator in and keeps their tokens fresh. It is safe for concurrent use.
type Client struct {
	cfg      Config
	issuer   *url.URL
	verifier *Verifier

	mu       sync.Mutex // held over a refresh: one at a time
	tokens   *Tokens    // a pointer: fmt prints unexported fields without asking their methods, but no pointer within a struct
	operator Operator
	signedIn bool
}

// New checks the configuration and makes a client. It sends nothing.
func New(cfg Config) (*Client, error) {
	u, err := checkIssuer(cfg.Issuer)
	if err != nil {
		return nil, err
	}
	if cfg.ClientID == "" || cfg.Audience == "" {
		return nil, errors.New("the sign-in needs a client id and an audience")
	}
	if len(cfg.Scopes) == 0 {
		cfg.Scopes = []string{"openid", "profile", "email", "offline_access"}
	}
	if cfg.HTTP == nil {
		cfg.HTTP = defaultHTTP()
	}
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	if cfg.After == nil {
		cfg.After = time.After
	}
	if cfg.Store == nil {
		cfg.Store = MemoryStore()
	}
	return &Client{
		cfg: cfg, issuer: u, tokens: &Tokens{},
		verifier: NewVerifier(VerifierConfig{Issuer: cfg.Issuer, Audience: cfg.Audience, HTTP: cfg.HTTP, Now: cfg.Now, Skew: 30 * time.Second}),
	}, nil
}

func checkIssuer(issuer string) (*url.URL, error) {
	u, err := url.Parse(issuer)
	if err != nil {
		return nil, fmt.Errorf("the issuer %q is not an address: %w", issuer, err)
	}
	if u.Host == "" || !strings.HasSuffix(u.Path, "/") {
		return nil, fmt.Errorf("the issuer %q must be a full address that ends with a slash, such as https://TENANT.eu.auth0.com/", issuer)
	}
	if u.Scheme != "https" && (u.Scheme != "http" || !loopback(u.Hostname())) {
		return nil, fmt.Errorf("the issuer %q is not https: a sign-in over plain http could be read and changed on its way", issuer)
	}
	return u, nil
}

func loopback(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}

func defaultHTTP() *http.Client {
	return &http.Client{
		Timeout:       30 * time.Second,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
}

// Format implements fmt.Formatter: printing a client must not show its tokens, which fmt would reach past their methods.
func (c *Client) Format(f fmt.State, _ rune) { _, _ = f.Write([]byte("signin.Client")) }

// Operator is who is signed in.
func (c *Client) Operator() (Operator, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.operator, c.signedIn
}

// accept verifies an answer of the token endpoint and makes it the session. The caller holds c.mu.
func (c *Client) accept(ctx context.Context, t tokenAnswer) (Operator, error) {
	op, err := c.verifier.Verify(ctx, t.AccessToken)
	if err != nil {
		return Operator{}, fmt.Errorf("check the access token: %w", err)
	}
	if t.subject != "" && t.subject != op.Subject {
		return Operator{}, errors.New("the new access token is of another person than the one who signed in")
	}
	if t.IDToken != "" {
		id, err := c.verifier.verify(ctx, t.IDToken, c.cfg.ClientID)
		if err != nil && (!t.kept || !errors.Is(err, ErrExpiredToken)) { // it still says who signed in
			return Operator{}, fmt.Errorf("check the id token: %w", err)
		}
		if id.Subject != op.Subject {
			return Operator{}, errors.New("the id token and the access token are of two different people")
		}
		op.Email, op.Name = first(op.Email, id.Email), first(op.Name, id.Name)
		if op.AuthTime.IsZero() {
			op.AuthTime = id.AuthTime
		}
	} else if c.signedIn {
		op.Email, op.Name = first(op.Email, c.operator.Email), first(op.Name, c.operator.Name)
	}
	tokens := Tokens{Access: Secret(t.AccessToken), Refresh: Secret(t.RefreshToken), ID: Secret(t.IDToken), ExpiresAt: op.ExpiresAt}
	if tokens.Refresh == "" {
		tokens.Refresh = c.tokens.Refresh
	}
	// The new refresh token is kept before the access token is used: a crash in between must not lose it.
	if err := c.cfg.Store.Save(ctx, tokens); err != nil {
		return Operator{}, fmt.Errorf("keep the sign-in: %w", err)
	}
	c.tokens, c.operator, c.signedIn = &tokens, op, true
	return op, nil
}

func first(a, b string) string {
	if a != "" {
		return a
	}
	return b
}

// tokenAnswer is a success of the token endpoint.
type tokenAnswer struct {
	AccessToken  string `json:"access_token"`
	RefreshToken string `json:"refresh_token"`
	IDToken      string `json:"id_token"`
	ExpiresIn    int    `json:"expires_in"`

	kept    bool   // from the store: its id token may be past its time
	subject string // whose it must be, empty for anybody's
}

// answer is what is kept, as if it came from the token endpoint.
func (t Tokens) answer(subject string) tokenAnswer {
	return tokenAnswer{
		AccessToken: t.Access.Reveal(), RefreshToken: t.Refresh.Reveal(), IDToken: t.ID.Reveal(), kept: true, subject: subject,
	}
}

// post sends a form and decodes the answer into out. A refusal of Auth0 is a *Refused; other errors mean no answer came.
func post(ctx context.Context, client *http.Client, to string, form url.Values, out any) (http.Header, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, to, strings.NewReader(form.Encode()))
	if err != nil {
		return nil, fmt.Errorf("make the request: %w", err)
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	req.Header.Set("Accept", "application/json")
	res, err := client.Do(req)
	if err != nil {
		return nil, fmt.Errorf("reach Auth0: %w", err)
	}
	defer res.Body.Close() //nolint:errcheck // read already
	body, err := io.ReadAll(io.LimitReader(res.Body, 1<<20))
	if err != nil {
		return nil, fmt.Errorf("read Auth0's answer: %w", err)
	}
	if res.StatusCode != http.StatusOK {
		r := &Refused{Status: res.StatusCode}
		var e struct {
			Error       string `json:"error"`
			Description string `json:"error_description"`
		}
		if json.Unmarshal(body, &e) == nil {
			r.Code, r.Description = term.Line(e.Error).String(), term.Line(e.Description).String()
		}
		return res.Header, r
	}
	if out == nil {
		return res.Header, nil
	}
	if err := json.Unmarshal(body, out); err != nil {
		return res.Header, errors.New("Auth0's answer is not what the sign-in expects")
	}
	return res.Header, nil
}
