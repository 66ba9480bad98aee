package ui

import (
	"strings"
	"time"

	tea "charm.land/bubbletea/v2"

	"usher/auth0client"
	"usher/ui/dialog"
	"usher/ui/login"
	"usher/ui/view"
)

// Place is where an operator was in the console: enough to open it again, and nothing that was chosen or typed there.
type Place struct {
	Operator auth0client.UserID
	Query    string // of the list of users
	At       time.Time
	steps    []view.Action // from the list on
	titles   []string
}

// asker is a list that says what it shows, and shows it again.
type asker interface {
	Query() string
	Show(query string) tea.Cmd
}

// Place is where the operator is; false before the first sign-in. Call it when the program has ended.
func (a *App) Place() (Place, bool) {
	if a.operator.ID == "" || len(a.stack) == 0 {
		return Place{}, false
	}
	p := Place{Operator: a.operator.ID, At: a.o.Now()}
	var kept []open
	for i, w := range a.stack {
		if list, ok := w.v.(asker); ok && i == 0 {
			p.Query = list.Query()
		}
		if i > 0 {
			step := reopening(w.did)
			if step == nil {
				break
			}
			p.steps = append(p.steps, step)
		}
		kept = append(kept, w)
	}
	p.titles = trail(a.th.Icons.Crumb, kept)
	return p, true
}

// reopening is the wish that opens a screen anew; nil for one that must not open by itself, such as a run over a selection. Of
// people no more is kept than what names them.
func reopening(did view.Action) view.Action {
	switch did := did.(type) {
	case view.OpenUser:
		return view.OpenUser{User: nameOnly(did.User)}
	case view.EditRoles:
		var users []auth0client.User
		for _, u := range did.Users {
			users = append(users, nameOnly(u))
		}
		return view.EditRoles{Users: users}
	}
	return nil
}

func nameOnly(u auth0client.User) auth0client.User {
	return auth0client.User{
		ID: u.ID, EmailRaw: u.EmailRaw, Email: u.Email, Name: u.Name, Nickname: u.Nickname, Username: u.Username, Phone: u.Phone, Identities: u.Identities,
	}
}

// words name a place as the breadcrumb does.
func (p Place) words(crumb string) string {
	words := strings.Join(p.titles, " "+crumb+" ")
	if p.Query != "" {
		words += ", search " + p.Query
	}
	return words
}

// offer asks whether to go back to where the operator was when their connection ended.
type offer struct {
	place Place
	by    grace
}

// offered looks for a place of whoever just signed in.
func (a *App) offered(op login.Operator) {
	if a.o.Resume == nil {
		return
	}
	if p, ok := a.o.Resume(op.ID); ok && p.Operator == op.ID && (p.Query != "" || len(p.steps) > 0) {
		a.offer = &offer{place: p, by: grace{opened: a.o.Now()}}
	}
}

func (a *App) offerPressed(k string) tea.Cmd {
	if a.offer.by.swallows(a.o.Now()) {
		return nil
	}
	p := a.offer.place
	switch k {
	case "n", "esc":
		a.offer = nil
	case "y", "enter":
		a.offer = nil
		return a.goBack(p)
	}
	return nil
}

// goBack opens a place again, screen by screen. What they show is read anew.
func (a *App) goBack(p Place) tea.Cmd {
	var cmds []tea.Cmd
	if list, ok := a.stack[0].v.(asker); ok && p.Query != "" {
		cmds = append(cmds, list.Show(p.Query))
	}
	for _, step := range p.steps {
		cmds = append(cmds, a.perform(a.top().id, step, grace{}))
	}
	return tea.Batch(cmds...)
}

func (a *App) drawOffer(in view.Size) view.Frame {
	p := a.offer.place
	ago := "a moment ago"
	if d := a.o.Now().Sub(p.At); d >= time.Minute {
		ago = view.Span(d.Truncate(time.Minute)) + " ago"
	}
	lines := dialog.Wrap([]string{a.th.Strong.Render("Your connection ended " + ago + "."), "", "Go on where you were?", p.words(a.th.Icons.Crumb)}, in.Width)
	return view.Frame{Content: strings.Join(append(lines, "", "y go on   n begin anew"), "\n")}
}
