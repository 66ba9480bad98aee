package login

import (
	"strings"

	"usher/auth0client/term"
)

// Plain draws a code for a terminal without the console: in large characters, and below it the QR code of its page where
// qr says that the terminal can show one.
func Plain(code Code, ascii, qr bool) []string {
	text := term.Line(code.UserCode).String()
	lines := large(text, ascii)
	if lines == nil {
		lines = []string{strings.Join(strings.Split(text, ""), " ")}
	}
	if !qr {
		return lines
	}
	if picture := encode(page(code)); picture != nil {
		lines = append(append(lines, ""), drawQR(picture, false, false)...)
	}
	return lines
}
