package auth0client

import (
	"regexp"
	"strings"

	"usher/auth0client/lucene"
)

// maxWords is how many words are looked for one by one: a pasted page would be more clauses than a search may have.
const maxWords = 20

// PlainQuery makes Auth0's search syntax of what an operator typed. Text that is syntax already stays as it is; an email,
// a user id or a phone number becomes an exact query; plain words must all be found in the name or the email.
func PlainQuery(typed string) string {
	typed = strings.TrimSpace(typed)
	switch {
	case typed == "" || isSyntax(typed):
		return typed
	case emailShape().MatchString(typed):
		return "email:" + lucene.Quote(typed)
	case idShape().MatchString(typed):
		return "user_id:" + lucene.Quote(typed)
	case phoneShape().MatchString(typed):
		return "phone_number:" + lucene.Quote(typed)
	}
	words := strings.Fields(typed)
	if len(words) > maxWords {
		return "name:" + lucene.Quote(typed)
	}
	var all []string
	for _, w := range words {
		term := lucene.Escape(w)
		// Auth0 allows a leading wildcard only before three literal characters.
		lead := ""
		if len([]rune(w)) >= 3 {
			lead = "*"
		}
		var any []string
		for _, f := range []string{"name", "email", "nickname", "username"} {
			any = append(any, f+":"+lead+term+"*")
		}
		all = append(all, "("+strings.Join(any, " OR ")+")")
	}
	return strings.Join(all, " AND ")
}

func isSyntax(s string) bool {
	if regexp.MustCompile(`(^|[\s(+!-])[A-Za-z_][\w.]*:\S`).MatchString(s) {
		return true // a field was named: a mistake in it is for the operator to see
	}
	if !regexp.MustCompile(`\s(AND|OR|NOT)\s|^NOT\s|^["(]|\*`).MatchString(s) {
		return false
	}
	_, err := lucene.Parse(s)
	return err == nil // an unbalanced quote is part of a word, not syntax
}

func emailShape() *regexp.Regexp {
	return regexp.MustCompile(`^(?:"[^"@]+"|[^\s@"]+)@[^\s@"]+\.[^\s@"]+$`)
}
func idShape() *regexp.Regexp    { return regexp.MustCompile(`^[A-Za-z0-9_-]+\|\S+$`) }
func phoneShape() *regexp.Regexp { return regexp.MustCompile(`^\+[0-9]{4,15}$`) }
