package gateway

import (
	"bufio"
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"usher/auth0client/gateway/journal"
)

// lockedBuffer is a log that many write to.
type lockedBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *lockedBuffer) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *lockedBuffer) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

// running is a server at work.
type running struct {
	*Server
	url    *url.URL
	ca     []byte
	cert   string
	log    *lockedBuffer
	client *http.Client
	stop   context.CancelFunc
	ended  chan error
}

func serve(tb testing.TB, rt http.RoundTripper, change func(*ServerOptions, *patience)) *running {
	tb.Helper()
	dir := tb.TempDir()
	cert, key, ca := writePair(tb, dir, 1, time.Now().Add(90*24*time.Hour))
	certificates, err := LoadCertificates(cert, key, nil)
	if err != nil {
		tb.Fatal(err)
	}
	r := &running{ca: ca, cert: cert, log: &lockedBuffer{}, ended: make(chan error, 1)}
	o := ServerOptions{Gateway: rt, Certificates: certificates, Log: slog.New(slog.NewJSONHandler(r.log, nil))}
	p := usualPatience()
	if change != nil {
		change(&o, &p)
	}
	if r.Server, err = NewServer(o); err != nil {
		tb.Fatal(err)
	}
	r.patience = p
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		tb.Fatal(err)
	}
	var ctx context.Context
	ctx, r.stop = context.WithCancel(context.Background())
	go func() { r.ended <- r.Serve(ctx, l) }()
	r.url = &url.URL{Scheme: "https", Host: l.Addr().String()}
	transport := &http.Transport{TLSClientConfig: r.tls(tb), ForceAttemptHTTP2: true}
	r.client = &http.Client{Transport: transport}
	tb.Cleanup(func() {
		transport.CloseIdleConnections()
		r.stop()
		if err := <-r.ended; err != nil {
			tb.Error(err)
		}
	})
	return r
}

func (r *running) tls(tb testing.TB) *tls.Config {
	tb.Helper()
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM(r.ca) {
		tb.Fatal("no certificate")
	}
	return &tls.Config{RootCAs: pool, MinVersion: tls.VersionTLS10} //nolint:gosec // to see older ones refused
}

