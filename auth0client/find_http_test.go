package auth0client_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"usher/auth0client"
	"usher/auth0client/localtenant"
)

// toTenant sends the client's requests to a local tenant with its own token, and notes what was asked.
type toTenant struct {
	base  *url.URL
	over  http.RoundTripper // the server's own: see toServer
	token string
	fail  string // requests for this are answered with 503

	mu    sync.Mutex
	asked []string
}

func (t *toTenant) RoundTrip(r *http.Request) (*http.Response, error) {
	r = r.Clone(r.Context())
	r.URL.Scheme, r.URL.Host, r.Host = t.base.Scheme, t.base.Host, ""
	r.Header.Set("Authorization", "Bearer "+t.token)
	what := strings.TrimPrefix(r.URL.EscapedPath(), "/api/v2/")
	t.mu.Lock()
	t.asked = append(t.asked, what)
	t.mu.Unlock()
	if what == t.fail {
		return &http.Response{StatusCode: 503, Header: http.Header{}, Body: http.NoBody, Request: r}, nil
	}
	return t.over.RoundTrip(r)
}

// asks gives what was asked since the last time, sorted.
func (t *toTenant) asks() []string {
	t.mu.Lock()
	defer t.mu.Unlock()
	out := t.asked
	t.asked = nil
	slices.Sort(out)
	return out
}

func served(t testing.TB, o localtenant.Options) (*auth0client.Client, *toTenant) {
	t.Helper()
	tenant, err := localtenant.New(o)
	if err != nil {
		t.Fatal(err)
	}
	s := httptest.NewServer(tenant.Handler())
	t.Cleanup(s.Close)
	tenant.SetBaseURL(s.URL)
	id, secret := tenant.M2M()
	res, err := s.Client().PostForm(s.URL+"/oauth/token", url.Values{"grant_type": {"client_credentials"}, "client_id": {id}, "client_secret": {secret}, "audience": {tenant.ManagementAudience()}})
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close() //nolint:errcheck // read to its end
	var token struct {
		AccessToken string `json:"access_token"`
	}
	if err := json.NewDecoder(res.Body).Decode(&token); err != nil {
		t.Fatal(err)
	}
	base, _ := url.Parse(s.URL)
	way := &toTenant{base: base, over: s.Client().Transport, token: token.AccessToken}
	c, err := auth0client.New(auth0client.Options{Domain: base.Host, HTTP: &http.Client{Transport: way}})
	if err != nil {
		t.Fatal(err)
	}
	return c, way
}

func ids(p auth0client.FoundPage) (out []string) {
	for _, u := range p.Users {
		out = append(out, string(u.ID))
	}
	slices.Sort(out)
	return out
}

// odd are people whose keys are hard to ask for.
func odd() []byte {
	var people []map[string]any
	for id, email := range map[string]string{
		"plus": "ada+work@example.com", "mixed": "Ada.Mixed@Example.com", "brien": "o'brien@example.com",
		"idn": "jürgen@bücher.example", "a/b": "slash@example.com",
	} {
		people = append(people, map[string]any{"user_id": id, "email": email, "email_verified": true, "name": "Odd " + id})
	}
	for i := range 3 {
		people = append(people, map[string]any{"user_id": fmt.Sprint("contact", i), "email": fmt.Sprintf("contact%d@example.com", i), "app_metadata": map[string]any{"external_id": "K/12:5 (b)"}})
	}
	people = append(people, map[string]any{"user_id": "number", "email": "number@example.com", "app_metadata": map[string]any{"external_id": 11115}})
	data, err := json.Marshal(people)
	if err != nil {
		panic(err)
	}
	return data
}

