package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"unicode/utf16"
	"unicode/utf8"

	"usher/auth0client/term"
)

// printJSON prints a value as JSON: exact to whoever parses it, and fit for a terminal, since what acts without being seen
// is written as \uXXXX.
func printJSON(out io.Writer, v any) error {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	if err := enc.Encode(v); err != nil {
		return fmt.Errorf("encode the answer: %w", err)
	}
	if _, err := out.Write(visible(b.Bytes())); err != nil {
		return fmt.Errorf("print the answer: %w", err)
	}
	return nil
}

// visible escapes the characters of a JSON text that a terminal would act on.
func visible(text []byte) []byte {
	out := make([]byte, 0, len(text))
	for i := 0; i < len(text); {
		r, size := utf8.DecodeRune(text[i:])
		s := text[i : i+size]
		i += size
		switch {
		case r == '\n', r >= 0x20 && r < 0x7f, r > 0x7f && term.Line(string(r)).String() == string(s):
			out = append(out, s...)
		case r > 0xffff:
			hi, lo := utf16.EncodeRune(r)
			out = fmt.Appendf(out, `\u%04x\u%04x`, hi, lo)
		default:
			out = fmt.Appendf(out, `\u%04x`, r)
		}
	}
	return out
}
