package setup

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"usher/auth0client/term"
)

// present is what of the wanted is in the tenant already.
type present struct {
	management string // identifier of the Management API
	api        *apiRecord
	roles      map[string]*roleRecord
	console    *appRecord
	gateway    *appRecord
	keys       []keyRecord // of the gateway's application
	grant      *grantRecord
}

type apiRecord struct {
	ID                 string        `json:"id"`
	Identifier         string        `json:"identifier"`
	System             bool          `json:"is_system"`
	Scopes             []scopeRecord `json:"scopes"`
	EnforcePolicies    bool          `json:"enforce_policies"`
	TokenDialect       string        `json:"token_dialect"`
	AllowOfflineAccess bool          `json:"allow_offline_access"`
	TokenLifetime      int           `json:"token_lifetime"`
	SigningAlg         string        `json:"signing_alg"`
	Subjects           struct {
		User, Client struct {
			Policy string `json:"policy"`
		}
	} `json:"subject_type_authorization"`
}

type scopeRecord struct {
	Value       string `json:"value"`
	Description string `json:"description,omitempty"`
}

type roleRecord struct {
	ID          string `json:"id"`
	Name        string `json:"name"`
	Description string `json:"description"`
	permissions []permissionRecord
}

type permissionRecord struct {
	API  string `json:"resource_server_identifier"`
	Name string `json:"permission_name"`
}

type appRecord struct {
	ClientID       string         `json:"client_id"`
	Name           string         `json:"name"`
	Type           string         `json:"app_type"`
	FirstParty     *bool          `json:"is_first_party"`
	OIDCConformant bool           `json:"oidc_conformant"`
	AuthMethod     string         `json:"token_endpoint_auth_method"`
	GrantTypes     []string       `json:"grant_types"`
	Callbacks      []string       `json:"callbacks"`
	RefreshToken   map[string]any `json:"refresh_token"`
	JWT            map[string]any `json:"jwt_configuration"`
	Methods        struct {
		Key *struct {
			Credentials []struct {
				ID string `json:"id"`
			} `json:"credentials"`
		} `json:"private_key_jwt"`
	} `json:"client_authentication_methods"`
}

// appFields are what is asked of an application: never its secret.
const appFields = "client_id,name,app_type,is_first_party,oidc_conformant,token_endpoint_auth_method,grant_types,callbacks," +
	"refresh_token,jwt_configuration,client_authentication_methods"

type keyRecord struct {
	ID  string `json:"id"`
	KID string `json:"kid"`
	Alg string `json:"alg"`
}

type grantRecord struct {
	ID       string   `json:"id"`
	ClientID string   `json:"client_id"`
	Audience string   `json:"audience"`
	Scopes   []string `json:"scope"`
	Subject  string   `json:"subject_type"`
}

// read looks at the tenant. It changes nothing.
func read(ctx context.Context, t Tenant, o Options) (*present, error) {
	p := &present{roles: map[string]*roleRecord{}}
	apis, err := list[apiRecord](ctx, t, "resource-servers", nil, "resource_servers")
	if err != nil {
		return nil, err
	}
	for i, a := range apis {
		switch {
		case a.System && strings.HasSuffix(a.Identifier, "/api/v2/"):
			p.management = a.Identifier
		case a.Identifier == o.Audience:
			p.api = &apis[i]
		}
	}
	if p.management == "" {
		return nil, errors.New("the tenant does not show its Management API among its APIs")
	}
	if err := p.readRoles(ctx, t); err != nil {
		return nil, err
	}
	if err := p.readApps(ctx, t, o); err != nil {
		return nil, err
	}
	if p.gateway == nil {
		return p, nil
	}
	return p, p.readGateway(ctx, t, o)
}

func (p *present) readRoles(ctx context.Context, t Tenant) error {
	roles, err := list[roleRecord](ctx, t, "roles", url.Values{"name_filter": {"usher"}}, "roles")
	if err != nil {
		return err
	}
	for _, preset := range Presets(nil) {
		i := slices.IndexFunc(roles, func(r roleRecord) bool { return r.Name == preset.Name })
		if i < 0 {
			continue
		}
		r := &roles[i]
		if r.permissions, err = list[permissionRecord](ctx, t, "roles/"+url.PathEscape(r.ID)+"/permissions", nil, "permissions"); err != nil {
			return err
		}
		p.roles[r.Name] = r
	}
	return nil
}

func (p *present) readApps(ctx context.Context, t Tenant, o Options) error {
	apps, err := list[appRecord](ctx, t, "clients", url.Values{"fields": {appFields}, "include_fields": {"true"}, "is_global": {"false"}}, "clients")
	if err != nil {
		return err
	}
	if p.console, err = choose(apps, ConsoleName, o.ConsoleApp, "--console-app"); err != nil {
		return err
	}
	p.gateway, err = choose(apps, GatewayName, o.GatewayApp, "--gateway-app")
	return err
}

// choose finds an application by the id that was given, else by its name.
func choose(apps []appRecord, name, id, flag string) (*appRecord, error) {
	var found []*appRecord
	for i, a := range apps {
		if id != "" && a.ClientID == id || id == "" && a.Name == name {
			found = append(found, &apps[i])
		}
	}
	switch {
	case len(found) == 1:
		return found[0], nil
	case id != "":
		return nil, fmt.Errorf("the tenant has no application %s, which %s names", term.Line(id), flag)
	case len(found) == 0:
		return nil, nil
	}
	ids := make([]string, 0, len(found))
	for _, a := range found {
		ids = append(ids, term.Line(a.ClientID).String())
	}
	return nil, fmt.Errorf("the tenant has %d applications named %q (%s); say which one is usher's with %s", len(found), name, strings.Join(ids, ", "), flag)
}

func (p *present) readGateway(ctx context.Context, t Tenant, o Options) error {
	if o.Key != nil {
		if err := t.Call(ctx, http.MethodGet, "clients/"+url.PathEscape(p.gateway.ClientID)+"/credentials", nil, &p.keys); err != nil {
			return err
		}
	}
	grants, err := list[grantRecord](ctx, t, "client-grants", url.Values{"client_id": {p.gateway.ClientID}, "audience": {p.management}}, "client_grants")
	if err != nil {
		return err
	}
	for i, g := range grants {
		if g.Subject == "" || g.Subject == "client" {
			p.grant = &grants[i]
		}
	}
	return nil
}

// mostPages bounds a list: tenants have thousands of applications at most.
const mostPages = 100

// list reads a list whole.
func list[T any](ctx context.Context, t Tenant, path string, query url.Values, key string) ([]T, error) {
	var out []T
	for page := range mostPages {
		q := url.Values{"page": {fmt.Sprint(page)}, "per_page": {"100"}, "include_totals": {"true"}}
		for k, v := range query {
			q[k] = v
		}
		var answer map[string]json.RawMessage
		if err := t.Call(ctx, http.MethodGet, path+"?"+q.Encode(), nil, &answer); err != nil {
			return nil, err
		}
		var rows []T
		if err := json.Unmarshal(answer[key], &rows); err != nil {
			return nil, fmt.Errorf("%s: the list is not what Auth0 sends", doing(http.MethodGet, path))
		}
		var total int
		_ = json.Unmarshal(answer["total"], &total) // without one the first empty page is the end
		out = append(out, rows...)
		if len(rows) == 0 || total > 0 && len(out) >= total {
			return out, nil
		}
	}
	return nil, fmt.Errorf("%s: there are more than anybody has", doing(http.MethodGet, path))
}
