package localtenant

import (
	"fmt"
	"net/url"
	"strings"
	"testing"
	"time"
)

func (r *rig) count(path, key string) int {
	r.Helper()
	return len(r.want(200, "GET", path, "").object()[key].([]any))
}

func TestSessionsAndTokensEndAMomentAfterTheAnswer(t *testing.T) {
	t.Parallel()
	r := serve(t, Options{})
	sessions, tokens := "users/"+ada+"/sessions", "users/"+ada+"/refresh-tokens"
	rows := r.want(200, "GET", sessions, "").object()["sessions"].([]any)
	sid := rows[0].(map[string]any)["id"].(string)
	if len(rows) != 2 || r.count(tokens, "tokens") != 2 {
		t.Fatalf("at first: %d sessions", len(rows))
	}
	if got := r.want(200, "GET", "sessions/"+sid, "").object()["user_id"]; got != ShowcaseID {
		t.Errorf("the session belongs to %v", got)
	}
	r.want(404, "GET", "sessions/none", "")
	r.want(202, "DELETE", "sessions/none", "")
	r.want(400, "PATCH", "sessions/"+sid, `{}`)
	if got := r.want(200, "PATCH", "sessions/"+sid, `{"session_metadata":{"desk":"7"}}`).object()["session_metadata"]; fmt.Sprint(got) != "map[desk:7]" {
		t.Errorf("metadata: %v", got)
	}
	r.want(202, "DELETE", "sessions/"+sid, "")
	if n := r.count(sessions, "sessions"); n != 2 {
		t.Errorf("at once: %d", n)
	}
	r.clock.pass(time.Second)
	if n := r.count(sessions, "sessions"); n != 1 {
		t.Errorf("a moment later: %d", n)
	}
	if n := r.count(tokens, "tokens"); n != 2 {
		t.Errorf("refresh tokens survive their session, left: %d", n)
	}
	r.want(202, "POST", "users/"+ada+"/revoke-access", `{"preserve_refresh_tokens":true}`)
	r.clock.pass(time.Second)
	if n, m := r.count(sessions, "sessions"), r.count(tokens, "tokens"); n != 0 || m != 2 {
		t.Errorf("after revoking access but the tokens: %d sessions, %d tokens", n, m)
	}
	r.want(202, "POST", "users/"+ada+"/revoke-access", "")
	r.clock.pass(time.Second)
	if m := r.count(tokens, "tokens"); m != 0 {
		t.Errorf("after revoking everything: %d tokens", m)
	}
}

func TestRefreshTokensAreRevokedByIDUserAndApplication(t *testing.T) {
	t.Parallel()
	r := serve(t, Options{})
	list := "refresh-tokens?user_id=" + ada
	rows := r.want(200, "GET", list, "").object()["refresh_tokens"].([]any)
	id := rows[0].(map[string]any)["id"].(string)
	for body, message := range map[string]string{
		`{}`: "Invalid combination of parameters.",
		`{"ids":["a"],"user_id":"` + ShowcaseID + `"}`:                                          "Invalid combination of parameters.",
		`{"user_id":"` + ShowcaseID + `","audience":"x"}`:                                       "Invalid combination of parameters.",
		`{"user_id":"auth0|nobody"}`:                                                            "User not found.",
		`{"user_id":"` + ShowcaseID + `","client_id":"none"}`:                                   "Client not found.",
		`{"user_id":"` + ShowcaseID + `","client_id":"` + shopClientID + `","audience":"none"}`: "Resource server not found.",
	} {
		if got := r.want(400, "POST", "refresh-tokens/revoke", body).object()["message"]; got != message {
			t.Errorf("%s: %v, want %s", body, got, message)
		}
	}
	if got := r.want(200, "PATCH", "refresh-tokens/"+id, `{"refresh_token_metadata":{"a":"b"}}`).object()["refresh_token_metadata"]; got == nil {
		t.Error("the metadata is not there")
	}
	r.want(202, "POST", "refresh-tokens/revoke", `{"ids":["`+id+`"]}`)
	r.clock.pass(time.Second)
	r.want(404, "GET", "refresh-tokens/"+id, "")
	r.want(202, "POST", "refresh-tokens/revoke", `{"user_id":"`+ShowcaseID+`","client_id":"`+shopClientID+`","audience":"`+shopAPI+`"}`)
	r.clock.pass(time.Second)
	if n := r.count(list, "refresh_tokens"); n != 0 {
		t.Errorf("left: %d", n)
	}
	if got := r.want(400, "GET", "refresh-tokens", "").object()["message"]; got != "Missing required 'user_id' parameter." {
		t.Errorf("without a user: %v", got)
	}
}