func (r *running) request(ctx context.Context, tb testing.TB, method, path, body string) *http.Request {
	tb.Helper()
	req, err := http.NewRequestWithContext(ctx, method, r.url.String()+path, strings.NewReader(body))
	if err != nil {
		tb.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer "+operatorToken)
	return req
}

func (r *running) do(tb testing.TB, req *http.Request) (*http.Response, string) {
	tb.Helper()
	res, err := r.client.Do(req)
	if err != nil {
		tb.Fatal(err)
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	if err != nil {
		tb.Fatal(err)
	}
	return res, string(body)
}

func okay(r *http.Request) (*http.Response, error) {
	return &http.Response{StatusCode: 200, Header: http.Header{"Content-Type": {"application/json"}}, Body: io.NopCloser(strings.NewReader(`{"ok":true}`)), ContentLength: 11, Request: r}, nil
}

func TestTheServerTakesAndGivesOnlyHeadersItKnows(t *testing.T) {
	t.Parallel()
	var seen *http.Request
	s := serve(t, roundTripper(func(r *http.Request) (*http.Response, error) {
		seen = r
		res, err := okay(r)
		for name, value := range map[string]string{
			"X-RateLimit-Limit": "50", "X-RateLimit-Remaining": "49", "X-RateLimit-Reset": "1772352060", "Retry-After": "3",
			"Date": "Sun, 01 Mar 2026 08:00:00 GMT", "X-Usher-Request-Id": "id-1", "Set-Cookie": "did=canary", "Server": "canary",
			"Connection": "close", "Transfer-Encoding": "chunked", "Location": "https://canary.example", "Alt-Svc": "canary", "X-Auth0-L": "canary",
		} {
			res.Header.Set(name, value)
		}
		return res, err
	}), nil)
	req := s.request(t.Context(), t, "GET", user+"?fields=email&q=name%3Aa", "")
	for name, value := range map[string]string{
		"X-Usher-Reason": "lost+phone", "User-Agent": "usher/1", "Cookie": "canary", "X-Forwarded-For": "203.0.113.9", "X-Forwarded-Host": "canary",
		"Forwarded": "for=canary", "Via": "canary", "X-Real-Ip": "203.0.113.9", "Te": "trailers", "Proxy-Authorization": "Bearer canary",
	} {
		req.Header.Set(name, value)
	}
	res, body := s.do(t, req)
	if res.StatusCode != 200 || body != `{"ok":true}` || res.ProtoMajor != 2 {
		t.Fatalf("%s %d %q", res.Proto, res.StatusCode, body)
	}
	if fmt.Sprint(res.Header) != fmt.Sprint(http.Header{
		"Cache-Control": {"no-store"}, "Content-Length": {"11"}, "Content-Type": {"application/json"}, "Date": {"Sun, 01 Mar 2026 08:00:00 GMT"},
		"Retry-After": {"3"}, "X-Content-Type-Options": {"nosniff"}, "X-Ratelimit-Limit": {"50"}, "X-Ratelimit-Remaining": {"49"},
		"X-Ratelimit-Reset": {"1772352060"}, "X-Usher-Gateway": {"usher"}, "X-Usher-Request-Id": {"id-1"},
	}) {
		t.Errorf("the answer's headers are %v", res.Header)
	}
	if fmt.Sprint(seen.Header) != fmt.Sprint(http.Header{"Authorization": {"Bearer " + operatorToken}, "User-Agent": {"usher/1"}, "X-Usher-Reason": {"lost+phone"}}) {
		t.Errorf("the gateway sees %v", seen.Header)
	}
	if seen.URL.EscapedPath() != user || seen.URL.RawQuery != "fields=email&q=name%3Aa" {
		t.Errorf("the gateway sees %s", seen.URL)
	}
	var g Gateway
	if via := g.viaOf(seen.Context()); via != "gateway 127.0.0.1" {
		t.Errorf("the operator comes by %q: nobody said that the client is a proxy", via)
	}
}

func TestTheServerRefusesWhatItShouldNotEvenPassOn(t *testing.T) {
	t.Parallel()
	passed := 0
	s := serve(t, roundTripper(func(r *http.Request) (*http.Response, error) {
		passed++
		if _, err := readBody(r); err != nil {
			return refuse(r, http.StatusRequestEntityTooLarge, "usher_field", err.Error(), ""), nil
		}
		return okay(r)
	}), nil)
	for _, c := range []struct {
		name, method, path, body string
		header                   [2]string
		status, passes           int
	}{
		{"a token in the query", "GET", "/api/v2/users?access_token=canary-in-query", "", [2]string{}, 400, 0},
		{"a token in the query, in other letters", "GET", "/api/v2/users?q=a&Access%5FToken=canary-in-query", "", [2]string{}, 400, 0},
		{"another path", "GET", "/userinfo", "", [2]string{}, 404, 0},
		{"the metrics", "GET", "/metrics", "", [2]string{}, 404, 0},
		{"a header of 40 KB", "GET", "/api/v2/users", "", [2]string{"X-Usher-Reason", strings.Repeat("x", 40<<10)}, 431, 0},
		{"a header of 20 KB", "GET", "/api/v2/users", "", [2]string{"X-Usher-Reason", strings.Repeat("x", 20<<10)}, 200, 1},
		{"a body of 2 MB", "PATCH", user, `{"name":"` + strings.Repeat("x", 2<<20) + `"}`, [2]string{}, 413, 1},
		{"an import of 600 KB", "POST", "/api/v2/jobs/users-imports", strings.Repeat("x", 600<<10), [2]string{"Content-Type", "multipart/form-data; boundary=x"}, 413, 1},
		{"an import of 500 KB", "POST", "/api/v2/jobs/users-imports", strings.Repeat("x", 500<<10), [2]string{"Content-Type", "multipart/form-data; boundary=x"}, 200, 1},
	} {
		passed = 0
		req := s.request(t.Context(), t, c.method, c.path, c.body)
		if c.header[0] != "" {
			req.Header.Set(c.header[0], c.header[1])
		}
		res, err := s.client.Do(req)
		if err != nil {
			// HTTP/2 may end the stream rather than answer.
			if c.status != 431 || passed != 0 {
				t.Errorf("%s: %v", c.name, err)
			}
			continue
		}
		_ = res.Body.Close()
		if res.StatusCode != c.status || passed != c.passes {
			t.Errorf("%s: answered %d and passed on %d times, want %d and %d", c.name, res.StatusCode, passed, c.status, c.passes)
		}
	}
	if strings.Contains(s.log.String(), "canary") || !strings.Contains(s.log.String(), `"code":"usher_token"`) {
		t.Errorf("the log is %s", s.log.String())
	}
}

func TestTheServerSpeaksNoOldTLSAndNoHTTPInTheClear(t *testing.T) {
	t.Parallel()
	s := serve(t, roundTripper(okay), nil)
	for version, good := range map[uint16]bool{tls.VersionTLS10: false, tls.VersionTLS11: false, tls.VersionTLS12: true, tls.VersionTLS13: true} {
		config := s.tls(t)
		config.MaxVersion = version
		conn, err := tls.Dial("tcp", s.url.Host, config)
		if (err == nil) != good {
			t.Errorf("%s: %v", tls.VersionName(version), err)
		}
		if conn != nil {
			_ = conn.Close()
		}
	}
	plain, err := NewServer(ServerOptions{Gateway: roundTripper(okay)})
	if err != nil {
		t.Fatal(err)
	}
	l, err := net.Listen("tcp", "0.0.0.0:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	if err := plain.Serve(t.Context(), l); err == nil || !strings.Contains(err.Error(), "loopback") {
		t.Errorf("plain HTTP on all addresses: %v", err)
	}
}

func TestSlowClientsAreSentAwayWhileOthersAreServed(t *testing.T) {
	t.Parallel()
	s := serve(t, roundTripper(okay), func(o *ServerOptions, p *patience) {
		p.headers, p.request, p.idle = 2*time.Second, 3*time.Second, 3*time.Second
		o.PerAddress = 60
	})
	open := func(say string) net.Conn {
		conn, err := tls.Dial("tcp", s.url.Host, s.tls(t))
		if err != nil {
			t.Fatal(err)
		}
		if _, err := conn.Write([]byte(say)); err != nil {
			t.Fatal(err)
		}
		return conn
	}
	raw, err := net.Dial("tcp", s.url.Host)
	if err != nil {
		t.Fatal(err)
	}
	slow := map[string]net.Conn{"a connection without a handshake": raw}
	for i := range 20 {
		slow[fmt.Sprintf("headers without an end %d", i)] = open("GET /api/v2/users HTTP/1.1\r\nHost: a.example\r\nX-A: ")
		slow[fmt.Sprintf("a body without an end %d", i)] = open("PATCH /api/v2/users/a HTTP/1.1\r\nHost: a.example\r\nContent-Length: 500\r\n\r\n{")
	}
	if res, _ := s.do(t, s.request(t.Context(), t, "GET", user, "")); res.StatusCode != 200 {
		t.Errorf("another is answered %d", res.StatusCode)
	}
	deadline := time.Now().Add(20 * time.Second)
	for name, conn := range slow {
		_ = conn.SetReadDeadline(deadline)
		if _, err := io.Copy(io.Discard, conn); errors.Is(err, os.ErrDeadlineExceeded) {
			t.Errorf("%s is still open", name)
		}
		_ = conn.Close()
	}
}

func TestConnectionsAreLimitedInAllAndForEachAddress(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name               string
		total, each, opens int
		proxies            Proxies
		want               int
	}{
		{"each address", 100, 3, 5, nil, 3},
		{"all addresses", 4, 100, 6, nil, 4},
		{"a proxy brings many", 100, 3, 5, Proxies{netip.MustParsePrefix("127.0.0.0/8")}, 5},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			s := serve(t, roundTripper(okay), func(o *ServerOptions, _ *patience) {
				o.Connections, o.PerAddress, o.Proxies = c.total, c.each, c.proxies
			})
			var open []net.Conn
			for range c.opens {
				conn, err := tls.Dial("tcp", s.url.Host, s.tls(t))
				if err == nil {
					open = append(open, conn)
				}
			}
			if len(open) != c.want {
				t.Errorf("%d connections stay, want %d", len(open), c.want)
			}
			for _, conn := range open {
				_ = conn.Close()
			}
			for deadline := time.Now().Add(5 * time.Second); s.limited.Load().connections() > 0; {
				if time.Now().After(deadline) {
					t.Fatal("closed connections still count")
				}
			}
			if res, _ := s.do(t, s.request(t.Context(), t, "GET", user, "")); res.StatusCode != 200 {
				t.Errorf("later another is answered %d", res.StatusCode)
			}
		})
	}
}

