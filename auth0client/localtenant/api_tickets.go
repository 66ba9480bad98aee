package localtenant

import (
	"slices"
	"strings"
	"time"
)

func ticketRoutes() []route {
	who := fields{"user_id": aText().like("user-id"), "result_url": aText().like("url"), "client_id": aText().like("client-id"),
		"organization_id": aText().like("organization-id"), "ttl_sec": aNumber(0, -1), "includeEmailInRedirect": aFlag()}
	verify := anObject(who, "user_id").with("identity", identityBody(aText(1)))
	change := anObject(who).with("connection_id", aText().matching(jobConShape)).with("email", aText().like("email")).
		with("mark_email_as_verified", aFlag()).with("identity", identityBody(aChoice("auth0")))
	return []route{
		on("POST tickets/password-change", passwordTicket).needs("create:user_tickets").takes(change).titled("Create a password change ticket"),
		on("POST tickets/email-verification", emailTicket).needs("create:user_tickets").takes(verify).titled("Create an email verification ticket"),
	}
}

// identityBody names one of a user's identities.
func identityBody(provider shape) shape {
	return anObject(fields{"user_id": aText(1), "provider": provider, "connection_id": aText().matching(jobConShape)}, "user_id", "provider")
}

func refused(message, code string) *reply { bad := badRequest(message, code); return &bad }

// ticketUser finds whom a ticket is for, by user_id or by email and connection_id, and the identity it is about.
func (c *call) ticketUser() (*user, *identity, *reply) {
	id, email, connectionID := c.text("user_id"), c.text("email"), c.text("connection_id")
	switch {
	case id == "" && (email == "" || connectionID == ""):
		bad := missing("user_id")
		return nil, nil, &bad
	case id != "" && email != "":
		return nil, nil, refused("Payload validation error: 'user_id' and 'email' cannot be sent together.", "invalid_body")
	case id == "":
		cn := c.connections.at(connectionID)
		if cn == nil {
			return nil, nil, refused("The connection with id "+connectionID+" does not exist.", "inexistent_connection")
		}
		for _, found := range slices.Concat(c.byEmail(email), c.byEmail(strings.ToLower(email))) {
			if c.users.at(found).connection() == cn.Name {
				id = found
			}
		}
	}
	u := c.users.at(id)
	if u == nil {
		bad := noUser()
		return nil, nil, &bad
	}
	about, bad := c.identityOf(u)
	if bad == nil {
		bad = c.ticketSurroundings(u)
	}
	return u, about, bad
}

// identityOf is the identity the body names, the main one when it names none.
func (c *call) identityOf(u *user) (*identity, *reply) {
	named, sent := c.body["identity"].(map[string]any)
	if !sent {
		return &u.Identities[0], nil
	}
	if id, _ := named["connection_id"].(string); id != "" && !c.connections.has(id) {
		return nil, refused("Identity connection does not exist.", "inexistent_connection")
	}
	at := slices.IndexFunc(u.Identities, func(i identity) bool { return i.Provider == named["provider"] && i.UserID == named["user_id"] })
	if at < 0 {
		return nil, refused("The user exists, but does not contain the given identity.", "inexistent_identity")
	}
	return &u.Identities[at], nil
}

// ticketSurroundings are the application and organization a ticket or mail is for.
func (c *call) ticketSurroundings(u *user) *reply {
	if app := c.text("client_id"); app != "" && c.clientByID(app) == nil {
		return refused("The client does not exist", "inexistent_client")
	}
	org := c.text("organization_id")
	if org == "" {
		return nil
	}
	if !c.orgs.has(org) {
		return refused("The organization does not exist", "inexistent_organization")
	}
	if _, belongs := c.membership(org, u.ID); !belongs {
		return refused("The user with id "+u.ID+" is not a member of organization with id "+org+".", "invalid_body")
	}
	return nil
}

// address is the email address of an identity.
func (i *identity) address(u *user) string {
	if i == &u.Identities[0] {
		return u.Email
	}
	s, _ := i.Profile["email"].(string)
	return s
}

// ticketTime is how long the body wants a ticket to hold; zero leaves it to Auth0's five days.
func (c *call) ticketTime() time.Duration {
	return time.Duration(min(whole64(c.body["ttl_sec"], 0), 1<<31)) * time.Second
}

// passwordTicket answers with a link that sets a password for whoever has it. It sends no mail.
func passwordTicket(c *call) reply {
	u, about, bad := c.ticketUser()
	switch {
	case bad != nil:
		return *bad
	case about.Provider != "auth0":
		return badRequest("The user's main connection does not support this operation.", "operation_not_supported")
	case about.address(u) == "" && u.Phone == "":
		return badRequest("The user does not have an email address.", "operation_not_supported")
	}
	c.record("scpr", u, "")
	return created(map[string]any{"ticket": c.keepTicket(ticket{Kind: ticketPassword, UserID: u.ID, ResultURL: c.text("result_url"),
		MarkVerified: c.flag("mark_email_as_verified"), EmailInResult: c.flag("includeEmailInRedirect")}, c.ticketTime())})
}

func emailTicket(c *call) reply {
	u, about, bad := c.ticketUser()
	switch {
	case bad != nil:
		return *bad
	case about.address(u) == "":
		return badRequest("The user does not have an email address.", "operation_not_supported")
	case about.Provider != "auth0" && about.Provider != "email":
		return badRequest("The user's main connection does not support this operation.", "operation_not_supported")
	}
	return created(map[string]any{"ticket": c.newTicket(ticketVerify, u.ID, c.ticketTime(), c.text("result_url"))})
}
