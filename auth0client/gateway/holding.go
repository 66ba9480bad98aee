package gateway

import (
	"context"
	"strings"

	"usher/auth0client/gateway/policy"
	"usher/auth0client/parallel"
)

// roles holds what a request assigns, removes or changes to the roles and permissions that the operator may give.
func (g *Gateway) roles(ctx context.Context, c *call, _ []string) error {
	for _, p := range given(c.d.Fields["permissions"]) {
		if no := c.rules.Grantable(p); no != nil {
			return no
		}
	}
	if !strings.HasPrefix(c.d.Pattern, "roles") {
		list, _ := c.d.Fields["roles"].([]any)
		for _, v := range list {
			id, _ := v.(string)
			if err := g.assignable(ctx, c, id); err != nil {
				return err
			}
		}
		return nil
	}
	if name, ok := c.d.Fields["name"].(string); ok {
		if no := c.about.Assignable(name); no != nil {
			return no
		}
	}
	if len(c.d.IDs) > 0 {
		return g.assignable(ctx, c, c.d.IDs[0])
	}
	return nil
}

// given are the names of the permissions in a request.
func given(v any) []string {
	list, _ := v.([]any)
	var out []string
	for _, item := range list {
		m, _ := item.(map[string]any)
		name, _ := m["permission_name"].(string)
		out = append(out, name)
	}
	return out
}

// assignable asks whether the operator may give or take a role: its name must be one of theirs, and nobody gives
// permissions of usher's own API that they do not hold.
func (g *Gateway) assignable(ctx context.Context, c *call, id string) error {
	r, gives, err := g.roleByID(ctx, id)
	if err != nil {
		return err
	}
	if no := c.about.Assignable(r.Name); no != nil {
		return no
	}
	for _, p := range gives {
		if no := c.rules.Grantable(p); no != nil {
			return no
		}
	}
	return nil
}

// members holds organizations' members to the organizations that the policies allow.
func (g *Gateway) members(ctx context.Context, c *call, _ []string) error {
	into := strings.HasPrefix(c.d.Pattern, "organizations/{id}/")
	if !into || !c.about.LimitsMemberships() {
		return nil
	}
	name, err := g.name(ctx, "organizations", c.d.IDs[0])
	if err != nil {
		return err
	}
	if no := c.about.Membership(c.d.IDs[0], name); no != nil {
		return no
	}
	return nil
}

// above keeps operators off people who hold a role, or a permission of usher's own API, that they could not give: a reset
// of an administrator's second factor would be a way to become one.
func (g *Gateway) above(ctx context.Context, c *call, ids []string) error {
	return forEach(ids, func(id string) error {
		if c.op.Is(id) {
			return nil // what operators may do to themselves the table says
		}
		var held []string
		var direct, through []role
		err := forEach([]int{0, 1}, func(i int) (err error) {
			if i == 0 {
				held, err = g.permissionsHeld(ctx, id)
			} else if c.about.LimitsRoles() {
				direct, through, err = g.rolesHeld(ctx, id)
			}
			return err
		})
		if err != nil {
			return err
		}
		for _, p := range held {
			if c.rules.Grantable(p) != nil {
				return tooHigh()
			}
		}
		for _, r := range append(direct, through...) {
			if c.about.Assignable(r.Name) != nil {
				return tooHigh()
			}
		}
		return nil
	})
}

// permissionsHeld reads the names of the permissions a user holds: directly, through roles, and through groups' roles, which
// are not among what Auth0 lists as the user's own.
func (g *Gateway) permissionsHeld(ctx context.Context, id string) ([]string, error) {
	var held []permission
	var through []role
	if err := forEach([]int{0, 1}, func(i int) (err error) {
		if i == 0 {
			held, err = pages[permission](ctx, g, userPath(id)+"/permissions", nil, "permissions")
		} else {
			through, err = g.rolesThrough(ctx, id)
		}
		return err
	}); err != nil {
		return nil, err
	}
	var out []string
	for _, p := range held {
		out = append(out, p.Name)
	}
	for _, r := range through {
		_, gives, err := g.roleByID(ctx, r.ID)
		if err != nil {
			return nil, err
		}
		out = append(out, gives...)
	}
	return out, nil
}

// forEach does a few things at the same time, eight at most, and gives the first error in their order.
func forEach[T any](all []T, do func(T) error) error {
	errs := make([]error, len(all))
	var wait parallel.Group
	slots := make(chan struct{}, 8)
	for i, one := range all {
		slots <- struct{}{}
		wait.Go(func() {
			defer func() { <-slots }()
			errs[i] = do(one)
		})
	}
	wait.Wait()
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}

func tooHigh() error {
	return &policy.Refusal{Code: "usher_policy", Message: "this person holds a role or a permission that you could not give: ask somebody who could"}
}
