package gateway

import (
	"context"
	"net/http"
	"sync"
	"testing"
	"time"
)

// BenchmarkStorm has four callers meet nothing but 429s for 15 s, with every kind of reset, all at the same time.
func BenchmarkStorm(b *testing.B) {
	kinds := map[string]func() []string{
		"past": func() []string { return resetIn(-time.Hour) }, "now": func() []string { return resetIn(0) },
		"far": func() []string { return resetIn(time.Hour) }, "none": func() []string { return nil },
	}
	for b.Loop() {
		var mu sync.Mutex
		var told, left time.Duration
		var all sync.WaitGroup
		most := 0
		for _, header := range kinds {
			all.Go(func() {
				start := time.Now()
				s := &served{took: 20 * time.Millisecond, answer: func(*http.Request, int) (*http.Response, error) {
					return answer(429, `{}`, header()...)
				}}
				said := sync.OnceFunc(func() { mu.Lock(); told = max(told, time.Since(start)); mu.Unlock() })
				g := gatewayTo(b, s, func(time.Time) { said() })
				ctx, cancel := context.WithCancel(b.Context())
				var callers sync.WaitGroup
				for range 4 {
					callers.Go(func() { _, _ = g.RoundTrip(request(ctx, b, "GET", user, "")) })
				}
				wait(ctx, 15*time.Second)
				n := s.within(15 * time.Second)
				before := time.Now()
				cancel()
				callers.Wait()
				mu.Lock()
				defer mu.Unlock()
				most, left = max(most, n), max(left, time.Since(before))
			})
		}
		all.Wait()
		b.ReportMetric(float64(most), "requests-in-15s(≤6)")
		b.ReportMetric(float64(told.Milliseconds()), "ms-to-message(≤1000)")
		b.ReportMetric(float64(left.Microseconds())/1000, "ms-to-cancel(≤100)")
	}
}

// BenchmarkBulkBesideOperators has a bulk run and three operators share a plan of 16 requests a second, in real time.
func BenchmarkBulkBesideOperators(b *testing.B) {
	for b.Loop() {
		s := work(b, 50, 16, 3, 3*time.Second, 15*time.Second)
		b.ReportMetric(float64(s.p95().Microseconds())/1000, "ms-p95-wait(≤250)")
		b.ReportMetric(float64(s.refused), "429s(0)")
		b.ReportMetric(s.use*100, "%-of-budget(≥90)")
	}
}
