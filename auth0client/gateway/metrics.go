package gateway

import (
	"io"
	"strconv"
	"time"

	"github.com/VictoriaMetrics/metrics"
)

// Metrics counts what a gateway does, in Prometheus' text format. Its labels come from usher's own words only, so that no
// caller can make more of them.
type Metrics struct {
	set *metrics.Set
}

// NewMetrics makes an empty set.
func NewMetrics() *Metrics { return &Metrics{set: metrics.NewSet()} }

// buckets suit answers of a tenant and waits for its rate limit, in seconds.
func buckets() []float64 {
	return []float64{.005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10, 30, 60}
}

// Exchange counts one request to the tenant: give it to [Options].Observe.
func (m *Metrics) Exchange(e Exchange) {
	status := "none"
	if e.Status != 0 {
		status = strconv.Itoa(e.Status)
	}
	m.set.GetOrCreateCounter(`usher_tenant_requests_total{class="` + e.Class + `",status="` + status + `"}`).Inc()
	m.seconds("usher_tenant_request_seconds", e.Took)
	m.seconds("usher_turn_wait_seconds", e.Waited)
}

func (m *Metrics) seconds(name string, d time.Duration) {
	m.set.GetOrCreatePrometheusHistogramExt(name, buckets()).Update(d.Seconds())
}

func (m *Metrics) answered(write bool, status int, code string, took time.Duration) {
	kind := "read"
	if write {
		kind = "write"
	}
	m.set.GetOrCreateCounter(`usher_requests_total{kind="` + kind + `",status="` + strconv.Itoa(status) + `"}`).Inc()
	m.seconds(`usher_request_seconds{kind="`+kind+`"}`, took)
	if code != "" {
		m.set.GetOrCreateCounter(`usher_refusals_total{code="` + code + `"}`).Inc()
	}
}

func (m *Metrics) connectionRefused() {
	m.set.GetOrCreateCounter("usher_connections_refused_total").Inc()
}

func (m *Metrics) gauge(name string, value func() float64) { m.set.GetOrCreateGauge(name, value) }

// Budget shows what is left of the tenant's rate limit, and who waits for it.
func (m *Metrics) Budget(g *Gateway) {
	m.gauge("usher_rate_limit", func() float64 { return float64(g.Budget().Limit) })
	m.gauge("usher_rate_limit_remaining", func() float64 { return float64(g.Budget().Remaining) })
	m.gauge("usher_waiting_requests", func() float64 { return float64(g.budget.waiting()) })
}

// write prints the metrics, the process's own among them.
func (m *Metrics) write(w io.Writer) {
	m.set.WritePrometheus(w)
	metrics.WriteProcessMetrics(w)
}
