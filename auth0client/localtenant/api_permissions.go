package localtenant

import (
	"net/http"
	"slices"
)

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

func (c *call) somePermissions() ([]permission, *reply) {
	raw, _ := c.body["permissions"].([]any)
	if len(raw) == 0 {
		bad := missing("permissions")
		return nil, &bad
	}
	var out []permission
	for _, v := range raw {
		m, _ := v.(map[string]any)
		var p permission
		p.API, _ = m["resource_server_identifier"].(string)
		p.Name, _ = m["permission_name"].(string)
		if p.API == "" || p.Name == "" {
			bad := missing("permissions")
			return nil, &bad
		}
		out = append(out, p)
	}
	return out, nil
}

func (c *call) existingPermissions() ([]permission, *reply) {
	asked, bad := c.somePermissions()
	if bad != nil {
		return nil, bad
	}
	for _, p := range asked {
		if !c.permissionExists(p) {
			gone := fail(http.StatusNotFound, "This permission does not exist: '"+p.API+" - "+p.Name+"'",
				"inexistent_resource_server_permission")
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

func lessened(have, less []permission) []permission {
	return slices.DeleteFunc(slices.Clone(have), func(p permission) bool { return slices.Contains(less, p) })
}

func grantPermissions(c *call) reply {
	if c.users.at(c.arg(0)) == nil {
		return noUser()
	}
	asked, bad := c.existingPermissions()
	if bad != nil {
		return *bad
	}
	c.userPerms.set(c.arg(0), joined(c.userPerms.at(c.arg(0)), asked))
	return reply{status: http.StatusCreated}
}

func withdrawPermissions(c *call) reply {
	if c.users.at(c.arg(0)) == nil {
		return noUser()
	}
	asked, bad := c.somePermissions()
	if bad != nil {
		return *bad
	}
	c.userPerms.set(c.arg(0), lessened(c.userPerms.at(c.arg(0)), asked))
	return nothing()
}
