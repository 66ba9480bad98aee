package localtenant

import (
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"
)

const (
	deviceLife     = 15 * time.Minute
	deviceInterval = 5 * time.Second
	// userCodeChars are Auth0's base20 characters: no vowels, nothing that is misread.
	userCodeChars = "BCDFGHJKLMNPQRSTVWXZ"
)

type deviceState int

const (
	devicePending deviceState = iota
	deviceApproved
	deviceDenied
	deviceDone
)

// deviceRequest is a sign-in by device code.
type deviceRequest struct {
	UserCode string // its hash
	Asked    asked
	Expires  time.Time
	Interval time.Duration
	Polled   time.Time // when the last poll was answered
	State    deviceState
	Who      proven // once approved
	Why      string // once denied
	Told     bool   // expired_token was said: it is said once
}

func (t *Tenant) deviceCode(w http.ResponseWriter, r *http.Request) {
	p, fine := parameters(w, r)
	if !fine {
		return
	}
	t.mu.Lock()
	defer t.release()
	t.tidy()
	a := asked{Client: p["client_id"], Scopes: strings.Fields(p["scope"]), Nonce: p["nonce"],
		Audience: t.audienceAsked(func(name string) string { return p[name] })}
	if bad := t.mayUseDevice(a); bad != nil {
		t.noteEvent("fdeaz", nil, bad.description, visitorOf(r, a.Client))
		bad.send(w)
		return
	}
	code, userCode := secret(24, alnum), secret(4, userCodeChars)+"-"+secret(4, userCodeChars)
	t.devices.set(hashOf(code), deviceRequest{UserCode: hashOf(userCode), Asked: a, Expires: t.now().Add(t.opts.CodeLife),
		Interval: t.opts.DeviceInterval})
	sendJSON(w, http.StatusOK, map[string]any{
		"device_code": code, "user_code": userCode, "verification_uri": t.base + "/activate",
		"verification_uri_complete": t.base + "/activate?user_code=" + userCode,
		"expires_in":                int(t.opts.CodeLife.Seconds()), "interval": int(t.opts.DeviceInterval.Seconds()),
	})
}

// mayUseDevice refuses what Auth0 has no device flow for: apps that are not native, not the tenant's own, not public, or
// not set up for it.
func (t *Tenant) mayUseDevice(a asked) *refusal {
	c := t.clientByID(a.Client)
	switch {
	case a.Client == "":
		return missingParameter("client_id")
	case c == nil:
		return &refusal{http.StatusUnauthorized, "invalid_client", "Unknown client: " + a.Client}
	case c.Type != "native" || !c.FirstParty || c.authMethod() != authNone || !c.may(grantDevice):
		return notAllowed(grantDevice)
	}
	return t.mayAsk(c, a)
}

// deviceToken answers a poll. The tenant is locked.
func (t *Tenant) deviceToken(w http.ResponseWriter, c *client, p map[string]string, v visitor) *refusal {
	now, key := t.now(), hashOf(p["device_code"])
	d := t.devices.at(key)
	forbidden := func(code, why string) *refusal { return &refusal{http.StatusForbidden, code, why} }
	switch {
	case p["device_code"] == "":
		return missingParameter("device_code")
	case !t.devices.has(key) || d.Asked.Client != c.ID || d.State == deviceDone || d.Told:
		return invalidGrant("Invalid or expired device code.")
	case !now.Before(d.Expires):
		d.Told = true
		t.devices.set(key, d)
		t.noteEvent("fede", nil, "The device code is expired.", v)
		return forbidden("expired_token", "The device code is expired.")
	}
	early := !d.Polled.IsZero() && now.Sub(d.Polled) < d.Interval
	d.Polled = now
	if early {
		said := int(d.Interval.Seconds())
		d.Interval += deviceInterval
		t.devices.set(key, d)
		return &refusal{http.StatusTooManyRequests, "slow_down",
			fmt.Sprintf("You are polling faster than the specified interval of %d seconds.", said)}
	}
	state := d.State
	if state == deviceApproved || state == deviceDenied {
		d.State = deviceDone
	}
	t.devices.set(key, d)
	u := t.users.at(d.Who.UserID)
	switch {
	case state == devicePending:
		return forbidden("authorization_pending", "User has yet to authorize device code.")
	case state == deviceDenied:
		return forbidden("access_denied", d.Why)
	case u == nil || u.isBlocked():
		t.noteEvent("fede", u, "user is blocked", v)
		return forbidden("access_denied", "user is blocked")
	}
	if bad := t.begin(w, d.Asked, d.Who); bad != nil {
		return bad
	}
	t.noteEvent("sede", u, "Device Code for Access Token", v)
	return nil
}

// pendingDevice finds an open request by the code a person typed.
func (t *Tenant) pendingDevice(userCode string) (key string, d deviceRequest, err error) {
	hash := hashOf(normalCode(userCode))
	for k, row := range t.devices.all() {
		if row.UserCode == hash {
			key, d = k, row
		}
	}
	switch {
	case key == "" || !t.now().Before(d.Expires):
		return "", d, errors.New("this code is not known, or it has expired")
	case d.State != devicePending:
		return "", d, errors.New("this code was used already")
	}
	return key, d, nil
}

// Approve answers a pending device code as the operator of a preset: viewer, support or admin. No password and no second
// factor is asked for: it is for demonstrations and tests.
func (t *Tenant) Approve(userCode, preset string) error {
	id, known := operatorID(preset)
	if !known {
		return fmt.Errorf("there is no operator %q: choose viewer, support or admin", preset)
	}
	t.mu.Lock()
	defer t.release()
	return t.approveAs(userCode, id)
}

// approveAs approves a code for a person without asking them. The tenant is locked.
func (t *Tenant) approveAs(userCode, userID string) error {
	key, d, err := t.pendingDevice(userCode)
	if err != nil {
		return err
	}
	u := t.users.at(userID)
	if u == nil {
		return errors.New("there is no such user")
	}
	t.approveDevice(key, t.signedIn(u, here(d.Asked.Client), false))
	return nil
}

func (t *Tenant) approveDevice(key string, who proven) {
	d := t.devices.at(key)
	d.State, d.Who = deviceApproved, who
	t.devices.set(key, d)
}

// denyDevice refuses a code in the words Auth0 uses when the person did. The tenant is locked.
func (t *Tenant) denyDevice(key, why string) {
	d := t.devices.at(key)
	d.State, d.Why = deviceDenied, why
	t.devices.set(key, d)
}

// ExpireDevices lets the time of every open device code run out.
func (t *Tenant) ExpireDevices() int {
	t.mu.Lock()
	defer t.release()
	n := 0
	for _, key := range t.devices.names() {
		if d := t.devices.at(key); d.State != deviceDone && t.now().Before(d.Expires) {
			d.Expires = t.now()
			t.devices.set(key, d)
			n++
		}
	}
	return n
}

// normalCode takes a code as people type it: any case, with or without the hyphen.
func normalCode(s string) string {
	s = strings.ToUpper(strings.NewReplacer("-", "", " ", "").Replace(s))
	if len(s) == 8 {
		return s[:4] + "-" + s[4:]
	}
	return s
}
