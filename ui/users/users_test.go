package users

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	tea "charm.land/bubbletea/v2"
	"github.com/charmbracelet/x/ansi"

	"usher/auth0client"
	"usher/auth0client/term"
	"usher/ui/theme"
	"usher/ui/uitest"
	"usher/ui/view"
)

// tenant answers searches with total made-up users and remembers what it was asked.
type tenant struct {
	Tenant
	asked []auth0client.Finding
	only  []auth0client.User // an exact answer
	most  int                // users in a page, whatever is asked for
	walks int
	total int
	evil  string
	drift int // users that came in since the page before: a page begins that much earlier
	err   error
}

func person(i int, evil string) auth0client.User {
	u := auth0client.User{
		ID: auth0client.UserID(fmt.Sprintf("auth0|%04d", i)), EmailRaw: fmt.Sprintf("p%04d@example.com", i),
		Email: term.Line(fmt.Sprintf("p%04d@example.com", i) + evil), EmailVerified: i%5 != 1, Blocked: i%7 == 3, Name: term.Line(fmt.Sprintf("Person %d", i) + evil),
		Logins: i, Identities: []auth0client.Identity{{Connection: term.Line("Users" + evil)}},
	}
	if i%4 != 2 {
		u.LastLogin = noon().Add(-time.Duration(i) * time.Hour)
	}
	return u
}

func (f *tenant) Find(_ context.Context, s auth0client.Finding) (auth0client.FoundPage, error) {
	f.asked = append(f.asked, s)
	if f.err != nil {
		return auth0client.FoundPage{}, f.err
	}
	if f.only != nil {
		return auth0client.FoundPage{Exact: true, UserPage: auth0client.UserPage{Users: f.only, Total: len(f.only), Limit: s.PerPage}}, nil
	}
	if f.most > 0 {
		s.PerPage = min(s.PerPage, f.most)
	}
	if s.Role != "" {
		return f.holders(s), nil
	}
	p := auth0client.UserPage{Total: f.total, Start: s.Page * s.PerPage, Limit: s.PerPage, Ran: term.Line(s.Typed)}
	for i := max(0, p.Start-f.drift*s.Page); i < min(p.Start+s.PerPage, p.Total); i++ {
		p.Users = append(p.Users, person(i, f.evil))
	}
	return auth0client.FoundPage{UserPage: p}, nil
}

// holders are pages that the tenant names by where the one before ended.
func (f *tenant) holders(s auth0client.Finding) auth0client.FoundPage {
	start, _ := strconv.Atoi(s.From)
	p := auth0client.FoundPage{UserPage: auth0client.UserPage{Limit: 100}}
	for i := start; i < min(start+100, f.total); i++ {
		p.Users = append(p.Users, person(i, ""))
	}
	if p.Total = len(p.Users); start+100 < f.total {
		p.Next = strconv.Itoa(start + 100)
	}
	return p
}

func (f *tenant) Everybody(_ context.Context, _ auth0client.Finding, most int, part func([]auth0client.User)) error {
	f.walks++
	for i := range min(f.total, most) {
		part([]auth0client.User{person(i, f.evil)})
	}
	return f.err
}

func (f *tenant) Connections(context.Context) ([]auth0client.Connection, error) {
	return []auth0client.Connection{{Name: "Users", Label: term.Line("Users")}, {Name: "acme-saml", Label: term.Line("acme-saml")}}, f.err
}

func (f *tenant) Roles(context.Context) ([]auth0client.Role, error) {
	return []auth0client.Role{{ID: "rol_2", Name: term.Line("Support Lead")}, {ID: "rol_1", Name: term.Line("Editor")}}, f.err
}

func (f *tenant) Organizations(_ context.Context, from string) (auth0client.Batch[auth0client.Organization], error) {
	if from == "" {
		return auth0client.Batch[auth0client.Organization]{Next: "2", Items: []auth0client.Organization{{ID: "org_1", Name: term.Line("acme"), Display: term.Line("ACME Ltd")}}}, f.err
	}
	return auth0client.Batch[auth0client.Organization]{Items: []auth0client.Organization{{ID: "org_2", Name: term.Line("bolt")}}}, f.err
}

func noon() time.Time { return time.Date(2026, 3, 4, 12, 0, 0, 0, time.UTC) }

func newModel(f *tenant, lacks ...string) *Model {
	return withOptions(f, Options{}, lacks...)
}

func withOptions(f *tenant, o Options, lacks ...string) *Model {
	th := theme.New(true, false)
	return New(view.Env{
		ID: 7, Ctx: context.Background(), Theme: &th, Now: noon, Can: func(p string) bool { return !slices.Contains(lacks, p) },
	}, f, o)
}

