// Package setup knows what a tenant needs for usher: an API with its permissions, three roles, the console's native
// application, and the gateway's own with least scopes. It compares that with what the tenant has, says the difference,
// and makes it with a short-lived admin token. Nothing is ever deleted or taken away.
package setup

import (
	"fmt"
	"slices"
	"strings"

	"usher/auth0client/gateway/policy"
	"usher/auth0client/signin"
)

const (
	// DefaultAudience is the identifier of usher's API, unless another is chosen. It is a name and no address.
	DefaultAudience = "urn:usher"
	// APIName, ConsoleName and GatewayName are how usher's API and applications are called in the Dashboard.
	APIName     = "usher"
	ConsoleName = "usher console"
	GatewayName = "usher gateway"

	// tokenLifetime is how long an operator's access token is good at most, in seconds: a permission that is taken away
	// counts until then.
	tokenLifetime = 3600
	// refreshLifetime and refreshIdle bound a sign-in, in seconds: 30 days, and 7 without use.
	refreshLifetime = 30 * 24 * 3600
	refreshIdle     = 7 * 24 * 3600
)

// Options is what a tenant is to be set up for.
type Options struct {
	Issuer   string          // with its slash
	Audience string          // identifier of usher's API
	Actions  []policy.Action // what usher will be used for
	Key      *PublicKey      // of the gateway; nil: it has a secret
	// KeepSecret keeps the secret of a gateway's application at once when it is made: Auth0 gives it once.
	KeepSecret func(signin.Secret) error
	// ConsoleApp and GatewayApp are client ids where an application is not to be found by its name.
	ConsoleApp, GatewayApp string
}

// Actions reads a list of features: an action such as users:edit, or all of a kind such as mfa. Nothing is everything.
// Reading users is always among them.
func Actions(features []string) ([]policy.Action, error) {
	if len(features) == 0 {
		return policy.Actions(), nil
	}
	wanted := map[policy.Action]bool{policy.UsersRead: true}
	var kinds []string
	for _, f := range features {
		f, found := strings.TrimSpace(f), false
		for _, a := range policy.Actions() {
			kind, _, _ := strings.Cut(string(a), ":")
			if f == kind || f == string(a) {
				wanted[a], found = true, true
			}
			if !slices.Contains(kinds, kind) {
				kinds = append(kinds, kind)
			}
		}
		if !found {
			return nil, fmt.Errorf("there is no feature %q; there are %s, and single permissions such as users:edit", f, strings.Join(kinds, ", "))
		}
	}
	return slices.DeleteFunc(policy.Actions(), func(a policy.Action) bool { return !wanted[a] }), nil
}

// Describe says what a permission lets somebody do, in the words of the Dashboard's list.
func Describe(a policy.Action) string {
	switch a {
	case policy.UsersRead:
		return "Find users and see their profiles"
	case policy.UsersCreate:
		return "Create users"
	case policy.UsersEdit:
		return "Edit profiles, metadata and identities"
	case policy.UsersBlock:
		return "Block users, and lift both kinds of block"
	case policy.UsersDelete:
		return "Delete users for good"
	case policy.UsersPassword:
		return "Send password resets and make reset links"
	case policy.MFARead:
		return "See enrolled factors"
	case policy.MFAReset:
		return "Remove factors and make enrolment links"
	case policy.SessionsRead:
		return "See sessions, devices and authorized applications"
	case policy.SessionsRevoke:
		return "Sign users out and revoke their devices"
	case policy.RolesRead:
		return "See roles, permissions and groups"
	case policy.RolesAssign:
		return "Assign and remove roles and permissions"
	case policy.RolesManage:
		return "Create, change and delete roles"
	case policy.OrgsRead:
		return "See organizations and their members"
	case policy.OrgsManage:
		return "Add, invite and remove members of organizations"
	case policy.LogsRead:
		return "Read the log of users"
	case policy.StatsRead:
		return "See sign-in statistics"
	case policy.BulkRun:
		return "Run jobs over many users"
	case policy.JournalRead:
		return "Read usher's journal of changes"
	}
	return string(a)
}

// Preset is one of the roles that come with usher.
type Preset struct {
	Name, Description string
	Permissions       []policy.Action
}

// Presets are the roles, with those of their permissions that are used.
func Presets(actions []policy.Action) []Preset {
	presets := []Preset{
		{"usher viewer", "May look at users and change nothing", policy.Preset("viewer")},
		{"usher support", "May help users: block, reset, sign out, edit", policy.Preset("support")},
		{"usher admin", "May do everything usher offers", policy.Preset("admin")},
	}
	for i := range presets {
		presets[i].Permissions = slices.DeleteFunc(presets[i].Permissions, func(a policy.Action) bool { return !slices.Contains(actions, a) })
	}
	return presets
}

// Callbacks are where a browser comes back to at usher login --web. Auth0 compares them letter by letter.
func Callbacks() []string {
	return []string{"http://127.0.0.1:8484/callback", "http://127.0.0.1:8485/callback", "http://127.0.0.1:8486/callback"}
}

// ConsoleGrants are the grant types of the console's application, GatewayGrants those of the gateway's.
func ConsoleGrants() []string {
	return []string{"authorization_code", "refresh_token", "urn:ietf:params:oauth:grant-type:device_code"}
}

// GatewayGrants are the grant types of the gateway's application.
func GatewayGrants() []string { return []string{"client_credentials"} }

// AdminScopes are what the admin token must hold. A key of the gateway takes two more than a secret.
func AdminScopes(key bool) []string {
	var out []string
	for _, thing := range []string{"clients", "client_grants", "resource_servers", "roles"} {
		out = append(out, "create:"+thing, "read:"+thing, "update:"+thing)
	}
	if key {
		out = append(out, "create:client_credentials", "read:client_credentials")
	}
	slices.Sort(out)
	return out
}
