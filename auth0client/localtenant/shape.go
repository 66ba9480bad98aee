package localtenant

import (
	"encoding/json"
	"fmt"
	"maps"
	"math"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"
)

// shape says what a value in a request must be. What is wrong is worded as Auth0's validator (z-schema) words it.
type shape struct {
	kinds   []string // JSON types; none takes anything
	fields  fields   // of an object
	need    []string
	loose   bool // an object may have further fields
	items   *shape
	low     int // least: characters, items, fields or the value of a number
	high    int // most, likewise; negative is no limit
	pattern *regexp.Regexp
	format  string
	choice  []string
}

type fields map[string]shape

// flaw is the first thing wrong with a value: the code that import jobs report, a message, and where.
type flaw struct{ code, message, path string }

func aText(limits ...int) shape { return limited(shape{kinds: []string{"string"}, high: -1}, limits) }
func aFlag() shape              { return shape{kinds: []string{"boolean"}, high: -1} }
func anObject(f fields, need ...string) shape {
	return shape{kinds: []string{"object"}, fields: f, need: need, high: -1}
}
func aList(items shape, limits ...int) shape {
	return limited(shape{kinds: []string{"array"}, items: &items, high: -1}, limits)
}
func aChoice(values ...string) shape {
	return shape{kinds: []string{"string"}, choice: values, high: -1}
}

// aNumber is a whole number of low to high; a negative high is no limit.
func aNumber(low, high int) shape { return shape{kinds: []string{"integer"}, low: low, high: high} }

// anything takes every value.
func anything() shape { return shape{high: -1} }

// free is an object of whatever fields.
func free() shape { s := anObject(nil); s.loose = true; return s }

func limited(s shape, limits []int) shape {
	if len(limits) > 0 {
		s.low = limits[0]
	}
	if len(limits) > 1 {
		s.high = limits[1]
	}
	return s
}

func (s shape) orNull() shape                         { s.kinds = append(slices.Clone(s.kinds), "null"); return s }
func (s shape) like(format string) shape              { s.format = format; return s }
func (s shape) matching(pattern *regexp.Regexp) shape { s.pattern = pattern; return s }
func (s shape) atLeast(n int) shape                   { s.low = n; return s }
func (s shape) with(name string, of shape) shape {
	s.fields = maps.Clone(s.fields)
	s.fields[name] = of
	return s
}

// kindOf names the JSON type of a decoded value.
func kindOf(v any) string {
	switch v := v.(type) {
	case nil:
		return "null"
	case bool:
		return "boolean"
	case string:
		return "string"
	case float64:
		if v == math.Trunc(v) && math.Abs(v) < 1<<53 {
			return "integer"
		}
		return "number"
	case []any:
		return "array"
	}
	return "object"
}

// check finds the first flaw of a decoded JSON value; nil when it is as it should be.
func (s *shape) check(v any, path string) *flaw {
	kind := kindOf(v)
	if len(s.kinds) == 0 {
		return nil
	}
	if !slices.Contains(s.kinds, kind) {
		return &flaw{"INVALID_TYPE", "Expected type " + s.kinds[0] + " but found type " + kind, path}
	}
	switch v := v.(type) {
	case string:
		return s.checkText(v, path)
	case float64:
		if kind == "integer" && slices.Contains(s.kinds, kind) {
			return s.checkNumber(int64(v), path)
		}
	case []any:
		return s.checkList(v, path)
	case map[string]any:
		return s.checkObject(v, path)
	}
	return nil
}

func (s *shape) checkText(v, path string) *flaw {
	n := utf8.RuneCountInString(v)
	switch {
	case n < s.low:
		return &flaw{"MIN_LENGTH", fmt.Sprintf("String is too short (%d chars), minimum %d", n, s.low), path}
	case s.high >= 0 && n > s.high:
		return &flaw{"MAX_LENGTH", fmt.Sprintf("String is too long (%d chars), maximum %d", n, s.high), path}
	case s.pattern != nil && !s.pattern.MatchString(v):
		return &flaw{"PATTERN", fmt.Sprintf("String does not match pattern %s: %s", s.pattern, v), path}
	case s.choice != nil && !slices.Contains(s.choice, v):
		return &flaw{"ENUM_MISMATCH", "No enum match for: " + v, path}
	case s.format != "" && !formed(s.format, v):
		return &flaw{"INVALID_FORMAT", "Object didn't pass validation for format " + s.format + ": " + v, path}
	}
	return nil
}

func (s *shape) checkNumber(v int64, path string) *flaw {
	switch {
	case v < int64(s.low):
		return &flaw{"MINIMUM", fmt.Sprintf("Value %d is less than minimum %d", v, s.low), path}
	case s.high >= 0 && v > int64(s.high):
		return &flaw{"MAXIMUM", fmt.Sprintf("Value %d is greater than maximum %d", v, s.high), path}
	}
	return nil
}

