package localtenant

import (
	"crypto/rand"
	mathrand "math/rand/v2"
	"slices"
	"strings"
)

const (
	// UsherAudience is the identifier of usher's own API.
	UsherAudience = "https://usher.example/api"

	shopAPI    = "https://api.shop.example"
	billingAPI = "https://billing.example/api"

	consoleClientID = "uSherC0ns0leNativeDemoApp0000001"
	gatewayClientID = "uSherGatewayM2MDemoApp0000000001"
	shopClientID    = "uSherSh0pFrontendDemoApp00000001"
	syncClientID    = "uSherCrmSyncM2MDemoApp0000000001"

	database      = "Username-Password-Authentication"
	operatorsBase = "Operators"
	corporate     = "corp-saml"
	directory     = "Staff-Directory"
)

// usherPermissions are those of usher's own API, one per action.
func usherPermissions() []string {
	return strings.Fields("users:read users:create users:edit users:block users:delete users:password mfa:read mfa:reset " +
		"sessions:read sessions:revoke roles:read roles:assign roles:manage orgs:read orgs:manage logs:read stats:read " +
		"bulk:run journal:read")
}

// managementScopes are the scopes of the Management API that this tenant knows.
func managementScopes() []string {
	return strings.Fields("read:users create:users update:users update:users_app_metadata delete:users read:roles " +
		"create:roles update:roles delete:roles read:role_members create:role_members delete:role_members " +
		"read:organizations read:organizations_summary update:organizations create:organizations delete:organizations " +
		"read:organization_members create:organization_members delete:organization_members " +
		"read:organization_member_roles create:organization_member_roles delete:organization_member_roles " +
		"read:organization_invitations create:organization_invitations delete:organization_invitations " +
		"read:authentication_methods create:authentication_methods update:authentication_methods " +
		"delete:authentication_methods read:guardian_enrollments delete:guardian_enrollments " +
		"create:guardian_enrollment_tickets read:guardian_factors read:mfa_policies read:logs read:logs_users " +
		"read:sessions delete:sessions read:refresh_tokens delete:refresh_tokens read:device_credentials " +
		"delete:device_credentials read:grants delete:grants read:connections read:connections_options " +
		"read:client_summary read:resource_servers read:stats read:attack_protection read:anomaly_blocks " +
		"delete:anomaly_blocks create:user_tickets read:groups read:group_members read:user_effective_roles " +
		"read:user_effective_permissions read:user_permission_source_roles read:user_role_source_groups " +
		"read:tenant_settings update:tenant_settings update:attack_protection update:guardian_factors update:mfa_policies " +
		"read:clients create:clients update:clients delete:clients read:client_keys update:client_keys " +
		"read:client_credentials create:client_credentials update:client_credentials delete:client_credentials " +
		"read:client_grants create:client_grants update:client_grants delete:client_grants create:connections " +
		"update:connections delete:connections create:resource_servers update:resource_servers delete:resource_servers " +
		"read:group_roles create:group_roles delete:group_roles delete:groups read:organization_groups " +
		"read:organization_group_roles create:organization_group_roles delete:organization_group_roles " +
		"read:organization_connections create:organization_connections update:organization_connections " +
		"delete:organization_connections read:organization_discovery_domains create:organization_discovery_domains " +
		"update:organization_discovery_domains delete:organization_discovery_domains read:organization_client_grants " +
		"create:organization_client_grants delete:organization_client_grants read:organization_member_effective_roles " +
		"read:organization_member_role_source_groups update:sessions update:refresh_tokens " +
		"read:federated_connections_tokens delete:federated_connections_tokens " +
		"read:current_user update:current_user_identities create:current_user_metadata update:current_user_metadata " +
		"delete:current_user_metadata create:current_user_device_credentials delete:current_user_device_credentials " +
		"delete:current_user")
}

// operator is one of the three accounts that can sign in to the console.
type operator struct{ Preset, ID, Name, Email string }

func operators() []operator {
	return []operator{
		{"viewer", "auth0|0be7a70f0000000000000001", "Avery Viewer", "avery@ops.example"},
		{"support", "auth0|0be7a70f0000000000000002", "Sam Support", "sam@ops.example"},
		{"admin", "auth0|0be7a70f0000000000000003", "Ada Admin", "ada.admin@ops.example"},
	}
}

func operatorID(preset string) (string, bool) {
	for _, o := range operators() {
		if o.Preset == preset {
			return o.ID, true
		}
	}
	return "", false
}

