package localtenant

import (
	"errors"
	"fmt"
	"net/http"
	"slices"
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

type deviceRequest struct {
	code, userCode     string
	clientID, audience string
	scopes             []string
	nonce              string
	expires            time.Time
	interval           time.Duration
	polled             time.Time
	state              deviceState
	userID             string
	approved           time.Time
	told               bool // expired_token was said: it is said once
}

func (t *Tenant) deviceCode(w http.ResponseWriter, r *http.Request) {
	p, fine := parameters(w, r)
	if !fine {
		return
	}
	c := t.clientByID(p["client_id"])
	switch {
	case p["client_id"] == "":
		oauthFail(w, http.StatusBadRequest, "invalid_request", "Missing required parameter: client_id")
		return
	case c == nil:
		oauthFail(w, http.StatusUnauthorized, "invalid_client", "Unknown client: "+p["client_id"])
		return
	case c.Type != "native":
		oauthFail(w, http.StatusForbidden, "unauthorized_client",
			"Grant type '"+grantDevice+"' not allowed for the client.")
		return
	case p["audience"] != "" && !t.knowsAPI(p["audience"]):
		oauthFail(w, http.StatusForbidden, "access_denied", "Service not found: "+p["audience"])
		return
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	code := secret(4, userCodeChars) + "-" + secret(4, userCodeChars)
	d := &deviceRequest{
		code: secret(24, alnum), userCode: code, clientID: c.ID, audience: p["audience"], scopes: strings.Fields(p["scope"]),
		nonce: p["nonce"], expires: t.now().Add(t.opts.CodeLife), interval: t.opts.DeviceInterval,
	}
	t.devices[d.code], t.deviceUser[d.userCode] = d, d
	sendJSON(w, http.StatusOK, map[string]any{
		"device_code": d.code, "user_code": d.userCode, "verification_uri": t.base + "/activate",
		"verification_uri_complete": t.base + "/activate?user_code=" + d.userCode,
		"expires_in":                int(t.opts.CodeLife.Seconds()), "interval": int(t.opts.DeviceInterval.Seconds()),
	})
}

func (t *Tenant) knowsAPI(identifier string) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.apis.find(func(a *resourceServer) bool { return a.Identifier == identifier }) != nil
}

func (t *Tenant) deviceToken(w http.ResponseWriter, p map[string]string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	now := t.now()
	d := t.devices[p["device_code"]]
	if d == nil || d.clientID != p["client_id"] || d.state == deviceDone || d.told {
		oauthFail(w, http.StatusForbidden, "invalid_grant", "Invalid or expired device code.")
		return
	}
	if !now.Before(d.expires) {
		d.told = true
		oauthFail(w, http.StatusForbidden, "expired_token", "The device code is expired.")
		return
	}
	early := !d.polled.IsZero() && now.Sub(d.polled) < d.interval
	d.polled = now
	if early {
		said := int(d.interval.Seconds())
		d.interval += deviceInterval
		oauthFail(w, http.StatusTooManyRequests, "slow_down",
			fmt.Sprintf("You are polling faster than the specified interval of %d seconds.", said))
		return
	}
	switch d.state {
	case devicePending:
		oauthFail(w, http.StatusForbidden, "authorization_pending", "User has yet to authorize device code.")
		return
	case deviceDenied:
		d.state = deviceDone
		oauthFail(w, http.StatusForbidden, "access_denied", "User cancelled the confirmation prompt.")
		return
	}
	d.state = deviceDone
	u := t.users.at(d.userID)
	if u == nil || u.isBlocked() {
		oauthFail(w, http.StatusForbidden, "access_denied", "user is blocked")
		return
	}
	f := &family{userID: d.userID, clientID: d.clientID, audience: d.audience, scopes: d.scopes, nonce: d.nonce,
		sid: secret(32, alnum), authTime: d.approved, absolute: now.Add(365 * 24 * time.Hour)}
	t.families = append(t.families, f)
	rt := ""
	if slices.Contains(d.scopes, "offline_access") && d.audience != t.ManagementAudience() {
		rt, _ = t.newRefresh(f)
	}
	t.signedIn(u, f)
	t.record("sede", u, "")
	t.issue(w, f, rt)
}

// signedIn notes a login on the record, as Auth0 does.
func (t *Tenant) signedIn(u *user, f *family) {
	c := u.clone()
	c.LastLogin, c.Updated = t.now().UTC(), t.now().UTC()
	c.Logins++
	c.LastIP = "127.0.0.1"
	t.put(c)
	t.sessions.set(u.ID, append(t.sessions.at(u.ID), &session{ID: f.sid, Created: c.LastLogin, Active: c.LastLogin, IP: c.LastIP,
		Client: f.clientID}))
}

// Approve answers a pending device code as the operator of a preset: viewer, support or admin.
func (t *Tenant) Approve(userCode, preset string) error {
	id, known := operatorID(preset)
	if !known {
		return fmt.Errorf("there is no operator %q: choose viewer, support or admin", preset)
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.decide(userCode, id)
}

// decide settles a pending request: approved as userID, or denied when that is empty. The tenant is locked.
func (t *Tenant) decide(userCode, userID string) error {
	d := t.deviceUser[normalCode(userCode)]
	switch {
	case d == nil || !t.now().Before(d.expires):
		return errors.New("this code is not known, or it has expired")
	case d.state != devicePending:
		return errors.New("this code was used already")
	case userID == "":
		d.state = deviceDenied
		t.record("fdecc", nil, "User cancelled the confirmation prompt")
		return nil
	case t.users.at(userID) == nil:
		return errors.New("this operator no longer exists")
	}
	d.state, d.userID, d.approved = deviceApproved, userID, t.now()
	t.record("s", t.users.at(userID), "")
	return nil
}

// normalCode takes a code as people type it: any case, with or without the hyphen.
func normalCode(s string) string {
	s = strings.ToUpper(strings.NewReplacer("-", "", " ", "").Replace(s))
	if len(s) == 8 {
		return s[:4] + "-" + s[4:]
	}
	return s
}
