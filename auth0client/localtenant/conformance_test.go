package localtenant

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"
)

func TestAnswersConformToAuth0sDescription(t *testing.T) {
	t.Parallel()
	d := loadDescription(t)
	r := serve(t, Options{Users: 200})
	org := url.PathEscape(r.tenant.orgs.list()[0].ID)
	role := url.PathEscape(r.tenant.roles.list()[3].ID)
	for _, c := range []struct {
		method, template, path, body string
		status                       int
	}{
		{"GET", "/users", "users?per_page=100", "", 200},
		{"GET", "/users", "users?include_totals=true", "", 200},
		{"POST", "/users", "users", `{"connection":"Username-Password-Authentication","email":"n@example.com","password":"long enough 1"}`, 201},
		{"GET", "/users/{id}", "users/" + ada, "", 200},
		{"PATCH", "/users/{id}", "users/" + ada, `{"blocked":true}`, 200},
		{"GET", "/users-by-email", "users-by-email?email=ada@example.com", "", 200},
		{"GET", "/users/{id}/roles", "users/" + ada + "/roles?include_totals=true", "", 200},
		{"GET", "/users/{id}/permissions", "users/" + ada + "/permissions", "", 200},
		{"GET", "/users/{id}/logs", "users/" + ada + "/logs", "", 200},
		{"GET", "/users/{id}/authentication-methods", "users/" + ada + "/authentication-methods?include_totals=true", "", 200},
		{"GET", "/users/{id}/enrollments", "users/" + ada + "/enrollments", "", 200},
		{"GET", "/users/{id}/organizations", "users/" + ada + "/organizations", "", 200},
		{"GET", "/users/{user_id}/sessions", "users/" + ada + "/sessions", "", 200},
		{"GET", "/users/{user_id}/refresh-tokens", "users/" + ada + "/refresh-tokens", "", 200},
		{"POST", "/users/{id}/recovery-code-regeneration", "users/" + ada + "/recovery-code-regeneration", "", 200},
		{"GET", "/user-blocks/{id}", "user-blocks/" + ada, "", 200},
		{"GET", "/roles", "roles", "", 200},
		{"GET", "/roles/{id}", "roles/" + role, "", 200},
		{"GET", "/roles/{id}/users", "roles/" + role + "/users?take=5", "", 200},
		{"GET", "/roles/{id}/permissions", "roles/" + role + "/permissions", "", 200},
		{"GET", "/organizations", "organizations", "", 200},
		{"GET", "/organizations/{id}", "organizations/" + org, "", 200},
		{"GET", "/organizations/{id}/members", "organizations/" + org + "/members?fields=roles,user_id", "", 200},
		// Recorded lists have the applications too; the description does not.
		{"GET", "/connections", "connections?fields=enabled_clients&include_fields=false", "", 200},
		{"GET", "/clients", "clients", "", 200},
		{"GET", "/resource-servers", "resource-servers", "", 200},
		{"GET", "/logs", "logs?per_page=100", "", 200},
		{"GET", "/guardian/factors", "guardian/factors", "", 200},
		{"GET", "/stats/daily", "stats/daily", "", 200},
		{"GET", "/stats/active-users", "stats/active-users", "", 200},
		{"POST", "/tickets/password-change", "tickets/password-change", `{"user_id":"` + ShowcaseID + `"}`, 201},
		{"POST", "/tickets/email-verification", "tickets/email-verification", `{"user_id":"` + ShowcaseID + `"}`, 201},
		{"POST", "/jobs/verification-email", "jobs/verification-email", `{"user_id":"` + ShowcaseID + `"}`, 201},
		{"POST", "/guardian/enrollments/ticket", "guardian/enrollments/ticket", `{"user_id":"` + ShowcaseID + `"}`, 200},
	} {
		r.want(c.status, c.method, c.path, c.body) // the answer is checked on its way out
		path, _, _ := strings.Cut("/"+c.path, "?")
		if o := d.find(c.method, path); o == nil || o.template != c.template {
			t.Errorf("%s %s is not %s of the description", c.method, path, c.template)
		}
	}
}

func TestAnswersThatDifferFromTheDescriptionAreNoticed(t *testing.T) {
	t.Parallel()
	loadDescription(t)
	json := http.Header{"Content-Type": {"application/json; charset=utf-8"}}
	for _, c := range []struct {
		says, method, path string
		status             int
		header             http.Header
		body, want         string
	}{
		{"nothing", "GET", "/roles/rol_1", 200, json, `{"id":"rol_1","name":"a","description":"b"}`, ""},
		{"a number for a text", "GET", "/roles/rol_1", 200, json, `{"id":"rol_1","name":1}`, "name"},
		{"a status that is not described", "GET", "/roles/rol_1", 201, json, `{}`, "status 201"},
		{"another content type", "GET", "/roles/rol_1", 200, http.Header{"Content-Type": {"text/plain"}}, `{}`, "content type"},
		{"no JSON", "GET", "/roles/rol_1", 200, json, `{`, "not JSON"},
		{"a body with 204", "DELETE", "/users/x", 204, json, `{}`, "has a body"},
		{"an error of another status", "GET", "/roles/rol_1", 404, json, `{"statusCode":400,"error":"Not Found","message":"x"}`, "statusCode"},
		{"an error with more in it", "GET", "/roles/rol_1", 404, json, `{"statusCode":404,"error":"Not Found","message":"x","hint":"y"}`, "hint"},
		{"an operation that is not described", "GET", "/nothing/at/all", 200, json, `{}`, "no such operation"},
		{"an operation beyond a console", "POST", "/clients", 201, json, `{"name":1}`, "name"},
	} {
		err := checkAnswer(c.method, c.path, c.status, c.header, []byte(c.body))
		if (c.want == "") != (err == nil) || err != nil && !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, want %q in it", c.says, err, c.want)
		}
	}
}

func TestTheKnownDifferencesAreStillNeeded(t *testing.T) {
	t.Parallel()
	operations := loadDescription(t).all()
	whole, err := entire()
	if err != nil {
		t.Fatal(err)
	}
	operations = append(operations, whole.all()...)
	for _, d := range differences() {
		lacking := 0
		for _, o := range operations {
			if d.covers(o, d.status) && o.spec.Responses.Status(d.status) == nil {
				lacking++
			}
		}
		if lacking == 0 {
			t.Errorf("%s %s %d is described: it is no difference any more", d.method, d.template, d.status)
		}
	}
	for _, k := range optionals() {
		json := http.Header{"Content-Type": {"application/json; charset=utf-8"}}
		o := whole.find(k.method, k.template)
		value := o.success().Value.Content.Get("application/json").Schema.Value
		if err := value.VisitJSON(map[string]any{}, openapi3.MultiErrors()); err == nil || !strings.Contains(err.Error(), `"`+k.key+`" is missing`) {
			t.Errorf("%s of %s %s is not demanded any more: %v", k.key, k.method, k.template, err)
		}
		if err := whole.check(o, 200, json, []byte(`{"id":"job_1","status":"pending","type":"users_export"}`)); err != nil {
			t.Errorf("%s %s without %s: %v", k.method, k.template, k.key, err)
		}
	}
	if len(whole.allowed) > 0 {
		t.Errorf("%v are described: they are no additions any more", whole.allowed)
	}
	for _, n := range newer() {
		method, template, _ := strings.Cut(n, " ")
		if whole.find(method, template) != nil {
			t.Errorf("%s is described now", n)
		}
	}
}
