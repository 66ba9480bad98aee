//go:build unix

package e2e

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
)

// order tells the tenant at its switchboard what to do.
func (s *scene) order(path, body string) {
	s.t.Helper()
	res, err := http.Post(s.issuer()+"_usher/"+path, "text/plain", strings.NewReader(body)) //nolint:noctx // ends with the tenant
	if err != nil {
		s.t.Fatal(err)
	}
	defer res.Body.Close() //nolint:errcheck // nothing is read
	if res.StatusCode >= 300 {
		s.t.Fatalf("%s: HTTP %d", path, res.StatusCode)
	}
}

func (s *scene) idOf(email string) string {
	s.t.Helper()
	var found []struct {
		ID string `json:"user_id"`
	}
	s.tenant("users-by-email?email="+url.QueryEscape(email), &found)
	if len(found) != 1 {
		s.t.Fatalf("%d users have the email %s", len(found), email)
	}
	return found[0].ID
}

// TestRolesOfASelection gives one role to some and takes another from one, at a tenant that fails in between; then it does
// the rest, takes that back, and does not do so again when somebody else was faster.
func TestRolesOfASelection(t *testing.T) {
	t.Parallel()
	s := start(t, 120, 40, nil)
	s.expect(`[A-Z]{4}-[A-Z]{4}`)
	s.send("a")
	s.expect(`200 users|20\d users`)

	mona, uma, faye := s.idOf("mona.many@example.com"), s.idOf("uma.unverified@example.com"), s.idOf("faye.fatigue@example.com")
	others := s.roles(uma)
	for name := range s.roles(faye) {
		others[name] = true
	}
	var add, remove string // both are Mona's alone
	for name := range s.roles(mona) {
		switch {
		case others[name]:
		case add == "":
			add = name
		case remove == "":
			remove = name
		}
	}
	s.send("/email:(mona.many@example.com OR uma.unverified@example.com OR faye.fatigue@example.com)<enter>")
	s.expect(`\b3 users\b`)
	s.send("a")
	s.expect(`3 selected`)
	s.send("r")
	s.expect(`Roles of 3 users`)
	s.send("/" + add + "<enter>")
	s.expect(`› \[~\] .*` + add)
	s.send("<space>")
	s.send("/" + remove + "<enter>")
	s.expect(`› \[~\] .*` + remove)
	s.send("<space><space>")
	s.expect(`2 changes: \+1 −1`)
	s.send("<enter>")
	s.expect(`Review: change the roles of 3 users`)
	s.expect(`Permissions as a result`)
	s.order("faults", "DELETE /api/v2/users/{id}/roles 503 x1")
	s.send("y")
	s.expect(`✗ mona.many@example.com`)
	s.expect(`HTTP 503`)
	s.expect(`Still to do: 1 user`)
	if !s.roles(uma)[add] || !s.roles(faye)[add] || !s.roles(mona)[remove] {
		t.Fatal("the tenant is not as the screen says")
	}
	s.send("R")
	s.expect(`− .*` + remove)
	s.send("y")
	s.expect(`0 added, 1 removed`)
	if s.roles(mona)[remove] {
		t.Fatal("the role is not removed")
	}
	s.send("u")
	s.expect(`Review: take the change of roles back`)
	s.expect(`\+ .*` + remove)
	s.send("y")
	s.expect(`1 added, 0 removed`)
	if !s.roles(mona)[remove] || !s.roles(mona)[add] {
		t.Error("the removal is not taken back")
	}

	// Undone once more, but somebody else is faster: the gateway compares, and nothing is written.
	s.send("u")
	s.expect(`− .*` + remove)
	var all []struct{ ID, Name string }
	s.tenant("roles?per_page=100", &all)
	for _, r := range all {
		if r.Name == add {
			s.past(http.MethodDelete, "users/"+url.PathEscape(mona)+"/roles", `{"roles":["`+r.ID+`"]}`, nil)
		}
	}
	s.send("y")
	s.expect(`The roles were changed since: nothing is taken back`)
	if now := s.roles(mona); !now[remove] || now[add] {
		t.Error("what somebody else changed was overwritten")
	}
	s.send("<esc>")
	s.expect(`\b3 users\b`)
	s.send("q")
	if code, err := s.p.Exit(patience); err != nil || code != 0 {
		t.Fatalf("exit status %d, %v", code, err)
	}
}
