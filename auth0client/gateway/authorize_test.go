package gateway

import (
	"net/url"
	"strings"
	"testing"
)

const ann, ivo = "/api/v2/users/auth0%7Cann", "/api/v2/users/auth0%7Civo"

// absent is Auth0's answer to a user who does not exist, to the byte.
const absent = `{"statusCode":404,"error":"Not Found","message":"The user does not exist.","errorCode":"inexistent_user"}`

func TestWhoeverIsOutsideAPolicyDoesNotExist(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ name, method, path, body string }{
		{"read", "GET", "ID", ""},
		{"read some fields", "GET", "ID?fields=email&include_fields=true", ""},
		{"their roles", "GET", "ID/roles", ""},
		{"their permissions", "GET", "ID/permissions", ""},
		{"their log", "GET", "ID/logs?per_page=10", ""},
		{"their factors", "GET", "ID/authentication-methods", ""},
		{"their organizations", "GET", "ID/organizations", ""},
		{"their sessions", "GET", "ID/sessions", ""},
		{"their groups", "GET", "ID/groups", ""},
		{"their grants", "GET", "/api/v2/grants?user_id=RAW", ""},
		{"their devices", "GET", "/api/v2/device-credentials?user_id=RAW", ""},
		{"their blocks", "GET", "/api/v2/user-blocks/ESC", ""},
		{"their blocks by email", "GET", "/api/v2/user-blocks?identifier=NAME@example.com", ""},
		{"their roles in an organization", "GET", "/api/v2/organizations/org_acme/members/ESC/roles", ""},
		{"change", "PATCH", "ID", `{"name":"x"}`},
		{"block", "PATCH", "ID", `{"blocked":true}`},
		{"delete", "DELETE", "ID", ""},
		{"lift blocks", "DELETE", "/api/v2/user-blocks/ESC", ""},
		{"lift blocks by email", "DELETE", "/api/v2/user-blocks?identifier=NAME@example.com", ""},
		{"assign a role", "POST", "ID/roles", `{"roles":["rol_customer"]}`},
		{"assign a role from its side", "POST", "/api/v2/roles/rol_customer/users", `{"users":["auth0|ann","auth0|NAME"]}`},
		{"grant a permission", "POST", "ID/permissions", `{"permissions":[]}`},
		{"reset factors", "DELETE", "ID/authentication-methods", ""},
		{"new recovery code", "POST", "ID/recovery-code-regeneration", ""},
		{"an enrolment ticket", "POST", "/api/v2/guardian/enrollments/ticket", `{"user_id":"auth0|NAME"}`},
		{"a password ticket", "POST", "/api/v2/tickets/password-change", `{"user_id":"auth0|NAME"}`},
		{"a password ticket by email", "POST", "/api/v2/tickets/password-change", `{"email":"NAME@example.com","connection_id":"con_1"}`},
		{"a password ticket by email in capitals", "POST", "/api/v2/tickets/password-change", `{"email":"NAME@Example.COM","connection_id":"con_1"}`},
		{"a verification mail", "POST", "/api/v2/jobs/verification-email", `{"user_id":"auth0|NAME"}`},
		{"sign out", "POST", "ID/revoke-access", `{}`},
		{"end sessions", "DELETE", "ID/sessions", ""},
		{"withdraw grants", "DELETE", "/api/v2/grants?user_id=RAW", ""},
		{"revoke refresh tokens", "POST", "/api/v2/refresh-tokens/revoke", `{"user_id":"auth0|NAME"}`},
		{"into an organization", "POST", "/api/v2/organizations/org_acme/members", `{"members":["auth0|NAME"]}`},
		{"out of an organization", "DELETE", "/api/v2/organizations/org_acme/members", `{"members":["auth0|NAME"]}`},
		{"a role in an organization", "POST", "/api/v2/organizations/org_acme/members/ESC/roles", `{"roles":["rol_customer"]}`},
		{"link an account to them", "POST", "ID/identities", `{"provider":"auth0","user_id":"ann"}`},
		{"link their account to another", "POST", ann + "/identities", `{"provider":"auth0","user_id":"NAME"}`},
		{"unlink", "DELETE", "ID/identities/auth0/x", ""},
		{"clear risk assessments", "POST", "ID/risk-assessments/clear", `{"connection":"c","assessors":["new-device"]}`},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			var first said
			var reads int
			for i, name := range []string{"nobody", "ivo"} {
				d := newDesk(t, sales)
				fill := strings.NewReplacer("ID", "/api/v2/users/auth0%7C"+name, "ESC", "auth0%7C"+name, "RAW", "auth0|"+name, "NAME", name)
				got := d.ask(t, "op", c.method, fill.Replace(c.path), fill.Replace(c.body))
				if got.status != 404 || got.body != absent {
					t.Errorf("%s: %d %s", name, got.status, got.body)
				}
				if len(d.sent) != 0 {
					t.Errorf("%s: sent %q", name, d.sent)
				}
				lines := d.journal.entries()
				if i == 0 {
					first, reads = got, d.reads
					continue
				}
				if d.reads != reads || len(got.header) != len(first.header) {
					t.Errorf("one outside takes another way than nobody: %d reads %v, %d reads %v", d.reads, got.header, reads, first.header)
				}
				if got.status != first.status || got.body != first.body {
					t.Errorf("one outside is told otherwise than nobody: %d %s, %d %s", got.status, got.body, first.status, first.body)
				}
				if c.method == "GET" != (len(lines) == 0) || len(lines) > 0 && lines[0].Note != "there is nobody (or nothing) of this id for the operator" {
					t.Errorf("the journal holds %+v", lines)
				}
			}
		})
	}
}

