package localtenant

import "slices"

func orgDomainRoutes() []route {
	read := "read:organization_discovery_domains"
	changes := fields{"status": aChoice("pending", "verified"), "use_for_organization_discovery": aFlag()}
	grant := anObject(fields{"grant_id": aText().like("client-grant-id")}, "grant_id")
	return []route{
		on("GET organizations/*/discovery-domains", listDomains).needs(read).asks(byCheckpoint()),
		on("POST organizations/*/discovery-domains", addDomain).needs("create:organization_discovery_domains").
			takes(anObject(changes, "domain").with("domain", aText(3, 255).like("hostname"))).titled("Create an organization discovery domain"),
		on("GET organizations/*/discovery-domains/name/*", readDomain).needs(read),
		on("GET organizations/*/discovery-domains/*", readDomain).needs(read),
		on("PATCH organizations/*/discovery-domains/*", changeDomain).needs("update:organization_discovery_domains").
			takes(anObject(changes)).titled("Update an organization discovery domain"),
		on("DELETE organizations/*/discovery-domains/*", dropDomain).needs("delete:organization_discovery_domains").
			titled("Delete an organization discovery domain"),
		on("GET organizations/*/client-grants", listOrgGrants).needs("read:organization_client_grants").asks(byOffset(),
			fields{"audience": aText(0, 600), "client_id": aText(), "grant_ids": aList(aText())}),
		on("POST organizations/*/client-grants", addOrgGrant).needs("create:organization_client_grants").takes(grant).
			titled("Associate a client grant with an organization"),
		on("DELETE organizations/*/client-grants/*", dropOrgGrant).needs("delete:organization_client_grants").
			titled("Remove a client grant from an organization"),
	}
}

func (d *orgDomain) json(org string) map[string]any {
	out := map[string]any{"id": d.ID, "domain": d.Domain, "status": d.Status, "verification_txt": d.Text,
		"verification_host": "_ss-verification." + org + "." + d.Domain}
	if d.ForDiscovery != nil {
		out["use_for_organization_discovery"] = *d.ForDiscovery
	}
	return out
}

func listDomains(c *call) reply {
	if c.org() == nil {
		return noOrganization()
	}
	return c.checkpoint("domains", sortedRoll(c.orgDomains.at(c.arg(0)), func(d *orgDomain) (string, string) { return "", d.ID },
		func(d *orgDomain) any { return d.json(c.arg(0)) }))
}

func addDomain(c *call) reply {
	o := c.org()
	if o == nil {
		return noOrganization()
	}
	has := c.orgDomains.at(o.ID)
	if slices.ContainsFunc(has, func(d *orgDomain) bool { return d.Domain == c.text("domain") }) {
		return fail(409, "An organization discovery domain with this domain is already registered to this organization.",
			"organization_discovery_domain_conflict")
	}
	d := &orgDomain{ID: "ord_" + pick(c.ids, 22, alnum), Domain: c.text("domain"), Status: "pending", Text: pick(c.ids, 32, hexDigits), ForDiscovery: yes(true)}
	d.change(c.body)
	c.orgDomains.set(o.ID, append(slices.Clone(has), d))
	return created(d.json(o.ID))
}

func (d *orgDomain) change(body map[string]any) {
	if s, sent := body["status"].(string); sent {
		d.Status = s
	}
	if b, sent := body["use_for_organization_discovery"].(bool); sent {
		d.ForDiscovery = &b
	}
}

// domain is the place of the domain that the path names by id or by name.
func (c *call) domain() (at int, bad reply) {
	if c.org() == nil {
		return -1, noOrganization()
	}
	at = slices.IndexFunc(c.orgDomains.at(c.arg(0)), func(d *orgDomain) bool { return d.ID == c.arg(1) || d.Domain == c.arg(1) })
	if at < 0 {
		return at, notFound("No organization domain found by that id", "")
	}
	return at, reply{}
}

func readDomain(c *call) reply {
	at, bad := c.domain()
	if at < 0 {
		return bad
	}
	return ok(c.orgDomains.at(c.arg(0))[at].json(c.arg(0)))
}

func changeDomain(c *call) reply {
	at, bad := c.domain()
	if at < 0 {
		return bad
	}
	list := slices.Clone(c.orgDomains.at(c.arg(0)))
	changed := *list[at]
	changed.change(c.body)
	list[at] = &changed
	c.orgDomains.set(c.arg(0), list)
	return ok(changed.json(c.arg(0)))
}

func dropDomain(c *call) reply {
	if c.org() == nil {
		return noOrganization()
	}
	trim(c.orgDomains, c.arg(0), func(d *orgDomain) bool { return d.ID == c.arg(1) })
	return nothing()
}

// maxOrgGrants is how many client grants an organization can have.
const maxOrgGrants = 100

// orgGrantJSON shows a client grant as an organization's.
func (c *call) orgGrantJSON(g *clientGrant) map[string]any {
	out := c.clientGrantJSON(g)
	for name := range out {
		if !slices.Contains([]string{"id", "client_id", "audience", "scope", "organization_usage", "allow_any_organization"}, name) {
			delete(out, name)
		}
	}
	return out
}

func listOrgGrants(c *call) reply {
	if c.org() == nil {
		return noOrg()
	}
	is := func(param, value string) bool { return !c.query.Has(param) || c.query.Get(param) == value }
	among := c.several("grant_ids")
	rows := []any{}
	for _, id := range c.orgGrants.at(c.arg(0)) {
		g := c.clientGrants.at(id)
		if is("audience", c.audienceOf(g)) && is("client_id", g.Client) && (len(among) == 0 || slices.Contains(among, id)) {
			rows = append(rows, c.orgGrantJSON(g))
		}
	}
	return c.list("client_grants", rows)
}

func addOrgGrant(c *call) reply {
	o := c.org()
	if o == nil {
		return notFound("No organization found by that id", "")
	}
	id := c.text("grant_id")
	g, has := c.clientGrants.at(id), c.orgGrants.at(o.ID)
	switch {
	case g == nil:
		return notFound("The grant does not exist.", "inexistent_client_grant")
	case slices.Contains(has, id):
		return fail(409, "The client grant has already been added to this organization.", "organization_client_grant_conflict")
	case len(has) >= maxOrgGrants:
		return fail(409, "Quota exceeded; cannot add more than 100 client grants to a single organization", "too_many_entities")
	}
	c.orgGrants.set(o.ID, append(slices.Clone(has), id))
	return created(c.orgGrantJSON(g))
}

func dropOrgGrant(c *call) reply {
	if c.org() == nil {
		return notFound("No organization found by that id.", "")
	}
	trim(c.orgGrants, c.arg(0), func(id string) bool { return id == c.arg(1) })
	return nothing()
}
