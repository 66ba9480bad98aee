package localtenant

import (
	"crypto/rand"
	"crypto/subtle"
	"encoding/base32"
	"net/http"
	"slices"
	"strings"
)

const resetForm = `{{.Problem}}<p>Enter a new password for {{.Email}}.</p>
<form method="post" action="/u/reset-password"><input type="hidden" name="ticket" value="{{.Ticket}}">
<label>New password <input name="password" type="password" autocomplete="new-password" autofocus></label>
<label>Re-enter new password <input name="again" type="password" autocomplete="new-password"></label>
<p><button>Reset password</button></p></form>`

const enrolForm = `{{.Problem}}
<p>Add this key to your authenticator app for {{.Email}}, then enter the code it shows.</p><p><code>{{.Secret}}</code></p>
<form method="post" action="/mfa/enrollment"><input type="hidden" name="ticket" value="{{.Ticket}}">
<label>One-time code <input name="code" inputmode="numeric" autocomplete="one-time-code" autofocus></label>
<p><button>Confirm</button></p><p>In this local tenant the code is <b>{{.Code}}</b>.</p></form>`

const (
	resetTitle = "Change Your Password"
	enrolTitle = "Secure Your Account"
)

func wrongTicket(w http.ResponseWriter, problem string) {
	page(w, http.StatusBadRequest, "Oops!, something went wrong", paragraph(problem))
}

// done shows that a ticket did what it is for, or sends the browser on.
func (t *Tenant) done(w http.ResponseWriter, r *http.Request, k ticket, u *user, title, code, message string) {
	if to := k.result(u.Email, code, message); to != "" {
		http.Redirect(w, r, to, http.StatusFound)
		return
	}
	page(w, http.StatusOK, title, paragraph(message))
}

func (t *Tenant) resetPage(w http.ResponseWriter, r *http.Request) {
	t.mu.Lock()
	defer t.release()
	raw := r.URL.Query().Get("ticket")
	_, k, u, problem := t.openTicket(raw, ticketPassword)
	if u == nil {
		wrongTicket(w, problem)
		return
	}
	t.showReset(w, http.StatusOK, raw, k, u, "")
}

func (t *Tenant) showReset(w http.ResponseWriter, status int, raw string, k ticket, u *user, problem string) {
	page(w, status, resetTitle, render(resetForm, parts{"Ticket": raw, "Email": u.Email, "Problem": warning(problem)}), k.ResultURL)
}

func (t *Tenant) resetAnswer(w http.ResponseWriter, r *http.Request) {
	if !form(w, r, resetTitle) {
		return
	}
	t.mu.Lock()
	defer t.release()
	raw, password := r.PostForm.Get("ticket"), r.PostForm.Get("password")
	key, k, u, problem := t.openTicket(raw, ticketPassword)
	if u == nil {
		wrongTicket(w, problem)
		return
	}
	v := visitorOf(r, consoleClientID)
	switch {
	case password != r.PostForm.Get("again"):
		problem = "The passwords are not the same."
	case slices.Contains(leakedPasswords(), password):
		t.noteEvent("reset_pwd_leak", u, "The new password is known from a data breach", v)
		problem = "This password is known from a data breach. Choose another."
	default:
		problem = t.passwordProblem(u, password)
	}
	if problem != "" {
		t.noteEvent("fcp", u, problem, v)
		t.showReset(w, http.StatusBadRequest, raw, k, u, problem)
		return
	}
	t.useTicket(key, k)
	u = t.changePassword(u, password)
	if k.MarkVerified {
		verified := u.clone()
		verified.EmailVerified = yes(true)
		t.put(verified)
	}
	t.noteEvent("scp", u, "Password changed", v)
	t.done(w, r, k, u, "Password Changed!", "success", "You can now login to the application with the new password.")
}

// verifyEmail does it at once, as Auth0 does: opening the link is the proof.
func (t *Tenant) verifyEmail(w http.ResponseWriter, r *http.Request) {
	t.mu.Lock()
	defer t.release()
	key, k, u, problem := t.openTicket(r.URL.Query().Get("ticket"), ticketVerify)
	if u == nil {
		wrongTicket(w, problem)
		return
	}
	t.useTicket(key, k)
	verified := u.clone()
	verified.EmailVerified, verified.Updated = yes(true), t.now().UTC()
	t.put(verified)
	t.noteEvent("sv", u, "Your email was verified. You can continue using the application.", visitorOf(r, consoleClientID))
	t.done(w, r, k, u, "Email Verified", "success", "Your email was verified. You can continue using the application.")
}

func (t *Tenant) enrolPage(w http.ResponseWriter, r *http.Request) {
	t.mu.Lock()
	defer t.release()
	raw := r.URL.Query().Get("ticket")
	_, _, u, problem := t.openTicket(raw, ticketEnrol)
	if u == nil {
		wrongTicket(w, problem)
		return
	}
	t.noteEvent("gd_start_enroll", u, "Guardian - Enrollment started", visitorOf(r, consoleClientID))
	t.showEnrol(w, http.StatusOK, raw, u, "")
}

func (t *Tenant) showEnrol(w http.ResponseWriter, status int, raw string, u *user, problem string) {
	page(w, status, enrolTitle, render(enrolForm, parts{"Ticket": raw, "Email": u.loginName(), "Problem": warning(problem),
		"Secret": factorSecret(), "Code": DemoOTP}))
}

// factorSecret is a key for an authenticator app: made anew each time, since every factor here takes the same code.
func factorSecret() string {
	raw := make([]byte, 20)
	rand.Read(raw) //nolint:errcheck // crypto/rand.Read never fails
	return base32.StdEncoding.EncodeToString(raw)
}

func (t *Tenant) enrolAnswer(w http.ResponseWriter, r *http.Request) {
	if !form(w, r, enrolTitle) {
		return
	}
	t.mu.Lock()
	defer t.release()
	raw := r.PostForm.Get("ticket")
	key, k, u, problem := t.openTicket(raw, ticketEnrol)
	if u == nil {
		wrongTicket(w, problem)
		return
	}
	if subtle.ConstantTimeCompare([]byte(strings.TrimSpace(r.PostForm.Get("code"))), []byte(DemoOTP)) != 1 {
		t.noteEvent("gd_start_enroll_failed", u, "Guardian - The code is wrong", visitorOf(r, consoleClientID))
		t.showEnrol(w, http.StatusBadRequest, raw, u, "The code you entered is invalid")
		return
	}
	t.useTicket(key, k)
	now := t.now().UTC()
	t.methods.set(u.ID, append(slices.Clone(t.methods.at(u.ID)), &authMethod{ID: "totp|dev_" + pick(t.ids, 16, alnum), Type: "totp",
		Confirmed: true, Created: now, Enrolled: now}))
	t.noteEvent("gd_enrollment_complete", u, "Guardian - Enrollment complete", visitorOf(r, consoleClientID))
	t.done(w, r, k, u, "You're all set!", "success", "Your second factor is now connected.")
}
