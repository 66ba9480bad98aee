//go:build unix

package e2e

import (
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"
)

// issuer is the tenant's address; the file that names it is there once the screen shows a code.
func (s *scene) issuer() string {
	s.t.Helper()
	data, err := os.ReadFile(s.info)
	if err != nil {
		s.t.Fatal(err)
	}
	var info struct{ Issuer string }
	if err := json.Unmarshal(data, &info); err != nil {
		s.t.Fatal(err)
	}
	return info.Issuer
}

// code waits for a code other than old and reads it off the screen.
func (s *scene) code(old string) string {
	s.t.Helper()
	s.expect(`[A-Z]{4}-[A-Z]{4} is good for`)
	code := regexp.MustCompile(`[A-Z]{4}-[A-Z]{4}`).FindString(s.p.Screen())
	if code == old {
		s.t.Fatalf("the code is still %s", code)
	}
	return code
}

// post sends a form to the tenant, as a browser or a test's switchboard would.
func (s *scene) post(path string, form url.Values) {
	s.t.Helper()
	res, err := http.PostForm(s.issuer()+path, form)
	if err != nil {
		s.t.Fatal(err)
	}
	body, _ := io.ReadAll(res.Body)
	_ = res.Body.Close()
	if res.StatusCode > 299 {
		s.t.Fatalf("POST %s: HTTP %d %s", path, res.StatusCode, body)
	}
}

func TestACodeThatExpiresOrIsRefusedGivesWayToAnother(t *testing.T) {
	t.Parallel()
	s := start(t, 80, 24, nil, "--code-life", "5s")
	first := s.code("")
	s.expect(`The code has expired\. Press r for a new one`)
	s.send("r")
	second := s.code(first)
	s.post("activate", url.Values{"user_code": {second}, "answer": {"cancel"}})
	s.expect(`(?s)The sign-in was refused: User cancelled the\s+confirmation\s+prompt`)
	s.send("<enter>")
	s.code(second)
	s.send("a")
	s.expect(`20\d users`)
	if strings.Contains(string(s.p.Written()), "\x1b]52;") {
		t.Error("the clipboard was written without its key")
	}
}

func TestTheAddressIsCopiedByItsKeyOnly(t *testing.T) {
	t.Parallel()
	s := start(t, 80, 24, []string{"DISPLAY=:9", "SSH_CONNECTION=192.0.2.1 1 192.0.2.2 22"})
	s.code("")
	if strings.Contains(s.p.Screen(), "open the browser") {
		t.Error("a browser is offered over SSH")
	}
	s.send("c")
	s.expect(`Copied the address`)
	if n := strings.Count(string(s.p.Written()), "\x1b]52;c;"); n != 1 {
		t.Errorf("the clipboard was written %d times, want once", n)
	}
}

func TestASignInThatEndsInMidChange(t *testing.T) {
	t.Parallel()
	// A token this short is refreshed before each request, so that the end of the sign-in shows at the next one.
	s := start(t, 80, 24, nil, "--token-life", "1s")
	s.code("")
	s.send("a")
	s.expect(`20\d users`)
	s.send("/ada@example.com<enter>")
	s.expect(`\b1 user\b`)
	var found []struct {
		ID string `json:"user_id"`
	}
	s.tenant("users-by-email?email=ada%40example.com", &found)
	if len(found) != 1 {
		t.Fatalf("the tenant has %d users with that email, want 1", len(found))
	}
	before := s.methods(found[0].ID)
	if !slices.Contains(before, "totp") {
		t.Fatalf("the demo's first user has %v: no second factor to reset", before)
	}
	s.send("m")
	s.expect(`(?i)authenticator app`)
	s.post("_usher/revoke", nil)
	<-time.After(1500 * time.Millisecond) // an access token that was issued already is good until its end
	s.send("y")
	s.expect(`Sign in again: your sign-in ended`)
	s.code("")
	if got := s.methods(found[0].ID); !slices.Equal(got, before) {
		t.Fatalf("the methods are %v, were %v: a change went out without a sign-in", got, before)
	}
	s.expect(`good for 14:5[0-8]`) // keys in flight when it opened by itself are not taken
	s.send("a")
	s.expect(`Your change was not sent: confirm it again`)
	if got := s.methods(found[0].ID); !slices.Equal(got, before) {
		t.Fatalf("the methods are %v, were %v: the change went out without being confirmed again", got, before)
	}
	for range 20 { // the first may come too soon after the dialog came back, and is not taken
		s.send("y")
		if s.p.Expect(`Done\. \d+ methods? removed`, time.Second) == nil {
			break
		}
	}
	if got := s.methods(found[0].ID); slices.Contains(got, "totp") {
		t.Errorf("the methods are %v after the reset", got)
	}
}
