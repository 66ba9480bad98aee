package gateway

import (
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"usher/auth0client/gateway/policy"
)

// notSentError: surely no byte of the request reached the tenant. Clients know it by its method.
type notSentError struct{ err error }

func (e *notSentError) Error() string { return "the request was not sent: " + e.err.Error() }
func (e *notSentError) Unwrap() error { return e.err }

// Is lets errors.Is find errNotSent.
func (e *notSentError) Is(target error) bool { return target == errNotSent }

// NotSent reports that the request never left.
func (e *notSentError) NotSent() bool { return true }

// errNotSent: surely no byte of the request reached the tenant.
var errNotSent = errors.New("the request was not sent")

func notSent(err error) error { return &notSentError{err} }

// Exchange is one request to the tenant, for whoever counts.
type Exchange struct {
	Class  string // the rate limit it counts against
	Write  bool
	Waited time.Duration // for its turn
	Took   time.Duration
	Status int // 0: no answer came
}

func (g *Gateway) observe(e Exchange) {
	if g.o.Observe != nil {
		g.o.Observe(e)
	}
}

// errTooLarge: asking again brings the same answer.
var errTooLarge = errors.New("the tenant's answer is larger than 10 MB")

// What an answer of the gateway's own says about the request, so that a console at the other end of a connection knows as
// much as one in the same process.
const (
	outcomeHeader  = "X-Usher-Outcome"
	outcomeNotSent = "not sent" // the tenant never saw the request
	outcomeUnknown = "unknown"  // it may have
	outcomeFailed  = "failed"   // a read that got no answer
)

// journey is a request on its way, tries and all.
type journey struct {
	g        *Gateway
	r        *http.Request
	d        policy.Decision
	body     []byte
	id       string
	claim    claim
	faults   int // answers that were none
	limited  int // 429s
	refused  int // 401s for the gateway's own token
	deadline time.Time
	last     *http.Response // the last 429
	spent    time.Duration  // waiting for answers that were none
}

// forward sends the request to the tenant, waiting for the rate budget and out of 429s. Reads are tried again after a
// fault; writes only where nothing was surely done: after a 429, or after a 401 for the gateway's own token.
func (g *Gateway) forward(ctx context.Context, r *http.Request, d policy.Decision, body []byte, id string) (*http.Response, error) {
	within := maxWait
	if d.Write {
		within = finishWrite
	}
	j := &journey{g: g, r: r, d: d, body: body, id: id, deadline: g.o.Now().Add(within)}
	j.claim = claim{class: classOf(r.Method, d.Path), asker: askerOf(ctx), deadline: j.deadline, notice: g.noticeFor(ctx)}
	for {
		res, err := j.try(ctx)
		again, wait := j.again(ctx, res, err)
		if !again || wait > 0 && !g.pause(ctx, wait) {
			return res, err
		}
	}
}

// again says whether an answer is worth another try, and after which pause beside the budget's own.
func (j *journey) again(ctx context.Context, res *http.Response, err error) (bool, time.Duration) {
	switch {
	case ctx.Err() != nil:
	case err != nil:
		j.faults++
		return !j.d.Write && !errors.Is(err, errTooLarge) && !errors.Is(err, errNotSent) && j.faults < 2 && j.spent < readWithin/2, time.Second
	case res.Header.Get(outcomeHeader) != "": // an answer of the gateway's own
	case res.StatusCode == http.StatusTooManyRequests:
		j.limited++
		j.claim.again, j.last = true, res
		return j.limited < maxTries, 0
	case res.StatusCode == http.StatusUnauthorized:
		j.refused++
		return j.refused < 2, 0
	case res.StatusCode == http.StatusBadGateway, res.StatusCode == http.StatusServiceUnavailable, res.StatusCode == http.StatusGatewayTimeout:
		j.faults++
		return !j.d.Write && j.faults < 2, time.Second
	}
	return false, 0
}

// try waits for a turn and asks the tenant once.
func (j *journey) try(ctx context.Context) (*http.Response, error) {
	g := j.g
	token, err := g.o.M2M.Token(ctx)
	if err != nil {
		return j.noToken(ctx, err)
	}
	asked := g.o.Now()
	t, err := j.await(ctx)
	var limited *limitedError
	switch {
	case errors.As(err, &limited) && j.last != nil: // what the tenant itself said last
		j.limited = maxTries
		return j.last, nil
	case errors.As(err, &limited):
		return j.tooMany(limited.until), nil
	case err != nil:
		return nil, notSent(err)
	}
	res, err := g.send(ctx, j, token)
	e := Exchange{Class: j.claim.class, Write: j.d.Write, Waited: t.start.Sub(asked), Took: g.o.Now().Sub(t.start)}
	if err != nil {
		g.budget.done(t, 0, nil)
		g.observe(e)
		j.spent += e.Took
		return nil, err
	}
	g.budget.done(t, res.StatusCode, res.Header)
	e.Status = res.StatusCode
	g.observe(e)
	if res.StatusCode != http.StatusUnauthorized {
		return res, nil
	}
	if j.refused > 0 {
		return j.failed("usher_m2m", "Auth0 does not accept the gateway's own credential (HTTP 401): whoever runs the gateway must look at its client and the API it may use"), nil
	}
	g.renewToken(ctx, token)
	return res, nil
}

