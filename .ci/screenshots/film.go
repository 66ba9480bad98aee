//go:build unix

package main

import (
	"fmt"
	"html"
	"strings"
	"time"

	"usher/ui/uitest/ptyrun"
)

// film is what a terminal showed and for how long. A row that comes again is kept once: a recording is mostly repetition.
type film struct {
	cols, rows int
	drawn      map[string]int // a row's drawing → its number
	lines      []string
	frames     []frame
}

type frame struct {
	rows []int // numbers of the rows' drawings, from the top
	time time.Duration
}

func newFilm(cols, rows int) *film { return &film{cols: cols, rows: rows, drawn: map[string]int{}} }

// shoot keeps what the screen shows. A picture like the one before makes that one last longer.
func (f *film) shoot(p *ptyrun.Program, d time.Duration) {
	next := frame{time: d}
	for y := range f.rows {
		line := drawRow(p, y, f.cols)
		n, known := f.drawn[line]
		if !known {
			n = len(f.lines)
			f.drawn[line], f.lines = n, append(f.lines, line)
		}
		next.rows = append(next.rows, n)
	}
	if last := len(f.frames) - 1; last >= 0 && fmt.Sprint(f.frames[last].rows) == fmt.Sprint(next.rows) {
		f.frames[last].time += d
		return
	}
	f.frames = append(f.frames, next)
}

// drawRow draws one row of the screen at the height of the first.
func drawRow(p *ptyrun.Program, y, cols int) string {
	fg, bg := colours("dark")
	var b strings.Builder
	for x := 0; x < cols; {
		text, f, back, bold, width := run(p, x, y, cols, fg, bg)
		if back != bg {
			fmt.Fprintf(&b, `<rect x="%d" width="%d" height="%d" fill="%s"/>`, x*cellW, width*cellW, cellH, back)
		}
		if strings.TrimSpace(text) != "" {
			style := ""
			if f != fg {
				style = fmt.Sprintf(` fill="%s"`, f)
			}
			if bold {
				style += ` font-weight="bold"`
			}
			fmt.Fprintf(&b, `<text x="%d" y="14" textLength="%d"%s>%s</text>`, x*cellW, width*cellW, style, html.EscapeString(text))
		}
		x += width
	}
	return b.String()
}

// svg lays the frames below each other on a strip, which jumps from one to the next and begins anew at its end. Where
// motion is unwanted it stands still at its last picture.
func (f *film) svg() string {
	fg, bg := colours("dark")
	width, height := f.cols*cellW+20, f.rows*cellH+20
	total := time.Duration(0)
	for _, fr := range f.frames {
		total += fr.time
	}
	var b strings.Builder
	fmt.Fprintf(&b, `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %d %d" width="%d" height="%d" font-family="%s" font-size="15" fill="%s" xml:space="preserve">`+"\n",
		width, height, width, height, monospace, fg)
	// Browsers give text elements a white-space of their own, so that they do not inherit xml:space.
	b.WriteString("<style>text{white-space:pre}\n#film{animation:play " + fmt.Sprintf("%.2fs", total.Seconds()) + " step-end infinite}\n")
	fmt.Fprintf(&b, "@media (prefers-reduced-motion:reduce){#film{animation:none;transform:translateY(-%dpx)}}\n@keyframes play{", (len(f.frames)-1)*height)
	at := time.Duration(0)
	for i, fr := range f.frames {
		fmt.Fprintf(&b, "%.3f%%{transform:translateY(-%dpx)}", 100*at.Seconds()/total.Seconds(), i*height)
		at += fr.time
	}
	b.WriteString("}</style>\n<defs>\n")
	for i, line := range f.lines {
		if line != "" {
			fmt.Fprintf(&b, `<g id="r%d">%s</g>`+"\n", i, line)
		}
	}
	fmt.Fprintf(&b, "</defs>\n<rect width=\"100%%\" height=\"100%%\" rx=\"8\" fill=\"%s\"/>\n<g id=\"film\">\n", bg)
	for i, fr := range f.frames {
		for y, n := range fr.rows {
			if f.lines[n] != "" {
				fmt.Fprintf(&b, `<use href="#r%d" x="10" y="%d"/>`, n, i*height+10+y*cellH)
			}
		}
		b.WriteByte('\n')
	}
	b.WriteString("</g>\n</svg>\n")
	return b.String()
}
