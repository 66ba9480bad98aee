package ui

import (
	"cmp"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"

	"usher/auth0client"
	"usher/auth0client/localtenant"
	"usher/ui/uitest"
)

// cured is one fix, from the detail view to the tenant's state.
type cured struct {
	name, email string
	before      func(f *floor)
	play        []string // up to the question
	says        []string // in the question
	done        string   // after y
	check       func(t *testing.T, f *floor, path string)
	permission  string // that the gateway wants
	writes      string // a part of the request that makes the change
	gone        string // what is said when the user was deleted meanwhile; empty: that they do not exist
}

// cures are all fixes that the detail view offers.
func cures() []cured {
	type user struct {
		Blocked       bool
		EmailVerified bool `json:"email_verified"`
		LastPassword  string
		Identities    []struct{ Provider string }
	}
	read := func(t *testing.T, f *floor, path string) (u user) {
		t.Helper()
		if status := f.look("GET", path, "", &u); status != http.StatusOK {
			t.Fatalf("the user answers %d", status)
		}
		return u
	}
	kinds := func(f *floor, path string) (out []string) {
		var methods []struct{ Type string }
		f.look("GET", path+"/authentication-methods", "", &methods)
		for _, m := range methods {
			out = append(out, m.Type)
		}
		return out
	}
	lacks := func(kind string) func(*testing.T, *floor, string) {
		return func(t *testing.T, f *floor, path string) {
			if got := kinds(f, path); slices.Contains(got, kind) || !slices.Contains(got, "password") {
				t.Errorf("the methods are %v", got)
			}
		}
	}
	logged := func(code string) func(*testing.T, *floor, string) {
		return func(t *testing.T, f *floor, path string) {
			var events []struct{ Type string }
			f.look("GET", path+"/logs?per_page=5", "", &events)
			for _, e := range events {
				if e.Type == code {
					return
				}
			}
			t.Errorf("the tenant's log has no %s: %v", code, events)
		}
	}
	leads := func(t *testing.T, f *floor, _ string) {
		link := secretShown(f)
		res, err := http.Get(link) //nolint:noctx // the user's browser
		if err != nil || res.StatusCode != http.StatusOK {
			t.Errorf("the link %q answers %v, %v", link, res, err)
		}
	}
	rows := func(path, list string, want int) func(*testing.T, *floor, string) {
		return func(t *testing.T, f *floor, user string) {
			if got := f.count(user+path, list); got != want {
				t.Errorf("%s%s has %d rows, want %d", user, path, got, want)
			}
		}
	}
	of := func(path, list string, want int) func(*testing.T, *floor, string) {
		return func(t *testing.T, f *floor, user string) {
			if got := f.count(path+strings.TrimPrefix(user, "users/"), list); got != want {
				t.Errorf("%s has %d rows, want %d", path, got, want)
			}
		}
	}
	return []cured{
		{name: "reset MFA", email: "totp.factor@example.com", play: []string{"m"}, says: []string{"1 method will be removed"}, done: "Done. 1 method removed", check: lacks("totp"), permission: "mfa:reset", writes: "authentication-methods"},
		{name: "take one method away", email: "phone.factor@example.com", play: []string{"2", "@ Phone", "x"}, says: []string{"Take away Phone", "Forget the browsers"}, done: "Took away Phone", check: lacks("phone"), permission: "mfa:reset", writes: "authentication-methods"},
		{name: "forget browsers", email: "push.factor@example.com", play: []string{"2", "@ does not list them", "x"}, says: []string{"Forget the browsers"}, done: "Forgot the remembered browsers.", permission: "mfa:reset", writes: "invalidate-remember-browser"},
		{name: "new recovery code", email: "recoverycode.factor@example.com", play: []string{"N"}, says: []string{"Cannot be brought back: the old recovery code"}, done: "shown this once", permission: "mfa:reset", writes: "recovery-code-regeneration",
			check: func(t *testing.T, f *floor, _ string) {
				code := regexp.MustCompile(`\b[A-Z0-9]{24}\b`).FindString(f.flat())
				if f.play("enter"); code == "" || strings.Contains(f.flat(), code) {
					t.Errorf("the code %q is not shown, or still there after it was closed", code)
				}
			}},
		{name: "enrolment email", email: "half.factor@example.com", play: []string{"L", "> MFA enrolment", "1"}, says: []string{"mails half.factor@example.com"}, done: "sends the email to half.factor@example.com", permission: "mfa:reset", writes: "enrollments/ticket"},
		{name: "enrolment link", email: "half.factor@example.com", play: []string{"L", "> MFA enrolment", "2"}, says: []string{"whoever has it enrols"}, done: "Enrolment link (shown this once)", check: leads, permission: "mfa:reset", writes: "enrollments/ticket"},
		{name: "enrolment from the reset", email: "half.factor@example.com", play: []string{"m", "> enrolment not finished", "L", "> MFA enrolment", "2"}, says: []string{"whoever has it enrols"}, done: "Enrolment link", permission: "mfa:reset", writes: "enrollments/ticket"},
		{name: "clear risk", email: "totp.factor@example.com", play: []string{"C"}, says: []string{"Forget the known devices"}, done: "The risk assessments are cleared.", permission: "mfa:reset", writes: "risk-assessments/clear"},

		{name: "reset email", email: "lena.locked@example.com", play: []string{"p", "> Send the reset email", "1"}, says: []string{"mails lena.locked@example.com", "The old password is good"}, done: "sends the email to lena.locked@example.com", check: logged("scpr"), permission: "users:password", writes: "change_password"},
		{name: "reset link", email: "lena.locked@example.com", play: []string{"p", "> Password", "2"}, says: []string{"good for 1 hour"}, done: "Password link (shown this once)", check: leads, permission: "users:password", writes: "tickets/password-change"},
		{name: "reset link of a day", email: "lena.locked@example.com", play: []string{"p", "> Password", "3"}, says: []string{"good for 1 day"}, done: "Password link", check: leads, permission: "users:password", writes: "tickets/password-change"},
		{name: "temporary password", email: "bella.bothways@example.com", play: []string{"p", "> Password", "5", "> at least 8 characters", "enter", "enter"}, says: []string{"Set a new password for bella", "it is set again", "the old password"}, done: "The password is set.", permission: "users:password", writes: "PATCH",
			check: func(t *testing.T, f *floor, path string) {
				var u struct {
					Blocked bool   `json:"blocked"`
					Reset   string `json:"last_password_reset"`
				}
				if f.look("GET", path, "", &u); u.Reset == "" || !u.Blocked {
					t.Errorf("the user is %+v: no new password, or the administrator's block is gone", u)
				}
				if n := f.count("user-blocks/"+strings.TrimPrefix(path, "users/"), "blocked_for"); n != 0 {
					t.Errorf("%d brute-force blocks are left", n)
				}
			}},

		{name: "unblock both kinds", email: "bella.bothways@example.com", play: []string{"b", "> Unblocking lifts both kinds"}, says: []string{"Blocked by an administrator", "203.0.113.9"}, done: "after failed logins is lifted", permission: "users:block", writes: "user-blocks",
			check: func(t *testing.T, f *floor, path string) {
				if n := f.count("user-blocks/"+strings.TrimPrefix(path, "users/"), "blocked_for"); n != 0 || read(t, f, path).Blocked {
					t.Errorf("%d brute-force blocks, blocked %v", n, read(t, f, path).Blocked)
				}
			}},
		{name: "free the address as well", email: "first+last@example.com", before: func(f *floor) {
			if err := f.tenant.FailLogins("first+last@example.com", "203.0.113.66", 10); err != nil {
				f.t.Fatal(err)
			}
		}, play: []string{"b", "> 203.0.113.66 is blocked for the whole tenant", "space"}, says: []string{"[x] also free the address for everybody"}, done: "The address 203.0.113.66 is free for everybody.", permission: "users:block", writes: "anomaly/blocks/ips",
			check: func(t *testing.T, f *floor, _ string) {
				if status := f.look("GET", "anomaly/blocks/ips/203.0.113.66", "", nil); status != http.StatusNotFound {
					t.Errorf("the address answers %d", status)
				}
			}},
		{name: "block", email: "uma.unverified@example.com", play: []string{"b", "> Not blocked"}, says: []string{"Once blocked they cannot sign in"}, done: "Blocked. They cannot sign in", permission: "users:block", writes: "PATCH",
			check: func(t *testing.T, f *floor, path string) {
				if !read(t, f, path).Blocked {
					t.Error("the user is not blocked")
				}
			}},

		{name: "verification email", email: "uma.unverified@example.com", play: []string{"v", "> Verify email", "1"}, says: []string{"mails uma.unverified@example.com"}, done: "sends the email to uma", check: logged("svr"), permission: "users:edit", writes: "jobs/verification-email"},
		{name: "verification link", email: "uma.unverified@example.com", play: []string{"v", "> Verify email", "2"}, says: []string{"good for 5 days"}, done: "Verification link (shown this once)", permission: "users:edit", writes: "tickets/email-verification"},
		{name: "mark as verified", email: "uma.unverified@example.com", play: []string{"v", "> Verify email", "3"}, says: []string{"from not verified to verified", "Nobody proves"}, done: "marked as verified", permission: "users:edit", writes: "PATCH",
			check: func(t *testing.T, f *floor, path string) {
				if !read(t, f, path).EmailVerified {
					t.Error("the email is not verified")
				}
			}},

		{name: "sign out everywhere", email: "mona.many@example.com", play: []string{"s"}, says: []string{"End all sessions and refresh tokens"}, done: "ends all sessions and refresh tokens", check: rows("/sessions", "sessions", 0), permission: "sessions:revoke", writes: "revoke-access"},
		{name: "end one session", email: "mona.many@example.com", play: []string{"8", "@ active", "x"}, says: []string{"End the session"}, done: "The session is ended", check: rows("/sessions", "sessions", 7), permission: "sessions:revoke", writes: "sessions/"},
		{name: "end one refresh token", email: "mona.many@example.com", play: []string{"8", "@ since", "enter"}, says: []string{"End the refresh token"}, done: "The refresh token is ended", gone: "The refresh token is ended", check: rows("/refresh-tokens", "tokens", 7), permission: "sessions:revoke", writes: "refresh-tokens/"},
		{name: "end one device", email: "mona.many@example.com", play: []string{"8", "@ rotating refresh token", "x"}, says: []string{"End the device"}, done: "The device is ended", gone: "The device is ended", check: of("device-credentials?type=rotating_refresh_token&user_id=", "device_credentials", 7), permission: "sessions:revoke", writes: "device-credentials/"},

		{name: "unlink", email: "lucy.linked@example.com", play: []string{"5", "@ google-oauth2", "x"}, says: []string{"a user of its own again"}, done: "Unlinked.", permission: "users:edit", writes: "identities",
			check: func(t *testing.T, f *floor, path string) {
				if n := len(read(t, f, path).Identities); n != 2 {
					t.Errorf("%d identities are left", n)
				}
				read(t, f, "users/google-oauth2%7C109876543210987654321")
			}},
		{name: "link", email: "nico.newcomer@example.com", play: []string{"l", "> Id or email", "' lena.locked@example.com", "enter", "> BECOMES AN IDENTITY", "> Their emails differ", "y", "> Link identity"}, says: []string{"an identity of nico.newcomer@example.com", "Cannot be brought back: the id"}, done: "no user of its own any more", permission: "users:password", writes: "identities",
			check: func(t *testing.T, f *floor, path string) {
				if n := len(read(t, f, path).Identities); n != 2 {
					t.Errorf("%d identities", n)
				}
			}},
	}
}

