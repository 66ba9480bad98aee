package auth0client

import (
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"net/http"
	"net/url"
)

// maxBody is the largest answer that is read: more is a fault, not a page of users.
const maxBody = 10 << 20

// exchange records one HTTP exchange beneath go-auth0.
type exchange struct {
	sent    bool
	status  int
	header  http.Header
	body    []byte
	bodyErr error
}

type exchangeKey struct{}

var errNotSuccess = errors.New("the answer is not a success")

// exchangeTransport records the exchange its context names and adds usher's own headers.
type exchangeTransport struct {
	next      http.RoundTripper
	userAgent string
}

// RoundTrip implements http.RoundTripper.
func (t exchangeTransport) RoundTrip(r *http.Request) (*http.Response, error) {
	r = r.Clone(r.Context())
	if t.userAgent != "" {
		r.Header.Set("User-Agent", t.userAgent)
	}
	if reason := Reason(r.Context()); reason != "" {
		r.Header.Set("X-Usher-Reason", url.QueryEscape(reason))
	}
	if rests, ok := r.Context().Value(unchangedKey{}).(string); ok {
		r.Header.Set("X-Usher-If-Unchanged", rests)
	}
	if keep, _ := r.Context().Value(beforeKey{}).(bool); keep {
		r.Header.Set("X-Usher-Keep-Before", "1")
	}
	if p, ok := r.Context().Value(priorityKey{}).(Priority); ok {
		r.Header.Set("X-Usher-Priority", string(p))
	}
	ex, _ := r.Context().Value(exchangeKey{}).(*exchange)
	if ex == nil {
		return t.next.RoundTrip(r)
	}
	ex.sent = true
	res, err := t.next.RoundTrip(r)
	if err != nil {
		return nil, err
	}
	body, readErr := io.ReadAll(io.LimitReader(res.Body, maxBody+1))
	closeErr := res.Body.Close()
	if readErr == nil && len(body) > maxBody {
		readErr = errors.New("the answer is larger than 10 MB")
	}
	if readErr == nil {
		readErr = closeErr
	}
	ex.status, ex.header, ex.body, ex.bodyErr = res.StatusCode, res.Header, body, readErr
	if res.StatusCode < 200 || res.StatusCode > 299 {
		// go-auth0 3.0.0 sleeps up to a minute on 408, 429 and 5xx even with its retries off, and no context wakes it: it
		// never sees an answer that is not a success. The recorded exchange is what counts.
		return nil, errNotSuccess
	}
	res.Body = io.NopCloser(bytes.NewReader(body))
	return res, nil
}

// Priority is how soon the gateway serves a request when the tenant's rate limit is near.
type Priority string

// The priorities, soonest first.
const (
	PriorityAction   Priority = "action"
	PriorityScreen   Priority = "screen"
	PriorityPrefetch Priority = "prefetch"
	PriorityBulk     Priority = "bulk"
)

type (
	operatorKey struct{}
	reasonKey   struct{}
	priorityKey struct{}
)

// WithOperator binds the requests made with ctx to one operator: a transport that authorizes them sends none under another
// operator's name, who signed in meanwhile.
func WithOperator(ctx context.Context, id UserID) context.Context {
	return context.WithValue(ctx, operatorKey{}, id)
}

// Operator is whom the requests made with ctx are bound to, empty for nobody.
func Operator(ctx context.Context) UserID {
	id, _ := ctx.Value(operatorKey{}).(UserID)
	return id
}

// WithReason gives the changes made with ctx a reason for the journal.
func WithReason(ctx context.Context, reason string) context.Context {
	return context.WithValue(ctx, reasonKey{}, reason)
}

// Reason is the reason that the changes made with ctx have, empty for none.
func Reason(ctx context.Context) string {
	reason, _ := ctx.Value(reasonKey{}).(string)
	return reason
}

// WithPriority gives the requests made with ctx a priority.
func WithPriority(ctx context.Context, p Priority) context.Context {
	return context.WithValue(ctx, priorityKey{}, p)
}

// refusedBeforeSending reports an error that came before a byte of the request left: the change was surely not made.
func refusedBeforeSending(err error) bool {
	var op *net.OpError
	var certificate *tls.CertificateVerificationError
	var dns *net.DNSError
	var unsent interface{ NotSent() bool } // the gateway knows
	if errors.As(err, &dns) || errors.As(err, &certificate) || errors.As(err, &unsent) && unsent.NotSent() {
		return true
	}
	return errors.As(err, &op) && op.Op == "dial"
}
