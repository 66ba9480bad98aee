package doctor

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"testing"
	"time"

	"usher/auth0client/localtenant"
	"usher/auth0client/signin"
	"usher/auth0client/signin/tokenstore"
)

// local is a local tenant with its admin's token.
type local struct {
	*localtenant.Tenant
	token string
}

func newLocal(t *testing.T) local {
	t.Helper()
	tenant, err := localtenant.New(localtenant.Options{Users: 5, Seed: 1, DeviceInterval: time.Second})
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(tenant.Handler())
	t.Cleanup(server.Close)
	tenant.SetBaseURL(server.URL)
	l := local{Tenant: tenant}
	if l.token, err = l.m2m().Token(t.Context()); err != nil {
		t.Fatal(err)
	}
	return l
}

func (l local) profile() Profile {
	id, audience := l.Device()
	return Profile{Issuer: l.Issuer(), ClientID: id, Audience: audience, Now: time.Now}
}

func (l local) m2m() *signin.M2M {
	id, secret := l.M2M()
	return signin.NewM2M(signin.M2MConfig{TokenURL: l.Issuer() + "oauth/token", ClientID: id, ClientSecret: signin.Secret(secret), Audience: l.ManagementAudience()})
}

func (l local) do(t *testing.T, method, path string, body any) []byte {
	t.Helper()
	data, err := json.Marshal(body)
	if err != nil {
		t.Fatal(err)
	}
	req, err := http.NewRequestWithContext(t.Context(), method, l.Issuer()+"api/v2/"+path, bytes.NewReader(data))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer "+l.token)
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	said, err := io.ReadAll(res.Body)
	if err != nil || res.StatusCode >= 300 {
		t.Fatalf("%s %s: %d %s %v", method, path, res.StatusCode, said, err)
	}
	return said
}

func TestDeviceCodesAndTheAudience(t *testing.T) {
	t.Parallel()
	l := newLocal(t)
	p := l.profile()
	expect(t, "all good", Device(p), "ok device: the application "+p.ClientID, "ok audience: the tenant has the API "+p.Audience)
	other := p
	other.ClientID = "of-another-tenant"
	expect(t, "a client of another tenant", Device(other), "failed device: Unknown client: of-another-tenant", "they may be of two tenants", "skipped audience")
	other = p
	other.Audience = "https://nobody.example.com"
	expect(t, "an unknown audience", Device(other), "failed audience: Service not found: https://nobody.example.com", "run usher setup", "skipped device")
	other.Issuer = "http://acme.example.com/"
	expect(t, "plain http", Device(other), "failed device: the issuer", "is not https")
	l.do(t, http.MethodPatch, "clients/"+p.ClientID, map[string]any{"grant_types": []string{"authorization_code"}})
	expect(t, "a grant that is not enabled", Device(p), "failed device", "(unauthorized_client)", "switch the grant on")
	limited := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(http.StatusTooManyRequests)
		_, _ = io.WriteString(w, `{"error":"too_many_requests","error_description":"x"}`)
	}))
	defer limited.Close()
	p.Issuer = limited.URL + "/"
	expect(t, "a rate limit", Device(p), "note device: the tenant gives no more device codes")
	limited.Close()
	expect(t, "nobody there", Device(p), "failed device: ask for a sign-in code: 127.0.0.1 cannot be reached", "look at the network")
}

// sign makes a check of a sign-in kept in a folder, as nobody or as a preset operator.
func (l local) sign(t *testing.T, dir, as string) SignIn {
	t.Helper()
	identity, err := tokenstore.NewIdentity()
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "age.txt")
	if err := os.WriteFile(file, []byte(identity.Reveal()), 0o600); err != nil {
		t.Fatal(err)
	}
	o := tokenstore.Options{Dir: dir, Account: "a", Want: tokenstore.File, Identity: file, Now: time.Now}
	id, audience := l.Device()
	open := func(store *tokenstore.Store) (*signin.Client, error) {
		return signin.New(signin.Config{Issuer: l.Issuer(), ClientID: id, Audience: audience, Store: store})
	}
	if as != "" {
		c, err := open(tokenstore.New(o))
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		code, err := c.StartDevice(t.Context())
		if err == nil {
			err = l.Approve(code.UserCode, as)
		}
		if err != nil {
			t.Fatal(err)
		}
		code.Interval = time.Millisecond
		if _, err := c.WaitDevice(t.Context(), code); err != nil {
			t.Fatal(err)
		}
	}
	store := tokenstore.New(o)
	return SignIn{Store: store, Want: "file", Login: "usher login", Open: func() (*signin.Client, func(), error) {
		c, err := open(store)
		if err != nil {
			return nil, nil, err
		}
		return c, c.Close, nil
	}}
}

func TestWhatIsKeptOfASignIn(t *testing.T) {
	t.Parallel()
	l := newLocal(t)
	expect(t, "nobody", l.sign(t, t.TempDir(), "").Check(), "failed sign-in: nobody is signed in; run: usher login", "skipped permissions")
	dir := filepath.Join(t.TempDir(), "kept")
	expect(t, "a viewer", l.sign(t, dir, "viewer").Check(), "ok store: file keeps", "ok sign-in: avery@ops.example", "ok permissions: 7 of 19 (as usher viewer); not: users:create")
	if err := os.WriteFile(filepath.Join(dir, "sign-in.age"), []byte("age-encryption.org/v1\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	expect(t, "a damaged store", l.sign(t, dir, "").Check(), "failed sign-in", "is damaged", "run: usher login")
	closed := l.sign(t, filepath.Join(dir, "sign-in.key"), "admin")
	expect(t, "an admin", closed.Check(), "ok permissions: all 19 (as usher admin)")
	if err := os.Chmod(filepath.Join(dir, "sign-in.key"), 0o755); err != nil {
		t.Fatal(err)
	}
	again := l.sign(t, filepath.Join(dir, "sign-in.key"), "")
	expect(t, "a store open to others", again.Check(), "failed store: file cannot be used", "chmod 700")

	memory := l.sign(t, t.TempDir(), "")
	memory.Store, memory.Want = tokenstore.New(tokenstore.Options{Dir: t.TempDir(), Want: tokenstore.Memory, Now: time.Now}), ""
	expect(t, "memory", memory.Check(), "note store: sign-ins end with usher", "failed sign-in: nobody")
}

func TestWhatASignInAllows(t *testing.T) {
	t.Parallel()
	check := func(op signin.Operator, missing ...string) Check {
		return Check{Run: func(_ context.Context, r *Report) { SignIn{Login: "usher login"}.allowed(r, op, missing) }}
	}
	ada := signin.Operator{Subject: "auth0|ada", Email: "ada@example.com"}
	expect(t, "an API without RBAC", check(ada), "ok sign-in: ada@example.com", "failed permissions: the token says nothing of permissions; at usher's API switch RBAC on")
	ada.Permissions = []string{}
	expect(t, "no role", check(ada), "failed permissions: ada@example.com may do nothing", "assigned")
	ada.Permissions = []string{"users:read", "users:delete"}
	expect(t, "some", check(ada, "users:edit"), "ok sign-in", "ok permissions: 2 of 19; not:")
	expect(t, "no offline access", check(ada, "offline_access", "users:edit"), "failed sign-in: it cannot be renewed", "allow offline access")
	expect(t, "no name", check(ada, "profile"), "note sign-in: ada@example.com is signed in, without the scopes profile")
}
