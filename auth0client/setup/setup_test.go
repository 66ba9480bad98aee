package setup_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"usher/auth0client/gateway/policy"
	"usher/auth0client/localtenant"
	"usher/auth0client/setup"
	"usher/auth0client/signin"
)

const audience = "urn:usher"

// place is a local tenant from which usher's own things are gone, and an admin token for it.
type place struct {
	tenant *localtenant.Tenant
	issuer string
	token  signin.Secret

	mu     sync.Mutex
	writes []string
	fail   string // a request that is answered with 500, once
	limit  int    // so many requests are answered with 429
}

func newPlace(t *testing.T) *place {
	t.Helper()
	tenant, err := localtenant.New(localtenant.Options{Users: 5, Seed: 1})
	if err != nil {
		t.Fatal(err)
	}
	p := &place{tenant: tenant}
	inner := tenant.Handler()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if status := p.spoil(r); status != 0 {
			w.WriteHeader(status)
			_, _ = fmt.Fprintf(w, `{"statusCode":%d,"message":"it does not work: %s"}`, status, r.Header.Get("Authorization"))
			return
		}
		inner.ServeHTTP(w, r)
	}))
	t.Cleanup(server.Close)
	tenant.SetBaseURL(server.URL)
	p.issuer = tenant.Issuer()
	id, secret := tenant.M2M()
	token, err := signin.NewM2M(signin.M2MConfig{
		TokenURL: p.issuer + "oauth/token", ClientID: id, ClientSecret: signin.Secret(secret), Audience: tenant.ManagementAudience(),
	}).Token(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	p.token = signin.Secret(token)
	for _, app := range p.rows(t, "clients", "clients") {
		if name := app["name"].(string); strings.HasPrefix(name, "usher") {
			p.do(t, http.MethodDelete, "clients/"+app["client_id"].(string), nil)
		}
	}
	for _, api := range p.rows(t, "resource-servers", "resource_servers") {
		if api["name"] == "usher" {
			p.do(t, http.MethodDelete, "resource-servers/"+api["id"].(string), nil)
		}
	}
	for _, role := range p.rows(t, "roles", "roles") {
		if strings.HasPrefix(role["name"].(string), "usher") {
			p.do(t, http.MethodDelete, "roles/"+role["id"].(string), nil)
		}
	}
	p.wrote()
	return p
}

// spoil counts what changes the tenant, and gives the status to answer instead of it.
func (p *place) spoil(r *http.Request) int {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.limit > 0 {
		p.limit--
		return http.StatusTooManyRequests
	}
	rest, ok := strings.CutPrefix(r.URL.Path, "/api/v2/")
	if !ok || r.Method == http.MethodGet {
		return 0
	}
	kind, _, _ := strings.Cut(rest, "/")
	if what := r.Method + " " + kind; what == p.fail {
		p.fail = ""
		return http.StatusInternalServerError
	}
	p.writes = append(p.writes, r.Method+" "+kind)
	return 0
}

// wrote are the changes since the last call.
func (p *place) wrote() []string {
	p.mu.Lock()
	defer p.mu.Unlock()
	w := p.writes
	p.writes = nil
	return w
}

func (p *place) do(t *testing.T, method, path string, body any) map[string]any {
	t.Helper()
	data, err := json.Marshal(body)
	if err != nil {
		t.Fatal(err)
	}
	if body == nil {
		data = nil
	}
	req, err := http.NewRequestWithContext(t.Context(), method, p.issuer+"api/v2/"+path, bytes.NewReader(data))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer "+p.token.Reveal())
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	said, err := io.ReadAll(res.Body)
	if err != nil || res.StatusCode >= 300 {
		t.Fatalf("%s %s: %d %s %v", method, path, res.StatusCode, said, err)
	}
	var out map[string]any
	_ = json.Unmarshal(said, &out)
	return out
}

