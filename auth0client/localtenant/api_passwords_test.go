package localtenant

import (
	"fmt"
	"strings"
	"testing"
)

func TestPasswordPoliciesDecideAsAuth0s(t *testing.T) {
	t.Parallel()
	u := &user{Email: "ada.love@example.com", Name: "Ada Lovelace"}
	for _, c := range []struct {
		policy, options, password, problem string
	}{
		{"none", "", "x", ""},
		{"none", "", strings.Repeat("x", 73), "PasswordStrengthError"},
		{"low", "", "12345", "PasswordStrengthError"},
		{"low", "", "123456", ""},
		{"fair", "", "abcdefgh", "PasswordStrengthError"},
		{"fair", "", "Abcdefg1", ""},
		{"good", "", "abcdefg1", "PasswordStrengthError"},
		{"good", "", "abcdefg-1", ""},
		{"good", "long", "Abcdefg-1", "PasswordStrengthError"},
		{"excellent", "", "Abcdefg-1", "PasswordStrengthError"},
		{"excellent", "", "Abcdeeeg-12", "PasswordStrengthError"},
		{"excellent", "", "Abcdeefg-12", ""},
		{"low", "dictionary", "Password123", "PasswordDictionaryError"},
		{"low", "dictionary", "winter-wind", "PasswordDictionaryError"},
		{"low", "personal", "xlovelacex", ""},
		{"low", "personal", "my ada.love", "PasswordNoUserInfoError"},
	} {
		options := map[string]any{"passwordPolicy": c.policy}
		switch c.options {
		case "long":
			options["password_complexity_options"] = map[string]any{"min_length": 12.0}
		case "dictionary":
			options["password_dictionary"] = map[string]any{"enable": true, "dictionary": []any{"Winter-Wind"}}
		case "personal":
			options["password_no_personal_info"] = map[string]any{"enable": true}
		}
		got := ""
		if bad := refusePassword(&connection{Options: options}, u, c.password); bad != nil {
			got, _, _ = strings.Cut(fmt.Sprint(dig(bad.body, "message")), ":")
		}
		if got != c.problem {
			t.Errorf("%s %s %q: %q, want %q", c.policy, c.options, c.password, got, c.problem)
		}
	}
}

func TestEarlierPasswordsAreRemembered(t *testing.T) {
	t.Parallel()
	r := serve(t, Options{})
	cn := r.want(201, "POST", "connections", `{"name":"history","strategy":"auth0","enabled_clients":["`+shopClientID+`"],"options":{"passwordPolicy":"low",
		"password_history":{"enable":true,"size":2}}}`)
	if cn.object()["id"] == nil {
		t.Fatal("no connection")
	}
	a := r.want(201, "POST", "users", `{"connection":"history","email":"x@example.com","password":"first one"}`)
	path := "users/" + strings.ReplaceAll(a.object()["user_id"].(string), "|", "%7C")
	for _, c := range []struct {
		password string
		status   int
	}{{"first one", 400}, {"second one", 200}, {"first one", 400}, {"third one", 200}, {"fourth one", 200}, {"first one", 200}} {
		r.want(c.status, "PATCH", path, `{"password":"`+c.password+`"}`)
	}
	for id := range r.tenant.users.all() {
		if p := r.tenant.users.at(id).Password; strings.Contains(p, "one") {
			t.Fatal("a password is kept in the clear")
		}
	}
}

func TestBothKindsOfBlockAreLiftedByTheirOwnAndByANewPassword(t *testing.T) {
	t.Parallel()
	r := serve(t, Options{})
	id, path := r.makeUser("blocked@example.com", `,"blocked":true`)
	block := func() {
		r.tenant.mu.Lock()
		r.tenant.blocks.set(id, []block{{Identifier: "blocked@example.com", IP: "192.0.2.1"}})
		r.tenant.mu.Unlock()
	}
	state := func() string {
		blocked := r.want(200, "GET", path, "").object()["blocked"]
		return fmt.Sprint(blocked, len(r.want(200, "GET", "user-blocks/"+strings.TrimPrefix(path, "users/"), "").object()["blocked_for"].([]any)))
	}
	block()
	if got := state(); got != "true 1" {
		t.Fatalf("at first: %s", got)
	}
	r.want(200, "PATCH", path, `{"blocked":false}`)
	if got := state(); got != "false 1" {
		t.Errorf("after unblocking by the administrator: %s", got)
	}
	r.want(200, "PATCH", path, `{"blocked":true}`)
	r.want(204, "DELETE", "user-blocks?identifier=blocked@example.com", "")
	if got := state(); got != "true 0" {
		t.Errorf("after lifting attack protection's: %s", got)
	}
	block()
	r.want(200, "PATCH", path, `{"password":"quite another 1"}`)
	if got := state(); got != "false 0" {
		t.Errorf("after a new password: %s", got)
	}
	r.want(200, "PATCH", "attack-protection/brute-force-protection", `{"enabled":false}`)
	block()
	a := r.want(200, "GET", "user-blocks/"+strings.TrimPrefix(path, "users/")+"?consider_brute_force_enablement=true", "")
	if string(a.raw) != `{"blocked_for":[]}` {
		t.Errorf("with the protection off: %s", a.raw)
	}
}
