package localtenant

import (
	"cmp"
	"maps"
	"slices"
	"strings"
)

// maxOrgConnections is how many connections an organization can have.
const maxOrgConnections = 10

func orgRoutes() []route {
	return []route{
		on("GET users/*/organizations", userOrgs).needs("read:organizations").in(classUserOrgs).asks(byOffsetCapped()),
		on("GET organizations", listOrgs).needs("read:organizations", "read:organizations_summary").in(classOrgs).
			asks(byOffsetCapped(), byCheckpoint(), fields{"sort": aText(0, 15)}),
		on("POST organizations", createOrg).needs("create:organizations", "create:organization_connections").in(classWriteOrgs).
			takes(newOrg()).titled("Create an Organization"),
		on("GET organizations/name/*", readOrgByName).needs("read:organizations").in(classOrgByName),
		on("GET organizations/*", readOrg).needs("read:organizations", "read:organizations_summary").in(classOrg),
		on("PATCH organizations/*", updateOrg).needs("update:organizations").in(classWriteOrgs).takes(changedOrg()).titled("Modify an Organization"),
		on("DELETE organizations/*", deleteOrg).needs("delete:organizations").in(classWriteOrgs).titled("Delete organization"),
	}
}

func changedOrg() shape {
	color := aText().like("html-color")
	quota := anObject(fields{"enforce": aFlag(), "per_day": aNumber(1, 2147483647), "per_hour": aNumber(1, 2147483647)}).atLeast(1)
	return anObject(fields{"name": aText(1, 50).like("organization-name"), "display_name": aText(1, 255), "metadata": free(),
		"branding": anObject(fields{"logo_url": aText().like("strict-https-uri-or-null"),
			"colors": anObject(fields{"primary": color, "page_background": color}, "primary", "page_background")}),
		"token_quota": anObject(fields{"client_credentials": quota}, "client_credentials").orNull()})
}

func newOrg() shape {
	s := changedOrg()
	quota := s.fields["token_quota"]
	quota.kinds = quota.kinds[:1]
	s = s.with("token_quota", quota).with("enabled_connections", aList(anObject(fields{"connection_id": aText(1), "assign_membership_on_login": aFlag(),
		"show_as_button": aFlag(), "is_signup_enabled": aFlag()}, "connection_id")))
	s.need = []string{"name"}
	return s
}

func (o *organization) json() map[string]any {
	out := map[string]any{"id": o.ID, "name": o.Name, "display_name": cmp.Or(o.Display, o.Name)}
	for name, v := range map[string]map[string]any{"branding": o.Branding, "metadata": o.Metadata, "token_quota": o.TokenQuota} {
		if len(v) > 0 {
			out[name] = v
		}
	}
	return out
}

func userOrgs(c *call) reply {
	if !c.users.has(c.arg(0)) {
		return noUser()
	}
	rows := []any{}
	for _, m := range c.members.at(c.arg(0)) {
		rows = append(rows, c.orgs.at(m.Org).json())
	}
	return c.list("organizations", rows)
}

func listOrgs(c *call) reply {
	by := c.query.Get("sort")
	if by == "" || c.query.Has("take") || c.query.Has("from") {
		return c.either("organizations", rollOfAll(c.orgs, func(id string) any { return c.orgs.at(id).json() }))
	}
	name, direction, _ := strings.Cut(by, ":")
	key := map[string]func(o *organization) string{"name": func(o *organization) string { return o.Name },
		"display_name": func(o *organization) string { return o.Display }, "created_at": func(o *organization) string { return stamp(o.Created) }}[name]
	if key == nil || direction != "1" && direction != "-1" {
		return badRequest("Invalid query string paging options: sort", "invalid_query_string")
	}
	found := c.orgs.list()
	slices.SortStableFunc(found, func(a, b *organization) int { return strings.Compare(key(a), key(b)) })
	if direction == "-1" {
		slices.Reverse(found)
	}
	return c.either("organizations", roll{size: len(found), place: func(int) (string, string) { return "", "" },
		show: func(_ string, i int) any { return found[i].json() }})
}