func (p *place) rows(t *testing.T, path, key string) []map[string]any {
	t.Helper()
	var out []map[string]any
	list, _ := p.do(t, http.MethodGet, path+"?include_totals=true&page=0&per_page=100", nil)[key].([]any)
	for _, row := range list {
		out = append(out, row.(map[string]any))
	}
	return out
}

// named is the row of a list with this name.
func (p *place) named(t *testing.T, path, key, name string) map[string]any {
	t.Helper()
	for _, row := range p.rows(t, path, key) {
		if row["name"] == name {
			return row
		}
	}
	t.Fatalf("there is no %s in %s", name, path)
	return nil
}

func (p *place) admin(t *testing.T) *setup.Admin {
	t.Helper()
	at := func(time.Duration) <-chan time.Time { c := make(chan time.Time, 1); c <- time.Time{}; return c }
	a, err := setup.NewAdmin(p.issuer, p.token, time.Now, at)
	if err != nil {
		t.Fatal(err)
	}
	return a
}

func (p *place) plan(t *testing.T, o setup.Options) *setup.Plan {
	t.Helper()
	plan, err := setup.Make(t.Context(), p.admin(t), o)
	if err != nil {
		t.Fatal(err)
	}
	return plan
}

func (p *place) apply(t *testing.T, o setup.Options) setup.Outcome {
	t.Helper()
	out, err := p.plan(t, o).Apply(t.Context(), p.admin(t), func(setup.Step) {})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func options(t *testing.T, p *place) setup.Options {
	t.Helper()
	key, err := setup.PublicOf(privateKey(t), "")
	if err != nil {
		t.Fatal(err)
	}
	return setup.Options{Issuer: p.issuer, Audience: audience, Actions: policy.Actions(), Key: key}
}

// privateKey is one key for all tests: making one takes long.
func privateKey(t *testing.T) signin.Secret {
	t.Helper()
	key, err := onceKey()
	if err != nil {
		t.Fatal(err)
	}
	return key
}

var onceKey = sync.OnceValues(setup.NewKey)

func text(p *setup.Plan) string {
	var b strings.Builder
	p.Write(&b)
	return b.String()
}

func TestSettingUpTwiceChangesNothing(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]func(*setup.Options){
		"everything, with a key": func(*setup.Options) {},
		"with a secret":          func(o *setup.Options) { o.Key = nil },
		"looking only": func(o *setup.Options) {
			o.Actions = []policy.Action{policy.UsersRead, policy.LogsRead}
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := newPlace(t)
			o := options(t, p)
			change(&o)
			var secret signin.Secret
			o.KeepSecret = func(s signin.Secret) error { secret = s; return nil }
			first := p.plan(t, o)
			if first.Changes() != 7 || len(p.wrote()) != 0 {
				t.Fatalf("a fresh tenant needs\n%s", text(first))
			}
			out, err := first.Apply(t.Context(), p.admin(t), func(setup.Step) {})
			if err != nil {
				t.Fatal(err)
			}
			if (secret != "") != (o.Key == nil) || out.ConsoleID == "" || out.GatewayID == "" || out.Management != p.tenant.ManagementAudience() {
				t.Errorf("the outcome is %+v", out)
			}
			p.wrote()
			again := p.plan(t, o)
			second, err := again.Apply(t.Context(), p.admin(t), func(s setup.Step) { t.Errorf("%s again", s.Thing) })
			if err != nil || again.Changes() != 0 || strings.Contains(text(again), "left alone") || len(p.wrote()) != 0 {
				t.Errorf("the second run: %v\n%s", err, text(again))
			}
			if second.ConsoleID != out.ConsoleID || second.GatewayID != out.GatewayID || again.Standing().ConsoleID != out.ConsoleID {
				t.Errorf("the second run ends with %+v", second)
			}
			grant := p.rows(t, "client-grants", "client_grants")
			for _, g := range grant {
				if g["client_id"] != out.GatewayID {
					continue
				}
				var scopes []string
				for _, s := range g["scope"].([]any) {
					scopes = append(scopes, s.(string))
				}
				slices.Sort(scopes)
				if !slices.Equal(scopes, policy.Scopes(o.Actions)) {
					t.Errorf("the gateway is granted %v", scopes)
				}
			}
		})
	}
}

