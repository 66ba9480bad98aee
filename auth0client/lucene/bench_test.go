package lucene

import (
	"fmt"
	"strings"
	"testing"
)

const population = 200_000

func profile(i int) map[string]any {
	m := map[string]any{
		"user_id": fmt.Sprintf("auth0|%024d", i), "email": fmt.Sprintf("Person.Surname%d@example%d.com", i, i%7),
		"name": fmt.Sprintf("Person Émile Surname %d", i), "given_name": "Person", "family_name": fmt.Sprintf("Surname %d", i),
		"nickname": fmt.Sprintf("person%d", i), "blocked": i%10 == 0,
		"last_login":    fmt.Sprintf("20%02d-06-15T10:00:00.000Z", 10+i%16),
		"identities":    []any{map[string]any{"connection": "acme-db"}},
		"user_metadata": map[string]any{"address": map[string]any{"city": fmt.Sprintf("City %d", i%300)}, "language": "en"},
		"app_metadata":  map[string]any{"plan": []any{"gold", "silver"}[i%2], "until": fmt.Sprintf("20%02d-01-31", 20+i%9)},
	}
	if i%9 != 0 {
		m["logins_count"] = float64(i % 500)
	}
	return m
}

// plainWords is what a search for two plain words becomes: eight wildcards.
const plainWords = `(name:*ada* OR email:*ada* OR nickname:*ada* OR username:*ada*) AND ` +
	`(name:*love* OR email:*love* OR nickname:*love* OR username:*love*)`

var searches = []struct{ name, query string }{
	{"equal", `email:"person.surname123@example4.com"`},
	{"prefix", `email:person.surname12*`},
	{"contains", `name:*99999*`},
	{"contains folded", `name:*émile\ surNAME\ 77*`},
	{"eight wildcards", strings.Replace(plainWords, ") AND (", ") OR (", 1)},
	{"bare", `"person émile surname 77"`},
	{"range", `logins_count:[100 TO 200}`},
	{"date", `last_login:[2020 TO 2021-06]`},
	{"date of metadata", `app_metadata.until:[* TO 2024-01-01]`},
	{"metadata", `user_metadata.address.city:"City 77"`},
	{"absent", `NOT _exists_:logins_count OR logins_count:0`},
	{"never", `-last_login:[* TO *] AND -blocked:true`},
	{"compound", `(identities.connection:"acme-db" AND app_metadata.plan:gold) AND NOT (blocked:true OR email.domain:example3.com)`},
}

// BenchmarkMatch runs each query over 200,000 records; an operation is the whole run on one core.
func BenchmarkMatch(b *testing.B) {
	records := make([]Record, population)
	for i := range records {
		records[i] = personOf(b, profile(i))
	}
	for _, c := range searches {
		q, err := Parse(c.query)
		if err != nil {
			b.Fatal(err)
		}
		b.Run(c.name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				for _, r := range records {
					q.MatchRecord(r)
				}
			}
		})
	}
}

// BenchmarkMatchMap is one record of decoded JSON, as policies match them.
func BenchmarkMatchMap(b *testing.B) {
	d := MapDocument(profile(77))
	q, err := Parse(plainWords)
	if err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		q.Match(d)
	}
}

func BenchmarkParse(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		if _, err := Parse(`(name:jane* OR email:"jane@example.com") AND logins_count:[1 TO 5} AND NOT blocked:true`); err != nil {
			b.Fatal(err)
		}
	}
}

func TestMatchingDoesNotAllocate(t *testing.T) {
	m := profile(77)
	queries := []string{`last_login:2020*`, `+name:a -name:b (email:c AND NOT blocked:true)`, `_exists_:user_metadata`, `nobody`}
	for _, c := range searches {
		queries = append(queries, c.query)
	}
	for _, query := range queries {
		q, err := Parse(query)
		if err != nil {
			t.Fatal(err)
		}
		p := personOf(t, m)
		if n := testing.AllocsPerRun(100, func() { q.MatchRecord(p) }); n > 0 {
			t.Errorf("matching a record with %s allocates %v times", query, n)
		}
		d := MapDocument(m)
		if n := testing.AllocsPerRun(100, func() { q.Match(d) }); n > 0 {
			t.Errorf("matching a map with %s allocates %v times", query, n)
		}
	}
}
