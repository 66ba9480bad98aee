package localtenant

import "slices"

// maxOrgMembers is how many members an organization can have.
const maxOrgMembers = 100_000

func orgMemberRoutes() []route {
	someRoles := anObject(fields{"roles": aList(aText().like("role-id"), 1)}, "roles")
	some := anObject(fields{"members": aList(aText(1, 300).like("user-id"), 1)}, "members")
	return []route{
		on("GET organizations/*/members", orgMembers).needs("read:organization_members").in(classOrgMembers).
			asks(byOffsetCapped(), byCheckpoint(), someFields()),
		on("POST organizations/*/members", addOrgMembers).needs("create:organization_members").in(classWriteOrgMembers).takes(some).
			titled("Add members to an organization"),
		on("DELETE organizations/*/members", removeOrgMembers).needs("delete:organization_members").in(classWriteOrgMembers).takes(some).
			titled("Delete members from an organization"),
		on("GET organizations/*/members/*/roles", memberRoles).needs("read:organization_member_roles").in(classMemberRoles).asks(byOffsetCapped()),
		on("POST organizations/*/members/*/roles", addMemberRoles).needs("create:organization_member_roles").in(classWriteMemberRoles).
			takes(someRoles).titled("Assign user roles to an Organization member"),
		on("DELETE organizations/*/members/*/roles", removeMemberRoles).needs("delete:organization_member_roles").in(classWriteMemberRoles).
			takes(someRoles).titled("Delete user roles from an Organization member"),
	}
}

// orgMembers lists members as they were a moment ago: the list is eventually consistent at Auth0.
func orgMembers(c *call) reply {
	o := c.org()
	if o == nil {
		return noOrg()
	}
	names, include := c.fields()
	withRoles := include && slices.Contains(names, "roles")
	if withRoles {
		if problem, denied := (&route{any: []string{"read:organization_member_roles"}}).refuse(c.who); denied {
			return problem
		}
	}
	rows := c.shownMembers(o.ID)
	rows.again = true // as recorded, of this list alone
	rows.show = func(id string, _ int) any {
		row := c.users.at(id).brief()
		if withRoles {
			m, _ := c.membership(o.ID, id)
			roles := []any{}
			for _, rid := range m.Roles {
				roles = append(roles, map[string]any{"id": rid, "name": c.roles.at(rid).Name})
			}
			row["roles"] = roles
		}
		return c.only(row)
	}
	return c.either("members", rows)
}

func addOrgMembers(c *call) reply {
	o := c.org()
	if o == nil {
		return noOrg()
	}
	ids := c.texts("members")
	for _, id := range ids {
		if !c.users.has(id) {
			return noUser()
		}
	}
	if in := c.inOrg[o.ID]; in != nil && in.len()+len(ids) > maxOrgMembers {
		return badRequest("No more members can be added to this organization.", "")
	}
	for _, id := range ids {
		c.join(o, id, nil)
	}
	return nothing()
}

// join makes a user a member; one who is already stays as they are.
func (t *Tenant) join(o *organization, id string, roles []string) {
	if _, already := t.membership(o.ID, id); already {
		return
	}
	ahead := pairKey(o.ID, id)
	t.setMember(id, membership{Org: o.ID, Roles: union(t.rolesAhead.at(ahead), roles)})
	t.rolesAhead.drop(ahead)
	t.noteMove(o.ID, id, true)
	t.record("organization_member_added", t.users.at(id), "User "+id+" was added to organization "+o.ID)
}

func removeOrgMembers(c *call) reply {
	o := c.org()
	if o == nil {
		return noOrg()
	}
	for _, id := range c.texts("members") {
		if _, belongs := c.membership(o.ID, id); belongs {
			c.removeMember(o.ID, id)
			c.noteMove(o.ID, id, false)
		}
	}
	return nothing()
}

// member is the membership the path names, or what it would be; bad has a status when the organization or user is none.
func (c *call) member() (m membership, bad reply) {
	o := c.org()
	if o == nil {
		return m, noOrg()
	}
	if !c.users.has(c.arg(1)) {
		return m, noUser()
	}
	m, belongs := c.membership(o.ID, c.arg(1))
	if !belongs {
		// As recorded, roles can be given to somebody before they join.
		m = membership{Org: o.ID, Roles: c.rolesAhead.at(pairKey(o.ID, c.arg(1)))}
	}
	return m, reply{}
}

// setMemberRoles keeps the roles of a member, or of somebody who may become one.
func (t *Tenant) setMemberRoles(userID string, m membership) {
	if _, belongs := t.membership(m.Org, userID); belongs {
		t.setMember(userID, m)
		return
	}
	if key := pairKey(m.Org, userID); len(m.Roles) > 0 {
		t.rolesAhead.set(key, m.Roles)
	} else {
		t.rolesAhead.drop(key)
	}
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
	if m.Roles = union(m.Roles, ids); len(m.Roles) > maxRoles {
		return fail(409, "No more roles can be assigned to this organization member.", "")
	}
	c.setMemberRoles(c.arg(1), m)
	return nothing()
}

func removeMemberRoles(c *call) reply {
	m, bad := c.member()
	if bad.status != 0 {
		return bad
	}
	m.Roles = without(m.Roles, c.texts("roles"))
	c.setMemberRoles(c.arg(1), m)
	return nothing()
}
