//go:build unix

package e2e

import (
	"fmt"
	"net/http"
	"net/url"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"
)

// remedy is one fix for one person, from the list to the tenant's state.
type remedy struct {
	name, who string // who: an email or id; empty: nobody is opened
	before    func(s *scene)
	steps     []string // after their detail view is open; see [scene.play]
	check     func(s *scene, id string)
}

// listed is the list of users, with nothing over it.
const listed = `^ *Users$`

// home goes back to the list, from wherever an earlier scenario ended.
func (s *scene) home() {
	s.t.Helper()
	for range 8 {
		if s.p.Expect(listed, 300*time.Millisecond) == nil {
			return
		}
		s.send("<esc>")
	}
	s.expect(listed)
}

// reach finds somebody by their email or id and opens them. It gives the id.
func (s *scene) reach(who string) string {
	s.t.Helper()
	id, row := who, `.*@`
	if !strings.Contains(who, "|") {
		id, row = s.idOf(who), regexp.QuoteMeta(who)
	}
	s.home()
	s.send("/<c-u>" + who + "<enter>")
	s.expect(`\b1 user for ` + regexp.QuoteMeta(who))
	s.expect(`^ *› ` + row)
	s.send("<enter>")
	s.expect(`^ *Users › ` + row)
	s.expect(`Why can't they get in\?`)
	return id
}

// play presses keys one after the other. "> text" waits until it is on the screen, "@ text" moves the mark to a row with it,
// and "wait" reads what has appeared.
func (s *scene) play(steps ...string) {
	s.t.Helper()
	for _, step := range steps {
		if expr, waits := strings.CutPrefix(step, "> "); waits {
			s.expect(expr)
		} else if text, marks := strings.CutPrefix(step, "@ "); marks {
			s.mark(text)
		} else if step == "wait" {
			s.pause()
		} else {
			s.send(step)
		}
	}
}

// mark moves the mark down to the row with the text.
func (s *scene) mark(text string) {
	s.t.Helper()
	s.expect(regexp.QuoteMeta(text))
	for range 40 {
		s.expect(`^[│ ]*›( |$)`)
		at, row := s.marked()
		if strings.Contains(row, text) {
			return
		}
		if row == "" { // the frame was half drawn
			continue
		}
		s.send("j")
		if err := s.p.Absent(fmt.Sprintf(`\A(?:.*\n){%d}%s$`, at, regexp.QuoteMeta(row)), patience); err != nil {
			s.t.Fatal(err)
		}
	}
	s.t.Fatalf("no row with %q:\n%s", text, s.p.Screen())
}

// marked is the line with the mark, and its row: of the dialog, if one is open.
func (s *scene) marked() (row int, line string) {
	screen := s.p.Screen()
	for i, l := range strings.Split(screen, "\n") {
		if strings.Contains(screen, "╭") && !strings.Contains(l, "│") {
			continue // what lies below a dialog has a mark as well
		}
		if strings.HasPrefix(strings.TrimLeft(l, "│ "), "›") {
			return i, l
		}
	}
	return 0, ""
}

// count is how many things of one kind the tenant has in a list.
func (s *scene) count(path, list string) int {
	s.t.Helper()
	var out map[string]any
	s.tenant(path, &out)
	items, ok := out[list].([]any)
	if !ok {
		s.t.Fatalf("%s has no list %s: %v", path, list, out)
	}
	return len(items)
}

// logged checks what Auth0 shows nowhere else by a fresh entry: of the tenant's log for sapi, else of the user's.
func logged(kind, words string) func(*scene, string) {
	return func(s *scene, id string) {
		s.t.Helper()
		path := "users/" + url.PathEscape(id) + "/logs?sort=date:-1&per_page=20"
		if kind == "sapi" {
			path = "logs?sort=date:-1&per_page=20"
		}
		var events []struct {
			Type, Description string
			Date              time.Time
		}
		s.tenant(path, &events)
		for _, e := range events {
			if time.Since(e.Date) < time.Minute && e.Type == kind && strings.Contains(e.Description, words) {
				return
			}
		}
		s.t.Errorf("no %s %q in the log: %v", kind, words, events)
	}
}

// field checks one field of the user's record.
func field(name string, want any) func(*scene, string) {
	return func(s *scene, id string) {
		s.t.Helper()
		var now map[string]any
		s.tenant("users/"+url.PathEscape(id), &now)
		if now[name] != want {
			s.t.Errorf("%s is %v, want %v", name, now[name], want)
		}
	}
}

