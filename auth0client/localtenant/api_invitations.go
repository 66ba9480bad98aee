package localtenant

import (
	"net/url"
	"slices"
	"strings"
	"time"
)

const (
	invitationLife    = 604800 // seconds, unless the body says otherwise
	maxInvitationLife = 2592000
)

func invitationRoutes() []route {
	body := anObject(fields{"inviter": anObject(fields{"name": aText(1, 300)}, "name"),
		"invitee": anObject(fields{"email": aText().like("email")}, "email"), "client_id": aText().like("client-id"),
		"connection_id": aText().like("connection-id"), "app_metadata": free(), "user_metadata": free(),
		"ttl_sec": aNumber(0, maxInvitationLife), "roles": aList(aText().like("role-id"), 1), "send_invitation_email": aFlag(),
	}, "inviter", "invitee", "client_id")
	return []route{
		on("GET organizations/*/invitations", listInvitations).needs("read:organization_invitations").in(classInvitations).
			asks(byOffset(), someFields(), fields{"sort": aText()}),
		on("POST organizations/*/invitations", invite).needs("create:organization_invitations").in(classWriteInvitations).takes(body).
			titled("Create invitations to an organization"),
		on("GET organizations/*/invitations/*", readInvitation).needs("read:organization_invitations").in(classInvitations).asks(someFields()),
		on("DELETE organizations/*/invitations/*", deleteInvitation).needs("delete:organization_invitations").in(classWriteInvitations).
			titled("Delete an invitation to an Organization"),
	}
}

// invitationJSON shows an invitation with its URL, which lets whoever has it in.
func (t *Tenant) invitationJSON(i *invitation) map[string]any {
	out := map[string]any{"id": i.ID, "organization_id": i.Org, "client_id": i.Client, "ticket_id": i.Ticket,
		"inviter": map[string]any{"name": i.Inviter}, "invitee": map[string]any{"email": i.Invitee},
		"created_at": stamp(i.Created), "expires_at": stamp(i.Expires), "invitation_url": t.invitationURL(i)}
	if i.ConnectionID != "" {
		out["connection_id"] = i.ConnectionID
	}
	if len(i.Roles) > 0 {
		out["roles"] = i.Roles
	}
	if len(i.UserMetadata) > 0 {
		out["user_metadata"] = i.UserMetadata
	}
	if len(i.AppMetadata) > 0 {
		out["app_metadata"] = i.AppMetadata
	}
	return out
}

// loginURI is where an application's sign-in starts, else where the tenant's does; empty when neither is set.
func (t *Tenant) loginURI(cl *client) string {
	if cl != nil {
		if s, _ := cl.Settings["initiate_login_uri"].(string); s != "" {
			return s
		}
	}
	s, _ := t.setting("tenants/settings")["default_redirection_uri"].(string)
	return s
}

func (t *Tenant) invitationURL(i *invitation) string {
	at := t.loginURI(t.clientByID(i.Client))
	join := "?"
	if strings.Contains(at, "?") {
		join = "&"
	}
	name := ""
	if o := t.orgs.at(i.Org); o != nil {
		name = o.Name
	}
	return at + join + "invitation=" + i.Ticket + "&organization=" + i.Org + "&organization_name=" + url.QueryEscape(name)
}

func noOrgByID() reply { return notFound("No organization found by that id.", "") }

func listInvitations(c *call) reply {
	o := c.org()
	if o == nil {
		return noOrgByID()
	}
	found := slices.Clone(c.invitations.at(o.ID))
	if strings.HasSuffix(c.query.Get("sort"), ":-1") {
		slices.Reverse(found)
	}
	p := c.paging()
	if p.start() >= pagingCap {
		return badRequest("Requesting page exceeds the allowed maximum of 1000 records", "invalid_paging")
	}
	rows := []any{}
	from, to := p.cut(len(found))
	for _, i := range found[from:to] {
		rows = append(rows, c.only(c.invitationJSON(i)))
	}
	if !p.totals {
		return ok(rows)
	}
	// As recorded there is no total here, and the limit is how many there are.
	return ok(map[string]any{"invitations": rows, "start": p.start(), "limit": len(rows)})
}

// mayInvite is what Auth0 wants of an invitation.
func (c *call) mayInvite(o *organization) *reply {
	refuse := func(message string) *reply { bad := badRequest(message, "invalid_body"); return &bad }
	cl := c.clientByID(c.text("client_id"))
	unknown := slices.DeleteFunc(c.texts("roles"), c.roles.has)
	id := c.text("connection_id")
	cn := c.connections.at(id)
	switch {
	case cl == nil:
		return refuse("The specified client_id does not exist.")
	case cl.Settings["organization_usage"] != "allow" && cl.Settings["organization_usage"] != "require":
		return refuse("The specified client_id does not allow organizations.")
	case c.loginURI(cl) == "":
		return refuse("A default login route is required to generate the invitation url. For more information, see " +
			"https://auth0.com/docs/universal-login/configure-default-login-routes")
	case len(unknown) > 0:
		return refuse("One or more of the specified roles do not exist: " + strings.Join(unknown, ", "))
	case id == "":
		return nil
	case cn == nil:
		return refuse("The specified connection does not exist.")
	case cn.Strategy == "sms" || cn.Strategy == "email":
		return refuse("Passwordless connections are not supported.")
	case !slices.ContainsFunc(c.orgConnections.at(o.ID), func(oc *orgConnection) bool { return oc.ConnectionID == id }):
		return refuse("The specified connection (" + id + ") is not enabled for the organization")
	}
	return nil
}

func invite(c *call) reply {
	o := c.org()
	if o == nil {
		return noOrgByID()
	}
	if bad := c.mayInvite(o); bad != nil {
		return *bad
	}
	life := whole64(c.body["ttl_sec"], 0)
	if life == 0 {
		life = invitationLife
	}
	now := c.now().UTC()
	i := &invitation{ID: "uinv_" + pick(c.ids, 16, alnum), Org: o.ID, Client: c.text("client_id"), ConnectionID: c.text("connection_id"),
		Ticket: secret(32, alnum), Roles: c.texts("roles"), Created: now, Expires: now.Add(time.Duration(life) * time.Second)}
	i.Inviter, _ = dig(c.body, "inviter", "name").(string)
	i.Invitee, _ = dig(c.body, "invitee", "email").(string)
	i.UserMetadata, _ = c.body["user_metadata"].(map[string]any)
	i.AppMetadata, _ = c.body["app_metadata"].(map[string]any)
	c.invitations.set(o.ID, append(slices.Clone(c.invitations.at(o.ID)), i))
	return created(c.invitationJSON(i))
}

func readInvitation(c *call) reply {
	if c.org() == nil {
		return noOrgByID()
	}
	for _, i := range c.invitations.at(c.arg(0)) {
		if i.ID == c.arg(1) {
			return ok(c.only(c.invitationJSON(i)))
		}
	}
	return notFound("The invitation does not exist.", "inexistent_invitation")
}

func deleteInvitation(c *call) reply {
	if c.org() == nil {
		return noOrgByID()
	}
	if trim(c.invitations, c.arg(0), func(i *invitation) bool { return i.ID == c.arg(1) }) == 0 {
		return notFound("The invitation does not exist.", "inexistent_invitation")
	}
	return nothing()
}
