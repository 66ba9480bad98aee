// Package organizations is the list of the tenant's organizations, and one of them: members and their roles, invitations,
// connections.
package organizations

import (
	"context"
	"errors"
	"strings"

	tea "charm.land/bubbletea/v2"

	"usher/auth0client"
	"usher/auth0client/desk"
	"usher/ui/fetch"
	"usher/ui/view"
	"usher/ui/widget"
)

// Directory finds organizations.
type Directory interface {
	Organizations(ctx context.Context, from string) (auth0client.Batch[auth0client.Organization], error)
	OrganizationNamed(ctx context.Context, name string) (auth0client.Organization, error)
}

// Reads is what is shown of one organization.
type Reads interface {
	Organization(ctx context.Context, id auth0client.OrgID) (auth0client.Organization, error)
	OrgMembers(ctx context.Context, id auth0client.OrgID, from string) (auth0client.Batch[auth0client.Member], error)
	Invitations(ctx context.Context, id auth0client.OrgID) ([]auth0client.Invitation, error)
	OrgConnections(ctx context.Context, id auth0client.OrgID) ([]auth0client.Connection, error)
}

// Choices is what there is to choose from: whom to add, into which application to invite, as what.
type Choices interface {
	User(ctx context.Context, id auth0client.UserID) (auth0client.User, error)
	UsersByEmail(ctx context.Context, email string) ([]auth0client.User, error)
	Applications(ctx context.Context) ([]auth0client.Application, error)
	Roles(ctx context.Context) ([]auth0client.Role, error)
}

// Tenant is what the screens need of a tenant.
type Tenant interface {
	Directory
	Reads
	Choices
	desk.OrgKeeping
	desk.MemberWrites
	Me(ctx context.Context) (auth0client.Me, error)
}

// Model is the list. Build it with [New].
type Model struct {
	env    view.Env
	tenant Tenant
	all    fetch.Pages[auth0client.Organization]
	named  fetch.Part[auth0client.Organization] // looked up by its exact name
	shown  widget.Narrowed
	filter widget.Filter
	place  widget.Place
	note   string
}

var _ view.View = (*Model)(nil)

// New makes the list.
func New(env view.Env, tenant Tenant) *Model {
	return &Model{env: env, tenant: tenant, filter: widget.NewFilter()}
}

// Init reads the first organizations.
func (m *Model) Init() tea.Cmd { return m.all.Begin(m.env, m.tenant.Organizations) }

// Title is the screen's part of the breadcrumb.
func (m *Model) Title() string { return "Organizations" }

// Typing reports that the filter takes letters.
func (m *Model) Typing() bool { return m.filter.Typing() }

// Close cancels all reads.
func (m *Model) Close() {
	m.all.Cancel()
	m.named.Cancel()
}

// Update takes keys and answers.
func (m *Model) Update(msg tea.Msg) (view.Action, tea.Cmd) {
	switch msg := msg.(type) {
	case view.Result:
		return m.answered(msg)
	case view.ReloadMsg:
		return nil, m.Init()
	case view.SignedInMsg:
		if view.SignInFor(m.all.Err()) != nil {
			return nil, m.Init()
		}
	case tea.PasteMsg:
		m.filter.Paste(msg.Content)
		m.narrow()
	case tea.KeyPressMsg:
		if m.filter.Typing() {
			return nil, m.typed(msg)
		}
		return m.pressed(msg.String())
	}
	return nil, nil
}

func (m *Model) answered(res view.Result) (view.Action, tea.Cmd) {
	looking := m.named.Loading()
	action, taken := fetch.Take(m.env, res)
	if !taken {
		return action, nil
	}
	m.narrow()
	if looking && !m.named.Loading() && action == nil {
		return m.found(), nil
	}
	if m.all.Counting() {
		return action, m.all.Count(m.env, m.tenant.Organizations)
	}
	return action, nil
}

