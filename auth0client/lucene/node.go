package lucene

import "strings"

// node is a part of a query that is true or false for a record.
type node interface {
	match(d Document) bool
	print(b *strings.Builder)
	// height is how deep compound nodes nest; 0 for a leaf.
	height() int
}

type (
	everything struct{}
	and        struct{ kids []node }
	or         struct{ kids []node }
	not        struct{ kid node }

	// mixed is a row of clauses of which some must hold or must not: "+a b -c".
	mixed struct{ clauses []clause }

	clause struct {
		occur occur
		node  node
	}
)

type occur int

const (
	should occur = iota
	must
	mustNot
)

func (everything) match(Document) bool { return true }

func (n *and) match(d Document) bool {
	for _, k := range n.kids {
		if !k.match(d) {
			return false
		}
	}
	return true
}

func (n *or) match(d Document) bool {
	for _, k := range n.kids {
		if k.match(d) {
			return true
		}
	}
	return false
}

func (n *not) match(d Document) bool { return !n.kid.match(d) }

// match wants every must, no mustNot and, where nothing is a must, one of the rest.
func (n *mixed) match(d Document) bool {
	musts, shoulds, hit := 0, 0, false
	for _, c := range n.clauses {
		switch c.occur {
		case must:
			musts++
			if !c.node.match(d) {
				return false
			}
		case mustNot:
			if c.node.match(d) {
				return false
			}
		default:
			shoulds++
			hit = hit || c.node.match(d)
		}
	}
	return hit || musts > 0 || shoulds == 0
}

func (everything) height() int { return 0 }
func (n *and) height() int     { return tallest(n.kids) }
func (n *or) height() int      { return tallest(n.kids) }
func (n *not) height() int     { return 1 + n.kid.height() }

func (n *mixed) height() int {
	h := 0
	for _, c := range n.clauses {
		h = max(h, c.node.height())
	}
	return 1 + h
}

func tallest(kids []node) int {
	h := 0
	for _, k := range kids {
		h = max(h, k.height())
	}
	return 1 + h
}

// leaf is one test of one field.
type leaf struct {
	field string
	path  []string // field, split; what is looked up, so "email" for email.domain
	whole string   // path, joined
	test  test
}

func newLeaf(field string, t test) *leaf {
	whole := field
	if field == emailDomain {
		whole = "email"
	}
	return &leaf{field: field, path: strings.Split(whole, "."), whole: whole, test: t}
}

// emailDomain is the one subfield that is not in the record: what follows the at sign.
const emailDomain = "email.domain"

func (l *leaf) match(d Document) bool {
	if m, ok := d.(mapDocument); ok {
		// The way Values would go, without the slice.
		return walk(m[l.path[0]], l.path[1:], l)
	}
	for _, v := range d.Values(l.whole) {
		if l.accept(v) {
			return true
		}
	}
	return false
}

func (l *leaf) accept(v any) bool {
	if l.field == emailDomain {
		s, ok := v.(string)
		at := strings.LastIndexByte(s, '@')
		return ok && at >= 0 && l.test.text(s[at+1:])
	}
	switch v := v.(type) {
	case string:
		return l.test.text(v)
	case float64:
		return l.test.number(v)
	case bool:
		return l.test.truth(v)
	}
	_, isPresent := l.test.(present)
	return isPresent
}

func (l *leaf) height() int { return 0 }

// anyField is a term without a field: the same test for each field such a term looks at.
type anyField struct{ leaves []*leaf }

func (n *anyField) match(d Document) bool {
	for _, l := range n.leaves {
		if l.match(d) {
			return true
		}
	}
	return false
}

func (n *anyField) height() int { return 0 }
