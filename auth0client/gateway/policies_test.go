package gateway

import (
	"net/http"
	"os"
	"strings"
	"testing"
	"time"
)

// examples are the policies of docs/policies.md, by the name in their first line.
func examples(t *testing.T) map[string]string {
	t.Helper()
	data, err := os.ReadFile("../../docs/policies.md")
	if err != nil {
		t.Fatal(err)
	}
	out := map[string]string{}
	for _, block := range strings.Split(string(data), "```toml\n")[1:] {
		block, _, _ = strings.Cut(block, "```")
		first, _, _ := strings.Cut(block, "\n")
		name, ok := strings.CutPrefix(first, "# example: ")
		if !ok || out[name] != "" {
			t.Errorf("a policy in docs/policies.md has no name of its own: %s", first)
		}
		out[name] = block
	}
	return out
}

// trial is a request under an example, and what becomes of it.
type trial struct {
	does, as, method, path, body string
	code                         string // errorCode; "" is done
	sent                         string // what the answer or what was sent must hold
}

// trials say of each example what it promises.
func trials() map[string][]trial {
	const create, members = "/api/v2/users", "/api/v2/organizations/org_"
	return map[string][]trial{
		"overview": {
			{"a person of the desk is edited", "op", "PATCH", ann, `{"name":"x"}`, "", `{"name":"x"}`},
			{"not in another field", "op", "PATCH", ann, `{"email":"x@example.com"}`, "usher_policy", ""},
			{"nobody else exists", "op", "PATCH", ivo, `{"name":"x"}`, "inexistent_user", ""},
			{"deleting is taken away", "op", "DELETE", ann, "", "usher_policy", ""},
			{"what is not named is taken away", "op", "GET", ann + "/roles", "", "usher_policy", ""},
			{"a reset needs a reason", "op", "DELETE", ann + "/authentication-methods", "", "usher_reason", ""},
			{"an administrator sees everyone", "boss", "PATCH", ivo, `{"email":"x@example.com"}`, "", "x@example.com"},
			{"whom no policy names may nothing", "other", "GET", ann, "", "usher_policy", ""},
		},
		"own department": {
			{"of the same department", "op", "GET", ann, "", "", `"name":"ann"`},
			{"of another", "op", "GET", ivo, "", "inexistent_user", ""},
			{"of the same, but apart", "op", "GET", "/api/v2/users/auth0%7Cvip", "", "inexistent_user", ""},
			{"an operator of no department sees nobody", "stray", "GET", ann, "", "inexistent_user", ""},
			{"nor finds anybody", "stray", "GET", "/api/v2/users", "", "", "[]"},
		},
		"access": {
			{"a name", "op", "PATCH", ann, `{"name":"x","user_metadata":{"a":1}}`, "", `"a":1`},
			{"a block is an action", "op", "PATCH", ann, `{"blocked":true}`, "", `{"blocked":true}`},
			{"a password is an action", "op", "PATCH", ann, `{"password":"Canary1!","connection":"staff"}`, "", "Canary1!"},
			{"an email is a field", "op", "PATCH", ann, `{"email":"x@example.com"}`, "usher_policy", ""},
			{"a username is a field", "op", "PATCH", ann, `{"username":"x"}`, "usher_policy", ""},
			{"metadata that is not named", "op", "PATCH", ann, `{"app_metadata":{"department":"it"}}`, "usher_policy", ""},
			{"an enrolment mail to another address", "op", "POST", "/api/v2/guardian/enrollments/ticket", `{"user_id":"auth0|ann","email":"me@example.com"}`, "usher_policy", ""},
			{"a ticket", "op", "POST", "/api/v2/tickets/password-change", `{"user_id":"auth0|ann","mark_email_as_verified":false}`, "", "auth0|ann"},
			{"a ticket that verifies an email", "op", "POST", "/api/v2/tickets/password-change", `{"user_id":"auth0|ann","mark_email_as_verified":true}`, "usher_policy", ""},
			{"deleting", "op", "DELETE", ann, "", "usher_policy", ""},
			{"devices", "op", "GET", ann + "/sessions", "", "usher_policy", ""},
			{"logs", "op", "GET", ann + "/logs", "", "", `"log_id"`},
			{"a search of what is hidden", "op", "GET", "/api/v2/users?q=app_metadata.salary:5", "", "usher_policy", ""},
			{"a search of all that holds it", "op", "GET", "/api/v2/users?q=_exists_:app_metadata", "", "usher_policy", ""},
			{"a sorting by what is hidden", "op", "GET", "/api/v2/users?sort=last_ip:1", "", "usher_policy", ""},
			{"an export", "op", "POST", "/api/v2/jobs/users-exports", `{"fields":[{"name":"email"}]}`, "usher_policy", ""},
		},
		"filter": {
			{"by a group of values, or a connection", "op", "GET", ivo, "", "", `"name":"ivo"`},
			{"an operator the policy does not name", "other", "GET", ivo, "", "usher_policy", ""},
			{"an export of everybody", "op", "POST", "/api/v2/jobs/users-exports", `{}`, "usher_policy", ""},
		},
		"write": {
			{"stamped", "op", "POST", create, `{"connection":"staff","email":"new@example.com","app_metadata":{"department":"it","plan":"pro"}}`, "", `"app_metadata":{"department":"sales","made_by":"op@example.com","plan":"pro"}`},
			{"a choice that is none", "op", "POST", create, `{"connection":"staff","email":"new@example.com","app_metadata":{"plan":"gold"}}`, "usher_policy", ""},
			{"a choice and more in a list, edited", "op", "PATCH", ann, `{"app_metadata":{"plan":[{"gold":true},"pro"]}}`, "usher_policy", ""},
			{"a choice in a list", "op", "POST", create, `{"connection":"staff","email":"new@example.com","app_metadata":{"plan":["pro"]}}`, "usher_policy", ""},
			{"another connection", "op", "POST", create, `{"connection":"public","email":"new@example.com"}`, "usher_policy", ""},
			{"a choice that is none, edited", "op", "PATCH", ann, `{"app_metadata":{"plan":"gold"}}`, "usher_policy", ""},
			{"an invitation", "op", "POST", members + "acme/invitations", `{"inviter":{"name":"o"},"invitee":{"email":"new@example.com"},"client_id":"c","connection_id":"con_staff"}`, "", `"department":"sales"`},
			{"an operator of no department", "stray", "POST", create, `{"connection":"staff","email":"new@example.com"}`, "usher_policy", ""},
		},
		"memberships": {
			{"by name", "op", "POST", members + "acme/members", `{"members":["auth0|ann"]}`, "", "auth0|ann"},
			{"by pattern", "op", "POST", members + "partner-north/members", `{"members":["auth0|ann"]}`, "", "auth0|ann"},
			{"another", "op", "POST", members + "rivals/members", `{"members":["auth0|ann"]}`, "usher_policy", ""},
			{"out of another", "op", "DELETE", members + "rivals/members", `{"members":["auth0|ann"]}`, "usher_policy", ""},
			{"invited to another", "op", "POST", members + "rivals/invitations", `{"inviter":{"name":"o"},"invitee":{"email":"n@example.com"},"client_id":"c"}`, "usher_policy", ""},
			{"a role", "op", "POST", ann + "/roles", `{"roles":["rol_partner"]}`, "", "rol_partner"},
			{"a role that is not theirs", "op", "POST", ann + "/roles", `{"roles":["rol_admin"]}`, "usher_policy", ""},
		},
		"settings": {
			{"a custom field", "op", "PATCH", ann, `{"user_metadata":{"tone":"warm"}}`, "", "warm"},
			{"a value that is not offered", "op", "PATCH", ann, `{"user_metadata":{"tone":"loud"}}`, "usher_policy", ""},
			{"other metadata", "op", "PATCH", ann, `{"user_metadata":{"other":1}}`, "usher_policy", ""},
			{"all of the metadata", "op", "PATCH", ann, `{"user_metadata":null}`, "usher_policy", ""},
			{"the console is told", "op", "GET", "/usher/v1/me", "", "", `"raw_json":false`},
			{"of the field", "op", "GET", "/usher/v1/me", "", "", `"label":"Tone of voice"`},
			{"and its words", "op", "GET", "/usher/v1/me", "", "", `"title":"Example Inc. support"`},
		},
		"custom domain": {
			{"a link", "op", "POST", "/api/v2/tickets/password-change", `{"user_id":"auth0|ann"}`, "", "https://id.example.com/u/reset?ticket=t#"},
		},
		"demands": {
			{"a change without a reason", "op", "PATCH", ann, `{"name":"x"}`, "usher_reason", ""},
			{"a read needs none", "op", "GET", ann, "", "", `"name":"ann"`},
		},
	}
}

