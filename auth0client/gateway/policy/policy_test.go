package policy

import (
	"errors"
	"net/http"
	"slices"
	"strings"
	"testing"
)

const me = "auth0|Operator1"

// holding is an operator with these permissions.
func holding(actions ...Action) Operator {
	op := Operator{Subject: me, Email: "operator@example.com"}
	for _, a := range actions {
		op.Permissions = append(op.Permissions, string(a))
	}
	return op
}

// code is the refusal's code, or "" for an allowed request.
func code(t *testing.T, err error) string {
	t.Helper()
	if err == nil {
		return ""
	}
	var no *Refusal
	if !errors.As(err, &no) {
		t.Fatalf("the error is %T (%v), want a *Refusal", err, err)
	}
	if no.Message == "" {
		t.Error("a refusal says nothing to the operator")
	}
	return no.Code
}

func TestWhatTheTableDoesNotNameIsRefusedEvenForAnAdmin(t *testing.T) {
	t.Parallel()
	table := NewTable()
	op := holding(Preset("admin")...)
	for _, c := range []struct{ name, method, path string }{
		{"dots climb out of the users", "GET", "/api/v2/users/../clients"},
		{"encoded dots climb out of the users", "GET", "/api/v2/users/%2e%2e/clients"},
		{"encoded dots stand for an id", "GET", "/api/v2/users/%2e%2e"},
		{"one encoded dot stands for an id", "DELETE", "/api/v2/users/%2E"},
		{"an id hides dots behind encoded slashes", "DELETE", "/api/v2/users/..%2Fclients%2Fx"},
		{"an id ends in dots behind an encoded slash", "DELETE", "/api/v2/users/x%2F.."},
		{"an id hides dots behind encoded backslashes", "DELETE", "/api/v2/users/x%5C..%5C..%5Cclients"},
		{"a name holds an encoded slash", "GET", "/api/v2/users%2Fauth0%7C1"},
		{"an encoded slash joins the prefix", "GET", "/api/v2%2Fusers"},
		{"the prefix is encoded", "GET", "/api/%76%32/users"},
		{"a name is encoded twice", "GET", "/api/v2/%2575sers"},
		{"a parameter follows a name", "GET", "/api/v2/users;x=1"},
		{"a parameter follows an id", "DELETE", "/api/v2/users/auth0%7C1;x=1"},
		{"a parameter holds dots", "GET", "/api/v2/users/..;/clients"},
		{"a slash is doubled before a name", "GET", "/api/v2//users"},
		{"a slash is doubled before an id", "GET", "/api/v2/users//auth0%7C1"},
		{"a slash is doubled in front", "GET", "//api/v2/users"},
		{"a slash trails", "GET", "/api/v2/users/"},
		{"a slash trails an id", "DELETE", "/api/v2/users/auth0%7C1/"},
		{"the name is in capitals", "GET", "/api/v2/Users"},
		{"the prefix is in capitals", "GET", "/API/v2/users"},
		{"the method is in small letters", "get", "/api/v2/users"},
		{"there is no method", "", "/api/v2/users"},
		{"HEAD is not a read the table names", "HEAD", "/api/v2/users"},
		{"PUT is not a write the table names", "PUT", "/api/v2/users/auth0%7C1"},
		{"all users would be deleted", "DELETE", "/api/v2/users"},
		{"clients are not changed", "PATCH", "/api/v2/clients/c"},
		{"clients' credentials are none of usher's business", "GET", "/api/v2/clients/c/credentials"},
		{"client grants are none of usher's business", "POST", "/api/v2/client-grants"},
		{"factors are not added for somebody", "POST", "/api/v2/users/auth0%7C1/authentication-methods"},
		{"factors are not replaced", "PUT", "/api/v2/users/auth0%7C1/authentication-methods"},
		{"token sets of other providers are not read", "GET", "/api/v2/users/auth0%7C1/federated-connections-tokensets"},
		{"users are not deleted by email", "DELETE", "/api/v2/connections/con_1/users"},
		{"usher's own endpoints are not forwarded", "GET", "/usher/v1/me"},
		{"tenant settings are not touched", "PATCH", "/api/v2/tenants/settings"},
		{"resource servers are not changed", "PATCH", "/api/v2/resource-servers/r"},
		{"organizations are not deleted", "DELETE", "/api/v2/organizations/o"},
		{"connections are not changed", "PATCH", "/api/v2/connections/con_1"},
		{"another version", "GET", "/api/v1/users"},
		{"nothing below the prefix", "GET", "/api/v2/"},
		{"the prefix alone", "GET", "/api/v2"},
		{"outside the API", "POST", "/oauth/token"},
		{"an empty path", "GET", ""},
		{"an asterisk", "OPTIONS", "*"},
		{"a line feed in an id", "GET", "/api/v2/users/a%0Ab"},
		{"a NUL in an id", "GET", "/api/v2/users/a%00"},
		{"a DEL in an id", "GET", "/api/v2/users/a%7f"},
		{"a C1 control in an id", "GET", "/api/v2/users/a%C2%9B"},
		{"an id that is no UTF-8", "GET", "/api/v2/users/a%ff"},
		{"a broken escape", "GET", "/api/v2/users/%zz"},
		{"a cut escape", "GET", "/api/v2/users/%2"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			d, err := table.Decide(op, Request{Method: c.method, Path: c.path})
			if got := code(t, err); got != "usher_route" {
				t.Errorf("%s %s is %q (forwarded as %q), want usher_route", c.method, c.path, got, d.Path)
			}
		})
	}
}

