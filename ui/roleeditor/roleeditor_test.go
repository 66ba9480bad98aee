package roleeditor

import (
	"context"
	"errors"
	"fmt"
	"slices"
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
	"usher/ui/uitest"
	"usher/ui/view"
)

// tenant holds roles in memory and remembers the changes it was sent.
type tenant struct {
	mu       sync.Mutex
	roles    []auth0client.Role
	held     map[auth0client.UserID][]auth0client.RoleID
	gives    map[auth0client.RoleID][]auth0client.Permission
	direct   []auth0client.Permission // everybody's
	through  []desk.Through
	people   []auth0client.User
	me       auth0client.Me
	sent     []string
	asked    map[string]int   // questions, by what they are about
	fail     map[string]error // by request, as in sent
	err      error            // of every read
	givesErr error
}

func roleID(i int) auth0client.RoleID { return auth0client.RoleID(fmt.Sprintf("rol_%d", i)) }

func newTenant(n int, evil string) *tenant {
	f := &tenant{
		held: map[auth0client.UserID][]auth0client.RoleID{}, fail: map[string]error{}, gives: map[auth0client.RoleID][]auth0client.Permission{},
		asked: map[string]int{},
	}
	for i := range n {
		f.roles = append(f.roles, auth0client.Role{ID: roleID(i), Name: term.Line(fmt.Sprintf("Role %d", i) + evil), Description: term.Line(fmt.Sprintf("does thing %d", i*7) + evil)})
	}
	return f
}

func permission(name string) auth0client.Permission {
	return auth0client.Permission{Ref: auth0client.PermissionRef{API: "https://shop.example.com", Name: name}, Name: term.Line(name), API: term.Line("Shop")}
}

func (f *tenant) ask(what string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.asked[what]++
}

func (f *tenant) Roles(context.Context) ([]auth0client.Role, error) {
	f.ask("roles")
	return slices.Clone(f.roles), f.err
}

func (f *tenant) RoleGives(_ context.Context, id auth0client.RoleID) ([]auth0client.Permission, error) {
	f.ask("gives")
	return f.gives[id], f.givesErr
}

func (f *tenant) UserPermissions(_ context.Context, id auth0client.UserID) ([]auth0client.Permission, error) {
	f.ask("permissions")
	f.mu.Lock()
	defer f.mu.Unlock()
	var out []auth0client.Permission
	for _, p := range f.direct {
		p.Sources = []auth0client.PermissionSource{{Direct: true}}
		out = append(out, p)
	}
	for _, r := range f.held[id] {
		for _, p := range f.gives[r] {
			p.Sources = []auth0client.PermissionSource{{Role: r}}
			out = append(out, p)
		}
	}
	return out, nil
}

func (f *tenant) Me(context.Context) (auth0client.Me, error) { return f.me, nil }

func (f *tenant) User(_ context.Context, id auth0client.UserID) (auth0client.User, error) {
	for _, u := range f.people {
		if u.ID == id {
			return u, nil
		}
	}
	return auth0client.User{}, &auth0client.NotFound{}
}

func (f *tenant) UsersByEmail(_ context.Context, email string) (out []auth0client.User, err error) {
	for _, u := range f.people {
		if u.Email.String() == email {
			out = append(out, u)
		}
	}
	return out, nil
}

func (f *tenant) request(ctx context.Context, line string) error {
	if ctx.Err() != nil {
		return ctx.Err()
	}
	f.sent = append(f.sent, line)
	return f.fail[line]
}

func words(verb string, id auth0client.UserID, roles []auth0client.RoleID) string {
	parts := []string{verb, string(id)}
	for _, r := range roles {
		parts = append(parts, string(r))
	}
	return strings.Join(parts, " ")
}

// own is the tenant as whose roles are changed; where and permissions are as of users' own.
type own struct{ *tenant }

func (own) Where() string         { return "" }
func (own) Permissions() []string { return []string{"roles:assign"} }

