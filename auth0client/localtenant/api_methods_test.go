package localtenant

import (
	"fmt"
	"net/url"
	"strings"
	"testing"
)

func TestAuthenticationMethodsAreAddedChangedAndReplaced(t *testing.T) {
	t.Parallel()
	r := serve(t, Options{})
	_, user := r.makeUser("methods@example.com", "")
	list := user + "/authentication-methods"
	made := r.want(201, "POST", list, `{"type":"email","name":"Work","email":"chuck334@example.com"}`).object()
	if made["email"] != "chuc****@exam*******" || made["confirmed"] != nil {
		t.Errorf("made: %v", made)
	}
	for _, c := range []struct {
		status        int
		body, message string
	}{
		{409, `{"type":"email","email":"chuck334@example.com"}`, "Authentication method already exists."},
		{400, `{"type":"phone"}`, "Payload validation error: 'Missing required property: phone_number'."},
		{400, `{"type":"push"}`, "Payload validation error: 'No enum match for: push' on property type."},
		{400, `{"type":"email","email":"no"}`, "Payload validation error: 'Object didn't pass validation for format email: no' on property email."},
		{400, `{"name":"x"}`, "Payload validation error: 'Missing required property: type'."},
	} {
		if got := r.want(c.status, "POST", list, c.body).object()["message"]; got != c.message {
			t.Errorf("%s: %v, want %s", c.body, got, c.message)
		}
	}
	one := list + "/" + url.PathEscape(made["id"].(string))
	if got := r.want(200, "PATCH", one, `{"name":"Home"}`).object()["name"]; got != "Home" {
		t.Errorf("renamed: %v", got)
	}
	rows := r.want(200, "PUT", list, `[{"type":"phone","phone_number":"+15550001","preferred_authentication_method":"voice"},{"type":"totp","totp_secret":"5HCWXIP2"}]`)
	if len(rows.rows()) != 2 || !strings.Contains(string(rows.raw), `"type":"voice"`) || strings.Contains(string(rows.raw), "5HCWXIP2") {
		t.Errorf("replaced: %s", rows.raw)
	}
	if n := len(r.want(200, "GET", list, "").rows()); n != 3 {
		t.Errorf("with the password: %d", n)
	}
	r.want(201, "POST", list, `{"type":"passkey","key_id":"k","public_key":"p","relying_party_identifier":"example.com"}`)
	for _, method := range []string{"DELETE", "PUT"} {
		if got := r.want(403, method, list, "[]").object()["message"]; got != "Operation not permitted when the user has registered at least 1 passkey" {
			t.Errorf("%s with a passkey: %v", method, got)
		}
	}
	r.want(204, "DELETE", user+"/multifactor/google-authenticator", "")
	r.want(400, "DELETE", user+"/multifactor/other", "")
	r.want(204, "DELETE", user+"/authenticators", "")
	var kinds []string
	for _, m := range r.want(200, "GET", list, "").rows() {
		kinds = append(kinds, m.(map[string]any)["type"].(string))
	}
	if fmt.Sprint(kinds) != "[password passkey]" {
		t.Errorf("left: %v", kinds)
	}
}