// furnish sets up everything of a tenant but its people.
func (t *Tenant) furnish() {
	r := mathrand.New(mathrand.NewPCG(t.opts.Seed, 0x7465))
	id := func(prefix string) string { return prefix + pick(r, 16, alnum) }
	db := map[string]any{"passwordPolicy": "good", "brute_force_protection": true, "requires_username": false,
		"password_complexity_options": map[string]any{"min_length": 8}, "import_mode": false, "disable_signup": false}
	closed := map[string]any{"passwordPolicy": "excellent", "brute_force_protection": true, "requires_username": false,
		"password_complexity_options": map[string]any{"min_length": 12}, "import_mode": false, "disable_signup": true}
	named := map[string]any{"passwordPolicy": "fair", "brute_force_protection": true, "requires_username": true,
		"validation": map[string]any{"username": map[string]any{"min": 1, "max": 15}}, "password_complexity_options": map[string]any{"min_length": 8},
		"import_mode": false, "disable_signup": true}
	for _, x := range []*connection{
		{ID: id("con_"), Name: database, Strategy: "auth0", Options: db},
		{ID: id("con_"), Name: "google-oauth2", Strategy: "google-oauth2",
			Options: map[string]any{"email": true, "profile": true, "scope": []string{"email", "profile"}}},
		{ID: id("con_"), Name: "sms", Strategy: "sms", Options: map[string]any{"name": "sms", "brute_force_protection": true}},
		{ID: id("con_"), Name: "email", Strategy: "email", Options: map[string]any{"name": "email", "brute_force_protection": true}},
		{ID: id("con_"), Name: corporate, Display: "Example Corp", Strategy: "samlp",
			Options: map[string]any{"set_user_root_attributes": "on_each_login"}},
		{ID: id("con_"), Name: operatorsBase, Strategy: "auth0", Options: closed},
		{ID: id("con_"), Name: directory, Display: "Staff directory", Strategy: "auth0", Options: named},
	} {
		if x.Clients = []string{shopClientID}; x.Name == operatorsBase {
			x.Clients = []string{consoleClientID}
		}
		t.connections.set(x.ID, x)
	}
	for _, x := range []*resourceServer{
		{ID: pick(r, 24, hexDigits), Name: "Auth0 Management API", Identifier: t.ManagementAudience(), System: true,
			Scopes: scopesOf(managementScopes()...)},
		{ID: pick(r, 24, hexDigits), Name: "usher", Identifier: UsherAudience, Scopes: scopesOf(usherPermissions()...),
			Settings: rbac(dialectAuthz, true)},
		{ID: pick(r, 24, hexDigits), Name: "Shop API", Identifier: shopAPI, Settings: rbac(dialectAuthz, true), Scopes: scopesOf("read:orders", "write:orders", "refund:orders", "read:products", "write:products", "read:reviews",
			"moderate:reviews")},
		{ID: pick(r, 24, hexDigits), Name: "Billing API", Identifier: billingAPI, Settings: rbac(dialectPlain, false),
			Scopes: scopesOf("read:invoices", "write:invoices", "void:invoices", "read:reports", "export:reports")},
	} {
		t.apis.set(x.ID, x)
	}
	t.furnishClients()
	t.furnishRoles(id)
	for _, o := range [][2]string{{"northwind", "Northwind Traders"}, {"contoso", "Contoso Retail"},
		{"fabrikam", "Fabrikam Logistics"}, {"tailspin", "Tailspin Toys"}} {
		made := &organization{ID: id("org_"), Name: o[0], Display: o[1], Created: t.born.AddDate(-1, 0, 0)}
		t.orgs.set(made.ID, made)
	}
	t.furnishGroups()
}

