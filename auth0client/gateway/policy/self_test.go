package policy

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
)

func TestNobodyChangesTheirOwnAccount(t *testing.T) {
	t.Parallel()
	table := NewTable()
	op := holding(Preset("admin")...)
	for _, c := range []struct{ name, method, path, body, want string }{
		{"own fields", "PATCH", "/api/v2/users/auth0%7COperator1", `{"name":"x"}`, "usher_self"},
		{"own id with a bare pipe", "PATCH", "/api/v2/users/auth0|Operator1", `{"name":"x"}`, "usher_self"},
		{"own id escaped whole", "DELETE", "/api/v2/users/%61%75%74%68%30%7c%4Fperator1", "", "usher_self"},
		{"own id in other letters", "DELETE", "/api/v2/users/AUTH0%7coperator1", "", "usher_self"},
		{"own id with a space behind it", "DELETE", "/api/v2/users/auth0%7COperator1%20", "", "usher_self"},
		{"own roles", "POST", "/api/v2/users/auth0%7COperator1/roles", `{"roles":["r"]}`, "usher_self"},
		{"own permissions", "POST", "/api/v2/users/auth0%7COperator1/permissions", `{"permissions":[]}`, "usher_self"},
		{"own second factor", "DELETE", "/api/v2/users/auth0%7COperator1/authentication-methods", "", "usher_self"},
		{"oneself among a role's users", "POST", "/api/v2/roles/r/users", `{"users":["auth0|2","auth0|Operator1"]}`, "usher_self"},
		{"oneself, escaped, among a role's users", "POST", "/api/v2/roles/r/users", `{"users":["auth0\u007cOperator1"]}`, "usher_self"},
		{"oneself in other letters among a role's users", "POST", "/api/v2/roles/r/users", `{"users":["AUTH0|OPERATOR1"]}`, "usher_self"},
		{"oneself as the role's users without a list", "POST", "/api/v2/roles/r/users", `{"users":"auth0|Operator1"}`, "usher_self"},
		{"own roles in an organization", "POST", "/api/v2/organizations/o/members/auth0%7COperator1/roles", `{"roles":["r"]}`, "usher_self"},
		{"oneself into an organization", "POST", "/api/v2/organizations/o/members", `{"members":["auth0|Operator1"]}`, "usher_self"},
		{"own password by ticket", "POST", "/api/v2/tickets/password-change", `{"user_id":"auth0|Operator1"}`, "usher_self"},
		{"own password by a ticket to one's email", "POST", "/api/v2/tickets/password-change", `{"email":"Operator@Example.com","connection_id":"c"}`, "usher_self"},
		{"own email verified by ticket", "POST", "/api/v2/tickets/email-verification", `{"user_id":"auth0|Operator1"}`, "usher_self"},
		{"own email verified by mail is fine", "POST", "/api/v2/jobs/verification-email", `{"user_id":"auth0|Operator1"}`, ""},
		{"own enrollment ticket", "POST", "/api/v2/guardian/enrollments/ticket", `{"user_id":"auth0|Operator1"}`, "usher_self"},

		{"oneself linked to another", "POST", "/api/v2/users/auth0%7C2/identities", `{"provider":"auth0","user_id":"Operator1"}`, "usher_self"},
		{"somebody linked by a number", "POST", "/api/v2/users/auth0%7C2/identities", `{"provider":"github","user_id":12345}`, "usher_field"},

		{"reading oneself is fine", "GET", "/api/v2/users/auth0%7COperator1", "", ""},
		{"signing oneself out is fine", "DELETE", "/api/v2/users/auth0%7COperator1/sessions", "", ""},
		{"another id that begins alike", "DELETE", "/api/v2/users/auth0%7COperator12", "", ""},
		{"others among a role's users", "POST", "/api/v2/roles/r/users", `{"users":["auth0|2"]}`, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			_, err := table.Decide(op, Request{Method: c.method, Path: c.path, Body: []byte(c.body)})
			if got := code(t, err); got != c.want {
				t.Errorf("%s %s is %q (%v), want %q", c.method, c.path, got, err, c.want)
			}
		})
	}
}

// reference decodes a path byte by byte and looks for a pattern of the table that it literally matches. It shares no code
// with Decide.
func reference(method, path string) (parts []string, ok bool) {
	nibble := func(c byte) int { return strings.IndexByte("0123456789abcdef", c|0x20) }
	var part []byte
	for i := 0; i < len(path); i++ {
		switch c := path[i]; c {
		case '/':
			parts, part = append(parts, string(part)), nil
		case '%':
			if i+2 >= len(path) || nibble(path[i+1]) < 0 || nibble(path[i+2]) < 0 {
				return nil, false
			}
			part = append(part, byte(nibble(path[i+1])<<4|nibble(path[i+2])))
			i += 2
		default:
			part = append(part, c)
		}
	}
	parts = append(parts, string(part))
	for _, r := range table() {
		want := append([]string{"", "api", "v2"}, strings.Split(r.path, "/")...)
		if r.method != method || len(want) != len(parts) {
			continue
		}
		same := true
		for i, w := range want {
			same = same && (w == parts[i] || w == "{id}" && parts[i] != "" && parts[i] != "." && parts[i] != "..")
		}
		if same {
			return parts, true
		}
	}
	return nil, false
}

func FuzzDecide(f *testing.F) {
	for _, path := range []string{
		"/api/v2/users", "/api/v2/users/auth0%7C1", "/api/v2/users/%2e%2e/clients", "/api/v2//users", "/api/v2/users;x/1",
		"/api/v2/users/a%252F..%2Fb/roles", "/api/v2/organizations/o/members/auth0|1/roles", "/api/v2/users/a%ff", "/api/%76%32/users",
	} {
		for _, method := range []string{"GET", "POST", "PATCH", "DELETE"} {
			f.Add(method, path, []byte(`{"name":"x","name":"y"}`))
			f.Add(method, path, []byte(nil))
		}
	}
	decider := NewTable()
	op := holding(Preset("admin")...)
	f.Fuzz(func(t *testing.T, method, path string, body []byte) {
		d, err := decider.Decide(op, Request{Method: method, Path: path, Body: body})
		if err != nil {
			if code(t, err) == "" {
				t.Fatal("a refusal without a code")
			}
			return
		}
		parts, ok := reference(method, path)
		if !ok {
			t.Fatalf("%q %q is allowed, but no pattern of the table matches it", method, path)
		}
		forwarded, ok := reference(method, d.Path)
		if !ok || strings.Join(forwarded, "\x00") != strings.Join(parts, "\x00") {
			t.Fatalf("%q is decided as %q but forwarded as %q", path, parts, forwarded)
		}
		if u, err := url.Parse("https://tenant.example" + d.Path); err != nil || u.EscapedPath() != d.Path || u.RawQuery != "" || u.Fragment != "" {
			t.Fatalf("%q is not kept by net/url: %v %v", d.Path, u, err)
		}
		if len(d.Actions) == 0 || d.Write != (method != http.MethodGet) {
			t.Fatalf("%s %s: %+v", method, path, d)
		}
	})
}