func TestFindingPeopleWithOddKeys(t *testing.T) {
	t.Parallel()
	c, way := served(t, localtenant.Options{Data: odd()})
	crm := []auth0client.Lookup{{Name: "crm", Path: "app_metadata.external_id"}}
	const byEmail, search = "users-by-email", "users"
	for _, tc := range []struct {
		typed string
		want  []string
		asks  []string
	}{
		{"ada+work@example.com", []string{"auth0|plus"}, []string{search, byEmail}},
		{"ADA+WORK@example.com", []string{"auth0|plus"}, []string{search, byEmail, byEmail}},
		{"ada.mixed@example.com", []string{"auth0|mixed"}, []string{search, byEmail}},
		{`"ada lovelace"@example.com`, nil, []string{search, byEmail}},
		{"o'brien@example.com", []string{"auth0|brien"}, []string{search, byEmail}},
		{"Jürgen@bücher.example", []string{"auth0|idn"}, []string{search, byEmail, byEmail}},
		{"auth0|a/b", []string{"auth0|a/b"}, []string{"users/auth0%7Ca%2Fb"}},
		{"auth0|nobody", nil, []string{search, "users/auth0%7Cnobody"}},
		{"ticket 12, user o'brien@example.com and auth0|a/b!", []string{"auth0|a/b", "auth0|brien"}, []string{search, byEmail, "users/auth0%7Ca%2Fb"}},
		{"crm:K/12:5 (b)", []string{"auth0|contact0", "auth0|contact1", "auth0|contact2"}, []string{search}},
		{"11115", []string{"auth0|number"}, []string{search}},
		{"odd plus", []string{"auth0|plus"}, []string{search}},
	} {
		way.asks()
		p, err := c.Find(t.Context(), auth0client.Finding{Typed: tc.typed, Lookups: crm, PerPage: 50})
		if got := way.asks(); err != nil || !slices.Equal(ids(p), tc.want) || !slices.Equal(got, tc.asks) {
			t.Errorf("%s: found %v by %v, %v; want %v by %v", tc.typed, ids(p), got, err, tc.want, tc.asks)
		}
		if p.Ran.IsEmpty() {
			t.Errorf("%s: it is not said what was asked", tc.typed)
		}
	}
}

func TestFindingAmongTheCast(t *testing.T) {
	t.Parallel()
	c, way := served(t, localtenant.Options{Users: 300, Plan: "unlimited"})
	find := func(typed string) auth0client.FoundPage {
		t.Helper()
		p, err := c.Find(t.Context(), auth0client.Finding{Typed: typed, PerPage: 50})
		if err != nil {
			t.Fatalf("%s: %v", typed, err)
		}
		return p
	}
	if got := ids(find("Robin@example.com")); len(got) != 5 {
		t.Errorf("one email with five users finds %v", got)
	}
	lucy := find("lucy.linked@example.com").Users[0]
	if len(lucy.Identities) < 2 {
		t.Fatalf("%s has %d identities", lucy.ID, len(lucy.Identities))
	}
	second := lucy.Identities[1].Key
	if got := ids(find(second.Provider + "|" + second.UserID)); !slices.Equal(got, []string{string(lucy.ID)}) {
		t.Errorf("the id of a linked identity finds %v, want %s", got, lucy.ID)
	}
	all, err := c.Find(t.Context(), auth0client.Finding{PerPage: 50, Page: 1})
	if err != nil || all.Start != 50 || len(all.Users) != 50 || all.Exact {
		t.Errorf("the second page: %d users from %d, %v", len(all.Users), all.Start, err)
	}
	way.fail = "users-by-email"
	if _, err := c.Find(t.Context(), auth0client.Finding{Typed: "robin@example.com", PerPage: 50}); err == nil {
		t.Error("a look-up that failed is passed by")
	}
}

func TestALookUpStandsWhenTheSearchFails(t *testing.T) {
	t.Parallel()
	c, way := served(t, localtenant.Options{Users: 300})
	way.fail = "users"
	p, err := c.Find(t.Context(), auth0client.Finding{Typed: "robin@example.com", PerPage: 50})
	if err != nil || len(p.Users) != 5 || p.Missed == nil {
		t.Errorf("found %v, missed %v, %v", ids(p), p.Missed, err)
	}
	if _, err = c.Find(t.Context(), auth0client.Finding{Typed: "nobody@example.com", PerPage: 50}); err == nil {
		t.Error("nobody was found, and it is not said that the search failed")
	}
}

