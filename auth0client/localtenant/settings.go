package localtenant

import (
	"slices"
	"time"
)

// refreshPolicy is how a client's refresh tokens live.
type refreshPolicy struct {
	rotating bool
	leeway   time.Duration
	life     time.Duration // from the sign-in on
	idle     time.Duration // from one exchange to the next
}

// refreshPolicy reads the refresh_token setting. Without one tokens neither rotate nor expire, as at Auth0.
func (c *client) refreshPolicy() refreshPolicy {
	set, _ := c.Settings["refresh_token"].(map[string]any)
	seconds := func(name string) time.Duration { return time.Duration(numberIn(set, name)) * time.Second }
	p := refreshPolicy{rotating: set["rotation_type"] == "rotating", leeway: seconds("leeway"), life: refreshForever, idle: refreshForever}
	if set["expiration_type"] == "expiring" {
		if set["infinite_token_lifetime"] != true {
			p.life = seconds("token_lifetime")
		}
		if set["infinite_idle_token_lifetime"] != true {
			p.idle = seconds("idle_token_lifetime")
		}
	}
	if p.life == 0 {
		p.life = refreshAbsolute
	}
	if p.idle == 0 {
		p.idle = refreshLife
	}
	return p
}

// may reports that the client is set up for a grant type; without a setting by its kind, as Auth0 creates clients.
func (c *client) may(grant string) bool {
	if c.Settings["grant_types"] == nil {
		return c.Type == "non_interactive" && grant == grantClient || c.Type != "non_interactive" && (grant == grantCode || grant == grantRefresh)
	}
	return slices.Contains(c.list("grant_types"), grant)
}

// authMethod is how the client proves who it is.
func (c *client) authMethod() string {
	if keys, _ := c.Settings["client_authentication_methods"].(map[string]any); keys["private_key_jwt"] != nil {
		return authKey
	}
	if m, _ := c.Settings["token_endpoint_auth_method"].(string); m != "" {
		return m
	}
	if c.Type == "native" || c.Type == "spa" {
		return authNone
	}
	return authPost
}

func (c *client) list(name string) []string { return listOf(c.Settings[name]) }

// rbac reports that the API's users get what they hold and no more.
func (a *resourceServer) rbac() bool { return a != nil && a.Settings["enforce_policies"] == true }

// tellsPermissions reports that the API's tokens carry permissions.
func (a *resourceServer) tellsPermissions() bool {
	return a.rbac() && (a.Settings["token_dialect"] == dialectAuthz || a.Settings["token_dialect"] == dialectRFC9068Authz)
}

// policy is the API's policy for the apps that ask in their own name ("client") or in a person's ("user").
func (a *resourceServer) policy(subject, otherwise string) string {
	all, _ := a.Settings["subject_type_authorization"].(map[string]any)
	mine, _ := all[subject].(map[string]any)
	if p, _ := mine["policy"].(string); p != "" {
		return p
	}
	return otherwise
}

// life is how long the API's tokens are good: what it is set to, else what is given.
func (a *resourceServer) life(otherwise time.Duration) time.Duration {
	if a != nil && numberIn(a.Settings, "token_lifetime") > 0 {
		return time.Duration(numberIn(a.Settings, "token_lifetime")) * time.Second
	}
	return otherwise
}

// dress names the client in the way of the API's dialect and gives the type of its tokens.
func (a *resourceServer) dress(c *claims, clientID string) string {
	if a != nil && (a.Settings["token_dialect"] == dialectRFC9068 || a.Settings["token_dialect"] == dialectRFC9068Authz) {
		c.ClientID = clientID
		return "at+jwt"
	}
	c.AZP = clientID
	return "JWT"
}

// listOf reads a list of texts, as it was made here or as JSON gave it.
func listOf(v any) []string {
	switch v := v.(type) {
	case []string:
		return v
	case []any:
		out := make([]string, 0, len(v))
		for _, e := range v {
			if s, isText := e.(string); isText {
				out = append(out, s)
			}
		}
		return out
	}
	return nil
}

func numberIn(m map[string]any, name string) int {
	switch n := m[name].(type) {
	case int:
		return n
	case float64:
		return int(n)
	}
	return 0
}
