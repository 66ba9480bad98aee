package user

import (
	"context"
	"strings"

	tea "charm.land/bubbletea/v2"

	"usher/auth0client"
	"usher/ui/view"
	"usher/ui/widget"
)

// organizations are those the user belongs to. Auth0 tells the roles there of one at a time: those of the marked one are
// read, so that a user of fifty organizations does not cost fifty requests.
type organizations struct {
	plain
	m     *Model
	orgs  part[[]auth0client.Organization]
	roles map[auth0client.OrgID]*part[[]auth0client.Role]
}

func newOrganizations(m *Model) *organizations {
	return &organizations{m: m, roles: map[auth0client.OrgID]*part[[]auth0client.Role]{}}
}

func (o *organizations) title() (long, short string) { return "Organizations", "Orgs" }

func (o *organizations) parts() []tracked {
	all := []tracked{&o.orgs}
	for _, p := range o.roles {
		all = append(all, p)
	}
	return all
}

func (o *organizations) need() tea.Cmd {
	records, id := o.m.records, o.m.id()
	return tea.Batch(o.moved(), lacking(o.m, &o.orgs, orgsPermission, func(ctx context.Context) ([]auth0client.Organization, error) {
		return records.UserOrganizations(ctx, id)
	}))
}

// settled goes on to the roles once the organizations are known.
func (o *organizations) settled() tea.Cmd { return o.moved() }

// moved reads the roles in the marked organization.
func (o *organizations) moved() tea.Cmd {
	if len(o.orgs.value) == 0 {
		return nil
	}
	org := o.orgs.value[o.m.marked(len(o.orgs.value))].ID
	if o.roles[org] == nil {
		o.roles[org] = &part[[]auth0client.Role]{}
	}
	records, id := o.m.records, o.m.id()
	return lacking(o.m, o.roles[org], orgsPermission, func(ctx context.Context) ([]auth0client.Role, error) { return records.MemberRoles(ctx, org, id) })
}

func (o *organizations) keys() []view.Key {
	return []view.Key{view.NewKey("enter", "open organization", "enter")}
}

// press opens the marked organization.
func (o *organizations) press(k string) (view.Action, tea.Cmd, bool) {
	if k != "enter" || len(o.orgs.value) == 0 {
		return nil, nil, false
	}
	org := o.orgs.value[o.m.marked(len(o.orgs.value))]
	return view.OpenOrganization{ID: org.ID, Name: org.Label()}, nil, true
}

func (o *organizations) rows(width int) []row {
	name := min(32, max(10, width/3))
	rows := listed(o.m, &o.orgs, orgsPermission, "organizations", "They belong to no organization.", func(org auth0client.Organization) row {
		return line(widget.Pad(org.Label().String(), name) + "  " + o.roleWords(org.ID))
	})
	if o.orgs.read() && len(o.orgs.value) > 1 {
		rows = append(rows, line(""), line(o.m.env.Theme.Muted.Render("The roles of the marked one are read as you move.")))
	}
	return rows
}

// roleWords are the roles in an organization, as far as they were read.
func (o *organizations) roleWords(org auth0client.OrgID) string {
	t, p := o.m.env.Theme, o.roles[org]
	switch {
	case p == nil:
		return ""
	case p.err != nil:
		return t.Danger.Render("the roles there could not be read")
	case !p.read():
		return t.Muted.Render("reading" + t.Icons.Ellipsis)
	case len(p.value) == 0:
		return t.Muted.Render("no role there")
	}
	names := make([]string, len(p.value))
	for i, r := range p.value {
		names[i] = r.Name.String()
	}
	return strings.Join(names, ", ")
}
