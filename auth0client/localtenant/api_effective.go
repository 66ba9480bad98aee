package localtenant

import (
	"slices"
	"strings"
)

func effectiveRoutes() []route {
	ofAPI := fields{"resource_server_identifier!": aText(1, 600)}
	return []route{
		on("GET users/*/effective-roles", effectiveRoles).needs("read:user_effective_roles").asks(byCheckpoint()),
		on("GET users/*/effective-roles/sources/groups", roleSourceGroups).needs("read:user_role_source_groups").
			asks(byCheckpoint(), fields{"role_id!": aText()}),
		on("GET users/*/effective-permissions", effectivePermissions).needs("read:user_effective_permissions").asks(byCheckpoint(), ofAPI),
		on("GET users/*/effective-permissions/sources/effective-roles", permissionSourceRoles).
			needs("read:user_permission_source_roles").asks(byCheckpoint(), ofAPI, fields{"permission_name!": aText(1, 280)}),
		on("GET organizations/*/members/*/effective-roles", memberEffectiveRoles).
			needs("read:organization_member_effective_roles").in(classMemberRoles).asks(byCheckpoint()),
		on("GET organizations/*/members/*/effective-roles/sources/groups", memberRoleSourceGroups).
			needs("read:organization_member_role_source_groups").in(classMemberRoles).asks(byCheckpoint(), fields{"role_id!": aText()}),
	}
}

// heldRole is a role somebody has, with where it comes from: direct, groups or both.
type heldRole struct {
	*role
	sources []string
}

// held joins roles assigned directly with those of groups, in the order of their ids.
func (t *Tenant) held(direct []string, groups []groupMembership, rolesOf func(group string) []string) []heldRole {
	from := map[string][]string{}
	for _, id := range direct {
		from[id] = []string{"direct"}
	}
	for _, m := range groups {
		for _, id := range rolesOf(m.Group) {
			if !slices.Contains(from[id], "groups") {
				from[id] = append(from[id], "groups")
			}
		}
	}
	out := make([]heldRole, 0, len(from))
	for id, sources := range from {
		if r := t.roles.at(id); r != nil {
			out = append(out, heldRole{r, sources})
		}
	}
	slices.SortFunc(out, func(a, b heldRole) int { return strings.Compare(a.ID, b.ID) })
	return out
}

// rolesHeld are a user's roles in the tenant, direct and through groups.
func (t *Tenant) rolesHeld(userID string) []heldRole {
	return t.held(t.userRoles.at(userID), t.userGroups.at(userID), t.groupRoles.at)
}

// rolesHeldIn are the roles somebody has in an organization they are, or may become, a member of.
func (t *Tenant) rolesHeldIn(userID string, m membership) []heldRole {
	return t.held(m.Roles, t.userGroups.at(userID), t.orgGroupRolesIn(m.Org))
}

func (c *call) heldRows(rows []heldRole) reply {
	return c.checkpoint("roles", sortedRoll(rows, func(r heldRole) (string, string) { return "", r.ID }, func(r heldRole) any {
		return map[string]any{"id": r.ID, "name": r.Name, "description": r.Description, "sources": r.sources}
	}))
}

func (c *call) groupRows(rows []*group) reply {
	return c.checkpoint("groups", sortedRoll(rows, func(g *group) (string, string) { return stamp(g.Created), g.ID },
		func(g *group) any { return c.groupJSON(g) }))
}

func effectiveRoles(c *call) reply {
	if !c.users.has(c.arg(0)) {
		return noUser()
	}
	return c.heldRows(c.rolesHeld(c.arg(0)))
}

// sourceGroups are those of a user's groups that give a role.
func (c *call) sourceGroups(userID string, rolesOf func(group string) []string) reply {
	role := c.query.Get("role_id")
	if !c.roles.has(role) {
		return noRole()
	}
	var rows []*group
	for _, m := range c.userGroups.at(userID) {
		if slices.Contains(rolesOf(m.Group), role) {
			rows = append(rows, c.groups.at(m.Group))
		}
	}
	return c.groupRows(rows)
}

func roleSourceGroups(c *call) reply {
	if !c.users.has(c.arg(0)) {
		return noUser()
	}
	return c.sourceGroups(c.arg(0), c.groupRoles.at)
}

// effectivePermissions are what a user may do on one API, with whether directly, through roles or both.
func effectivePermissions(c *call) reply {
	if !c.users.has(c.arg(0)) {
		return notFound("User does not exist.", "inexistent_user")
	}
	api := c.query.Get("resource_server_identifier")
	from := map[permission][]string{}
	for _, p := range c.userPerms.at(c.arg(0)) {
		from[p] = []string{"direct"}
	}
	for _, r := range c.rolesHeld(c.arg(0)) {
		for _, p := range r.Permissions {
			if !slices.Contains(from[p], "roles") {
				from[p] = append(from[p], "roles")
			}
		}
	}
	var rows []permission
	for p := range from {
		if p.API == api {
			rows = append(rows, p)
		}
	}
	return c.checkpoint("permissions", sortedRoll(rows, func(p permission) (string, string) { return "", p.Name }, func(p permission) any {
		row := c.permissionJSON(p)
		row["sources"] = from[p]
		return row
	}))
}

func permissionSourceRoles(c *call) reply {
	if !c.users.has(c.arg(0)) {
		return notFound("User does not exist.", "inexistent_user")
	}
	p := permission{API: c.query.Get("resource_server_identifier"), Name: c.query.Get("permission_name")}
	return c.heldRows(slices.DeleteFunc(c.rolesHeld(c.arg(0)), func(r heldRole) bool { return !slices.Contains(r.Permissions, p) }))
}

func (t *Tenant) orgGroupRolesIn(org string) func(group string) []string {
	return func(group string) []string { return t.orgGroupRoles.at(pairKey(org, group)) }
}

func memberEffectiveRoles(c *call) reply {
	m, bad := c.member()
	if bad.status != 0 {
		return bad
	}
	return c.heldRows(c.rolesHeldIn(c.arg(1), m))
}

func memberRoleSourceGroups(c *call) reply {
	m, bad := c.member()
	if bad.status != 0 {
		return bad
	}
	return c.sourceGroups(c.arg(1), c.orgGroupRolesIn(m.Org))
}
