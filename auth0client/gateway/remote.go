package gateway

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptrace"
	"net/netip"
	"net/textproto"
	"net/url"
	"strconv"
	"sync"
	"sync/atomic"
	"time"
)

const (
	// silentFor is how long a gateway that gives signs of life may give none before it counts as gone.
	silentFor = 10 * time.Second
	// wholeWithin bounds a request with all its waits, signs of life or not: something between may swallow them.
	wholeWithin = 100 * time.Second
	// gatewayHeader marks the gateway's answers, so that one of something between is not taken for the tenant's.
	gatewayHeader = "X-Usher-Gateway"
)

var (
	errSilent    = errors.New("the gateway gives no sign of life")
	errWholeTime = errors.New("the gateway did not answer in time")
)

// What else can be wrong than that the gateway is not reached.
var (
	// ErrForeign: something before the gateway answered instead of it.
	ErrForeign = errors.New("the answer is not by usher's gateway but by something before it")
	// ErrNoTenant: the gateway answered, and the tenant did not answer the gateway.
	ErrNoTenant = errors.New("the gateway got no answer of the tenant")
)

// RemoteOptions is where a gateway on another machine is.
type RemoteOptions struct {
	URL       *url.URL // https://HOST[:PORT]; http on a loopback host only
	CA        []byte   // PEM; the only authorities that count for it. Default: the system's
	OnWait    func(until time.Time)
	Now       func() time.Time
	Transport http.RoundTripper // default: one of its own
}

// Remote is the way to a gateway on another machine. It implements http.RoundTripper and fails as a [Gateway] in this
// process does: what was surely not sent, what may have been, and what was answered are told apart.
type Remote struct {
	o     RemoteOptions
	beats atomic.Bool // the gateway's signs of life come through

	mu    sync.Mutex
	known Budget
}

// NewRemote makes the way. It sends nothing.
func NewRemote(o RemoteOptions) (*Remote, error) {
	if o.URL == nil || o.URL.Host == "" || o.URL.Scheme != "https" && o.URL.Scheme != "http" || o.URL.User != nil || o.URL.RawQuery != "" || o.URL.Path != "" && o.URL.Path != "/" {
		return nil, errors.New("a gateway's address looks like https://usher.example.com")
	}
	if o.URL.Scheme == "http" && !loopbackName(o.URL.Hostname()) {
		return nil, fmt.Errorf("the gateway %s: only https counts, but for one on this machine", o.URL)
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Transport == nil {
		transport := defaultTransport()
		transport.ResponseHeaderTimeout = 0 // answers wait for the tenant's rate limit; the signs of life are watched instead
		transport.TLSClientConfig = &tls.Config{MinVersion: tls.VersionTLS12}
		if len(o.CA) > 0 {
			pool := x509.NewCertPool()
			if !pool.AppendCertsFromPEM(o.CA) {
				return nil, errors.New("the file of the gateway's authority holds no PEM certificate")
			}
			transport.TLSClientConfig.RootCAs = pool
		}
		o.Transport = transport
	}
	return &Remote{o: o}, nil
}

func loopbackName(host string) bool {
	at, err := netip.ParseAddr(host)
	return host == "localhost" || err == nil && at.IsLoopback()
}

// Budget is the tenant's rate limit as last heard through the gateway.
func (r *Remote) Budget() Budget {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.known
}

// RoundTrip implements http.RoundTripper.
func (r *Remote) RoundTrip(req *http.Request) (*http.Response, error) {
	ctx, cancel := context.WithCancelCause(req.Context())
	whole := time.AfterFunc(wholeWithin, func() { cancel(errWholeTime) })
	quiet := &quiet{cancel: cancel}
	end := func() {
		whole.Stop()
		quiet.stop()
		cancel(nil)
	}
	out := req.Clone(r.trace(ctx, quiet))
	out.URL.Scheme, out.URL.Host, out.Host = r.o.URL.Scheme, r.o.URL.Host, ""
	out.Header.Set(beatsHeader, "yes")
	res, err := r.o.Transport.RoundTrip(out)
	quiet.stop()
	if err != nil {
		if cause := context.Cause(ctx); cause != nil && req.Context().Err() == nil {
			err = fmt.Errorf("%w: %w", cause, err)
		}
		end()
		return nil, err
	}
	if err := r.judge(req, res); err != nil {
		_ = res.Body.Close() // what it says is known
		end()
		return nil, err
	}
	if l, ok := readLimits(res.Header, r.o.Now()); ok {
		r.mu.Lock()
		r.known = Budget{Limit: l.limit, Remaining: l.remaining, Reset: r.o.Now().Add(l.reset), Known: true}
		r.mu.Unlock()
	}
	res.Body = &endedBody{ReadCloser: res.Body, end: sync.OnceFunc(end)}
	return res, nil
}

// trace watches a request on its way: once it is sent, the gateway is to answer or to give signs of life.
func (r *Remote) trace(ctx context.Context, q *quiet) context.Context {
	return httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{
		WroteRequest: func(httptrace.WroteRequestInfo) {
			if r.beats.Load() {
				q.restart()
			}
		},
		Got1xxResponse: func(code int, header textproto.MIMEHeader) error {
			if code != http.StatusProcessing {
				return nil
			}
			r.beats.Store(true)
			q.restart()
			if ms, err := strconv.Atoi(header.Get(waitHeader)); err == nil && ms > 0 && r.o.OnWait != nil {
				r.o.OnWait(r.o.Now().Add(min(time.Duration(ms)*time.Millisecond, time.Hour)))
			}
			return nil
		},
	})
}

// judge makes errors of those answers that stand for one.
func (r *Remote) judge(req *http.Request, res *http.Response) error {
	if res.Header.Get(gatewayHeader) == "" {
		if req.Method != http.MethodGet {
			return fmt.Errorf("%w: %w (HTTP %d)", ErrOutcomeUnknown, ErrForeign, res.StatusCode)
		}
		return fmt.Errorf("%w (HTTP %d)", ErrForeign, res.StatusCode)
	}
	switch code, outcome := res.Header.Get(codeHeader), res.Header.Get(outcomeHeader); {
	case code == codeUnknown:
		return ErrOutcomeUnknown
	case code == codeUpstream && outcome == outcomeNotSent:
		return notSent(fmt.Errorf("%w: nothing was sent", ErrNoTenant))
	case code == codeUpstream:
		return ErrNoTenant
	}
	return nil
}

// quiet ends a request whose gateway says nothing for too long.
type quiet struct {
	cancel context.CancelCauseFunc

	mu    sync.Mutex
	timer *time.Timer
	done  bool
}

func (q *quiet) restart() {
	q.mu.Lock()
	defer q.mu.Unlock()
	switch {
	case q.done:
	case q.timer == nil:
		q.timer = time.AfterFunc(silentFor, func() { q.cancel(errSilent) })
	default:
		q.timer.Reset(silentFor)
	}
}

func (q *quiet) stop() {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.done = true
	if q.timer != nil {
		q.timer.Stop()
	}
}

// endedBody ends its request's watch when it is closed.
type endedBody struct {
	io.ReadCloser
	end func()
}

// Close implements io.Closer.
func (b *endedBody) Close() error {
	err := b.ReadCloser.Close()
	b.end()
	return err
}
