package localtenant

import (
	"maps"
	"slices"
)

func connectionRoutes() []route {
	read := "read:connections"
	made := anObject(fields{"name": aText(1, 128).matching(connectionShape), "display_name": aText(0, 128), "strategy": aText(1), "options": free(),
		"enabled_clients": aList(aText()), "is_domain_connection": aFlag(), "show_as_button": aFlag(), "realms": aList(aText()), "metadata": free(),
		"authentication": free(), "connected_accounts": free(), "cross_app_access_requesting_app": free()}, "name", "strategy")
	changed := made.with("options", free().orNull())
	changed.need = nil
	delete(changed.fields, "name")
	delete(changed.fields, "strategy")
	which := aList(anObject(fields{"client_id": aText().like("client-id"), "status": aFlag()}, "client_id", "status"), 1, 50)
	return []route{
		on("GET connections", listConnections).needs(read).in(classConnections).asks(byOffset(), byCheckpoint(), someFields(),
			fields{"strategy": aList(aText()), "name": aText()}),
		on("POST connections", createConnection).needs("create:connections").takes(made).titled("Create a connection"),
		on("GET connections/*", readConnection).needs(read).in(classConnections).asks(someFields()),
		on("PATCH connections/*", updateConnection).needs("update:connections").takes(changed).titled("Update a connection"),
		on("DELETE connections/*", deleteConnection).needs("delete:connections").titled("Delete a connection"),
		on("GET connections/*/clients", connectionClients).needs(read).in(classConnections).asks(fields{"from": aText(0, 1000), "take": aNumber(1, 1000)}),
		on("PATCH connections/*/clients", setConnectionClients).needs("update:connections").takes(which).
			titled("Update enabled clients for a connection"),
		on("DELETE connections/*/users", deleteConnectionUser).needs("delete:users").in(classDeleteUsers).asks(fields{"email!": aText()}).
			titled("Delete a connection user"),
	}
}

// connectionJSON leaves out the options for a token without their scope: they may hold secrets at Auth0.
func (c *call) connectionJSON(cn *connection) map[string]any {
	realms := cn.Realms
	if len(realms) == 0 {
		realms = []string{cn.Name}
	}
	out := map[string]any{"id": cn.ID, "name": cn.Name, "strategy": cn.Strategy, "realms": realms,
		"is_domain_connection": cn.Domain != nil && *cn.Domain, "authentication": map[string]any{"active": true},
		"connected_accounts": map[string]any{"active": false}, "enabled_clients": texts(cn.Clients)}
	if cn.Display != "" {
		out["display_name"] = cn.Display
	}
	if cn.ShowAsButton != nil {
		out["show_as_button"] = *cn.ShowAsButton
	}
	if len(cn.Metadata) > 0 {
		out["metadata"] = cn.Metadata
	}
	if _, denied := (&route{any: []string{"read:connections_options"}}).refuse(c.who); !denied {
		if out["options"] = cn.Options; cn.Options == nil {
			out["options"] = map[string]any{}
		}
	}
	return out
}

// fullConnection is a connection with what the query asks for, and the one attribute that is always there.
func (c *call) fullConnection(cn *connection) map[string]any {
	return c.only(c.connectionJSON(cn), "is_domain_connection")
}

func listConnections(c *call) reply {
	strategies, name := c.several("strategy"), c.query.Get("name")
	found := rollOfSome(c.connections, func(cn *connection) bool {
		return (len(strategies) == 0 || slices.Contains(strategies, cn.Strategy)) && (name == "" || name == cn.Name)
	}, func(cn *connection) any { return c.fullConnection(cn) })
	return c.linked(c.either("connections", found), found.size)
}

func noConnection() reply { return notFound("The connection does not exist.", "inexistent_connection") }

func readConnection(c *call) reply {
	cn := c.connections.at(c.arg(0))
	if cn == nil {
		return noConnection()
	}
	return ok(c.fullConnection(cn))
}

// take takes a body's attributes over.
func (cn *connection) take(body map[string]any) {
	for name, into := range map[string]*map[string]any{"options": &cn.Options, "metadata": &cn.Metadata} {
		if v, sent := body[name]; sent {
			*into, _ = v.(map[string]any)
		}
	}
	if v, sent := body["display_name"].(string); sent {
		cn.Display = v
	}
	for name, into := range map[string]*[]string{"enabled_clients": &cn.Clients, "realms": &cn.Realms} {
		if v, sent := body[name]; sent {
			*into = texts(v)
		}
	}
	for name, into := range map[string]**bool{"is_domain_connection": &cn.Domain, "show_as_button": &cn.ShowAsButton} {
		if v, isFlag := body[name].(bool); isFlag {
			*into = &v
		}
	}
}

