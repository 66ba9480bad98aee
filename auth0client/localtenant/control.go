package localtenant

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"
)

// errNothing is a control request whose answer has no body.
var errNothing = errors.New("nothing to tell")

// controlled is what a control request does: it gets the body and gives what to answer.
type controlled func(body []byte) (any, error)

// controls is the switchboard for demonstrations and tests.
func (t *Tenant) controls() http.Handler {
	m := http.NewServeMux()
	on := func(pattern string, do controlled) { m.HandleFunc(pattern, answered(do)) }
	on("GET /_usher/{$}", func([]byte) (any, error) { return t.summary(), nil })
	on("GET /_usher/faults", func([]byte) (any, error) { return t.Faults(), nil })
	on("POST /_usher/faults", t.controlFaults)
	on("DELETE /_usher/faults", func([]byte) (any, error) { t.ClearFaults(); return nil, errNothing })
	on("POST /_usher/approve", t.controlApprove)
	on("POST /_usher/authorize", t.controlAuthorize)
	on("POST /_usher/devices/expire", func([]byte) (any, error) { return map[string]int{"expired": t.ExpireDevices()}, nil })
	on("POST /_usher/revoke", t.controlRevoke)
	on("GET /_usher/keys", func([]byte) (any, error) { return t.keyList(), nil })
	on("POST /_usher/keys/rotate", func([]byte) (any, error) { return orNothing(t.RotateKeys()) })
	on("POST /_usher/keys/remove", t.controlRemoveKey)
	on("POST /_usher/clock", t.controlClock)
	on("POST /_usher/fail", t.controlFail)
	on("POST /_usher/client-keys", t.controlClientKey)
	return m
}

func orNothing(err error) (any, error) {
	if err == nil {
		err = errNothing
	}
	return nil, err
}

func answered(do controlled) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxBody))
		var out any
		if err == nil {
			out, err = do(body)
		}
		switch {
		case errors.Is(err, errNothing):
			w.WriteHeader(http.StatusNoContent)
		case err != nil:
			http.Error(w, err.Error(), http.StatusBadRequest)
		default:
			sendJSON(w, http.StatusOK, out)
		}
	}
}

// control answers this machine only, and no browser: a page of any site can make a browser send requests here.
func (t *Tenant) control(w http.ResponseWriter, r *http.Request) {
	host, _, err := net.SplitHostPort(r.RemoteAddr)
	if ip := net.ParseIP(host); err != nil || ip == nil || !ip.IsLoopback() {
		http.Error(w, "Not found.", http.StatusNotFound)
		return
	}
	named := r.Host
	if h, _, err := net.SplitHostPort(r.Host); err == nil {
		named = h
	}
	// A name that somebody let point to this machine comes with their page.
	foreign := !strings.EqualFold(named, "localhost") && net.ParseIP(strings.Trim(named, "[]")) == nil
	if foreign || r.Header.Get("Origin") != "" || r.Header.Get("Sec-Fetch-Site") != "" || r.Header.Get("Sec-Fetch-Mode") != "" {
		http.Error(w, "Not for browsers.", http.StatusForbidden)
		return
	}
	t.switchboard.ServeHTTP(w, r)
}

// summary is the state of the tenant in numbers.
func (t *Tenant) summary() map[string]any {
	t.mu.Lock()
	defer t.mu.Unlock()
	open, alive := 0, 0
	for _, d := range t.devices.all() {
		if d.State == devicePending && t.now().Before(d.Expires) {
			open++
		}
	}
	for _, f := range t.families.all() {
		if !f.Dead && !f.Revoked {
			alive++
		}
	}
	return map[string]any{"issuer": t.Issuer(), "plan": t.opts.Plan, "now": stamp(t.now()), "clock_shift": t.wall.shift().String(),
		"users": t.users.len(), "open_device_codes": open, "sign_ins": alive, "faults": len(t.faults), "signing_keys": t.signingKeys.len()}
}

func (t *Tenant) keyList() []any {
	t.mu.Lock()
	defer t.mu.Unlock()
	out := []any{}
	for _, k := range t.signingKeys.all() {
		out = append(out, map[string]any{"kid": k.ID, "state": k.State, "since": stamp(k.Since)})
	}
	return out
}

// controlFaults adds rules, one a line.
func (t *Tenant) controlFaults(body []byte) (any, error) {
	for line := range strings.Lines(string(body)) {
		if line = strings.TrimSpace(line); line == "" {
			continue
		}
		if err := t.AddFault(line); err != nil {
			return nil, err
		}
	}
	return nil, errNothing
}

// whom names a person in a control request.
type whom struct {
	Preset string `json:"preset"`
	UserID string `json:"user_id"`
	Email  string `json:"email"`
}