// left checks how many entries a list of the user's has now.
func left(path, list string, want int) func(*scene, string) {
	return func(s *scene, id string) {
		s.t.Helper()
		if n := s.count(strings.ReplaceAll(path, "ID", url.PathEscape(id)), list); n != want {
			s.t.Errorf("%d %s are left, want %d", n, list, want)
		}
	}
}

// has checks which methods of MFA are there.
func has(kinds ...string) func(*scene, string) {
	return func(s *scene, id string) {
		s.t.Helper()
		if got := slices.Sorted(slices.Values(s.methods(id))); !slices.Equal(got, kinds) {
			s.t.Errorf("the methods are %v, want %v", got, kinds)
		}
	}
}

// every makes one check of several, done after the other.
func every(checks ...func(*scene, string)) func(*scene, string) {
	return func(s *scene, id string) {
		s.t.Helper()
		for _, c := range checks {
			c(s, id)
		}
	}
}

// opens checks that the link on the screen leads somewhere and is gone when its dialog is closed.
func opens(s *scene, _ string) {
	s.t.Helper()
	link := shownOnce(s.p.Screen())
	res, err := http.Get(link) //nolint:noctx // the user's browser
	if err != nil {
		s.t.Fatalf("the link %q: %v", link, err)
	}
	if _ = res.Body.Close(); res.StatusCode != http.StatusOK {
		s.t.Errorf("the link %q opens HTTP %d", link, res.StatusCode)
	}
	s.goneOnClosing(link[:20])
}

// goneOnClosing checks that a secret is on the screen, and is not when its dialog is closed.
func (s *scene) goneOnClosing(secret string) {
	s.t.Helper()
	if secret == "" || !strings.Contains(s.p.Screen(), secret) {
		s.t.Fatalf("no secret on the screen:\n%s", s.p.Screen())
	}
	s.send("<enter>")
	if err := s.p.Absent(regexp.QuoteMeta(secret), patience); err != nil {
		s.t.Error(err)
	}
}

// identities checks the providers of the user's identities.
func identities(want ...string) func(*scene, string) {
	return func(s *scene, id string) {
		s.t.Helper()
		var now struct{ Identities []struct{ Provider string } }
		s.tenant("users/"+url.PathEscape(id), &now)
		var got []string
		for _, i := range now.Identities {
			got = append(got, i.Provider)
		}
		if slices.Sort(got); !slices.Equal(got, want) {
			s.t.Errorf("the identities are %v, want %v", got, want)
		}
	}
}

// remediesOfAccess are those of the person's way in: blocks, password, email.
func remediesOfAccess() []remedy {
	unblocked := every(field("blocked", false), left("user-blocks/ID", "blocked_for", 0))
	return []remedy{
		{"reset email", "lena.locked@example.com", nil, []string{"p", "> Send the reset email", "1", "> The old password is good until", "y",
			`> Auth0 sends the email to lena\.locked@example\.com`}, logged("scpr", "")},
		{"password link of a day", "lena.locked@example.com", nil, []string{"p", "> good for 1 day", "3", "> It is good for 1 day and is shown once", "y",
			"> shown this once"}, every(logged("sapi", "Create a password change ticket"), opens)},
		{"unblock after failed sign-ins", "lena.locked@example.com", nil, []string{"b", `> Blocked after failed logins from 203\.0\.113\.9`, "> Unblocking lifts this", "y",
			"> the block after failed logins is lifted"}, left("user-blocks/ID", "blocked_for", 0)},
		{"unblock", "bruno.blocked@example.com", nil, []string{"b", "> Blocked by an administrator", "> Unblocking lifts this", "y",
			"> the administrator's block is lifted"}, field("blocked", false)},
		{"unblock both kinds and the address", "bella.bothways@example.com", func(s *scene) {
			s.order("fail", `{"email":"bella.bothways@example.com","ip":"203.0.113.66","times":10}`)
		}, []string{"b", "> Unblocking lifts both kinds", `> 203\.0\.113\.66 is blocked for the whole tenant`, "<space>", `> \[x\] also free the address`, "y",
			"> the administrator's block is lifted", "> the block after failed logins is lifted", `> 203\.0\.113\.66 is free for everybody`},
			every(unblocked, func(s *scene, _ string) {
				if got := s.status("anomaly/blocks/ips/203.0.113.66"); got != http.StatusNotFound {
					s.t.Errorf("the address answers HTTP %d", got)
				}
			})},
		{"temporary password", "lio.leaked@example.com", nil, []string{"p", "> Set a temporary password", "5", "> at least 8 characters", "<c-u>abc<enter>",
			"> still needs at least 8 characters", "y", "> It needs at least 8 characters", "<c-g>", "> ✓ at least 8 characters", "<enter>", `> \[Go on\]`, "<enter>",
			`> Set a new password for lio\.leaked`, "> Cannot be brought back: the old password", "y", "> The password is set"},
			func(s *scene, id string) {
				if reset, _ := s.record(id)["last_password_reset"].(string); reset == "" {
					s.t.Error("the tenant knows of no new password")
				}
				s.goneOnClosing(shownOnce(s.p.Screen()))
			}},
		{"verification email", "uma.unverified@example.com", nil, []string{"v", "> Verify email", "1", `> mails uma\.unverified`, "y", "> sends the email to uma"}, logged("svr", "")},
		{"verification link", "uma.unverified@example.com", nil, []string{"v", "> Verify email", "2", "> good for 5 days", "y", "> shown this once"},
			every(logged("sapi", "email verification ticket"), func(s *scene, _ string) { s.goneOnClosing(shownOnce(s.p.Screen())[:20]) })},
		{"mark as verified", "uma.unverified@example.com", nil, []string{"v", "> Verify email", "3", "> from not verified to verified", "> Nobody proves", "y", "> marked as verified"},
			field("email_verified", true)},
	}
}

