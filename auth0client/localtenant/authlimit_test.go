package localtenant

import (
	"encoding/json"
	"errors"
	"io/fs"
	"net/http"
	"net/url"
	"slices"
	"testing"
	"time"
)

func TestTheAuthenticationAPIIsLimitedByPlan(t *testing.T) {
	t.Parallel()
	for plan, burst := range map[string]int{PlanFree: 30, PlanPro: 25, PlanEnterprise: 100, PlanUnlimited: 0} {
		r := serve(t, Options{Plan: plan})
		r.clock.pass(time.Hour) // the harness asked for a token
		through := 0
		var m map[string]any
		for range 120 {
			var status int
			if status, m = r.form("/oauth/token", url.Values{"grant_type": {"x"}, "client_id": {consoleClientID}}); status == http.StatusTooManyRequests {
				break
			}
			through++
		}
		if burst == 0 {
			burst = 120
		} else if m["error"] != "too_many_requests" || m["error_description"] == "" {
			t.Errorf("%s: the body says %v", plan, m)
		}
		if through != burst {
			t.Errorf("%s: %d requests at once, want %d", plan, through, burst)
		}
		r.clock.pass(time.Second)
		if status, _ := r.form("/oauth/token", url.Values{"grant_type": {"x"}, "client_id": {consoleClientID}}); status == http.StatusTooManyRequests {
			t.Errorf("%s: a second later still limited", plan)
		}
	}
}

func TestTheDeviceFlowIsLimitedByAddress(t *testing.T) {
	t.Parallel()
	r := serve(t, Options{Plan: PlanEnterprise})
	ask := func() int {
		res, err := http.PostForm(r.base+"/oauth/device/code", url.Values{"client_id": {consoleClientID}})
		if err != nil {
			t.Fatal(err)
		}
		res.Body.Close()
		if res.Header.Get("X-RateLimit-Limit") != "5" {
			t.Errorf("limit %q", res.Header.Get("X-RateLimit-Limit"))
		}
		return res.StatusCode
	}
	for range 5 {
		if got := ask(); got != 200 {
			t.Fatalf("within the limit: %d", got)
		}
	}
	if got := ask(); got != 429 {
		t.Errorf("the sixth at once: %d", got)
	}
	for n, want := range []int{200, 200, 200, 200, 200, 429} {
		if got := r.browser().get("/activate").status; got != want {
			t.Errorf("prompt %d: %d, want %d", n+1, got, want)
		}
	}
	r.clock.pass(time.Second)
	if got := ask(); got != 200 {
		t.Errorf("a second later: %d", got)
	}
}

func TestDiscoveryIsWhatAuth0Publishes(t *testing.T) {
	t.Parallel()
	r := serve(t, Options{})
	raw, err := sharedFile("recordings", "openid-configuration.auth0.json")
	if errors.Is(err, fs.ErrNotExist) {
		t.Skipf("SKIPPED: the recorded discovery document is not in %s; set USHER_SHARED to the folder that holds recordings/", sharedFolder())
	}
	var theirs map[string]any
	if err != nil || json.Unmarshal(raw, &theirs) != nil {
		t.Fatal(err)
	}
	_, ours := r.fetch("/.well-known/openid-configuration")
	// What a console's tenant has no use for, and so does not offer.
	absent := []string{"mfa_challenge_endpoint", "registration_endpoint"}
	for name := range theirs {
		if _, has := ours[name]; !has && !slices.Contains(absent, name) {
			t.Errorf("%s is missing", name)
		}
	}
	for _, name := range []string{"scopes_supported", "claims_supported", "subject_types_supported", "code_challenge_methods_supported",
		"token_endpoint_auth_signing_alg_values_supported", "request_parameter_supported", "request_uri_parameter_supported"} {
		a, _ := json.Marshal(ours[name])
		b, _ := json.Marshal(theirs[name])
		if string(a) != string(b) {
			t.Errorf("%s is %s, at Auth0 %s", name, a, b)
		}
	}
	if ours["issuer"] != r.base+"/" {
		t.Errorf("issuer %v", ours["issuer"])
	}
	for _, list := range []string{"response_types_supported", "response_modes_supported", "id_token_signing_alg_values_supported"} {
		for _, v := range ours[list].([]any) {
			if !slices.Contains(theirs[list].([]any), v) {
				t.Errorf("%s has %v, which Auth0 does not", list, v)
			}
		}
	}
}