func TestEveryPolicyOfTheDocumentationDoesWhatItSays(t *testing.T) {
	t.Parallel()
	tried := trials()
	for name, text := range examples(t) {
		if len(tried[name]) == 0 {
			t.Errorf("nothing is tried under the policy %q", name)
		}
		for _, c := range tried[name] {
			t.Run(name+"/"+c.does, func(t *testing.T) {
				t.Parallel()
				d := exampleDesk(t, text)
				got := d.ask(t, c.as, c.method, c.path, c.body)
				if got.code != c.code || c.code == "" && got.status >= 300 {
					t.Fatalf("%d %s, want %q", got.status, got.body, c.code)
				}
				if c.code != "" && len(d.sent) > 0 {
					t.Errorf("sent %q", d.sent)
				}
				if all := got.body + strings.Join(d.sent, " "); !strings.Contains(all, c.sent) {
					t.Errorf("%q is not in %s", c.sent, all)
				}
			})
		}
	}
	if len(examples(t)) != len(tried) {
		t.Errorf("%d examples, %d are tried", len(examples(t)), len(tried))
	}
}

func exampleDesk(t *testing.T, policies string) *desk {
	t.Helper()
	d := newDesk(t, policies)
	d.users["auth0|vip"] = map[string]any{"user_id": "auth0|vip", "app_metadata": map[string]any{"department": "sales", "vip": true}}
	d.users["auth0|stray"] = map[string]any{"user_id": "auth0|stray"}
	d.roleNames["rol_sales"] = "sales support"
	d.tenantStub.roles["auth0|op"] = []string{"rol_sales"}
	boss := d.people["op"]
	boss.Subject, boss.Email = "auth0|boss", "boss@example.com"
	stray := d.people["op"]
	stray.Subject, stray.Email = "auth0|stray", "stray@example.com"
	d.people["boss"], d.people["stray"] = boss, stray
	return d
}

