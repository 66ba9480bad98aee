package policy

import "slices"

// table is all that the gateway forwards. A path of fixed names stands before one that takes an id at its place.
func table() []route {
	return slices.Concat(people(), access(), factors(), sessions(), tickets(), organizations(), tenant())
}

const (
	post, patch, del = "POST", "PATCH", "DELETE"
)

// The query parameters of lists (auth0-facts: pagination).
func paged() []string      { return []string{"page", "per_page", "include_totals"} }
func checkpoint() []string { return []string{"from", "take"} }
func projected() []string  { return []string{"fields", "include_fields"} }

// none is the body of a write without one: an empty object may come.
func none() []string { return []string{} }

// userFields are what PATCH /users/{id} takes (Auth0's description of it).
func userFields() []string {
	return []string{
		"app_metadata", "blocked", "email", "email_verified", "family_name", "given_name", "name", "nickname", "password",
		"phone_number", "phone_verified", "picture", "username", "user_metadata", "verify_email", "connection", "client_id",
		"verify_phone_number",
	}
}

// Writable reports a root field that a change of a user can set. What else a record holds is read with the user only, where
// the tokens of identity providers are taken out of it.
func Writable(field string) bool { return slices.Contains(userFields(), field) }

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

// importActions: an import that may overwrite people who exist edits them.
func importActions(fields map[string]any) []Action {
	if fields["upsert"] == "false" || fields["upsert"] == nil {
		return []Action{BulkRun, UsersCreate}
	}
	return []Action{BulkRun, UsersCreate, UsersEdit, UsersBlock, UsersPassword}
}

// invitationActions: an invitation that carries roles assigns them.
func invitationActions(fields map[string]any) []Action {
	if fields["roles"] == nil {
		return []Action{OrgsManage}
	}
	return []Action{OrgsManage, RolesAssign}
}

func people() []route {
	identifier := []string{"identifier"}
	return []route{
		read("users", UsersRead).with(paged(), projected(), []string{"q", "search_engine", "sort", "primary_order"}).gives(SearchAnswer),
		read("users-by-email", UsersRead).with(projected(), []string{"email"}).gives(UsersAnswer),
		read("users/{id}", UsersRead).with(projected()).gives(UserAnswer),
		write(post, "users", append(userFields(), "user_id"), UsersCreate).of(NewPerson).gives(UserAnswer),
		write(patch, "users/{id}", userFields()).deciding(patchActions).notSelf().gives(UserAnswer),
		write(del, "users/{id}", none(), UsersDelete).notSelf(),
		read("user-blocks", UsersRead).with(identifier, []string{"consider_brute_force_enablement"}).needing("identifier").of(ByIdentifier).gives(BlocksAnswer),
		write(del, "user-blocks", none(), UsersBlock).with(identifier).needing("identifier").of(ByIdentifier).notSelf(),
		read("user-blocks/{id}", UsersRead).with([]string{"consider_brute_force_enablement"}).gives(BlocksAnswer),
		write(del, "user-blocks/{id}", none(), UsersBlock).notSelf(),
		read("anomaly/blocks/ips/{id}", UsersRead), write(del, "anomaly/blocks/ips/{id}", none(), UsersBlock),
		read("users/{id}/logs", LogsRead).with(paged(), []string{"sort"}).gives(LogsAnswer),
		read("logs", LogsRead).with(paged(), checkpoint(), projected(), []string{"q", "search", "sort"}).gives(LogsAnswer),
		read("logs/{id}", LogsRead).gives(LogAnswer),
		// Who links a second account to a person can sign in as them: as much as setting a password.
		write(post, "users/{id}/identities", []string{"provider", "user_id", "connection_id"}, UsersEdit, UsersPassword).needing("provider", "user_id").notSelf().gives(IdentitiesAnswer),
		write(del, "users/{id}/identities/{id}/{id}", none(), UsersEdit).notSelf().gives(IdentitiesAnswer),
		write(post, "users/{id}/risk-assessments/clear", []string{"connection", "assessors"}, MFAReset).notSelf(),
		read("users/{id}/connected-accounts", SessionsRead).with(checkpoint()),
	}
}

