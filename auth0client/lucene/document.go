package lucene

import (
	"strings"
	"time"
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

func (m mapDocument) Values(path string) []any { return List(m, path) }

func (m mapDocument) Visit(f *Field, v Visitor) bool { return Walk(m[f.Path[0]], f.Path[1:], v) }

// List gives what a record shows at a dotted path, in the form of [Document]: a Record that has this as its Values is a
// Document too. An object is given as an empty map.
func List(r Record, path string) []any {
	c := collector{}
	r.Visit(newField(path), &c)
	return c.values
}

func newField(name string) *Field {
	return &Field{ID: fieldID(name), Name: name, Path: strings.Split(name, ".")}
}

type collector struct{ values []any }

func (c *collector) add(v any) bool {
	c.values = append(c.values, v)
	return false
}

func (c *collector) Text(s string) bool      { return c.add(s) }
func (c *collector) Folded(s, _ string) bool { return c.add(s) }
func (c *collector) Number(n float64) bool   { return c.add(n) }
func (c *collector) Truth(b bool) bool       { return c.add(b) }
func (c *collector) Time(at time.Time) bool  { return c.add(at.UTC().Format(stampLayout)) }
func (c *collector) Object() bool            { return c.add(map[string]any{}) }

// stampLayout is how Auth0 writes dates.
const stampLayout = "2006-01-02T15:04:05.000Z"

// listed visits a document that can only list its values.
type listed struct{ Document }

func (l listed) Visit(f *Field, v Visitor) bool {
	for _, x := range l.Values(f.Name) {
		switch x := x.(type) {
		case string, float64, bool:
			if show(x, v) {
				return true
			}
		default:
			if v.Object() {
				return true
			}
		}
	}
	return false
}

func recordOf(d Document) Record {
	if r, ok := d.(Record); ok {
		return r
	}
	return listed{d}
}
