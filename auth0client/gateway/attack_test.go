package gateway

import (
	"bytes"
	"context"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"io"
	"maps"
	"mime/multipart"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"

	"usher/auth0client/gateway/journal"
	"usher/auth0client/gateway/policy"
	"usher/auth0client/signin"
)

const issuer, api = "https://tenant.example/", "https://usher.example"

// signed is a verifier of real tokens, and the keys to make them with.
type signed struct {
	*signin.Verifier
	key, other *rsa.PrivateKey
	now        time.Time
}

func (s signed) Verify(ctx context.Context, token string) (policy.Operator, error) {
	op, err := s.Verifier.Verify(ctx, token)
	return policy.Operator{Subject: op.Subject, Email: op.Email, Permissions: op.Permissions, AuthTime: op.AuthTime}, err
}

func newSigned(t *testing.T, now func() time.Time) signed {
	t.Helper()
	s := signed{now: now()}
	var err error
	if s.key, err = rsa.GenerateKey(rand.Reader, 2048); err != nil {
		t.Fatal(err)
	}
	if s.other, err = rsa.GenerateKey(rand.Reader, 2048); err != nil {
		t.Fatal(err)
	}
	keys, err := json.Marshal(jose.JSONWebKeySet{Keys: []jose.JSONWebKey{{Key: &s.key.PublicKey, KeyID: "k1", Algorithm: "RS256", Use: "sig"}}})
	if err != nil {
		t.Fatal(err)
	}
	s.Verifier = signin.NewVerifier(signin.VerifierConfig{Issuer: issuer, Audience: api, Now: now, Skew: 30 * time.Second, HTTP: &http.Client{
		Transport: roundTripper(func(*http.Request) (*http.Response, error) { return answer(200, string(keys)) }),
	}})
	return s
}

// token is a good one but for what is changed.
func (s signed) token(t *testing.T, alg jose.SignatureAlgorithm, key any, change map[string]any) string {
	t.Helper()
	claims := map[string]any{
		"iss": issuer, "aud": api, "sub": "auth0|op", "email": "op@example.com", "permissions": all(),
		"iat": s.now.Unix(), "exp": s.now.Add(time.Hour).Unix(), "auth_time": s.now.Unix(),
	}
	maps.Copy(claims, change)
	body, err := json.Marshal(claims)
	if err != nil {
		t.Fatal(err)
	}
	signer, err := jose.NewSigner(jose.SigningKey{Algorithm: alg, Key: jose.JSONWebKey{Key: key, KeyID: "k1"}}, nil)
	if err != nil {
		t.Fatal(err)
	}
	object, err := signer.Sign(body)
	if err != nil {
		t.Fatal(err)
	}
	compact, err := object.CompactSerialize()
	if err != nil {
		t.Fatal(err)
	}
	return compact
}

