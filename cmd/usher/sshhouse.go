package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"sync"
	"sync/atomic"
	"time"

	tea "charm.land/bubbletea/v2"

	"usher/auth0client/gateway"
	"usher/auth0client/gateway/journal"
	"usher/auth0client/gateway/policy"
	"usher/auth0client/signin"
	"usher/config"
	"usher/ui/login"
	"usher/ui/sshserver"
)

// house is what all sessions of an SSH server share: one way to the tenant, and so one journal, one rate budget and one
// credential. A session has its sign-in, and nothing of the others.
type house struct {
	profile config.Profile
	flags   *consoleFlags
	id      identity
	host    string // of the tenant
	log     *slog.Logger
	auth    http.RoundTripper // to the tenant's sign-in
	keys    *signin.Keys
	limits  interface{ Budget() gateway.Budget }
	way     http.RoundTripper
	dir     string           // the profile's
	journal *journal.Journal // nil when the gateway keeps it elsewhere
	writes  *underway
	turns   chan struct{} // of those who ask for a code: many who come at once see their first frame sooner
	rush    rush
}

// codesAtOnce is how many codes are asked for at a time.
const codesAtOnce = 2

var _ sshserver.Host = (*house)(nil)

// openHouse opens what sessions share. It sends nothing yet.
func openHouse(p config.Profile, f *consoleFlags, log *slog.Logger) (*house, error) {
	issuer, err := p.IssuerURL()
	if err != nil {
		return nil, usageError{err}
	}
	h := &house{
		profile: p, flags: f, log: log, auth: noProxy(), writes: newUnderway(), host: issuer.Host, turns: make(chan struct{}, codesAtOnce),
		id: identity{issuer: issuer.String(), clientID: p.ClientID, audience: p.Audience, scopes: p.Scopes},
	}
	if h.dir, err = profileDir(p.Name); err != nil {
		return nil, err
	}
	h.keys = signin.NewKeys(signin.KeysConfig{Issuer: h.id.issuer, Now: time.Now, HTTP: &http.Client{Transport: h.auth, Timeout: 30 * time.Second}})
	way, err := h.open(issuer)
	if err != nil {
		return nil, errors.Join(err, h.close())
	}
	h.way = h.writes.over(way)
	return h, nil
}

// noProxy is a way out that heeds no proxy of the environment, which belongs to whoever started the server.
func noProxy() *http.Transport {
	dialer := &net.Dialer{Timeout: 5 * time.Second, KeepAlive: 30 * time.Second}
	return &http.Transport{
		DialContext: dialer.DialContext, TLSHandshakeTimeout: 5 * time.Second, ResponseHeaderTimeout: 20 * time.Second,
		ForceAttemptHTTP2: true, MaxIdleConnsPerHost: 4, IdleConnTimeout: 90 * time.Second,
	}
}

// open opens the way to the tenant: through a gateway of this process, or one on another machine.
func (h *house) open(issuer *url.URL) (http.RoundTripper, error) {
	if h.profile.Gateway != "" {
		at, err := h.profile.GatewayURL()
		if err != nil {
			return nil, usageError{err}
		}
		ca, err := gatewayCA(h.profile)
		if err != nil {
			return nil, err
		}
		far, err := gateway.NewRemote(gateway.RemoteOptions{URL: at, CA: ca, Now: time.Now})
		h.limits = far
		return far, err
	}
	e, err := nearEndpoints(h.profile, h.id, issuer, "ssh")
	if err != nil {
		return nil, err
	}
	if h.journal, err = journal.Open(e.journal, journal.Options{Now: time.Now}); err != nil {
		return nil, fmt.Errorf("open the journal in %s: %w", e.journal, err)
	}
	gw, err := e.gateway(issuer, visitVerifier{e.verifier(h.keys)}, h.journal, nil)
	h.limits = gw
	return gw, err
}

