package config

import (
	"bytes"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"net/url"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"time"

	"github.com/pelletier/go-toml/v2"
)

// Gateway is the configuration of `usher gateway`. Its [[policy]] tables are read by whoever decides.
type Gateway struct {
	Name           string   `toml:"name"`   // in the journal, where several gateways share one; default: the host's
	Listen         string   `toml:"listen"` // HOST:PORT
	InsecureHTTP   bool     `toml:"insecure_http"`
	TrustedProxies []string `toml:"trusted_proxies"` // addresses or networks whose X-Forwarded-For counts
	MaxConnections int      `toml:"max_connections"`
	Drain          Duration `toml:"drain"` // how long a stopping gateway still takes requests

	TLS        GatewayTLS        `toml:"tls"`
	Tenant     GatewayTenant     `toml:"tenant"`
	Management GatewayCredential `toml:"management"`
	Journal    GatewayJournal    `toml:"journal"`
	Metrics    GatewayMetrics    `toml:"metrics"`
	Budget     GatewayBudget     `toml:"budget"`
	Log        GatewayLog        `toml:"log"`

	Policy any `toml:"policy"`

	Path string `toml:"-"`
}

// GatewayTLS is where the certificate and its key are, both PEM.
type GatewayTLS struct {
	Certificate string `toml:"certificate"`
	Key         string `toml:"key"`
}

// GatewayTenant is whose users the gateway looks after.
type GatewayTenant struct {
	Domain   string `toml:"domain"`    // as in a profile
	Audience string `toml:"audience"`  // usher's own API
	ClientID string `toml:"client_id"` // usher's native application, for which password mails are sent
}

// GatewayCredential is the gateway's own: a client secret, or the private key of private_key_jwt.
type GatewayCredential struct {
	ClientID  string    `toml:"client_id"`
	Secret    Reference `toml:"secret"`
	Key       Reference `toml:"key"`
	Algorithm string    `toml:"algorithm"` // of the key: RS256 or PS256; default RS256
	Audience  string    `toml:"audience"`  // default: the issuer's api/v2/
}

// GatewayJournal is where changes are recorded.
type GatewayJournal struct {
	Dir      string    `toml:"dir"`
	RotateMB int       `toml:"rotate_mb"`
	Postgres Reference `toml:"postgres"` // the address holds a password
	Syslog   string    `toml:"syslog"`   // unix:///dev/log, or udp, tcp or tls and a host
}

// GatewayMetrics is where health and metrics are shown, for the gateway's own operators.
type GatewayMetrics struct {
	Listen string `toml:"listen"`
}

// GatewayBudget is what of the tenant's rate limit is left to others.
type GatewayBudget struct {
	Reserve float64 `toml:"reserve"` // a share from 0.05 to 0.9; default 0.2
}

// GatewayLog is what the gateway says on standard error.
type GatewayLog struct {
	Level string `toml:"level"` // debug, info, warn or error; default info
}

// ReadGateway reads and checks a gateway's configuration. Its errors name the file and, where there is one, the line. data
// is the whole file.
func ReadGateway(path string) (g Gateway, data []byte, err error) {
	if data, err = os.ReadFile(path); err != nil {
		return Gateway{}, nil, fmt.Errorf("read the gateway's configuration: %w", err)
	}
	g.Path = path
	dec := toml.NewDecoder(bytes.NewReader(data)).DisallowUnknownFields()
	if err := dec.Decode(&g); err != nil {
		return Gateway{}, nil, explain(path, err, reflect.TypeFor[Gateway]())
	}
	if err := g.check(); err != nil {
		return Gateway{}, nil, fmt.Errorf("%s: %w", path, err)
	}
	g.complete(filepath.Dir(path), os.Getenv)
	return g, data, nil
}

// complete makes paths whole: they are seen from the file's folder, wherever the gateway is started.
func (g *Gateway) complete(dir string, env func(string) string) {
	for _, path := range []*string{&g.TLS.Certificate, &g.TLS.Key, &g.Journal.Dir} {
		if *path != "" {
			*path = whole(*path, dir, env)
		}
	}
	for _, r := range []*Reference{&g.Management.Secret, &g.Management.Key, &g.Journal.Postgres} {
		*r = r.whole(dir, env)
	}
}

