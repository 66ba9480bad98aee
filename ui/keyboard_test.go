package ui

import (
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	tea "charm.land/bubbletea/v2"

	"usher/auth0client"
	"usher/auth0client/desk"
	"usher/auth0client/term"
	"usher/ui/access"
	"usher/ui/approvals"
	"usher/ui/blocking"
	"usher/ui/choose"
	"usher/ui/create"
	"usher/ui/edit"
	"usher/ui/linking"
	"usher/ui/mfareset"
	"usher/ui/organizations"
	"usher/ui/password"
	"usher/ui/pick"
	"usher/ui/role"
	"usher/ui/roleeditor"
	"usher/ui/roles"
	"usher/ui/theme"
	"usher/ui/uitest"
	"usher/ui/user"
	"usher/ui/users"
	"usher/ui/view"
)

// TestTheKeyboardPageIsTrue writes docs/keyboard.md from the key maps themselves (-update), or compares it.
func TestTheKeyboardPageIsTrue(t *testing.T) {
	t.Parallel()
	th := theme.New(true, false)
	env := view.Env{ID: 1, Ctx: t.Context(), Theme: &th, Now: time.Now, Can: func(string) bool { return true }}
	ada := auth0client.User{ID: "auth0|1", Email: term.Line("ada@example.com")}
	var b strings.Builder
	b.WriteString("# Keys\n\nThis page is written from the key maps of the program. `?` shows the keys of the screen you are on.\n")
	section := func(title string, keys []view.Key) {
		fmt.Fprintf(&b, "\n## %s\n\n| key | does |\n|---|---|\n", title)
		for _, k := range keys {
			fmt.Fprintf(&b, "| `%s` | %s |\n", strings.ReplaceAll(k.Help().Key, "|", "\\|"), k.Help().Desc)
		}
	}
	clock := noon()
	console := newApp(t, &scripted{}, clock)
	console.o.OpenBrowser = func(string) error { return nil }
	console.Init()
	askCode(console)
	section("Sign-in", console.login.Keys())
	b.WriteString("\nIn the demo `a` approves. When the code has expired or was refused, `r` begins again. A sign-in that only an action asked for is left with `esc`.\n")
	b.WriteString("\nAfter 15 minutes without a key (`--lock-after`) the screen is covered: any key shows how to go on, `enter` does.\n")
	section("Everywhere", globals())
	b.WriteString("\n`ctrl+c` quits as well, in a field too. Both ask once while something typed, staged or shown only once would be lost or a change is under way: `y` leaves,\n" +
		"`n` stays, `ctrl+c` again leaves. While a field takes letters, `ctrl+k` opens the commands.\n" +
		"\nThe keys (`?`) scroll where they don't fit: `j` and `k`, `pgdn` and `pgup`, `g` and `G`; `esc`, `q` or `?` closes them.\n")
	b.WriteString("\nIn the commands (`:`) are the screens as well: Users, Roles, Organizations, Approvals.\n")
	section("Users", users.New(env, nil, users.Options{Dialogs: users.Dialogs{Password: true, Edit: true, Create: true, Delete: true}, Save: func(string, []byte) (string, error) { return "", nil }}).Keys())
	detail := user.New(env, nil, ada)
	section("User", detail.Keys())
	b.WriteString("\nOn a row of the tabs Identities and Sessions `x` or `enter` unlinks it or ends it; in Organizations `enter` opens it.\n")
	for _, tab := range []struct{ key, name string }{{"6", "Activity"}, {"7", "Raw"}} {
		detail.Update(view.Press(tab.key))
		keys := detail.Keys()
		section("User, the tab "+tab.name, keys[:slices.IndexFunc(keys, func(k view.Key) bool { return k.Help().Key == "m" })])
	}
	section("Role editor", roleeditor.New(env, nil, desk.OwnRoles(&tenant{}), []auth0client.User{ada}).Keys())
	loaded := ada
	loaded.Record = []byte("{}")
	section("Edit", edit.New(env, nil, loaded, func(string, func(string, error) tea.Msg) tea.Cmd { return nil }).Keys())
	section("New user", create.New(env, nil, create.Options{}).Keys())
	section("Roles", roles.New(env, nil).Keys())
	section("Role", role.New(env, nil, auth0client.Role{ID: "rol_1"}).Keys())
	section("Two roles", role.NewDiff(env, nil, auth0client.Role{ID: "rol_1"}, auth0client.Role{ID: "rol_2"}).Keys())
	section("Access", access.New(env, nil, ada).Keys())
	section("Organizations", organizations.New(env, nil).Keys())
	section("Organization", organizations.NewOne(env, nil, auth0client.Organization{ID: "org_1"}).Keys())
	section("Approvals", approvals.New(env, nil).Keys())
	b.WriteString("\n`a`, `d`, `t` and `y` work here as in one of them. `d` takes one's own request back.\n")
	section("Approval", approvals.NewOne(env, nil, auth0client.Approval{ID: "A1", Target: "auth0|1", MayDecide: true, MayDeny: true}).Keys())
	section("Check list", pick.New(env, view.Pick{Title: "Check list"}).Keys())
	b.WriteString("\n## In a dialog\n\n`y` does it, `n` and `esc` cancel, `tab` moves between the buttons, `enter` presses the marked one: cancel, at first.\n" +
		"Where a policy asks for a reason there is a field for it: `enter` and `tab` go from it to the buttons, `esc` leaves it.\n")
	for _, d := range []view.View{mfareset.New(env, nil, ada), blocking.New(env, nil, ada), choose.New(env, view.Choose{Title: "Which way?"}), password.New(env, nil, ada, nil), linking.New(env, nil, ada)} {
		section(d.Title(), d.Keys())
	}
	uitest.GoldenFile(t, filepath.Join("..", "docs", "keyboard.md"), b.String())
}
