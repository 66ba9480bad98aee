package localtenant

import (
	"bytes"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
)

// fuzzed is one tenant for all inputs of a fuzz target.
func fuzzed(f *testing.F) *Tenant {
	tn, err := New(Options{Users: 3, SearchLag: -1})
	if err != nil {
		f.Fatal(err)
	}
	if err := tn.needKeys(keyCurrent); err != nil {
		f.Fatal(err)
	}
	return tn
}

func knock(tn *Tenant, method, target, kind, body string) *httptest.ResponseRecorder {
	req := httptest.NewRequest(method, "http://127.0.0.1", strings.NewReader(body))
	req.URL.Path, req.URL.RawQuery, _ = strings.Cut(target, "?")
	req.RemoteAddr = "127.0.0.1:9"
	req.Header.Set("Content-Type", kind)
	rec := httptest.NewRecorder()
	tn.Handler().ServeHTTP(rec, req)
	return rec
}

// mustAnswer fails the test unless an answer is an OAuth error or a success, in JSON, without a server error.
func mustAnswer(t *testing.T, rec *httptest.ResponseRecorder) {
	t.Helper()
	var m map[string]any
	if rec.Code >= 500 || json.Unmarshal(rec.Body.Bytes(), &m) != nil {
		t.Fatalf("status %d: %s", rec.Code, rec.Body)
	}
	if rec.Code != http.StatusOK && (m["error"] == nil || m["error_description"] == nil) {
		t.Fatalf("status %d without an OAuth error: %s", rec.Code, rec.Body)
	}
}

func FuzzTokenRequest(f *testing.F) {
	tn := fuzzed(f)
	id, secret := tn.M2M()
	for _, seed := range []string{
		url.Values{"grant_type": {grantClient}, "client_id": {id}, "client_secret": {"x"}, "audience": {tn.ManagementAudience()}}.Encode(),
		url.Values{"grant_type": {grantDevice}, "client_id": {consoleClientID}, "device_code": {"x"}}.Encode(),
		url.Values{"grant_type": {grantCode}, "client_id": {consoleClientID}, "code": {"x"}, "code_verifier": {"y"}}.Encode(),
		url.Values{"grant_type": {grantRefresh}, "client_id": {consoleClientID}, "refresh_token": {"v1.x"}, "scope": {"a b"}}.Encode(),
		url.Values{"grant_type": {grantClient}, "client_assertion_type": {assertionType}, "client_assertion": {"eyJhbGciOiJSUzI1NiJ9.e30.x"}}.Encode(),
		`{"grant_type":"refresh_token","client_id":null}`, `[]`, `null`, "%zz", "a=%00&client_id=" + consoleClientID, "",
	} {
		f.Add(seed, false)
		f.Add(seed, true)
	}
	f.Fuzz(func(t *testing.T, body string, asJSON bool) {
		kind := "application/x-www-form-urlencoded"
		if asJSON {
			kind = "application/json"
		}
		rec := knock(tn, "POST", "/oauth/token", kind, body)
		mustAnswer(t, rec)
		if rec.Code == http.StatusOK && !strings.Contains(body, secret) {
			t.Fatalf("a token without a credential for %q", body)
		}
	})
}

func FuzzDeviceCodeRequest(f *testing.F) {
	tn := fuzzed(f)
	for _, seed := range []string{
		url.Values{"client_id": {consoleClientID}, "scope": {"openid\x00 profile"}, "audience": {UsherAudience}}.Encode(),
		"client_id=" + shopClientID, "client_id=" + consoleClientID + "&audience=x", `{"client_id":"x"}`, "%", "",
	} {
		f.Add(seed, "application/x-www-form-urlencoded")
		f.Add(seed, "application/json")
	}
	f.Fuzz(func(t *testing.T, body, kind string) {
		mustAnswer(t, knock(tn, "POST", "/oauth/device/code", kind, body))
	})
}

func FuzzAuthorizeRequest(f *testing.F) {
	tn := fuzzed(f)
	for _, seed := range []string{
		ask(), ask("prompt", "none"), ask("state", "\r\nSet-Cookie: a=b"), ask("max_age", "99999999999999999999"), ask("scope", "<script>"),
		ask("redirect_uri", "javascript:alert(1)"), ask("redirect_uri", consoleCallback+"#x"), "/authorize?%zz", "/authorize",
	} {
		_, query, _ := strings.Cut(seed, "?")
		f.Add(query)
	}
	f.Fuzz(func(t *testing.T, query string) {
		rec := knock(tn, "GET", "/authorize?"+query, "", "")
		switch to := rec.Header().Get("Location"); {
		case rec.Code >= 500:
			t.Fatalf("status %d: %s", rec.Code, rec.Body)
		case rec.Code == http.StatusFound && !strings.HasPrefix(to, "/u/login?state=") && !strings.HasPrefix(to, "http://127.0.0.1:848") &&
			!strings.HasPrefix(to, "http://localhost:3000/callback?"):
			t.Fatalf("the browser is sent to %q", to)
		case strings.ContainsAny(to, "\r\n"):
			t.Fatalf("the answer's header breaks: %q", to)
		case bytes.Contains(bytes.ToLower(rec.Body.Bytes()), []byte("<script")):
			t.Fatalf("the page holds markup of the request: %s", rec.Body)
		}
	})
}
