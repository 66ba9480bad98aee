package setup

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"usher/auth0client/gateway/policy"
	"usher/auth0client/signin"
	"usher/auth0client/term"
)

// mostKeys is how many keys an application can have at Auth0: enough to change one without a gap.
const mostKeys = 2

// planGateway compares the machine-to-machine application.
func planGateway(p *present, o Options) (Step, error) {
	thing, a := fmt.Sprintf("machine-to-machine application %q", GatewayName), p.gateway
	if a == nil {
		return createGateway(thing, o.Key), nil
	}
	if a.FirstParty != nil && !*a.FirstParty {
		return Step{}, fmt.Errorf("the application %s (%s) is a third-party one, which Auth0 gives no access to the Management API; rename it, and usher setup makes another",
			term.Line(a.Name), term.Line(a.ClientID))
	}
	d := newDiff()
	if a.Type != "non_interactive" {
		d.set("app_type", labelType, a.Type, "non_interactive", "non_interactive")
	}
	d.grants(a.GrantTypes, GatewayGrants())
	patch := patchApp(a.ClientID, d)
	if o.Key == nil {
		if a.Methods.Key != nil {
			return Step{}, errors.New("the gateway's application proves itself with a key already, which is better than a secret; name the key's file with --key")
		}
		if a.AuthMethod == "none" {
			d.set("token_endpoint_auth_method", labelAuth, "none", "client_secret_post", "client_secret_post")
		}
		return d.step(thing, patch), nil
	}
	enabled, known := enabledKeys(a), ""
	for _, k := range p.keys {
		if k.KID == o.Key.ID && k.Alg == o.Key.Algorithm {
			known = k.ID
		} else {
			d.leave("it has another key too: %s", k.KID)
		}
	}
	if known != "" && slices.Contains(enabled, known) {
		return d.step(thing, patch), nil
	}
	if known == "" && len(p.keys) >= mostKeys {
		return Step{}, fmt.Errorf("the gateway's application has %d keys already and none is this one; remove one in the Dashboard, or name the file of one with --key", len(p.keys))
	}
	was := "another key"
	if a.Methods.Key == nil {
		was = "a secret, which stops working"
	}
	d.set("client_authentication_methods", "credential (private_key_jwt)", was, "the key "+o.Key.ID, nil)
	return d.step(thing, func(ctx context.Context, t Tenant, m *made) error {
		return addKey(ctx, t, a.ClientID, o.Key, known, enabled, d.body)
	}), nil
}

func enabledKeys(a *appRecord) []string {
	var ids []string
	if a.Methods.Key != nil {
		for _, k := range a.Methods.Key.Credentials {
			ids = append(ids, k.ID)
		}
	}
	return ids
}

// addKey registers the key unless it is, and makes it one of those that count.
func addKey(ctx context.Context, t Tenant, app string, key *PublicKey, known string, enabled []string, body map[string]any) error {
	if known == "" {
		var made keyRecord
		if err := t.Call(ctx, http.MethodPost, "clients/"+url.PathEscape(app)+"/credentials", key.credential(), &made); err != nil {
			return err
		}
		known = made.ID
	}
	credentials := []map[string]any{}
	for _, id := range append(slices.Clone(enabled), known) {
		credentials = append(credentials, map[string]any{"id": id})
	}
	body = maps.Clone(body)
	body["client_authentication_methods"] = map[string]any{"private_key_jwt": map[string]any{"credentials": credentials}}
	body["token_endpoint_auth_method"] = nil
	return t.Call(ctx, http.MethodPatch, "clients/"+url.PathEscape(app), body, nil)
}

// describe names the key; by hand it is not there yet.
func (k *PublicKey) describe() string {
	if k.ID == "" {
		return "the public half of an RSA key that only the gateway has, " + k.Algorithm
	}
	return "the key " + k.ID + ", " + k.Algorithm
}

func (k *PublicKey) credential() map[string]any {
	return map[string]any{"credential_type": "public_key", "name": "usher", "pem": k.PEM, "alg": k.Algorithm, "kid": k.ID}
}

func createGateway(thing string, key *PublicKey) Step {
	body := map[string]any{
		"name": GatewayName, "description": "Makes the changes that operators ask for in usher", "app_type": "non_interactive", "oidc_conformant": true,
		"grant_types": GatewayGrants(), "jwt_configuration": map[string]any{"alg": "RS256"},
	}
	proof := Setting{Name: labelAuth, Want: "client_secret_post"}
	if key == nil {
		body["token_endpoint_auth_method"] = "client_secret_post"
	} else {
		proof = Setting{Name: "credential (private_key_jwt)", Want: key.describe()}
		body["client_authentication_methods"] = map[string]any{"private_key_jwt": map[string]any{"credentials": []any{key.credential()}}}
	}
	return Step{
		Verb: Create, Thing: thing,
		Settings: []Setting{{Name: labelType, Want: "non_interactive"}, {Name: labelGrants, Want: strings.Join(GatewayGrants(), " ")}, proof},
		do: func(ctx context.Context, t Tenant, m *made) error {
			var app struct {
				ClientID string `json:"client_id"`
				Secret   string `json:"client_secret"` //nolint:gosec // handed on as a Secret
			}
			err := t.Call(ctx, http.MethodPost, "clients", body, &app)
			m.gatewayID = app.ClientID
			if key == nil {
				m.secret = signin.Secret(app.Secret)
			}
			return err
		},
	}
}

// planGrant compares what the gateway may do at the Management API.
func planGrant(g *grantRecord, management string, o Options) Step {
	thing, want := fmt.Sprintf("client grant of %q", GatewayName), policy.Scopes(o.Actions)
	if g == nil {
		return Step{
			Verb: Create, Thing: thing, Settings: []Setting{{Name: "API", Want: management}, {Name: "scopes", Want: strings.Join(want, " ")}},
			do: func(ctx context.Context, t Tenant, m *made) error {
				return t.Call(ctx, http.MethodPost, "client-grants", map[string]any{"client_id": m.gatewayID, "audience": management, "scope": want}, nil)
			},
		}
	}
	d := newDiff()
	if more := lacking(g.Scopes, want); len(more) > 0 {
		d.set("scope", "scopes", fmt.Sprintf("%d scopes", len(g.Scopes)), added(more), append(slices.Clone(g.Scopes), more...))
	}
	if extra := surplus(g.Scopes, want); len(extra) > 0 {
		d.leave("it has scopes that usher does not need: %s; take them off unless something else uses this application", strings.Join(extra, " "))
	}
	id := g.ID
	return d.step(thing, func(ctx context.Context, t Tenant, _ *made) error {
		return t.Call(ctx, http.MethodPatch, "client-grants/"+url.PathEscape(id), d.body, nil)
	})
}
