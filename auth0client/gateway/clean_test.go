package gateway

import (
	"net/http"
	"strings"
	"testing"

	"usher/auth0client/gateway/journal"
)

func TestSecretsOfTheTenantReachNobody(t *testing.T) {
	t.Parallel()
	identity := `{"connection":"x","user_id":"1","access_token":"canary","access_token_secret":"canary","refresh_token":"canary","profileData":{"access_token":"canary","name":"kept"}}`
	const record = `{"user_id":"auth0|1","identities":[ID]}`
	for _, c := range []struct{ name, method, path, body, answer, keeps string }{
		{"one user", "GET", user, "", record, "kept"},
		{"found users", "GET", "/api/v2/users", "", "[" + record + "]", "kept"},
		{"found users with totals", "GET", "/api/v2/users?include_totals=true", "", `{"users":[` + record + `],"total":1,"start":0}`, "kept"},
		{"by email", "GET", "/api/v2/users-by-email?email=a", "", "[" + record + "]", "kept"},
		{"a changed user", "PATCH", user, `{"name":"x"}`, record, "kept"},
		{"an escaped name", "GET", user, "", `{"identities":[{"\u0061ccess\u005ftoken":"canary","kept":1}]}`, "kept"},
		{"linked identities", "POST", user + "/identities", `{"provider":"a","user_id":"b"}`, "[ID]", "kept"},
		{"connections", "GET", "/api/v2/connections", "", `[{"id":"con_1","name":"kept","strategy":"auth0","options":{"passwordPolicy":"good","client_secret":"canary","customScripts":{"login":"canary"},"configuration":{"k":"canary"}},"authentication":"canary"}]`, "passwordPolicy"},
		{"one connection", "GET", "/api/v2/connections/con_1", "", `{"id":"con_1","options":{"client_secret":"canary","import_mode":true}}`, "import_mode"},
		{"connections by checkpoint", "GET", "/api/v2/connections?take=1", "", `{"connections":[{"name":"kept","options":{"signing_key":"canary"}}],"next":"x"}`, `"next":"x"`},
		{"applications", "GET", "/api/v2/clients?fields=client_secret", "", `[{"client_id":"kept","name":"n","client_secret":"canary","signing_keys":[{"key":"canary"}]}]`, "kept"},
		{"one application", "GET", "/api/v2/clients/c", "", `{"client_id":"kept","client_secret":"canary"}`, "kept"},
		{"APIs", "GET", "/api/v2/resource-servers", "", `{"resource_servers":[{"identifier":"kept","signing_secret":"canary","scopes":[{"value":"a"}]}],"total":1}`, "scopes"},
		{"one API", "GET", "/api/v2/resource-servers/r", "", `{"identifier":"kept","signing_secret":"canary"}`, "kept"},
		{"a log event", "GET", "/api/v2/logs/1", "", `{"log_id":"1","details":{"request":{"auth":{"credentials":{"jti":"canary"}},"body":{"password":"canary","client_secret":"canary","name":"kept"}},"response":{"body":{"ticket":"canary","recovery_code":"canary","access_token":"canary"}}}}`, "kept"},
		{"log events", "GET", "/api/v2/logs", "", `[{"log_id":"1","details":{"otp":"canary","deep":[{"refreshToken":"canary","kept":1}]}}]`, "kept"},
		{"a user's log events", "GET", user + "/logs", "", `{"logs":[{"details":{"invitation_url":"canary","kept":1}}],"total":1}`, "kept"},
		{"invitations", "GET", "/api/v2/organizations/o/invitations", "", `{"invitations":[{"id":"kept","invitation_url":"canary","ticket_id":"canary"}]}`, "kept"},
		{"one invitation", "GET", "/api/v2/organizations/o/invitations/i", "", `{"id":"kept","invitation_url":"canary","ticket_id":"canary"}`, "kept"},
		{"devices", "GET", "/api/v2/device-credentials", "", `[{"id":"kept","value":"canary"}]`, "kept"},
		{"what is no JSON", "GET", "/api/v2/connections", "", `<html>canary</html>`, "usher_answer"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, journal.Options{}, func(*http.Request, int) (*http.Response, error) {
				return answer(200, strings.ReplaceAll(c.answer, "ID", identity))
			})
			w.o.Verifier = operators{operatorToken: {Subject: "auth0|op", Permissions: all()}}
			status, got := w.do(t, c.method, c.path, c.body)
			if strings.Contains(got, "canary") || !strings.Contains(got, c.keeps) {
				t.Errorf("%d %s", status, got)
			}
		})
	}
}

func TestASecretThatIsMadeIsGivenOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t, journal.Options{}, func(*http.Request, int) (*http.Response, error) {
		return answer(201, `{"invitation_url":"https://tenant.example/i?ticket=made","id":"uinv_1"}`)
	})
	w.o.Verifier = operators{operatorToken: {Subject: "auth0|op", Permissions: all()}}
	_, got := w.do(t, "POST", "/api/v2/organizations/o/invitations", `{"inviter":{"name":"x"},"invitee":{"email":"n@example.com"},"client_id":"c"}`)
	if !strings.Contains(got, "https://tenant.example/i?ticket=made") {
		t.Errorf("the link is not given to whoever made it: %s", got)
	}
}

func TestAnExportsFileIsForWhoMayExport(t *testing.T) {
	t.Parallel()
	for as, want := range map[string]bool{"op": true, "view": false} {
		d := newDesk(t, "")
		d.jobs["job_1"] = map[string]any{"id": "job_1", "type": "users_export", "location": "https://files.example/x"}
		if got := d.ask(t, as, "GET", "/api/v2/jobs/job_1", ""); got.status != 200 || strings.Contains(got.body, "location") != want {
			t.Errorf("%s: %d %s", as, got.status, got.body)
		}
	}
}

func TestMe(t *testing.T) {
	t.Parallel()
	d := newDesk(t, sales+"roles_assignable = [\"customer\"]\nactions = [\"users:*\", \"!users:delete\"]\nfields = [\"name\"]\nreason = [\"users:block\"]\n")
	for as, want := range map[string][]string{
		"op": {`"subject":"auth0|op"`, `"limited":true`, `"reasons":["users:block"]`, `"approvals":[]`, `"policies":["sales desk"]`, `"users:delete":{"allowed":false,"why":"your policy does not allow users:delete (policy sales desk)"}`,
			`"users:block":{"allowed":true,"reason":true}`, `"fields":["name"]`, `"roles":["customer"]`, `"connections":null`},
		"view": {`"users:block":{"allowed":false,"why":"you lack the permission users:block"}`, `"create":false`},
	} {
		got := d.ask(t, as, "GET", "/usher/v1/me", "")
		for _, w := range want {
			if !strings.Contains(got.body, w) {
				t.Errorf("%s: %s is not in %s", as, w, got.body)
			}
		}
	}
	if len(d.sent) != 0 {
		t.Errorf("sent %q", d.sent)
	}
}

func TestTheJournalTellsOnlyOfPeopleInsideAPolicy(t *testing.T) {
	t.Parallel()
	d := newDesk(t, sales+"hidden = [\"last_ip\"]\n[[policy]]\nname = \"everyone\"\nemails = [\"lead@example.com\"]\n")
	d.people["boss"] = d.people["lead"]
	d.ask(t, "boss", "PATCH", ivo, `{"name":"ivo2"}`)
	d.ask(t, "boss", "PATCH", ann, `{"name":"ann2"}`)
	d.ask(t, "op", "PATCH", ann, `{"name":"ann3"}`)
	d.ask(t, "op", "PATCH", ivo, `{"name":"ivo3"}`)
	got := d.ask(t, "op", "GET", "/usher/v1/journal", "")
	if strings.Contains(got.body, "ivo") || !strings.Contains(got.body, "ann2") || strings.Index(got.body, `"fields":{"name":"ann3"}`) > strings.Index(got.body, `"fields":{"name":"ann2"}`) {
		t.Errorf("%d %s", got.status, got.body)
	}
	first := d.ask(t, "op", "GET", "/usher/v1/journal?take=1&target=auth0%7Cann", "")
	list, _ := first.json["entries"].([]any)
	if len(list) != 1 || first.json["next"] == nil {
		t.Errorf("a page of one: %s", first.body)
	}
	for path, code := range map[string]string{"?take=0": "usher_query", "?take=1000": "usher_query", "?x=1": "usher_query", "?before=-1": "usher_query"} {
		if got := d.ask(t, "op", "GET", "/usher/v1/journal"+path, ""); got.code != code {
			t.Errorf("%s: %d %s", path, got.status, got.body)
		}
	}
	if got := d.ask(t, "view", "GET", "/usher/v1/journal", ""); got.code != "usher_permission" {
		t.Errorf("without journal:read: %d %s", got.status, got.body)
	}
}

