package lucene

import (
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"regexp"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// expression is a query as drawn: its text, and the answer found by the plainest means.
type expression struct {
	text string
	eval func(record map[string]any) bool
}

var (
	drawnText  = rapid.SampledFrom([]string{"ada", "Ada", "ADA b", "adada", "ÄDA", "", `a"b\c*`, "AND", "a:b|c", "10", "true", "zoe"})
	drawnField = rapid.SampledFrom([]string{"name", "username", "app_metadata.tags", "app_metadata.list.x"})
)

// lookup gives the strings at a path of the records drawn here.
func lookup(v any, path string) []string {
	switch v := v.(type) {
	case string:
		if path == "" {
			return []string{v}
		}
	case []any:
		var all []string
		for _, e := range v {
			all = append(all, lookup(e, path)...)
		}
		return all
	case map[string]any:
		head, rest, _ := strings.Cut(path, ".")
		return lookup(v[head], rest)
	}
	return nil
}

func drawRecord(t *rapid.T) map[string]any {
	m := map[string]any{}
	if rapid.Bool().Draw(t, "named") {
		m["name"] = drawnText.Draw(t, "name")
	}
	if rapid.Bool().Draw(t, "with a username") {
		m["username"] = drawnText.Draw(t, "username")
	}
	var tags, list []any
	for range rapid.IntRange(0, 2).Draw(t, "entries") {
		tags = append(tags, drawnText.Draw(t, "tag"))
		list = append(list, map[string]any{"x": drawnText.Draw(t, "x")})
	}
	m["app_metadata"] = map[string]any{"tags": tags, "list": list}
	return m
}

func drawLeaf(t *rapid.T) expression {
	field, value := drawnField.Draw(t, "field"), drawnText.Draw(t, "value")
	some := func(ok func(string) bool) func(map[string]any) bool {
		return func(m map[string]any) bool {
			for _, s := range lookup(m, field) {
				if ok(s) {
					return true
				}
			}
			return false
		}
	}
	key := func(s string) string {
		if field == "name" {
			return strings.ToLower(s)
		}
		return s
	}
	equals := some(func(s string) bool { return key(s) == key(value) })
	switch rapid.IntRange(0, 4).Draw(t, "kind of leaf") {
	case 0:
		return expression{field + ":" + Quote(value), equals}
	case 1:
		return expression{field + ":" + Escape(value), equals}
	case 2:
		return expression{"_exists_:" + field, some(func(string) bool { return true })}
	case 3:
		re := regexp.MustCompile(`(?s)^` + regexp.QuoteMeta(key("ad"+value)) + `.*` + regexp.QuoteMeta(key(value)) + `$`)
		text := field + ":ad" + escapedPart(value) + "*" + escapedPart(value)
		return expression{text, some(func(s string) bool { return re.MatchString(key(s)) })}
	default:
		other := drawnText.Draw(t, "other end")
		return expression{
			fmt.Sprintf("%s:[%s TO %s}", field, Quote(value), Quote(other)),
			some(func(s string) bool { return key(s) >= key(value) && key(s) < key(other) }),
		}
	}
}

func escapedPart(s string) string {
	var b strings.Builder
	escape(&b, s)
	return b.String()
}

func drawExpression(t *rapid.T, depth int) expression {
	if depth == 0 || rapid.IntRange(0, 3).Draw(t, "leaf or not") == 0 {
		return drawLeaf(t)
	}
	a := drawExpression(t, depth-1)
	if rapid.IntRange(0, 4).Draw(t, "negated") == 0 {
		return expression{"NOT (" + a.text + ")", func(m map[string]any) bool { return !a.eval(m) }}
	}
	b, c := drawExpression(t, depth-1), drawExpression(t, depth-1)
	switch rapid.IntRange(0, 4).Draw(t, "operator") {
	case 0:
		return expression{
			fmt.Sprintf("(%s) AND (%s) OR NOT (%s)", a.text, b.text, c.text),
			func(m map[string]any) bool { return a.eval(m) && b.eval(m) || !c.eval(m) },
		}
	case 1:
		return expression{
			fmt.Sprintf("(%s)||(%s)&&!(%s)", a.text, b.text, c.text),
			func(m map[string]any) bool { return a.eval(m) || b.eval(m) && !c.eval(m) },
		}
	case 2:
		return expression{
			fmt.Sprintf("(%s)\t(%s) -(%s)", a.text, b.text, c.text),
			func(m map[string]any) bool { return (a.eval(m) || b.eval(m)) && !c.eval(m) },
		}
	case 3:
		return expression{
			fmt.Sprintf("+(%s) (%s) -(%s)", a.text, b.text, c.text),
			func(m map[string]any) bool { return a.eval(m) && !c.eval(m) },
		}
	default:
		return expression{
			fmt.Sprintf("(%s) (%s) (%s)", a.text, b.text, c.text),
			func(m map[string]any) bool { return a.eval(m) || b.eval(m) || c.eval(m) },
		}
	}
}

func TestMatchAgreesWithThePlainestEvaluation(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		e := drawExpression(t, 3)
		q, err := Parse(e.text)
		if err != nil {
			t.Fatalf("Parse(%q): %v", e.text, err)
		}
		for range 4 {
			m := drawRecord(t)
			if got, want := q.Match(MapDocument(m)), e.eval(m); got != want {
				record, _ := json.Marshal(m)
				t.Fatalf("%s\nprinted as %s\non %s: %v, want %v", e.text, q, record, got, want)
			}
		}
	})
}

