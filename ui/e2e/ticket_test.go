//go:build unix

package e2e

import (
	"net/url"
	"testing"
)

// paste is text as a terminal pastes it.
func paste(text string) string { return "\x1b[200~" + text + "\x1b[201~" }

func (s *scene) blocked(email string) bool {
	s.t.Helper()
	var found []struct {
		Blocked bool `json:"blocked"`
	}
	s.tenant("users-by-email?email="+url.QueryEscape(email), &found)
	if len(found) != 1 {
		s.t.Fatalf("the tenant has %d users with the email %s, want 1", len(found), email)
	}
	return found[0].Blocked
}

// TestFromATicketToABlockedSelection pastes lines of tickets, opens who they are about, collects people of two searches,
// and blocks them.
func TestFromATicketToABlockedSelection(t *testing.T) {
	t.Parallel()
	people := []string{"ada@example.com", "lena.locked@example.com", "nico.newcomer@example.com"}
	s := start(t, 120, 40, nil, "--approve")
	s.expect(`20\d users|2[1-9]\d users`)
	s.send(paste("#4821: Ada Lovelace <ADA@example.com>, +44 20 7946 0001, cannot sign in\r\n"))
	s.expect(`/#4821: Ada Lovelace`)
	s.send("<enter>")
	s.expect(`\b1 user for #4821`)
	s.expect(`asked for: email ADA@example.com, ada@example.com; search`)
	s.send("<enter>")
	s.expect(`Overview`)
	s.send("<esc>")
	s.expect(`\b1 user for #4821`)
	s.send("<space>")
	s.send(paste("lena.locked@example.com;nico.newcomer@example.com"))
	s.send("<enter>")
	s.expect(`\b2 users for lena.locked`)
	s.send("a")
	s.expect(`3 selected, 1 of them not in view`)
	for _, p := range people {
		if s.blocked(p) {
			t.Fatalf("%s is blocked already", p)
		}
	}
	s.send("b")
	s.expect(`Block or unblock 3 users`)
	s.send("<down><enter>")
	s.expect(`Block 3 users:`)
	s.send("y")
	s.expect(`3 of 3 done`)
	for _, p := range people {
		if !s.blocked(p) {
			t.Errorf("%s is not blocked", p)
		}
	}
	s.send("<enter>")
	s.expect(`lena.locked@example.com .*blocked`)
	s.send("q")
	if code, err := s.p.Exit(patience); err != nil || code != 0 {
		t.Fatalf("exit status %d, %v", code, err)
	}
	restored(t, s.p)
}
