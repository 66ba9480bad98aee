package localtenant

import (
	"slices"
	"strings"
)

// maxGroupRoles is how many roles a group can have.
const maxGroupRoles = 10

func groupRoutes() []route {
	return []route{
		on("GET groups", listGroups).needs("read:groups").asks(byOffset(), byCheckpoint(), groupFields(), fields{"connection_id": aText(),
			"name": aText(1, 128), "external_id": aText(0, 256), "search": aText(1, 256)}),
		on("GET groups/*", readGroup).needs("read:groups"),
		on("DELETE groups/*", deleteGroup).needs("delete:groups").titled("Delete a Group"),
		on("GET groups/*/members", groupMembers).needs("read:group_members").asks(byCheckpoint(), groupFields()),
		on("GET users/*/groups", groupsOfUser).needs("read:groups").asks(byOffset(), byCheckpoint(), groupFields()),
	}
}

func groupFields() fields { return fields{"fields": aText(0, 256), "include_fields": aFlag()} }

// tenantName is the first label of the tenant's host, as Auth0 names tenants.
func (t *Tenant) tenantName() string { return "local-tenant" }

func (t *Tenant) groupJSON(g *group) map[string]any {
	out := map[string]any{"id": g.ID, "name": g.Name, "tenant_name": t.tenantName(), "created_at": stamp(g.Created), "updated_at": stamp(g.Updated)}
	if g.ExternalID != "" {
		out["external_id"] = g.ExternalID
	}
	if g.ConnectionID != "" {
		out["connection_id"] = g.ConnectionID
	}
	return out
}

func noGroup() reply { return notFound("Group not found.", "inexistent_group") }

func listGroups(c *call) reply {
	is := func(param, value string) bool { return !c.query.Has(param) || c.query.Get(param) == value }
	search := strings.ToLower(c.query.Get("search"))
	return c.either("groups", rollOfSome(c.groups, func(g *group) bool {
		return is("connection_id", g.ConnectionID) && is("name", g.Name) && is("external_id", g.ExternalID) &&
			strings.Contains(strings.ToLower(g.Name), search)
	}, func(g *group) any { return c.only(c.groupJSON(g)) }))
}

func readGroup(c *call) reply {
	g := c.groups.at(c.arg(0))
	if g == nil {
		return noGroup()
	}
	return ok(c.groupJSON(g))
}

// deleteGroup takes its members out, and with the group goes what its roles gave them.
func deleteGroup(c *call) reply {
	id := c.arg(0)
	if !c.groups.has(id) {
		return noGroup()
	}
	c.removeGroup(id)
	return nothing()
}

func (t *Tenant) removeGroup(id string) {
	for _, who := range t.membersOfGroup(id).names() {
		t.setGroups(who, slices.DeleteFunc(slices.Clone(t.userGroups.at(who)), func(m groupMembership) bool { return m.Group == id }))
	}
	t.groupRoles.drop(id)
	for _, key := range t.orgGroupRoles.names() {
		if strings.HasSuffix(key, " "+id) {
			t.orgGroupRoles.drop(key)
		}
	}
	t.groups.drop(id)
}

func groupMembers(c *call) reply {
	g := c.groups.at(c.arg(0))
	if g == nil {
		return noGroup()
	}
	return c.checkpoint("members", rollOfAll(c.membersOfGroup(g.ID), func(id string) any {
		row := map[string]any{"id": id, "member_type": "user", "type": "connection"}
		if g.ConnectionID != "" {
			row["connection_id"] = g.ConnectionID
		}
		for _, m := range c.userGroups.at(id) {
			if m.Group == g.ID {
				row["created_at"] = stamp(m.Since)
			}
		}
		return c.only(row)
	}))
}

func groupsOfUser(c *call) reply {
	if !c.users.has(c.arg(0)) {
		return noUser()
	}
	return c.either("groups", sortedRoll(c.userGroups.at(c.arg(0)), func(m groupMembership) (string, string) { return stamp(m.Since), m.Group },
		func(m groupMembership) any {
			row := c.groupJSON(c.groups.at(m.Group))
			row["membership_created_at"] = stamp(m.Since)
			return c.only(row)
		}))
}