// secretShown is what the dialog shows once, its lines put together again.
func secretShown(f *floor) string {
	var b strings.Builder
	shown := false
	for l := range strings.SplitSeq(uitest.Frame(f.app), "\n") {
		parts := strings.Split(l, "│")
		if len(parts) != 3 {
			continue
		}
		text := strings.TrimSpace(parts[1])
		switch {
		case strings.Contains(text, "(shown this once)"):
			shown = true
		case shown && (text == "" || strings.Contains(text, " ")):
			return b.String()
		case shown:
			b.WriteString(text)
		}
	}
	return b.String()
}

func (c cured) path(id auth0client.UserID) string { return "users/" + url.PathEscape(string(id)) }

// ask plays a fix up to its question.
func (c cured) ask(t *testing.T, f *floor) string {
	t.Helper()
	if c.before != nil {
		c.before(f)
	}
	u := f.open(c.email)
	f.play(c.play...)
	for _, s := range c.says {
		f.await(s)
	}
	return c.path(u.ID)
}

func TestEveryFixChangesTheTenant(t *testing.T) {
	t.Parallel()
	for _, c := range cures() {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			f := openFloor(t, localtenant.Options{SearchLag: -1})
			path := c.ask(t, f)
			for _, r := range f.requests() {
				if !strings.HasPrefix(r, "GET ") {
					t.Errorf("%s was sent before the question was answered", r)
				}
			}
			f.play("y")
			f.await(c.done)
			if c.check != nil {
				c.check(t, f, path)
			}
			if sent := f.requests(); !slices.ContainsFunc(sent, func(s string) bool { return !strings.HasPrefix(s, "GET ") && strings.Contains(s, c.writes) }) {
				t.Errorf("no change by %s in %v", c.writes, sent)
			}
		})
	}
}