func (h *house) close() error {
	h.keys.Close()
	if h.journal == nil {
		return nil
	}
	if err := h.journal.Close(); err != nil {
		return fmt.Errorf("close the journal: %w", err)
	}
	return nil
}

func (h *house) reportUnfinished() {
	if h.journal == nil {
		return
	}
	for _, e := range h.journal.Unfinished() {
		h.log.Warn("a change has no known outcome: look whether it was made", "id", e.ID, "operator", e.Subject, "method", e.Method, "target", e.Target, "time", e.Time)
	}
}

// wire gives a session a sign-in of its own, kept in memory, and its way to the gateway.
func (h *house) wire(v sshserver.Visitor) (*wiring, error) {
	polls := &pollWatch{next: h.auth, now: time.Now}
	client, err := signin.New(signin.Config{
		Issuer: h.id.issuer, ClientID: h.id.clientID, Audience: h.id.audience, Scopes: h.id.scopes, Want: wanted(), Subject: v.Subject,
		Now: time.Now, Keys: h.keys, HTTP: polls.client(),
	})
	if err != nil {
		return nil, fmt.Errorf("prepare the sign-in: %w", err)
	}
	w := &wiring{
		session: client, polls: polls, limits: h.limits, dir: h.dir, profile: h.profile.Name, color: h.profile.Color, production: h.profile.Production, noClipboard: h.profile.NoClipboard,
		fields: customFields(h.profile), lookups: lookups(h.profile),
	}
	w.release = func() error {
		client.Close()
		return nil
	}
	if err := w.connect(h.host, visitTransport{via: "ssh " + v.Address, session: client, notice: w.waiting, next: h.way}); err != nil {
		return nil, errors.Join(err, w.close())
	}
	return w, nil
}

// rush is many consoles that begin at once. Codes wait until it is over, so that all see their first frame sooner.
type rush struct {
	last atomic.Int64 // when a console began, in nanoseconds
}

const (
	// calm is how long after the last console that began codes are asked for, and rushAtMost how long one waits for that.
	calm       = 25 * time.Millisecond
	rushAtMost = 250 * time.Millisecond
)

func (r *rush) began() { r.last.Store(time.Now().UnixNano()) }

// over waits until the rush is over.
func (r *rush) over(ctx context.Context) error {
	limit := time.Now().Add(rushAtMost)
	for {
		wait := min(time.Until(time.Unix(0, r.last.Load()).Add(calm)), time.Until(limit))
		if wait <= 0 {
			return nil
		}
		timer := time.NewTimer(wait)
		select {
		case <-timer.C:
		case <-ctx.Done():
			timer.Stop()
			return ctx.Err()
		}
	}
}

// Console implements [sshserver.Host].
func (h *house) Console(_ context.Context, v sshserver.Visitor, query string) (sshserver.Console, error) {
	h.rush.began()
	f := *h.flags
	f.query = query
	dark, err := f.dark()
	if err != nil {
		return sshserver.Console{}, err
	}
	w, err := h.wire(v)
	if err != nil {
		return sshserver.Console{}, err
	}
	o := w.options(&f, v.Env, dark)
	o.SignIn = doorSignIn{o.SignIn, h, v}
	return sshserver.Console{
		Options: o,
		Started: func(send func(tea.Msg)) { w.told.Store(&send) },
		Close:   func() { _ = w.close() }, // it closes a client in memory
	}, nil
}

// doorSignIn notes who signs in with which key, and who was not let in.
type doorSignIn struct {
	login.SignIn
	house   *house
	visitor sshserver.Visitor
}

// StartDevice asks for a code, when it is its turn.
func (d doorSignIn) StartDevice(ctx context.Context, ask login.Ask) (login.Code, error) {
	if err := d.house.rush.over(ctx); err != nil {
		return login.Code{}, err
	}
	if err := d.house.turn(ctx); err != nil {
		return login.Code{}, err
	}
	defer d.house.turned()
	return d.SignIn.StartDevice(ctx, ask)
}

