//go:build unix

package main

import (
	"fmt"
	"html"
	"image/color"
	"strings"

	uv "github.com/charmbracelet/ultraviolet"

	"usher/ui/uitest/ptyrun"
)

const (
	cellW, cellH = 9, 19
	monospace    = "ui-monospace,SFMono-Regular,Menlo,Consolas,'DejaVu Sans Mono',monospace"
)

// colours are those of the text and of the screen where a cell has none.
func colours(theme string) (fg, bg string) {
	if theme == "light" {
		return "#1f2328", "#ffffff"
	}
	return "#e6edf3", "#0d1117"
}

// still makes an SVG of the screen: a rectangle for each coloured run and a text for each run of one style.
func still(p *ptyrun.Program, theme string) string {
	cols, rows := p.Size()
	fg, bg := colours(theme)
	var b strings.Builder
	fmt.Fprintf(&b, `<svg xmlns="http://www.w3.org/2000/svg" width="%d" height="%d" font-family="%s" font-size="15">`,
		cols*cellW+20, rows*cellH+20, monospace)
	fmt.Fprintf(&b, "\n<rect width=\"100%%\" height=\"100%%\" rx=\"8\" fill=\"%s\"/>\n", bg)
	for y := range rows {
		for x := 0; x < cols; {
			text, f, back, bold, width := run(p, x, y, cols, fg, bg)
			px, py := 10+x*cellW, 10+y*cellH
			if back != bg {
				fmt.Fprintf(&b, `<rect x="%d" y="%d" width="%d" height="%d" fill="%s"/>`, px, py, width*cellW, cellH, back)
			}
			if strings.TrimSpace(text) != "" {
				weight := ""
				if bold {
					weight = ` font-weight="bold"`
				}
				fmt.Fprintf(&b, `<text x="%d" y="%d" textLength="%d" fill="%s"%s xml:space="preserve">%s</text>`,
					px, py+14, width*cellW, f, weight, html.EscapeString(text))
			}
			x += width
		}
		b.WriteByte('\n')
	}
	b.WriteString("</svg>\n")
	return b.String()
}

// run is the longest stretch of one style from x on.
func run(p *ptyrun.Program, x, y, cols int, fg, bg string) (text, f, back string, bold bool, width int) {
	style := func(x int) (string, string, string, bool, int) {
		c := p.Cell(x, y)
		if c == nil || c.Content == "" {
			return " ", fg, bg, false, 1
		}
		f, back := hex(c.Style.Fg, fg), hex(c.Style.Bg, bg)
		const boldAttr, reverseAttr = uv.AttrBold, uv.AttrReverse
		if c.Style.Attrs&reverseAttr != 0 {
			f, back = back, f
		}
		return c.Content, f, back, c.Style.Attrs&boldAttr != 0, max(c.Width, 1)
	}
	text, f, back, bold, width = style(x)
	for x+width < cols {
		t, f2, back2, bold2, w := style(x + width)
		if f2 != f || back2 != back || bold2 != bold {
			break
		}
		text += t
		width += w
	}
	return text, f, back, bold, width
}

func hex(c color.Color, fallback string) string {
	if c == nil {
		return fallback
	}
	r, g, b, _ := c.RGBA()
	return fmt.Sprintf("#%02x%02x%02x", r>>8, g>>8, b>>8)
}