// feed runs the command, and those it leads to, and gives the actions that came of their answers.
func feed(m *Model, cmd tea.Cmd) (actions []view.Action) {
	for _, msg := range uitest.Drain(cmd) {
		action, next := m.Update(msg)
		if action != nil {
			actions = append(actions, action)
		}
		actions = append(actions, feed(m, next)...)
	}
	return actions
}

// press gives the action of the last key; work is done between keys.
func press(m *Model, keys ...string) (last view.Action) {
	for _, k := range keys {
		action, cmd := m.Update(view.Press(k))
		last = action
		feed(m, cmd)
	}
	return last
}

// hold presses keys without running their work.
func hold(m *Model, keys ...string) (last tea.Cmd) {
	for _, k := range keys {
		_, last = m.Update(view.Press(k))
	}
	return last
}

func opened(f *tenant, lacks ...string) *Model {
	m := newModel(f, lacks...)
	feed(m, m.Init())
	return m
}

func shown(m *Model, w, h int) string {
	return ansi.Strip(m.View(view.Size{Width: w, Height: h}).Content)
}

func has(t *testing.T, m *Model, words ...string) {
	t.Helper()
	got := shown(m, 120, 40)
	for _, w := range words {
		if !strings.Contains(got, w) {
			t.Errorf("%q is missing in\n%s", w, got)
		}
	}
}

func lacking(t *testing.T, m *Model, words ...string) {
	t.Helper()
	got := shown(m, 120, 40)
	for _, w := range words {
		if strings.Contains(got, w) {
			t.Errorf("%q should not be in\n%s", w, got)
		}
	}
}

func pages(f *tenant) (out []int) {
	for _, s := range f.asked {
		out = append(out, s.Page)
	}
	return out
}

func TestPagesAreAskedForWhenTheyAreNeeded(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		total int
		keys  []string
		want  []int
		rows  int
	}{
		"opening takes one request":                      {total: 120, want: []int{0}, rows: 50},
		"moving within the page takes none":              {total: 120, keys: slices.Repeat([]string{"j"}, 49), want: []int{0}, rows: 50},
		"moving past the last row takes one":             {total: 120, keys: slices.Repeat([]string{"j"}, 50), want: []int{0, 1}, rows: 100},
		"a short list takes no second":                   {total: 50, keys: slices.Repeat([]string{"down"}, 60), want: []int{0}, rows: 50},
		"G asks for all the rest":                        {total: 120, keys: []string{"G"}, want: []int{0, 1, 1}, rows: 120},
		"G stops at the thousandth user":                 {total: 5000, keys: []string{"G", "G", "j", "pgdown"}, want: []int{0, 1, 1, 2, 3, 4, 5, 6, 7, 8, 9}, rows: 1000},
		"G on a list that is all there asks for nothing": {total: 30, keys: []string{"G"}, want: []int{0}, rows: 30},
		"R begins with the first page":                   {total: 120, keys: []string{"G", "R"}, want: []int{0, 1, 1, 0}, rows: 50},
		"an empty tenant can be walked":                  {keys: []string{"j", "k", "G", "g", "space", "a", "enter", "m", "r", "y", "Y"}, want: []int{0}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := &tenant{total: c.total}
			m := opened(f)
			press(m, c.keys...)
			if !slices.Equal(pages(f), c.want) || len(m.rows) != c.rows {
				t.Errorf("pages %v and %d rows, want %v and %d", pages(f), len(m.rows), c.want, c.rows)
			}
		})
	}
}

func TestTheEndOfTheSearchWindowIsSaid(t *testing.T) {
	t.Parallel()
	const words = "Auth0 shows 1000 of a search: narrow it (/, f)."
	m := opened(&tenant{total: 5000})
	has(t, m, "1000+ users")
	lacking(t, m, words)
	press(m, "G")
	has(t, m, words, "p0999@example.com")
	press(m, "k")
	lacking(t, m, words)
}

func TestAUserOnTwoPagesIsShownOnce(t *testing.T) {
	t.Parallel()
	m := opened(&tenant{total: 120, drift: 3})
	press(m, "G")
	seen := map[auth0client.UserID]bool{}
	for _, u := range m.rows {
		if seen[u.ID] {
			t.Errorf("%s is there twice", u.ID)
		}
		seen[u.ID] = true
	}
	if len(m.rows) != 120 {
		t.Errorf("%d rows, want 120", len(m.rows))
	}
}

func TestLateAnswersAreDropped(t *testing.T) {
	t.Parallel()
	f := &tenant{total: 120}
	m := opened(f)
	late := hold(m, "o")
	newer := hold(m, "o")
	feed(m, late)
	if m.loading == 0 {
		t.Error("an answer to an older question was taken")
	}
	feed(m, newer)
	if m.loading > 0 {
		t.Error("the answer was not taken")
	}
	other := view.Result{To: 8, Ticket: 3, Msg: loaded{err: context.DeadlineExceeded}}
	if m.Update(other); m.err != nil {
		t.Error("another view's answer was taken")
	}
	closed := hold(m, "R")
	m.Close()
	feed(m, closed)
	if len(m.rows) != 50 || m.err != nil {
		t.Error("an answer after closing was taken")
	}
}

