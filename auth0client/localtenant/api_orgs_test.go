package localtenant

import (
	"fmt"
	"net/url"
	"strings"
	"testing"
	"time"
)

func (r *rig) connectionID(name string) string {
	r.tenant.mu.Lock()
	defer r.tenant.mu.Unlock()
	return r.tenant.connectionNamed(name).ID
}

func TestOrganizationsAreMadeChangedAndTakeTheirOwnAlong(t *testing.T) {
	t.Parallel()
	r := serve(t, Options{})
	db := r.connectionID(database)
	made := r.want(201, "POST", "organizations", `{"name":"acme","display_name":"Acme","branding":{"colors":{"primary":"#fff","page_background":"#000000"}},
		"metadata":{"tier":"gold"},"enabled_connections":[{"connection_id":"`+db+`"}]}`).object()
	id := made["id"].(string)
	org := "organizations/" + id
	for _, c := range []struct {
		status             int
		method, path, body string
		message            string
	}{
		{409, "POST", "organizations", `{"name":"acme"}`, "An organization with this name already exists."},
		{400, "POST", "organizations", `{"name":"Upper Case"}`, "Payload validation error: 'Object didn't pass validation for format organization-name: Upper Case' on property name."},
		{400, "POST", "organizations", `{}`, "Payload validation error: 'Missing required property: name'."},
		{404, "GET", "organizations/org_none", "", "No organization found by that id or name"},
		{404, "GET", org + "/enabled_connections/con_none", "", "No connection found by that id"},
		{409, "POST", org + "/enabled_connections", `{"connection_id":"` + db + `"}`, "The organization connection already exists."},
		{400, "PATCH", org + "/enabled_connections/" + db, `{"is_signup_enabled":true}`,
			"Only database connections with assign_membership_on_login = true support is_signup_enabled = true."},
		{404, "GET", org + "/invitations/uinv_none", "", "The invitation does not exist."},
		{404, "GET", org + "/discovery-domains/ord_none", "", "No organization domain found by that id"},
	} {
		if got := r.want(c.status, c.method, c.path, c.body).object()["message"]; got != c.message {
			t.Errorf("%s %s %s: %v, want %s", c.method, c.path, c.body, got, c.message)
		}
	}
	if got := r.want(200, "GET", "organizations/name/acme", "").object()["id"]; got != id {
		t.Errorf("by name: %v", got)
	}
	got := r.want(200, "PATCH", org, `{"name":"acme-2","metadata":{"tier":null}}`).object()
	if got["name"] != "acme-2" || got["metadata"] != nil || got["branding"] == nil {
		t.Errorf("changed: %v", got)
	}
	r.want(200, "PATCH", org+"/connections/"+db, `{"organization_access_level":"full","assign_membership_on_login":true}`)
	if row := r.want(200, "GET", org+"/connections", "").rows()[0].(map[string]any); row["organization_access_level"] != "full" ||
		row["is_enabled"] != true || row["connection"].(map[string]any)["strategy"] != "auth0" {
		t.Errorf("connection: %v", row)
	}
	r.want(201, "POST", org+"/discovery-domains", `{"domain":"acme.example"}`)
	domain := r.want(200, "GET", org+"/discovery-domains/name/acme.example", "").object()
	if domain["verification_host"] != "_ss-verification."+id+".acme.example" {
		t.Errorf("domain: %v", domain)
	}
	if got := r.want(200, "PATCH", org+"/discovery-domains/"+domain["id"].(string), `{"status":"verified"}`).object()["status"]; got != "verified" {
		t.Errorf("domain after the change: %v", got)
	}
	r.want(204, "POST", org+"/members", `{"members":["`+ShowcaseID+`"]}`)
	r.want(204, "DELETE", org, "")
	r.want(404, "DELETE", org, "")
	if strings.Contains(string(r.want(200, "GET", "users/"+ada+"/organizations", "").raw), id) {
		t.Error("a member still belongs to the deleted organization")
	}
}

func TestMemberListsTrailBehindButMembershipDoesNot(t *testing.T) {
	t.Parallel()
	r := serve(t, Options{})
	org := "organizations/" + r.want(201, "POST", "organizations", `{"name":"lagging"}`).object()["id"].(string)
	count := func() int { return len(r.want(200, "GET", org+"/members", "").rows()) }
	r.want(204, "POST", org+"/members", `{"members":["`+ShowcaseID+`"]}`)
	if n := count(); n != 0 {
		t.Errorf("listed at once: %d", n)
	}
	if !strings.Contains(string(r.want(200, "GET", "users/"+ada+"/organizations", "").raw), "lagging") {
		t.Error("the user's own list does not have the organization at once")
	}
	r.clock.pass(time.Second)
	if n := count(); n != 1 {
		t.Errorf("listed after the lag: %d", n)
	}
	r.want(204, "DELETE", org+"/members", `{"members":["`+ShowcaseID+`"]}`)
	if n := count(); n != 1 {
		t.Errorf("gone from the list at once: %d", n)
	}
	r.clock.pass(time.Second)
	if n := count(); n != 0 {
		t.Errorf("listed after leaving: %d", n)
	}
}

