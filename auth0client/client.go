package auth0client

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"time"

	anomalyblocks "github.com/auth0/go-auth0/v3/management/anomaly/blocks"
	"github.com/auth0/go-auth0/v3/management/core"
	"github.com/auth0/go-auth0/v3/management/devicecredentials"
	"github.com/auth0/go-auth0/v3/management/guardian/enrollments"
	jobsclient "github.com/auth0/go-auth0/v3/management/jobs/client"
	"github.com/auth0/go-auth0/v3/management/jobs/verificationemail"
	"github.com/auth0/go-auth0/v3/management/option"
	orgsclient "github.com/auth0/go-auth0/v3/management/organizations/client"
	"github.com/auth0/go-auth0/v3/management/refreshtokens"
	rolesclient "github.com/auth0/go-auth0/v3/management/roles/client"
	"github.com/auth0/go-auth0/v3/management/sessions"
	"github.com/auth0/go-auth0/v3/management/tickets"
	"github.com/auth0/go-auth0/v3/management/userblocks"
	"github.com/auth0/go-auth0/v3/management/usergrants"
	usersclient "github.com/auth0/go-auth0/v3/management/users/client"

	"usher/auth0client/term"
)

// readTimeout bounds a whole read, rate-limit waits of the gateway included.
const readTimeout = 100 * time.Second

// Options is what a Client needs.
type Options struct {
	Domain    string       // host[:port] of the tenant; where a request really goes is the transport's business
	HTTP      *http.Client // its transport authorizes each request
	Now       func() time.Time
	UserAgent string
}

// Client talks to the Management API through go-auth0. It is safe for concurrent use.
type Client struct {
	users         *usersclient.Client
	roles         *rolesclient.Client
	blocks        *userblocks.Client
	sessions      *sessions.Client
	refreshTokens *refreshtokens.Client
	devices       *devicecredentials.Client
	grants        *usergrants.Client
	tickets       *tickets.Client
	enrollments   *enrollments.Client
	verification  *verificationemail.Client
	jobs          *jobsclient.Client
	anomaly       *anomalyblocks.Client
	orgs          *orgsclient.Client

	http   *http.Client
	domain string
	now    func() time.Time

	mu           sync.Mutex
	all          []Role
	allRead      time.Time
	gives        map[RoleID]remembered[[]Permission]
	connections  remembered[[]Connection]
	apis         remembered[[]API]
	applications remembered[[]Application]
}

// New makes a client. go-auth0's own retries are off: it would repeat a POST whose outcome is unknown.
func New(o Options) (*Client, error) {
	if o.Domain == "" {
		return nil, errors.New("the tenant's domain is empty")
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.HTTP == nil {
		return nil, errors.New("no HTTP client was given: requests would go out without authorization")
	}
	next := o.HTTP.Transport
	if next == nil {
		next = http.DefaultTransport
	}
	httpClient := *o.HTTP
	httpClient.Transport = exchangeTransport{next: next, userAgent: o.UserAgent}
	httpClient.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	options := core.NewRequestOptions(
		option.WithBaseURL("https://"+o.Domain+"/api/v2"),
		option.WithHTTPClient(&httpClient),
		option.WithoutRetries(),
	)
	return &Client{
		users: usersclient.NewClient(options), roles: rolesclient.NewClient(options), blocks: userblocks.NewClient(options),
		sessions: sessions.NewClient(options), refreshTokens: refreshtokens.NewClient(options), devices: devicecredentials.NewClient(options),
		grants: usergrants.NewClient(options), tickets: tickets.NewClient(options), enrollments: enrollments.NewClient(options),
		verification: verificationemail.NewClient(options), jobs: jobsclient.NewClient(options),
		anomaly: anomalyblocks.NewClient(options), orgs: orgsclient.NewClient(options),

		http: &httpClient, domain: o.Domain, now: o.Now,
	}, nil
}

// read runs one reading call of go-auth0 and gives the raw answer, which is then decoded leniently: a tenant's odd values
// (null lists, numbers for strings) must not hide a user from support. inPath are the ids that the address holds.
func (c *Client) read(ctx context.Context, what string, call func(context.Context) error, inPath ...string) ([]byte, error) {
	if err := checkPath(inPath); err != nil {
		return nil, fmt.Errorf("%s: %w", what, err)
	}
	ctx, cancel := context.WithTimeout(ctx, readTimeout)
	defer cancel()
	body, err := c.exchange(ctx, false, call)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", what, err)
	}
	return body, nil
}

// write runs one changing call. When no answer came, or one that does not tell, the error is [Unknown].
func (c *Client) write(ctx context.Context, what string, call func(context.Context) error, inPath ...string) ([]byte, error) {
	if err := checkPath(inPath); err != nil {
		return nil, fmt.Errorf("%s: %w", what, err)
	}
	body, err := c.exchange(ctx, true, call)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", what, err)
	}
	return body, nil
}

func (c *Client) exchange(ctx context.Context, write bool, call func(context.Context) error) ([]byte, error) {
	ex := &exchange{}
	err := call(context.WithValue(ctx, exchangeKey{}, ex))
	switch {
	case ex.status >= 400:
		err := problem(c.now(), ex)
		if write && mayBeMade(err) {
			err = &Unknown{Err: err}
		}
		return nil, err
	case ex.status >= 300:
		return nil, &Unavailable{Answer: Answer{Status: ex.status}, Err: errors.New("the answer is a redirect, which is not followed")}
	case ex.status >= 200 && ex.bodyErr == nil:
		return ex.body, nil
	case !write && errors.Is(ctx.Err(), context.Canceled):
		return nil, context.Canceled
	case ex.status >= 200 && write:
		return nil, &Unknown{Err: ex.bodyErr}
	case ex.status >= 200:
		return nil, &Unavailable{Answer: Answer{Status: ex.status}, Err: ex.bodyErr}
	case err == nil:
		return nil, &Unreachable{Err: errors.New("no answer")}
	case errors.As(err, new(*Unauthorized)), errors.As(err, new(*Forbidden)): // the transport refused to send it
		return nil, err
	case write && ex.sent && !refusedBeforeSending(err):
		return nil, &Unknown{Err: err}
	}
	return nil, unreachable(err)
}

// mayBeMade reports an answer by which a change may have been made all the same: a fault within the tenant, or a proxy's word
// that the tenant gave it no answer. A 503 refuses what was asked, and what the gateway says of itself it says before it sends.
func mayBeMade(err error) bool {
	a, ok := AnswerOf(err)
	open := a.Status == http.StatusInternalServerError || a.Status == http.StatusBadGateway || a.Status == http.StatusGatewayTimeout
	return ok && open && !strings.HasPrefix(a.Code.String(), "usher_")
}

// checkPath refuses ids that make an address of something else: "" names the whole collection, and a server may resolve
// "." and "..", which no escaping changes.
func checkPath(ids []string) error {
	for _, id := range ids {
		if id == "" || id == "." || id == ".." {
			return &Invalid{Field: "id", Answer: Answer{Message: term.Line(fmt.Sprintf("%q is not an id", id))}}
		}
	}
	return nil
}

func ptr[T any](v T) *T { return &v }
