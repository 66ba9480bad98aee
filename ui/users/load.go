package users

import (
	"context"
	"errors"
	"slices"
	"strings"
	"time"

	tea "charm.land/bubbletea/v2"

	"usher/auth0client"
	"usher/ui/view"
)

// wanted is what the operator wants to see.
type wanted struct {
	query  string
	filter Filter
	sort   int
}

func (w wanted) words() string {
	return Saved{Query: w.query, Filter: w.filter, Sort: sorts()[w.sort].name}.words()
}

func (m *Model) wanted() wanted { return wanted{m.query, m.filter, m.sort} }

// stale reports that the rows answer another search than the wanted one: it is under way, or failed.
func (m *Model) stale() bool { return m.rowsOf != m.wanted() }

func (m *Model) finding() auth0client.Finding {
	f := auth0client.Finding{
		Typed: m.query, Lookups: m.o.Lookups, Filter: m.filter.query(m.env.Now()), Role: auth0client.RoleID(m.filter.Role.ID),
		Sort: sorts()[m.sort].by, PerPage: pageSize, Names: map[string]string{},
	}
	for _, field := range m.o.Fields {
		if field.Search && field.Name != "" {
			f.Names[field.Name] = field.Path
		}
		if root, _, ok := strings.Cut(field.Path, "."); ok && !slices.Contains(f.More, root) {
			f.More = append(f.More, root)
		}
	}
	return f
}

type loaded struct {
	page  auth0client.FoundPage
	asked auth0client.Finding
	of    wanted // what was wanted when it was asked: a filter may have changed since
	first bool
	err   error
	at    time.Time
}

// ask is the command that looks for a page.
func (m *Model) ask(ctx context.Context, ticket uint64, f auth0client.Finding, first bool) tea.Cmd {
	dir, id, now, of := m.tenant, m.env.ID, m.env.Now, m.wanted()
	m.loading++
	return func() tea.Msg {
		p, err := dir.Find(ctx, f)
		return view.Result{To: id, Ticket: ticket, Msg: loaded{page: p, asked: f, of: of, first: first, err: err, at: now()}}
	}
}

func (m *Model) begin() (context.Context, uint64) {
	m.loading, m.note, m.ahead, m.err = 0, "", nil, nil
	return m.loader.Begin(m.env.Ctx)
}

// load asks for the first page; it replaces what is shown when it comes.
func (m *Model) load() tea.Cmd {
	failed := m.err
	ctx, ticket := m.begin()
	m.err = failed // until there is something better to say
	m.jump, m.then = false, nil
	return m.ask(ctx, ticket, m.finding(), true)
}

// loadNext asks for the page after what is shown.
func (m *Model) loadNext() tea.Cmd {
	ctx, ticket := m.begin()
	f := m.finding()
	f.From, f.PerPage, f.Page = m.page.Next, m.step, m.offset/m.step
	return m.ask(ctx, ticket, f, false)
}

// loadRest asks for all further pages at once, the large ones that Auth0 gives. The gateway holds back what would go beyond
// the tenant's limit.
func (m *Model) loadRest() tea.Cmd {
	if m.filter.Role.ID != "" { // pages by where the one before ended
		return m.loadNext()
	}
	ctx, ticket := m.begin()
	ctx = auth0client.WithPriority(ctx, auth0client.PriorityPrefetch)
	m.ahead, m.went = map[int]auth0client.FoundPage{}, m.offset
	var all []tea.Cmd
	for page := m.offset / m.size; page*m.size < min(m.page.Total, auth0client.SearchWindow); page++ {
		f := m.finding()
		f.PerPage, f.Page = m.size, page
		if page == 0 && m.size%m.step == 0 { // what its beginning would repeat is there
			f.PerPage, f.Page = m.step, m.offset/m.step
		}
		all = append(all, m.ask(ctx, ticket, f, false))
	}
	return tea.Batch(all...)
}

