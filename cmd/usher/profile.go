package main

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"os"

	"usher/auth0client/gateway/policy"
	"usher/auth0client/signin"
	"usher/config"
)

// openConsole opens the console with the profile of the configuration.
func openConsole(ctx context.Context, f *consoleFlags, query string) (err error) {
	if err := needTerminal(); err != nil {
		return err
	}
	p, err := loadProfile(f)
	if err != nil {
		return err
	}
	w, _, err := wireProfile(ctx, p, "console")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, w.close()) }()
	f.query = query
	f.follow(p)
	return w.console(ctx, f)
}

// openSignedIn wires a profile for a command that asks nothing: with the sign-in that usher login kept. Nobody signed in is
// an error that says what to run, with the exit code of what is not allowed. The caller closes the wiring.
func openSignedIn(ctx context.Context, f *consoleFlags) (*wiring, signin.Operator, error) {
	if f.visit != nil {
		return f.visit.signIn(ctx)
	}
	p, err := loadProfile(f)
	if err != nil {
		return nil, signin.Operator{}, err
	}
	w, id, err := wireProfile(ctx, p, "cli")
	if err != nil {
		return nil, signin.Operator{}, err
	}
	op, err := f.resume(ctx, p, w.session, id.store)
	if err != nil {
		return nil, signin.Operator{}, errors.Join(err, w.close())
	}
	for _, line := range w.unsettled() {
		fmt.Fprintln(os.Stderr, "usher: "+line)
	}
	return w, op, nil
}

// wireProfile wires a profile's sign-in to its gateway.
func wireProfile(ctx context.Context, p config.Profile, via string) (*wiring, identity, error) {
	issuer, err := p.IssuerURL()
	if err != nil {
		return nil, identity{}, usageError{err}
	}
	id, err := identityOf(ctx, p)
	if err != nil {
		return nil, identity{}, err
	}
	var w *wiring
	if p.Gateway != "" {
		w, err = wireFar(p, id)
	} else {
		w, err = wireNear(ctx, p, id, issuer, via)
	}
	if err != nil {
		return nil, identity{}, err
	}
	if w.dir, err = profileDir(p.Name); err != nil {
		return nil, identity{}, errors.Join(err, w.close())
	}
	w.profile, w.color, w.production, w.noClipboard = p.Name, p.Color, p.Production, p.NoClipboard
	w.fields, w.lookups = customFields(p), lookups(p)
	dir, err := profileDir(p.Name)
	if err != nil {
		return nil, identity{}, errors.Join(err, w.close())
	}
	w.kept = newKeeping(dir)
	return w, id, nil
}

// wireFar wires a profile to the gateway on another machine that it names.
func wireFar(p config.Profile, id identity) (*wiring, error) {
	ca, err := gatewayCA(p)
	if err != nil {
		return nil, err
	}
	return wireRemote(remote{identity: id, gateway: p.Gateway, ca: ca})
}

func gatewayCA(p config.Profile) ([]byte, error) {
	if p.GatewayCA == "" {
		return nil, nil
	}
	ca, err := os.ReadFile(p.GatewayCA)
	if err != nil {
		return nil, usageError{fmt.Errorf("read the authority of the gateway: %w", err)}
	}
	return ca, nil
}

// wireNear wires a profile to a gateway in this process.
func wireNear(ctx context.Context, p config.Profile, id identity, issuer *url.URL, via string) (*wiring, error) {
	e, err := nearEndpoints(p, id, issuer, via)
	if err != nil {
		return nil, err
	}
	return wire(ctx, e)
}

func nearEndpoints(p config.Profile, id identity, issuer *url.URL, via string) (endpoints, error) {
	e, err := credential(p, issuer)
	if err != nil {
		return e, err
	}
	if e.policies, err = readPolicies(p.Policies); err != nil {
		return e, err
	}
	if e.journal, err = profileDir(p.Name); err != nil {
		return e, err
	}
	e.identity, e.upstream, e.via = id, issuer.String(), via
	return e, nil
}

// credential reads what proves the gateway of this process to the tenant.
func credential(p config.Profile, issuer *url.URL) (endpoints, error) {
	m := p.Management
	e := endpoints{m2mID: m.ClientID, managementAudience: m.Audience}
	if e.managementAudience == "" {
		e.managementAudience = issuer.JoinPath("api/v2/").String()
	}
	if m.Key == "" {
		secret, err := m.Secret.Resolve(os.Getenv)
		e.m2mSecret = signin.Secret(secret)
		return e, err
	}
	text, err := m.Key.Resolve(os.Getenv)
	if err != nil {
		return e, err
	}
	e.m2mKey, err = signin.ParseSigningKey(signin.Secret(text), m.Algorithm)
	return e, err
}

// readPolicies reads the policy file of the gateway of this process. Without one, permissions alone decide.
func readPolicies(path string) (*policy.Set, error) {
	if path == "" {
		return nil, nil
	}
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, usageError{fmt.Errorf("read the profile's policies: %w", err)}
	}
	set, err := policy.Load(data, path)
	if err != nil {
		return nil, usageError{err}
	}
	if set.Len() == 0 {
		return nil, usagef("%s has no [[policy]] table; a profile that names policies must not do without", path)
	}
	return set, nil
}