// find gives the id of the person. The tenant is locked.
func (who whom) find(t *Tenant) (string, error) {
	if id, known := operatorID(who.Preset); known {
		return id, nil
	}
	if who.Preset != "" {
		return "", fmt.Errorf("there is no operator %q: choose viewer, support or admin", who.Preset)
	}
	if t.users.has(who.UserID) {
		return who.UserID, nil
	}
	if ids := t.byEmail(who.Email); who.Email != "" && len(ids) > 0 {
		return ids[0], nil
	}
	return "", errors.New("there is no such user: give a preset, a user_id or an email")
}

func read[T any](body []byte) (in T, err error) {
	if err := json.Unmarshal(body, &in); err != nil {
		return in, fmt.Errorf("read the request: %w", err)
	}
	return in, nil
}

// controlApprove answers a device code for somebody, or refuses it.
func (t *Tenant) controlApprove(body []byte) (any, error) {
	in, err := read[struct {
		whom
		UserCode string `json:"user_code"`
		Deny     bool   `json:"deny"`
	}](body)
	if err != nil {
		return nil, err
	}
	t.mu.Lock()
	defer t.release()
	if in.Deny {
		key, _, err := t.pendingDevice(in.UserCode)
		if err == nil {
			t.denyDevice(key, "User cancelled the confirmation prompt.")
		}
		return orNothing(err)
	}
	id, err := in.find(t)
	if err != nil {
		return nil, err
	}
	return orNothing(t.approveAs(in.UserCode, id))
}

// controlAuthorize answers an authorization request for somebody.
func (t *Tenant) controlAuthorize(body []byte) (any, error) {
	in, err := read[struct {
		whom
		URL string `json:"url"`
	}](body)
	if err != nil {
		return nil, err
	}
	u, err := url.Parse(in.URL)
	if err != nil {
		return nil, fmt.Errorf("read the authorization address: %w", err)
	}
	t.mu.Lock()
	defer t.release()
	id, err := in.find(t)
	if err != nil {
		return nil, err
	}
	to, err := t.authorizeAs(u.Query(), id)
	return map[string]string{"redirect": to}, err
}

// controlRevoke revokes everybody's tokens, or one person's.
func (t *Tenant) controlRevoke(body []byte) (any, error) {
	if len(body) == 0 {
		t.RevokeTokens()
		return nil, errNothing
	}
	in, err := read[whom](body)
	if err != nil {
		return nil, err
	}
	t.mu.Lock()
	defer t.release()
	if in == (whom{}) {
		t.revokeFamilies(func(family) bool { return true })
		return nil, errNothing
	}
	id, err := in.find(t)
	if err == nil {
		t.revokeFamilies(func(f family) bool { return f.Who.UserID == id })
	}
	return orNothing(err)
}

func (t *Tenant) controlRemoveKey(body []byte) (any, error) {
	var in struct {
		KeyID string `json:"kid"`
	}
	if len(body) > 0 {
		if err := json.Unmarshal(body, &in); err != nil {
			return nil, fmt.Errorf("read the request: %w", err)
		}
	}
	return orNothing(t.RemoveKey(in.KeyID))
}

// controlClock advances the clock, or sets by how much it is wrong.
func (t *Tenant) controlClock(body []byte) (any, error) {
	in, err := read[struct {
		Advance string  `json:"advance"`
		Skew    *string `json:"skew"`
	}](body)
	if err != nil {
		return nil, err
	}
	if in.Advance != "" {
		d, err := time.ParseDuration(in.Advance)
		if err != nil || d < 0 {
			return nil, fmt.Errorf("%q is not a time to advance by", in.Advance)
		}
		t.Advance(d)
	}
	if in.Skew != nil {
		d, err := time.ParseDuration(*in.Skew)
		if err != nil {
			return nil, fmt.Errorf("%q is not a time to be wrong by", *in.Skew)
		}
		t.SkewClock(d)
	}
	return map[string]string{"now": stamp(t.now())}, nil
}

// controlFail makes somebody fail to sign in.
func (t *Tenant) controlFail(body []byte) (any, error) {
	in, err := read[struct {
		Email string `json:"email"`
		IP    string `json:"ip"`
		Times int    `json:"times"`
	}](body)
	if err != nil {
		return nil, err
	}
	if in.IP != "" && net.ParseIP(in.IP) == nil {
		return nil, fmt.Errorf("%q is not an address", in.IP)
	}
	return orNothing(t.FailLogins(in.Email, cmp.Or(in.IP, "203.0.113.77"), cmp.Or(in.Times, 1)))
}

func (t *Tenant) controlClientKey(body []byte) (any, error) {
	in, err := read[struct {
		ClientID  string `json:"client_id"`
		PEM       string `json:"pem"`
		Algorithm string `json:"algorithm"`
	}](body)
	if err != nil {
		return nil, err
	}
	return orNothing(t.AddClientKey(in.ClientID, []byte(in.PEM), cmp.Or(in.Algorithm, "RS256")))
}
