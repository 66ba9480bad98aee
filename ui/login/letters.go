package login

import (
	"strings"

	"usher/ui/widget"
)

const (
	pixels   = 5 // rows of a large character
	numerals = "0123456789"
)

// glyph is a large character, rows from the top separated by slashes; empty for what has none.
func glyph(r rune) string {
	const letters = ".###./#...#/#####/#...#/#...# ####./#...#/####./#...#/####. .####/#..../#..../#..../.#### " +
		"####./#...#/#...#/#...#/####. #####/#..../###../#..../##### #####/#..../###../#..../#.... " +
		".####/#..../#..##/#...#/.#### #...#/#...#/#####/#...#/#...# ###/.#./.#./.#./### " +
		"..###/...#./...#./#..#./.##.. #...#/#..#./###../#..#./#...# #..../#..../#..../#..../##### " +
		"#...#/##.##/#.#.#/#...#/#...# #...#/##..#/#.#.#/#..##/#...# .###./#...#/#...#/#...#/.###. " +
		"####./#...#/####./#..../#.... .###./#...#/#.#.#/#..#./.##.# ####./#...#/####./#..#./#...# " +
		".####/#..../.###./....#/####. #####/..#../..#../..#../..#.. #...#/#...#/#...#/#...#/.###. " +
		"#...#/#...#/#...#/.#.#./..#.. #...#/#...#/#.#.#/##.##/#...# #...#/.#.#./..#../.#.#./#...# " +
		"#...#/.#.#./..#../..#../..#.. #####/...#./..#../.#.../#####"
	const digits = ".###./#..##/#.#.#/##..#/.###. ..#../.##../..#../..#../.###. ####./....#/.###./#..../##### " +
		"####./....#/.###./....#/####. #..#./#..#./#####/...#./...#. #####/#..../####./....#/####. " +
		".###./#..../####./#...#/.###. #####/...#./..#../.#.../.#... .###./#...#/.###./#...#/.###. " +
		".###./#...#/.####/....#/.###."
	switch {
	case r >= 'A' && r <= 'Z':
		return strings.Fields(letters)[r-'A']
	case r >= '0' && r <= '9':
		return strings.Fields(digits)[r-'0']
	case r == '-':
		return ".../.../###/.../..."
	}
	return ""
}

// large draws text in large characters: three lines of half blocks, or five of # on an ASCII terminal. Nil when a
// character has no large form.
func large(text string, ascii bool) []string {
	rows := make([]string, pixels)
	for i, r := range text {
		rowsOf := strings.Split(glyph(r), "/")
		if len(rowsOf) != pixels {
			return nil
		}
		for y, row := range rowsOf {
			if i > 0 {
				rows[y] += "."
			}
			rows[y] += row
		}
	}
	if ascii {
		for y := range rows {
			rows[y] = strings.ReplaceAll(rows[y], ".", " ")
		}
		return rows
	}
	blank := strings.Repeat(".", len(rows[0]))
	var out []string
	for y := 0; y < pixels; y += 2 {
		low := blank
		if y+1 < pixels {
			low = rows[y+1]
		}
		out = append(out, halves(func(x int) (up, down bool) { return rows[y][x] == '#', low[x] == '#' }, len(blank)))
	}
	return out
}

// halves is a line of half blocks, two pixels a cell.
func halves(at func(x int) (up, down bool), width int) string {
	var b strings.Builder
	for x := range width {
		switch up, down := at(x); {
		case up && down:
			b.WriteRune('█')
		case up:
			b.WriteRune('▀')
		case down:
			b.WriteRune('▄')
		default:
			b.WriteByte(' ')
		}
	}
	return b.String()
}

// codeForms are the ways to show a code that fit into width, the largest first: in large letters on one line, on two, and
// spaced.
func codeForms(code string, width int, ascii bool) [][]string {
	var forms [][]string
	fits := func(lines []string) bool {
		return len(lines) > 0 && widget.Width(lines[0]) <= width
	}
	upper := strings.ToUpper(code)
	if one := large(upper, ascii); fits(one) {
		forms = append(forms, one)
	}
	if first, second, cut := strings.Cut(upper, "-"); cut {
		top, low := large(first+"-", ascii), large(second, ascii)
		if fits(top) && fits(low) {
			forms = append(forms, append(append(top, ""), low...))
		}
	}
	return append(forms, []string{strings.Join(strings.Split(code, ""), " ")})
}

// spelt is a code in the words of the radio alphabet, for reading it out; empty when it cannot be spelt.
func spelt(code string) string {
	words := strings.Fields("Alfa Bravo Charlie Delta Echo Foxtrot Golf Hotel India Juliett Kilo Lima Mike November Oscar " +
		"Papa Quebec Romeo Sierra Tango Uniform Victor Whiskey X-ray Yankee Zulu")
	numbers := strings.Fields("Zero One Two Three Four Five Six Seven Eight Nine")
	var out []string
	for _, r := range strings.ToUpper(code) {
		switch {
		case r >= 'A' && r <= 'Z':
			out = append(out, words[r-'A'])
		case strings.ContainsRune(numerals, r):
			out = append(out, numbers[r-'0'])
		case r == '-':
			out = append(out, "dash")
		default:
			return ""
		}
	}
	return strings.Join(out, " ")
}