func (f own) Held(ctx context.Context, id auth0client.UserID) ([]auth0client.RoleID, error) {
	f.ask("held")
	f.mu.Lock()
	defer f.mu.Unlock()
	return slices.Clone(f.held[id]), errors.Join(f.err, ctx.Err())
}

func (f own) Through(context.Context, auth0client.UserID) ([]desk.Through, error) {
	return f.through, nil
}

// as is the gateway's comparison: what was seen must still be so.
func (f own) as(id auth0client.UserID, held []auth0client.RoleID) error {
	a, b := slices.Sorted(slices.Values(f.held[id])), slices.Sorted(slices.Values(held))
	if !slices.Equal(a, b) {
		return &auth0client.Changed{}
	}
	return nil
}

func (f own) Assign(ctx context.Context, id auth0client.UserID, roles, held []auth0client.RoleID) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if err := f.as(id, held); err != nil {
		return err
	}
	if err := f.request(ctx, words("assign", id, roles)); err != nil {
		return err
	}
	f.held[id] = append(f.held[id], roles...)
	return nil
}

func (f own) Remove(ctx context.Context, id auth0client.UserID, roles, held []auth0client.RoleID) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if err := f.as(id, held); err != nil {
		return err
	}
	if err := f.request(ctx, words("remove", id, roles)); err != nil {
		return err
	}
	f.held[id] = slices.DeleteFunc(slices.Clone(f.held[id]), func(r auth0client.RoleID) bool { return slices.Contains(roles, r) })
	return nil
}

// inBatches is own with a request for many users of one role.
type inBatches struct{ own }

func (f inBatches) AssignToUsers(ctx context.Context, role auth0client.RoleID, users []auth0client.UserID) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	line := fmt.Sprintf("give %s to %d", role, len(users))
	if err := f.request(ctx, line); err != nil {
		return err
	}
	for _, id := range users {
		f.held[id] = append(f.held[id], role)
	}
	return nil
}

func noon() time.Time { return time.Date(2026, 3, 4, 12, 0, 0, 0, time.UTC) }

func people(ids ...string) (out []auth0client.User) {
	for _, id := range ids {
		out = append(out, auth0client.User{
			ID: auth0client.UserID(id), Email: term.Line(id + "@example.com"), Identities: []auth0client.Identity{{Connection: term.Line("Users")}},
		})
	}
	return out
}

func newModel(f *tenant, users []auth0client.User, lacks ...string) *Model {
	return newFor(f, own{f}, users, lacks...)
}

func newFor(f *tenant, whose desk.Whose, users []auth0client.User, lacks ...string) *Model {
	th := theme.New(true, false)
	m := New(view.Env{
		ID: 7, Ctx: context.Background(), Theme: &th, Now: noon, OperatorID: "me", Can: func(p string) bool { return !slices.Contains(lacks, p) },
	}, f, whose, users)
	m.counts.settle = 0
	return m
}

func opened(f *tenant, ids ...string) *Model {
	m := newModel(f, people(ids...))
	feed(m, m.Init())
	return m
}

// feed runs the command, and those it leads to, and gives the actions that came of their answers.
func feed(m *Model, cmd tea.Cmd) (actions []view.Action) {
	for _, msg := range uitest.Drain(cmd) {
		action, next := m.Update(msg)
		actions = append(actions, flat(action)...)
		actions = append(actions, feed(m, next)...)
	}
	return actions
}

func flat(a view.Action) (out []view.Action) {
	if all, ok := a.(view.All); ok {
		for _, b := range all {
			out = append(out, flat(b)...)
		}
		return out
	}
	if _, undo := a.(view.Undoable); a != nil && !undo { // it is looked at by itself
		out = append(out, a)
	}
	return out
}

