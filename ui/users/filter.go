package users

import (
	"strings"
	"time"

	"usher/auth0client/lucene"
)

// Tri is a condition that may be wanted, unwanted or of no interest.
type Tri int

// The three.
const (
	Any Tri = iota
	Yes
	No
)

func (t Tri) next() Tri { return (t + 1) % 3 }

// Filter is what users must be like to be listed. The zero Filter lists all.
type Filter struct {
	Connection Choice
	Blocked    Tri
	Verified   Tri
	Login      string // a key of spans, "never", or "2026-01-01..2026-02-01"
	Role       Choice
	Org        Choice
}

// span is a time of the last sign-in, in whole days before now.
type span struct {
	key, words  string
	within, ago int
}

func spans() []span {
	return []span{
		{key: "never", words: "never signed in"},
		{key: "1d", words: "signed in since yesterday", within: 1},
		{key: "7d", words: "signed in within 7 days", within: 7},
		{key: "30d", words: "signed in within 30 days", within: 30},
		{key: "-30d", words: "not for 30 days", ago: 30},
		{key: "-90d", words: "not for 90 days", ago: 90},
		{key: "-365d", words: "not for a year", ago: 365},
	}
}

// between reads "2026-01-01..2026-02-01"; either end may be missing.
func between(s string) (from, to string, ok bool) {
	from, to, ok = strings.Cut(strings.ReplaceAll(s, " ", ""), "..")
	if !ok || from == "" && to == "" {
		return "", "", false
	}
	for _, d := range []string{from, to} {
		if _, err := time.Parse(time.DateOnly, d); d != "" && err != nil {
			return "", "", false
		}
	}
	return from, to, true
}

func open(d string) string {
	if d == "" {
		return "*"
	}
	return d
}

// query is the filter in Auth0's syntax, clauses joined by AND. A role is no part of it. What must not be comes last: Lucene
// finds nobody by a NOT alone.
func (f Filter) query(now time.Time) string {
	var all []string
	if f.Connection.ID != "" {
		all = append(all, "identities.connection:"+lucene.Quote(f.Connection.ID))
	}
	if f.Org.ID != "" {
		all = append(all, "organization_id:"+lucene.Quote(f.Org.ID))
	}
	switch f.Verified {
	case Yes:
		all = append(all, "email_verified:true")
	case No: // an absent flag is not false to the search
		all = append(all, "(NOT _exists_:email_verified OR email_verified:false)")
	case Any:
	}
	if c := loginClause(f.Login, now); c != "" {
		all = append(all, c)
	}
	switch f.Blocked {
	case Yes:
		all = append(all, "blocked:true")
	case No:
		all = append(all, "NOT blocked:true")
	case Any:
	}
	return strings.Join(all, " AND ")
}

func loginClause(key string, now time.Time) string {
	day := func(ago int) string { return now.UTC().AddDate(0, 0, -ago).Format(time.DateOnly) }
	for _, s := range spans() {
		switch {
		case s.key != key:
		case s.within > 0:
			return "last_login:[" + day(s.within) + " TO *]"
		case s.ago > 0:
			return "last_login:[* TO " + day(s.ago) + "]"
		default:
			return "(NOT _exists_:logins_count OR logins_count:0)"
		}
	}
	if from, to, ok := between(key); ok {
		return "last_login:[" + open(from) + " TO " + open(to) + "]"
	}
	return ""
}

// words is the filter for the operator, empty when nobody is left out.
func (f Filter) words() string {
	var all []string
	if f.Connection.ID != "" {
		all = append(all, "connection "+oneLine(f.Connection.Name))
	}
	all = append(all, triWords(f.Blocked, "blocked", "not blocked")...)
	all = append(all, triWords(f.Verified, "verified", "unverified")...)
	if f.Login != "" {
		all = append(all, loginWords(f.Login))
	}
	if f.Role.ID != "" {
		all = append(all, "role "+oneLine(f.Role.Name))
	}
	if f.Org.ID != "" {
		all = append(all, "in "+oneLine(f.Org.Name))
	}
	return strings.Join(all, ", ")
}

func triWords(t Tri, yes, no string) []string {
	switch t {
	case Yes:
		return []string{yes}
	case No:
		return []string{no}
	case Any:
	}
	return nil
}

func loginWords(key string) string {
	for _, s := range spans() {
		if s.key == key {
			return s.words
		}
	}
	from, to, _ := between(key)
	switch {
	case from == "":
		return "signed in until " + to
	case to == "":
		return "signed in from " + from
	}
	return "signed in " + from + " to " + to
}
