package localtenant

import (
	"fmt"
	"maps"
	"slices"
	"testing"
)

// skeleton is what a JSON value is made of, without its contents.
type skeleton struct {
	kind  string               // "object", "array", "string", "number", "boolean" or "null"
	keys  map[string]*skeleton // of an object
	maybe map[string]bool      // keys that not each of the objects has which were put together
	each  *skeleton            // of an array, all elements put together; nil when it is empty
}

func skeletonOf(v any) *skeleton {
	switch v := v.(type) {
	case map[string]any:
		s := &skeleton{kind: "object", keys: map[string]*skeleton{}, maybe: map[string]bool{}}
		for k, e := range v {
			s.keys[k] = skeletonOf(e)
		}
		return s
	case []any:
		s := &skeleton{kind: "array"}
		for i, e := range v {
			if i == 0 {
				s.each = skeletonOf(e)
			} else {
				s.each = together(s.each, skeletonOf(e))
			}
		}
		return s
	case string:
		return &skeleton{kind: "string"}
	case float64:
		return &skeleton{kind: "number"}
	case bool:
		return &skeleton{kind: "boolean"}
	}
	return &skeleton{kind: "null"}
}

// together is the skeleton of values that are either a or b.
func together(a, b *skeleton) *skeleton {
	switch {
	case a == nil || a.kind == "null":
		return b
	case b == nil || b.kind == "null" || a.kind != b.kind:
		return a
	case a.kind == "array":
		return &skeleton{kind: "array", each: together(a.each, b.each)}
	case a.kind != "object":
		return a
	}
	s := &skeleton{kind: "object", keys: map[string]*skeleton{}, maybe: map[string]bool{}}
	for k := range a.keys {
		s.keys[k] = together(a.keys[k], b.keys[k])
		s.maybe[k] = a.maybe[k] || b.maybe[k] || b.keys[k] == nil
	}
	for k := range b.keys {
		if a.keys[k] == nil {
			s.keys[k], s.maybe[k] = b.keys[k], true
		}
	}
	return s
}

// leniency says what of a recorded skeleton is not to be compared.
type leniency struct {
	within func(path string) bool // nothing below this path
	extra  func(path string) bool // more or less may be here: Auth0 has added this since, or takes it away for some
	sdk    bool                   // the body went through an SDK's structs: it may lack keys, and null says nothing
}

// differ lists how got differs from want at path and below.
func differ(path string, want, got *skeleton, l leniency) []string {
	switch {
	case want == nil || got == nil || want.kind == "null" || l.within(path):
		return nil
	case want.kind != got.kind:
		return []string{fmt.Sprintf("%s: recorded %s, got %s", path, want.kind, got.kind)}
	case want.kind == "array":
		return differ(path+"[]", want.each, got.each, l)
	}
	var out []string
	for _, k := range slices.Sorted(maps.Keys(want.keys)) {
		below := path + "." + k
		switch {
		case got.keys[k] != nil:
			out = append(out, differ(below, want.keys[k], got.keys[k], l)...)
			if got.maybe[k] && !want.maybe[k] && !l.extra(below) {
				out = append(out, below+": recorded in each, got in some only")
			}
		case !want.maybe[k] && want.keys[k].kind != "null" && !l.extra(below):
			out = append(out, below+": recorded, not got")
		}
	}
	for _, k := range slices.Sorted(maps.Keys(got.keys)) {
		if below := path + "." + k; want.keys[k] == nil && !l.sdk && !l.extra(below) {
			out = append(out, fmt.Sprintf("%s: got %s, not recorded", below, got.keys[k].kind))
		}
	}
	return out
}

func TestShapesDiffer(t *testing.T) {
	t.Parallel()
	none := func(string) bool { return false }
	strict := leniency{within: none, extra: none}
	object := func(kv ...any) map[string]any {
		m := map[string]any{}
		for i := 0; i < len(kv); i += 2 {
			m[kv[i].(string)] = kv[i+1]
		}
		return m
	}
	for _, c := range []struct {
		says      string
		want, got any
		l         leniency
		differ    []string
	}{
		{"the same", object("a", 1.0), object("a", 2.0), strict, nil},
		{"another type", object("a", 1.0), object("a", "x"), strict, []string{".a: recorded number, got string"}},
		{"a key less", object("a", 1.0), object(), strict, []string{".a: recorded, not got"}},
		{"a key more", object(), object("a", 1.0), strict, []string{".a: got number, not recorded"}},
		{"a key more than an SDK knows", object(), object("a", 1.0), leniency{none, none, true}, nil},
		{"a list for an object", object(), []any{}, strict, []string{": recorded object, got array"}},
		{"an empty list", []any{object("a", 1.0)}, []any{}, strict, nil},
		{"elements", []any{object("a", 1.0)}, []any{object("a", 1.0), object("b", 1.0)}, strict,
			[]string{"[].a: recorded in each, got in some only", "[].b: got number, not recorded"}},
		{"a key of some elements", []any{object("a", 1.0), object()}, []any{object()}, strict, nil},
		{"a recorded null", object("a", nil), object(), strict, nil},
		{"below what is not looked at", object("a", object("b", 1.0)), object("a", object()),
			leniency{func(p string) bool { return p == ".a" }, none, false}, nil},
		{"what came later", object(), object("a", 1.0), leniency{none, func(p string) bool { return p == ".a" }, false}, nil},
	} {
		if got := differ("", skeletonOf(c.want), skeletonOf(c.got), c.l); !slices.Equal(got, c.differ) {
			t.Errorf("%s: %q, want %q", c.says, got, c.differ)
		}
	}
}