func TestTokensThatDoNotCount(t *testing.T) {
	t.Parallel()
	d := newDesk(t, "")
	s := newSigned(t, d.clock.Now)
	d.o.Verifier = s
	good := s.token(t, jose.RS256, s.key, nil)
	parts := strings.Split(good, ".")
	raw := func(v string) string { return base64.RawURLEncoding.EncodeToString([]byte(v)) }
	der, err := x509.MarshalPKIXPublicKey(&s.key.PublicKey)
	if err != nil {
		t.Fatal(err)
	}
	public := pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der})
	for _, c := range []struct{ name, authorization, query string }{
		{"none", "", ""},
		{"in the query", "", "?access_token=" + good},
		{"in the query beside one that counts", "Bearer " + good, "?access_token=" + good},
		{"as Basic", "Basic " + raw("op:"+good), ""},
		{"in small letters", "bearer " + good, ""},
		{"signed by another key", "Bearer " + s.token(t, jose.RS256, s.other, nil), ""},
		{"signed with the public key as a secret", "Bearer " + s.token(t, jose.HS256, public, nil), ""},
		{"signed with an algorithm that is not Auth0's", "Bearer " + s.token(t, jose.RS512, s.key, nil), ""},
		{"not signed", "Bearer " + raw(`{"alg":"none","kid":"k1"}`) + "." + parts[1] + ".", ""},
		{"its signature cut off", "Bearer " + parts[0] + "." + parts[1] + ".", ""},
		{"its claims replaced", "Bearer " + parts[0] + "." + raw(`{"iss":"`+issuer+`","aud":"`+api+`","sub":"auth0|boss","exp":9999999999}`) + "." + parts[2], ""},
		{"of another issuer", "Bearer " + s.token(t, jose.RS256, s.key, map[string]any{"iss": "https://evil.example/"}), ""},
		{"of the issuer without its slash", "Bearer " + s.token(t, jose.RS256, s.key, map[string]any{"iss": "https://tenant.example"}), ""},
		{"for the Management API", "Bearer " + s.token(t, jose.RS256, s.key, map[string]any{"aud": issuer + "api/v2/"}), ""},
		{"for an application", "Bearer " + s.token(t, jose.RS256, s.key, map[string]any{"aud": "client-id"}), ""},
		{"expired", "Bearer " + s.token(t, jose.RS256, s.key, map[string]any{"exp": s.now.Add(-time.Minute).Unix()}), ""},
		{"that never expires", "Bearer " + s.token(t, jose.RS256, s.key, map[string]any{"exp": nil}), ""},
		{"from the future", "Bearer " + s.token(t, jose.RS256, s.key, map[string]any{"iat": s.now.Add(time.Hour).Unix()}), ""},
		{"of nobody", "Bearer " + s.token(t, jose.RS256, s.key, map[string]any{"sub": ""}), ""},
		{"twice", "Bearer " + good + ", Bearer " + good, ""},
		{"huge", "Bearer " + strings.Repeat("A", 100<<10) + "." + parts[1] + "." + parts[2], ""},
	} {
		for _, path := range []string{ann, "/usher/v1/me", "/usher/v1/journal", "/usher/v1/approvals"} {
			r := request(t.Context(), t, "GET", path+c.query, "")
			r.Header.Del("Authorization")
			if c.authorization != "" {
				r.Header.Set("Authorization", c.authorization)
			}
			res, err := d.Gateway.RoundTrip(r)
			if err != nil {
				t.Fatal(err)
			}
			switch both := c.query != "" && c.authorization != ""; {
			case both && res.StatusCode < 400:
				t.Errorf("%s at %s: %d", c.name, path, res.StatusCode)
			case !both && res.StatusCode != 401:
				t.Errorf("%s at %s: %d, want 401", c.name, path, res.StatusCode)
			}
		}
	}
	if d.reads != 0 || len(d.sent) != 0 {
		t.Errorf("%d reads and %q reached the tenant", d.reads, d.sent)
	}
	if got := d.ask(t, good, "GET", ann, ""); got.status != 200 {
		t.Errorf("the token that counts: %d %s", got.status, got.body)
	}
}