func TestWhoeverIsInsideAPolicyIsServed(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name, method, path, body string
		sent                     string
	}{
		{"read", "GET", ann, "", ""},
		{"their log", "GET", ann + "/logs", "", ""},
		{"change", "PATCH", ann, `{"name":"x"}`, `PATCH users/auth0%7Cann {"name":"x"}`},
		{"delete", "DELETE", ann, "", `DELETE users/auth0%7Cann`},
		{"a session of theirs", "DELETE", "/api/v2/sessions/ses_ann", "", `DELETE sessions/ses_ann`},
		{"an invitation that makes one", "DELETE", "/api/v2/organizations/org_acme/invitations/inv_sales", "", `DELETE organizations/org_acme/invitations/inv_sales`},
		{"a session of theirs, through them", "POST", ann + "/revoke-access", `{"session_id":"ses_ann"}`, `POST users/auth0%7Cann/revoke-access {"session_id":"ses_ann"}`},
		{"a grant of theirs", "DELETE", "/api/v2/grants/grants_ann", "", `DELETE grants/grants_ann`},
		{"a device of theirs", "DELETE", "/api/v2/device-credentials/device_credentials_ann", "", `DELETE device-credentials/device_credentials_ann`},
		{"a role", "POST", ann + "/roles", `{"roles":["rol_customer"]}`, `POST users/auth0%7Cann/roles {"roles":["rol_customer"]}`},
		{"a ticket by email", "POST", "/api/v2/tickets/password-change", `{"email":"ann@example.com","connection_id":"c"}`, `POST tickets/password-change {"email":"ann@example.com","connection_id":"c"}`},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			d := newDesk(t, sales)
			if got := d.ask(t, "op", c.method, c.path, c.body); got.status >= 300 {
				t.Fatalf("answered %d %s", got.status, got.body)
			}
			if got := strings.Join(d.sent, "; "); got != c.sent {
				t.Errorf("sent %q, want %q", got, c.sent)
			}
		})
	}
}

