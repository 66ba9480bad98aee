package lucene

// And finds what both queries find. However b is written, what And gives never finds more than a does, neither here nor
// when it is printed for a tenant: it joins what was read, not text. Both are of the same search. Should they have more
// clauses together than one query may, the print is refused when it is read again.
func And(a, b Query) Query {
	var kids []node
	for _, q := range []Query{a, b} {
		switch n := q.root.(type) {
		case nil, everything:
		case *and:
			kids = append(kids, n.kids...)
		default:
			kids = append(kids, n)
		}
	}
	switch len(kids) {
	case 0:
		if a.root == nil {
			return b
		}
		return a
	case 1:
		return Query{kids[0]}
	}
	return Query{&and{kids}}
}
