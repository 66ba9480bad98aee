package auth0client

import (
	"context"
	"strings"

	"github.com/auth0/go-auth0/v3/management"

	"usher/auth0client/term"
)

type methodJSON struct {
	ID         text   `json:"id"`
	Type       text   `json:"type"`
	Name       text   `json:"name"`
	Phone      text   `json:"phone_number"`
	Email      text   `json:"email"`
	Preferred  text   `json:"preferred_authentication_method"`
	Confirmed  *flag  `json:"confirmed"`
	CreatedAt  moment `json:"created_at"`
	LastAuthAt moment `json:"last_auth_at"`
}

// AuthenticationMethods reads a user's methods, half enrolled ones included.
func (c *Client) AuthenticationMethods(ctx context.Context, id UserID) ([]AuthenticationMethod, error) {
	body, err := c.read(ctx, "read the authentication methods", func(ctx context.Context) error {
		_, err := c.users.AuthenticationMethods.List(ctx, string(id), &management.ListUserAuthenticationMethodsRequestParameters{Page: ptr(0), PerPage: ptr(100), IncludeTotals: ptr(true)})
		return err
	}, string(id))
	if err != nil {
		return nil, err
	}
	items, _, err := list[methodJSON](body, "authenticators", "authentication_methods")
	if err != nil {
		return nil, err
	}
	out := make([]AuthenticationMethod, len(items))
	for i, m := range items {
		detail := []string{}
		for _, t := range []text{m.Name, m.Phone, m.Email} {
			if t != "" {
				detail = append(detail, string(t))
			}
		}
		out[i] = AuthenticationMethod{
			ID: string(m.ID), Kind: MethodKind(m.Type), Label: methodLabel(MethodKind(m.Type)),
			Detail: term.Line(strings.Join(detail, ", ")), Confirmed: m.Confirmed == nil || bool(*m.Confirmed),
			CreatedAt: m.CreatedAt.Time, LastAuthAt: m.LastAuthAt.Time,
		}
	}
	return out, nil
}

func methodLabel(k MethodKind) term.Safe {
	words := map[MethodKind]string{
		"totp": "Authenticator app", "push": "Push to Guardian app", "guardian": "Guardian app", "phone": "Phone (SMS or voice)",
		"email": "Email code", "email-verification": "Email link", "recovery-code": "Recovery code",
		"webauthn-roaming": "Security key", "webauthn-platform": "Device biometrics", "passkey": "Passkey", "password": "Password",
	}
	if w, ok := words[k]; ok {
		return term.Line(w)
	}
	return term.Line(string(k))
}

// DeleteAuthenticationMethod takes one method away.
func (c *Client) DeleteAuthenticationMethod(ctx context.Context, id UserID, method string) error {
	_, err := c.write(ctx, "remove the authentication method", func(ctx context.Context) error {
		return c.users.AuthenticationMethods.Delete(ctx, string(id), method)
	}, string(id), method)
	return err
}

// ForgetBrowsers makes every remembered browser ask for a second factor again.
func (c *Client) ForgetBrowsers(ctx context.Context, id UserID) error {
	_, err := c.write(ctx, "forget the remembered browsers", func(ctx context.Context) error {
		return c.users.Multifactor.InvalidateRememberBrowser(ctx, string(id))
	}, string(id))
	return err
}