func TestHiddenFieldsAreNeverShown(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ method, path, body string }{
		{"GET", ann, ""}, {"GET", ann + "?fields=last_ip,app_metadata", ""}, {"GET", "/api/v2/users", ""}, {"GET", "/api/v2/users?fields=last_ip", ""},
		{"GET", "/api/v2/users?q=name:ann&include_totals=true", ""}, {"GET", "/api/v2/users-by-email?email=ann@example.com", ""},
		{"PATCH", ann, `{"name":"x"}`},
	} {
		d := exampleDesk(t, examples(t)["access"])
		d.users["auth0|ann"]["last_ip"], d.users["auth0|ann"]["app_metadata"].(map[string]any)["salary"] = "192.0.2.99", "canary-salary"
		got := d.ask(t, "op", c.method, c.path, c.body)
		if got.status != 200 || strings.Contains(got.body, "192.0.2.99") || strings.Contains(got.body, "canary") {
			t.Errorf("%s %s: %d %s", c.method, c.path, got.status, got.body)
		}
	}
}

func TestLinksAndMailsCarryThePolicysDomain(t *testing.T) {
	t.Parallel()
	d := exampleDesk(t, examples(t)["custom domain"])
	d.ask(t, "op", "POST", "/api/v2/jobs/verification-email", `{"user_id":"auth0|ann"}`, "Auth0-Custom-Domain", "evil.example")
	d2 := exampleDesk(t, "")
	d2.ask(t, "op", "POST", "/api/v2/jobs/verification-email", `{"user_id":"auth0|ann"}`, "Auth0-Custom-Domain", "evil.example")
	if got := d.headers[0].Get("Auth0-Custom-Domain"); got != "id.example.com" {
		t.Errorf("the mail goes out for %q", got)
	}
	if got := d2.headers[0].Get("Auth0-Custom-Domain"); got != "" {
		t.Errorf("an operator chose the domain %q", got)
	}
}

func TestAChangeIsMadeOnceAllThatIsDemandedIsThere(t *testing.T) {
	t.Parallel()
	reason := []string{"X-Usher-Reason", "ticket+42"}
	d := exampleDesk(t, examples(t)["demands"])
	if got := d.ask(t, "op", "PATCH", ann, `{"name":"x"}`, reason...); got.status != 200 {
		t.Errorf("with a reason: %d %s", got.status, got.body)
	}
	if got := d.ask(t, "op", "PATCH", ann, `{"name":"x"}`, "X-Usher-Reason", "+++"); got.code != "usher_reason" {
		t.Errorf("with blanks for a reason: %d %s", got.status, got.body)
	}
	got := d.ask(t, "op", "PATCH", ann, `{"password":"Canary1!"}`, reason...)
	if got.code != "usher_fresh_login" || got.json["max_age"] != 180.0 {
		t.Errorf("with a sign-in five minutes old: %d %s", got.status, got.body)
	}
	fresh := d.people["op"]
	fresh.AuthTime = d.clock.Now().Add(-time.Minute)
	d.people["fresh"] = fresh
	if got := d.ask(t, "fresh", "PATCH", ann, `{"password":"Canary1!"}`, reason...); got.status != 200 {
		t.Errorf("with a sign-in a minute old: %d %s", got.status, got.body)
	}
	never := d.people["op"]
	never.AuthTime = time.Time{}
	d.people["never"] = never
	if got := d.ask(t, "never", "PATCH", ann, `{"password":"Canary1!"}`, reason...); got.code != "usher_fresh_login" {
		t.Errorf("with a token that does not say when: %d %s", got.status, got.body)
	}
	if got := d.ask(t, "fresh", "DELETE", ann, "", reason...); got.code != "usher_approval" || got.json["approval"] == nil {
		t.Errorf("deleting: %d %s", got.status, got.body)
	}
}

func TestAnOperatorWhosePolicyCannotBeAskedMayNothing(t *testing.T) {
	t.Parallel()
	d := exampleDesk(t, examples(t)["overview"])
	d.o.Transport = roundTripper(func(r *http.Request) (*http.Response, error) {
		if strings.HasSuffix(r.URL.Path, "/roles") {
			return answer(500, `{}`)
		}
		return d.tenantStub.RoundTrip(r)
	})
	for _, c := range []struct{ method, body string }{{"GET", ""}, {"PATCH", `{"name":"x"}`}} {
		if got := d.ask(t, "op", c.method, ann, c.body); got.status != 503 || got.code != "usher_policy" || len(d.sent) != 0 {
			t.Errorf("%s: %d %s, sent %q", c.method, got.status, got.body, d.sent)
		}
	}
}
