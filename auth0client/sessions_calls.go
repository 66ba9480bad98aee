package auth0client

import (
	"context"
	"errors"
	"strings"

	"github.com/auth0/go-auth0/v3/management"

	"usher/auth0client/term"
)

type sessionJSON struct {
	ID         text   `json:"id"`
	CreatedAt  moment `json:"created_at"`
	LastActive moment `json:"last_interacted_at"`
	ExpiresAt  moment `json:"expires_at"`
	Device     struct {
		IP    text `json:"last_ip"`
		Agent text `json:"last_user_agent"`
	} `json:"device"`
	Clients []struct {
		ID text `json:"client_id"`
	} `json:"clients"`
}

func (s sessionJSON) session() Session {
	out := Session{ID: string(s.ID), CreatedAt: s.CreatedAt.Time, LastActive: s.LastActive.Time, ExpiresAt: s.ExpiresAt.Time,
		IP: s.Device.IP.line(), UserAgent: s.Device.Agent.line()}
	for _, c := range s.Clients {
		out.Applications = append(out.Applications, c.ID.line())
	}
	return out
}

// mostSessions bounds how many sessions, tokens or grants of one user are read.
const mostSessions = 1000

// Sessions reads a user's sessions. [Forbidden] or [NotFound] means that the tenant's plan has none to show.
func (c *Client) Sessions(ctx context.Context, id UserID) ([]Session, error) {
	return whole(mostSessions, func(from *string) (Batch[Session], error) {
		body, err := c.read(ctx, "read the sessions", func(ctx context.Context) error {
			_, err := c.users.Sessions.List(ctx, string(id), &management.ListUserSessionsRequestParameters{From: from, Take: ptr(take)})
			return err
		}, string(id))
		if err != nil {
			return Batch[Session]{}, err
		}
		return batch(body, sessionJSON.session, "sessions")
	})
}

// EndSession ends one session and its refresh tokens. Auth0 does it a little later.
func (c *Client) EndSession(ctx context.Context, id string) error {
	_, err := c.write(ctx, "end the session", func(ctx context.Context) error { return c.sessions.Revoke(ctx, id) }, id)
	return err
}

type refreshJSON struct {
	ID        text   `json:"id"`
	Client    text   `json:"client_id"`
	Session   text   `json:"session_id"`
	CreatedAt moment `json:"created_at"`
	Exchanged moment `json:"last_exchanged_at"`
	ExpiresAt moment `json:"expires_at"`
	Rotating  flag   `json:"rotating"`
}

func (r refreshJSON) token() RefreshToken {
	return RefreshToken{ID: string(r.ID), Application: r.Client.line(), Session: string(r.Session), CreatedAt: r.CreatedAt.Time,
		LastExchanged: r.Exchanged.Time, ExpiresAt: r.ExpiresAt.Time, Rotating: bool(r.Rotating)}
}

// RefreshTokens reads a user's refresh tokens. [Forbidden] or [NotFound] means that the tenant's plan has none to show.
func (c *Client) RefreshTokens(ctx context.Context, id UserID) ([]RefreshToken, error) {
	return whole(mostSessions, func(from *string) (Batch[RefreshToken], error) {
		body, err := c.read(ctx, "read the refresh tokens", func(ctx context.Context) error {
			_, err := c.users.RefreshToken.List(ctx, string(id), &management.ListRefreshTokensRequestParameters{From: from, Take: ptr(take)})
			return err
		}, string(id))
		if err != nil {
			return Batch[RefreshToken]{}, err
		}
		return batch(body, refreshJSON.token, "tokens", "refresh_tokens")
	})
}

// RevokeRefreshToken ends one refresh token.
func (c *Client) RevokeRefreshToken(ctx context.Context, id string) error {
	_, err := c.write(ctx, "revoke the refresh token", func(ctx context.Context) error { return c.refreshTokens.Delete(ctx, id) }, id)
	return err
}

type deviceJSON struct {
	ID     text `json:"id"`
	Name   text `json:"device_name"`
	Client text `json:"client_id"`
	Kind   text `json:"type"`
}

