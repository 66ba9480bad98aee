package localtenant

import (
	"net/url"
	"path"
	"strings"
)

// prior gives what a recording takes for granted: ids of what was in the recorded tenant, to something alike in this one.
func (p *replayer) prior(cassette string) map[string]string {
	client, _ := p.tenant.Device()
	ids := map[string]string{
		"https://go-auth0-dev.eu.auth0.com":         p.base,
		"https://auth0-deploy-cli-e2e.us.auth0.com": p.base,
		"test_client": client,
	}
	switch {
	case strings.Contains(cassette, "RefreshToken"), strings.Contains(cassette, "SessionManager"):
		user, session, token := p.signedIn()
		ids["UserID"], ids["SessionID"], ids["RefreshTokenID"] = user, session, token
	case cassette == deployTool:
		for _, id := range []string{"HW2hCxrqP6OD4cUBkiDtB3TI95L9ckf7", "f6BF9jccB1kQfWP3pCi2WmOaHe1AHrst"} {
			ids[id] = p.want(201, "POST", "clients", `{"name":"`+id+`","app_type":"non_interactive"}`).object()["client_id"].(string)
		}
	}
	return ids
}

// prepare makes the tenant what the recorded ones were: usernames are required, there is an address to invite people to,
// and no organization but those the recordings make.
func (p *replayer) prepare() {
	p.Helper()
	p.tenant.mu.Lock()
	p.tenant.connectionNamed(database).Options["requires_username"] = true
	p.tenant.mu.Unlock()
	p.want(200, "PATCH", "tenants/settings", `{"default_redirection_uri":"https://example.com/login"}`)
	for _, o := range p.want(200, "GET", "organizations", "").rows() {
		p.want(204, "DELETE", "organizations/"+o.(map[string]any)["id"].(string), "")
	}
}

// signedIn finds a user who has a session and a refresh token.
func (p *replayer) signedIn() (user, session, token string) {
	p.Helper()
	for _, row := range p.want(200, "GET", "users?per_page=100", "").rows() {
		id := row.(map[string]any)["user_id"].(string)
		sessions := p.want(200, "GET", "users/"+url.PathEscape(id)+"/sessions", "").object()["sessions"].([]any)
		tokens := p.want(200, "GET", "users/"+url.PathEscape(id)+"/refresh-tokens", "").object()["tokens"].([]any)
		if len(sessions) > 0 && len(tokens) > 0 {
			return id, sessions[0].(map[string]any)["id"].(string), tokens[0].(map[string]any)["id"].(string)
		}
	}
	p.Fatal("nobody has a session and a refresh token")
	return "", "", ""
}

// leniencyFor says what of an operation's answers the recordings cannot tell.
func leniencyFor(o *operation) leniency {
	l := leniency{
		within: func(string) bool { return false },
		extra:  func(at string) bool { return addedSince(o, at) },
	}
	switch o.segments[0] {
	case "logs":
		// What an event says besides this depends on its type, and the tenant does not keep the bodies of requests.
		l.sdk = true
		l.extra = func(at string) bool {
			switch strings.TrimPrefix(at, "[]") {
			case "._id", ".log_id", ".date", ".type", ".description", ".client_id", ".ip":
				return false
			}
			return true
		}
	case "clients", "resource-servers", "connections":
		// Recorded through the SDK's structs. What a connection's options hold depends on its strategy and history.
		l.sdk = true
		l.within = func(at string) bool { return strings.HasSuffix(at, ".options") }
	}
	return l
}

// addedSince reports keys that newer recordings or the description have and older recordings lack.
func addedSince(o *operation, at string) bool {
	key := path.Ext(at)
	switch key {
	case ".type":
		return o.segments[len(o.segments)-1] == "roles" || o.segments[0] == "roles"
	case ".last_exchanged_at", ".device":
		return strings.Contains(o.template, "refresh-tokens")
	case ".subject_type":
		return strings.Contains(o.template, "client-grants")
	case ".third_party_client_access", ".is_app_entitlement_active":
		return strings.Contains(o.template, "organizations")
	}
	return false
}

// acceptance is a difference between the tenant and a recording that is meant to be. An empty cassette or template stands
// for any; line is how the difference starts.
type acceptance struct {
	cassette, template, line string
	why                      string
}

func meant() []acceptance {
	const handEdited = "the recording was edited by hand"
	return []acceptance{
		{"", "POST /clients", ".signing_keys", "the tenant's clients have no certificates"},
		{"", "GET /clients/{id}", ".signing_keys", "the tenant's clients have no certificates"},
		{"", "GET /clients", ".client_secret", "the SDK recorded a list as a single client"},
		{"", "GET /clients", ".signing_keys", "the SDK recorded a list as a single client"},
		{"", "POST /connections", ".display_name", "what an enterprise connection has of its own is not kept"},
		{"", "POST /connections", ".provisioning_ticket_url", "what an enterprise connection has of its own is not kept"},
		{"", "GET /connections/{id}", ".provisioning_ticket_url", "what an enterprise connection has of its own is not kept"},
		{"", "DELETE /connections/{id}", "status: recorded 204, got 202", "what is gone was recorded with either, three times to six"},
		{deployTool, "POST /connections", "status: recorded 201, got 409", "the tenant has these connections already"},
		{"", "POST /device-credentials", "status: recorded 201, got 403", "for users' own tokens; the recorded device id is none either"},
		{"", "GET /sessions/{id}", ".authentication.methods[].type", handEdited},
		{"", "GET /users/{user_id}/refresh-tokens", ".next: recorded", handEdited},
		{"", "GET /users/{id}/authentication-methods", ".total: got", "Auth0 leaves out a total of none"},
	}
}

func (a acceptance) covers(f finding, line string) bool {
	return (a.cassette == "" || a.cassette == f.cassette) &&
		(a.template == "" || a.template == f.exchange.method+" "+f.template) && strings.HasPrefix(line, a.line)
}
