package policy

import (
	"net/url"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// route is one line of the table. In path "{id}" stands for one segment.
type route struct {
	method, path string
	actions      []Action
	fields       []string // the body's fields for a write; nil: no body
	query        []string // the parameters that are forwarded; all others are refused
	needs        []string // parameters or fields without which the request would be about everybody
	form         bool     // the body is multipart
	self         bool     // what operators may not do to themselves
	handover     bool     // the answer is a secret for whoever asked
	user         int      // which "{id}" is a user's, from 1; 0: none
	about        Subject
	answer       Answer
	decide       func(fields map[string]any) []Action // adds actions by what the body holds
}

func read(path string, a ...Action) route {
	return route{method: "GET", path: path, actions: a}.naming()
}

func write(method, path string, fields []string, a ...Action) route {
	return route{method: method, path: path, actions: a, fields: fields}.naming()
}

// naming finds the user that a path names.
func (r route) naming() route {
	switch {
	case strings.HasPrefix(r.path, "users/{id}"), strings.HasPrefix(r.path, "user-blocks/{id}"):
		r.user, r.about = 1, OnePerson
	case strings.HasPrefix(r.path, "organizations/{id}/members/{id}"):
		r.user, r.about = 2, OnePerson
	}
	return r
}

func (r route) notSelf() route {
	r.self = true
	return r
}

func (r route) with(names ...[]string) route {
	r.query = slices.Concat(append([][]string{r.query}, names...)...)
	return r
}

func (r route) of(s Subject) route {
	r.about = s
	return r
}

func (r route) gives(a Answer) route {
	r.answer = a
	return r
}

// handingOver marks a request whose answer is a secret for whoever asked, such as a link that opens an account.
func (r route) handingOver() route {
	r.handover = true
	return r
}

func (r route) needing(names ...string) route {
	r.needs = names
	return r
}

func (r route) deciding(f func(map[string]any) []Action) route {
	r.decide = f
	return r
}

// Table decides requests. Build it once with NewTable.
type Table struct {
	byShape map[string][]route // method and number of segments
}

// NewTable makes the table.
func NewTable() *Table {
	t := &Table{byShape: map[string][]route{}}
	for _, r := range table() {
		k := shape(r.method, strings.Count(r.path, "/")+1)
		t.byShape[k] = append(t.byShape[k], r)
	}
	return t
}

func shape(method string, segments int) string { return method + strings.Repeat("/", segments) }

const prefix = "/api/v2/"

// segments splits an escaped path below /api/v2 at its real slashes and decodes each part once. It refuses what could be
// read in two ways: empty parts, parameters, dotted parts (behind encoded slashes too), control characters and bytes that
// are no UTF-8.
func segments(escaped string) ([]string, bool) {
	rest, ok := strings.CutPrefix(escaped, prefix)
	if !ok || rest == "" || strings.Contains(rest, ";") {
		return nil, false
	}
	parts := strings.Split(rest, "/")
	for i, p := range parts {
		d, err := url.PathUnescape(p)
		if err != nil || d == "" || !utf8.ValidString(d) || strings.ContainsFunc(d, unicode.IsControl) || dotted(d) {
			return nil, false
		}
		parts[i] = d
	}
	return parts, true
}

// dotted reports a "." or ".." between slashes of either kind: who decodes before resolving would climb by it.
func dotted(s string) bool {
	for p := range strings.FieldsFuncSeq(s, func(r rune) bool { return r == '/' || r == '\\' }) {
		if p == "." || p == ".." {
			return true
		}
	}
	return false
}

func (t *Table) find(method, escaped string) (route, []string, bool) {
	parts, ok := segments(escaped)
	if !ok {
		return route{}, nil, false
	}
	for _, r := range t.byShape[shape(method, len(parts))] {
		if ids, ok := match(r.path, parts); ok {
			return r, ids, true
		}
	}
	return route{}, nil, false
}

// match compares names exactly, case included; "{id}" takes any segment.
func match(pattern string, parts []string) (ids []string, ok bool) {
	for i, part := range parts {
		want := pattern
		if slash := strings.IndexByte(pattern, '/'); i < len(parts)-1 && slash >= 0 {
			want, pattern = pattern[:slash], pattern[slash+1:]
		}
		switch {
		case want == "{id}":
			ids = append(ids, part)
		case want != part:
			return nil, false
		}
	}
	return ids, true
}

// rebuild writes the path anew from its decoded parts, so that what is forwarded is what was decided.
func rebuild(pattern string, ids []string) string {
	var b strings.Builder
	b.WriteString(strings.TrimSuffix(prefix, "/"))
	for p := range strings.SplitSeq(pattern, "/") {
		b.WriteByte('/')
		if p == "{id}" {
			p, ids = url.PathEscape(ids[0]), ids[1:]
		}
		b.WriteString(p)
	}
	return b.String()
}
