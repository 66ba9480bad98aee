package user

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/charmbracelet/x/ansi"

	"usher/auth0client"
	"usher/auth0client/term"
	"usher/ui/uitest"
	"usher/ui/view"
)

func TestATabIsReadWhenItIsOpened(t *testing.T) {
	t.Parallel()
	first := []string{"blocks", "logs 0", "methods", "user"} // the verdict: four requests
	for name, c := range map[string]struct {
		keys []string
		more []string
	}{
		"the overview takes four requests":        {},
		"security adds the tenant's factors":      {keys: []string{"2"}, more: []string{"factors"}},
		"roles and permissions":                   {keys: []string{"3"}, more: []string{"permissions", "roles"}},
		"organizations, and the roles in one":     {keys: []string{"4"}, more: []string{"member org_0", "orgs"}},
		"roles of another when it is marked":      {keys: []string{"4", "j", "j", "k"}, more: []string{"member org_0", "member org_1", "member org_2", "orgs"}},
		"identities read nothing more":            {keys: []string{"5"}},
		"activity adds what only names them":      {keys: []string{"6"}, more: []string{"named 0"}},
		"older events are asked for":              {keys: []string{"6", "+"}, more: []string{"logs 1", "named 0"}},
		"the end of the list asks for older ones": {keys: []string{"6", "G"}, more: []string{"logs 1", "named 0"}},
		"no page is asked for after the last":     {keys: []string{"6", "+", "+", "G"}, more: []string{"logs 1", "named 0"}},
		"raw reads nothing more":                  {keys: []string{"7"}},
		"sessions in one go":                      {keys: []string{"8"}, more: []string{"apps", "devices", "grants", "sessions", "tokens"}},
		"tabs are not read twice":                 {keys: []string{"3", "1", "3", "tab", "3"}, more: []string{"member org_0", "orgs", "permissions", "roles"}},
		"R reads the shown tab again":             {keys: []string{"R"}, more: first},
		"there is no ninth tab":                   {keys: []string{"9"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := &fake{orgs: 4}
			m := opened(f, "")
			press(m, c.keys...)
			want := slices.Sorted(slices.Values(slices.Concat(first, c.more)))
			slices.Sort(f.calls)
			if !slices.Equal(f.calls, want) {
				t.Errorf("calls %v, want %v", f.calls, want)
			}
		})
	}
}

func TestTheHeaderIsDrawnBeforeAnyAnswer(t *testing.T) {
	t.Parallel()
	m := newModel(&fake{}, "")
	m.Init()
	has(t, m, "ada@example.com", "auth0|1", "Nothing found so far; still reading: profile, brute-force blocks, second factors, log", "!keeps them out")
}

func TestErrorsStayInTheTab(t *testing.T) {
	t.Parallel()
	f := &fake{err: &auth0client.Unavailable{Answer: auth0client.Answer{Status: 503}}}
	m := opened(f, "")
	has(t, m, "log could not be read", "as far as could be read", "R tries again")
	f.err = nil
	press(m, "R")
	has(t, m, "Nothing else found keeps them out", "!could not be read")
	f.err = &auth0client.Unreachable{Err: context.DeadlineExceeded}
	press(m, "R")
	has(t, m, "could not be read again; shown is from", "198.51.100.9")
	f.err = &auth0client.NotFound{}
	press(m, "R")
	has(t, m, "no longer exists")
	for _, k := range []string{"m", "b", "p", "v", "s", "N", "L", "C", "l", "x", "enter"} {
		if wish := press(m, k); wish != nil {
			t.Errorf("%s on a deleted user wishes %v", k, wish)
		}
	}
	if press(m, "esc") != (view.Back{}) {
		t.Error("esc does not leave a deleted user")
	}
	f.err = &auth0client.Unauthorized{}
	if actions := feed(m, m.reload()); !slices.Contains(actions, view.Action(view.RequireLogin{})) {
		t.Errorf("a lost sign-in gives %v", actions)
	}
}

func TestAUserWhoIsDeletedMeanwhileIsSaidInEveryTab(t *testing.T) {
	t.Parallel()
	for i, call := range []string{"user", "methods", "roles", "", "user", "logs 0", "user"} {
		if call == "" {
			continue
		}
		f := &fake{}
		m := opened(f, "")
		f.fails = map[string]error{call: &auth0client.NotFound{}}
		press(m, string(rune('1'+i)), "R")
		has(t, m, "no longer exists")
		f.fails = nil
		press(m, "R")
		has(t, m, "!no longer exists")
	}
}

