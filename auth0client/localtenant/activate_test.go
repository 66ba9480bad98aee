package localtenant

import (
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
)

func TestTheActivationPageConnectsADevice(t *testing.T) {
	t.Parallel()
	r := serve(t, Options{})
	d := r.start("openid")
	res, err := http.Get(d["verification_uri_complete"].(string))
	if err != nil {
		t.Fatal(err)
	}
	raw, err := io.ReadAll(res.Body)
	res.Body.Close()
	if err != nil || !strings.Contains(string(raw), d["user_code"].(string)) || !strings.Contains(string(raw), "Sam Support") {
		t.Fatalf("page: %v %s", err, raw)
	}
	typed := strings.ToLower(strings.ReplaceAll(d["user_code"].(string), "-", ""))
	res, err = http.PostForm(r.base+"/activate", url.Values{"user_code": {typed}, "operator": {"support"}, "answer": {"confirm"}})
	if err != nil {
		t.Fatal(err)
	}
	res.Body.Close()
	if status, m := r.poll(d["device_code"]); status != http.StatusOK {
		t.Errorf("after confirming: %d %v", status, m)
	}
}

func TestTheActivationPageRefusesAnotherSiteAndEscapesCodes(t *testing.T) {
	t.Parallel()
	r := serve(t, Options{})
	d := r.start("openid")
	body := url.Values{"user_code": {d["user_code"].(string)}, "operator": {"admin"}, "answer": {"confirm"}}.Encode()
	req, _ := http.NewRequestWithContext(t.Context(), "POST", r.base+"/activate", strings.NewReader(body))
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	req.Header.Set("Origin", "https://elsewhere.example")
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	res.Body.Close()
	if res.StatusCode != http.StatusForbidden {
		t.Errorf("another site: %d", res.StatusCode)
	}
	res, err = http.Get(r.base + "/activate?user_code=" + url.QueryEscape(`"><script>`))
	if err != nil {
		t.Fatal(err)
	}
	raw, _ := io.ReadAll(res.Body)
	res.Body.Close()
	if strings.Contains(string(raw), "<script>") {
		t.Errorf("unescaped: %s", raw)
	}
}

func TestTheControlEndpointAnswersThisMachineOnly(t *testing.T) {
	t.Parallel()
	r := serve(t, Options{})
	for from, want := range map[string]int{"127.0.0.1:9": 204, "[::1]:9": 204, "192.0.2.1:9": 404} {
		req := httptest.NewRequest("POST", "/_usher/faults", strings.NewReader("GET /api/v2/none 503"))
		req.RemoteAddr, req.Host = from, "127.0.0.1"
		rec := httptest.NewRecorder()
		r.tenant.Handler().ServeHTTP(rec, req)
		if rec.Code != want {
			t.Errorf("from %s: %d, want %d", from, rec.Code, want)
		}
	}
}

func BenchmarkNew2000(b *testing.B) {
	for b.Loop() {
		if _, err := New(Options{Users: 2000}); err != nil {
			b.Fatal(err)
		}
	}
}

func TestImportedUsersReplaceGeneratedOnes(t *testing.T) {
	t.Parallel()
	r := serve(t, Options{Data: []byte(`[{"email":"one@example.com","name":"One","app_metadata":{"k":1}}]`)})
	if n := len(r.want(200, "GET", "users", "").rows()); n != 4 {
		t.Errorf("users: %d, want one and three operators", n)
	}
	if _, err := New(Options{Data: []byte(`[{"email":"nothing"}]`)}); err == nil {
		t.Error("a wrong address was imported")
	}
}
