package config

import (
	"errors"
	"fmt"
	"maps"
	"net"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"time"
)

// Duration is a time such as "15m", or Off.
type Duration time.Duration

// Off is never.
const Off Duration = -1

// UnmarshalText implements encoding.TextUnmarshaler.
func (d *Duration) UnmarshalText(text []byte) error {
	switch s := string(text); s {
	case "off", "never":
		*d = Off
		return nil
	default:
		v, err := time.ParseDuration(s)
		if err != nil || v <= 0 {
			return fmt.Errorf("%q is not a time such as 15m, 8h or off", s)
		}
		*d = Duration(v)
		return nil
	}
}

// MarshalText implements encoding.TextMarshaler.
func (d Duration) MarshalText() ([]byte, error) {
	if d < 0 {
		return []byte("off"), nil
	}
	return []byte(time.Duration(d).String()), nil
}

// check tells the first mistake of a profile.
func (p Profile) check() error {
	if !regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9_.-]{0,63}$`).MatchString(p.Name) {
		return fmt.Errorf("the profile's name %q is also a folder's: letters, digits, dots, dashes and underscores only", p.Name)
	}
	if p.Domain == "" || p.ClientID == "" || p.Audience == "" {
		return errors.New("domain, client_id and audience are all needed to sign in")
	}
	if _, err := p.IssuerURL(); err != nil {
		return err
	}
	if len(p.Scopes) > 0 && !slices.Contains(p.Scopes, "openid") {
		return errors.New("scopes must have openid, which says who signs in")
	}
	if !regexp.MustCompile(`^(#[0-9A-Fa-f]{3}|#[0-9A-Fa-f]{6}|\d{1,3})?$`).MatchString(p.Color) {
		return fmt.Errorf("color %q is not one such as #b3261e, or the number of a terminal's colour", p.Color)
	}
	if !slices.Contains([]string{"", "keyring", "file", "memory"}, p.TokenStore) {
		return fmt.Errorf("token_store %q: choose keyring, file or memory", p.TokenStore)
	}
	if err := p.checkGateway(); err != nil {
		return err
	}
	return p.checkFields()
}

// checkGateway: either a gateway elsewhere, or all that the one in this process needs.
func (p Profile) checkGateway() error {
	m := p.Management
	if p.Gateway != "" {
		if m != (Management{}) {
			return errors.New("it has a gateway and a [management] table: the credential belongs to the gateway's machine alone")
		}
		if p.Policies != "" {
			return errors.New("policies are the gateway's, on its own machine")
		}
		_, err := p.GatewayURL()
		return err
	}
	switch {
	case p.GatewayCA != "":
		return errors.New("gateway_ca is for a gateway on another machine, which is not named")
	case m.ClientID == "" || m.Secret == "" && m.Key == "":
		return errors.New("management.client_id and management.secret or management.key are needed by the gateway in this process; or name a gateway")
	case m.Secret != "" && m.Key != "":
		return errors.New("management.secret and management.key are two credentials; keep one")
	case m.Key == "" && m.Algorithm != "":
		return errors.New("management.algorithm is for management.key, which is not there")
	case !slices.Contains([]string{"", "RS256", "PS256"}, m.Algorithm):
		return fmt.Errorf("management.algorithm %q: choose RS256 or PS256", m.Algorithm)
	case m.Key != "":
		return m.Key.checkAs("management.key")
	}
	return m.Secret.checkAs("management.secret")
}

// checkFields looks at lookups and custom fields.
func (p Profile) checkFields() error {
	path := regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_-]*(\.[A-Za-z0-9_-]+)*$`)
	for _, name := range slices.Sorted(maps.Keys(p.Lookup)) {
		if !regexp.MustCompile(`^[a-z][a-z0-9_-]*$`).MatchString(name) {
			return fmt.Errorf("the lookup %q is typed into the search: lower-case letters, digits, dashes and underscores only", name)
		}
		if !path.MatchString(p.Lookup[name]) {
			return fmt.Errorf("the lookup %s: %q is not a field such as app_metadata.external_id", name, p.Lookup[name])
		}
	}
	for i, f := range p.CustomFields {
		if strings.TrimSpace(f.Label) == "" {
			return fmt.Errorf("custom field %d has no label", i+1)
		}
		if !path.MatchString(f.Path) {
			return fmt.Errorf("the custom field %q: %q is not a field such as app_metadata.plan", f.Label, f.Path)
		}
		for _, where := range f.Show {
			if !slices.Contains([]string{"list", "detail", "edit", "create", "search"}, where) {
				return fmt.Errorf("the custom field %q cannot show in %q: choose among list, detail, edit, create and search", f.Label, where)
			}
		}
	}
	return nil
}

// secure reports https, or http that does not leave this machine.
func secure(u *url.URL) bool {
	return u.Scheme == "https" || u.Scheme == "http" && loopback(u.Hostname())
}

func loopback(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}