// furnishClients registers the apps: the console, with a few fixed loopback ports to come back to since Auth0 compares
// callbacks letter by letter, the gateway and another program with their grants, and a shop.
func (t *Tenant) furnishClients() {
	rotating := map[string]any{"rotation_type": "rotating", "expiration_type": "expiring",
		"leeway": int(t.opts.RefreshLeeway.Seconds()), "token_lifetime": int(refreshAbsolute.Seconds()), "infinite_token_lifetime": false,
		"idle_token_lifetime": int(refreshLife.Seconds()), "infinite_idle_token_lifetime": false}
	set := func(method string, grants, callbacks, logouts []string) map[string]any {
		out := map[string]any{"token_endpoint_auth_method": method, "grant_types": grants, "callbacks": callbacks,
			"allowed_logout_urls": logouts, "oidc_conformant": true}
		if slices.Contains(grants, grantRefresh) {
			out["refresh_token"] = rotating
		}
		return out
	}
	ports := func(path string) []string {
		return []string{"http://127.0.0.1:8484" + path, "http://127.0.0.1:8485" + path, "http://127.0.0.1:8486" + path}
	}
	machine := func() map[string]any { return set(authPost, []string{grantClient}, []string{}, []string{}) }
	for _, x := range []*client{
		{ID: consoleClientID, Name: "usher console", Type: "native", FirstParty: true,
			Settings: set(authNone, []string{grantDevice, grantCode, grantRefresh}, ports("/callback"), ports("/"))},
		{ID: gatewayClientID, Name: "usher gateway", Type: "non_interactive", Secret: rand.Text(), FirstParty: true, Settings: machine()},
		{ID: shopClientID, Name: "Shop", Type: "spa", FirstParty: true, Settings: set(authNone, []string{grantCode, grantRefresh},
			[]string{"http://localhost:3000/callback"}, []string{"http://localhost:3000"})},
		{ID: syncClientID, Name: "CRM sync", Type: "non_interactive", Secret: rand.Text(), FirstParty: true, Settings: machine()},
	} {
		t.clients.set(x.ID, x)
	}
	management := t.apis.find(func(a *resourceServer) bool { return a.System }).ID
	for _, g := range []*clientGrant{
		{ID: "cgr_usherGateway0001", Client: gatewayClientID, Scopes: slices.DeleteFunc(managementScopes(), aboutOneself)},
		{ID: "cgr_usherCrmSync0001", Client: syncClientID, Scopes: []string{"read:users", "update:users", "update:users_app_metadata"}},
	} {
		g.API, g.Subject = management, subjectClient
		t.clientGrants.set(g.ID, g)
	}
}

// rbac is the settings of an API whose users get what their roles say.
func rbac(dialect string, offline bool) map[string]any {
	return map[string]any{"enforce_policies": true, "token_dialect": dialect, "allow_offline_access": offline}
}

// aboutOneself reports that a scope of the Management API is for a person's own record.
func aboutOneself(scope string) bool { return strings.Contains(scope, ":current_user") }

func (t *Tenant) furnishRoles(id func(string) string) {
	viewer := strings.Fields("users:read mfa:read sessions:read roles:read orgs:read logs:read stats:read")
	support := slices.Concat(viewer, strings.Fields("users:block users:password mfa:reset sessions:revoke users:edit"))
	for _, r := range []struct {
		name, description, api string
		permissions            []string
	}{
		{"usher viewer", "May look at users and change nothing", UsherAudience, viewer},
		{"usher support", "May help users: block, reset, sign out, edit", UsherAudience, support},
		{"usher admin", "May do everything usher offers", UsherAudience, usherPermissions()},
		{"Customer", "Buys in the shop", shopAPI, []string{"read:orders", "read:products", "read:reviews"}},
		{"Premium customer", "Early access to new products", shopAPI, []string{"read:orders", "read:products"}},
		{"Order desk", "Handles orders", shopAPI, []string{"read:orders", "write:orders"}},
		{"Refund desk", "Pays money back", shopAPI, []string{"read:orders", "refund:orders"}},
		{"Catalogue editor", "Keeps the products", shopAPI, []string{"read:products", "write:products"}},
		{"Moderator", "Reads and removes reviews", shopAPI, []string{"read:reviews", "moderate:reviews"}},
		{"Accountant", "Keeps the invoices", billingAPI, []string{"read:invoices", "write:invoices", "read:reports"}},
		{"Auditor", "Reads invoices and reports", billingAPI, []string{"read:invoices", "read:reports", "export:reports"}},
		{"Billing lead", "May void invoices", billingAPI, []string{"read:invoices", "write:invoices", "void:invoices"}},
	} {
		made := &role{ID: id("rol_"), Name: r.name, Description: r.description}
		for _, p := range r.permissions {
			made.Permissions = append(made.Permissions, permission{API: r.api, Name: p})
		}
		t.roles.set(made.ID, made)
	}
}

func scopesOf(values ...string) []scope {
	out := make([]scope, 0, len(values))
	for _, v := range values {
		what := strings.NewReplacer(":", " ", "_", " ").Replace(v)
		out = append(out, scope{Value: v, Description: strings.ToUpper(what[:1]) + what[1:]})
	}
	return out
}

func (t *Tenant) roleNamed(name string) *role {
	return t.roles.find(func(r *role) bool { return r.Name == name })
}
