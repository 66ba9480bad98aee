package localtenant

import (
	"fmt"
	"net/url"
	"strings"
	"testing"
)

// makeUser creates a database user and gives their id, escaped for a path.
func (r *rig) makeUser(email, more string) (id, path string) {
	r.Helper()
	a := r.want(201, "POST", "users", `{"connection":"Username-Password-Authentication","email":"`+email+`","password":"long enough 1"`+more+`}`)
	id = a.object()["user_id"].(string)
	return id, "users/" + url.PathEscape(id)
}

func TestLinkedAccountsBecomeIdentitiesAndComeBackWithoutMetadata(t *testing.T) {
	t.Parallel()
	r := serve(t, Options{})
	mainID, main := r.makeUser("main@example.com", "")
	otherID, other := r.makeUser("other@example.com", `,"given_name":"Other","user_metadata":{"a":1}`)
	plain := strings.TrimPrefix(otherID, "auth0|")
	body := `{"provider":"auth0","user_id":"` + plain + `"}`
	a := r.want(201, "POST", main+"/identities", body)
	if len(a.rows()) != 2 || strings.Count(string(a.raw), `"profileData"`) != 2 || !strings.Contains(string(a.raw), `"given_name":"Other"`) {
		t.Fatalf("linked: %s", a.raw)
	}
	r.want(404, "GET", other, "")
	if n := len(r.want(200, "GET", "users-by-email?email=other@example.com", "").rows()); n != 0 {
		t.Error("the linked account is still found by its address")
	}
	for _, c := range []struct {
		status             int
		method, path, body string
		message            string
	}{
		{409, "POST", "/identities", body, "Specified identity already exists."},
		{400, "POST", "/identities", `{"provider":"auth0","user_id":"` + mainID + `"}`, "Main identity and the new one are the same."},
		{400, "POST", "/identities", `{"provider":"auth0","user_id":"nobody"}`, "Provided secondary account not found."},
		{400, "POST", "/identities", `{"provider":"auth0","user_id":"x","connection_id":"con_0000000000000000"}`, "The provider/connection is not configured."},
		{400, "POST", "/identities", `{"link_with":"nonsense"}`, "JWT (link_with) must have an alg of RS256."},
		{400, "DELETE", "/identities/auth0/" + strings.TrimPrefix(mainID, "auth0|"), "", "Main identity cannot be removed."},
		{400, "PATCH", "", `{"name":"x","connection":"google-oauth2"}`, "Connection is not supported for this operation."},
	} {
		if got := r.want(c.status, c.method, main+c.path, c.body).object()["message"]; got != c.message {
			t.Errorf("%s %s %s: %v, want %s", c.method, c.path, c.body, got, c.message)
		}
	}
	a = r.want(200, "DELETE", main+"/identities/auth0/"+plain, "")
	if len(a.rows()) != 1 {
		t.Errorf("left: %s", a.raw)
	}
	back := r.want(200, "GET", other, "").object()
	if back["email"] != "other@example.com" || back["given_name"] != "Other" || back["user_metadata"] != nil {
		t.Errorf("split off: %v", back)
	}
	r.want(204, "DELETE", main, "")
	r.want(200, "GET", other, "")
}

func TestALinkedIdentityKeepsItsOwnCredentials(t *testing.T) {
	t.Parallel()
	r := serve(t, Options{})
	_, main := r.makeUser("first@example.com", "")
	a := r.want(201, "POST", "users", `{"connection":"email","email":"second@example.com"}`)
	r.want(201, "POST", main+"/identities", `{"provider":"email","user_id":"`+a.object()["user_id"].(string)+`"}`)
	r.want(400, "PATCH", main, `{"connection":"email","nickname":"x"}`)
	got := r.want(200, "PATCH", main, `{"connection":"email","email":"third@example.com"}`).object()
	linked := fmt.Sprint(got["identities"].([]any)[1].(map[string]any)["profileData"])
	if got["email"] != "first@example.com" || !strings.Contains(linked, "email:third@example.com") || !strings.Contains(linked, "email_verified:false") {
		t.Errorf("after the change: %v and %s", got["email"], linked)
	}
}

func TestALinkedIdentityKeepsItsPassword(t *testing.T) {
	t.Parallel()
	r := serve(t, Options{Users: 20})
	made := r.want(201, "POST", "users", `{"connection":"Username-Password-Authentication","email":"second@example.com","password":"First Password 1"}`).object()["user_id"].(string)
	plain := strings.TrimPrefix(made, "auth0|")
	r.want(201, "POST", "users/"+ada+"/identities", `{"provider":"auth0","user_id":"`+plain+`"}`)
	first := r.tenant.users.at(ShowcaseID)
	at := len(first.Identities) - 1
	if first.Identities[at].Password == "" || strings.Contains(fmt.Sprint(r.want(200, "GET", "users/"+ada, "").body), first.Identities[at].Password) {
		t.Fatal("the password is not kept, or shown")
	}
	if n := len(first.Identities); n < 2 {
		t.Fatalf("%d identities", n)
	}
	r.want(200, "DELETE", "users/"+ada+"/identities/auth0/"+plain, "")
	if !r.tenant.users.at(made).isPassword("First Password 1") {
		t.Error("the split-off account has another password")
	}
}
