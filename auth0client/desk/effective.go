package desk

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"strings"

	"usher/auth0client"
	"usher/auth0client/parallel"
)

// AccessReads is what finding out somebody's access needs.
type AccessReads interface {
	UserPermissions(ctx context.Context, id auth0client.UserID) ([]auth0client.Permission, error)
	EffectiveRoles(ctx context.Context, id auth0client.UserID) ([]auth0client.EffectiveRole, error)
	EffectivePermissions(ctx context.Context, id auth0client.UserID, api string) ([]auth0client.EffectivePermission, error)
	RolePermissions(ctx context.Context, id auth0client.RoleID) ([]auth0client.Permission, error)
}

// Grant is a permission somebody has, and every way by which.
type Grant struct {
	auth0client.Permission
	Direct bool
	Roles  []auth0client.EffectiveRole // that give it
	// ByRoles: a role gives it, but not known which.
	ByRoles bool
}

// Access is all that somebody may do.
type Access struct {
	Grants []Grant // by API, then by name
	Roles  []auth0client.EffectiveRole
	// Partial is why what comes through groups is not among them; nil when it is.
	Partial error
}

// AccessOf finds out what a user may do and by what. It takes two requests, one more for each role that comes through a
// group, and one more for each API whose permissions come without their sources. Where the tenant refuses to tell effective
// roles, what the user holds themselves is all there is, and Partial says so.
func AccessOf(ctx context.Context, tenant AccessReads, id auth0client.UserID) (Access, error) {
	var (
		out      Access
		held     []auth0client.Permission
		rolesErr error
		both     parallel.Group
	)
	both.Go(func() { out.Roles, rolesErr = tenant.EffectiveRoles(ctx, id) })
	held, err := tenant.UserPermissions(ctx, id)
	both.Wait()
	switch {
	case err != nil:
		return Access{}, err
	case rolesErr != nil && !unavailable(rolesErr):
		return Access{}, rolesErr
	}
	if rolesErr != nil {
		out.Roles, out.Partial = nil, rolesErr
	}
	all := collection{}
	for _, p := range held {
		all.own(p, out.Roles)
	}
	if err := all.throughGroups(ctx, tenant, out.Roles); err != nil {
		return Access{}, err
	}
	if err := all.explain(ctx, tenant, id); err != nil {
		return Access{}, err
	}
	out.Grants = all.sorted()
	return out, nil
}

// unavailable reports an answer that means: not in this plan, or not with this scope.
func unavailable(err error) bool {
	var denied *auth0client.Forbidden
	return errors.As(err, &denied) && denied.Permission == "" || errors.As(err, new(*auth0client.NotFound))
}

// collection is grants by what they allow.
type collection map[auth0client.PermissionRef]*Grant

func (c collection) of(p auth0client.Permission) *Grant {
	g := c[p.Ref]
	if g == nil {
		g = &Grant{Permission: p}
		c[p.Ref] = g
	}
	return g
}

// own takes what the user holds, directly or by roles of their own.
func (c collection) own(p auth0client.Permission, roles []auth0client.EffectiveRole) {
	g := c.of(p)
	for _, s := range p.Sources {
		if s.Direct {
			g.Direct = true
			continue
		}
		role := auth0client.EffectiveRole{Role: auth0client.Role{ID: s.Role, Name: s.Name}, Direct: true}
		// Where the source does not tell the role's id the list of roles does, as long as the name is only one role's.
		var same []auth0client.EffectiveRole
		for _, r := range roles {
			if r.ID == s.Role || s.Role == "" && r.Name == s.Name {
				same = append(same, r)
			}
		}
		if len(same) == 1 {
			role = same[0]
		}
		g.by(role)
	}
}

func (g *Grant) by(r auth0client.EffectiveRole) {
	for _, have := range g.Roles {
		if have.ID == r.ID && have.Name == r.Name {
			return
		}
	}
	g.Roles = append(g.Roles, r)
}

