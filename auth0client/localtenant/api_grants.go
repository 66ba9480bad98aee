package localtenant

func grantRoutes() []route {
	return []route{
		on("GET grants", listGrants).needs("read:grants").asks(byOffset(), fields{"user_id": aText(), "client_id": aText(), "audience": aText()}),
		on("DELETE grants", deleteGrants).needs("delete:grants").asks(fields{"user_id!": aText()}).titled("Delete a grant by user_id"),
		on("DELETE grants/*", deleteGrant).needs("delete:grants").titled("Delete a grant by id"),
	}
}

func (g *consent) json(userID string) map[string]any {
	scopes := g.Scopes
	if scopes == nil {
		scopes = []string{}
	}
	return map[string]any{"id": g.ID, "clientID": g.Client, "user_id": userID, "audience": g.Audience, "scope": scopes}
}

// listGrants lists what users allowed applications to have, one user's or as many as a page reaches.
func listGrants(c *call) reply {
	is := func(param, value string) bool { return !c.query.Has(param) || c.query.Get(param) == value }
	rows, enough := []any{}, 1<<30
	add := func(id string) {
		for _, g := range c.consents.at(id) {
			if is("client_id", g.Client) && is("audience", g.Audience) {
				rows = append(rows, g.json(id))
			}
		}
	}
	if user := c.query.Get("user_id"); user != "" {
		add(user)
		return c.list("grants", rows)
	}
	if p := c.paging(); !p.totals {
		enough = p.start() + p.size
	}
	for id := range c.consents.all() {
		if add(id); len(rows) >= enough {
			break
		}
	}
	return c.list("grants", rows)
}

// withdraw takes what a grant gave: the application's refresh tokens for that API.
func (t *Tenant) withdraw(userID string, g *consent) {
	trim(t.consents, userID, func(o *consent) bool { return o.ID == g.ID })
	trim(t.grants, userID, func(r *refreshRow) bool { return r.Client == g.Client && (r.API == g.Audience || g.Audience == "") })
}

func deleteGrants(c *call) reply {
	id := c.query.Get("user_id")
	for _, g := range c.consents.at(id) {
		c.withdraw(id, g)
	}
	return nothing()
}

func deleteGrant(c *call) reply {
	if owner, g, found := c.foundConsent.find(c.consents, func(g *consent) string { return g.ID }, c.arg(0)); found {
		c.withdraw(owner, g)
	}
	return nothing()
}
