package doctor

import (
	"context"
	"crypto/rsa"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/go-jose/go-jose/v4"
)

// Profile is what is looked at.
type Profile struct {
	Issuer   string // with its slash
	ClientID string
	Audience string
	Scopes   []string // that a sign-in asks for
	HTTP     *http.Client
	Now      func() time.Time
	// Lookup finds a host's addresses; nil: the system's.
	Lookup func(ctx context.Context, host string) ([]string, error)
}

const (
	// clockSkew is how far two clocks may differ: tokens are checked with as much.
	clockSkew = 30 * time.Second
	// certificateSoon is when the end of a certificate is worth a note.
	certificateSoon = 14 * 24 * time.Hour
	maxAnswer       = 1 << 20
)

func (p Profile) client() *http.Client {
	own := http.Client{}
	if p.HTTP != nil {
		own = *p.HTTP
	}
	own.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	return &own
}

// Tenant looks at the way to the tenant: name, certificate, clock, and what it says of itself.
func Tenant(p Profile) Check {
	return Check{Names: []string{"dns", "tls", "clock", "discovery"}, Run: func(ctx context.Context, r *Report) { p.tenant(ctx, r) }}
}

func (p Profile) tenant(ctx context.Context, r *Report) {
	u, err := url.Parse(p.Issuer)
	if err != nil {
		r.Fail("dns", "put the domain right in the profile", "the domain is no address: %v", err)
		return
	}
	if !p.dns(ctx, r, u) {
		return
	}
	res, body, err := p.get(ctx, p.Issuer+".well-known/openid-configuration")
	if err != nil {
		r.Fail("tls", fixOf(err), "%s", reasonOf(u.Hostname(), err))
		return
	}
	p.tls(r, u, res.TLS)
	p.clock(r, res)
	p.discovery(r, u, res, body)
}

// dns looks the host up, unless it is an address or a proxy does that.
func (p Profile) dns(ctx context.Context, r *Report, u *url.URL) bool {
	if net.ParseIP(u.Hostname()) != nil {
		r.OK("dns", "%s is an address", u.Hostname())
		return true
	}
	if proxy, err := http.ProxyFromEnvironment(&http.Request{URL: u}); err == nil && proxy != nil && p.HTTP == nil {
		r.OK("dns", "the proxy %s finds %s", proxy.Host, u.Hostname())
		return true
	}
	lookup := p.Lookup
	if lookup == nil {
		lookup = net.DefaultResolver.LookupHost
	}
	found, err := lookup(ctx, u.Hostname())
	var unknown *net.DNSError
	switch {
	case errors.As(err, &unknown) && unknown.IsNotFound:
		r.Fail("dns", "put the domain right in the profile: it is in the Dashboard, in the settings of each application", "there is no host %s", u.Hostname())
	case err != nil:
		r.Fail("dns", "look at this machine's network", "%s could not be looked up: %v", u.Hostname(), err)
	default:
		r.OK("dns", "%s is at %s", u.Hostname(), found[0])
		return true
	}
	return false
}

func (p Profile) get(ctx context.Context, address string) (*http.Response, []byte, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return nil, nil, err
	}
	res, err := p.client().Do(req)
	if err != nil {
		return nil, nil, err
	}
	defer res.Body.Close() //nolint:errcheck // read already
	body, err := io.ReadAll(io.LimitReader(res.Body, maxAnswer))
	return res, body, err
}

func (p Profile) tls(r *Report, u *url.URL, state *tls.ConnectionState) {
	if u.Scheme == "http" {
		r.OK("tls", "none: the tenant is on this machine")
		return
	}
	if state == nil || len(state.PeerCertificates) == 0 {
		r.Fail("tls", "look at what is between this machine and the tenant", "%s showed no certificate", u.Hostname())
		return
	}
	leaf := state.PeerCertificates[0]
	left := leaf.NotAfter.Sub(p.Now())
	if left < certificateSoon {
		r.Note("tls", "renew it if it is yours (a custom domain); Auth0 renews its own", "the certificate of %s, by %s, ends in %d days", u.Hostname(), issuerOf(leaf), int(left.Hours()/24))
		return
	}
	r.OK("tls", "%s, certificate by %s until %s", tls.VersionName(state.Version), issuerOf(leaf), leaf.NotAfter.Format(time.DateOnly))
}