// found opens the organization that was looked up by name.
func (m *Model) found() view.Action {
	switch err := m.named.Err(); {
	case errors.As(err, new(*auth0client.NotFound)):
		m.note = "No organization has exactly the name " + m.filter.Text() + "."
		return nil
	case err != nil:
		m.note = view.Explain(m.env.Now(), err).String()
		return nil
	}
	o := m.named.Value()
	return view.OpenOrganization{ID: o.ID, Name: o.Label()}
}

// typed narrows the list. Enter, when nothing that was read matches, asks the tenant for exactly that name.
func (m *Model) typed(msg tea.KeyPressMsg) tea.Cmd {
	m.note = ""
	m.filter.Key(msg)
	m.narrow()
	if msg.String() != "enter" || m.shown.Len() > 0 || m.all.Whole() || m.filter.Text() == "" {
		return nil
	}
	tenant, name := m.tenant, m.filter.Text()
	m.named = fetch.Part[auth0client.Organization]{}
	return m.named.Fetch(m.env, func(ctx context.Context) (auth0client.Organization, error) {
		return tenant.OrganizationNamed(ctx, name)
	})
}

func (m *Model) narrow() {
	rows := m.all.Rows()
	m.shown.Narrow(m.filter.Text(), m.all.Generation(), len(rows), func(i int) string {
		return strings.ToLower(rows[i].Display.String() + "\x00" + rows[i].Name.String() + "\x00" + string(rows[i].ID))
	})
	m.place.Keep(m.shown.Len())
}

func (m *Model) pressed(k string) (view.Action, tea.Cmd) {
	m.note = ""
	switch k {
	case "esc":
		switch {
		case m.all.Counting():
			m.all.Stop()
		case m.filter.Text() != "":
			m.filter.Clear()
			m.narrow()
		default:
			return view.Back{}, nil
		}
	case "/":
		m.filter.Open()
	case "enter":
		if o, ok := m.current(); ok {
			return view.OpenOrganization{ID: o.ID, Name: o.Label()}, nil
		}
	case "c":
		if m.all.Counting() {
			m.all.Stop()
			return nil, nil
		}
		return nil, m.all.Count(m.env, m.tenant.Organizations)
	case "y":
		if o, ok := m.current(); ok {
			return view.Copy{What: "organization id", Text: string(o.ID)}, nil
		}
	case "R":
		return nil, m.Init()
	default:
		if m.place.Move(k, m.shown.Len()) && m.place.Cursor >= m.shown.Len()-m.place.Height-1 {
			return nil, m.all.More(m.env, m.tenant.Organizations)
		}
	}
	return nil, nil
}

func (m *Model) current() (auth0client.Organization, bool) {
	if m.place.Cursor >= m.shown.Len() {
		return auth0client.Organization{}, false
	}
	return m.all.Rows()[m.shown.At(m.place.Cursor)], true
}

// Keys are the bindings of the moment.
func (m *Model) Keys() []view.Key {
	if m.filter.Typing() {
		return []view.Key{view.NewKey("enter", "to the list, or look the name up", "enter"), view.NewKey("esc", "end the filter", "esc")}
	}
	count := view.NewKey("c", "read all", "c")
	if m.all.Counting() {
		count = view.NewKey("c", "stop", "c")
	}
	step := "back"
	switch {
	case m.all.Counting():
		step = "stop"
	case m.filter.Text() != "":
		step = "end the filter"
	}
	return append([]view.Key{view.NewKey("/", "filter", "/"), view.NewKey("enter", "open", "enter"), count, hidden(view.NewKey("y", "copy id", "y"))}, moving(step)...)
}

func hidden(k view.Key) view.Key {
	k.Hidden = true
	return k
}