func TestAReadOnlyOperatorSendsNothingButReads(t *testing.T) {
	t.Parallel()
	d := newDesk(t, "")
	paths := []string{ann, ann + "/roles", ann + "/permissions", "/api/v2/users", "/api/v2/roles/rol_admin/users", "/api/v2/grants?user_id=auth0|ann", "/api/v2/jobs/users-exports", "/api/v2/tickets/password-change"}
	for _, method := range []string{"GET", "POST", "PATCH", "PUT", "DELETE", "HEAD", "OPTIONS"} {
		for _, path := range paths {
			d.ask(t, "view", method, path, "")
			d.ask(t, "view", method, path, `{"user_id":"auth0|ann","users":["auth0|ann"],"blocked":true}`)
		}
	}
	if len(d.sent) != 0 {
		t.Errorf("sent %q", d.sent)
	}
}

func TestExplainSaysWhichRuleDecides(t *testing.T) {
	t.Parallel()
	d := newDesk(t, sales+"actions = [\"*\", \"!users:delete\"]\nreason = \"required\"\n[[policy]]\nname = \"leads\"\nroles = [\"lead\"]\n")
	for _, c := range []struct{ operator, action, user, want string }{
		{"op@example.com", "users:block", "ann@example.com", "permissions passes, leads skips, sales desk passes, sales desk passes, sales desk asks, above passes"},
		{"op@example.com", "users:delete", "auth0|ann", "permissions passes, leads skips, sales desk passes, sales desk refuses"},
		{"op@example.com", "users:read", "auth0|ivo", "permissions passes, leads skips, sales desk skips, users refuses"},
		{"op@example.com", "users:edit", "auth0|op", "permissions passes, self refuses"},
		{"auth0|ben", "users:edit", "auth0|ann", "permissions refuses"},
		{"op@example.com", "users:fly", "auth0|ann", "actions refuses"},
	} {
		steps, err := d.Explain(t.Context(), c.operator, c.action, c.user, "https://usher.example")
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, s := range steps {
			got = append(got, s.Rule+" "+s.Verdict)
			if s.Why == "" {
				t.Errorf("%s %s does not say why", s.Rule, s.Verdict)
			}
		}
		if line := strings.Join(got, ", "); line != strings.ReplaceAll(c.want, "", "") {
			t.Errorf("%s %s %s:\n%s, want\n%s", c.operator, c.action, c.user, line, c.want)
		}
	}
	if _, err := d.Explain(t.Context(), "none@example.com", "users:edit", "", ""); err == nil || !strings.Contains(err.Error(), "there is no user") {
		t.Errorf("an operator who is nobody: %v", err)
	}
	if len(d.sent) != 0 {
		t.Errorf("sent %q", d.sent)
	}
}

func TestATotalTellsNothingOfPeopleOutside(t *testing.T) {
	t.Parallel()
	for path, total := range map[string]any{
		"/api/v2/roles/rol_customer/users?include_totals=true&per_page=1&page=0": nil, // of three, one of them outside
		"/api/v2/roles/rol_customer/users?include_totals=true":                   2.0,
		"/api/v2/users?include_totals=true&per_page=1&page=0":                    5.0, // the search itself was narrowed
	} {
		d := newDesk(t, sales)
		if got := d.ask(t, "op", "GET", path, ""); got.status != 200 || got.json["total"] != total || len(got.rows) == 0 {
			t.Errorf("%s: %d %s", path, got.status, got.body)
		}
	}
}
