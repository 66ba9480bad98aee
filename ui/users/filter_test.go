package users

import (
	"testing"

	"usher/auth0client/lucene"
)

func TestFiltersInAuth0sSyntax(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		f           Filter
		want, words string
	}{
		{Filter{}, "", ""},
		{Filter{Blocked: Yes}, "blocked:true", "blocked"},
		{Filter{Blocked: No, Connection: Choice{`a "b"`, "A b"}}, `identities.connection:"a \"b\"" AND NOT blocked:true`, "connection A b, not blocked"},
		{Filter{Verified: No}, "(NOT _exists_:email_verified OR email_verified:false)", "unverified"},
		{Filter{Verified: Yes, Login: "7d"}, "email_verified:true AND last_login:[2026-02-25 TO *]", "verified, signed in within 7 days"},
		{Filter{Login: "-90d"}, "last_login:[* TO 2025-12-04]", "not for 90 days"},
		{Filter{Login: "never"}, "(NOT _exists_:logins_count OR logins_count:0)", "never signed in"},
		{Filter{Login: "2026-01-01..2026-01-31"}, "last_login:[2026-01-01 TO 2026-01-31]", "signed in 2026-01-01 to 2026-01-31"},
		{Filter{Login: "..2026-01-31"}, "last_login:[* TO 2026-01-31]", "signed in until 2026-01-31"},
		{Filter{Login: "2026-01-01.."}, "last_login:[2026-01-01 TO *]", "signed in from 2026-01-01"},
		{Filter{Org: Choice{"org_1", "ACME"}, Role: Choice{"rol_1", "Editor"}}, `organization_id:"org_1"`, "role Editor, in ACME"},
	} {
		got := c.f.query(noon())
		if got != c.want || c.f.words() != c.words {
			t.Errorf("%+v is %s (%s), want %s (%s)", c.f, got, c.f.words(), c.want, c.words)
		}
		if _, err := lucene.Parse(got); err != nil {
			t.Errorf("%s: %v", got, err)
		}
	}
	for _, bad := range []string{"", "..", "2026-13-01..", "yesterday..", "2026-01-01"} {
		if _, _, ok := between(bad); ok {
			t.Errorf("%q counts as a range", bad)
		}
	}
}

func TestFiltersAreAskedForOnceWhenThePanelIsLeftAndRemembered(t *testing.T) {
	t.Parallel()
	f, kept := &tenant{total: 3}, &memory{}
	m := withOptions(f, Options{Prefs: kept})
	feed(m, m.Init())
	press(m, "f", "down", "enter", "down", "space", "space")
	typeIn(m, "conn")
	press(m, "enter")
	has(t, m, "acme-saml", "type to narrow")
	typeIn(m, "acme")
	press(m, "enter")
	typeIn(m, "last")
	press(m, "enter")
	typeIn(m, "2026-01-01..")
	press(m, "enter")
	if len(f.asked) != 1 {
		t.Fatalf("%d requests while the panel is open", len(f.asked))
	}
	press(m, "esc")
	want := `identities.connection:"acme-saml" AND (NOT _exists_:email_verified OR email_verified:false) AND last_login:[2026-01-01 TO *] AND blocked:true`
	if len(f.asked) != 2 || last(f).Filter != want {
		t.Errorf("asked %d times, last for %s\nwant %s", len(f.asked), last(f).Filter, want)
	}
	has(t, m, "3 users · only connection acme-saml, blocked, unverified, signed in from 2026-01-01")
	again := withOptions(f, Options{Prefs: kept})
	feed(again, again.Init())
	if got := last(f).Filter; got != want {
		t.Errorf("the next day asks for %s", got)
	}
	f.total = 0
	press(again, "R")
	has(t, again, "Nobody matches.", "f changes that")
	press(again, "f")
	typeIn(again, "clear")
	press(again, "enter", "esc")
	if got := last(f).Filter; got != "" || kept.kept.Filter != (Filter{}) {
		t.Errorf("cleared, asks for %q and remembers %+v", got, kept.kept.Filter)
	}
	asked := len(f.asked)
	press(again, "f", "esc")
	if len(f.asked) != asked {
		t.Error("a filter that is left as it was is asked for")
	}
}

func TestAnOrganizationIsChosenByItsName(t *testing.T) {
	t.Parallel()
	f := &tenant{total: 3}
	m := opened(f)
	press(m, "f")
	typeIn(m, "organ")
	press(m, "enter")
	has(t, m, "ACME Ltd", "bolt")
	press(m, "esc")
	has(t, m, "In organization")
	press(m, "enter")
	typeIn(m, "bolt")
	press(m, "enter", "esc")
	if got := last(f).Filter; got != `organization_id:"org_2"` {
		t.Errorf("asks for %s", got)
	}
}
