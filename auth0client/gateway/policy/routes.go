package policy

import (
	"net/http"
	"net/url"
	"strings"
	"unicode"
	"unicode/utf8"
)

// route is one line of the table. In path "{id}" stands for one segment, whose id is the target.
type route struct {
	method, path string
	actions      []Action
	fields       []string // the body's fields for a write; nil: no body
	// self marks what operators may not do to themselves.
	self bool
	// decide adds actions by what the body holds.
	decide func(fields map[string]any) []Action
}

func read(path string, a ...Action) route {
	return route{method: http.MethodGet, path: path, actions: a}
}

func write(method, path string, fields []string, a ...Action) route {
	return route{method: method, path: path, actions: a, fields: fields}
}

func (r route) notSelf() route {
	r.self = true
	return r
}

// userFields are what PATCH /users/{id} takes (auth0-facts: Auth0's description of PATCH /users/{id}).
func userFields() []string {
	return []string{
		"app_metadata", "blocked", "email", "email_verified", "family_name", "given_name", "name", "nickname", "password",
		"phone_number", "phone_verified", "picture", "username", "user_metadata", "verify_email", "connection", "client_id",
		"verify_phone_number",
	}
}

// patchActions: `blocked` needs users:block, `password` users:password, all else users:edit.
func patchActions(fields map[string]any) []Action {
	var out []Action
	edit := false
	for f := range fields {
		switch f {
		case "blocked":
			out = append(out, UsersBlock)
		case "password":
			out = append(out, UsersPassword)
		case "connection", "client_id":
		default:
			edit = true
		}
	}
	if edit || len(out) == 0 {
		out = append(out, UsersEdit)
	}
	return out
}

// table is all that the gateway forwards. Connections and resource servers are not in it: their answers can hold client and
// signing secrets, which must be taken out first.
func table() []route {
	roles, users, permissions := []string{"roles"}, []string{"users"}, []string{"permissions"}
	none := []string{}
	patch := write(http.MethodPatch, "users/{id}", userFields())
	patch.decide = patchActions
	post, del := http.MethodPost, http.MethodDelete
	return []route{
		read("users", UsersRead), read("users-by-email", UsersRead), read("users/{id}", UsersRead),
		write(post, "users", append(userFields(), "user_id"), UsersCreate),
		patch.notSelf(),
		write(del, "users/{id}", none, UsersDelete).notSelf(),
		read("user-blocks", UsersRead), read("user-blocks/{id}", UsersRead),
		write(del, "user-blocks/{id}", none, UsersBlock).notSelf(),
		read("anomaly/blocks/ips/{id}", UsersRead), write(del, "anomaly/blocks/ips/{id}", none, UsersBlock),
		read("users/{id}/logs", LogsRead), read("logs", LogsRead), read("logs/{id}", LogsRead),
		read("users/{id}/organizations", OrgsRead), read("users/{id}/groups", RolesRead),

		read("users/{id}/roles", RolesRead), read("users/{id}/permissions", RolesRead),
		read("users/{id}/effective-roles", RolesRead), read("users/{id}/effective-permissions", RolesRead),
		write(post, "users/{id}/roles", roles, RolesAssign).notSelf(), write(del, "users/{id}/roles", roles, RolesAssign).notSelf(),
		write(post, "users/{id}/permissions", permissions, RolesAssign).notSelf(),
		write(del, "users/{id}/permissions", permissions, RolesAssign).notSelf(),
		read("roles", RolesRead), read("roles/{id}", RolesRead), read("roles/{id}/users", RolesRead), read("roles/{id}/permissions", RolesRead),
		write(post, "roles", []string{"name", "description"}, RolesManage),
		write(http.MethodPatch, "roles/{id}", []string{"name", "description"}, RolesManage),
		write(del, "roles/{id}", none, RolesManage),
		write(post, "roles/{id}/permissions", permissions, RolesManage), write(del, "roles/{id}/permissions", permissions, RolesManage),
		write(post, "roles/{id}/users", users, RolesAssign).notSelf(),

		read("users/{id}/authentication-methods", MFARead), read("users/{id}/authentication-methods/{id}", MFARead),
		read("users/{id}/enrollments", MFARead), read("guardian/factors", MFARead), read("guardian/policies", MFARead),
		write(del, "users/{id}/authentication-methods", none, MFAReset).notSelf(), write(del, "users/{id}/authentication-methods/{id}", none, MFAReset).notSelf(),
		write(del, "users/{id}/multifactor/{id}", none, MFAReset).notSelf(),
		write(post, "users/{id}/multifactor/actions/invalidate-remember-browser", none, MFAReset).notSelf(),
		write(post, "users/{id}/recovery-code-regeneration", none, MFAReset).notSelf(),
		write(post, "guardian/enrollments/ticket", []string{"user_id", "email", "send_mail", "email_locale", "factor", "allow_multiple_enrollments"}, MFAReset).notSelf(),

		read("users/{id}/sessions", SessionsRead), read("users/{id}/refresh-tokens", SessionsRead), read("device-credentials", SessionsRead), read("grants", SessionsRead),
		write(del, "users/{id}/sessions", none, SessionsRevoke), write(del, "users/{id}/refresh-tokens", none, SessionsRevoke),
		write(post, "users/{id}/revoke-access", []string{"session_id", "preserve_refresh_tokens"}, SessionsRevoke),
		write(del, "sessions/{id}", none, SessionsRevoke), write(del, "refresh-tokens/{id}", none, SessionsRevoke),
		write(del, "device-credentials/{id}", none, SessionsRevoke), write(del, "grants/{id}", none, SessionsRevoke),

		write(post, "tickets/password-change", []string{"user_id", "email", "connection_id", "result_url", "client_id", "organization_id", "ttl_sec", "mark_email_as_verified", "includeEmailInRedirect"}, UsersPassword).notSelf(),
		write(post, "tickets/email-verification", []string{"user_id", "result_url", "client_id", "organization_id", "ttl_sec", "identity"}, UsersEdit),
		write(post, "jobs/verification-email", []string{"user_id", "client_id", "identity", "organization_id"}, UsersEdit),
		read("jobs/{id}", UsersRead),

		read("organizations", OrgsRead), read("organizations/{id}", OrgsRead), read("organizations/{id}/members", OrgsRead),
		read("organizations/{id}/members/{id}/roles", OrgsRead), read("organizations/{id}/invitations", OrgsRead),
		write(post, "organizations/{id}/members", []string{"members"}, OrgsManage).notSelf(), write(del, "organizations/{id}/members", []string{"members"}, OrgsManage).notSelf(),
		write(post, "organizations/{id}/members/{id}/roles", roles, OrgsManage, RolesAssign).notSelf(),
		write(del, "organizations/{id}/members/{id}/roles", roles, OrgsManage, RolesAssign).notSelf(),
		read("stats/active-users", StatsRead), read("stats/daily", StatsRead),
	}
}