func TestThingsOfPeopleOutsideDoNotExist(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ name, method, inside, outside, none string }{
		{"a session is read", "GET", "", "/api/v2/sessions/ses_ivo", "/api/v2/sessions/ses_zed"},
		{"a session is ended", "DELETE", "", "/api/v2/sessions/ses_ivo", "/api/v2/sessions/ses_zed"},
		{"a session is revoked", "POST", "", "/api/v2/sessions/ses_ivo/revoke", "/api/v2/sessions/ses_zed/revoke"},
		{"a grant is withdrawn", "DELETE", "", "/api/v2/grants/grants_ivo", "/api/v2/grants/grants_zed"},
		{"a device is forgotten", "DELETE", "", "/api/v2/device-credentials/device_credentials_ivo", "/api/v2/device-credentials/device_credentials_zed"},
		{"an invitation is withdrawn", "DELETE", "", "/api/v2/organizations/org_acme/invitations/inv_it", "/api/v2/organizations/org_acme/invitations/inv_none"},
		{"a log event is read", "GET", "", "/api/v2/logs/2", "/api/v2/logs/9"},
		{"a log event of nobody is read", "GET", "", "/api/v2/logs/3", "/api/v2/logs/9"},
		{"an export's file", "GET", "", "/api/v2/jobs/job_export", "/api/v2/jobs/job_none"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			d := newDesk(t, sales)
			d.jobs["job_export"] = map[string]any{"id": "job_export", "type": "users_export", "location": "https://files.example/canary"}
			out, none := d.ask(t, "op", c.method, c.outside, ""), d.ask(t, "op", c.method, c.none, "")
			if out.status != 404 || out.body != none.body || none.status != 404 || len(out.header) != len(none.header) {
				t.Errorf("outside %d %s %v, none %d %s %v", out.status, out.body, out.header, none.status, none.body, none.header)
			}
			if len(d.sent) != 0 {
				t.Errorf("sent %q", d.sent)
			}
		})
	}
}

func TestASessionIsEndedThroughNobodyButItsUser(t *testing.T) {
	t.Parallel()
	for body, status := range map[string]int{`{"session_id":"ses_ivo"}`: 404, `{"session_id":"ses_ben"}`: 404, `{"session_id":["ses_ivo"]}`: 403, `{"session_id":""}`: 403} {
		d := newDesk(t, sales)
		if got := d.ask(t, "op", "POST", ann+"/revoke-access", body); got.status != status || len(d.sent) != 0 {
			t.Errorf("%s: %d %s, sent %q", body, got.status, got.body, d.sent)
		}
	}
}

func TestListsHoldOnlyThePeopleOfAPolicy(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ name, path, field, want string }{
		{"all users", "/api/v2/users", "user_id", "ann ben boss lead op"},
		{"with totals", "/api/v2/users?include_totals=true", "user_id", "ann ben boss lead op"},
		{"a search", "/api/v2/users?q=name:a*%20OR%20name:i*", "user_id", "ann"},
		{"a search that negates", "/api/v2/users?q=NOT%20name:ann", "user_id", "ben boss lead op"},
		{"a search for everybody", "/api/v2/users?q=*:*", "user_id", "ann ben boss lead op"},
		{"some fields", "/api/v2/users?q=name:ann&fields=name", "name", "ann"},
		{"by email", "/api/v2/users-by-email?email=ivo@example.com", "user_id", ""},
		{"by email, inside", "/api/v2/users-by-email?email=ann@example.com", "user_id", "ann"},
		{"members of a role", "/api/v2/roles/rol_customer/users", "user_id", "ann ben"},
		{"members of a role with totals", "/api/v2/roles/rol_customer/users?include_totals=true", "user_id", "ann ben"},
		{"members of an organization", "/api/v2/organizations/org_acme/members", "user_id", "ann"},
		{"members of an organization, without their ids", "/api/v2/organizations/org_acme/members?fields=name", "name", "ann"},
		{"grants", "/api/v2/grants", "user_id", "ann"},
		{"devices", "/api/v2/device-credentials", "user_id", "ann"},
		{"log events", "/api/v2/logs", "user_id", "ann"},
		{"log events without their users", "/api/v2/logs?fields=log_id", "log_id", "1"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			d := newDesk(t, sales)
			got := d.ask(t, "op", "GET", c.path, "")
			if got.status != 200 || got.ids(c.field) != c.want {
				t.Errorf("%d %q, want %q: %s", got.status, got.ids(c.field), c.want, got.body)
			}
			if total, ok := got.json["total"].(float64); ok && int(total) != len(got.rows) {
				t.Errorf("the total %v tells of others than these %d", total, len(got.rows))
			}
			for _, r := range got.rows {
				if strings.Contains(c.path, "fields=") && len(r) != 1 {
					t.Errorf("more than was asked for: %v", r)
				}
			}
			if strings.Contains(got.body, "canary") {
				t.Errorf("a secret came along: %s", got.body)
			}
		})
	}
}