// turn waits until it is somebody's turn to ask for a code.
func (h *house) turn(ctx context.Context) error {
	select {
	case h.turns <- struct{}{}:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (h *house) turned() { <-h.turns }

// WaitDevice waits until the code is approved, denied or too old.
func (d doorSignIn) WaitDevice(ctx context.Context, code login.Code, told func(login.Trouble)) (login.Operator, error) {
	op, err := d.SignIn.WaitDevice(ctx, code, told)
	d.house.noteSignIn(ctx, d.visitor, string(op.ID), err)
	return op, err
}

// noteSignIn logs a sign-in. One by another person than the key is bound to goes to the journal.
func (h *house) noteSignIn(ctx context.Context, v sshserver.Visitor, subject string, err error) {
	log := h.log.With("address", v.Address, "key", v.Fingerprint)
	switch {
	case err == nil:
		log.Info("signed in", "operator", subject)
	case errors.Is(err, signin.ErrOtherPerson):
		log.Warn("a sign-in was refused", "why", err.Error())
		if h.journal == nil {
			return
		}
		note := fmt.Sprintf("sign-in refused, SSH key %s: %v", v.Fingerprint, err)
		if err := h.journal.Denied(ctx, journal.Entry{Via: "ssh " + v.Address, Path: "sign-in", Target: v.Subject, Note: note}); err != nil {
			log.Error("the journal cannot be written", "error", err.Error())
		}
	}
}

type visitKey struct{}

// visitTransport says on each request of a session whose it is: one gateway serves them all.
type visitTransport struct {
	via     string
	session *signin.Client
	notice  func(time.Time)
	next    http.RoundTripper
}

// RoundTrip implements http.RoundTripper.
func (t visitTransport) RoundTrip(r *http.Request) (*http.Response, error) {
	ctx := gateway.WithNotice(gateway.WithVia(r.Context(), t.via), t.notice)
	return t.next.RoundTrip(r.WithContext(context.WithValue(ctx, visitKey{}, t.session)))
}

// visitVerifier is the verifier of a gateway that serves many sessions of its process: who an operator is, beyond their
// token, is in the verified id token of the session that sends the request.
type visitVerifier struct{ operatorVerifier }

// Verify checks an operator's access token and says whose it is.
func (v visitVerifier) Verify(ctx context.Context, token string) (policy.Operator, error) {
	session, ok := ctx.Value(visitKey{}).(*signin.Client)
	if !ok {
		return policy.Operator{}, errors.New("the request is of no session")
	}
	return sessionVerifier{v.operatorVerifier, session}.Verify(ctx, token)
}

// underway counts the changes that were sent and have not answered.
type underway struct {
	mu   sync.Mutex
	n    int
	idle chan struct{} // closed while there are none
}

func newUnderway() *underway {
	u := &underway{idle: make(chan struct{})}
	close(u.idle)
	return u
}

func (u *underway) over(next http.RoundTripper) http.RoundTripper { return counted{u, next} }

type counted struct {
	*underway
	next http.RoundTripper
}

// RoundTrip implements http.RoundTripper.
func (c counted) RoundTrip(r *http.Request) (*http.Response, error) {
	if r.Method != http.MethodGet {
		c.add(1)
		defer c.add(-1)
	}
	return c.next.RoundTrip(r)
}

func (u *underway) add(n int) {
	u.mu.Lock()
	defer u.mu.Unlock()
	if u.n == 0 {
		u.idle = make(chan struct{})
	}
	if u.n += n; u.n == 0 {
		close(u.idle)
	}
}

// wait waits until no change is under way, for d at most, and gives how many are.
func (u *underway) wait(d time.Duration) int {
	u.mu.Lock()
	idle := u.idle
	u.mu.Unlock()
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-idle:
	case <-timer.C:
	}
	u.mu.Lock()
	defer u.mu.Unlock()
	return u.n
}
