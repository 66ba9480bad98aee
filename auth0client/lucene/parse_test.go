package lucene_test

import (
	"errors"
	"reflect"
	"strings"
	"testing"

	"usher/auth0client/lucene"
)

func TestRefusals(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		says, query string
		at          int
		reason      string // a part of it
	}{
		{"a question mark", `name:j?hn`, 6, "? is not supported"},
		{"a suffix of two letters", `name:*sa`, 5, "at least 3"},
		{"a contains of two letters", `name:*sa*`, 5, "at least 3"},
		{"a bare suffix of two letters", `*ab`, 0, "at least 3"},
		{"a star alone", `name:*`, 5, "_exists_:name"},
		{"a bare star", `*`, 0, "leave the query empty"},
		{"a wildcard on user_metadata", `user_metadata.city:Par*`, 19, "user_metadata"},
		{"a wildcard on user_metadata in a group", `user_metadata.city:(Oslo OR Par*)`, 28, "user_metadata"},
		{"a range on user_metadata", `user_metadata.fontSize:[1 TO 20]`, 23, "user_metadata"},
		{"an old comparison of dates", `updated_at:>=2018-01-15`, 11, "write a range"},
		{"an old comparison of numbers", `logins_count:>100`, 13, "write a range"},
		{"_missing_", `_missing_:app_metadata.plan`, 0, "NOT _exists_"},
		{"the .raw suffix", `name.raw:"x"`, 0, ".raw"},
		{"the presence of a .raw suffix", `_exists_:name.raw`, 9, ".raw"},
		{"the field connection", `connection:"google-oauth2"`, 0, "identities.connection"},
		{"a field that is not searchable", `multifactor:guardian`, 0, "cannot be searched"},
		{"a fuzzy word", `name:jhn~`, 8, "fuzzy"},
		{"a proximity search", `name:"fox quick"~5`, 16, "~"},
		{"a boost", `quick^2`, 5, "boost"},
		{"a boosted group", `(a b)^2`, 5, "boost"},
		{"a regular expression", `name:/joh?n/`, 5, "regular expressions"},
		{"an open quote", `name:"jane`, 5, "not closed"},
		{"an open parenthesis", `(name:a OR name:b`, 0, "not closed"},
		{"a parenthesis too many", `name:a)`, 6, "without its ("},
		{"empty parentheses", `name:()`, 6, "empty"},
		{"an open range", `logins_count:[1 TO 5`, 13, "not closed"},
		{"a range without TO", `logins_count:[1 5]`, 16, "TO in capitals"},
		{"a range without a limit", `logins_count:[1 TO ]`, 19, "lacks a limit"},
		{"a range with a wildcard", `name:[a* TO b]`, 6, "a value or a * alone"},
		{"a range without a field", `[1 TO 2]`, 0, "needs a field"},
		{"a date that is none", `created_at:[now-7d TO *]`, 12, "is a date"},
		{"a month that is none", `created_at:[2018-13 TO *]`, 12, "is a date"},
		{"a number that is none", `logins_count:[few TO *]`, 14, "is a number"},
		{"a field without a value", `name:`, 5, "missing at the end"},
		{"an operator without a left side", `AND name:a`, 0, "missing here"},
		{"an operator without a right side", `name:a OR`, 9, "missing at the end"},
		{"a time without quotes", `last_login:2020-01-01T00:00:00Z`, 24, "quotes"},
		{"a sign before a value", `phone_number:+199`, 13, "needs quotes"},
		{"a backslash at the end", `name:a\`, 6, "backslash"},
		{"half a unicode escape", `name:DOM\user`, 8, "hexadecimal"},
		{"a lone closing bracket", `name:a ]`, 7, "without the start"},
		{"a wildcard in a field name", `na*:x`, 0, "no wildcards"},
		{"an empty part in a field name", `user_metadata..x:y`, 0, "empty part"},
		{"broken text", "name:\xff", 5, "UTF-8"},
		{"endless parentheses", strings.Repeat("(", 100_000) + "a", 512, "nest deeper"},
		{"endless negation", strings.Repeat("(NOT ", 100) + "a" + strings.Repeat(")", 100), 176, "nests deeper"},
		{"too many clauses", strings.Repeat("a ", 1025), 2048, "1024 clauses"},
	} {
		t.Run(c.says, func(t *testing.T) {
			t.Parallel()
			_, err := lucene.Parse(c.query)
			var se *lucene.SyntaxError
			if !errors.As(err, &se) {
				t.Fatalf("Parse(%.60q) = %v, want a SyntaxError", c.query, err)
			}
			if !strings.Contains(se.Reason, c.reason) || se.Offset != c.at {
				t.Errorf("Parse(%.60q) = %d %q, want %d and %q in it", c.query, se.Offset, se.Reason, c.at, c.reason)
			}
		})
	}
}

func TestLogSearchRefusals(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ says, query, reason string }{
		{"an unknown field", `user_email:"a@b.c"`, `unknown field "user_email"`},
		{"the presence of an unknown field", `_exists_:scope`, `unknown field "scope"`},
		{"the .raw suffix", `description.raw:x`, `the .raw suffix is not supported: write description`},
		{"a question mark", `type:s?`, `the wildcard ? is not supported, only *: escape a question mark with a backslash`},
		{"a short suffix", `description:*le`, `a leading * needs at least 3 characters after it`},
	} {
		t.Run(c.says, func(t *testing.T) {
			t.Parallel()
			_, err := lucene.ParseLogs(c.query)
			var se *lucene.SyntaxError
			if !errors.As(err, &se) || se.Reason != c.reason {
				t.Errorf("ParseLogs(%q) = %v, want %q", c.query, err, c.reason)
			}
		})
	}
}

func TestStringIsCanonical(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ query, want string }{
		{``, ``},
		{`*:*`, `*:*`},
		{` name : "Jane" `, `name:Jane`},
		{`name:Jane\ Doe`, `name:"Jane Doe"`},
		{`name:("a" OR "b c")`, `name:a OR name:"b c"`},
		{`a b`, `a OR b`},
		{`a AND b OR c`, `(a AND b) OR c`},
		{`a && !b`, `a AND NOT b`},
		{`+a b -c`, `+a b -c`},
		{`NOT (a OR b)`, `NOT (a OR b)`},
		{`((a))`, `a`},
		{`name:"AND"`, `name:"AND"`},
		{`name:a\*b*`, `name:a\*b*`},
		{`name:a**b`, `name:a*b`},
		{`_exists_:(a b)`, `_exists_:a OR _exists_:b`},
		{`logins_count:{1 TO *]`, `logins_count:{1 TO *]`},
		{`logins_count:{* TO 5}`, `logins_count:[* TO 5}`},
		{`name:["*" TO "b c"]`, `name:["*" TO "b c"]`},
		{`user_metadata.a\ b:x`, `user_metadata.a\ b:x`},
		{`user_id:auth0|1`, `user_id:"auth0|1"`},
	} {
		q, err := lucene.Parse(c.query)
		if err != nil {
			t.Errorf("Parse(%q): %v", c.query, err)
			continue
		}
		if got := q.String(); got != c.want {
			t.Errorf("Parse(%q) prints %q, want %q", c.query, got, c.want)
		}
	}
}

func TestExactNamesWhatAnIndexCanAnswer(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		query, field, value string
		ok                  bool
	}{
		{`email:"Ada@Example.com"`, "email", "Ada@Example.com", true},
		{`(email:ada@example.com)`, "email", "ada@example.com", true},
		{`user_id:"auth0|1"`, "user_id", "auth0|1", true},
		{`username:ada`, "username", "ada", true},
		{`phone_number:"+199"`, "phone_number", "+199", true},
		{`email:ada*`, "", "", false},
		{`name:ada`, "", "", false},
		{`ada`, "", "", false},
		{`NOT email:ada`, "", "", false},
		{`email:a OR email:b`, "", "", false},
		{`_exists_:email`, "", "", false},
		{``, "", "", false},
	} {
		q, err := lucene.Parse(c.query)
		if err != nil {
			t.Errorf("Parse(%q): %v", c.query, err)
			continue
		}
		if f, v, ok := q.Exact(); f != c.field || v != c.value || ok != c.ok {
			t.Errorf("Parse(%q).Exact() = %q, %q, %v", c.query, f, v, ok)
		}
	}
}

func TestMapDocumentGivesOnlyValues(t *testing.T) {
	t.Parallel()
	d := document(t, janeProfile)
	for _, c := range []struct {
		path string
		want []any
	}{
		{"user_metadata.addresses.cities", []any{"Paris", "Seattle"}},
		{"identities.connection", []any{"google-oauth2", "acme-db"}},
		{"logins_count", []any{100.0}},
		{"email_verified", []any{false}},
		{"user_metadata.nothing", nil},
		{"user_metadata.none", nil},
		{"user_metadata.hollow", nil},
		{"user_metadata.hollow.deep", nil},
		{"blocked", nil},
		{"email.x", nil},
	} {
		if got := d.Values(c.path); !reflect.DeepEqual(got, c.want) {
			t.Errorf("Values(%q) = %v, want %v", c.path, got, c.want)
		}
	}
}
