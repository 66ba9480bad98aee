package setup

import (
	"context"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"usher/auth0client/gateway/policy"
)

const (
	dialect = "access_token_authz"

	labelRBAC     = "RBAC (enforce_policies)"
	labelDialect  = "add permissions to the token (token_dialect)"
	labelOffline  = "offline access (allow_offline_access)"
	labelLifetime = "token lifetime in seconds (token_lifetime)"
	labelAlg      = "signing algorithm (signing_alg)"
	labelScopes   = "permissions (scopes)"
)

// planAPI compares usher's API.
func planAPI(a *apiRecord, o Options) Step {
	thing := fmt.Sprintf("API %q", APIName)
	if a == nil {
		return createAPI(thing, o)
	}
	d := newDiff()
	if !a.EnforcePolicies {
		d.set("enforce_policies", labelRBAC, "off", "on", true)
	}
	if a.TokenDialect != dialect && a.TokenDialect != "rfc9068_profile_authz" {
		d.set("token_dialect", labelDialect, a.TokenDialect, dialect, dialect)
	}
	if !a.AllowOfflineAccess {
		d.set("allow_offline_access", labelOffline, "off", "on", true)
	}
	switch {
	case a.TokenLifetime > tokenLifetime || a.TokenLifetime <= 0:
		d.set("token_lifetime", labelLifetime, fmt.Sprint(a.TokenLifetime), fmt.Sprint(tokenLifetime), tokenLifetime)
	case a.TokenLifetime < tokenLifetime:
		d.leave("its tokens last %d seconds, which is shorter than %d", a.TokenLifetime, tokenLifetime)
	}
	if a.SigningAlg != "RS256" && a.SigningAlg != "PS256" {
		d.set("signing_alg", labelAlg, a.SigningAlg, "RS256", "RS256")
	}
	if user := a.Subjects.User.Policy; user == "deny_all" || user == "require_client_grant" {
		policies := map[string]any{"user": map[string]any{"policy": "allow_all"}}
		if client := a.Subjects.Client.Policy; client != "" {
			policies["client"] = map[string]any{"policy": client}
		}
		d.set("subject_type_authorization", "who gets tokens for users (subject_type_authorization.user)", user, "allow_all", policies)
	}
	d.permissions(a.Scopes, o.Actions)
	id := a.ID
	return d.step(thing, func(ctx context.Context, t Tenant, _ *made) error {
		return t.Call(ctx, http.MethodPatch, "resource-servers/"+url.PathEscape(id), d.body, nil)
	})
}

// permissions compares the API's list, which can only be sent whole: what is there already is sent along.
func (d *diff) permissions(there []scopeRecord, actions []policy.Action) {
	scopes := slices.Clone(there)
	var have, news, described, own []string
	for i, s := range scopes {
		have = append(have, s.Value)
		want := Describe(policy.Action(s.Value))
		switch {
		case !slices.Contains(actions, policy.Action(s.Value)) || s.Description == want:
		case s.Description == "":
			scopes[i].Description = want
			described = append(described, s.Value)
		default:
			own = append(own, s.Value)
		}
	}
	if len(own) > 0 {
		d.leave("the tenant has its own descriptions of %s", strings.Join(own, " "))
	}
	for _, a := range actions {
		if !slices.Contains(have, string(a)) {
			news = append(news, string(a))
			scopes = append(scopes, scopeRecord{string(a), Describe(a)})
		}
	}
	if len(news) > 0 {
		d.set("scopes", labelScopes, fmt.Sprintf("%d permissions", len(have)), added(news), scopes)
	}
	if len(described) > 0 {
		d.set("scopes", "descriptions of permissions", "none", strings.Join(described, " "), scopes)
	}
	for _, s := range surplus(have, names(actions)) {
		d.leave("the permission %s is not among those that usher is set up for", s)
	}
}

func createAPI(thing string, o Options) Step {
	scopes := make([]scopeRecord, 0, len(o.Actions))
	for _, a := range o.Actions {
		scopes = append(scopes, scopeRecord{string(a), Describe(a)})
	}
	body := map[string]any{
		"name": APIName, "identifier": o.Audience, "signing_alg": "RS256", "enforce_policies": true, "token_dialect": dialect,
		"allow_offline_access": true, "token_lifetime": tokenLifetime, "scopes": scopes,
	}
	return Step{
		Verb: Create, Thing: thing,
		Settings: []Setting{
			{Name: "identifier", Want: o.Audience}, {Name: labelAlg, Want: "RS256"}, {Name: labelRBAC, Want: "on"}, {Name: labelDialect, Want: dialect},
			{Name: labelOffline, Want: "on"}, {Name: labelLifetime, Want: fmt.Sprint(tokenLifetime)},
			{Name: labelScopes, Want: strings.Join(names(o.Actions), " ")},
		},
		do: func(ctx context.Context, t Tenant, _ *made) error {
			return t.Call(ctx, http.MethodPost, "resource-servers", body, nil)
		},
	}
}

// planRole compares one of the preset roles.
func planRole(r *roleRecord, preset Preset, audience string) Step {
	thing := fmt.Sprintf("role %q", preset.Name)
	want := names(preset.Permissions)
	if r == nil {
		return Step{
			Verb: Create, Thing: thing,
			Settings: []Setting{{Name: "description", Want: preset.Description}, {Name: "permissions of " + audience, Want: strings.Join(want, " ")}},
			do: func(ctx context.Context, t Tenant, _ *made) error {
				var made roleRecord
				body := map[string]any{"name": preset.Name, "description": preset.Description}
				if err := t.Call(ctx, http.MethodPost, "roles", body, &made); err != nil {
					return err
				}
				return give(ctx, t, made.ID, audience, want)
			},
		}
	}
	d := newDiff()
	of := map[string][]string{}
	for _, p := range r.permissions {
		of[p.API] = append(of[p.API], p.Name)
	}
	have := of[audience]
	delete(of, audience)
	for _, api := range slices.Sorted(maps.Keys(of)) {
		d.leave("it also gives %d permissions of %s", len(of[api]), api)
	}
	if r.Description != preset.Description {
		d.leave("it is described as %q", r.Description)
	}
	for _, s := range surplus(have, want) {
		d.leave("it gives %s, which is more than the preset does: take it off unless that is meant", s)
	}
	missing := lacking(have, want)
	if len(missing) > 0 {
		d.set("permissions", "permissions of "+audience, fmt.Sprintf("%d permissions", len(have)), added(missing), nil)
	}
	id := r.ID
	return d.step(thing, func(ctx context.Context, t Tenant, _ *made) error { return give(ctx, t, id, audience, missing) })
}

// give gives permissions to a role. Those it holds are no error.
func give(ctx context.Context, t Tenant, role, audience string, permissions []string) error {
	if len(permissions) == 0 {
		return nil
	}
	rows := make([]permissionRecord, 0, len(permissions))
	for _, p := range permissions {
		rows = append(rows, permissionRecord{API: audience, Name: p})
	}
	return t.Call(ctx, http.MethodPost, "roles/"+url.PathEscape(role)+"/permissions", map[string]any{"permissions": rows}, nil)
}
