package localtenant

import (
	"net/http"
	"slices"
)

func (o *organization) json() map[string]any {
	return map[string]any{"id": o.ID, "name": o.Name, "display_name": o.Display}
}

func userOrgs(c *call) reply {
	if c.users[c.arg(0)] == nil {
		return noUser()
	}
	rows := []any{}
	for _, o := range c.orgs {
		if slices.Contains(o.Members, c.arg(0)) {
			rows = append(rows, o.json())
		}
	}
	return c.list("organizations", rows)
}

func listOrgs(c *call) reply {
	rows := []any{}
	for _, o := range c.orgs {
		rows = append(rows, o.json())
	}
	return c.listFrom("organizations", rows)
}

// org is the organization of the path; nil when there is none.
func (c *call) org() *organization {
	for _, o := range c.orgs {
		if o.ID == c.arg(0) {
			return o
		}
	}
	return nil
}

func noOrg() reply { return fail(http.StatusNotFound, "No organization found by that id or name", "") }

func readOrg(c *call) reply {
	o := c.org()
	if o == nil {
		return noOrg()
	}
	return ok(o.json())
}

func orgMembers(c *call) reply {
	o := c.org()
	if o == nil {
		return noOrg()
	}
	names, _ := c.fields()
	rows := []any{}
	for _, id := range o.Members {
		row := c.users[id].brief()
		if slices.Contains(names, "roles") {
			roles := []any{}
			for _, rid := range o.MemberRoles[id] {
				roles = append(roles, map[string]any{"id": rid, "name": c.roleByID[rid].Name})
			}
			row["roles"] = roles
		}
		rows = append(rows, row)
	}
	return c.listFrom("members", rows)
}

func addOrgMembers(c *call) reply {
	o := c.org()
	if o == nil {
		return noOrg()
	}
	ids, bad := c.texts("members")
	if bad != nil {
		return *bad
	}
	for _, id := range ids {
		if c.users[id] == nil {
			return noUser()
		}
	}
	o.Members = union(o.Members, ids)
	return nothing()
}

func removeOrgMembers(c *call) reply {
	o := c.org()
	if o == nil {
		return noOrg()
	}
	ids, bad := c.texts("members")
	if bad != nil {
		return *bad
	}
	o.Members = without(o.Members, ids)
	for _, id := range ids {
		delete(o.MemberRoles, id)
	}
	return nothing()
}

func (c *call) member() (*organization, reply) {
	o := c.org()
	switch {
	case o == nil:
		return nil, noOrg()
	case !slices.Contains(o.Members, c.arg(1)):
		return nil, fail(http.StatusNotFound, "The user is not a member of the organization.", "")
	}
	return o, reply{}
}

func memberRoles(c *call) reply {
	o, bad := c.member()
	if o == nil {
		return bad
	}
	return c.list("roles", c.roleRows(o.MemberRoles[c.arg(1)]))
}

func addMemberRoles(c *call) reply {
	o, bad := c.member()
	if o == nil {
		return bad
	}
	ids, refused := c.someRoles()
	if refused != nil {
		return *refused
	}
	held := union(o.MemberRoles[c.arg(1)], ids)
	if len(held) > maxRoles {
		return fail(http.StatusBadRequest, "No more roles can be assigned to this member.", "")
	}
	o.MemberRoles[c.arg(1)] = held
	return nothing()
}

func removeMemberRoles(c *call) reply {
	o, bad := c.member()
	if o == nil {
		return bad
	}
	ids, refused := c.texts("roles")
	if refused != nil {
		return *refused
	}
	o.MemberRoles[c.arg(1)] = without(o.MemberRoles[c.arg(1)], ids)
	return nothing()
}