func TestLateAnswersAreDropped(t *testing.T) {
	t.Parallel()
	m := newModel(&fake{}, "")
	late := m.Init()
	m.Update(view.ReloadMsg{})
	feed(m, late)
	if m.user.read() || m.bans.read() {
		t.Error("an answer to an older question was taken")
	}
	m.Close()
}

func TestAChangeByAnybodyIsReadAgain(t *testing.T) {
	t.Parallel()
	f := &fake{}
	m := opened(f, "")
	press(m, "8")
	f.forget()
	_, cmd := m.Update(view.UserTouchedMsg{ID: "auth0|1"})
	feed(m, cmd)
	slices.Sort(f.calls)
	if !slices.Equal(f.calls, []string{"apps", "devices", "grants", "sessions", "tokens"}) {
		t.Errorf("in the shown tab %v is read again", f.calls)
	}
	if _, cmd := m.Update(view.UserTouchedMsg{ID: "auth0|2"}); cmd != nil {
		t.Error("another user's change reads this one again")
	}
	changed := f.record()
	changed.Blocked, changed.JSON, changed.Record = true, term.Safe{}, nil
	m.Update(view.UserChangedMsg{User: changed})
	has(t, m, "BLOCKED")
	m.open(6)
	has(t, m, `"email": "ada@example.com"`) // until it is read again
}

func TestANewSignInReadsOnlyWhatFailedForWantOfOne(t *testing.T) {
	t.Parallel()
	f := &fake{err: &auth0client.Unauthorized{}}
	m := opened(f, "")
	f.err = nil
	f.forget()
	_, cmd := m.Update(view.SignedInMsg{})
	feed(m, cmd)
	if len(f.calls) == 0 || m.signInLost() {
		t.Errorf("after the sign-in it called %v", f.calls)
	}
	f.forget()
	if _, cmd := m.Update(view.SignedInMsg{}); cmd != nil || len(f.calls) != 0 {
		t.Error("what was read is read again")
	}
}

func TestKeysAskTheApp(t *testing.T) {
	t.Parallel()
	m := opened(&fake{}, "")
	user := m.user.value
	for k, want := range map[string]view.Action{
		"m": view.ResetMFA{User: user}, "b": view.ToggleBlock{User: user}, "r": view.EditRoles{Users: []auth0client.User{user}},
		"p": view.Fix{Kind: view.FixPassword, User: user}, "v": view.Fix{Kind: view.FixVerification, User: user}, "s": view.Fix{Kind: view.FixSignOut, User: user},
		"N": view.Fix{Kind: view.FixRecoveryCode, User: user}, "L": view.Fix{Kind: view.FixEnrolment, User: user}, "C": view.Fix{Kind: view.FixRisk, User: user},
		"l": view.Fix{Kind: view.FixLink, User: user}, "y": view.Copy{What: "user id", Text: "auth0|1"}, "Y": view.Copy{What: "email", Text: "ada@example.com"},
	} {
		if got := press(m, k); fmt.Sprintf("%T%v", got, got) != fmt.Sprintf("%T%v", want, want) {
			t.Errorf("%s wishes %T%v, want %T%v", k, got, got, want, want)
		}
	}
}

func TestAKeyWithoutItsPermissionStaysAndSaysWhich(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ lacks, keys string }{
		{"mfa:reset", "m N L C"}, {"users:block", "b"}, {"roles:assign", "r"}, {"users:password", "p l"}, {"users:edit", "v l"}, {"sessions:revoke", "s"},
	} {
		m := opened(&fake{}, c.lacks)
		for _, k := range strings.Fields(c.keys) {
			if press(m, k) != nil || !strings.Contains(shown(m, 80, 24), c.lacks) {
				t.Errorf("%s does not name %s:\n%s", k, c.lacks, shown(m, 80, 24))
			}
			why := ""
			for _, key := range m.Keys() {
				if key.Help().Key == k {
					why = key.Why
				}
			}
			if !strings.Contains(why, c.lacks) {
				t.Errorf("the help of %s says %q", k, why)
			}
		}
	}
}

func TestEachTabSaysWhichPermissionItLacks(t *testing.T) {
	t.Parallel()
	for i, lacks := range []string{"users:read", "mfa:read", "roles:read", "orgs:read", "users:read", "logs:read", "users:read", "sessions:read"} {
		f := &fake{orgs: 2}
		m := newModel(f, lacks)
		m.user.value.Identities = nil
		feed(m, m.Init())
		press(m, string(rune('1'+i)))
		has(t, m, lacks)
		for _, forbidden := range map[string][]string{"users:read": {"user", "blocks", "apps"}, "mfa:read": {"methods", "factors"}, "roles:read": {"roles", "permissions"},
			"orgs:read": {"orgs"}, "logs:read": {"logs 0", "named 0"}, "sessions:read": {"sessions", "tokens", "devices", "grants"}}[lacks] {
			if slices.Contains(f.calls, forbidden) {
				t.Errorf("without %s it asks for %s", lacks, forbidden)
			}
		}
	}
}

