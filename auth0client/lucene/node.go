package lucene

import (
	"strings"
	"time"
)

// node is a part of a query that is true or false for a record.
type node interface {
	match(r Record) bool
	print(b *strings.Builder)
	keys() [][]Key
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

func (everything) match(Record) bool { return true }

func (n *and) match(r Record) bool {
	for _, k := range n.kids {
		if !k.match(r) {
			return false
		}
	}
	return true
}

func (n *or) match(r Record) bool {
	for _, k := range n.kids {
		if k.match(r) {
			return true
		}
	}
	return false
}

func (n *not) match(r Record) bool { return !n.kid.match(r) }

// match wants every must, no mustNot and, where nothing is a must, one of the rest.
func (n *mixed) match(r Record) bool {
	musts, shoulds, hit := 0, 0, false
	for _, c := range n.clauses {
		switch c.occur {
		case must:
			musts++
			if !c.node.match(r) {
				return false
			}
		case mustNot:
			if c.node.match(r) {
				return false
			}
		default:
			shoulds++
			hit = hit || c.node.match(r)
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

// leaf is one test of one field. It is the visitor that looks at the field's values.
type leaf struct {
	field  string
	look   *Field // what is looked up: the email for email.domain
	domain bool   // only what follows the at sign counts
	test   test
}

// emailDomain is the one subfield that is not in the record: what follows the at sign.
const emailDomain = "email.domain"

func newLeaf(field string, t test) *leaf {
	if field == emailDomain {
		return &leaf{field: field, look: newField("email"), domain: true, test: t}
	}
	return &leaf{field: field, look: newField(field), test: t}
}

func (l *leaf) match(r Record) bool { return r.Visit(l.look, l) }

func (l *leaf) Text(s string) bool {
	if l.domain {
		var ok bool
		if s, ok = domainOf(s); !ok {
			return false
		}
	}
	return l.test.text(s)
}

func (l *leaf) Folded(s, lower string) bool {
	if l.domain {
		var ok bool
		if lower, ok = domainOf(lower); !ok {
			return false
		}
		return l.test.folded(lower, lower) // the domain folds: what it was like before does not matter
	}
	return l.test.folded(s, lower)
}

func (l *leaf) Number(n float64) bool  { return !l.domain && l.test.number(n) }
func (l *leaf) Truth(b bool) bool      { return !l.domain && l.test.truth(b) }
func (l *leaf) Time(at time.Time) bool { return !l.domain && l.test.time(at) }

func (l *leaf) Object() bool {
	_, ok := l.test.(present)
	return ok && !l.domain
}

func domainOf(email string) (string, bool) {
	at := strings.LastIndexByte(email, '@')
	return email[at+1:], at >= 0
}

func (l *leaf) height() int { return 0 }

// anyField is a term without a field: the same test for each field such a term looks at.
type anyField struct{ leaves []*leaf }

func (n *anyField) match(r Record) bool {
	for _, l := range n.leaves {
		if l.match(r) {
			return true
		}
	}
	return false
}

func (n *anyField) height() int { return 0 }
