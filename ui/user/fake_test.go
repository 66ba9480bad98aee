package user

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	tea "charm.land/bubbletea/v2"
	"github.com/charmbracelet/x/ansi"

	"usher/auth0client"
	"usher/auth0client/desk"
	"usher/auth0client/term"
	"usher/ui/theme"
	"usher/ui/view"
)

type factorWork interface{ desk.Factors }

// fake is a tenant with one user. Operations on rows are told apart by what they call.
type fake struct {
	factorWork
	desk.SessionEnds
	desk.Records

	mu    sync.Mutex
	calls []string
	err   error            // of every call
	fails map[string]error // of single ones
	evil  string
	bans  []auth0client.BruteForceBlock
	kept  []auth0client.Connection
	orgs  int
	few   bool // the log is short
}

func (f *fake) called(name string) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.calls = append(f.calls, name)
	if err, ok := f.fails[name]; ok {
		return err
	}
	return f.err
}

func (f *fake) forget() { f.calls = nil }

func (f *fake) record() auth0client.User {
	name, err := json.Marshal("Ada" + f.evil)
	if err != nil {
		panic(err)
	}
	record := `{"user_id": "auth0|1", "email": "ada@example.com", "name": ` + string(name) + `, "app_metadata": {"plan": "gold", "seats": [1, 2]}, "blocked": false}`
	return auth0client.User{
		ID: "auth0|1", EmailRaw: "ada@example.com", Email: term.Line("ada@example.com" + f.evil), EmailVerified: true, Name: term.Line("Ada" + f.evil),
		Logins: 3, LastLogin: noon().Add(-time.Hour), LastIP: term.Line("198.51.100.9"), CreatedAt: noon().Add(-24 * time.Hour * 90),
		Identities: []auth0client.Identity{
			{Connection: term.Line("Users"), Provider: term.Line("auth0"), UserID: term.Line("1"), Key: auth0client.IdentityKey{Provider: "auth0", UserID: "1"}},
			{Connection: term.Line("google-oauth2"), Provider: term.Line("google-oauth2"), UserID: term.Line("99"), Social: true, Key: auth0client.IdentityKey{Provider: "google-oauth2", UserID: "99"},
				Profile: []auth0client.ProfileFact{{Name: term.Line("email"), Value: term.Line("ada.g@example.com" + f.evil)}, {Name: term.Line("name"), Value: term.Line("Ada L.")}}},
		},
		JSON: term.Block(record), Record: json.RawMessage(record),
	}
}

func (f *fake) User(context.Context, auth0client.UserID) (auth0client.User, error) {
	return f.record(), f.called("user")
}

func (f *fake) UserBlocks(context.Context, auth0client.UserID) ([]auth0client.BruteForceBlock, error) {
	return f.bans, f.called("blocks")
}

func (f *fake) ConnectionsKept() ([]auth0client.Connection, bool) { return f.kept, f.kept != nil }

func (f *fake) UserRoles(context.Context, auth0client.UserID) ([]auth0client.Role, error) {
	return []auth0client.Role{{ID: "rol_1", Name: term.Line("Editor" + f.evil), Description: term.Line("edits")}}, f.called("roles")
}

func (f *fake) UserPermissions(context.Context, auth0client.UserID) ([]auth0client.Permission, error) {
	return []auth0client.Permission{{
		Name: term.Line("read:books"), API: term.Line("Books"), Sources: []auth0client.PermissionSource{{Direct: true}, {Name: term.Line("Editor")}},
	}}, f.called("permissions")
}

func (f *fake) AuthenticationMethods(context.Context, auth0client.UserID) ([]auth0client.AuthenticationMethod, error) {
	return []auth0client.AuthenticationMethod{
		{ID: "t", Kind: "totp", Label: term.Line("Authenticator app"), Detail: term.Line("phone" + f.evil), Confirmed: true, CreatedAt: noon().Add(-48 * time.Hour)},
		{ID: "p", Kind: "password", Label: term.Line("Password"), Confirmed: true},
	}, f.called("methods")
}

