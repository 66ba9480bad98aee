package lucene

import (
	"strings"
	"unicode"
)

// Escape writes s so that it stands for itself in a term: characters with a meaning get a backslash. The empty string
// becomes an empty phrase.
func Escape(s string) string {
	if s == "" {
		return `""`
	}
	var b strings.Builder
	switch s {
	case "AND", "OR", "NOT", "TO":
		b.WriteByte('\\')
	}
	escape(&b, s)
	return b.String()
}

func escape(b *strings.Builder, s string) {
	for _, r := range s {
		if isBlank(r) || strings.ContainsRune(`+-&|!(){}[]^"~*?:\/=<>`, r) {
			b.WriteByte('\\')
		}
		b.WriteRune(r)
	}
}

// Quote writes s as a phrase, which compares with whole values.
func Quote(s string) string {
	var b strings.Builder
	b.WriteByte('"')
	for _, r := range s {
		if r == '"' || r == '\\' {
			b.WriteByte('\\')
		}
		b.WriteRune(r)
	}
	b.WriteByte('"')
	return b.String()
}

func (everything) print(b *strings.Builder) { b.WriteString("*:*") }
func (n *and) print(b *strings.Builder)     { printJoined(b, n.kids, " AND ") }
func (n *or) print(b *strings.Builder)      { printJoined(b, n.kids, " OR ") }

func printJoined(b *strings.Builder, kids []node, operator string) {
	for i, k := range kids {
		if i > 0 {
			b.WriteString(operator)
		}
		if n, ok := k.(*not); ok {
			n.print(b)
			continue
		}
		printOperand(b, k)
	}
}

func (n *not) print(b *strings.Builder) {
	b.WriteString("NOT ")
	printOperand(b, n.kid)
}

func (n *mixed) print(b *strings.Builder) {
	for i, c := range n.clauses {
		if i > 0 {
			b.WriteByte(' ')
		}
		switch c.occur {
		case must:
			b.WriteByte('+')
		case mustNot:
			b.WriteByte('-')
		case should:
		}
		printOperand(b, c.node)
	}
}

func printOperand(b *strings.Builder, n node) {
	if n.height() == 0 {
		n.print(b)
		return
	}
	b.WriteByte('(')
	n.print(b)
	b.WriteByte(')')
}

func (l *leaf) print(b *strings.Builder)     { l.test.print(b, l.field) }
func (n *anyField) print(b *strings.Builder) { n.leaves[0].test.print(b, "") }

func printField(b *strings.Builder, field string) {
	if field == "" {
		return
	}
	b.WriteString(Escape(field))
	b.WriteByte(':')
}

func (present) print(b *strings.Builder, field string) {
	b.WriteString(existsField + ":" + Escape(field))
}

func (e *equal) print(b *strings.Builder, field string) {
	printField(b, field)
	if isWord(e.raw, "_") {
		b.WriteString(e.raw)
		return
	}
	b.WriteString(Quote(e.raw))
}

func (l *like) print(b *strings.Builder, field string) {
	printField(b, field)
	for i, p := range l.raw {
		if i > 0 {
			b.WriteByte('*')
		}
		escape(b, p)
	}
}

func (r *between) print(b *strings.Builder, field string) {
	printField(b, field)
	if r.low.closed && !r.low.inclusive {
		b.WriteByte('{')
	} else {
		b.WriteByte('[')
	}
	r.low.print(b)
	b.WriteString(" TO ")
	r.high.print(b)
	if r.high.closed && !r.high.inclusive {
		b.WriteByte('}')
	} else {
		b.WriteByte(']')
	}
}

func (n bound) print(b *strings.Builder) {
	switch {
	case !n.closed:
		b.WriteByte('*')
	case isWord(n.raw, "_-.:"):
		b.WriteString(n.raw)
	default:
		b.WriteString(Quote(n.raw))
	}
}

// isWord reports text that needs no quotes: ASCII letters, digits and the signs given, and no operator.
func isWord(s, signs string) bool {
	switch s {
	case "", "AND", "OR", "NOT", "TO":
		return false
	}
	for _, r := range s {
		if r > unicode.MaxASCII || !unicode.IsLetter(r) && !unicode.IsDigit(r) && !strings.ContainsRune(signs, r) {
			return false
		}
	}
	return true
}
