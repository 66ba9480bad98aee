package main

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/base64"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"log"
	"math/big"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"usher/auth0client"
	"usher/auth0client/gateway"
	"usher/auth0client/gateway/journal"
	"usher/auth0client/localtenant"
)

// certificate writes a pair for the loopback address and gives the authority to trust.
func certificate(t testing.TB, dir string) (cert, key string, authority []byte) {
	t.Helper()
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(time.Now().UnixNano()), Subject: pkix.Name{CommonName: "usher.example.com"}, IsCA: true, BasicConstraintsValid: true,
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour), IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, DNSNames: []string{"usher.example.com"},
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, private.Public(), private)
	if err != nil {
		t.Fatal(err)
	}
	secret, err := x509.MarshalPKCS8PrivateKey(private)
	if err != nil {
		t.Fatal(err)
	}
	authority = pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})
	cert, key = filepath.Join(dir, "cert.pem"), filepath.Join(dir, "key.pem")
	write(t, cert, string(authority))
	write(t, key, string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: secret})))
	return cert, key, authority
}

func write(t testing.TB, path, text string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

// far is a gateway in a process of its own, as far as a test can have that, before a local tenant.
type far struct {
	tenant *localtenant.Tenant
	config string
	dir    string // the journal's
	ca     []byte
	url    string
	inside string
	hangup chan os.Signal
	keys   atomic.Int32 // how often the tenant's keys were read
	log    *safeBuffer
	stop   context.CancelFunc
	ended  chan error
}

type safeBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (s *safeBuffer) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.Write(p)
}

func (s *safeBuffer) String() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.String()
}

const m2mSecretVariable = "USHER_TEST_M2M"

func (f *far) env(name string) string {
	if name == m2mSecretVariable {
		_, secret := f.tenant.M2M()
		return secret
	}
	return ""
}

// prepareGateway starts a tenant and writes a gateway's configuration for it.
func prepareGateway(t testing.TB, o localtenant.Options) *far {
	t.Helper()
	tenant, err := localtenant.New(o)
	if err != nil {
		t.Fatal(err)
	}
	f := &far{tenant: tenant, dir: filepath.Join(t.TempDir(), "journal"), hangup: make(chan os.Signal), log: &safeBuffer{}}
	handler := tenant.Handler()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if strings.HasSuffix(r.URL.Path, "/jwks.json") {
			f.keys.Add(1)
		}
		handler.ServeHTTP(w, r)
	}))
	t.Cleanup(server.Close)
	tenant.SetBaseURL(server.URL)
	dir := t.TempDir()
	cert, key, ca := certificate(t, dir)
	f.ca, f.config = ca, filepath.Join(dir, "gateway.toml")
	client, _ := tenant.M2M()
	_, audience := tenant.Device()
	write(t, f.config, fmt.Sprintf(`name = "test"
listen = "127.0.0.1:0"
[tls]
certificate = %q
key = %q
[tenant]
domain = %q
audience = %q
[management]
client_id = %q
secret = "env:%s"
audience = %q
[journal]
dir = %q
[metrics]
listen = "127.0.0.1:0"
`, cert, key, tenant.Issuer(), audience, client, m2mSecretVariable, tenant.ManagementAudience(), f.dir))
	return f
}

// start runs the gateway and waits until it listens.
func (f *far) start(t testing.TB) {
	t.Helper()
	ctx, stop := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	f.stop, f.ended = stop, ended
	type addresses struct{ at, inside string }
	ready := make(chan addresses, 1)
	go func() {
		ended <- runGateway(ctx, f.config, gatewayHost{
			env: f.env, stderr: f.log, hangup: f.hangup, ready: func(at, inside string) { ready <- addresses{at, inside} },
		})
	}()
	t.Cleanup(func() {
		stop()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	})
	select {
	case a := <-ready:
		f.url, f.inside = "https://"+a.at, "http://"+a.inside
	case err := <-ended:
		ended <- nil
		t.Fatalf("the gateway does not start: %v", err)
	}
}

