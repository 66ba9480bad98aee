package localtenant

import (
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"

	"usher/auth0client/lucene"
)

func (t *Tenant) tenantRoutes() []route {
	one := func(s string) []string { return []string{s} }
	logs := []string{"read:logs", "read:logs_users"}
	return []route{
		{method: "GET", pattern: []string{"users", "*", "logs"}, any: logs, class: classLogs, do: userLogs},
		{method: "GET", pattern: []string{"logs"}, any: logs, class: classLogs, do: searchLogs},
		{method: "GET", pattern: []string{"logs", "*"}, any: logs, class: classLogs, do: readLog},
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
		{method: "GET", pattern: []string{"stats", "active-users"}, any: one("read:stats"), do: activeUsers},
		{method: "GET", pattern: []string{"stats", "daily"}, any: one("read:stats"), do: dailyStats},
	}
}

func (c *call) logList(events []*logEvent) reply {
	p, bad := c.paging(50, 100)
	if bad != nil {
		return *bad
	}
	if p.start()+p.size > searchWindow {
		return fail(http.StatusBadRequest, "You can only page through the first 1000 records.", "invalid_paging")
	}
	from, to := p.cut(len(events))
	rows := make([]any, 0, to-from)
	for _, e := range events[from:to] {
		rows = append(rows, e.json(c.Tenant))
	}
	if !p.totals {
		return ok(rows)
	}
	// The total of a log search is the length of the page, as at Auth0.
	return ok(map[string]any{"start": p.start(), "limit": p.size, "length": len(rows), "total": len(rows), "logs": rows})
}

func userLogs(c *call) reply {
	if c.users.at(c.arg(0)) == nil {
		return noUser()
	}
	events := c.userEvents(c.arg(0))
	if c.query.Get("sort") == "date:1" {
		slices.Reverse(events)
	}
	return c.logList(events)
}

func searchLogs(c *call) reply {
	events := c.allEvents()
	if c.query.Has("from") || c.query.Has("take") {
		return c.logsFrom(events)
	}
	if q := c.query.Get("q"); q != "" {
		parsed, err := lucene.ParseLogs(q)
		if err != nil {
			return fail(http.StatusBadRequest, "The search query string has an error: "+err.Error(), "invalid_query_string")
		}
		events = slices.DeleteFunc(events, func(e *logEvent) bool { return !parsed.Match(document{e: e, t: c.Tenant}) })
	}
	if c.query.Get("sort") == "date:1" {
		slices.Reverse(events)
	}
	return c.logList(events)
}

// logsFrom pages by log id, oldest first, as log exports do.
func (c *call) logsFrom(events []*logEvent) reply {
	take := 50
	if v := c.query.Get("take"); v != "" {
		n, err := strconv.Atoi(v)
		if err != nil || n < 1 || n > 100 {
			return fail(http.StatusBadRequest, "Query validation error: 'Value out of range' on property take.",
				"invalid_query_string")
		}
		take = n
	}
	slices.Reverse(events)
	at := 0
	if from := c.query.Get("from"); from != "" {
		at = slices.IndexFunc(events, func(e *logEvent) bool { return e.ID == from }) + 1
		if at == 0 {
			return fail(http.StatusBadRequest, "Invalid value for 'from'.", "invalid_query_string")
		}
	}
	to := min(at+take, len(events))
	rows := []any{}
	for _, e := range events[at:to] {
		rows = append(rows, e.json(c.Tenant))
	}
	out := ok(rows)
	if to > at {
		out.link = fmt.Sprintf(`<%s/api/v2/logs?from=%s&take=%d>; rel="next"`, c.base, events[to-1].ID, take)
	}
	return out
}

func readLog(c *call) reply {
	for _, e := range c.allEvents() {
		if e.ID == c.arg(0) {
			return ok(e.json(c.Tenant))
		}
	}
	return fail(http.StatusNotFound, "The log event does not exist.", "")
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

func activeUsers(c *call) reply {
	since := c.now().Add(-retention)
	return ok(len(c.sortedIDs(func(u *user) bool { return u.LastLogin.After(since) })))
}

func dailyStats(c *call) reply { return ok(c.daily(c.query.Get("from"), c.query.Get("to"))) }
