package organizations

import (
	"fmt"
	"strings"

	"usher/auth0client/desk"
	"usher/ui/view"
	"usher/ui/widget"
)

// View draws the screen.
func (o *One) View(s view.Size) view.Frame {
	if s.Width <= 0 || s.Height <= 0 {
		return view.Frame{}
	}
	t, org := o.env.Theme, o.now()
	name := t.Title.Render(widget.Truncate(o.Title(), s.Width))
	about := t.Muted.Render(org.Name.String() + "  " + safe(string(org.ID)))
	lines := []string{name + "  " + widget.Truncate(about, s.Width-widget.Width(name)-2), o.tabLine(s.Width)}
	if line := o.filter[o.tab].Line(s.Width); line != "" {
		lines = append(lines, line)
	}
	bottom := widget.Foot(o.bottom(), s.Width, s.Height)
	lines = append(lines, o.body(s.Width, s.Height-len(lines)-len(bottom))...)
	return view.Frame{Content: widget.Footed(lines, bottom, s.Width, s.Height)}
}

func (o *One) tabLine(width int) string {
	t := o.env.Theme
	parts := make([]string, tabs)
	for i := range tabs {
		label := fmt.Sprintf("%d %s%s", i+1, i, o.size(i))
		if i == o.tab {
			parts[i] = t.Selected.Render("[" + label + "]")
		} else {
			parts[i] = " " + label + " "
		}
	}
	return widget.Truncate(strings.Join(parts, " "), width)
}

// size is how many a tab holds, as far as known.
func (o *One) size(i tab) string {
	switch {
	case i == membersTab && o.members.Read() && !o.members.Whole():
		return " " + desk.Thousands(len(o.members.Rows())) + "+"
	case i == membersTab && o.members.Read():
		return " " + desk.Thousands(len(o.members.Rows()))
	case i == invitationsTab && o.invitations.Read():
		return " " + desk.Thousands(len(o.invitations.Value().open))
	case i == connectionsTab && o.connections.Read():
		return " " + desk.Thousands(len(o.connections.Value()))
	}
	return ""
}

// page is how far the open tab is read, and what to say when it is empty.
type page struct {
	err   error
	read  bool
	empty string
	table widget.Table
	cells func(i int) []string
}

func (o *One) page() page {
	switch o.tab {
	case membersTab:
		return page{o.members.Err(), o.members.Read(), "Nobody is a member. + adds users, n invites by mail.",
			widget.Table{Columns: []widget.Column{{Title: "Member", Min: 24, Flex: 2}, {Title: "Roles here", Min: 16, Flex: 2}, {Title: "Name", Min: 14, Flex: 1}}}, o.memberCells}
	case invitationsTab:
		return page{o.invitations.Err(), o.invitations.Read(), "No invitation is open. n invites somebody.",
			widget.Table{Columns: []widget.Column{{Title: "Invited", Min: 24, Flex: 2}, {Title: "Until", Min: 12}, {Title: "With roles", Min: 18, Flex: 1}, {Title: "By", Min: 9, Flex: 1}, {Title: "Made", Min: 12}}}, o.invitationCells}
	case connectionsTab, tabs:
	}
	return page{o.connections.Err(), o.connections.Read(), "No connection is enabled: members cannot sign in to the organization.",
		widget.Table{Columns: []widget.Column{{Title: "Connection", Min: 24, Flex: 1}, {Title: "Kind", Min: 12, Flex: 1}}}, o.connectionCells}
}

func (o *One) memberCells(i int) []string {
	m := o.members.Rows()[i]
	label := m.whole().User.Label().String()
	if _, on := o.chosen[m.id]; on {
		label = o.env.Theme.Icons.Checked + " " + label
	}
	return []string{label, m.roleNames(), m.name.String()}
}

func (o *One) invitationCells(i int) []string {
	v := o.invitations.Value()
	one := v.open[i]
	names := make([]string, len(one.Roles))
	for k, id := range one.Roles {
		if names[k] = v.roles[id].Name.String(); names[k] == "" {
			names[k] = id.Safe().String()
		}
	}
	until := "expired"
	if one.ExpiresAt.After(o.env.Now()) {
		until = one.ExpiresAt.Format("2006-01-02")
	}
	return []string{one.Invitee.String(), until, strings.Join(names, ", "), one.Inviter.String(), widget.Ago(o.env.Now(), one.CreatedAt)}
}

func (o *One) connectionCells(i int) []string {
	c := o.connections.Value()[i]
	return []string{c.Label.String(), c.Strategy.String()}
}

func (o *One) body(width, height int) []string {
	t, p := o.env.Theme, o.page()
	switch {
	case o.gone():
		return says(t.Danger.Render, "The organization no longer exists: somebody deleted it. esc goes back.", width)
	case p.err != nil && !p.read:
		return says(t.Danger.Render, view.Explain(o.env.Now(), p.err).String(), width)
	case !p.read:
		return says(t.Muted.Render, "reading"+t.Icons.Ellipsis, width)
	case o.rows() == 0 && o.filter[o.tab].Text() != "":
		return says(t.Muted.Render, "Nothing that was read matches.", width)
	case o.rows() == 0:
		return says(t.Muted.Render, p.empty, width)
	}
	widths := p.table.Widths(width)
	lines := []string{p.table.Header(t, widths)}
	place := &o.place[o.tab]
	from, to := place.Sight(o.rows(), height-1)
	for i := from; i < to; i++ {
		lines = append(lines, p.table.Row(t, widths, p.cells(o.shown[o.tab].At(i)), i == place.Cursor))
	}
	return lines
}

func (o *One) bottom() string {
	t, p := o.env.Theme, o.page()
	n := desk.Many(len(o.members.Rows()), "member", "members")
	switch {
	case o.note != "":
		return t.Warn.Render(o.note)
	case o.members.Counting():
		return t.Warn.Render("Counting: " + n + " so far. c stops.")
	case p.err != nil && p.read:
		return t.Danger.Render(view.Explain(o.env.Now(), p.err).String())
	case len(o.chosen) > 0:
		return t.Muted.Render(desk.Many(len(o.chosen), "member", "members") + " chosen: - removes them, r changes their roles, esc drops the choice.")
	case o.tab == membersTab && o.members.Loading() && p.read:
		return t.Muted.Render("reading more" + t.Icons.Ellipsis)
	case o.tab == membersTab && p.read && !o.members.Whole() && o.filter[membersTab].Text() != "":
		return t.Muted.Render("The filter looks at the " + n + " that were read; c reads all.")
	case o.tab == membersTab && p.read && !o.members.Whole():
		return t.Muted.Render(n + " read, there are more: move on to read them, c counts all.")
	case o.tab == membersTab && p.read:
		return t.Muted.Render("Auth0 lists what was just changed here a moment later.")
	}
	return ""
}