func access() []route {
	roles, users, permissions, described := []string{"roles"}, []string{"users"}, []string{"permissions"}, []string{"name", "description"}
	server := []string{"resource_server_identifier"}
	return []route{
		read("users/{id}/roles", RolesRead).with(paged()), read("users/{id}/permissions", RolesRead).with(paged()),
		read("users/{id}/effective-roles", RolesRead).with(checkpoint()),
		read("users/{id}/effective-roles/sources/groups", RolesRead).with(checkpoint(), []string{"role_id"}),
		read("users/{id}/effective-permissions", RolesRead).with(checkpoint(), server),
		read("users/{id}/effective-permissions/sources/effective-roles", RolesRead).with(checkpoint(), server, []string{"permission_name"}),
		read("users/{id}/groups", RolesRead).with(paged(), checkpoint(), projected()),
		write(post, "users/{id}/roles", roles, RolesAssign).notSelf(), write(del, "users/{id}/roles", roles, RolesAssign).notSelf(),
		write(post, "users/{id}/permissions", permissions, RolesAssign).notSelf(), write(del, "users/{id}/permissions", permissions, RolesAssign).notSelf(),
		read("roles", RolesRead).with(paged(), []string{"name_filter"}), read("roles/{id}", RolesRead),
		read("roles/{id}/users", RolesRead).with(paged(), checkpoint()).gives(PeopleAnswer),
		read("roles/{id}/permissions", RolesRead).with(paged()), read("roles/{id}/groups", RolesRead).with(checkpoint()),
		write(post, "roles", described, RolesManage), write(patch, "roles/{id}", described, RolesManage), write(del, "roles/{id}", none(), RolesManage),
		write(post, "roles/{id}/permissions", permissions, RolesManage), write(del, "roles/{id}/permissions", permissions, RolesManage),
		write(post, "roles/{id}/users", users, RolesAssign).needing("users").of(OnePerson).notSelf(),
		read("groups", RolesRead).with(paged(), checkpoint(), projected(), []string{"connection_id", "name", "external_id", "search"}),
		read("groups/{id}", RolesRead), read("groups/{id}/roles", RolesRead).with(checkpoint()),
		read("groups/{id}/members", RolesRead).with(checkpoint(), projected()).gives(PeopleAnswer),
		read("resource-servers", RolesRead).with(paged(), []string{"identifiers", "include_fields"}).gives(APIsAnswer),
		read("resource-servers/{id}", RolesRead).with([]string{"include_fields"}).gives(APIsAnswer),
	}
}

func factors() []route {
	return []route{
		read("users/{id}/authentication-methods", MFARead).with(paged()), read("users/{id}/authentication-methods/{id}", MFARead),
		read("users/{id}/enrollments", MFARead), read("guardian/factors", MFARead), read("guardian/policies", MFARead),
		read("risk-assessments/settings", MFARead), read("risk-assessments/settings/new-device", MFARead),
		write(del, "users/{id}/authentication-methods", none(), MFAReset).notSelf(), write(del, "users/{id}/authentication-methods/{id}", none(), MFAReset).notSelf(),
		write(del, "users/{id}/authenticators", none(), MFAReset).notSelf(), write(del, "users/{id}/multifactor/{id}", none(), MFAReset).notSelf(),
		write(post, "users/{id}/multifactor/actions/invalidate-remember-browser", none(), MFAReset).notSelf(),
		write(post, "users/{id}/recovery-code-regeneration", none(), MFAReset).notSelf().handingOver(),
		write(post, "guardian/enrollments/ticket", []string{"user_id", "email", "send_mail", "email_locale", "factor", "allow_multiple_enrollments"}, MFAReset).
			needing("user_id").of(OnePerson).notSelf().gives(TicketAnswer).handingOver(),
	}
}

// sessions are not kept from operators themselves: to sign oneself out raises nobody.
func sessions() []route {
	owner := []string{"user_id", "client_id"}
	return []route{
		read("users/{id}/sessions", SessionsRead).with(checkpoint(), []string{"include_totals"}), read("users/{id}/refresh-tokens", SessionsRead).with(checkpoint(), []string{"include_totals"}),
		read("sessions/{id}", SessionsRead).of(BySession), read("refresh-tokens/{id}", SessionsRead).of(ByRefreshToken),
		read("refresh-tokens", SessionsRead).with(checkpoint(), projected(), owner).needing("user_id").of(OnePerson).gives(OwnedAnswer),
		read("device-credentials", SessionsRead).with(paged(), projected(), owner, []string{"type"}).gives(OwnedAnswer),
		read("grants", SessionsRead).with(paged(), owner, []string{"audience"}).gives(OwnedAnswer),
		write(del, "users/{id}/sessions", none(), SessionsRevoke), write(del, "users/{id}/refresh-tokens", none(), SessionsRevoke),
		write(post, "users/{id}/revoke-access", []string{"session_id", "preserve_refresh_tokens"}, SessionsRevoke),
		write(del, "sessions/{id}", none(), SessionsRevoke).of(BySession), write(post, "sessions/{id}/revoke", none(), SessionsRevoke).of(BySession),
		write(del, "refresh-tokens/{id}", none(), SessionsRevoke).of(ByRefreshToken),
		write(post, "refresh-tokens/revoke", append(owner, "audience"), SessionsRevoke).needing("user_id").of(OnePerson),
		write(del, "device-credentials/{id}", none(), SessionsRevoke).of(ByDevice),
		write(del, "grants", none(), SessionsRevoke).with([]string{"user_id"}).needing("user_id").of(OnePerson),
		write(del, "grants/{id}", none(), SessionsRevoke).of(ByGrant),
	}
}