func TestWhatWasChangedByHandIsNamed(t *testing.T) {
	t.Parallel()
	p := newPlace(t)
	o := options(t, p)
	out := p.apply(t, o)
	api := p.named(t, "resource-servers", "resource_servers", "usher")
	scopes := api["scopes"].([]any)[1:]
	scopes[0].(map[string]any)["description"] = "Make people"
	scopes = append(scopes, map[string]any{"value": "users:clone"})
	p.do(t, http.MethodPatch, "resource-servers/"+api["id"].(string), map[string]any{
		"enforce_policies": false, "token_dialect": "access_token", "allow_offline_access": false, "token_lifetime": 86400, "scopes": scopes,
		"subject_type_authorization": map[string]any{"user": map[string]any{"policy": "deny_all"}},
	})
	support := p.named(t, "roles", "roles", "usher support")
	viewer := p.named(t, "roles", "roles", "usher viewer")
	permission := func(name string) map[string]any {
		return map[string]any{"permissions": []any{map[string]any{"resource_server_identifier": audience, "permission_name": name}}}
	}
	p.do(t, http.MethodDelete, "roles/"+support["id"].(string)+"/permissions", permission("mfa:reset"))
	p.do(t, http.MethodPost, "roles/"+viewer["id"].(string)+"/permissions", permission("users:delete"))
	p.do(t, http.MethodPatch, "roles/"+viewer["id"].(string), map[string]any{"description": "Our own words"})
	p.do(t, http.MethodPatch, "clients/"+out.ConsoleID, map[string]any{
		"oidc_conformant": false, "grant_types": []string{"authorization_code", "implicit", "refresh_token"},
		"callbacks":         []string{"http://127.0.0.1:8484/callback", "https://evil.example.com/"},
		"jwt_configuration": map[string]any{"alg": "HS256"},
		"refresh_token":     map[string]any{"rotation_type": "non-rotating", "expiration_type": "expiring", "leeway": 30, "token_lifetime": 99999999, "idle_token_lifetime": 60},
	})
	for _, g := range p.rows(t, "client-grants", "client_grants") {
		if g["client_id"] == out.GatewayID {
			p.do(t, http.MethodPatch, "client-grants/"+g["id"].(string), map[string]any{"scope": []string{"read:users", "delete:connections"}})
		}
	}
	p.wrote()
	diff := p.plan(t, o)
	said := text(diff)
	for _, want := range []string{
		"RBAC (enforce_policies): off -> on", "(token_dialect): access_token -> access_token_authz", "(allow_offline_access): off -> on",
		"(token_lifetime): 86400 -> 3600", "(subject_type_authorization.user): deny_all -> allow_all", "permissions (scopes): + users:read (it has 19 permissions)",
		"left alone: the tenant has its own descriptions of users:create", "left alone: the permission users:clone is not among",
		"left alone: it gives users:delete, which is more than the preset does", `left alone: it is described as "Our own words"`,
		"+ users:read mfa:reset (it has 10 permissions)", "OIDC conformant (oidc_conformant): off -> on", "+ urn:ietf:params:oauth:grant-type:device_code", "left alone: it may also use the grant implicit",
		"+ http://127.0.0.1:8485/callback http://127.0.0.1:8486/callback", "left alone: it may also come back to https://evil.example.com/",
		"(jwt_configuration.alg): HS256 -> RS256", "(refresh_token.rotation_type): non-rotating -> rotating", "(refresh_token.token_lifetime): 99999999 -> 2592000",
		"is 60, which is shorter than 604800", "within 30 seconds (leeway)", "+ create:guardian_enrollment_tickets", "left alone: it has scopes that usher does not need: delete:connections",
	} {
		if !strings.Contains(strings.Join(strings.Fields(said), " "), strings.Join(strings.Fields(want), " ")) {
			t.Errorf("the difference does not name %q:\n%s", want, said)
		}
	}
	if len(p.wrote()) != 0 {
		t.Error("looking changes the tenant")
	}
	p.apply(t, o)
	again := p.plan(t, o)
	for _, kept := range []string{"users:delete", "evil.example.com", "delete:connections", "users:clone", "grant implicit", "own descriptions of users:create", "within 30 seconds"} {
		if again.Changes() != 0 || !strings.Contains(text(again), kept) {
			t.Errorf("after putting it right %s is gone, or something is left to do:\n%s", kept, text(again))
		}
	}
	for _, w := range p.wrote() {
		if strings.HasPrefix(w, http.MethodDelete) {
			t.Errorf("something was deleted: %s", w)
		}
	}
}

