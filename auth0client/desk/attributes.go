package desk

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	"usher/auth0client"
	"usher/auth0client/term"
)

// Texts and Flags are the root attributes that a profile form or `--set` writes, by Auth0's names.
func Texts() []string {
	return []string{"email", "username", "phone_number", "name", "given_name", "family_name", "nickname", "picture"}
}

// Flags are the root attributes that are true or false.
func Flags() []string {
	return []string{"email_verified", "phone_verified", "verify_email", "verify_phone_number"}
}

// metadataKinds are the two places for data of one's own.
func metadataKinds() []string { return []string{"user_metadata", "app_metadata"} }

// Assign puts an assignment into a change: "name=Ada", "email_verified=true" or "app_metadata.plan=gold". A value in
// metadata is JSON where it reads as such, else a text; metadata is set by its first-level keys, since Auth0 replaces what
// lies deeper as a whole.
func Assign(c auth0client.Change, assignment string) error {
	name, value, ok := strings.Cut(assignment, "=")
	if !ok || name == "" {
		return fmt.Errorf("%q is not of the form name=value", term.Line(assignment))
	}
	if kind, key, dotted := strings.Cut(name, "."); dotted && slices.Contains(metadataKinds(), kind) {
		var v any = value
		dec := json.NewDecoder(strings.NewReader(value))
		dec.UseNumber()
		var parsed any
		if err := dec.Decode(&parsed); err == nil && strings.TrimSpace(value[dec.InputOffset():]) == "" {
			v = parsed
		}
		return putKey(c, kind, key, v)
	}
	switch {
	case slices.Contains(Flags(), name):
		if value != "true" && value != "false" {
			return fmt.Errorf("%s is true or false, not %q", name, term.Line(value))
		}
		c[name] = value == "true"
	case slices.Contains(Texts(), name) && value == "":
		return fmt.Errorf("%s cannot be empty; unset it instead", name)
	case slices.Contains(Texts(), name), name == "connection", name == "client_id":
		c[name] = value
	default:
		return unknownAttribute(name)
	}
	return nil
}

// Unset puts the removal of an attribute, or of a first-level key of metadata, into a change.
func Unset(c auth0client.Change, name string) error {
	if kind, key, dotted := strings.Cut(name, "."); dotted && slices.Contains(metadataKinds(), kind) {
		return putKey(c, kind, key, nil)
	}
	if !slices.Contains(Texts(), name) {
		return unknownAttribute(name)
	}
	c[name] = nil
	return nil
}

func unknownAttribute(name string) error {
	hint := ""
	switch name {
	case "password":
		hint = "; a password is set by usher users password set"
	case "blocked":
		hint = "; usher users block and unblock do that"
	case "user_metadata", "app_metadata":
		hint = "; name its key, as in " + name + ".plan"
	}
	return fmt.Errorf("%s is not an attribute that can be written: choose %s, %s, user_metadata.KEY or app_metadata.KEY%s", term.Line(name),
		strings.Join(Texts(), ", "), strings.Join(Flags(), ", "), hint)
}

func putKey(c auth0client.Change, kind, key string, v any) error {
	keys, _ := c[kind].(map[string]any)
	keys = maps.Clone(keys)
	if keys == nil {
		keys = map[string]any{}
	}
	keys[key] = v
	if bad := RefusedKeys(kind, map[string]any{key: v}); len(bad) > 0 {
		return fmt.Errorf("%s", bad[0])
	}
	c[kind] = keys
	return nil
}

// Needed leaves out of a change what the user is already. It is empty when nothing is left to do.
func Needed(u auth0client.User, c auth0client.Change) auth0client.Change {
	record := recordOf(u)
	out := auth0client.Change{}
	for name, v := range c {
		keys, nested := v.(map[string]any)
		switch {
		case nested && slices.Contains(metadataKinds(), name):
			have, _ := record[name].(map[string]any)
			left := map[string]any{}
			for k, want := range keys {
				if !auth0client.SameJSON(have[k], want) {
					left[k] = want
				}
			}
			if len(left) > 0 {
				out[name] = left
			}
		case name == "connection", name == "client_id", name == "verify_email", name == "verify_phone_number":
			out[name] = v
		case name == "password" || !auth0client.SameJSON(record[name], v):
			out[name] = v
		}
	}
	for name := range out { // what only goes along with a change is none by itself
		if name != "connection" && name != "client_id" && name != "verify_email" && name != "verify_phone_number" {
			return out
		}
	}
	return auth0client.Change{}
}

// recordOf is a user's record as it came, numbers with all their digits.
func recordOf(u auth0client.User) map[string]any {
	var record map[string]any
	dec := json.NewDecoder(bytes.NewReader(u.Record))
	dec.UseNumber()
	if dec.Decode(&record) != nil {
		return nil
	}
	return record
}
