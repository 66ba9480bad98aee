package blocking

import (
	"context"
	"slices"
	"strings"
	"testing"
	"time"

	tea "charm.land/bubbletea/v2"
	"github.com/charmbracelet/x/ansi"

	"usher/auth0client"
	"usher/auth0client/term"
	"usher/ui/theme"
	"usher/ui/view"
)

type fake struct {
	user     auth0client.User
	bans     []auth0client.BruteForceBlock
	readErr  error
	setErr   error
	clearErr error
	blocked  map[string]bool // addresses
	ipErr    error
	freeErr  map[string]error // addresses
	calls    []string
}

func (f *fake) IPBlocked(_ context.Context, ip string) (bool, error) {
	f.calls = append(f.calls, "look "+ip)
	return f.blocked[ip], f.ipErr
}

func (f *fake) UnblockIP(_ context.Context, ip string) error {
	f.calls = append(f.calls, "free "+ip)
	if err := f.freeErr[ip]; err != nil {
		return err
	}
	delete(f.blocked, ip)
	return f.clearErr
}

func (f *fake) User(context.Context, auth0client.UserID) (auth0client.User, error) {
	f.calls = append(f.calls, "user")
	return f.user, f.readErr
}

func (f *fake) UserBlocks(context.Context, auth0client.UserID) ([]auth0client.BruteForceBlock, error) {
	f.calls = append(f.calls, "bans")
	return f.bans, nil
}

func (f *fake) SetBlocked(_ context.Context, _ auth0client.UserID, blocked bool) (auth0client.User, error) {
	if f.calls = append(f.calls, "unset"); blocked {
		f.calls[len(f.calls)-1] = "set"
	}
	if f.setErr == nil {
		f.user.Blocked = blocked
	}
	return f.user, f.setErr
}

func (f *fake) ClearUserBlocks(context.Context, auth0client.UserID) error {
	f.calls = append(f.calls, "clear")
	if f.clearErr == nil {
		f.bans = nil
	}
	return f.clearErr
}

func open(f *fake, operator auth0client.UserID, evil string) *Model {
	th := theme.New(true, false)
	now := time.Date(2026, 3, 4, 12, 0, 0, 0, time.UTC)
	f.user.ID, f.user.Email = "auth0|1", term.Line("ada@example.com"+evil)
	m := New(view.Env{
		ID: 7, Ctx: context.Background(), Theme: &th, Now: func() time.Time { return now },
		Can: func(string) bool { return true }, OperatorID: operator,
	}, f, f.user)
	feed(m, m.Init())
	f.calls = nil
	return m
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
		action, next := m.Update(msg)
		actions = append(actions, action)
		actions = append(actions, feed(m, next)...)
	}
	return actions
}

func banned() []auth0client.BruteForceBlock {
	return []auth0client.BruteForceBlock{{Identifier: term.Line("ada@example.com"), IP: term.Line("203.0.113.7")}}
}

func TestOneQuestionForBothKindsOfBlock(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		fake     fake
		operator auth0client.UserID
		says     []string
		calls    []string
	}{
		"a free user is blocked":                  {says: []string{"already issued stay valid"}, calls: []string{"set"}},
		"an administrator's block is lifted":      {fake: fake{user: auth0client.User{Blocked: true}}, says: []string{"by an administrator"}, calls: []string{"unset"}},
		"a brute-force block is lifted":           {fake: fake{bans: banned()}, says: []string{"after failed logins from 203.0.113.7"}, calls: []string{"clear"}},
		"both kinds are lifted":                   {fake: fake{user: auth0client.User{Blocked: true}, bans: banned()}, says: []string{"by an administrator", "203.0.113.7", "both kinds"}, calls: []string{"unset", "clear"}},
		"operators do not block themselves":       {operator: "auth0|1", says: []string{"cannot block yourself"}},
		"operators may lift their own block":      {operator: "auth0|1", fake: fake{bans: banned()}, calls: []string{"clear"}},
		"brute force goes though the other stays": {fake: fake{user: auth0client.User{Blocked: true}, bans: banned(), setErr: &auth0client.Forbidden{}}, calls: []string{"unset", "clear"}},
		"nothing more is tried when signed out":   {fake: fake{user: auth0client.User{Blocked: true}, bans: banned(), setErr: &auth0client.Unauthorized{}}, calls: []string{"unset"}},
		"an unknown outcome is read back":         {fake: fake{user: auth0client.User{Blocked: true}, setErr: &auth0client.Unknown{}}, calls: []string{"unset", "user"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := c.fake
			m := open(&f, c.operator, "")
			shown := ansi.Strip(m.View(view.Size{Width: 120, Height: 20}).Content)
			for _, text := range c.says {
				if !strings.Contains(shown, text) {
					t.Errorf("%q is missing in\n%s", text, shown)
				}
			}
			_, cmd := m.pressed("y")
			feed(m, cmd)
			if !slices.Equal(f.calls, c.calls) {
				t.Errorf("calls %v, want %v", f.calls, c.calls)
			}
		})
	}
}

