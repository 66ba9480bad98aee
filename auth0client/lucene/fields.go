package lucene

import (
	"slices"
)

// Fields lists the fields that the query looks at, each once, sorted. A term without a field looks at several.
func (q Query) Fields() []string {
	var out []string
	collect(q.root, &out)
	slices.Sort(out)
	return slices.Compact(out)
}

func collect(n node, into *[]string) {
	switch n := n.(type) {
	case *and:
		for _, k := range n.kids {
			collect(k, into)
		}
	case *or:
		for _, k := range n.kids {
			collect(k, into)
		}
	case *not:
		collect(n.kid, into)
	case *mixed:
		for _, c := range n.clauses {
			collect(c.node, into)
		}
	case *anyField:
		for _, l := range n.leaves {
			*into = append(*into, l.field)
		}
	case *leaf:
		*into = append(*into, n.field)
	}
}