func (m *Model) took(msg loaded) (view.Action, tea.Cmd) {
	m.loading--
	if m.note == waiting {
		m.note = ""
	}
	if msg.err != nil {
		m.jump, m.then, m.opening = false, nil, false
		if errors.Is(msg.err, context.Canceled) {
			return nil, nil
		}
		m.err = msg.err
		if errors.As(msg.err, new(*auth0client.Unauthorized)) {
			return view.RequireLogin{}, nil
		}
		return nil, nil
	}
	m.loadedAt = msg.at
	at, stays := m.current()
	switch {
	case msg.first:
		stays = stays && m.rowsOf == msg.of // a reload leaves the cursor on its user
		m.err, m.page = nil, msg.page
		m.rows, m.shown, m.cursor, m.rowsOf, m.offset = nil, nil, 0, msg.of, 0
		if m.step = pageSize; msg.page.Limit > 0 {
			m.step = min(pageSize, msg.page.Limit)
		}
		m.add(msg.page, 0)
		if i := slices.IndexFunc(m.rows, func(r row) bool { return r.ID == at.ID }); stays && i >= 0 {
			m.cursor = i
		} else {
			m.scroll = 0
		}
	case m.ahead != nil:
		m.ahead[msg.page.Start] = msg.page
		m.joinAhead()
	default:
		m.err, m.page.Next, m.page.Total = nil, msg.page.Next, max(m.page.Total, msg.page.Total)
		m.add(msg.page, msg.page.Start)
	}
	m.narrow()
	if stays { // rows that came may stand before it
		m.stayOn(at.ID)
		m.follow()
	}
	if m.loading > 0 {
		return nil, nil
	}
	return m.settled()
}

// joinAhead adds the pages that came, in their order: one that came early waits for those before it.
func (m *Model) joinAhead() {
	for more := true; more; {
		more = false
		for start, p := range m.ahead {
			if start <= m.offset {
				delete(m.ahead, start)
				m.add(p, start)
				more = true
			}
		}
	}
}

// settled is when nothing is under way any more.
func (m *Model) settled() (view.Action, tea.Cmd) {
	if m.opening {
		m.opening = false
		if m.page.Exact && len(m.rows) == 1 {
			return view.OpenUser{User: m.rows[0].User}, nil
		}
	}
	if m.ahead != nil && m.offset == m.went {
		m.page.Total = m.offset // what the tenant counts and what it gives differ
	}
	m.ahead = nil
	if seeking := m.seek(); (m.jump || m.then != nil || seeking) && m.more() {
		return nil, m.loadRest() // the tenant's pages are smaller than was asked for
	}
	if m.jump {
		m.jump, m.cursor = false, max(0, m.count()-1)
	}
	if then := m.then; then != nil {
		m.then = nil
		return nil, then()
	}
	return nil, nil
}

// add appends a page that begins at start. Between two pages of a changing tenant a user can appear twice.
func (m *Model) add(p auth0client.FoundPage, start int) {
	if m.ahead != nil && p.Limit > 0 && p.Limit < m.step {
		m.size, m.step = p.Limit, p.Limit
	}
	seen := make(map[auth0client.UserID]bool, len(m.rows))
	for _, r := range m.rows {
		seen[r.ID] = true
	}
	for _, u := range p.Users {
		if !seen[u.ID] {
			seen[u.ID] = true
			m.rows = append(m.rows, m.rowOf(u))
		}
	}
	m.offset = max(m.offset, start+len(p.Users))
	if len(p.Users) == 0 {
		m.page.Total = min(m.page.Total, m.offset) // somebody was deleted meanwhile: there is no more
	}
	if m.filter.Role.ID != "" {
		slices.SortStableFunc(m.rows, func(a, b row) int { return compare(a.User, b.User, sorts()[m.sort].by) })
	}
	m.page.Users = nil
}

// compare orders users that no search put in order.
func compare(a, b auth0client.User, by auth0client.Sort) int {
	n := 0
	switch by.Field {
	case "last_login":
		n = a.LastLogin.Compare(b.LastLogin)
	case "created_at":
		n = a.CreatedAt.Compare(b.CreatedAt)
	case "email":
		n = strings.Compare(strings.ToLower(a.EmailRaw), strings.ToLower(b.EmailRaw))
	case "name":
		n = strings.Compare(strings.ToLower(a.Name.String()), strings.ToLower(b.Name.String()))
	case "logins_count":
		n = a.Logins - b.Logins
	}
	if by.Desc {
		return -n
	}
	return n
}

// signedIn reads what could not be read for want of a sign-in; rows that were read stay as they are.
func (m *Model) signedIn() tea.Cmd {
	switch {
	case view.SignInFor(m.err) == nil:
		return nil
	case m.more():
		return m.loadNext()
	}
	return m.load()
}

// more reports that another page can be had: Auth0 pages through the first thousand only. Rows of another search are not
// added to.
func (m *Model) more() bool {
	switch {
	case m.stale():
		return false
	case m.filter.Role.ID != "":
		return m.page.Next != "" && len(m.rows) < auth0client.SearchWindow
	}
	return m.offset > 0 && m.offset < m.page.Total && m.offset < auth0client.SearchWindow
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
