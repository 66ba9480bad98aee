package gateway

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"testing"

	"usher/auth0client/gateway/journal"
	"usher/auth0client/gateway/policy"
	"usher/auth0client/localtenant"
	"usher/auth0client/signin"
)

// TestAPolicyBeforeTheLocalTenant asks the same of a tenant that behaves like Auth0 as the other tests ask of a stub.
func TestAPolicyBeforeTheLocalTenant(t *testing.T) {
	t.Parallel()
	tenant, err := localtenant.New(localtenant.Options{Users: 200, Plan: "unlimited"})
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(tenant.Handler())
	t.Cleanup(server.Close)
	tenant.SetBaseURL(server.URL)
	upstream, err := url.Parse(server.URL)
	if err != nil {
		t.Fatal(err)
	}
	set, err := policy.Load([]byte("[[policy]]\nname = \"blocked\"\nusers = 'blocked:true'\nhidden = [\"last_ip\"]\nreason = [\"users:block\"]\n"), "gateway.toml")
	if err != nil {
		t.Fatal(err)
	}
	j, err := journal.Open(t.TempDir(), journal.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = j.Close() })
	id, secret := tenant.M2M()
	g, err := New(Options{
		Upstream: upstream, Journal: j, Policies: set,
		Verifier: operators{"op": {Subject: "auth0|nobody", Permissions: all()}},
		M2M:      signin.NewM2M(signin.M2MConfig{TokenURL: server.URL + "/oauth/token", ClientID: id, ClientSecret: signin.Secret(secret), Audience: tenant.ManagementAudience()}),
	})
	if err != nil {
		t.Fatal(err)
	}
	ask := func(method, path, body string, into any, header ...string) int {
		r := request(t.Context(), t, method, path, body)
		r.Header.Set("Authorization", "Bearer op")
		for i := 0; i+1 < len(header); i += 2 {
			r.Header.Set(header[i], header[i+1])
		}
		res, err := g.RoundTrip(r)
		if err != nil {
			t.Fatal(err)
		}
		if err := json.NewDecoder(res.Body).Decode(into); err != nil {
			t.Fatalf("%s %s: %v", method, path, err)
		}
		return res.StatusCode
	}
	var found struct {
		Total int
		Users []map[string]any
	}
	if status := ask("GET", "/api/v2/users?include_totals=true&per_page=100&search_engine=v3&q=NOT%20name:nobody", "", &found); status != 200 || len(found.Users) == 0 || found.Total != len(found.Users) {
		t.Fatalf("%d: %d of %d users", status, len(found.Users), found.Total)
	}
	for _, u := range found.Users {
		if u["blocked"] != true || u["last_ip"] != nil {
			t.Errorf("found %v", u)
		}
	}
	inside := fmt.Sprint(found.Users[0]["user_id"])
	others, err := everybody(t, server.URL, g)
	if err != nil {
		t.Fatal(err)
	}
	outside := others[slices.IndexFunc(others, func(u map[string]any) bool { return u["blocked"] != true })]["user_id"]
	var said map[string]any
	if status := ask("GET", userPath(inside), "", &said); status != 200 || said["user_id"] != inside {
		t.Errorf("inside: %d %v", status, said)
	}
	if status := ask("GET", userPath(fmt.Sprint(outside))+"/roles", "", &said); status != 404 || said["errorCode"] != "inexistent_user" {
		t.Errorf("outside: %d %v", status, said)
	}
	if status := ask("PATCH", userPath(inside), `{"blocked":false}`, &said); status != 403 || said["errorCode"] != "usher_reason" {
		t.Errorf("without a reason: %d %v", status, said)
	}
	if status := ask("PATCH", userPath(inside), `{"blocked":false}`, &said, "X-Usher-Reason", "back"); status != 200 || said["blocked"] != false {
		t.Errorf("with a reason: %d %v", status, said)
	}
	if status := ask("PATCH", userPath(inside), `{"blocked":true}`, &said, "X-Usher-Reason", "again"); status != 404 {
		t.Errorf("whom a change has put outside: %d %v", status, said)
	}
}

// everybody reads users past the gateway.
func everybody(t *testing.T, base string, g *Gateway) ([]map[string]any, error) {
	t.Helper()
	token, err := g.o.M2M.Token(t.Context())
	if err != nil {
		return nil, err
	}
	r, err := http.NewRequestWithContext(t.Context(), "GET", base+"/api/v2/users?per_page=100", http.NoBody)
	if err != nil {
		return nil, err
	}
	r.Header.Set("Authorization", "Bearer "+token)
	res, err := http.DefaultClient.Do(r)
	if err != nil {
		return nil, err
	}
	defer res.Body.Close() //nolint:errcheck // a test's
	var users []map[string]any
	return users, json.NewDecoder(res.Body).Decode(&users)
}