// remediesOfFactors are those of second factors and of where somebody is signed in.
func remediesOfFactors() []remedy {
	return []remedy{
		{"new recovery code", "faye.fatigue@example.com", nil, []string{"N", "> Cannot be brought back: the old recovery code", "y", "> shown this once"},
			every(logged("sapi", "Generate New Multi-factor Authentication"), func(s *scene, _ string) { s.goneOnClosing(shownOnce(s.p.Screen())) })},
		{"reset chosen methods", "faye.fatigue@example.com", nil, []string{"m", "> 2 methods will be removed, 1 method left alone", "@ ecovery code", "<space>", "> 1 method will be removed, 2 methods left alone", "y",
			`> Done\. 1 method removed`}, has("password", "recovery-code")},
		{"enrolment link", "sven.silent@example.com", nil, []string{"L", "> MFA enrolment", "2", "> whoever has it enrols", "y", "> Enrolment link"}, every(logged("sapi", "enrollment ticket"), opens)},
		{"enrolment email", "half.factor@example.com", nil, []string{"L", "> MFA enrolment", "1", `> mails half\.factor`, "y", `> sends the email to half\.factor`}, logged("gd_send_email", "Enrollment email sent")},
		{"forget browsers", "push.factor@example.com", nil, []string{"2", "@ does not list them", "x", "> Forget the browsers", "y", "> Forgot the remembered browsers"}, logged("sapi", "Invalidate All Remembered Browsers")},
		{"clear risk", "sven.silent@example.com", nil, []string{"C", "> Forget the known devices", "y", "> The risk assessments are cleared"}, logged("sapi", "Clear risk assessment")},
		{"end one session", "mona.many@example.com", nil, []string{"8", "@ active", "x", "> End the session", "y", "> The session is ended"}, left("users/ID/sessions", "sessions", 7)},
		{"end one device", "mona.many@example.com", nil, []string{"8", "@ rotating refresh token", "x", "> End the device", "y", "> The device is ended"}, // the session took one with it
			left("device-credentials?type=rotating_refresh_token&include_totals=true&user_id=ID", "device_credentials", 6)},
		{"end one refresh token", "mona.many@example.com", nil, []string{"8", "@ since", "x", "> End the refresh token", "y", "> The refresh token is ended"}, left("users/ID/refresh-tokens", "tokens", 5)},
		{"sign out everywhere", "mona.many@example.com", nil, []string{"s", "> End all sessions and refresh tokens", "y", "> ends all sessions and refresh tokens"},
			every(left("users/ID/sessions", "sessions", 0), left("users/ID/refresh-tokens", "tokens", 0))},
	}
}