// throughGroups takes what roles give that come through groups.
func (c collection) throughGroups(ctx context.Context, tenant AccessReads, roles []auth0client.EffectiveRole) error {
	for _, r := range roles {
		if !r.ByGroups {
			continue
		}
		gives, err := tenant.RolePermissions(ctx, r.ID)
		if errors.As(err, new(*auth0client.NotFound)) {
			continue // the role was deleted meanwhile
		}
		if err != nil {
			return err
		}
		for _, p := range gives {
			c.of(p).by(r)
		}
	}
	return nil
}

// explain asks for the sources of permissions that came without any.
func (c collection) explain(ctx context.Context, tenant AccessReads, id auth0client.UserID) error {
	apis := map[string]bool{}
	for ref, g := range c {
		if !g.Direct && len(g.Roles) == 0 {
			apis[ref.API] = true
		}
	}
	for api := range apis {
		effective, err := tenant.EffectivePermissions(ctx, id, api)
		if err != nil {
			if unavailable(err) {
				continue // what they may do stays readable, only not by what
			}
			return err
		}
		for _, e := range effective {
			if g := c[auth0client.PermissionRef{API: api, Name: e.Ref.Name}]; g != nil && !g.Direct && len(g.Roles) == 0 {
				g.Direct, g.ByRoles = e.Direct, e.ByRoles
			}
		}
	}
	return nil
}

func (c collection) sorted() []Grant {
	out := make([]Grant, 0, len(c))
	for _, g := range c {
		out = append(out, *g)
	}
	slices.SortFunc(out, func(a, b Grant) int {
		return cmp.Or(strings.Compare(apiOf(a.Permission), apiOf(b.Permission)), strings.Compare(a.Ref.API, b.Ref.API), strings.Compare(a.Ref.Name, b.Ref.Name))
	})
	return out
}

func apiOf(p auth0client.Permission) string {
	if p.API.IsEmpty() {
		return p.APIID.String()
	}
	return p.API.String()
}

// WhyReads is what explaining one permission needs.
type WhyReads interface {
	PermissionRoles(ctx context.Context, id auth0client.UserID, p auth0client.PermissionRef) ([]auth0client.EffectiveRole, error)
	RoleGroups(ctx context.Context, id auth0client.UserID, role auth0client.RoleID) ([]auth0client.Group, error)
}

// Way is one way by which somebody has a permission: a role, and the groups that give it to them.
type Way struct {
	Role   auth0client.EffectiveRole
	Groups []auth0client.Group
}

// Why finds every way by which a user has a permission beside a direct grant. It asks Auth0 which of their roles give it, and
// for each that comes through groups, through which. Where Auth0 refuses, it gives what g says already.
func Why(ctx context.Context, tenant WhyReads, id auth0client.UserID, g Grant, roles []auth0client.EffectiveRole) ([]Way, error) {
	giving, err := tenant.PermissionRoles(ctx, id, g.Ref)
	switch {
	case err != nil && unavailable(err):
		giving = g.Roles
	case err != nil:
		return nil, err
	}
	var out []Way
	for _, r := range giving {
		if i := slices.IndexFunc(roles, func(have auth0client.EffectiveRole) bool { return have.ID == r.ID }); i >= 0 {
			r = roles[i]
		} else {
			r.Direct = true
		}
		way := Way{Role: r}
		if r.ByGroups {
			if way.Groups, err = tenant.RoleGroups(ctx, id, r.ID); err != nil && !unavailable(err) {
				return nil, err
			}
		}
		out = append(out, way)
	}
	return out, nil
}

// UsherAPI is the identifier of usher's own API among the tenant's: the one that has its permissions. Empty when there is none.
func UsherAPI(apis []auth0client.API) string {
	for _, a := range apis {
		found := 0
		for _, p := range a.Permissions {
			if slices.Contains([]string{"users:read", "mfa:reset", "roles:assign", "journal:read", "bulk:run"}, p.Ref.Name) {
				found++
			}
		}
		if found == 5 {
			return a.Identifier
		}
	}
	return ""
}

// MayGrant says why the operator may not give a permission: nobody gives one of usher's own that they do not hold. usher is
// usher's own API.
func MayGrant(can func(permission string) bool, usher string, p auth0client.PermissionRef) string {
	if usher == "" || p.API != usher || can == nil || can(p.Name) {
		return ""
	}
	return "you do not hold it yourself"
}
