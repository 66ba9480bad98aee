package localtenant

import (
	"testing"

	"usher/auth0client/lucene"
)

func BenchmarkSearch2000(b *testing.B) {
	t, err := New(Options{Users: 2000})
	if err != nil {
		b.Fatal(err)
	}
	q, err := lucene.Parse(`name:*love* OR email:ada*`)
	if err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		if len(t.matching(q, nil)) == 0 {
			b.Fatal("nobody was found")
		}
	}
}
