package localtenant

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"
)

type clock struct {
	mu sync.Mutex
	at time.Time
}

func (c *clock) now() time.Time { c.mu.Lock(); defer c.mu.Unlock(); return c.at }

func (c *clock) pass(d time.Duration) { c.mu.Lock(); defer c.mu.Unlock(); c.at = c.at.Add(d) }

type rig struct {
	*testing.T
	tenant *Tenant
	clock  *clock
	base   string
	token  string
}

func serve(t *testing.T, o Options) *rig {
	t.Helper()
	c := &clock{at: time.Date(2026, 11, 24, 9, 0, 0, 0, time.UTC)}
	o.Now = c.now
	if o.Users == 0 && o.Data == nil {
		o.Users = 60
	}
	tn, err := New(o)
	if err != nil {
		t.Fatal(err)
	}
	s := httptest.NewServer(conforming(t, tn))
	t.Cleanup(s.Close)
	tn.SetBaseURL(s.URL)
	r := &rig{T: t, tenant: tn, clock: c, base: s.URL}
	id, secret := tn.M2M()
	status, body := r.form("/oauth/token", url.Values{"grant_type": {"client_credentials"}, "client_id": {id},
		"client_secret": {secret}, "audience": {tn.ManagementAudience()}})
	if status != http.StatusOK {
		t.Fatalf("client credentials: %d %v", status, body)
	}
	r.token = body["access_token"].(string)
	return r
}

func (r *rig) form(path string, v url.Values) (int, map[string]any) {
	r.Helper()
	res, err := http.PostForm(r.base+path, v)
	if err != nil {
		r.Fatal(err)
	}
	defer res.Body.Close()
	raw, err := io.ReadAll(res.Body)
	if err != nil {
		r.Fatal(err)
	}
	var m map[string]any
	if len(raw) > 0 {
		if err := json.Unmarshal(raw, &m); err != nil {
			r.Fatalf("%s is not JSON: %s", path, raw)
		}
	}
	return res.StatusCode, m
}

type answer struct {
	status int
	header http.Header
	raw    []byte
	body   any
}

func (a answer) object() map[string]any { m, _ := a.body.(map[string]any); return m }
func (a answer) rows() []any            { l, _ := a.body.([]any); return l }

func (r *rig) api(method, path, body string) answer {
	r.Helper()
	req, err := http.NewRequestWithContext(r.Context(), method, r.base+"/api/v2/"+path, strings.NewReader(body))
	if err != nil {
		r.Fatal(err)
	}
	if r.token != "" {
		req.Header.Set("Authorization", "Bearer "+r.token)
	}
	req.Header.Set("X-Correlation-ID", "corr-1")
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		r.Fatal(err)
	}
	defer res.Body.Close()
	raw, err := io.ReadAll(res.Body)
	if err != nil {
		r.Fatal(err)
	}
	a := answer{status: res.StatusCode, header: res.Header, raw: raw}
	if len(raw) > 0 {
		if err := json.Unmarshal(raw, &a.body); err != nil {
			r.Fatalf("%s %s is not JSON: %s", method, path, raw)
		}
	}
	return a
}

func (r *rig) want(status int, method, path, body string) answer {
	r.Helper()
	a := r.api(method, path, body)
	if a.status != status {
		r.Fatalf("%s %s: status %d, want %d: %s", method, path, a.status, status, a.raw)
	}
	return a
}

func (r *rig) start(scope string) map[string]any {
	r.Helper()
	id, aud := r.tenant.Device()
	status, m := r.form("/oauth/device/code", url.Values{"client_id": {id}, "audience": {aud}, "scope": {scope}})
	if status != http.StatusOK {
		r.Fatalf("device code: %d %v", status, m)
	}
	return m
}

func (r *rig) poll(code any) (int, map[string]any) {
	r.Helper()
	id, _ := r.tenant.Device()
	return r.form("/oauth/token", url.Values{"grant_type": {grantDevice}, "client_id": {id}, "device_code": {code.(string)}})
}

func (r *rig) signIn(preset string) map[string]any {
	r.Helper()
	d := r.start("openid profile email offline_access users:read users:delete")
	if err := r.tenant.Approve(d["user_code"].(string), preset); err != nil {
		r.Fatal(err)
	}
	status, m := r.poll(d["device_code"])
	if status != http.StatusOK {
		r.Fatalf("token: %d %v", status, m)
	}
	return m
}

func (r *rig) rotate(rt string) (int, map[string]any) {
	id, _ := r.tenant.Device()
	return r.form("/oauth/token", url.Values{"grant_type": {grantRefresh}, "client_id": {id}, "refresh_token": {rt}})
}
