package auth0client

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"

	"github.com/auth0/go-auth0/v3/management"

	"usher/auth0client/term"
)

// listFields is what the list shows: asking for no more keeps a page small on a slow line.
const listFields = "user_id,email,email_verified,name,nickname,username,phone_number,blocked,logins_count,last_login,created_at,updated_at,identities"

// SearchUsers gives one page of a search, in one request. The search is eventually consistent: right after a write it may
// still show what was.
func (c *Client) SearchUsers(ctx context.Context, s Search) (UserPage, error) {
	return c.search(ctx, Finding{Page: s.Page, PerPage: s.PerPage, Sort: s.Sort}, PlainQuery(s.Query))
}

// search gives one page of a query in Auth0's syntax, with the paging, order and fields of f.
func (c *Client) search(ctx context.Context, f Finding, q string) (UserPage, error) {
	fields := strings.Join(append([]string{listFields}, f.More...), ",")
	req := &management.ListUsersRequestParameters{
		Page: ptr(f.Page), PerPage: ptr(f.PerPage), IncludeTotals: ptr(true), Fields: ptr(fields), IncludeFields: ptr(true),
		SearchEngine: management.SearchEngineVersionsEnumV3.Ptr(),
	}
	if q != "" {
		req.Q = ptr(q)
	}
	if f.Sort.Field != "" {
		order := ":1"
		if f.Sort.Desc {
			order = ":-1"
		}
		req.Sort = ptr(f.Sort.Field + order)
	}
	body, err := c.read(ctx, "search users", func(ctx context.Context) error {
		_, err := c.users.List(ctx, req)
		return err
	})
	if err != nil {
		return UserPage{}, err
	}
	users, totals, err := list[userJSON](body, "users")
	if err != nil {
		return UserPage{}, err
	}
	page := UserPage{Ran: term.Line(q), Total: len(users), Start: f.Page * f.PerPage, Limit: f.PerPage}
	for name, into := range map[string]*int{"total": &page.Total, "start": &page.Start, "limit": &page.Limit} {
		var n number
		if raw, ok := totals[name]; ok && json.Unmarshal(raw, &n) == nil && n > 0 {
			*into = int(n)
		}
	}
	page.Total = max(page.Total, page.Start+len(users))
	for _, u := range users {
		page.Users = append(page.Users, u.user())
	}
	return page, nil
}

// User reads one user, exactly and immediately.
func (c *Client) User(ctx context.Context, id UserID) (User, error) {
	body, err := c.read(ctx, "read the user", func(ctx context.Context) error {
		_, err := c.users.Get(ctx, string(id), &management.GetUserRequestParameters{})
		return err
	}, string(id))
	if err != nil {
		return User{}, err
	}
	return decodeUser(body)
}

// UsersByEmail reads the users with exactly this email, in every connection. Auth0 compares it with case.
func (c *Client) UsersByEmail(ctx context.Context, email string) ([]User, error) {
	body, err := c.read(ctx, "find users by email", func(ctx context.Context) error {
		_, err := c.users.ListUsersByEmail(ctx, &management.ListUsersByEmailRequestParameters{Email: email})
		return err
	})
	if err != nil {
		return nil, err
	}
	users, _, err := list[userJSON](body)
	if err != nil {
		return nil, err
	}
	out := make([]User, len(users))
	for i, u := range users {
		out[i] = u.user()
	}
	return out, nil
}

// SetBlocked sets or lifts an administrator's block and gives the user as they are now. Brute-force blocks are apart.
func (c *Client) SetBlocked(ctx context.Context, id UserID, blocked bool) (User, error) {
	body, err := c.write(keepBefore(ctx), "change the block", func(ctx context.Context) error {
		_, err := c.users.Update(ctx, string(id), &management.UpdateUserRequestContent{Blocked: ptr(blocked)})
		return err
	}, string(id))
	if err != nil {
		return User{}, err
	}
	u, err := decodeUser(body)
	if err != nil {
		// A success that is no user may come from something on the way, such as a hotel's login page.
		return User{}, fmt.Errorf("change the block: %w", &Unknown{Err: err})
	}
	return u, nil
}

type blockJSON struct {
	Identifier text `json:"identifier"`
	IP         text `json:"ip"`
	Connection text `json:"connection"`
}

// UserBlocks reads a user's brute-force blocks.
func (c *Client) UserBlocks(ctx context.Context, id UserID) ([]BruteForceBlock, error) {
	body, err := c.read(ctx, "read the brute-force blocks", func(ctx context.Context) error {
		_, err := c.blocks.List(ctx, string(id), &management.ListUserBlocksRequestParameters{})
		return err
	}, string(id))
	if err != nil {
		return nil, err
	}
	blocks, _, err := list[blockJSON](body, "blocked_for")
	if err != nil {
		return nil, err
	}
	out := make([]BruteForceBlock, len(blocks))
	for i, b := range blocks {
		out[i] = BruteForceBlock{Identifier: b.Identifier.line(), IP: b.IP.line(), Connection: b.Connection.line()}
	}
	return out, nil
}

// ClearUserBlocks lifts a user's brute-force blocks. An administrator's block stays.
func (c *Client) ClearUserBlocks(ctx context.Context, id UserID) error {
	_, err := c.write(ctx, "lift the brute-force blocks", func(ctx context.Context) error {
		return c.blocks.Delete(ctx, string(id))
	}, string(id))
	return err
}