func TestAttacksOnRequests(t *testing.T) {
	t.Parallel()
	big := strings.Repeat("x", maxRequest)
	for _, c := range []struct{ name, method, path, body, code string }{
		{"climbing out of the users", "GET", "/api/v2/users/../client-grants", "", "usher_route"},
		{"climbing, encoded", "GET", "/api/v2/users/%2e%2e%2fclient-grants", "", "usher_route"},
		{"a doubled slash", "GET", "/api/v2//users", "", "usher_route"},
		{"a path parameter", "DELETE", ann + ";/x", "", "usher_route"},
		{"usher's own path in other letters", "GET", "/USHER/v1/me", "", "usher_route"},
		{"usher's own path, encoded", "GET", "/%75sher/v1/me", "", "usher_route"},
		{"something else of usher's own", "GET", "/usher/v1/../../api/v2/users", "", "usher_route"},
		{"another id smuggled in the query", "DELETE", ann + "?user_id=auth0|ivo", "", "usher_query"},
		{"a method smuggled in the query", "GET", ann + "?_method=DELETE", "", "usher_query"},
		{"a parameter twice", "GET", "/api/v2/users?q=name:ann&q=*:*", "", "usher_query"},
		{"a parameter twice, once encoded", "GET", "/api/v2/users?q=name:ann&%71=*:*", "", "usher_query"},
		{"a parameter in brackets", "GET", "/api/v2/users?q[]=*:*", "", "usher_query"},
		{"a semicolon for an ampersand", "GET", "/api/v2/users?per_page=1;q=*:*", "", "usher_query"},
		{"a search by an older engine", "GET", "/api/v2/users?search_engine=v2&q=name:ann", "", "invalid_query_string"},
		{"the connection of the oldest engine", "GET", "/api/v2/users?connection=staff", "", "usher_query"},
		{"a NUL in a search", "GET", "/api/v2/users?q=a%00", "", "usher_query"},
		{"a doubled key", "PATCH", ann, `{"name":"a","name":"b"}`, "usher_field"},
		{"an unknown field", "PATCH", ann, `{"multifactor":[]}`, "usher_field"},
		{"a field in other letters", "PATCH", ann, `{"App_Metadata":{}}`, "usher_field"},
		{"half of a character", "PATCH", ann, `{"name":"\ud800"}`, "usher_field"},
		{"a body of one megabyte", "PATCH", ann, `{"name":"` + big + `"}`, "usher_field"},
		{"a list for an id", "POST", "/api/v2/tickets/password-change", `{"user_id":["auth0|ann"]}`, ""},
		{"an object for an id", "POST", "/api/v2/tickets/password-change", `{"user_id":{"a":1}}`, "usher_field"},
		{"dots for an id", "POST", "/api/v2/tickets/password-change", `{"user_id":"../roles"}`, "usher_field"},
		{"two names for a user", "POST", "/api/v2/tickets/password-change", `{"user_id":"auth0|ann","email":"ivo@example.com"}`, "usher_field"},
		{"a user among a role's that is none", "POST", "/api/v2/roles/rol_customer/users", `{"users":["auth0|ann",7]}`, "usher_field"},
		{"no user for a withdrawal of grants", "DELETE", "/api/v2/grants", "", "usher_field"},
		{"no user for a revocation", "POST", "/api/v2/refresh-tokens/revoke", `{"client_id":"c"}`, "usher_field"},
		{"tokens by their ids", "POST", "/api/v2/refresh-tokens/revoke", `{"ids":["x"],"user_id":"auth0|ann"}`, "usher_field"},
		{"nobody for blocks", "DELETE", "/api/v2/user-blocks?identifier=", "", "usher_field"},
		{"linking by somebody's token", "POST", ann + "/identities", `{"link_with":"eyJ"}`, "usher_field"},
		{"oneself", "PATCH", "/api/v2/users/auth0%7Cop", `{"app_metadata":{"department":"it"}}`, "usher_self"},
		{"oneself in other letters", "PATCH", "/api/v2/users/AUTH0%7COP", `{"name":"x"}`, "usher_self"},
		{"a role for oneself", "POST", "/api/v2/users/auth0%7Cop/roles", `{"roles":["rol_admin"]}`, "usher_self"},
		{"a role for oneself from its side", "POST", "/api/v2/roles/rol_admin/users", `{"users":["auth0|ann","Auth0|Op"]}`, "usher_self"},
		{"a permission for oneself", "POST", "/api/v2/users/auth0%7Cop/permissions", `{"permissions":[]}`, "usher_self"},
		{"more for a role of oneself", "POST", "/api/v2/roles/rol_desk/permissions", `{"permissions":[]}`, "usher_self"},
		{"an account of oneself linked to another", "POST", ann + "/identities", `{"provider":"auth0","user_id":"op"}`, "usher_self"},
		{"another linked to oneself", "POST", "/api/v2/users/auth0%7Cop/identities", `{"provider":"auth0","user_id":"ann"}`, "usher_self"},
		{"one's own block by email", "DELETE", "/api/v2/user-blocks?identifier=OP@example.com", "", "usher_self"},
		{"an approval that is not there", "POST", "/usher/v1/approvals/x/approve", "", "usher_approval"},
		{"an approval by a path", "POST", "/usher/v1/approvals/..%2f..%2fx/approve", "", "usher_route"},
		{"an approval by GET", "GET", "/usher/v1/approvals/x/approve", "", "usher_route"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			d := newDesk(t, sales)
			r := request(t.Context(), t, c.method, "/", c.body)
			r.Header.Set("Authorization", "Bearer op")
			path, query, _ := strings.Cut(c.path, "?")
			r.URL.Opaque, r.URL.RawQuery = "", query
			r.URL.Path, r.URL.RawPath = unescape(t, path), path
			res, err := d.Gateway.RoundTrip(r)
			if err != nil {
				t.Fatal(err)
			}
			data, err := io.ReadAll(res.Body)
			if err != nil {
				t.Fatal(err)
			}
			var got struct{ ErrorCode string }
			_ = json.Unmarshal(data, &got)
			if got.ErrorCode != c.code || c.code != "" && len(d.sent) > 0 {
				t.Errorf("%d %s, sent %q; want %q", res.StatusCode, data, d.sent, c.code)
			}
		})
	}
}

func unescape(t *testing.T, path string) string {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), "GET", "http://x"+path, http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	return r.URL.Path
}

func TestABodyIsJSONForEveryReader(t *testing.T) {
	t.Parallel()
	for kind, code := range map[string]string{
		"application/json": "", "application/json; charset=utf-8": "", "": "",
		"application/x-www-form-urlencoded": "usher_field", "text/plain": "usher_field", "multipart/form-data; boundary=x": "usher_field",
		"application/json, text/plain": "usher_field", "application/merge-patch+json": "usher_field",
	} {
		d := newDesk(t, "")
		got := d.ask(t, "op", "PATCH", ann, `{"name":"x"}`, "Content-Type", kind)
		if got.code != code {
			t.Errorf("%q: %d %s", kind, got.status, got.body)
		}
		if code == "" && d.headers[0].Get("Content-Type") != "application/json" {
			t.Errorf("%q is forwarded as %q", kind, d.headers[0].Get("Content-Type"))
		}
	}
}

