package lucene

import (
	"strconv"
	"strings"
	"unicode/utf8"
)

type kind int

const (
	tokenEnd kind = iota
	tokenAnd
	tokenOr
	tokenNot
	tokenPlus
	tokenMinus
	tokenOpen
	tokenClose
	tokenColon
	tokenPhrase
	tokenTerm
	tokenRange
)

// token is a piece of the query. A term has one literal more than it has stars; a phrase has one.
type token struct {
	kind  kind
	at    int
	parts []string
	low   end // of a range
	high  end
}

// end is a limit of a range as written.
type end struct {
	at        int
	open      bool // an unquoted *
	inclusive bool
	text      string
}

type lexer struct {
	src string
	pos int
}

func fail(at int, reason string) error { return &SyntaxError{Offset: at, Reason: reason} }

func isBlank(r rune) bool { return r == ' ' || r == '\t' || r == '\n' || r == '\r' || r == '\u3000' }

func (l *lexer) skipBlanks() {
	for l.pos < len(l.src) {
		r, n := utf8.DecodeRuneInString(l.src[l.pos:])
		if !isBlank(r) {
			return
		}
		l.pos += n
	}
}

func (l *lexer) has(s string) bool { return strings.HasPrefix(l.src[l.pos:], s) }

func (l *lexer) next() (token, error) {
	l.skipBlanks()
	at := l.pos
	if at == len(l.src) {
		return token{kind: tokenEnd, at: at}, nil
	}
	sign := func(k kind, n int) (token, error) {
		l.pos += n
		return token{kind: k, at: at}, nil
	}
	switch c := l.src[at]; {
	case l.has("&&"):
		return sign(tokenAnd, 2)
	case l.has("||"):
		return sign(tokenOr, 2)
	case c == '!':
		return sign(tokenNot, 1)
	case c == '+':
		return sign(tokenPlus, 1)
	case c == '-':
		return sign(tokenMinus, 1)
	case c == '(':
		return sign(tokenOpen, 1)
	case c == ')':
		return sign(tokenClose, 1)
	case c == ':':
		return sign(tokenColon, 1)
	case c == '"':
		text, err := l.phrase()
		return token{kind: tokenPhrase, at: at, parts: []string{text}}, err
	case c == '[' || c == '{':
		return l.interval()
	case c == ']' || c == '}':
		return token{}, fail(at, "a "+string(c)+" without the start of a range: escape it with a backslash")
	case c == '/':
		return token{}, fail(at, "regular expressions are not supported: put the value in quotes")
	case c == '<' || c == '>' || c == '=':
		return token{}, fail(at, "comparisons such as >= are not supported: write a range, for example [100 TO *]")
	}
	return l.term()
}

// escaped reads the character behind a backslash at pos.
func (l *lexer) escaped() (string, error) {
	at := l.pos
	l.pos++
	if l.pos == len(l.src) {
		return "", fail(at, "a backslash at the end has nothing to escape")
	}
	if l.src[l.pos] == 'u' {
		l.pos++
		if l.pos+4 > len(l.src) {
			return "", fail(at, `\u needs four hexadecimal digits: write \\u for a backslash and a u`)
		}
		code, err := strconv.ParseUint(l.src[l.pos:l.pos+4], 16, 32)
		if err != nil || !utf8.ValidRune(rune(code)) {
			return "", fail(at, `\u needs four hexadecimal digits of a character: write \\u for a backslash and a u`)
		}
		l.pos += 4
		return string(rune(code)), nil
	}
	_, n := utf8.DecodeRuneInString(l.src[l.pos:])
	l.pos += n
	return l.src[l.pos-n : l.pos], nil
}