func TestBodiesThatTwoReadersCouldTakeDifferentlyAreRefused(t *testing.T) {
	t.Parallel()
	table := NewTable()
	op := holding(Preset("admin")...)
	const user = "/api/v2/users/auth0%7C1"
	for _, c := range []struct{ name, method, path, body, want string }{
		{"a known field passes", "PATCH", user, `{"name":"Ada"}`, ""},
		{"an unknown field", "PATCH", user, `{"identities":[]}`, "usher_field"},
		{"a known field in other letters", "PATCH", user, `{"Blocked":true}`, "usher_field"},
		{"a field of another route", "POST", "/api/v2/users/auth0%7C1/roles", `{"permissions":[]}`, "usher_field"},
		{"a doubled key", "PATCH", user, `{"name":"Ada","name":"Bob"}`, "usher_field"},
		{"a key doubled through an escape", "PATCH", user, `{"name":"Ada","n\u0061me":"Bob"}`, "usher_field"},
		{"a key doubled inside", "PATCH", user, `{"app_metadata":{"a":[{"x":1,"x":2}]}}`, "usher_field"},
		{"200 levels", "PATCH", user, `{"user_metadata":{"a":` + strings.Repeat("[", 198) + strings.Repeat("]", 198) + `}}`, ""},
		{"201 levels", "PATCH", user, `{"user_metadata":{"a":` + strings.Repeat("[", 199) + strings.Repeat("]", 199) + `}}`, "usher_field"},
		{"201 levels of objects", "PATCH", user, `{"user_metadata":` + strings.Repeat(`{"a":`, 200) + "1" + strings.Repeat("}", 200) + `}`, "usher_field"},
		{"one key at two places is not doubled", "PATCH", user, `{"app_metadata":{"a":1,"b":{"a":1}},"user_metadata":{"a":[{"a":1},{"a":2}]}}`, ""},
		{"a second object follows", "PATCH", user, `{"name":"Ada"}{"blocked":true}`, "usher_field"},
		{"a brace follows", "PATCH", user, `{"name":"Ada"}}`, "usher_field"},
		{"a bracket and more follow", "PATCH", user, `{"name":"Ada"}]{"blocked":true}`, "usher_field"},
		{"an array", "PATCH", user, `[{"name":"Ada"}]`, "usher_field"},
		{"a string", "PATCH", user, `"name"`, "usher_field"},
		{"null", "PATCH", user, `null`, "usher_field"},
		{"no JSON", "PATCH", user, `name=Ada`, "usher_field"},
		{"a cut object", "PATCH", user, `{"name":"Ada"`, "usher_field"},
		{"a comment", "PATCH", user, `{"name":"Ada"/*,*/}`, "usher_field"},
		{"a byte order mark", "PATCH", user, "\xef\xbb\xbf{\"name\":\"Ada\"}", "usher_field"},
		{"a field where none is due", "DELETE", user, `{"x":1}`, "usher_field"},
		{"an empty object where none is due", "DELETE", user, `{}`, ""},
		{"no body where none is due", "DELETE", user, ``, ""},
		{"a read with a body", "GET", user, `{"q":1}`, "usher_field"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			_, err := table.Decide(op, Request{Method: c.method, Path: c.path, Body: []byte(c.body)})
			if got := code(t, err); got != c.want {
				t.Errorf("%s with %s is %q (%v), want %q", c.method, c.body, got, err, c.want)
			}
		})
	}
}

