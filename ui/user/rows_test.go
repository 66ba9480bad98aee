package user

import (
	"slices"
	"strings"
	"testing"

	"usher/auth0client"
	"usher/auth0client/term"
	"usher/ui/view"
)

// on puts the mark on the first row that holds text.
func on(t *testing.T, m *Model, text string) {
	t.Helper()
	for i, r := range m.rows(80) {
		if strings.Contains(strings.Join(r.lines, " "), text) {
			m.cursor[m.at] = i
			return
		}
	}
	t.Fatalf("no row with %q in\n%s", text, shown(m, 110, 60))
}

func TestARowIsActedOnByItsKey(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		tab, row, key, does string
		calls               []string
		permission          string
	}{
		{"2", "Authenticator app", "x", "Take away Authenticator app (phone)", []string{"methods", "delete t", "forget", "methods"}, "mfa:reset"},
		{"2", "does not list them", "x", "Forget the browsers", []string{"forget"}, "mfa:reset"},
		{"5", "google-oauth2", "x", "Make the identity google-oauth2|99", []string{"unlink google-oauth2|99"}, "users:edit"},
		{"5", "ada.g@example.com", "enter", "Make the identity google-oauth2|99", []string{"unlink google-oauth2|99"}, "users:edit"},
		{"8", "Chrome on Windows", "x", "End the session Chrome on Windows from 198.51.100.9 of", []string{"end ses_1"}, "sessions:revoke"},
		{"8", "used 2 h ago", "enter", "End the refresh token of Portal, used 2 h ago of", []string{"end rt_1"}, "sessions:revoke"},
		{"8", "Ada's phone", "x", "End the device Ada's phone of app_2", []string{"end dcr_1"}, "sessions:revoke"},
		{"8", "api.example.com", "x", "End the grant of Portal for https://api.example.com", []string{"end cgr_1"}, "sessions:revoke"},
	} {
		t.Run(c.row+" "+c.key, func(t *testing.T) {
			t.Parallel()
			f := &fake{}
			m := opened(f, "")
			press(m, c.tab)
			on(t, m, c.row)
			op := question(t, press(m, c.key))
			if !strings.Contains(strings.Join(op.Does, "\n"), c.does) || op.Permission != c.permission || op.User.ID != "auth0|1" {
				t.Errorf("the question is %q with %s", op.Does, op.Permission)
			}
			f.forget()
			if r := op.Run(t.Context()); r.Err != nil || !slices.Equal(f.calls, c.calls) {
				t.Errorf("it called %v, %v", f.calls, r.Err)
			}
			m = opened(f, c.permission)
			press(m, c.tab)
			on(t, m, c.row)
			if press(m, c.key) != nil {
				t.Error("it asks without the permission")
			}
			has(t, m, c.permission)
		})
	}
}

func TestWhatCannotBeTakenAwaySaysWhy(t *testing.T) {
	t.Parallel()
	m := opened(&fake{}, "")
	press(m, "2")
	on(t, m, "Password")
	if press(m, "x") != nil {
		t.Error("a password is taken away")
	}
	has(t, m, "p gives a new one")
	press(m, "5")
	on(t, m, "primary")
	if press(m, "x") != nil {
		t.Error("the primary identity is unlinked")
	}
	has(t, m, "cannot be unlinked")
	press(m, "1")
	if press(m, "x") != nil || press(m, "enter") != nil {
		t.Error("x acts where there is nothing to act on")
	}
}

func TestAPlanWithoutSessionsIsSaidInWords(t *testing.T) {
	t.Parallel()
	lacks := &auth0client.Forbidden{Answer: auth0client.Answer{Status: 403, Code: term.Line("feature_not_enabled")}}
	f := &fake{fails: map[string]error{"sessions": lacks, "tokens": &auth0client.NotFound{}, "apps": &auth0client.Unreachable{}}}
	m := opened(f, "")
	press(m, "8")
	has(t, m, "This tenant's plan does not show sessions. They go on until they end by themselves", "among the devices below", "Ada's phone", "app_1", "!could not be read: Not allowed", "!no longer exists")
	f.fails = map[string]error{"sessions": &auth0client.Forbidden{Answer: auth0client.Answer{Code: term.Line("usher_policy")}}}
	press(m, "R")
	has(t, m, "sessions could not be read: Not allowed")
}

