package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"sync/atomic"
	"time"

	tea "charm.land/bubbletea/v2"

	"usher/auth0client"
	"usher/auth0client/desk"
	"usher/auth0client/gateway"
	"usher/auth0client/gateway/journal"
	"usher/auth0client/gateway/policy"
	"usher/auth0client/signin"
	"usher/auth0client/signin/tokenstore"
	"usher/auth0client/term"
	"usher/ui"
	"usher/ui/view"
)

// The console's needs and the client's abilities meet here, and only here.
var _ ui.Backend = (*auth0client.Client)(nil)

// endpoints is where a console signs in and where its requests go.
type endpoints struct {
	identity                  // the operator's sign-in
	upstream           string // base URL of the tenant
	managementAudience string
	m2mID              string
	m2mSecret          signin.Secret
	m2mKey             *signin.SigningKey // instead of the secret
	policies           *policy.Set        // nil: permissions alone decide
	journal            string             // folder
	via                string             // how operators come: "console" when empty, "cli"
}

// wiring is one console's parts, put together.
type wiring struct {
	session *signin.Client
	polls   *pollWatch
	keys    *signin.Keys
	store   *tokenstore.Store // of the sign-in; nil: in memory
	limits  interface{ Budget() gateway.Budget }
	client  *auth0client.Client
	journal *journal.Shared               // nil when the gateway keeps it elsewhere
	told    atomic.Pointer[func(tea.Msg)] // sends to the console, once it runs
	way     http.RoundTripper             // to the gateway, in the operator's name
	release func() error                  // closes what is the wiring's own, where others share the rest; nil: all of it is

	dir         string // the journal's folder
	profile     string
	color       string
	production  bool
	noClipboard bool
	demo        bool
	autoApprove bool
	approve     func(ctx context.Context, userCode string) error

	fields  []view.Field
	lookups []auth0client.Lookup
	kept    *keeping // nil: nothing is remembered or exported
}

// wire puts an in-process gateway under the Management client: no request reaches the tenant by another way.
func wire(_ context.Context, e endpoints) (*wiring, error) {
	upstream, err := url.Parse(e.upstream)
	if err != nil {
		return nil, fmt.Errorf("the tenant's address %q: %w", e.upstream, err)
	}
	s, err := e.open()
	if err != nil {
		return nil, err
	}
	jrn, err := journal.OpenShared(e.journal, journal.Options{Now: time.Now})
	if err != nil {
		s.close()
		return nil, fmt.Errorf("open the journal in %s: %w", e.journal, err)
	}
	w := &wiring{dir: e.journal, store: e.store, session: s.client, keys: s.keys, polls: s.polls, journal: jrn}
	gw, err := e.gateway(upstream, sessionVerifier{e.verifier(s.keys), s.client}, book{jrn, journal.OpenApprovals(e.journal, time.Now)}, w.waiting)
	if err != nil {
		return nil, errors.Join(err, w.close())
	}
	w.limits = gw
	if err := w.connect(upstream.Host, gw); err != nil {
		return nil, errors.Join(err, w.close())
	}
	return w, nil
}

func (e endpoints) verifier(keys *signin.Keys) operatorVerifier {
	return operatorVerifier{signin.NewVerifier(signin.VerifierConfig{
		Issuer: e.issuer, Audience: e.audience, Now: time.Now, Skew: 30 * time.Second, Keys: keys,
	})}
}

// recordBook is what a gateway of this process needs of a journal.
type recordBook interface {
	gateway.Record
	journal.Approvals
	Entries(ctx context.Context) ([]journal.Entry, error)
}

// book is a journal that this process shares with others of the profile, and the approvals beside it.
type book struct {
	*journal.Shared
	waiting
}

// waiting gives the approvals another name: one of their methods has theirs.
type waiting = journal.Approvals

// gateway makes the gateway of this process.
func (e endpoints) gateway(upstream *url.URL, verifier gateway.Verifier, jrn recordBook, onWait func(time.Time)) (*gateway.Gateway, error) {
	m2m := signin.NewM2M(signin.M2MConfig{
		TokenURL: upstream.JoinPath("oauth/token").String(), ClientID: e.m2mID, ClientSecret: e.m2mSecret, Key: e.m2mKey, Issuer: e.issuer,
		Audience: e.managementAudience, Now: time.Now,
	})
	via := e.via
	if via == "" {
		via = "console"
	}
	seal, err := gateway.SealingKey(e.journal)
	if err != nil {
		return nil, err
	}
	gw, err := gateway.New(gateway.Options{
		Upstream: upstream, Verifier: verifier, M2M: m2m, Journal: jrn, Now: time.Now, Via: via, OnWait: onWait,
		Policies: e.policies, Approvals: jrn, Key: seal, Client: e.clientID, Entries: jrn.Entries,
	})
	if err != nil {
		return nil, fmt.Errorf("start the gateway: %w", err)
	}
	return gw, nil
}

