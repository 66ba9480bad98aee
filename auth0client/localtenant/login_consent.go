package localtenant

import (
	"net/http"
	"slices"
)

const consentForm = `<p>{{.App}} is requesting access to your account {{.Email}}:</p><ul>{{.Scopes}}</ul>
<form method="post" action="/u/consent"><input type="hidden" name="state" value="{{.State}}">
<p><button name="action" value="accept">Accept</button> <button name="action" value="deny">Decline</button></p></form>`

// needsConsent reports that a person must be asked first: the app is not the tenant's own, and what it wants is more than
// they have let it have.
func (t *Tenant) needsConsent(a asked, userID string) bool {
	c := t.clientByID(a.Client)
	if c == nil || c.FirstParty {
		return false
	}
	var given []string
	if i := t.consentTo(a, userID); i >= 0 {
		given = t.consents.at(userID)[i].Scopes
	}
	return slices.ContainsFunc(t.granted(a, userID).scopes, func(s string) bool { return !slices.Contains(given, s) })
}

// consentTo is the place of what a person let an app have of an API, negative when there is none.
func (t *Tenant) consentTo(a asked, userID string) int {
	return slices.IndexFunc(t.consents.at(userID), func(c *consent) bool { return c.Client == a.Client && c.Audience == a.Audience })
}

// giveConsent keeps what a person accepted. The tenant is locked.
func (t *Tenant) giveConsent(a asked, userID string) {
	list := slices.Clone(t.consents.at(userID))
	now := &consent{ID: pick(t.ids, 24, hexDigits), Client: a.Client, Audience: a.Audience, Scopes: t.granted(a, userID).scopes}
	i := t.consentTo(a, userID)
	if i < 0 {
		t.consents.set(userID, append(list, now))
		return
	}
	now.ID, now.Scopes = list[i].ID, slices.Concat(list[i].Scopes, now.Scopes)
	slices.Sort(now.Scopes)
	now.Scopes = slices.Compact(now.Scopes)
	list[i] = now
	t.consents.set(userID, list)
}

func (t *Tenant) consentPage(w http.ResponseWriter, r *http.Request) {
	t.mu.Lock()
	defer t.release()
	_, l, u := t.owing(w, r)
	if u == nil {
		return
	}
	app := l.Asked.Client
	if c := t.clientByID(app); c != nil {
		app = c.Name
	}
	page(w, http.StatusOK, "Authorize App", render(consentForm, parts{"App": app, "Email": u.Email,
		"Scopes": each(`<li>{{.Scope}}</li>`, t.granted(l.Asked, u.ID).scopes, func(_ int, s string) parts { return parts{"Scope": s} }), "State": r.FormValue("state")}), l.Redirect)
}

func (t *Tenant) consentAnswer(w http.ResponseWriter, r *http.Request) {
	if !form(w, r, "Authorize App") {
		return
	}
	t.mu.Lock()
	defer t.release()
	key, l, u := t.owing(w, r)
	if u == nil {
		return
	}
	if l.Who.UserID == "" { // a page passed over is a page not answered
		oops(w, &refusal{http.StatusBadRequest, "invalid_request", "This sign-in is not complete yet. Begin again in the app."})
		return
	}
	t.logins.drop(key)
	if r.PostForm.Get("action") != "accept" {
		t.noteEvent("f", u, "User did not authorize the request", visitorOf(r, l.Asked.Client))
		t.refuseLogin(w, r, l, &refusal{http.StatusForbidden, "access_denied", "User did not authorize the request"})
		return
	}
	t.giveConsent(l.Asked, u.ID)
	t.finish(w, r, l, l.Who)
}