// console wires a console to the gateway and signs somebody in.
func (f *far) console(t testing.TB, as string) *wiring {
	t.Helper()
	client, audience := f.tenant.Device()
	w, err := wireRemote(remote{identity: identity{issuer: f.tenant.Issuer(), clientID: client, audience: audience}, gateway: f.url, ca: f.ca})
	if err != nil {
		t.Fatal(err)
	}
	code, err := w.session.StartDevice(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if err := f.tenant.Approve(code.UserCode, as); err != nil {
		t.Fatal(err)
	}
	code.Interval = time.Millisecond // it is approved already
	if _, err := w.session.WaitDevice(t.Context(), code); err != nil {
		t.Fatal(err)
	}
	return w
}

// way is the way to the gateway alone, without an operator.
func (f *far) way(t testing.TB, onWait func(time.Time)) *gateway.Remote {
	t.Helper()
	at, err := url.Parse(f.url)
	if err != nil {
		t.Fatal(err)
	}
	way, err := gateway.NewRemote(gateway.RemoteOptions{URL: at, CA: f.ca, OnWait: onWait})
	if err != nil {
		t.Fatal(err)
	}
	return way
}

func (f *far) fetch(t testing.TB, address string) (int, string) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, address, nil)
	if err != nil {
		t.Fatal(err)
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	return res.StatusCode, string(body)
}

// someone is a user who is nobody's operator, and whose id does not hold their address, as SAML's can.
func someone(t testing.TB, w *wiring) auth0client.User {
	t.Helper()
	page, err := w.client.SearchUsers(t.Context(), auth0client.Search{PerPage: 20})
	if err != nil {
		t.Fatal(err)
	}
	for _, u := range slices.Backward(page.Users) {
		if !strings.Contains(string(u.ID), u.EmailRaw) {
			return u
		}
	}
	t.Fatalf("every id of %d users holds an address", len(page.Users))
	return auth0client.User{}
}

func TestAConsoleWorksThroughAGatewayFarAway(t *testing.T) {
	t.Parallel()
	f := prepareGateway(t, localtenant.Options{Users: 50, Seed: 3, Plan: "enterprise"})
	f.start(t)
	support, viewer := f.console(t, "support"), f.console(t, "viewer")
	who := someone(t, support)
	ctx := auth0client.WithReason(t.Context(), "left the company")
	if u, err := support.client.SetBlocked(ctx, who.ID, true); err != nil || !u.Blocked {
		t.Fatalf("blocking ends with %+v, %v", u.Blocked, err)
	}
	var forbidden *auth0client.Forbidden
	if _, err := viewer.client.SetBlocked(ctx, who.ID, false); !errors.As(err, &forbidden) || forbidden.Permission != "users:block" {
		t.Errorf("a viewer's change ends with %v", err)
	}
	var missing *auth0client.NotFound
	if _, err := support.client.User(ctx, "auth0|nobody"); !errors.As(err, &missing) {
		t.Errorf("reading nobody ends with %v", err)
	}
	if left, limit, known := support.budget(); !known || limit != 50 || left <= 0 {
		t.Errorf("the budget is %d of %d, %v", left, limit, known)
	}
	entries, err := journal.Entries(journal.Lines(t.Context(), f.dir))
	if err != nil || len(entries) != 3 {
		t.Fatalf("the journal holds %+v, %v", entries, err)
	}
	if e := entries[0]; e.Step != journal.StepIntent || e.Via != "gateway 127.0.0.1" || e.Reason != "left the company" || e.Target != string(who.ID) {
		t.Errorf("the intent is %+v", e)
	}
	if status, body := f.fetch(t, f.inside+"/readyz"); status != 200 || !strings.Contains(body, "credential: ok") || !strings.Contains(body, "keys: ok") || !strings.Contains(body, "journal: ok") {
		t.Errorf("ready: %d %s", status, body)
	}
	if _, body := f.fetch(t, f.inside+"/metrics"); !strings.Contains(body, `usher_tenant_requests_total{class="write users",status="200"} 1`) || !strings.Contains(body, "usher_rate_limit 50") {
		t.Errorf("the metrics are %s", body)
	}
	_, secret := f.tenant.M2M()
	token, err := support.session.AccessToken(ctx)
	if err != nil {
		t.Fatal(err)
	}
	for _, hidden := range []string{secret, token, "left the company", who.EmailRaw} {
		if strings.Contains(f.log.String(), hidden) {
			t.Errorf("the log holds %q", hidden)
		}
	}
}

