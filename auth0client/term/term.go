// Package term makes a tenant's text fit for a terminal.
//
// Every string that comes from a tenant is untrusted: names, emails, log texts and error bodies can hold escape
// sequences, and Bubble Tea is no filter. Such a string becomes a [Safe] where JSON becomes a model, and only a Safe
// reaches a screen. The raw value is kept beside it where an exact API call needs it.
package term

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Safe is text that cannot move a cursor, change a colour, forge a row or hide what it says. The zero value is empty.
type Safe struct{ text string }

// String returns the printable text.
func (s Safe) String() string { return s.text }

// IsEmpty reports whether there is nothing to show.
func (s Safe) IsEmpty() bool { return s.text == "" }

// maxMarks is how many combining marks one character may carry: more would pile up over the rows above it.
const maxMarks = 4

// Line makes raw fit for a single line: control characters, line ends included, become visible.
func Line(raw string) Safe { return Safe{clean(raw, false)} }

// Block makes raw fit for several lines: LF is kept and TAB becomes four spaces; all else is as in [Line].
func Block(raw string) Safe { return Safe{clean(raw, true)} }

func clean(raw string, block bool) string {
	if plain(raw) {
		return raw
	}
	var b strings.Builder
	b.Grow(len(raw) + 16)
	marks := 0
	for i := 0; i < len(raw); {
		r, size := utf8.DecodeRuneInString(raw[i:])
		if r == utf8.RuneError && size == 1 {
			fmt.Fprintf(&b, `\x%02X`, raw[i])
			i, marks = i+1, 0
			continue
		}
		i += size
		if unicode.In(r, unicode.Mn, unicode.Me, unicode.Mc) && !hidden(r) {
			if marks++; marks <= maxMarks {
				b.WriteRune(r)
			}
			continue
		}
		marks = 0
		switch {
		case block && r == '\n':
			b.WriteByte('\n')
		case block && r == '\t':
			b.WriteString("    ")
		case r < 0x20:
			b.WriteRune(0x2400 + r) // the control pictures: ESC shows as ␛
		case r == 0x7f:
			b.WriteRune('␡')
		case hidden(r):
			fmt.Fprintf(&b, `\u{%X}`, r)
		default:
			b.WriteRune(r)
		}
	}
	return b.String()
}

func plain(s string) bool {
	for i := 0; i < len(s); i++ {
		if s[i] < 0x20 || s[i] > 0x7e {
			return false
		}
	}
	return true
}

// hidden reports runes that act without being seen: C1 controls, bidi marks and overrides, zero-width characters, line
// and paragraph separators, variation selectors, tags and private code points.
func hidden(r rune) bool {
	switch {
	case r >= 0x80 && r <= 0x9f,
		r == 0x00ad, r == 0x034f, r == 0x061c, r == 0x115f, r == 0x1160, r == 0x17b4, r == 0x17b5, r >= 0x180b && r <= 0x180f,
		r >= 0x200b && r <= 0x200f, r >= 0x2028 && r <= 0x202e, r >= 0x2060 && r <= 0x206f,
		r == 0x3164, r == 0xfeff, r == 0xffa0, r >= 0xfff0 && r <= 0xfffb,
		r >= 0xfe00 && r <= 0xfe0f,
		r >= 0xe0000 && r <= 0xe0fff:
		return true
	}
	return unicode.In(r, unicode.Cc, unicode.Cf, unicode.Cs, unicode.Co)
}
