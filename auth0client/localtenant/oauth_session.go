package localtenant

import (
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/jwt"
)

const (
	cookieSession = "auth0"    // who is signed in at this browser
	cookieBrowser = "did"      // which browser this is
	cookieTrusted = "auth0-mf" // that it needs no second factor

	sessionIdle  = 72 * time.Hour
	sessionLife  = 168 * time.Hour
	trustedLife  = 30 * 24 * time.Hour
	browserYears = 365 * 24 * time.Hour
)

// browser is a single sign-on cookie by its hash. It holds as long as its session does.
type browser struct{ Who proven }

// trusted is a browser that a person let be remembered after a second factor.
type trusted struct {
	UserID  string
	Expires time.Time
}

func (t *Tenant) setCookie(w http.ResponseWriter, name, value string, life time.Duration) {
	c := &http.Cookie{Name: name, Value: value, Path: "/", MaxAge: int(life.Seconds()), HttpOnly: true,
		SameSite: http.SameSiteLaxMode, Secure: strings.HasPrefix(t.base, "https://")}
	if value == "" {
		c.MaxAge = -1
	}
	http.SetCookie(w, c)
}

func cookie(r *http.Request, name string) string {
	c, err := r.Cookie(name)
	if err != nil {
		return ""
	}
	return c.Value
}

// browserID is the hash of what tells this browser from others; a new one gets its cookie.
func (t *Tenant) browserID(w http.ResponseWriter, r *http.Request) string {
	id := cookie(r, cookieBrowser)
	if id == "" {
		id = secret(32, alnum)
		t.setCookie(w, cookieBrowser, id, browserYears)
	}
	return hashOf(id)
}

// sessionOf is the session of a cookie, nil when it has ended.
func (t *Tenant) sessionOf(b browser) *session {
	list := t.sessions.at(b.Who.UserID)
	i := slices.IndexFunc(list, func(s *session) bool { return s.ID == b.Who.SID })
	if i < 0 || !t.users.has(b.Who.UserID) {
		return nil
	}
	s, now := list[i], t.now()
	if now.Sub(s.Active) > sessionIdle || now.Sub(s.Created) > sessionLife {
		return nil
	}
	return s
}

// whoIsHere is the person whose session this browser has. The tenant is locked.
func (t *Tenant) whoIsHere(r *http.Request) (proven, bool) {
	b := t.browsers.at(hashOf(cookie(r, cookieSession)))
	return b.Who, b.Who.UserID != "" && t.sessionOf(b) != nil
}

// signedIn notes a login on the record and begins a session, as Auth0 does. The tenant is locked.
func (t *Tenant) signedIn(u *user, v visitor, mfa bool) proven {
	now := t.now().UTC()
	who := proven{UserID: u.ID, SID: secret(32, alnum), At: now, MFA: mfa}
	t.sessions.set(u.ID, append(slices.Clone(t.sessions.at(u.ID)), &session{ID: who.SID, Created: now, Active: now, IP: v.IP,
		Agent: v.Agent, Client: v.Client}))
	t.cameIn(u, v)
	return who
}

// cameIn counts a login, by password or by the session a browser has already.
func (t *Tenant) cameIn(u *user, v visitor) {
	now := t.now().UTC()
	c := u.clone()
	c.LastLogin, c.Updated, c.LastIP = now, now, v.IP
	c.Logins++
	t.put(c)
	t.noteEvent("s", c, "Successful login", v)
}

// touch keeps a session from going idle.
func (t *Tenant) touch(who proven, v visitor) {
	list := slices.Clone(t.sessions.at(who.UserID))
	if i := slices.IndexFunc(list, func(s *session) bool { return s.ID == who.SID }); i >= 0 {
		used := *list[i]
		used.Active = t.now().UTC()
		list[i] = &used
		t.sessions.set(who.UserID, list)
	}
}

// endSession signs a browser out. The tenant is locked.
func (t *Tenant) endSession(w http.ResponseWriter, r *http.Request, v visitor) {
	key := hashOf(cookie(r, cookieSession))
	b := t.browsers.at(key)
	if b.Who.UserID != "" {
		t.browsers.drop(key)
		t.sessions.set(b.Who.UserID, slices.DeleteFunc(slices.Clone(t.sessions.at(b.Who.UserID)),
			func(s *session) bool { return s.ID == b.Who.SID }))
		t.noteEvent("slo", t.users.at(b.Who.UserID), "User successfully logged out", v)
	}
	t.setCookie(w, cookieSession, "", 0)
}

// forgetTrusted makes a person's remembered browsers ask for a second factor again. The tenant is locked.
func (t *Tenant) forgetTrusted(userID string) {
	sweep(t.trusted, func(b trusted) bool { return b.UserID == userID })
}

func (t *Tenant) isTrusted(r *http.Request, userID string) bool {
	b := t.trusted.at(hashOf(cookie(r, cookieTrusted)))
	return b.UserID == userID && t.now().Before(b.Expires)
}

// logout ends the browser's session and sends it where the app allows, in Auth0's own way.
func (t *Tenant) logout(w http.ResponseWriter, r *http.Request) {
	q := r.URL.Query()
	t.leave(w, r, q.Get("client_id"), "returnTo", q.Get("returnTo"), "")
}

// oidcLogout is the same by OpenID Connect's names.
func (t *Tenant) oidcLogout(w http.ResponseWriter, r *http.Request) {
	q := r.URL.Query()
	clientID := q.Get("client_id")
	if hint := q.Get("id_token_hint"); hint != "" {
		var c jwt.Claims
		// An ID token past its time still says which app asks.
		if _, err := jwt.ParseSigned(hint, []jose.SignatureAlgorithm{jose.RS256}); err != nil || t.read(hint, &c) != nil ||
			c.Issuer != t.Issuer() || len(c.Audience) == 0 || clientID != "" && clientID != c.Audience[0] {
			page(w, http.StatusBadRequest, "Oops!, something went wrong", "<p>The id_token_hint is not valid.</p>")
			return
		}
		clientID = c.Audience[0]
	}
	t.leave(w, r, clientID, "post_logout_redirect_uri", q.Get("post_logout_redirect_uri"), q.Get("state"))
}

func (t *Tenant) leave(w http.ResponseWriter, r *http.Request, clientID, parameter, to, state string) {
	t.mu.Lock()
	defer t.release()
	v := visitorOf(r, clientID)
	c := t.clientByID(clientID)
	if to != "" && (c == nil || !slices.Contains(c.list("allowed_logout_urls"), to)) {
		t.noteEvent("flo", nil, "The "+parameter+" is not allowed", v)
		page(w, http.StatusBadRequest, "Oops!, something went wrong", paragraph(`The "`+parameter+`" querystring parameter "`+to+
			`" is not defined as a valid URL in "Allowed Logout URLs".`))
		return
	}
	t.endSession(w, r, v)
	u, err := url.Parse(to)
	if to == "" || err != nil {
		page(w, http.StatusOK, "Signed out", "<p>You are signed out. You can close this window.</p>")
		return
	}
	if state != "" {
		u.RawQuery = with(u.Query(), "state", state).Encode()
	}
	http.Redirect(w, r, u.String(), http.StatusFound)
}

func with(q url.Values, name, value string) url.Values {
	if value != "" {
		q.Set(name, value)
	}
	return q
}
