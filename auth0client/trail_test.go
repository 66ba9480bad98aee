package auth0client

import (
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"usher/auth0client/lucene"
	"usher/auth0client/term"
)

func TestEventsThatOnlyNameAUserAreFound(t *testing.T) {
	t.Parallel()
	u := User{ID: "auth0|1", EmailRaw: "Ada+x@example.com", Username: term.Line("ada"), Identities: []Identity{{Connection: term.Line("Users")}}}
	tenant := newTenant(t, says(200, `[
		{"log_id":"1","type":"fp","user_id":"auth0|1","user_name":"ada+x@example.com","connection":"Users"},
		{"log_id":"2","type":"fp","user_name":"ada+x@example.com","connection":"Users"},
		{"log_id":"3","type":"fu","user_name":"ada"},
		{"log_id":"4","type":"fp","user_name":"ada","connection":"Partners"},
		{"log_id":"5","date":"2026-03-04T11:00:00Z","type":"f","user_id":"google-oauth2|9","user_name":"ada+x@example.com","connection":"google-oauth2"}]`))
	page, err := tenant.NamelessEvents(t.Context(), u, 0, 5)
	var ids []string
	for _, e := range page.Events {
		ids = append(ids, e.ID.String())
	}
	if err != nil || !page.More || !slices.Equal(ids, []string{"2", "3"}) || !page.Reached.Equal(noon.Add(-time.Hour)) {
		t.Errorf("events %v of %+v, %v", ids, page, err)
	}
	sent, err := url.ParseQuery(tenant.requests()[0].query)
	if err != nil {
		t.Fatal(err)
	}
	const want = `(user_name:"Ada+x@example.com" OR user_name:"ada+x@example.com" OR user_name:"ada")`
	if !strings.HasSuffix(sent.Get("q"), " AND "+want) || !strings.HasPrefix(sent.Get("q"), "type:(f OR fp OR fu OR ") || sent.Get("sort") != "date:-1" {
		t.Errorf("asked %v", sent)
	}
	if page, _ = tenant.NamelessEvents(t.Context(), u, 199, 5); page.More {
		t.Error("a page beyond Auth0's thousand is offered")
	}
	n := len(tenant.requests())
	if page, err = tenant.NamelessEvents(t.Context(), User{ID: "auth0|1"}, 0, 5); err != nil || page.More || len(page.Events) > 0 || len(tenant.requests()) != n {
		t.Error("a user without a name is looked for")
	}
}

func TestNamesMakeALogQueryThatParses(t *testing.T) {
	t.Parallel()
	for _, w := range oddWords() {
		q := namelessQuery(User{EmailRaw: w, Username: term.Line(w), Phone: term.Line(w)})
		if _, err := lucene.ParseLogs(q); err != nil {
			t.Errorf("%.80q makes %.200s: %v", w, q, err)
		}
	}
}

func TestAnIdentitysProfileIsReadWhateverItHolds(t *testing.T) {
	t.Parallel()
	u, err := decodeUser([]byte(`{"user_id":"a|1","identities":[{"provider":"google-oauth2","user_id":"9","profileData":{"name":"Ada\u001b[2J","age":3,"ok":true,"none":null,"list":[1]}},{"provider":"sms","profileData":"odd"},{"provider":"auth0"}]}`))
	if err != nil || len(u.Identities) != 3 {
		t.Fatalf("%+v, %v", u, err)
	}
	var got []string
	for _, f := range u.Identities[0].Profile {
		got = append(got, f.Name.String()+"="+f.Value.String())
	}
	if !slices.Equal(got, []string{"age=3", "list=[1]", "name=Ada␛[2J", "none=", "ok=true"}) || len(u.Identities[1].Profile)+len(u.Identities[2].Profile) != 0 {
		t.Errorf("profiles %q, %v", got, u.Identities[1:])
	}
	if i, ok := u.DatabaseIdentity(); !ok || i.Key.Provider != "auth0" {
		t.Errorf("the database identity is %+v", i)
	}
	if _, ok := (User{Identities: u.Identities[:2]}).DatabaseIdentity(); ok {
		t.Error("a social identity is taken for one with a password")
	}
}

func TestConnectionsAreKeptAndAskedForOnce(t *testing.T) {
	t.Parallel()
	tenant := newTenant(t, says(200, `{"connections":[{"name":"Users","strategy":"auth0","options":{"password_history":{"enable":true},"password_dictionary":{"enable":true},"password_no_personal_info":{"enable":true}}}]}`))
	if _, ok := tenant.ConnectionsKept(); ok {
		t.Error("nothing was read, and something is kept")
	}
	for range 2 {
		if _, err := tenant.Connections(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	kept, ok := tenant.ConnectionsKept()
	if !ok || len(kept) != 1 || len(tenant.requests()) != 1 {
		t.Fatalf("kept %v, %v after %d requests", kept, ok, len(tenant.requests()))
	}
	if o := kept[0].Options; o.History != 1 || !o.NoCommon || !o.NoPersonalInfo {
		t.Errorf("the options are %+v", o)
	}
}