func TestNoKeyStandsForTwoThings(t *testing.T) {
	t.Parallel()
	f := &fake{orgs: 2}
	m := opened(f, "")
	for i := range m.tabs {
		press(m, string(rune('1'+i)))
		seen := map[string]string{}
		for _, k := range m.Keys() {
			for _, name := range k.Keys() {
				if other, twice := seen[name]; twice {
					t.Errorf("in tab %d %s is both %q and %q", i+1, name, other, k.Help().Desc)
				}
				seen[name] = k.Help().Desc
				if slices.Contains([]string{"?", ":", "W", "q", "ctrl+k", "n", "u", "o", "a"}, name) {
					t.Errorf("in tab %d %s is taken from the design", i+1, name)
				}
			}
		}
	}
}

func TestFrames(t *testing.T) {
	t.Parallel()
	for _, size := range uitest.Sizes() {
		f := &fake{orgs: 3, bans: []auth0client.BruteForceBlock{{Identifier: term.Line("ada@example.com"), IP: term.Line("203.0.113.7")}}}
		m := opened(f, "")
		for i := range m.tabs {
			press(m, string(rune('1'+i)))
			uitest.Golden(t, fmt.Sprintf("tab%d-%d", i+1, size.Width), shown(m, size.Width, size.Height))
		}
	}
}

func TestNoSizeOrNameBreaksTheFrame(t *testing.T) {
	t.Parallel()
	f := &fake{orgs: 3, evil: "\x1b[2J\u202e\n漢字" + strings.Repeat("x", 300), bans: []auth0client.BruteForceBlock{{IP: term.Line("\x1b[2J")}}}
	m := opened(f, "")
	for i := range m.tabs {
		press(m, string(rune('1'+i)), "j")
		for _, w := range []int{0, 1, 2, 3, 9, 20, 61, 600} {
			for _, h := range []int{0, 1, 2, 5, 9, 600} {
				content := m.View(view.Size{Width: w, Height: h}).Content
				if strings.Contains(content, "\x1b[2J") || strings.Contains(content, "\u202e") {
					t.Fatalf("a tenant's escape reached the screen in tab %d", i+1)
				}
				lines := strings.Split(content, "\n")
				for _, line := range lines {
					if ansi.StringWidth(line) > w || len(lines) > max(1, h) {
						t.Fatalf("tab %d leaves %dx%d: %q", i+1, w, h, line)
					}
				}
			}
		}
		if wish, ok := press(m, "x").(view.Operate); ok {
			for _, does := range wish.Operation.Does {
				if strings.ContainsAny(does, "\x1b\u202e\n") {
					t.Errorf("a question holds an escape: %q", does)
				}
			}
		}
	}
}

func TestTheNumberOfRowsDoesNotHangOnTheWidth(t *testing.T) {
	t.Parallel()
	m := opened(&fake{orgs: 3}, "")
	for i := range m.tabs {
		press(m, string(rune('1'+i)))
		if a, b, c := len(m.rows(40)), len(m.rows(80)), len(m.rows(200)); a != b || b != c {
			t.Errorf("tab %d has %d, %d, %d rows", i+1, a, b, c)
		}
	}
}

func TestOlderDataStaysWithItsAge(t *testing.T) {
	t.Parallel()
	f := &fake{}
	m := opened(f, "")
	m.env.Now = func() time.Time { return noon().Add(7 * time.Minute) }
	m.Update(view.ReloadMsg{})
	has(t, m, "reading again… shown is from 7 min ago", "Nothing else found keeps them out")
}

func TestAccessAndOrganizationsOpenTheirOwnScreens(t *testing.T) {
	t.Parallel()
	m := opened(&fake{orgs: 3}, "")
	if open, ok := press(m, "A").(view.OpenAccess); !ok || open.User.ID != "auth0|1" {
		t.Errorf("A wishes %v", open)
	}
	if open, ok := press(m, "4", "j", "enter").(view.OpenOrganization); !ok || open.ID != "org_1" || open.Name.IsEmpty() {
		t.Errorf("enter on an organization wishes %v", open)
	}
	if press(opened(&fake{}, rolesPermission), "A") != nil || press(opened(&fake{}, ""), "4", "enter") != nil {
		t.Error("without the permission, or an organization, something opens")
	}
}
