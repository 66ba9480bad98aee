package localtenant

import (
	"maps"
	"slices"
)

// maxScopes is how many scopes an API can have.
const maxScopes = 1000

func apiRoutes() []route {
	policy := func(names ...string) shape { return anObject(fields{"policy": aChoice(names...)}) }
	body := anObject(fields{"name": aText(1, 200).matching(noMarkup), "signing_alg": aChoice("HS256", "RS256", "RS512", "PS256"), "signing_secret": aText(16),
		"scopes":               aList(anObject(fields{"value": aText(1, 280), "description": aText(0, 500)}, "value")),
		"allow_offline_access": aFlag(), "allow_online_access": aFlag(), "allow_online_access_with_ephemeral_sessions": aFlag(),
		"token_lifetime": aNumber(0, 2592000), "token_lifetime_for_web": aNumber(0, 2592000),
		"token_dialect": aChoice("access_token", "access_token_authz", "rfc9068_profile", "rfc9068_profile_authz"), "enforce_policies": aFlag(),
		"skip_consent_for_verifiable_first_party_clients": aFlag(), "token_encryption": anything(), "consent_policy": anything(),
		"authorization_details": anything(), "proof_of_possession": anything(), "authorization_policy": anything(),
		"subject_type_authorization": anObject(fields{"user": policy("allow_all", "deny_all", "require_client_grant"),
			"client": policy("deny_all", "require_client_grant")})})
	made := body.with("identifier", aText(1, 600))
	made.need = []string{"identifier"}
	// A recorded request names fields here, though the description has only include_fields.
	return []route{
		on("GET resource-servers", listAPIs).needs("read:resource_servers").asks(byOffset(), someFields(), fields{"identifiers": aList(aText(1))}),
		on("POST resource-servers", createAPI).needs("create:resource_servers").takes(made).titled("Create a resource server"),
		on("GET resource-servers/*", readAPI).needs("read:resource_servers").asks(fields{"include_fields": aFlag()}),
		on("PATCH resource-servers/*", updateAPI).needs("update:resource_servers").takes(body).titled("Update a resource server"),
		on("DELETE resource-servers/*", deleteAPI).needs("delete:resource_servers").titled("Delete a resource server"),
	}
}

func (a *resourceServer) json() map[string]any {
	out := map[string]any{"allow_offline_access": false, "skip_consent_for_verifiable_first_party_clients": a.System, "signing_alg": "RS256",
		"token_lifetime": int(accessLife.Seconds()), "token_lifetime_for_web": 7200, "subject_type_authorization": map[string]any{
			"user": map[string]any{"policy": "allow_all"}, "client": map[string]any{"policy": "require_client_grant"}}}
	if !a.System {
		out["enforce_policies"], out["token_dialect"] = false, "access_token"
	}
	scopes := []any{}
	for _, s := range a.Scopes {
		row := map[string]any{"value": s.Value}
		if s.Description != "" {
			row["description"] = s.Description
		}
		scopes = append(scopes, row)
	}
	maps.Copy(out, a.Settings)
	maps.Copy(out, map[string]any{"id": a.ID, "name": a.Name, "identifier": a.Identifier, "is_system": a.System, "scopes": scopes})
	return out
}

func listAPIs(c *call) reply {
	among := c.several("identifiers")
	found := rollOfSome(c.apis, func(a *resourceServer) bool { return len(among) == 0 || slices.Contains(among, a.Identifier) },
		func(a *resourceServer) any { return c.only(a.json()) })
	return c.linked(c.offset("resource_servers", found), found.size)
}

// apiOf is the API the path names by its id or its identifier.
func (c *call) apiOf() *resourceServer {
	if a := c.apis.at(c.arg(0)); a != nil {
		return a
	}
	return c.api(c.arg(0))
}

func noAPI() reply { return notFound("Resource server not found.", "inexistent_resource_server") }

func readAPI(c *call) reply {
	a := c.apiOf()
	if a == nil {
		return noAPI()
	}
	return ok(a.json())
}

// takeAPI takes the body's attributes over.
func (c *call) takeAPI(a *resourceServer) *reply {
	rest := maps.Clone(c.body)
	if name, sent := rest["name"].(string); sent {
		a.Name = name
	}
	if list, sent := rest["scopes"].([]any); sent {
		a.Scopes = nil
		for _, v := range list {
			row := v.(map[string]any)
			s := scope{Value: row["value"].(string)}
			s.Description, _ = row["description"].(string)
			if slices.ContainsFunc(a.Scopes, func(o scope) bool { return o.Value == s.Value }) {
				bad := badRequest("Duplicated scopes are not allowed: "+s.Value, "invalid_body")
				return &bad
			}
			a.Scopes = append(a.Scopes, s)
		}
		if len(a.Scopes) > maxScopes {
			bad := badRequest("A resource server can have at most 1000 scopes.", "too_many_entities")
			return &bad
		}
	}
	for _, name := range []string{"name", "scopes", "identifier"} {
		delete(rest, name)
	}
	a.Settings = setUp(a.Settings, rest)
	return nil
}

func createAPI(c *call) reply {
	if c.full(c.apis.len()) {
		return tooManyEntities()
	}
	if c.api(c.text("identifier")) != nil {
		return fail(409, "A resource server with the same identifier already exists.", "resource_server_conflict")
	}
	a := &resourceServer{ID: pick(c.ids, 24, hexDigits), Identifier: c.text("identifier"), Name: c.text("identifier")}
	if bad := c.takeAPI(a); bad != nil {
		return *bad
	}
	c.apis.set(a.ID, a)
	out := a.json()
	delete(out, "is_system")
	return created(out)
}

// updateAPI changes an API. Of the Management API only lifetimes and who may ask for a user's tokens can be changed.
func updateAPI(c *call) reply {
	a := c.apiOf()
	if a == nil {
		return noAPI()
	}
	if a.System {
		for name := range c.body {
			if !slices.Contains([]string{"token_lifetime", "skip_consent_for_verifiable_first_party_clients", "subject_type_authorization"}, name) ||
				dig(c.body, "subject_type_authorization", "client") != nil {
				return badRequest("System resource servers cannot be modified: "+name, "operation_not_supported")
			}
		}
	}
	changed := *a
	if bad := c.takeAPI(&changed); bad != nil {
		return *bad
	}
	c.apis.set(a.ID, &changed)
	c.dropPermissions(func(p permission) bool {
		return p.API == a.Identifier && !slices.ContainsFunc(changed.Scopes, func(s scope) bool { return s.Value == p.Name })
	})
	return ok(changed.json())
}

// deleteAPI takes its permissions from roles and users, and the grants that applications have on it.
func deleteAPI(c *call) reply {
	a := c.apiOf()
	switch {
	case a == nil:
		return nothing()
	case a.System:
		return badRequest("System resource servers cannot be deleted.", "operation_not_supported")
	}
	for _, g := range c.clientGrants.list() {
		if g.API == a.ID {
			c.removeClientGrant(g.ID)
		}
	}
	c.dropPermissions(func(p permission) bool { return p.API == a.Identifier })
	c.apis.drop(a.ID)
	return nothing()
}

// dropPermissions takes permissions from everybody.
func (t *Tenant) dropPermissions(gone func(permission) bool) {
	for _, r := range t.roles.list() {
		if slices.ContainsFunc(r.Permissions, gone) {
			changed := *r
			changed.Permissions = slices.DeleteFunc(slices.Clone(r.Permissions), gone)
			t.roles.set(r.ID, &changed)
		}
	}
	trimAll(t.userPerms, gone)
}
