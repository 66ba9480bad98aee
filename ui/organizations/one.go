package organizations

import (
	"context"
	"errors"
	"slices"
	"strings"

	tea "charm.land/bubbletea/v2"

	"usher/auth0client"
	"usher/auth0client/term"
	"usher/ui/fetch"
	"usher/ui/view"
	"usher/ui/widget"
)

func safe(s string) string { return term.Line(s).String() }

type tab int

const (
	membersTab tab = iota
	invitationsTab
	connectionsTab
	tabs // how many there are
)

func (t tab) String() string { return [...]string{"Members", "Invitations", "Connections"}[t] }

// member is what a long list keeps of a member.
type member struct {
	id    auth0client.UserID
	raw   string // the email, exact
	email term.Safe
	name  term.Safe
	roles []auth0client.Role
}

func (m member) whole() auth0client.Member {
	return auth0client.Member{User: auth0client.User{ID: m.id, EmailRaw: m.raw, Email: m.email, Name: m.name}, Roles: m.roles}
}

func (m member) roleNames() string {
	names := make([]string, len(m.roles))
	for i, r := range m.roles {
		names[i] = r.Name.String()
	}
	return strings.Join(names, ", ")
}

// invitations are the open ones, and the tenant's roles by id to name those that come with them.
type invitations struct {
	open  []auth0client.Invitation
	roles map[auth0client.RoleID]auth0client.Role
}

// One is one organization. Build it with [NewOne].
type One struct {
	env    view.Env
	tenant Tenant
	known  auth0client.Organization

	org         fetch.Part[auth0client.Organization]
	members     fetch.Pages[member]
	invitations fetch.Part[invitations]
	connections fetch.Part[[]auth0client.Connection]

	tab    tab
	place  [tabs]widget.Place
	filter [tabs]widget.Filter
	shown  [tabs]widget.Narrowed
	gen    int // of the lists that come whole
	chosen map[auth0client.UserID]auth0client.Member
	note   string
}

var _ view.View = (*One)(nil)

// NewOne makes the screen. What is known of the organization is drawn at once.
func NewOne(env view.Env, tenant Tenant, known auth0client.Organization) *One {
	o := &One{env: env, tenant: tenant, known: known, chosen: map[auth0client.UserID]auth0client.Member{}}
	for i := range o.filter {
		o.filter[i] = widget.NewFilter()
	}
	return o
}

// Init reads the organization and the first of its members.
func (o *One) Init() tea.Cmd { return tea.Batch(o.readOrg(), o.need()) }

// Title is the screen's part of the breadcrumb.
func (o *One) Title() string { return o.now().Label().String() }

// now is the organization as far as it is known.
func (o *One) now() auth0client.Organization {
	if o.org.Read() {
		return o.org.Value()
	}
	return o.known
}

// Typing reports that a filter takes letters.
func (o *One) Typing() bool { return o.filter[o.tab].Typing() }

// Close cancels all reads.
func (o *One) Close() {
	o.org.Cancel()
	o.members.Cancel()
	o.invitations.Cancel()
	o.connections.Cancel()
}

func (o *One) readOrg() tea.Cmd {
	tenant, id := o.tenant, o.known.ID
	return o.org.Fetch(o.env, func(ctx context.Context) (auth0client.Organization, error) { return tenant.Organization(ctx, id) })
}

// reader reads members, of each only what the list shows.
func (o *One) reader() fetch.PageReader[member] {
	tenant, id := o.tenant, o.known.ID
	return func(ctx context.Context, from string) (auth0client.Batch[member], error) {
		part, err := tenant.OrgMembers(ctx, id, from)
		out := auth0client.Batch[member]{Items: make([]member, len(part.Items)), Next: part.Next}
		for i, m := range part.Items {
			out.Items[i] = member{m.User.ID, m.User.EmailRaw, m.User.Email, m.User.Name, m.Roles}
		}
		return out, err
	}
}

func (o *One) readInvitations() tea.Cmd {
	tenant, id := o.tenant, o.known.ID
	return o.invitations.Fetch(o.env, func(ctx context.Context) (invitations, error) {
		out := invitations{roles: map[auth0client.RoleID]auth0client.Role{}}
		var err error
		if out.open, err = tenant.Invitations(ctx, id); err != nil {
			return invitations{}, err
		}
		if !slices.ContainsFunc(out.open, func(i auth0client.Invitation) bool { return len(i.Roles) > 0 }) {
			return out, nil
		}
		roles, err := tenant.Roles(ctx)
		if errors.Is(err, context.Canceled) || view.SignInFor(err) != nil {
			return invitations{}, err
		}
		for _, r := range roles { // without them the ids stand for the names
			out.roles[r.ID] = r
		}
		return out, nil
	})
}

