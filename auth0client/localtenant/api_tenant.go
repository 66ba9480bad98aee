package localtenant

import (
	"net/http"
	"net/url"
	"slices"
)

func (t *Tenant) tenantRoutes() []route {
	one := func(s string) []string { return []string{s} }
	return []route{
		{method: "GET", pattern: []string{"users", "*", "organizations"}, any: one("read:organizations"), class: classOrgs, do: userOrgs},
		{method: "GET", pattern: []string{"organizations"}, any: []string{"read:organizations", "read:organizations_summary"}, class: classOrgs, do: listOrgs},
		{method: "GET", pattern: []string{"organizations", "*"}, any: one("read:organizations"), class: classOrgs, do: readOrg},
		{method: "GET", pattern: []string{"organizations", "*", "members"}, any: one("read:organization_members"), class: classOrgMembers, do: orgMembers},
		{method: "POST", pattern: []string{"organizations", "*", "members"}, any: one("create:organization_members"), class: classWriteOrgMembers, do: addOrgMembers},
		{method: "DELETE", pattern: []string{"organizations", "*", "members"}, any: one("delete:organization_members"), class: classWriteOrgMembers, do: removeOrgMembers},
		{method: "GET", pattern: []string{"organizations", "*", "members", "*", "roles"}, any: one("read:organization_member_roles"), class: classOrgMemberRoles, do: memberRoles},
		{method: "POST", pattern: []string{"organizations", "*", "members", "*", "roles"}, any: one("create:organization_member_roles"), class: classOrgMemberRoles, do: addMemberRoles},
		{method: "DELETE", pattern: []string{"organizations", "*", "members", "*", "roles"}, any: one("delete:organization_member_roles"), class: classOrgMemberRoles, do: removeMemberRoles},
		{method: "GET", pattern: []string{"connections"}, any: one("read:connections"), class: classConnections, do: listConnections},
		{method: "GET", pattern: []string{"connections", "*"}, any: one("read:connections"), class: classConnections, do: readConnection},
		{method: "GET", pattern: []string{"clients"}, any: []string{"read:clients", "read:client_summary"}, class: classClients, do: listClients},
		{method: "GET", pattern: []string{"resource-servers"}, any: one("read:resource_servers"), do: listAPIs},
		{method: "POST", pattern: []string{"tickets", "password-change"}, any: one("create:user_tickets"), do: passwordTicket},
		{method: "POST", pattern: []string{"tickets", "email-verification"}, any: one("create:user_tickets"), do: emailTicket},
		{method: "POST", pattern: []string{"jobs", "verification-email"}, any: one("update:users"), do: sendVerification},
		{method: "GET", pattern: []string{"jobs", "*"}, any: []string{"create:users", "read:users"}, do: readJob},
	}
}

// connectionJSON leaves out the options for a token without their scope: they may hold secrets at Auth0.
func (c *call) connectionJSON(cn *connection) map[string]any {
	out := map[string]any{"id": cn.ID, "name": cn.Name, "strategy": cn.Strategy, "realms": []string{cn.Name},
		"is_domain_connection": false}
	if cn.Display != "" {
		out["display_name"] = cn.Display
	}
	if _, denied := (&route{any: []string{"read:connections_options"}}).refuse(c.who); !denied {
		out["options"] = cn.Options
	}
	names, include := c.fields()
	for k := range out {
		if len(names) > 0 && slices.Contains(names, k) != include {
			delete(out, k)
		}
	}
	return out
}

func listConnections(c *call) reply {
	strategies, name := c.query["strategy"], c.query.Get("name")
	rows := []any{}
	for _, cn := range c.connections.all() {
		if (len(strategies) == 0 || slices.Contains(strategies, cn.Strategy)) && (name == "" || name == cn.Name) {
			rows = append(rows, c.connectionJSON(cn))
		}
	}
	return c.listFrom("connections", rows)
}

func readConnection(c *call) reply {
	if cn := c.connections.at(c.arg(0)); cn != nil {
		return ok(c.connectionJSON(cn))
	}
	return fail(http.StatusNotFound, "The connection does not exist.", "inexistent_connection")
}

