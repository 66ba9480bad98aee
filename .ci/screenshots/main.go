//go:build unix

// Command screenshots plays the demo in a pseudo-terminal and draws each view, as the terminal shows it, as an SVG under
// docs/screenshots: light and dark, from the real program.
package main

import (
	"fmt"
	"html"
	"image/color"
	"os"
	"path/filepath"
	"strings"
	"time"

	uv "github.com/charmbracelet/ultraviolet"

	"usher/ui/uitest/ptyrun"
)

// step is keys to type, what to wait for then, and the picture to take, if any.
type step struct{ keys, expect, shot string }

func main() {
	if len(os.Args) != 3 {
		fmt.Fprintln(os.Stderr, "usage: screenshots PROGRAM FOLDER")
		os.Exit(2)
	}
	for _, theme := range []string{"dark", "light"} {
		if err := play(os.Args[1], os.Args[2], theme); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
	}
}

func play(program, folder, theme string) error {
	if err := os.MkdirAll(folder, 0o755); err != nil {
		return fmt.Errorf("make the folder: %w", err)
	}
	p, err := ptyrun.Start(ptyrun.Options{
		Command: program, Args: []string{"demo", "--theme", theme, "--as", "admin"}, Cols: 110, Rows: 30,
	})
	if err != nil {
		return err
	}
	defer p.Close() //nolint:errcheck // the pictures are taken
	steps := []step{
		{"", `[A-Z]{4}-[A-Z]{4}`, "sign-in"},
		{"a", `ada@example\.com|users`, ""},
		{"", `[0-9,]+\+? users`, "users"},
		{"/ada@example.com<enter>", `(?s)1 user\b`, ""},
		{"<enter>", `Overview`, ""},
		{"", `(?i)can sign in|blocked|verified`, "user"},
		{"2", `(?i)authenticator`, "security"},
		{"4", `(?i)signed in|login`, "activity"},
		{"r", `Catalogue editor`, ""},
		{"<space>", `added|removed`, "roles"},
		{"<enter>", `(?i)apply`, "review"},
		{"n", `Catalogue editor`, ""},
		{"<esc>", `Drop`, ""},
		{"y", `Overview`, ""},
		{"m", `Authenticator app`, "mfa-reset"},
		{"<esc>", `enter raw event`, ""},
		{"?", `Keys`, "help"},
	}
	for _, s := range steps {
		if s.keys != "" {
			if err := p.Send(s.keys); err != nil {
				return err
			}
		}
		if err := p.Expect(s.expect, 10*time.Second); err != nil {
			return fmt.Errorf("after %q: %w", s.keys, err)
		}
		if err := p.Quiet(200*time.Millisecond, 5*time.Second); err != nil {
			return err
		}
		if s.shot == "" {
			continue
		}
		name := filepath.Join(folder, s.shot+"-"+theme+".svg")
		if err := os.WriteFile(name, []byte(draw(p, theme)), 0o644); err != nil {
			return fmt.Errorf("write a picture: %w", err)
		}
	}
	return nil
}

const cellW, cellH = 9, 19

// draw makes an SVG of the screen: a rectangle for each coloured run and a text for each run of one style.
func draw(p *ptyrun.Program, theme string) string {
	cols, rows := p.Size()
	fg, bg := "#e6edf3", "#0d1117"
	if theme == "light" {
		fg, bg = "#1f2328", "#ffffff"
	}
	var b strings.Builder
	fmt.Fprintf(&b, `<svg xmlns="http://www.w3.org/2000/svg" width="%d" height="%d" font-family="ui-monospace,SFMono-Regular,Menlo,Consolas,'DejaVu Sans Mono',monospace" font-size="15">`,
		cols*cellW+20, rows*cellH+20)
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
