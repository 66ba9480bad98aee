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
	"time"

	"usher/auth0client/gateway/policy"
)

// errNotSent: surely no byte of the request reached the tenant.
var errNotSent = errors.New("the request was not sent")

// errTooLarge: asking again brings the same answer.
var errTooLarge = errors.New("the tenant's answer is larger than 10 MB")

// forward sends the request to the tenant, waiting for the rate budget and out of 429s. Reads are tried again after a
// fault; writes only after a 429, which says that nothing was done.
func (g *Gateway) forward(ctx context.Context, r *http.Request, d policy.Decision, body []byte, id string) (*http.Response, error) {
	priority := priorityOf(r, d.Write)
	deadline := g.o.Now().Add(maxWait)
	if d.Write {
		deadline = g.o.Now().Add(finishWrite)
	}
	for try := 1; ; try++ {
		if err := g.budget.take(ctx, priority); err != nil {
			return nil, fmt.Errorf("%w: %w", errNotSent, err)
		}
		res, err := g.send(ctx, r, d, body, id)
		if err != nil {
			if d.Write || ctx.Err() != nil || errors.Is(err, errTooLarge) || try >= 2 || !g.pause(ctx, time.Second) {
				return nil, err
			}
			continue
		}
		switch {
		case res.StatusCode == http.StatusTooManyRequests && try < maxTries:
			wait := g.budget.limited(res.Header)
			if g.o.OnWait != nil {
				g.o.OnWait(g.o.Now().Add(wait))
			}
			if g.o.Now().Add(wait).After(deadline) || !g.pause(ctx, wait) {
				return res, nil
			}
		case !d.Write && try < 2 && (res.StatusCode == http.StatusBadGateway || res.StatusCode == http.StatusServiceUnavailable || res.StatusCode == http.StatusGatewayTimeout):
			if !g.pause(ctx, time.Second) {
				return res, nil
			}
		default:
			return res, nil
		}
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
func (g *Gateway) send(ctx context.Context, r *http.Request, d policy.Decision, body []byte, id string) (*http.Response, error) {
	token, err := g.o.M2M.Token(ctx)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", errNotSent, err)
	}
	ctx, cancel := context.WithTimeout(ctx, readWithin)
	defer cancel()
	to := &url.URL{Scheme: g.o.Upstream.Scheme, Host: g.o.Upstream.Host, RawQuery: r.URL.RawQuery}
	if to.Path, err = url.PathUnescape(d.Path); err != nil {
		return nil, fmt.Errorf("%w: %w", errNotSent, err)
	}
	to.RawPath = d.Path
	req, err := http.NewRequestWithContext(ctx, r.Method, to.String(), bytes.NewReader(body))
	if err != nil {
		return nil, fmt.Errorf("%w: %w", errNotSent, err)
	}
	for _, h := range []string{"Content-Type", "Accept", "User-Agent", "Auth0-Client", "Auth0-Custom-Domain"} {
		if v := r.Header.Get(h); v != "" {
			req.Header.Set(h, v)
		}
	}
	if len(body) == 0 {
		req.Body, req.ContentLength = http.NoBody, 0
	}
	req.Header.Set("Authorization", "Bearer "+token)
	if id != "" {
		req.Header.Set("X-Correlation-Id", id)
	}
	res, err := g.o.Transport.RoundTrip(req)
	if err != nil {
		var op *net.OpError
		var certificate *tls.CertificateVerificationError
		if errors.As(err, &op) && op.Op == "dial" || errors.As(err, &certificate) {
			return nil, fmt.Errorf("%w: %w", errNotSent, err)
		}
		return nil, err
	}
	answer, err := io.ReadAll(io.LimitReader(res.Body, maxResponse+1))
	if cerr := res.Body.Close(); err == nil {
		err = cerr
	}
	if err == nil && len(answer) > maxResponse {
		err = errTooLarge
	}
	if err != nil {
		return nil, fmt.Errorf("read the tenant's answer: %w", err)
	}
	// The operator's side never sees the gateway's token, not even when an answer quotes it.
	answer = bytes.ReplaceAll(answer, []byte(token), []byte("[redacted]"))
	g.budget.learn(res.Header)
	res.Body = io.NopCloser(bytes.NewReader(answer))
	res.ContentLength = int64(len(answer))
	res.Request = r
	return res, nil
}
