package user

import (
	"context"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	tea "charm.land/bubbletea/v2"
	"github.com/charmbracelet/x/ansi"

	"usher/auth0client"
	"usher/auth0client/term"
	"usher/ui/theme"
	"usher/ui/view"
)

var update = flag.Bool("update", false, "write the golden frames anew") //nolint:gochecknoglobals // a flag of the tests

type fake struct {
	mu    sync.Mutex
	calls []string
	err   error
	evil  string
	bans  []auth0client.BruteForceBlock
}

func (f *fake) called(name string) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.calls = append(f.calls, name)
	return f.err
}

func (f *fake) record() auth0client.User {
	return auth0client.User{
		ID: "auth0|1", EmailRaw: "ada@example.com", Email: term.Line("ada@example.com" + f.evil), EmailVerified: true, Name: term.Line("Ada" + f.evil),
		Logins: 3, LastLogin: noon().Add(-time.Hour), LastIP: term.Line("198.51.100.9"), CreatedAt: noon().Add(-24 * time.Hour * 90),
		Identities: []auth0client.Identity{{Connection: term.Line("Users"), Provider: term.Line("auth0")}},
		JSON:       term.Block("{\n  \"email\": \"ada@example.com\",\n  \"name\": \"Ada" + f.evil + "\"\n}"),
	}
}

func (f *fake) User(context.Context, auth0client.UserID) (auth0client.User, error) {
	return f.record(), f.called("user")
}

func (f *fake) UserBlocks(context.Context, auth0client.UserID) ([]auth0client.BruteForceBlock, error) {
	return f.bans, f.called("blocks")
}

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
		{ID: "t", Kind: "totp", Label: term.Line("Authenticator app"), Detail: term.Line(f.evil), CreatedAt: noon().Add(-48 * time.Hour)},
		{ID: "p", Kind: "password", Label: term.Line("Password"), Confirmed: true},
	}, f.called("methods")
}

func (f *fake) UserLogs(_ context.Context, _ auth0client.UserID, page, perPage int) ([]auth0client.LogEvent, error) {
	err := f.called(fmt.Sprintf("logs %d", page))
	n := perPage
	if page > 0 {
		n = 3
	}
	events := make([]auth0client.LogEvent, n)
	for i := range events {
		events[i] = auth0client.LogEvent{
			ID: term.Line(fmt.Sprintf("%d-%d", page, i)), Date: noon().Add(-time.Duration(i) * time.Minute), Words: term.Line("wrong password" + f.evil),
			Failed: i%2 == 0, Connection: term.Line("Users"), IP: term.Line("203.0.113.7"), JSON: term.Block("{\n  \"type\": \"fp\"\n}"),
		}
	}
	return events, err
}

func noon() time.Time { return time.Date(2026, 3, 4, 12, 0, 0, 0, time.UTC) }

func newModel(f *fake, lacks string) *Model {
	th := theme.New(true, false)
	env := view.Env{ID: 7, Ctx: context.Background(), Theme: &th, Now: noon, Can: func(p string) bool { return p != lacks }}
	known := f.record()
	known.JSON = term.Safe{}
	return New(env, f, known)
}

func feed(m *Model, cmd tea.Cmd) (actions []view.Action) {
	if cmd == nil {
		return nil
	}
	switch msg := cmd().(type) {
	case tea.BatchMsg:
		for _, c := range msg {
			actions = append(actions, feed(m, c)...)
		}
	default:
		action, _ := m.Update(msg)
		actions = append(actions, action)
	}
	return actions
}

func press(m *Model, keys ...string) (last view.Action) {
	for _, k := range keys {
		msg := tea.KeyPressMsg{Text: k, Code: []rune(k)[0]}
		switch k {
		case "esc":
			msg = tea.KeyPressMsg{Code: tea.KeyEscape}
		case "enter":
			msg = tea.KeyPressMsg{Code: tea.KeyEnter}
		case "tab":
			msg = tea.KeyPressMsg{Code: tea.KeyTab}
		}
		action, cmd := m.Update(msg)
		last = action
		feed(m, cmd)
	}
	return last
}

func shown(m *Model, w, h int) string {
	return ansi.Strip(m.View(view.Size{Width: w, Height: h}).Content)
}

