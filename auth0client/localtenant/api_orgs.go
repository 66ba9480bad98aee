package localtenant

import (
	"net/http"
	"slices"
)

func (o *organization) json() map[string]any {
	return map[string]any{"id": o.ID, "name": o.Name, "display_name": o.Display}
}

func userOrgs(c *call) reply {
	if c.users.at(c.arg(0)) == nil {
		return noUser()
	}
	rows := []any{}
	for _, m := range c.members.at(c.arg(0)) {
		rows = append(rows, c.orgs.at(m.Org).json())
	}
	return c.list("organizations", rows)
}

func listOrgs(c *call) reply {
	rows := []any{}
	for _, o := range c.orgs.all() {
		rows = append(rows, o.json())
	}
	return c.listFrom("organizations", rows)
}

// org is the organization of the path; nil when there is none.
func (c *call) org() *organization {
	return c.orgs.at(c.arg(0))
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
	for _, id := range c.membersOf(o.ID) {
		row := c.users.at(id).brief()
		if slices.Contains(names, "roles") {
			roles := []any{}
			m, _ := c.membership(o.ID, id)
			for _, rid := range m.Roles {
				roles = append(roles, map[string]any{"id": rid, "name": c.roles.at(rid).Name})
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
		if c.users.at(id) == nil {
			return noUser()
		}
	}
	for _, id := range ids {
		if _, already := c.membership(o.ID, id); !already {
			c.setMember(id, membership{Org: o.ID})
		}
	}
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
	for _, id := range ids {
		c.removeMember(o.ID, id)
	}
	return nothing()
}

// member is the membership the path names; bad has a status when there is none.
func (c *call) member() (m membership, bad reply) {
	o := c.org()
	if o == nil {
		return m, noOrg()
	}
	m, belongs := c.membership(o.ID, c.arg(1))
	if !belongs {
		return m, fail(http.StatusNotFound, "The user is not a member of the organization.", "")
	}
	return m, reply{}
}

func memberRoles(c *call) reply {
	m, bad := c.member()
	if bad.status != 0 {
		return bad
	}
	return c.list("roles", c.roleRows(m.Roles))
}

func addMemberRoles(c *call) reply {
	m, bad := c.member()
	if bad.status != 0 {
		return bad
	}
	ids, refused := c.someRoles()
	if refused != nil {
		return *refused
	}
	m.Roles = union(m.Roles, ids)
	if len(m.Roles) > maxRoles {
		return fail(http.StatusBadRequest, "No more roles can be assigned to this member.", "")
	}
	c.setMember(c.arg(1), m)
	return nothing()
}

func removeMemberRoles(c *call) reply {
	m, bad := c.member()
	if bad.status != 0 {
		return bad
	}
	ids, refused := c.texts("roles")
	if refused != nil {
		return *refused
	}
	m.Roles = without(m.Roles, ids)
	c.setMember(c.arg(1), m)
	return nothing()
}
