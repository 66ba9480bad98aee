package gateway

import (
	"strings"
	"testing"
)

func TestAPasswordMailGoesToTheUsersOwnAddress(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ name, policies, as, method, body, code, sent string }{
		{"by id", "", "op", "POST", `{"user_id":"auth0|ann"}`, "", `POST /dbconnections/change_password {"client_id":"app","connection":"staff","email":"ann@example.com"}`},
		{"under a policy", sales, "op", "POST", `{"user_id":"auth0|ann"}`, "", `POST /dbconnections/change_password {"client_id":"app","connection":"staff","email":"ann@example.com"}`},
		{"of one outside", sales, "op", "POST", `{"user_id":"auth0|ivo"}`, "inexistent_user", ""},
		{"of nobody", "", "op", "POST", `{"user_id":"auth0|none"}`, "inexistent_user", ""},
		{"to another address", "", "op", "POST", `{"user_id":"auth0|ann","email":"me@example.com"}`, "usher_field", ""},
		{"of oneself", "", "op", "POST", `{"user_id":"auth0|op"}`, "usher_self", ""},
		{"of who holds more", sales, "half", "POST", `{"user_id":"auth0|boss"}`, "usher_policy", ""},
		{"without the permission", "", "view", "POST", `{"user_id":"auth0|ann"}`, "usher_permission", ""},
		{"without a user", "", "op", "POST", `{}`, "usher_field", ""},
		{"of who has no password", "", "op", "POST", `{"user_id":"auth0|ben"}`, "usher_field", ""},
		{"by another method", "", "op", "GET", "", "usher_route", ""},
		{"without a reason", sales + "reason = \"required\"\n", "op", "POST", `{"user_id":"auth0|ann"}`, "usher_reason", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			d := newDesk(t, c.policies)
			d.o.Client = "app"
			d.users["auth0|ben"]["identities"] = []any{map[string]any{"provider": "google-oauth2", "connection": "google-oauth2"}}
			got := d.ask(t, c.as, c.method, resetPath, c.body)
			if got.code != c.code || strings.Join(d.sent, "") != c.sent {
				t.Errorf("%d %s, sent %q; want %q, %q", got.status, got.body, d.sent, c.code, c.sent)
			}
		})
	}
}

func TestAPasswordMailCanWaitForASecondOperator(t *testing.T) {
	t.Parallel()
	d := newDesk(t, fourEyes)
	id := wantApproval(t, d, "POST", resetPath, `{"user_id":"auth0|ann"}`)
	if got := d.ask(t, "lead", "POST", decide+id+"/approve", ""); got.status != 200 || len(d.sent) != 1 || !strings.Contains(d.sent[0], "change_password") {
		t.Errorf("%d %s, sent %q", got.status, got.body, d.sent)
	}
}
