package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"

	"usher/auth0client/setup"
	"usher/auth0client/signin"
	"usher/auth0client/signin/privatefile"
	"usher/auth0client/term"
	"usher/config"
)

// setupRun is one run of usher setup: what it is for, and the gateway's credential.
type setupRun struct {
	flags   *setupFlags
	options setup.Options
	name    string         // of the profile
	before  config.Profile // the profile that is there already; empty: none
	keyPath string
	newKey  signin.Secret // made in this run and on no disk yet
}

func newSetupRun(console *consoleFlags, f *setupFlags) (*setupRun, error) {
	r := &setupRun{flags: f}
	if f.domain == "" {
		p, err := loadProfile(console)
		if errors.As(err, new(*config.Missing)) {
			return nil, usagef("name the tenant with --domain, as in --domain acme.eu.auth0.com: there is no configuration yet that names it")
		}
		if err != nil {
			return nil, usageError{fmt.Errorf("name the tenant with --domain: %w", err)}
		}
		if c, err := config.Read(configPlace(console)); err == nil && c.Profiles[p.Name].IdleLock == 0 {
			p.IdleLock = 0 // a default is not for the file
		}
		r.before = p
		f.domain = p.Domain
		if f.audience == "" {
			f.audience = p.Audience
		}
	}
	if f.audience == "" {
		f.audience = setup.DefaultAudience
	}
	if f.algorithm != "RS256" && f.algorithm != "PS256" {
		return nil, usagef("--algorithm %q: choose RS256 or PS256", f.algorithm)
	}
	issuer, err := config.Profile{Domain: f.domain}.IssuerURL()
	if err != nil {
		return nil, usageError{err}
	}
	actions, err := setup.Actions(f.features)
	if err != nil {
		return nil, usageError{err}
	}
	r.options = setup.Options{Issuer: issuer.String(), Audience: f.audience, Actions: actions, ConsoleApp: f.consoleApp, GatewayApp: f.gatewayApp, KeepSecret: r.keepSecret}
	if r.name = console.profile; r.name == "" {
		if r.name = r.before.Name; r.name == "" {
			r.name = profileName(issuer.Hostname())
		}
	}
	return r, r.findKey(console)
}

// configPlace is the configuration's file, whether or not it is there; empty where there is no place for one.
func configPlace(console *consoleFlags) string {
	path, err := config.Options{File: console.config, Env: os.Getenv}.Place()
	if err != nil {
		return ""
	}
	return path
}

