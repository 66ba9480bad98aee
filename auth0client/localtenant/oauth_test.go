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