// DeviceCredentials reads a user's refresh tokens the way every plan shows them. Both kinds are asked for.
func (c *Client) DeviceCredentials(ctx context.Context, id UserID) ([]DeviceCredential, error) {
	var out []DeviceCredential
	for _, kind := range []management.DeviceCredentialTypeEnum{management.DeviceCredentialTypeEnumRefreshToken, management.DeviceCredentialTypeEnumRotatingRefreshToken} {
		found, err := paged(func(page int) ([]byte, error) {
			return c.read(ctx, "read the devices", func(ctx context.Context) error {
				_, err := c.devices.List(ctx, &management.ListDeviceCredentialsRequestParameters{UserID: ptr(string(id)), Type: kind.Ptr(), Page: ptr(page), PerPage: ptr(take)})
				return err
			}, string(id))
		}, func(d deviceJSON) DeviceCredential {
			return DeviceCredential{ID: string(d.ID), Device: d.Name.line(), Application: d.Client.line(), Kind: term.Line(string(kind))}
		}, "device_credentials")
		if err != nil {
			return nil, err
		}
		out = append(out, found...)
	}
	return out, nil
}

// RevokeDevice takes one device credential away.
func (c *Client) RevokeDevice(ctx context.Context, id string) error {
	_, err := c.write(ctx, "revoke the device", func(ctx context.Context) error { return c.devices.Delete(ctx, id) }, id)
	return err
}

type grantJSON struct {
	ID     text   `json:"id"`
	Client text   `json:"clientID"`
	API    text   `json:"audience"`
	Scope  []text `json:"scope"`
}

// Grants reads what a user has allowed applications to do.
func (c *Client) Grants(ctx context.Context, id UserID) ([]Grant, error) {
	return paged(func(page int) ([]byte, error) {
		return c.read(ctx, "read the grants", func(ctx context.Context) error {
			_, err := c.grants.List(ctx, &management.ListUserGrantsRequestParameters{UserID: ptr(string(id)), Page: ptr(page), PerPage: ptr(take)})
			return err
		}, string(id))
	}, func(g grantJSON) Grant {
		out := Grant{ID: string(g.ID), Application: g.Client.line(), API: g.API.line()}
		for _, s := range g.Scope {
			out.Scopes = append(out.Scopes, s.line())
		}
		return out
	}, "grants")
}

// RevokeGrant takes one grant away, and with it its refresh tokens.
func (c *Client) RevokeGrant(ctx context.Context, id string) error {
	_, err := c.write(ctx, "revoke the grant", func(ctx context.Context) error { return c.grants.Delete(ctx, id) }, id)
	return err
}

// SignOutEverywhere ends all a user's sessions and refresh tokens. Where the tenant's plan has no such call, it takes away
// device credentials and grants instead; what was done before an error is in the answer.
func (c *Client) SignOutEverywhere(ctx context.Context, id UserID) (SignOut, error) {
	_, err := c.write(ctx, "sign the user out", func(ctx context.Context) error {
		return c.users.RevokeAccess(ctx, string(id), &management.RevokeUserAccessRequestContent{})
	}, string(id))
	if err == nil {
		return SignOut{Whole: true}, nil
	}
	if !PlanLacks(err) {
		return SignOut{}, err
	}
	var out SignOut
	devices, err := c.DeviceCredentials(ctx, id)
	if err != nil {
		return out, err
	}
	for _, d := range devices {
		if err := c.RevokeDevice(ctx, d.ID); err != nil {
			return out, err
		}
		out.Devices++
	}
	grants, err := c.Grants(ctx, id)
	if err != nil {
		return out, err
	}
	for _, g := range grants {
		if err := c.RevokeGrant(ctx, g.ID); err != nil {
			return out, err
		}
		out.Grants++
	}
	return out, nil
}

// PlanLacks reports a refusal that comes of the tenant's plan, and not of the operator's permissions or policies or of what
// the gateway itself was granted.
func PlanLacks(err error) bool {
	var forbidden *Forbidden
	if !errors.As(err, &forbidden) || forbidden.Permission != "" {
		return false
	}
	code := forbidden.Answer.Code.String()
	return code != "insufficient_scope" && !strings.HasPrefix(code, "usher_")
}
