package localtenant

import (
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"
)

func TestTheCodeFlowSignsAPersonIn(t *testing.T) {
	t.Parallel()
	r := serve(t, Options{})
	v := r.browser()
	u := r.plain()
	p := v.password(ask(), strings.ToUpper(u.Email), DemoPassword)
	if p.to.Query().Get("state") != "s-1" || !strings.HasPrefix(p.to.String(), consoleCallback+"?") {
		t.Errorf("the app gets %s", p.to)
	}
	status, m := r.redeem(v.code(p), pkceVerifier)
	if status != http.StatusOK || m["refresh_token"] == nil {
		t.Fatalf("exchange: %d %v", status, m)
	}
	id := claimsOf(t, r.tenant, m["id_token"])
	if id.Subject != u.ID || id.Nonce != "n-1" || id.SID == "" || id.Email != u.Email || id.AuthTime == nil || id.AMR != nil {
		t.Errorf("id token: %+v", id)
	}
	if c, err := r.tenant.verify(m["access_token"].(string)); err != nil || c.Subject != u.ID || len(c.Permissions) != 0 || c.Scope != "openid profile email offline_access" {
		t.Errorf("a customer's access token: %+v %v", c, err)
	}
	r.wantLogged("s", "seacft")
	a := r.want(200, "GET", "users/"+url.PathEscape(u.ID), "")
	if a.object()["logins_count"].(float64) != float64(u.Logins+1) || a.object()["last_ip"] != "127.0.0.1" {
		t.Errorf("the record after a login: %v", a.object())
	}
	if !strings.Contains(string(r.want(200, "GET", "users/"+url.PathEscape(u.ID)+"/sessions", "").raw), id.SID) {
		t.Error("the session is not listed")
	}
}

func TestACodeIsGoodOnceForItsAppAndItsVerifier(t *testing.T) {
	t.Parallel()
	r := serve(t, Options{})
	fresh := func() string {
		to, err := r.tenant.Authorize(r.base+ask(), "admin")
		if err != nil {
			t.Fatal(err)
		}
		u, _ := url.Parse(to)
		return u.Query().Get("code")
	}
	for name, c := range map[string]struct{ code, verifier, client, redirect, want string }{
		"another verifier":     {fresh(), strings.Repeat("x", 43), consoleClientID, consoleCallback, "Failed to verify code verifier"},
		"no verifier":          {fresh(), "", consoleClientID, consoleCallback, "Failed to verify code verifier"},
		"the challenge itself": {fresh(), s256(pkceVerifier), consoleClientID, consoleCallback, "Failed to verify code verifier"},
		"another app":          {fresh(), pkceVerifier, shopClientID, consoleCallback, "Invalid authorization code"},
		"another callback":     {fresh(), pkceVerifier, consoleClientID, "http://127.0.0.1:8485/callback", "The redirect URI is wrong"},
		"no such code":         {"nothing", pkceVerifier, consoleClientID, consoleCallback, "Invalid authorization code"},
	} {
		status, m := r.form("/oauth/token", url.Values{"grant_type": {grantCode}, "client_id": {c.client}, "code": {c.code},
			"code_verifier": {c.verifier}, "redirect_uri": {c.redirect}})
		if status != 403 || m["error"] != "invalid_grant" || !strings.HasPrefix(m["error_description"].(string), c.want) {
			t.Errorf("%s: %d %v", name, status, m)
		}
	}
	late := fresh()
	r.clock.pass(61 * time.Second)
	if status, _ := r.redeem(late, pkceVerifier); status != 403 {
		t.Errorf("a code of a minute ago: %d", status)
	}
	r.wantLogged("feacft")
}

func TestACodeUsedTwiceRevokesWhatItGave(t *testing.T) {
	t.Parallel()
	r := serve(t, Options{})
	to, err := r.tenant.Authorize(ask(), "support")
	if err != nil {
		t.Fatal(err)
	}
	u, _ := url.Parse(to)
	_, m := r.redeem(u.Query().Get("code"), pkceVerifier)
	if status, _ := r.redeem(u.Query().Get("code"), pkceVerifier); status != 403 {
		t.Errorf("the second use: %d", status)
	}
	if _, err := r.tenant.verify(m["access_token"].(string)); err == nil {
		t.Error("the access token of a stolen code still counts")
	}
	if status, _ := r.rotate(m["refresh_token"].(string)); status != 403 {
		t.Errorf("the refresh token of a stolen code: %d", status)
	}
}