func TestTheNextRunGoesOnWhereOneFailed(t *testing.T) {
	t.Parallel()
	for _, fail := range []string{"POST resource-servers", "POST roles", "POST clients", "POST client-grants"} {
		p := newPlace(t)
		o := options(t, p)
		p.fail = fail
		var done []string
		_, err := p.plan(t, o).Apply(t.Context(), p.admin(t), func(s setup.Step) { done = append(done, s.Thing) })
		if err == nil || !strings.Contains(err.Error(), fmt.Sprintf("%d of 7 changes are made, the next run goes on with the other %d", len(done), 7-len(done))) {
			t.Errorf("%s fails: %v", fail, err)
		}
		if err != nil && strings.Contains(err.Error(), p.token.Reveal()) {
			t.Errorf("%s: the error shows the admin token", fail)
		}
		if rest := p.plan(t, o); rest.Changes() > 7-len(done) || rest.Changes() == 0 {
			t.Errorf("after %s failed there are %d changes left, %d were made", fail, rest.Changes(), len(done))
		}
		p.apply(t, o)
		if again := p.plan(t, o); again.Changes() != 0 {
			t.Errorf("after %s failed and a second run:\n%s", fail, text(again))
		}
	}
}

func TestAKeyIsAddedBesideAnother(t *testing.T) {
	t.Parallel()
	p := newPlace(t)
	o := options(t, p)
	o.Key = nil
	p.apply(t, o)
	o = options(t, p)
	diff := p.plan(t, o)
	if said := text(diff); diff.Changes() != 1 || !strings.Contains(said, "a secret, which stops working -> the key") {
		t.Errorf("from secret to key:\n%s", said)
	}
	p.apply(t, o)
	other := *o.Key
	other.Algorithm = "PS256"
	o.Key = &other
	p.apply(t, o)
	if again := p.plan(t, o); again.Changes() != 0 || !strings.Contains(text(again), "it has another key too") {
		t.Errorf("with two keys:\n%s", text(again))
	}
	third := *o.Key
	third.ID = strings.Repeat("x", 43)
	o.Key = &third
	if _, err := setup.Make(t.Context(), p.admin(t), o); err == nil || !strings.Contains(err.Error(), "has 2 keys already") {
		t.Errorf("a third key: %v", err)
	}
	o.Key = nil
	if _, err := setup.Make(t.Context(), p.admin(t), o); err == nil || !strings.Contains(err.Error(), "name the key's file with --key") {
		t.Errorf("a secret beside a key: %v", err)
	}
}

