package localtenant

import (
	"net/http"
	"slices"
	"strings"

	"usher/auth0client/lucene"
)

// searchWindow is how many results Auth0 lets anyone page through.
const searchWindow = 1000

func userRoutes() []route {
	return []route{
		on("GET users", searchUsers).needs("read:users").in(classReadUsers).asks(byOffsetFromNone(), someFields(), fields{
			"sort": aText(), "connection": aText(), "q": aText(), "search_engine": aChoice("v1", "v2", "v3"), "primary_order": aFlag()}),
		on("POST users", createUser).needs("create:users").in(classWriteUsers).takes(newUser()).titled("Create a User"),
		on("GET users-by-email", usersByEmail).needs("read:users").in(classReadUsers).asks(someFields(), fields{"email!": aText()}),
		on("GET users/*", readUser).needs("read:users", "read:current_user").in(classReadUsers).asks(someFields()),
		on("PATCH users/*", updateUser).needs("update:users", "update:users_app_metadata", "update:current_user_metadata").
			in(classWriteUsers).takes(changedUser()).titled("Update a User"),
		on("DELETE users/*", deleteUser).needs("delete:users", "delete:current_user").in(classDeleteUsers).titled("Delete a User"),
	}
}

// ownOnly reports that the token is limited to the person it was issued to, and that id is someone else.
func (c *call) ownOnly(id string, general ...string) bool {
	held := strings.Fields(c.who.Scope)
	for _, s := range general {
		if slices.Contains(held, s) {
			return false
		}
	}
	return c.who.Subject != id
}

func notSubject() reply {
	return fail(http.StatusForbidden, "User to be acted on does not match subject in bearer token.", "")
}

func searchUsers(c *call) reply {
	p := c.paging()
	if problem := oldEngine(c.query.Get("search_engine"), c.query.Has("q")); problem != "" {
		return fail(http.StatusBadRequest, problem, "operation_not_supported")
	}
	if p.start() >= searchWindow || p.start()+p.size > searchWindow {
		return fail(http.StatusBadRequest, "You can only page through the first 1000 records. See "+
			"https://auth0.com/docs/users/search/v3/view-search-results-by-page#limitation.", "invalid_paging")
	}
	order, problem := orderOf(c.query.Get("sort"))
	if problem.status != 0 {
		return problem
	}
	parsed, err := lucene.Parse(strings.TrimSpace(c.query.Get("q")))
	if err != nil {
		return fail(http.StatusBadRequest, err.Error(), "invalid_query_string")
	}
	found := c.matching(parsed, order)
	names, include := c.fields()
	from, to := p.cut(min(len(found), searchWindow))
	rows := make([]any, 0, to-from)
	for _, u := range found[from:to] {
		rows = append(rows, u.json(names, include))
	}
	if !p.totals {
		return ok(rows)
	}
	return ok(map[string]any{"start": p.start(), "limit": p.size, "length": len(rows), "users": rows,
		"total": min(len(found), searchWindow)})
}

// oldEngine says why a search engine before v3 is refused. It is empty for v3.
func oldEngine(name string, query bool) string {
	switch {
	case name == "v1" && query:
		return "The 'q' parameter is available only if you specify 'search_engine=v2|v3'."
	case name == "v1":
		return "You are not allowed to use search_engine=v1."
	case name == "v2":
		return "You are not allowed to use search_engine=v2. Use search_engine=v3 instead."
	}
	return ""
}

// matching is what the search finds of the index, in the order asked for: no more than Auth0 lets anyone page through.
func (t *Tenant) matching(q lucene.Query, order func(a, b *user) int) []*user {
	t.index.settle(t.now())
	var found []*user
	s := &searchable{Tenant: t}
	for _, u := range t.index.candidates(q) {
		if s.u = u; u == nil || !q.MatchRecord(s) {
			continue
		}
		found = append(found, u)
		if order == nil && len(found) == searchWindow {
			break
		}
	}
	if order != nil {
		return first(found, searchWindow, order)
	}
	return found
}

// orderOf reads "field:1" or "field:-1"; nil leaves the order to the index.
func orderOf(by string) (func(a, b *user) int, reply) {
	if by == "" {
		return nil, reply{}
	}
	name, direction, _ := strings.Cut(by, ":")
	if direction != "1" && direction != "-1" {
		return nil, fail(http.StatusBadRequest, "Query validation error: 'String does not match pattern: "+
			"^(([a-zA-Z0-9_\\.]+))\\:(1|-1)$' on property sort.", "invalid_query_string")
	}
	if strings.HasPrefix(name, "user_metadata") || strings.HasPrefix(name, "app_metadata") {
		return nil, fail(http.StatusBadRequest, "Sorting by "+name+" is not supported.", "invalid_query_string")
	}
	sign := 1
	if direction == "-1" {
		sign = -1
	}
	return byField(name, sign), reply{}
}

// usersByEmail reads the records themselves, not the index, and compares case-sensitively.
func usersByEmail(c *call) reply {
	names, include := c.fields()
	rows := []any{}
	for _, id := range c.byEmail(c.query.Get("email")) {
		rows = append(rows, c.users.at(id).json(names, include))
	}
	return ok(rows)
}

func readUser(c *call) reply {
	if c.ownOnly(c.arg(0), "read:users") {
		return notSubject()
	}
	u := c.users.at(c.arg(0))
	if u == nil {
		return noUser()
	}
	body := u.json(c.fields())
	if _, asked := body["user_id"]; asked {
		if kinds := c.multifactor(u.ID); len(kinds) > 0 && c.query.Get("fields") == "" {
			body["multifactor"] = kinds
		}
	}
	return ok(body)
}

// multifactor is the old summary of factors that a single read carries.
func (t *Tenant) multifactor(id string) []string {
	for _, m := range t.methods.at(id) {
		if m.Confirmed && m.Type != "password" && m.Type != "passkey" && m.Type != "recovery-code" {
			return []string{"guardian"}
		}
	}
	return nil
}

// deleteUser is idempotent: deleting who is gone succeeds too.
func deleteUser(c *call) reply {
	id := c.arg(0)
	if c.ownOnly(id, "delete:users") {
		return notSubject()
	}
	if u := c.users.at(id); u != nil {
		c.removeUser(u)
		c.record("sdu", u, "User successfully deleted")
	}
	return nothing()
}

// removeUser removes a person and all that is theirs, linked accounts included. Tokens already issued live on.
func (t *Tenant) removeUser(u *user) { t.removeUsers([]*user{u}) }

func (t *Tenant) removeUsers(list []*user) {
	ids := make([]string, len(list))
	for i, u := range list {
		ids[i] = u.ID
		t.known.remove(u)
		t.queue(u.ID, nil)
		t.endFamilies(u.ID, "")
	}
	for _, index := range []map[string]*table[struct{}]{t.holders, t.inOrg, t.inGroup} {
		for _, in := range index {
			in.dropAll(ids)
		}
	}
	for _, of := range []interface{ dropAll([]string) }{t.users, t.userRoles, t.userGroups, t.members, t.userPerms, t.methods, t.blocks,
		t.sessions, t.grants, t.consents, t.deviceKeys} {
		of.dropAll(ids)
	}
	if t.rolesAhead.len() == 0 {
		return
	}
	for _, key := range t.rolesAhead.names() {
		if _, who, _ := strings.Cut(key, " "); !t.users.has(who) {
			t.rolesAhead.drop(key)
		}
	}
}

// missing is a checked body's want of a property that only some connections need.
func missing(property string) reply {
	return badRequest("Payload validation error: 'Missing required property: "+property+"'.", "invalid_body")
}