func TestAPermissionThatIsGoneMeanwhileIsNamedAndNothingIsChanged(t *testing.T) {
	t.Parallel()
	f := openFloor(t, localtenant.Options{SearchLag: -1})
	for _, c := range cures() {
		f.regain()
		f.openConsole()
		c.ask(t, f)
		f.lose(c.permission)
		f.requests()
		f.play("y")
		f.await("ou lack the permission " + c.permission)
		for _, r := range f.requests() {
			if !strings.HasPrefix(r, "GET ") {
				t.Errorf("%s: %s reached the tenant", c.name, r)
			}
		}
	}
}

func TestAUserDeletedBeforeTheAnswerIsSaid(t *testing.T) {
	t.Parallel()
	for _, c := range cures() {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			f := openFloor(t, localtenant.Options{SearchLag: -1})
			path := c.ask(t, f)
			if status := f.look("DELETE", path, "", nil); status != http.StatusNoContent {
				t.Fatalf("the user is not deleted: %d", status)
			}
			f.play("y")
			f.await(cmp.Or(c.gone, "does not exist (any more)"))
			f.play("enter")
			f.play("ctrl+r")
			f.await("no longer exists")
		})
	}
}

func TestWhoeverIsSlowerIsToldWhatChanged(t *testing.T) {
	t.Parallel()
	f := openFloor(t, localtenant.Options{SearchLag: -1})
	u := f.open("uma.unverified@example.com")
	f.play("v", "> Verify email", "3", "> Nobody proves")
	f.look("PATCH", cured{}.path(u.ID), `{"email_verified":true}`, nil)
	f.play("y", "> Somebody else was faster", "> email_verified: was false, is now true")
}