func TestHoldersOfARoleComePageByPage(t *testing.T) {
	t.Parallel()
	c, way := served(t, localtenant.Options{Users: 400, Plan: "unlimited"})
	roles, err := c.Roles(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	all, err := c.Find(t.Context(), auth0client.Finding{PerPage: 100, Sort: auth0client.Sort{Field: "email"}})
	if err != nil {
		t.Fatal(err)
	}
	more, err := c.Find(t.Context(), auth0client.Finding{PerPage: 100, Page: 1, Sort: auth0client.Sort{Field: "email"}})
	if err != nil {
		t.Fatal(err)
	}
	role := roles[len(roles)-1].ID
	want := map[string]bool{}
	for _, u := range append(all.Users, more.Users...) {
		want[string(u.ID)] = true
		if err := c.AssignRoles(t.Context(), u.ID, []auth0client.RoleID{role}); err != nil {
			t.Fatal(err)
		}
	}
	way.asks()
	got, from, pages := map[string]bool{}, "", 0
	for {
		p, err := c.Find(t.Context(), auth0client.Finding{Role: role, From: from, PerPage: 50, Filter: "NOT blocked:true"})
		if err != nil {
			t.Fatal(err)
		}
		pages++
		for _, u := range p.Users {
			if u.Blocked {
				t.Errorf("%s is blocked", u.ID)
			}
			got[string(u.ID)] = true
		}
		if from = p.Next; from == "" {
			break
		}
	}
	missing := 0
	for _, u := range append(all.Users, more.Users...) {
		if !u.Blocked && !got[string(u.ID)] {
			missing++
		}
	}
	if missing > 0 || pages < 2 {
		t.Errorf("%d holders are missing after %d pages", missing, pages)
	}
	if n := len(way.asks()); n > 3*pages {
		t.Errorf("%d requests for %d pages", n, pages)
	}
}

func TestEverybodyIsWalkedThroughBeyondTheWindow(t *testing.T) {
	t.Parallel()
	c, _ := served(t, localtenant.Options{Users: 1300, Plan: "unlimited"})
	walk := func(f auth0client.Finding, most int) map[auth0client.UserID]bool {
		t.Helper()
		seen := map[auth0client.UserID]bool{}
		err := c.Everybody(t.Context(), f, most, func(us []auth0client.User) {
			for _, u := range us {
				if seen[u.ID] {
					t.Errorf("%s came twice", u.ID)
				}
				seen[u.ID] = true
			}
		})
		if err != nil {
			t.Fatal(err)
		}
		return seen
	}
	if n := len(walk(auth0client.Finding{}, 10_000)); n < 1300 {
		t.Errorf("%d of 1300 users and more", n)
	}
	if n := len(walk(auth0client.Finding{}, 1111)); n != 1111 {
		t.Errorf("%d users, want the first 1111", n)
	}
	if n := len(walk(auth0client.Finding{Typed: "robin@example.com"}, 100)); n != 5 {
		t.Errorf("%d users of one email, want 5", n)
	}
	var many []map[string]any
	for i := range 1100 {
		many = append(many, map[string]any{"user_id": fmt.Sprint("m", i), "email": fmt.Sprintf("m%d@example.com", i)})
	}
	data, err := json.Marshal(many)
	if err != nil {
		t.Fatal(err)
	}
	at := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	once, _ := served(t, localtenant.Options{Data: data, Now: func() time.Time { return at }})
	if err := once.Everybody(t.Context(), auth0client.Finding{}, 10_000, func([]auth0client.User) {}); err == nil || !strings.Contains(err.Error(), "one moment") {
		t.Errorf("users of one moment are missing, and what is said is %v", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := c.Everybody(ctx, auth0client.Finding{}, 100, func([]auth0client.User) {}); err == nil {
		t.Error("a walk that was cancelled is no error")
	}
}
