package localtenant

import (
	"compress/gzip"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
)

func (r *rig) fault(rules ...string) {
	r.Helper()
	for _, rule := range rules {
		if err := r.tenant.AddFault(rule); err != nil {
			r.Fatal(err)
		}
	}
}

// raw asks the API for the roles and gives what came, or how it broke.
func (r *rig) raw(method, path, body string) (*http.Response, []byte, error) {
	r.Helper()
	req, err := http.NewRequestWithContext(r.Context(), method, r.base+path, strings.NewReader(body))
	if err != nil {
		r.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer "+r.token)
	req.Header.Set("Accept-Encoding", "identity")
	res, err := (&http.Transport{DisableCompression: true, DisableKeepAlives: true}).RoundTrip(req)
	if err != nil {
		return nil, nil, err
	}
	defer res.Body.Close()
	raw, err := io.ReadAll(res.Body)
	return res, raw, err
}

func TestFaultRulesAreReadOrRefused(t *testing.T) {
	t.Parallel()
	r := serve(t, Options{})
	for rule, good := range map[string]bool{
		"503": true, "GET /api/v2/users 503 20%": true, "* * drop x3": true, "POST /oauth/token delay=2s 429far 50% x2": true,
		"GET /api/v2/users/{id} 504after": true, "skew=-1h": true, "huge": true, "rotate x1": true, "GET /x delay=1s": true,
		"": false, "GET /api/v2/users": false, "302": false, "600": false, "503 120%": false, "503 x0": false, "503 xx": false,
		"delay=-1s": false, "delay=soon": false, "GET /x skew=1h": false, "skew=1h x1": false, "nonsense": false, "GET users 503": false,
		"503 %": false, "50%": false, "x2": false,
	} {
		if err := r.tenant.AddFault(rule); (err == nil) != good {
			t.Errorf("%q: %v", rule, err)
		} else if err != nil && !strings.HasPrefix(err.Error(), "fault "+strconv.Quote(rule)) {
			t.Errorf("%q: the error does not name it: %v", rule, err)
		}
	}
}

func TestFaultsBreakAnswersInManyWays(t *testing.T) {
	t.Parallel()
	r := serve(t, Options{})
	const roles = "/api/v2/roles"
	now := r.clock.now().Unix()
	for rule, check := range map[string]func(res *http.Response, raw []byte, err error) bool{
		"503": func(res *http.Response, raw []byte, _ error) bool {
			return res.StatusCode == 503 && json.Valid(raw)
		},
		"429": func(res *http.Response, raw []byte, _ error) bool {
			return res.StatusCode == 429 && res.Header.Get("X-RateLimit-Reset") == strconv.FormatInt(now+1, 10) && strings.Contains(string(raw), "too_many_requests")
		},
		"429past": func(res *http.Response, _ []byte, _ error) bool {
			return res.StatusCode == 429 && res.Header.Get("X-RateLimit-Reset") == strconv.FormatInt(now-60, 10)
		},
		"429now": func(res *http.Response, _ []byte, _ error) bool {
			return res.Header.Get("X-RateLimit-Reset") == strconv.FormatInt(now, 10)
		},
		"429far": func(res *http.Response, _ []byte, _ error) bool {
			return res.Header.Get("X-RateLimit-Reset") == strconv.FormatInt(now+3600, 10)
		},
		"429nohdr": func(res *http.Response, _ []byte, _ error) bool {
			return res.StatusCode == 429 && res.Header.Get("X-RateLimit-Reset") == "" && res.Header.Get("X-RateLimit-Limit") == ""
		},
		"drop": func(_ *http.Response, _ []byte, err error) bool { return err != nil },
		"half": func(_ *http.Response, raw []byte, err error) bool {
			return errors.Is(err, io.ErrUnexpectedEOF) && len(raw) > 100
		},
		"truncated": func(res *http.Response, raw []byte, err error) bool {
			return err == nil && res.StatusCode == 200 && len(raw) > 100 && !json.Valid(raw)
		},
		"html": func(res *http.Response, raw []byte, _ error) bool {
			return res.Header.Get("Content-Type") == "text/html" && strings.HasPrefix(string(raw), "<html>")
		},
		"notjson": func(res *http.Response, raw []byte, _ error) bool {
			return res.Header.Get("Content-Type") == "application/json" && !json.Valid(raw)
		},
		"huge": func(_ *http.Response, raw []byte, _ error) bool {
			return len(raw) > 50<<20 && string(raw[:3]) == `["u` && string(raw[len(raw)-2:]) == `"]`
		},
		"gzipbomb": func(res *http.Response, raw []byte, _ error) bool {
			z, err := gzip.NewReader(strings.NewReader(string(raw)))
			if err != nil || res.Header.Get("Content-Encoding") != "gzip" || len(raw) > 2<<20 {
				return false
			}
			n, err := io.CopyN(io.Discard, z, 100<<20)
			return err == nil && n == 100<<20
		},
	} {
		r.fault("GET " + roles + " " + rule)
		if res, raw, err := r.raw("GET", roles, ""); !check(res, raw, err) {
			t.Errorf("%s: %+v %d bytes %.80q %v", rule, res, len(raw), raw, err)
		}
		r.tenant.ClearFaults()
		r.want(200, "GET", "roles", "")
	}
}

func TestAnAnswerCanGetLostAfterTheDeed(t *testing.T) {
	t.Parallel()
	r := serve(t, Options{})
	for rule, broken := range map[string]bool{"504after": false, "half": true} {
		r.fault("POST /api/v2/roles " + rule + " x1")
		res, _, err := r.raw("POST", "/api/v2/roles", `{"name":"Made by `+rule+`"}`)
		if broken != (err != nil) || !broken && res.StatusCode != 504 {
			t.Errorf("%s: %+v %v", rule, res, err)
		}
		if n := len(r.want(200, "GET", "roles?name_filter="+url.QueryEscape("Made by "+rule), "").rows()); n != 1 {
			t.Errorf("%s: %d roles were made", rule, n)
		}
	}
}

func TestFaultsHitAsOftenAsTheyShould(t *testing.T) {
	t.Parallel()
	hit := func(seed uint64) (out []bool) {
		r := serve(t, Options{Seed: seed})
		r.fault("GET /api/v2/roles 503 30%")
		for range 200 {
			out = append(out, r.api("GET", "roles", "").status == 503)
		}
		return out
	}
	first := hit(7)
	n := 0
	for _, h := range first {
		if h {
			n++
		}
	}
	if n < 30 || n > 90 {
		t.Errorf("of 200 requests %d were hit, want about 60", n)
	}
	if !slices.Equal(first, hit(7)) {
		t.Error("the same seed hits other requests")
	}

	r := serve(t, Options{})
	r.fault("GET /api/v2/roles 500 x2", "GET /api/v2/roles/{id} 502")
	got := []int{}
	for range 3 {
		got = append(got, r.api("GET", "roles", "").status)
	}
	if !slices.Equal(got, []int{500, 500, 200}) || len(r.tenant.Faults()) != 1 {
		t.Errorf("twice only: %v, left %v", got, r.tenant.Faults())
	}
	if a := r.api("GET", "roles/x", ""); a.status != 502 {
		t.Errorf("one segment: %d", a.status)
	}
}

func TestFaultsAddUp(t *testing.T) {
	t.Parallel()
	r := serve(t, Options{})
	r.fault("delay=60ms", "GET /api/v2/roles delay=60ms 503", "GET /api/v2/roles 500")
	begin := time.Now()
	if a := r.api("GET", "roles", ""); a.status != 503 {
		t.Errorf("status %d, want that of the oldest rule", a.status)
	}
	if took := time.Since(begin); took < 120*time.Millisecond {
		t.Errorf("two delays of 60 ms took %s", took)
	}
}

func TestAWrongClockShowsInTokensAndDates(t *testing.T) {
	t.Parallel()
	r := serve(t, Options{})
	r.fault("skew=+1h")
	c, err := r.tenant.verify(r.signIn("admin")["access_token"].(string))
	if err != nil || c.IssuedAt.Time().Sub(r.clock.now()) != time.Hour {
		t.Errorf("issued at %v, now %v: %v", c.IssuedAt.Time(), r.clock.now(), err)
	}
	res, _, err := r.raw("GET", "/.well-known/jwks.json", "")
	if err != nil {
		t.Fatal(err)
	}
	if at, err := http.ParseTime(res.Header.Get("Date")); err != nil || at.Sub(r.clock.now()) != time.Hour {
		t.Errorf("Date %s: %v", res.Header.Get("Date"), err)
	}
	r.tenant.ClearFaults()
	if _, err := r.tenant.verify(r.signIn("admin")["access_token"].(string)); err != nil {
		t.Errorf("after the clock was righted: %v", err)
	}
}

func TestAClockPutBackBlocksNobody(t *testing.T) {
	t.Parallel()
	r := serve(t, Options{Plan: PlanEnterprise})
	r.want(200, "GET", "roles", "")
	r.fault("skew=-1h")
	id, secret := r.tenant.M2M()
	_, m := r.form("/oauth/token", url.Values{"grant_type": {grantClient}, "client_id": {id}, "client_secret": {secret}, "audience": {r.tenant.ManagementAudience()}})
	r.token, _ = m["access_token"].(string)
	for range 5 {
		r.want(200, "GET", "roles", "")
	}
}

func TestFaultsRotateKeysAndRevokeTokens(t *testing.T) {
	t.Parallel()
	r := serve(t, Options{})
	m := r.signIn("admin")
	r.fault("GET /.well-known/jwks.json rotate x1", "POST /oauth/revoke revoke x1")
	if _, set := r.fetch("/.well-known/jwks.json"); len(set["keys"].([]any)) != 3 {
		t.Errorf("keys: %v", set)
	}
	r.form("/oauth/revoke", url.Values{"client_id": {consoleClientID}, "token": {"x"}})
	if _, err := r.tenant.verify(m["access_token"].(string)); err == nil {
		t.Error("the token was not revoked")
	}
}
