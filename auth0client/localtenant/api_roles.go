package localtenant

import (
	"net/http"
	"slices"
	"strings"
)

// maxRoles is how many roles a user can hold.
const maxRoles = 50

func (t *Tenant) roleRoutes() []route {
	members := []string{"read:users", "read:roles", "read:role_members"}
	one := func(s string) []string { return []string{s} }
	return []route{
		{method: "GET", pattern: []string{"users", "*", "roles"}, all: members, do: rolesOfUser},
		{method: "POST", pattern: []string{"users", "*", "roles"}, any: []string{"read:roles", "update:users"}, do: assignRoles},
		{method: "DELETE", pattern: []string{"users", "*", "roles"}, any: one("update:users"), do: removeRoles},
		{method: "GET", pattern: []string{"users", "*", "permissions"}, any: one("read:users"), do: permissionsOfUser},
		{method: "POST", pattern: []string{"users", "*", "permissions"}, any: one("update:users"), do: grantPermissions},
		{method: "DELETE", pattern: []string{"users", "*", "permissions"}, any: one("update:users"), do: withdrawPermissions},
		{method: "GET", pattern: []string{"roles"}, any: one("read:roles"), do: listRoles},
		{method: "POST", pattern: []string{"roles"}, any: one("create:roles"), do: createRole},
		{method: "GET", pattern: []string{"roles", "*"}, any: one("read:roles"), do: readRole},
		{method: "PATCH", pattern: []string{"roles", "*"}, any: one("update:roles"), do: updateRole},
		{method: "DELETE", pattern: []string{"roles", "*"}, any: one("delete:roles"), do: deleteRole},
		{method: "GET", pattern: []string{"roles", "*", "users"}, all: members, do: roleUsers},
		{method: "POST", pattern: []string{"roles", "*", "users"}, any: []string{"update:roles", "create:role_members"}, do: addRoleUsers},
		{method: "GET", pattern: []string{"roles", "*", "permissions"}, any: one("read:roles"), do: rolePermissions},
		{method: "POST", pattern: []string{"roles", "*", "permissions"}, any: one("update:roles"), do: addRolePermissions},
		{method: "DELETE", pattern: []string{"roles", "*", "permissions"}, any: one("update:roles"), do: removeRolePermissions},
	}
}

func noRole() reply { return fail(http.StatusNotFound, "The role does not exist.", "") }

func (r *role) json() map[string]any {
	return map[string]any{"id": r.ID, "name": r.Name, "description": r.Description}
}

func (t *Tenant) roleRows(ids []string) []any {
	rows := make([]any, 0, len(ids))
	for _, id := range ids {
		rows = append(rows, t.roles.at(id).json())
	}
	return rows
}

func rolesOfUser(c *call) reply {
	if c.users.at(c.arg(0)) == nil {
		return noUser()
	}
	return c.list("roles", c.roleRows(c.userRoles.at(c.arg(0))))
}

// someRoles reads the body's role ids, all of which must exist.
func (c *call) someRoles() ([]string, *reply) {
	ids, bad := c.texts("roles")
	if bad != nil {
		return nil, bad
	}
	for _, id := range ids {
		if c.roles.at(id) == nil {
			gone := fail(http.StatusNotFound, "One or more of the roles do not exist.", "")
			return nil, &gone
		}
	}
	return ids, nil
}

func union(have, more []string) []string {
	out := slices.Clone(have)
	for _, id := range more {
		if !slices.Contains(out, id) {
			out = append(out, id)
		}
	}
	return out
}

func without(have, less []string) []string {
	return slices.DeleteFunc(slices.Clone(have), func(id string) bool { return slices.Contains(less, id) })
}

func assignRoles(c *call) reply {
	if c.users.at(c.arg(0)) == nil {
		return noUser()
	}
	ids, bad := c.someRoles()
	if bad != nil {
		return *bad
	}
	held := union(c.userRoles.at(c.arg(0)), ids)
	if len(held) > maxRoles {
		return fail(http.StatusBadRequest, "No more roles can be assigned to this user.", "")
	}
	c.setRoles(c.arg(0), held)
	return nothing()
}

