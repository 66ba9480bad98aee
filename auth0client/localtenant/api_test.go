package localtenant

import (
	"bytes"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"
)

var ada = url.PathEscape(ShowcaseID)

func TestAUserIsCreatedChangedFoundAndDeleted(t *testing.T) {
	t.Parallel()
	r := serve(t, Options{})
	a := r.want(201, "POST", "users", `{"connection":"Username-Password-Authentication","email":"New@Example.com","password":"long enough 1","user_id":"a/b|c","user_metadata":{"a":1,"b":2}}`)
	if a.object()["user_id"] != "auth0|a/b|c" || a.object()["email"] != "new@example.com" {
		t.Fatalf("created %s", a.raw)
	}
	path := "users/" + url.PathEscape("auth0|a/b|c")
	r.want(409, "POST", "users", `{"connection":"Username-Password-Authentication","email":"new@example.com","password":"long enough 1"}`)
	r.clock.pass(time.Minute)
	a = r.want(200, "PATCH", path, `{"name":"Someone","user_metadata":{"a":null,"c":{"d":3}}}`)
	meta := fmt.Sprint(a.object()["user_metadata"])
	if meta != "map[b:2 c:map[d:3]]" || a.object()["updated_at"] != "2026-11-24T09:01:00.000Z" {
		t.Errorf("after the change: %s", a.raw)
	}
	if n := len(r.want(200, "GET", "users-by-email?email=new%40example.com", "").rows()); n != 1 {
		t.Errorf("by email: %d", n)
	}
	find := "users?search_engine=v3&q=" + url.QueryEscape(`name:"someone"`)
	if n := len(r.want(200, "GET", find, "").rows()); n != 0 {
		t.Error("the search saw the change at once")
	}
	r.clock.pass(time.Second)
	if n := len(r.want(200, "GET", find, "").rows()); n != 1 {
		t.Error("the search did not see the change after the lag")
	}
	r.want(204, "DELETE", path, "")
	r.want(204, "DELETE", path, "")
	a = r.want(404, "GET", path, "")
	if a.object()["errorCode"] != "inexistent_user" {
		t.Errorf("gone: %s", a.raw)
	}
	logs := r.want(200, "GET", "logs?q=type:sapi+AND+client_id:"+gatewayClientID, "").rows()
	if len(logs) != 4 || !strings.Contains(fmt.Sprint(logs[0]), "correlation_id:corr-1") {
		t.Errorf("log of writes: %v", logs)
	}
}

func TestUpdatesThatAuth0RefusesAreRefused(t *testing.T) {
	t.Parallel()
	r := serve(t, Options{})
	for body, message := range map[string]string{
		`{"password":"long enough 1","email":"x@example.com"}`: "Cannot update password and email simultaneously",
		`{"username":"ada","email":"x@example.com"}`:           "Cannot update username and email simultaneously",
		`{"given_name":null,"nickname":null}`: "The following user attributes cannot be removed: given_name, nickname. The connection " +
			"(Username-Password-Authentication) must either be a custom database connection with import mode disabled, a social or enterprise connection.",
		`{"email":"ada@example.com","password":"x","blocked":false}`: "Cannot update password and email simultaneously",
		`{"user_metadata":null}`:                                     "Payload validation error: 'Expected type object but found type null' on property user_metadata.",
		`{"username":"ada"}`:                                         "Cannot set username for connection without requires_username.",
		`{"password":"short"}`:                                       "PasswordStrengthError: Password is too weak",
		`{"surprise":1}`:                                             "Payload validation error: 'Additional properties not allowed: surprise'.",
		`{"blocked":"yes"}`:                                          "Payload validation error: 'Expected type boolean but found type string' on property blocked.",
		`{"connection":"none","name":"x"}`:                           "Connection does not exist.",
		`{"email":"avery@nowhere"}`:                                  "Payload validation error: 'Object didn't pass validation for format email: avery@nowhere' on property email.",
		`{"app_metadata":{"email_verified":1}}`:                      "The following app_metadata properties cannot be used: email_verified",
	} {
		if got := r.want(400, "PATCH", "users/"+ada, body).object()["message"]; got != message {
			t.Errorf("%s: %v, want %s", body, got, message)
		}
	}
}

