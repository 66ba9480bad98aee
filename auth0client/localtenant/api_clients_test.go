package localtenant

import (
	"encoding/json"
	"fmt"
	"net/url"
	"strings"
	"testing"
)

func TestWhatASetupNeedsIsMadeReadBackAndTakenAway(t *testing.T) {
	t.Parallel()
	r := serve(t, Options{})
	api := r.want(201, "POST", "resource-servers", `{"identifier":"https://desk.example/api","name":"Desk","scopes":[{"value":"read:desk","description":"Read"},
		{"value":"write:desk"}],"enforce_policies":true,"token_dialect":"access_token_authz","allow_offline_access":true,"token_lifetime":600}`).object()
	native := r.want(201, "POST", "clients", `{"name":"Desk console","app_type":"native","token_endpoint_auth_method":"none",
		"grant_types":["urn:ietf:params:oauth:grant-type:device_code","refresh_token"],"refresh_token":{"rotation_type":"rotating","expiration_type":"expiring"}}`).object()
	if native["client_secret"] != nil || native["app_type"] != "native" || native["is_first_party"] != true {
		t.Errorf("native app: %v", native)
	}
	pemText, err := json.Marshal(string(publicPEM(t, testKey())))
	if err != nil {
		t.Fatal(err)
	}
	machine := r.want(201, "POST", "clients", `{"name":"Desk gateway","app_type":"non_interactive","grant_types":["client_credentials"],
		"client_authentication_methods":{"private_key_jwt":{"credentials":[{"credential_type":"public_key","name":"first","pem":`+string(pemText)+`}]}}}`).object()
	id := machine["client_id"].(string)
	keys := "clients/" + id + "/credentials"
	r.want(201, "POST", keys, `{"credential_type":"public_key","pem":`+string(pemText)+`}`)
	r.want(400, "POST", keys, `{"credential_type":"public_key","pem":`+string(pemText)+`}`)
	if rows := r.want(200, "GET", keys, "").rows(); len(rows) != 2 || rows[0].(map[string]any)["alg"] != "RS256" {
		t.Errorf("credentials: %v", rows)
	}
	r.want(204, "DELETE", keys+"/"+r.want(200, "GET", keys, "").rows()[1].(map[string]any)["id"].(string), "")
	grant := `{"client_id":"` + id + `","audience":"https://desk.example/api","scope":["read:desk"]}`
	made := r.want(201, "POST", "client-grants", grant).object()
	for body, message := range map[string]string{
		grant: "A resource with the same identifier already exists.",
		`{"client_id":"nobody","audience":"https://desk.example/api","scope":[]}`:                               "No client found by that id",
		`{"client_id":"` + id + `","audience":"none","scope":[]}`:                                               "Resource server not found.",
		`{"client_id":"` + id + `","audience":"` + r.tenant.ManagementAudience() + `","allow_all_scopes":true}`: "allow_all_scopes is not supported for system resource servers.",
	} {
		if got := r.api("POST", "client-grants", body); got.status < 400 || got.object()["message"] != message {
			t.Errorf("%s: %d %s, want %s", body, got.status, got.raw, message)
		}
	}
	changed := r.want(200, "PATCH", "client-grants/"+made["id"].(string), `{"scope":["read:desk","write:desk"],"organization_usage":"allow","allow_any_organization":true}`).object()
	if fmt.Sprint(changed["scope"]) != "[read:desk write:desk]" || changed["allow_any_organization"] != true {
		t.Errorf("changed grant: %v", changed)
	}
	org := r.tenant.orgs.list()[0].ID
	r.want(201, "POST", "organizations/"+org+"/client-grants", `{"grant_id":"`+made["id"].(string)+`"}`)
	r.want(409, "POST", "organizations/"+org+"/client-grants", `{"grant_id":"`+made["id"].(string)+`"}`)
	if rows := r.want(200, "GET", "client-grants/"+made["id"].(string)+"/organizations", "").rows(); len(rows) != 1 {
		t.Errorf("organizations of the grant: %v", rows)
	}
	if rows := r.want(200, "GET", "clients?q=client_grant.organization_id:"+org, "").rows(); len(rows) != 1 {
		t.Errorf("clients granted to the organization: %v", rows)
	}
	r.want(400, "GET", "clients?q=name:x", "")
	r.want(204, "DELETE", "clients/"+id, "")
	r.want(404, "GET", "client-grants/"+made["id"].(string), "")
	if rows := r.want(200, "GET", "organizations/"+org+"/client-grants", "").rows(); len(rows) != 0 {
		t.Errorf("the organization still has %v", rows)
	}
	r.want(204, "DELETE", "resource-servers/"+api["id"].(string), "")
	r.want(404, "GET", "resource-servers/"+api["id"].(string), "")
}