// org is the organization of the path; nil when there is none.
func (c *call) org() *organization { return c.orgs.at(c.arg(0)) }

func noOrg() reply { return notFound("No organization found by that id or name", "") }

func (t *Tenant) orgNamed(name string) *organization {
	return t.orgs.find(func(o *organization) bool { return o.Name == name })
}

func readOrg(c *call) reply {
	o := c.org()
	if o == nil {
		return noOrg()
	}
	return ok(o.json())
}

func readOrgByName(c *call) reply {
	o := c.orgNamed(c.arg(0))
	if o == nil {
		return noOrg()
	}
	return ok(o.json())
}

func orgExists() reply {
	return fail(409, "An organization with this name already exists.", "organization_conflict")
}

// describe takes the body's attributes over.
func (o *organization) describe(body map[string]any) *reply {
	metadata, _ := body["metadata"].(map[string]any)
	for _, key := range slices.Sorted(maps.Keys(metadata)) {
		if s, isText := metadata[key].(string); metadata[key] != nil && (!isText || len(s) > 255) {
			bad := (&flaw{message: "Expected type string but found type " + kindOf(metadata[key]), path: "metadata." + key}).
				complaint("Payload", "invalid_body")
			return &bad
		}
	}
	if name, sent := body["name"].(string); sent {
		o.Name = name
	}
	if display, sent := body["display_name"].(string); sent {
		o.Display = display
	}
	for name, into := range map[string]*map[string]any{"branding": &o.Branding, "metadata": &o.Metadata, "token_quota": &o.TokenQuota} {
		if v, sent := body[name]; sent {
			*into, _ = v.(map[string]any)
		}
	}
	maps.DeleteFunc(o.Metadata, func(_ string, v any) bool { return v == nil })
	return nil
}

func createOrg(c *call) reply {
	if c.orgNamed(c.text("name")) != nil {
		return orgExists()
	}
	o := &organization{ID: "org_" + pick(c.ids, 16, alnum), Created: c.now().UTC()}
	if bad := o.describe(c.body); bad != nil {
		return *bad
	}
	wanted, _ := c.body["enabled_connections"].([]any)
	if len(wanted) > maxOrgConnections {
		return tooManyOrgConnections()
	}
	var enabled []*orgConnection
	for _, v := range wanted {
		oc, bad := c.orgConnectionFrom(v.(map[string]any))
		if bad != nil {
			return *bad
		}
		enabled = append(enabled, oc)
	}
	c.orgs.set(o.ID, o)
	out := o.json()
	if len(enabled) > 0 {
		c.orgConnections.set(o.ID, enabled)
		rows := []any{}
		for _, oc := range enabled {
			rows = append(rows, c.enabledConnectionJSON(oc))
		}
		out["enabled_connections"] = rows
	}
	return created(out)
}

func updateOrg(c *call) reply {
	o := c.org()
	if o == nil {
		return noOrg()
	}
	if name := c.text("name"); name != "" && name != o.Name && c.orgNamed(name) != nil {
		return orgExists()
	}
	changed := *o
	if bad := changed.describe(c.body); bad != nil {
		return *bad
	}
	c.orgs.set(o.ID, &changed)
	return ok(changed.json())
}

// deleteOrg takes everything along that only the organization had. Its members stay users.
func deleteOrg(c *call) reply {
	o := c.org()
	if o == nil {
		return noOrg()
	}
	for _, who := range c.membersOf(o.ID) {
		c.removeMember(o.ID, who)
	}
	c.orgConnections.drop(o.ID)
	c.orgDomains.drop(o.ID)
	c.orgGrants.drop(o.ID)
	c.invitations.drop(o.ID)
	for _, roles := range []*table[[]string]{c.orgGroupRoles, c.rolesAhead} {
		for _, key := range roles.names() {
			if strings.HasPrefix(key, o.ID+" ") {
				roles.drop(key)
			}
		}
	}
	c.orgs.drop(o.ID)
	return nothing()
}
