// Package lucene reads the query syntax of Auth0's user search and log search, a subset of Lucene 2.9.4, and matches
// records against it. Whoever needs the syntax uses this one grammar: a tenant, a policy, a search box.
//
// What Auth0 documents is followed; what it leaves open is decided here, and always towards refusing rather than
// guessing:
//
//   - NOT binds before AND, AND before OR, so that the documented "NOT _exists_:logins_count OR logins_count:0" finds
//     the users without the field. Classic Lucene flags would find nobody. [Query.String] parenthesises every mixture.
//   - Clauses side by side are alternatives. Beside others, "+a" must hold and "-a" or "NOT a" must not.
//   - Regular expressions, fuzzy terms, boosts, "?", ">=" and a "*" with nothing else are refused.
//   - An unknown field of the log search is refused, as Auth0 does. An unknown field of the user search matches nothing:
//     connections may add attributes of their own.
package lucene

import (
	"fmt"
	"strings"
)

// Query is a parsed query. It is immutable and may be used by many goroutines. The zero value matches everything.
type Query struct{ root node }

// SyntaxError says why a query cannot be read. Reason is a sentence for the operator.
type SyntaxError struct {
	Offset int // byte of the query where the trouble starts, from 0
	Reason string
}

func (e *SyntaxError) Error() string {
	return fmt.Sprintf("the query is wrong at character %d: %s", e.Offset+1, e.Reason)
}

// Parse reads a query of the user search (GET /api/v2/users?q=). An empty one matches everybody. The error is a
// *[SyntaxError].
func Parse(q string) (Query, error) { return parse(q, userSearch) }

// ParseLogs reads a query of the log search (GET /api/v2/logs?q=). An empty one matches every entry. The error is a
// *[SyntaxError].
func ParseLogs(q string) (Query, error) { return parse(q, logSearch) }

// Match reports whether the query finds d.
func (q Query) Match(d Document) bool { return q.root == nil || q.root.match(recordOf(d)) }

// MatchRecord is Match for a [Record].
func (q Query) MatchRecord(r Record) bool { return q.root == nil || q.root.match(r) }

// String prints the query so that parsing it again gives an equal one. Groups of different operators are
// parenthesised, and field groups are written out.
func (q Query) String() string {
	if q.root == nil {
		return ""
	}
	var b strings.Builder
	q.root.print(&b)
	return b.String()
}

// Exact returns the field and value of a query that is nothing but one equality on email, user_id, username or
// phone_number: a store can answer it from an index. Emails compare without regard to case, the others exactly.
func (q Query) Exact() (field, value string, ok bool) {
	l, isLeaf := q.root.(*leaf)
	if !isLeaf {
		return "", "", false
	}
	eq, isEqual := l.test.(*equal)
	if !isEqual {
		return "", "", false
	}
	switch l.field {
	case "email", "user_id", "username", "phone_number":
		return l.field, eq.raw, true
	}
	return "", "", false
}
