// Package gateway is the one door to the Management API: an http.RoundTripper that verifies the operator's token,
// authorizes the request, journals it before and after, keeps the rate budget, and forwards it with the
// machine-to-machine token that it alone holds.
package gateway

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"time"

	"usher/auth0client/gateway/journal"
	"usher/auth0client/gateway/policy"
)

// ErrOutcomeUnknown: a change was sent and no answer came. It is in the journal; it must be read back, not sent again.
var ErrOutcomeUnknown = errors.New("the change was sent but no answer came: its outcome is unknown")

const (
	maxRequest  = 1 << 20  // Auth0's own limit of a payload
	maxResponse = 10 << 20 // an answer beyond it is a fault
	mostRefused = 4 << 10  // a refused change with a larger body is journaled without it
	// finishWrite bounds a change that goes on after its operator left.
	finishWrite = 30 * time.Second
	readWithin  = 30 * time.Second
)

// Verifier checks an operator's token.
type Verifier interface {
	Verify(ctx context.Context, token string) (policy.Operator, error)
}

// TokenSource gives the machine-to-machine token.
type TokenSource interface {
	Token(ctx context.Context) (string, error)
}

// Record is where changes are written down before and after they are made: a [journal.Journal], or one that several
// processes share.
type Record interface {
	Intent(ctx context.Context, e journal.Entry) (journal.Handle, error)
	Denied(ctx context.Context, e journal.Entry) error
}

// Options is what a gateway needs.
type Options struct {
	Upstream  *url.URL // scheme and host of the tenant: where every request goes, whatever it says itself
	Verifier  Verifier
	M2M       TokenSource
	Journal   Record
	Transport http.RoundTripper
	Reserve   float64 // the share of the rate limit left to production; default 0.2
	Now       func() time.Time
	After     func(time.Duration) <-chan time.Time
	OnWait    func(until time.Time) // told when the tenant's rate limit holds a request back
	Observe   func(Exchange)        // told of each request to the tenant
	Via       string                // how operators come: "console", "ssh 192.0.2.1", "cli"

	Policies  *policy.Set       // nil: permissions alone decide
	Approvals journal.Approvals // where changes wait for a second operator; nil: what a policy wants approved is refused
	Key       []byte            // seals what waits for approval; see [SealingKey]
	Client    string            // id of the application that password mails are sent for
	// Entries reads the journal for GET /usher/v1/journal, oldest first; nil: that endpoint is not there.
	Entries func(ctx context.Context) ([]journal.Entry, error)
}

// Gateway implements http.RoundTripper. It is safe for concurrent use.
type Gateway struct {
	o      Options
	table  *policy.Table
	budget *budget
	seal   *sealer
	locks  *locks
	known  *known
	// renewing lets one request at a time ask for a new token of the gateway's own.
	renewing sync.Mutex
}

