package localtenant

import (
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"
)

func TestWrongSignInsAreRefusedAndLogged(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		prepare        func(r *rig, u *user)
		name, password string // empty: the person's and the right one
		says, logged   string
	}{
		"a wrong password":   {password: "nope", says: sayWrong, logged: "fp"},
		"an empty password":  {password: " ", says: sayWrong, logged: "fp"},
		"nobody's address":   {name: "nobody@example.com", says: sayWrong, logged: "fu"},
		"no address":         {name: " ", says: sayWrong, logged: "fu"},
		"somebody of Google": {name: "google", says: sayWrong, logged: "fu"},
		"the password before": {prepare: func(r *rig, u *user) {
			r.want(200, "PATCH", "users/"+url.PathEscape(u.ID), `{"password":"Another one 1!"}`)
		}, says: sayWrong, logged: "fp"},
		"a leaked password": {prepare: func(r *rig, u *user) {
			r.want(200, "PATCH", "users/"+url.PathEscape(u.ID), `{"password":"`+leakedPasswords()[0]+`"}`)
		}, password: leakedPasswords()[0], says: "potential security issue", logged: "pwd_leak"},
	} {
		r := serve(t, Options{})
		u := r.plain()
		if c.prepare != nil {
			c.prepare(r, u)
		}
		who, password := u.Email, DemoPassword
		if c.name != "" {
			who = c.name
		}
		if c.name == "google" {
			who = r.tenant.users.find(func(u *user) bool { return u.connection() == "google-oauth2" }).Email
		}
		if c.password != "" {
			password = c.password
		}
		p := r.browser().password(ask(), who, password)
		if p.status != http.StatusBadRequest || !strings.Contains(p.text, c.says) {
			t.Errorf("%s: %d %s", name, p.status, p.text)
		}
		r.wantLogged(c.logged)
		if slices.Contains(r.logged(), "s") {
			t.Errorf("%s: a login was logged", name)
		}
	}
}

func TestABlockedPersonIsToldByTheApp(t *testing.T) {
	t.Parallel()
	r := serve(t, Options{})
	u := r.plain()
	v := r.browser()
	v.code(v.password(ask(), u.Email, DemoPassword))
	r.want(200, "PATCH", "users/"+url.PathEscape(u.ID), `{"blocked":true}`)
	for name, p := range map[string]seen{"with a password": r.browser().password(ask(), u.Email, DemoPassword), "with a session": v.get(ask())} {
		if q := p.to.Query(); q.Get("error") != "unauthorized" || q.Get("error_description") != "user is blocked" {
			t.Errorf("%s: %d %v", name, p.status, q)
		}
	}
	r.wantLogged("f")
}

func TestTenFailuresFromOneAddressBlockItForOneAccount(t *testing.T) {
	t.Parallel()
	r := serve(t, Options{})
	u := r.plain()
	id := url.PathEscape(u.ID)
	v := r.browser()
	for range bruteForceLimit - 1 {
		v.password(ask(), u.Email, "wrong")
	}
	if slices.Contains(r.logged(), "limit_wc") {
		t.Fatal("the account is blocked too early")
	}
	if p := v.password(ask(), u.Email, "wrong"); !strings.Contains(p.text, "blocked after multiple") {
		t.Errorf("the tenth failure: %s", p.text)
	}
	if p := v.password(ask(), u.Email, DemoPassword); !strings.Contains(p.text, "blocked after multiple") {
		t.Errorf("the right password afterwards: %s", p.text)
	}
	r.wantLogged("limit_wc")
	rows := r.want(200, "GET", "user-blocks/"+id, "").object()["blocked_for"].([]any)
	if fmt.Sprint(rows) != fmt.Sprintf("[map[connection:%s identifier:%s ip:127.0.0.1]]", database, u.Email) {
		t.Errorf("blocks: %v", rows)
	}
	if a := r.want(200, "GET", "users/"+id, ""); a.object()["blocked"] == true {
		t.Error("attack protection set the administrator's block")
	}
	r.want(204, "DELETE", "user-blocks/"+id, "")
	v.code(v.password(ask(), u.Email, DemoPassword))
}

func TestASuccessStartsTheCountOfFailuresAnew(t *testing.T) {
	t.Parallel()
	r := serve(t, Options{})
	u := r.plain()
	for range 3 {
		v := r.browser()
		for range bruteForceLimit - 1 {
			v.password(ask(), u.Email, "wrong")
		}
		v.code(v.password(ask(), u.Email, DemoPassword))
	}
}

