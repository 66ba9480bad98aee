package lucene

import (
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"regexp"
	"slices"
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

	drawnLocal  = rapid.SampledFrom([]string{"ada", "Ada", "zoe", "a@b", "ädä"})
	drawnDomain = rapid.SampledFrom([]string{"example.com", "Example.COM", "example.org"})
	drawnDay    = rapid.SampledFrom([]string{"2017-12-31", "2018-01-01", "2018-01-15", "2018-01-16", "2019-06-30"})
	drawnTime   = rapid.SampledFrom([]string{"00:00:00.000", "00:00:00.001", "10:30:00.000", "23:59:59.999"})
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
	for _, f := range []string{"name", "username"} {
		if s := drawnText.Draw(t, f); s != "" {
			m[f] = s
		}
	}
	if rapid.Bool().Draw(t, "with an email") {
		m["email"] = drawnLocal.Draw(t, "local part") + "@" + drawnDomain.Draw(t, "domain")
	}
	if rapid.Bool().Draw(t, "ever logged in") {
		m["logins_count"] = float64(rapid.IntRange(1, 12).Draw(t, "logins"))
		m["last_login"] = drawnDay.Draw(t, "day") + "T" + drawnTime.Draw(t, "time") + "Z"
	}
	switch rapid.IntRange(0, 2).Draw(t, "blocked") {
	case 0:
		m["blocked"] = true
	case 1:
		m["blocked"] = false
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
	switch rapid.IntRange(0, 8).Draw(t, "type of field") {
	case 0:
		return drawNumber(t)
	case 1:
		return drawDate(t)
	case 2:
		return drawFlag(t)
	case 3:
		return drawDomain(t)
	case 4:
		return drawBare(t)
	}
	return drawText(t)
}

// inRange compares two of anything: -1, 0 or 1 for each limit, which an open one always satisfies.
func inRange(low, high int, lowOpen, highOpen, lowIn, highIn bool) bool {
	return (lowOpen || low > 0 || low == 0 && lowIn) && (highOpen || high < 0 || high == 0 && highIn)
}

// drawBrackets draws how a range is written around two limits.
func drawBrackets(t *rapid.T, low, high string) (text string, lowOpen, highOpen, lowIn, highIn bool) {
	lowOpen, highOpen = rapid.Bool().Draw(t, "open below"), rapid.Bool().Draw(t, "open above")
	lowIn, highIn = rapid.Bool().Draw(t, "with low"), rapid.Bool().Draw(t, "with high")
	if lowOpen {
		low = "*"
	}
	if highOpen {
		high = "*"
	}
	start, stop := "{", "}"
	if lowIn {
		start = "["
	}
	if highIn {
		stop = "]"
	}
	return start + low + " TO " + high + stop, lowOpen, highOpen, lowIn, highIn
}

func drawNumber(t *rapid.T) expression {
	low, high := rapid.IntRange(0, 12).Draw(t, "low"), rapid.IntRange(0, 12).Draw(t, "high")
	number := func(m map[string]any) (int, bool) { n, ok := m["logins_count"].(float64); return int(n), ok }
	if rapid.Bool().Draw(t, "one number") {
		return expression{fmt.Sprintf("logins_count:%d", low), func(m map[string]any) bool { n, ok := number(m); return ok && n == low }}
	}
	text, lowOpen, highOpen, lowIn, highIn := drawBrackets(t, fmt.Sprint(low), fmt.Sprint(high))
	return expression{"logins_count:" + text, func(m map[string]any) bool {
		n, ok := number(m)
		return ok && inRange(n-low, n-high, lowOpen, highOpen, lowIn, highIn)
	}}
}

// drawDate compares dates as text, each cut to the length of the limit: that is what a limit of a day or a month means.
func drawDate(t *rapid.T) expression {
	cut := func(what string) string {
		full := drawnDay.Draw(t, what) + "T" + drawnTime.Draw(t, what+" time")
		return full[:rapid.SampledFrom([]int{4, 7, 10, 13, 16, 19, 23}).Draw(t, what+" length")]
	}
	low, high := cut("from"), cut("to")
	if rapid.Bool().Draw(t, "one date") {
		return expression{"last_login:" + Quote(low), func(m map[string]any) bool {
			s, _ := m["last_login"].(string)
			return strings.HasPrefix(s, low)
		}}
	}
	text, lowOpen, highOpen, lowIn, highIn := drawBrackets(t, low, high)
	return expression{"last_login:" + text, func(m map[string]any) bool {
		s, ok := m["last_login"].(string)
		return ok && inRange(strings.Compare(s[:len(low)], low), strings.Compare(s[:len(high)], high), lowOpen, highOpen, lowIn, highIn)
	}}
}

func drawFlag(t *rapid.T) expression {
	want := rapid.Bool().Draw(t, "flag")
	return expression{fmt.Sprintf("blocked:%v", want), func(m map[string]any) bool { return m["blocked"] == want }}
}

func drawDomain(t *rapid.T) expression {
	want := drawnDomain.Draw(t, "domain")
	return expression{"email.domain:" + want, func(m map[string]any) bool {
		s, _ := m["email"].(string)
		return strings.HasSuffix(strings.ToLower(s), "@"+strings.ToLower(want))
	}}
}

// drawBare looks for a part in whatever field a bare term looks at.
func drawBare(t *rapid.T) expression {
	part := rapid.SampledFrom([]string{"ada", "ADA", "dada", "äda", "@example", "zoe"}).Draw(t, "part")
	return expression{"*" + Escape(part) + "*", func(m map[string]any) bool {
		for _, f := range []string{"name", "email"} {
			if s, ok := m[f].(string); ok && strings.Contains(strings.ToLower(s), strings.ToLower(part)) {
				return true
			}
		}
		s, ok := m["username"].(string)
		return ok && strings.Contains(s, part)
	}}
}

func drawText(t *rapid.T) expression {
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

// onlyLists is a document that is nothing else.
type onlyLists struct{ d Document }

func (l onlyLists) Values(path string) []any { return l.d.Values(path) }

// holds is the plainest look-up of a key.
func (k Key) holds(m map[string]any) bool {
	var s string
	switch k.Field {
	case "name", "email":
		text, _ := m[k.Field].(string)
		s = strings.ToLower(text)
	case "email.domain":
		text, _ := m["email"].(string)
		s = strings.ToLower(text[strings.LastIndex(text, "@")+1:])
	case "blocked":
		s = fmt.Sprint(m["blocked"])
	default:
		s, _ = m[k.Field].(string)
	}
	return s == k.Value || k.Prefix && strings.HasPrefix(s, k.Value)
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
			record, _ := json.Marshal(m)
			p := personOf(t, m)
			for _, d := range []Document{MapDocument(m), onlyLists{MapDocument(m)}, p, onlyLists{p}} {
				if got, want := q.Match(d), e.eval(m); got != want {
					t.Fatalf("%s\nprinted as %s\non %s as %T: %v, want %v", e.text, q, record, d, got, want)
				}
			}
			for _, group := range q.Keys() {
				if e.eval(m) && !slices.ContainsFunc(group, func(k Key) bool { return k.holds(m) }) {
					t.Fatalf("%s finds %s, which has none of the keys %v", e.text, record, group)
				}
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
