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
	if l.fold {
		return globFolded(v, l.want)
	}
	return glob(v, l.want)
}

func (l *like) folded(v, lower string) bool {
	if l.fold {
		return glob(lower, l.want)
	}
	return l.text(v)
}

func (l *like) time(v time.Time) bool {
	var buffer [2 * len(stampLayout)]byte // it writes nine digits of a second before it cuts
	return glob(string(v.UTC().AppendFormat(buffer[:0], stampLayout)), l.raw)
}

func (l *like) number(float64) bool { return false }
func (l *like) truth(bool) bool     { return false }

// glob matches v against the literals of a wildcard term, of which there are at least two.
func glob(v string, parts []string) bool {
	first, last := parts[0], parts[len(parts)-1]
	if len(v) < len(first)+len(last) || !strings.HasPrefix(v, first) || !strings.HasSuffix(v, last) {
		return false
	}
	v = v[len(first) : len(v)-len(last)]
	for _, p := range parts[1 : len(parts)-1] {
		i := strings.Index(v, p)
		if i < 0 {
			return false
		}
		v = v[i+len(p):]
	}
	return true
}

// globFolded is glob on the lower case of v, without making a copy.
func globFolded(v string, parts []string) bool {
	v, ok := cutFolded(v, parts[0])
	if !ok {
		return false
	}
	last := parts[len(parts)-1]
	end := len(v)
	for range utf8.RuneCountInString(last) {
		_, n := utf8.DecodeLastRuneInString(v[:end])
		end -= n
	}
	if !equalFolded(v[end:], last) {
		return false
	}
	v = v[:end]
	for _, p := range parts[1 : len(parts)-1] {
		if v, ok = afterFolded(v, p); !ok {
			return false
		}
	}
	return true
}

// afterFolded gives what follows the first want in v.
func afterFolded(v, want string) (rest string, ok bool) {
	for i := range len(v) {
		// Most places are told by their first byte. Within a character there is no start of want.
		if c := v[i]; c < utf8.RuneSelf && lowerByte(c) != want[0] || !utf8.RuneStart(c) {
			continue
		}
		if rest, ok = cutFolded(v[i:], want); ok {
			return rest, true
		}
	}
	return "", false
}

// equalFolded reports whether v in lower case is want.
func equalFolded(v, want string) bool {
	rest, ok := cutFolded(v, want)
	return ok && rest == ""
}

// cutFolded gives what follows in v when v in lower case starts with want.
func cutFolded(v, want string) (rest string, ok bool) {
	for want != "" {
		switch {
		case v == "":
			return "", false
		case v[0] < utf8.RuneSelf:
			if lowerByte(v[0]) != want[0] {
				return "", false
			}
			v, want = v[1:], want[1:]
		default:
			r, n := utf8.DecodeRuneInString(v)
			w, m := utf8.DecodeRuneInString(want)
			if unicode.ToLower(r) != w {
				return "", false
			}
			v, want = v[n:], want[m:]
		}
	}
	return v, true
}

func lowerByte(c byte) byte {
	if c >= 'A' && c <= 'Z' {
		return c + 'a' - 'A'
	}
	return c
}