func TestNoSearchEscapesTheFilter(t *testing.T) {
	t.Parallel()
	for _, q := range []string{
		`name:a) OR (name:i*`, `*:*) OR (*:*`, `name:x)) OR user_id:* OR ((name:x`, `name:"x\") OR (name:ivo`, `"`, `name:x // comment`,
		`name:x /* OR */`, `) OR (`, `name:[a TO z] OR name:ivo`, `NOT name:nobody`, `-name:nobody`, `+name:i*`, `name:ivo OR`, `_exists_:user_id`,
		`app_metadata.department:it`, `app_metadata.department:(sales OR it)`, `user_id:"auth0|ivo"`, `name:ivo AND NOT app_metadata.department:sales`,
		"name:ivo\\", `name:x" OR "ivo`, `ivo`,
	} {
		d := newDesk(t, sales)
		got := d.ask(t, "op", "GET", "/api/v2/users?q="+url.QueryEscape(q), "")
		if got.status != 200 && got.status != 400 {
			t.Errorf("%q is answered %d", q, got.status)
		}
		if strings.Contains(got.body, "ivo@") {
			t.Errorf("%q finds somebody outside: %s", q, got.body)
		}
	}
}

func TestASearchIsNarrowedBeforeItIsSent(t *testing.T) {
	t.Parallel()
	for typed, want := range map[string]string{
		"":                           `app_metadata.department:sales`,
		"name:a* OR email:b":         `app_metadata.department:sales AND (name:a* OR email:b)`,
		"a b":                        `app_metadata.department:sales AND (a OR b)`,
		"NOT blocked:true":           `app_metadata.department:sales AND NOT blocked:true`,
		`name:"x\") OR (name:\"ivo"`: `app_metadata.department:sales AND name:"x\") OR (name:\"ivo"`,
	} {
		d := newDesk(t, sales)
		d.ask(t, "op", "GET", "/api/v2/users?q="+url.QueryEscape(typed), "")
		if len(d.searches) != 1 || d.searches[0] != want {
			t.Errorf("%q is sent as %q, want %q", typed, d.searches, want)
		}
	}
}

