package auth0client

import "usher/auth0client/term"

// RoleID is a role's exact id ("rol_…").
type RoleID string

// Role is a tenant role.
type Role struct {
	ID          RoleID
	Name        term.Safe
	Description term.Safe
}

// MaxRolesPerUser is Auth0's limit of directly assigned roles.
const MaxRolesPerUser = 50

// Permission is a permission a user holds, with how they got it.
type Permission struct {
	Ref         PermissionRef // exact, for API calls
	Name        term.Safe
	Description term.Safe
	API         term.Safe // resource server's name
	APIID       term.Safe // resource server's identifier
	Sources     []PermissionSource
}

// PermissionSource says where a permission comes from.
type PermissionSource struct {
	Direct bool
	Role   RoleID    // when not direct and the answer tells
	Name   term.Safe // the role's name, when not direct
}
