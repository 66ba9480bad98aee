package localtenant

import (
	"crypto/rsa"
	"crypto/sha256"
	"encoding/hex"
	"net"
	"net/http"
	"strings"
	"time"
)

// authority is what the OAuth side of the tenant keeps. What a browser or an app holds (codes, refresh tokens, cookies,
// tickets) is kept by its hash only.
type authority struct {
	keyring     *keyring
	signingKeys *table[*signingKey]

	devices    *table[deviceRequest] // by the device code's hash
	logins     *table[login]         // sign-ins under way in a browser
	codes      *table[authCode]
	families   *table[family]
	refresh    *table[refreshToken]
	browsers   *table[browser]       // single sign-on cookies
	trusted    *table[trusted]       // browsers that need no second factor
	tickets    *table[ticket]        // links that stand for a person
	failures   *table[failure]       // failed attempts
	assertions *table[usedAssertion] // assertions that were used

	tidied time.Time
}

func newAuthority() authority {
	return authority{
		keyring: &keyring{ready: map[string]*rsa.PrivateKey{}}, signingKeys: newTable[*signingKey]("signing key"),
		devices: newTable[deviceRequest]("device code"),
		logins:  newTable[login]("login"), codes: newTable[authCode]("authorization code"), families: newTable[family]("sign-in"),
		refresh: newTable[refreshToken]("refresh token of a sign-in"), browsers: newTable[browser]("browser"),
		trusted: newTable[trusted]("remembered browser"), tickets: newTable[ticket]("ticket"),
		failures: newTable[failure]("failed attempts"), assertions: newTable[usedAssertion]("client assertion"),
	}
}

// usedAssertion is until when an assertion's id must not come again.
type usedAssertion struct{ Expires time.Time }

// hashOf is what is kept of a secret.
func hashOf(secret string) string {
	sum := sha256.Sum256([]byte(secret))
	return hex.EncodeToString(sum[:])
}

// visitor is where a request comes from.
type visitor struct{ IP, Agent, Client string }

func visitorOf(r *http.Request, client string) visitor {
	host, _, err := net.SplitHostPort(r.RemoteAddr)
	if err != nil {
		host = r.RemoteAddr
	}
	return visitor{IP: host, Agent: r.UserAgent(), Client: client}
}

// here is the visitor of a sign-in without a browser.
func here(client string) visitor { return visitor{IP: "127.0.0.1", Client: client} }

// note records an event of a visitor. The tenant is locked.
func (t *Tenant) noteEvent(kind string, u *user, description string, v visitor) *logEvent {
	e := t.record(kind, u, description)
	e.IP, e.Agent, e.ClientID = v.IP, v.Agent, v.Client
	return e
}

// tidy drops what has expired, at most once a minute. The tenant is locked.
func (t *Tenant) tidy() {
	now := t.now()
	if now.Sub(t.tidied) < time.Minute && !now.Before(t.tidied) {
		return
	}
	t.tidied = now
	// A little longer than they hold, so that late comers hear "expired" and a code used twice is noticed.
	old := now.Add(-10 * time.Minute)
	sweep(t.devices, func(d deviceRequest) bool { return d.Expires.Before(old) })
	sweep(t.logins, func(l login) bool { return l.Expires.Before(now) })
	sweep(t.codes, func(c authCode) bool { return c.Expires.Before(old) })
	sweep(t.browsers, func(b browser) bool { return t.sessionOf(b) == nil })
	sweep(t.trusted, func(b trusted) bool { return b.Expires.Before(now) })
	sweep(t.tickets, func(k ticket) bool { return k.Expires.Before(now.Add(-24 * time.Hour)) })
	sweep(t.failures, func(f failure) bool { return f.Last.Before(now.Add(-blockLife)) })
	sweep(t.assertions, func(a usedAssertion) bool { return a.Expires.Before(now) })
	sweep(t.families, func(f family) bool {
		return f.Ends.Before(now) && (f.Dead || !f.Offline || f.Absolute.Before(now))
	})
	sweep(t.refresh, func(r refreshToken) bool { return !t.families.has(r.Family) || r.Expires.Before(old) })
}

func sweep[T any](from *table[T], gone func(T) bool) {
	for _, key := range from.names() {
		if gone(from.at(key)) {
			from.drop(key)
		}
	}
}

// sameSite reports that a form was sent by a page of this tenant: another site must not answer for the person at this
// browser. Programs that are no browser say nothing about where they come from.
func sameSite(r *http.Request) bool {
	if site := r.Header.Get("Sec-Fetch-Site"); site != "" {
		return site == "same-origin" || site == "none"
	}
	o := r.Header.Get("Origin")
	return o == "" || strings.EqualFold(o, "http://"+r.Host) || strings.EqualFold(o, "https://"+r.Host)
}