func removeRoles(c *call) reply {
	if c.users.at(c.arg(0)) == nil {
		return noUser()
	}
	ids, bad := c.texts("roles")
	if bad != nil {
		return *bad
	}
	c.setRoles(c.arg(0), without(c.userRoles.at(c.arg(0)), ids))
	return nothing()
}

func listRoles(c *call) reply {
	filter := strings.ToLower(c.query.Get("name_filter"))
	rows := []any{}
	for _, r := range c.roles.all() {
		if strings.Contains(strings.ToLower(r.Name), filter) {
			rows = append(rows, r.json())
		}
	}
	return c.list("roles", rows)
}

func createRole(c *call) reply {
	name := c.text("name")
	if name == "" {
		return missing("name")
	}
	if c.roleNamed(name) != nil {
		return fail(http.StatusConflict, "The role already exists.", "role_conflict")
	}
	r := &role{ID: "rol_" + pick(c.ids, 16, alnum), Name: name, Description: c.text("description")}
	if r.Description == "" {
		r.Description = name
	}
	c.roles.set(r.ID, r)
	return ok(r.json())
}

func readRole(c *call) reply {
	r := c.roles.at(c.arg(0))
	if r == nil {
		return noRole()
	}
	return ok(r.json())
}

func updateRole(c *call) reply {
	r := c.roles.at(c.arg(0))
	if r == nil {
		return noRole()
	}
	if name := c.text("name"); name != "" {
		if other := c.roleNamed(name); other != nil && other != r {
			return fail(http.StatusConflict, "The role already exists.", "role_conflict")
		}
		r.Name = name
	}
	if d := c.text("description"); d != "" {
		r.Description = d
	}
	c.roles.set(r.ID, r)
	return ok(r.json())
}

// deleteRole takes the role from everybody who held it.
func deleteRole(c *call) reply {
	id := c.arg(0)
	if c.roles.at(id) == nil {
		return noRole()
	}
	c.roles.drop(id)
	for _, who := range c.holdersOf(id) {
		c.setRoles(who, without(c.userRoles.at(who), []string{id}))
	}
	for who, in := range c.members.all() {
		for _, m := range in {
			if slices.Contains(m.Roles, id) {
				c.setMember(who, membership{Org: m.Org, Roles: without(m.Roles, []string{id})})
			}
		}
	}
	return ok(map[string]any{})
}

func roleUsers(c *call) reply {
	if c.roles.at(c.arg(0)) == nil {
		return noRole()
	}
	rows := []any{}
	for _, id := range c.holdersOf(c.arg(0)) {
		rows = append(rows, c.users.at(id).brief())
	}
	return c.listFrom("users", rows)
}

func addRoleUsers(c *call) reply {
	if c.roles.at(c.arg(0)) == nil {
		return noRole()
	}
	ids, bad := c.texts("users")
	if bad != nil {
		return *bad
	}
	for _, id := range ids {
		if c.users.at(id) == nil {
			return fail(http.StatusNotFound, "One or more of the users do not exist.", "")
		}
		if len(union(c.userRoles.at(id), []string{c.arg(0)})) > maxRoles {
			return fail(http.StatusBadRequest, "No more roles can be assigned to this user.", "")
		}
	}
	for _, id := range ids {
		c.setRoles(id, union(c.userRoles.at(id), []string{c.arg(0)}))
	}
	return ok(map[string]any{})
}

func rolePermissions(c *call) reply {
	r := c.roles.at(c.arg(0))
	if r == nil {
		return noRole()
	}
	rows := []any{}
	for _, p := range r.Permissions {
		rows = append(rows, c.permissionJSON(p))
	}
	return c.list("permissions", rows)
}

func addRolePermissions(c *call) reply {
	r := c.roles.at(c.arg(0))
	if r == nil {
		return noRole()
	}
	asked, bad := c.existingPermissions()
	if bad != nil {
		return *bad
	}
	r.Permissions = joined(r.Permissions, asked)
	c.roles.set(r.ID, r)
	return reply{status: http.StatusCreated}
}

func removeRolePermissions(c *call) reply {
	r := c.roles.at(c.arg(0))
	if r == nil {
		return noRole()
	}
	asked, bad := c.somePermissions()
	if bad != nil {
		return *bad
	}
	r.Permissions = lessened(r.Permissions, asked)
	c.roles.set(r.ID, r)
	return nothing()
}
