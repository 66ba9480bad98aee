package gateway

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"maps"
	"net/http"
	"reflect"
	"slices"
	"strings"

	"usher/auth0client/gateway/policy"
)

// UnchangedHeader carries, as base64 of a JSON object, what the operator saw of the fields they change: root fields, the
// keys of user_metadata and app_metadata, or `{"roles": […ids]}` for a change of roles. When the user has other values by
// now, nothing is written and the answer is a 409 with the errorCode usher_changed.
//
// Auth0 has neither ETag nor If-Match: what changes a user beside this gateway between the look and the write, some
// milliseconds, is not seen.
const UnchangedHeader = "X-Usher-If-Unchanged"

// difference is a field that is not as the operator saw it.
type difference struct {
	Name     string `json:"name"`
	Expected any    `json:"expected"`
	Actual   any    `json:"actual"`
}

// unchanged compares a user with what the operator saw. It gives an answer when the write must not be made.
func (g *Gateway) unchanged(ctx context.Context, c *call, ids []string) (*http.Response, error) {
	header := c.r.Header.Get(UnchangedHeader)
	if header == "" {
		return nil, nil
	}
	expected, err := readExpected(header)
	if err != nil {
		return nil, err
	}
	var changed []difference
	switch {
	case c.d.Pattern == "users/{id}" && c.r.Method == http.MethodPatch:
		changed, err = g.fieldsChanged(ctx, c, ids[0], expected)
	case c.d.Pattern == "users/{id}/roles", c.d.Pattern == "organizations/{id}/members/{id}/roles":
		changed, err = g.rolesChanged(ctx, c, expected)
	default:
		return nil, &policy.Refusal{Code: "usher_field", Message: UnchangedHeader + " goes with changes of a user's fields or roles only"}
	}
	if err != nil || len(changed) == 0 {
		return nil, err
	}
	names := make([]string, len(changed))
	for i, d := range changed {
		names[i] = d.Name
	}
	message := "this was changed meanwhile: " + strings.Join(names, ", ") + ". Nothing was written; look again and decide"
	return refuseWith(c.r, http.StatusConflict, "usher_changed", message, "", map[string]any{"changed": changed}), nil
}

func readExpected(header string) (map[string]any, error) {
	data, err := base64.StdEncoding.DecodeString(header)
	if err != nil {
		data, err = base64.RawURLEncoding.DecodeString(header)
	}
	var expected map[string]any
	if err == nil {
		dec := json.NewDecoder(strings.NewReader(string(data)))
		dec.UseNumber()
		err = dec.Decode(&expected)
	}
	if err != nil || len(expected) == 0 {
		return nil, &policy.Refusal{Code: "usher_field", Message: "the header " + UnchangedHeader + " is not base64 of a JSON object"}
	}
	return expected, nil
}

func (g *Gateway) fieldsChanged(ctx context.Context, c *call, id string, expected map[string]any) ([]difference, error) {
	user, h, err := g.person(ctx, id)
	if err != nil {
		return nil, err
	}
	if user == nil {
		return nil, nothing(policy.OnePerson, h)
	}
	c.person = user
	var out []difference
	see := func(name string, want, got any) error {
		if root, _, _ := strings.Cut(name, "."); !policy.Writable(root) {
			return &policy.Refusal{Code: "usher_field", Message: name + " is no field that a change sets, so it cannot be compared"}
		}
		if c.about.Hides(name) {
			return &policy.Refusal{Code: "usher_policy", Message: "your policy hides " + name + ", so it cannot be compared"}
		}
		if !same(want, got) {
			out = append(out, difference{name, want, got})
		}
		return nil
	}
	for _, f := range slices.Sorted(maps.Keys(expected)) {
		keys, nested := expected[f].(map[string]any)
		if f != "user_metadata" && f != "app_metadata" || !nested {
			if err := see(f, expected[f], user[f]); err != nil {
				return nil, err
			}
			continue
		}
		now, _ := user[f].(map[string]any)
		for _, k := range slices.Sorted(maps.Keys(keys)) {
			if err := see(f+"."+k, keys[k], now[k]); err != nil {
				return nil, err
			}
		}
	}
	return out, nil
}

// same compares decoded JSON; what is absent is as null, and numbers are compared by value.
func same(a, b any) bool {
	x, isX := a.(json.Number)
	y, isY := b.(json.Number)
	if isX && isY {
		if x == y || !strings.ContainsAny(string(x+y), ".eE") {
			return x == y // whole numbers beyond 2^53 are told apart
		}
		f, err1 := x.Float64()
		g, err2 := y.Float64()
		return err1 == nil && err2 == nil && f == g
	}
	switch a := a.(type) {
	case map[string]any:
		b, ok := b.(map[string]any)
		if !ok || len(a) != len(b) {
			return false
		}
		for k, v := range a {
			if w, has := b[k]; !has || !same(v, w) {
				return false
			}
		}
		return true
	case []any:
		b, ok := b.([]any)
		return ok && slices.EqualFunc(a, b, same)
	}
	return reflect.DeepEqual(a, b)
}

func (g *Gateway) rolesChanged(ctx context.Context, c *call, expected map[string]any) ([]difference, error) {
	list, ok := expected["roles"].([]any)
	if !ok || len(expected) != 1 {
		return nil, &policy.Refusal{Code: "usher_field", Message: "the header " + UnchangedHeader + ` holds {"roles": […]} for a change of roles`}
	}
	var want, got []string
	for _, v := range list {
		id, _ := v.(string)
		want = append(want, id)
	}
	held, err := pages[role](ctx, g, c.d.Path, nil, "roles")
	if err != nil {
		return nil, err
	}
	for _, r := range held {
		got = append(got, r.ID)
	}
	slices.Sort(want)
	slices.Sort(got)
	c.held = append([]string{}, got...)
	if slices.Equal(slices.Compact(want), slices.Compact(got)) {
		return nil, nil
	}
	return []difference{{"roles", want, got}}, nil
}