func TestAuthorizeRefusesInAuth0sWords(t *testing.T) {
	t.Parallel()
	r := serve(t, Options{})
	v := r.browser()
	for name, c := range map[string]struct {
		request, code, says string
		page                int // shown to the person instead
	}{
		"no client":              {request: ask("client_id", "-"), page: 400, says: "Missing required parameter: client_id"},
		"an unknown client":      {request: ask("client_id", "who"), page: 403, says: "Unknown client: who"},
		"another callback":       {request: ask("redirect_uri", "https://evil.example/callback"), page: 403, says: "Callback URL mismatch"},
		"a longer callback":      {request: ask("redirect_uri", consoleCallback+"/x"), page: 403, says: "Callback URL mismatch"},
		"no callback":            {request: ask("redirect_uri", "-"), page: 400, says: "Missing required parameter: redirect_uri"},
		"no response type":       {request: ask("response_type", "-"), code: "invalid_request", says: "Missing required parameter: response_type"},
		"the implicit flow":      {request: ask("response_type", "token"), code: "unsupported_response_type", says: "Unsupported response type: token"},
		"no challenge":           {request: ask("code_challenge", "-", "code_challenge_method", "-"), code: "invalid_request", says: "Parameter 'code_challenge' is required"},
		"a plain challenge":      {request: ask("code_challenge_method", "plain"), code: "invalid_request", says: "Parameter 'code_challenge_method' must be S256"},
		"a short challenge":      {request: ask("code_challenge", "short"), code: "invalid_request", says: "Parameter 'code_challenge' must have 43 to 128 characters"},
		"an unknown API":         {request: ask("audience", "https://none.example"), code: "access_denied", says: "Service not found: https://none.example"},
		"nobody signed in":       {request: ask("prompt", "none"), code: "login_required", says: "Login required"},
		"an unknown prompt":      {request: ask("prompt", "maybe"), code: "invalid_request", says: "Unsupported prompt: maybe"},
		"an unknown connection":  {request: ask("connection", "none"), code: "invalid_request", says: "the connection was not found"},
		"no such organization":   {request: ask("organization", "org_none"), code: "invalid_request", says: "parameter organization is invalid"},
		"a wrong maximum age":    {request: ask("max_age", "-5"), code: "invalid_request", says: "max_age must be a number of seconds"},
		"an app not set up":      {request: ask("client_id", syncClientID), page: 403, says: "Callback URL mismatch"},
		"an unsupported mode":    {request: ask("response_mode", "form_post"), code: "invalid_request", says: "Unsupported response mode: form_post"},
		"markup in the client":   {request: ask("client_id", "<script>"), page: 403, says: "Unknown client: &lt;script&gt;"},
		"a header in the answer": {request: ask("response_type", "a\r\nSet-Cookie: x=y"), code: "unsupported_response_type", says: "Unsupported response type: a\r\nSet-Cookie: x=y"},
	} {
		p := v.get(c.request)
		if c.page != 0 {
			if p.status != c.page || !strings.Contains(p.text, c.says) {
				t.Errorf("%s: %d %s", name, p.status, p.text)
			}
			continue
		}
		q := p.to.Query()
		if p.status != http.StatusFound || q.Get("error") != c.code || q.Get("error_description") != c.says || q.Get("state") != "s-1" || q.Has("code") {
			t.Errorf("%s: %d %s", name, p.status, p.to)
		}
	}
	r.wantLogged("f", "fsa")
}

func TestASessionSavesTheNextSignIn(t *testing.T) {
	t.Parallel()
	r := serve(t, Options{})
	v := r.browser()
	v.code(v.answer("/u/login", v.login(ask()), url.Values{"operator": {"admin"}}))
	silent := v.get(ask("prompt", "none"))
	_, m := r.redeem(v.code(silent), pkceVerifier)
	first := claimsOf(t, r.tenant, m["id_token"])
	r.clock.pass(10 * time.Minute)
	_, m = r.redeem(v.code(v.get(ask())), pkceVerifier)
	if again := claimsOf(t, r.tenant, m["id_token"]); again.SID != first.SID || again.AuthTime.Time() != first.AuthTime.Time() {
		t.Errorf("the session of the second sign-in: %+v, first %+v", again, first)
	}
	v.code(v.get(ask("max_age", "900")))
	v.login(ask("max_age", "60"))
	v.login(ask("max_age", "0"))
	v.login(ask("prompt", "login"))
	if q := v.get(ask("max_age", "60", "prompt", "none")).to.Query(); q.Get("error") != "login_required" {
		t.Errorf("silently with an old session: %v", q)
	}
	r.browser().login(ask()) // another browser has none
	r.wantLogged("ssa", "fsa")

	r.clock.pass(73 * time.Hour)
	v.login(ask())
}

