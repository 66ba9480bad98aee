package localtenant

import (
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/jwt"
)

func identityRoutes() []route {
	mayLink := []string{"update:users", "update:current_user_identities"}
	body := anObject(fields{"provider": aText(1), "connection_id": aText().matching(jobConShape), "link_with": aText(),
		"user_id": {kinds: []string{"string", "integer"}, low: 1, high: -1}}).atLeast(1)
	return []route{
		on("POST users/*/identities", linkIdentity).needs(mayLink...).takes(body).titled("Link a User Account"),
		on("DELETE users/*/identities/*/*", unlinkIdentity).needs(mayLink...).titled("Unlink a User Identity"),
	}
}

// fullIdentities are all identities of a user, each with its profile, the main one's too.
func (u *user) fullIdentities() []any {
	whole := u.clone()
	whole.Identities[0].Profile = u.profile()
	return whole.identitiesJSON()
}

// profile is what a user's main identity knows of them.
func (u *user) profile() map[string]any {
	out := map[string]any{}
	for _, name := range []string{"email", "email_verified", "name", "username", "given_name", "family_name", "nickname", "picture",
		"phone_number", "phone_verified"} {
		if v, has := u.field(name); has && (name != "name" || v != u.Email) {
			out[name] = v
		}
	}
	return out
}

// linkIdentity makes somebody else's account one more identity of this user. The other's metadata is lost.
func linkIdentity(c *call) reply {
	if c.ownOnly(c.arg(0), "update:users") {
		return notSubject()
	}
	u := c.users.at(c.arg(0))
	if u == nil {
		return noUser()
	}
	id, bad := c.secondary()
	if bad != nil {
		return *bad
	}
	other := c.users.at(id)
	switch {
	case id == u.ID:
		return badRequest("Main identity and the new one are the same.", "invalid_body")
	case slices.ContainsFunc(u.Identities, func(i identity) bool { return i.Provider+"|"+i.UserID == id }):
		return fail(409, "Specified identity already exists.", "identity_conflict")
	case other == nil:
		return badRequest("Provided secondary account not found.", "invalid_body")
	}
	linked := u.clone()
	for i, extra := range other.Identities {
		if i == 0 {
			extra.Profile, extra.Password = other.profile(), other.Password
		}
		linked.Identities = append(linked.Identities, extra)
	}
	linked.Updated = c.now().UTC()
	c.removeUser(other)
	c.put(linked)
	return created(linked.fullIdentities())
}

// secondary is the id of the account to link: named by provider and id, or by its own token.
func (c *call) secondary() (string, *reply) {
	if raw := c.text("link_with"); raw != "" {
		return c.subjectOf(raw)
	}
	refuse := func(message string) (string, *reply) { bad := badRequest(message, "invalid_body"); return "", &bad }
	provider, id := c.text("provider"), c.text("user_id")
	if n, isNumber := c.body["user_id"].(float64); isNumber {
		id = strconv.FormatFloat(n, 'f', -1, 64)
	}
	switch {
	case provider == "":
		return refuse("Payload validation error: 'Missing required property: provider'.")
	case id == "":
		return refuse("Payload validation error: 'Missing required property: user_id'.")
	}
	if name := c.text("connection_id"); name != "" {
		if cn := c.connections.at(name); cn == nil || cn.Strategy != provider {
			return refuse("The provider/connection is not configured.")
		}
	}
	if !strings.HasPrefix(id, provider+"|") {
		id = provider + "|" + id
	}
	return id, nil
}

// subjectOf reads whom a token of this tenant is about.
func (c *call) subjectOf(raw string) (string, *reply) {
	refuse := func(message string) (string, *reply) {
		bad := badRequest("JWT (link_with) "+message, "invalid_body")
		return "", &bad
	}
	token, err := jwt.ParseSigned(raw, []jose.SignatureAlgorithm{jose.RS256})
	if err != nil {
		return refuse("must have an alg of RS256.")
	}
	set, err := c.jwks()
	if err != nil {
		return refuse("could not be checked.")
	}
	var claims jwt.Claims
	switch {
	case token.Claims(set, &claims) != nil, claims.Issuer != c.Issuer():
		return refuse("must have the same issuer as the calling user.")
	case claims.ValidateWithLeeway(jwt.Expected{Time: c.now()}, 0) != nil:
		return refuse("has expired.")
	case c.who.AZP == "" || !slices.Contains(claims.Audience, c.who.AZP):
		return refuse("must have an aud claim that matches that of the calling token's azp.")
	case claims.Subject == "":
		return refuse("must contains sub claim.")
	}
	return claims.Subject, nil
}

// unlinkIdentity makes a linked identity an account of its own again, without metadata.
func unlinkIdentity(c *call) reply {
	if c.ownOnly(c.arg(0), "update:users") {
		return notSubject()
	}
	u := c.users.at(c.arg(0))
	if u == nil {
		return noUser()
	}
	at := slices.IndexFunc(u.Identities, func(i identity) bool {
		return i.Provider == c.arg(1) && (i.UserID == c.arg(2) || i.Provider+"|"+i.UserID == c.arg(2))
	})
	switch {
	case at == 0:
		return badRequest("Main identity cannot be removed.", "invalid_body")
	case at < 0:
		return badRequest("The specified identity was not found.", "invalid_body")
	}
	now := c.now().UTC()
	gone := u.Identities[at]
	left := u.clone()
	left.Identities = slices.Delete(left.Identities, at, at+1)
	left.Updated = now
	c.put(left)
	c.put(gone.account(now))
	return ok(left.fullIdentities())
}

// account is a former linked identity as a user.
func (i identity) account(now time.Time) *user {
	u := &user{ID: i.Provider + "|" + i.UserID, Created: now, Updated: now}
	profile := maps.Clone(i.Profile)
	maps.DeleteFunc(profile, func(name string, _ any) bool {
		return name == "user_metadata" || name == "app_metadata" || name == "blocked"
	})
	u.Password = i.Password
	i.Profile, i.Password = nil, ""
	u.Identities = []identity{i}
	u.apply(profile)
	u.fillIn()
	return u
}
