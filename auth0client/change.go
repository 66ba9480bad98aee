package auth0client

import (
	"bytes"
	"encoding/json"
	"maps"
	"reflect"
	"slices"
	"strings"

	"usher/auth0client/term"
)

// Change is what to set on a user: root attributes by Auth0's name; nil unsets one. user_metadata and app_metadata hold only
// the first-level keys to set, nil to remove: Auth0 merges at the first level, and nested objects are replaced whole.
type Change map[string]any

// steps are the groups of attributes that Auth0 refuses to set together, in the order in which they are set.
//
// Source: PATCH /api/v2/users/{id}, "Cannot update … and … simultaneously".
func steps() [][]string {
	return [][]string{{"username"}, {"email", "email_verified", "verify_email"}, {"phone_number", "phone_verified", "verify_phone_number"}, {"password"}}
}

// Steps splits a change into the requests it takes, in order. connection and client_id go with each that needs them. A
// password comes last: it lifts blocks, and what comes before must hold already.
func (c Change) Steps() []Change {
	rest := maps.Clone(c)
	var out []Change
	for _, names := range steps() {
		one := Change{}
		for _, n := range names {
			if v, sent := rest[n]; sent {
				one[n] = v
				delete(rest, n)
			}
		}
		if len(one) == 0 {
			continue
		}
		for _, n := range []string{"connection", "client_id"} {
			if v, sent := c[n]; sent {
				one[n] = v
			}
		}
		out = append(out, one)
	}
	delete(rest, "connection")
	delete(rest, "client_id")
	if len(rest) > 0 {
		out = append([]Change{rest}, out...)
	}
	return out
}

// Names are the attributes a change sets, sorted.
func (c Change) Names() []string { return slices.Sorted(maps.Keys(c)) }

// exact decodes JSON whose numbers keep their digits: an id beyond 2^53 must come back as it was.
func exact(raw []byte, into any) error {
	dec := json.NewDecoder(bytes.NewReader(raw))
	dec.UseNumber()
	return dec.Decode(into)
}

// SameJSON reports that two decoded JSON values are the same. Whole numbers are told apart to their last digit.
func SameJSON(a, b any) bool {
	switch a := a.(type) {
	case json.Number:
		b, ok := b.(json.Number)
		if !ok || a == b || !strings.ContainsAny(string(a+b), ".eE") {
			return ok && a == b
		}
		x, errX := a.Float64()
		y, errY := b.Float64()
		return errX == nil && errY == nil && x == y
	case map[string]any:
		b, ok := b.(map[string]any)
		return ok && len(a) == len(b) && maps.EqualFunc(a, b, SameJSON)
	case []any:
		b, ok := b.([]any)
		return ok && slices.EqualFunc(a, b, SameJSON)
	}
	return reflect.DeepEqual(a, b)
}

// FieldConflict is an attribute that somebody else has changed since the operator looked.
type FieldConflict struct {
	Name             string
	Expected, Actual term.Safe // as JSON
}

// Changed: the user is no longer as the operator saw them; nothing was written.
type Changed struct {
	Fields []FieldConflict
	Answer Answer
}

func (e *Changed) Error() string { return "changed meanwhile: " + e.Answer.text() }

// Unchanged is what a change rests on: the values seen before, by attribute. Metadata holds the first-level keys that the
// change touches. The gateway compares it with the user as they are just before it writes.
type Unchanged map[string]any

// Before takes from a user what a change rests on.
func (u User) Before(c Change) Unchanged {
	var record map[string]any
	if exact(u.Record, &record) != nil {
		return nil
	}
	out := Unchanged{}
	for name, v := range c {
		switch name {
		case "password", "connection", "client_id", "verify_email", "verify_phone_number":
			continue
		case "user_metadata", "app_metadata":
			keys, _ := v.(map[string]any)
			have, _ := record[name].(map[string]any)
			seen := map[string]any{}
			for k := range keys {
				seen[k] = have[k]
			}
			out[name] = seen
		default:
			out[name] = record[name]
		}
	}
	return out
}