func TestTheForwardedPathDecodesToTheDecidedSegments(t *testing.T) {
	t.Parallel()
	table := NewTable()
	op := holding(Preset("admin")...)
	for _, c := range []struct{ name, in, target, out string }{
		{"a pipe, encoded", "/api/v2/users/auth0%7C1/roles", "auth0|1", "/api/v2/users/auth0%7C1/roles"},
		{"a bare pipe", "/api/v2/users/auth0|1/roles", "auth0|1", "/api/v2/users/auth0%7C1/roles"},
		{"a slash inside an id stays inside", "/api/v2/users/oidc%7Ca%2Froles", "oidc|a/roles", "/api/v2/users/oidc%7Ca%2Froles"},
		{"an audience that is an address", "/api/v2/roles/https%3A%2F%2Fapi.example%2F", "https://api.example/", "/api/v2/roles/https:%2F%2Fapi.example%2F"},
		{"an encoded percent sign is decoded once", "/api/v2/users/a%252Fb", "a%2Fb", "/api/v2/users/a%252Fb"},
		{"a percent sign alone", "/api/v2/users/100%25", "100%", "/api/v2/users/100%25"},
		{"needless escapes in a name go", "/api/v2/%75sers/%61", "a", "/api/v2/users/a"},
		{"an encoded semicolon stays encoded", "/api/v2/users/a%3Bb", "a;b", "/api/v2/users/a%3Bb"},
		{"a question mark stays in the path", "/api/v2/users/a%3Ffields=x%23y", "a?fields=x#y", "/api/v2/users/a%3Ffields=x%23y"},
		{"letters of other alphabets", "/api/v2/users/%C3%A9", "é", "/api/v2/users/%C3%A9"},
		{"dots within an id are letters", "/api/v2/users/a..b%2F.hidden", "a..b/.hidden", "/api/v2/users/a..b%2F.hidden"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			d, err := table.Decide(op, Request{Method: "GET", Path: c.in})
			if err != nil {
				t.Fatalf("GET %s is refused: %v", c.in, err)
			}
			if d.Target != c.target || d.Path != c.out {
				t.Errorf("GET %s is about %q and goes to %s; want %q and %s", c.in, d.Target, d.Path, c.target, c.out)
			}
			if d.Write {
				t.Error("a GET counts as a change")
			}
		})
	}
}

