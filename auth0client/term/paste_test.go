package term

import (
	"strings"
	"testing"
)

func TestWhatIsPastedIsOneLineOfWhatIsSeen(t *testing.T) {
	t.Parallel()
	for raw, want := range map[string]struct {
		text string
		left int
	}{
		"":                                  {"", 0},
		"auth0|1":                           {"auth0|1", 0},
		"Zoë 漢 é́":                          {"Zoë 漢 é́", 0},
		"id\nrm -rf ~\n":                    {"idrm -rf ~", 2},
		"id\r\x1b[201~;reboot\r":            {"id[201~;reboot", 3},
		"a\u009b31m\u202eb\u200b\U000e0041": {"a31mb", 4},
		"a\x9b\xff\x00b":                    {"ab", 3},
		"\t{\n  \"a\": 1\n}":                {`{  "a": 1}`, 3},
	} {
		if text, left := Paste(raw); text != want.text || left != want.left {
			t.Errorf("%q is pasted as %q without %d, want %q without %d", raw, text, left, want.text, want.left)
		}
	}
}

func FuzzPaste(f *testing.F) {
	f.Add("id\x1b[201~\n\u009b")
	f.Fuzz(func(t *testing.T, raw string) {
		text, left := Paste(raw)
		if strings.ContainsFunc(text, acts) || (left == 0) != (text == raw) {
			t.Errorf("%q is pasted as %q without %d", raw, text, left)
		}
	})
}
