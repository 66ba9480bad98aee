package auth0client

import (
	"strings"
	"testing"

	"usher/auth0client/lucene"
)

func TestPlainQuery(t *testing.T) {
	t.Parallel()
	word := func(w string) string {
		return "(name:" + w + " OR email:" + w + " OR nickname:" + w + " OR username:" + w + ")"
	}
	for _, tc := range []struct{ name, typed, want string }{
		{"nothing lists everybody", "  ", ""},
		{"an email is looked up exactly", " ada@example.com ", `email:"ada@example.com"`},
		{"an email with a plus is looked up exactly", "ada+work@example.com", `email:"ada+work@example.com"`},
		{"a user id is looked up exactly", "auth0|5f7c", `user_id:"auth0|5f7c"`},
		{"a phone number is looked up exactly", "+420123456789", `phone_number:"+420123456789"`},
		{"a word is looked for anywhere", "ada", word("*ada*")},
		{"a short word is looked for at the front: Auth0 wants three letters after a wildcard", "al", word("al*")},
		{"two words must both be found", "ada lov", word("*ada*") + " AND " + word("*lov*")},
		{"a field stays as it is", `blocked:true`, `blocked:true`},
		{"a field with a mistake stays, for Auth0 to explain", `email:"ada`, `email:"ada`},
		{"operators stay as they are", `ada AND NOT bob`, `ada AND NOT bob`},
		{"a phrase stays as it is", `"Ada Lovelace"`, `"Ada Lovelace"`},
		{"a group stays as it is", `(ada OR bob)`, `(ada OR bob)`},
		{"a negated field stays as it is", `-email:ada@example.com`, `-email:ada@example.com`},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			if got := PlainQuery(tc.typed); got != tc.want {
				t.Errorf("PlainQuery(%q) = %s, want %s", tc.typed, got, tc.want)
			}
		})
	}
}

// oddWords is what people paste into a search box.
func oddWords() []string {
	return []string{
		`O'Brien`, `"unbalanced`, `unbalanced"`, `(`, `)`, `(ada`, `ada)`, `[x`, `{x}`, `:`, `foo:`, `12:30`, `\`, `a\`, `\\`, `*`, `**`, `a*"`, `?`, `a?b`, `~`, `ada~`,
		`^2`, `&&`, `||`, `a||b`, `!`, `!x`, `+`, `-`, `--`, `+x`, `-x`, `/`, `/re/`, `AND`, `OR`, `NOT`, `ada AND`, `OR ada`, `TO`, `<b>`, `>=1`, `é`, `山田`, "a\u202eb", "a\x1b[2J", "a\x00b", "\xff",
		`ada AND (bob`, `NOT "`, `" AND "`, `(" OR x`, `it* "`, strings.Repeat("x ", 300),
	}
}

func TestPlainWordsAlwaysMakeAQueryThatParses(t *testing.T) {
	t.Parallel()
	for _, w := range oddWords() {
		q := PlainQuery(w)
		if _, err := lucene.Parse(q); err != nil {
			t.Errorf("PlainQuery(%.80q) = %.200s: %v", w, q, err)
		}
	}
}

func FuzzPlainQuery(f *testing.F) {
	for _, w := range oddWords() {
		f.Add(w)
	}
	f.Fuzz(func(t *testing.T, typed string) {
		if strings.Contains(typed, ":") || len(typed) > 1000 {
			return // a named field is passed on as it is
		}
		if _, err := lucene.Parse(PlainQuery(typed)); err != nil {
			t.Fatalf("PlainQuery(%q) = %s: %v", typed, PlainQuery(typed), err)
		}
	})
}