func TestSmallPlansHaveDevicesAndGrantsInsteadOfSessions(t *testing.T) {
	t.Parallel()
	r := serve(t, Options{Plan: PlanPro})
	for _, path := range []string{"users/" + ada + "/sessions", "users/" + ada + "/refresh-tokens", "sessions/x", "refresh-tokens?user_id=x"} {
		if got := r.want(403, "GET", path, "").object()["message"]; got != "This feature is not enabled for this tenant." {
			t.Errorf("%s: %v", path, got)
		}
	}
	list := "device-credentials?user_id=" + ada + "&type=" + refreshKind
	devices := r.want(200, "GET", list, "").rows()
	if len(devices) != 2 {
		t.Fatalf("devices: %v", devices)
	}
	r.want(204, "DELETE", "device-credentials/"+devices[0].(map[string]any)["id"].(string), "")
	if n := len(r.want(200, "GET", list, "").rows()); n != 1 {
		t.Errorf("devices left: %d", n)
	}
	keys := "device-credentials?user_id=" + ada
	key := r.want(200, "GET", keys+"&include_totals=true", "").object()["device_credentials"].([]any)[0].(map[string]any)
	r.want(204, "DELETE", "device-credentials/"+key["id"].(string), "")
	r.want(204, "DELETE", "device-credentials/"+key["id"].(string), "")
	r.clock.pass(time.Minute)
	grants := r.want(200, "GET", "grants?user_id="+ada, "").rows()
	if len(grants) != 1 || grants[0].(map[string]any)["clientID"] != shopClientID {
		t.Fatalf("grants: %v", grants)
	}
	r.want(204, "DELETE", "grants/"+grants[0].(map[string]any)["id"].(string), "")
	if n, m := len(r.want(200, "GET", "grants?user_id="+ada, "").rows()), len(r.want(200, "GET", list, "").rows()); n != 0 || m != 0 {
		t.Errorf("after withdrawing the grant: %d grants, %d devices", n, m)
	}
	r.want(400, "DELETE", "grants", "")
	r.want(204, "DELETE", "grants?user_id="+ada, "")
}

func TestCheckpointsHoldWhenRowsComeAndGo(t *testing.T) {
	t.Parallel()
	r := serve(t, Options{Users: 200})
	role := r.tenant.roles.list()[3].ID // Customer: most people hold it
	path := "roles/" + role + "/users?take=10"
	all := map[string]bool{}
	r.tenant.mu.Lock()
	for _, id := range r.tenant.holdersOf(role) {
		all[id] = true
	}
	r.tenant.mu.Unlock()
	seen, next := map[string]bool{}, ""
	for page := 0; ; page++ {
		at := path
		if next != "" {
			at += "&from=" + url.QueryEscape(next)
		}
		got := r.want(200, "GET", at, "").object()
		rows := got["users"].([]any)
		for _, row := range rows {
			id := row.(map[string]any)["user_id"].(string)
			if seen[id] {
				t.Fatalf("%s came twice", id)
			}
			seen[id] = true
			// Whoever was shown loses the role: the next page must not skip anybody.
			r.want(204, "DELETE", "users/"+url.PathEscape(id)+"/roles", `{"roles":["`+role+`"]}`)
		}
		if got["next"] == nil {
			break
		}
		next = got["next"].(string)
	}
	if len(seen) != len(all) {
		t.Errorf("%d of %d came", len(seen), len(all))
	}
	r.clock.pass(cursorLife + time.Hour)
	r.token = r.freshToken()
	for _, bad := range []string{next, "nonsense", "bm90IGEgY3Vyc29y"} {
		a := r.want(400, "GET", path+"&from="+url.QueryEscape(bad), "")
		if !strings.Contains(a.object()["message"].(string), "has expired or is invalid") {
			t.Errorf("%s: %s", bad, a.raw)
		}
	}
}

// freshToken is a new token of the gateway.
func (r *rig) freshToken() string {
	r.Helper()
	id, secret := r.tenant.M2M()
	_, body := r.form("/oauth/token", url.Values{"grant_type": {"client_credentials"}, "client_id": {id}, "client_secret": {secret},
		"audience": {r.tenant.ManagementAudience()}})
	return body["access_token"].(string)
}

func TestARevokedRefreshTokenEndsTheSignInItBelongsTo(t *testing.T) {
	t.Parallel()
	r := serve(t, Options{})
	token := r.signIn("support")["refresh_token"].(string)
	who := "users/" + url.PathEscape(operators()[1].ID) + "/refresh-tokens"
	rows := r.want(200, "GET", who, "").object()["tokens"].([]any)
	if len(rows) != 1 || rows[0].(map[string]any)["client_id"] != consoleClientID {
		t.Fatalf("tokens: %v", rows)
	}
	r.want(204, "DELETE", "refresh-tokens/"+rows[0].(map[string]any)["id"].(string), "")
	status, m := r.rotate(token)
	if status != 200 {
		t.Fatalf("the token ended at once: %d %v", status, m)
	}
	r.clock.pass(time.Second)
	if status, m = r.rotate(m["refresh_token"].(string)); status == 200 || m["error"] != "invalid_grant" {
		t.Errorf("a moment later: %d %v", status, m)
	}
}
