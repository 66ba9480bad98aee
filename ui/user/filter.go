package user

import (
	"strings"
	"unicode/utf8"

	"usher/auth0client/term"
)

// longestFilter keeps a pasted book out of the filter.
const longestFilter = 100

// filter is the text that rows must hold, whatever its case.
type filter struct {
	typing bool
	text   string
}

// pressed takes a key while typing and reports whether the text is another one.
func (f *filter) pressed(k, text string) bool {
	before := f.text
	switch k {
	case "enter":
		f.typing = false
	case "esc":
		f.typing, f.text = false, ""
	case "backspace":
		_, size := utf8.DecodeLastRuneInString(f.text)
		f.text = f.text[:len(f.text)-size]
	case "ctrl+u":
		f.text = ""
	default:
		f.add(text)
	}
	return f.text != before
}

func (f *filter) paste(text string) {
	if f.typing {
		f.add(text)
	}
}

func (f *filter) add(text string) {
	for _, r := range term.Line(strings.TrimRight(text, "\r\n")).String() {
		if utf8.RuneCountInString(f.text) < longestFilter {
			f.text += string(r)
		}
	}
}

// termLine makes what stands in a record fit for one line.
func termLine(s string) string { return term.Line(s).String() }