func (o *One) readConnections() tea.Cmd {
	tenant, id := o.tenant, o.known.ID
	return o.connections.Fetch(o.env, func(ctx context.Context) ([]auth0client.Connection, error) { return tenant.OrgConnections(ctx, id) })
}

// need reads what the open tab lacks.
func (o *One) need() tea.Cmd {
	switch {
	case o.tab == membersTab && o.members.Wanted():
		return o.members.Begin(o.env, o.reader())
	case o.tab == invitationsTab && o.invitations.Wanted():
		return o.readInvitations()
	case o.tab == connectionsTab && o.connections.Wanted():
		return o.readConnections()
	}
	return nil
}

// reload reads again what was read, and what the open tab shows.
func (o *One) reload() tea.Cmd {
	cmds := []tea.Cmd{o.readOrg()}
	if o.tab == membersTab || o.members.Read() && len(o.members.Rows()) <= 100 {
		cmds = append(cmds, o.members.Begin(o.env, o.reader()))
	}
	if o.tab == invitationsTab || o.invitations.Read() {
		cmds = append(cmds, o.readInvitations())
	}
	if o.tab == connectionsTab || o.connections.Read() {
		cmds = append(cmds, o.readConnections())
	}
	return tea.Batch(cmds...)
}

// Update takes keys, answers and the news of changes.
func (o *One) Update(msg tea.Msg) (view.Action, tea.Cmd) {
	switch msg := msg.(type) {
	case view.Result:
		action, taken := fetch.Take(o.env, msg)
		if !taken {
			return action, nil
		}
		o.narrow()
		if o.members.Counting() {
			return action, o.members.Count(o.env, o.reader())
		}
		return action, nil
	case view.ReloadMsg:
		return nil, o.reload()
	case view.SignedInMsg:
		if slices.ContainsFunc(o.errs(), func(err error) bool { return view.SignInFor(err) != nil }) {
			return nil, o.reload()
		}
	case view.AlteredMsg:
		if msg.ID == string(o.known.ID) {
			clear(o.chosen)
			return nil, o.reload()
		}
	case view.UserTouchedMsg: // their roles here may be others now
		switch {
		case !slices.ContainsFunc(o.members.Rows(), func(m member) bool { return m.id == msg.ID }):
		case len(o.members.Rows()) > 100:
			o.note = "The list may be old: ctrl+r reads it anew, from its beginning."
		default:
			return nil, o.members.Begin(o.env, o.reader())
		}
	case tea.PasteMsg:
		o.filter[o.tab].Paste(msg.Content)
		o.narrow()
	case tea.KeyPressMsg:
		if o.Typing() {
			o.filter[o.tab].Key(msg)
			o.narrow()
			return nil, nil
		}
		return o.pressed(msg.String())
	}
	return nil, nil
}

func (o *One) errs() []error {
	return []error{o.org.Err(), o.members.Err(), o.invitations.Err(), o.connections.Err()}
}

// gone reports that the organization was deleted meanwhile: every read names it.
func (o *One) gone() bool {
	return slices.ContainsFunc(o.errs(), func(err error) bool { return errors.As(err, new(*auth0client.NotFound)) })
}

// narrow applies the filter of the open tab.
func (o *One) narrow() {
	o.gen++
	gen := o.gen
	if o.tab == membersTab {
		gen = o.members.Generation()
	}
	o.shown[o.tab].Narrow(o.filter[o.tab].Text(), gen, o.length(), o.text)
	o.place[o.tab].Keep(o.rows())
}

// rows is how many rows of the open tab are shown.
func (o *One) rows() int { return o.shown[o.tab].Len() }

func (o *One) length() int {
	switch o.tab {
	case membersTab:
		return len(o.members.Rows())
	case invitationsTab:
		return len(o.invitations.Value().open)
	case connectionsTab, tabs:
	}
	return len(o.connections.Value())
}

// text is what the filter looks at in a row.
func (o *One) text(i int) string {
	switch o.tab {
	case membersTab:
		m := o.members.Rows()[i]
		return strings.ToLower(m.email.String() + "\x00" + m.name.String() + "\x00" + string(m.id) + "\x00" + m.roleNames())
	case invitationsTab:
		v := o.invitations.Value().open[i]
		return strings.ToLower(v.Invitee.String() + "\x00" + v.Inviter.String())
	case connectionsTab, tabs:
	}
	c := o.connections.Value()[i]
	return strings.ToLower(c.Label.String() + "\x00" + c.Strategy.String())
}

// at is which row of the open tab is marked; false when there is none.
func (o *One) at() (int, bool) {
	c := o.place[o.tab].Cursor
	if c >= o.rows() {
		return 0, false
	}
	return o.shown[o.tab].At(c), true
}
