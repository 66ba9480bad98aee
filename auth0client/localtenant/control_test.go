package localtenant

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"
)

func TestTheControlEndpointIsNotForBrowsers(t *testing.T) {
	t.Parallel()
	r := serve(t, Options{})
	for name, change := range map[string]func(*http.Request){
		"a page's origin":     func(q *http.Request) { q.Header.Set("Origin", "https://evil.example") },
		"the tenant's own":    func(q *http.Request) { q.Header.Set("Origin", "http://127.0.0.1") },
		"a fetch of a page":   func(q *http.Request) { q.Header.Set("Sec-Fetch-Site", "cross-site") },
		"a navigation":        func(q *http.Request) { q.Header.Set("Sec-Fetch-Mode", "navigate") },
		"a name pointed here": func(q *http.Request) { q.Host = "evil.example:8080" },
	} {
		req := httptest.NewRequest("DELETE", "/_usher/faults", nil)
		req.RemoteAddr, req.Host = "127.0.0.1:9", "127.0.0.1:1234"
		change(req)
		rec := httptest.NewRecorder()
		r.tenant.Handler().ServeHTTP(rec, req)
		if rec.Code != http.StatusForbidden {
			t.Errorf("%s: %d", name, rec.Code)
		}
	}
	if status, _ := r.json("/api/v2/_usher/faults", "503"); status != 401 {
		t.Errorf("under the Management API: %d", status)
	}
}

func TestFaultsAreSwitchedInMidRun(t *testing.T) {
	t.Parallel()
	r := serve(t, Options{})
	send := func(method, body string) (int, string) {
		res, raw, err := r.raw(method, "/_usher/faults", body)
		if err != nil {
			t.Fatal(err)
		}
		return res.StatusCode, string(raw)
	}
	if status, text := send("POST", "GET /api/v2/roles 503\n\nGET /api/v2/roles delay=1ms\n"); status != 204 {
		t.Fatalf("two rules: %d %s", status, text)
	}
	r.want(503, "GET", "roles", "")
	if _, text := send("GET", ""); text != `["GET /api/v2/roles 503","GET /api/v2/roles delay=1ms"]` {
		t.Errorf("list: %s", text)
	}
	if status, text := send("POST", "nonsense"); status != 400 || !strings.Contains(text, `fault "nonsense"`) {
		t.Errorf("nonsense: %d %s", status, text)
	}
	send("DELETE", "")
	r.want(200, "GET", "roles", "")
}

func TestTheControlEndpointMovesTheTenant(t *testing.T) {
	t.Parallel()
	r := serve(t, Options{})
	order := func(want int, path string, body any) map[string]any {
		t.Helper()
		status, m := r.json("/_usher/"+path, body)
		if status != want {
			t.Fatalf("%s %v: %d %v", path, body, status, m)
		}
		return m
	}
	u := r.plain()

	d := r.start("openid")
	order(400, "approve", map[string]any{"user_code": d["user_code"], "preset": "king"})
	order(400, "approve", map[string]any{"user_code": d["user_code"], "email": "nobody@example.com"})
	order(400, "approve", map[string]any{"user_code": "XXXX-XXXX", "preset": "admin"})
	order(204, "approve", map[string]any{"user_code": d["user_code"], "email": u.Email})
	if status, m := r.poll(d["device_code"]); status != 200 || claimsOf(t, r.tenant, m["id_token"]).Subject != u.ID {
		t.Errorf("approved by email: %d %v", status, m)
	}
	d = r.start("openid")
	order(204, "approve", map[string]any{"user_code": d["user_code"], "deny": true})
	r.wantPoll(d["device_code"], 403, "access_denied")
	d = r.start("openid")
	if m := order(200, "devices/expire", nil); m["expired"] != 1.0 {
		t.Errorf("expired: %v", m)
	}
	r.wantPoll(d["device_code"], 403, "expired_token")

	to := order(200, "authorize", map[string]any{"url": r.base + ask(), "preset": "support"})["redirect"].(string)
	at, err := url.Parse(to)
	if err != nil || !strings.HasPrefix(to, consoleCallback) {
		t.Fatalf("authorize: %s %v", to, err)
	}
	status, signedIn := r.redeem(at.Query().Get("code"), pkceVerifier)
	if status != 200 {
		t.Fatalf("the code: %d %v", status, signedIn)
	}
	order(400, "authorize", map[string]any{"url": r.base + ask("redirect_uri", "https://evil.example"), "preset": "support"})

	admin := r.signIn("admin")
	order(204, "revoke", map[string]any{"preset": "support"})
	if _, err := r.tenant.verify(signedIn["access_token"].(string)); err == nil {
		t.Error("support's token still counts")
	}
	if _, err := r.tenant.verify(admin["access_token"].(string)); err != nil {
		t.Errorf("the admin's token: %v", err)
	}

	order(204, "keys/rotate", nil)
	order(204, "keys/remove", nil)
	order(400, "keys/remove", map[string]any{"kid": "none"})
	if _, err := r.tenant.verify(admin["access_token"].(string)); err == nil {
		t.Error("a token of a removed key still counts")
	}

	before := r.tenant.now()
	order(200, "clock", map[string]any{"advance": "48h"})
	order(200, "clock", map[string]any{"skew": "-5m"})
	if moved := r.tenant.now().Sub(before); moved != 48*time.Hour-5*time.Minute {
		t.Errorf("the clock moved by %s", moved)
	}
	order(400, "clock", map[string]any{"advance": "-1h"})
	order(200, "clock", map[string]any{"skew": "0s"})

	order(204, "fail", map[string]any{"email": u.Email, "times": 10, "ip": "203.0.113.5"})
	order(400, "fail", map[string]any{"email": u.Email, "ip": "home"})
	r.wantLogged("fp", "limit_wc")
	if len(r.tenant.blocks.at(u.ID)) != 1 {
		t.Errorf("blocks: %v", r.tenant.blocks.at(u.ID))
	}
	order(400, "client-keys", map[string]any{"client_id": gatewayClientID, "pem": "x"})
	order(204, "client-keys", map[string]any{"client_id": gatewayClientID, "pem": string(publicPEM(t, testKey())), "algorithm": "PS256"})

	if _, m := r.fetch("/_usher/"); m["plan"] != PlanUnlimited || m["clock_shift"] != "48h0m0s" || m["users"].(float64) < 60 {
		t.Errorf("summary: %v", m)
	}
	res, raw, err := r.raw("GET", "/_usher/keys", "")
	if err != nil || res.StatusCode != 200 || !strings.Contains(string(raw), `"state":"current"`) || strings.Contains(string(raw), "PRIVATE") {
		t.Errorf("keys: %s %v", raw, err)
	}
}