// withFactor gives somebody one confirmed factor.
func (r *rig) withFactor(kind string) *user {
	u := r.plain()
	r.tenant.mu.Lock()
	defer r.tenant.mu.Unlock()
	r.tenant.methods.set(u.ID, append(slices.Clone(r.tenant.methods.at(u.ID)), &authMethod{ID: kind + "|dev_test", Type: kind, Name: "Phone", Phone: "+15550100199",
		Confirmed: true, Preferred: "sms"}))
	return u
}

func TestASecondFactorIsAskedFor(t *testing.T) {
	t.Parallel()
	for kind, sent := range map[string]string{"totp": "gd_start_auth", "phone": "gd_send_sms", "push": "gd_send_pn", "email": "gd_send_email"} {
		r := serve(t, Options{})
		u := r.withFactor(kind)
		v := r.browser()
		p := v.password(ask(), u.Email, DemoPassword)
		if p.to.Path != "/u/mfa" || slices.Contains(r.logged(), "s") {
			t.Fatalf("%s: after the password %d %s", kind, p.status, p.to)
		}
		p = v.get(p.to.String())
		if wrong := v.answer("/u/mfa", p, url.Values{"code": {"000000"}}); wrong.status != 400 {
			t.Errorf("%s: a wrong code: %d", kind, wrong.status)
		}
		if no := v.answer("/u/mfa", p, url.Values{"action": {"reject"}}); no.status != 403 {
			t.Errorf("%s: rejected: %d", kind, no.status)
		}
		_, m := r.redeem(v.code(v.answer("/u/mfa", p, url.Values{"code": {DemoOTP}})), pkceVerifier)
		if id := claimsOf(t, r.tenant, m["id_token"]); !slices.Equal(id.AMR, []string{"mfa"}) {
			t.Errorf("%s: amr %v", kind, id.AMR)
		}
		r.wantLogged("gd_start_auth", sent, "gd_auth_failed", "gd_auth_rejected", "gd_auth_succeed", "s")
	}
}

func TestTheSecondFactorCannotBePassedOver(t *testing.T) {
	t.Parallel()
	r := serve(t, Options{})
	u := r.withFactor("totp")
	v := r.browser()
	p := v.password(ask(), u.Email, DemoPassword)
	form := v.get(p.to.String())
	if got := v.answer("/u/consent", form, url.Values{"action": {"accept"}}); got.status != 400 || got.to.Query().Has("code") {
		t.Errorf("the consent page instead: %d %s", got.status, got.to)
	}
	if q := v.get(ask("prompt", "none")).to.Query(); q.Get("error") != "login_required" {
		t.Errorf("the password alone made a session: %v", q)
	}
	p = v.password(ask(), u.Email, DemoPassword)
	form = v.get(p.to.String())
	for range factorLimit {
		v.answer("/u/mfa", form, url.Values{"code": {"000000"}})
	}
	if got := v.answer("/u/mfa", form, url.Values{"code": {DemoOTP}}); got.status != http.StatusTooManyRequests {
		t.Errorf("the right code after too many wrong ones: %d", got.status)
	}
	r.wantLogged("gd_otp_rate_limit_exceed")
	r.clock.pass(61 * time.Minute)
	form = v.get(v.password(ask(), u.Email, DemoPassword).to.String())
	v.code(v.answer("/u/mfa", form, url.Values{"code": {DemoOTP}}))
}

func TestARememberedBrowserIsAskedAgainOnceItIsForgotten(t *testing.T) {
	t.Parallel()
	r := serve(t, Options{})
	u := r.withFactor("totp")
	v := r.browser()
	again := ask("prompt", "login")
	p := v.password(again, u.Email, DemoPassword)
	v.code(v.answer("/u/mfa", v.get(p.to.String()), url.Values{"code": {DemoOTP}, "rememberBrowser": {"true"}}))
	v.code(v.password(again, u.Email, DemoPassword))
	if p := r.browser().password(again, u.Email, DemoPassword); p.to.Path != "/u/mfa" {
		t.Errorf("another browser: %s", p.to)
	}
	r.want(204, "POST", "users/"+url.PathEscape(u.ID)+"/multifactor/actions/invalidate-remember-browser", "")
	if p := v.password(again, u.Email, DemoPassword); p.to.Path != "/u/mfa" {
		t.Errorf("after it was forgotten: %s", p.to)
	}
}

