package localtenant

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// visit is a browser at the tenant. It follows no redirect by itself.
type visit struct {
	*rig
	http *http.Client
}

// seen is what a browser got.
type seen struct {
	status   int
	text     string
	to       *url.URL // where it is sent
	security string
}

func (r *rig) browser() *visit {
	jar, err := cookiejar.New(nil)
	if err != nil {
		r.Fatal(err)
	}
	return &visit{r, &http.Client{Jar: jar, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}}
}

func (v *visit) do(method, address string, form url.Values) seen {
	v.Helper()
	if strings.HasPrefix(address, "/") {
		address = v.base + address
	}
	req, err := http.NewRequestWithContext(v.Context(), method, address, strings.NewReader(form.Encode()))
	if err != nil {
		v.Fatal(err)
	}
	if method == http.MethodPost {
		req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		req.Header.Set("Origin", v.base)
	}
	res, err := v.http.Do(req)
	if err != nil {
		v.Fatal(err)
	}
	defer res.Body.Close()
	raw, err := io.ReadAll(res.Body)
	if err != nil {
		v.Fatal(err)
	}
	to, err := res.Location()
	if err != nil {
		to = &url.URL{}
	}
	return seen{status: res.StatusCode, text: string(raw), to: to, security: res.Header.Get("Content-Security-Policy")}
}

func (v *visit) get(address string) seen { v.Helper(); return v.do(http.MethodGet, address, nil) }

var stateField = regexp.MustCompile(`name="state" value="([^"]+)"`)

// answer fills in the form of a page and sends it to where the page is.
func (v *visit) answer(path string, p seen, fields url.Values) seen {
	v.Helper()
	m := stateField.FindStringSubmatch(p.text)
	if m == nil {
		v.Fatalf("the page has no form: %d %s", p.status, p.text)
	}
	fields.Set("state", m[1])
	return v.do(http.MethodPost, path, fields)
}

const pkceVerifier = "a-verifier-of-43-characters-or-more-is-wanted"

func s256(verifier string) string {
	sum := sha256.Sum256([]byte(verifier))
	return base64.RawURLEncoding.EncodeToString(sum[:])
}

const consoleCallback = "http://127.0.0.1:8484/callback"

// ask is an authorization request of the console with changes; a value of "-" leaves a parameter out.
func ask(change ...string) string {
	q := url.Values{"response_type": {"code"}, "client_id": {consoleClientID}, "redirect_uri": {consoleCallback},
		"scope": {"openid profile email offline_access users:read users:delete"}, "audience": {UsherAudience}, "state": {"s-1"},
		"nonce": {"n-1"}, "code_challenge": {s256(pkceVerifier)}, "code_challenge_method": {"S256"}}
	for i := 0; i+1 < len(change); i += 2 {
		if q.Set(change[i], change[i+1]); change[i+1] == "-" {
			q.Del(change[i])
		}
	}
	return "/authorize?" + q.Encode()
}

// login opens the sign-in page that a request leads to.
func (v *visit) login(request string) seen {
	v.Helper()
	p := v.get(request)
	if p.status != http.StatusFound || p.to.Path != "/u/login" {
		v.Fatalf("%s leads to %d %s %s", request, p.status, p.to, p.text)
	}
	return v.get(p.to.String())
}

// password signs in with a name and a password.
func (v *visit) password(request, name, password string) seen {
	v.Helper()
	return v.answer("/u/login", v.login(request), url.Values{"username": {name}, "password": {password}})
}

// code is the authorization code an answer carries.
func (v *visit) code(p seen) string {
	v.Helper()
	c := p.to.Query().Get("code")
	if p.status != http.StatusFound || c == "" {
		v.Fatalf("no code: %d %s %s", p.status, p.to, p.text)
	}
	return c
}

func (r *rig) redeem(code, verifier string) (int, map[string]any) {
	r.Helper()
	return r.form("/oauth/token", url.Values{"grant_type": {grantCode}, "client_id": {consoleClientID}, "code": {code},
		"code_verifier": {verifier}, "redirect_uri": {consoleCallback}})
}

// logged are the types of what was logged since the tenant started, oldest first.
func (r *rig) logged() []string {
	r.tenant.mu.Lock()
	defer r.tenant.mu.Unlock()
	var out []string
	for _, e := range r.tenant.events.all() {
		out = append(out, e.Type)
	}
	return out
}

func (r *rig) wantLogged(kinds ...string) {
	r.Helper()
	have := r.logged()
	for _, k := range kinds {
		if !slices.Contains(have, k) {
			r.Errorf("%s was not logged: %v", k, have)
		}
	}
}

// plain is somebody with a password and no second factor.
func (r *rig) plain() *user {
	r.tenant.mu.Lock()
	defer r.tenant.mu.Unlock()
	u := r.tenant.users.find(func(u *user) bool {
		return u.connection() == database && r.tenant.factorOf(u.ID) == nil && !u.isBlocked() && len(r.tenant.blocks.at(u.ID)) == 0
	})
	if u == nil {
		r.Fatal("there is nobody with a password alone")
	}
	return u
}

func (r *rig) change(id string, do func(*user)) {
	r.tenant.mu.Lock()
	defer r.tenant.mu.Unlock()
	c := r.tenant.users.at(id).clone()
	do(c)
	r.tenant.put(c)
}

func claimsOf(t *testing.T, tenant *Tenant, raw any) identityClaims {
	t.Helper()
	var c identityClaims
	if err := tenant.read(raw.(string), &c); err != nil {
		t.Fatal(err)
	}
	return c
}

// json posts a body as JSON.
func (r *rig) json(path string, body any) (int, map[string]any) {
	r.Helper()
	raw, err := json.Marshal(body)
	if err != nil {
		r.Fatal(err)
	}
	res, err := http.Post(r.base+path, "application/json", strings.NewReader(string(raw)))
	if err != nil {
		r.Fatal(err)
	}
	defer res.Body.Close()
	var m map[string]any
	raw, err = io.ReadAll(res.Body)
	if err != nil {
		r.Fatal(err)
	}
	if len(raw) > 0 && json.Unmarshal(raw, &m) != nil {
		m = map[string]any{"text": strings.TrimSpace(string(raw))}
	}
	return res.StatusCode, m
}

// fetch reads JSON.
func (r *rig) fetch(path string) (int, map[string]any) {
	r.Helper()
	res, err := http.Get(r.base + path)
	if err != nil {
		r.Fatal(err)
	}
	defer res.Body.Close()
	var m map[string]any
	if err := json.NewDecoder(res.Body).Decode(&m); err != nil {
		r.Fatal(err)
	}
	return res.StatusCode, m
}
