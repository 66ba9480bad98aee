package login

import (
	"strings"
	"testing"

	"github.com/charmbracelet/x/ansi"
)

func TestACodeOnAPlainTerminal(t *testing.T) {
	t.Parallel()
	code := Code{UserCode: "ABCD-EFGH", URI: "https://acme.eu.auth0.com/activate"}
	for name, tc := range map[string]struct {
		code      Code
		ascii, qr bool
		lines     int // at least
		says      string
	}{
		"large":                         {code, false, false, 3, "█"},
		"large in ASCII":                {code, true, false, 5, "#"},
		"with a picture":                {code, false, true, 15, "\x1b["},
		"a code without large letters":  {Code{UserCode: "é1"}, false, false, 1, "é 1"},
		"a code that is out to deceive": {Code{UserCode: "A\x1b[2J"}, false, false, 1, "␛"},
	} {
		lines := Plain(tc.code, tc.ascii, tc.qr)
		if text := strings.Join(lines, "\n"); len(lines) < tc.lines || !strings.Contains(text, tc.says) || strings.Contains(text, "\x1b[2J") {
			t.Errorf("%s:\n%s", name, text)
		}
		for _, l := range lines {
			if ansi.StringWidth(l) > 78 {
				t.Errorf("%s: %d cells wide", name, ansi.StringWidth(l))
			}
		}
	}
}
