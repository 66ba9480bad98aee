package localtenant

import (
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/jwt"
)

var testKey = sync.OnceValue(func() *rsa.PrivateKey {
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		panic(err)
	}
	return key
})

func publicPEM(t *testing.T, key *rsa.PrivateKey) []byte {
	t.Helper()
	der, err := x509.MarshalPKIXPublicKey(&key.PublicKey)
	if err != nil {
		t.Fatal(err)
	}
	return pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der})
}

// assertion signs a client assertion with some claims changed; nil leaves one out.
func (r *rig) assertion(alg jose.SignatureAlgorithm, key any, change map[string]any) string {
	r.Helper()
	c := map[string]any{"iss": gatewayClientID, "sub": gatewayClientID, "aud": r.tenant.Issuer(), "jti": secret(16, alnum),
		"iat": r.clock.now().Unix(), "exp": r.clock.now().Add(time.Minute).Unix()}
	maps.Copy(c, change)
	maps.DeleteFunc(c, func(_ string, v any) bool { return v == nil })
	s, err := jose.NewSigner(jose.SigningKey{Algorithm: alg, Key: key}, nil)
	if err != nil {
		r.Fatal(err)
	}
	raw, err := jwt.Signed(s).Claims(c).Serialize()
	if err != nil {
		r.Fatal(err)
	}
	return raw
}

func (r *rig) prove(assertion string) (int, map[string]any) {
	return r.form("/oauth/token", url.Values{"grant_type": {grantClient}, "audience": {r.tenant.ManagementAudience()},
		"client_assertion_type": {assertionType}, "client_assertion": {assertion}})
}

func TestAClientProvesItselfWithItsKey(t *testing.T) {
	t.Parallel()
	key := testKey()
	r := serve(t, Options{GatewayKey: publicPEM(t, key)})
	if status, m := r.prove(r.assertion(jose.RS256, key, nil)); status != 200 || m["access_token"] == nil {
		t.Fatalf("a good assertion: %d %v", status, m)
	}
	other, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	now := r.clock.now()
	for name, a := range map[string]string{
		"another key":          r.assertion(jose.RS256, other, nil),
		"another algorithm":    r.assertion(jose.PS256, key, nil),
		"a MAC":                r.assertion(jose.HS256, publicPEM(t, key), nil),
		"no signature":         "eyJhbGciOiJub25lIn0.eyJpc3MiOiJ4In0.",
		"no JWT":               "x",
		"the token endpoint":   r.assertion(jose.RS256, key, map[string]any{"aud": r.base + "/oauth/token"}),
		"no slash":             r.assertion(jose.RS256, key, map[string]any{"aud": r.base}),
		"another issuer":       r.assertion(jose.RS256, key, map[string]any{"iss": "x"}),
		"another client":       r.assertion(jose.RS256, key, map[string]any{"iss": syncClientID, "sub": syncClientID}),
		"a long life":          r.assertion(jose.RS256, key, map[string]any{"exp": now.Add(311 * time.Second).Unix()}),
		"no end":               r.assertion(jose.RS256, key, map[string]any{"exp": nil}),
		"an end before":        r.assertion(jose.RS256, key, map[string]any{"exp": now.Add(-11 * time.Second).Unix()}),
		"issued in the future": r.assertion(jose.RS256, key, map[string]any{"iat": now.Add(11 * time.Second).Unix()}),
		"no id":                r.assertion(jose.RS256, key, map[string]any{"jti": nil}),
	} {
		if status, m := r.prove(a); status != 401 || m["error"] != "invalid_client" {
			t.Errorf("%s: %d %v", name, status, m)
		}
	}
	for name, a := range map[string]string{
		"a clock nine seconds behind": r.assertion(jose.RS256, key, map[string]any{"exp": now.Add(-9 * time.Second).Unix()}),
		"a clock nine seconds ahead":  r.assertion(jose.RS256, key, map[string]any{"iat": now.Add(9 * time.Second).Unix()}),
		"five minutes":                r.assertion(jose.RS256, key, map[string]any{"exp": now.Add(5 * time.Minute).Unix()}),
	} {
		if status, m := r.prove(a); status != 200 {
			t.Errorf("%s: %d %v", name, status, m)
		}
	}
	once := r.assertion(jose.RS256, key, nil)
	r.prove(once)
	if status, m := r.prove(once); status != 401 || m["error_description"] != "Client assertion was used already" {
		t.Errorf("a second use: %d %v", status, m)
	}
}