func TestNobodyTouchesWhoHoldsMoreThanTheyCouldGive(t *testing.T) {
	t.Parallel()
	assignable := sales + `roles_assignable = ["customer"]` + "\n"
	for _, c := range []struct{ name, as, policies, method, path, body, code string }{
		{"an administrator's factors", "half", sales, "PATCH", "/api/v2/users/auth0%7Cboss", `{"blocked":true}`, "usher_policy"},
		{"an administrator's password", "half", sales, "POST", "/api/v2/tickets/password-change", `{"user_id":"auth0|boss"}`, "usher_policy"},
		{"by who holds all of it", "op", sales, "PATCH", "/api/v2/users/auth0%7Cboss", `{"blocked":true}`, ""},
		{"who holds a role that is not theirs to give", "op", assignable, "PATCH", "/api/v2/users/auth0%7Cboss", `{"blocked":true}`, "usher_policy"},
		{"a role they may give", "op", assignable, "POST", ann + "/roles", `{"roles":["rol_customer"]}`, ""},
		{"a role they may not give", "op", assignable, "POST", ann + "/roles", `{"roles":["rol_partner"]}`, "usher_policy"},
		{"both", "op", assignable, "POST", ann + "/roles", `{"roles":["rol_customer","rol_partner"]}`, "usher_policy"},
		{"a role that gives what they lack", "half", sales, "POST", ann + "/roles", `{"roles":["rol_admin"]}`, "usher_policy"},
		{"the same from the role's side", "half", sales, "POST", "/api/v2/roles/rol_admin/users", `{"users":["auth0|ann"]}`, "usher_policy"},
		{"the same in an organization", "half", sales, "POST", "/api/v2/organizations/org_acme/members/auth0%7Cann/roles", `{"roles":["rol_admin"]}`, "usher_policy"},
		{"a permission they lack", "half", sales, "POST", ann + "/permissions", `{"permissions":[{"permission_name":"journal:read","resource_server_identifier":"x"}]}`, "usher_policy"},
		{"a role that is no list", "half", sales, "POST", ann + "/roles", `{"roles":"rol_admin"}`, "usher_field"},
		{"a role in a list of lists", "half", sales, "POST", ann + "/roles", `{"roles":[["rol_admin"]]}`, "usher_field"},
		{"roles that are an object", "half", sales, "POST", ann + "/roles", `{"roles":{"0":"rol_admin","length":1}}`, "usher_field"},
		{"a permission that is no list", "half", sales, "POST", ann + "/permissions", `{"permissions":{"permission_name":"journal:read","resource_server_identifier":"x"}}`, "usher_field"},
		{"a permission whose name is a list", "half", sales, "POST", ann + "/permissions", `{"permissions":[{"permission_name":["journal:read"],"resource_server_identifier":"x"}]}`, "usher_field"},
		{"a permission of another API", "half", sales, "POST", ann + "/permissions", `{"permissions":[{"permission_name":"invoices:read","resource_server_identifier":"x"}]}`, ""},
		{"a permission they lack, into a role", "half", sales, "POST", "/api/v2/roles/rol_customer/permissions", `{"permissions":[{"permission_name":"journal:read","resource_server_identifier":"x"}]}`, "usher_policy"},
		{"more into a role they hold", "op", "", "POST", "/api/v2/roles/rol_desk/permissions", `{"permissions":[{"permission_name":"invoices:read","resource_server_identifier":"x"}]}`, "usher_self"},
		{"a role renamed to one they may give", "op", assignable, "PATCH", "/api/v2/roles/rol_partner", `{"name":"customer"}`, "usher_policy"},
		{"a role deleted that is not theirs", "op", assignable, "DELETE", "/api/v2/roles/rol_partner", "", "usher_policy"},
		{"a role invited to", "half", sales + `memberships = ["acme"]` + "\n", "POST", "/api/v2/organizations/org_acme/invitations",
			`{"inviter":{"name":"x"},"invitee":{"email":"new@example.com"},"client_id":"c","app_metadata":{"department":"sales"},"roles":["rol_admin"]}`, "usher_policy"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			d := newDesk(t, c.policies)
			got := d.ask(t, c.as, c.method, c.path, c.body)
			if got.code != c.code || (c.code == "") != (len(d.sent) == 1) {
				t.Errorf("%d %s, sent %q, want %q", got.status, got.body, d.sent, c.code)
			}
		})
	}
}

