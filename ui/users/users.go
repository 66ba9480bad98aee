// Package users is the list of users: find, filter, sort, paging, selection, export, and the way to everything that is done
// to a user or to a selection.
package users

import (
	"context"
	"time"

	"charm.land/bubbles/v2/textinput"
	tea "charm.land/bubbletea/v2"

	"usher/auth0client"
	"usher/auth0client/desk"
	"usher/auth0client/term"
	"usher/ui/view"
	"usher/ui/widget"
)

// Directory is where the list finds people.
type Directory interface {
	Find(ctx context.Context, f auth0client.Finding) (auth0client.FoundPage, error)
	Everybody(ctx context.Context, f auth0client.Finding, most int, part func([]auth0client.User)) error
}

// Names is where the names come from that filters and completion offer.
type Names interface {
	Connections(ctx context.Context) ([]auth0client.Connection, error)
	Roles(ctx context.Context) ([]auth0client.Role, error)
	Organizations(ctx context.Context, from string) (auth0client.Batch[auth0client.Organization], error)
}

// Tenant is all that the list needs of a tenant: to find people, and what is done to a selection.
type Tenant interface {
	Directory
	Names
	desk.Unblocking
	desk.Factors
	desk.SessionEnds
	desk.Passwords
}

// Options are what a profile adds to the list. The zero Options is good.
type Options struct {
	Fields  []view.Field
	Lookups []auth0client.Lookup
	Dialogs Dialogs
	Prefs   Prefs                                                      // nil remembers nothing
	Save    func(name string, content []byte) (path string, err error) // nil: nothing can be exported
}

// Dialogs are those that the console has beside the ones for MFA, blocks and roles. A key without one is left out.
type Dialogs struct{ Password, Edit, Create, Delete bool }

// pageSize is how many users one request loads at first, and bigPage in a long list; Auth0 gives at most 100.
const (
	pageSize = 50
	bigPage  = 100
)

// row is a user with what the list derives of them.
type row struct {
	auth0client.User
	hay   string   // what typing narrows by
	extra []string // the values of the profile's fields
}

// Model is the screen. Build it with [New].
type Model struct {
	env    view.Env
	tenant Tenant
	o      Options

	box      box
	query    string // what is shown, or being loaded
	sort     int
	filter   Filter
	switched map[string]bool // columns that are not as they are at first
	saved    []Saved

	loader   view.Loader
	loading  int // requests under way
	page     auth0client.FoundPage
	rows     []row
	rowsOf   wanted // what the rows answer
	offset   int    // how far into the search the rows go
	step     int    // of the tenant's pages, and
	size     int    // of its large ones
	went     int    // where offset was before the rest was asked for
	ahead    map[int]auth0client.FoundPage
	loadedAt time.Time
	err      error
	opening  bool // open who is found, if it is one person
	jump     bool // go to the end once all is there
	then     func() tea.Cmd
	sought   sought // the row to go back to

	shown    []int // the rows that what is typed leaves; nil: all
	cursor   int
	selected map[auth0client.UserID]auth0client.User
	names    names
	panel    *panel
	note     string
	scroll   int
	height   int
	width    int
}

var _ view.View = (*Model)(nil)

// New makes the screen.
func New(env view.Env, tenant Tenant, o Options) *Model {
	m := &Model{env: env, tenant: tenant, o: o, selected: map[auth0client.UserID]auth0client.User{}, box: newBox(), step: pageSize, size: bigPage}
	m.recall()
	return m
}

// Init loads the first page.
func (m *Model) Init() tea.Cmd { return m.load() }

// Search starts with a query instead of everybody, past all filters, and opens who is found when it is exactly one person.
func (m *Model) Search(query string) tea.Cmd {
	m.filter = Filter{}
	m.query, m.opening, m.panel = query, true, nil
	m.box.set(query)
	m.narrow()
	return m.load()
}

// Title is the screen's part of the breadcrumb.
func (m *Model) Title() string { return "Users" }

// Typing reports that the search box or a panel has the focus.
func (m *Model) Typing() bool { return m.box.typing || m.panel != nil }

// Unsaved reports that a search is typed that was not made yet.
func (m *Model) Unsaved() bool {
	return m.box.typing && m.box.value() != "" && m.box.value() != m.query
}

// Close cancels the reads under way.
func (m *Model) Close() {
	m.loader.Cancel()
	m.names.loader.Cancel()
}

// Update takes keys and the answers of the screen's work.
func (m *Model) Update(msg tea.Msg) (view.Action, tea.Cmd) {
	switch msg := msg.(type) {
	case view.Result:
		return m.answered(msg)
	case view.ReloadMsg:
		return nil, m.load()
	case view.SignedInMsg:
		return nil, m.signedIn()
	case view.UserChangedMsg:
		m.changed(msg.User)
	case tea.KeyPressMsg:
		switch {
		case m.panel != nil:
			return m.panelPressed(msg)
		case m.box.typing:
			return m.typed(msg)
		}
		return m.pressed(msg.String())
	case tea.PasteMsg:
		return nil, m.pasted(msg)
	}
	return nil, nil
}

// pasted text goes into the box, wherever the operator was: it is what a ticket says of a person.
func (m *Model) pasted(msg tea.PasteMsg) tea.Cmd {
	text := oneLine(msg.Content)
	if m.panel != nil {
		m.panel.type_(text)
		return nil
	}
	var cmd tea.Cmd
	if !m.box.typing {
		m.note = ""
		cmd = m.box.open("")
	}
	m.box.input, _ = m.box.input.Update(tea.PasteMsg{Content: text})
	m.narrow()
	return cmd
}

func (m *Model) answered(res view.Result) (view.Action, tea.Cmd) {
	if res.To != m.env.ID {
		return nil, nil
	}
	switch msg := res.Msg.(type) {
	case loaded:
		if m.loader.Current(res.Ticket) {
			return m.took(msg)
		}
	case named:
		if m.names.loader.Current(res.Ticket) {
			return nil, m.learned(msg)
		}
	case exported:
		m.note = msg.words()
	}
	return nil, nil
}

// changed puts what a write answered into the row: a search would still show what was.
func (m *Model) changed(u auth0client.User) {
	for i := range m.rows {
		if m.rows[i].ID == u.ID {
			m.rows[i] = m.rowOf(u)
		}
	}
	if _, ok := m.selected[u.ID]; ok {
		m.selected[u.ID] = slim(u)
	}
}

// slim is a user without what the list does not show: a thousand records would fill the memory.
func slim(u auth0client.User) auth0client.User {
	u.JSON, u.Record, u.UserMetadata, u.AppMetadata = term.Safe{}, nil, nil, nil
	return u
}

func (m *Model) rowOf(u auth0client.User) row {
	r := row{User: slim(u)}
	for _, f := range m.o.Fields {
		r.extra = append(r.extra, u.Value(f.Path).String())
	}
	r.hay = haystack(r)
	return r
}

// count is how many rows are in view, and at one of them.
func (m *Model) count() int {
	if m.shown != nil {
		return len(m.shown)
	}
	return len(m.rows)
}

func (m *Model) at(i int) row {
	if m.shown != nil {
		return m.rows[m.shown[i]]
	}
	return m.rows[i]
}

func (m *Model) current() (auth0client.User, bool) {
	if m.cursor < 0 || m.cursor >= m.count() {
		return auth0client.User{}, false
	}
	return m.at(m.cursor).User, true
}

// newInput is a box for text, with how many characters it holds.
func newInput(prompt string) textinput.Model {
	in := widget.NewInput(prompt)
	in.CharLimit = 2000
	return in
}
