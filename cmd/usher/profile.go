package main

import (
	"context"
	"errors"
	"os"
	"path/filepath"

	"usher/auth0client/signin"
	"usher/config"
)

// openConsole opens the console with the profile of the configuration.
func openConsole(ctx context.Context, f *consoleFlags, query string) (err error) {
	if err := needTerminal(); err != nil {
		return err
	}
	p, err := config.Load(config.Options{File: f.config, Profile: f.profile, Env: os.Getenv})
	if err != nil {
		return usageError{err}
	}
	issuer, err := p.IssuerURL()
	if err != nil {
		return usageError{err}
	}
	secret, err := p.Management.Secret.Resolve(os.Getenv)
	if err != nil {
		return err
	}
	state, err := config.StateDir(os.Getenv)
	if err != nil {
		return err
	}
	audience := p.Management.Audience
	if audience == "" {
		audience = issuer.JoinPath("api/v2/").String()
	}
	w, err := wire(ctx, endpoints{
		issuer: issuer.String(), clientID: p.ClientID, audience: p.Audience, upstream: issuer.String(), managementAudience: audience,
		m2mID: p.Management.ClientID, m2mSecret: signin.Secret(secret), journal: filepath.Join(state, p.Name),
	})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, w.close()) }()
	w.profile, w.color, w.production = p.Name, p.Color, p.Production
	f.query = query
	return w.console(ctx, f)
}