func (f *fake) Factors(context.Context) ([]auth0client.Factor, error) {
	return []auth0client.Factor{{Name: term.Line("otp"), Enabled: true}, {Name: term.Line("sms"), Enabled: true}, {Name: term.Line("duo" + f.evil)}}, f.called("factors")
}

func (f *fake) UserOrganizations(context.Context, auth0client.UserID) (out []auth0client.Organization, err error) {
	for i := range f.orgs {
		out = append(out, auth0client.Organization{ID: auth0client.OrgID(fmt.Sprint("org_", i)), Name: term.Line(fmt.Sprint("acme-", i)), Display: term.Line(fmt.Sprint("Acme ", i) + f.evil)})
	}
	return out, f.called("orgs")
}

func (f *fake) MemberRoles(_ context.Context, id auth0client.OrgID, _ auth0client.UserID) ([]auth0client.Role, error) {
	return []auth0client.Role{{Name: term.Line("Lead of " + string(id))}}, f.called("member " + string(id))
}

func (f *fake) Sessions(context.Context, auth0client.UserID) ([]auth0client.Session, error) {
	return []auth0client.Session{{ID: "ses_1", IP: term.Line("198.51.100.9"), LastActive: noon().Add(-10 * time.Minute), Applications: []term.Safe{term.Line("app_1")},
		UserAgent: term.Line("Mozilla/5.0 (Windows NT 10.0) Chrome/120.0 Safari/537.36" + f.evil)}}, f.called("sessions")
}

func (f *fake) RefreshTokens(context.Context, auth0client.UserID) ([]auth0client.RefreshToken, error) {
	return []auth0client.RefreshToken{{ID: "rt_1", Application: term.Line("app_1"), CreatedAt: noon().Add(-50 * time.Hour), LastExchanged: noon().Add(-2 * time.Hour)}}, f.called("tokens")
}

func (f *fake) DeviceCredentials(context.Context, auth0client.UserID) ([]auth0client.DeviceCredential, error) {
	return []auth0client.DeviceCredential{{ID: "dcr_1", Device: term.Line("Ada's phone" + f.evil), Application: term.Line("app_2"), Kind: term.Line("rotating_refresh_token")}}, f.called("devices")
}

func (f *fake) Grants(context.Context, auth0client.UserID) ([]auth0client.Grant, error) {
	return []auth0client.Grant{{ID: "cgr_1", Application: term.Line("app_1"), API: term.Line("https://api.example.com"), Scopes: []term.Safe{term.Line("openid"), term.Line("read:books")}}}, f.called("grants")
}

func (f *fake) Applications(context.Context) ([]auth0client.Application, error) {
	return []auth0client.Application{{ID: "app_1", Name: term.Line("Portal")}}, f.called("apps")
}

func (f *fake) event(page, i int, code string) auth0client.LogEvent {
	e := auth0client.LogEvent{
		ID: term.Line(fmt.Sprintf("%d-%d", page, i)), Date: noon().Add(-time.Duration(page*60+i+1) * time.Minute), Code: code, Words: term.Line(map[string]string{"fp": "Wrong password", "fu": "Unknown email or username", "s": "Signed in", "gd_auth_failed": "Second factor failed", "sapi": "Changed through the Management API"}[code] + f.evil),
		Failed: strings.Contains(code, "f") || code == "gd_auth_failed", Connection: term.Line("Users"), IP: term.Line("203.0.113.7"), JSON: term.Block("{\n  \"type\": \"" + code + "\"\n}"), UserID: "auth0|1",
	}
	return e
}

func (f *fake) UserLogs(_ context.Context, _ auth0client.UserID, page, perPage int) ([]auth0client.LogEvent, error) {
	err := f.called(fmt.Sprintf("logs %d", page))
	n := perPage
	if page > 0 || f.few {
		n = 4
	}
	events := make([]auth0client.LogEvent, n)
	for i := range events {
		events[i] = f.event(page, i, []string{"fp", "s", "gd_auth_failed", "sapi"}[i%4])
	}
	return events, err
}

