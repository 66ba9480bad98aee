package localtenant

import (
	"net/http"
	"slices"
	"strings"
	"time"
)

const (
	refreshAbsolute = 365 * 24 * time.Hour
	refreshForever  = 100 * refreshAbsolute
	// mostFamilies is how many refresh tokens a person has for one app; the oldest goes.
	mostFamilies = 200
)

// refreshToken is a token by its hash: of which sign-in it is, and the how-manieth.
type refreshToken struct {
	Family  string
	Gen     int
	Expires time.Time
}

// begin starts a sign-in's tokens and answers with them. The tenant is locked.
func (t *Tenant) begin(w http.ResponseWriter, a asked, who proven) *refusal {
	f := t.newFamily(a, who)
	raw := ""
	if f.Offline {
		raw = t.newRefresh(f)
	}
	return t.answer(w, f, t.granted(a, who.UserID), raw, a.Nonce)
}

func (t *Tenant) newFamily(a asked, who proven) family {
	c, now := t.clients.at(a.Client), t.now()
	f := family{ID: secret(familyChars, alnum), Asked: a, Who: who, Created: now, Ends: now.Add(t.api(a.Audience).life(t.opts.TokenLife)),
		Absolute: now.Add(c.refreshPolicy().life),
		Offline:  slices.Contains(a.Scopes, "offline_access") && t.mayStay(a)}
	t.families.set(f.ID, f)
	if f.Offline {
		t.grants.set(who.UserID, append(slices.Clone(t.grants.at(who.UserID)), &refreshRow{ID: f.ID, Client: a.Client,
			Session: who.SID, Created: now.UTC(), Exchanged: now.UTC(), API: a.Audience}))
		t.capFamilies(who.UserID, a.Client)
	}
	return f
}

// capFamilies drops a person's oldest sign-ins to one app beyond what Auth0 keeps.
func (t *Tenant) capFamilies(userID, clientID string) {
	var mine []*refreshRow
	for _, r := range t.grants.at(userID) {
		if r.Client == clientID {
			mine = append(mine, r)
		}
	}
	if len(mine) <= mostFamilies {
		return
	}
	slices.SortStableFunc(mine, func(a, b *refreshRow) int { return a.Created.Compare(b.Created) })
	gone := mine[:len(mine)-mostFamilies]
	for _, r := range gone {
		if f := t.families.at(r.ID); f.ID != "" {
			t.killFamily(f, false)
		}
	}
	t.grants.set(userID, slices.DeleteFunc(slices.Clone(t.grants.at(userID)), func(r *refreshRow) bool { return slices.Contains(gone, r) }))
	t.noteEvent("resource_cleanup", t.users.at(userID), "Refresh tokens over the limit were removed", here(clientID))
}

// answer sends the tokens of a sign-in. The tenant is locked.
func (t *Tenant) answer(w http.ResponseWriter, f family, g grantedScopes, refresh, nonce string) *refusal {
	access, life, err := t.accessToken(f, g)
	out := map[string]any{"access_token": access, "expires_in": int(life.Seconds()), "token_type": "Bearer"}
	if len(g.scopes) > 0 {
		out["scope"] = strings.Join(g.scopes, " ")
	}
	if err == nil && slices.Contains(g.scopes, "openid") {
		out["id_token"], err = t.idToken(f, nonce)
	}
	if err != nil {
		return unsigned()
	}
	if refresh != "" {
		out["refresh_token"] = refresh
	}
	if ends := t.now().Add(life); ends.After(f.Ends) {
		f.Ends = ends
		t.families.set(f.ID, f)
	}
	sendJSON(w, http.StatusOK, out)
	return nil
}

// newRefresh makes the next refresh token of a sign-in. The tenant is locked.
func (t *Tenant) newRefresh(f family) string {
	raw := "v1." + secret(48, alnum)
	t.refresh.set(hashOf(raw), refreshToken{Family: f.ID, Gen: f.Gen, Expires: t.idleEnd(f)})
	return raw
}

// idleEnd is until when a refresh token can be used if it is used no sooner.
func (t *Tenant) idleEnd(f family) time.Time {
	idle := time.Duration(refreshLife)
	if c := t.clients.at(f.Asked.Client); c != nil {
		idle = c.refreshPolicy().idle
	}
	if end := t.now().Add(idle); end.Before(f.Absolute) {
		return end
	}
	return f.Absolute
}

