package localtenant

import (
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"
)

func (r *rig) wantPoll(code any, status int, kind string) {
	r.Helper()
	got, m := r.poll(code)
	if got != status || m["error"] != kind {
		r.Fatalf("poll: %d %v, want %d %s", got, m, status, kind)
	}
}

func TestDeviceFlowAnswersEveryStateAsAuth0Does(t *testing.T) {
	t.Parallel()
	r := serve(t, Options{})
	d := r.start("openid")
	r.wantPoll(d["device_code"], 403, "authorization_pending")
	r.clock.pass(time.Second)
	r.wantPoll(d["device_code"], 429, "slow_down")
	r.clock.pass(6 * time.Second)
	r.wantPoll(d["device_code"], 429, "slow_down") // the interval is ten seconds by now
	r.clock.pass(16 * time.Minute)
	r.wantPoll(d["device_code"], 403, "expired_token")
	r.wantPoll(d["device_code"], 403, "invalid_grant")

	d = r.start("openid")
	res, err := http.PostForm(r.base+"/activate", url.Values{"user_code": {d["user_code"].(string)}, "answer": {"deny"}})
	if err != nil || res.StatusCode != http.StatusOK {
		t.Fatalf("deny: %v %v", res, err)
	}
	res.Body.Close()
	r.wantPoll(d["device_code"], 403, "access_denied")
	r.wantPoll("unknown", 403, "invalid_grant")
}

func TestTokensCarryWhatRBACAllows(t *testing.T) {
	t.Parallel()
	r := serve(t, Options{})
	m := r.signIn("viewer")
	c, err := r.tenant.verify(m["access_token"].(string))
	if err != nil {
		t.Fatal(err)
	}
	if !slices.Contains(c.Permissions, "users:read") || slices.Contains(c.Permissions, "users:delete") ||
		strings.Contains(c.Scope, "users:delete") || !slices.Contains(c.Audience, UsherAudience) {
		t.Errorf("viewer's claims: %+v", c)
	}
	if id := claimsOf(t, r.tenant, m["id_token"]); c.AuthTime == nil || !c.AuthTime.Time().Equal(id.AuthTime.Time()) {
		t.Errorf("the Action says they signed in at %v, the id token at %v", c.AuthTime, id.AuthTime)
	}
	if m["id_token"] == nil || m["refresh_token"] == nil {
		t.Error("the id token or the refresh token is missing")
	}
	r.token = m["access_token"].(string)
	if a := r.api("GET", "users", ""); a.status != http.StatusUnauthorized {
		t.Errorf("an operator's token at the Management API: %d", a.status)
	}
}

func TestAUserTokenForTheManagementAPIIsAboutOneselfOnly(t *testing.T) {
	t.Parallel()
	r := serve(t, Options{})
	id, _ := r.tenant.Device()
	_, d := r.form("/oauth/device/code", url.Values{"client_id": {id}, "audience": {r.tenant.ManagementAudience()},
		"scope": {"read:users delete:users read:current_user"}})
	if err := r.tenant.Approve(d["user_code"].(string), "admin"); err != nil {
		t.Fatal(err)
	}
	_, m := r.poll(d["device_code"])
	if m["scope"] != "read:current_user" {
		t.Fatalf("scope %v", m["scope"])
	}
	r.token = m["access_token"].(string)
	r.want(403, "GET", "users/"+url.PathEscape(ShowcaseID), "")
	r.want(200, "GET", "users/"+url.PathEscape(operators()[2].ID), "")
	a := r.want(403, "GET", "users", "")
	if a.object()["message"] != "Insufficient scope, expected any of: read:users" {
		t.Errorf("message %v", a.object()["message"])
	}
}

func TestRefreshTokensRotateAndReuseKillsTheFamily(t *testing.T) {
	t.Parallel()
	r := serve(t, Options{})
	first := r.signIn("support")["refresh_token"].(string)
	status, m := r.rotate(first)
	second, _ := m["refresh_token"].(string)
	if status != 200 || second == "" || second == first {
		t.Fatalf("rotation: %d %v", status, m)
	}
	if status, m = r.rotate(first); status != 403 || m["error"] != "invalid_grant" {
		t.Errorf("reuse: %d %v", status, m)
	}
	if status, _ = r.rotate(second); status != 403 {
		t.Errorf("after reuse the newest token still works: %d", status)
	}
}

func TestLeewayTakesThePreviousTokenAgainButNoOlderOne(t *testing.T) {
	t.Parallel()
	r := serve(t, Options{RefreshLeeway: 10 * time.Second})
	first := r.signIn("support")["refresh_token"].(string)
	_, m := r.rotate(first)
	if status, _ := r.rotate(first); status != 200 {
		t.Errorf("within the leeway: %d", status)
	}
	r.rotate(m["refresh_token"].(string))
	r.clock.pass(11 * time.Second)
	if status, _ := r.rotate(first); status != 403 {
		t.Errorf("after the leeway: %d", status)
	}
}