func TestRolesAreAssignedRemovedAndLimited(t *testing.T) {
	t.Parallel()
	r := serve(t, Options{})
	if got := r.want(200, "GET", "users/"+ada+"/roles?include_totals=true", "").object()["total"]; got != 2.0 {
		t.Fatalf("roles at first: %v", got)
	}
	var ids []string
	for i := range 49 {
		made := r.want(200, "POST", "roles", fmt.Sprintf(`{"name":"extra %d"}`, i)).object()
		ids = append(ids, `"`+made["id"].(string)+`"`)
	}
	r.want(400, "POST", "users/"+ada+"/roles", `{"roles":[`+strings.Join(ids, ",")+`]}`)
	r.want(204, "POST", "users/"+ada+"/roles", `{"roles":[`+ids[0]+`]}`)
	r.want(204, "DELETE", "users/"+ada+"/roles", `{"roles":[`+ids[0]+`]}`)
	if n := len(r.want(200, "GET", "users/"+ada+"/roles", "").rows()); n != 2 {
		t.Errorf("roles at last: %d", n)
	}
	r.want(404, "POST", "users/"+ada+"/roles", `{"roles":["rol_none"]}`)
	r.want(400, "POST", "users/"+ada+"/roles", `{"roles":[]}`)
	sources := string(r.want(200, "GET", "users/"+ada+"/permissions", "").raw)
	if !strings.Contains(sources, `"source_type":"ROLE"`) || !strings.Contains(sources, "Refund desk") {
		t.Errorf("permissions: %s", sources)
	}
}

func TestMFAMethodsAreListedAndRemoved(t *testing.T) {
	t.Parallel()
	r := serve(t, Options{})
	list := "users/" + ada + "/authentication-methods"
	rows := r.want(200, "GET", list+"?include_totals=true", "").object()["authenticators"].([]any)
	var kinds []string
	for _, m := range rows {
		kinds = append(kinds, m.(map[string]any)["type"].(string))
	}
	if !slices.Equal(kinds, []string{"password", "totp", "phone", "recovery-code"}) {
		t.Fatalf("methods: %v", kinds)
	}
	one := list + "/" + url.PathEscape(rows[1].(map[string]any)["id"].(string))
	r.want(204, "DELETE", one, "")
	r.want(404, "GET", one, "")
	r.want(204, "DELETE", list, "")
	if n := len(r.want(200, "GET", list, "").rows()); n != 1 {
		t.Errorf("left: %d, want the password alone", n)
	}
	r.want(200, "POST", "users/"+ada+"/recovery-code-regeneration", "")
}

func TestSearchAndItsPagingCap(t *testing.T) {
	t.Parallel()
	r := serve(t, Options{Users: 1100})
	for q, want := range map[string]int{
		`email:"ADA@example.com"`: 1, `name:"Ada Lovelace" AND logins_count:187`: 1, `user_metadata.language:"en-GB"`: 1,
		`app_metadata.tags:"vip" AND email:ada*`: 1, `user_id:"` + ShowcaseID + `"`: 1, `identities.connection:"Operators"`: 3,
		`email:"nobody@example.com"`: 0,
	} {
		if got := len(r.want(200, "GET", "users?search_engine=v3&q="+url.QueryEscape(q), "").rows()); got != want {
			t.Errorf("%s: %d, want %d", q, got, want)
		}
	}
	last := r.want(200, "GET", "users?page=9&per_page=100&include_totals=true", "").object()
	if last["total"] != 1000.0 || last["length"] != 100.0 {
		t.Errorf("the last page: total %v, length %v", last["total"], last["length"])
	}
	a := r.want(400, "GET", "users?page=10&per_page=100", "")
	if !strings.HasPrefix(a.object()["message"].(string), "You can only page through the first 1000 records.") {
		t.Errorf("past the cap: %s", a.raw)
	}
	r.want(400, "GET", "users?per_page=101", "")
	r.want(400, "GET", "users?q="+url.QueryEscape(`name:"open`), "")
	rows := r.want(200, "GET", "users?sort=logins_count:-1&per_page=100&fields=logins_count", "").rows()
	before := 1e9
	for _, row := range rows {
		n, _ := row.(map[string]any)["logins_count"].(float64)
		if n > before || len(row.(map[string]any)) > 1 {
			t.Fatalf("order or fields: %v after %v", row, before)
		}
		before = n
	}
}

