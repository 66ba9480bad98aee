package localtenant

import (
	"bytes"
	"encoding/json"
	"net/url"
	"os"
	"path/filepath"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"
)

// loadSpec reads Auth0's description of the API. Its oneOf branches overlap, so they are read as anyOf.
func loadSpec(t *testing.T) *openapi3.T {
	t.Helper()
	shared := os.Getenv("USHER_SHARED")
	if shared == "" {
		shared = filepath.Join("..", "..", "..", "shared")
	}
	raw, err := os.ReadFile(filepath.Join(shared, "spec", "user-console-oas.json"))
	if os.IsNotExist(err) {
		t.Skipf("SKIPPED: the API description is not in %s; set USHER_SHARED to the folder that holds spec/", shared)
	}
	if err != nil {
		t.Fatal(err)
	}
	doc, err := openapi3.NewLoader().LoadFromData(bytes.ReplaceAll(raw, []byte(`"oneOf"`), []byte(`"anyOf"`)))
	if err != nil {
		t.Fatal(err)
	}
	return doc
}

func TestAnswersConformToAuth0sDescription(t *testing.T) {
	t.Parallel()
	doc := loadSpec(t)
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
		a := r.want(c.status, c.method, c.path, c.body)
		item := doc.Paths.Value(c.template)
		if item == nil || item.GetOperation(c.method) == nil {
			t.Errorf("%s %s is not in the description", c.method, c.template)
			continue
		}
		res := item.GetOperation(c.method).Responses.Status(c.status)
		if res == nil || res.Value.Content.Get("application/json") == nil {
			t.Errorf("%s %s: status %d is not in the description", c.method, c.template, c.status)
			continue
		}
		var body any
		if err := json.Unmarshal(a.raw, &body); err != nil {
			t.Fatal(err)
		}
		err := res.Value.Content.Get("application/json").Schema.Value.VisitJSON(body)
		if err != nil {
			t.Errorf("%s %s: %.900v", c.method, c.path, err)
		}
	}
}