// New makes a gateway. It sends nothing.
func New(o Options) (*Gateway, error) {
	switch {
	case o.Upstream == nil || o.Upstream.Host == "":
		return nil, errors.New("the gateway has no tenant to forward to")
	case o.Verifier == nil || o.M2M == nil || o.Journal == nil:
		return nil, errors.New("the gateway needs a verifier, a machine-to-machine credential and a journal")
	}
	if o.Transport == nil {
		o.Transport = defaultTransport()
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.After == nil {
		o.After = time.After
	}
	if o.Reserve == 0 {
		o.Reserve = 0.2
	}
	seal, err := newSealer(o.Key)
	if err != nil {
		return nil, err
	}
	return &Gateway{
		o: o, table: policy.NewTable(), budget: newBudget(o.Now, o.After, o.Reserve), seal: seal, locks: newLocks(), known: newKnown(o.Now),
	}, nil
}

// Budget is the tenant's rate limit as last heard.
func (g *Gateway) Budget() Budget { return g.budget.snapshot() }

// RoundTrip implements http.RoundTripper. A refusal is an answer in Auth0's shape; an error means that no answer came.
func (g *Gateway) RoundTrip(r *http.Request) (*http.Response, error) {
	if r.Body != nil {
		defer r.Body.Close() //nolint:errcheck // read, or not wanted
	}
	token, ok := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
	if !ok {
		return refuse(r, http.StatusUnauthorized, "usher_token", "sign in first", ""), nil
	}
	op, err := g.o.Verifier.Verify(r.Context(), token)
	if err != nil {
		if r.Context().Err() != nil {
			return nil, r.Context().Err()
		}
		return refuse(r, http.StatusUnauthorized, "usher_token", "your sign-in does not count (any more): "+err.Error(), ""), nil
	}
	// Not before the token is known to be good: strangers must not fill the memory.
	body, err := readBody(r)
	if err != nil {
		return refuse(r, http.StatusRequestEntityTooLarge, "usher_field", err.Error(), ""), nil
	}
	if op.Claims == nil {
		op.Claims = claimsOf(token)
	}
	r = withAsker(r, op.Subject)
	noteRequest(r.Context(), op.Subject, "", nil)
	if path := r.URL.EscapedPath(); strings.HasPrefix(path, ownPrefix) && path != resetPath {
		return g.own(r, op, body)
	}
	c, err := g.decide(r, op, body)
	noteRequest(r.Context(), op.Subject, c.d.Target, actionNames(c.d.Actions))
	if err == nil {
		return g.serve(c)
	}
	return g.refused(c, err)
}

// call is a request on its way, and what is known of it.
type call struct {
	r     *http.Request
	op    policy.Operator
	d     policy.Decision
	body  []byte
	rules policy.Rules    // the operator's
	about policy.Rules    // about those whom the request is about
	note  string          // for the journal: who approved it
	by    policy.Operator // the second operator who approved it; nobody's otherwise
	// Of a change of one user's fields or roles: the user and the roles as they were read on the way, and what the journal
	// says that was set before.
	person map[string]any
	held   []string
	from   map[string]any
	// What became of the change, once it was sent; a journal.Result… and the tenant's status.
	result string
	status int
	// approved: a second operator agreed; neither an approval nor a fresh sign-in of the first is asked for again.
	approved bool

	// Of a reading request whose fields the gateway asks for itself: which the operator asked for.
	asked            string
	include, project bool
}

// decide asks the table.
func (g *Gateway) decide(r *http.Request, op policy.Operator, body []byte) (*call, error) {
	c := &call{r: r, op: op, body: body}
	if r.URL.EscapedPath() == resetPath {
		return c, c.decideReset()
	}
	var err error
	c.d, err = g.table.Decide(op, policy.Request{
		Method: r.Method, Path: r.URL.EscapedPath(), Query: r.URL.RawQuery, ContentType: r.Header.Get("Content-Type"), Body: body,
	})
	return c, err
}

// readBody reads a request's body whole, so that it can be decided on and sent again.
func readBody(r *http.Request) ([]byte, error) {
	if r.Body == nil {
		return nil, nil
	}
	body, err := io.ReadAll(io.LimitReader(r.Body, maxRequest+1))
	if err != nil {
		return nil, fmt.Errorf("the request's body cannot be read: %w", err)
	}
	if len(body) > maxRequest {
		return nil, errors.New("the request's body is larger than 1 MB")
	}
	return body, nil
}

// refused answers what authorization said no to, and records it when it was a change.
func (g *Gateway) refused(c *call, err error) (*http.Response, error) {
	var no *policy.Refusal
	var said *answered
	switch {
	case errors.As(err, &no):
	case errors.As(err, &said):
		// For an operator whom a policy limits, somebody outside and nobody at all leave the same line.
		if c.d.Write && said.note != "" {
			no = &policy.Refusal{Message: said.note}
			break
		}
		return said.response(c.r), nil
	default:
		return nil, err
	}
	if c.r.Method != http.MethodGet {
		entry := g.entry(c, "")
		entry.Note = no.Message
		if n := len(c.body); n > mostRefused { // who may do nothing must not fill the disk
			entry.Fields = map[string]any{"…": fmt.Sprintf("%d bytes, left out", n)}
		}
		if err := g.o.Journal.Denied(c.r.Context(), entry); err != nil {
			return refuse(c.r, http.StatusServiceUnavailable, "usher_journal", "the journal cannot be written: "+err.Error(), ""), nil
		}
	}
	if said != nil {
		return said.response(c.r), nil
	}
	return refusal(c.r, no), nil
}

func (g *Gateway) entry(c *call, id string) journal.Entry {
	path := c.d.Path
	if path == "" {
		path = c.r.URL.EscapedPath()
	}
	e := journal.Entry{
		ID: id, Subject: c.op.Subject, Email: g.emailOf(c.op), Via: g.viaOf(c.r.Context()), Method: c.r.Method, Path: path,
		Target: c.d.Target, Reason: reasonOf(c.r), From: c.from, Fields: c.d.Fields, Note: c.note,
		Approver: c.by.Subject, ApproverEmail: c.by.Email,
	}
	e.Actions = actionNames(c.d.Actions)
	return e
}

func actionNames(actions []policy.Action) []string {
	var names []string
	for _, a := range actions {
		names = append(names, string(a))
	}
	return names
}

func reasonOf(r *http.Request) string {
	reason, err := url.QueryUnescape(r.Header.Get("X-Usher-Reason"))
	if err != nil {
		return r.Header.Get("X-Usher-Reason")
	}
	return reason
}

// change forwards a write between its two journal lines. Once the intent is on disk the write runs to its end even if the
// operator leaves.
func (g *Gateway) change(c *call) (*http.Response, error) {
	if err := c.r.Context().Err(); err != nil {
		return nil, err
	}
	id := rand.Text()
	handle, err := g.o.Journal.Intent(c.r.Context(), g.entry(c, id))
	if err != nil {
		return refuse(c.r, http.StatusServiceUnavailable, "usher_journal", "the change was not made: its journal line cannot be written ("+err.Error()+")", ""), nil
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(c.r.Context()), finishWrite)
	defer cancel()
	res, err := g.forward(ctx, c.r, c.d, c.body, id)
	c.result, c.status = resultOf(res, err)
	outcome := journal.Outcome{}
	switch {
	case err == nil:
		outcome.Status, outcome.Request = res.StatusCode, res.Header.Get("X-Auth0-Requestid")
		if res.Header.Get(outcomeHeader) == outcomeNotSent {
			outcome.Note = outcomeNotSent
		}
	case errors.Is(err, errNotSent):
		outcome.Note = "not sent"
	default:
		outcome.Note = "outcome unknown"
		err = fmt.Errorf("%w: %w", ErrOutcomeUnknown, err)
	}
	if jerr := handle.Outcome(ctx, outcome); jerr != nil && err == nil {
		// The change is made and its intent is on disk; the next start reports it as unfinished.
		res.Header.Set("X-Usher-Journal", "outcome not written")
	}
	if res != nil {
		res.Header.Set("X-Usher-Request-Id", id)
	}
	return res, err
}

// resultOf says whether a change was made, as far as its answer tells. Only what surely was not made counts as refused.
func resultOf(res *http.Response, err error) (result string, status int) {
	switch {
	case errors.Is(err, errNotSent):
		return journal.ResultRefused, 0
	case err != nil:
		return journal.ResultUnknown, 0
	case res.Header.Get(outcomeHeader) == outcomeNotSent:
		return journal.ResultRefused, res.StatusCode
	case res.StatusCode >= 200 && res.StatusCode < 300:
		return journal.ResultMade, res.StatusCode
	case res.StatusCode >= 400 && res.StatusCode < 500 && res.StatusCode != http.StatusRequestTimeout:
		return journal.ResultRefused, res.StatusCode
	}
	return journal.ResultUnknown, res.StatusCode
}

// codeHeader repeats the errorCode of a refusal, for the log and the metrics.
const codeHeader = "X-Usher-Code"

func refuse(r *http.Request, status int, code, message, permission string) *http.Response {
	body := map[string]any{"statusCode": status, "error": http.StatusText(status), "message": message, "errorCode": code}
	if permission != "" {
		body["permission"] = permission
	}
	data, err := json.Marshal(body)
	if err != nil {
		data = []byte("{}")
	}
	return &http.Response{
		StatusCode: status, Status: strconv.Itoa(status) + " " + http.StatusText(status), Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
		Header:        http.Header{"Content-Type": {"application/json; charset=utf-8"}, codeHeader: {code}},
		ContentLength: int64(len(data)), Body: io.NopCloser(bytes.NewReader(data)), Request: r,
	}
}
