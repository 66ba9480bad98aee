package localtenant

import (
	"maps"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"
)

// beyond are the differences between the description and this API that are meant: parameters and bodies that recorded
// requests or Auth0's other pages have.
func beyond() map[string][]string {
	return map[string][]string{
		"GET /logs":                           {"q", "from"},
		"GET /roles":                          {"type"},
		"GET /resource-servers":               {"fields"},
		"GET /users/{user_id}/refresh-tokens": {"per_page"},
		"POST /connections":                   {"enabled_clients"},
		"PATCH /connections/{id}":             {"enabled_clients"},
	}
}

var variable = regexp.MustCompile(`\{[^}]*\}`)

func TestRoutesTakeWhatAuth0sDescriptionSays(t *testing.T) {
	t.Parallel()
	doc := loadSpec(t)
	ours := map[string]route{}
	for _, r := range endpoints() {
		key := r.method + " /" + strings.Join(r.pattern, "/")
		if _, twice := ours[key]; twice {
			t.Errorf("%s is there twice", key)
		}
		ours[key] = r
	}
	for path, item := range doc.Paths.Map() {
		for method, op := range item.Operations() {
			name := method + " " + path
			r, there := ours[method+" "+variable.ReplaceAllString(path, "*")]
			if !there {
				t.Errorf("%s is missing", name)
				continue
			}
			more := beyond()[name]
			compareQuery(t, name, r, op, more)
			compareBody(t, name, r, op, more)
			compareScopes(t, name, r, op)
			if method != "GET" && r.title == "" {
				t.Errorf("%s has no title for the log", name)
			}
		}
	}
}

func compareQuery(t *testing.T, name string, r route, op *openapi3.Operation, more []string) {
	t.Helper()
	theirs := map[string]*openapi3.Parameter{}
	for _, p := range op.Parameters {
		if p.Value.In == "query" {
			theirs[p.Value.Name] = p.Value
		}
	}
	for param := range r.query {
		if theirs[param] == nil && !slices.Contains(more, param) {
			t.Errorf("%s takes the parameter %s, which the description lacks", name, param)
		}
	}
	for param, p := range theirs {
		of, has := r.query[param]
		if !has {
			t.Errorf("%s does not take the parameter %s", name, param)
			continue
		}
		compareShape(t, name+" "+param, of, p.Schema.Value, nil)
		// The list of refresh tokens has words of its own for a missing user.
		if p.Required != slices.Contains(r.wants, param) && name != "GET /refresh-tokens" {
			t.Errorf("%s: the parameter %s is needed: %v", name, param, p.Required)
		}
	}
}

func compareBody(t *testing.T, name string, r route, op *openapi3.Operation, more []string) {
	t.Helper()
	if op.RequestBody == nil || r.form {
		return
	}
	media := op.RequestBody.Value.Content.Get("application/json")
	if media == nil {
		return
	}
	if r.body == nil {
		t.Errorf("%s takes no body", name)
		return
	}
	compareShape(t, name, *r.body, media.Schema.Value, more)
}

func compareShape(t *testing.T, where string, of shape, s *openapi3.Schema, more []string) {
	t.Helper()
	if s.Type == nil || len(of.kinds) == 0 {
		return
	}
	if !slices.Contains(s.Type.Slice(), of.kinds[0]) {
		t.Errorf("%s is of type %v, not %v", where, s.Type.Slice(), of.kinds)
		return
	}
	if slices.Contains(s.Type.Slice(), "null") != slices.Contains(of.kinds, "null") {
		t.Errorf("%s: null is taken: %v", where, !slices.Contains(of.kinds, "null"))
	}
	compareLimits(t, where, of, s)
	for prop, sub := range s.Properties {
		if theirs, has := of.fields[prop]; has {
			compareShape(t, where+"."+prop, theirs, sub.Value, nil)
		} else if !of.loose {
			t.Errorf("%s does not take %s", where, prop)
		}
	}
	for prop := range of.fields {
		if s.Properties[prop] == nil && !slices.Contains(more, prop) && s.AdditionalProperties.Has != nil {
			t.Errorf("%s takes %s, which the description lacks", where, prop)
		}
	}
	if len(s.Required) > 0 || len(of.need) > 0 {
		want, got := slices.Sorted(slices.Values(s.Required)), slices.Sorted(slices.Values(of.need))
		if !slices.Equal(want, got) {
			t.Errorf("%s needs %v, not %v", where, want, got)
		}
	}
	if s.Items != nil && of.items != nil {
		compareShape(t, where+"[]", *of.items, s.Items.Value, nil)
	}
}

func compareLimits(t *testing.T, where string, of shape, s *openapi3.Schema) {
	t.Helper()
	low, high := 0, -1
	switch of.kinds[0] {
	case "string":
		low = int(s.MinLength)
		if s.MaxLength != nil {
			high = int(*s.MaxLength)
		}
	case "array":
		low = int(s.MinItems)
		if s.MaxItems != nil {
			high = int(*s.MaxItems)
		}
	case "object":
		low = int(s.MinProps)
	case "integer":
		if s.Min != nil {
			low = int(*s.Min)
		}
		if s.Max != nil {
			high = int(*s.Max)
		}
	}
	// A limit of ours where the description has none is a limit Auth0's other pages or its storage have.
	if (low > 0 && of.low != low) || (high >= 0 && of.high != high) {
		t.Errorf("%s is limited to %d…%d, not %d…%d", where, low, high, of.low, of.high)
	}
	if len(s.Enum) > 0 && of.choice != nil && len(of.choice) < len(s.Enum)-1 {
		t.Errorf("%s has a choice of %v, not %v", where, s.Enum, of.choice)
	}
}

// compareScopes: one of the scopes the description names must do, where this API asks for one.
func compareScopes(t *testing.T, name string, r route, op *openapi3.Operation) {
	t.Helper()
	if op.Security == nil {
		return
	}
	theirs := map[string]bool{}
	for _, requirement := range *op.Security {
		for _, scopes := range requirement {
			for _, s := range scopes {
				theirs[s] = true
			}
		}
	}
	for _, s := range slices.Concat(r.any, r.all) {
		if !theirs[s] && !slices.Contains([]string{"read:roles"}, s) {
			t.Errorf("%s asks for %s, the description for %v", name, s, slices.Sorted(maps.Keys(theirs)))
		}
	}
	if len(r.any)+len(r.all) == 0 {
		t.Errorf("%s asks for no scope", name)
	}
}