func TestATabIsReadWhenItIsOpened(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		keys []string
		want []string
	}{
		"the overview takes two requests":         {want: []string{"blocks", "user"}},
		"security shares the blocks":              {keys: []string{"2"}, want: []string{"blocks", "methods", "user"}},
		"roles and permissions":                   {keys: []string{"3"}, want: []string{"blocks", "permissions", "roles", "user"}},
		"activity is one request":                 {keys: []string{"4"}, want: []string{"blocks", "logs 0", "user"}},
		"older events are asked for":              {keys: []string{"4", "L"}, want: []string{"blocks", "logs 0", "logs 1", "user"}},
		"the end of the list asks for older ones": {keys: []string{"4", "G"}, want: []string{"blocks", "logs 0", "logs 1", "user"}},
		"no page is asked for after the last":     {keys: []string{"4", "L", "L", "G"}, want: []string{"blocks", "logs 0", "logs 1", "user"}},
		"raw reads nothing more":                  {keys: []string{"5"}, want: []string{"blocks", "user"}},
		"tabs are not read twice":                 {keys: []string{"2", "1", "2", "tab", "2"}, want: []string{"blocks", "methods", "permissions", "roles", "user"}},
		"R reads the shown tab again":             {keys: []string{"R"}, want: []string{"blocks", "blocks", "user", "user"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := &fake{}
			m := newModel(f, "")
			feed(m, m.Init())
			press(m, c.keys...)
			slices.Sort(f.calls)
			if !slices.Equal(f.calls, c.want) {
				t.Errorf("calls %v, want %v", f.calls, c.want)
			}
		})
	}
}

func TestTheFirstLineSaysWhetherTheyCanSignIn(t *testing.T) {
	t.Parallel()
	f := &fake{}
	m := newModel(f, "")
	if got := shown(m, 80, 24); strings.Contains(got, "Can sign in") || !strings.Contains(got, "ada@example.com") {
		t.Errorf("before any answer:\n%s", got)
	}
	feed(m, m.Init())
	if got := shown(m, 80, 24); !strings.Contains(got, "Can sign in") {
		t.Errorf("free:\n%s", got)
	}
	f.bans = []auth0client.BruteForceBlock{{IP: term.Line("203.0.113.7")}}
	_, cmd := m.Update(view.UserTouchedMsg{ID: "auth0|1"})
	feed(m, cmd)
	blocked := f.record()
	blocked.Blocked = true
	m.Update(view.UserChangedMsg{User: blocked})
	got := shown(m, 80, 24)
	for _, want := range []string{"Blocked by an administrator.   b unblocks", "Blocked after failed logins from 203.0.113.7.   b unblocks"} {
		if !strings.Contains(got, want) {
			t.Errorf("%q is missing in\n%s", want, got)
		}
	}
}

func TestErrorsStayInTheTab(t *testing.T) {
	t.Parallel()
	f := &fake{err: &auth0client.Unavailable{Answer: auth0client.Answer{Status: 503}}}
	m := newModel(f, "")
	feed(m, m.Init())
	if got := shown(m, 80, 30); !strings.Contains(got, "is not known") || strings.Contains(got, "Can sign in") {
		t.Errorf("a failed read:\n%s", got)
	}
	f.err = nil
	press(m, "R")
	if got := shown(m, 80, 24); !strings.Contains(got, "Can sign in") {
		t.Errorf("after a retry:\n%s", got)
	}
	f.err = &auth0client.Unreachable{Err: context.DeadlineExceeded}
	press(m, "R")
	if got := shown(m, 80, 24); !strings.Contains(got, "could not be read again; shown is from") || !strings.Contains(got, "198.51.100.9") {
		t.Errorf("old data is not kept:\n%s", got)
	}
	f.err = &auth0client.NotFound{}
	press(m, "R")
	if got := shown(m, 80, 24); !strings.Contains(got, "no longer exists") || press(m, "m") != nil || press(m, "esc") != (view.Back{}) {
		t.Errorf("a deleted user:\n%s", got)
	}
	f.err = &auth0client.Unauthorized{}
	if actions := feed(m, m.reload()); !slices.Contains(actions, view.Action(view.RequireLogin{})) {
		t.Errorf("a lost sign-in gives %v", actions)
	}
}

