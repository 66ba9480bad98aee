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
	"net"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"usher/auth0client/gateway/journal"
	"usher/auth0client/gateway/policy"
)

// ErrOutcomeUnknown: a change was sent and no answer came. It is in the journal; it must be read back, not sent again.
var ErrOutcomeUnknown = errors.New("the change was sent but no answer came: its outcome is unknown")

const (
	maxRequest  = 1 << 20  // Auth0's own limit of a payload
	maxResponse = 10 << 20 // an answer beyond it is a fault
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

// Options is what a gateway needs.
type Options struct {
	Upstream  *url.URL // scheme and host of the tenant: where every request goes, whatever it says itself
	Verifier  Verifier
	M2M       TokenSource
	Journal   *journal.Journal
	Transport http.RoundTripper
	Reserve   float64 // the share of the rate limit left to production; default 0.2
	Now       func() time.Time
	After     func(time.Duration) <-chan time.Time
	OnWait    func(until time.Time) // told when the tenant's rate limit holds a request back
	Via       string                // how operators come: "console", "ssh 192.0.2.1", "cli"
}

// Gateway implements http.RoundTripper. It is safe for concurrent use.
type Gateway struct {
	o      Options
	table  *policy.Table
	budget *budget
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
	return &Gateway{o: o, table: policy.NewTable(), budget: newBudget(o.Now, o.After, o.Reserve)}, nil
}

func defaultTransport() http.RoundTripper {
	dialer := &net.Dialer{Timeout: 5 * time.Second, KeepAlive: 30 * time.Second}
	return &http.Transport{
		// No proxy from the environment: it could belong to whoever started the session.
		DialContext: dialer.DialContext, TLSHandshakeTimeout: 5 * time.Second, ResponseHeaderTimeout: readWithin,
		ForceAttemptHTTP2: true, MaxIdleConnsPerHost: 16, IdleConnTimeout: 90 * time.Second,
	}
}

// Budget is the tenant's rate limit as last heard.
func (g *Gateway) Budget() Budget { return g.budget.snapshot() }

// RoundTrip implements http.RoundTripper. A refusal is an answer in Auth0's shape; an error means that no answer came.
func (g *Gateway) RoundTrip(r *http.Request) (*http.Response, error) {
	body, err := readBody(r)
	if err != nil {
		return refuse(r, http.StatusRequestEntityTooLarge, "usher_field", err.Error(), ""), nil
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
	d, err := g.table.Decide(op, r.Method, r.URL.EscapedPath(), body)
	if err != nil {
		return g.denied(r, op, d, err)
	}
	if !d.Write {
		ctx, cancel := context.WithCancel(r.Context())
		res, err := g.forward(ctx, r, d, body, "")
		cancel()
		return res, err
	}
	return g.change(r, op, d, body)
}

// readBody reads a request's body whole, so that it can be decided on and sent again.
func readBody(r *http.Request) ([]byte, error) {
	if r.Body == nil {
		return nil, nil
	}
	defer r.Body.Close() //nolint:errcheck // read already
	body, err := io.ReadAll(io.LimitReader(r.Body, maxRequest+1))
	if err != nil {
		return nil, fmt.Errorf("the request's body cannot be read: %w", err)
	}
	if len(body) > maxRequest {
		return nil, errors.New("the request's body is larger than 1 MB")
	}
	return body, nil
}

func (g *Gateway) denied(r *http.Request, op policy.Operator, d policy.Decision, err error) (*http.Response, error) {
	var no *policy.Refusal
	if !errors.As(err, &no) {
		return nil, err
	}
	if r.Method != http.MethodGet {
		entry := g.entry(r, op, d, "")
		entry.Note = no.Message
		if err := g.o.Journal.Denied(r.Context(), entry); err != nil {
			return refuse(r, http.StatusServiceUnavailable, "usher_journal", "the journal cannot be written: "+err.Error(), ""), nil
		}
	}
	return refuse(r, http.StatusForbidden, no.Code, no.Message, string(no.Permission)), nil
}

func (g *Gateway) entry(r *http.Request, op policy.Operator, d policy.Decision, id string) journal.Entry {
	reason, err := url.QueryUnescape(r.Header.Get("X-Usher-Reason"))
	if err != nil {
		reason = r.Header.Get("X-Usher-Reason")
	}
	path := d.Path
	if path == "" {
		path = r.URL.EscapedPath()
	}
	e := journal.Entry{
		ID: id, Subject: op.Subject, Email: op.Email, Via: g.o.Via, Method: r.Method, Path: path,
		Target: d.Target, Reason: reason, Fields: d.Fields,
	}
	for _, a := range d.Actions {
		e.Actions = append(e.Actions, string(a))
	}
	return e
}

// change forwards a write between its two journal lines. Once the intent is on disk the write runs to its end even if the
// operator leaves.
func (g *Gateway) change(r *http.Request, op policy.Operator, d policy.Decision, body []byte) (*http.Response, error) {
	if err := r.Context().Err(); err != nil {
		return nil, err
	}
	id := rand.Text()
	handle, err := g.o.Journal.Intent(r.Context(), g.entry(r, op, d, id))
	if err != nil {
		return refuse(r, http.StatusServiceUnavailable, "usher_journal", "the change was not made: its journal line cannot be written ("+err.Error()+")", ""), nil
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(r.Context()), finishWrite)
	defer cancel()
	res, err := g.forward(ctx, r, d, body, id)
	outcome := journal.Outcome{}
	switch {
	case err == nil:
		outcome.Status, outcome.Request = res.StatusCode, res.Header.Get("X-Auth0-Requestid")
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
		Header:        http.Header{"Content-Type": {"application/json; charset=utf-8"}},
		ContentLength: int64(len(data)), Body: io.NopCloser(bytes.NewReader(data)), Request: r,
	}
}
