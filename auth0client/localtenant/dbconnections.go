package localtenant

import (
	"encoding/json"
	"net/http"
	"slices"
	"strings"
)

// askPasswordChange takes a request for a reset email. It answers the same whether there is such an account or not.
func (t *Tenant) askPasswordChange(w http.ResponseWriter, r *http.Request) {
	p, fine := parameters(w, r)
	if !fine {
		return
	}
	t.mu.Lock()
	defer t.release()
	email := strings.ToLower(strings.TrimSpace(p["email"]))
	v := visitorOf(r, p["client_id"])
	cn := t.connectionNamed(p["connection"])
	switch {
	case p["connection"] == "":
		plainFail(w, http.StatusBadRequest, "connection is required")
		return
	case email == "":
		plainFail(w, http.StatusBadRequest, "email is required")
		return
	case cn == nil || cn.Strategy != "auth0":
		plainFail(w, http.StatusBadRequest, "The connection does not exist.")
		return
	case !t.allow(w, authLimit{"change password " + v.IP + " " + email, 10, 1.0 / 60}):
		tooMany(w)
		return
	}
	ids := slices.DeleteFunc(t.byEmail(email), func(id string) bool { return t.users.at(id).connection() != cn.Name })
	if len(ids) > 0 {
		t.newTicket(ticketPassword, ids[0], 0, "")
		t.noteEvent("scpr", t.users.at(ids[0]), "Change password request", v)
	} else {
		e := t.noteEvent("fcpr", nil, "user does not exist.", v)
		e.UserName, e.Connection = email, cn.Name
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.Write([]byte("We've just sent you an email to reset your password.")) //nolint:errcheck // the client is gone
}

func plainFail(w http.ResponseWriter, status int, why string) {
	sendJSON(w, status, map[string]any{"error": why})
}

// signup lets somebody make an account in a database that is open.
func (t *Tenant) signup(w http.ResponseWriter, r *http.Request) {
	var in struct {
		ClientID     string         `json:"client_id"`
		Connection   string         `json:"connection"`
		Email        string         `json:"email"`
		Password     string         `json:"password"`
		Name         string         `json:"name"`
		Given        string         `json:"given_name"`
		Family       string         `json:"family_name"`
		Nickname     string         `json:"nickname"`
		UserMetadata map[string]any `json:"user_metadata"`
	}
	if err := json.NewDecoder(http.MaxBytesReader(w, r.Body, maxBody)).Decode(&in); err != nil {
		signupFail(w, "BadRequestError", "bad.request", "The body could not be read")
		return
	}
	t.mu.Lock()
	defer t.release()
	v := visitorOf(r, in.ClientID)
	email, cn := strings.ToLower(strings.TrimSpace(in.Email)), t.connectionNamed(in.Connection)
	refuse := func(name, code, why string) {
		e := t.noteEvent("fs", nil, why, v)
		e.UserName, e.Connection = email, in.Connection
		signupFail(w, name, code, why)
	}
	switch {
	case t.clientByID(in.ClientID) == nil:
		refuse("BadRequestError", "invalid_client", "Unknown client: "+in.ClientID)
		return
	case cn == nil || cn.Strategy != "auth0":
		refuse("BadRequestError", "bad.connection", "The connection does not exist.")
		return
	case cn.Options["disable_signup"] == true:
		refuse("BadRequestError", "public_signup_disabled", "Public signup is disabled")
		return
	case !emailShape.MatchString(email):
		refuse("BadRequestError", "invalid_signup", "Invalid sign up")
		return
	case slices.Contains(leakedPasswords(), in.Password):
		t.noteEvent("signup_pwd_leak", nil, "The password is known from a data breach", v)
		signupFail(w, "BadRequestError", "password_leaked", "This password is known from a data breach")
		return
	}
	now, plain := t.now().UTC(), pick(t.ids, 24, hexDigits)
	u := &user{ID: "auth0|" + plain, Email: email, Name: in.Name, Given: in.Given, Family: in.Family, Nickname: in.Nickname,
		UserMetadata: in.UserMetadata, Created: now, Updated: now, Identities: []identity{{Connection: cn.Name, UserID: plain, Provider: "auth0"}}}
	switch {
	case slices.ContainsFunc(t.byEmail(email), func(id string) bool { return t.users.at(id).connection() == cn.Name }):
		refuse("BadRequestError", "invalid_signup", "Invalid sign up")
		return
	case t.passwordProblem(u, in.Password) != "":
		refuse("PasswordStrengthError", "invalid_password", "Password is too weak")
		return
	}
	u.fillIn()
	u.keepPassword(in.Password, cn)
	t.methods.set(u.ID, []*authMethod{passwordMethod(t.ids, now)})
	t.put(u)
	t.noteEvent("ss", u, "Successful signup", v)
	sendJSON(w, http.StatusOK, map[string]any{"_id": plain, "email": email, "email_verified": false})
}

func signupFail(w http.ResponseWriter, name, code, why string) {
	sendJSON(w, http.StatusBadRequest, map[string]any{"name": name, "code": code, "description": why, "statusCode": http.StatusBadRequest})
}
