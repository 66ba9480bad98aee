package localtenant

import (
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
)

const (
	codeLife  = time.Minute
	loginLife = time.Hour
)

// login is a sign-in under way in a browser, by the hash of what its pages carry.
type login struct {
	Asked      asked
	Device     string // the key of the device code it answers; empty when an app sent the browser
	Redirect   string
	State      string // the app's
	Challenge  string // PKCE
	Method     string
	Connection string // only people of this connection
	Hint       string
	Browser    string // the browser it began in
	Expires    time.Time

	UserID string // who gave the right password, and owes a second factor or their consent
	Who    proven // once everything was proven
}

// authorize begins a sign-in of an app that runs in a browser or can open one.
func (t *Tenant) authorize(w http.ResponseWriter, r *http.Request) {
	r.Body = http.MaxBytesReader(w, r.Body, maxBody)
	if err := r.ParseForm(); err != nil {
		oops(w, &refusal{http.StatusBadRequest, "invalid_request", "The request could not be read."})
		return
	}
	t.mu.Lock()
	defer t.release()
	t.tidy()
	p := r.Form
	c, bad := t.callbackFits(p.Get("client_id"), p.Get("redirect_uri"))
	if bad != nil {
		// Nobody is sent to an address the app did not register.
		t.noteEvent("f", nil, bad.description, visitorOf(r, p.Get("client_id")))
		oops(w, bad)
		return
	}
	l := t.loginOf(c, p)
	l.Browser = t.browserID(w, r)
	maxAge, bad := t.checkAuthorize(c, &l, p)
	if bad != nil {
		t.noteEvent("f", nil, bad.description, visitorOf(r, c.ID))
		l.fail(w, r, bad)
		return
	}
	t.goOn(w, r, l, p.Get("prompt"), maxAge)
}

// loginOf reads what an app asks for.
func (t *Tenant) loginOf(c *client, p url.Values) login {
	l := login{Redirect: p.Get("redirect_uri"), State: p.Get("state"), Challenge: p.Get("code_challenge"),
		Method: p.Get("code_challenge_method"), Connection: p.Get("connection"), Hint: p.Get("login_hint"),
		Expires: t.now().Add(loginLife),
		Asked:   asked{Client: c.ID, Scopes: strings.Fields(p.Get("scope")), Nonce: p.Get("nonce"), Audience: t.audienceAsked(p.Get)}}
	if l.Method == "" && l.Challenge != "" {
		l.Method = "plain"
	}
	return l
}

// callbackFits finds the app and checks where it wants the answer, letter by letter.
func (t *Tenant) callbackFits(clientID, redirect string) (*client, *refusal) {
	c := t.clientByID(clientID)
	switch {
	case clientID == "":
		return nil, missingParameter("client_id")
	case c == nil:
		return nil, &refusal{http.StatusForbidden, "invalid_request", "Unknown client: " + clientID}
	case redirect == "":
		return nil, missingParameter("redirect_uri")
	case !slices.Contains(c.list("callbacks"), redirect):
		return nil, &refusal{http.StatusForbidden, "unauthorized_client", "Callback URL mismatch. The provided redirect_uri is not in the " +
			"list of allowed callback URLs."}
	}
	return c, nil
}

// checkAuthorize checks what the app is told about by way of its callback. maxAge is negative when none was asked for.
func (t *Tenant) checkAuthorize(c *client, l *login, p url.Values) (maxAge time.Duration, bad *refusal) {
	wrong := func(why string) (time.Duration, *refusal) {
		return 0, &refusal{http.StatusBadRequest, "invalid_request", why}
	}
	maxAge = -1
	if v := p.Get("max_age"); v != "" {
		n, err := strconv.Atoi(v)
		if err != nil || n < 0 || n > 1<<31 {
			return wrong("max_age must be a number of seconds")
		}
		maxAge = time.Duration(n) * time.Second
	}
	switch {
	case p.Get("response_type") == "":
		return wrong("Missing required parameter: response_type")
	case p.Get("response_type") != "code":
		return 0, &refusal{http.StatusBadRequest, "unsupported_response_type", "Unsupported response type: " + p.Get("response_type")}
	case p.Get("response_mode") != "" && p.Get("response_mode") != "query":
		return wrong("Unsupported response mode: " + p.Get("response_mode"))
	case !c.may(grantCode):
		return 0, notAllowed(grantCode)
	case l.Challenge == "" && (c.authMethod() == authNone || l.Method != ""):
		return wrong("Parameter 'code_challenge' is required")
	case l.Challenge != "" && (len(l.Challenge) < 43 || len(l.Challenge) > 128):
		return wrong("Parameter 'code_challenge' must have 43 to 128 characters")
	case l.Challenge != "" && l.Method != "S256" && (c.authMethod() == authNone || l.Method != "plain"):
		return wrong("Parameter 'code_challenge_method' must be S256")
	case !slices.Contains([]string{"", "none", "login", "consent", "select_account"}, p.Get("prompt")):
		return wrong("Unsupported prompt: " + p.Get("prompt"))
	case l.Connection != "" && t.connectionNamed(l.Connection) == nil:
		return wrong("the connection was not found")
	}
	if name := p.Get("organization"); name != "" {
		o := t.knownOrg(name)
		if o == nil {
			return wrong("parameter organization is invalid")
		}
		l.Asked.Org = o.ID
	}
	return maxAge, t.mayAsk(c, l.Asked)
}

