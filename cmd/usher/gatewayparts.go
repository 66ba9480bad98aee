package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/netip"
	"time"

	"usher/auth0client/gateway"
	"usher/auth0client/gateway/journal"
	"usher/auth0client/gateway/policy"
	"usher/auth0client/signin"
	"usher/config"
)

// clockSkew is how far the clocks of the tenant and of this machine may differ.
const clockSkew = 30 * time.Second

// gatewayParts is a gateway put together from its configuration.
type gatewayParts struct {
	issuer       string
	log          *slog.Logger
	keys         *signin.Keys
	journal      *journal.Journal
	certificates *gateway.Certificates // nil: plain HTTP behind a proxy on this machine
	gateway      *gateway.Gateway
	server       *gateway.Server
}

func (p *gatewayParts) close() error {
	p.keys.Close()
	if err := p.journal.Close(); err != nil {
		return fmt.Errorf("close the journal: %w", err)
	}
	return nil
}

func assembleGateway(ctx context.Context, c config.Gateway, data []byte, env func(string) string, log *slog.Logger) (*gatewayParts, error) {
	issuer, err := c.IssuerURL()
	if err != nil {
		return nil, usageError{err}
	}
	proxies, err := c.Proxies()
	if err != nil {
		return nil, usageError{err}
	}
	policies, err := policy.Load(data, c.Path)
	if err != nil {
		return nil, usageError{err}
	}
	p := &gatewayParts{issuer: issuer.String(), log: log}
	if !c.InsecureHTTP {
		if p.certificates, err = gateway.LoadCertificates(c.TLS.Certificate, c.TLS.Key, time.Now); err != nil {
			return nil, err
		}
	}
	m2m, err := gatewayCredential(c, env)
	if err != nil {
		return nil, err
	}
	if p.journal, err = openGatewayJournal(ctx, c, env, log); err != nil {
		return nil, err
	}
	p.keys = signin.NewKeys(signin.KeysConfig{Issuer: p.issuer, Now: time.Now})
	if err := p.assemble(c, proxies, m2m, policies); err != nil {
		return nil, errors.Join(err, p.close())
	}
	return p, nil
}

func (p *gatewayParts) assemble(c config.Gateway, proxies []netip.Prefix, m2m *signin.M2M, policies *policy.Set) error {
	issuer, err := c.IssuerURL()
	if err != nil {
		return err
	}
	seal, err := gateway.SealingKey(c.Journal.Dir)
	if err != nil {
		return err
	}
	verifier := signin.NewVerifier(signin.VerifierConfig{Issuer: p.issuer, Audience: c.Tenant.Audience, Now: time.Now, Skew: clockSkew, Keys: p.keys})
	metrics := gateway.NewMetrics()
	p.gateway, err = gateway.New(gateway.Options{
		Upstream: issuer, Verifier: gateway.Remember(operatorVerifier{verifier}, time.Now), M2M: m2m, Journal: p.journal, Reserve: c.Budget.Reserve,
		Now: time.Now, Observe: metrics.Exchange, Via: "gateway", Policies: policies, Approvals: p.journal, Key: seal,
		Client: c.Tenant.ClientID, Entries: p.journal.Entries,
	})
	if err != nil {
		return fmt.Errorf("start the gateway: %w", err)
	}
	metrics.Budget(p.gateway)
	p.server, err = gateway.NewServer(gateway.ServerOptions{
		Gateway: p.gateway, Certificates: p.certificates, Proxies: proxies, Metrics: metrics, Log: p.log, Now: time.Now,
		Connections: c.MaxConnections, Drain: time.Duration(c.Drain),
		Checks: []gateway.Check{
			{Name: "keys", Ready: func(ctx context.Context) error { return readKeys(ctx, p.issuer) }, Fresh: time.Minute},
			{Name: "credential", Ready: func(ctx context.Context) error { _, err := m2m.Token(ctx); return err }},
			{Name: "journal", Ready: func(ctx context.Context) error { return journalReady(ctx, p.journal, c.Journal) }},
		},
	})
	return err
}

// gatewayCredential is the source of the gateway's own tokens.
func gatewayCredential(c config.Gateway, env func(string) string) (*signin.M2M, error) {
	issuer, err := c.IssuerURL()
	if err != nil {
		return nil, usageError{err}
	}
	m := signin.M2MConfig{
		TokenURL: issuer.JoinPath("oauth/token").String(), Issuer: issuer.String(), ClientID: c.Management.ClientID,
		Audience: c.Management.Audience, Now: time.Now,
	}
	if m.Audience == "" {
		m.Audience = issuer.JoinPath("api/v2/").String()
	}
	if c.Management.Key == "" {
		secret, err := c.Management.Secret.Resolve(env)
		m.ClientSecret = signin.Secret(secret)
		return signin.NewM2M(m), err
	}
	text, err := c.Management.Key.Resolve(env)
	if err != nil {
		return nil, err
	}
	if m.Key, err = signin.ParseSigningKey(signin.Secret(text), c.Management.Algorithm); err != nil {
		return nil, err
	}
	return signin.NewM2M(m), nil
}

// readKeys reports whether the tenant's signing keys can be read: without them nobody can be told from anybody.
func readKeys(ctx context.Context, issuer string) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, issuer+".well-known/jwks.json", nil)
	if err != nil {
		return err
	}
	client := &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	res, err := client.Do(req)
	if err != nil {
		return fmt.Errorf("read the tenant's signing keys: %w", err)
	}
	defer res.Body.Close()
	if res.StatusCode != http.StatusOK {
		return fmt.Errorf("read the tenant's signing keys: HTTP %d", res.StatusCode)
	}
	return nil
}
