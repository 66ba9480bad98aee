package auth0client

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"

	"github.com/auth0/go-auth0/v3/management"

	"usher/auth0client/term"
)

// UpdateUser makes one step of a change ([Change.Steps]) and gives the user as they are now. With what it rests on, the
// gateway refuses it as [Changed] when somebody else was faster.
func (c *Client) UpdateUser(ctx context.Context, id UserID, step Change, rests Unchanged) (User, error) {
	// Without go-auth0, whose type takes no null for most attributes: null is how one is removed.
	body, err := c.write(keepBefore(ifUnchanged(ctx, rests)), "change the user", c.plain(http.MethodPatch, "/api/v2/users/"+url.PathEscape(string(id)), nil, step), string(id))
	if err != nil {
		return User{}, err
	}
	return written(body, "change the user")
}

// written decodes the user that a write answers with. A success that is no user may come from something on the way, such
// as a hotel's login page.
func written(body []byte, what string) (User, error) {
	u, err := decodeUser(body)
	if err != nil {
		return User{}, fmt.Errorf("%s: %w", what, &Unknown{Err: err})
	}
	return u, nil
}

type unchangedKey struct{}

// WithUnchanged makes a change of roles made with ctx one that the gateway makes only while they are still so: rests holds
// the ids under "roles".
func WithUnchanged(ctx context.Context, rests Unchanged) context.Context {
	return ifUnchanged(ctx, rests)
}

// ifUnchanged makes the request of ctx one that the gateway makes only while the user is still so.
func ifUnchanged(ctx context.Context, rests Unchanged) context.Context {
	if len(rests) == 0 {
		return ctx
	}
	raw, err := json.Marshal(rests)
	if err != nil {
		return ctx
	}
	return context.WithValue(ctx, unchangedKey{}, base64.StdEncoding.EncodeToString(raw))
}

// CreateUser makes a user in a connection. attributes hold at least connection (its name).
func (c *Client) CreateUser(ctx context.Context, attributes Change) (User, error) {
	body, err := c.write(ctx, "create the user", c.plain(http.MethodPost, "/api/v2/users", nil, attributes))
	if err != nil {
		return User{}, err
	}
	return written(body, "create the user")
}

// DeleteUser deletes a user and what is linked to them, for good.
func (c *Client) DeleteUser(ctx context.Context, id UserID) error {
	_, err := c.write(ctx, "delete the user", func(ctx context.Context) error { return c.users.Delete(ctx, string(id)) }, string(id))
	return err
}

// LinkIdentity makes secondary an identity of primary. The secondary user is gone then, and with it their metadata.
// provider and id are the parts of the secondary's user id around its first bar.
func (c *Client) LinkIdentity(ctx context.Context, primary UserID, provider, id string) error {
	_, err := c.write(ctx, "link the identity", c.plain(http.MethodPost, "/api/v2/users/"+url.PathEscape(string(primary))+"/identities", nil,
		map[string]any{"provider": provider, "user_id": id}), string(primary))
	return err
}

// UnlinkIdentity makes an identity a user of its own again, without metadata.
func (c *Client) UnlinkIdentity(ctx context.Context, primary UserID, provider, id string) error {
	p := management.UserIdentityProviderEnum(provider)
	_, err := c.write(ctx, "unlink the identity", func(ctx context.Context) error {
		_, err := c.users.Identities.Delete(ctx, string(primary), &p, id)
		return err
	}, string(primary), provider, id)
	return err
}

// NewRecoveryCode makes the user's old recovery code invalid and gives the new one, which Auth0 shows this once.
func (c *Client) NewRecoveryCode(ctx context.Context, id UserID) (Secret, error) {
	body, err := c.write(ctx, "make a new recovery code", func(ctx context.Context) error {
		_, err := c.users.RegenerateRecoveryCode(ctx, string(id))
		return err
	}, string(id))
	if err != nil {
		return Secret{}, err
	}
	var answer struct {
		Code text `json:"recovery_code"`
	}
	if err := json.Unmarshal(body, &answer); err != nil || answer.Code == "" {
		return Secret{}, fmt.Errorf("make a new recovery code: %w", &Unknown{Err: badAnswer(err)})
	}
	return NewSecret(string(answer.Code)), nil
}

// IPBlocked reports whether attack protection blocks an address for the whole tenant.
func (c *Client) IPBlocked(ctx context.Context, ip string) (bool, error) {
	_, err := c.read(ctx, "look whether the address is blocked", func(ctx context.Context) error { return c.anomaly.CheckIP(ctx, ip) }, ip)
	if isNotFound(err) {
		return false, nil
	}
	return err == nil, err
}

// UnblockIP lifts attack protection's block of an address.
func (c *Client) UnblockIP(ctx context.Context, ip string) error {
	_, err := c.write(ctx, "lift the address's block", func(ctx context.Context) error { return c.anomaly.UnblockIP(ctx, ip) }, ip)
	return err
}

// ClearRisk forgets what made adaptive MFA wary of a user at a connection: their devices count as new again.
func (c *Client) ClearRisk(ctx context.Context, id UserID, connection string) error {
	_, err := c.write(ctx, "clear the risk assessments", func(ctx context.Context) error {
		return c.users.RiskAssessments.Clear(ctx, string(id), &management.ClearAssessorsRequestContent{Connection: connection,
			Assessors: []management.AssessorsTypeEnum{management.AssessorsTypeEnumNewDevice}})
	}, string(id))
	return err
}

// ResetEmail asks Auth0 to mail the user a link by which they set a new password. Users of other than database connections
// have none to set.
func (c *Client) ResetEmail(ctx context.Context, id UserID) error {
	_, err := c.own(ctx, "POST", "password-reset-email", map[string]any{"user_id": string(id)}, "send the password email")
	return err
}

// Factor is a kind of second factor that the tenant offers, or not.
type Factor struct {
	Name    term.Safe
	Enabled bool
}

type factorJSON struct {
	Name    text `json:"name"`
	Enabled flag `json:"enabled"`
}

// Factors reads which second factors the tenant offers.
func (c *Client) Factors(ctx context.Context) ([]Factor, error) {
	body, err := c.get(ctx, "read the tenant's factors", "guardian/factors", nil)
	if err != nil {
		return nil, err
	}
	return rows(body, func(f factorJSON) Factor { return Factor{f.Name.line(), bool(f.Enabled)} })
}