func createConnection(c *call) reply {
	if c.connectionNamed(c.text("name")) != nil {
		return fail(409, "A connection with the same name already exists", "connection_conflict")
	}
	cn := &connection{ID: "con_" + pick(c.ids, 16, alnum), Name: c.text("name"), Strategy: c.text("strategy"), Clients: []string{}}
	if cn.Strategy == "auth0" {
		cn.Options = map[string]any{"mfa": map[string]any{"active": true, "return_enroll_settings": true}, "passwordPolicy": "good",
			"strategy_version": 2, "brute_force_protection": true,
			"authentication_methods": map[string]any{"password": map[string]any{"enabled": true}, "passkey": map[string]any{"enabled": false}},
			"passkey_options":        map[string]any{"challenge_ui": "both", "progressive_enrollment_enabled": true, "local_enrollment_enabled": true}}
	}
	if !slices.Contains([]string{"auth0", "email", "sms", "google-oauth2"}, cn.Strategy) {
		cn.ShowAsButton = yes(true)
	}
	usual := cn.Options
	cn.take(c.body)
	if cn.Options == nil {
		cn.Options = map[string]any{}
	}
	for name, v := range usual {
		if _, set := cn.Options[name]; !set {
			cn.Options[name] = v
		}
	}
	c.connections.set(cn.ID, cn)
	return created(c.fullConnection(cn))
}

// updateConnection replaces what is sent; options are replaced as a whole, as at Auth0.
func updateConnection(c *call) reply {
	cn := c.connections.at(c.arg(0))
	if cn == nil {
		return noConnection()
	}
	changed := *cn
	changed.take(c.body)
	c.connections.set(cn.ID, &changed)
	return ok(c.fullConnection(&changed))
}

// deleteConnection takes the users along whose account it was, and linked accounts out of those who had one there. As
// recorded, deleting it again is accepted as well.
func deleteConnection(c *call) reply {
	now := c.now().UTC()
	done := reply{status: 202, body: map[string]any{"deleted_at": stamp(now)}}
	cn := c.connections.at(c.arg(0))
	if cn == nil {
		return done
	}
	var gone []*user
	for _, u := range c.users.list() {
		at := slices.IndexFunc(u.Identities, func(i identity) bool { return i.Connection == cn.Name })
		switch {
		case at == 0:
			gone = append(gone, u)
		case at > 0:
			left := u.clone()
			left.Identities = slices.DeleteFunc(left.Identities, func(i identity) bool { return i.Connection == cn.Name })
			left.Updated = now
			c.put(left)
		}
	}
	for _, g := range c.groups.list() {
		if g.ConnectionID == cn.ID {
			c.removeGroup(g.ID)
		}
	}
	c.removeUsers(gone)
	trimAll(c.orgConnections, func(oc *orgConnection) bool { return oc.ConnectionID == cn.ID })
	c.connections.drop(cn.ID)
	return done
}

func connectionClients(c *call) reply {
	cn := c.connections.at(c.arg(0))
	if cn == nil {
		return noConnection()
	}
	return c.checkpoint("clients", sortedRoll(cn.Clients, func(id string) (string, string) { return "", id },
		func(id string) any { return map[string]any{"client_id": id} }))
}

func setConnectionClients(c *call) reply {
	cn := c.connections.at(c.arg(0))
	if cn == nil {
		return noConnection()
	}
	changed := *cn
	changed.Clients = slices.Clone(cn.Clients)
	for _, item := range c.items {
		row := item.(map[string]any)
		id := []string{row["client_id"].(string)}
		if c.clientByID(id[0]) == nil {
			return badRequest("The client with client_id "+id[0]+" does not exist.", "inexistent_client")
		}
		if changed.Clients = without(changed.Clients, id); row["status"] == true {
			changed.Clients = append(changed.Clients, id[0])
		}
	}
	c.connections.set(cn.ID, &changed)
	return nothing()
}

// deleteConnectionUser deletes by address whoever has it in a database.
func deleteConnectionUser(c *call) reply {
	cn := c.connections.at(c.arg(0))
	switch {
	case cn == nil:
		return noConnection()
	case cn.Strategy != "auth0":
		return badRequest("Connection must be a database connection", "operation_not_supported")
	}
	for _, id := range c.byEmail(c.query.Get("email")) {
		if u := c.users.at(id); u.connection() == cn.Name {
			c.removeUser(u)
			c.record("sdu", u, "User successfully deleted")
		}
	}
	return nothing()
}

// setUp is attributes with more of them set.
func setUp(settings map[string]any, more map[string]any) map[string]any {
	out := map[string]any{}
	maps.Copy(out, settings)
	for name, v := range more {
		if out[name] = v; v == nil {
			delete(out, name)
		}
	}
	return out
}