func TestEnrollmentsRecoveryCodesAndFactors(t *testing.T) {
	t.Parallel()
	r := serve(t, Options{})
	row := r.want(200, "GET", "users/"+ada+"/enrollments", "").rows()[0].(map[string]any)
	one := "guardian/enrollments/" + row["id"].(string)
	if got := r.want(200, "GET", one, "").object(); got["status"] != "confirmed" || row["auth_method"] != "authenticator" {
		t.Errorf("enrollment: %v %v", row, got)
	}
	r.want(204, "DELETE", one, "")
	if a := r.want(404, "DELETE", one, "").object(); a["errorCode"] != "enrollment_not_found" {
		t.Errorf("gone: %v", a)
	}
	if code := r.want(200, "POST", "users/"+ada+"/recovery-code-regeneration", "{}").object()["recovery_code"].(string); len(code) != 24 {
		t.Errorf("code: %s", code)
	}
	ticket := r.want(200, "POST", "guardian/enrollments/ticket", `{"user_id":"`+ShowcaseID+`","send_mail":true,"factor":"otp"}`).object()
	if !strings.HasSuffix(ticket["ticket_url"].(string), ticket["ticket_id"].(string)) {
		t.Errorf("ticket: %v", ticket)
	}
	r.want(200, "PUT", "guardian/factors/sms", `{"enabled":false}`)
	if list := string(r.want(200, "GET", "guardian/factors", "").raw); !strings.Contains(list, `{"enabled":false,"name":"sms"`) {
		t.Errorf("factors: %s", list)
	}
	r.want(400, "PUT", "guardian/factors/other", `{"enabled":false}`)
	r.want(200, "PUT", "guardian/policies", `["all-applications"]`)
	if got := string(r.want(200, "GET", "guardian/policies", "").raw); got != `["all-applications"]` {
		t.Errorf("policies: %s", got)
	}
	r.want(204, "POST", "users/"+ada+"/multifactor/actions/invalidate-remember-browser", "")
	r.want(204, "POST", "users/"+ada+"/risk-assessments/clear", `{"connection":"Username-Password-Authentication","assessors":["new-device"]}`)
	r.want(400, "POST", "users/"+ada+"/risk-assessments/clear", `{"connection":"none","assessors":["new-device"]}`)
}

func TestSettingsAreReadBackAsTheyWereWritten(t *testing.T) {
	t.Parallel()
	r := serve(t, Options{})
	for _, c := range []struct{ method, path, body, want string }{
		{"PUT", "guardian/factors/sms/templates", `{"enrollment_message":"enrol {{code}}","verification_message":"verify {{code}}"}`, `enrol {{code}}`},
		{"PUT", "guardian/factors/phone/message-types", `{"message_types":["voice"]}`, `{"message_types":["voice"]}`},
		{"PUT", "guardian/factors/phone/selected-provider", `{"provider":"twilio"}`, `{"provider":"twilio"}`},
		{"PATCH", "guardian/factors/duo/settings", `{"host":"duo.example"}`, `{"host":"duo.example"}`},
		{"PATCH", "attack-protection/brute-force-protection", `{"max_attempts":66}`, `"max_attempts":66`},
		{"PATCH", "attack-protection/suspicious-ip-throttling", `{"shields":["block"]}`, `"shields":["block"]`},
		{"PATCH", "risk-assessments/settings/new-device", `{"remember_for":7}`, `{"remember_for":7}`},
		{"PATCH", "tenants/settings", `{"friendly_name":"Renamed"}`, `"friendly_name":"Renamed"`},
	} {
		r.want(200, c.method, c.path, c.body)
		if got := string(r.want(200, "GET", c.path, "").raw); !strings.Contains(got, c.want) {
			t.Errorf("%s: %s, want %s", c.path, got, c.want)
		}
	}
	apns := string(r.want(200, "PUT", "guardian/factors/push-notification/providers/apns", `{"bundle_id":"x","p12":"hidden"}`).raw)
	if strings.Contains(apns, "hidden") {
		t.Errorf("a key is shown: %s", apns)
	}
	if got := r.want(200, "GET", "tenants/settings?fields=friendly_name", "").object(); len(got) != 1 {
		t.Errorf("fields: %v", got)
	}
	r.want(404, "GET", "anomaly/blocks/ips/192.0.2.9", "")
	r.want(200, "GET", "anomaly/blocks/ips/203.0.113.66", "")
	r.want(204, "DELETE", "anomaly/blocks/ips/203.0.113.66", "")
	r.want(404, "GET", "anomaly/blocks/ips/203.0.113.66", "")
	r.want(400, "GET", "anomaly/blocks/ips/nonsense", "")
}