// remediesOfRecords change what is held of somebody. The last ones make a user and delete them.
func remediesOfRecords(journal string) []remedy {
	const made = "first.made@example.com"
	const lucy, split = "lucy.linked@example.com", "google-oauth2|109876543210987654321"
	return []remedy{
		{"unlink", lucy, nil, []string{"5", "@ google-oauth2", "x", "> user of its own again", "> Cannot be brought back: this way to sign in", "y",
			"> Unlinked. It is the user google-oauth2.109876543210987654321"}, every(identities("auth0", "sms"), func(s *scene, _ string) { field("email", lucy)(s, split) })},
		{"link back", "auth0|ca576c696e6b656400000000", nil, []string{"l", "> Id or email", split + "<enter>", "> BECOMES AN IDENTITY", "> Lost: the id google-oauth2", "y", "> Link identity",
			"> Cannot be brought back: the id google-oauth2", "y", "> Linked. google-oauth2.109876543210987654321 is no user of its own"}, identities("auth0", "google-oauth2", "sms")},
		{"metadata in place", "nico.newcomer@example.com", nil, []string{"e", "> user_metadata +{}", "@ user_metadata", "<enter>", "> ctrl.s keep", `<right>"plan": gold`,
			`> {"plan": gold}`, "<c-s>", "> Not kept: line 1, column 10", `"<right><right><right><right>"`, `> {"plan": "gold"}`, "<c-s>", "> changed, not saved: user_metadata", "<c-s>",
			`> user_metadata.plan: nothing → "gold"`, "y", "> Saved the changes of nico"},
			func(s *scene, id string) {
				if own, _ := s.record(id)["user_metadata"].(map[string]any); len(own) != 1 || own["plan"] != "gold" {
					s.t.Errorf("the metadata is %v", own)
				}
			}},
		{"create", "", nil, []string{"n", `> connection \* +<`, "j<enter>" + made + "<enter>", "> " + made, "abc<enter>", "<c-s>", "> at least 8 characters", "<c-g>", `> password \* +\S+-\S+`,
			"<c-s>", "> Create a user in the connection", "y", "> Created " + made, "> gone when you leave"}, func(s *scene, _ string) {
			if now := s.record(s.idOf(made)); now["email_verified"] != false {
				s.t.Errorf("created %v", now)
			}
		}},
		{"invitation", "", shopTakesOrganizations, []string{"n", `> connection \* +<`, "j<enter>invited.in@example.com<enter>", "> › password", "<esc>", "wait", "i", "> usher console", "@ application", "<right>", "> application . +< usher gateway", "<right>", "> application . +< Shop", "<c-s>", "> invitation into", "y", "> Auth0 sends the invitation"},
			logged("sapi", "nvitation")},
		{"delete", made, nil, []string{"D", "> To confirm, type " + made, "y<enter>", `> Type it: y`, "wait", "y", "> Type " + made + " to confirm", "<c-u>" + made + "<enter>", `> \[Delete user\]`, "wait", "y", "> Deleted"}, func(s *scene, id string) {
			if s.record(id) != nil {
				s.t.Error("the tenant still has them")
			}
			if copies, err := filepath.Glob(filepath.Join(journal, "deleted", "*.json")); err != nil || len(copies) != 1 {
				s.t.Errorf("%d copies, %v", len(copies), err)
			}
		}},
	}
}

// shopTakesOrganizations lets people be invited to the shop, which Auth0 refuses for an application as it is made.
func shopTakesOrganizations(s *scene) {
	s.t.Helper()
	var apps []struct {
		ID   string `json:"client_id"`
		Name string
	}
	s.tenant("clients", &apps)
	for _, a := range apps {
		if a.Name == "Shop" {
			res := s.ask(http.MethodPatch, "clients/"+a.ID, `{"organization_usage":"allow"}`)
			if _ = res.Body.Close(); res.StatusCode != http.StatusOK {
				s.t.Fatalf("PATCH: HTTP %d", res.StatusCode)
			}
			return
		}
	}
	s.t.Fatal("there is no shop")
}

// status is what the tenant answers to a read.
func (s *scene) status(path string) int {
	s.t.Helper()
	res := s.ask(http.MethodGet, path, "")
	_ = res.Body.Close()
	return res.StatusCode
}

// TestEveryFixAtTheTerminal takes one person of the cast after the other in one console, and looks at the tenant after each.
func TestEveryFixAtTheTerminal(t *testing.T) {
	t.Parallel()
	journal := filepath.Join(t.TempDir(), "journal")
	s := start(t, 140, 60, nil, "--approve", "--search-lag", "0s", "--journal", journal)
	s.expect(`\d+ users`)
	for _, r := range slices.Concat(remediesOfAccess(), remediesOfFactors(), remediesOfRecords(journal)) {
		t.Run(r.name, func(t *testing.T) { //nolint:paralleltest // one console
			one := &scene{t: t, p: s.p, info: s.info}
			id := ""
			if r.before != nil {
				r.before(one)
			}
			if r.who == "" {
				one.home()
			} else {
				id = one.reach(r.who)
			}
			one.play(r.steps...)
			r.check(one, id)
		})
	}
}