func TestSigningOutOnASmallPlanTakesWhatItCan(t *testing.T) {
	t.Parallel()
	f := openFloor(t, localtenant.Options{SearchLag: -1, Plan: "pro"})
	u := f.open("mona.many@example.com")
	f.play("8", "> This tenant's plan does not show sessions", "> rotating refresh token", "s", "> End all sessions", "y", "> plan cannot end sessions in browsers")
	if n := f.count("device-credentials?type=rotating_refresh_token&user_id="+url.QueryEscape(string(u.ID)), "device_credentials"); n != 0 {
		t.Errorf("%d devices are left", n)
	}
}

func TestWaysThatDoNotFitAUserSayWhy(t *testing.T) {
	t.Parallel()
	f := openFloor(t, localtenant.Options{SearchLag: -1})
	f.open("lena.locked@example.com")
	f.play("v", "> The email is verified already.", "n")
	f.open("robin@example.com")
	found, err := f.client.UsersByEmail(t.Context(), "robin@example.com")
	if err != nil {
		t.Fatal(err)
	}
	for _, u := range found {
		if u.Identities[0].Key.Provider == "samlp" {
			f.run(f.app.perform(0, passwordWays(f.client, u), grace{}))
			f.play("> there is no password here", "1", "5")
			if len(f.app.dialogs) != 1 {
				t.Error("a way that does not fit is taken")
			}
		}
	}
}

func TestThePasswordKeyOfTheListAsksWhichWay(t *testing.T) {
	t.Parallel()
	f := openFloor(t, localtenant.Options{SearchLag: -1})
	f.play("/", "' lena.locked@example.com", "enter", "> 1 user", "p", "> Send the reset email", "1", "> Auth0 mails lena.locked@example.com", "y", "> sends the email to lena.locked@example.com")
}
