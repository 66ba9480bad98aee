package localtenant

import (
	"crypto/subtle"
	"net/http"
	"slices"
	"strings"
	"time"
)

const (
	// DemoOTP is the one-time code that every second factor of this tenant takes.
	DemoOTP = "123456"
	// factorLimit is how many wrong codes an account has in an hour.
	factorLimit = 10
)

const factorForm = `{{.Problem}}<p>{{.What}}</p>
<form method="post" action="/u/mfa"><input type="hidden" name="state" value="{{.State}}">
<label>One-time code <input name="code" inputmode="numeric" autocomplete="one-time-code" autofocus></label>
<label><input type="checkbox" name="rememberBrowser" value="true"> Remember this device for 30 days</label>
<p><button name="action" value="default">Continue</button> <button name="action" value="reject">It wasn't me</button></p>
<p>In this local tenant the code is <b>{{.Code}}</b>.</p></form>`

// factorOf is the second factor a person is asked for: the first that they confirmed.
func (t *Tenant) factorOf(userID string) *authMethod {
	list := t.methods.at(userID)
	i := slices.IndexFunc(list, func(m *authMethod) bool {
		return m.Confirmed && m.Type != "password" && m.Type != "passkey" && m.Type != "recovery-code"
	})
	if i < 0 {
		return nil
	}
	return list[i]
}

// startFactor logs that a second factor was asked for, and how its code was sent.
func (t *Tenant) startFactor(u *user, m *authMethod, v visitor) {
	t.noteEvent("gd_start_auth", u, "Guardian - Second factor authentication started", v)
	sent := map[string]string{"push": "gd_send_pn", "email": "gd_send_email", "phone": "gd_send_sms"}[m.Type]
	if m.Type == "phone" && m.Preferred == "voice" {
		sent = "gd_send_voice"
	}
	if sent != "" {
		t.noteEvent(sent, u, "Guardian - Second factor sent", v)
	}
}

// owing finds the sign-in that waits for a second factor or consent. It answers itself when there is none.
func (t *Tenant) owing(w http.ResponseWriter, r *http.Request) (string, login, *user) {
	key, l, found := t.openLogin(w, r)
	if !found {
		return "", l, nil
	}
	u := t.users.at(l.UserID)
	if u == nil {
		oops(w, &refusal{http.StatusBadRequest, "invalid_request", "This sign-in has no password yet. Begin again in the app."})
	}
	return key, l, u
}

func (t *Tenant) factorPage(w http.ResponseWriter, r *http.Request) {
	t.mu.Lock()
	defer t.release()
	if _, l, u := t.owing(w, r); u != nil {
		t.showFactor(w, r, l, http.StatusOK, "")
	}
}

func (t *Tenant) showFactor(w http.ResponseWriter, r *http.Request, l login, status int, problem string) {
	what := "Check your preferred one-time password application for a code."
	if m := t.factorOf(l.UserID); m != nil {
		switch m.Type {
		case "push":
			what = "We've sent a notification to your device " + m.Name + "."
		case "phone":
			what = "We've sent a message to the number that ends in " + m.Phone[max(0, len(m.Phone)-4):] + "."
		case "email":
			what = "We've sent an email with your code."
		case "webauthn-roaming", "webauthn-platform":
			what = "Use your security key " + m.Name + "."
		}
	}
	page(w, status, "Verify Your Identity", render(factorForm, parts{"Problem": warning(problem), "What": what,
		"State": r.FormValue("state"), "Code": DemoOTP}), l.Redirect)
}

func (t *Tenant) factorAnswer(w http.ResponseWriter, r *http.Request) {
	if !form(w, r, "Verify Your Identity") {
		return
	}
	t.mu.Lock()
	defer t.release()
	key, l, u := t.owing(w, r)
	if u == nil {
		return
	}
	v := visitorOf(r, l.Asked.Client)
	m := t.factorOf(u.ID)
	switch {
	case r.PostForm.Get("action") == "reject":
		t.noteEvent("gd_auth_rejected", u, "Guardian - Second factor authentication rejected", v)
		t.showFactor(w, r, l, http.StatusForbidden, "You rejected the request.")
	case t.tooManyCodes(u):
		t.noteEvent("gd_otp_rate_limit_exceed", u, "Guardian - Too many wrong codes", v)
		t.showFactor(w, r, l, http.StatusTooManyRequests, "Too many failed codes. Wait for some minutes before retrying.")
	case subtle.ConstantTimeCompare([]byte(strings.TrimSpace(r.PostForm.Get("code"))), []byte(DemoOTP)) != 1:
		t.failed("mfa " + u.ID)
		t.noteEvent("gd_auth_failed", u, "Guardian - Second factor authentication failed", v)
		t.showFactor(w, r, l, http.StatusBadRequest, "The code you entered is invalid")
	case u.isBlocked():
		t.noteEvent("f", u, "user is blocked", v)
		t.logins.drop(key)
		t.refuseLogin(w, r, l, userBlocked())
	default:
		t.noteEvent("gd_auth_succeed", u, "Guardian - Second factor authentication success", v)
		t.usedFactor(u, m)
		if r.PostForm.Get("rememberBrowser") == "true" {
			raw := secret(43, alnum)
			t.trusted.set(hashOf(raw), trusted{UserID: u.ID, Expires: t.now().Add(trustedLife)})
			t.setCookie(w, cookieTrusted, raw, trustedLife)
		}
		t.complete(w, r, key, l, u, v, true)
	}
}

// tooManyCodes reports that an account had its wrong codes for this hour. A right one does not reset them, as at Auth0.
func (t *Tenant) tooManyCodes(u *user) bool {
	f := t.failures.at("mfa " + u.ID)
	if t.now().Sub(f.First) > time.Hour {
		t.failures.drop("mfa " + u.ID)
		return false
	}
	return f.Count >= factorLimit
}

func (t *Tenant) usedFactor(u *user, m *authMethod) {
	list := slices.Clone(t.methods.at(u.ID))
	if i := slices.Index(list, m); i >= 0 {
		used := *m
		used.LastAuth = t.now().UTC()
		list[i] = &used
		t.methods.set(u.ID, list)
	}
}
