package lucene

import (
	"strings"
	"testing"

	"pgregory.net/rapid"
)

func mustParse(tb testing.TB, text string) Query {
	tb.Helper()
	q, err := Parse(text)
	if err != nil {
		tb.Fatalf("Parse(%q): %v", text, err)
	}
	return q
}

func TestAndJoins(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ a, b, want string }{
		{``, ``, ``},
		{`name:a`, ``, `name:a`},
		{``, `name:a`, `name:a`},
		{`*:*`, `name:a`, `name:a`},
		{`*:*`, ``, `*:*`},
		{``, `*:*`, `*:*`},
		{`name:a`, `name:b`, `name:a AND name:b`},
		{`name:a`, `name:b OR name:c`, `name:a AND (name:b OR name:c)`},
		{`name:a`, `name:b name:c -name:d`, `name:a AND (name:b name:c -name:d)`},
		{`name:a OR name:b`, `NOT name:c`, `(name:a OR name:b) AND NOT name:c`},
		{`name:a AND name:b`, `name:c AND name:d`, `name:a AND name:b AND name:c AND name:d`},
	} {
		if got := And(mustParse(t, c.a), mustParse(t, c.b)).String(); got != c.want {
			t.Errorf("And(%s, %s) prints %q, want %q", c.a, c.b, got, c.want)
		}
	}
}

func TestTheDeepestQueriesJoinAndAreReadAgain(t *testing.T) {
	t.Parallel()
	deepest := strings.Repeat("(NOT ", maxHeight-1) + "a" + strings.Repeat(")", maxHeight-1)
	q := mustParse(t, "b OR "+deepest)
	joined := And(And(q, q), q)
	if _, err := Parse(joined.String()); err != nil {
		t.Errorf("what And made of three queries cannot be read: %v", err)
	}
	if _, err := Parse("b OR (c AND (b OR " + deepest + "))"); err == nil {
		t.Error("a query that nests deeper than the limit was read")
	}
}

// TestNothingEscapesAFilter tries to find more than a filter allows, with whatever text an operator may send.
func TestNothingEscapesAFilter(t *testing.T) {
	t.Parallel()
	filter := mustParse(t, `email.domain:"example.com" OR username:`+Quote(`x" OR name:*`))
	outside := MapDocument(map[string]any{"email": "eve@example.org", "name": "eve", "username": "eve", "logins_count": 1.0})
	attempts := []string{
		`*:*`, `name:eve`, `name:eve) OR (name:eve`, `x) OR (*:*`, `-x`, `NOT (email.domain:example.com)`, `name:eve OR`, `"`, `x" OR "eve`,
		`name:eve OR name:eve AND name:eve`, `+name:eve`, `name:eve \`, `-(x) -(y)`, `logins_count:[* TO *]`, `name:"eve\"`, `!x`, `name:eve && x || name:eve`,
	}
	try := func(t interface{ Fatalf(string, ...any) }, text string) {
		q, err := Parse(text)
		if err != nil {
			return
		}
		joined := And(filter, q)
		again, err := Parse(joined.String())
		if err != nil {
			t.Fatalf("%s with the filter prints as %s, which cannot be read: %v", text, joined, err)
		}
		for _, j := range []Query{joined, again, And(q, filter)} {
			if j.Match(outside) {
				t.Fatalf("%q finds somebody outside the filter: %s", text, j)
			}
		}
	}
	for _, text := range attempts {
		try(t, text)
	}
	rapid.Check(t, func(t *rapid.T) {
		pieces := rapid.SliceOfN(rapid.SampledFrom([]string{`(`, `)`, ` OR `, ` AND `, `NOT `, `-`, `+`, `"`, `\`, `*:*`, `name:eve`, `eve`, ` `, `x`}), 1, 9)
		try(t, strings.Join(pieces.Draw(t, "pieces"), ""))
	})
}
