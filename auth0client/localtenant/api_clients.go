package localtenant

import (
	"maps"
	"regexp"
	"slices"
	"strings"
)

var noMarkup = regexp.MustCompile(`^[^<>]+$`)

func clientRoutes() []route {
	read := []string{"read:clients", "read:client_keys", "read:client_credentials", "read:client_summary"}
	change := []string{"update:clients", "update:client_keys", "update:client_credentials"}
	made := clientBody()
	made.need = []string{"name"}
	key := anObject(fields{"credential_type": aChoice("public_key"), "name": aText(0, 128), "pem": aText(1, 4096), "alg": aChoice("RS256", "RS384", "PS256"),
		"kid": aText(10, 64), "parse_expiry_from_cert": aFlag(), "expires_at": aText()}, "credential_type", "pem")
	return []route{
		on("GET clients", listClients).needs(read...).in(classClients).asks(byOffsetFromNone(), byCheckpoint(), someFields(), fields{"is_global": aFlag(),
			"is_first_party": aFlag(), "app_type": aText(), "external_client_id": aText(1, 120), "q": aText()}),
		on("POST clients", createClient).needs("create:clients").takes(made).titled("Create a client"),
		on("GET clients/*", readClient).needs(read...).in(classClients).asks(someFields()),
		on("PATCH clients/*", updateClient).needs(change...).takes(clientBody().atLeast(1)).titled("Update a client"),
		on("DELETE clients/*", deleteClient).needs("delete:clients").titled("Delete a client"),
		on("POST clients/*/rotate-secret", rotateSecret).needs("update:client_keys").titled("Rotate a client secret"),
		on("GET clients/*/credentials", listCredentials).needs("read:client_credentials").in(classClients).asks(byOffset()),
		on("POST clients/*/credentials", addCredential).needs("create:client_credentials").takes(key).titled("Create a client credential"),
		on("DELETE clients/*/credentials/*", deleteCredential).needs("delete:client_credentials").titled("Delete a client credential"),
	}
}

// clientBody is what an application can be set up with. Attributes this tenant does nothing with are kept as they are sent.
func clientBody() shape {
	refresh := anObject(fields{"rotation_type": aChoice("rotating", "non-rotating"), "expiration_type": aChoice("expiring", "non-expiring"),
		"leeway": aNumber(0, -1), "token_lifetime": aNumber(1, 157788000), "infinite_token_lifetime": aFlag(), "idle_token_lifetime": aNumber(1, -1),
		"infinite_idle_token_lifetime": aFlag(), "policies": anything()}, "rotation_type", "expiration_type").orNull()
	f := fields{"name": aText(1).matching(noMarkup), "description": aText(0, 140), "client_secret": aText(1), "app_type": aText(1),
		"is_first_party": aFlag(), "oidc_conformant": aFlag(), "grant_types": aList(aText(1)), "callbacks": aList(aText()),
		"allowed_logout_urls": aList(aText()), "web_origins": aList(aText()), "allowed_origins": aList(aText()),
		"token_endpoint_auth_method": aChoice("none", "client_secret_post", "client_secret_basic").orNull(), "refresh_token": refresh,
		"organization_usage": aChoice("deny", "allow", "require").orNull(), "initiate_login_uri": aText(), "logo_uri": aText(),
		"client_metadata": free().orNull(), "jwt_configuration": free(), "client_authentication_methods": free().orNull()}
	for _, name := range []string{"oidc_logout", "oidc_backchannel_logout", "session_transfer", "client_aliases", "allowed_clients",
		"is_token_endpoint_ip_header_trusted", "encryption_key", "sso", "cross_origin_authentication", "cross_origin_loc", "sso_disabled",
		"custom_login_page_on", "custom_login_page", "custom_login_page_preview", "form_template", "addons", "mobile", "native_social_login",
		"default_organization", "organization_require_behavior", "organization_discovery_methods", "require_pushed_authorization_requests",
		"require_proof_of_possession", "signed_request_object", "compliance_level", "skip_non_verifiable_callback_uri_confirmation_prompt",
		"token_exchange", "par_request_expiry", "token_quota", "async_approval_notification_channels"} {
		f[name] = anything()
	}
	return anObject(f)
}