// moving are the keys for getting about; step is what esc does now.
func moving(step string) []view.Key {
	return []view.Key{
		hidden(view.NewKey("j/k", "move", "j", "k", "down", "up")),
		hidden(view.NewKey("pgdn/pgup", "a page", "pgdown", "pgup", "ctrl+d", "ctrl+u")),
		hidden(view.NewKey("g/G", "first, last read", "g", "G", "home", "end")),
		view.StepOut("stop, end the choice or the filter, then back", step),
		hidden(view.NewKey("R", "reload", "R", "ctrl+r")),
	}
}

// View draws the list.
func (m *Model) View(s view.Size) view.Frame {
	if s.Width <= 0 || s.Height <= 0 {
		return view.Frame{}
	}
	t := m.env.Theme
	table := widget.Table{Columns: []widget.Column{{Title: "Organization", Min: 24, Flex: 2}, {Title: "Name", Min: 16, Flex: 1}, {Title: "Id", Min: 20, Flex: 1}}}
	widths := table.Widths(s.Width)
	lines := []string{m.top(s.Width), table.Header(t, widths)}
	if m.shown.Len() == 0 {
		lines = append(lines, m.empty(s.Width)...)
	}
	bottom := widget.Foot(m.bottom(), s.Width, s.Height)
	from, to := m.place.Sight(m.shown.Len(), s.Height-2-len(bottom))
	for i := from; i < to; i++ {
		o := m.all.Rows()[m.shown.At(i)]
		lines = append(lines, table.Row(t, widths, []string{o.Label().String(), o.Name.String(), safe(string(o.ID))}, i == m.place.Cursor))
	}
	return view.Frame{Content: widget.Footed(lines, bottom, s.Width, s.Height)}
}

func (m *Model) top(width int) string {
	t := m.env.Theme
	if m.filter.Typing() {
		return m.filter.Line(width)
	}
	left := "Organizations"
	if m.all.Read() {
		left = desk.Many(len(m.all.Rows()), "organization", "organizations")
		if !m.all.Whole() {
			left = desk.Thousands(len(m.all.Rows())) + "+ organizations"
		}
		if m.filter.Text() != "" {
			left = desk.Thousands(m.shown.Len()) + " of " + left + " for " + m.filter.Line(width)
		}
	}
	if m.all.Loading() {
		left += "  " + t.Icons.Spinner + " loading"
	}
	return t.Strong.Render(widget.Truncate(left, width))
}

func (m *Model) empty(width int) []string {
	t := m.env.Theme
	switch {
	case m.all.Err() != nil:
		return says(t.Danger.Render, view.Explain(m.env.Now(), m.all.Err()).String(), width)
	case !m.all.Read():
		return says(t.Muted.Render, "reading organizations", width)
	case m.filter.Text() == "":
		return says(t.Muted.Render, "This tenant has no organizations.", width)
	case m.named.Loading():
		return says(t.Muted.Render, "looking the name up"+t.Icons.Ellipsis, width)
	case m.all.Whole():
		return says(t.Muted.Render, "No organization matches. esc ends the filter.", width)
	}
	return says(t.Muted.Render, "None of those that were read matches. enter in the box looks for exactly this name, c reads all.", width)
}

// says is a text in the place of rows.
func says(style func(...string) string, text string, width int) []string {
	lines := strings.Split(widget.Wrap(text, max(10, width-2)), "\n")
	for i, l := range lines {
		lines[i] = style("  " + l)
	}
	return lines
}

func (m *Model) bottom() string {
	t := m.env.Theme
	n := desk.Many(len(m.all.Rows()), "organization", "organizations")
	switch {
	case m.note != "":
		return t.Warn.Render(m.note)
	case m.all.Counting():
		return t.Warn.Render("Reading all: " + n + " so far. c stops.")
	case m.all.Err() != nil && m.all.Read():
		return t.Danger.Render(view.Explain(m.env.Now(), m.all.Err()).String())
	case m.filter.Text() != "" && m.all.Read() && !m.all.Whole():
		return t.Muted.Render("The filter looks at the " + n + " that were read; c reads all.")
	}
	return ""
}
