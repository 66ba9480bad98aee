package localtenant

import (
	"maps"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

func (r *rig) setClient(id string, refresh map[string]any) {
	r.tenant.mu.Lock()
	defer r.tenant.mu.Unlock()
	c := *r.tenant.clients.at(id)
	c.Settings = maps.Clone(c.Settings)
	c.Settings["refresh_token"] = refresh
	r.tenant.clients.set(id, &c)
}

func TestRefreshTokensEndByIdlenessAndByAge(t *testing.T) {
	t.Parallel()
	r := serve(t, Options{})
	r.setClient(consoleClientID, map[string]any{"rotation_type": "rotating", "expiration_type": "expiring", "token_lifetime": 3600.0, "idle_token_lifetime": 1200.0})
	idle := r.signIn("support")["refresh_token"].(string)
	r.clock.pass(21 * time.Minute)
	if status, m := r.rotate(idle); status != 403 || m["error_description"] != "Unknown or invalid refresh token." {
		t.Errorf("after 21 idle minutes of 20: %d %v", status, m)
	}
	busy := r.signIn("support")["refresh_token"].(string)
	for minute := 15; minute <= 45; minute += 15 {
		r.clock.pass(15 * time.Minute)
		status, m := r.rotate(busy)
		if status != 200 {
			t.Fatalf("after %d minutes: %d %v", minute, status, m)
		}
		busy = m["refresh_token"].(string)
	}
	r.clock.pass(15 * time.Minute)
	if status, _ := r.rotate(busy); status != 403 {
		t.Errorf("after the hour it has at most: %d", status)
	}
	r.wantLogged("sertft", "fertft")
}

func TestTokensThatDoNotRotateStay(t *testing.T) {
	t.Parallel()
	r := serve(t, Options{})
	r.setClient(consoleClientID, map[string]any{"rotation_type": "non-rotating"})
	rt := r.signIn("support")["refresh_token"].(string)
	for range 3 {
		if status, m := r.rotate(rt); status != 200 || m["refresh_token"] != nil {
			t.Errorf("exchange: %d %v", status, m)
		}
	}
}

func TestReuseIsLoggedAndEndsWhatTheAPIShows(t *testing.T) {
	t.Parallel()
	r := serve(t, Options{})
	m := r.signIn("support")
	user := url.PathEscape(operators()[1].ID)
	tokens := func() []any {
		return r.want(200, "GET", "users/"+user+"/refresh-tokens", "").object()["tokens"].([]any)
	}
	if len(tokens()) != 1 {
		t.Fatalf("tokens: %v", tokens())
	}
	first := m["refresh_token"].(string)
	r.rotate(first)
	r.rotate(first)
	if len(tokens()) != 0 {
		t.Errorf("after reuse: %v", tokens())
	}
	r.wantLogged("ferrt")
	if _, err := r.tenant.verify(m["access_token"].(string)); err != nil {
		t.Errorf("the access token lives until it expires: %v", err)
	}
}

func TestARefreshCanAskForLessAndNotForMore(t *testing.T) {
	t.Parallel()
	r := serve(t, Options{})
	id, _ := r.tenant.Device()
	rt := r.signIn("admin")["refresh_token"].(string)
	ask := func(scope string) string {
		status, m := r.form("/oauth/token", url.Values{"grant_type": {grantRefresh}, "client_id": {id}, "refresh_token": {rt}, "scope": {scope}})
		if status != 200 {
			t.Fatalf("%s: %d %v", scope, status, m)
		}
		rt = m["refresh_token"].(string)
		return m["scope"].(string)
	}
	if got := ask("openid users:read roles:manage"); got != "openid users:read" {
		t.Errorf("narrowed: %q", got)
	}
	if got := ask(""); !strings.Contains(got, "users:delete") {
		t.Errorf("whole again: %q", got)
	}
}

func TestAUserHasTwoHundredRefreshTokensAtMost(t *testing.T) {
	t.Parallel()
	r := serve(t, Options{})
	r.tenant.mu.Lock()
	u := r.tenant.users.at(operators()[2].ID)
	a := asked{Client: consoleClientID, Audience: UsherAudience, Scopes: []string{"openid", "offline_access"}}
	var first string
	for i := range mostFamilies + 1 {
		f := r.tenant.newFamily(a, proven{UserID: u.ID, SID: "s", At: r.clock.now()})
		raw := r.tenant.newRefresh(f)
		if i == 0 {
			first = raw
		}
		r.clock.pass(time.Second)
	}
	n := len(r.tenant.grants.at(u.ID))
	r.tenant.mu.Unlock()
	if n != mostFamilies {
		t.Errorf("refresh tokens: %d", n)
	}
	if status, _ := r.rotate(first); status != 403 {
		t.Errorf("the oldest: %d", status)
	}
	r.wantLogged("resource_cleanup")
}

func TestRevokingEndsASignInForItsAppOnly(t *testing.T) {
	t.Parallel()
	r := serve(t, Options{})
	rt := r.signIn("support")["refresh_token"].(string)
	for name, c := range map[string]struct {
		form   url.Values
		status int
	}{
		"another app":    {url.Values{"client_id": {shopClientID}, "token": {rt}}, 200},
		"an unknown app": {url.Values{"client_id": {"who"}, "token": {rt}}, 401},
		"no token":       {url.Values{"client_id": {consoleClientID}}, 400},
		"a guess":        {url.Values{"client_id": {consoleClientID}, "token": {"v1.x"}}, 200},
	} {
		if status, m := r.form("/oauth/revoke", c.form); status != c.status {
			t.Errorf("%s: %d %v", name, status, m)
		}
	}
	_, m := r.rotate(rt)
	rt, _ = m["refresh_token"].(string)
	if rt == "" {
		t.Fatalf("the sign-in ended too early: %v", m)
	}
	if status, _ := r.form("/oauth/revoke", url.Values{"client_id": {consoleClientID}, "token": {rt}}); status != 200 {
		t.Errorf("revoke: %d", status)
	}
	if status, _ := r.rotate(rt); status != 403 {
		t.Errorf("after it was revoked: %d", status)
	}
	r.wantLogged("srrt")
}

func TestOfflineAccessNeedsTheAPIAndTheApp(t *testing.T) {
	t.Parallel()
	r := serve(t, Options{})
	for audience, want := range map[string]bool{UsherAudience: true, billingAPI: false, r.tenant.ManagementAudience(): false, "": true} {
		to, err := r.tenant.Authorize(ask("audience", audience, "scope", "openid offline_access"), "admin")
		if err != nil {
			t.Fatal(err)
		}
		u, _ := url.Parse(to)
		_, m := r.redeem(u.Query().Get("code"), pkceVerifier)
		told := slices.Contains(strings.Fields(m["scope"].(string)), "offline_access")
		if (m["refresh_token"] != nil) != want || told != want {
			t.Errorf("%q: refresh token %v, scope %v", audience, m["refresh_token"] != nil, m["scope"])
		}
	}
}

func TestKeysRotateAndOldOnesVerifyUntilTheyAreRemoved(t *testing.T) {
	t.Parallel()
	r := serve(t, Options{})
	old := r.signIn("admin")["access_token"].(string)
	kids := func() []string {
		var out []string
		_, m := r.fetch("/.well-known/jwks.json")
		for _, k := range m["keys"].([]any) {
			out = append(out, k.(map[string]any)["kid"].(string))
		}
		return out
	}
	before := kids()
	if len(before) != 2 {
		t.Fatalf("current and next: %v", before)
	}
	if err := r.tenant.RemoveKey(""); err == nil {
		t.Error("the current key was removed")
	}
	if err := r.tenant.RotateKeys(); err != nil {
		t.Fatal(err)
	}
	if after := kids(); len(after) != 3 || after[0] != before[1] || after[2] != before[0] {
		t.Errorf("after rotation: %v, before %v", after, before)
	}
	if _, err := r.tenant.verify(old); err != nil {
		t.Errorf("a token of the previous key: %v", err)
	}
	if _, err := r.tenant.verify(r.signIn("admin")["access_token"].(string)); err != nil {
		t.Errorf("a token of the new key: %v", err)
	}
	if err := r.tenant.RemoveKey(before[0]); err != nil {
		t.Fatal(err)
	}
	if _, err := r.tenant.verify(old); err == nil {
		t.Error("a token of a removed key verifies")
	}
}

func TestSignInsAndKeysOutliveARestart(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "state")
	r := serve(t, Options{State: file})
	u := r.plain()
	m := r.signIn("support")
	rt := m["refresh_token"].(string)
	_, ticket := r.ticket(ticketPassword, u, 0, "")
	r.api("PATCH", "users/"+url.PathEscape(u.ID), `{"password":"Kept-passw0rd"}`)
	id, before := r.tenant.M2M()
	kid := r.tenant.keyIn(keyCurrent).ID
	if err := r.tenant.Close(); err != nil {
		t.Fatal(err)
	}
	raw, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	for what, secret := range map[string]string{"refresh token": rt, "access token": m["access_token"].(string), "ticket": ticket, "password": "Kept-passw0rd"} {
		if strings.Contains(string(raw), secret) {
			t.Errorf("the %s is in the file as it is", what)
		}
	}

	again := serve(t, Options{State: file})
	t.Cleanup(func() { again.tenant.Close() })
	if got, secret := again.tenant.M2M(); got != id || secret != before || again.tenant.keyIn(keyCurrent).ID != kid {
		t.Error("the gateway's secret or the signing key changed")
	}
	if status, m := again.rotate(rt); status != 200 {
		t.Errorf("the refresh token afterwards: %d %v", status, m)
	}
	if p := again.browser().get("/u/reset-password?ticket=" + ticket); p.status != 200 {
		t.Errorf("the ticket afterwards: %d %s", p.status, p.text)
	}
	v := again.browser()
	v.code(v.password(ask(), u.Email, "Kept-passw0rd"))
	if status, _ := again.rotate(rt); status != 403 {
		t.Errorf("reuse afterwards: %d", status)
	}
}