func TestAnAppOfOthersNeedsConsent(t *testing.T) {
	t.Parallel()
	r := serve(t, Options{})
	const id = "tpc_partner"
	r.tenant.mu.Lock()
	r.tenant.clients.set(id, &client{ID: id, Name: "Partner", Type: "native", Settings: map[string]any{
		"token_endpoint_auth_method": authNone, "grant_types": []any{grantCode, grantDevice}, "callbacks": []any{consoleCallback}}})
	r.tenant.mu.Unlock()
	u := r.plain()
	v := r.browser()
	request := ask("client_id", id, "audience", "-", "scope", "openid email")
	p := v.password(request, u.Email, DemoPassword)
	if p.to.Path != "/u/consent" {
		t.Fatalf("after the password: %s", p.to)
	}
	if q := v.get(ask("client_id", id, "audience", "-", "scope", "openid email", "prompt", "none")).to.Query(); q.Get("error") != "consent_required" {
		t.Errorf("silently: %v", q)
	}
	v.code(v.answer("/u/consent", v.get(p.to.String()), url.Values{"action": {"accept"}}))
	v.code(v.get(request)) // asked once
	more := v.get(ask("client_id", id, "audience", "-", "scope", "openid email profile"))
	if q := v.answer("/u/consent", v.get(more.to.String()), url.Values{"action": {"deny"}}).to.Query(); q.Get("error") != "access_denied" {
		t.Errorf("declined: %v", q)
	}
	if q := v.get(ask("client_id", id, "audience", r.tenant.ManagementAudience())).to.Query(); q.Get("error") != "access_denied" {
		t.Errorf("the Management API: %v", q)
	}
	if status, m := r.form("/oauth/device/code", url.Values{"client_id": {id}}); status != 403 || m["error"] != "unauthorized_client" {
		t.Errorf("a device code: %d %v", status, m)
	}
}

func TestADeviceCanBeConnectedWithAPassword(t *testing.T) {
	t.Parallel()
	r := serve(t, Options{})
	u := r.withFactor("totp")
	d := r.start("openid")
	v := r.browser()
	p := v.do("POST", "/activate", url.Values{"user_code": {d["user_code"].(string)}, "answer": {"password"}})
	p = v.answer("/u/login", v.get(p.to.String()), url.Values{"username": {u.Email}, "password": {DemoPassword}})
	r.wantPoll(d["device_code"], 403, "authorization_pending")
	r.clock.pass(6 * time.Second)
	if p = v.answer("/u/mfa", v.get(p.to.String()), url.Values{"code": {DemoOTP}}); p.status != 200 || !strings.Contains(p.text, "connected") {
		t.Fatalf("the last page: %d %s", p.status, p.text)
	}
	status, m := r.poll(d["device_code"])
	if status != 200 || claimsOf(t, r.tenant, m["id_token"]).Subject != u.ID {
		t.Errorf("the device got %d %v", status, m)
	}
	r.wantLogged("s", "sede")

	d = r.start("openid")
	r.change(u.ID, func(u *user) { u.Blocked = yes(true) })
	p = v.do("POST", "/activate", url.Values{"user_code": {d["user_code"].(string)}, "answer": {"password"}})
	v.answer("/u/login", v.get(p.to.String()), url.Values{"username": {u.Email}, "password": {DemoPassword}})
	status, m = r.poll(d["device_code"])
	if status != 403 || m["error"] != "access_denied" || m["error_description"] != "user is blocked" {
		t.Errorf("the device of a blocked person got %d %v", status, m)
	}
}

func TestASessionWithoutTheSecondFactorOwesIt(t *testing.T) {
	t.Parallel()
	r := serve(t, Options{})
	u := r.plain()
	v := r.browser()
	v.code(v.password(ask(), u.Email, DemoPassword))
	r.tenant.mu.Lock()
	r.tenant.methods.set(u.ID, append(slices.Clone(r.tenant.methods.at(u.ID)), &authMethod{ID: "totp|dev_1", Type: "totp", Confirmed: true}))
	r.tenant.mu.Unlock()
	if q := v.get(ask("prompt", "none")).to.Query(); q.Get("error") != "interaction_required" {
		t.Errorf("silently: %v", q)
	}
	p := v.get(ask())
	if p.to.Path != "/u/mfa" {
		t.Fatalf("the next sign-in: %s", p.to)
	}
	v.code(v.answer("/u/mfa", v.get(p.to.String()), url.Values{"code": {DemoOTP}}))
	v.code(v.get(ask("prompt", "none")))
	r.wantLogged("gd_start_auth", "gd_auth_succeed")
}
