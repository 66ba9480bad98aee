package localtenant

import (
	"net/http"
)

const askCode = `<p>Enter the code shown on your device.</p><form method="get" action="/activate">
<label>Code <input name="user_code" autofocus autocomplete="off" value="{{.Code}}"></label><button>Continue</button></form>`

const askOperator = `<p>Check that your device shows this code, and confirm only if you started this sign-in:</p>
<p><code>{{.Code}}</code></p><form method="post" action="/activate"><input type="hidden" name="user_code" value="{{.Code}}">
{{.Operators}}<p><button name="answer" value="confirm">Confirm</button>
<button name="answer" value="deny">Deny</button></p>
<p><button name="answer" value="password">Sign in with a password</button></p></form>`

const oneOperator = `<label><input type="radio" name="operator" value="{{.Preset}}"{{.Checked}}>
{{.Name}} ({{.Email}})</label>`

const activation = "Device Activation"

func (t *Tenant) activatePage(w http.ResponseWriter, r *http.Request) {
	code := r.URL.Query().Get("user_code")
	if code == "" {
		page(w, http.StatusOK, activation, render(askCode, nil))
		return
	}
	t.mu.Lock()
	_, _, err := t.pendingDevice(code)
	if err != nil {
		t.noteEvent("fdeac", nil, "The user code is not known, used or expired", visitorOf(r, ""))
	}
	t.release()
	if err != nil {
		page(w, http.StatusBadRequest, activation,
			paragraph("This code is not known, or it has expired.")+render(askCode, parts{"Code": code}))
		return
	}
	page(w, http.StatusOK, "Device Confirmation", render(askOperator, parts{"Code": normalCode(code),
		"Operators": each(oneOperator, operators(), func(i int, o operator) parts {
			p := parts{"Preset": o.Preset, "Name": o.Name, "Email": o.Email}
			if i == 0 {
				p["Checked"] = " checked"
			}
			return p
		})}))
}

func (t *Tenant) activateAnswer(w http.ResponseWriter, r *http.Request) {
	if !form(w, r, activation) {
		return
	}
	t.mu.Lock()
	defer t.release()
	t.tidy()
	key, d, err := t.pendingDevice(r.PostForm.Get("user_code"))
	if err != nil {
		page(w, http.StatusBadRequest, activation, paragraph(err.Error()))
		return
	}
	v := visitorOf(r, d.Asked.Client)
	l := login{Asked: d.Asked, Device: key, Browser: t.browserID(w, r), Expires: d.Expires}
	switch r.PostForm.Get("answer") {
	case "confirm":
		id, _ := operatorID(r.PostForm.Get("operator"))
		u := t.users.at(id)
		if u == nil {
			page(w, http.StatusBadRequest, activation, "<p>Choose an operator.</p>")
			return
		}
		t.passwordFits(w, r, secret(32, alnum), l, u, v)
	case "password":
		t.toPage(w, r, l, "/u/login")
	default:
		t.noteEvent("fdecc", nil, "User cancelled the confirmation prompt", v)
		t.denyDevice(key, "User cancelled the confirmation prompt.")
		page(w, http.StatusOK, "Device not connected", "<p>You refused. You can close this window.</p>")
	}
}
