package desk

import (
	"slices"
	"strings"

	"usher/auth0client"
)

// usherPermissions are the permissions of usher's own API: whoever holds them is an operator.
func usherPermissions() []string {
	return strings.Fields("users:read users:create users:edit users:block users:delete users:password mfa:read mfa:reset sessions:read " +
		"sessions:revoke roles:read roles:assign roles:manage orgs:read orgs:manage logs:read stats:read bulk:run journal:read")
}

// UshersOwn reports a permission of usher's own API. Its name decides, as it does for the gateway.
func UshersOwn(p auth0client.Permission) bool { return slices.Contains(usherPermissions(), p.Ref.Name) }

// Risk says why a permission is to be given with care; empty for nothing. Names are all there is to tell it by.
func Risk(p auth0client.Permission) string {
	if UshersOwn(p) {
		return "rights in usher itself"
	}
	words := strings.FieldsFunc(strings.ToLower(p.Ref.Name), func(r rune) bool { return strings.ContainsRune(":.-_/ ", r) })
	for _, w := range words {
		switch w {
		case "admin", "administrator", "superuser", "root", "owner", "*":
			return "everything"
		case "delete", "purge", "destroy", "erase":
			return "deletes"
		case "manage", "impersonate":
			return "manages"
		}
	}
	if n := len(words); n > 1 && (words[n-1] == "users" || words[n-1] == "roles") && words[0] != "read" && words[0] != "list" {
		return "changes people"
	}
	return ""
}

// May is what the gateway's policies say about assigning roles. The zero May forbids nothing.
type May struct {
	Policies    []string
	Assignable  []string // names, with * for anything; nil: all
	Permissions []string // the operator's own
	Known       bool     // the gateway was asked
}

// MayOf takes it from what the gateway says of the operator.
func MayOf(me auth0client.Me) May {
	return May{Policies: me.Policies, Assignable: me.Roles, Permissions: me.Permissions, Known: true}
}

// Role says why the operator may neither give nor take a role; empty when they may. gives is what the role allows, nil when it is
// not known yet. The gateway decides the same way.
func (m May) Role(r auth0client.Role, gives []auth0client.Permission) string {
	if !m.Known || len(m.Policies) == 0 {
		return ""
	}
	if m.Assignable != nil && !slices.ContainsFunc(m.Assignable, func(pattern string) bool { return matches(pattern, r.Name.String()) }) {
		return "policy " + strings.Join(m.Policies, ", ")
	}
	for _, p := range gives {
		if UshersOwn(p) && !slices.Contains(m.Permissions, p.Ref.Name) {
			return "it gives " + p.Name.String() + ", which you do not hold"
		}
	}
	return ""
}

// matches compares text with a pattern in which * stands for anything.
func matches(pattern, text string) bool {
	first, rest, more := strings.Cut(pattern, "*")
	if !more {
		return pattern == text
	}
	if text, more = strings.CutPrefix(text, first); !more {
		return false
	}
	for i := 0; i <= len(text); i++ {
		if matches(rest, text[i:]) {
			return true
		}
	}
	return false
}

// FindRole finds the role that an id or a name means: an id, else the exact name, else the name whatever its case. Several
// roles can have one name.
func FindRole(roles []auth0client.Role, idOrName string) []auth0client.Role {
	for _, is := range []func(auth0client.Role) bool{
		func(r auth0client.Role) bool { return string(r.ID) == idOrName },
		func(r auth0client.Role) bool { return r.Name.String() == idOrName },
		func(r auth0client.Role) bool { return strings.EqualFold(r.Name.String(), idOrName) },
	} {
		var found []auth0client.Role
		for _, r := range roles {
			if is(r) {
				found = append(found, r)
			}
		}
		if len(found) > 0 {
			return found
		}
	}
	return nil
}
