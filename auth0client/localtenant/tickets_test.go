package localtenant

import (
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"
)

func (r *rig) ticket(kind string, u *user, ttl time.Duration, result string) (address, raw string) {
	r.tenant.mu.Lock()
	defer r.tenant.mu.Unlock()
	address = r.tenant.newTicket(kind, u.ID, ttl, result)
	at, err := url.Parse(address)
	if err != nil {
		r.Fatal(err)
	}
	return address, at.Query().Get("ticket")
}

func TestAPasswordTicketSetsANewPasswordOnce(t *testing.T) {
	t.Parallel()
	r := serve(t, Options{})
	u := r.plain()
	v := r.browser()
	v.code(v.password(ask(), u.Email, DemoPassword))
	if err := r.tenant.FailLogins(u.Email, "127.0.0.1", 10); err != nil {
		t.Fatal(err)
	}
	address, raw := r.ticket(ticketPassword, u, 0, "https://app.example.com/done?a=b")
	if p := v.get(address); p.status != 200 || !strings.Contains(p.text, u.Email) || !strings.Contains(p.security, "form-action 'self' https://app.example.com;") {
		t.Fatalf("the page: %d %s", p.status, p.text)
	}
	set := func(password, again string) seen {
		return v.do("POST", "/u/reset-password", url.Values{"ticket": {raw}, "password": {password}, "again": {again}})
	}
	for name, p := range map[string]seen{"two passwords": set("A new passw0rd", "Another one 1"), "a short one": set("short", "short"),
		"a leaked one": set(leakedPasswords()[0], leakedPasswords()[0]), "a huge one": set(strings.Repeat("x", 73), strings.Repeat("x", 73))} {
		if p.status != 400 {
			t.Errorf("%s: %d", name, p.status)
		}
	}
	p := set("A new passw0rd", "A new passw0rd")
	if q := p.to.Query(); p.to.Host != "app.example.com" || q.Get("a") != "b" || q.Get("success") != "true" || q.Get("email") != "" {
		t.Errorf("the result leads to %s", p.to)
	}
	if p := set("A new passw0rd", "A new passw0rd"); p.status != 400 || !strings.Contains(p.text, "only once") {
		t.Errorf("a second time: %d %s", p.status, p.text)
	}
	if q := v.get(ask("prompt", "none")).to.Query(); q.Get("error") != "login_required" {
		t.Errorf("the session outlived the password: %v", q)
	}
	if p := v.password(ask(), u.Email, DemoPassword); p.status != 400 {
		t.Errorf("the old password: %d", p.status)
	}
	v.code(v.password(ask(), u.Email, "A new passw0rd")) // the brute-force block is lifted too
	r.wantLogged("scp", "fcp", "reset_pwd_leak")
}

func TestTicketsEndAndAreForOnePurpose(t *testing.T) {
	t.Parallel()
	r := serve(t, Options{})
	u := r.plain()
	v := r.browser()
	_, raw := r.ticket(ticketPassword, u, time.Hour, "")
	for name, path := range map[string]string{"another purpose": "/u/email-verification?ticket=" + raw, "nothing": "/u/reset-password?ticket=",
		"a guess": "/mfa/enrollment?ticket=x"} {
		if p := v.get(path); p.status != 400 {
			t.Errorf("%s: %d", name, p.status)
		}
	}
	r.clock.pass(61 * time.Minute)
	if p := v.get("/u/reset-password?ticket=" + raw); p.status != 400 || !strings.Contains(p.text, "expired") {
		t.Errorf("after its time: %d %s", p.status, p.text)
	}
	for _, k := range r.tenant.tickets.names() {
		if k == raw {
			t.Error("the ticket itself is kept")
		}
	}
}

func TestAVerificationTicketVerifiesTheAddress(t *testing.T) {
	t.Parallel()
	r := serve(t, Options{})
	u := r.plain()
	r.change(u.ID, func(u *user) { u.EmailVerified = yes(false) })
	address, _ := r.ticket(ticketVerify, u, 0, "")
	if p := r.browser().get(address); p.status != 200 || !strings.Contains(p.text, "Your email was verified") {
		t.Errorf("page: %d %s", p.status, p.text)
	}
	if a := r.want(200, "GET", "users/"+url.PathEscape(u.ID), ""); a.object()["email_verified"] != true {
		t.Errorf("the record: %v", a.object())
	}
	r.wantLogged("sv")
}