// profileName makes a name of a host: acme of acme.eu.auth0.com.
func profileName(host string) string {
	if loopbackHost(host) {
		return "local"
	}
	name, _, _ := strings.Cut(host, ".")
	if !regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9_-]*$`).MatchString(name) {
		return "tenant"
	}
	return name
}

// findKey says where the gateway's key is or will be: as the flag says, as the profile says, else beside the configuration.
func (r *setupRun) findKey(console *consoleFlags) error {
	f := r.flags
	if file, ok := strings.CutPrefix(string(r.before.Management.Secret), "file:"); ok && f.key == "" && f.secret == "" {
		f.secret = file
	}
	if f.secret != "" {
		return nil
	}
	path := f.key
	if file, ok := strings.CutPrefix(string(r.before.Management.Key), "file:"); ok && path == "" {
		path = file
	}
	if path == "" {
		beside := f.writeConfig
		if beside == "" {
			if beside = configPlace(console); beside == "" {
				return usagef("this machine has no folder for configurations; say with --key where the gateway's key is to be kept")
			}
		}
		path = filepath.Join(filepath.Dir(beside), r.name+".key.pem")
	}
	path, err := filepath.Abs(path)
	r.keyPath = path
	return err
}

// readCredential reads the gateway's key, or makes one in memory: it is written once the changes are confirmed.
func (r *setupRun) readCredential() error {
	if r.keyPath == "" {
		return nil
	}
	private := signin.Secret("")
	data, err := privatefile.Read(r.keyPath)
	switch {
	case err == nil:
		private = signin.Secret(data)
	case errors.Is(err, os.ErrNotExist):
		if private, err = setup.NewKey(); err != nil {
			return err
		}
		r.newKey = private
	default:
		return fmt.Errorf("the gateway's key: %w", err)
	}
	r.options.Key, err = setup.PublicOf(private, r.flags.algorithm)
	if err != nil && r.newKey == "" {
		return fmt.Errorf("%s: %w", r.keyPath, err)
	}
	return err
}

// keepKey writes a key that was made in this run.
func (r *setupRun) keepKey() error {
	if r.flags.secret != "" {
		return makePlace(r.flags.secret)
	}
	if r.newKey == "" {
		return nil
	}
	if err := makePlace(r.keyPath); err != nil {
		return err
	}
	if err := privatefile.Write(r.keyPath, []byte(r.newKey.Reveal())); err != nil {
		return fmt.Errorf("keep the gateway's key: %w", err)
	}
	r.newKey = ""
	return nil
}

func makePlace(path string) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return fmt.Errorf("keep the gateway's credential: %w", err)
	}
	return nil
}

// haveSecret makes sure that the secret of an application that is there already is kept: Auth0 does not give it again.
func (r *setupRun) haveSecret(plan *setup.Plan) error {
	if r.flags.secret == "" || r.flags.print || plan.Standing().GatewayID == "" {
		return nil
	}
	switch _, err := privatefile.Read(r.flags.secret); {
	case errors.Is(err, os.ErrNotExist):
		return fmt.Errorf("the gateway's application %s has a secret already, and %s does not hold it: copy it from the Dashboard to there, or leave out --secret-file, for a key",
			term.Line(plan.Standing().GatewayID), r.flags.secret)
	case err != nil:
		return fmt.Errorf("the gateway's secret: %w", err)
	}
	return nil
}

// keepSecret writes the secret that Auth0 gave. It is asked for at no other time.
func (r *setupRun) keepSecret(secret signin.Secret) error {
	if err := privatefile.Write(r.flags.secret, []byte(secret.Reveal()+"\n")); err != nil {
		return fmt.Errorf("the gateway's application was made, but its secret could not be kept: %w; copy it from the Dashboard", err)
	}
	return nil
}

// profile is what the configuration needs for the tenant. What the profile had beside it is kept.
func (r *setupRun) profile(o setup.Outcome) config.Profile {
	p := r.before
	p.Name, p.Audience, p.ClientID = r.name, r.options.Audience, o.ConsoleID
	if p.Domain = strings.TrimSuffix(strings.TrimPrefix(r.options.Issuer, "https://"), "/"); strings.HasPrefix(r.options.Issuer, "http:") {
		p.Domain = r.options.Issuer
	}
	if p.Gateway != "" {
		return p // the credential belongs to the gateway's machine alone
	}
	p.Management = config.Management{ClientID: o.GatewayID, Audience: o.Management}
	if r.flags.secret != "" {
		path, err := filepath.Abs(r.flags.secret)
		if err != nil {
			path = r.flags.secret
		}
		p.Management.Secret = config.Reference("file:" + path)
		return p
	}
	p.Management.Key = config.Reference("file:" + r.keyPath)
	if r.flags.algorithm != "RS256" {
		p.Management.Algorithm = r.flags.algorithm
	}
	return p
}

// writeProfile adds the profile to a configuration, beside those it has.
func (r *setupRun) writeProfile(p config.Profile) error {
	c, err := config.Read(r.flags.writeConfig)
	if errors.Is(err, os.ErrNotExist) {
		c, err = config.Config{Default: p.Name}, nil
	}
	if err != nil {
		return err
	}
	if old, ok := c.Profiles[p.Name]; ok {
		// As it is in the file: defaults and the environment do not belong into it.
		old.Domain, old.ClientID, old.Audience = p.Domain, p.ClientID, p.Audience
		if old.Gateway == "" { // else the credential belongs to the gateway's machine alone
			old.Management = p.Management
		}
		p = old
	}
	if c.Profiles == nil {
		c.Profiles = map[string]config.Profile{}
	}
	c.Profiles[r.name] = p
	return config.Write(r.flags.writeConfig, c)
}