func TestRolesInAnOrganizationThatCannotBeReadAreSaid(t *testing.T) {
	t.Parallel()
	f := &fake{orgs: 2, fails: map[string]error{"member org_0": &auth0client.Unreachable{}}}
	m := opened(f, "")
	press(m, "4")
	has(t, m, "Acme 0", "the roles there could not be read", "Acme 1")
	press(m, "j")
	has(t, m, "Lead of org_1")
	f.fails = nil
	press(m, "k", "R")
	has(t, m, "Lead of org_0")
	has(t, opened(&fake{}, ""), "!belong")
}

func TestTheTenantsFactorsAreInWords(t *testing.T) {
	t.Parallel()
	m := opened(&fake{}, "")
	press(m, "2")
	has(t, m, "Offered: authenticator app, phone (SMS or voice)", "Not offered: Duo", "No block by an administrator.", "No block after failed sign-ins.", "second factor", "login")
}

func TestFieldsOfTheProfileAreInTheOverview(t *testing.T) {
	t.Parallel()
	f := &fake{}
	m := opened(f, "")
	known := f.record()
	known.AppMetadata = []byte(`{"plan":"gold\u001b[2J","seats":[1,2]}`)
	m = New(m.env, f, known, view.Field{Label: "Plan", Path: "app_metadata.plan", Detail: true}, view.Field{Label: "Listed only", Path: "app_metadata.seats", List: true},
		view.Field{Label: "Contract", Path: "app_metadata.contract.id", Detail: true})
	has(t, m, "Plan            gold␛[2J", "Contract        −", "!Listed only")
}

func TestUserAgentsInWords(t *testing.T) {
	t.Parallel()
	for agent, want := range map[string]string{
		"Mozilla/5.0 (iPhone; CPU iPhone OS 17_0 like Mac OS X) AppleWebKit/605.1.15 Version/17.0 Safari/604.1": "Safari on iPhone",
		"Mozilla/5.0 (X11; Linux x86_64; rv:120.0) Gecko/20100101 Firefox/120.0":                                "Firefox on Linux",
		"Mozilla/5.0 (Windows NT 10.0; Win64; x64) Chrome/120.0 Safari/537.36 Edg/120.0":                        "Edge on Windows",
		"okhttp/4.9 (Android)": "Android", "curl/8.0": "curl/8.0", "": "unknown browser",
	} {
		if got := agentWords(term.Line(agent)); got != want {
			t.Errorf("%q is %q, want %q", agent, got, want)
		}
	}
}

func TestTheLogIsFiltered(t *testing.T) {
	t.Parallel()
	f := &fake{few: true}
	m := opened(f, "")
	press(m, "6")
	has(t, m, "(by name) Unknown email or username", "Wrong password", "Signed in", "Second factor failed", "Changed through the Management API", "That is all the log holds")
	for _, c := range []struct{ about, shown, hidden string }{
		{"failed only, 4 of 6", "Second factor failed", "Signed in"}, {"sign-ins, 4 of 6", "Signed in", "Second factor failed"},
		{"MFA, 1 of 6", "Second factor failed", "Wrong password"}, {"management, 1 of 6", "Changed through", "Wrong password"},
	} {
		press(m, "f")
		has(t, m, c.about, c.shown, "!"+c.hidden)
	}
	press(m, "esc")
	has(t, m, "Signed in", "Wrong password")
	press(m, "/")
	if !m.Typing() {
		t.Fatal("the filter takes no letters")
	}
	press(m, "W", "r", "o", "n", "g", "enter")
	has(t, m, "1 of 6", `with "Wrong"`, "Wrong password", "!Signed in")
	if press(m, "esc") != nil {
		t.Error("esc leaves the view before the filter")
	}
	has(t, m, "Signed in")
	press(m, "f", "f", "/", "z", "z", "enter")
	has(t, m, "No event of this kind. esc shows all.")
	press(m, "esc", "esc")
	has(t, m, "Signed in")
	if press(m, "esc") != (view.Back{}) {
		t.Error("a third esc does not leave the view")
	}
}