func TestAnEndedSessionNeedsANewSignIn(t *testing.T) {
	t.Parallel()
	r := serve(t, Options{})
	admin := url.PathEscape(operators()[2].ID)
	for name, end := range map[string]func(v *visit, idToken string){
		"signed out": func(v *visit, _ string) {
			if p := v.get("/v2/logout?client_id=" + consoleClientID + "&returnTo=" + url.QueryEscape("http://127.0.0.1:8484/")); p.to.String() != "http://127.0.0.1:8484/" {
				t.Errorf("logout leads to %s", p.to)
			}
		},
		"signed out by OpenID Connect": func(v *visit, idToken string) {
			to := v.get("/oidc/logout?state=x&id_token_hint=" + idToken + "&post_logout_redirect_uri=" + url.QueryEscape("http://127.0.0.1:8485/")).to
			if to.String() != "http://127.0.0.1:8485/?state=x" {
				t.Errorf("logout leads to %s", to)
			}
		},
		"ended by the API": func(v *visit, _ string) {
			r.want(202, "DELETE", "users/"+admin+"/sessions", "")
			r.clock.pass(2 * time.Second)
		},
	} {
		v := r.browser()
		_, m := r.redeem(v.code(v.answer("/u/login", v.login(ask()), url.Values{"operator": {"admin"}})), pkceVerifier)
		end(v, m["id_token"].(string))
		if q := v.get(ask("prompt", "none")).to.Query(); q.Get("error") != "login_required" {
			t.Errorf("%s: %v", name, q)
		}
	}
	v := r.browser()
	for name, path := range map[string]string{
		"an address nobody registered": "/v2/logout?client_id=" + consoleClientID + "&returnTo=https://evil.example",
		"an address without an app":    "/v2/logout?returnTo=http://127.0.0.1:8484/",
		"a hint that is no token":      "/oidc/logout?id_token_hint=x",
	} {
		if p := v.get(path); p.status != 400 {
			t.Errorf("%s: %d %s", name, p.status, p.to)
		}
	}
	r.wantLogged("slo", "flo")
}

func TestAnOrganizationIsInTheTokens(t *testing.T) {
	t.Parallel()
	r := serve(t, Options{})
	org := r.tenant.orgs.list()[0]
	v := r.browser()
	p := v.answer("/u/login", v.login(ask("organization", org.ID)), url.Values{"operator": {"viewer"}})
	if q := p.to.Query(); q.Get("error") != "access_denied" || !strings.Contains(q.Get("error_description"), "is not part of the "+org.ID+" organization") {
		t.Errorf("a stranger: %v", q)
	}
	r.tenant.mu.Lock()
	admin := r.tenant.roleNamed("usher admin").ID
	r.tenant.setMember(operators()[0].ID, membership{Org: org.ID, Roles: []string{admin}})
	r.tenant.mu.Unlock()
	p = v.answer("/u/login", v.login(ask("organization", org.Name, "prompt", "login")), url.Values{"operator": {"viewer"}})
	_, m := r.redeem(v.code(p), pkceVerifier)
	c, err := r.tenant.verify(m["access_token"].(string))
	if err != nil || c.Org != org.ID || !slices.Contains(c.Permissions, "users:delete") || claimsOf(t, r.tenant, m["id_token"]).Org != org.ID {
		t.Errorf("a member with a role there: %+v %v", c, err)
	}
}

func TestPagesOfTheSignInAreSafe(t *testing.T) {
	t.Parallel()
	r := serve(t, Options{})
	v := r.browser()
	p := v.login(ask("login_hint", `"><script>alert(1)</script>`))
	if strings.Contains(p.text, "<script") || !strings.Contains(p.security, "default-src 'none'") || !strings.Contains(p.security, "frame-ancestors 'none'") ||
		!strings.Contains(p.security, "form-action 'self' http://127.0.0.1:8484;") {
		t.Errorf("page: %s\n%s", p.security, p.text)
	}
	state := stateField.FindStringSubmatch(p.text)[1]
	if got := r.browser().get("/u/login?state=" + state); got.status != 400 {
		t.Errorf("the page at another browser: %d", got.status)
	}
	for name, header := range map[string][2]string{"another site": {"Origin", "https://evil.example"}, "a sandboxed frame": {"Origin", "null"},
		"what the browser says": {"Sec-Fetch-Site", "cross-site"}} {
		req, _ := http.NewRequestWithContext(t.Context(), "POST", r.base+"/u/login", strings.NewReader(url.Values{"state": {state}, "operator": {"admin"}}.Encode()))
		req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		req.Header.Set(header[0], header[1])
		res, err := v.http.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		res.Body.Close()
		if res.StatusCode != http.StatusForbidden {
			t.Errorf("%s: %d", name, res.StatusCode)
		}
	}
}
