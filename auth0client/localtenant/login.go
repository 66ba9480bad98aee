package localtenant

import (
	"net/http"
	"slices"
	"strings"
)

const loginForm = `<p>Log in to continue to {{.App}}.</p>{{.Problem}}
<form method="post" action="/u/login"><input type="hidden" name="state" value="{{.State}}">
<label>Email address or username <input name="username" autocomplete="username" autofocus value="{{.Hint}}"></label>
<label>Password <input name="password" type="password" autocomplete="current-password"></label>
<p><button name="action" value="default">Continue</button></p>
<p>In this local tenant everybody's password is <b>{{.Password}}</b>, unless they were given another.</p>
{{.Operators}}</form>`

const loginOperator = `<p><button name="operator" value="{{.Preset}}">{{.Name}}</button>
({{.Email}})</p>`

// openLogin finds the sign-in a page is about: it must have begun in this browser. It answers itself when there is none. The
// tenant is locked.
func (t *Tenant) openLogin(w http.ResponseWriter, r *http.Request) (key string, l login, found bool) {
	key = hashOf(r.FormValue("state"))
	l = t.logins.at(key)
	if l.Browser == "" || !t.now().Before(l.Expires) || l.Browser != hashOf(cookie(r, cookieBrowser)) {
		oops(w, &refusal{http.StatusBadRequest, "invalid_request", "This sign-in is not known at this browser, or it has expired. " +
			"Begin again in the app."})
		return "", l, false
	}
	return key, l, true
}

func (t *Tenant) loginPage(w http.ResponseWriter, r *http.Request) {
	t.mu.Lock()
	defer t.release()
	if _, l, found := t.openLogin(w, r); found {
		t.showLogin(w, r, l, http.StatusOK, l.Hint, "")
	}
}

func (t *Tenant) showLogin(w http.ResponseWriter, r *http.Request, l login, status int, hint, problem string) {
	app := l.Asked.Client
	if c := t.clientByID(app); c != nil {
		app = c.Name
	}
	ops := slices.DeleteFunc(operators(), func(o operator) bool {
		u := t.users.at(o.ID)
		return u == nil || l.Connection != "" && u.connection() != l.Connection
	})
	list := each(loginOperator, ops, func(_ int, o operator) parts { return parts{"Preset": o.Preset, "Name": o.Name, "Email": o.Email} })
	if list != "" {
		list = paragraph("Or as one of usher's operators:") + list
	}
	page(w, status, "Welcome", render(loginForm, parts{"App": app, "State": r.FormValue("state"), "Hint": hint, "Problem": warning(problem),
		"Password": DemoPassword, "Operators": list}), l.Redirect)
}

func (t *Tenant) loginAnswer(w http.ResponseWriter, r *http.Request) {
	if !form(w, r, "Welcome") {
		return
	}
	t.mu.Lock()
	defer t.release()
	_, l, found := t.openLogin(w, r)
	if !found {
		return
	}
	v, state := visitorOf(r, l.Asked.Client), r.PostForm.Get("state")
	if preset := r.PostForm.Get("operator"); preset != "" {
		id, _ := operatorID(preset)
		u := t.users.at(id)
		if u == nil || l.Connection != "" && u.connection() != l.Connection {
			t.showLogin(w, r, l, http.StatusBadRequest, "", "There is no such operator.")
			return
		}
		t.passwordFits(w, r, state, l, u, v)
		return
	}
	name := strings.TrimSpace(r.PostForm.Get("username"))
	u, problem := t.tryPassword(name, r.PostForm.Get("password"), l.Connection, v)
	if u == nil {
		t.showLogin(w, r, l, http.StatusBadRequest, name, problem)
		return
	}
	t.passwordFits(w, r, state, l, u, v)
}

// passwordFits goes on after the first factor: a second one where the person has one, else they are in.
func (t *Tenant) passwordFits(w http.ResponseWriter, r *http.Request, state string, l login, u *user, v visitor) {
	key := hashOf(state)
	if u.isBlocked() {
		t.noteEvent("f", u, "user is blocked", v)
		t.logins.drop(key)
		t.refuseLogin(w, r, l, userBlocked())
		return
	}
	l.UserID, l.Who = u.ID, proven{}
	m := t.factorOf(u.ID)
	if m == nil || t.isTrusted(r, u.ID) {
		t.complete(w, r, key, l, u, v, false)
		return
	}
	t.logins.set(key, l)
	t.startFactor(u, m, v)
	http.Redirect(w, r, "/u/mfa?state="+state, http.StatusFound)
}

// complete signs a person in at their browser and ends the sign-in that was under way.
func (t *Tenant) complete(w http.ResponseWriter, r *http.Request, key string, l login, u *user, v visitor, mfa bool) {
	t.logins.drop(key)
	who := l.Who
	if who.UserID == "" {
		who = t.signedIn(u, v, mfa)
	} else {
		who.MFA = who.MFA || mfa
		t.touch(who, v)
		t.cameIn(u, v)
	}
	// A new cookie each time: one that somebody planted before the sign-in is worth nothing after it.
	t.browsers.drop(hashOf(cookie(r, cookieSession)))
	raw := secret(43, alnum)
	t.browsers.set(hashOf(raw), browser{Who: who})
	t.setCookie(w, cookieSession, raw, sessionLife)
	t.finish(w, r, l, who)
}

func (u *user) isBlocked() bool { return u.Blocked != nil && *u.Blocked }