func TestAClientHasTwoKeysAtMostAndMayChangeToAnother(t *testing.T) {
	t.Parallel()
	r := serve(t, Options{})
	first, second := testKey(), func() *rsa.PrivateKey { k, _ := rsa.GenerateKey(rand.Reader, 2048); return k }()
	for i, c := range []struct {
		pem  []byte
		alg  string
		good bool
	}{
		{[]byte("nothing"), "RS256", false},
		{pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: []byte("x")}), "RS256", false},
		{publicPEM(t, first), "HS256", false},
		{publicPEM(t, first), "RS384", true},
		{publicPEM(t, second), "PS256", true},
		{publicPEM(t, first), "RS384", true}, // the same again changes nothing
		{publicPEM(t, func() *rsa.PrivateKey { k, _ := rsa.GenerateKey(rand.Reader, 2048); return k }()), "RS256", false},
	} {
		if err := r.tenant.AddClientKey(gatewayClientID, c.pem, c.alg); (err == nil) != c.good {
			t.Errorf("key %d: %v", i, err)
		}
	}
	for alg, key := range map[jose.SignatureAlgorithm]*rsa.PrivateKey{jose.RS384: first, jose.PS256: second} {
		if status, m := r.prove(r.assertion(alg, key, nil)); status != 200 {
			t.Errorf("%s: %d %v", alg, status, m)
		}
	}
	id, secret := r.tenant.M2M()
	if status, _ := r.form("/oauth/token", url.Values{"grant_type": {grantClient}, "client_id": {id}, "client_secret": {secret},
		"audience": {r.tenant.ManagementAudience()}}); status != 200 {
		t.Errorf("the secret beside the keys: %d", status)
	}
}

func TestClientCredentialsAreGrantedOrRefusedInAuth0sWords(t *testing.T) {
	t.Parallel()
	r := serve(t, Options{})
	id, secret := r.tenant.M2M()
	management := r.tenant.ManagementAudience()
	for name, c := range map[string]struct {
		change url.Values
		status int
		kind   string
		says   string
	}{
		"all scopes":       {status: 200},
		"one scope":        {change: url.Values{"scope": {"read:users"}}, status: 200},
		"a wrong secret":   {change: url.Values{"client_secret": {"no"}}, status: 401, kind: "access_denied", says: "Unauthorized"},
		"no secret":        {change: url.Values{"client_secret": nil}, status: 401, kind: "access_denied", says: "Unauthorized"},
		"no client":        {change: url.Values{"client_id": nil}, status: 400, kind: "invalid_request", says: "Missing required parameter: client_id"},
		"an unknown one":   {change: url.Values{"client_id": {"who"}}, status: 401, kind: "invalid_client", says: "Unknown client: who"},
		"an unknown API":   {change: url.Values{"audience": {"https://none"}}, status: 403, kind: "access_denied", says: "Service not found: https://none"},
		"no API":           {change: url.Values{"audience": nil}, status: 403, kind: "access_denied", says: "No audience parameter was provided"},
		"no grant":         {change: url.Values{"audience": {shopAPI}}, status: 403, kind: "access_denied", says: `Client is not authorized to access "` + shopAPI + `". You might probably want to create a "client-grant"`},
		"two scopes more":  {change: url.Values{"scope": {"read:users read:nothing read:current_user"}}, status: 403, kind: "access_denied", says: "Client has not been granted scopes: read:nothing, read:current_user"},
		"a wrong grant":    {change: url.Values{"grant_type": {"password"}}, status: 403, kind: "unsupported_grant_type", says: "Unsupported grant type: password"},
		"another's grant":  {change: url.Values{"grant_type": {grantDevice}}, status: 403, kind: "unauthorized_client", says: "Grant type '" + grantDevice + "' not allowed for the client."},
		"no grant type":    {change: url.Values{"grant_type": nil}, status: 400, kind: "invalid_request", says: "Missing required parameter: grant_type"},
		"secret and proof": {change: url.Values{"client_assertion": {"x"}, "client_assertion_type": {assertionType}}, status: 400, kind: "invalid_request", says: "Multiple client authentication methods"},
	} {
		form := url.Values{"grant_type": {grantClient}, "client_id": {id}, "client_secret": {secret}, "audience": {management}}
		maps.Copy(form, c.change)
		status, m := r.form("/oauth/token", form)
		says, _ := m["error_description"].(string)
		if status != c.status || c.kind != "" && (m["error"] != c.kind || !strings.HasPrefix(says, c.says)) {
			t.Errorf("%s: %d %v", name, status, m)
		}
		if status == 200 && c.change.Get("scope") != "" && m["scope"] != c.change.Get("scope") {
			t.Errorf("%s: scope %v", name, m["scope"])
		}
	}
	req, _ := http.NewRequestWithContext(t.Context(), "POST", r.base+"/oauth/token", strings.NewReader("grant_type=client_credentials&audience="+url.QueryEscape(management)))
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	req.SetBasicAuth(id, secret)
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	res.Body.Close()
	if res.StatusCode != 200 {
		t.Errorf("the secret in the header: %d", res.StatusCode)
	}
	r.wantLogged("seccft", "feccft")
}

