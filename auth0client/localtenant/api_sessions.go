package localtenant

import (
	"net/http"
	"slices"
	"time"
)

func (t *Tenant) sessionRoutes() []route {
	one := func(s string) []string { return []string{s} }
	return []route{
		{method: "GET", pattern: []string{"users", "*", "sessions"}, any: one("read:sessions"), do: listSessions},
		{method: "DELETE", pattern: []string{"users", "*", "sessions"}, any: one("delete:sessions"), do: deleteSessions},
		{method: "DELETE", pattern: []string{"sessions", "*"}, any: one("delete:sessions"), do: deleteSession},
		{method: "GET", pattern: []string{"users", "*", "refresh-tokens"}, any: one("read:refresh_tokens"), do: listRefreshTokens},
		{method: "DELETE", pattern: []string{"users", "*", "refresh-tokens"}, any: one("delete:refresh_tokens"), do: deleteRefreshTokens},
		{method: "POST", pattern: []string{"users", "*", "revoke-access"}, all: []string{"delete:sessions", "delete:refresh_tokens"},
			do: revokeAccess},
	}
}

func (s *session) json(userID string) map[string]any {
	return map[string]any{"id": s.ID, "user_id": userID, "created_at": stamp(s.Created), "updated_at": stamp(s.Active),
		"authenticated_at": stamp(s.Created), "last_interacted_at": stamp(s.Active),
		"idle_expires_at": stamp(s.Active.Add(72 * time.Hour)), "expires_at": stamp(s.Created.Add(168 * time.Hour)),
		"device":  map[string]any{"initial_ip": s.IP, "last_ip": s.IP, "initial_user_agent": s.Agent, "last_user_agent": s.Agent},
		"clients": []any{map[string]any{"client_id": s.Client}}}
}

func listSessions(c *call) reply {
	if c.users.at(c.arg(0)) == nil {
		return noUser()
	}
	rows := []any{}
	for _, s := range c.sessions.at(c.arg(0)) {
		rows = append(rows, s.json(c.arg(0)))
	}
	return c.checkpoint("sessions", rows)
}

func deleteSessions(c *call) reply {
	if c.users.at(c.arg(0)) == nil {
		return noUser()
	}
	c.sessions.drop(c.arg(0))
	return accepted()
}

func deleteSession(c *call) reply {
	for id, list := range c.sessions.all() {
		if i := slices.IndexFunc(list, func(s *session) bool { return s.ID == c.arg(0) }); i >= 0 {
			c.sessions.set(id, slices.Delete(slices.Clone(list), i, i+1))
			return accepted()
		}
	}
	return fail(http.StatusNotFound, "The session does not exist.", "")
}

func (r *refreshRow) json(userID string) map[string]any {
	return map[string]any{"id": r.ID, "user_id": userID, "client_id": r.Client, "session_id": r.Session, "rotating": true,
		"created_at": stamp(r.Created), "last_exchanged_at": stamp(r.Exchanged),
		"idle_expires_at": stamp(r.Exchanged.Add(refreshLife)), "expires_at": stamp(r.Created.AddDate(1, 0, 0)),
		"resource_servers": []any{map[string]any{"audience": r.API, "scopes": "openid profile offline_access"}}}
}

func listRefreshTokens(c *call) reply {
	if c.users.at(c.arg(0)) == nil {
		return noUser()
	}
	rows := []any{}
	for _, r := range c.grants.at(c.arg(0)) {
		rows = append(rows, r.json(c.arg(0)))
	}
	return c.checkpoint("tokens", rows)
}

func deleteRefreshTokens(c *call) reply {
	if c.users.at(c.arg(0)) == nil {
		return noUser()
	}
	c.endFamilies(c.arg(0), "")
	c.grants.drop(c.arg(0))
	return accepted()
}

func revokeAccess(c *call) reply {
	id := c.arg(0)
	if c.users.at(id) == nil {
		return noUser()
	}
	sid := c.text("session_id")
	mine := func(s string) bool { return sid == "" || s == sid }
	c.sessions.set(id, slices.DeleteFunc(slices.Clone(c.sessions.at(id)), func(s *session) bool { return mine(s.ID) }))
	if keep, _ := c.body["preserve_refresh_tokens"].(bool); !keep {
		c.grants.set(id, slices.DeleteFunc(slices.Clone(c.grants.at(id)), func(r *refreshRow) bool { return mine(r.Session) }))
		c.endFamilies(id, sid)
	}
	return accepted()
}