func listClients(c *call) reply {
	names, include := c.fields()
	rows := []any{}
	for _, cl := range c.clients.all() {
		row := map[string]any{"client_id": cl.ID, "name": cl.Name, "app_type": cl.Type, "is_first_party": cl.FirstParty,
			"global": false}
		for k := range row {
			if len(names) > 0 && slices.Contains(names, k) != include {
				delete(row, k)
			}
		}
		rows = append(rows, row)
	}
	return c.listFrom("clients", rows)
}

func listAPIs(c *call) reply {
	rows := []any{}
	for _, a := range c.apis.all() {
		scopes := []any{}
		for _, s := range a.Scopes {
			scopes = append(scopes, map[string]any{"value": s.Value, "description": s.Description})
		}
		rows = append(rows, map[string]any{"id": a.ID, "name": a.Name, "identifier": a.Identifier, "is_system": a.System,
			"scopes": scopes, "signing_alg": "RS256", "allow_offline_access": !a.System, "token_lifetime": int(accessLife.Seconds())})
	}
	return c.listFrom("resource_servers", rows)
}

// ticketUser finds whom a ticket is for, by user_id or by email and connection_id.
func (c *call) ticketUser() (*user, *reply) {
	refuse := func(r reply) (*user, *reply) { return nil, &r }
	id, email, connectionID := c.text("user_id"), c.text("email"), c.text("connection_id")
	switch {
	case id == "" && (email == "" || connectionID == ""):
		return refuse(missing("user_id"))
	case id != "" && email != "":
		return refuse(invalid("Payload validation error: 'user_id' and 'email' cannot be sent together."))
	case id == "":
		cn := c.connections.at(connectionID)
		if cn == nil {
			return refuse(fail(http.StatusBadRequest, "The connection with id "+connectionID+" does not exist.", "inexistent_connection"))
		}
		ids := slices.DeleteFunc(c.byEmail(email), func(id string) bool { return c.users.at(id).connection() != cn.Name })
		if len(ids) == 0 {
			return refuse(noUser())
		}
		id = ids[0]
	}
	u := c.users.at(id)
	switch {
	case u == nil:
		return refuse(noUser())
	case u.Email == "":
		return refuse(fail(http.StatusBadRequest, "The user does not have an email address.", "operation_not_supported"))
	}
	return u, nil
}

func passwordTicket(c *call) reply {
	u, bad := c.ticketUser()
	if bad != nil {
		return *bad
	}
	if u.Identities[0].Provider != "auth0" {
		return fail(http.StatusBadRequest, "The user's main connection does not support this operation.", "operation_not_supported")
	}
	c.record("scpr", u, "")
	return created(map[string]any{"ticket": c.base + "/u/reset-password?ticket=" + url.QueryEscape(secret(32, alnum)) + "#"})
}

func emailTicket(c *call) reply {
	if c.text("user_id") == "" {
		return missing("user_id")
	}
	if _, bad := c.ticketUser(); bad != nil {
		return *bad
	}
	return created(map[string]any{"ticket": c.base + "/u/email-verification?ticket=" + url.QueryEscape(secret(32, alnum)) + "#"})
}

func (j *job) json() map[string]any {
	return map[string]any{"id": j.ID, "type": j.Type, "status": "completed", "created_at": stamp(j.Created)}
}

func sendVerification(c *call) reply {
	if c.text("user_id") == "" {
		return missing("user_id")
	}
	u, bad := c.ticketUser()
	if bad != nil {
		return *bad
	}
	j := &job{ID: "job_" + pick(c.ids, 16, alnum), Type: "verification_email", Created: c.now().UTC()}
	c.jobs.set(j.ID, j)
	c.record("svr", u, "")
	out := j.json()
	out["status"] = "pending"
	return created(out)
}

func readJob(c *call) reply {
	j := c.jobs.at(c.arg(0))
	if j == nil {
		return fail(http.StatusNotFound, "The job does not exist.", "inexistent_job")
	}
	return ok(j.json())
}