// clientJSON is an application as the token may see it: secrets only with the scope for them, little with the summary's.
func (c *call) clientJSON(cl *client) map[string]any {
	out := setUp(cl.Settings, nil)
	maps.Copy(out, map[string]any{"client_id": cl.ID, "name": cl.Name, "is_first_party": cl.FirstParty, "global": false, "tenant": c.tenantName()})
	if cl.Type != "" {
		out["app_type"] = cl.Type
	}
	if cl.Secret != "" && c.may("read:client_keys") {
		out["client_secret"] = cl.Secret
	}
	if !c.may("read:clients") && !c.may("read:client_keys") && !c.may("read:client_credentials") {
		for name := range out {
			if !slices.Contains([]string{"client_id", "name", "app_type", "logo_uri", "is_first_party", "global", "tenant", "description"}, name) {
				delete(out, name)
			}
		}
	}
	return out
}

// may reports that the token carries a scope.
func (c *call) may(scope string) bool {
	_, denied := (&route{any: []string{scope}}).refuse(c.who)
	return !denied
}

func listClients(c *call) reply {
	is := func(param string, value bool) bool {
		return !c.query.Has(param) || (c.query.Get(param) == "true") == value
	}
	kinds := c.several("app_type")
	org, ofOrg := strings.CutPrefix(c.query.Get("q"), "client_grant.organization_id:")
	if c.query.Has("q") && !ofOrg {
		return badRequest("The search query string has an error: only client_grant.organization_id can be searched for", "invalid_query_string")
	}
	found := rollOfSome(c.clients, func(cl *client) bool {
		return is("is_first_party", cl.FirstParty) && is("is_global", false) && (len(kinds) == 0 || slices.Contains(kinds, cl.Type)) &&
			!c.query.Has("external_client_id") && (!ofOrg || c.grantedTo(cl.ID, org))
	}, func(cl *client) any { return c.only(c.clientJSON(cl), "tenant") })
	c.noteSecrets()
	return c.either("clients", found)
}

// grantedTo reports that an organization has one of the client's grants.
func (t *Tenant) grantedTo(clientID, org string) bool {
	return slices.ContainsFunc(t.orgGrants.at(org), func(id string) bool { return t.clientGrants.at(id).Client == clientID })
}

// noteSecrets logs a read that shows secrets, as Auth0 does.
func (c *call) noteSecrets() {
	if names, include := c.fields(); c.may("read:client_keys") && (len(names) == 0 || slices.Contains(names, "client_secret") == include) {
		e := c.record("mgmt_api_read", nil, "Read of client secrets")
		e.ClientID = c.who.AZP
	}
}

func noClient() reply { return notFound("The client does not exist", "inexistent_client") }

func readClient(c *call) reply {
	cl := c.clientByID(c.arg(0))
	if cl == nil {
		return noClient()
	}
	c.noteSecrets()
	return ok(c.only(c.clientJSON(cl), "tenant"))
}

// maxOfPlan is how many applications, and how many APIs, the free plan has.
const maxOfPlan = 10

func (t *Tenant) full(n int) bool { return t.opts.Plan == PlanFree && n >= maxOfPlan }

func tooManyEntities() reply {
	return fail(403, "You reached the limit of entities of this type for this tenant.", "too_many_entities")
}

