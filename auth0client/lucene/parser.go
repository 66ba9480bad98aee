package lucene

import (
	"fmt"
	"unicode/utf8"
)

const (
	// maxClauses is Lucene's own limit for one query.
	maxClauses = 1024
	// maxHeight bounds how deep operators nest in what is kept, maxParens how deep parentheses nest in what is read:
	// both keep a hostile query from exhausting the stack.
	maxHeight = 64
	maxParens = 512
	// minSuffix is how many characters must follow a leading star.
	minSuffix = 3
)

type parser struct {
	lexer   lexer
	syntax  syntax
	tok     token
	clauses int
	parens  int
}

func parse(q string, s syntax) (Query, error) {
	if i := invalidUTF8(q); i >= 0 {
		return Query{}, fail(i, "the text is not valid UTF-8")
	}
	p := &parser{lexer: lexer{src: q}, syntax: s}
	if err := p.advance(); err != nil {
		return Query{}, err
	}
	if p.tok.kind == tokenEnd {
		return Query{}, nil
	}
	root, err := p.row("")
	if err != nil {
		return Query{}, err
	}
	if p.tok.kind == tokenClose {
		return Query{}, fail(p.tok.at, "a ) without its (")
	}
	return Query{root}, nil
}

func invalidUTF8(s string) int {
	for i := 0; i < len(s); {
		r, n := utf8.DecodeRuneInString(s[i:])
		if r == utf8.RuneError && n == 1 {
			return i
		}
		i += n
	}
	return -1
}

func (p *parser) advance() (err error) {
	p.tok, err = p.lexer.next()
	return err
}

// row reads clauses side by side up to the end of the group. field is the one of an enclosing field group.
func (p *parser) row(field string) (node, error) {
	at := p.tok.at
	var clauses []clause
	for p.tok.kind != tokenEnd && p.tok.kind != tokenClose {
		c, err := p.alternatives(field)
		if err != nil {
			return nil, err
		}
		clauses = append(clauses, c)
	}
	if len(clauses) == 0 {
		return nil, fail(at, "the parentheses are empty")
	}
	n := join(clauses)
	most := maxHeight
	if _, isAnd := n.(*and); isAnd && p.parens == 0 {
		most++ // what And joins can be printed and read again
	}
	if n.height() > most {
		return nil, fail(at, fmt.Sprintf("the query nests deeper than %d levels", maxHeight))
	}
	return n, nil
}

// join makes one node of clauses side by side: alternatives, unless some must or must not hold.
func join(clauses []clause) node {
	if len(clauses) == 1 {
		return clauses[0].operand()
	}
	kids := make([]node, len(clauses))
	for i, c := range clauses {
		if c.occur != should {
			return &mixed{clauses}
		}
		kids[i] = c.node
	}
	return &or{kids}
}

// operand is the clause as a part of AND or OR, where "+" adds nothing.
func (c clause) operand() node {
	if c.occur == mustNot {
		return &not{c.node}
	}
	return c.node
}

// alternatives reads a OR b OR c. A single clause keeps its sign.
func (p *parser) alternatives(field string) (clause, error) {
	return p.chain(tokenOr, field, p.conjunction, func(kids []node) node { return &or{kids} })
}

// conjunction reads a AND b AND c. A single clause keeps its sign.
func (p *parser) conjunction(field string) (clause, error) {
	return p.chain(tokenAnd, field, p.signed, func(kids []node) node { return &and{kids} })
}

func (p *parser) chain(
	operator kind, field string, read func(string) (clause, error), build func([]node) node,
) (clause, error) {
	first, err := read(field)
	if err != nil || p.tok.kind != operator {
		return first, err
	}
	kids := []node{first.operand()}
	for p.tok.kind == operator {
		if err := p.advance(); err != nil {
			return clause{}, err
		}
		c, err := read(field)
		if err != nil {
			return clause{}, err
		}
		kids = append(kids, c.operand())
	}
	return clause{node: build(kids)}, nil
}

// signed reads a clause with the +, -, ! or NOT before it.
func (p *parser) signed(field string) (clause, error) {
	var o occur
	switch p.tok.kind {
	case tokenPlus:
		o = must
	case tokenMinus, tokenNot:
		o = mustNot
	}
	if o != should {
		if err := p.advance(); err != nil {
			return clause{}, err
		}
	}
	n, err := p.clause(field)
	return clause{occur: o, node: n}, err
}

// clause reads a value, with its field when it names one.
func (p *parser) clause(field string) (node, error) {
	name := p.tok
	if name.kind != tokenTerm {
		return p.value(field)
	}
	if err := p.advance(); err != nil {
		return nil, err
	}
	if p.tok.kind != tokenColon {
		return p.leaf(field, name)
	}
	if err := p.advance(); err != nil {
		return nil, err
	}
	if len(name.parts) > 1 {
		if isStar(name) && isStar(p.tok) {
			return everything{}, p.advance()
		}
		return nil, fail(name.at, "a field name has no wildcards")
	}
	own := name.parts[0]
	if own != existsField {
		if reason := p.syntax.refusal(own); reason != "" {
			return nil, fail(name.at, reason)
		}
	}
	return p.value(own)
}

