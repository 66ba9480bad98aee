package auth0client

import (
	"context"
	"encoding/json"
	"net/http"
	"net/url"

	"usher/auth0client/parallel"
	"usher/auth0client/term"
)

// Safe is the id made fit for a terminal.
func (id RoleID) Safe() term.Safe { return term.Line(string(id)) }

// RoleCounts is how many users hold a role directly, and how many permissions it gives. One that the tenant did not tell is
// negative: so is the users' where there are some whom the operator may not see.
type RoleCounts struct{ Users, Permissions int }

// RoleCounts counts a role's users and permissions by two requests at once, of one row each.
func (c *Client) RoleCounts(ctx context.Context, id RoleID) (RoleCounts, error) {
	var (
		out      RoleCounts
		usersErr error
		both     parallel.Group
	)
	both.Go(func() { out.Users, usersErr = c.total(ctx, "count the role's users", "users", id) })
	permissions, err := c.total(ctx, "count the role's permissions", "permissions", id)
	both.Wait()
	if err == nil {
		err = usersErr
	}
	if err != nil {
		return RoleCounts{}, err
	}
	out.Permissions = permissions
	return out, nil
}

// total is the total of one of a role's lists; -1 when the tenant does not say.
func (c *Client) total(ctx context.Context, what, list string, id RoleID) (int, error) {
	query := url.Values{"page": {"0"}, "per_page": {"1"}, "include_totals": {"true"}}
	body, err := c.read(ctx, what, c.plain(http.MethodGet, "/api/v2/roles/"+url.PathEscape(string(id))+"/"+list, query, nil), string(id))
	if err != nil {
		return 0, err
	}
	var answer struct {
		Total *number `json:"total"`
	}
	if json.Unmarshal(body, &answer) != nil || answer.Total == nil {
		return -1, nil
	}
	return int(*answer.Total), nil
}