func TestThePolicyOfAnAPIHolds(t *testing.T) {
	t.Parallel()
	r := serve(t, Options{})
	r.tenant.mu.Lock()
	api := r.tenant.api(UsherAudience)
	set := func(user, client string) {
		changed := *api
		changed.Settings = maps.Clone(api.Settings)
		changed.Settings["subject_type_authorization"] = map[string]any{"user": map[string]any{"policy": user}, "client": map[string]any{"policy": client}}
		r.tenant.apis.set(api.ID, &changed)
	}
	r.tenant.clientGrants.set("cgr_1", &clientGrant{ID: "cgr_1", Client: gatewayClientID, API: api.ID, Scopes: []string{"users:read"}, Subject: subjectClient})
	set(policyRequireGrant, policyDenyAll)
	r.tenant.mu.Unlock()
	machine := func() int {
		id, secret := r.tenant.M2M()
		status, _ := r.form("/oauth/token", url.Values{"grant_type": {grantClient}, "client_id": {id}, "client_secret": {secret}, "audience": {UsherAudience}})
		return status
	}
	device := func() (int, map[string]any) {
		return r.form("/oauth/device/code", url.Values{"client_id": {consoleClientID}, "audience": {UsherAudience}, "scope": {"users:read users:delete"}})
	}
	if status := machine(); status != 403 {
		t.Errorf("a machine at an API that denies all: %d", status)
	}
	if status, _ := device(); status != 403 {
		t.Errorf("a person without the app's grant: %d", status)
	}
	r.tenant.mu.Lock()
	r.tenant.clientGrants.set("cgr_2", &clientGrant{ID: "cgr_2", Client: consoleClientID, API: api.ID, Scopes: []string{"users:read"}, Subject: subjectUser})
	set(policyRequireGrant, policyRequireGrant)
	r.tenant.mu.Unlock()
	if status := machine(); status != 200 {
		t.Errorf("a machine with a grant: %d", status)
	}
	_, d := device()
	if err := r.tenant.Approve(d["user_code"].(string), "admin"); err != nil {
		t.Fatal(err)
	}
	if _, m := r.poll(d["device_code"]); m["scope"] != "users:read" {
		t.Errorf("an admin in an app that may only read: %v", m["scope"])
	}
	r.tenant.mu.Lock()
	set(policyDenyAll, policyRequireGrant)
	r.tenant.mu.Unlock()
	if status, _ := device(); status != 403 {
		t.Errorf("a person at an API that denies all: %d", status)
	}
}

func TestPermissionsAreInTheTokensOfAPIsThatTellThem(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		settings map[string]any
		scope    string
		told     bool
	}{
		"RBAC with permissions":    {rbac(dialectAuthz, true), "users:read", true},
		"RBAC without":             {rbac(dialectPlain, true), "users:read", false},
		"RFC 9068 permissions":     {rbac(dialectRFC9068Authz, true), "users:read", true},
		"RFC 9068 without":         {rbac(dialectRFC9068, true), "users:read", false},
		"no RBAC gives what it is": {map[string]any{"allow_offline_access": true, "token_dialect": dialectAuthz}, "users:read users:delete", false},
	} {
		r := serve(t, Options{})
		r.tenant.mu.Lock()
		changed := *r.tenant.api(UsherAudience)
		changed.Settings = c.settings
		changed.Settings["token_lifetime"] = 600.0
		r.tenant.apis.set(changed.ID, &changed)
		r.tenant.mu.Unlock()
		m := r.signIn("viewer")
		got, err := r.tenant.verify(m["access_token"].(string))
		if err != nil {
			t.Fatal(err)
		}
		asked := slices.DeleteFunc(strings.Fields(got.Scope), aboutIdentity)
		if strings.Join(asked, " ") != c.scope || (got.Permissions != nil) != c.told || m["expires_in"] != 600.0 {
			t.Errorf("%s: scope %q permissions %v lifetime %v", name, got.Scope, got.Permissions, m["expires_in"])
		}
		if strings.HasPrefix(name, "RFC") != (got.ClientID == consoleClientID) || strings.HasPrefix(name, "RFC") == (got.AZP == consoleClientID) {
			t.Errorf("%s: client_id %q azp %q", name, got.ClientID, got.AZP)
		}
	}
}
