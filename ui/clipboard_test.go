package ui

import (
	"fmt"
	"strings"
	"testing"

	tea "charm.land/bubbletea/v2"

	"usher/ui/uitest"
	"usher/ui/view"
)

// clipped is what a command puts on the clipboard.
func clipped(cmd tea.Cmd) (texts []string) {
	if cmd == nil {
		return nil
	}
	kind := fmt.Sprintf("%T", tea.SetClipboard("")())
	switch msg := cmd().(type) {
	case tea.BatchMsg:
		for _, c := range msg[:1] { // what follows is the timer of the toast
			texts = append(texts, clipped(c)...)
		}
	default:
		if fmt.Sprintf("%T", msg) == kind {
			texts = append(texts, fmt.Sprint(msg))
		}
	}
	return texts
}

func TestTheClipboardTakesOneLineOfWhatIsSeen(t *testing.T) {
	t.Parallel()
	for raw, want := range map[string][2]string{
		"auth0|1":                            {"auth0|1", "Copied the user id"},
		"auth0|1\n":                          {"auth0|1", "without a character that is not seen"},
		"a\r\x1b[201~;reboot\n\u202e" + evil: {"", "characters that are not seen"},
	} {
		a, _, _ := signedIn(t, noon())
		got := clipped(a.perform(0, view.Copy{What: "user id", Text: raw}, grace{}))
		if len(got) != 1 || want[0] != "" && got[0] != want[0] || strings.ContainsAny(got[0], "\x1b\r\n\x07\u202e\u009b") {
			t.Errorf("%q is copied as %q", raw, got)
		}
		if frame := uitest.Frame(a); !strings.Contains(frame, want[1]) {
			t.Errorf("no %q in\n%s", want[1], frame)
		}
	}
}

func TestAProfileCanLeaveTheClipboardAlone(t *testing.T) {
	t.Parallel()
	a, _, _ := signedIn(t, noon())
	a.o.NoClipboard = true
	if got := clipped(a.perform(0, view.Copy{What: "user id", Text: "auth0|1"}, grace{})); got != nil {
		t.Errorf("%q is copied", got)
	}
	if frame := uitest.Frame(a); !strings.Contains(frame, "Nothing is copied") {
		t.Errorf("nothing is said in\n%s", frame)
	}
}