func TestAnEnrolmentTicketAddsAFactor(t *testing.T) {
	t.Parallel()
	r := serve(t, Options{})
	u := r.plain()
	address, raw := r.ticket(ticketEnrol, u, 0, "")
	v := r.browser()
	if p := v.get(address); p.status != 200 {
		t.Fatalf("page: %d %s", p.status, p.text)
	}
	if p := v.do("POST", "/mfa/enrollment", url.Values{"ticket": {raw}, "code": {"1"}}); p.status != 400 {
		t.Errorf("a wrong code: %d", p.status)
	}
	if p := v.do("POST", "/mfa/enrollment", url.Values{"ticket": {raw}, "code": {DemoOTP}}); p.status != 200 {
		t.Errorf("the right code: %d %s", p.status, p.text)
	}
	rows := r.want(200, "GET", "users/"+url.PathEscape(u.ID)+"/authentication-methods", "").rows()
	if !slices.ContainsFunc(rows, func(m any) bool { return m.(map[string]any)["type"] == "totp" }) {
		t.Errorf("methods: %v", rows)
	}
	if p := v.password(ask(), u.Email, DemoPassword); p.to.Path != "/u/mfa" {
		t.Errorf("the next sign-in: %d %s", p.status, p.to)
	}
	r.wantLogged("gd_start_enroll", "gd_start_enroll_failed", "gd_enrollment_complete")
}

func TestAResetEmailIsPromisedToEverybody(t *testing.T) {
	t.Parallel()
	r := serve(t, Options{})
	u := r.plain()
	v := r.browser()
	want := func(email string) seen {
		return v.do("POST", "/dbconnections/change_password", url.Values{"client_id": {consoleClientID}, "email": {email}, "connection": {database}})
	}
	for _, email := range []string{u.Email, "nobody@example.com"} {
		if p := want(email); p.status != 200 || p.text != "We've just sent you an email to reset your password." {
			t.Errorf("%s: %d %s", email, p.status, p.text)
		}
	}
	r.wantLogged("scpr", "fcpr")
	for range 9 {
		want(u.Email)
	}
	if p := want(u.Email); p.status != 429 {
		t.Errorf("the eleventh in a minute: %d %s", p.status, p.text)
	}
	r.clock.pass(time.Minute)
	if p := want(u.Email); p.status != 200 {
		t.Errorf("a minute later: %d %s", p.status, p.text)
	}
}

func TestPeopleSignUpWhereTheDatabaseIsOpen(t *testing.T) {
	t.Parallel()
	r := serve(t, Options{SearchLag: -1})
	up := func(connection, email, password string) (int, map[string]any) {
		return r.json("/dbconnections/signup", map[string]any{"client_id": shopClientID, "connection": connection, "email": email, "password": password,
			"user_metadata": map[string]any{"language": "en"}})
	}
	status, m := up(database, "New@Example.com", "Passw0rd-of-mine")
	if status != 200 || m["email"] != "new@example.com" || m["email_verified"] != false {
		t.Fatalf("sign-up: %d %v", status, m)
	}
	for name, c := range map[string]struct{ connection, email, password, code string }{
		"the same again":     {database, "new@example.com", "Passw0rd-of-mine", "invalid_signup"},
		"a closed database":  {operatorsBase, "x@example.com", "Passw0rd-of-mine", "public_signup_disabled"},
		"a weak password":    {database, "y@example.com", "short", "invalid_password"},
		"no such connection": {"none", "z@example.com", "Passw0rd-of-mine", "bad.connection"},
		"no address":         {database, "nothing", "Passw0rd-of-mine", "invalid_signup"},
		"a leaked password":  {database, "l@example.com", leakedPasswords()[0], "password_leaked"},
	} {
		if status, m := up(c.connection, c.email, c.password); status != 400 || m["code"] != c.code {
			t.Errorf("%s: %d %v", name, status, m)
		}
	}
	v := r.browser()
	v.code(v.password(ask(), "new@example.com", "Passw0rd-of-mine"))
	r.wantLogged("ss", "fs", "signup_pwd_leak")
}
