package gateway

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"sync"
	"sync/atomic"
	"time"
)

// patience is how long a server waits for its clients, and in a shutdown for reads under way.
type patience struct{ headers, request, answer, idle, reads time.Duration }

// usualPatience: an operator's request may wait for the tenant's rate limit, so answers take longest.
func usualPatience() patience {
	return patience{headers: 10 * time.Second, request: 30 * time.Second, answer: 130 * time.Second, idle: 90 * time.Second, reads: 5 * time.Second}
}

const (
	requestHeader = 32 << 10
	// goAllows is what net/http adds to the limit of a request's headers.
	goAllows = 4 << 10

	defaultConnections = 4096
	defaultPerAddress  = 1024

	// stopWithin bounds a shutdown: no change goes on for longer than finishWrite.
	stopWithin = finishWrite
)

// ServerOptions is how a gateway is served.
type ServerOptions struct {
	Gateway      http.RoundTripper
	Certificates *Certificates // nil: plain HTTP, on a loopback address only
	Proxies      Proxies       // whose X-Forwarded-For counts
	Checks       []Check       // of /readyz
	Metrics      *Metrics
	Log          *slog.Logger
	Now          func() time.Time
	Connections  int           // at once; default 4096
	PerAddress   int           // of them from one address that is no proxy; default 1024
	Drain        time.Duration // how long a stopping server still takes requests, so that a load balancer sees it stop
}

// Server is the gateway behind HTTPS. It is an http.Handler; Serve runs it.
type Server struct {
	o        ServerOptions
	patience patience
	health   *health
	stopping atomic.Bool
	handling sync.WaitGroup
	limited  atomic.Pointer[limitListener]
}

// NewServer makes a server. It listens to nothing yet.
func NewServer(o ServerOptions) (*Server, error) {
	if o.Gateway == nil {
		return nil, errors.New("the server has no gateway to pass requests to")
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Metrics == nil {
		o.Metrics = NewMetrics()
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if o.Connections == 0 {
		o.Connections = defaultConnections
	}
	if o.PerAddress == 0 {
		o.PerAddress = defaultPerAddress
	}
	s := &Server{o: o, patience: usualPatience(), health: newHealth(o.Now, o.Checks)}
	o.Metrics.gauge("usher_connections", func() float64 {
		if l := s.limited.Load(); l != nil {
			return float64(l.connections())
		}
		return 0
	})
	if o.Certificates != nil {
		o.Metrics.gauge("usher_certificate_end_seconds", func() float64 { return float64(o.Certificates.Ends().Unix()) })
	}
	return s, nil
}

// Serve takes requests on l until ctx ends. Then it takes no more, lets reads end and changes under way finish and reach
// the journal, for 30 seconds at most.
func (s *Server) Serve(ctx context.Context, l net.Listener) error {
	if s.o.Certificates == nil && !addressOf(l.Addr().String()).IsLoopback() {
		return fmt.Errorf("without a certificate the gateway listens on a loopback address only, not on %s: operators' tokens would cross the network in the clear", l.Addr())
	}
	limited := newLimitListener(l, s.o.Connections, s.o.PerAddress, s.o.Proxies, s.o.Metrics.connectionRefused)
	s.limited.Store(limited)
	base, cut := context.WithCancel(context.WithoutCancel(ctx))
	defer cut()
	server := s.server(base)
	failed := make(chan error, 1)
	go func() {
		if s.o.Certificates == nil {
			failed <- server.Serve(limited)
			return
		}
		failed <- server.ServeTLS(limited, "", "")
	}()
	select {
	case err := <-failed:
		return fmt.Errorf("serve the gateway: %w", err)
	case <-ctx.Done():
	}
	err := s.stop(base, server, cut)
	if served := <-failed; !errors.Is(served, http.ErrServerClosed) {
		err = errors.Join(err, served)
	}
	return err
}

func (s *Server) server(base context.Context) *http.Server {
	server := &http.Server{
		Handler: s, ReadHeaderTimeout: s.patience.headers, ReadTimeout: s.patience.request, WriteTimeout: s.patience.answer, IdleTimeout: s.patience.idle,
		MaxHeaderBytes: requestHeader - goAllows, BaseContext: func(net.Listener) context.Context { return base },
		ErrorLog: slog.NewLogLogger(s.o.Log.Handler(), slog.LevelDebug),
		HTTP2: &http.HTTP2Config{
			MaxConcurrentStreams: 100, MaxReadFrameSize: 64 << 10, MaxReceiveBufferPerConnection: 2 << 20,
			MaxReceiveBufferPerStream: maxRequest, SendPingTimeout: 30 * time.Second, PingTimeout: 15 * time.Second,
		},
	}
	if s.o.Certificates != nil {
		server.TLSConfig = &tls.Config{MinVersion: tls.VersionTLS12, GetCertificate: s.o.Certificates.get}
	}
	return server
}

// stop ends the server in good order. A handler may outlive its connection, so connections alone do not tell the end.
func (s *Server) stop(base context.Context, server *http.Server, cut context.CancelFunc) error {
	s.stopping.Store(true)
	if s.o.Drain > 0 {
		timer := time.NewTimer(s.o.Drain)
		defer timer.Stop()
		<-timer.C
	}
	s.o.Log.Info("stopping: no more requests are taken")
	ctx, cancel := context.WithTimeout(context.WithoutCancel(base), stopWithin)
	defer cancel()
	reads := time.AfterFunc(s.patience.reads, cut)
	defer reads.Stop()
	err := server.Shutdown(ctx)
	finished := make(chan struct{})
	go func() { s.handling.Wait(); close(finished) }()
	select {
	case <-finished:
	case <-ctx.Done():
		err = ctx.Err()
	}
	cut()
	if err != nil {
		_ = server.Close() // it is late: the error says so
		return fmt.Errorf("some requests did not end within %v; what was under way is in the journal: %w", stopWithin, err)
	}
	return nil
}

// Inside serves health in detail and the metrics, for an address that only the operators of the gateway reach.
func (s *Server) Inside() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /healthz", func(w http.ResponseWriter, _ *http.Request) { alive(w) })
	mux.HandleFunc("GET /readyz", func(w http.ResponseWriter, r *http.Request) { s.health.serve(w, r, s.stopping.Load(), true) })
	mux.HandleFunc("GET /metrics", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/plain; version=0.0.4; charset=utf-8")
		s.o.Metrics.write(w)
	})
	return mux
}

// ServeInside serves Inside on l until ctx ends.
func (s *Server) ServeInside(ctx context.Context, l net.Listener) error {
	server := &http.Server{
		Handler: s.Inside(), ReadHeaderTimeout: s.patience.headers, ReadTimeout: s.patience.headers, WriteTimeout: s.patience.request,
		ErrorLog: slog.NewLogLogger(s.o.Log.Handler(), slog.LevelDebug),
	}
	stop := context.AfterFunc(ctx, func() { _ = server.Close() }) // nothing there is worth finishing
	defer stop()
	if err := server.Serve(l); !errors.Is(err, http.ErrServerClosed) {
		return fmt.Errorf("serve the metrics: %w", err)
	}
	return nil
}
