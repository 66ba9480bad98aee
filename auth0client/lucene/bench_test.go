package lucene_test

import (
	"fmt"
	"testing"

	"usher/auth0client/lucene"
)

const population = 200_000

func people(tb testing.TB) []lucene.Document {
	tb.Helper()
	all := make([]lucene.Document, population)
	for i := range all {
		all[i] = lucene.MapDocument(map[string]any{
			"user_id": fmt.Sprintf("auth0|%024d", i), "email": fmt.Sprintf("Person%d@example%d.com", i, i%7),
			"name": fmt.Sprintf("Person Émile %d", i), "logins_count": float64(i % 500), "blocked": i%10 == 0,
			"last_login":   fmt.Sprintf("20%02d-06-15T10:00:00.000Z", 10+i%16),
			"identities":   []any{map[string]any{"connection": "acme-db"}},
			"app_metadata": map[string]any{"plan": []any{"gold", "silver"}[i%2]},
		})
	}
	return all
}

// BenchmarkMatch runs each query over 200,000 records; an operation is the whole run.
func BenchmarkMatch(b *testing.B) {
	all := people(b)
	for _, c := range []struct{ name, query string }{
		{"equal", `email:"person123@example4.com"`},
		{"prefix", `email:person12*`},
		{"contains", `name:*99999*`},
		{"bare", `"person émile 77"`},
		{"range", `logins_count:[100 TO 200}`},
		{"date", `last_login:[2020 TO 2021-06]`},
		{"compound", `(identities.connection:"acme-db" AND app_metadata.plan:gold) AND NOT (blocked:true OR email.domain:example3.com)`},
	} {
		q, err := lucene.Parse(c.query)
		if err != nil {
			b.Fatal(err)
		}
		b.Run(c.name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				found := 0
				for _, d := range all {
					if q.Match(d) {
						found++
					}
				}
				if found == 0 {
					b.Fatal("nobody found")
				}
			}
		})
	}
}

func BenchmarkParse(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		if _, err := lucene.Parse(`(name:jane* OR email:"jane@example.com") AND logins_count:[1 TO 5} AND NOT blocked:true`); err != nil {
			b.Fatal(err)
		}
	}
}

func TestMatchingAMapDoesNotAllocate(t *testing.T) {
	d := document(t, janeProfile)
	for _, query := range []string{
		`email:"jane@exampleco.com"`, `name:*smi*`, `family_name:ünal`, `identities.connection:"acme-db"`,
		`last_login:[2017 TO 2018]`, `logins_count:[1 TO 5]`, `nobody`, `user_metadata.homes.city:Rome`, `email.domain:x.com`,
		`+name:a -name:b (email:c AND NOT blocked:true)`, `_exists_:user_metadata`,
	} {
		q, err := lucene.Parse(query)
		if err != nil {
			t.Fatal(err)
		}
		if n := testing.AllocsPerRun(100, func() { q.Match(d) }); n > 0 {
			t.Errorf("matching %s allocates %v times", query, n)
		}
	}
}