func TestAFaultBehindTheGatewayReachesTheConsoleAsWhatItIs(t *testing.T) {
	t.Parallel()
	f := prepareGateway(t, localtenant.Options{Users: 20, Seed: 3})
	f.start(t)
	w := f.console(t, "support")
	who := someone(t, w)
	var unknown *auth0client.Unknown
	var unavailable *auth0client.Unavailable
	var unreachable *auth0client.Unreachable
	for _, c := range []struct {
		fault       string
		read, write any
	}{
		{"drop", &unreachable, &unknown}, {"half", &unreachable, &unknown}, {"500", &unavailable, &unavailable}, {"503", &unavailable, &unavailable},
	} {
		if err := f.tenant.AddFault("* /api/v2/* " + c.fault); err != nil {
			t.Fatal(err)
		}
		if _, err := w.client.User(t.Context(), who.ID); !errors.As(err, c.read) {
			t.Errorf("%s: a read ends with %T %v", c.fault, err, err)
		}
		if _, err := w.client.SetBlocked(t.Context(), who.ID, true); !errors.As(err, c.write) {
			t.Errorf("%s: a change ends with %T %v", c.fault, err, err)
		}
		f.tenant.ClearFaults()
	}
	f.stop()
	if err := <-f.ended; err != nil {
		t.Error(err)
	}
	f.ended <- nil
	if _, err := w.client.SetBlocked(t.Context(), who.ID, true); !errors.As(err, &unreachable) {
		t.Errorf("a change without a gateway ends with %T %v", err, err)
	}
}

func TestALimitIsCountedDownFarAway(t *testing.T) {
	t.Parallel()
	f := prepareGateway(t, localtenant.Options{Users: 20, Seed: 3})
	f.start(t)
	w := f.console(t, "support")
	if err := f.tenant.AddFault("GET /api/v2/users 429"); err != nil {
		t.Fatal(err)
	}
	told := make(chan time.Time, 10)
	ctx, cancel := context.WithCancel(t.Context())
	if err := w.connect("tenant.example", f.way(t, func(until time.Time) { told <- until })); err != nil {
		t.Fatal(err)
	}
	read := make(chan error, 1)
	start := time.Now()
	go func() {
		_, err := w.client.SearchUsers(ctx, auth0client.Search{})
		read <- err
	}()
	select {
	case until := <-told:
		if time.Since(start) > time.Second || !until.After(start) || until.After(start.Add(5*time.Second)) {
			t.Errorf("told after %v to wait until %v", time.Since(start), until.Sub(start))
		}
	case <-time.After(5 * time.Second):
		t.Error("nobody is told")
	}
	cancel()
	left := time.Now()
	if err := <-read; !errors.Is(err, context.Canceled) || time.Since(left) > 100*time.Millisecond {
		t.Errorf("leaving: %v after %v", err, time.Since(left))
	}
}

func TestTenThousandUnknownKeysAskForTheTenantsKeysOnce(t *testing.T) {
	t.Parallel()
	f := prepareGateway(t, localtenant.Options{Users: 5, Seed: 3})
	f.start(t)
	someone(t, f.console(t, "viewer")) // the keys are known
	before := f.keys.Load()
	way := f.way(t, nil)
	claims := base64.RawURLEncoding.EncodeToString(fmt.Appendf(nil, `{"iss":%q,"sub":"auth0|x","aud":"y","exp":%d}`, f.tenant.Issuer(), time.Now().Add(time.Hour).Unix()))
	signature := base64.RawURLEncoding.EncodeToString(make([]byte, 256))
	var refused, other atomic.Int32
	var group sync.WaitGroup
	for worker := range 8 {
		group.Go(func() {
			for i := worker; i < 10_000; i += 8 {
				header := base64.RawURLEncoding.EncodeToString(fmt.Appendf(nil, `{"alg":"RS256","typ":"JWT","kid":"unknown-%d"}`, i))
				req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "https://tenant.example/api/v2/users", nil)
				if err != nil {
					t.Error(err)
					return
				}
				req.Header.Set("Authorization", "Bearer "+header+"."+claims+"."+signature)
				res, err := way.RoundTrip(req)
				if err != nil {
					t.Error(err)
					return
				}
				_, _ = io.Copy(io.Discard, res.Body)
				_ = res.Body.Close()
				if res.StatusCode == http.StatusUnauthorized {
					refused.Add(1)
				} else {
					other.Add(1)
				}
			}
		})
	}
	group.Wait()
	if n := f.keys.Load() - before; n > 1 || refused.Load() != 10_000 {
		t.Errorf("the keys were read %d times; %d requests were refused, %d were not", n, refused.Load(), other.Load())
	}
}

