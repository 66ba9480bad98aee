package gateway

import (
	"bytes"
	"context"
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"
)

func TestHealthIsToldShortOutsideAndLongInside(t *testing.T) {
	t.Parallel()
	broken := errors.New("no space left on device")
	asked := 0
	var fault error
	c := &clock{now: time.Date(2026, 3, 1, 8, 0, 0, 0, time.UTC)}
	s := serve(t, roundTripper(okay), func(o *ServerOptions, _ *patience) {
		o.Now = c.Now
		o.Checks = []Check{
			{Name: "journal", Ready: func(context.Context) error { asked++; return fault }},
			{Name: "keys", Ready: func(context.Context) error { return nil }, Fresh: time.Minute},
		}
	})
	see := func(path string) (int, string) {
		res, body := s.do(t, s.request(t.Context(), t, "GET", path, ""))
		return res.StatusCode, body
	}
	inside := func() string {
		rec := &recorder{header: http.Header{}}
		s.Inside().ServeHTTP(rec, s.request(t.Context(), t, "GET", "/readyz", ""))
		return rec.body.String()
	}
	if status, body := see("/healthz"); status != 200 || body != "alive\n" {
		t.Errorf("healthz: %d %q", status, body)
	}
	for range 5 {
		if status, body := see("/readyz"); status != 200 || body != "ready\n" {
			t.Errorf("readyz: %d %q", status, body)
		}
	}
	if asked != 1 {
		t.Errorf("the check ran %d times within a moment", asked)
	}
	fault = broken
	c.After(6 * time.Second)
	if status, body := see("/readyz"); status != 503 || body != "not ready\n" {
		t.Errorf("readyz with a fault: %d %q", status, body)
	}
	if got := inside(); got != "not ready\njournal: no space left on device\nkeys: ok\n" {
		t.Errorf("inside: %q", got)
	}
	s.do(t, s.request(t.Context(), t, "GET", user, ""))
	rec := &recorder{header: http.Header{}}
	s.Inside().ServeHTTP(rec, s.request(t.Context(), t, "GET", "/metrics", ""))
	for _, want := range []string{`usher_requests_total{kind="read",status="200"} 1`, "usher_connections 1", "usher_certificate_end_seconds", `usher_request_seconds_bucket{kind="read",le="0.005"}`, "process_resident_memory_bytes"} {
		if !strings.Contains(rec.body.String(), want) {
			t.Errorf("the metrics lack %s", want)
		}
	}
}

// recorder takes an answer without a connection.
type recorder struct {
	header http.Header
	body   bytes.Buffer
}

func (r *recorder) Header() http.Header         { return r.header }
func (r *recorder) Write(p []byte) (int, error) { return r.body.Write(p) }
func (r *recorder) WriteHeader(int)             {}