// press gives the actions of the keys and of the work they start.
func press(m *Model, keys ...string) (actions []view.Action) {
	for _, k := range keys {
		action, cmd := m.Update(view.Press(k))
		actions = append(actions, flat(action)...)
		actions = append(actions, feed(m, cmd)...)
	}
	return actions
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

func TestTogglingGoesRoundFromWhatIs(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		users []string
		held  map[auth0client.UserID][]auth0client.RoleID
		want  []string // the box and the sign, at first and after each space
	}{
		"one user without the role": {
			users: []string{"a"}, want: []string{"[ ]  ", "[x] +", "[ ]  "},
		},
		"one user with the role": {
			users: []string{"a"}, held: map[auth0client.UserID][]auth0client.RoleID{"a": {"rol_0"}}, want: []string{"[x]  ", "[ ] −", "[x]  "},
		},
		"none of several": {
			users: []string{"a", "b"}, want: []string{"[ ]  ", "[x] +", "[ ]  "},
		},
		"some of several": {
			users: []string{"a", "b"}, held: map[auth0client.UserID][]auth0client.RoleID{"b": {"rol_0"}}, want: []string{"[~]  ", "[x] +", "[ ] −", "[~]  "},
		},
		"all of several": {
			users: []string{"a", "b"}, held: map[auth0client.UserID][]auth0client.RoleID{"a": {"rol_0"}, "b": {"rol_0"}}, want: []string{"[x]  ", "[ ] −", "[x]  "},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := newTenant(3, "")
			f.held = c.held
			m := opened(f, c.users...)
			for i, want := range c.want {
				if i > 0 {
					press(m, "space")
				}
				if got := shown(m, 80, 24); !strings.Contains(got, "› "+want+" Role 0 ") {
					t.Errorf("after %d spaces %q is missing in\n%s", i, want, got)
				}
			}
			if len(m.staged) != 0 || len(f.sent) != 0 {
				t.Errorf("staged %v, sent %v", m.staged, f.sent)
			}
		})
	}
}

func TestTheFilterKeepsWhatMatches(t *testing.T) {
	t.Parallel()
	m := opened(newTenant(30, ""), "a")
	press(m, "/", "R", "o", "l", "e", " ", "2")
	if !m.Typing() || len(m.shown) != 11 {
		t.Errorf("%d roles match while typing, want 11", len(m.shown))
	}
	press(m, "down", "enter", "space")
	has(t, m, "11 of 30 roles match Role 2", "1 change: +1 −0")
	if !m.staged["rol_20"] {
		t.Errorf("space staged %v", m.staged)
	}
	if got := press(m, "esc"); got != nil || len(m.shown) != 30 || len(m.staged) != 1 {
		t.Errorf("esc gives %v and shows %d roles", got, len(m.shown))
	}
	press(m, "/", "T", "H", "I", "N", "G", " ", "2", "0", "3", "enter")
	has(t, m, "1 of 30 roles match", "Role 29") // by the description
	press(m, "/", "z", "z", "enter", "space", "G", "j")
	has(t, m, "No role matches the filter; esc drops it.")
	press(m, "/", "y", "esc")
	if m.Typing() || len(m.shown) != 30 || len(m.staged) != 1 {
		t.Errorf("esc in the filter: %d roles shown, staged %v", len(m.shown), m.staged)
	}
	press(m, "/")
	m.Update(tea.PasteMsg{Content: "role 7\u202e\n"})
	press(m, "enter")
	has(t, m, `0 of 30 roles match role 7\u{202E}`)
}

