package ui

import (
	"slices"
	"strings"
	"time"

	tea "charm.land/bubbletea/v2"

	"usher/auth0client"
	"usher/auth0client/desk"
	"usher/ui/login"
	"usher/ui/view"
)

// Place is where an operator was in the console, what they had typed and not sent, and what became of what they had sent:
// enough to go on in another session. It holds values alone, and no secret.
type Place struct {
	Operator auth0client.UserID
	At       time.Time
	Showing  string   // what the list shows, in words; empty for all
	list     any      // as the list keeps it
	crumbs   []string // of the list
	steps    []step
	closed   []string // titles of what does not open again by itself and of which no outcome is told
	typed    bool     // something typed is kept
	lost     bool     // something typed is not
	told     []outcome
	after    []*aftermath // of what had not ended
}

// step opens a screen over the one before.
type step struct {
	id     view.ID // of the screen as it was
	open   view.Action
	org    auth0client.Organization // whose members' roles are edited, if any
	kept   any
	crumbs []string
}

// list is a view that says in words what it shows; empty when there is nothing to go back to.
type list interface {
	view.Resumer
	Showing() string
}

// Place is where the operator is; false before the first sign-in. Call it when the program has ended.
func (a *App) Place() (Place, bool) {
	if a.operator.ID == "" || len(a.stack) == 0 {
		return Place{}, false
	}
	if a.offer != nil { // the line was lost again before the question was answered
		a.after.end(a.sent())
		p := a.offer.place
		p.At, p.after = a.o.Now(), append(a.earlier, a.after)
		return p, true
	}
	p := Place{Operator: a.operator.ID, At: a.o.Now(), told: a.unseen, after: append(a.earlier, a.after)}
	sent, shut, crumbs := a.sent(), false, 0
	a.after.end(sent)
	for i, w := range a.all() {
		s, ok := stepTo(w)
		if l, isList := w.v.(list); isList && i == 0 {
			p.list, p.Showing, ok = l.Kept(), l.Showing(), true
		}
		keeper, _ := w.v.(view.Keeper)
		unsaved := keeper != nil && keeper.Unsaved()
		if shut = shut || !ok || i >= len(a.stack); shut {
			if _, is := sent[w.id]; !is && !slices.ContainsFunc(p.told, func(o outcome) bool { return o.from == w.id }) {
				p.closed = append(p.closed, w.v.Title())
			}
			p.lost = p.lost || unsaved
			continue
		}
		p.typed = p.typed || unsaved
		s.crumbs = trail(a.th.Icons.Crumb, a.stack[:i+1])[crumbs:]
		if crumbs += len(s.crumbs); i == 0 {
			p.crumbs = s.crumbs
			continue
		}
		p.steps = append(p.steps, s)
	}
	return p, true
}

// stepTo is how a screen is opened anew; false for one that must not open by itself, such as a run over a selection.
func stepTo(w open) (step, bool) {
	v, ok := w.v.(view.Resumer)
	if !ok {
		return step{}, false
	}
	s := step{id: w.id, kept: v.Kept()}
	s.open, s.org = reopening(w.did)
	return s, s.kept != nil && s.open != nil
}

// reopening is the wish that opens a screen anew, nil for one that must not open by itself, and the organization that it is
// about when that is not in the wish. Of people no more is kept than what names them.
func reopening(did view.Action) (view.Action, auth0client.Organization) {
	none := auth0client.Organization{}
	switch did := did.(type) {
	case view.OpenUser:
		return view.OpenUser{User: nameOnly(did.User)}, none
	case view.EditUser:
		return view.EditUser{User: nameOnly(did.User)}, none
	case view.OpenAccess:
		return view.OpenAccess{User: nameOnly(did.User)}, none
	case view.CreateUser, view.OpenRoles, view.OpenRole, view.CompareRoles, view.OpenOrganizations, view.OpenOrganization,
		view.OpenApprovals:
		return did, none
	case view.EditRoles:
		org, ok := desk.OrganizationOf(did.Whose)
		if !ok {
			return nil, none
		}
		var users []auth0client.User
		for _, u := range did.Users {
			users = append(users, nameOnly(u))
		}
		return view.EditRoles{Users: users}, org
	}
	return nil, none
}

func nameOnly(u auth0client.User) auth0client.User {
	return auth0client.User{
		ID: u.ID, EmailRaw: u.EmailRaw, Email: u.Email, Name: u.Name, Nickname: u.Nickname, Username: u.Username, Phone: u.Phone, Identities: u.Identities,
	}
}

// somewhere reports that there is more to go back to than the list as it is at first.
func (p Place) somewhere() bool { return p.Showing != "" || len(p.steps) > 0 }

// left are the steps without those that end with the change they had sent: it was made.
func (p Place) left() []step {
	var left []step
	for _, s := range p.steps {
		made := func(o outcome) bool { return o.from == s.id && o.level == view.Good }
		if !slices.ContainsFunc(p.told, made) {
			left = append(left, s)
		}
	}
	return left
}

// words name a place as the breadcrumb does.
func (p Place) words(crumb string) string {
	crumbs := slices.Clone(p.crumbs)
	for _, s := range p.left() {
		crumbs = append(crumbs, s.crumbs...)
	}
	words := strings.Join(crumbs, " "+crumb+" ")
	if p.Showing != "" {
		words += ", " + p.Showing
	}
	return words
}

// offered looks for a place of whoever just signed in.
func (a *App) offered(op login.Operator) tea.Cmd {
	if a.o.Resume == nil {
		return nil
	}
	p, ok := a.o.Resume(op.ID)
	if !ok || p.Operator != op.ID {
		return nil
	}
	var cmds []tea.Cmd
	for _, of := range p.after {
		ended, under := of.take()
		for _, o := range ended {
			if o.text != "" {
				p.told = append(p.told, o)
			}
		}
		if len(under) > 0 {
			a.earlier = append(a.earlier, of)
			cmds = append(cmds, a.await(of))
		}
	}
	p.told, p.after = byTime(p.told), nil
	if under := a.underWay(); p.somewhere() || len(p.told)+len(under)+len(p.closed) > 0 {
		a.offer = &offer{place: p, under: under, by: grace{opened: a.o.Now()}}
	}
	return tea.Batch(cmds...)
}

// goBack opens a place again, screen by screen. What they show is read anew.
func (a *App) goBack(p Place) tea.Cmd {
	var cmds []tea.Cmd
	if l, ok := a.stack[0].v.(list); ok && p.Showing != "" {
		l.TakeUp(p.list)
		cmds = append(cmds, a.stack[0].v.Init())
	}
	for _, s := range p.left() {
		act := s.open
		if edit, ok := act.(view.EditRoles); ok && s.org.ID != "" {
			edit.Whose = desk.MemberRoles(a.o.Backend, s.org)
			act = edit
		}
		a.kept = s.kept
		cmds = append(cmds, a.perform(a.top().id, act, grace{}))
		a.kept = nil
	}
	return tea.Batch(cmds...)
}
