package policy

import "slices"

// Scopes are the scopes of the Management API that a gateway needs for these actions, sorted: what it is not granted it
// cannot lose. read:users and what policies ask about people come with every action.
//
// Source: the scopes of each endpoint in Auth0's description of the Management API.
func Scopes(actions []Action) []string {
	out := []string{"read:users", "read:roles", "read:role_members"}
	for _, a := range actions {
		out = append(out, scopesOf(a)...)
	}
	slices.Sort(out)
	return slices.Compact(out)
}

func scopesOf(a Action) []string {
	switch a {
	case UsersRead:
		return []string{"read:anomaly_blocks", "read:attack_protection", "read:client_summary", "read:connections", "read:connections_options"}
	case UsersCreate:
		return []string{"create:users"}
	case UsersEdit:
		return []string{"create:user_tickets", "update:users"}
	case UsersBlock:
		return []string{"delete:anomaly_blocks", "update:users"}
	case UsersDelete:
		return []string{"delete:users"}
	case UsersPassword:
		return []string{"create:user_tickets", "update:users"}
	case MFARead:
		return []string{"read:attack_protection", "read:authentication_methods", "read:guardian_factors", "read:mfa_policies"}
	case MFAReset:
		return []string{"create:guardian_enrollment_tickets", "delete:authentication_methods", "delete:guardian_enrollments", "update:users"}
	case SessionsRead:
		return []string{"read:device_credentials", "read:grants", "read:refresh_tokens", "read:sessions"}
	case SessionsRevoke:
		return []string{"delete:device_credentials", "delete:grants", "delete:refresh_tokens", "delete:sessions", "read:device_credentials", "read:grants", "read:refresh_tokens", "read:sessions"}
	case RolesRead:
		return []string{"read:group_members", "read:group_roles", "read:groups", "read:resource_servers", "read:user_effective_permissions", "read:user_effective_roles", "read:user_permission_source_roles", "read:user_role_source_groups"}
	case RolesAssign:
		return []string{"create:role_members", "delete:role_members", "update:users"}
	case RolesManage:
		return []string{"create:roles", "delete:roles", "update:roles"}
	case OrgsRead:
		return []string{"read:organization_connections", "read:organization_invitations", "read:organization_member_effective_roles", "read:organization_member_role_source_groups", "read:organization_member_roles", "read:organization_members", "read:organizations"}
	case OrgsManage:
		return []string{"create:organization_invitations", "create:organization_member_roles", "create:organization_members", "delete:organization_invitations", "delete:organization_member_roles", "delete:organization_members", "read:organizations"}
	case LogsRead:
		return []string{"read:logs_users"}
	case StatsRead:
		return []string{"read:stats"}
	case BulkRun:
		return []string{"create:users"}
	}
	return nil // the journal is usher's own
}
