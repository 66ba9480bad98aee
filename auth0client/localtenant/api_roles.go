package localtenant

import (
	"net/http"
	"slices"
	"strings"
)

// maxRoles is how many roles a user can hold.
const maxRoles = 50

// maxRolesInTenant is how many roles a tenant can have.
const maxRolesInTenant = 1000

func roleRoutes() []route {
	members := []string{"read:users", "read:roles", "read:role_members"}
	named := fields{"name": aText(1), "description": aText()}
	someRoles := anObject(fields{"roles": aList(aText(1), 1)}, "roles")
	someUsers := anObject(fields{"users": aList(aText(1), 1)}, "users")
	return []route{
		on("GET users/*/roles", rolesOfUser).needsAll(members...).asks(byOffset()),
		on("POST users/*/roles", assignRoles).needs("read:roles", "update:users").takes(someRoles).titled("Assign roles to a user"),
		on("DELETE users/*/roles", removeRoles).needs("update:users").takes(someRoles).titled("Removes roles from a user"),
		on("GET roles", listRoles).needs("read:roles").asks(byOffset(), fields{"name_filter": aText(), "type": aText()}),
		on("POST roles", createRole).needs("create:roles").takes(anObject(named, "name")).titled("Create a role"),
		on("GET roles/*", readRole).needs("read:roles"),
		on("PATCH roles/*", updateRole).needs("update:roles").takes(anObject(named)).titled("Update a role"),
		on("DELETE roles/*", deleteRole).needs("delete:roles").titled("Delete a role"),
		on("GET roles/*/users", roleUsers).needsAll(members...).asks(byOffset(), byCheckpoint()),
		on("POST roles/*/users", addRoleUsers).needs("update:roles", "create:role_members").takes(someUsers).titled("Assign users to a role"),
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

// someRoles are the body's role ids, all of which must exist.
func (c *call) someRoles() ([]string, *reply) {
	ids := c.texts("roles")
	for _, id := range ids {
		if !c.roles.has(id) {
			gone := notFound("One or more of the roles do not exist.", "")
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
	c.setRoles(c.arg(0), without(c.userRoles.at(c.arg(0)), c.texts("roles")))
	return nothing()
}

func listRoles(c *call) reply {
	filter := strings.ToLower(c.query.Get("name_filter"))
	return c.offset("roles", rollOfSome(c.roles, func(r *role) bool { return strings.Contains(strings.ToLower(r.Name), filter) },
		func(r *role) any { return r.json() }))
}

func createRole(c *call) reply {
	name := c.text("name")
	switch {
	case name == "":
		return missing("name")
	case c.roleNamed(name) != nil:
		return fail(http.StatusConflict, "The role already exists.", "role_conflict")
	case c.roles.len() >= maxRolesInTenant:
		return tooManyEntities()
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
	changed := *r
	if name := c.text("name"); name != "" {
		if other := c.roleNamed(name); other != nil && other != r {
			return fail(http.StatusConflict, "The role already exists.", "role_conflict")
		}
		changed.Name = name
	}
	if c.sent("description") {
		changed.Description = c.text("description")
	}
	c.roles.set(r.ID, &changed)
	return ok(changed.json())
}

// deleteRole takes the role from everybody who held it, directly, in an organization or through a group.
func deleteRole(c *call) reply {
	id := c.arg(0)
	if !c.roles.has(id) {
		return noRole()
	}
	c.roles.drop(id)
	var bare []string
	for _, who := range c.holdersOf(id) {
		if left := without(c.userRoles.at(who), []string{id}); len(left) > 0 {
			c.userRoles.set(who, left)
		} else {
			bare = append(bare, who)
		}
	}
	c.userRoles.dropAll(bare)
	delete(c.holders, id)
	type inOrg struct {
		who string
		m   membership
	}
	var lose []inOrg
	for who, in := range c.members.all() {
		for _, m := range in {
			if slices.Contains(m.Roles, id) {
				lose = append(lose, inOrg{who, membership{Org: m.Org, Roles: without(m.Roles, []string{id})}})
			}
		}
	}
	for _, l := range lose {
		c.setMember(l.who, l.m)
	}
	for _, held := range []*table[[]string]{c.groupRoles, c.orgGroupRoles, c.rolesAhead} {
		trimAll(held, func(r string) bool { return r == id })
	}
	return ok(map[string]any{})
}

func roleUsers(c *call) reply {
	if c.roles.at(c.arg(0)) == nil {
		return noRole()
	}
	return c.either("users", rollOfAll(c.holders[c.arg(0)], func(id string) any { return c.users.at(id).brief() }))
}

func addRoleUsers(c *call) reply {
	if c.roles.at(c.arg(0)) == nil {
		return noRole()
	}
	ids := c.texts("users")
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
