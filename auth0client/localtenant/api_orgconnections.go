package localtenant

import (
	"regexp"
	"slices"
)

var noBlanks = regexp.MustCompile(`^[^ ]*$`)

// orgConnectionRoutes are the two generations of the same resource: enabled_connections, and connections with more attributes.
func orgConnectionRoutes() []route {
	ways := func() fields {
		return fields{"assign_membership_on_login": aFlag(), "show_as_button": aFlag(), "is_signup_enabled": aFlag()}
	}
	with := func(f fields, more fields) fields {
		for name, of := range more {
			f[name] = of
		}
		return f
	}
	access := aChoice("none", "readonly", "limited", "full")
	more := fields{"organization_connection_name": aText(1, 50).matching(noBlanks), "organization_access_level": access, "is_enabled": aFlag()}
	changes := fields{"organization_connection_name": aText(1, 50).matching(noBlanks).orNull(), "organization_access_level": access.orNull(),
		"is_enabled": aFlag().orNull()}
	which := fields{"connection_id": aText(1, 50).like("connection-id")}
	read, write := "read:organization_connections", "create:organization_connections"
	change, drop := "update:organization_connections", "delete:organization_connections"
	return []route{
		on("GET organizations/*/enabled_connections", listEnabled).needs(read).in(classOrgConnections).asks(byOffset()),
		on("POST organizations/*/enabled_connections", addEnabled).needs(write).in(classWriteOrgConnections).
			takes(anObject(with(ways(), which), "connection_id")).titled("Add connections to an organization"),
		on("GET organizations/*/enabled_connections/*", readEnabled).needs(read).in(classOrgConnections),
		on("PATCH organizations/*/enabled_connections/*", changeEnabled).needs(change).in(classWriteOrgConnections).
			takes(anObject(ways())).titled("Update the Connection of an Organization"),
		on("DELETE organizations/*/enabled_connections/*", dropEnabled).needs(drop).in(classWriteOrgConnections).
			titled("Delete connections from an organization"),
		on("GET organizations/*/connections", listOrgConnections).needs(read).in(classOrgConnections).asks(byOffset(), fields{"is_enabled": aFlag()}),
		on("POST organizations/*/connections", addOrgConnection).needs(write).in(classWriteOrgConnections).
			takes(anObject(with(with(ways(), which), more), "connection_id")).titled("Adds a connection to an organization"),
		on("GET organizations/*/connections/*", readOrgConnection).needs(read).in(classOrgConnections),
		on("PATCH organizations/*/connections/*", changeOrgConnection).needs(change).in(classWriteOrgConnections).
			takes(anObject(with(ways(), changes))).titled("Update a connection for an organization"),
		on("DELETE organizations/*/connections/*", dropEnabled).needs(drop).in(classWriteOrgConnections).
			titled("Delete a connection from an organization"),
	}
}

func tooManyOrgConnections() reply {
	return badRequest("An organization cannot have more than 10 enabled connections.", "too_many_entities")
}

// orgConnectionFrom reads a body; the connection it names must exist.
func (c *call) orgConnectionFrom(body map[string]any) (*orgConnection, *reply) {
	id, _ := body["connection_id"].(string)
	if !c.connections.has(id) {
		bad := notFound("No connection found by that id", "")
		return nil, &bad
	}
	oc := &orgConnection{ConnectionID: id, AssignMembership: new(bool), ShowAsButton: yes(true), Signup: nil}
	return oc, c.changeTo(oc, body)
}

// changeTo takes a body's attributes over. Signing up needs membership at login, and a database.
func (c *call) changeTo(oc *orgConnection, body map[string]any) *reply {
	for name, into := range map[string]**bool{"assign_membership_on_login": &oc.AssignMembership, "show_as_button": &oc.ShowAsButton,
		"is_signup_enabled": &oc.Signup, "is_enabled": &oc.Enabled} {
		if v, sent := body[name]; sent {
			b, isFlag := v.(bool)
			if *into = &b; !isFlag {
				*into = nil
			}
		}
	}
	for name, into := range map[string]*string{"organization_connection_name": &oc.Name, "organization_access_level": &oc.Access} {
		if v, sent := body[name]; sent {
			*into, _ = v.(string)
		}
	}
	database := c.connections.at(oc.ConnectionID) != nil && c.connections.at(oc.ConnectionID).Strategy == "auth0"
	if oc.Signup != nil && *oc.Signup && (!database || oc.AssignMembership == nil || !*oc.AssignMembership) {
		bad := badRequest("Only database connections with assign_membership_on_login = true support is_signup_enabled = true.", "invalid_body")
		return &bad
	}
	return nil
}

