package localtenant

import (
	"fmt"
	"net/http"
	"slices"
	"strings"

	"usher/auth0client/lucene"
)

// searchWindow is how many results Auth0 lets anyone page through.
const searchWindow = 1000

func (t *Tenant) userRoutes() []route {
	read := []string{"read:users"}
	return []route{
		{method: "GET", pattern: []string{"users"}, any: read, class: classReadUsers, do: searchUsers},
		{method: "POST", pattern: []string{"users"}, any: []string{"create:users"}, class: classWriteUsers, do: createUser},
		{method: "GET", pattern: []string{"users-by-email"}, any: read, class: classReadUsers, do: usersByEmail},
		{method: "GET", pattern: []string{"users", "*"}, any: []string{"read:users", "read:current_user"},
			class: classReadUsers, do: readUser},
		{method: "PATCH", pattern: []string{"users", "*"}, class: classWriteUsers, do: updateUser,
			any: []string{"update:users", "update:users_app_metadata", "update:current_user_metadata"}},
		{method: "DELETE", pattern: []string{"users", "*"}, class: classDeleteUsers, do: deleteUser,
			any: []string{"delete:users", "delete:current_user"}},
		{method: "GET", pattern: []string{"user-blocks"}, any: read, class: classOther, do: blocksByIdentifier},
		{method: "DELETE", pattern: []string{"user-blocks"}, any: []string{"update:users"}, class: classOther,
			do: unblockByIdentifier},
		{method: "GET", pattern: []string{"user-blocks", "*"}, any: read, class: classOther, do: blocksOfUser},
		{method: "DELETE", pattern: []string{"user-blocks", "*"}, any: []string{"update:users"}, class: classOther,
			do: unblockUser},
	}
}

func (c *call) fields() (names []string, include bool) {
	if f := c.query.Get("fields"); f != "" {
		names = strings.Split(f, ",")
		for i := range names {
			names[i] = strings.TrimSpace(names[i])
		}
	}
	return names, c.query.Get("include_fields") != "false"
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
	p, bad := c.paging(50, 100)
	if bad != nil {
		return *bad
	}
	if engine := c.query.Get("search_engine"); engine == "v1" || engine == "v2" {
		return fail(http.StatusBadRequest, "You are not allowed to use search_engine="+engine+". Use search_engine=v3 instead.",
			"operation_not_supported")
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

// matching is what the search finds of the index, in the order asked for: no more than Auth0 lets anyone page through.
func (t *Tenant) matching(q lucene.Query, order func(a, b *user) int) []*user {
	t.index.settle(t.now())
	var found []*user
	for _, u := range t.index.candidates(q) {
		if u == nil || !q.Match(searchable{u: u, orgs: t.orgIDs}) {
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

func (t *Tenant) orgIDs(userID string) []any {
	var out []any
	for _, m := range t.members.at(userID) {
		out = append(out, m.Org)
	}
	return out
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
	email := c.query.Get("email")
	if email == "" {
		return fail(http.StatusBadRequest, "Query validation error: 'Missing required property: email'.",
			"invalid_query_string")
	}
	names, include := c.fields()
	rows := []any{}
	for _, id := range c.byEmail(email) {
		rows = append(rows, c.users.at(id).json(names, include))
	}
	return ok(rows)
}

func (t *Tenant) sortedIDs(keep func(*user) bool) []string {
	var ids []string
	for id, u := range t.users.all() {
		if keep(u) {
			ids = append(ids, id)
		}
	}
	slices.Sort(ids)
	return ids
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
	if !c.users.has(id) {
		return nothing()
	}
	c.erase(id)
	c.setRoles(id, nil)
	c.userPerms.drop(id)
	c.methods.drop(id)
	c.blocks.drop(id)
	c.sessions.drop(id)
	c.grants.drop(id)
	c.setMemberships(id, nil)
	c.endFamilies(id, "")
	return nothing()
}

func blockRows(blocks []block) reply {
	rows := make([]any, 0, len(blocks))
	for _, b := range blocks {
		rows = append(rows, map[string]any{"identifier": b.Identifier, "ip": b.IP, "connection": b.Connection})
	}
	return ok(map[string]any{"blocked_for": rows})
}

func blocksOfUser(c *call) reply {
	if !c.users.has(c.arg(0)) {
		return noUser()
	}
	return blockRows(c.blocks.at(c.arg(0)))
}

func unblockUser(c *call) reply {
	if !c.users.has(c.arg(0)) {
		return noUser()
	}
	c.blocks.drop(c.arg(0))
	return nothing()
}

func blocksByIdentifier(c *call) reply {
	who := c.query.Get("identifier")
	if who == "" {
		return fail(http.StatusBadRequest, "Query validation error: 'Missing required property: identifier'.",
			"invalid_query_string")
	}
	var rows []block
	for _, id := range c.byIdentifier(who) {
		rows = append(rows, c.blocks.at(id)...)
	}
	return blockRows(rows)
}

func unblockByIdentifier(c *call) reply {
	who := c.query.Get("identifier")
	if who == "" {
		return fail(http.StatusBadRequest, "Query validation error: 'Missing required property: identifier'.",
			"invalid_query_string")
	}
	for _, id := range c.byIdentifier(who) {
		c.blocks.drop(id)
	}
	return nothing()
}

func exists() reply { return fail(http.StatusConflict, "The user already exists.", "auth0_idp_error") }

func missing(property string) reply {
	return invalid("Payload validation error: 'Missing required property: %s'.", property)
}

func wrongType(want, property string) reply {
	return invalid("Payload validation error: 'Expected type %s' on property %s.", want, property)
}

func additional(property string) reply {
	return invalid("Payload validation error: 'Additional properties not allowed: %s'.", fmt.Sprint(property))
}
