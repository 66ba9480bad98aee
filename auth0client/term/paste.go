package term

import (
	"strings"
	"unicode/utf8"
)

// Paste makes raw fit to be pasted anywhere, a shell included: a single line of what can be seen. Control characters, line ends
// among them, what hides and what is no UTF-8 are left out; left says how many.
func Paste(raw string) (text string, left int) {
	if plain(raw) {
		return raw, 0
	}
	var b strings.Builder
	b.Grow(len(raw))
	for i := 0; i < len(raw); {
		r, size := utf8.DecodeRuneInString(raw[i:])
		if r == utf8.RuneError && size == 1 || r < 0x20 || r == 0x7f || hidden(r) {
			left++
		} else {
			b.WriteRune(r)
		}
		i += size
	}
	return b.String(), left
}
