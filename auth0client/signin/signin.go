// Package signin proves who the operator is: OAuth device authorization (RFC 8628) or an authorization code with PKCE
// (RFC 8252) against Auth0, tokens verified by JWKS, refresh with rotation, sign-out. It also fetches the gateway's
// machine-to-machine token.
package signin

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"time"
)

// Sign-in errors that the console acts on.
var (
	// ErrSignedOut: there is no sign-in, or it can no longer be refreshed.
	ErrSignedOut = errors.New("nobody is signed in")
	// ErrExpired: the sign-in was not approved in time.
	ErrExpired = errors.New("the code has expired")
	// ErrSuperseded: another sign-in was begun; only one waits at a time.
	ErrSuperseded = errors.New("another sign-in was begun instead of this one")
	// ErrDamaged: what a store kept cannot be read; a fresh sign-in replaces it.
	ErrDamaged = errors.New("the kept sign-in is damaged")
	// ErrNotFresh: Auth0 took an older sign-in of the browser where a new one was asked for.
	ErrNotFresh = errors.New("the sign-in is not a new one")
	// ErrOtherPerson: somebody else signed in than the one who should have.
	ErrOtherPerson = errors.New("another person signed in than the one who should have")
)

// Operator is who signed in and what they may do. The strings are as Auth0 gave them.
type Operator struct {
	Subject, Email, Name string
	Permissions          []string // nil: the token says nothing of permissions
	AuthTime, ExpiresAt  time.Time
}

// Config is one tenant's sign-in.
type Config struct {
	Issuer   string // with its trailing slash; plain http only on a loopback host
	ClientID string
	Audience string   // usher's own API
	Scopes   []string // default: openid profile email offline_access
	Want     []string // the permissions usher can use; see [Client.Missing]
	Subject  string   // only this person may sign in; empty: anybody
	HTTP     *http.Client
	Now      func() time.Time
	After    func(time.Duration) <-chan time.Time // waits between polls
	Random   func() string                        // at least 128 bits of text; default crypto/rand
	Store    Store                                // nil: in memory
	Keys     *Keys                                // nil: its own
	WebPorts []int                                // for [Client.StartWeb]; default 8484 to 8486
}

// Client signs one operator in and keeps their tokens fresh. It is safe for concurrent use.
type Client struct {
	cfg      Config
	issuer   *url.URL
	verifier *Verifier

	ctx  context.Context //nolint:containedctx // of refreshes, which outlive the caller that needs them; ended by Close
	stop context.CancelFunc
	work sync.WaitGroup

	mu       sync.Mutex // never held over the network or the store
	tokens   *Tokens    // a pointer: fmt prints unexported fields without asking their methods, but no pointer within a struct
	operator Operator
	scopes   []string
	since    time.Time // when the access token came
	signedIn bool
	unkept   *unkept
	renewal  *renewal  // under way
	retry    time.Time // no refresh ahead of time before then
	pending  chan struct{}
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
	cfg.HTTP = noRedirects(cfg.HTTP)
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	if cfg.After == nil {
		cfg.After = time.After
	}
	if cfg.Random == nil {
		cfg.Random = rand.Text
	}
	if cfg.Store == nil {
		cfg.Store = MemoryStore()
	}
	if len(cfg.WebPorts) == 0 {
		cfg.WebPorts = []int{8484, 8485, 8486}
	}
	c := &Client{
		cfg: cfg, issuer: u, tokens: &Tokens{},
		verifier: NewVerifier(VerifierConfig{
			Issuer: cfg.Issuer, Audience: cfg.Audience, HTTP: cfg.HTTP, Now: cfg.Now, Skew: clockSkew, Keys: cfg.Keys,
		}),
	}
	c.ctx, c.stop = context.WithCancel(context.Background())
	return c, nil
}

// clockSkew is how far this machine's clock and Auth0's may differ.
const clockSkew = 30 * time.Second

// lastWork is how long Close waits for a refresh under way: its answer holds the only refresh token that still counts.
const lastWork = 2 * time.Second

// Close ends what the client does in the background.
func (c *Client) Close() {
	done := make(chan struct{})
	go func() {
		c.work.Wait()
		close(done)
	}()
	timer := time.NewTimer(lastWork)
	defer timer.Stop()
	select {
	case <-done:
	case <-timer.C:
	}
	c.stop()
	<-done
	c.verifier.Close()
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

// noRedirects makes a client that follows no redirect: a token or a code must not go to another host.
func noRedirects(client *http.Client) *http.Client {
	own := http.Client{Timeout: 30 * time.Second}
	if client != nil {
		own = *client
	}
	own.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	return &own
}

// Format implements fmt.Formatter: printing a client must not show its tokens, which fmt would reach past their methods.
func (c *Client) Format(f fmt.State, _ rune) { _, _ = f.Write([]byte("signin.Client")) }

// Operator is who is signed in. It never waits, not even while a refresh runs.
func (c *Client) Operator() (Operator, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.operator, c.signedIn
}

// Missing is what usher asked for and did not get: scopes of the sign-in first, then permissions.
func (c *Client) Missing() []string {
	c.mu.Lock()
	defer c.mu.Unlock()
	if !c.signedIn {
		return nil
	}
	var missing []string
	if len(c.scopes) > 0 { // a token that names none was given all that was asked for (RFC 6749 §5.1)
		for _, s := range c.cfg.Scopes {
			if !slices.Contains(c.scopes, s) {
				missing = append(missing, s)
			}
		}
	}
	for _, p := range c.cfg.Want {
		if !slices.Contains(c.operator.Permissions, p) {
			missing = append(missing, p)
		}
	}
	return missing
}

// LogoutURL is the page that ends the browser's own session: while that lasts, Auth0 signs the next one in at this browser
// without a question.
func (c *Client) LogoutURL() string {
	u := c.issuer.JoinPath("v2/logout")
	u.RawQuery = url.Values{"client_id": {c.cfg.ClientID}}.Encode()
	return u.String()
}

// alone makes this the only sign-in that waits; the one before ends with [ErrSuperseded].
func (c *Client) alone() chan struct{} {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.pending != nil {
		close(c.pending)
	}
	c.pending = make(chan struct{})
	return c.pending
}
