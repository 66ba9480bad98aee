package localtenant

import (
	"net/http"
	"slices"
	"strings"

	"github.com/go-jose/go-jose/v4/jwt"
)

// clientToken answers a client that asks in its own name: it gets what its client grant on the API says. The tenant is
// locked.
func (t *Tenant) clientToken(w http.ResponseWriter, c *client, p map[string]string, v visitor) *refusal {
	audience := t.audienceAsked(func(name string) string { return p[name] })
	scopes, bad := t.clientScopes(c, audience, strings.Fields(p["scope"]))
	if bad != nil {
		t.noteEvent("feccft", nil, bad.description, v)
		return bad
	}
	now, api := t.now(), t.api(audience)
	life := api.life(accessLife)
	claims := claims{Claims: jwt.Claims{
		Issuer: t.Issuer(), Subject: c.ID + "@clients", Audience: jwt.Audience{api.Identifier},
		IssuedAt: jwt.NewNumericDate(now), Expiry: jwt.NewNumericDate(now.Add(life)), ID: secret(22, alnum),
	}, Scope: strings.Join(scopes, " "), Grant: "client-credentials"}
	if api.tellsPermissions() {
		claims.Permissions = scopes
	}
	raw, err := t.sign(api.dress(&claims, c.ID), claims)
	if err != nil {
		return unsigned()
	}
	t.noteEvent("seccft", nil, "Client Credentials for Access Token", v)
	out := map[string]any{"access_token": raw, "expires_in": int(life.Seconds()), "token_type": "Bearer"}
	if len(scopes) > 0 {
		out["scope"] = claims.Scope
	}
	sendJSON(w, http.StatusOK, out)
	return nil
}

func (t *Tenant) clientScopes(c *client, audience string, want []string) ([]string, *refusal) {
	denied := func(why string) ([]string, *refusal) {
		return nil, &refusal{http.StatusForbidden, "access_denied", why}
	}
	if audience == "" {
		return denied("No audience parameter was provided, and no default audience has been configured")
	}
	api := t.api(audience)
	if api == nil {
		return denied("Service not found: " + audience)
	}
	g := t.clientGrant(c.ID, api, subjectClient)
	if g == nil || api.policy(subjectClient, policyRequireGrant) == policyDenyAll || api.System && !c.FirstParty {
		return nil, notAuthorized(audience)
	}
	have := g.gives(api)
	if len(want) == 0 {
		return have, nil
	}
	missing := slices.DeleteFunc(slices.Clone(want), func(s string) bool { return slices.Contains(have, s) })
	if len(missing) > 0 {
		return denied("Client has not been granted scopes: " + strings.Join(missing, ", "))
	}
	return want, nil
}