// goOn goes on without a page where the browser's session is enough, and to the first page where it is not.
func (t *Tenant) goOn(w http.ResponseWriter, r *http.Request, l login, prompt string, maxAge time.Duration) {
	v := visitorOf(r, l.Asked.Client)
	who, known := t.whoIsHere(r)
	known = known && prompt != "login" && prompt != "select_account" && (maxAge < 0 || t.now().Sub(who.At) <= maxAge)
	u, factor := t.users.at(who.UserID), t.factorOf(who.UserID)
	silent := prompt == "none"
	stop := func(code, why string) {
		t.noteEvent("fsa", u, why, v)
		l.fail(w, r, &refusal{http.StatusForbidden, code, why})
	}
	switch {
	case !known && silent:
		stop("login_required", "Login required")
	case !known:
		t.toPage(w, r, l, "/u/login")
	case u.isBlocked():
		t.noteEvent("f", u, "user is blocked", v)
		l.fail(w, r, userBlocked())
	case factor != nil && !who.MFA && !t.isTrusted(r, u.ID):
		if silent {
			stop("interaction_required", "Multifactor authentication required")
			return
		}
		l.UserID, l.Who = u.ID, who
		t.startFactor(u, factor, v)
		t.toPage(w, r, l, "/u/mfa")
	case silent && t.needsConsent(l.Asked, u.ID):
		stop("consent_required", "Consent required")
	case silent:
		t.touch(who, v)
		t.noteEvent("ssa", u, "Successful silent authentication", v)
		t.finish(w, r, l, who)
	default:
		t.touch(who, v)
		t.cameIn(u, v)
		t.finish(w, r, l, who)
	}
}

// toPage keeps a sign-in and shows its next page.
func (t *Tenant) toPage(w http.ResponseWriter, r *http.Request, l login, path string) {
	state := secret(32, alnum)
	t.logins.set(hashOf(state), l)
	http.Redirect(w, r, path+"?state="+state, http.StatusFound)
}

// fail tells the app that its sign-in failed.
func (l *login) fail(w http.ResponseWriter, r *http.Request, bad *refusal) {
	l.back(w, r, url.Values{"error": {bad.code}, "error_description": {bad.description}})
}

// back sends the browser to the app with an answer.
func (l *login) back(w http.ResponseWriter, r *http.Request, q url.Values) {
	to := l.address(q)
	if to == "" {
		oops(w, &refusal{http.StatusBadRequest, "invalid_request", "The callback is not an address."})
		return
	}
	http.Redirect(w, r, to, http.StatusFound)
}

// address is where the app gets an answer; empty when the callback is no address.
func (l *login) address(q url.Values) string {
	u, err := url.Parse(l.Redirect)
	if err != nil {
		return ""
	}
	all := u.Query()
	for name := range q {
		all.Set(name, q.Get(name))
	}
	u.RawQuery = with(all, "state", l.State).Encode()
	return u.String()
}

func userBlocked() *refusal {
	return &refusal{http.StatusForbidden, "unauthorized", "user is blocked"}
}

// oops is the error page for what the app must not be told by way of its callback.
func oops(w http.ResponseWriter, bad *refusal) {
	page(w, bad.status, "Oops!, something went wrong", paragraph(bad.code+": "+bad.description))
}
