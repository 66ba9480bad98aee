package localtenant

import (
	"net/http"
	"slices"
	"strings"
	"time"
)

// asked is what a sign-in is for.
type asked struct {
	Client, Audience string
	Scopes           []string
	Nonce            string
	Org              string // id of an organization, empty for none
}

// proven is who signed in, when and how.
type proven struct {
	UserID, SID string
	At          time.Time
	MFA         bool
}

// family is one sign-in of a person to an app: its access tokens, and all refresh tokens rotated from its first.
type family struct {
	ID       string
	Asked    asked
	Who      proven
	Created  time.Time
	Absolute time.Time // until when it can be refreshed at most
	Ends     time.Time // when its last access token expires
	Offline  bool      // it has refresh tokens
	Gen      int       // how often it was rotated
	Rotated  time.Time
	Dead     bool // no refresh any more
	Revoked  bool // access tokens refused as well
}

// grantedScopes is what a token may carry.
type grantedScopes struct {
	scopes      []string
	permissions []string // nil when the API's tokens do not tell
}

func aboutIdentity(scope string) bool {
	return slices.Contains([]string{"openid", "profile", "email", "phone", "address", "offline_access"}, scope)
}

// Policies of an API for the apps that ask for its tokens, in Auth0's words.
const (
	policyAllowAll     = "allow_all"
	policyRequireGrant = "require_client_grant"
	policyDenyAll      = "deny_all"

	subjectClient = "client"
	subjectUser   = "user"
)

func notAuthorized(audience string) *refusal {
	return &refusal{http.StatusForbidden, "access_denied", `Client is not authorized to access "` + audience +
		`". You might probably want to create a "client-grant" associated to this API. See: ` +
		"https://auth0.com/docs/api/v2#!/Client_Grants/post_client_grants"}
}

// mayAsk says whether an app may ask for a person's tokens at all. The tenant is locked.
func (t *Tenant) mayAsk(c *client, a asked) *refusal {
	if a.Audience == "" {
		return nil
	}
	api := t.api(a.Audience)
	switch {
	case api == nil:
		return &refusal{http.StatusForbidden, "access_denied", "Service not found: " + a.Audience}
	case api.System && !c.FirstParty:
		return &refusal{http.StatusForbidden, "access_denied", "Third-party applications cannot be granted access to " + a.Audience}
	}
	switch policy := api.policy(subjectUser, policyAllowAll); {
	case policy == policyDenyAll, policy == policyRequireGrant && t.clientGrant(c.ID, api, subjectUser) == nil:
		return notAuthorized(a.Audience)
	}
	return nil
}

// clientGrant is what lets a client have an API's tokens in its own name or in a person's; nil when nothing does.
func (t *Tenant) clientGrant(clientID string, api *resourceServer, subject string) *clientGrant {
	return t.clientGrants.find(func(g *clientGrant) bool {
		return g.Client == clientID && g.API == api.ID && (g.Subject == subject || g.Subject == "" && subject == subjectClient)
	})
}

// gives are the scopes of a client grant.
func (g *clientGrant) gives(api *resourceServer) []string {
	if !g.AllScopes {
		return g.Scopes
	}
	out := make([]string, len(api.Scopes))
	for i, s := range api.Scopes {
		out[i] = s.Value
	}
	return out
}

// granted narrows what a sign-in asked for: OpenID scopes as asked, scopes of an API as its policies, RBAC and the client's
// grant allow, and for the Management API only those about oneself, whoever asks. The tenant is locked.
func (t *Tenant) granted(a asked, userID string) grantedScopes {
	api := t.api(a.Audience)
	var held []string
	rbac := api.rbac()
	if rbac {
		held = t.permissionsFor(userID, a.Audience, a.Org)
	}
	capped, most := api != nil && api.policy(subjectUser, policyAllowAll) == policyRequireGrant, []string{}
	if capped {
		if allowed := t.clientGrant(a.Client, api, subjectUser); allowed != nil {
			most = allowed.gives(api)
		}
	}
	fits := func(s string) bool {
		switch {
		case s == "offline_access":
			return t.mayStay(a)
		case aboutIdentity(s):
			return true
		case api == nil || !slices.ContainsFunc(api.Scopes, func(known scope) bool { return known.Value == s }):
			return false
		case capped && !slices.Contains(most, s):
			return false
		case api.System:
			return aboutOneself(s)
		}
		return !rbac || slices.Contains(held, s)
	}
	g := grantedScopes{scopes: []string{}}
	for _, s := range a.Scopes {
		if fits(s) && !slices.Contains(g.scopes, s) {
			g.scopes = append(g.scopes, s)
		}
	}
	if api.tellsPermissions() {
		g.permissions = held
	}
	return g
}

// mayStay reports that a sign-in may have a refresh token: the app is set up for it and so is the API. The Management API
// never is.
func (t *Tenant) mayStay(a asked) bool {
	c, api := t.clients.at(a.Client), t.api(a.Audience)
	return c != nil && c.may(grantRefresh) && (api == nil || api.Settings["allow_offline_access"] == true && !api.System)
}

// permissionsFor is what a user holds on one API, directly, through roles and through the roles they have in the
// organization they signed in to, sorted.
func (t *Tenant) permissionsFor(userID, api, org string) []string {
	out := []string{}
	for _, p := range t.userPerms.at(userID) {
		if p.API == api {
			out = append(out, p.Name)
		}
	}
	roles := t.rolesHeld(userID)
	if m, belongs := t.membership(org, userID); belongs {
		roles = append(roles, t.rolesHeldIn(userID, m)...)
	}
	for _, r := range roles {
		for _, p := range r.Permissions {
			if p.API == api {
				out = append(out, p.Name)
			}
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// knownOrg resolves the organization parameter, an id or, as Auth0 allows when so set, a name.
func (t *Tenant) knownOrg(idOrName string) *organization {
	if o := t.orgs.at(idOrName); o != nil {
		return o
	}
	return t.orgs.find(func(o *organization) bool { return strings.EqualFold(o.Name, idOrName) })
}
