package edit

import (
	"cmp"
	"encoding/json"
	"errors"
	"maps"
	"strings"
	"unicode/utf8"

	"usher/auth0client"
	"usher/auth0client/desk"
	"usher/auth0client/term"
	"usher/ui/view"
)

// withCustom puts the profile's own fields before the metadata that holds them. What is a line already gets no second one.
func withCustom(fields []field, custom []view.Field) []field {
	var own []field
	for _, c := range custom {
		taken := func(list []field) bool {
			for _, f := range list {
				if f.name == c.Path {
					return true
				}
			}
			return false
		}
		if c.Edit && !taken(fields) && !taken(own) {
			own = append(own, field{name: c.Path, label: cmp.Or(term.Line(c.Label).String(), c.Path), path: strings.Split(c.Path, ".")})
		}
	}
	at := len(fields) - 2 // user_metadata and app_metadata are the last
	return append(append(fields[:at:at], own...), fields[at:]...)
}

func (f *field) custom() bool { return f.path != nil }

// title is what a field is called on the screen.
func (f *field) title() string {
	if f.custom() {
		return f.label
	}
	return f.name
}

// line is a field's value as it is typed. Of a custom field what is no text is JSON.
func (f *field) line() string {
	switch v := f.value.(type) {
	case string:
		return term.Line(v).String()
	case nil:
		return ""
	}
	if !f.custom() {
		return ""
	}
	raw, err := json.Marshal(f.value)
	if err != nil {
		return ""
	}
	return harmless(string(raw))
}

// parsed is what a typed line sets in a field.
func (f *field) parsed(typed string) (any, error) {
	held := f.value
	if held == nil { // emptied: it stays the kind of value that it was
		held = f.was
	}
	_, isText := held.(string)
	switch {
	case typed == "":
		return nil, nil
	case isText || held == nil || !f.custom():
		return typed, nil
	}
	object, err := desk.ParseMetadata(`{"v":` + typed + `}`)
	if err != nil || len(object) != 1 {
		return nil, errors.New("it holds JSON, and this is none; a text goes in quotes")
	}
	return object["v"], nil
}

// put sets a field. A custom field is a part of its metadata, so both show the same, whichever was changed.
func (m *Model) put(f *field, v any) {
	delete(m.refused, f.name)
	if !f.custom() {
		f.value = v
	} else if root := m.field(f.path[0]); root != nil {
		object, _ := root.value.(map[string]any)
		was, _ := root.was.(map[string]any)
		root.value = withPath(object, was, f.path[1:], v)
		delete(m.refused, root.name)
	}
	m.derive()
}

// derive reads the custom fields out of the metadata of the form.
func (m *Model) derive() {
	for i := range m.fields {
		f := &m.fields[i]
		if !f.custom() {
			continue
		}
		if root := m.field(f.path[0]); root != nil && isMetadata(root.name) {
			f.was, f.value = valueAt(root.was, f.path[1:]), valueAt(root.value, f.path[1:])
			continue
		}
		var record any = recordOf(m.user)
		f.was = valueAt(record, f.path)
		f.value = f.was
	}
}

func valueAt(v any, path []string) any {
	for _, step := range path {
		object, _ := v.(map[string]any)
		v = object[step]
	}
	return v
}

// withPath is an object with the value at a path set, or taken away for nil. Objects on the way that are empty then go with
// it, unless they were there before.
func withPath(object, was map[string]any, path []string, v any) map[string]any {
	out := maps.Clone(object)
	if out == nil {
		out = map[string]any{}
	}
	key := path[0]
	if len(path) == 1 {
		if out[key] = v; v == nil {
			delete(out, key)
		}
		return out
	}
	inner, isObject := out[key].(map[string]any)
	if v == nil && !isObject {
		return out
	}
	before, had := was[key].(map[string]any)
	next := withPath(inner, before, path[1:], v)
	if out[key] = next; len(next) == 0 && !had {
		delete(out, key)
	}
	return out
}

// whyCustom says what keeps a custom field from being changed.
func (m *Model) whyCustom(f *field) string {
	root := m.field(f.path[0])
	if root == nil || !isMetadata(root.name) {
		return "only metadata can be edited here"
	}
	if m.me != nil {
		if no := m.me.UnwritableField(f.name); no != "" {
			return no
		}
	}
	v := root.value
	for i, step := range f.path[1:] {
		object, isObject := v.(map[string]any)
		if v != nil && !isObject {
			return term.Line(strings.Join(f.path[:i+1], ".")).String() + " is no object"
		}
		v = object[step]
	}
	if limit := m.input.CharLimit; utf8.RuneCountInString(f.line()) > limit {
		return "too long for a line: edit it in " + root.name
	}
	return ""
}

// deepChanges tells of the custom fields that lie within what a review shows whole.
func (m *Model) deepChanges() []string {
	var out []string
	for i := range m.fields {
		if f := &m.fields[i]; len(f.path) > 2 && !auth0client.SameJSON(f.was, f.value) {
			out = append(out, f.label+" ("+f.name+"): "+oneLine(f.was)+" → "+oneLine(f.value))
		}
	}
	return out
}
