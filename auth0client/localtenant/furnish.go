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
	// The secret guards a tenant that lives in memory, with invented people in it.

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
		"delete:device_credentials read:grants delete:grants read:connections read:connections_options read:clients " +
		"read:client_summary read:resource_servers read:stats read:attack_protection read:anomaly_blocks " +
		"delete:anomaly_blocks create:user_tickets read:groups read:group_members read:user_effective_roles " +
		"read:user_effective_permissions read:user_permission_source_roles read:user_role_source_groups " +
		"read:tenant_settings " +
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
		t.connections.set(x.ID, x)
	}
	for _, x := range []*resourceServer{
		{ID: pick(r, 24, hexDigits), Name: "Auth0 Management API", Identifier: t.ManagementAudience(), System: true,
			Scopes: scopesOf(managementScopes()...)},
		{ID: pick(r, 24, hexDigits), Name: "usher", Identifier: UsherAudience, Scopes: scopesOf(usherPermissions()...)},
		{ID: pick(r, 24, hexDigits), Name: "Shop API", Identifier: shopAPI,
			Scopes: scopesOf("read:orders", "write:orders", "refund:orders", "read:products", "write:products", "read:reviews",
				"moderate:reviews")},
		{ID: pick(r, 24, hexDigits), Name: "Billing API", Identifier: billingAPI,
			Scopes: scopesOf("read:invoices", "write:invoices", "void:invoices", "read:reports", "export:reports")},
	} {
		t.apis.set(x.ID, x)
	}
	for _, x := range []*client{
		{ID: consoleClientID, Name: "usher console", Type: "native", FirstParty: true},
		{ID: gatewayClientID, Name: "usher gateway", Type: "non_interactive", Secret: rand.Text(), FirstParty: true},
		{ID: shopClientID, Name: "Shop", Type: "spa", FirstParty: true},
		{ID: syncClientID, Name: "CRM sync", Type: "non_interactive", Secret: rand.Text(), FirstParty: true},
	} {
		t.clients.set(x.ID, x)
	}
	t.furnishRoles(id)
	for _, o := range [][2]string{{"northwind", "Northwind Traders"}, {"contoso", "Contoso Retail"},
		{"fabrikam", "Fabrikam Logistics"}, {"tailspin", "Tailspin Toys"}} {
		made := &organization{ID: id("org_"), Name: o[0], Display: o[1], Created: t.born.AddDate(-1, 0, 0)}
		t.orgs.set(made.ID, made)
	}
}

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
