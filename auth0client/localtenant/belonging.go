package localtenant

import "slices"

// membership is one organization a user belongs to, with the roles they have there.
type membership struct {
	Org   string
	Roles []string
}

// ids is a set of ids in the order of their adding.
type ids = table[struct{}]

// setRoles gives a user exactly these roles.
func (t *Tenant) setRoles(userID string, roles []string) {
	reindex(t.holders, userID, t.userRoles.at(userID), roles)
	if len(roles) == 0 {
		t.userRoles.drop(userID)
		return
	}
	t.userRoles.set(userID, roles)
}

// setMemberships makes a user a member of exactly these organizations.
func (t *Tenant) setMemberships(userID string, now []membership) {
	reindex(t.inOrg, userID, orgsOf(t.members.at(userID)), orgsOf(now))
	if len(now) == 0 {
		t.members.drop(userID)
		return
	}
	t.members.set(userID, now)
}

func orgsOf(list []membership) []string {
	out := make([]string, len(list))
	for i, m := range list {
		out[i] = m.Org
	}
	return out
}

// reindex moves a user from the groups they were in to those they are in now.
func reindex(index map[string]*ids, userID string, before, now []string) {
	for _, group := range before {
		if !slices.Contains(now, group) && index[group] != nil {
			index[group].drop(userID)
		}
	}
	for _, group := range now {
		if index[group] == nil {
			index[group] = newTable[struct{}]("")
		}
		index[group].set(userID, struct{}{})
	}
}

// membership is a user's membership of one organization; ok is false when they do not belong to it.
func (t *Tenant) membership(org, userID string) (m membership, ok bool) {
	list := t.members.at(userID)
	if i := slices.IndexFunc(list, func(m membership) bool { return m.Org == org }); i >= 0 {
		return list[i], true
	}
	return membership{}, false
}

// setMember adds a user to an organization, or changes the roles they have there.
func (t *Tenant) setMember(userID string, m membership) {
	list := slices.Clone(t.members.at(userID))
	if i := slices.IndexFunc(list, func(have membership) bool { return have.Org == m.Org }); i >= 0 {
		list[i] = m
	} else {
		list = append(list, m)
	}
	t.setMemberships(userID, list)
}

// removeMember takes a user out of an organization, and with it the roles they had there.
func (t *Tenant) removeMember(org, userID string) {
	t.setMemberships(userID, slices.DeleteFunc(slices.Clone(t.members.at(userID)), func(m membership) bool { return m.Org == org }))
}

// membersOf are an organization's members, in the order they joined.
func (t *Tenant) membersOf(org string) []string { return t.inOrg[org].names() }

// holdersOf are the users who hold a role directly, in the order they got it.
func (t *Tenant) holdersOf(role string) []string { return t.holders[role].names() }
