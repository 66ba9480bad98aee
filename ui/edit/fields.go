package edit

import (
	"bytes"
	"encoding/json"
	"maps"
	"slices"

	"usher/auth0client"
	"usher/auth0client/desk"
)

// field is a line of the form. value is as it would be saved: a string, a bool, or for metadata the object. One with a path
// is of the profile's own: a part of metadata, and what both come to is saved with the metadata.
type field struct {
	name  string
	label string   // of a custom field
	path  []string // of a custom field
	was   any
	value any
}

// kinds of fields by their names.
func isFlag(name string) bool     { return slices.Contains(desk.Flags(), name) }
func isMetadata(name string) bool { return name == "user_metadata" || name == "app_metadata" }

func newFields() []field {
	var out []field
	for _, n := range []string{"email", "email_verified", "verify_email", "username", "phone_number", "phone_verified", "name", "given_name", "family_name", "nickname",
		"picture", "user_metadata", "app_metadata"} {
		out = append(out, field{name: n})
	}
	return out
}

// fill takes a record as what the form rests on. Nothing is changed in it yet.
func (m *Model) fill(u auth0client.User) {
	m.user, m.loaded = u, true
	record := recordOf(u)
	for i := range m.fields {
		f := &m.fields[i]
		f.was = record[f.name]
		if isFlag(f.name) {
			f.was, _ = record[f.name].(bool)
		}
		if isMetadata(f.name) && f.was == nil {
			f.was = map[string]any{}
		}
		f.value = f.was
	}
	m.derive()
}

// recordOf decodes a record; numbers keep their digits.
func recordOf(u auth0client.User) map[string]any {
	dec := json.NewDecoder(bytes.NewReader(u.Record))
	dec.UseNumber()
	var record map[string]any
	if dec.Decode(&record) != nil {
		return nil
	}
	return record
}

// change is what the form would set: what differs from the record it rests on, metadata by first-level keys.
func (m *Model) change() auth0client.Change {
	out := auth0client.Change{}
	for _, f := range m.fields {
		if f.custom() || auth0client.SameJSON(f.was, f.value) || f.name == "verify_email" && !m.newEmail() {
			continue
		}
		if isMetadata(f.name) {
			out[f.name] = keysChanged(f.was, f.value)
			continue
		}
		out[f.name] = f.value
	}
	return out
}

// newEmail reports that the email is another: only then Auth0 mails a verification along with the change.
func (m *Model) newEmail() bool {
	f := m.field("email")
	return f.value != nil && !auth0client.SameJSON(f.was, f.value)
}

// keysChanged are the first-level keys to set, and (nil) to take away.
func keysChanged(from, to any) map[string]any {
	before, _ := from.(map[string]any)
	after, _ := to.(map[string]any)
	out := map[string]any{}
	for k, v := range after {
		if was, had := before[k]; !had || !auth0client.SameJSON(was, v) {
			out[k] = v
		}
	}
	for k := range before {
		if _, still := after[k]; !still {
			out[k] = nil
		}
	}
	return out
}

// withKeys is an object with first-level keys set, and taken away where nil.
func withKeys(object any, keys map[string]any) map[string]any {
	have, _ := object.(map[string]any)
	out := maps.Clone(have)
	if out == nil {
		out = map[string]any{}
	}
	for k, v := range keys {
		if v == nil {
			delete(out, k)
			continue
		}
		out[k] = v
	}
	return out
}

// why says what keeps a field from being changed: a permission, a policy, the connection. Empty when nothing does.
func (m *Model) why(name string) string {
	switch {
	case m.env.Can != nil && !m.env.Can(Permission):
		return "you lack the permission " + Permission
	case !m.loaded:
		return "still reading"
	}
	if f := m.field(name); f != nil && f.custom() {
		return m.whyCustom(f)
	}
	if name == "verify_email" {
		if !m.newEmail() {
			return "mails a verification along with a new email"
		}
		name = "email"
	}
	if m.me != nil {
		if isMetadata(name) && !m.me.RawJSON {
			return "your policy keeps metadata from being edited as JSON"
		}
		if no := m.me.Unwritable(name); no != "" {
			return no
		}
	}
	return desk.WhyFixed(m.user, m.in, name)
}

// problem says what Auth0 would refuse in a field as it is now, or what a policy would; empty when nothing is known.
func (m *Model) problem(f field) string {
	if auth0client.SameJSON(f.was, f.value) {
		return ""
	}
	if said := m.refused[f.name]; said != "" {
		return said
	}
	if f.custom() {
		return "" // said of the metadata that holds it
	}
	if isMetadata(f.name) {
		keys := keysChanged(f.was, f.value)
		if bad := desk.RefusedKeys(f.name, keys); len(bad) > 0 {
			return bad[0]
		}
		for _, k := range slices.Sorted(maps.Keys(keys)) {
			if m.me != nil && m.me.Unwritable(f.name+"."+k) != "" {
				return f.name + "." + k + ": " + m.me.Unwritable(f.name+"."+k)
			}
		}
		return ""
	}
	s, _ := f.value.(string)
	if f.value == nil {
		return desk.WhyKept(m.in, f.name)
	}
	if f.name == "username" {
		return desk.UsernameProblem(m.in, s)
	}
	return desk.TextProblem(f.name, s)
}
