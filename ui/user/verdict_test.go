package user

import (
	"strings"
	"testing"
	"time"

	"usher/auth0client"
	"usher/auth0client/term"
	"usher/ui/theme"
	"usher/ui/view"
)

func TestTheFirstThingIsWhyTheyCannotGetIn(t *testing.T) {
	t.Parallel()
	f := &fake{bans: []auth0client.BruteForceBlock{{IP: term.Line("203.0.113.7")}}}
	m := opened(f, "")
	blocked := f.record()
	blocked.Blocked, blocked.EmailVerified = true, false
	m.Update(view.UserChangedMsg{User: blocked})
	got := shown(m, 110, 40)
	at := -1
	for _, want := range []string{"Why can't they get in?", "✗ STOPS    Blocked by an administrator   b unblocks", "✗ STOPS    Blocked by failed sign-ins from 203.0.113.7   b unblocks",
		"! hinders  Email not verified: a rule of the tenant may stop them   v verifies", "A wrong password, last 11:59   p gives a new password", "• ", "Has enrolled MFA: app code   m resets MFA", "user id"} {
		i := strings.Index(got, want)
		if i <= at {
			t.Fatalf("%q is not where it belongs in\n%s", want, got)
		}
		at = i
	}
}

func TestAFindingNamesThePermissionThatItsKeyLacks(t *testing.T) {
	t.Parallel()
	f := &fake{bans: []auth0client.BruteForceBlock{{IP: term.Line("203.0.113.7")}}}
	has(t, opened(f, "users:block"), "b unblocks (needs users:block)")
	has(t, opened(f, "mfa:read"), "Not known: second factors, which you may not see without mfa:read", "!not enrolled")
}

func TestALongFindingIsWholeOnANarrowScreen(t *testing.T) {
	t.Parallel()
	f := &fake{bans: []auth0client.BruteForceBlock{{IP: term.Line("2001:db8:85a3::7348")}}}
	m := opened(f, "")
	got := strings.Join(strings.Fields(shown(m, 44, 60)), " ")
	for _, want := range []string{"2001:db8:85a3::7348", "b unblocks"} {
		if !strings.Contains(got, want) {
			t.Errorf("%q is cut off:\n%s", want, shown(m, 44, 60))
		}
	}
}

func TestTheVerdictKnowsTheConnectionWithoutAsking(t *testing.T) {
	t.Parallel()
	f := &fake{kept: []auth0client.Connection{{Label: term.Line("Users"), Strategy: term.Line("auth0"), Options: auth0client.ConnectionOptions{Known: true, ImportMode: true}}}}
	has(t, opened(f, ""), "import mode")
	m := newModel(&fake{}, "")
	m.user.value.Identities = []auth0client.Identity{{Connection: term.Line("corp"), Provider: term.Line("samlp")}}
	has(t, m, "Signs in at corp (samlp): there is no password here")
}

func TestWhatWasReadBeforeStandsWhileAPartFails(t *testing.T) {
	t.Parallel()
	f := &fake{bans: []auth0client.BruteForceBlock{{IP: term.Line("203.0.113.7")}}}
	m := opened(f, "")
	f.fails = map[string]error{"blocks": &auth0client.RateLimited{Until: noon().Add(9 * time.Second)}}
	press(m, "R")
	has(t, m, "Blocked by failed sign-ins from 203.0.113.7", "brute-force blocks could not be read: The tenant's rate limit is reached for 9 s")
}

func TestABlockIsNotDeniedInASCII(t *testing.T) {
	t.Parallel()
	f := &fake{bans: []auth0client.BruteForceBlock{{IP: term.Line("203.0.113.7")}}}
	m := opened(f, "")
	*m.env.Theme = theme.New(true, true)
	blocked := f.record()
	blocked.Blocked = true
	m.Update(view.UserChangedMsg{User: blocked})
	press(m, "2")
	has(t, m, "x Blocked by an administrator.", "x Blocked after failed sign-ins", "!no Blocked")
	press(m, "1")
	has(t, m, "x STOPS    Blocked by an administrator", "!no STOPS")
}