// NamelessEvents has one early event, and one from long before.
func (f *fake) NamelessEvents(_ context.Context, u auth0client.User, page, _ int) (auth0client.LogPage, error) {
	err := f.called(fmt.Sprintf("named %d", page))
	if u.EmailRaw == "" {
		return auth0client.LogPage{}, err
	}
	early, late := f.event(7, 7, "fu"), f.event(7, 8, "fu")
	early.Date, early.UserID, late.Date, late.UserID = noon().Add(-90*time.Second), "", noon().Add(-59*time.Minute), ""
	return auth0client.LogPage{Events: []auth0client.LogEvent{early, late}, Reached: late.Date}, err
}

// What rows do to the tenant.

func (f *fake) EndSession(_ context.Context, id string) error { return f.called("end " + id) }

func (f *fake) RevokeRefreshToken(_ context.Context, id string) error { return f.called("end " + id) }

func (f *fake) RevokeDevice(_ context.Context, id string) error { return f.called("end " + id) }

func (f *fake) RevokeGrant(_ context.Context, id string) error { return f.called("end " + id) }

func (f *fake) DeleteAuthenticationMethod(_ context.Context, _ auth0client.UserID, id string) error {
	return f.called("delete " + id)
}

func (f *fake) ForgetBrowsers(context.Context, auth0client.UserID) error { return f.called("forget") }

func (f *fake) UnlinkIdentity(_ context.Context, _ auth0client.UserID, provider, id string) error {
	return f.called("unlink " + provider + "|" + id)
}

func noon() time.Time { return time.Date(2026, 3, 4, 12, 0, 0, 0, time.UTC) }

// newModel is the view of an operator who lacks one permission.
func newModel(f *fake, lacks string) *Model {
	th := theme.New(true, false)
	env := view.Env{ID: 7, Ctx: context.Background(), Theme: &th, Now: noon, Can: func(p string) bool { return p != lacks }}
	known := f.record()
	known.JSON, known.Record = term.Safe{}, nil
	return New(env, f, known)
}

// opened is the view with its first tab read.
func opened(f *fake, lacks string) *Model {
	m := newModel(f, lacks)
	feed(m, m.Init())
	return m
}

// feed runs a command and gives the answers to the view, and what they lead to.
func feed(m *Model, cmd tea.Cmd) (actions []view.Action) {
	if cmd == nil {
		return nil
	}
	switch msg := cmd().(type) {
	case tea.BatchMsg:
		for _, c := range msg {
			actions = append(actions, feed(m, c)...)
		}
	case nil:
	default:
		action, next := m.Update(msg)
		actions = append(append(actions, action), feed(m, next)...)
	}
	return actions
}

// press presses keys, runs what they begin, and gives the last wish.
func press(m *Model, keys ...string) (last view.Action) {
	for _, k := range keys {
		action, cmd := m.Update(view.Press(k))
		last = action
		feed(m, cmd)
	}
	return last
}

func shown(m *Model, w, h int) string {
	return ansi.Strip(m.View(view.Size{Width: w, Height: h}).Content)
}

// has reports texts that are missing or, with "!" before them, there.
func has(t *testing.T, m *Model, texts ...string) {
	t.Helper()
	got := shown(m, 110, 60)
	for _, text := range texts {
		if want, not := strings.CutPrefix(text, "!"); strings.Contains(got, want) == not {
			t.Errorf("%q in the frame is %v:\n%s", want, not, got)
		}
	}
}

// question is the operation that a wish asks about.
func question(t *testing.T, wish view.Action) desk.Operation {
	t.Helper()
	o, ok := wish.(view.Operate)
	if !ok {
		t.Fatalf("the wish is %#v, want a question", wish)
	}
	return o.Operation
}