func TestNobodyReachesTheirOwnAccountByAnotherName(t *testing.T) {
	t.Parallel()
	imported := func(users string, parts ...string) [2]string {
		kind, body := form(t, append([]string{"users", users, "connection_id", "con_staff"}, parts...)...)
		return [2]string{body, kind}
	}
	for _, c := range []struct {
		name, method, path string
		body               [2]string // and its content type
		own                bool
	}{
		{"a user name", "DELETE", "/api/v2/user-blocks?identifier=opname", [2]string{}, true},
		{"a user name in other letters", "DELETE", "/api/v2/user-blocks?identifier=OPNAME", [2]string{}, true},
		{"an email that the token does not say", "DELETE", "/api/v2/user-blocks?identifier=op@example.com", [2]string{}, true},
		{"a ticket for it", "POST", "/api/v2/tickets/password-change", [2]string{`{"email":"op@example.com","connection_id":"con_staff"}`, "application/json"}, true},
		{"an import of an id", "POST", "/api/v2/jobs/users-imports", imported(`[{"email":"new@example.com","user_id":"op"}]`), true},
		{"an import of a whole id", "POST", "/api/v2/jobs/users-imports", imported(`[{"email":"new@example.com","user_id":"auth0|op"}]`), true},
		{"an import over an email", "POST", "/api/v2/jobs/users-imports", imported(`[{"email":"Op@example.com"}]`, "upsert", "true"), true},
		{"an import over a user name", "POST", "/api/v2/jobs/users-imports", imported(`[{"email":"new@example.com","username":"opname"}]`, "upsert", "true"), true},
		{"another's user name", "DELETE", "/api/v2/user-blocks?identifier=annname", [2]string{}, false},
		{"nobody's", "DELETE", "/api/v2/user-blocks?identifier=nobody", [2]string{}, false},
		{"another's ticket", "POST", "/api/v2/tickets/password-change", [2]string{`{"email":"ann@example.com","connection_id":"con_staff"}`, "application/json"}, false},
		{"an import over others", "POST", "/api/v2/jobs/users-imports", imported(`[{"email":"new@example.com"}]`, "upsert", "true"), false},
	} {
		for policies, text := range map[string]string{"without policies": "", "with one": "[[policy]]\nname = \"all\"\n"} {
			t.Run(c.name+" "+policies, func(t *testing.T) {
				t.Parallel()
				d := newDesk(t, text)
				d.users["auth0|op"]["username"], d.users["auth0|ann"]["username"] = "opname", "annname"
				op := d.people["op"]
				op.Email = ""
				d.people["op"] = op
				var header []string
				if c.body[1] != "" {
					header = []string{"Content-Type", c.body[1]}
				}
				got := d.ask(t, "op", c.method, c.path, c.body[0], header...)
				if c.own != (got.code == "usher_self") || c.own != (len(d.sent) == 0) {
					t.Errorf("%d %s, sent %q", got.status, got.body, d.sent)
				}
			})
		}
	}
}

func TestRolesThroughGroupsAreReadToTheirEnd(t *testing.T) {
	t.Parallel()
	d := newDesk(t, sales)
	d.through = []string{"rol_customer", "rol_partner", "rol_admin"}
	if got := d.ask(t, "half", "PATCH", ann, `{"blocked":true}`); got.code != "usher_policy" || len(d.sent) != 0 {
		t.Errorf("somebody who holds an administrator's role through a group: %d %s, sent %q", got.status, got.body, d.sent)
	}
}

func TestARefusedChangeTakesLittleRoomInTheJournal(t *testing.T) {
	t.Parallel()
	for body, whole := range map[string]bool{`{"name":"` + strings.Repeat("x", 900<<10) + `"}`: false, `{"name":"x"}`: true} {
		d := newDesk(t, "")
		if got := d.ask(t, "view", "PATCH", ann, body); got.code != "usher_permission" {
			t.Fatalf("%d %s", got.status, got.body)
		}
		lines := d.journal.entries()
		if size := d.journal.data.Len(); size > 8<<10 || len(lines) != 1 || whole != (lines[0].Fields["name"] == "x") {
			t.Errorf("a body of %d bytes leaves %d lines of %d bytes", len(body), len(lines), size)
		}
	}
}
