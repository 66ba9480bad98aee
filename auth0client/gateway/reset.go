package gateway

import (
	"context"
	"net/url"

	"usher/auth0client/gateway/policy"
)

// resetPath has Auth0 mail a user a link to set a new password. That is its Authentication API's doing, which knows neither
// user ids nor permissions: the gateway looks the user up and asks for what it reads there, never for what an operator says.
const resetPath = ownPrefix + "v1/password-reset-email"

// changePassword is where the mail is asked for.
//
// Source: https://auth0.com/docs/api/authentication/database-connections/change-password
const changePassword = "/dbconnections/change_password"

// decideReset decides on it as the table does on a password ticket, of which it differs in who gets the link.
func (c *call) decideReset() error {
	d, err := policy.NewReset(c.op, policy.Request{Method: c.r.Method, Query: c.r.URL.RawQuery, ContentType: c.r.Header.Get("Content-Type"), Body: c.body})
	d.Path = resetPath
	c.d = d
	return err
}

// resetMail turns the request into the one for the mail.
func (g *Gateway) resetMail(ctx context.Context, c *call) error {
	if c.d.Path != resetPath {
		return nil
	}
	user, h, err := g.person(ctx, c.d.Target)
	if err != nil {
		return err
	}
	if user == nil {
		return nothing(policy.OnePerson, h)
	}
	email, _ := user["email"].(string)
	connection := database(user)
	if email == "" || connection == "" {
		return &policy.Refusal{Code: "usher_field", Message: "this user has no email, or no password of a database connection: there is nothing to reset by mail"}
	}
	body := map[string]any{"email": email, "connection": connection}
	if g.o.Client != "" {
		body["client_id"] = g.o.Client
	}
	c.d.Path, c.d.Query = changePassword, url.Values{}
	c.body, err = encode(body)
	return err
}

// database is the user's database connection: that of their first identity of Auth0's own.
func database(user map[string]any) string {
	identities, _ := user["identities"].([]any)
	for _, i := range identities {
		m, _ := i.(map[string]any)
		if m["provider"] == "auth0" {
			name, _ := m["connection"].(string)
			return name
		}
	}
	return ""
}
