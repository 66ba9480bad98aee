// Package config reads usher's profiles: which tenant, whose gateway, which colours. Flags come before the environment,
// the environment before the file, the file before the defaults. Secrets are never in the file; it only says where they are.
package config

import (
	"bytes"
	"errors"
	"fmt"
	"net"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/pelletier/go-toml/v2"
)

// Profile is one tenant and how to reach it.
type Profile struct {
	Name       string     `toml:"-"`
	Domain     string     `toml:"domain"` // host of the tenant, or its full issuer; plain http on a loopback host only
	ClientID   string     `toml:"client_id"`
	Audience   string     `toml:"audience"` // usher's own API
	Color      string     `toml:"color,omitempty"`
	Production bool       `toml:"production,omitempty"`
	Gateway    string     `toml:"gateway,omitempty"`
	Management Management `toml:"management,omitempty"`
}

// Management is the in-process gateway's own credential.
type Management struct {
	ClientID string    `toml:"client_id,omitempty"`
	Secret   Reference `toml:"secret,omitempty"`
	Audience string    `toml:"audience,omitempty"` // default: the issuer's api/v2/
}

// Config is the whole file.
type Config struct {
	Default  string             `toml:"default,omitempty"` // the profile used when none is named
	Profiles map[string]Profile `toml:"profiles"`
	Path     string             `toml:"-"`
}

// Options is where a configuration may come from.
type Options struct {
	File, Profile string // flags
	Env           func(string) string
}

// Load reads the configuration and gives the profile that is asked for.
func Load(o Options) (Profile, error) {
	path := o.File
	if path == "" {
		path = o.Env("USHER_CONFIG")
	}
	if path == "" {
		dir, err := os.UserConfigDir()
		if err != nil {
			return Profile{}, fmt.Errorf("find the configuration's folder: %w; name the file with --config", err)
		}
		path = filepath.Join(dir, "usher", "config.toml")
	}
	c, err := Read(path)
	if err != nil {
		return Profile{}, err
	}
	name := o.Profile
	for _, other := range []string{o.Env("USHER_PROFILE"), c.Default} {
		if name == "" {
			name = other
		}
	}
	if name == "" && len(c.Profiles) == 1 {
		for only := range c.Profiles {
			name = only
		}
	}
	names := make([]string, 0, len(c.Profiles))
	for n := range c.Profiles {
		names = append(names, n)
	}
	slices.Sort(names)
	if name == "" {
		return Profile{}, fmt.Errorf("%s has several profiles (%s); choose one with --profile", path, strings.Join(names, ", "))
	}
	p, ok := c.Profiles[name]
	if !ok {
		return Profile{}, fmt.Errorf("%s has no profile %q; it has %s", path, name, strings.Join(names, ", "))
	}
	p.Name = name
	if d := o.Env("USHER_DOMAIN"); d != "" {
		p.Domain = d
	}
	if err := p.check(); err != nil {
		return Profile{}, fmt.Errorf("%s, profile %s: %w", path, name, err)
	}
	return p, nil
}

// Read reads a file. Its errors name the file and, where there is one, the line.
func Read(path string) (Config, error) {
	data, err := os.ReadFile(path)
	if errors.Is(err, os.ErrNotExist) {
		return Config{}, fmt.Errorf("there is no configuration %s yet; `usher demo` needs none, or name one with --config: %w", path, err)
	}
	if err != nil {
		return Config{}, fmt.Errorf("read the configuration: %w", err)
	}
	c := Config{Path: path}
	dec := toml.NewDecoder(bytes.NewReader(data)).DisallowUnknownFields()
	if err := dec.Decode(&c); err != nil {
		return Config{}, explain(path, err)
	}
	if len(c.Profiles) == 0 {
		return Config{}, fmt.Errorf("%s has no profile: it needs a table such as [profiles.work]", path)
	}
	return c, nil
}

func explain(path string, err error) error {
	var strict *toml.StrictMissingError
	if errors.As(err, &strict) && len(strict.Errors) > 0 {
		first := strict.Errors[0]
		line, _ := first.Position()
		key := ""
		if k := first.Key(); len(k) > 0 {
			key = k[len(k)-1]
		}
		return fmt.Errorf("%s line %d: there is no setting %q; did you mean %q?", path, line, key, nearest(key))
	}
	var decode *toml.DecodeError
	if errors.As(err, &decode) {
		line, column := decode.Position()
		return fmt.Errorf("%s line %d, column %d: %w", path, line, column, err)
	}
	return fmt.Errorf("%s: %w", path, err)
}

func keys() []string {
	return []string{"default", "profiles", "domain", "client_id", "audience", "color", "production", "gateway", "management", "secret"}
}

// nearest is the known key with the smallest edit distance.
func nearest(key string) string {
	best, at := "", 1<<30
	for _, k := range keys() {
		if d := distance(key, k); d < at {
			best, at = k, d
		}
	}
	return best
}

func distance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			cost := diagonal
			if a[i] != b[j] {
				cost = 1 + min(diagonal, row[j], row[j+1])
			}
			diagonal, row[j+1] = row[j+1], cost
		}
	}
	return row[len(b)]
}

func (p Profile) check() error {
	if p.Domain == "" || p.ClientID == "" || p.Audience == "" {
		return errors.New("domain, client_id and audience are all needed to sign in")
	}
	if _, err := p.IssuerURL(); err != nil {
		return err
	}
	if p.Gateway != "" {
		return errors.New("a remote gateway is not supported yet; give the profile a [management] table instead")
	}
	if p.Management.ClientID == "" || p.Management.Secret == "" {
		return errors.New("management.client_id and management.secret are needed by the gateway in this process")
	}
	return p.Management.Secret.check()
}

// IssuerURL is the tenant's issuer, with its slash.
func (p Profile) IssuerURL() (*url.URL, error) {
	d := p.Domain
	if !strings.Contains(d, "://") {
		d = "https://" + d
	}
	u, err := url.Parse(strings.TrimSuffix(d, "/") + "/")
	if err != nil || u.Host == "" || u.Path != "/" {
		return nil, fmt.Errorf("domain %q is not a host name or an address such as https://TENANT.eu.auth0.com/", p.Domain)
	}
	ip := net.ParseIP(u.Hostname())
	loopback := u.Hostname() == "localhost" || ip != nil && ip.IsLoopback()
	if u.Scheme != "https" && (u.Scheme != "http" || !loopback) {
		return nil, fmt.Errorf("domain %q: only https counts, but for a tenant on this machine", p.Domain)
	}
	return u, nil
}

// Write writes a configuration, whole or not at all, readable by its owner only.
func Write(path string, c Config) error {
	data, err := toml.Marshal(c)
	if err != nil {
		return fmt.Errorf("encode the configuration: %w", err)
	}
	tmp, err := os.CreateTemp(filepath.Dir(path), ".usher-config-*")
	if err != nil {
		return fmt.Errorf("write %s: %w", path, err)
	}
	defer os.Remove(tmp.Name()) //nolint:errcheck // gone already once renamed
	_, err = tmp.Write(data)
	if err = errors.Join(err, tmp.Sync(), tmp.Close()); err != nil {
		return fmt.Errorf("write %s: %w", path, err)
	}
	if err := os.Rename(tmp.Name(), path); err != nil {
		return fmt.Errorf("write %s: %w", path, err)
	}
	return nil
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