// connect puts the Management API's client on top of a way to the tenant, whose gateway checks who asks.
func (w *wiring) connect(domain string, way http.RoundTripper) error {
	w.way = operatorTransport{session: w.session, next: way}
	client, err := auth0client.New(auth0client.Options{
		Domain: domain, Now: time.Now, UserAgent: "usher/" + version, HTTP: &http.Client{Transport: w.way},
	})
	if err != nil {
		return fmt.Errorf("make the Management API client: %w", err)
	}
	w.client = client
	return nil
}

// remote is where a console signs in and the gateway it talks to.
type remote struct {
	identity
	gateway string // address
	ca      []byte // PEM, of the authority that alone counts for it; nil: the system's
}

// wireRemote puts the way to a gateway on another machine under the Management client. Nothing secret is on this one.
func wireRemote(r remote) (*wiring, error) {
	at, err := url.Parse(r.gateway)
	if err != nil {
		return nil, fmt.Errorf("the gateway's address %q: %w", r.gateway, err)
	}
	issuer, err := url.Parse(r.issuer)
	if err != nil {
		return nil, fmt.Errorf("the tenant's address %q: %w", r.issuer, err)
	}
	s, err := r.open()
	if err != nil {
		return nil, err
	}
	w := &wiring{store: r.store, session: s.client, keys: s.keys, polls: s.polls}
	way, err := gateway.NewRemote(gateway.RemoteOptions{URL: at, CA: r.ca, OnWait: w.waiting, Now: time.Now})
	if err != nil {
		return nil, errors.Join(err, w.close())
	}
	w.limits = way
	if err := w.connect(issuer.Host, gatewayTransport{host: at.Host, next: way}); err != nil {
		return nil, errors.Join(err, w.close())
	}
	return w, nil
}

// waiting tells the console of a rate limit, once there is one to tell.
func (w *wiring) waiting(until time.Time) {
	if send := w.told.Load(); send != nil {
		(*send)(ui.WaitingMsg{Until: until})
	}
}

func (w *wiring) close() error {
	if w.release != nil {
		return w.release()
	}
	signIn{w.session, w.keys, w.polls}.close()
	if w.journal == nil {
		return nil
	}
	if err := w.journal.Close(); err != nil {
		return fmt.Errorf("close the journal: %w", err)
	}
	return nil
}

// closeInto closes the wiring at the end of a command and joins what goes wrong to its error.
func (w *wiring) closeInto(err *error) { *err = errors.Join(*err, w.close()) }

// kindOf is the exit code for an error of the client.
func kindOf(err error) int {
	var (
		forbidden    *auth0client.Forbidden
		unauthorized *auth0client.Unauthorized
		notFound     *auth0client.NotFound
		denied       *signin.Denied
		nobody       *notSignedIn
		fresh        *auth0client.FreshLogin
		several      *desk.Ambiguous
	)
	switch {
	case errors.As(err, &several):
		return exitAmbiguous
	case errors.As(err, new(*desk.NoName)), errors.As(err, new(*auth0client.ReasonNeeded)):
		return exitUsage
	case errors.As(err, &forbidden), errors.As(err, &unauthorized), errors.As(err, &fresh), errors.As(err, &denied), errors.As(err, &nobody),
		errors.Is(err, signin.ErrSignedOut), errors.Is(err, signin.ErrOtherPerson):
		return exitNotAllowed
	case errors.As(err, &notFound), errors.Is(err, journal.ErrNoChange):
		return exitNotFound
	case isAmbiguous(err):
		return exitAmbiguous
	}
	return exitFailed
}

// unsettled says which changes of an earlier run have no known outcome: usher, or its machine, stopped in their middle.
func (w *wiring) unsettled() []string {
	if w.journal == nil {
		return nil
	}
	var out []string
	for _, e := range w.journal.Unfinished() {
		out = append(out, fmt.Sprintf("Unknown outcome: %s %s of %s by %s. Look whether it was made; `usher journal show %s` has it.",
			strings.Join(e.Actions, " "), term.Line(e.Target), e.Time.Local().Format("2006-01-02 15:04"), term.Line(e.Email), e.ID))
	}
	return out
}
