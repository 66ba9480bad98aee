package gateway

import (
	"context"
	"net/http"
)

// BeforeHeader asks the gateway to read what a change of a user's fields or roles replaces, where it has not read it anyway,
// and to write it into the journal: without it nobody could undo the change. It costs a request.
const BeforeHeader = "X-Usher-Keep-Before"

// before is what the journal says that was set before. A user who cannot be read leaves a line that says nothing of it.
func (g *Gateway) before(ctx context.Context, c *call) map[string]any {
	fields := c.d.Pattern == "users/{id}" && c.r.Method == http.MethodPatch
	roles := c.d.Pattern == "users/{id}/roles"
	if !fields && !roles || len(c.d.Users) != 1 {
		return nil
	}
	wanted := c.r.Header.Get(BeforeHeader) != ""
	if roles {
		if c.held == nil && wanted {
			held, err := pages[role](ctx, g, c.d.Path, nil, "roles")
			if err != nil {
				return nil
			}
			c.held = []string{}
			for _, r := range held {
				c.held = append(c.held, r.ID)
			}
		}
		if c.held == nil {
			return nil
		}
		return map[string]any{"roles": c.held}
	}
	if c.person == nil && wanted {
		person, _, err := g.person(ctx, c.d.Users[0])
		if err != nil {
			return nil
		}
		c.person = person
	}
	if c.person == nil {
		return nil
	}
	return touched(c.person, c.d.Fields)
}

// touched are the values that a change replaces. A new email or number takes its verification away: that goes along.
func touched(person, fields map[string]any) map[string]any {
	out := map[string]any{}
	for name, v := range fields {
		switch name {
		case "password", "connection", "client_id", "verify_email", "verify_phone_number":
		case "user_metadata", "app_metadata":
			keys, _ := v.(map[string]any)
			have, _ := person[name].(map[string]any)
			was := map[string]any{}
			for k := range keys {
				was[k] = have[k]
			}
			out[name] = was
		default:
			out[name] = person[name]
		}
	}
	for changed, verified := range map[string]string{"email": "email_verified", "phone_number": "phone_verified"} {
		if _, ok := fields[changed]; ok {
			out[verified] = person[verified]
		}
	}
	return out
}