func TestRateLimitsFollowThePlan(t *testing.T) {
	t.Parallel()
	r := serve(t, Options{Plan: PlanFree})
	r.want(200, "GET", "roles", "")
	r.want(200, "GET", "roles", "")
	a := r.want(429, "GET", "roles", "")
	if a.header.Get("X-RateLimit-Limit") != "2" || a.header.Get("X-RateLimit-Remaining") != "0" ||
		a.header.Get("X-RateLimit-Reset") != fmt.Sprint(r.clock.now().Unix()+1) ||
		a.object()["errorCode"] != "too_many_requests" {
		t.Errorf("429: %v %s", a.header, a.raw)
	}
	r.clock.pass(500 * time.Millisecond)
	r.want(200, "GET", "roles", "")
}

func TestTheSameSeedMakesTheSameTenant(t *testing.T) {
	t.Parallel()
	one, two, other := serve(t, Options{Seed: 4}), serve(t, Options{Seed: 4}), serve(t, Options{Seed: 5})
	for _, path := range []string{"users?per_page=100", "roles", "organizations"} {
		a, b, c := one.want(200, "GET", path, ""), two.want(200, "GET", path, ""), other.want(200, "GET", path, "")
		if !bytes.Equal(a.raw, b.raw) {
			t.Errorf("%s differs between equal seeds", path)
		}
		if bytes.Equal(a.raw, c.raw) {
			t.Errorf("%s is equal for different seeds", path)
		}
	}
	if a, b := one.want(200, "GET", "users/"+ada+"/logs", ""), two.want(200, "GET", "users/"+ada+"/logs", ""); !bytes.Equal(a.raw, b.raw) || len(a.rows()) == 0 {
		t.Errorf("log events: %s and %s", a.raw, b.raw)
	}
}

func TestFaultsAreSwitchedOnAndOff(t *testing.T) {
	t.Parallel()
	r := serve(t, Options{})
	if err := r.tenant.AddFault("GET /api/v2/users/{id} 503"); err != nil {
		t.Fatal(err)
	}
	r.want(503, "GET", "users/"+ada, "")
	r.want(200, "GET", "users/"+ada+"/roles", "")
	r.tenant.ClearFaults()
	r.want(200, "GET", "users/"+ada, "")
	if err := r.tenant.AddFault("PATCH /api/v2/* half"); err != nil {
		t.Fatal(err)
	}
	req, _ := http.NewRequestWithContext(t.Context(), "PATCH", r.base+"/api/v2/users/"+ada, strings.NewReader(`{"nickname":"countess"}`))
	req.Header.Set("Authorization", "Bearer "+r.token)
	if res, err := http.DefaultClient.Do(req); err == nil {
		if _, err = new(bytes.Buffer).ReadFrom(res.Body); err == nil {
			t.Error("half an answer read to its end")
		}
		res.Body.Close()
	}
	if got := r.want(200, "GET", "users/"+ada, "").object()["nickname"]; got != "countess" {
		t.Errorf("the change behind half an answer was not made: %v", got)
	}
	for _, rule := range []string{"", "GET x", "GET /x 200", "GET /x delay=soon", "drop 101%"} {
		if r.tenant.AddFault(rule) == nil {
			t.Errorf("the rule %q was taken", rule)
		}
	}
}