func TestATermSignalLetsAChangeFinish(t *testing.T) {
	t.Parallel()
	f := prepareGateway(t, localtenant.Options{Users: 20, Seed: 3})
	f.start(t)
	w := f.console(t, "support")
	who := someone(t, w)
	if err := f.tenant.AddFault("PATCH /api/v2/users/* delay=700ms"); err != nil {
		t.Fatal(err)
	}
	done := make(chan error, 1)
	go func() {
		_, err := w.client.SetBlocked(t.Context(), who.ID, true)
		done <- err
	}()
	for entries := []journal.Entry(nil); len(entries) == 0; entries, _ = journal.Entries(journal.Lines(t.Context(), f.dir)) {
		time.Sleep(10 * time.Millisecond)
	}
	f.stop()
	if err := <-done; err != nil {
		t.Errorf("the change ends with %v", err)
	}
	if err := <-f.ended; err != nil {
		t.Errorf("the gateway ends with %v", err)
	}
	f.ended <- nil
	if entries, err := journal.Entries(journal.Lines(t.Context(), f.dir)); err != nil || len(entries) != 2 || entries[1].Status != 200 {
		t.Errorf("the journal holds %+v, %v", entries, err)
	}
}

func TestAHangupReadsTheCertificateAnewAndEndsNothing(t *testing.T) {
	t.Parallel()
	f := prepareGateway(t, localtenant.Options{Users: 5, Seed: 3})
	f.start(t)
	_, _, f.ca = certificate(t, filepath.Dir(f.config))
	f.hangup <- os.Interrupt
	for !strings.Contains(f.log.String(), "the certificate was replaced") {
		time.Sleep(5 * time.Millisecond)
	}
	someone(t, f.console(t, "viewer"))
}

func TestTheGatewaysCheckReadsAllAndSaysWhatIsWrong(t *testing.T) {
	t.Parallel()
	f := prepareGateway(t, localtenant.Options{Users: 1, Seed: 3})
	good, err := os.ReadFile(f.config)
	if err != nil {
		t.Fatal(err)
	}
	check := func(text string, env func(string) string) (string, int) {
		path := filepath.Join(filepath.Dir(f.config), "checked.toml")
		write(t, path, text)
		var out bytes.Buffer
		err := checkGateway(&out, path, env)
		if err != nil {
			out.WriteString(err.Error())
		}
		return out.String(), exitCode(err)
	}
	says, code := check(string(good), f.env)
	if code != 0 || strings.Count(says, "\n") < 6 || strings.Contains(says, "FAILED") {
		t.Errorf("a good one: %d\n%s", code, says)
	}
	if _, err := os.Stat(f.dir); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("the check made the journal's folder: %v", err)
	}
	for name, c := range map[string]struct {
		from, to string
		env      func(string) string
		says     string
	}{
		"no secret":             {"", "", func(string) string { return "" }, "the environment has no " + m2mSecretVariable},
		"no certificate":        {"cert.pem", "other.pem", f.env, "read the certificate"},
		"an unknown key":        {"[metrics]", "[metric]", f.env, `did you mean "metrics"`},
		"a journal in no place": {f.dir, "/proc/nowhere/journal", f.env, "takes no file"},
	} {
		if says, code := check(strings.Replace(string(good), c.from, c.to, 1), c.env); code != exitUsage || !strings.Contains(says, c.says) {
			t.Errorf("%s: %d\n%s", name, code, says)
		}
	}
}

