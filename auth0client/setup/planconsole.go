package setup

import (
	"context"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"usher/auth0client/term"
)

const (
	labelType      = "application type (app_type)"
	labelOIDC      = "OIDC conformant (oidc_conformant)"
	labelAuth      = "authentication method (token_endpoint_auth_method)"
	labelGrants    = "grant types (grant_types)"
	labelCallbacks = "allowed callback URLs (callbacks)"
	labelRotation  = "refresh token rotation (refresh_token.rotation_type)"
	labelExpiry    = "refresh token expiration (refresh_token.expiration_type)"
	labelAbsolute  = "refresh token lifetime in seconds (refresh_token.token_lifetime)"
	labelIdle      = "refresh token lifetime without use in seconds (refresh_token.idle_token_lifetime)"
	labelIDToken   = "id token algorithm (jwt_configuration.alg)"
)

// refreshWanted is how the console's refresh tokens live.
func refreshWanted() map[string]any {
	return map[string]any{
		"rotation_type": "rotating", "expiration_type": "expiring", "leeway": 0, "token_lifetime": refreshLifetime, "infinite_token_lifetime": false,
		"idle_token_lifetime": refreshIdle, "infinite_idle_token_lifetime": false,
	}
}

// planConsole compares the native application that operators sign in with.
func planConsole(a *appRecord) (Step, error) {
	thing := fmt.Sprintf("native application %q", ConsoleName)
	if a == nil {
		return createConsole(thing), nil
	}
	if a.FirstParty != nil && !*a.FirstParty {
		return Step{}, fmt.Errorf("the application %s (%s) is a third-party one, which Auth0 has no device code for; rename it, and usher setup makes another",
			term.Line(a.Name), term.Line(a.ClientID))
	}
	d := newDiff()
	if a.Type != "native" {
		d.set("app_type", labelType, a.Type, "native", "native")
	}
	if !a.OIDCConformant {
		d.set("oidc_conformant", labelOIDC, "off", "on", true)
	}
	if a.AuthMethod != "none" {
		d.set("token_endpoint_auth_method", labelAuth, a.AuthMethod, "none", "none")
	}
	d.grants(a.GrantTypes, ConsoleGrants())
	if more := lacking(a.Callbacks, Callbacks()); len(more) > 0 {
		d.set("callbacks", labelCallbacks, have(a.Callbacks), added(more), append(slices.Clone(a.Callbacks), more...))
	}
	for _, u := range surplus(a.Callbacks, Callbacks()) {
		d.leave("it may also come back to %s", u)
	}
	d.idToken(a.JWT)
	d.refresh(a.RefreshToken)
	return d.step(thing, patchApp(a.ClientID, d)), nil
}

func patchApp(id string, d *diff) func(context.Context, Tenant, *made) error {
	return func(ctx context.Context, t Tenant, _ *made) error {
		return t.Call(ctx, http.MethodPatch, "clients/"+url.PathEscape(id), d.body, nil)
	}
}

func (d *diff) grants(there, want []string) {
	if more := lacking(there, want); len(more) > 0 {
		d.set("grant_types", labelGrants, have(there), added(more), append(slices.Clone(there), more...))
	}
	for _, g := range surplus(there, want) {
		d.leave("it may also use the grant %s, which usher does not need: switch it off", g)
	}
}

// idToken: usher takes no token that is signed with a shared secret.
func (d *diff) idToken(there map[string]any) {
	alg, _ := there["alg"].(string)
	if alg == "RS256" || alg == "PS256" {
		return
	}
	if alg == "" {
		alg = "unset"
	}
	whole := maps.Clone(there)
	if whole == nil {
		whole = map[string]any{}
	}
	whole["alg"] = "RS256"
	d.set("jwt_configuration", labelIDToken, alg, "RS256", whole)
}

// refresh compares how refresh tokens live. Shorter lives and a leeway of the tenant's own are left alone.
func (d *diff) refresh(there map[string]any) {
	whole := maps.Clone(there)
	if whole == nil {
		whole = map[string]any{"leeway": 0}
	}
	set := func(label, was, want string, values map[string]any) {
		maps.Copy(whole, values)
		d.set("refresh_token", label, was, want, whole)
	}
	if kind, _ := there["rotation_type"].(string); kind != "rotating" {
		set(labelRotation, unset(kind), "rotating", map[string]any{"rotation_type": "rotating"})
	}
	kind, _ := there["expiration_type"].(string)
	if kind != "expiring" {
		set(labelExpiry, unset(kind), "expiring", map[string]any{"expiration_type": "expiring"})
	}
	for _, life := range []struct {
		label, field, infinite string
		most                   int
	}{
		{labelAbsolute, "token_lifetime", "infinite_token_lifetime", refreshLifetime},
		{labelIdle, "idle_token_lifetime", "infinite_idle_token_lifetime", refreshIdle},
	} {
		seconds, _ := there[life.field].(float64)
		endless := there[life.infinite] == true
		switch {
		case endless || seconds <= 0 || int(seconds) > life.most:
			was := fmt.Sprint(int(seconds))
			if endless {
				was = "for ever"
			}
			set(life.label, was, fmt.Sprint(life.most), map[string]any{life.field: life.most, life.infinite: false})
		case int(seconds) < life.most:
			d.leave("%s is %d, which is shorter than %d", life.label, int(seconds), life.most)
		}
	}
	if leeway, _ := there["leeway"].(float64); leeway > 0 {
		d.leave("a refresh token may be used twice within %d seconds (leeway); usher needs none", int(leeway))
	}
}

func unset(s string) string {
	if s == "" {
		return "unset"
	}
	return s
}

func createConsole(thing string) Step {
	body := map[string]any{
		"name": ConsoleName, "description": "The console for the people who look after users", "app_type": "native", "oidc_conformant": true,
		"token_endpoint_auth_method": "none", "grant_types": ConsoleGrants(), "callbacks": Callbacks(), "refresh_token": refreshWanted(),
		"jwt_configuration": map[string]any{"alg": "RS256"},
	}
	return Step{
		Verb: Create, Thing: thing,
		Settings: []Setting{
			{Name: labelType, Want: "native"}, {Name: labelOIDC, Want: "on"}, {Name: labelAuth, Want: "none"},
			{Name: labelGrants, Want: strings.Join(ConsoleGrants(), " ")}, {Name: labelCallbacks, Want: strings.Join(Callbacks(), " ")},
			{Name: labelIDToken, Want: "RS256"}, {Name: labelRotation, Want: "rotating"}, {Name: labelExpiry, Want: "expiring"},
			{Name: labelAbsolute, Want: fmt.Sprint(refreshLifetime)}, {Name: labelIdle, Want: fmt.Sprint(refreshIdle)},
		},
		do: func(ctx context.Context, t Tenant, m *made) error {
			var app appRecord
			err := t.Call(ctx, http.MethodPost, "clients", body, &app)
			m.consoleID = app.ClientID
			return err
		},
	}
}
