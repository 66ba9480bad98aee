package localtenant

import (
	"net/url"
	"strings"
	"testing"
)

func TestRequestsAreCheckedBeforeAnythingIsDone(t *testing.T) {
	t.Parallel()
	r := serve(t, Options{})
	for _, c := range []struct {
		status             int
		method, path, body string
		message            string
	}{
		{400, "GET", "users?surprise=1&other=2", "", "Query validation error: 'Additional properties not allowed: other,surprise'."},
		{400, "GET", "users?per_page=101", "", "Query validation error: 'Value 101 is greater than maximum 100' on property per_page."},
		{400, "GET", "users?page=-1", "", "Query validation error: 'Value -1 is less than minimum 0' on property page."},
		{400, "GET", "users?page=x", "", "Query validation error: 'Expected type integer but found type string' on property page."},
		{400, "GET", "users?include_totals=yes", "", "Query validation error: 'Expected type boolean but found type string' on property include_totals."},
		{400, "GET", "users?search_engine=v9", "", "Query validation error: 'No enum match for: v9' on property search_engine."},
		{400, "GET", "users-by-email", "", "Query validation error: 'Missing required property: email'."},
		{400, "GET", "users?q=%zz", "", "Invalid request query string."},
		{400, "POST", "roles", `{"name":`, "Invalid request payload JSON format"},
		{400, "POST", "roles", `[]`, "Payload validation error: 'Expected type object but found type array'."},
		{400, "POST", "roles", ``, "Payload validation error: 'Expected type object but found type null'."},
		{400, "POST", "roles", `{"name":"x","surprise":1,"other":2}`, "Payload validation error: 'Additional properties not allowed: other,surprise'."},
		{400, "POST", "users/" + ada + "/roles", `{"roles":[]}`, "Payload validation error: 'Array is too short (0), minimum 1' on property roles."},
		{400, "POST", "users/" + ada + "/permissions", `{"permissions":[{"permission_name":"x"}]}`,
			"Payload validation error: 'Missing required property: resource_server_identifier' on property permissions[0]."},
		{400, "PATCH", "users/" + ada, `{}`, "Payload validation error: 'Too few properties defined (0), minimum 1'."},
		{413, "POST", "roles", `{"name":"` + strings.Repeat("x", maxBody) + `"}`, "Payload content length greater than maximum allowed: 1048576"},
		{501, "GET", "branding", "", "This local tenant has no such endpoint: GET /api/v2/branding"},
		{501, "PUT", "roles", "", "This local tenant does not take this method here: PUT /api/v2/roles"},
	} {
		a := r.want(c.status, c.method, c.path, c.body)
		if got := a.object()["message"]; got != c.message {
			t.Errorf("%s %s %.60s: %v, want %s", c.method, c.path, c.body, got, c.message)
		}
	}
	r.token = "nonsense"
	if a := r.want(401, "GET", "roles", ""); a.header.Get("WWW-Authenticate") != "Bearer" {
		t.Errorf("without a token: %v", a.header)
	}
}

func TestAnswersHaveTheHeadersThatWereRecorded(t *testing.T) {
	t.Parallel()
	r := serve(t, Options{Plan: PlanEnterprise})
	a := r.want(200, "GET", "roles", "")
	for name, want := range map[string]string{"Content-Type": "application/json; charset=utf-8", "Cache-Control": "no-cache",
		"Strict-Transport-Security": "max-age=31536000", "Vary": "origin,accept-encoding", "X-Content-Type-Options": "nosniff",
		"X-RateLimit-Limit": "50", "X-RateLimit-Remaining": "49", "Link": ""} {
		if got := a.header.Get(name); got != want {
			t.Errorf("%s: %q, want %q", name, got, want)
		}
	}
	if got := r.want(404, "GET", "roles/none", "").header; got.Get("X-RateLimit-Limit") != "" || got.Get("Vary") == "" {
		t.Errorf("a refusal's headers: %v", got)
	}
	host := strings.TrimPrefix(r.base, "http://")
	link := r.want(200, "GET", "connections?per_page=2&page=1", "").header.Get("Link")
	for _, want := range []string{"<http://" + host + `/api/v2/connections?page=0&per_page=2>; rel="first"`, `page=2&per_page=2>; rel="next"`,
		`page=0&per_page=2>; rel="prev"`, `page=3&per_page=2>; rel="last"`} {
		if !strings.Contains(link, want) {
			t.Errorf("Link: %s, want %s in it", link, want)
		}
	}
	if got := r.want(200, "GET", "connections?include_totals=true", "").header.Get("Link"); got != "" {
		t.Errorf("with totals there is a Link: %s", got)
	}
	if got := r.want(200, "GET", "users/"+ada+"/logs", "").header.Get("Link"); !strings.Contains(got, `rel="last"`) {
		t.Errorf("log events: %q", got)
	}
}

func TestEveryPlanHasItsOwnBuckets(t *testing.T) {
	t.Parallel()
	org := func(r *rig) string { return "organizations/" + r.tenant.orgs.list()[0].ID }
	for _, c := range []struct {
		plan  string
		path  func(*rig) string
		limit string
	}{
		{PlanPro, func(*rig) string { return "users" }, "40"},
		{PlanPro, func(*rig) string { return "organizations" }, "5"},
		{PlanPro, org, "20"},
		{PlanPro, func(*rig) string { return "organizations/name/northwind" }, "10"},
		{PlanPro, func(r *rig) string { return org(r) + "/enabled_connections" }, "5"},
		{PlanPro, func(*rig) string { return "roles" }, "10"},
		{PlanPro, func(r *rig) string { return org(r) + "/invitations" }, "10"},
		{PlanEnterprise, func(*rig) string { return "users" }, "50"},
		{PlanEnterprise, org, "10"},
		{PlanEnterprise, func(*rig) string { return "users/" + ada + "/organizations" }, "40"},
		{PlanEnterprise, func(r *rig) string { return org(r) + "/invitations" }, "20"},
		{PlanFree, func(*rig) string { return "users" }, "2"},
		{PlanUnlimited, func(*rig) string { return "users" }, ""},
	} {
		r := serve(t, Options{Plan: c.plan, Users: 5})
		if got := r.want(200, "GET", c.path(r), "").header.Get("X-RateLimit-Limit"); got != c.limit {
			t.Errorf("%s %s: %q, want %q", c.plan, c.path(r), got, c.limit)
		}
	}
}

func TestWritesAreLoggedByAuth0sTitles(t *testing.T) {
	t.Parallel()
	r := serve(t, Options{})
	_, path := r.makeUser("logged@example.com", "")
	r.want(200, "PATCH", path, `{"email":"moved@example.com"}`)
	r.want(200, "PATCH", path, `{"password":"quite another 1"}`)
	r.want(204, "POST", path+"/roles", `{"roles":["`+r.tenant.roles.list()[3].ID+`"]}`)
	r.want(204, "DELETE", path, "")
	var got []string
	for _, row := range r.want(200, "GET", "logs?per_page=100&sort=date:-1&q="+url.QueryEscape("type:(sapi OR sce OR scp OR sdu OR svr)"), "").rows() {
		e := row.(map[string]any)
		if e["type"] == "sapi" {
			got = append(got, e["description"].(string))
		} else {
			got = append(got, e["type"].(string))
		}
	}
	want := "Delete a User, sdu, Assign roles to a user, Update a User, scp, Update a User, sce, Create a User, svr"
	if strings.Join(got[:9], ", ") != want {
		t.Errorf("log: %s, want %s", strings.Join(got, ", "), want)
	}
}