// phrase reads quoted text. Only the backslash and the closing quote mean something in it: a star is a star.
func (l *lexer) phrase() (string, error) {
	at := l.pos
	l.pos++
	var b strings.Builder
	for l.pos < len(l.src) {
		switch c := l.src[l.pos]; c {
		case '"':
			l.pos++
			return b.String(), nil
		case '\\':
			s, err := l.escaped()
			if err != nil {
				return "", err
			}
			b.WriteString(s)
		default:
			b.WriteByte(c)
			l.pos++
		}
	}
	return "", fail(at, "the quote is not closed")
}

// term reads a word with its wildcards. An unescaped AND, OR or NOT is an operator.
func (l *lexer) term() (token, error) {
	t := token{kind: tokenTerm, at: l.pos}
	var b strings.Builder
	cut := func() {
		t.parts = append(t.parts, b.String())
		b.Reset()
	}
	for l.pos < len(l.src) && !l.atTermEnd() {
		switch c := l.src[l.pos]; c {
		case '\\':
			s, err := l.escaped()
			if err != nil {
				return t, err
			}
			b.WriteString(s)
			continue
		case '*':
			// Stars in a row say no more than one.
			if b.Len() > 0 || len(t.parts) == 0 {
				cut()
			}
		case '?':
			return t, fail(l.pos, "the wildcard ? is not supported, only *: escape a question mark with a backslash")
		case '~':
			return t, fail(l.pos, "fuzzy and proximity searches with ~ are not supported")
		case '^':
			return t, fail(l.pos, "boosts with ^ are not supported")
		default:
			b.WriteByte(c)
		}
		l.pos++
	}
	cut()
	switch l.src[t.at:l.pos] {
	case "AND":
		t.kind = tokenAnd
	case "OR":
		t.kind = tokenOr
	case "NOT":
		t.kind = tokenNot
	}
	return t, nil
}

func (l *lexer) atTermEnd() bool {
	if strings.IndexByte(`():"[]{}!`, l.src[l.pos]) >= 0 || l.has("&&") || l.has("||") {
		return true
	}
	r, _ := utf8.DecodeRuneInString(l.src[l.pos:])
	return isBlank(r)
}

// interval reads a range such as [1 TO 5} with both its brackets.
func (l *lexer) interval() (token, error) {
	t := token{kind: tokenRange, at: l.pos}
	lowInclusive := l.src[l.pos] == '['
	l.pos++
	var err error
	if t.low, err = l.limit(); err != nil {
		return t, err
	}
	l.skipBlanks()
	word := l.pos
	if !l.has("TO") {
		return t, fail(word, "a range is written [a TO b], with TO in capitals")
	}
	l.pos += len("TO")
	if t.high, err = l.limit(); err != nil {
		return t, err
	}
	l.skipBlanks()
	if l.pos == len(l.src) || l.src[l.pos] != ']' && l.src[l.pos] != '}' {
		return t, fail(t.at, "the range is not closed: it ends with ] or }")
	}
	t.low.inclusive = lowInclusive
	t.high.inclusive = l.src[l.pos] == ']'
	l.pos++
	return t, nil
}

func (l *lexer) limit() (end, error) {
	l.skipBlanks()
	e := end{at: l.pos}
	if l.has(`"`) {
		var err error
		e.text, err = l.phrase()
		return e, err
	}
	var b strings.Builder
	stars := 0
	for l.pos < len(l.src) {
		r, n := utf8.DecodeRuneInString(l.src[l.pos:])
		if isBlank(r) || r == ']' || r == '}' {
			break
		}
		if r == '\\' {
			s, err := l.escaped()
			if err != nil {
				return e, err
			}
			b.WriteString(s)
			continue
		}
		if r == '*' {
			stars++
		}
		b.WriteRune(r)
		l.pos += n
	}
	e.text = b.String()
	raw := l.src[e.at:l.pos]
	switch {
	case raw == "" || raw == "TO":
		return e, fail(e.at, "the range lacks a limit: an open end is written *")
	case raw == "*":
		return end{at: e.at, open: true}, nil
	case stars > 0:
		return e, fail(e.at, "the limit of a range is a value or a * alone")
	}
	return e, nil
}