func TestApplicationsOfOneNameAreNotGuessed(t *testing.T) {
	t.Parallel()
	p := newPlace(t)
	o := options(t, p)
	out := p.apply(t, o)
	second := p.do(t, http.MethodPost, "clients", map[string]any{"name": setup.ConsoleName, "app_type": "native"})
	if _, err := setup.Make(t.Context(), p.admin(t), o); err == nil || !strings.Contains(err.Error(), "2 applications named") || !strings.Contains(err.Error(), "--console-app") {
		t.Errorf("two consoles: %v", err)
	}
	o.ConsoleApp = out.ConsoleID
	if plan := p.plan(t, o); plan.Changes() != 0 {
		t.Errorf("with the right one named:\n%s", text(plan))
	}
	o.ConsoleApp = "nobody"
	if _, err := setup.Make(t.Context(), p.admin(t), o); err == nil || !strings.Contains(err.Error(), "no application nobody") {
		t.Errorf("with one named that is not there: %v", err)
	}
	p.do(t, http.MethodPatch, "clients/"+second["client_id"].(string), map[string]any{"is_first_party": false})
	o.ConsoleApp = second["client_id"].(string)
	if _, err := setup.Make(t.Context(), p.admin(t), o); err == nil || !strings.Contains(err.Error(), "third-party") {
		t.Errorf("a third-party console: %v", err)
	}
}

func TestAdminTokensThatDoNotDo(t *testing.T) {
	t.Parallel()
	p := newPlace(t)
	check := func(token signin.Secret, now time.Time, scopes []string) error {
		a, err := setup.NewAdmin(p.issuer, token, func() time.Time { return now }, time.After)
		if err != nil {
			t.Fatal(err)
		}
		_, err = a.CheckToken(scopes)
		return err
	}
	if err := check(p.token, time.Now(), setup.AdminScopes(true)); err != nil {
		t.Errorf("a good token: %v", err)
	}
	for says, err := range map[string]error{
		"copy it whole":                 check("\"rubbish\"", time.Now(), nil),
		"ended":                         check(p.token, time.Now().AddDate(0, 0, 2), nil),
		"lacks the scopes read:secrets": check(p.token, time.Now(), []string{"read:users", "read:secrets"}),
	} {
		if err == nil || !strings.Contains(err.Error(), says) || strings.Contains(err.Error(), "rubbish") {
			t.Errorf("want %q: %v", says, err)
		}
	}
	a, err := setup.NewAdmin(p.issuer, "rubbish-token", time.Now, time.After)
	if err != nil {
		t.Fatal(err)
	}
	var refused *setup.Refused
	_, err = setup.Make(t.Context(), a, options(t, p))
	if !errors.As(err, &refused) || !strings.Contains(err.Error(), "does not take the admin token") || strings.Contains(err.Error(), "rubbish-token") {
		t.Errorf("a refused token: %v", err)
	}
	if said := fmt.Sprintf("%v %+v %#v %s", a, a, a, a); strings.Contains(said, "rubbish") {
		t.Errorf("printing an admin shows %s", said)
	}
}

func TestARateLimitIsWaitedOut(t *testing.T) {
	t.Parallel()
	p := newPlace(t)
	p.limit = 4
	if plan := p.plan(t, options(t, p)); plan.Changes() != 7 {
		t.Errorf("%d changes", plan.Changes())
	}
	p.limit = 100
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := setup.Make(ctx, p.admin(t), options(t, p)); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: %v", err)
	}
	if _, err := setup.Make(t.Context(), p.admin(t), options(t, p)); err == nil || !strings.Contains(err.Error(), "HTTP 429") {
		t.Errorf("a limit that never lifts: %v", err)
	}
}

func TestFeatures(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]int{"": 19, "users": 6, "logs": 2, "users:edit": 2, "mfa, sessions": 5} {
		var list []string
		if in != "" {
			list = strings.Split(in, ",")
		}
		got, err := setup.Actions(list)
		if err != nil || len(got) != want || !slices.Contains(got, policy.UsersRead) {
			t.Errorf("%q is %v, %v", in, got, err)
		}
	}
	if _, err := setup.Actions([]string{"moon"}); err == nil || !strings.Contains(err.Error(), "there are users, mfa, sessions") {
		t.Errorf("an unknown feature: %v", err)
	}
	for _, a := range policy.Actions() {
		if setup.Describe(a) == string(a) {
			t.Errorf("%s has no description", a)
		}
	}
}