func TestMembersHaveRolesOfTheirOwn(t *testing.T) {
	t.Parallel()
	r := serve(t, Options{})
	org := "organizations/" + r.tenant.orgs.list()[0].ID
	role := r.tenant.roles.list()[4].ID
	path := org + "/members/" + ada + "/roles"
	r.want(204, "POST", path, `{"roles":["`+role+`"]}`)
	if got := r.want(200, "GET", path+"?include_totals=true", "").object(); got["total"] != 1.0 {
		t.Errorf("roles: %v", got)
	}
	list := string(r.want(200, "GET", org+"/members?fields=user_id,roles&per_page=100", "").raw)
	if !strings.Contains(list, `"id":"`+role+`"`) || strings.Contains(list, `"picture"`) {
		t.Errorf("members with roles: %.300s", list)
	}
	newcomer, _ := r.makeUser("newcomer@example.com", "")
	r.want(204, "POST", org+"/members/"+url.PathEscape(newcomer)+"/roles", `{"roles":["`+role+`"]}`)
	r.want(204, "POST", org+"/members", `{"members":["`+newcomer+`"]}`)
	r.clock.pass(time.Second)
	if n := len(r.want(200, "GET", org+"/members/"+url.PathEscape(newcomer)+"/roles", "").rows()); n != 1 {
		t.Errorf("roles given before joining: %d", n)
	}
	next, pages := "", 0
	for seen := -1; seen != 0; pages++ {
		page := r.want(200, "GET", org+"/members?take=100"+next, "").object()
		seen = len(page["members"].([]any))
		if to, more := page["next"].(string); more != (seen > 0) {
			t.Fatalf("page %d of %d members: next %v", pages, seen, page["next"])
		} else if more {
			next = "&from=" + url.QueryEscape(to)
		}
	}
	r.want(404, "POST", org+"/members/"+url.PathEscape("auth0|nobody")+"/roles", `{"roles":["`+role+`"]}`)
	r.want(200, "DELETE", "roles/"+role, "")
	if rows := r.want(200, "GET", path, "").rows(); len(rows) != 0 {
		t.Errorf("after the role was deleted: %v", rows)
	}
}

func TestInvitationsNeedALoginAddressAndRunOut(t *testing.T) {
	t.Parallel()
	r := serve(t, Options{})
	o := r.tenant.orgs.list()[0]
	path := "organizations/" + o.ID + "/invitations"
	corp := r.connectionID(corporate)
	bodyFor := func(client, more string) string {
		return `{"inviter":{"name":"Sam"},"invitee":{"email":"new@example.com"},"client_id":"` + client + `"` + more + `}`
	}
	for body, message := range map[string]string{
		bodyFor("nobody", ""):        "The specified client_id does not exist.",
		bodyFor(consoleClientID, ""): "The specified client_id does not allow organizations.",
		bodyFor(shopClientID, `,"roles":["rol_0000000000000001","rol_0000000000000002"]`):        "One or more of the specified roles do not exist: rol_0000000000000001, rol_0000000000000002",
		bodyFor(shopClientID, `,"connection_id":"con_0000000000000001"`):                         "The specified connection does not exist.",
		bodyFor(shopClientID, `,"connection_id":"`+corp+`"`):                                     "The specified connection (" + corp + ") is not enabled for the organization",
		bodyFor(shopClientID, `,"connection_id":"`+r.connectionID("sms")+`"`):                    "Passwordless connections are not supported.",
		bodyFor(shopClientID, `,"ttl_sec":2592001`):                                              "Payload validation error: 'Value 2592001 is greater than maximum 2592000' on property ttl_sec.",
		`{"inviter":{"name":"Sam"},"invitee":{"email":"no"},"client_id":"` + shopClientID + `"}`: "Payload validation error: 'Object didn't pass validation for format email: no' on property invitee.email.",
	} {
		if got := r.want(400, "POST", path, body).object()["message"]; got != message {
			t.Errorf("%s: %v, want %s", body, got, message)
		}
	}
	a := r.want(201, "POST", path, bodyFor(shopClientID, `,"ttl_sec":3600,"user_metadata":{"x":1}`)).object()
	want := fmt.Sprintf("https://shop.example/login?invitation=%s&organization=%s&organization_name=%s", a["ticket_id"], o.ID, o.Name)
	if a["invitation_url"] != want || a["expires_at"] != "2026-11-24T10:00:00.000Z" {
		t.Errorf("invitation: %v", a)
	}
	one := path + "/" + a["id"].(string)
	if got := r.want(200, "GET", one+"?fields=id,invitee", "").object(); len(got) != 2 {
		t.Errorf("fields: %v", got)
	}
	page := r.want(200, "GET", path+"?include_totals=true", "").object()
	if _, has := page["total"]; has || page["invitations"] == nil {
		t.Errorf("page: %v", page)
	}
	r.want(204, "DELETE", one, "")
	r.want(404, "DELETE", one, "")
	r.want(200, "PATCH", "clients/"+shopClientID, `{"initiate_login_uri":""}`)
	if got := r.want(400, "POST", path, bodyFor(shopClientID, "")).object()["message"].(string); !strings.HasPrefix(got, "A default login route is required") {
		t.Errorf("without a login address: %s", got)
	}
}
