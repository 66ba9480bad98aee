package gateway

import (
	"net/url"
	"strings"
	"testing"
)

func TestWhatIsHiddenIsFoundInNoOtherWay(t *testing.T) {
	t.Parallel()
	const hiding = "[[policy]]\nname = \"h\"\nhidden = [\"email\", \"phone_number\", \"app_metadata.salary\"]\n"
	search := func(q string) string { return "/api/v2/users?q=" + url.QueryEscape(q) }
	const export = "/api/v2/jobs/users-exports"
	for _, c := range []struct{ name, method, path, body, code string }{
		{"by email", "GET", "/api/v2/users-by-email?email=ann@example.com", "", "usher_policy"},
		{"by an identifier that is an email", "GET", "/api/v2/user-blocks?identifier=ann@example.com", "", "usher_policy"},
		{"by one that may be a number", "DELETE", "/api/v2/user-blocks?identifier=%2B15550100", "", "usher_policy"},
		{"by a ticket for an email", "POST", "/api/v2/tickets/password-change", `{"email":"ann@example.com","connection_id":"con_staff"}`, "usher_policy"},
		{"by a ticket for an id", "POST", "/api/v2/tickets/password-change", `{"user_id":"auth0|ann"}`, ""},
		{"by the profile of an identity", "GET", search("identities.profileData.email:ann*"), "", "usher_policy"},
		{"by sorting by it", "GET", "/api/v2/users?sort=identities.profileData.email:1", "", "usher_policy"},
		{"by another field of it", "GET", search("identities.profileData.name:ann*"), "", ""},
		{"by the domain", "GET", search("email.domain:example.com"), "", "usher_policy"},
		{"by any field", "GET", search("ann"), "", "usher_policy"},
		{"exported", "POST", export, `{"fields":[{"name":"email"}]}`, "usher_policy"},
		{"exported between brackets", "POST", export, `{"fields":[{"name":"app_metadata[\"salary\"]"}]}`, "usher_policy"},
		{"exported between brackets, bare", "POST", export, `{"fields":[{"name":"app_metadata[salary]"}]}`, "usher_policy"},
		{"exported by a list", "POST", export, `{"fields":[{"name":["email"]}]}`, "usher_policy"},
		{"exported with the identities", "POST", export, `{"fields":[{"name":"identities"}]}`, "usher_policy"},
		{"exported with the profile of an identity", "POST", export, `{"fields":[{"name":"identities[0].profileData"}]}`, "usher_policy"},
		{"exported from the profile of an identity", "POST", export, `{"fields":[{"name":"identities[0].profileData.email"}]}`, "usher_policy"},
		{"another field of an identity, exported", "POST", export, `{"fields":[{"name":"identities[0].connection"}]}`, ""},
		{"another key of the metadata, exported", "POST", export, `{"fields":[{"name":"app_metadata.department"}]}`, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			d := newDesk(t, hiding)
			got := d.ask(t, "op", c.method, c.path, c.body)
			if got.code != c.code || c.code != "" && (len(d.sent) != 0 || d.reads != 0) {
				t.Errorf("%d %s, sent %q, %d reads", got.status, got.body, d.sent, d.reads)
			}
		})
	}
}

func TestWhatIsHiddenIsInNoAnswer(t *testing.T) {
	t.Parallel()
	d := newDesk(t, "[[policy]]\nname = \"h\"\nhidden = [\"email\", \"identities\", \"app_metadata.salary\"]\n")
	d.logs[0]["details"] = map[string]any{"response": map[string]any{"body": map[string]any{"name": "ann", "app_metadata": map[string]any{"salary": 5}}}}
	d.identities = []any{map[string]any{"connection": "staff", "user_id": "ann"}}
	for _, c := range [][3]string{
		{"GET", "/api/v2/user-blocks/auth0%7Cann", ""}, {"GET", "/api/v2/logs", ""}, {"GET", "/api/v2/logs/1", ""}, {"GET", ann + "/logs", ""},
		{"POST", ann + "/identities", `{"provider":"auth0","user_id":"ben"}`},
	} {
		got := d.ask(t, "op", c[0], c[1], c[2])
		if got.status >= 300 || strings.Contains(got.body, "salary") || strings.Contains(got.body, "staff") || strings.Contains(got.body, "ann@") {
			t.Errorf("%s %s: %d %s", c[0], c[1], got.status, got.body)
		}
	}
}

func TestASearchBesideHiddenFieldsIsSentAsItWasJudged(t *testing.T) {
	t.Parallel()
	d := newDesk(t, "[[policy]]\nname = \"h\"\nhidden = [\"app_metadata.salary\"]\n")
	if d.ask(t, "op", "GET", "/api/v2/users?q="+url.QueryEscape(`( name:"ann"  OR \name:b* )`), ""); len(d.searches) != 1 || d.searches[0] != `name:ann OR name:b*` {
		t.Errorf("sent %q", d.searches)
	}
}
