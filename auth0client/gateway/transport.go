package gateway

import (
	"context"
	"net"
	"net/http"
	"time"
)

const (
	connectWithin = 5 * time.Second
	maxHeaders    = 64 << 10 // of an answer
)

// defaultTransport reaches the tenant, and nothing else: no proxy from the environment, which could belong to whoever
// started the session, and no redirects.
func defaultTransport() *http.Transport {
	dialer := &net.Dialer{Timeout: connectWithin, KeepAlive: 30 * time.Second}
	return &http.Transport{
		DialContext: dialer.DialContext, TLSHandshakeTimeout: connectWithin, ResponseHeaderTimeout: readWithin,
		ForceAttemptHTTP2: true, MaxIdleConns: 256, MaxIdleConnsPerHost: 256, IdleConnTimeout: 90 * time.Second,
		MaxResponseHeaderBytes: maxHeaders,
		// A connection that died unseen is found within seconds, not at the next request's end.
		HTTP2: &http.HTTP2Config{SendPingTimeout: 15 * time.Second, PingTimeout: connectWithin},
	}
}

type (
	viaKey    struct{}
	noticeKey struct{}
)

// WithVia says how the operator of the requests made with ctx came, for the journal: "gateway 192.0.2.1".
func WithVia(ctx context.Context, via string) context.Context {
	return context.WithValue(ctx, viaKey{}, via)
}

func (g *Gateway) viaOf(ctx context.Context) string {
	if via, ok := ctx.Value(viaKey{}).(string); ok {
		return via
	}
	return g.o.Via
}

// WithNotice has tell called whenever the tenant's rate limit holds a request made with ctx back.
func WithNotice(ctx context.Context, tell func(until time.Time)) context.Context {
	return context.WithValue(ctx, noticeKey{}, tell)
}

func (g *Gateway) noticeFor(ctx context.Context) func(time.Time) {
	own, _ := ctx.Value(noticeKey{}).(func(time.Time))
	return func(until time.Time) {
		if own != nil {
			own(until)
		}
		if g.o.OnWait != nil {
			g.o.OnWait(until)
		}
	}
}