func TestARedirectOfTheTenantIsNotFollowedNorHandedOn(t *testing.T) {
	t.Parallel()
	for _, method := range []string{"GET", "PATCH"} {
		w := newWorld(t, journal.Options{}, func(*http.Request, int) (*http.Response, error) {
			return answer(302, "", "Location", "https://evil.example/")
		})
		body := map[string]string{"PATCH": `{"name":"x"}`}[method]
		res, err := w.RoundTrip(request(t.Context(), t, method, user, body))
		if err != nil || res.StatusCode != 302 || res.Header.Get("Location") != "" || len(w.sent) != 1 {
			t.Errorf("%s: %v, %v, %d requests", method, res, err, len(w.sent))
		}
	}
}

// form is the body of an import.
func form(t *testing.T, parts ...string) (kind, body string) {
	t.Helper()
	var b bytes.Buffer
	w := multipart.NewWriter(&b)
	for i := 0; i+1 < len(parts); i += 2 {
		var part io.Writer
		var err error
		if parts[i] == "users" {
			part, err = w.CreateFormFile("users", "users.json")
		} else {
			part, err = w.CreateFormField(parts[i])
		}
		if err != nil {
			t.Fatal(err)
		}
		if _, err := io.WriteString(part, parts[i+1]); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return w.FormDataContentType(), b.String()
}

func TestImports(t *testing.T) {
	t.Parallel()
	people := `[{"email":"a@example.com","app_metadata":{"department":"it"}},{"email":"b@example.com"}]`
	stamped := sales + `
connections = ["staff"]
[policy.create]
stamp = { "app_metadata.department" = "${operator.app_metadata.department}" }
`
	for _, c := range []struct {
		name, policies, as string
		parts              []string
		code               string
		holds              string
	}{
		{"as they are", "", "op", []string{"users", people, "connection_id", "con_staff"}, "", `"department":"it"`},
		{"stamped", stamped, "op", []string{"users", people, "connection_id", "con_staff"}, "", `[{"app_metadata":{"department":"sales"},"email":"a@example.com"},{"app_metadata":{"department":"sales"},"email":"b@example.com"}]`},
		{"into another connection", stamped, "op", []string{"users", people, "connection_id", "con_public"}, "usher_policy", ""},
		{"outside the policy", sales, "op", []string{"users", people, "connection_id", "con_staff"}, "usher_policy", ""},
		{"over those who exist", stamped, "op", []string{"users", people, "connection_id", "con_staff", "upsert", "true"}, "usher_policy", ""},
		{"over oneself", "", "op", []string{"users", `[{"email":"OP@example.com"}]`, "connection_id", "con_staff", "upsert", "true"}, "usher_self", ""},
		{"without the permission", "", "half", []string{"users", people, "connection_id", "con_staff"}, "usher_permission", ""},
		{"with an unknown part", "", "op", []string{"users", people, "connection_id", "con_staff", "webhook", "https://evil.example"}, "usher_field", ""},
		{"with a part twice", "", "op", []string{"users", people, "users", people, "connection_id", "con_staff"}, "usher_field", ""},
		{"that is no list", "", "op", []string{"users", `{"email":"a@example.com"}`, "connection_id", "con_staff"}, "usher_field", ""},
		{"with a doubled key", "", "op", []string{"users", `[{"email":"a@example.com","email":"op@example.com"}]`, "connection_id", "con_staff"}, "usher_field", ""},
		{"too large", "", "op", []string{"users", `["` + strings.Repeat("x", 501<<10) + `"]`, "connection_id", "con_staff"}, "usher_field", ""},
		{"without a connection", "", "op", []string{"users", people}, "usher_field", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			d := newDesk(t, c.policies)
			kind, body := form(t, c.parts...)
			got := d.ask(t, c.as, "POST", "/api/v2/jobs/users-imports", body, "Content-Type", kind)
			if got.code != c.code || (c.code == "") != (len(d.sent) == 1) {
				t.Fatalf("%d %s, sent %q, want %q", got.status, got.body, d.sent, c.code)
			}
			if c.code == "" && !strings.Contains(d.sent[0], c.holds) {
				t.Errorf("sent %q, which lacks %q", d.sent[0], c.holds)
			}
			if strings.Contains(d.journal.data.String(), "a@example.com") {
				t.Errorf("the file is in the journal: %s", d.journal.data.String())
			}
		})
	}
}
