//go:build unix

package e2e

import (
	"io"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"
)

// atList signs in and waits for the list.
func (s *scene) atList() {
	s.t.Helper()
	s.expect(`[A-Z]{4}-[A-Z]{4}`)
	s.send("a")
	s.expect(`200 users|20\d users`)
}

func TestAnMFAResetIsThreeKeysFromATypedEmail(t *testing.T) {
	t.Parallel()
	s := start(t, 80, 24, []string{"NO_COLOR=1"})
	s.atList()
	s.send("/totp.factor@example.com")
	s.expect(`totp\.factor@example\.com`)
	id := s.idOf("totp.factor@example.com")
	begin := time.Now()
	s.send("<enter>")
	s.expect(`\b1 user\b`)
	s.send("m")
	s.expect(`will be removed`)
	s.send("y")
	s.expect(`Done\. 1 method removed`)
	t.Logf("three keys took %v, the program's own time and the terminal's", time.Since(begin).Round(time.Millisecond))
	if kinds := s.methods(id); slices.Contains(kinds, "totp") || !slices.Contains(kinds, "password") {
		t.Errorf("the methods are %v", kinds)
	}
}

func TestAResetLinkIsMadeShownOnceAndOpens(t *testing.T) {
	t.Parallel()
	s := start(t, 60, 15, nil)
	s.atList()
	s.send("/lena.locked@example.com<enter>")
	s.expect(`\b1 user\b`)
	s.send("<enter>")
	s.expect(`STOPS +Blocked`)
	s.send("p")
	s.expect(`Send the reset email`)
	s.send("2")
	s.expect(`good for 1 hour`)
	s.send("y")
	s.expect(`shown this once`)
	s.expect(`ticket=`)
	link := shownOnce(s.p.Screen())
	res, err := http.Get(link) //nolint:noctx // the user's browser
	if err != nil {
		t.Fatalf("the link %q: %v", link, err)
	}
	page, err := io.ReadAll(res.Body)
	_ = res.Body.Close()
	if err != nil || res.StatusCode != http.StatusOK || !strings.Contains(string(page), "assword") {
		t.Errorf("the link %q opens HTTP %d, %v:\n%s", link, res.StatusCode, err, page)
	}
	s.send("<enter>")
	if err := s.p.Absent(`ticket=`, patience); err != nil {
		t.Error(err)
	}
	s.expect(`STOPS +Blocked`)
}

// shownOnce puts the lines of a secret in a dialog together.
func shownOnce(screen string) string {
	_, after, _ := strings.Cut(screen, "(shown this once)")
	var b strings.Builder
	for _, m := range regexp.MustCompile(`(?m)^.*│ (\S+) +│.*$`).FindAllStringSubmatch(after, -1) {
		b.WriteString(m[1])
	}
	return b.String()
}