// Table decides requests. Build it once with NewTable.
type Table struct {
	byShape map[string][]route // method and number of segments
}

// NewTable makes the table.
func NewTable() *Table {
	t := &Table{byShape: map[string][]route{}}
	for _, r := range table() {
		k := shape(r.method, strings.Count(r.path, "/")+1)
		t.byShape[k] = append(t.byShape[k], r)
	}
	return t
}

func shape(method string, segments int) string { return method + strings.Repeat("/", segments) }

const prefix = "/api/v2/"

// segments splits an escaped path below /api/v2 at its real slashes and decodes each part once. It refuses what could be
// read in two ways: empty parts, parameters, dotted parts (behind encoded slashes too), control characters and bytes that
// are no UTF-8.
func segments(escaped string) ([]string, bool) {
	rest, ok := strings.CutPrefix(escaped, prefix)
	if !ok || rest == "" || strings.Contains(rest, ";") {
		return nil, false
	}
	parts := strings.Split(rest, "/")
	for i, p := range parts {
		d, err := url.PathUnescape(p)
		if err != nil || d == "" || !utf8.ValidString(d) || strings.ContainsFunc(d, unicode.IsControl) || dotted(d) {
			return nil, false
		}
		parts[i] = d
	}
	return parts, true
}

// dotted reports a "." or ".." between slashes of either kind: who decodes before resolving would climb by it.
func dotted(s string) bool {
	for p := range strings.FieldsFuncSeq(s, func(r rune) bool { return r == '/' || r == '\\' }) {
		if p == "." || p == ".." {
			return true
		}
	}
	return false
}

func (t *Table) find(method, escaped string) (route, []string, bool) {
	parts, ok := segments(escaped)
	if !ok {
		return route{}, nil, false
	}
	for _, r := range t.byShape[shape(method, len(parts))] {
		if ids, ok := match(r.path, parts); ok {
			return r, ids, true
		}
	}
	return route{}, nil, false
}

// match compares names exactly, case included; "{id}" takes any segment.
func match(pattern string, parts []string) (ids []string, ok bool) {
	for i, want := range strings.Split(pattern, "/") {
		switch {
		case want == "{id}":
			ids = append(ids, parts[i])
		case want != parts[i]:
			return nil, false
		}
	}
	return ids, true
}