func TestReadingSaysWhatWentWrong(t *testing.T) {
	t.Parallel()
	f := newTenant(3, "")
	f.err = &auth0client.Unreachable{Err: context.DeadlineExceeded}
	m := opened(f, "a")
	has(t, m, "The tenant cannot be reached")
	press(m, "space", "enter")
	if m.phase != choosing || len(m.staged) != 0 {
		t.Error("a role can be staged before anything is known")
	}
	f.err = nil
	press(m, "R")
	has(t, m, "Roles of a@example.com", "3 roles", "Role 2")
	f.err = &auth0client.Unauthorized{}
	if got := press(m, "R"); !slices.Equal(got, []view.Action{view.RequireLogin{}}) {
		t.Errorf("a lost sign-in gives %v", got)
	}
	f.err = nil
	_, cmd := m.Update(view.ReloadMsg{})
	feed(m, cmd)
	press(m, "space")
	has(t, m, "1 change: +1 −0")

	late := m.Init()
	m.Close()
	if got := feed(m, late); got != nil || m.err != nil {
		t.Errorf("an answer after closing gives %v", got)
	}
}

func TestALateAnswerIsDropped(t *testing.T) {
	t.Parallel()
	f := newTenant(3, "")
	m := newModel(f, people("a"))
	late := m.Init()
	newer := m.Init()
	feed(m, late)
	if m.held != nil {
		t.Error("an answer to an older question was taken")
	}
	feed(m, newer)
	has(t, m, "Role 1")
}

func TestADeletedRoleIsNoLongerStaged(t *testing.T) {
	t.Parallel()
	f := newTenant(3, "")
	m := opened(f, "a")
	press(m, "space", "j", "space", "j", "space")
	has(t, m, "3 changes: +3 −0")
	f.roles = f.roles[1:]                       // role 0 was deleted
	f.held["a"] = []auth0client.RoleID{"rol_1"} // somebody else gave role 1
	press(m, "R")
	has(t, m, "1 change: +1 −0", "2 roles")
	press(m, "enter", "y")
	if want := []string{"assign a rol_2"}; !slices.Equal(f.sent, want) {
		t.Errorf("sent %v, want %v", f.sent, want)
	}
}

func TestWhoMayNotChangeRolesCanRead(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		users []string
		lacks string
		words string
	}{
		"without the permission":   {users: []string{"a"}, lacks: "roles:assign", words: "You lack the permission roles:assign."},
		"their own roles":          {users: []string{"me"}, words: "Nobody changes their own roles: ask another operator."},
		"themselves among several": {users: []string{"a", "me", "b"}, words: "Nobody changes their own roles: ask another operator."},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := newTenant(3, "")
			m := newModel(f, people(c.users...), c.lacks)
			feed(m, m.Init())
			has(t, m, "Read only. "+c.words, "Role 2")
			for _, k := range m.Keys() {
				if lacks := k.Why != ""; lacks != (k.Help().Key == "space" || k.Help().Key == "enter" || k.Help().Key == "C") {
					t.Errorf("key %s: why %q", k.Help().Key, k.Why)
				}
			}
			press(m, "space", "enter", "C", "y", "tab", "enter")
			if len(m.staged) != 0 || len(f.sent) != 0 || m.phase != choosing {
				t.Errorf("staged %v, sent %v", m.staged, f.sent)
			}
			has(t, m, c.words)
			if got := press(m, "esc"); !slices.Equal(got, []view.Action{view.Back{}}) {
				t.Errorf("esc gives %v", got)
			}
		})
	}
}

func TestLeavingWithStagedChangesAsks(t *testing.T) {
	t.Parallel()
	m := opened(newTenant(3, ""), "a")
	press(m, "space", "j", "space")
	if got := press(m, "esc", "x", "space"); got != nil {
		t.Errorf("esc gives %v", got)
	}
	has(t, m, "Drop 2 changes? y drops them, n keeps them")
	for _, k := range []string{"n", "esc", "enter"} {
		if got := press(m, k); got != nil || m.phase != choosing || len(m.staged) != 2 {
			t.Errorf("%s gives %v and leaves %v", k, got, m.staged)
		}
		press(m, "esc")
	}
	if got := press(m, "y"); !slices.Equal(got, []view.Action{view.Back{}}) {
		t.Errorf("y gives %v", got)
	}
}

var _ Tenant = (*auth0client.Client)(nil)
