package main

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"io"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"usher/auth0client/localtenant"
)

// beside is a gateway and a bare proxy before the same tenant, both over HTTPS.
type beside struct {
	far   *far
	proxy string
	token string // the operator's
	path  string
	pool  *x509.CertPool
}

func besideProxy(b *testing.B) *beside {
	b.Helper()
	f := prepareGateway(b, localtenant.Options{Users: 500, Seed: 3, Plan: "unlimited"})
	f.start(b)
	w := f.console(b, "admin")
	out := &beside{far: f, path: "/api/v2/users/" + url.PathEscape(string(someone(b, w).ID)), pool: x509.NewCertPool()}
	var err error
	if out.token, err = w.session.AccessToken(b.Context()); err != nil {
		b.Fatal(err)
	}
	upstream, err := url.Parse(f.tenant.Issuer())
	if err != nil {
		b.Fatal(err)
	}
	m2m := f.managementToken(b)
	bare := httptest.NewUnstartedServer(&httputil.ReverseProxy{
		Rewrite: func(r *httputil.ProxyRequest) {
			r.SetURL(upstream)
			r.Out.Header.Set("Authorization", "Bearer "+m2m)
		},
		Transport: &http.Transport{MaxIdleConnsPerHost: 256},
	})
	bare.EnableHTTP2 = true
	bare.StartTLS()
	b.Cleanup(bare.Close)
	out.proxy = bare.URL
	out.pool.AddCert(bare.Certificate())
	out.pool.AppendCertsFromPEM(f.ca)
	return out
}

// managementToken asks the tenant for a token as any machine does.
func (f *far) managementToken(b *testing.B) string {
	b.Helper()
	id, secret := f.tenant.M2M()
	form := url.Values{"grant_type": {"client_credentials"}, "client_id": {id}, "client_secret": {secret}, "audience": {f.tenant.ManagementAudience()}}
	req, err := http.NewRequestWithContext(b.Context(), http.MethodPost, f.tenant.Issuer()+"oauth/token", strings.NewReader(form.Encode()))
	if err != nil {
		b.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		b.Fatal(err)
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	if err != nil {
		b.Fatal(err)
	}
	_, token, _ := strings.Cut(string(body), `"access_token":"`)
	token, _, _ = strings.Cut(token, `"`)
	return token
}

func (s *beside) client() *http.Client {
	return &http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{RootCAs: s.pool, MinVersion: tls.VersionTLS12}, ForceAttemptHTTP2: true}}
}

func (s *beside) read(ctx context.Context, b *testing.B, c *http.Client, base string) time.Duration {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, base+s.path, nil)
	if err != nil {
		b.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer "+s.token)
	start := time.Now()
	res, err := c.Do(req)
	if err != nil {
		b.Error(err)
		return 0
	}
	_, _ = io.Copy(io.Discard, res.Body)
	_ = res.Body.Close()
	if res.StatusCode != http.StatusOK {
		b.Errorf("%s answers %d", base, res.StatusCode)
	}
	return time.Since(start)
}

func quantile(all []time.Duration, q float64) time.Duration {
	slices.Sort(all)
	return all[int(float64(len(all)-1)*q)]
}

// BenchmarkGatewayLatency reads one user by turns through a bare proxy and through the gateway.
func BenchmarkGatewayLatency(b *testing.B) {
	s := besideProxy(b)
	client := s.client()
	var bare, gate []time.Duration
	for range 50 {
		s.read(b.Context(), b, client, s.proxy)
		s.read(b.Context(), b, client, s.far.url)
	}
	for b.Loop() {
		bare = append(bare, s.read(b.Context(), b, client, s.proxy))
		gate = append(gate, s.read(b.Context(), b, client, s.far.url))
	}
	p50, p99 := float64(quantile(gate, .5))/float64(quantile(bare, .5)), float64(quantile(gate, .99))/float64(quantile(bare, .99))
	b.ReportMetric(p50, "p50-x(≤1.3)")
	b.ReportMetric(p99, "p99-x(≤2)")
	b.ReportMetric(float64(quantile(gate, .5).Microseconds()), "p50-µs")
	b.ReportMetric(float64(quantile(bare, .5).Microseconds()), "bare-p50-µs")
}

// BenchmarkGatewayThroughput has sixteen clients read as fast as they can, through either.
func BenchmarkGatewayThroughput(b *testing.B) {
	s := besideProxy(b)
	rate := func(base string, during time.Duration) float64 {
		client := s.client()
		ctx, cancel := context.WithTimeout(b.Context(), during)
		defer cancel()
		var n atomic.Int64
		var all sync.WaitGroup
		for range 16 {
			all.Go(func() {
				for ctx.Err() == nil {
					s.read(b.Context(), b, client, base)
					n.Add(1)
				}
			})
		}
		all.Wait()
		return float64(n.Load()) / during.Seconds()
	}
	rate(s.proxy, 200*time.Millisecond)
	rate(s.far.url, 200*time.Millisecond)
	var bare, gate, rounds float64
	for b.Loop() {
		bare += rate(s.proxy, time.Second)
		gate += rate(s.far.url, time.Second)
		rounds++
	}
	b.ReportMetric(gate/bare*100, "%-of-bare(≥60)")
	b.ReportMetric(gate/rounds, "reads/s")
	b.ReportMetric(bare/rounds, "bare-reads/s")
}

// BenchmarkThousandIdleOperators holds a thousand connections, each having read once, and weighs the gateway's part: the
// clients and the tenant are in this process as well and weigh in, so the true figure is lower.
func BenchmarkThousandIdleOperators(b *testing.B) {
	const operators = 1000
	s := besideProxy(b)
	for b.Loop() {
		before := resident()
		clients := make([]*http.Client, operators)
		for i := range clients {
			clients[i] = s.client()
			s.read(b.Context(), b, clients[i], s.far.url)
		}
		after := resident()
		b.ReportMetric(float64(after-before)/(1<<20), "MB-with-clients(<100)")
		for _, c := range clients {
			c.CloseIdleConnections()
		}
	}
}

// resident is what this process holds of the heap and the stacks, in bytes.
func resident() int64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.HeapInuse + m.StackInuse)
}
