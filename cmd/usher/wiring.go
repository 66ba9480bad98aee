package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"sync/atomic"
	"time"

	tea "charm.land/bubbletea/v2"

	"usher/auth0client"
	"usher/auth0client/gateway"
	"usher/auth0client/gateway/journal"
	"usher/auth0client/signin"
	"usher/ui"
)

// The console's needs and the client's abilities meet here, and only here.
var _ ui.Backend = (*auth0client.Client)(nil)

// endpoints is where a console signs in and where its requests go.
type endpoints struct {
	issuer, clientID, audience string // the operator's sign-in
	upstream                   string // base URL of the tenant
	managementAudience         string
	m2mID                      string
	m2mSecret                  signin.Secret
	journal                    string // folder
}

// wiring is one console's parts, put together.
type wiring struct {
	session *signin.Client
	polls   *pollWatch
	gateway *gateway.Gateway
	client  *auth0client.Client
	journal *journal.Journal
	program atomic.Pointer[tea.Program]

	profile     string
	color       string
	production  bool
	demo        bool
	autoApprove bool
	approve     func(ctx context.Context, userCode string) error
}

// wire puts an in-process gateway under the Management client: no request reaches the tenant by another way.
func wire(_ context.Context, e endpoints) (*wiring, error) {
	upstream, err := url.Parse(e.upstream)
	if err != nil {
		return nil, fmt.Errorf("the tenant's address %q: %w", e.upstream, err)
	}
	polls := &pollWatch{next: http.DefaultTransport, now: time.Now}
	session, err := signin.New(signin.Config{
		Issuer: e.issuer, ClientID: e.clientID, Audience: e.audience, Now: time.Now, HTTP: polls.client(),
	})
	if err != nil {
		return nil, fmt.Errorf("prepare the sign-in: %w", err)
	}
	jrn, err := journal.Open(e.journal, journal.Options{Now: time.Now})
	if err != nil {
		return nil, fmt.Errorf("open the journal in %s: %w", e.journal, err)
	}
	verifier := signin.NewVerifier(signin.VerifierConfig{Issuer: e.issuer, Audience: e.audience, Now: time.Now, Skew: 30 * time.Second})
	m2m := signin.NewM2M(signin.M2MConfig{
		TokenURL: upstream.JoinPath("oauth/token").String(), ClientID: e.m2mID, ClientSecret: e.m2mSecret,
		Audience: e.managementAudience, Now: time.Now,
	})
	w := &wiring{session: session, polls: polls, journal: jrn}
	gw, err := gateway.New(gateway.Options{
		Upstream: upstream, Verifier: operatorVerifier{verifier}, M2M: m2m, Journal: jrn, Now: time.Now, Via: "console", OnWait: w.waiting,
	})
	if err != nil {
		return nil, errors.Join(fmt.Errorf("start the gateway: %w", err), jrn.Close())
	}
	client, err := auth0client.New(auth0client.Options{
		Domain: upstream.Host, Now: time.Now, UserAgent: "usher/" + version,
		HTTP: &http.Client{Transport: operatorTransport{session: session, next: gw}},
	})
	if err != nil {
		return nil, errors.Join(fmt.Errorf("make the Management API client: %w", err), jrn.Close())
	}
	w.gateway, w.client = gw, client
	return w, nil
}

// waiting tells the console of a rate limit, once there is one to tell.
func (w *wiring) waiting(until time.Time) {
	if p := w.program.Load(); p != nil {
		p.Send(ui.WaitingMsg{Until: until})
	}
}

func (w *wiring) close() error {
	if err := w.journal.Close(); err != nil {
		return fmt.Errorf("close the journal: %w", err)
	}
	return nil
}

// kindOf is the exit code for an error of the client.
func kindOf(err error) int {
	var (
		forbidden    *auth0client.Forbidden
		unauthorized *auth0client.Unauthorized
		notFound     *auth0client.NotFound
	)
	switch {
	case errors.As(err, &forbidden), errors.As(err, &unauthorized):
		return exitNotAllowed
	case errors.As(err, &notFound), errors.Is(err, journal.ErrNoChange):
		return exitNotFound
	}
	return exitFailed
}
