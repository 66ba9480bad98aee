package localtenant

import (
	"slices"
	"testing"

	"usher/auth0client/lucene"
)

// written is an entry as the API shows it: what the search must agree with.
type written struct{ of map[string]any }

func (w written) Values(path string) []any {
	if s, ok := w.of[path].(string); ok && s != "" {
		return []any{s}
	}
	return nil
}

func TestTheLogSearchSeesWhatTheLogShows(t *testing.T) {
	t.Parallel()
	r := serve(t, Options{Users: 300})
	r.want(200, "PATCH", "users/"+ada, `{"nickname":"countess"}`)
	tn := r.tenant
	tn.mu.Lock()
	defer tn.mu.Unlock()
	entries := tn.log()
	fields := []string{"log_id", "date", "type", "description", "connection", "connection_id", "strategy", "strategy_type",
		"client_id", "client_name", "ip", "user_agent", "user_id", "user_name", "hostname", "organization_id"}
	if entries.len() < 1000 {
		t.Fatalf("only %d entries", entries.len())
	}
	for n := 0; n < entries.len(); n += 7 {
		e := entries.at(n)
		shows := written{e.event().json(tn)}
		for _, f := range fields {
			if got, want := lucene.List(&e, f), shows.Values(f); !slices.Equal(got, want) {
				t.Fatalf("%s of %v: %v, want %v", f, shows.of, got, want)
			}
		}
	}
	last := entries.at(entries.len() - 1)
	if got := lucene.List(&last, "type"); !slices.Equal(got, []any{"sapi"}) {
		t.Errorf("the newest entry: %v", got)
	}
}

func BenchmarkSearchLog(b *testing.B) {
	t, err := New(Options{Users: 20_000})
	if err != nil {
		b.Fatal(err)
	}
	entries := t.log()
	for _, query := range []string{`type:"sapi"`, `description:*nothing*like*it`, `user_name:*fred*`, `date:[* TO 2018-12-19}`, `nowhere`} {
		q, err := lucene.ParseLogs(query)
		if err != nil {
			b.Fatal(err)
		}
		b.Run(query, func(b *testing.B) {
			for b.Loop() {
				for n := range entries.len() {
					e := entries.at(n)
					q.MatchRecord(&e)
				}
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(entries.len()), "ns/event")
		})
	}
}