func TestParsingWhatIsPrintedGivesTheSameQuery(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) { sameAgain(t, Parse, drawExpression(t, 4).text) })
}

func TestEscapedAndQuotedTextStandsForItself(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		s := rapid.String().Draw(t, "text")
		for _, text := range []string{"username:" + Escape(s), "username:" + Quote(s)} {
			q, err := Parse(text)
			if err != nil {
				t.Fatalf("Parse(%q): %v", text, err)
			}
			if _, value, ok := q.Exact(); !ok || value != s {
				t.Fatalf("Parse(%q) is for %q, want %q", text, value, s)
			}
		}
		q, err := Parse(Escape(s))
		if err != nil || !q.Match(MapDocument(map[string]any{"user_id": s})) {
			t.Fatalf("the bare term %q does not find %q: %v", Escape(s), s, err)
		}
	})
}

// sameAgain checks that text, if it can be parsed, is the same query when printed and parsed again.
func sameAgain(t interface {
	Helper()
	Fatalf(format string, args ...any)
}, parse func(string) (Query, error), text string,
) {
	t.Helper()
	q, err := parse(text)
	if err != nil {
		return
	}
	again, err := parse(q.String())
	if err != nil {
		t.Fatalf("%q prints as %q, which does not parse: %v", text, q, err)
	}
	if !reflect.DeepEqual(q, again) {
		t.Fatalf("%q prints as %q, which is another query: %q", text, q, again)
	}
}

func FuzzParse(f *testing.F) {
	for _, seed := range []string{
		`name:"jane smith" AND NOT (email.domain:x.com OR blocked:true)`, `+a -b c`, `logins_count:{1 TO *]`,
		`last_login:[* TO 2017-12]`, `_exists_:(a b)`, `user_id:auth0\|*`, `name:a**b*`, `*:*`, `a&&!b||c`, `\u00e9`,
		`date:["2018-12-31T23:00:00.123+01:00" TO 2019}`, `type:s* description:*rule`, `name:["*" TO "]"]`,
	} {
		f.Add(seed)
	}
	d := MapDocument(map[string]any{
		"name": "Jane", "email": "a@b.c", "logins_count": 3.0, "date": "2018-12-31T23:00:00Z", "type": "sapi",
		"last_login": "2017-12-01T00:00:00Z", "app_metadata": map[string]any{"a": []any{"x", 1.0, true}},
	})
	f.Fuzz(func(t *testing.T, text string) {
		for _, parse := range []func(string) (Query, error){Parse, ParseLogs} {
			sameAgain(t, parse, text)
			q, err := parse(text)
			if err != nil {
				var se *SyntaxError
				if !errors.As(err, &se) || se.Offset < 0 || se.Offset > len(text) {
					t.Fatalf("%q gives %v", text, err)
				}
				continue
			}
			q.Match(d)
		}
	})
}
