// Package users is the list of users: search, sort, paging, selection, and the way to everything that is done to a user.
package users

import (
	"context"
	"errors"
	"strings"
	"time"

	"charm.land/bubbles/v2/textinput"
	tea "charm.land/bubbletea/v2"

	"usher/auth0client"
	"usher/ui/view"
	"usher/ui/widget"
)

// Directory is what the list needs of a tenant.
type Directory interface {
	SearchUsers(ctx context.Context, s auth0client.Search) (auth0client.UserPage, error)
}

// pageSize is how many users one request loads; Auth0 gives at most 100.
const pageSize = 50

// Model is the screen. Build it with [New].
type Model struct {
	env view.Env
	dir Directory

	input    textinput.Model
	typing   bool
	query    string // what is shown, or being loaded
	sort     int
	loader   view.Loader
	loading  bool
	appended bool // the load under way appends to what is shown
	page     auth0client.UserPage
	rows     []auth0client.User
	rowsOf   auth0client.Search // what the rows answer; its page means nothing
	loadedAt time.Time
	err      error
	cursor   int
	jump     bool // go to the end once the next page is there
	selected map[auth0client.UserID]auth0client.User
	note     string
	scroll   int
	height   int
}

var _ view.View = (*Model)(nil)

// New makes the screen.
func New(env view.Env, dir Directory) *Model {
	return &Model{env: env, dir: dir, input: widget.NewInput("/"), selected: map[auth0client.UserID]auth0client.User{}}
}

// Init loads the first page.
func (m *Model) Init() tea.Cmd { return m.load(0) }

// Search starts with a query instead of everybody.
func (m *Model) Search(query string) tea.Cmd {
	m.query = query
	m.input.SetValue(query)
	return m.load(0)
}

// Title is the screen's part of the breadcrumb.
func (m *Model) Title() string { return "Users" }

// Typing reports that the search box has the focus.
func (m *Model) Typing() bool { return m.typing }

// Close cancels the read under way.
func (m *Model) Close() { m.loader.Cancel() }

// Update takes keys and the answers of the screen's work.
func (m *Model) Update(msg tea.Msg) (view.Action, tea.Cmd) {
	switch msg := msg.(type) {
	case view.Result:
		return m.answered(msg)
	case view.ReloadMsg:
		return nil, m.load(0)
	case view.SignedInMsg:
		return nil, m.signedIn()
	case view.UserChangedMsg:
		m.changed(msg.User)
	case tea.KeyPressMsg:
		if m.typing {
			return m.typed(msg)
		}
		return m.pressed(msg.String())
	case tea.PasteMsg:
		if m.typing {
			// What is pasted can be a tenant's text: it is one line, and what it hides becomes visible.
			msg.Content = oneLine(strings.Join(strings.Fields(msg.Content), " "))
			var cmd tea.Cmd
			m.input, cmd = m.input.Update(msg)
			return nil, cmd
		}
	}
	return nil, nil
}

type loaded struct {
	page auth0client.UserPage
	err  error
	at   time.Time
}

// search is what the operator wants to see.
func (m *Model) search() auth0client.Search {
	return auth0client.Search{Query: m.query, PerPage: pageSize, Sort: sorts()[m.sort].by}
}

// stale reports that the rows answer another search than the wanted one: it is under way, or failed.
func (m *Model) stale() bool { return m.rowsOf != m.search() }

// load asks for a page; page 0 replaces what is shown when it comes, others are added to it.
func (m *Model) load(page int) tea.Cmd {
	ctx, ticket := m.loader.Begin(m.env.Ctx)
	m.loading, m.appended, m.note = true, page > 0, ""
	if page == 0 {
		m.jump = false // the way to the end was through the list that is replaced
	}
	s := m.search()
	s.Page = page
	dir, id, now := m.dir, m.env.ID, m.env.Now
	return func() tea.Msg {
		p, err := dir.SearchUsers(ctx, s)
		return view.Result{To: id, Ticket: ticket, Msg: loaded{page: p, err: err, at: now()}}
	}
}

func (m *Model) answered(res view.Result) (view.Action, tea.Cmd) {
	msg, ok := res.Msg.(loaded)
	if !ok || res.To != m.env.ID || !m.loader.Current(res.Ticket) {
		return nil, nil
	}
	m.loading = false
	if msg.err != nil {
		m.jump = false
		if errors.Is(msg.err, context.Canceled) {
			return nil, nil
		}
		m.err = msg.err
		if errors.As(msg.err, new(*auth0client.Unauthorized)) {
			return view.RequireLogin{}, nil
		}
		return nil, nil
	}
	m.err, m.page, m.loadedAt = nil, msg.page, msg.at
	if !m.appended {
		m.rows, m.cursor, m.scroll, m.rowsOf = nil, 0, 0, m.search()
	}
	// Between two pages of a changing tenant a user can appear twice.
	seen := make(map[auth0client.UserID]bool, len(m.rows))
	for _, u := range m.rows {
		seen[u.ID] = true
	}
	for _, u := range msg.page.Users {
		if !seen[u.ID] {
			seen[u.ID] = true
			m.rows = append(m.rows, u)
		}
	}
	if m.jump && m.more() {
		return nil, m.load(m.next())
	}
	if m.jump {
		m.jump = false
		m.cursor = max(0, len(m.rows)-1)
	}
	return nil, nil
}

// signedIn reads what could not be read for want of a sign-in; rows that were read stay as they are.
func (m *Model) signedIn() tea.Cmd {
	switch {
	case view.SignInFor(m.err) == nil:
		return nil
	case m.appended && m.more():
		return m.load(m.next())
	}
	return m.load(0)
}

func (m *Model) next() int { return m.page.Start/max(1, pageSize) + 1 }

// more reports that another page can be had: Auth0 pages through the first thousand only. Rows of another search are not
// added to.
func (m *Model) more() bool {
	end := m.next() * pageSize
	return !m.stale() && len(m.page.Users) > 0 && end < m.page.Total && end < auth0client.SearchWindow
}

// changed puts what a write answered into the row: a search would still show what was.
func (m *Model) changed(u auth0client.User) {
	for i := range m.rows {
		if m.rows[i].ID == u.ID {
			u.JSON, u.UserMetadata, u.AppMetadata = m.rows[i].JSON, nil, nil
			m.rows[i] = u
		}
	}
	if _, ok := m.selected[u.ID]; ok {
		m.selected[u.ID] = u
	}
}

func (m *Model) current() (auth0client.User, bool) {
	if m.cursor < 0 || m.cursor >= len(m.rows) {
		return auth0client.User{}, false
	}
	return m.rows[m.cursor], true
}

type order struct {
	name string
	by   auth0client.Sort
}

// sorts are the orders that o goes through. Auth0 sorts by root attributes only.
func sorts() []order {
	return []order{
		{"", auth0client.Sort{}},
		{"last sign-in first", auth0client.Sort{Field: "last_login", Desc: true}},
		{"newest first", auth0client.Sort{Field: "created_at", Desc: true}},
		{"by email", auth0client.Sort{Field: "email"}},
		{"by name", auth0client.Sort{Field: "name"}},
		{"most sign-ins first", auth0client.Sort{Field: "logins_count", Desc: true}},
	}
}