func TestOnlyTrustedProxiesSayWhereAnOperatorIs(t *testing.T) {
	t.Parallel()
	proxies := Proxies{netip.MustParsePrefix("10.0.0.0/8"), netip.MustParsePrefix("2001:db8::/32")}
	for _, c := range []struct {
		name, remote string
		forwarded    []string
		want         string
	}{
		{"nobody says a thing", "198.51.100.7:1", nil, "198.51.100.7"},
		{"a client makes it up", "198.51.100.7:1", []string{"192.0.2.1"}, "198.51.100.7"},
		{"a proxy says it", "10.1.1.1:1", []string{"192.0.2.1"}, "192.0.2.1"},
		{"a proxy adds to what a client made up", "10.1.1.1:1", []string{"203.0.113.5, 192.0.2.1"}, "192.0.2.1"},
		{"in two headers", "10.1.1.1:1", []string{"203.0.113.5", "192.0.2.1"}, "192.0.2.1"},
		{"through two proxies", "10.1.1.1:1", []string{"203.0.113.5, 192.0.2.1, 10.2.2.2"}, "192.0.2.1"},
		{"with a port", "10.1.1.1:1", []string{"192.0.2.1:4711"}, "192.0.2.1"},
		{"what is no address", "10.1.1.1:1", []string{"192.0.2.1, <script>"}, "10.1.1.1"},
		{"all are proxies", "10.1.1.1:1", []string{"10.3.3.3"}, "10.3.3.3"},
		{"version 6", "[2001:db8::1]:1", []string{"2001:db9::5"}, "2001:db9::5"},
		{"version 4 within 6", "[::ffff:10.1.1.1]:1", []string{"::ffff:192.0.2.1"}, "192.0.2.1"},
	} {
		if got := proxies.client(c.remote, c.forwarded).String(); got != c.want {
			t.Errorf("%s: %s, want %s", c.name, got, c.want)
		}
	}
}