func TestAnAddressThatIsBlockedForEverybodyIsShownAndFreedInTheSameQuestion(t *testing.T) {
	t.Parallel()
	const ip, last = "203.0.113.7", "198.51.100.9"
	for name, c := range map[string]struct {
		fake  fake
		keys  []string
		says  []string
		not   string
		calls []string
	}{
		"it is offered, not taken":          {fake: fake{bans: banned(), blocked: map[string]bool{ip: true}}, keys: []string{"y"}, says: []string{ip + " is blocked for the whole tenant", "[ ] also free"}, calls: []string{"clear"}},
		"space takes it":                    {fake: fake{bans: banned(), blocked: map[string]bool{ip: true}}, keys: []string{"space", "y"}, says: []string{"[ ] also free"}, calls: []string{"clear", "free " + ip}},
		"space twice does not":              {fake: fake{bans: banned(), blocked: map[string]bool{ip: true}}, keys: []string{"space", "space", "y"}, calls: []string{"clear"}},
		"a free address is no question":     {fake: fake{bans: banned()}, keys: []string{"space", "y"}, not: "whole tenant", calls: []string{"clear"}},
		"the last address of a free user":   {fake: fake{user: auth0client.User{LastIP: term.Line(last)}, blocked: map[string]bool{last: true}}, keys: []string{"space", "y"}, says: []string{"Not blocked", last + " is blocked", "free the address for everybody instead"}, calls: []string{"free " + last}},
		"without space the user is blocked": {fake: fake{user: auth0client.User{LastIP: term.Line(last)}, blocked: map[string]bool{last: true}}, keys: []string{"y"}, calls: []string{"set"}},
		"what cannot be read is said":       {fake: fake{bans: banned(), ipErr: &auth0client.Forbidden{Permission: "users:read"}}, keys: []string{"space", "y"}, says: []string{"could not be read: You lack the permission users:read"}, calls: []string{"clear"}},
		"an unknown outcome is read back":   {fake: fake{bans: banned(), clearErr: &auth0client.Unknown{}, blocked: map[string]bool{ip: true}}, keys: []string{"space", "y"}, calls: []string{"clear", "bans", "free " + ip, "look " + ip}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := c.fake
			m := open(&f, "", "")
			shown := ansi.Strip(m.View(view.Size{Width: 120, Height: 20}).Content)
			for _, text := range c.says {
				if !strings.Contains(shown, text) {
					t.Errorf("%q is missing in\n%s", text, shown)
				}
			}
			if c.not != "" && strings.Contains(shown, c.not) {
				t.Errorf("%q is in\n%s", c.not, shown)
			}
			for _, k := range c.keys {
				_, cmd := m.pressed(k)
				feed(m, cmd)
			}
			if !slices.Equal(f.calls, c.calls) {
				t.Errorf("calls %v, want %v", f.calls, c.calls)
			}
			if done := ansi.Strip(m.View(view.Size{Width: 120, Height: 20}).Content); len(f.blocked) == 0 && c.fake.clearErr == nil && len(c.fake.blocked) > 0 && !strings.Contains(done, "is free for everybody") {
				t.Errorf("the end is\n%s", done)
			}
		})
	}
}

func TestABlockTellsTheOthers(t *testing.T) {
	t.Parallel()
	var f fake
	m := open(&f, "", "")
	_, cmd := m.pressed("y")
	actions := feed(m, cmd)
	all, ok := actions[0].(view.All)
	if !ok || len(all) != 2 {
		t.Fatalf("the action is %v", actions)
	}
	if changed, ok := all[0].(view.Changed); !ok || !changed.User.Blocked {
		t.Errorf("the first action is %v, want the user as answered", all[0])
	}
}

func TestEarlyAndSafeKeysChangeNothing(t *testing.T) {
	t.Parallel()
	for _, keys := range [][]string{{"enter"}, {"n"}, {"esc"}, {"tab", "tab", "enter"}} {
		var f fake
		m := open(&f, "", "")
		for _, k := range keys {
			_, cmd := m.pressed(k)
			feed(m, cmd)
		}
		if len(f.calls) != 0 {
			t.Errorf("%v called %v", keys, f.calls)
		}
	}
	var f fake
	m := open(&f, "", "")
	late := m.load()
	if _, cmd := m.pressed("y"); cmd != nil {
		t.Error("y confirmed before both answers")
	}
	m.load()
	feed(m, late)
	if m.phase != loading {
		t.Error("late answers were taken")
	}
}

func TestAMissingUserIsSaid(t *testing.T) {
	t.Parallel()
	f := fake{readErr: &auth0client.NotFound{}}
	m := open(&f, "", "")
	if got := m.View(view.Size{Width: 60, Height: 15}).Content; !strings.Contains(got, "no longer exists") {
		t.Error(got)
	}
}

func TestNoSizeOrNameBreaksTheFrame(t *testing.T) {
	t.Parallel()
	for _, w := range []int{0, 1, 2, 5, 15, 60, 600} {
		for _, h := range []int{0, 1, 2, 5, 15, 600} {
			for p := loading; p <= finished; p++ {
				f := fake{bans: banned()}
				m := open(&f, "", "\x1b[2J\u202e漢\n")
				m.phase, m.loadErr = p, &auth0client.Unavailable{}
				content := m.View(view.Size{Width: w, Height: h}).Content
				if strings.Contains(content, "\x1b[2J") || strings.Contains(content, "\u202e") {
					t.Fatal("a tenant's escape reached the screen")
				}
				lines := strings.Split(content, "\n")
				for _, line := range lines {
					if ansi.StringWidth(line) > w || len(lines) > max(1, h) {
						t.Fatalf("%dx%d is left by %q", w, h, line)
					}
				}
			}
		}
	}
}