func issuerOf(c *x509.Certificate) string {
	return firstOf(c.Issuer.CommonName, strings.Join(c.Issuer.Organization, " "), "an unnamed authority")
}

// clock compares with the time that the answer says.
func (p Profile) clock(r *Report, res *http.Response) {
	at, err := http.ParseTime(res.Header.Get("Date"))
	if err != nil {
		r.Note("clock", "", "the tenant does not say what time it is")
		return
	}
	ahead := p.Now().Sub(at).Round(time.Second)
	how := "ahead of"
	if ahead < 0 {
		ahead, how = -ahead, "behind"
	}
	if ahead > clockSkew {
		r.Fail("clock", "set this machine's clock (timedatectl set-ntp true)", "this machine's clock is %s %s the tenant's: good tokens look forged or ended", ahead, how)
		return
	}
	r.OK("clock", "within %s of the tenant's", max(ahead, time.Second))
}

func (p Profile) discovery(r *Report, u *url.URL, res *http.Response, body []byte) {
	var said struct {
		Issuer string `json:"issuer"`
		Device string `json:"device_authorization_endpoint"`
	}
	fix := "put the domain right in the profile"
	switch {
	case res.StatusCode != http.StatusOK || json.Unmarshal(body, &said) != nil || said.Issuer == "":
		r.Fail("discovery", fix, "%s does not answer like an Auth0 tenant (HTTP %d)", u.Hostname(), res.StatusCode)
	case said.Issuer != p.Issuer:
		r.Fail("discovery", "name that one in the profile, or the custom domain that operators sign in at", "%s calls itself %s, so its tokens are not taken", u.Hostname(), said.Issuer)
	default:
		r.OK("discovery", "the issuer is %s", said.Issuer)
	}
}

// Keys looks at the tenant's signing keys.
func Keys(p Profile) Check {
	return Check{Names: []string{"keys"}, Run: func(ctx context.Context, r *Report) {
		res, body, err := p.get(ctx, p.Issuer+".well-known/jwks.json")
		if err != nil {
			r.Fail("keys", fixOf(err), "%s", reasonOf("the tenant", err))
			return
		}
		var set jose.JSONWebKeySet
		if res.StatusCode != http.StatusOK || json.Unmarshal(body, &set) != nil {
			r.Fail("keys", "put the domain right in the profile", "the tenant's signing keys cannot be read (HTTP %d)", res.StatusCode)
			return
		}
		good := 0
		for _, k := range set.Keys {
			if key, ok := k.Key.(*rsa.PublicKey); ok && k.KeyID != "" && key.N.BitLen() >= 2048 && (k.Use == "" || k.Use == "sig") {
				good++
			}
		}
		if good == 0 {
			r.Fail("keys", "look at the tenant's signing keys (Settings > Signing Keys)", "of the tenant's %d signing keys none is RSA with 2048 bits or more", len(set.Keys))
			return
		}
		r.OK("keys", "%d signing keys", good)
	}}
}

// reasonOf words why no answer came, without the address that was asked.
func reasonOf(host string, err error) string {
	var address *url.Error
	if errors.As(err, &address) {
		err = address.Err
	}
	var (
		authority x509.UnknownAuthorityError
		name      x509.HostnameError
		invalid   x509.CertificateInvalidError
		record    tls.RecordHeaderError
	)
	switch {
	case errors.As(err, &authority):
		return fmt.Sprintf("the certificate of %s is by an authority that this machine does not trust", host)
	case errors.As(err, &name):
		return fmt.Sprintf("the certificate of %s is for another host", host)
	case errors.As(err, &invalid) && invalid.Reason == x509.Expired:
		return fmt.Sprintf("the certificate of %s has ended, or this machine's clock is wrong", host)
	case errors.As(err, &record):
		return fmt.Sprintf("%s does not speak TLS", host)
	case errors.Is(err, context.DeadlineExceeded):
		return fmt.Sprintf("%s does not answer within %s", host, within)
	}
	return fmt.Sprintf("%s cannot be reached: %v", host, err)
}

func fixOf(err error) string {
	var authority x509.UnknownAuthorityError
	var name x509.HostnameError
	if errors.As(err, &authority) || errors.As(err, &name) {
		return "something on the way may answer in its place; where that is your company's proxy, let this machine trust its authority (SSL_CERT_FILE)"
	}
	return "look at the network, the firewall and the proxy (HTTPS_PROXY)"
}