func TestAStopLetsChangesFinishAndReadsEnd(t *testing.T) {
	t.Parallel()
	arrived, finish := make(chan string), make(chan struct{})
	w := newWorld(t, journal.Options{}, nil)
	w.o.Now, w.o.After = time.Now, time.After
	w.budget = newBudget(time.Now, time.After, 0.2)
	w.budget.common.window = 2
	w.o.Transport = roundTripper(func(r *http.Request) (*http.Response, error) {
		arrived <- r.Method
		select {
		case <-finish:
			return answer(200, `{}`)
		case <-r.Context().Done():
			return nil, r.Context().Err()
		}
	})
	s := serve(t, w.Gateway, func(_ *ServerOptions, p *patience) { p.reads = 100 * time.Millisecond })
	ctx, leave := context.WithCancel(t.Context())
	var all sync.WaitGroup
	all.Go(func() {
		if _, err := s.client.Do(s.request(ctx, t, "PATCH", user, `{"blocked":true}`)); err == nil {
			t.Error("the operator who left got an answer")
		}
	})
	<-arrived
	leave() // the operator goes, the change goes on
	all.Wait()
	all.Go(func() {
		if res, err := s.client.Do(s.request(t.Context(), t, "GET", user, "")); err == nil && res.StatusCode == 200 {
			t.Error("a read that the tenant never answered succeeds")
		}
	})
	<-arrived
	s.stop()
	all.Wait()
	if conn, err := net.DialTimeout("tcp", s.url.Host, time.Second); err == nil {
		_ = conn.Close()
		t.Error("a stopping server takes connections")
	}
	select {
	case err := <-s.ended:
		t.Fatalf("the server ended before its change: %v", err)
	case <-time.After(100 * time.Millisecond):
	}
	close(finish)
	if err := <-s.ended; err != nil {
		t.Error(err)
	}
	s.ended <- nil
	if got := w.steps(t); got != "intent, outcome" {
		t.Errorf("the journal holds %q", got)
	}
}

