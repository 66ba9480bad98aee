package user

import (
	"context"
	"strings"

	tea "charm.land/bubbletea/v2"

	"usher/auth0client"
	"usher/ui/widget"
)

// access is the user's roles and permissions.
type access struct {
	plain
	m     *Model
	roles part[[]auth0client.Role]
	perms part[[]auth0client.Permission]
}

func newAccess(m *Model) *access {
	a := &access{m: m}
	a.roles.naming, a.perms.naming = true, true
	return a
}

func (a *access) title() (long, short string) { return "Roles & access", "Roles" }

func (a *access) parts() []tracked { return []tracked{&a.roles, &a.perms} }

func (a *access) need() tea.Cmd {
	records, id := a.m.records, a.m.id()
	return tea.Batch(
		lacking(a.m, &a.roles, rolesPermission, func(ctx context.Context) ([]auth0client.Role, error) { return records.UserRoles(ctx, id) }),
		lacking(a.m, &a.perms, rolesPermission, func(ctx context.Context) ([]auth0client.Permission, error) { return records.UserPermissions(ctx, id) }),
	)
}

func (a *access) rows(width int) []row {
	m, t := a.m, a.m.env.Theme
	name := min(32, max(10, width/3))
	rows := m.heading("Roles", "r", "edits them")[1:]
	rows = append(rows, listed(m, &a.roles, rolesPermission, "roles", "No role.", func(r auth0client.Role) row {
		return line(widget.Pad(r.Name.String(), name) + "  " + t.Muted.Render(r.Description.String()))
	})...)
	if m.why(rolesPermission) != "" {
		return rows
	}
	rows = append(rows, m.heading("Permissions", "A", "says why, and what would give others")...)
	return append(rows, listed(m, &a.perms, rolesPermission, "permissions", "No permission.", func(p auth0client.Permission) row {
		api := p.API
		if api.IsEmpty() {
			api = p.APIID
		}
		return line(widget.Pad(p.Name.String(), name) + "  " + widget.Pad(api.String(), min(24, max(6, width/4))) +
			"  " + t.Muted.Render(sourceWords(p.Sources)))
	})...)
}

// sourceWords say how a permission is held.
func sourceWords(sources []auth0client.PermissionSource) string {
	var words []string
	for _, s := range sources {
		if s.Direct {
			words = append(words, "direct")
		} else {
			words = append(words, "by "+s.Name.String())
		}
	}
	return strings.Join(words, ", ")
}
