// Package config reads usher's profiles: which tenant, whose gateway, which colours. Flags come before the environment,
// the environment before the file, the file before the defaults. Secrets are never in the file; it only says where they are.
package config

import (
	"errors"
	"fmt"
	"maps"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// Profile is one tenant and how to reach it. It has either a gateway or the in-process gateway's own credential.
type Profile struct {
	Name       string     `toml:"-"`
	Domain     string     `toml:"domain"` // host of the tenant, or its full issuer; plain http on a loopback host only
	ClientID   string     `toml:"client_id"`
	Audience   string     `toml:"audience"` // usher's own API
	Scopes     []string   `toml:"scopes,omitempty"`
	Color      string     `toml:"color,omitempty"`
	Production bool       `toml:"production,omitempty"`
	Gateway    string     `toml:"gateway,omitempty"`    // of another machine: https only but for a loopback host
	GatewayCA  string     `toml:"gateway_ca,omitempty"` // file of the authority that alone counts for it
	Management Management `toml:"management,omitempty"`
	Policies   string     `toml:"policies,omitempty"` // the policy file of the in-process gateway

	TokenStore    string `toml:"token_store,omitempty"`    // keyring, file or memory; empty: the first that works
	TokenIdentity string `toml:"token_identity,omitempty"` // an age identity file that opens the encrypted file

	IdleLock     Duration `toml:"idle_lock,omitempty"`     // default 15 minutes
	SessionLimit Duration `toml:"session_limit,omitempty"` // off: as long as the sign-in lasts; left out: 12 hours
	NoClipboard  bool     `toml:"no_clipboard,omitempty"`  // the console copies nothing to the operator's clipboard

	Lookup       map[string]string `toml:"lookup,omitempty"` // a name to search by, and the path of its field
	CustomFields []CustomField     `toml:"custom_fields,omitempty"`
}

// Management is the in-process gateway's own credential: a secret or a key.
type Management struct {
	ClientID  string    `toml:"client_id,omitempty"`
	Secret    Reference `toml:"secret,omitempty"`
	Key       Reference `toml:"key,omitempty"`       // an RSA private key in PEM (private_key_jwt)
	Algorithm string    `toml:"algorithm,omitempty"` // of the key: RS256 or PS256; default RS256
	Audience  string    `toml:"audience,omitempty"`  // default: the issuer's api/v2/
}

// CustomField is a field of the tenant's own that the console shows.
type CustomField struct {
	Label string   `toml:"label"`
	Path  string   `toml:"path"`           // such as app_metadata.plan
	Show  []string `toml:"show,omitempty"` // where: list, detail, edit, create, search
}

// Config is the whole file.
type Config struct {
	Default  string             `toml:"default,omitempty"` // the profile used when none is named
	Profiles map[string]Profile `toml:"profiles"`
	SSH      *SSH               `toml:"ssh,omitempty"` // of `usher ssh`
	Path     string             `toml:"-"`
}

// Options is where a configuration may come from.
type Options struct {
	File, Profile string // flags
	Env           func(string) string
}

// defaultIdleLock is how long a console may stand unused.
const defaultIdleLock = Duration(15 * time.Minute)

// Load reads the configuration and gives the profile that is asked for. Without a file, an environment that names a tenant
// is enough.
func Load(o Options) (Profile, error) {
	path, named, err := o.path()
	if err != nil {
		return Profile{}, err
	}
	c, err := Read(path)
	if errors.Is(err, os.ErrNotExist) && !named && o.Env("USHER_DOMAIN") != "" {
		c, err = Config{Path: "the environment", Profiles: map[string]Profile{"default": {}}}, nil
	}
	if err != nil {
		return Profile{}, err
	}
	return c.profile(filepath.Dir(path), o)
}

// profile is the one that is asked for, with all that lies over and under the file.
func (c Config) profile(dir string, o Options) (Profile, error) {
	p, err := c.choose(first(o.Profile, o.Env("USHER_PROFILE"), c.Default))
	if err != nil {
		return Profile{}, err
	}
	p.override(o.Env)
	p.complete(dir, o.Env)
	if err := p.check(); err != nil {
		return Profile{}, fmt.Errorf("%s, profile %s: %w", c.Path, p.Name, err)
	}
	return p, nil
}

// Place is the configuration's file, whether or not it is there.
func (o Options) Place() (string, error) {
	path, _, err := o.path()
	return path, err
}

// path is the configuration's file, and whether somebody named it.
func (o Options) path() (path string, named bool, err error) {
	if path := first(o.File, o.Env("USHER_CONFIG")); path != "" {
		return path, true, nil
	}
	dir, err := os.UserConfigDir()
	if err != nil {
		return "", false, fmt.Errorf("find the configuration's folder: %w; name the file with --config", err)
	}
	return filepath.Join(dir, "usher", "config.toml"), false, nil
}

func (c Config) choose(name string) (Profile, error) {
	names := slices.Sorted(maps.Keys(c.Profiles))
	if name == "" && len(names) == 1 {
		name = names[0]
	}
	if name == "" {
		return Profile{}, fmt.Errorf("%s has several profiles (%s); choose one with --profile", c.Path, strings.Join(names, ", "))
	}
	p, ok := c.Profiles[name]
	if !ok {
		return Profile{}, fmt.Errorf("%s has no profile %q; it has %s", c.Path, name, strings.Join(names, ", "))
	}
	p.Name = name
	return p, nil
}

// override puts the environment over the file.
func (p *Profile) override(env func(string) string) {
	for name, field := range map[string]*string{
		"USHER_DOMAIN": &p.Domain, "USHER_CLIENT_ID": &p.ClientID, "USHER_AUDIENCE": &p.Audience, "USHER_POLICIES": &p.Policies,
		"USHER_TOKEN_STORE": &p.TokenStore, "USHER_TOKEN_IDENTITY": &p.TokenIdentity,
		"USHER_MANAGEMENT_CLIENT_ID": &p.Management.ClientID, "USHER_MANAGEMENT_AUDIENCE": &p.Management.Audience,
	} {
		if v := env(name); v != "" {
			*field = v
		}
	}
	// One takes the other's place, with what belongs to it: a profile with both would be refused.
	if v := env("USHER_GATEWAY"); v != "" {
		p.Gateway, p.Management, p.Policies = v, Management{}, env("USHER_POLICIES")
	}
	if v := env("USHER_MANAGEMENT_SECRET"); v != "" {
		p.Management.Secret, p.Management.Key, p.Management.Algorithm = Reference(v), "", ""
	}
	if v := env("USHER_MANAGEMENT_KEY"); v != "" {
		p.Management.Key, p.Management.Secret = Reference(v), ""
	}
}

// complete fills in defaults and makes paths that are relative to the file whole.
func (p *Profile) complete(dir string, env func(string) string) {
	if p.IdleLock == 0 {
		p.IdleLock = defaultIdleLock
	}
	if p.Management.Key != "" && p.Management.Algorithm == "" {
		p.Management.Algorithm = "RS256"
	}
	for _, path := range []*string{&p.Policies, &p.TokenIdentity, &p.GatewayCA} {
		if *path != "" {
			*path = whole(*path, dir, env)
		}
	}
	p.Management.Secret = p.Management.Secret.whole(dir, env)
	p.Management.Key = p.Management.Key.whole(dir, env)
}

// whole is a path as seen from the configuration's folder; ~ is the home folder.
func whole(path, dir string, env func(string) string) string {
	if rest, ok := strings.CutPrefix(path, "~/"); ok {
		if home := first(env("HOME"), env("USERPROFILE")); home != "" {
			return filepath.Join(home, rest)
		}
	}
	if filepath.IsAbs(path) {
		return path
	}
	return filepath.Join(dir, path)
}

// IssuerURL is the tenant's issuer, with its slash.
func (p Profile) IssuerURL() (*url.URL, error) {
	d := p.Domain
	if !strings.Contains(d, "://") {
		d = "https://" + d
	}
	d = strings.ToLower(d) // Auth0's issuers are, and tokens are compared with them letter by letter
	u, err := url.Parse(strings.TrimSuffix(d, "/") + "/")
	if err != nil || u.Host == "" || u.Path != "/" || u.User != nil || u.RawQuery != "" || u.Fragment != "" {
		return nil, fmt.Errorf("domain %q is not a host name or an address such as https://TENANT.eu.auth0.com/", p.Domain)
	}
	if !secure(u) {
		return nil, fmt.Errorf("domain %q: only https counts, but for a tenant on this machine", p.Domain)
	}
	return u, nil
}

// GatewayURL is the remote gateway's address; nil when the gateway is in this process.
func (p Profile) GatewayURL() (*url.URL, error) {
	if p.Gateway == "" {
		return nil, nil
	}
	u, err := url.Parse(p.Gateway)
	if err != nil || u.Host == "" || u.User != nil || u.RawQuery != "" || u.Fragment != "" {
		return nil, fmt.Errorf("gateway %q is not an address such as https://usher.example.com", p.Gateway)
	}
	if !secure(u) {
		return nil, fmt.Errorf("gateway %q: only https counts, but for a gateway on this machine", p.Gateway)
	}
	return u, nil
}

// StateDir is where usher keeps what is not configuration, the journal above all.
func StateDir(env func(string) string) (string, error) {
	if d := env("USHER_STATE"); d != "" {
		return d, nil
	}
	if d := env("XDG_STATE_HOME"); d != "" {
		return filepath.Join(d, "usher"), nil
	}
	home, err := os.UserHomeDir()
	if err != nil {
		return "", fmt.Errorf("find a folder for the journal: %w; name one with USHER_STATE", err)
	}
	return filepath.Join(home, ".local", "state", "usher"), nil
}

func first(values ...string) string {
	for _, v := range values {
		if v != "" {
			return v
		}
	}
	return ""
}