func createClient(c *call) reply {
	if c.full(c.clients.len()) {
		return tooManyEntities()
	}
	cl := &client{ID: pick(c.ids, 32, alnum), FirstParty: true, Settings: map[string]any{"is_token_endpoint_ip_header_trusted": false,
		"oidc_conformant": false, "jwt_configuration": map[string]any{"secret_encoded": false, "lifetime_in_seconds": 36000}, "sso_disabled": false,
		"cross_origin_auth": false, "cross_origin_authentication": false, "grant_types": []string{"authorization_code", "implicit", "refresh_token", "client_credentials"},
		"custom_login_page_on": true, "refresh_token": map[string]any{"rotation_type": "non-rotating", "expiration_type": "non-expiring", "leeway": 0,
			"token_lifetime": 2592000, "infinite_token_lifetime": true, "infinite_idle_token_lifetime": true, "idle_token_lifetime": 1296000}}}
	if c.text("token_endpoint_auth_method") != "none" {
		cl.Secret = secret(64, alnum)
	}
	if bad := c.setUpClient(cl); bad != nil {
		return *bad
	}
	c.clients.set(cl.ID, cl)
	out := c.clientJSON(cl)
	if cl.Secret != "" {
		out["client_secret"] = cl.Secret
	}
	if len(cl.Credentials) > 0 {
		// This once the keys are told in full, later only by their ids.
		rows := []any{}
		for _, k := range cl.Credentials {
			rows = append(rows, k.json())
		}
		out["client_authentication_methods"] = map[string]any{"private_key_jwt": map[string]any{"credentials": rows}}
	}
	return created(out)
}

// setUpClient takes the body's attributes over.
func (c *call) setUpClient(cl *client) *reply {
	methods, _ := c.body["client_authentication_methods"].(map[string]any)
	if len(methods) > 0 && c.text("token_endpoint_auth_method") != "" {
		bad := badRequest("client_authentication_methods and token_endpoint_auth_method cannot be set together.", "invalid_body")
		return &bad
	}
	if list, sent := dig(methods, "private_key_jwt", "credentials").([]any); sent {
		kept, bad := c.credentialsFrom(cl, list)
		if bad != nil {
			return bad
		}
		ids := []any{}
		for _, k := range kept {
			ids = append(ids, map[string]any{"id": k.ID})
		}
		cl.Credentials = kept
		c.body["client_authentication_methods"] = map[string]any{"private_key_jwt": map[string]any{"credentials": ids}}
		c.body["token_endpoint_auth_method"] = nil
	}
	rest := maps.Clone(c.body)
	for name, into := range map[string]*string{"name": &cl.Name, "app_type": &cl.Type, "client_secret": &cl.Secret} {
		if s, sent := rest[name].(string); sent {
			*into = s
		}
		delete(rest, name)
	}
	if b, sent := rest["is_first_party"].(bool); sent {
		cl.FirstParty = b
	}
	delete(rest, "is_first_party")
	if jwt, sent := rest["jwt_configuration"].(map[string]any); sent {
		usual, _ := cl.Settings["jwt_configuration"].(map[string]any)
		rest["jwt_configuration"] = setUp(usual, jwt)
	}
	cl.Settings = setUp(cl.Settings, rest)
	return nil
}

func updateClient(c *call) reply {
	cl := c.clientByID(c.arg(0))
	if cl == nil {
		return noClient()
	}
	changed := *cl
	if bad := c.setUpClient(&changed); bad != nil {
		return *bad
	}
	c.clients.set(cl.ID, &changed)
	return ok(c.clientJSON(&changed))
}

// deleteClient takes along what people and APIs had with the application. What is gone is fine.
func deleteClient(c *call) reply {
	id := c.arg(0)
	if !c.clients.has(id) {
		return nothing()
	}
	for _, g := range c.clientGrants.list() {
		if g.Client == id {
			c.removeClientGrant(g.ID)
		}
	}
	trimAll(c.consents, func(g *consent) bool { return g.Client == id })
	trimAll(c.grants, func(r *refreshRow) bool { return r.Client == id })
	trimAll(c.deviceKeys, func(k *deviceKey) bool { return k.Client == id })
	trimAll(c.invitations, func(i *invitation) bool { return i.Client == id })
	for _, cn := range c.connections.list() {
		if slices.Contains(cn.Clients, id) {
			changed := *cn
			changed.Clients = without(cn.Clients, []string{id})
			c.connections.set(cn.ID, &changed)
		}
	}
	c.clients.drop(id)
	return nothing()
}

func rotateSecret(c *call) reply {
	cl := c.clientByID(c.arg(0))
	if cl == nil {
		return noClient()
	}
	changed := *cl
	changed.Secret = secret(64, alnum)
	c.clients.set(cl.ID, &changed)
	out := c.clientJSON(&changed)
	out["client_secret"] = changed.Secret
	return ok(out)
}
