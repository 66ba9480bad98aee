package signin

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"usher/auth0client/ratelimit"
)

// DeviceCode is a sign-in that waits for approval in a browser.
type DeviceCode struct {
	UserCode                string
	VerificationURI         string
	VerificationURIComplete string
	ExpiresAt               time.Time
	Interval                time.Duration

	code    *Secret // a pointer: fmt prints an unexported field without asking its methods
	demand  demand
	dropped <-chan struct{} // closed when another sign-in begins
}

// slowDown is what each slow_down adds to the interval, for good (RFC 8628 §3.5).
const slowDown = 5 * time.Second

// longestCode is how long a code is waited for at most, in seconds; Auth0's are good for fifteen minutes.
const longestCode = 24 * 3600

// StartDevice asks for a code. One code waits at a time: the one before ends with [ErrSuperseded]. An answer that sends
// the operator to another host than the issuer's is refused: it would be somebody else's sign-in page.
func (c *Client) StartDevice(ctx context.Context) (DeviceCode, error) {
	return c.startDevice(ctx, demand{subject: c.cfg.Subject})
}

// StartFreshDevice asks for a code that only a new sign-in approves, not older than within; zero is now. For dangerous
// changes: if somebody is signed in it must be the same person. An older one ends with [ErrNotFresh].
func (c *Client) StartFreshDevice(ctx context.Context, within time.Duration) (DeviceCode, error) {
	return c.startDevice(ctx, c.fresh(within))
}

// fresh demands a new sign-in of the person who is signed in.
func (c *Client) fresh(within time.Duration) demand {
	op, _ := c.Operator()
	return demand{subject: first(c.cfg.Subject, op.Subject), within: max(within, time.Second), asked: c.cfg.Now()}
}

// ask adds what a demand asks of Auth0 (OpenID Connect Core §3.1.2.1).
func (d demand) ask(form url.Values) {
	if d.within > 0 {
		form.Set("max_age", strconv.Itoa(int(d.within/time.Second)))
		form.Set("prompt", "login")
	}
}

func (c *Client) startDevice(ctx context.Context, d demand) (DeviceCode, error) {
	dropped := c.alone()
	var a struct {
		DeviceCode              string `json:"device_code"`
		UserCode                string `json:"user_code"`
		VerificationURI         string `json:"verification_uri"`
		VerificationURIComplete string `json:"verification_uri_complete"`
		ExpiresIn               int    `json:"expires_in"`
		Interval                int    `json:"interval"`
	}
	form := url.Values{"client_id": {c.cfg.ClientID}, "audience": {c.cfg.Audience}, "scope": {strings.Join(c.cfg.Scopes, " ")}}
	d.ask(form)
	if _, err := c.post(ctx, "oauth/device/code", form, &a); err != nil {
		return DeviceCode{}, fmt.Errorf("ask for a sign-in code: %w", err)
	}
	for _, uri := range []string{a.VerificationURI, a.VerificationURIComplete} {
		if uri == "" {
			continue
		}
		if u, err := url.Parse(uri); err != nil || u.Host != c.issuer.Host || u.Scheme != c.issuer.Scheme {
			return DeviceCode{}, errors.New("the answer sends you to another host than the tenant's own to sign in; it was refused")
		}
	}
	if a.DeviceCode == "" || a.UserCode == "" || a.VerificationURI == "" {
		return DeviceCode{}, errors.New("Auth0's answer lacks a code to show")
	}
	if a.Interval <= 0 {
		a.Interval = 5
	}
	if a.ExpiresIn <= 0 {
		a.ExpiresIn = 900
	}
	// More would be no time any more, but a number that turned negative.
	a.ExpiresIn = min(a.ExpiresIn, longestCode)
	a.Interval = min(a.Interval, a.ExpiresIn)
	return DeviceCode{
		UserCode: a.UserCode, VerificationURI: a.VerificationURI, VerificationURIComplete: a.VerificationURIComplete,
		// On the wall: while a laptop sleeps, its monotonic clock stands still and the code grows old.
		ExpiresAt: c.cfg.Now().Add(time.Duration(a.ExpiresIn) * time.Second).Round(0), Interval: time.Duration(a.Interval) * time.Second,
		code: (*Secret)(&a.DeviceCode), demand: d, dropped: dropped,
	}, nil
}

// WaitDevice polls until the code is approved ([Operator]), denied ([*Denied]), too old ([ErrExpired]) or replaced by
// another ([ErrSuperseded]). The interval counts from the previous answer; a network that is away for a while is survived.
func (c *Client) WaitDevice(ctx context.Context, d DeviceCode) (Operator, error) {
	if d.code == nil {
		return Operator{}, ErrExpired
	}
	form := url.Values{
		"grant_type":  {"urn:ietf:params:oauth:grant-type:device_code"},
		"device_code": {d.code.Reveal()}, "client_id": {c.cfg.ClientID},
	}
	interval, wait, lost := d.Interval, d.Interval, 0
	for {
		select {
		case <-ctx.Done():
			return Operator{}, ctx.Err()
		case <-d.dropped:
			return Operator{}, ErrSuperseded
		case <-c.cfg.After(wait):
		}
		select {
		case <-d.dropped: // and not only the timer, where both were ready
			return Operator{}, ErrSuperseded
		default:
		}
		if c.cfg.Now().Round(0).After(d.ExpiresAt) {
			return Operator{}, ErrExpired
		}
		wait = interval
		var t tokenAnswer
		header, err := c.post(ctx, "oauth/token", form, &t)
		if err == nil {
			return c.beginPatiently(ctx, t, d.demand)
		}
		var refused *Refused
		if ctx.Err() != nil {
			return Operator{}, ctx.Err()
		}
		if !errors.As(err, &refused) || refused.Status >= 500 || refused.Status < 400 || refused.Code == "" && refused.Status != http.StatusTooManyRequests {
			lost = min(lost+1, 6)
			wait = max(interval, min(interval<<lost, time.Minute)) // no answer: ask again, less often each time
			continue
		}
		lost = 0
		switch refused.Code {
		case "authorization_pending":
		case "slow_down":
			interval += slowDown
			wait = interval
		case "expired_token", "invalid_grant":
			return Operator{}, ErrExpired
		case "access_denied":
			return Operator{}, &Denied{Description: refused.Description}
		default:
			if refused.Status != http.StatusTooManyRequests {
				return Operator{}, fmt.Errorf("sign in: %w", refused)
			}
			wait = max(interval, ratelimit.Wait(header, c.cfg.Now()))
		}
	}
}
