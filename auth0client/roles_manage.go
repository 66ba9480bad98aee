package auth0client

import (
	"context"
	"encoding/json"
	"slices"

	"github.com/auth0/go-auth0/v3/management"
)

func (r roleJSON) role() Role {
	return Role{ID: RoleID(r.ID), Name: r.Name.line(), Description: r.Description.line()}
}

func decodeRole(body []byte) (Role, error) {
	var r roleJSON
	if err := json.Unmarshal(body, &r); err != nil {
		return Role{}, badAnswer(err)
	}
	return r.role(), nil
}

// forgetRoles makes the next [Client.Roles] read anew.
func (c *Client) forgetRoles() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.all = nil
}

// Role reads one role.
func (c *Client) Role(ctx context.Context, id RoleID) (Role, error) {
	body, err := c.read(ctx, "read the role", func(ctx context.Context) error {
		_, err := c.roles.Get(ctx, string(id))
		return err
	}, string(id))
	if err != nil {
		return Role{}, err
	}
	return decodeRole(body)
}

// CreateRole makes a role.
func (c *Client) CreateRole(ctx context.Context, name, description string) (Role, error) {
	req := &management.CreateRoleRequestContent{Name: name}
	if description != "" {
		req.Description = ptr(description)
	}
	body, err := c.write(ctx, "create the role", func(ctx context.Context) error {
		_, err := c.roles.Create(ctx, req)
		return err
	})
	if err != nil {
		return Role{}, err
	}
	c.forgetRoles()
	return decodeRole(body)
}

// UpdateRole gives a role another name and description.
func (c *Client) UpdateRole(ctx context.Context, id RoleID, name, description string) (Role, error) {
	req := &management.UpdateRoleRequestContent{Name: ptr(name)}
	if description != "" {
		req.Description = ptr(description)
	}
	body, err := c.write(ctx, "change the role", func(ctx context.Context) error {
		_, err := c.roles.Update(ctx, string(id), req)
		return err
	}, string(id))
	if err != nil {
		return Role{}, err
	}
	c.forgetRoles()
	return decodeRole(body)
}

// DeleteRole deletes a role and takes it from everybody who has it, for good.
func (c *Client) DeleteRole(ctx context.Context, id RoleID) error {
	_, err := c.write(ctx, "delete the role", func(ctx context.Context) error { return c.roles.Delete(ctx, string(id)) }, string(id))
	if err == nil {
		c.forgetRoles()
	}
	return err
}

// RoleMembers reads one part of a role's members. from is empty at the start, then the Next of the part before.
func (c *Client) RoleMembers(ctx context.Context, id RoleID, from string) (Batch[User], error) {
	req := &management.ListRoleUsersRequestParameters{Take: ptr(take)}
	if from != "" {
		req.From = ptr(from)
	}
	body, err := c.read(ctx, "read the role's members", func(ctx context.Context) error {
		_, err := c.roles.Users.List(ctx, string(id), req)
		return err
	}, string(id))
	if err != nil {
		return Batch[User]{}, err
	}
	return batch(body, userJSON.user, "users")
}

// MostMembers is how many users one request gives a role.
const MostMembers = 500

// AssignToUsers gives many users one role, in one request of at most [MostMembers].
func (c *Client) AssignToUsers(ctx context.Context, id RoleID, users []UserID) error {
	all := make([]string, len(users))
	for i, u := range users {
		all[i] = string(u)
	}
	_, err := c.write(ctx, "assign the role", func(ctx context.Context) error {
		return c.roles.Users.Assign(ctx, string(id), &management.AssignRoleUsersRequestContent{Users: all})
	}, string(id))
	return err
}

// RolePermissions reads what a role allows, all of it: at most Auth0's 1,000.
func (c *Client) RolePermissions(ctx context.Context, id RoleID) ([]Permission, error) {
	return paged(func(page int) ([]byte, error) {
		return c.read(ctx, "read the role's permissions", func(ctx context.Context) error {
			_, err := c.roles.Permissions.List(ctx, string(id), &management.ListRolePermissionsRequestParameters{Page: ptr(page), PerPage: ptr(take), IncludeTotals: ptr(true)})
			return err
		}, string(id))
	}, permissionJSON.permission, "permissions")
}

// RoleGives is what a role allows, kept for a minute: a list shows it beside many roles.
func (c *Client) RoleGives(ctx context.Context, id RoleID) ([]Permission, error) {
	c.mu.Lock()
	if known, ok := c.gives[id]; ok && c.now().Sub(known.at) < rolesKept {
		defer c.mu.Unlock()
		return slices.Clone(known.value), nil
	}
	c.mu.Unlock()
	gives, err := c.RolePermissions(ctx, id)
	if err != nil {
		return nil, err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.gives == nil {
		c.gives = map[RoleID]remembered[[]Permission]{}
	}
	c.gives[id] = remembered[[]Permission]{gives, c.now()}
	return slices.Clone(gives), nil
}

// forgetGives makes the next [Client.RoleGives] of a role read anew.
func (c *Client) forgetGives(id RoleID) {
	c.mu.Lock()
	defer c.mu.Unlock()
	delete(c.gives, id)
}

// AddRolePermissions makes a role allow more.
func (c *Client) AddRolePermissions(ctx context.Context, id RoleID, ps []PermissionRef) error {
	_, err := c.write(ctx, "add the permissions", func(ctx context.Context) error {
		return c.roles.Permissions.Add(ctx, string(id), &management.AddRolePermissionsRequestContent{Permissions: refs(ps)})
	}, string(id))
	c.forgetGives(id)
	return err
}

// RemoveRolePermissions makes a role allow less.
func (c *Client) RemoveRolePermissions(ctx context.Context, id RoleID, ps []PermissionRef) error {
	_, err := c.write(ctx, "remove the permissions", func(ctx context.Context) error {
		return c.roles.Permissions.Delete(ctx, string(id), &management.DeleteRolePermissionsRequestContent{Permissions: refs(ps)})
	}, string(id))
	c.forgetGives(id)
	return err
}

// GroupsOfRole reads the groups that give their members a role.
func (c *Client) GroupsOfRole(ctx context.Context, id RoleID) ([]Group, error) {
	body, err := c.read(ctx, "read the role's groups", func(ctx context.Context) error {
		_, err := c.roles.Groups.Get(ctx, string(id), &management.ListRoleGroupsParameters{Take: ptr(take)})
		return err
	}, string(id))
	if err != nil {
		return nil, err
	}
	return rows(body, groupJSON.group, "groups")
}