// lives reports that a sign-in can still be refreshed: nobody ended it, here or through the Management API.
func (t *Tenant) lives(f family) bool {
	return f.ID != "" && !f.Dead && slices.ContainsFunc(t.grants.at(f.Who.UserID), func(r *refreshRow) bool { return r.ID == f.ID })
}

// refreshToken exchanges a refresh token. The tenant is locked.
func (t *Tenant) refreshToken(w http.ResponseWriter, c *client, p map[string]string, v visitor) *refusal {
	if p["refresh_token"] == "" {
		return missingParameter("refresh_token")
	}
	key := hashOf(p["refresh_token"])
	rt := t.refresh.at(key)
	f := t.families.at(rt.Family)
	u := t.users.at(f.Who.UserID)
	switch {
	case f.ID == "" || f.Asked.Client != c.ID || u == nil || !t.lives(f) || !t.now().Before(rt.Expires):
		t.noteEvent("fertft", u, "Unknown or invalid refresh token.", v)
		return invalidGrant("Unknown or invalid refresh token.")
	case u.isBlocked():
		t.noteEvent("fertft", u, "user is blocked", v)
		return invalidGrant("user is blocked")
	}
	if bad := t.mayAsk(c, f.Asked); bad != nil {
		return bad
	}
	g := t.granted(f.Asked, u.ID)
	if want := strings.Fields(p["scope"]); len(want) > 0 {
		g.scopes = slices.DeleteFunc(g.scopes, func(s string) bool { return !slices.Contains(want, s) })
	}
	raw := ""
	policy := c.refreshPolicy()
	if policy.rotating {
		var reused bool
		if f, reused = t.turn(f, rt, policy.leeway); reused {
			// Who else has the token cannot be known: everybody who came from this sign-in is out.
			t.killFamily(f, false)
			t.noteEvent("ferrt", u, "Unsuccessful Refresh Token exchange, reused refresh token detected", v)
			return invalidGrant("Unknown or invalid refresh token.")
		}
		raw = t.newRefresh(f)
	} else {
		rt.Expires = t.idleEnd(f)
		t.refresh.set(key, rt)
	}
	t.exchanged(f)
	t.noteEvent("sertft", u, "Refresh Token for Access Token", v)
	return t.answer(w, f, g, raw, "")
}

// turn rotates a sign-in by one. Within the leeway the token just rotated may come again, but no older one.
func (t *Tenant) turn(f family, rt refreshToken, leeway time.Duration) (_ family, reused bool) {
	now := t.now()
	switch {
	case rt.Gen == f.Gen:
		f.Gen, f.Rotated = f.Gen+1, now
		t.families.set(f.ID, f)
	case rt.Gen != f.Gen-1 || leeway == 0 || now.Sub(f.Rotated) > leeway:
		return f, true
	}
	return f, false
}

// exchanged notes on what the Management API shows that a refresh token was used.
func (t *Tenant) exchanged(f family) {
	rows := slices.Clone(t.grants.at(f.Who.UserID))
	if i := slices.IndexFunc(rows, func(r *refreshRow) bool { return r.ID == f.ID }); i >= 0 {
		used := *rows[i]
		used.Exchanged = t.now().UTC()
		rows[i] = &used
		t.grants.set(f.Who.UserID, rows)
	}
}

// revoke ends a refresh token. A rotating token stands for its family: what it was rotated into must not outlive it.
func (t *Tenant) revoke(w http.ResponseWriter, r *http.Request) {
	p, fine := parameters(w, r)
	if !fine {
		return
	}
	t.mu.Lock()
	defer t.release()
	c, bad := t.authenticate(p)
	switch {
	case bad != nil:
		bad.send(w)
		return
	case p["token"] == "":
		missingParameter("token").send(w)
		return
	}
	if f := t.families.at(t.refresh.at(hashOf(p["token"])).Family); f.ID != "" && f.Asked.Client == c.ID && t.lives(f) {
		t.killFamily(f, false)
		t.noteEvent("srrt", t.users.at(f.Who.UserID), "Refresh token revoked", visitorOf(r, c.ID))
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(http.StatusOK)
}