func (g *Gateway) check() error {
	if g.Name == "" {
		name, err := os.Hostname()
		if err != nil {
			return fmt.Errorf("name is missing, and the host has none: %w", err)
		}
		g.Name = name
	}
	if g.Budget.Reserve == 0 {
		g.Budget.Reserve = 0.2
	}
	if g.Management.Algorithm == "" {
		g.Management.Algorithm = "RS256"
	}
	if g.Log.Level == "" {
		g.Log.Level = "info"
	}
	if _, err := g.IssuerURL(); err != nil {
		return err
	}
	if _, err := g.Proxies(); err != nil {
		return err
	}
	for _, check := range []func() error{g.checkListen, g.checkCredential, g.checkJournal, g.checkNumbers} {
		if err := check(); err != nil {
			return err
		}
	}
	return nil
}

func (g *Gateway) checkListen() error {
	host, err := hostOf("listen", g.Listen)
	if err != nil {
		return err
	}
	switch {
	case g.InsecureHTTP && (g.TLS != GatewayTLS{}):
		return errors.New("insecure_http and [tls] exclude each other")
	case g.InsecureHTTP && !loopback(host):
		return fmt.Errorf("insecure_http is for a proxy on this machine: listen must be a loopback address such as 127.0.0.1:8080, not %q", g.Listen)
	case !g.InsecureHTTP && (g.TLS.Certificate == "" || g.TLS.Key == ""):
		return errors.New("tls.certificate and tls.key are needed; behind a proxy on this machine say insecure_http = true")
	}
	if g.Metrics.Listen == "" {
		return nil
	}
	_, err = hostOf("metrics.listen", g.Metrics.Listen)
	return err
}

func hostOf(key, listen string) (string, error) {
	host, port, err := net.SplitHostPort(listen)
	if err != nil || port == "" {
		return "", fmt.Errorf("%s = %q is not an address such as 0.0.0.0:8443", key, listen)
	}
	return host, nil
}

func (g *Gateway) checkCredential() error {
	m := g.Management
	switch {
	case g.Tenant.Audience == "":
		return errors.New("tenant.audience is missing: it is the identifier of usher's API in Auth0")
	case m.ClientID == "":
		return errors.New("management.client_id is missing: it is the machine-to-machine application's")
	case (m.Secret == "") == (m.Key == ""):
		return errors.New("management needs a secret or a key, one of them")
	case m.Secret != "":
		return m.Secret.checkAs("management.secret")
	}
	if m.Algorithm != "RS256" && m.Algorithm != "PS256" {
		return fmt.Errorf("management.algorithm = %q: choose RS256 or PS256", m.Algorithm)
	}
	return m.Key.checkAs("management.key")
}

func (g *Gateway) checkJournal() error {
	j := g.Journal
	if j.Dir == "" {
		return errors.New("journal.dir is missing: the folder of the journal and of its key")
	}
	if j.Postgres != "" {
		if err := j.Postgres.checkAs("journal.postgres"); err != nil {
			return err
		}
	}
	return nil
}

func (g *Gateway) checkNumbers() error {
	switch {
	case g.Budget.Reserve < 0.05 || g.Budget.Reserve > 0.9:
		return fmt.Errorf("budget.reserve = %v: choose a share from 0.05 to 0.9", g.Budget.Reserve)
	case g.Journal.RotateMB < 0 || g.MaxConnections < 0:
		return errors.New("journal.rotate_mb and max_connections cannot be negative")
	case time.Duration(g.Drain) > time.Minute:
		return fmt.Errorf("drain = %v: a minute is the most", time.Duration(g.Drain))
	}
	switch g.Log.Level {
	case "debug", "info", "warn", "error":
		return nil
	}
	return fmt.Errorf("log.level = %q: choose debug, info, warn or error", g.Log.Level)
}

// IssuerURL is the tenant's issuer, with its slash.
func (g Gateway) IssuerURL() (*url.URL, error) {
	if g.Tenant.Domain == "" {
		return nil, errors.New("tenant.domain is missing")
	}
	return Profile{Domain: g.Tenant.Domain}.IssuerURL()
}

// Proxies are the networks of trusted_proxies.
func (g Gateway) Proxies() ([]netip.Prefix, error) {
	var out []netip.Prefix
	for _, text := range g.TrustedProxies {
		prefix, err := netip.ParsePrefix(text)
		if !strings.Contains(text, "/") {
			var at netip.Addr
			if at, err = netip.ParseAddr(text); err == nil {
				prefix = netip.PrefixFrom(at, at.BitLen())
			}
		}
		switch {
		case err != nil:
			return nil, fmt.Errorf("trusted_proxies: %q is neither an address nor a network such as 10.0.0.0/8", text)
		case prefix.Bits() == 0:
			return nil, errors.New("trusted_proxies: a network of everybody would let anybody say where they come from")
		}
		out = append(out, prefix.Masked())
	}
	return out, nil
}
