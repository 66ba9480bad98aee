package localtenant

import "slices"

func groupRoleRoutes() []route {
	some := anObject(fields{"roles": aList(aText().like("role-id"), 1)}, "roles")
	someGroups := anObject(fields{"groups": aList(aText(18, 26).matching(groupShape), 1)}, "groups")
	return []route{
		on("GET groups/*/roles", groupRoles).needs("read:group_roles").asks(byCheckpoint()),
		on("POST groups/*/roles", addGroupRoles).needs("create:group_roles").takes(some).titled("Assign roles to a group"),
		on("DELETE groups/*/roles", removeGroupRoles).needs("delete:group_roles").takes(some).titled("Remove roles from a group"),
		on("GET roles/*/groups", groupsWithRole).needs("read:group_roles").asks(byCheckpoint()),
		on("POST roles/*/groups", addRoleToGroups).needs("create:group_roles").takes(someGroups).titled("Assign groups to a role"),
		on("DELETE roles/*/groups", removeRoleFromGroups).needs("delete:group_roles").takes(someGroups).titled("Remove groups from a role"),
		on("GET organizations/*/groups", orgGroups).needs("read:organization_groups").asks(byCheckpoint()),
		on("GET organizations/*/groups/*/roles", orgGroupRoles).needs("read:organization_group_roles").asks(byCheckpoint()),
		on("POST organizations/*/groups/*/roles", addOrgGroupRoles).needs("create:organization_group_roles").takes(some).
			titled("Assigns roles to a group in an organization context."),
		on("DELETE organizations/*/groups/*/roles", removeOrgGroupRoles).needs("delete:organization_group_roles").takes(some).
			titled("Removes roles assigned to a group in an organization context."),
	}
}

// roleList lists roles by checkpoint.
func (c *call) roleList(ids []string) reply {
	return c.checkpoint("roles", sortedRoll(ids, func(id string) (string, string) { return "", id },
		func(id string) any { return c.roles.at(id).json() }))
}

// addRoles gives the holder under key more roles, up to most.
func (c *call) addRoles(in *table[[]string], key string, most int, full reply) reply {
	ids, bad := c.someRoles()
	if bad != nil {
		return *bad
	}
	now := union(in.at(key), ids)
	if len(now) > most {
		return full
	}
	in.set(key, now)
	return nothing()
}

func (c *call) dropRoles(in *table[[]string], key string) reply {
	ids := c.texts("roles")
	trim(in, key, func(id string) bool { return slices.Contains(ids, id) })
	return nothing()
}

func groupRoles(c *call) reply {
	if !c.groups.has(c.arg(0)) {
		return noGroup()
	}
	return c.roleList(c.groupRoles.at(c.arg(0)))
}

func tooManyGroupRoles() reply { return badRequest("No more roles can be assigned to this group.", "") }

func addGroupRoles(c *call) reply {
	if !c.groups.has(c.arg(0)) {
		return noGroup()
	}
	return c.addRoles(c.groupRoles, c.arg(0), maxGroupRoles, tooManyGroupRoles())
}

func removeGroupRoles(c *call) reply {
	if !c.groups.has(c.arg(0)) {
		return noGroup()
	}
	return c.dropRoles(c.groupRoles, c.arg(0))
}

func groupsWithRole(c *call) reply {
	if !c.roles.has(c.arg(0)) {
		return noRole()
	}
	var rows []*group
	for id, roles := range c.groupRoles.all() {
		if slices.Contains(roles, c.arg(0)) {
			rows = append(rows, c.groups.at(id))
		}
	}
	return c.groupRows(rows)
}

func addRoleToGroups(c *call) reply {
	if !c.roles.has(c.arg(0)) {
		return noRole()
	}
	role := []string{c.arg(0)}
	for _, id := range c.texts("groups") {
		if !c.groups.has(id) {
			return noGroup()
		}
		if len(union(c.groupRoles.at(id), role)) > maxGroupRoles {
			return tooManyGroupRoles()
		}
	}
	for _, id := range c.texts("groups") {
		c.groupRoles.set(id, union(c.groupRoles.at(id), role))
	}
	return nothing()
}

func removeRoleFromGroups(c *call) reply {
	if !c.roles.has(c.arg(0)) {
		return noRole()
	}
	for _, id := range c.texts("groups") {
		trim(c.groupRoles, id, func(r string) bool { return r == c.arg(0) })
	}
	return nothing()
}

func noOrganization() reply { return notFound("Organization not found.", "inexistent_organization") }

// orgGroups are the groups that have roles in an organization.
func orgGroups(c *call) reply {
	if c.org() == nil {
		return noOrganization()
	}
	var rows []*group
	for _, g := range c.groups.all() {
		if len(c.orgGroupRoles.at(pairKey(c.arg(0), g.ID))) > 0 {
			rows = append(rows, g)
		}
	}
	return c.groupRows(rows)
}

// orgGroup is the table key of the organization and group of the path; bad has a status when one does not exist.
func (c *call) orgGroup() (key string, bad reply) {
	switch {
	case c.org() == nil:
		return "", noOrganization()
	case !c.groups.has(c.arg(1)):
		return "", noGroup()
	}
	return pairKey(c.arg(0), c.arg(1)), reply{}
}

func orgGroupRoles(c *call) reply {
	key, bad := c.orgGroup()
	if bad.status != 0 {
		return bad
	}
	return c.roleList(c.orgGroupRoles.at(key))
}

func addOrgGroupRoles(c *call) reply {
	key, bad := c.orgGroup()
	if bad.status != 0 {
		return bad
	}
	return c.addRoles(c.orgGroupRoles, key, maxGroupRoles, fail(409, "No more roles can be assigned to this organization group.", ""))
}

func removeOrgGroupRoles(c *call) reply {
	key, bad := c.orgGroup()
	if bad.status != 0 {
		return bad
	}
	return c.dropRoles(c.orgGroupRoles, key)
}
