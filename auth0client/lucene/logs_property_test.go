package lucene

import (
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// TestLogMatchAgreesWithThePlainestEvaluation draws log entries and queries. Nothing folds in the log search, and a bare
// term looks at other fields than in the user search.
func TestLogMatchAgreesWithThePlainestEvaluation(t *testing.T) {
	t.Parallel()
	words := rapid.SampledFrom([]string{"Create a rule", "create a rule", "rule", "sapi", "Sapi", "ada@example.com", "203.0.113.7"})
	fields := rapid.SampledFrom([]string{"description", "type", "user_name", "user_id", "ip"})
	leaf := func(t *rapid.T) expression {
		field, word := fields.Draw(t, "field"), words.Draw(t, "word")
		in := func(holds func(string) bool, names ...string) func(map[string]any) bool {
			return func(m map[string]any) bool {
				for _, f := range names {
					if s, ok := m[f].(string); ok && holds(s) {
						return true
					}
				}
				return false
			}
		}
		equals := func(s string) bool { return s == word }
		switch rapid.IntRange(0, 4).Draw(t, "kind of leaf") {
		case 0:
			return expression{field + ":" + Quote(word), in(equals, field)}
		case 1:
			return expression{field + ":" + Escape(word[:2]) + "*", in(func(s string) bool { return strings.HasPrefix(s, word[:2]) }, field)}
		case 2:
			return expression{field + ":*" + Escape(word[1:]), in(func(s string) bool { return strings.HasSuffix(s, word[1:]) }, field)}
		case 3:
			return expression{field + ":*" + Escape(word[1:4]) + "*", in(func(s string) bool { return strings.Contains(s, word[1:4]) }, field)}
		default:
			return expression{Quote(word), in(equals, "client_name", "connection", "description", "ip", "log_id", "type", "user_name")}
		}
	}
	rapid.Check(t, func(t *rapid.T) {
		a, b := leaf(t), leaf(t)
		text := a.text + " AND NOT " + b.text
		want := func(m map[string]any) bool { return a.eval(m) && !b.eval(m) }
		if rapid.Bool().Draw(t, "either") {
			text, want = a.text+" OR "+b.text, func(m map[string]any) bool { return a.eval(m) || b.eval(m) }
		}
		q, err := ParseLogs(text)
		if err != nil {
			t.Fatalf("ParseLogs(%q): %v", text, err)
		}
		sameAgain(t, ParseLogs, text)
		for range 4 {
			m := map[string]any{}
			for _, f := range []string{"description", "type", "user_name", "user_id", "ip"} {
				if rapid.Bool().Draw(t, "has "+f) {
					m[f] = words.Draw(t, f)
				}
			}
			if got := q.Match(MapDocument(m)); got != want(m) {
				t.Fatalf("%s on %v: %v", text, m, got)
			}
		}
	})
}
