package lucene

import (
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
)

// test is what a leaf asks of a value, by the value's type.
type test interface {
	text(v string) bool
	// folded is text of which the lower case is known.
	folded(v, lower string) bool
	time(v time.Time) bool
	number(v float64) bool
	truth(v bool) bool
	// print writes the leaf of this test, without regard to what is around it.
	print(b *strings.Builder, field string)
}

// present is true for every value.
type present struct{}

func (present) text(string) bool           { return true }
func (present) folded(string, string) bool { return true }
func (present) time(time.Time) bool        { return true }
func (present) number(float64) bool        { return true }
func (present) truth(bool) bool            { return true }

// equal compares whole values: search fields are not split into words.
type equal struct {
	raw    string // as written
	want   string // lower case when fold
	fold   bool
	num    float64
	isNum  bool
	day    period
	isDate bool
}

func newEqual(s syntax, field, raw string) *equal {
	e := &equal{raw: raw, want: raw, fold: s.folds(field)}
	if e.fold {
		e.want = strings.ToLower(raw)
	}
	e.num, e.isNum = parseNumber(raw)
	if s.isDate(field) {
		e.day, e.isDate = parsePeriod(raw)
	}
	return e
}

func (e *equal) text(v string) bool {
	if e.fold {
		return equalFolded(v, e.want)
	}
	if v == e.want {
		return true
	}
	if e.isDate {
		t, ok := instant(v)
		return ok && e.day.contains(t)
	}
	return false
}

func (e *equal) folded(v, lower string) bool {
	if e.fold {
		return lower == e.want
	}
	return e.text(v)
}

func (e *equal) time(v time.Time) bool { return e.isDate && e.day.contains(v) }

func (e *equal) number(v float64) bool { return e.isNum && v == e.num }

func (e *equal) truth(v bool) bool {
	if v {
		return e.raw == "true"
	}
	return e.raw == "false"
}

// parseNumber reads a decimal number. The other things strconv takes for one (hex, Inf, NaN) are words here.
func parseNumber(s string) (float64, bool) {
	if s == "" {
		return 0, false
	}
	for i := range len(s) {
		switch c := s[i]; {
		case c >= '0' && c <= '9', c == '+', c == '-', c == '.', c == 'e', c == 'E':
		default:
			return 0, false
		}
	}
	f, err := strconv.ParseFloat(s, 64)
	return f, err == nil
}

// like is a value with wildcards: raw and want are the literals around the stars, so "a*b" is {"a", "b"}.
type like struct {
	raw  []string
	want []string // lower case when fold
	fold bool
}

func newLike(s syntax, field string, parts []string) *like {
	l := &like{raw: parts, want: parts, fold: s.folds(field)}
	if l.fold {
		l.want = make([]string, len(parts))
		for i, p := range parts {
			l.want[i] = strings.ToLower(p)
		}
	}
	return l
}

func (l *like) text(v string) bool {
	if !l.fold {
		return glob(v, l.want, false)
	}
	if !isASCII(v) {
		return glob(strings.ToLower(v), l.want, false)
	}
	return glob(v, l.want, true)
}

func (l *like) folded(v, lower string) bool {
	if l.fold {
		return glob(lower, l.want, false)
	}
	return l.text(v)
}

func (l *like) time(v time.Time) bool {
	var buffer [len(stampLayout)]byte
	return glob(string(v.UTC().AppendFormat(buffer[:0], stampLayout)), l.raw, false)
}

func (l *like) number(float64) bool { return false }
func (l *like) truth(bool) bool     { return false }

// glob matches v against the literals of a wildcard term, of which there are at least two. With fold, v is ASCII and
// the literals are lower case.
func glob(v string, parts []string, fold bool) bool {
	first, last := parts[0], parts[len(parts)-1]
	if len(v) < len(first)+len(last) || !same(v[:len(first)], first, fold) || !same(v[len(v)-len(last):], last, fold) {
		return false
	}
	v = v[len(first) : len(v)-len(last)]
	for _, p := range parts[1 : len(parts)-1] {
		i := index(v, p, fold)
		if i < 0 {
			return false
		}
		v = v[i+len(p):]
	}
	return true
}

// same compares strings of one length.
func same(v, want string, fold bool) bool {
	if !fold {
		return v == want
	}
	for i := range len(v) {
		if lowerByte(v[i]) != want[i] {
			return false
		}
	}
	return true
}

func index(v, want string, fold bool) int {
	if !fold {
		return strings.Index(v, want)
	}
	for i := 0; i+len(want) <= len(v); i++ {
		if lowerByte(v[i]) == want[0] && same(v[i:i+len(want)], want, true) {
			return i
		}
	}
	return -1
}

// equalFolded reports whether v in lower case is want, without making a copy.
func equalFolded(v, want string) bool {
	for i := 0; i < len(v); {
		if v[i] < utf8.RuneSelf {
			if want == "" || lowerByte(v[i]) != want[0] {
				return false
			}
			i, want = i+1, want[1:]
			continue
		}
		r, n := utf8.DecodeRuneInString(v[i:])
		w, m := utf8.DecodeRuneInString(want)
		if m == 0 || unicode.ToLower(r) != w {
			return false
		}
		i, want = i+n, want[m:]
	}
	return want == ""
}

func lowerByte(c byte) byte {
	if c >= 'A' && c <= 'Z' {
		return c + 'a' - 'A'
	}
	return c
}

func isASCII(s string) bool {
	for i := range len(s) {
		if s[i] >= utf8.RuneSelf {
			return false
		}
	}
	return true
}
