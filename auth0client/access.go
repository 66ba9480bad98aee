package auth0client

import (
	"context"

	"github.com/auth0/go-auth0/v3/management"

	"usher/auth0client/term"
)

// PermissionRef names a permission exactly, for API calls.
type PermissionRef struct{ API, Name string }

func refs(ps []PermissionRef) []*management.PermissionRequestPayload {
	out := make([]*management.PermissionRequestPayload, len(ps))
	for i, p := range ps {
		out[i] = &management.PermissionRequestPayload{ResourceServerIdentifier: p.API, PermissionName: p.Name}
	}
	return out
}

// EffectiveRole is a role a user has, with how: directly, or through groups.
type EffectiveRole struct {
	Role
	Direct   bool
	ByGroups bool
}

type effectiveJSON struct {
	roleJSON
	Sources []text `json:"sources"`
}

// EffectiveRoles reads all roles a user has, those that come through groups included.
func (c *Client) EffectiveRoles(ctx context.Context, id UserID) ([]EffectiveRole, error) {
	return whole(mostSessions, func(from *string) (Batch[EffectiveRole], error) {
		body, err := c.read(ctx, "read the effective roles", func(ctx context.Context) error {
			_, err := c.users.EffectiveRoles.List(ctx, string(id), &management.ListUserEffectiveRolesRequestParameters{From: from, Take: ptr(take)})
			return err
		}, string(id))
		if err != nil {
			return Batch[EffectiveRole]{}, err
		}
		return batch(body, func(r effectiveJSON) EffectiveRole {
			out := EffectiveRole{Role: r.role()}
			for _, s := range r.Sources {
				out.Direct = out.Direct || s == "direct"
				out.ByGroups = out.ByGroups || s == "groups" || s == "group"
			}
			return out
		}, "effective_roles", "roles")
	})
}

// Group is a group of users that comes from an enterprise directory.
type Group struct {
	ID   string
	Name term.Safe
}

type groupJSON struct {
	ID   text `json:"id"`
	Name text `json:"name"`
}

func (g groupJSON) group() Group { return Group{string(g.ID), g.Name.line()} }

// RoleGroups reads which of a user's groups give them a role.
func (c *Client) RoleGroups(ctx context.Context, id UserID, role RoleID) ([]Group, error) {
	body, err := c.read(ctx, "read where the role comes from", func(ctx context.Context) error {
		_, err := c.users.EffectiveRoles.Sources.Groups.List(ctx, string(id), &management.ListUserRoleSourceGroupsRequestParameters{RoleID: string(role), Take: ptr(take)})
		return err
	}, string(id))
	if err != nil {
		return nil, err
	}
	return rows(body, groupJSON.group, "groups")
}

// UserGroups reads the groups a user is in.
func (c *Client) UserGroups(ctx context.Context, id UserID) ([]Group, error) {
	return whole(mostSessions, func(from *string) (Batch[Group], error) {
		body, err := c.read(ctx, "read the groups", func(ctx context.Context) error {
			_, err := c.users.Groups.Get(ctx, string(id), &management.GetUserGroupsRequestParameters{From: from, Take: ptr(take)})
			return err
		}, string(id))
		if err != nil {
			return Batch[Group]{}, err
		}
		return batch(body, groupJSON.group, "groups")
	})
}

// EffectivePermission is a permission a user has on an API, and whether directly or by roles.
type EffectivePermission struct {
	Ref         PermissionRef
	Name        term.Safe
	Description term.Safe
	Direct      bool
	ByRoles     bool
}

type effectivePermissionJSON struct {
	permissionJSON
	Sources []text `json:"sources"`
}

// EffectivePermissions reads all a user may do on one API, by its identifier.
func (c *Client) EffectivePermissions(ctx context.Context, id UserID, api string) ([]EffectivePermission, error) {
	return whole(mostSessions, func(from *string) (Batch[EffectivePermission], error) {
		body, err := c.read(ctx, "read the effective permissions", func(ctx context.Context) error {
			_, err := c.users.EffectivePermissions.List(ctx, string(id), &management.ListUserEffectivePermissionsRequestParameters{From: from, Take: ptr(take), ResourceServerIdentifier: api})
			return err
		}, string(id))
		if err != nil {
			return Batch[EffectivePermission]{}, err
		}
		return batch(body, func(p effectivePermissionJSON) EffectivePermission {
			out := EffectivePermission{Ref: PermissionRef{string(p.APIID), string(p.Name)}, Name: p.Name.line(), Description: p.Description.line()}
			for _, s := range p.Sources {
				out.Direct = out.Direct || s == "direct"
				out.ByRoles = out.ByRoles || s == "roles" || s == "role"
			}
			return out
		}, "effective_permissions", "permissions")
	})
}

// PermissionRoles reads which of a user's roles give them a permission: the answer to "why can they do this?".
func (c *Client) PermissionRoles(ctx context.Context, id UserID, p PermissionRef) ([]EffectiveRole, error) {
	body, err := c.read(ctx, "read where the permission comes from", func(ctx context.Context) error {
		_, err := c.users.EffectivePermissions.Sources.Roles.List(ctx, string(id), &management.ListUserEffectivePermissionRoleSourceRequestParameters{
			ResourceServerIdentifier: p.API, PermissionName: p.Name, Take: ptr(take)})
		return err
	}, string(id))
	if err != nil {
		return nil, err
	}
	return rows(body, func(r effectiveJSON) EffectiveRole { return EffectiveRole{Role: r.role()} }, "roles", "effective_roles")
}

// GrantPermissions gives a user permissions directly.
func (c *Client) GrantPermissions(ctx context.Context, id UserID, ps []PermissionRef) error {
	_, err := c.write(ctx, "grant the permissions", func(ctx context.Context) error {
		return c.users.Permissions.Create(ctx, string(id), &management.CreateUserPermissionsRequestContent{Permissions: refs(ps)})
	}, string(id))
	return err
}

// WithdrawPermissions takes directly granted permissions from a user.
func (c *Client) WithdrawPermissions(ctx context.Context, id UserID, ps []PermissionRef) error {
	_, err := c.write(ctx, "withdraw the permissions", func(ctx context.Context) error {
		return c.users.Permissions.Delete(ctx, string(id), &management.DeleteUserPermissionsRequestContent{Permissions: refs(ps)})
	}, string(id))
	return err
}