func TestPoliciesHoldFarAwayAndAreExplained(t *testing.T) {
	t.Parallel()
	f := prepareGateway(t, localtenant.Options{Users: 50, Seed: 3})
	config, err := os.ReadFile(f.config)
	if err != nil {
		t.Fatal(err)
	}
	write(t, f.config, string(config)+`
[[policy]]
name = "one department"
users = 'app_metadata.department:"Nowhere"'
`)
	f.start(t)
	w := f.console(t, "support")
	page, err := w.client.SearchUsers(t.Context(), auth0client.Search{})
	if err != nil || len(page.Users) != 0 {
		t.Errorf("a department of nobody shows %d users, %v", len(page.Users), err)
	}
	op, ok := w.session.Operator()
	if !ok {
		t.Fatal("nobody is signed in")
	}
	var out bytes.Buffer
	if err := explainGateway(t.Context(), &out, f.config, explainFlags{operator: op.Subject, action: "users:block", user: op.Subject}, f.env); err != nil {
		t.Fatal(err)
	}
	if says := out.String(); !strings.Contains(says, "permissions") || !strings.Contains(says, "refused by self") {
		t.Errorf("the explanation is\n%s", says)
	}
	out.Reset()
	if err := explainGateway(t.Context(), &out, f.config, explainFlags{operator: op.Subject, action: "mfa:read", user: op.Subject, asJSON: true}, f.env); err != nil {
		t.Fatal(err)
	}
	if says := out.String(); !strings.Contains(says, `"verdict": "refused"`) || !strings.Contains(says, `"one department"`) {
		t.Errorf("the explanation is\n%s", says)
	}
}

func TestSystemdIsToldWhereItAsks(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "notify")
	l, err := net.ListenUnixgram("unixgram", &net.UnixAddr{Name: path, Net: "unixgram"})
	if err != nil {
		t.Skip("this system has no datagram sockets: ", err)
	}
	defer l.Close()
	if err := notifySystemd(func(string) string { return path }, "READY=1"); err != nil {
		t.Fatal(err)
	}
	said := make([]byte, 64)
	if n, err := l.Read(said); err != nil || string(said[:n]) != "READY=1" {
		t.Errorf("said %q, %v", said[:n], err)
	}
	if err := notifySystemd(func(string) string { return "" }, "READY=1"); err != nil {
		t.Error(err)
	}
}

func TestAGatewayThatGivesNoAnswerIsNamed(t *testing.T) {
	t.Parallel()
	f := prepareGateway(t, localtenant.Options{Users: 5, Seed: 3, Plan: "unlimited"})
	f.start(t)
	w := f.console(t, "support")
	at, err := url.Parse(f.url)
	if err != nil {
		t.Fatal(err)
	}
	f.stop()
	f.ended <- <-f.ended // it is gone
	var fault *auth0client.GatewayFault
	var unreachable *auth0client.Unreachable
	_, err = w.client.SearchUsers(t.Context(), auth0client.Search{PerPage: 20})
	if !errors.As(err, &unreachable) || !errors.As(err, &fault) || fault.Host != at.Host || fault.Tenant || fault.Foreign || fault.Certificate {
		t.Errorf("a gateway that is gone: %v, %+v", err, fault)
	}
	if _, err = w.client.SetBlocked(t.Context(), "auth0|1", true); !errors.As(err, &unreachable) || !errors.As(err, &fault) {
		t.Errorf("a change by a gateway that is gone: %v", err)
	}
}

func TestWhatAnswersInPlaceOfTheGatewayIsNamed(t *testing.T) {
	t.Parallel()
	page := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte("<html>log in here</html>")) }))
	t.Cleanup(page.Close)
	sealed := httptest.NewTLSServer(page.Config.Handler) // by an authority that nobody knows
	sealed.Config.ErrorLog = log.New(io.Discard, "", 0)
	t.Cleanup(sealed.Close)
	f := prepareGateway(t, localtenant.Options{Users: 5, Seed: 3, Plan: "unlimited"})
	f.ca = nil
	for url, want := range map[string]auth0client.GatewayFault{page.URL: {Foreign: true}, sealed.URL: {Certificate: true}} {
		f.url = url
		_, err := f.console(t, "support").client.SearchUsers(t.Context(), auth0client.Search{PerPage: 20})
		var fault *auth0client.GatewayFault
		if !errors.As(err, &fault) || fault.Foreign != want.Foreign || fault.Certificate != want.Certificate || fault.Tenant {
			t.Errorf("%s: %v, %+v", url, err, fault)
		}
	}
}
