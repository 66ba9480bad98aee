package pick

import (
	"context"
	"slices"

	"usher/auth0client"
	"usher/auth0client/desk"
	"usher/ui/view"
)

// APIs gives the tenant's APIs with the permissions they know.
type APIs interface {
	APIs(ctx context.Context) ([]auth0client.API, error)
}

// Permissions are the choices of a check list: the permissions of the tenant's APIs that are not held.
func Permissions(ctx context.Context, tenant APIs, can func(string) bool, held []auth0client.Permission) ([]view.Choice, error) {
	known, err := tenant.APIs(ctx)
	if err != nil {
		return nil, err
	}
	apis := slices.Clone(known) // the client keeps its own
	usher, has := desk.UsherAPI(apis), map[auth0client.PermissionRef]bool{}
	for _, p := range held {
		has[p.Ref] = true
	}
	slices.SortStableFunc(apis, func(a, b auth0client.API) int { // Auth0's own API last
		switch {
		case a.System == b.System:
			return 0
		case a.System:
			return 1
		}
		return -1
	})
	var out []view.Choice
	for _, a := range apis {
		for _, p := range a.Permissions {
			if !has[p.Ref] {
				out = append(out, view.Choice{Value: p, Group: a.Name.String(), Label: p.Name.String(), Note: p.Description.String(), Why: desk.MayGrant(can, usher, p.Ref)})
			}
		}
	}
	return out, nil
}