func TestLateAnswersAreDropped(t *testing.T) {
	t.Parallel()
	f := &fake{}
	m := newModel(f, "")
	late := m.Init()
	m.Update(view.ReloadMsg{})
	feed(m, late)
	if m.user.read() || m.bans.read() {
		t.Error("an answer to an older question was taken")
	}
	m.Close()
}

func TestKeysAskTheApp(t *testing.T) {
	t.Parallel()
	m := newModel(&fake{}, "mfa:reset")
	feed(m, m.Init())
	if press(m, "m") != nil || !strings.Contains(shown(m, 80, 24), "mfa:reset") {
		t.Error("m does not say which permission is lacking")
	}
	if _, ok := press(m, "b").(view.ToggleBlock); !ok {
		t.Error("b does not ask to block")
	}
	if got, ok := press(m, "r").(view.EditRoles); !ok || len(got.Users) != 1 {
		t.Error("r does not ask for the role editor")
	}
	if got := press(m, "y"); got != (view.Copy{What: "user id", Text: "auth0|1"}) {
		t.Errorf("y gives %v", got)
	}
	if got := press(m, "5", "/", "m"); got != nil || !m.Typing() || m.filter.text != "m" {
		t.Error("a letter in the filter acts")
	}
	if got := shown(m, 80, 24); !strings.Contains(got, `"email"`) {
		t.Errorf("the filter:\n%s", got)
	}
	if press(m, "enter", "esc") != nil || press(m, "esc") != (view.Back{}) {
		t.Error("esc does not drop the filter first")
	}
	press(m, "4", "enter")
	if got := shown(m, 80, 24); !strings.Contains(got, `"type": "fp"`) || press(m, "esc") != nil {
		t.Errorf("the raw event:\n%s", got)
	}
}

func TestFrames(t *testing.T) {
	t.Parallel()
	for i := range tabs {
		for _, size := range [][2]int{{120, 40}, {80, 24}, {60, 15}} {
			m := newModel(&fake{}, "")
			feed(m, m.Init())
			press(m, string(rune('1'+i)))
			path, got := filepath.Join("testdata", fmt.Sprintf("tab%d-%d.golden", i+1, size[0])), shown(m, size[0], size[1])
			if *update {
				if err := os.MkdirAll("testdata", 0o755); err != nil {
					t.Fatal(err)
				}
				if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			if got != string(want) {
				t.Errorf("%s differs\n--- want\n%s\n--- got\n%s", path, want, got)
			}
		}
	}
}

func TestNoSizeOrNameBreaksTheFrame(t *testing.T) {
	t.Parallel()
	m := newModel(&fake{evil: "\x1b[2J\u202e\n漢字" + strings.Repeat("x", 300)}, "")
	feed(m, m.Init())
	for i := range tabs {
		press(m, string(rune('1'+i)), "j")
		for _, w := range []int{0, 1, 2, 3, 9, 20, 61, 600} {
			for _, h := range []int{0, 1, 2, 5, 9, 600} {
				content := m.View(view.Size{Width: w, Height: h}).Content
				if strings.Contains(content, "\x1b[2J") || strings.Contains(content, "\u202e") {
					t.Fatal("a tenant's escape reached the screen")
				}
				lines := strings.Split(content, "\n")
				for _, line := range lines {
					if ansi.StringWidth(line) > w || len(lines) > max(1, h) {
						t.Fatalf("tab %s leaves %dx%d: %q", i, w, h, line)
					}
				}
			}
		}
	}
}

func TestANewSignInReadsOnlyWhatFailedForWantOfOne(t *testing.T) {
	t.Parallel()
	f := &fake{err: &auth0client.Unauthorized{}}
	m := newModel(f, "")
	feed(m, m.Init())
	calls := len(f.calls)
	f.err = nil
	_, cmd := m.Update(view.SignedInMsg{})
	feed(m, cmd)
	if len(f.calls) == calls || m.signInLost() {
		t.Errorf("after the sign-in it called %v", f.calls[calls:])
	}
	calls = len(f.calls)
	if _, cmd := m.Update(view.SignedInMsg{}); cmd != nil || len(f.calls) != calls {
		t.Error("what was read is read again")
	}
}
