package localtenant

import (
	"slices"
)

// maxRevoked is how many refresh tokens one request can revoke by id.
const maxRevoked = 100

func refreshRoutes() []route {
	read, end := "read:refresh_tokens", "delete:refresh_tokens"
	some := anObject(fields{"ids": aList(aText(1, 30), 1, maxRevoked), "user_id": aText(1, 300).like("user-id"), "client_id": aText(1, 64).like("client-id"),
		"audience": aText(1, 600)})
	return []route{
		// A recorded request pages with per_page here; it changes nothing.
		on("GET users/*/refresh-tokens", tokensOfUser).needs(read).onLargePlans().asks(byCheckpoint(), fields{"include_totals": aFlag(), "per_page": aNumber(0, 100)}),
		on("DELETE users/*/refresh-tokens", deleteTokensOfUser).needs(end).onLargePlans().titled("Delete refresh tokens for a user"),
		on("GET refresh-tokens", listTokens).needs(read).onLargePlans().asks(byCheckpoint(), someFields(), fields{"user_id": aText(), "client_id": aText()}),
		on("POST refresh-tokens/revoke", revokeTokens).needs(end).onLargePlans().takes(some).titled("Revoke refresh tokens"),
		on("GET refresh-tokens/*", readToken).needs(read).onLargePlans(),
		on("PATCH refresh-tokens/*", changeToken).needs("update:refresh_tokens").onLargePlans().takes(metaBody("refresh_token_metadata")).
			titled("Update a refresh token"),
		on("DELETE refresh-tokens/*", deleteToken).needs(end).onLargePlans().titled("Delete a refresh token"),
	}
}

func (r *refreshRow) json(t *Tenant, userID string) map[string]any {
	out := map[string]any{"id": r.ID, "user_id": userID, "client_id": r.Client, "session_id": nil, "rotating": true,
		"created_at": stamp(r.Created), "last_exchanged_at": stamp(r.Exchanged),
		"idle_expires_at": stamp(r.Exchanged.Add(refreshLife)), "expires_at": stamp(r.Created.AddDate(1, 0, 0)),
		"resource_servers": []any{map[string]any{"audience": r.API, "scopes": "openid profile offline_access"}}}
	if r.Session != "" {
		out["session_id"] = r.Session
		for _, s := range t.sessions.at(userID) {
			if s.ID == r.Session {
				out["device"] = s.device()
			}
		}
	}
	if r.Meta != nil {
		out["refresh_token_metadata"] = r.Meta
	}
	return out
}

// tokenRoll lists those of a user's refresh tokens that are wanted.
func (c *call) tokenRoll(userID string, keep func(*refreshRow) bool) roll {
	rows := slices.DeleteFunc(slices.Clone(c.grants.at(userID)), func(r *refreshRow) bool { return !keep(r) })
	return sortedRoll(rows, func(r *refreshRow) (string, string) { return stamp(r.Created), r.ID },
		func(r *refreshRow) any { return c.only(r.json(c.Tenant, userID)) })
}

func tokensOfUser(c *call) reply {
	if !c.users.has(c.arg(0)) {
		return noUser()
	}
	return c.counted(c.checkpoint("tokens", c.tokenRoll(c.arg(0), func(*refreshRow) bool { return true })), len(c.grants.at(c.arg(0))))
}

// counted adds the total that these checkpoint lists, unlike others, have when it is asked for.
func (c *call) counted(a reply, total int) reply {
	if page, isPage := a.body.(map[string]any); isPage && a.status == 200 && c.query.Get("include_totals") == "true" {
		page["total"] = total
	}
	return a
}

func deleteTokensOfUser(c *call) reply {
	if !c.users.has(c.arg(0)) {
		return noUser()
	}
	c.endTokens(c.arg(0), func(*refreshRow) bool { return true })
	c.later(endFamily, "", c.arg(0))
	return accepted()
}

func listTokens(c *call) reply {
	user, app := c.query.Get("user_id"), c.query.Get("client_id")
	switch {
	case user == "":
		return badRequest("Missing required 'user_id' parameter.", "invalid_query_string")
	case !c.users.has(user):
		return notFound("User not found", "inexistent_user")
	case app != "" && c.clientByID(app) == nil:
		return notFound("The client does not exist.", "inexistent_client")
	}
	return c.checkpoint("refresh_tokens", c.tokenRoll(user, func(r *refreshRow) bool { return app == "" || r.Client == app }))
}

func (c *call) token(id string) (owner string, r *refreshRow, found bool) {
	return c.foundRefresh.find(c.grants, func(r *refreshRow) string { return r.ID }, id)
}

func noToken() reply {
	return notFound("The refresh token does not exist.", "inexistent_refresh_token")
}

func readToken(c *call) reply {
	owner, r, found := c.token(c.arg(0))
	if !found {
		return noToken()
	}
	return ok(r.json(c.Tenant, owner))
}

func changeToken(c *call) reply {
	owner, r, found := c.token(c.arg(0))
	if !found {
		return noToken()
	}
	meta, bad := c.metaOf("refresh_token_metadata")
	if bad != nil {
		return *bad
	}
	changed := *r
	changed.Meta = meta
	list := slices.Clone(c.grants.at(owner))
	list[slices.Index(list, r)] = &changed
	c.grants.set(owner, list)
	return ok(changed.json(c.Tenant, owner))
}

// deleteToken revokes a refresh token a moment later. The recorded status is 204, not the 202 of the description.
func deleteToken(c *call) reply {
	if owner, r, found := c.token(c.arg(0)); found {
		c.later(endRefresh, r.ID, owner)
	}
	return nothing()
}

// revokeTokens revokes refresh tokens by id, or a user's, narrowed by application and API.
func revokeTokens(c *call) reply {
	ids, user, app, api := c.texts("ids"), c.text("user_id"), c.text("client_id"), c.text("audience")
	switch {
	case len(ids) > 0 == (user != ""), len(ids) > 0 && (app != "" || api != ""), api != "" && app == "":
		return badRequest("Invalid combination of parameters.", "invalid_body")
	case user != "" && !c.users.has(user):
		return badRequest("User not found.", "inexistent_user")
	case app != "" && c.clientByID(app) == nil:
		return badRequest("Client not found.", "inexistent_client")
	case api != "" && c.api(api) == nil:
		return badRequest("Resource server not found.", "inexistent_resource_server")
	}
	for _, id := range ids {
		if owner, r, found := c.token(id); found {
			c.later(endRefresh, r.ID, owner)
		}
	}
	if user != "" {
		c.endTokens(user, func(r *refreshRow) bool { return (app == "" || r.Client == app) && (api == "" || r.API == api) })
		if app == "" {
			c.later(endFamily, "", user)
		}
	}
	return accepted()
}