func isStar(t token) bool {
	return t.kind == tokenTerm && len(t.parts) == 2 && t.parts[0] == "" && t.parts[1] == ""
}

func (p *parser) value(field string) (node, error) {
	t := p.tok
	switch t.kind {
	case tokenTerm, tokenPhrase:
		if err := p.advance(); err != nil {
			return nil, err
		}
		if p.tok.kind == tokenColon {
			return nil, fail(p.tok.at, "a : within a value: put the value in quotes")
		}
		return p.leaf(field, t)
	case tokenRange:
		if err := p.advance(); err != nil {
			return nil, err
		}
		return p.interval(field, t)
	case tokenOpen:
		return p.group(field)
	case tokenEnd:
		return nil, fail(t.at, "a term is missing at the end")
	case tokenPlus, tokenMinus:
		if field != "" {
			return nil, fail(t.at, "a value that starts with + or - needs quotes")
		}
	case tokenColon:
		return nil, fail(t.at, "a : without a field name before it")
	}
	return nil, fail(t.at, "a term is missing here")
}

func (p *parser) group(field string) (node, error) {
	at := p.tok.at
	if p.parens++; p.parens > maxParens {
		return nil, fail(at, fmt.Sprintf("parentheses nest deeper than %d levels", maxParens))
	}
	if err := p.advance(); err != nil {
		return nil, err
	}
	n, err := p.row(field)
	if err != nil {
		return nil, err
	}
	if p.tok.kind != tokenClose {
		return nil, fail(at, "the ( is not closed")
	}
	p.parens--
	return n, p.advance()
}

func (p *parser) count(at int) error {
	if p.clauses++; p.clauses > maxClauses {
		return fail(at, fmt.Sprintf("the query has more than %d clauses", maxClauses))
	}
	return nil
}

// leaf makes the test for a term or phrase.
func (p *parser) leaf(field string, t token) (node, error) {
	if err := p.count(t.at); err != nil {
		return nil, err
	}
	if field == existsField {
		return p.exists(t)
	}
	if len(t.parts) > 1 {
		if err := p.checkWildcard(field, t); err != nil {
			return nil, err
		}
	}
	testOf := func(field string) *leaf {
		if len(t.parts) > 1 {
			return newLeaf(field, newLike(p.syntax, field, t.parts))
		}
		return newLeaf(field, newEqual(p.syntax, field, t.parts[0]))
	}
	if field != "" {
		return testOf(field), nil
	}
	n := &anyField{}
	for _, f := range p.syntax.bare() {
		n.leaves = append(n.leaves, testOf(f))
	}
	return n, nil
}

func (p *parser) exists(t token) (node, error) {
	if len(t.parts) > 1 {
		return nil, fail(t.at, "_exists_ takes the name of a field, without wildcards")
	}
	name := t.parts[0]
	if reason := p.syntax.refusal(name); reason != "" {
		return nil, fail(t.at, reason)
	}
	if name == "" {
		return nil, fail(t.at, "_exists_ takes the name of a field")
	}
	return newLeaf(name, present{}), nil
}

func (p *parser) checkWildcard(field string, t token) error {
	switch {
	case p.syntax.plainOnly(field):
		return fail(t.at, "wildcards are not supported on user_metadata: put a star that is meant literally in quotes")
	case isStar(t) && field == "":
		return fail(t.at, "a * alone is not a search: leave the query empty to list all")
	case isStar(t):
		return fail(t.at, "a * alone is not a value: write _exists_:"+Escape(field))
	case t.parts[0] == "" && utf8.RuneCountInString(t.parts[1]) < minSuffix:
		return fail(t.at, fmt.Sprintf("a leading * needs at least %d characters after it", minSuffix))
	}
	return nil
}

// interval makes the test for a range.
func (p *parser) interval(field string, t token) (node, error) {
	if err := p.count(t.at); err != nil {
		return nil, err
	}
	switch {
	case field == "":
		return nil, fail(t.at, "a range needs a field, for example logins_count:[1 TO 5]")
	case field == existsField:
		return nil, fail(t.at, "_exists_ takes the name of a field, not a range")
	case p.syntax.plainOnly(field):
		return nil, fail(t.at, "ranges are not supported on user_metadata")
	}
	low, err := p.bound(field, t.low)
	if err != nil {
		return nil, err
	}
	high, err := p.bound(field, t.high)
	if err != nil {
		return nil, err
	}
	return newLeaf(field, newBetween(low, high, p.syntax.folds(field))), nil
}

func (p *parser) bound(field string, e end) (bound, error) {
	if e.open {
		return bound{}, nil
	}
	b := newBound(p.syntax, field, e.text, e.inclusive)
	switch {
	case p.syntax.isDate(field) && !b.isDate:
		return b, fail(e.at, fmt.Sprintf("%s is a date: write it as 2026-01-31, 2026-01 or 2026-01-31T12:00:00",
			field))
	case p.syntax.isNumber(field) && !b.isNum:
		return b, fail(e.at, field+" is a number")
	}
	return b, nil
}
