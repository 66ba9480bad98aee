package login

import (
	"charm.land/lipgloss/v2"
	"rsc.io/qr"
)

// quiet is the margin around a QR code, in modules: narrower than the standard's four, so that it fits beside the code.
const quiet = 2

// encode makes a QR code of text; nil when it cannot.
func encode(text string) *qr.Code {
	code, err := qr.Encode(text, qr.L)
	if err != nil {
		return nil
	}
	return code
}

// qrWidth is how many cells a code takes.
func qrWidth(code *qr.Code) int { return code.Size + 2*quiet }

// qrHeight is how many lines a code takes.
func qrHeight(code *qr.Code) int { return (code.Size + 2*quiet + 1) / 2 }

// drawQR draws a code, two modules a cell, black on white whatever the theme. Without colours the light modules are what
// is drawn on a dark terminal, and the dark ones on a light one.
func drawQR(code *qr.Code, noColor, dark bool) []string {
	paper := lipgloss.NewStyle().Foreground(lipgloss.Color("#000000")).Background(lipgloss.Color("#ffffff"))
	ink := true
	if noColor {
		paper, ink = lipgloss.NewStyle(), !dark
	}
	var lines []string
	for y := -quiet; y < code.Size+quiet; y += 2 {
		lines = append(lines, paper.Render(halves(func(x int) (up, down bool) {
			down = code.Black(x-quiet, y+1) == ink
			if y+1 >= code.Size+quiet { // below the margin
				down = false
			}
			return code.Black(x-quiet, y) == ink, down
		}, qrWidth(code))))
	}
	return lines
}