func TestADeletedAPITakesItsPermissionsFromRolesAndUsers(t *testing.T) {
	t.Parallel()
	r := serve(t, Options{})
	api := r.want(201, "POST", "resource-servers", `{"identifier":"https://gone.example","scopes":[{"value":"a"},{"value":"b"}]}`).object()["id"].(string)
	role := r.want(200, "POST", "roles", `{"name":"of a gone API"}`).object()["id"].(string)
	both := `{"permissions":[{"resource_server_identifier":"https://gone.example","permission_name":"a"},{"resource_server_identifier":"https://gone.example","permission_name":"b"}]}`
	r.want(201, "POST", "roles/"+role+"/permissions", both)
	r.want(201, "POST", "users/"+ada+"/permissions", both)
	count := func() string {
		return fmt.Sprint(len(r.want(200, "GET", "roles/"+role+"/permissions", "").rows()),
			strings.Count(string(r.want(200, "GET", "users/"+ada+"/permissions", "").raw), `"resource_server_identifier":"https://gone.example"`))
	}
	if got := count(); got != "2 2" {
		t.Fatalf("at first: %s", got)
	}
	r.want(200, "PATCH", "resource-servers/"+api, `{"scopes":[{"value":"a"}]}`)
	if got := count(); got != "1 1" {
		t.Errorf("after a scope was taken away: %s", got)
	}
	r.want(204, "DELETE", "resource-servers/"+url.PathEscape("https://gone.example"), "")
	if got := count(); got != "0 0" {
		t.Errorf("after the API was deleted: %s", got)
	}
	system := url.PathEscape(r.tenant.ManagementAudience())
	r.want(400, "DELETE", "resource-servers/"+system, "")
	r.want(400, "PATCH", "resource-servers/"+system, `{"scopes":[]}`)
	r.want(200, "PATCH", "resource-servers/"+system, `{"subject_type_authorization":{"user":{"policy":"deny_all"}}}`)
}

func TestADeletedConnectionTakesItsUsersAlong(t *testing.T) {
	t.Parallel()
	r := serve(t, Options{})
	made := r.want(201, "POST", "connections", `{"name":"branch","strategy":"auth0","enabled_clients":["`+shopClientID+`"]}`).object()
	if made["options"].(map[string]any)["passwordPolicy"] != "good" || made["is_domain_connection"] != false {
		t.Errorf("made: %v", made)
	}
	id := made["id"].(string)
	user := r.want(201, "POST", "users", `{"connection":"branch","email":"b@example.com","password":"long enough 1"}`).object()["user_id"].(string)
	linked := r.want(201, "POST", "users", `{"connection":"branch","email":"c@example.com","password":"long enough 1"}`).object()["user_id"].(string)
	r.want(201, "POST", "users/"+ada+"/identities", `{"provider":"auth0","user_id":"`+linked+`"}`)
	r.want(409, "POST", "connections", `{"name":"branch","strategy":"auth0"}`)
	r.want(204, "PATCH", "connections/"+id+"/clients", `[{"client_id":"`+shopClientID+`","status":false}]`)
	if got := r.want(400, "POST", "users", `{"connection":"branch","email":"d@example.com","password":"long enough 1"}`).object()["message"]; got != "Connection is disabled." {
		t.Errorf("in a disabled connection: %v", got)
	}
	if got := r.want(200, "GET", "connections/"+id+"/clients", "").object()["clients"].([]any); len(got) != 0 {
		t.Errorf("clients: %v", got)
	}
	if got := r.want(200, "GET", "connections?strategy=auth0&name=branch&fields=id", "").rows()[0].(map[string]any); len(got) != 2 {
		t.Errorf("with fields: %v", got)
	}
	if r.want(202, "DELETE", "connections/"+id, "").object()["deleted_at"] == nil {
		t.Error("no word of when it was deleted")
	}
	r.want(404, "GET", "users/"+url.PathEscape(user), "")
	if rows := r.want(200, "GET", "users/"+ada, "").object()["identities"].([]any); len(rows) != 1 {
		t.Errorf("linked accounts left: %v", rows)
	}
	db := r.connectionID(database)
	_, path := r.makeUser("by-mail@example.com", "")
	r.want(204, "DELETE", "connections/"+db+"/users?email=by-mail@example.com", "")
	r.want(404, "GET", path, "")
	r.want(400, "DELETE", "connections/"+r.connectionID("sms")+"/users?email=x@example.com", "")
	r.want(400, "DELETE", "connections/"+db+"/users", "")
}

func TestSecretsOfClientsNeedTheirScope(t *testing.T) {
	t.Parallel()
	r := serve(t, Options{})
	id, secret := r.tenant.M2M()
	if got := r.want(200, "GET", "clients/"+id, "").object()["client_secret"]; got != secret {
		t.Errorf("with read:client_keys: %v", got)
	}
	r.tenant.mu.Lock()
	c := &call{Tenant: r.tenant, who: claims{Scope: "read:client_summary"}}
	shown := c.clientJSON(r.tenant.clients.at(id))
	r.tenant.mu.Unlock()
	if shown["client_secret"] != nil || shown["callbacks"] != nil || shown["grant_types"] != nil || shown["name"] == nil {
		t.Errorf("with the summary's scope: %v", shown)
	}
	rotated := r.want(200, "POST", "clients/"+id+"/rotate-secret", "").object()["client_secret"]
	if rotated == secret || rotated == nil {
		t.Error("the secret did not change")
	}
	if got := len(r.want(200, "GET", "logs?q=type:mgmt_api_read", "").rows()); got != 1 {
		t.Errorf("log of reads of secrets: %d", got)
	}
}