func TestTheLogKnowsOperatorAndTargetAndNothingElseOfPersons(t *testing.T) {
	t.Parallel()
	w := newWorld(t, journal.Options{}, fine)
	s := serve(t, w.Gateway, nil)
	req := s.request(t.Context(), t, "PATCH", user, `{"password":"canary-password"}`)
	req.Header.Set("X-Usher-Reason", "canary-reason")
	s.do(t, req)
	s.do(t, s.request(t.Context(), t, "GET", "/api/v2/users?q=email%3Acanary%40example.com", ""))
	line := bufio.NewScanner(strings.NewReader(s.log.String()))
	line.Scan()
	for _, want := range []string{`"operator":"auth0|op"`, `"target":"auth0|1"`, `"actions":["users:password"]`, `"status":200`, `"class":"write users"`} {
		if !strings.Contains(line.Text(), want) {
			t.Errorf("the log's first line lacks %s: %s", want, line.Text())
		}
	}
	if strings.Contains(s.log.String(), "canary") || strings.Contains(s.log.String(), "op@example.com") {
		t.Errorf("the log tells too much: %s", s.log.String())
	}
}

func TestAPanicEndsItsRequestOnly(t *testing.T) {
	t.Parallel()
	s := serve(t, roundTripper(func(r *http.Request) (*http.Response, error) {
		if r.Method == http.MethodGet {
			panic("canary-token")
		}
		return okay(r)
	}), nil)
	if res, err := s.client.Do(s.request(t.Context(), t, "GET", user, "")); err == nil {
		t.Errorf("answered %d", res.StatusCode)
	}
	if res, _ := s.do(t, s.request(t.Context(), t, "PATCH", user, "{}")); res.StatusCode != 200 {
		t.Errorf("the next is answered %d", res.StatusCode)
	}
	if got := s.log.String(); strings.Contains(got, "canary") || !strings.Contains(got, "pass.go") {
		t.Errorf("the log is %s", got)
	}
}

func TestAFullDiskRefusesChangesAndLetsReadsGoOn(t *testing.T) {
	t.Parallel()
	full, err := os.OpenFile("/dev/full", os.O_WRONLY, 0)
	if err != nil {
		t.Skip("this system has no disk that is always full: ", err)
	}
	w := newWorld(t, journal.Options{Open: func(string) (journal.File, error) { return full, nil }}, fine)
	s := serve(t, w.Gateway, nil)
	remote := remoteTo(t, s, nil)
	for range 3 {
		res, err := remote.RoundTrip(request(t.Context(), t, "PATCH", user, `{"blocked":true}`))
		if err != nil || res.StatusCode != http.StatusServiceUnavailable || res.Header.Get(codeHeader) != "usher_journal" {
			t.Errorf("a change ends with %v, %v", res, err)
		}
		res, err = remote.RoundTrip(request(t.Context(), t, "GET", user, ""))
		if err != nil || res.StatusCode != http.StatusOK {
			t.Errorf("a read ends with %v, %v", res, err)
		}
	}
	if len(w.sent) != 3 {
		t.Errorf("%d requests reached the tenant, want the three reads", len(w.sent))
	}
	if !strings.Contains(s.log.String(), `"code":"usher_journal"`) {
		t.Error("the log says nothing of it")
	}
}
