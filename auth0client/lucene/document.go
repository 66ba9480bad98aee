package lucene

import (
	"encoding/json"
	"strings"
)

// Document is a record that can be searched.
type Document interface {
	// Values gives what is at a dotted path: strings, float64 and bool, with dates as RFC 3339 strings. Array levels
	// are skipped, so "identities.connection" gives one value for each identity. There is nothing for what is absent,
	// null, or an empty array or object. An object with something in it may be given as itself: only _exists_ looks
	// at it. The path "email.domain" is never asked for: it is derived from "email".
	Values(path string) []any
}

// MapDocument makes a document of decoded JSON. The map is read, never changed. Matching it does not allocate.
func MapDocument(m map[string]any) Document { return mapDocument(m) }

type mapDocument map[string]any

func (m mapDocument) Values(path string) []any {
	c := collector{}
	walk(map[string]any(m), strings.Split(path, "."), &c)
	return c.values
}

type collector struct{ values []any }

func (c *collector) accept(v any) bool {
	c.values = append(c.values, v)
	return false
}

// acceptor is shown values until it takes one.
type acceptor interface{ accept(v any) bool }

// walk shows a what is below v at path, and reports whether a took one.
func walk(v any, path []string, a acceptor) bool {
	switch v := v.(type) {
	case nil:
		return false
	case map[string]any:
		if len(path) > 0 {
			return walk(v[path[0]], path[1:], a)
		}
		return filled(v) && a.accept(v)
	case []any:
		for _, e := range v {
			if walk(e, path, a) {
				return true
			}
		}
		return false
	case []string:
		for _, e := range v {
			if len(path) == 0 && a.accept(e) {
				return true
			}
		}
		return false
	case string, float64, bool:
		return len(path) == 0 && a.accept(v)
	case json.Number:
		f, err := v.Float64()
		return err == nil && len(path) == 0 && a.accept(f)
	case int:
		return len(path) == 0 && a.accept(float64(v))
	case int64:
		return len(path) == 0 && a.accept(float64(v))
	}
	return false
}

// filled reports whether there is a value anywhere in v: Auth0 does not index null, empty arrays and empty objects.
func filled(v any) bool {
	switch v := v.(type) {
	case nil:
		return false
	case map[string]any:
		for _, e := range v {
			if filled(e) {
				return true
			}
		}
		return false
	case []any:
		for _, e := range v {
			if filled(e) {
				return true
			}
		}
		return false
	case []string:
		return len(v) > 0
	}
	return true
}
