package term

import (
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"
)

func TestLine(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct{ name, raw, want string }{
		{"plain text stays as it is", "Ada Lovelace <ada@example.com>", "Ada Lovelace <ada@example.com>"},
		{"letters of other scripts stay as they are", "Žofie Łoś 山田太郎 Ωmega", "Žofie Łoś 山田太郎 Ωmega"},
		{"an emoji stays as it is", "ok 👍", "ok 👍"},
		{"the escape of a colour is shown and not obeyed", "\x1b[31mred", "␛[31mred"},
		{"a clipboard write is shown", "\x1b]52;c;ZXZpbA==\a", "␛]52;c;ZXZpbA==␇"},
		{"an 8-bit CSI is shown by its code", "a\u009b2Jb", `a\u{9B}2Jb`},
		{"a lone 8-bit byte is shown as a byte", "a\x9b2Jb", `a\x9B2Jb`},
		{"a line end cannot forge a row", "a\r\nb", "a␍␊b"},
		{"a tab is shown", "a\tb", "a␉b"},
		{"a NUL is shown", "a\x00b", "a␀b"},
		{"a DEL is shown", "a\x7fb", "a␡b"},
		{"a right-to-left override is shown", "invoice\u202efdp.exe", `invoice\u{202E}fdp.exe`},
		{"a bidi isolate is shown", "a\u2066b\u2069", `a\u{2066}b\u{2069}`},
		{"a zero-width space is shown", "ad\u200bmin", `ad\u{200B}min`},
		{"a joiner is shown", "a\u200db", `a\u{200D}b`},
		{"a byte order mark is shown", "\ufeffa", `\u{FEFF}a`},
		{"a soft hyphen is shown", "a\u00adb", `a\u{AD}b`},
		{"a tag character is shown", "a\U000E0041b", `a\u{E0041}b`},
		{"a variation selector is shown", "a\ufe0fb", `a\u{FE0F}b`},
		{"a Mongolian variation selector is shown", "a\u180bb", `a\u{180B}b`},
		{"a filler that looks like nothing is shown", "a\u3164b", `a\u{3164}b`},
		{"a line separator is shown", "a\u2028b", `a\u{2028}b`},
		{"a private code point is shown", "a\ue000b", `a\u{E000}b`},
		{"half a rune is shown as bytes", "a\xe2\x82b", `a\xE2\x82b`},
		{"four combining marks are kept", "e\u0301\u0302\u0303\u0304", "e\u0301\u0302\u0303\u0304"},
		{"a fifth combining mark is dropped", "e\u0301\u0302\u0303\u0304\u0305\u0306x\u0301", "e\u0301\u0302\u0303\u0304x\u0301"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			if got := Line(tc.raw).String(); got != tc.want {
				t.Errorf("Line(%q) = %q, want %q", tc.raw, got, tc.want)
			}
		})
	}
}

func TestBlockKeepsOnlyLineEnds(t *testing.T) {
	t.Parallel()
	if got, want := Block("{\n\t\"a\": 1\r\n}\x1b[2J\u202e").String(), "{\n    \"a\": 1␍\n}␛[2J\\u{202E}"; got != want {
		t.Errorf("Block gives %q, want %q", got, want)
	}
	for r := rune(0); r <= unicode.MaxRune; r++ {
		if r >= 0xd800 && r <= 0xdfff {
			continue
		}
		for i, got := range Block("a" + string(r) + "b").String() {
			if got != '\n' && acts(got) {
				t.Fatalf("Block lets %U through at %d, from %U", got, i, r)
			}
		}
	}
}

func TestSafeIsEmptyOnlyWithoutText(t *testing.T) {
	t.Parallel()
	if !(Safe{}).IsEmpty() || !Line("").IsEmpty() || Line("\x00").IsEmpty() {
		t.Error("IsEmpty is wrong about the zero value, an empty string or a NUL")
	}
}

// acts names what must never reach a terminal, apart from the code under test.
func acts(r rune) bool {
	switch {
	case r < 0x20, r >= 0x7f && r <= 0x9f, // C0, DEL, C1
		r == 0x061c, r == 0x200e, r == 0x200f, r >= 0x202a && r <= 0x202e, r >= 0x2066 && r <= 0x2069, // bidi
		r >= 0x200b && r <= 0x200d, r == 0x2060, r == 0xfeff, r == 0x00ad, r == 0x034f, // no width
		r == 0x2028, r == 0x2029,
		r >= 0x180b && r <= 0x180f, r >= 0xfe00 && r <= 0xfe0f, r >= 0xe0100 && r <= 0xe01ef, // variation selectors
		r >= 0xe0000 && r <= 0xe007f: // tags
		return true
	}
	return unicode.Is(unicode.Cf, r)
}

func FuzzLine(f *testing.F) {
	for _, s := range []string{
		"", "Ada", "\x1b[31m", "\x1b]52;c;AAAA\a", "a\u009bb", "a\x9bb", "\u202e", "\r\n", "\xff\xfe", "e\u0301\u0301\u0301\u0301\u0301\u0301",
		"\U000E0041", "\ufffd", "\u0301\xff\u0301\u0301\u0301\u0301\u0301", strings.Repeat("\u200b", 50),
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, raw string) {
		line := Line(raw).String()
		if !utf8.ValidString(line) {
			t.Fatalf("Line(%q) is not UTF-8: %q", raw, line)
		}
		marks := 0
		for _, r := range line {
			if acts(r) {
				t.Fatalf("Line(%q) lets %U through", raw, r)
			}
			if unicode.IsMark(r) {
				marks++
			} else {
				marks = 0
			}
			if marks > maxMarks {
				t.Fatalf("Line(%q) piles up %d marks", raw, marks)
			}
		}
		if again := Line(line).String(); again != line {
			t.Fatalf("Line twice gives %q, once %q", again, line)
		}
		block := Block(raw).String()
		if again := Block(block).String(); again != block {
			t.Fatalf("Block twice gives %q, once %q", again, block)
		}
		if strings.Count(block, "\n") != strings.Count(raw, "\n") {
			t.Fatalf("Block(%q) has another number of lines: %q", raw, block)
		}
	})
}

func BenchmarkLine(b *testing.B) {
	for name, raw := range map[string]string{
		"ASCII":   "Ada Lovelace <ada.lovelace@example.com> signed in from 192.0.2.17",
		"Unicode": "Žofie Nováková 山田太郎 přihlášena",
		"Hostile": "\x1b[31m\u202eevil\x00\u009b2J",
	} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if Line(raw).IsEmpty() {
					b.Fatal("empty")
				}
			}
		})
	}
}

func TestLineOfASCIIAllocatesNothing(t *testing.T) {
	raw := strings.Repeat("Ada Lovelace ", 20)
	if n := testing.AllocsPerRun(100, func() { _ = Line(raw) }); n != 0 {
		t.Errorf("Line of ASCII allocates %v times, want 0", n)
	}
}
