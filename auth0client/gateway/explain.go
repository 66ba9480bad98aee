package gateway

import (
	"context"
	"fmt"
	"strings"

	"usher/auth0client/gateway/policy"
)

// Explain says which rule decides whether an operator (their email or id) may do an action to a user (an email or id; "" for
// an action about nobody), and why. It asks the tenant what it needs with the gateway's own token and changes nothing. audience
// is usher's own API, whose permissions count.
func (g *Gateway) Explain(ctx context.Context, operator, action, user, audience string) ([]policy.Step, error) {
	record, err := g.who(ctx, operator)
	if err != nil {
		return nil, fmt.Errorf("find the operator: %w", err)
	}
	id, _ := record["user_id"].(string)
	email, _ := record["email"].(string)
	name, _ := record["name"].(string)
	op := policy.Operator{Subject: id, Email: email, Name: name, AuthTime: g.o.Now()}
	op.Metadata, _ = record["app_metadata"].(map[string]any)
	held, err := pages[permission](ctx, g, userPath(id)+"/permissions", nil, "permissions")
	if err != nil {
		return nil, fmt.Errorf("read the operator's permissions: %w", err)
	}
	for _, p := range held {
		if audience == "" || p.API == audience {
			op.Permissions = append(op.Permissions, p.Name)
		}
	}
	if op.Roles, err = g.rolesOf(ctx, id); err != nil {
		return nil, fmt.Errorf("read the operator's roles: %w", err)
	}
	var about map[string]any
	if user != "" {
		if about, err = g.who(ctx, user); err != nil {
			return nil, fmt.Errorf("find the user: %w", err)
		}
	}
	steps := g.o.Policies.Explain(op, policy.Action(action), about, g.o.Now())
	if last := len(steps) - 1; about == nil || last < 0 || steps[last].Verdict == policy.Refuses || g.o.Policies.Len() == 0 || strings.HasSuffix(action, ":read") {
		return steps, nil
	}
	return g.explainAbove(ctx, op, about, steps)
}

// explainAbove adds the rule that looks at what the user holds.
func (g *Gateway) explainAbove(ctx context.Context, op policy.Operator, user map[string]any, steps []policy.Step) ([]policy.Step, error) {
	c := &call{op: op, rules: g.o.Policies.For(op)}
	c.about, _ = c.rules.Covering(user)
	id, _ := user["user_id"].(string)
	step := policy.Step{Rule: "above", Verdict: policy.Passes, Why: "the user holds nothing that the operator could not give"}
	if err := g.above(ctx, c, []string{id}); err != nil {
		if _, no := err.(*policy.Refusal); !no { //nolint:errorlint // it is made there
			return nil, fmt.Errorf("read what the user holds: %w", err)
		}
		step.Verdict, step.Why = policy.Refuses, err.Error()
	}
	return append(steps, step), nil
}

// who finds one person by id or email.
func (g *Gateway) who(ctx context.Context, name string) (map[string]any, error) {
	if !strings.Contains(name, "|") {
		ids, err := g.byEmail(ctx, name)
		switch {
		case err != nil:
			return nil, err
		case len(ids) == 0:
			return nil, fmt.Errorf("there is no user %s", name)
		case len(ids) > 1:
			return nil, fmt.Errorf("%s are several users: %s; name one by id", name, strings.Join(ids, ", "))
		}
		name = ids[0]
	}
	user, _, err := g.person(ctx, name)
	if err == nil && user == nil {
		err = fmt.Errorf("there is no user %s", name)
	}
	return user, err
}