func TestASearchEndsTheWayToTheLastPage(t *testing.T) {
	t.Parallel()
	f := &tenant{total: 1000}
	m := opened(f)
	hold(m, "G") // the next page is on its way
	press(m, "/", "a", "enter")
	if want := []int{0, 0}; !slices.Equal(pages(f), want) || m.cursor != 0 {
		t.Errorf("pages %v and cursor %d, want %v and 0", pages(f), m.cursor, want)
	}
	way := hold(m, "G")
	press(m, "g")
	feed(m, way)
	if m.cursor != 0 || len(m.rows) != 1000 {
		t.Errorf("g during G: cursor %d of %d rows, want 0 of 1000", m.cursor, len(m.rows))
	}
}

func TestErrorsKeepWhatIsShown(t *testing.T) {
	t.Parallel()
	f := &tenant{total: 120}
	m := opened(f)
	f.err = &auth0client.Unreachable{Err: context.DeadlineExceeded}
	feed(m, hold(m, "R"))
	has(t, m, "The tenant cannot be reached", "p0001@example.com", "120 users")
	press(m, "G") // where the next page would be asked for
	if len(m.rows) != 50 {
		t.Errorf("%d rows after a failed page, want 50", len(m.rows))
	}
	f.err = nil
	_, cmd := m.Update(view.ReloadMsg{})
	feed(m, cmd)
	lacking(t, m, "cannot be reached")
	has(t, m, "› p0049@example.com") // where it was

	f.err = &auth0client.Unavailable{Answer: auth0client.Answer{Status: 503}}
	press(m, "G")
	has(t, m, "HTTP 503")
	f.err = nil
	press(m, "j")
	lacking(t, m, "HTTP 503")
	if len(m.rows) != 100 {
		t.Errorf("%d rows after the page was asked for again, want 100", len(m.rows))
	}
}

func TestAFailedSearchIsNotMixedWithTheOldRows(t *testing.T) {
	t.Parallel()
	f := &tenant{total: 120}
	m := opened(f)
	f.err = &auth0client.Unreachable{Err: context.DeadlineExceeded}
	press(m, "/", "z", "enter")
	lacking(t, m, "120 users for z")
	f.err = nil
	press(m, "G", "j")
	if len(m.rows) != 50 {
		t.Errorf("%d rows: a page of the new search was added to the old rows", len(m.rows))
	}
	press(m, "R")
	has(t, m, "120 users for z")
}

func TestALostSignInAsksForOne(t *testing.T) {
	t.Parallel()
	f := &tenant{total: 3, err: &auth0client.Unauthorized{}}
	m := newModel(f)
	if got := feed(m, m.Init()); !slices.Equal(got, []view.Action{view.RequireLogin{}}) {
		t.Errorf("actions %v", got)
	}
	f.err = nil
	_, cmd := m.Update(view.ReloadMsg{})
	feed(m, cmd)
	has(t, m, "p0002@example.com", "3 users")
}

func TestTheFirstErrorFillsNoRowsAndSaysWhy(t *testing.T) {
	t.Parallel()
	f := &tenant{err: &auth0client.Forbidden{Permission: "users:read"}}
	m := opened(f)
	has(t, m, "You lack the permission users:read")
	lacking(t, m, "no users that you may see", "0 users")
}

func TestANewSignInReadsWhatFailedAndMovesNothing(t *testing.T) {
	t.Parallel()
	f := &tenant{total: 200}
	m := opened(f)
	press(m, "j", "j")
	asked := len(f.asked)
	if _, cmd := m.Update(view.SignedInMsg{}); cmd != nil {
		t.Error("rows that are there were read again")
	}
	f.err = &auth0client.Unauthorized{}
	press(m, "G")
	cursor := m.cursor
	f.err = nil
	_, cmd := m.Update(view.SignedInMsg{})
	feed(m, cmd)
	if last := f.asked[len(f.asked)-1]; len(f.asked) != asked+3 || last.Page != 1 || len(m.rows) != 100 || m.cursor != cursor {
		t.Errorf("asked %v; %d rows, cursor %d, was %d", f.asked[asked:], len(m.rows), m.cursor, cursor)
	}
	f.err = &auth0client.Unauthorized{}
	press(m, "/", "x", "enter")
	f.err = nil
	_, cmd = m.Update(view.SignedInMsg{})
	feed(m, cmd)
	if last := f.asked[len(f.asked)-1]; last.Page != 0 || last.Typed != "x" || m.stale() {
		t.Errorf("the failed search was not run again: %v", last)
	}
}