func tickets() []route {
	link := []string{"user_id", "result_url", "client_id", "organization_id", "ttl_sec", "includeEmailInRedirect", "identity"}
	return []route{
		write(post, "tickets/password-change", append(link, "email", "connection_id", "mark_email_as_verified"), UsersPassword).of(ByEmail).notSelf().gives(TicketAnswer).handingOver(),
		// The link says that an email is one's own, and policies believe it.
		write(post, "tickets/email-verification", link, UsersEdit).needing("user_id").of(OnePerson).notSelf().gives(TicketAnswer).handingOver(),
		write(post, "jobs/verification-email", []string{"user_id", "client_id", "identity", "organization_id"}, UsersEdit).needing("user_id").of(OnePerson),
		{method: post, path: "jobs/users-imports", form: true, fields: []string{"users", "connection_id", "upsert", "external_id", "send_completion_email"},
			about: NewPeople, decide: importActions, needs: []string{"users", "connection_id"}, self: true},
		write(post, "jobs/users-exports", []string{"connection_id", "format", "limit", "fields"}, BulkRun, UsersRead).of(Everybody),
		read("jobs/{id}", UsersRead).of(ByJob).gives(JobAnswer), read("jobs/{id}/errors", BulkRun, UsersRead).of(ByJob).gives(JobErrorsAnswer),
	}
}

func organizations() []route {
	roles, members := []string{"roles"}, []string{"members"}
	invitation := []string{"inviter", "invitee", "client_id", "connection_id", "app_metadata", "user_metadata", "ttl_sec", "roles", "send_invitation_email"}
	return []route{
		read("users/{id}/organizations", OrgsRead).with(paged()),
		read("organizations", OrgsRead).with(paged(), checkpoint(), []string{"sort"}), read("organizations/name/{id}", OrgsRead), read("organizations/{id}", OrgsRead),
		read("organizations/{id}/members", OrgsRead).with(paged(), checkpoint(), projected()).gives(PeopleAnswer),
		read("organizations/{id}/roles/{id}/members", OrgsRead).with(checkpoint(), projected()).gives(PeopleAnswer),
		read("organizations/{id}/members/{id}/roles", OrgsRead).with(paged()), read("organizations/{id}/members/{id}/effective-roles", OrgsRead).with(checkpoint()),
		read("organizations/{id}/members/{id}/effective-roles/sources/groups", OrgsRead).with(checkpoint(), []string{"role_id"}),
		read("organizations/{id}/enabled_connections", OrgsRead).with(paged()), read("organizations/{id}/connections", OrgsRead).with(paged(), []string{"is_enabled"}),
		read("organizations/{id}/groups", OrgsRead).with(checkpoint()), read("organizations/{id}/groups/{id}/roles", OrgsRead).with(checkpoint()),
		write(post, "organizations/{id}/members", members, OrgsManage).needing("members").of(OnePerson).notSelf(),
		write(del, "organizations/{id}/members", members, OrgsManage).needing("members").of(OnePerson).notSelf(),
		write(post, "organizations/{id}/members/{id}/roles", roles, OrgsManage, RolesAssign).notSelf(),
		write(del, "organizations/{id}/members/{id}/roles", roles, OrgsManage, RolesAssign).notSelf(),
		read("organizations/{id}/invitations", OrgsRead).with(paged(), projected(), []string{"sort"}).gives(InvitationsAnswer),
		read("organizations/{id}/invitations/{id}", OrgsRead).with(projected()).gives(InvitationsAnswer),
		write(post, "organizations/{id}/invitations", invitation).deciding(invitationActions).of(Invited).gives(TicketAnswer).handingOver(),
		write(del, "organizations/{id}/invitations/{id}", none(), OrgsManage),
	}
}

func tenant() []route {
	return []route{
		read("connections", UsersRead).with(paged(), checkpoint(), projected(), []string{"strategy", "name"}).gives(ConnectionsAnswer),
		read("connections/{id}", UsersRead).with(projected()).gives(ConnectionsAnswer),
		read("clients", UsersRead).with(paged(), checkpoint(), projected(), []string{"is_global", "is_first_party", "app_type"}).gives(ClientsAnswer),
		read("clients/{id}", UsersRead).with(projected()).gives(ClientsAnswer),
		read("stats/active-users", StatsRead), read("stats/daily", StatsRead).with([]string{"from", "to"}),
		read("attack-protection/brute-force-protection", UsersRead), read("attack-protection/suspicious-ip-throttling", UsersRead),
		read("attack-protection/breached-password-detection", UsersRead), read("attack-protection/bot-detection", UsersRead),
	}
}