func TestRevokedTokensAreRefused(t *testing.T) {
	t.Parallel()
	r := serve(t, Options{})
	m := r.signIn("admin")
	ask := func() int {
		req, _ := http.NewRequestWithContext(t.Context(), "GET", r.base+"/userinfo", nil)
		req.Header.Set("Authorization", "Bearer "+m["access_token"].(string))
		res, err := http.DefaultClient.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		res.Body.Close()
		return res.StatusCode
	}
	if got := ask(); got != 200 {
		t.Fatalf("userinfo before: %d", got)
	}
	r.tenant.RevokeTokens()
	if got := ask(); got != 401 {
		t.Errorf("userinfo after: %d", got)
	}
	if status, _ := r.rotate(m["refresh_token"].(string)); status != 403 {
		t.Errorf("refresh after: %d", status)
	}
}

func TestCodesAndTokensLiveAsLongAsTheOptionsSay(t *testing.T) {
	t.Parallel()
	r := serve(t, Options{CodeLife: time.Minute, TokenLife: 30 * time.Second})
	if m := r.signIn("admin"); m["expires_in"] != 30.0 {
		t.Errorf("the token is good for %v", m["expires_in"])
	}
	d := r.start("openid")
	r.clock.pass(61 * time.Second)
	if d["expires_in"] != 60.0 {
		t.Errorf("the code is good for %v", d["expires_in"])
	}
	r.wantPoll(d["device_code"], 403, "expired_token")
}

func TestDeviceCodesAreForPublicNativeAppsOfTheTenant(t *testing.T) {
	t.Parallel()
	r := serve(t, Options{DefaultAudience: UsherAudience})
	native := func(change func(*client)) string {
		r.tenant.mu.Lock()
		defer r.tenant.mu.Unlock()
		c := &client{ID: "app_" + secret(8, alnum), Name: "App", Type: "native", FirstParty: true, Settings: map[string]any{
			"token_endpoint_auth_method": authNone, "grant_types": []any{grantDevice}}}
		change(c)
		r.tenant.clients.set(c.ID, c)
		return c.ID
	}
	for name, c := range map[string]struct {
		form   url.Values
		status int
		kind   string
	}{
		"a native app":        {url.Values{"client_id": {native(func(*client) {})}}, 200, ""},
		"no app":              {url.Values{}, 400, "invalid_request"},
		"an unknown app":      {url.Values{"client_id": {"who"}}, 401, "invalid_client"},
		"a web page":          {url.Values{"client_id": {shopClientID}}, 403, "unauthorized_client"},
		"a machine":           {url.Values{"client_id": {gatewayClientID}}, 403, "unauthorized_client"},
		"an app of others":    {url.Values{"client_id": {native(func(c *client) { c.FirstParty = false })}}, 403, "unauthorized_client"},
		"one with a secret":   {url.Values{"client_id": {native(func(c *client) { c.Settings["token_endpoint_auth_method"] = authPost })}}, 403, "unauthorized_client"},
		"not set up for it":   {url.Values{"client_id": {native(func(c *client) { c.Settings["grant_types"] = []any{grantCode} })}}, 403, "unauthorized_client"},
		"with an unknown API": {url.Values{"client_id": {consoleClientID}, "audience": {"https://none"}}, 403, "access_denied"},
		"by its other name":   {url.Values{"client_id": {consoleClientID}, "resource": {"https://none"}}, 403, "access_denied"},
	} {
		if status, m := r.form("/oauth/device/code", c.form); status != c.status || c.kind != "" && m["error"] != c.kind {
			t.Errorf("%s: %d %v", name, status, m)
		}
	}
	r.wantLogged("fdeaz")
	for resource, want := range map[string]string{"": UsherAudience, shopAPI: shopAPI} {
		_, d := r.form("/oauth/device/code", url.Values{"client_id": {consoleClientID}, "resource": {resource}})
		if err := r.tenant.Approve(d["user_code"].(string), "admin"); err != nil {
			t.Fatal(err)
		}
		_, m := r.poll(d["device_code"])
		if c, err := r.tenant.verify(m["access_token"].(string)); err != nil || !slices.Equal(c.Audience, []string{want}) {
			t.Errorf("resource %q: audience %v %v", resource, c.Audience, err)
		}
	}
	if p := r.browser().get("/activate?user_code=AAAA-BBBB"); p.status != 400 {
		t.Errorf("a code nobody was given: %d", p.status)
	}
	r.wantLogged("fdeac")
}
