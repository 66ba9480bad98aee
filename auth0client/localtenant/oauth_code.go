package localtenant

import (
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"time"
)

// authCode is an authorization code by its hash. A used one is remembered for a while: who sends it again has stolen it, or
// was robbed of it.
type authCode struct {
	Asked     asked
	Who       proven
	Redirect  string
	Challenge string
	Method    string
	Expires   time.Time
	Used      bool
	Family    string // the sign-in it gave
}

var verifierShape = regexp.MustCompile(`^[A-Za-z0-9\-._~]{43,128}$`)

// finish completes a sign-in in a browser: the app gets a code, the device its answer. The tenant is locked.
func (t *Tenant) finish(w http.ResponseWriter, r *http.Request, l login, who proven) {
	u := t.users.at(who.UserID)
	if org := l.Asked.Org; org != "" {
		if _, belongs := t.membership(org, u.ID); !belongs {
			why := "user " + u.ID + " is not part of the " + org + " organization"
			t.noteEvent("f", u, why, visitorOf(r, l.Asked.Client))
			t.refuseLogin(w, r, l, &refusal{http.StatusForbidden, "access_denied", why})
			return
		}
	}
	if t.needsConsent(l.Asked, u.ID) {
		l.UserID, l.Who = u.ID, who
		t.toPage(w, r, l, "/u/consent")
		return
	}
	if l.Device != "" {
		t.approveDevice(l.Device, who)
		page(w, http.StatusOK, "Congratulations, you're all set!", "<p>Your device is now connected. You can close this window.</p>")
		return
	}
	l.back(w, r, url.Values{"code": {t.newCode(l, who)}})
}

// refuseLogin ends a sign-in that was refused.
func (t *Tenant) refuseLogin(w http.ResponseWriter, r *http.Request, l login, bad *refusal) {
	if l.Device == "" {
		l.fail(w, r, bad)
		return
	}
	t.denyDevice(l.Device, bad.description)
	page(w, http.StatusForbidden, "Device not connected", paragraph(bad.description))
}

func (t *Tenant) newCode(l login, who proven) string {
	raw := secret(43, alnum)
	t.codes.set(hashOf(raw), authCode{Asked: l.Asked, Who: who, Redirect: l.Redirect, Challenge: l.Challenge, Method: l.Method,
		Expires: t.now().Add(codeLife)})
	return raw
}

// codeToken exchanges an authorization code. The tenant is locked.
func (t *Tenant) codeToken(w http.ResponseWriter, c *client, p map[string]string, v visitor) *refusal {
	key := hashOf(p["code"])
	code := t.codes.at(key)
	u := t.users.at(code.Who.UserID)
	failed := func(code, why string) *refusal {
		t.noteEvent("feacft", u, why, v)
		return &refusal{http.StatusForbidden, code, why}
	}
	switch {
	case p["code"] == "":
		return missingParameter("code")
	case u == nil || code.Asked.Client != c.ID:
		return failed("invalid_grant", "Invalid authorization code")
	case code.Used:
		if f := t.families.at(code.Family); f.ID != "" {
			t.killFamily(f, true)
		}
		return failed("invalid_grant", "Invalid authorization code")
	case !t.now().Before(code.Expires):
		return failed("invalid_grant", "Invalid authorization code")
	case p["redirect_uri"] != code.Redirect:
		return failed("invalid_grant", "The redirect URI is wrong. You sent "+p["redirect_uri"]+", and we expected "+code.Redirect)
	case !code.provenBy(p["code_verifier"]):
		return failed("invalid_grant", "Failed to verify code verifier")
	case u.isBlocked():
		return failed("unauthorized", "user is blocked")
	}
	f := t.newFamily(code.Asked, code.Who)
	code.Used, code.Family = true, f.ID
	t.codes.set(key, code)
	refresh := ""
	if f.Offline {
		refresh = t.newRefresh(f)
	}
	t.noteEvent("seacft", u, "Authorization Code for Access Token", v)
	return t.answer(w, f, t.granted(f.Asked, u.ID), refresh, f.Asked.Nonce)
}

// provenBy checks PKCE: whoever sends the code is who asked for it.
func (c *authCode) provenBy(verifier string) bool {
	if c.Challenge == "" {
		return verifier == ""
	}
	if !verifierShape.MatchString(verifier) {
		return false
	}
	made := verifier
	if c.Method == "S256" {
		sum := sha256.Sum256([]byte(verifier))
		made = base64.RawURLEncoding.EncodeToString(sum[:])
	}
	return subtle.ConstantTimeCompare([]byte(made), []byte(c.Challenge)) == 1
}

// Authorize answers an authorization request as the operator of a preset would in a browser, and gives the address the
// browser would be sent to. No password is asked for: it is for demonstrations and tests.
func (t *Tenant) Authorize(address, preset string) (string, error) {
	id, known := operatorID(preset)
	if !known {
		return "", fmt.Errorf("there is no operator %q: choose viewer, support or admin", preset)
	}
	u, err := url.Parse(address)
	if err != nil {
		return "", fmt.Errorf("read the authorization address: %w", err)
	}
	t.mu.Lock()
	defer t.release()
	return t.authorizeAs(u.Query(), id)
}

// authorizeAs is an authorization request answered for a person without asking them. The tenant is locked.
func (t *Tenant) authorizeAs(p url.Values, userID string) (string, error) {
	c, bad := t.callbackFits(p.Get("client_id"), p.Get("redirect_uri"))
	if bad != nil {
		return "", errors.New(bad.description)
	}
	l := t.loginOf(c, p)
	if _, bad := t.checkAuthorize(c, &l, p); bad != nil {
		return "", errors.New(bad.description)
	}
	u := t.users.at(userID)
	if u == nil {
		return "", errors.New("there is no such user")
	}
	answer := l.address(url.Values{"code": {t.newCode(l, t.signedIn(u, here(c.ID), false))}})
	if answer == "" {
		return "", errors.New("the callback is not an address")
	}
	return answer, nil
}