func (t *Tenant) enabledConnectionJSON(oc *orgConnection) map[string]any {
	out := map[string]any{"connection_id": oc.ConnectionID}
	for name, v := range map[string]*bool{"assign_membership_on_login": oc.AssignMembership, "show_as_button": oc.ShowAsButton,
		"is_signup_enabled": oc.Signup} {
		if v != nil {
			out[name] = *v
		}
	}
	if cn := t.connections.at(oc.ConnectionID); cn != nil {
		out["connection"] = map[string]any{"name": cn.Name, "strategy": cn.Strategy}
	}
	return out
}

func (t *Tenant) orgConnectionJSON(oc *orgConnection) map[string]any {
	out := t.enabledConnectionJSON(oc)
	out["is_enabled"] = oc.Enabled == nil || *oc.Enabled
	if oc.Name != "" {
		out["organization_connection_name"] = oc.Name
	}
	if oc.Access != "" {
		out["organization_access_level"] = oc.Access
	}
	return out
}

func listEnabled(c *call) reply {
	o := c.org()
	if o == nil {
		return noOrg()
	}
	rows := []any{}
	for _, oc := range c.orgConnections.at(o.ID) {
		rows = append(rows, c.enabledConnectionJSON(oc))
	}
	answer := c.list("enabled_connections", rows)
	if page, isPage := answer.body.(map[string]any); isPage {
		// As recorded, the limit here is how many there are.
		page["limit"] = len(rows)
	}
	return answer
}

func listOrgConnections(c *call) reply {
	o := c.org()
	if o == nil {
		return noOrg()
	}
	rows := []any{}
	for _, oc := range c.orgConnections.at(o.ID) {
		row := c.orgConnectionJSON(oc)
		if want := c.query.Get("is_enabled"); want == "" || (want == "true") == row["is_enabled"] {
			rows = append(rows, row)
		}
	}
	return c.list("connections", rows)
}

// enable adds a connection to the organization of the path.
func (c *call) enable() (*orgConnection, reply) {
	o := c.org()
	if o == nil {
		return nil, noOrg()
	}
	oc, bad := c.orgConnectionFrom(c.body)
	if bad != nil {
		return nil, *bad
	}
	has := c.orgConnections.at(o.ID)
	switch {
	case slices.ContainsFunc(has, func(h *orgConnection) bool { return h.ConnectionID == oc.ConnectionID }):
		return nil, fail(409, "The organization connection already exists.", "organization_connection_conflict")
	case len(has) >= maxOrgConnections:
		return nil, tooManyOrgConnections()
	}
	c.orgConnections.set(o.ID, append(slices.Clone(has), oc))
	return oc, reply{}
}

func addEnabled(c *call) reply {
	oc, bad := c.enable()
	if oc == nil {
		return bad
	}
	return created(c.enabledConnectionJSON(oc))
}

func addOrgConnection(c *call) reply {
	oc, bad := c.enable()
	if oc == nil {
		return bad
	}
	return created(c.orgConnectionJSON(oc))
}

// enabled is the connection of the path in the organization of the path.
func (c *call) enabled() (at int, bad reply) {
	o := c.org()
	if o == nil {
		return -1, noOrg()
	}
	at = slices.IndexFunc(c.orgConnections.at(o.ID), func(oc *orgConnection) bool { return oc.ConnectionID == c.arg(1) })
	if at < 0 {
		return at, notFound("No connection found by that id", "")
	}
	return at, reply{}
}

func readEnabled(c *call) reply {
	at, bad := c.enabled()
	if at < 0 {
		return bad
	}
	return ok(c.enabledConnectionJSON(c.orgConnections.at(c.arg(0))[at]))
}

func readOrgConnection(c *call) reply {
	at, bad := c.enabled()
	if at < 0 {
		return bad
	}
	return ok(c.orgConnectionJSON(c.orgConnections.at(c.arg(0))[at]))
}

func (c *call) changeConnection(show func(*orgConnection) map[string]any) reply {
	at, bad := c.enabled()
	if at < 0 {
		return bad
	}
	list := slices.Clone(c.orgConnections.at(c.arg(0)))
	changed := *list[at]
	if bad := c.changeTo(&changed, c.body); bad != nil {
		return *bad
	}
	list[at] = &changed
	c.orgConnections.set(c.arg(0), list)
	return ok(show(&changed))
}

func changeEnabled(c *call) reply       { return c.changeConnection(c.enabledConnectionJSON) }
func changeOrgConnection(c *call) reply { return c.changeConnection(c.orgConnectionJSON) }

// dropEnabled is idempotent: what is not enabled is gone already.
func dropEnabled(c *call) reply {
	if c.org() == nil {
		return noOrg()
	}
	trim(c.orgConnections, c.arg(0), func(oc *orgConnection) bool { return oc.ConnectionID == c.arg(1) })
	return nothing()
}
