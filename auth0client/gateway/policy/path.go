package policy

import (
	"slices"
	"strings"
)

// glob reports whether s fits a pattern in which "*" stands for any text.
func glob(pattern, s string) bool {
	head, rest, star := strings.Cut(pattern, "*")
	if !star {
		return pattern == s
	}
	s, ok := strings.CutPrefix(s, head)
	if !ok {
		return false
	}
	for {
		middle, after, more := strings.Cut(rest, "*")
		if !more {
			return strings.HasSuffix(s, middle)
		}
		at := strings.Index(s, middle)
		if at < 0 {
			return false
		}
		s, rest = s[at+len(middle):], after
	}
}

func globAny(patterns []string, s string) bool {
	return slices.ContainsFunc(patterns, func(p string) bool { return glob(p, s) })
}

// metadata reports the two fields that a write merges at their first level (auth0-facts: PATCH /users/{id}).
func metadata(field string) bool { return field == "user_metadata" || field == "app_metadata" }

// written lists the paths that a write of these fields sets: root fields, and the first level of metadata.
func written(fields map[string]any) []string {
	var out []string
	for f, v := range fields {
		keys, ok := v.(map[string]any)
		if !metadata(f) || !ok || len(keys) == 0 { // an empty object may empty it all
			out = append(out, f)
			continue
		}
		for k := range keys {
			out = append(out, f+"."+k)
		}
	}
	slices.Sort(out)
	return out
}

// within reports whether a path is a pattern or lies below it: "app_metadata" holds all of "app_metadata.plan".
func within(patterns []string, path string) bool {
	root, _, _ := strings.Cut(path, ".")
	return globAny(patterns, path) || slices.Contains(patterns, root)
}

// touches reports whether a path lies below one of paths or holds one of them.
func touches(paths []string, path string) (string, bool) {
	for _, p := range paths {
		if p == path || strings.HasPrefix(path, p+".") || strings.HasPrefix(p, path+".") {
			return p, true
		}
	}
	return "", false
}

// valueAt is what is at a dotted path of at most two steps.
func valueAt(fields map[string]any, path string) (any, bool) {
	root, key, nested := strings.Cut(path, ".")
	v, ok := fields[root]
	if !nested || !ok {
		return v, ok
	}
	m, ok := v.(map[string]any)
	if !ok {
		return nil, false
	}
	v, ok = m[key]
	return v, ok
}

// setAt sets a dotted path of at most two steps, copying what it changes.
func setAt(fields map[string]any, path string, value any) {
	root, key, nested := strings.Cut(path, ".")
	if !nested {
		fields[root] = value
		return
	}
	m := map[string]any{}
	if old, ok := fields[root].(map[string]any); ok {
		for k, v := range old {
			m[k] = v
		}
	}
	m[key] = value
	fields[root] = m
}

// remove takes a dotted path out of decoded JSON, in every element of arrays on the way.
func remove(v any, path []string) {
	switch v := v.(type) {
	case []any:
		for _, e := range v {
			remove(e, path)
		}
	case map[string]any:
		if len(path) == 1 {
			delete(v, path[0])
			return
		}
		remove(v[path[0]], path[1:])
	}
}

// nearest is the known word most like a mistyped one, or "" when none is near.
func nearest(word string, known []string) string {
	best, least := "", len(word)/2+1
	for _, k := range known {
		if d := distance(word, k); d < least {
			best, least = k, d
		}
	}
	return best
}

// distance is Levenshtein's.
func distance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := 1; i <= len(a); i++ {
		diagonal := row[0]
		row[0] = i
		for j := 1; j <= len(b); j++ {
			change := diagonal
			if a[i-1] != b[j-1] {
				change++
			}
			diagonal = row[j]
			row[j] = min(change, row[j]+1, row[j-1]+1)
		}
	}
	return row[len(b)]
}