func (j *journey) await(ctx context.Context) (*turn, error) {
	waiting, cancel := context.WithTimeout(ctx, maxWait)
	defer cancel()
	t, err := j.g.budget.take(waiting, j.claim)
	if err != nil && ctx.Err() == nil && waiting.Err() != nil {
		return nil, &limitedError{until: j.g.o.Now().Add(tellAfter)}
	}
	return t, err
}

// noToken answers a request for which the gateway has no token of its own. When Auth0 cannot be reached the request was
// not sent, as with any other; when Auth0 refuses, waiting does not help.
func (j *journey) noToken(ctx context.Context, err error) (*http.Response, error) {
	var network *url.Error
	if ctx.Err() != nil || errors.As(err, &network) {
		return nil, notSent(err)
	}
	return j.failed("usher_m2m", "the gateway cannot get its own token for the Management API: whoever runs it must look ("+err.Error()+")"), nil
}

// failed is an answer for a request that the tenant never saw, or did nothing about.
func (j *journey) failed(code, message string) *http.Response {
	res := refuse(j.r, http.StatusBadGateway, code, message, "")
	res.Header.Set(outcomeHeader, outcomeNotSent)
	return res
}

// tooMany is a 429 of the gateway's own: the tenant would give the same.
func (j *journey) tooMany(until time.Time) *http.Response {
	now := j.g.o.Now()
	res := refuse(j.r, http.StatusTooManyRequests, "too_many_requests", "the tenant's rate limit is reached", "")
	res.Header.Set("Retry-After", strconv.Itoa(max(int(until.Sub(now).Seconds()+0.999), 1)))
	res.Header.Set("Date", now.UTC().Format(http.TimeFormat))
	res.Header.Set(outcomeHeader, outcomeNotSent)
	return res
}

// renewToken drops the token that the tenant refused, unless another request did so already.
func (g *Gateway) renewToken(ctx context.Context, refused string) {
	source, ok := g.o.M2M.(interface{ Forget() })
	if !ok {
		return
	}
	g.renewing.Lock()
	defer g.renewing.Unlock()
	if held, err := g.o.M2M.Token(ctx); err == nil && held == refused {
		source.Forget()
	}
}

func (g *Gateway) pause(ctx context.Context, d time.Duration) bool {
	select {
	case <-ctx.Done():
		return false
	case <-g.o.After(d):
		return true
	}
}

// send makes one request to the tenant and reads its answer whole.
func (g *Gateway) send(ctx context.Context, j *journey, token string) (*http.Response, error) {
	ctx, cancel := context.WithTimeout(ctx, readWithin-j.spent) // a second try has what the first left
	defer cancel()
	req, err := g.outgoing(ctx, j, token)
	if err != nil {
		return nil, notSent(err)
	}
	res, err := g.o.Transport.RoundTrip(req)
	if err != nil {
		var op *net.OpError
		var certificate *tls.CertificateVerificationError
		if errors.As(err, &op) && op.Op == "dial" || errors.As(err, &certificate) {
			return nil, notSent(err)
		}
		return nil, err
	}
	answer, err := readAnswer(res)
	if err != nil {
		return nil, fmt.Errorf("read the tenant's answer: %w", err)
	}
	if bytes.Contains(answer, []byte(token)) {
		// The operator's side never sees the gateway's token, not even when an answer quotes it.
		answer = bytes.ReplaceAll(answer, []byte(token), []byte("[redacted]"))
	}
	for name := range res.Header {
		if strings.HasPrefix(name, "X-Usher-") { // these words are the gateway's own
			delete(res.Header, name)
		}
	}
	res.Body = io.NopCloser(bytes.NewReader(answer))
	res.ContentLength = int64(len(answer))
	res.Request = j.r
	return res, nil
}

// readAnswer reads an answer whole, unpacked, up to its greatest size.
func readAnswer(res *http.Response) ([]byte, error) {
	var into bytes.Buffer
	if res.ContentLength > 0 && res.ContentLength <= maxResponse {
		into.Grow(int(res.ContentLength) + bytes.MinRead)
	}
	_, err := into.ReadFrom(io.LimitReader(res.Body, maxResponse+1))
	if cerr := res.Body.Close(); err == nil {
		err = cerr
	}
	if err == nil && into.Len() > maxResponse {
		err = errTooLarge
	}
	return into.Bytes(), err
}

// outgoing builds the request that the tenant sees: only what it needs is taken over from the operator's.
func (g *Gateway) outgoing(ctx context.Context, j *journey, token string) (*http.Request, error) {
	path, err := url.PathUnescape(j.d.Path)
	if err != nil {
		return nil, err
	}
	to := url.URL{Scheme: g.o.Upstream.Scheme, Host: g.o.Upstream.Host, Path: path, RawPath: j.d.Path, RawQuery: j.r.URL.RawQuery}
	req, err := http.NewRequestWithContext(ctx, j.r.Method, to.String(), bytes.NewReader(j.body))
	if err != nil {
		return nil, err
	}
	for _, h := range []string{"Content-Type", "Accept", "User-Agent", "Auth0-Client", "Auth0-Custom-Domain"} {
		if v := j.r.Header.Get(h); v != "" {
			req.Header.Set(h, v)
		}
	}
	if len(j.body) == 0 {
		req.Body, req.ContentLength = http.NoBody, 0
	}
	// The password mail is the Authentication API's, which asks for no token: it gets none.
	if strings.HasPrefix(path, "/api/v2/") {
		req.Header.Set("Authorization", "Bearer "+token)
	}
	if j.id != "" {
		req.Header.Set("X-Correlation-Id", j.id)
	}
	return req, nil
}
