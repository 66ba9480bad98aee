package desk

import (
	"cmp"
	"slices"

	"usher/auth0client"
)

// Gives is what roles allow, by role.
type Gives map[auth0client.RoleID][]auth0client.Permission

// directly stands among a permission's sources for whatever is no role that can be taken away here: a grant of the
// permission itself, or a role through a group.
const directly auth0client.RoleID = ""

// Grants is what gives a user each permission they hold: the ids of their roles, "" for anything else. The zero value is
// nobody's.
type Grants struct {
	by    map[auth0client.PermissionRef][]auth0client.RoleID
	known map[auth0client.PermissionRef]auth0client.Permission
}

func (g *Grants) note(p auth0client.Permission, by auth0client.RoleID) {
	if g.by == nil {
		g.by, g.known = map[auth0client.PermissionRef][]auth0client.RoleID{}, map[auth0client.PermissionRef]auth0client.Permission{}
	}
	g.known[p.Ref] = p
	if !slices.Contains(g.by[p.Ref], by) {
		g.by[p.Ref] = append(g.by[p.Ref], by)
	}
}

// Add notes that these roles are held as well.
func (g *Grants) Add(held []auth0client.RoleID, gives Gives) {
	for _, id := range held {
		for _, p := range gives[id] {
			g.note(p, id)
		}
	}
}

// ByRoles are the grants of somebody who holds these roles and is known for nothing else.
func ByRoles(held []auth0client.RoleID, gives Gives) Grants {
	var g Grants
	g.Add(held, gives)
	return g
}

// GrantsOf are the grants of somebody: their permissions as the tenant lists them, the roles they hold, and those that come
// through groups. A source that names its role by name alone counts as every held role of that name.
func GrantsOf(permissions []auth0client.Permission, held []auth0client.Role, through []auth0client.RoleID, gives Gives) Grants {
	var g Grants
	for _, p := range permissions {
		for _, s := range p.Sources {
			switch {
			case s.Direct:
				g.note(p, directly)
			case s.Role != "":
				g.note(p, s.Role)
			default:
				for _, r := range held {
					if r.Name == s.Name {
						g.note(p, r.ID)
					}
				}
			}
		}
		if len(g.by[p.Ref]) > 0 {
			continue
		}
		for _, r := range held { // the answer does not tell where it comes from
			if slices.ContainsFunc(gives[r.ID], func(other auth0client.Permission) bool { return other.Ref == p.Ref }) {
				g.note(p, r.ID)
			}
		}
		if len(g.by[p.Ref]) == 0 {
			g.note(p, directly)
		}
	}
	for _, id := range through {
		for _, p := range gives[id] {
			g.note(p, directly)
		}
	}
	return g
}

// Effect is what a change of roles does to somebody's permissions. Each list is sorted by name, then API.
type Effect struct {
	Gains, Loses []auth0client.Permission
	// Keeps are those of the removed roles that stay, for something else gives them as well.
	Keeps []auth0client.Permission
}

// Change says what adding and removing roles does, by what the roles give.
func (g Grants) Change(add, remove []auth0client.RoleID, gives Gives) Effect {
	var e Effect
	seen := map[auth0client.PermissionRef]bool{}
	after := func(p auth0client.PermissionRef) bool {
		return slices.ContainsFunc(g.by[p], func(by auth0client.RoleID) bool { return !slices.Contains(remove, by) }) ||
			slices.ContainsFunc(add, func(id auth0client.RoleID) bool {
				return slices.ContainsFunc(gives[id], func(other auth0client.Permission) bool { return other.Ref == p })
			})
	}
	for _, id := range remove {
		for _, p := range gives[id] {
			switch {
			case seen[p.Ref] || len(g.by[p.Ref]) == 0:
			case after(p.Ref):
				e.Keeps = append(e.Keeps, p)
			default:
				e.Loses = append(e.Loses, p)
			}
			seen[p.Ref] = true
		}
	}
	for _, id := range add {
		for _, p := range gives[id] {
			if !seen[p.Ref] && len(g.by[p.Ref]) == 0 {
				e.Gains = append(e.Gains, p)
			}
			seen[p.Ref] = true
		}
	}
	for _, list := range [][]auth0client.Permission{e.Gains, e.Loses, e.Keeps} {
		slices.SortFunc(list, byName)
	}
	return e
}

func byName(a, b auth0client.Permission) int {
	return cmp.Or(cmp.Compare(a.Ref.Name, b.Ref.Name), cmp.Compare(a.Ref.API, b.Ref.API))
}

// Counted is a permission that several users gain or lose.
type Counted struct {
	Permission auth0client.Permission
	Users      int
}

// Sum counts the users of several effects by permission, most users first.
func Sum(effects []Effect) (gains, loses []Counted) {
	count := func(list func(Effect) []auth0client.Permission) []Counted {
		at := map[auth0client.PermissionRef]int{}
		var out []Counted
		for _, e := range effects {
			for _, p := range list(e) {
				i, ok := at[p.Ref]
				if !ok {
					i = len(out)
					at[p.Ref] = i
					out = append(out, Counted{Permission: p})
				}
				out[i].Users++
			}
		}
		slices.SortStableFunc(out, func(a, b Counted) int { return cmp.Or(b.Users-a.Users, byName(a.Permission, b.Permission)) })
		return out
	}
	return count(func(e Effect) []auth0client.Permission { return e.Gains }), count(func(e Effect) []auth0client.Permission { return e.Loses })
}
