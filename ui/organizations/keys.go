package organizations

import (
	"slices"

	tea "charm.land/bubbletea/v2"

	"usher/auth0client"
	"usher/auth0client/desk"
	"usher/ui/view"
)

// The permissions of usher's API that changes need.
const (
	managePermission = "orgs:manage"
	assignPermission = "roles:assign"
)

func (o *One) pressed(k string) (view.Action, tea.Cmd) {
	o.note = ""
	switch k {
	case "esc":
		return o.leave(), nil
	case "tab":
		return nil, o.open(o.tab + 1)
	case "shift+tab":
		return nil, o.open(o.tab + tabs - 1)
	case "1", "2", "3":
		return nil, o.open(tab(k[0] - '1'))
	case "/":
		o.filter[o.tab].Open()
	case "enter":
		return o.openUser(), nil
	case "space":
		o.toggle()
	case "c":
		if o.members.Counting() {
			o.members.Stop()
			return nil, nil
		}
		return nil, o.members.Count(o.env, o.reader())
	case "+":
		return o.managing(o.add), nil
	case "-":
		return o.managing(o.remove), nil
	case "n":
		return o.managing(o.invite), nil
	case "r":
		return o.editRoles(), nil
	case "y":
		return o.copied(), nil
	case "R":
		return nil, o.reload()
	default:
		return nil, o.move(k)
	}
	return nil, nil
}

// leave goes one step out: the counting, the choice, the filter, the screen.
func (o *One) leave() view.Action {
	switch {
	case o.members.Counting():
		o.members.Stop()
	case len(o.chosen) > 0:
		clear(o.chosen)
	case o.filter[o.tab].Text() != "":
		o.filter[o.tab].Clear()
		o.narrow()
	default:
		return view.Back{}
	}
	return nil
}

// stepOut is what esc does now.
func (o *One) stepOut() string {
	switch {
	case o.members.Counting():
		return "stop"
	case len(o.chosen) > 0:
		return "end the choice"
	case o.filter[o.tab].Text() != "":
		return "end the filter"
	}
	return "back"
}

func (o *One) open(t tab) tea.Cmd {
	o.tab = (t + tabs) % tabs
	o.narrow()
	return o.need()
}

func (o *One) move(k string) tea.Cmd {
	p := &o.place[o.tab]
	if !p.Move(k, o.rows()) {
		return nil
	}
	if o.tab == membersTab && p.Cursor >= o.rows()-p.Height-1 {
		return o.members.More(o.env, o.reader())
	}
	return nil
}

func (o *One) openUser() view.Action {
	if i, ok := o.at(); ok && o.tab == membersTab {
		return view.OpenUser{User: o.members.Rows()[i].whole().User}
	}
	return nil
}

func (o *One) toggle() {
	i, ok := o.at()
	if !ok || o.tab != membersTab {
		return
	}
	m := o.members.Rows()[i].whole()
	if _, on := o.chosen[m.User.ID]; on {
		delete(o.chosen, m.User.ID)
	} else {
		o.chosen[m.User.ID] = m
	}
	o.place[membersTab].Move("down", o.rows())
}

// these are the chosen members in the list's order, else the marked one.
func (o *One) these() []auth0client.Member {
	var out []auth0client.Member
	for _, m := range o.members.Rows() {
		if _, on := o.chosen[m.id]; on {
			out = append(out, m.whole())
		}
	}
	if i, ok := o.at(); ok && len(out) == 0 && o.tab == membersTab {
		out = append(out, o.members.Rows()[i].whole())
	}
	return out
}

func (o *One) why() string {
	switch {
	case o.gone():
		return "The organization no longer exists."
	case o.env.Can != nil && !o.env.Can(managePermission):
		return "You lack the permission " + managePermission + "."
	}
	return ""
}

func (o *One) whyRoles() string {
	if why := o.why(); why != "" {
		return why
	}
	if o.env.Can != nil && !o.env.Can(assignPermission) {
		return "You lack the permission " + assignPermission + "."
	}
	return ""
}

func (o *One) managing(do func() view.Action) view.Action {
	if o.note = o.why(); o.note != "" {
		return nil
	}
	return do()
}

// remove takes members out, or revokes the marked invitation.
func (o *One) remove() view.Action {
	i, ok := o.at()
	switch {
	case o.tab == connectionsTab:
		o.note = "Connections of an organization are set up in the Dashboard."
	case o.tab == invitationsTab && ok:
		return view.Operate{Operation: desk.Revoke(o.tenant, o.now(), o.invitations.Value().open[i])}
	case o.tab == membersTab && (ok || len(o.chosen) > 0):
		ms := o.these()
		if slices.ContainsFunc(ms, func(m auth0client.Member) bool { return m.User.ID == o.env.OperatorID }) {
			o.note = "Nobody changes their own memberships: ask another operator."
			return nil
		}
		return view.Operate{Operation: desk.RemoveMembers(o.tenant, o.now(), ms)}
	}
	return nil
}

func (o *One) copied() view.Action {
	if i, ok := o.at(); ok && o.tab == membersTab {
		return view.Copy{What: "user id", Text: string(o.members.Rows()[i].id)}
	}
	return view.Copy{What: "organization id", Text: string(o.known.ID)}
}

// Keys are the bindings of the moment.
func (o *One) Keys() []view.Key {
	if o.Typing() {
		return []view.Key{view.NewKey("enter", "to the list", "enter"), view.NewKey("esc", "end the filter", "esc")}
	}
	manage := func(k view.Key) view.Key {
		k.Why = o.why()
		return k
	}
	roles := view.NewKey("r", "roles here", "r")
	roles.Why = o.whyRoles()
	count := view.NewKey("c", "count all", "c")
	if o.members.Counting() {
		count = view.NewKey("c", "stop counting", "c")
	}
	keys := []view.Key{view.NewKey("1-3", "tabs", "1", "2", "3", "tab", "shift+tab"), view.NewKey("/", "filter", "/")}
	switch o.tab {
	case membersTab:
		keys = append(keys, view.NewKey("enter", "open user", "enter"), roles, manage(view.NewKey("+", "add", "+")), manage(view.NewKey("-", "remove", "-")),
			view.NewKey("space", "choose", "space"), count, hidden(manage(view.NewKey("n", "invite", "n"))))
	case invitationsTab:
		keys = append(keys, manage(view.NewKey("n", "invite", "n")), manage(view.NewKey("-", "revoke", "-")), hidden(manage(view.NewKey("+", "add members", "+"))))
	case connectionsTab, tabs:
		keys = append(keys, hidden(manage(view.NewKey("n", "invite", "n"))), hidden(manage(view.NewKey("+", "add members", "+"))))
	}
	return append(append(keys, hidden(view.NewKey("y", "copy id", "y"))), moving(o.stepOut())...)
}