func TestTheLogHasNoGapsAndNoEventTwice(t *testing.T) {
	t.Parallel()
	m := opened(&fake{}, "")
	press(m, "6")
	log := m.log()
	if n := len(log); n != 51 || log[0].UserID == "" || log[1].UserID != "" {
		t.Fatalf("%d events, the first ones by %q and %q", n, log[0].UserID, log[1].UserID)
	}
	press(m, "+")
	log = m.log()
	seen := map[string]bool{}
	for i, e := range log {
		if seen[e.ID.String()] || i > 0 && e.Date.After(log[i-1].Date) {
			t.Errorf("event %d (%s) is there twice or out of order", i, e.ID)
		}
		seen[e.ID.String()] = true
	}
	if len(log) != 56 || log[51].UserID != "" {
		t.Errorf("after the older page there are %d events", len(log))
	}
}

func TestTheLogWithoutTheNamelessOnesSaysSo(t *testing.T) {
	t.Parallel()
	f := &fake{few: true, fails: map[string]error{"named 0": &auth0client.Unreachable{}}}
	m := opened(f, "")
	press(m, "6")
	has(t, m, "Wrong password", "log of failures without their id could not be read")
}

func TestARawEventIsAKeyAwayAndCopied(t *testing.T) {
	t.Parallel()
	m := opened(&fake{}, "")
	press(m, "6", "j", "j", "j", "enter")
	has(t, m, `"type": "gd_auth_failed"`, "!Wrong password")
	if got := press(m, "w"); got != (view.Copy{What: "event", Text: "{\n  \"type\": \"gd_auth_failed\"\n}"}) {
		t.Errorf("w gives %v", got)
	}
	press(m, "f", "+")
	has(t, m, `"type": "gd_auth_failed"`)
	if press(m, "esc") != nil || m.cursor[m.at] != 3 {
		t.Errorf("esc does not go back to where the mark was: %d", m.cursor[m.at])
	}
}

func TestTheRawRecordFoldsIsSearchedAndCopied(t *testing.T) {
	t.Parallel()
	m := opened(&fake{}, "")
	press(m, "7")
	has(t, m, `− "app_metadata": {2}`, `"plan": "gold"`)
	on(t, m, "app_metadata")
	press(m, "space")
	has(t, m, `+ "app_metadata": {2}`, "!gold")
	press(m, "space", "z")
	has(t, m, "!gold")
	press(m, "z")
	on(t, m, "gold")
	if got := press(m, "c"); got != (view.Copy{What: "value of app_metadata.plan", Text: "gold"}) {
		t.Errorf("c gives %v", got)
	}
	on(t, m, "seats")
	if got, _ := press(m, "c").(view.Copy); got.Text != "[1, 2]" {
		t.Errorf("c gives %v", got)
	}
	if got, _ := press(m, "w").(view.Copy); !strings.HasPrefix(got.Text, `{"user_id"`) {
		t.Errorf("w gives %v", got)
	}
	press(m, "/", "G", "o", "l", "d")
	has(t, m, `"app_metadata"`, `"plan": "gold"`, "!seats", "!email\"")
	press(m, "enter")
	if got, _ := press(m, "j", "c").(view.Copy); got.Text != "gold" {
		t.Errorf("the value of what was found is %v", got)
	}
	if press(m, "esc") != nil || press(m, "esc") != (view.Back{}) {
		t.Error("esc does not drop the search first")
	}
}

func TestARecordThatIsNoJSONIsShownAsItIs(t *testing.T) {
	t.Parallel()
	m := opened(&fake{}, "")
	m.user.value.Record, m.user.value.JSON = []byte("<html>"), term.Block("<html>\nproxy")
	m.open(6)
	has(t, m, "<html>", "proxy")
}

func TestAGatewayThatLacksAScopeIsNotTheTenantsPlan(t *testing.T) {
	t.Parallel()
	for code, plan := range map[string]bool{"insufficient_scope": false, "usher_policy": false, "feature_not_enabled": true} {
		if got := planLacks(&auth0client.Forbidden{Answer: auth0client.Answer{Status: 403, Code: term.Line(code)}}); got != plan {
			t.Errorf("%s: %v", code, got)
		}
	}
}
