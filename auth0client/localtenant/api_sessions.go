package localtenant

import (
	"slices"
	"time"
)

// maxMeta is how large the metadata of a session or refresh token may be: 25 texts of 255 characters.
const maxMeta = 25

func sessionRoutes() []route {
	read, end := "read:sessions", "delete:sessions"
	both := []string{"delete:sessions", "delete:refresh_tokens"}
	access := anObject(fields{"session_id": aText(0, 50), "preserve_refresh_tokens": aFlag()})
	return []route{
		on("GET users/*/sessions", listSessions).needs(read).onLargePlans().asks(byCheckpoint(), fields{"include_totals": aFlag()}),
		on("DELETE users/*/sessions", deleteSessions).needs(end).onLargePlans().titled("Delete sessions for user"),
		on("POST users/*/revoke-access", revokeAccess).needsAll(both...).onLargePlans().takes(access).
			titled("Revokes selected resources from a user"),
		on("GET sessions/*", readSession).needs(read).onLargePlans(),
		on("PATCH sessions/*", changeSession).needs("update:sessions").onLargePlans().takes(metaBody("session_metadata")).titled("Update session"),
		on("DELETE sessions/*", deleteSession).needs(end).onLargePlans().titled("Delete session"),
		on("POST sessions/*/revoke", revokeSession).needsAll(both...).onLargePlans().titled("Revokes a session"),
	}
}

func metaBody(name string) shape { return anObject(fields{name: free().orNull()}).atLeast(1) }

// metaOf reads metadata of a session or refresh token.
func (c *call) metaOf(name string) (map[string]any, *reply) {
	m, _ := c.body[name].(map[string]any)
	for key, v := range m {
		s, isText := v.(string)
		if len(m) > maxMeta || len(key) > 255 || !isText || len(s) > 255 {
			bad := badRequest("Metadata may have 25 properties at most, each a string of 255 characters at most.", "")
			return nil, &bad
		}
	}
	return m, nil
}

func (s *session) json(userID string) map[string]any {
	out := map[string]any{"id": s.ID, "user_id": userID, "created_at": stamp(s.Created), "updated_at": stamp(s.Active),
		"authenticated_at": stamp(s.Created), "last_interacted_at": stamp(s.Active),
		"idle_expires_at": stamp(s.Active.Add(72 * time.Hour)), "expires_at": stamp(s.Created.Add(168 * time.Hour)),
		"device":         s.device(),
		"clients":        []any{map[string]any{"client_id": s.Client}},
		"authentication": map[string]any{"methods": []any{map[string]any{"name": "pwd", "timestamp": stamp(s.Created)}}}}
	if s.Meta != nil {
		out["session_metadata"] = s.Meta
	}
	return out
}

// device is where a session was begun and last used: here the same. The network is one kept for documentation.
func (s *session) device() map[string]any {
	return map[string]any{"initial_ip": s.IP, "last_ip": s.IP, "initial_user_agent": s.Agent, "last_user_agent": s.Agent,
		"initial_asn": "64496", "last_asn": "64496"}
}

func listSessions(c *call) reply {
	if !c.users.has(c.arg(0)) {
		return noUser()
	}
	rows := c.sessions.at(c.arg(0))
	return c.counted(c.checkpoint("sessions", sortedRoll(rows, func(s *session) (string, string) { return stamp(s.Created), s.ID },
		func(s *session) any { return s.json(c.arg(0)) })), len(rows))
}

// session is the session of the path.
func (c *call) session() (owner string, s *session, found bool) {
	return c.foundSession.find(c.sessions, func(s *session) string { return s.ID }, c.arg(0))
}

func noSession() reply { return notFound("The session does not exist.", "inexistent_session") }

func readSession(c *call) reply {
	owner, s, found := c.session()
	if !found {
		return noSession()
	}
	return ok(s.json(owner))
}

func changeSession(c *call) reply {
	owner, s, found := c.session()
	if !found {
		return noSession()
	}
	meta, bad := c.metaOf("session_metadata")
	if bad != nil {
		return *bad
	}
	changed := *s
	changed.Meta = meta
	list := slices.Clone(c.sessions.at(owner))
	list[slices.Index(list, s)] = &changed
	c.sessions.set(owner, list)
	return ok(changed.json(owner))
}

// deleteSession ends a session a moment later. Its refresh tokens survive, and one that is gone already is fine.
func deleteSession(c *call) reply {
	if owner, s, found := c.session(); found {
		c.later(endSession, s.ID, owner)
	}
	return accepted()
}

func deleteSessions(c *call) reply {
	if !c.users.has(c.arg(0)) {
		return noUser()
	}
	for _, s := range slices.Clone(c.sessions.at(c.arg(0))) {
		c.later(endSession, s.ID, c.arg(0))
	}
	return accepted()
}

// revokeSession ends a session and its refresh tokens.
func revokeSession(c *call) reply {
	owner, s, found := c.session()
	if !found {
		return noSession()
	}
	c.later(endSession, s.ID, owner)
	c.endTokens(owner, func(r *refreshRow) bool { return r.Session == s.ID })
	c.later(endFamily, s.ID, owner)
	return accepted()
}

// endTokens revokes those of a user's refresh tokens that fit, a moment later.
func (t *Tenant) endTokens(userID string, fits func(*refreshRow) bool) {
	for _, r := range slices.Clone(t.grants.at(userID)) {
		if fits(r) {
			t.later(endRefresh, r.ID, userID)
		}
	}
}

// revokeAccess ends a user's sessions and refresh tokens, all or those of one session. Access tokens live on.
func revokeAccess(c *call) reply {
	id, sid := c.arg(0), c.text("session_id")
	if !c.users.has(id) {
		return noUser()
	}
	for _, s := range slices.Clone(c.sessions.at(id)) {
		if sid == "" || s.ID == sid {
			c.later(endSession, s.ID, id)
		}
	}
	if !c.flag("preserve_refresh_tokens") {
		c.endTokens(id, func(r *refreshRow) bool { return sid == "" || r.Session == sid })
		c.later(endFamily, sid, id)
	}
	return accepted()
}
