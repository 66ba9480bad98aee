package localtenant

import (
	"cmp"
	"slices"
)

func clientGrantRoutes() []route {
	usage := aChoice("deny", "allow", "require")
	details := aList(aText(1, 255))
	made := anObject(fields{"client_id": aText(), "audience": aText(1), "scope": aList(aText(1, 280)), "subject_type": aChoice("client", "user"),
		"organization_usage": usage, "allow_any_organization": aFlag(), "authorization_details_types": details, "allow_all_scopes": aFlag(),
		"default_for": aChoice("third_party_clients")}, "audience")
	changed := anObject(fields{"scope": aList(aText(1, 280)).orNull(), "organization_usage": usage.orNull(), "allow_any_organization": aFlag().orNull(),
		"authorization_details_types": details, "allow_all_scopes": aFlag().orNull()}).atLeast(1)
	return []route{
		on("GET client-grants", listClientGrants).needs("read:client_grants").asks(byOffset(), byCheckpoint(), fields{"audience": aText(), "client_id": aText(),
			"allow_any_organization": aFlag(), "subject_type": aChoice("client", "user"), "default_for": aText()}),
		on("POST client-grants", createClientGrant).needs("create:client_grants").takes(made).titled("Create client grant"),
		on("GET client-grants/*", readClientGrant).needs("read:client_grants"),
		on("PATCH client-grants/*", updateClientGrant).needs("update:client_grants").takes(changed).titled("Update client grant"),
		on("DELETE client-grants/*", deleteClientGrant).needs("delete:client_grants").titled("Delete client grant"),
		on("GET client-grants/*/organizations", orgsOfClientGrant).needs("read:organization_client_grants").asks(byOffset(), byCheckpoint()),
	}
}

// audienceOf is the identifier of the API a grant is for.
func (t *Tenant) audienceOf(g *clientGrant) string {
	if a := t.apis.at(g.API); a != nil {
		return a.Identifier
	}
	return ""
}

func (t *Tenant) clientGrantJSON(g *clientGrant) map[string]any {
	out := map[string]any{"id": g.ID, "client_id": g.Client, "audience": t.audienceOf(g), "scope": texts(g.Scopes),
		"subject_type": cmp.Or(g.Subject, "client")}
	if g.AllScopes {
		out["allow_all_scopes"] = true
	}
	if g.OrgUsage != "" {
		out["organization_usage"] = g.OrgUsage
	}
	if g.AnyOrg != nil {
		out["allow_any_organization"] = *g.AnyOrg
	}
	if g.HasDetailTypes {
		out["authorization_details_types"] = texts(g.DetailTypes)
	}
	return out
}

func noClientGrant() reply { return notFound("The grant does not exist.", "inexistent_client_grant") }

func listClientGrants(c *call) reply {
	is := func(param, value string) bool { return !c.query.Has(param) || c.query.Get(param) == value }
	found := rollOfSome(c.clientGrants, func(g *clientGrant) bool {
		anyOrg := "false"
		if g.AnyOrg != nil && *g.AnyOrg {
			anyOrg = "true"
		}
		return is("audience", c.audienceOf(g)) && is("client_id", g.Client) && is("subject_type", cmp.Or(g.Subject, "client")) &&
			is("allow_any_organization", anyOrg) && !c.query.Has("default_for")
	}, func(g *clientGrant) any { return c.clientGrantJSON(g) })
	return c.linked(c.either("client_grants", found), found.size)
}

func readClientGrant(c *call) reply {
	g := c.clientGrants.at(c.arg(0))
	if g == nil {
		return noClientGrant()
	}
	return ok(c.clientGrantJSON(g))
}

// takeGrant takes the body's attributes over. Scopes the API does not have are taken too, as recorded: they give nothing.
func (c *call) takeGrant(g *clientGrant) *reply {
	if c.sent("scope") {
		g.Scopes = c.texts("scope")
	}
	if api := c.apis.at(g.API); c.flag("allow_all_scopes") && (api == nil || api.System) {
		return refused("allow_all_scopes is not supported for system resource servers.", "invalid_body")
	}
	if c.sent("allow_all_scopes") {
		g.AllScopes = c.flag("allow_all_scopes")
	}
	if c.sent("organization_usage") {
		g.OrgUsage = c.text("organization_usage")
	}
	if v, sent := c.body["allow_any_organization"]; sent {
		if b, isFlag := v.(bool); isFlag {
			g.AnyOrg = &b
		} else {
			g.AnyOrg = nil
		}
	}
	if c.sent("authorization_details_types") {
		g.DetailTypes, g.HasDetailTypes = c.texts("authorization_details_types"), true
	}
	return nil
}

func createClientGrant(c *call) reply {
	cl, api := c.clientByID(c.text("client_id")), c.api(c.text("audience"))
	subject := cmp.Or(c.text("subject_type"), "client")
	switch {
	case c.text("client_id") == "":
		return missing("client_id")
	case cl == nil:
		return notFound("No client found by that id", "inexistent_client")
	case api == nil:
		return notFound("Resource server not found.", "inexistent_resource_server")
	case api.System && !cl.FirstParty:
		return badRequest("Third-party applications cannot be granted access to system APIs.", "invalid_body")
	case !c.sent("scope") && !c.flag("allow_all_scopes"):
		return missing("scope")
	}
	if c.clientGrants.find(func(g *clientGrant) bool {
		return g.Client == cl.ID && g.API == api.ID && cmp.Or(g.Subject, "client") == subject
	}) != nil {
		return fail(409, "A resource with the same identifier already exists.", "client_grant_conflict")
	}
	g := &clientGrant{ID: "cgr_" + pick(c.ids, 16, alnum), Client: cl.ID, API: api.ID, Subject: subject}
	if bad := c.takeGrant(g); bad != nil {
		return *bad
	}
	c.clientGrants.set(g.ID, g)
	return created(c.clientGrantJSON(g))
}

func updateClientGrant(c *call) reply {
	g := c.clientGrants.at(c.arg(0))
	if g == nil {
		return noClientGrant()
	}
	changed := *g
	if bad := c.takeGrant(&changed); bad != nil {
		return *bad
	}
	c.clientGrants.set(g.ID, &changed)
	return ok(c.clientGrantJSON(&changed))
}

func deleteClientGrant(c *call) reply {
	c.removeClientGrant(c.arg(0))
	return nothing()
}

func (t *Tenant) removeClientGrant(id string) {
	trimAll(t.orgGrants, func(g string) bool { return g == id })
	t.clientGrants.drop(id)
}

func orgsOfClientGrant(c *call) reply {
	if !c.clientGrants.has(c.arg(0)) {
		return noClientGrant()
	}
	return c.either("organizations", rollOfSome(c.orgs, func(o *organization) bool { return slices.Contains(c.orgGrants.at(o.ID), c.arg(0)) },
		func(o *organization) any { return o.json() }))
}
