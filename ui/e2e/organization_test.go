//go:build unix

package e2e

import (
	"net/url"
	"testing"
)

// TestARoleIsMadeAndAnInvitationHandedOn goes from the commands to a new role that allows something, and from an organization
// to an invitation whose link is shown once.
func TestARoleIsMadeAndAnInvitationHandedOn(t *testing.T) {
	t.Parallel()
	s := start(t, 100, 30, nil, "--approve")
	s.expect(`\d+ users`)
	s.send(":Roles\r")
	s.expect(`Order desk +\d`) // counted
	s.send("n")
	s.expect("New role")
	s.send(`Night "desk", late` + "\rWhile others sleep\r\r")
	s.expect("Create role")
	s.send("y")
	s.expect("The role is made")
	s.send("\r/night\r\r")
	s.expect("Nobody has this role directly")
	s.send("2+")
	s.expect("Add permissions to")
	s.send("/refund\r")
	s.expect(`› \[ \] refund:orders`) // the list may come later than the key
	s.send(" \r")
	s.expect(`\+ refund:orders`)
	s.send("y")
	s.expect("1 permission is added")
	s.send("\r")

	var roles struct {
		Roles []struct{ ID, Name, Description string }
	}
	s.tenant("roles?include_totals=true&name_filter=Night", &roles)
	if len(roles.Roles) != 1 || roles.Roles[0].Name != `Night "desk", late` {
		t.Fatalf("the roles are %v", roles.Roles)
	}
	var gives []struct {
		Name string `json:"permission_name"`
	}
	s.tenant("roles/"+url.PathEscape(roles.Roles[0].ID)+"/permissions", &gives)
	if len(gives) != 1 || gives[0].Name != "refund:orders" {
		t.Errorf("it gives %v", gives)
	}

	s.send(":Organizations\r")
	s.expect("Tailspin Toys")
	s.send("/tailspin\r\r")
	s.expect(`1 Members \d`)
	s.send("2n")
	s.expect("for which application")
	s.expect("Shop")
	s.send("\r")
	s.expect("They sign in to Shop")
	s.send("vera@example.org\r\r\r\r\r")
	s.expect("Which roles does vera@example.org get there")
	s.expect(`12 of 12|13 of 13`)
	s.send("\r")
	s.expect("shown once")
	s.send("y")
	s.expect("https://shop.example/login")
	s.send("\r")
	s.expect(`vera@example.org +20\d\d-`)
}