func (s *shape) checkList(v []any, path string) *flaw {
	switch {
	case len(v) < s.low:
		return &flaw{"ARRAY_LENGTH_SHORT", fmt.Sprintf("Array is too short (%d), minimum %d", len(v), s.low), path}
	case s.high >= 0 && len(v) > s.high:
		return &flaw{"ARRAY_LENGTH_LONG", fmt.Sprintf("Array is too long (%d), maximum %d", len(v), s.high), path}
	case s.items == nil:
		return nil
	}
	for i, item := range v {
		if bad := s.items.check(item, fmt.Sprintf("%s[%d]", path, i)); bad != nil {
			return bad
		}
	}
	return nil
}

func (s *shape) checkObject(v map[string]any, path string) *flaw {
	if len(v) < s.low {
		return &flaw{"OBJECT_PROPERTIES_MINIMUM", fmt.Sprintf("Too few properties defined (%d), minimum %d", len(v), s.low), path}
	}
	for _, name := range s.need {
		if _, sent := v[name]; !sent {
			return &flaw{"OBJECT_MISSING_REQUIRED_PROPERTY", "Missing required property: " + name, path}
		}
	}
	names := slices.Sorted(maps.Keys(v))
	if !s.loose {
		unknown := slices.DeleteFunc(slices.Clone(names), func(n string) bool { _, known := s.fields[n]; return known })
		if len(unknown) > 0 {
			return &flaw{"OBJECT_ADDITIONAL_PROPERTIES", "Additional properties not allowed: " + strings.Join(unknown, ","), path}
		}
	}
	for _, name := range names {
		if of, known := s.fields[name]; known {
			if bad := of.check(v[name], joinPath(path, name)); bad != nil {
				return bad
			}
		}
	}
	return nil
}

func joinPath(path, name string) string {
	if path == "" {
		return name
	}
	return path + "." + name
}

// complaint is a flaw as the API words it. part is "Payload" or "Query".
func (f *flaw) complaint(part, code string) reply {
	text := part + " validation error: '" + f.message + "'"
	if f.path != "" {
		text += " on property " + f.path
	}
	return fail(400, text+".", code)
}

var (
	emailShape      = regexp.MustCompile(`^[^@\s]{1,64}@[^@\s]+\.[^@\s]+$`)
	phoneShape      = regexp.MustCompile(`^\+[0-9]{1,15}$`)
	idShapes        = regexp.MustCompile(`^(con|org|rol|cgr)_[A-Za-z0-9]{1,32}$`)
	clientShape     = regexp.MustCompile(`^[A-Za-z0-9_-]{1,64}$`)
	nameShape       = regexp.MustCompile(`^[a-z0-9][a-z0-9_-]*$`)
	colorShape      = regexp.MustCompile(`^#[0-9a-fA-F]{3}([0-9a-fA-F]{3})?$`)
	uuidShape       = regexp.MustCompile(`^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$`)
	connectionShape = regexp.MustCompile(`^[a-zA-Z0-9](-[a-zA-Z0-9]|[a-zA-Z0-9])*$`)
	hostShape       = regexp.MustCompile(`^([A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?\.)*[A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?$`)
	groupShape      = regexp.MustCompile(`^grp_[1-9a-km-zA-HJ-NP-Z]{14,22}$`)
	jobConShape     = regexp.MustCompile(`^con_[A-Za-z0-9]{16}$`)
)

// formed reports whether a text has one of the formats that Auth0's description names.
func formed(format, s string) bool {
	switch format {
	case "email":
		return emailShape.MatchString(s) && len(s) <= 254
	case "user-id":
		strategy, id, found := strings.Cut(s, "|")
		return found && strategy != "" && id != ""
	case "client-id":
		return clientShape.MatchString(s)
	case "connection-id", "organization-id", "role-id", "client-grant-id":
		return idShapes.MatchString(s)
	case "organization-name":
		return nameShape.MatchString(s)
	case "html-color":
		return colorShape.MatchString(s)
	case "uuid":
		return uuidShape.MatchString(s)
	case "hostname":
		return hostShape.MatchString(s)
	case "strict-https-uri-or-null":
		u, err := url.Parse(s)
		return err == nil && u.Scheme == "https" && u.Host != ""
	case "url", "strict-uri":
		u, err := url.Parse(s)
		return err == nil && u.Scheme != "" && u.Host != ""
	}
	return true
}

// queryValue reads a query parameter as the JSON value its shape asks for, so that the same rules check it.
func queryValue(values []string, of shape) any {
	first := values[0]
	switch of.kinds[0] {
	case "integer":
		if n, err := strconv.ParseFloat(first, 64); err == nil && !strings.ContainsAny(first, "eExXnN.") {
			return n
		}
	case "boolean":
		if b, err := strconv.ParseBool(first); err == nil && (first == "true" || first == "false") {
			return b
		}
	case "array":
		out := []any{}
		for _, v := range values {
			for part := range strings.SplitSeq(v, ",") {
				out = append(out, part)
			}
		}
		return out
	}
	return first
}

func decodeJSON(raw []byte) (any, error) {
	var v any
	err := json.Unmarshal(raw, &v)
	return v, err
}

// optional reports that a body of this shape may be left out.
func (s *shape) optional() bool {
	return len(s.need) == 0 && s.low == 0 && slices.Contains(s.kinds, "object")
}
