package signin

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
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

	code *Secret // a pointer: fmt prints an unexported field without asking its methods
}

// slowDown is what each slow_down adds to the interval, for good (RFC 8628 §3.5).
const slowDown = 5 * time.Second

// StartDevice asks for a code. An answer that sends the operator to another host than the issuer's is refused: it would
// be somebody else's sign-in page.
func (c *Client) StartDevice(ctx context.Context) (DeviceCode, error) {
	var a struct {
		DeviceCode              string `json:"device_code"`
		UserCode                string `json:"user_code"`
		VerificationURI         string `json:"verification_uri"`
		VerificationURIComplete string `json:"verification_uri_complete"`
		ExpiresIn               int    `json:"expires_in"`
		Interval                int    `json:"interval"`
	}
	form := url.Values{"client_id": {c.cfg.ClientID}, "audience": {c.cfg.Audience}, "scope": {strings.Join(c.cfg.Scopes, " ")}}
	if _, err := post(ctx, c.cfg.HTTP, c.issuer.JoinPath("oauth/device/code").String(), form, &a); err != nil {
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
	return DeviceCode{
		UserCode: a.UserCode, VerificationURI: a.VerificationURI, VerificationURIComplete: a.VerificationURIComplete,
		ExpiresAt: c.cfg.Now().Add(time.Duration(a.ExpiresIn) * time.Second), Interval: time.Duration(a.Interval) * time.Second,
		code: (*Secret)(&a.DeviceCode),
	}, nil
}

// WaitDevice polls until the code is approved ([Operator]), denied ([*Denied]) or too old ([ErrExpired]). The interval
// counts from the previous answer; a network that is away for a while is survived.
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
		case <-c.cfg.After(wait):
		}
		if c.cfg.Now().After(d.ExpiresAt) {
			return Operator{}, ErrExpired
		}
		wait = interval
		var t tokenAnswer
		header, err := post(ctx, c.cfg.HTTP, c.issuer.JoinPath("oauth/token").String(), form, &t)
		if err == nil {
			c.mu.Lock()
			defer c.mu.Unlock()
			return c.accept(ctx, t)
		}
		var refused *Refused
		if ctx.Err() != nil {
			return Operator{}, ctx.Err()
		}
		if !errors.As(err, &refused) || refused.Status >= 500 || refused.Status < 400 {
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
