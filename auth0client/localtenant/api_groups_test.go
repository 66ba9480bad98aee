package localtenant

import (
	"fmt"
	"net/url"
	"strings"
	"testing"
)

func TestGroupsGiveRolesAndSourcesTellIt(t *testing.T) {
	t.Parallel()
	r := serve(t, Options{Users: 200})
	var finance *group
	for _, g := range r.tenant.groups.list() {
		if g.Name == "Finance" {
			finance = g
		}
	}
	r.tenant.mu.Lock()
	accountant, auditor := r.tenant.roleNamed("Accountant").ID, r.tenant.roleNamed("Auditor").ID
	r.tenant.setGroups(ShowcaseID, []groupMembership{{Group: finance.ID, Since: r.clock.now()}})
	r.tenant.mu.Unlock()
	r.want(204, "POST", "users/"+ada+"/roles", `{"roles":["`+accountant+`"]}`)
	sources := map[string]string{}
	for _, row := range r.want(200, "GET", "users/"+ada+"/effective-roles", "").object()["roles"].([]any) {
		sources[row.(map[string]any)["id"].(string)] = fmt.Sprint(row.(map[string]any)["sources"])
	}
	if sources[accountant] != "[direct groups]" || sources[auditor] != "[groups]" || len(sources) != 4 {
		t.Errorf("effective roles: %v", sources)
	}
	direct := string(r.want(200, "GET", "users/"+ada+"/roles", "").raw)
	if strings.Contains(direct, auditor) {
		t.Error("a role of a group shows as assigned")
	}
	from := r.want(200, "GET", "users/"+ada+"/effective-roles/sources/groups?role_id="+auditor, "").object()["groups"].([]any)
	if len(from) != 1 || from[0].(map[string]any)["name"] != "Finance" {
		t.Errorf("groups that give the role: %v", from)
	}
	api := "resource_server_identifier=" + url.QueryEscape(billingAPI)
	r.want(201, "POST", "users/"+ada+"/permissions", `{"permissions":[{"resource_server_identifier":"`+billingAPI+`","permission_name":"void:invoices"},
		{"resource_server_identifier":"`+billingAPI+`","permission_name":"read:invoices"}]}`)
	permissions := map[string]string{}
	for _, row := range r.want(200, "GET", "users/"+ada+"/effective-permissions?"+api, "").object()["permissions"].([]any) {
		permissions[row.(map[string]any)["permission_name"].(string)] = fmt.Sprint(row.(map[string]any)["sources"])
	}
	if permissions["void:invoices"] != "[direct]" || permissions["read:invoices"] != "[direct roles]" || permissions["export:reports"] != "[roles]" {
		t.Errorf("effective permissions: %v", permissions)
	}
	why := r.want(200, "GET", "users/"+ada+"/effective-permissions/sources/effective-roles?permission_name=export:reports&"+api, "").object()["roles"].([]any)
	if len(why) != 1 || why[0].(map[string]any)["name"] != "Auditor" {
		t.Errorf("roles that give the permission: %v", why)
	}
	r.tenant.mu.Lock()
	inToken := r.tenant.permissionsFor(ShowcaseID, billingAPI, "")
	r.tenant.mu.Unlock()
	if fmt.Sprint(inToken) != "[export:reports read:invoices read:reports void:invoices write:invoices]" {
		t.Errorf("permissions in a token: %v", inToken)
	}
	r.want(400, "GET", "users/"+ada+"/effective-permissions", "")
	r.want(404, "GET", "users/"+ada+"/effective-roles/sources/groups?role_id=rol_none", "")
	r.want(204, "DELETE", "groups/"+finance.ID, "")
	if got := r.want(200, "GET", "users/"+ada+"/effective-roles", "").object()["roles"].([]any); len(got) != 3 {
		t.Errorf("after the group was deleted: %v", got)
	}
}

func TestGroupsTakeTenRolesAndListTheirMembers(t *testing.T) {
	t.Parallel()
	r := serve(t, Options{Users: 300})
	everyone := r.tenant.groups.list()[0]
	path := "groups/" + everyone.ID
	first := r.want(200, "GET", path+"/members?take=5", "").object()
	if len(first["members"].([]any)) != 5 || first["next"] == nil {
		t.Fatalf("members: %v", first)
	}
	var ids []string
	for i := range 11 {
		made := r.want(200, "POST", "roles", fmt.Sprintf(`{"name":"group role %d"}`, i)).object()
		ids = append(ids, `"`+made["id"].(string)+`"`)
	}
	r.want(400, "POST", path+"/roles", `{"roles":[`+strings.Join(ids, ",")+`]}`)
	r.want(204, "POST", path+"/roles", `{"roles":[`+strings.Join(ids[:10], ",")+`]}`)
	if got := len(r.want(200, "GET", path+"/roles", "").object()["roles"].([]any)); got != 10 {
		t.Errorf("roles: %d", got)
	}
	role := "roles/" + strings.Trim(ids[10], `"`) + "/groups"
	r.want(400, "POST", role, `{"groups":["`+everyone.ID+`"]}`)
	r.want(204, "DELETE", path+"/roles", `{"roles":[`+ids[0]+`]}`)
	r.want(204, "POST", role, `{"groups":["`+everyone.ID+`"]}`)
	if got := r.want(200, "GET", role, "").object()["groups"].([]any); len(got) != 1 {
		t.Errorf("groups with the role: %v", got)
	}
	r.want(204, "DELETE", role, `{"groups":["`+everyone.ID+`"]}`)
	org := "organizations/" + r.tenant.orgs.list()[3].ID
	r.want(204, "POST", org+"/"+path+"/roles", `{"roles":[`+ids[1]+`]}`)
	if got := r.want(200, "GET", org+"/groups", "").object()["groups"].([]any); len(got) != 1 {
		t.Errorf("groups of the organization: %v", got)
	}
	member := first["members"].([]any)[0].(map[string]any)["id"].(string)
	r.want(204, "POST", org+"/members", `{"members":["`+member+`"]}`)
	held := string(r.want(200, "GET", org+"/members/"+url.PathEscape(member)+"/effective-roles", "").raw)
	if !strings.Contains(held, strings.Trim(ids[1], `"`)) || !strings.Contains(held, `"groups"`) {
		t.Errorf("effective roles of a member: %s", held)
	}
	r.want(404, "GET", "groups/grp_11111111111111", "")
	if n := len(r.want(200, "GET", "groups?search=fin", "").rows()); n != 1 {
		t.Errorf("search: %d", n)
	}
	mine := r.want(200, "GET", "users/"+url.PathEscape(member)+"/groups", "").rows()
	if len(mine) == 0 || mine[0].(map[string]any)["membership_created_at"] == nil {
		t.Errorf("groups of a member: %v", mine)
	}
}