func TestPresetsMayDoWhatTheirRolesSay(t *testing.T) {
	t.Parallel()
	table := NewTable()
	for _, c := range []struct {
		name, method, path, body string
		viewer, support, admin   Action // the permission that is missing; "" where it is allowed
	}{
		{"read a user", "GET", "/api/v2/users/u", "", "", "", ""},
		{"search the users", "GET", "/api/v2/users", "", "", "", ""},
		{"read the logs", "GET", "/api/v2/logs", "", "", "", ""},
		{"read the roles of a user", "GET", "/api/v2/users/u/roles", "", "", "", ""},
		{"edit a user", "PATCH", "/api/v2/users/u", `{"name":"A"}`, UsersEdit, "", ""},
		{"block a user", "PATCH", "/api/v2/users/u", `{"blocked":true}`, UsersBlock, "", ""},
		{"lift a brute-force block", "DELETE", "/api/v2/user-blocks/u", "", UsersBlock, "", ""},
		{"send a password ticket", "POST", "/api/v2/tickets/password-change", `{"user_id":"u"}`, UsersPassword, "", ""},
		{"reset MFA", "DELETE", "/api/v2/users/u/authentication-methods", "", MFAReset, "", ""},
		{"end sessions", "DELETE", "/api/v2/users/u/sessions", "", SessionsRevoke, "", ""},
		{"create a user", "POST", "/api/v2/users", `{"email":"a@example.com"}`, UsersCreate, UsersCreate, ""},
		{"delete a user", "DELETE", "/api/v2/users/u", "", UsersDelete, UsersDelete, ""},
		{"assign a role", "POST", "/api/v2/users/u/roles", `{"roles":["r"]}`, RolesAssign, RolesAssign, ""},
		{"take a role", "DELETE", "/api/v2/users/u/roles", `{"roles":["r"]}`, RolesAssign, RolesAssign, ""},
		{"grant a permission", "POST", "/api/v2/users/u/permissions", `{"permissions":[]}`, RolesAssign, RolesAssign, ""},
		{"change a role's permissions", "POST", "/api/v2/roles/r/permissions", `{"permissions":[]}`, RolesManage, RolesManage, ""},
		{"add a member", "POST", "/api/v2/organizations/o/members", `{"members":["u"]}`, OrgsManage, OrgsManage, ""},
	} {
		for preset, missing := range map[string]Action{"viewer": c.viewer, "support": c.support, "admin": c.admin, "no such role": "any"} {
			t.Run(preset+": "+c.name, func(t *testing.T) {
				t.Parallel()
				_, err := table.Decide(holding(Preset(preset)...), Request{Method: c.method, Path: c.path, Body: []byte(c.body)})
				var no *Refusal
				switch {
				case missing == "" && err != nil:
					t.Errorf("refused: %v", err)
				case missing != "" && code(t, err) != "usher_permission":
					t.Errorf("got %v, want usher_permission", err)
				case missing != "" && missing != "any" && errors.As(err, &no) && no.Permission != missing:
					t.Errorf("names the permission %q, want %q", no.Permission, missing)
				}
			})
		}
	}
}

func TestEveryRouteNeedsAPermission(t *testing.T) {
	t.Parallel()
	decider := NewTable()
	for _, r := range table() {
		path := prefix + strings.ReplaceAll(r.path, "{id}", "x")
		if _, err := decider.Decide(holding(), Request{Method: r.method, Path: path}); code(t, err) != "usher_permission" {
			t.Errorf("%s %s without any permission: %v, want usher_permission", r.method, path, err)
		}
		if r.method == http.MethodGet {
			continue
		}
		if _, err := decider.Decide(holding(Preset("viewer")...), Request{Method: r.method, Path: path}); code(t, err) != "usher_permission" {
			t.Errorf("a viewer may %s %s: %v", r.method, path, err)
		}
	}
}

func TestAPatchNeedsThePermissionsOfAllItSets(t *testing.T) {
	t.Parallel()
	table := NewTable()
	for _, c := range []struct {
		name, body string
		needs      []Action
	}{
		{"blocked", `{"blocked":false}`, []Action{UsersBlock}},
		{"password", `{"password":"x","connection":"db"}`, []Action{UsersPassword}},
		{"both", `{"blocked":true,"password":"x"}`, []Action{UsersBlock, UsersPassword}},
		{"a name", `{"name":"x"}`, []Action{UsersEdit}},
		{"all three", `{"name":"x","blocked":true,"password":"x"}`, []Action{UsersBlock, UsersEdit, UsersPassword}},
		{"nothing", `{}`, []Action{UsersEdit}},
		{"only what names the connection", `{"connection":"db","client_id":"c"}`, []Action{UsersEdit}},
		{"blocked set to null", `{"blocked":null}`, []Action{UsersBlock}},
		{"blocked inside metadata is metadata", `{"app_metadata":{"blocked":true}}`, []Action{UsersEdit}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			d, err := table.Decide(holding(c.needs...), Request{Method: "PATCH", Path: "/api/v2/users/u", Body: []byte(c.body)})
			if err != nil {
				t.Fatalf("refused with %v: %v", c.needs, err)
			}
			got := slices.Sorted(slices.Values(d.Actions))
			if !slices.Equal(got, c.needs) {
				t.Errorf("needs %v, want %v", got, c.needs)
			}
			for _, lack := range c.needs {
				all := slices.DeleteFunc(Actions(), func(a Action) bool { return a == lack })
				_, err := table.Decide(holding(all...), Request{Method: "PATCH", Path: "/api/v2/users/u", Body: []byte(c.body)})
				var no *Refusal
				if !errors.As(err, &no) || no.Permission != lack {
					t.Errorf("without %s: %v", lack, err)
				}
			}
		})
	}
}
