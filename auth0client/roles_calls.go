package auth0client

import (
	"context"
	"encoding/json"
	"time"

	"github.com/auth0/go-auth0/v3/management"
)

// rolesKept is how long the tenant's list of roles is kept: it changes seldom and the role editor must open at once.
const rolesKept = time.Minute

// rolePage is how many roles one request asks for; Auth0 gives at most 100.
const rolePage = 100

type roleJSON struct {
	ID          text `json:"id"`
	Name        text `json:"name"`
	Description text `json:"description"`
}

// Roles reads all roles of the tenant, at most [Auth0's 1,000], and keeps them for a minute.
//
// [Auth0's 1,000]: https://auth0.com/docs/troubleshoot/customer-support/operational-policies/entity-limit-policy
func (c *Client) Roles(ctx context.Context) ([]Role, error) {
	c.mu.Lock()
	if c.all != nil && c.now().Sub(c.allRead) < rolesKept {
		defer c.mu.Unlock()
		return append([]Role(nil), c.all...), nil
	}
	c.mu.Unlock()
	roles, err := c.rolePages(ctx, "list roles", func(ctx context.Context, page int) error {
		_, err := c.roles.List(ctx, &management.ListRolesRequestParameters{Page: ptr(page), PerPage: ptr(rolePage), IncludeTotals: ptr(true)})
		return err
	})
	if err != nil {
		return nil, err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.all, c.allRead = roles, c.now()
	return append([]Role(nil), roles...), nil
}

// UserRoles reads the roles a user holds directly.
func (c *Client) UserRoles(ctx context.Context, id UserID) ([]Role, error) {
	return c.rolePages(ctx, "read the user's roles", func(ctx context.Context, page int) error {
		_, err := c.users.Roles.List(ctx, string(id), &management.ListUserRolesRequestParameters{Page: ptr(page), PerPage: ptr(rolePage), IncludeTotals: ptr(true)})
		return err
	}, string(id))
}

func (c *Client) rolePages(ctx context.Context, what string, call func(context.Context, int) error, inPath ...string) ([]Role, error) {
	roles := []Role{}
	for page := 0; page < 20; page++ {
		body, err := c.read(ctx, what, func(ctx context.Context) error { return call(ctx, page) }, inPath...)
		if err != nil {
			return nil, err
		}
		items, totals, err := list[roleJSON](body, "roles")
		if err != nil {
			return nil, err
		}
		for _, r := range items {
			roles = append(roles, r.role())
		}
		var total number
		if raw, ok := totals["total"]; !ok || json.Unmarshal(raw, &total) != nil || len(roles) >= int(total) || len(items) == 0 {
			break
		}
	}
	return roles, nil
}

// IfRoles makes a change of a user's or a member's roles one that the gateway makes only while they hold exactly these; else
// it is a [Changed]. Auth0 itself has no such check.
func IfRoles(ctx context.Context, held []RoleID) context.Context {
	return ifUnchanged(ctx, Unchanged{"roles": names(held)})
}

// AssignRoles gives a user roles, in one request. Those they hold already stay.
func (c *Client) AssignRoles(ctx context.Context, id UserID, roles []RoleID) error {
	_, err := c.write(keepBefore(ctx), "assign roles", func(ctx context.Context) error {
		return c.users.Roles.Assign(ctx, string(id), &management.AssignUserRolesRequestContent{Roles: names(roles)})
	}, string(id))
	return err
}

// RemoveRoles takes roles from a user, in one request.
func (c *Client) RemoveRoles(ctx context.Context, id UserID, roles []RoleID) error {
	_, err := c.write(keepBefore(ctx), "remove roles", func(ctx context.Context) error {
		return c.users.Roles.Delete(ctx, string(id), &management.DeleteUserRolesRequestContent{Roles: names(roles)})
	}, string(id))
	return err
}

func names(ids []RoleID) []string {
	out := make([]string, len(ids))
	for i, id := range ids {
		out[i] = string(id)
	}
	return out
}

type permissionJSON struct {
	Name        text            `json:"permission_name"`
	Description text            `json:"description"`
	API         text            `json:"resource_server_name"`
	APIID       text            `json:"resource_server_identifier"`
	Sources     json.RawMessage `json:"sources"`
}

type sourceJSON struct {
	ID   text `json:"source_id"`
	Name text `json:"source_name"`
	Type text `json:"source_type"`
}

func (p permissionJSON) permission() Permission {
	out := Permission{Name: p.Name.line(), Description: p.Description.line(), API: p.API.line(), APIID: p.APIID.line(),
		Ref: PermissionRef{string(p.APIID), string(p.Name)}}
	sources, _, err := list[sourceJSON](p.Sources)
	if err != nil {
		return out // a source list that is no list leaves the permission itself readable
	}
	for _, s := range sources {
		out.Sources = append(out.Sources, PermissionSource{Direct: s.Type == "DIRECT", Role: RoleID(s.ID), Name: s.Name.line()})
	}
	return out
}

// permissionPages is how many pages of permissions are read at most: Auth0's limits end before.
const permissionPages = 60

// UserPermissions reads the permissions a user holds directly or by roles of their own, with where each comes from. What
// comes through groups is not among them.
func (c *Client) UserPermissions(ctx context.Context, id UserID) ([]Permission, error) {
	var out []Permission
	for page := range permissionPages {
		body, err := c.read(ctx, "read the user's permissions", func(ctx context.Context) error {
			_, err := c.users.Permissions.List(ctx, string(id), &management.ListUserPermissionsRequestParameters{PerPage: ptr(rolePage), Page: ptr(page), IncludeTotals: ptr(true)})
			return err
		}, string(id))
		if err != nil {
			return nil, err
		}
		items, totals, err := list[permissionJSON](body, "permissions")
		if err != nil {
			return nil, err
		}
		for _, p := range items {
			out = append(out, p.permission())
		}
		var total number
		if raw, ok := totals["total"]; !ok || json.Unmarshal(raw, &total) != nil || len(out) >= int(total) || len(items) == 0 {
			break
		}
	}
	return out, nil
}
