package localtenant

import "slices"

// maxPermissions is how many permissions a role can have, and a user directly.
const maxPermissions = 1000

func permissionRoutes() []route {
	one := anObject(fields{"resource_server_identifier": aText(1), "permission_name": aText(1)}, "resource_server_identifier", "permission_name")
	some := anObject(fields{"permissions": aList(one, 1)}, "permissions")
	return []route{
		on("GET users/*/permissions", permissionsOfUser).needs("read:users").asks(byOffset()),
		on("POST users/*/permissions", grantPermissions).needs("update:users").takes(some).titled("Assign Permissions to a User"),
		on("DELETE users/*/permissions", withdrawPermissions).needs("update:users").takes(some).titled("Remove Permissions from a User"),
		on("GET roles/*/permissions", rolePermissions).needs("read:roles").asks(byOffset()),
		on("POST roles/*/permissions", addRolePermissions).needs("update:roles").takes(some).titled("Associate permissions with a role"),
		on("DELETE roles/*/permissions", removeRolePermissions).needs("update:roles").takes(some).titled("Remove permissions from a role"),
	}
}

func (t *Tenant) permissionJSON(p permission) map[string]any {
	out := map[string]any{"permission_name": p.Name, "resource_server_identifier": p.API, "description": ""}
	for _, a := range t.apis.all() {
		if a.Identifier != p.API {
			continue
		}
		out["resource_server_name"] = a.Name
		for _, s := range a.Scopes {
			if s.Value == p.Name {
				out["description"] = s.Description
			}
		}
	}
	return out
}

func (t *Tenant) permissionExists(p permission) bool {
	for _, a := range t.apis.all() {
		if a.Identifier == p.API {
			return slices.ContainsFunc(a.Scopes, func(s scope) bool { return s.Value == p.Name })
		}
	}
	return false
}

// permissionsOfUser lists what a user holds directly and through roles, with where each comes from.
func permissionsOfUser(c *call) reply {
	id := c.arg(0)
	if c.users.at(id) == nil {
		return noUser()
	}
	var order []permission
	sources := map[permission][]any{}
	note := func(p permission, source map[string]any) {
		if sources[p] == nil {
			order = append(order, p)
		}
		sources[p] = append(sources[p], source)
	}
	for _, p := range c.userPerms.at(id) {
		note(p, map[string]any{"source_id": "", "source_name": "", "source_type": "DIRECT"})
	}
	for _, rid := range c.userRoles.at(id) {
		for _, p := range c.roles.at(rid).Permissions {
			note(p, map[string]any{"source_id": rid, "source_name": c.roles.at(rid).Name, "source_type": "ROLE"})
		}
	}
	rows := make([]any, 0, len(order))
	for _, p := range order {
		row := c.permissionJSON(p)
		row["sources"] = sources[p]
		rows = append(rows, row)
	}
	return c.list("permissions", rows)
}

// somePermissions are those of the body.
func (c *call) somePermissions() []permission {
	raw, _ := c.body["permissions"].([]any)
	out := make([]permission, 0, len(raw))
	for _, v := range raw {
		m, _ := v.(map[string]any)
		var p permission
		p.API, _ = m["resource_server_identifier"].(string)
		p.Name, _ = m["permission_name"].(string)
		out = append(out, p)
	}
	return out
}

func (c *call) existingPermissions() ([]permission, *reply) {
	asked := c.somePermissions()
	for _, p := range asked {
		if !c.permissionExists(p) {
			gone := notFound("This permission does not exist: '"+p.API+" - "+p.Name+"'", "inexistent_resource_server_permission")
			return nil, &gone
		}
	}
	return asked, nil
}

func joined(have, more []permission) []permission {
	out := slices.Clone(have)
	for _, p := range more {
		if !slices.Contains(out, p) {
			out = append(out, p)
		}
	}
	return out
}

func grantPermissions(c *call) reply {
	if !c.users.has(c.arg(0)) {
		return noUser()
	}
	asked, bad := c.existingPermissions()
	if bad != nil {
		return *bad
	}
	held := joined(c.userPerms.at(c.arg(0)), asked)
	if len(held) > maxPermissions {
		return badRequest("No more permissions can be assigned to this user.", "")
	}
	c.userPerms.set(c.arg(0), held)
	return created(map[string]any{})
}

func withdrawPermissions(c *call) reply {
	if !c.users.has(c.arg(0)) {
		return noUser()
	}
	asked := c.somePermissions()
	trim(c.userPerms, c.arg(0), func(p permission) bool { return slices.Contains(asked, p) })
	return nothing()
}

func rolePermissions(c *call) reply {
	r := c.roles.at(c.arg(0))
	if r == nil {
		return noRole()
	}
	return c.offset("permissions", roll{size: len(r.Permissions), place: func(int) (string, string) { return "", "" },
		show: func(_ string, i int) any { return c.permissionJSON(r.Permissions[i]) }})
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
	changed := *r
	changed.Permissions = joined(r.Permissions, asked)
	if len(changed.Permissions) > maxPermissions {
		return badRequest("No more permissions can be assigned to this role.", "")
	}
	c.roles.set(r.ID, &changed)
	return created(map[string]any{})
}

func removeRolePermissions(c *call) reply {
	r := c.roles.at(c.arg(0))
	if r == nil {
		return noRole()
	}
	asked := c.somePermissions()
	changed := *r
	changed.Permissions = slices.DeleteFunc(slices.Clone(r.Permissions), func(p permission) bool { return slices.Contains(asked, p) })
	c.roles.set(r.ID, &changed)
	return nothing()
}
