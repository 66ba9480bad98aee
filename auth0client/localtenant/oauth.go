package localtenant

import (
	"crypto/subtle"
	"encoding/json"
	"html"
	"net/http"
	"slices"
	"strings"

	"github.com/go-jose/go-jose/v4/jwt"
)

const (
	grantDevice  = "urn:ietf:params:oauth:grant-type:device_code"
	grantRefresh = "refresh_token"
	grantClient  = "client_credentials"
)

func (t *Tenant) oauthRoutes(m *http.ServeMux) {
	m.HandleFunc("GET /.well-known/openid-configuration", t.discovery)
	m.HandleFunc("GET /.well-known/jwks.json", t.serveKeys)
	m.HandleFunc("POST /oauth/device/code", t.deviceCode)
	m.HandleFunc("POST /oauth/token", t.token)
	m.HandleFunc("POST /oauth/revoke", t.revoke)
	m.HandleFunc("/userinfo", t.userinfo)
	m.HandleFunc("GET /activate", t.activatePage)
	m.HandleFunc("POST /activate", t.activateAnswer)
	m.HandleFunc("GET /v2/logout", loggedOut)
	m.HandleFunc("GET /oidc/logout", loggedOut)
}

func sendJSON(w http.ResponseWriter, status int, v any) {
	raw, err := json.Marshal(v)
	if err != nil {
		w.WriteHeader(http.StatusInternalServerError)
		return
	}
	h := w.Header()
	h.Set("Content-Type", "application/json")
	h.Set("Cache-Control", "no-store")
	h.Set("Pragma", "no-cache")
	w.WriteHeader(status)
	w.Write(raw) //nolint:errcheck // the client is gone: nobody is left to tell
}

func oauthFail(w http.ResponseWriter, status int, code, description string) {
	sendJSON(w, status, map[string]string{"error": code, "error_description": description})
}

func (t *Tenant) discovery(w http.ResponseWriter, _ *http.Request) {
	b := t.base
	sendJSON(w, http.StatusOK, map[string]any{
		"issuer": t.Issuer(), "authorization_endpoint": b + "/authorize", "token_endpoint": b + "/oauth/token",
		"device_authorization_endpoint": b + "/oauth/device/code", "userinfo_endpoint": b + "/userinfo",
		"revocation_endpoint": b + "/oauth/revoke", "jwks_uri": b + "/.well-known/jwks.json",
		"end_session_endpoint": b + "/oidc/logout",
		"scopes_supported": []string{"openid", "profile", "offline_access", "name", "given_name", "family_name", "nickname",
			"email", "email_verified", "picture", "created_at", "identities", "phone", "address"},
		"response_types_supported": []string{"code"}, "response_modes_supported": []string{"query"},
		"grant_types_supported":                 []string{grantClient, grantRefresh, grantDevice},
		"subject_types_supported":               []string{"public"},
		"id_token_signing_alg_values_supported": []string{"RS256"},
		"token_endpoint_auth_methods_supported": []string{"client_secret_basic", "client_secret_post", "none"},
		"claims_supported": []string{"aud", "auth_time", "created_at", "email", "email_verified", "exp", "iat", "iss", "name",
			"nickname", "picture", "sub"},
		"code_challenge_methods_supported": []string{"S256"}, "request_uri_parameter_supported": false,
	})
}

func (t *Tenant) serveKeys(w http.ResponseWriter, _ *http.Request) {
	set, err := t.jwks()
	if err != nil {
		http.Error(w, "The signing key could not be made.", http.StatusInternalServerError)
		return
	}
	sendJSON(w, http.StatusOK, set)
}

func (t *Tenant) clientByID(id string) *client {
	for _, c := range t.clients.all() {
		if c.ID == id {
			return c
		}
	}
	return nil
}

// parameters reads the body of an OAuth request, form or JSON: Auth0 takes both.
func parameters(w http.ResponseWriter, r *http.Request) (map[string]string, bool) {
	out := map[string]string{}
	r.Body = http.MaxBytesReader(w, r.Body, maxBody)
	if strings.HasPrefix(r.Header.Get("Content-Type"), "application/json") {
		if err := json.NewDecoder(r.Body).Decode(&out); err != nil {
			oauthFail(w, http.StatusBadRequest, "invalid_request", "The body is not JSON with text values.")
			return nil, false
		}
	} else {
		if err := r.ParseForm(); err != nil {
			oauthFail(w, http.StatusBadRequest, "invalid_request", "The form could not be read.")
			return nil, false
		}
		for k := range r.PostForm {
			out[k] = r.PostForm.Get(k)
		}
	}
	if id, password, found := r.BasicAuth(); found {
		out["client_id"], out["client_secret"] = id, password
	}
	return out, true
}

func (t *Tenant) token(w http.ResponseWriter, r *http.Request) {
	p, fine := parameters(w, r)
	if !fine {
		return
	}
	c := t.clientByID(p["client_id"])
	if c == nil {
		oauthFail(w, http.StatusUnauthorized, "invalid_client", "Unknown client: "+p["client_id"])
		return
	}
	if c.Secret != "" && subtle.ConstantTimeCompare([]byte(c.Secret), []byte(p["client_secret"])) != 1 {
		oauthFail(w, http.StatusUnauthorized, "access_denied", "Unauthorized")
		return
	}
	allowed := []string{grantDevice, grantRefresh}
	if c.Type == "non_interactive" {
		allowed = []string{grantClient}
	}
	switch g := p["grant_type"]; {
	case g == "":
		oauthFail(w, http.StatusBadRequest, "invalid_request", "Missing required parameter: grant_type")
	case !slices.Contains([]string{grantDevice, grantRefresh, grantClient}, g):
		oauthFail(w, http.StatusForbidden, "unsupported_grant_type", "Unsupported grant type: "+g)
	case !slices.Contains(allowed, g):
		oauthFail(w, http.StatusForbidden, "unauthorized_client", "Grant type '"+g+"' not allowed for the client.")
	case g == grantDevice:
		t.deviceToken(w, p)
	case g == grantRefresh:
		t.refreshToken(w, p)
	default:
		t.clientToken(w, p)
	}
}

func (t *Tenant) clientToken(w http.ResponseWriter, p map[string]string) {
	if p["audience"] != t.ManagementAudience() {
		oauthFail(w, http.StatusForbidden, "access_denied", "Service not found: "+p["audience"])
		return
	}
	scopes := slices.DeleteFunc(managementScopes(), func(s string) bool { return strings.Contains(s, ":current_user") })
	if asked := strings.Fields(p["scope"]); len(asked) > 0 {
		if i := slices.IndexFunc(asked, func(s string) bool { return !slices.Contains(scopes, s) }); i >= 0 {
			oauthFail(w, http.StatusForbidden, "access_denied", "Client has not been granted scopes: "+asked[i])
			return
		}
		scopes = asked
	}
	now := t.now()
	scope := strings.Join(scopes, " ")
	raw, err := t.sign(claims{Claims: jwt.Claims{
		Issuer: t.Issuer(), Subject: p["client_id"] + "@clients", Audience: jwt.Audience{t.ManagementAudience()},
		IssuedAt: jwt.NewNumericDate(now), Expiry: jwt.NewNumericDate(now.Add(accessLife)), ID: secret(22, alnum),
	}, Scope: scope, AZP: p["client_id"], Grant: "client-credentials"})
	if err != nil {
		oauthFail(w, http.StatusInternalServerError, "server_error", "The token could not be signed.")
		return
	}
	sendJSON(w, http.StatusOK, map[string]any{"access_token": raw, "scope": scope,
		"expires_in": int(accessLife.Seconds()), "token_type": "Bearer"})
}

// issue answers a grant with the tokens of a sign-in. The tenant is locked.
func (t *Tenant) issue(w http.ResponseWriter, f *family, rt string) {
	access, scope, err := t.accessToken(f)
	out := map[string]any{"access_token": access, "scope": scope, "expires_in": int(t.opts.TokenLife.Seconds()),
		"token_type": "Bearer"}
	if err == nil && slices.Contains(f.scopes, "openid") {
		out["id_token"], err = t.idToken(f)
	}
	if err != nil {
		oauthFail(w, http.StatusInternalServerError, "server_error", "The token could not be signed.")
		return
	}
	if rt != "" {
		out["refresh_token"] = rt
	}
	sendJSON(w, http.StatusOK, out)
}

// newRefresh makes the next refresh token of a sign-in. The tenant is locked.
func (t *Tenant) newRefresh(f *family) (string, *refreshToken) {
	expires := t.now().Add(refreshLife)
	if expires.After(f.absolute) {
		expires = f.absolute
	}
	raw := "v1." + secret(48, alnum)
	rt := &refreshToken{f: f, expires: expires}
	t.refresh[raw] = rt
	return raw, rt
}

func (t *Tenant) refreshToken(w http.ResponseWriter, p map[string]string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	rt := t.refresh[p["refresh_token"]]
	bad := func(why string) { oauthFail(w, http.StatusForbidden, "invalid_grant", why) }
	switch {
	case p["refresh_token"] == "":
		oauthFail(w, http.StatusBadRequest, "invalid_request", "Missing required parameter: refresh_token")
		return
	case rt == nil || rt.f.dead || rt.f.clientID != p["client_id"] || t.users.at(rt.f.userID) == nil:
		bad("Unknown or invalid refresh token.")
		return
	case !t.now().Before(rt.expires):
		bad("Unknown or invalid refresh token.")
		return
	case t.users.at(rt.f.userID).isBlocked():
		bad("user is blocked")
		return
	}
	if rt.next != nil {
		// Within the leeway the previous token may come again, but only that one: its successor must be unused.
		within := t.opts.RefreshLeeway > 0 && t.now().Sub(rt.rotated) <= t.opts.RefreshLeeway && rt.next.next == nil
		if !within {
			rt.f.dead = true
			t.record("ferrt", t.users.at(rt.f.userID), "Unsuccessful Refresh Token exchange, reused refresh token detected")
			bad("Unknown or invalid refresh token.")
			return
		}
	}
	narrowed := *rt.f
	if asked := strings.Fields(p["scope"]); len(asked) > 0 {
		narrowed.scopes = slices.DeleteFunc(slices.Clone(asked), func(s string) bool { return !slices.Contains(rt.f.scopes, s) })
	}
	raw, next := t.newRefresh(rt.f)
	if rt.next == nil {
		rt.rotated = t.now()
	}
	rt.next = next
	t.record("sertft", t.users.at(rt.f.userID), "")
	t.issueShared(w, rt.f, &narrowed, raw)
}

// issueShared answers with narrowed scopes, but keeps the tokens tied to the whole sign-in.
func (t *Tenant) issueShared(w http.ResponseWriter, whole, narrowed *family, raw string) {
	before := len(t.issued)
	t.issue(w, narrowed, raw)
	if len(t.issued) == before {
		return
	}
	for id, f := range t.issued {
		if f == narrowed {
			t.issued[id] = whole
		}
	}
}

func (t *Tenant) revoke(w http.ResponseWriter, r *http.Request) {
	p, fine := parameters(w, r)
	if !fine {
		return
	}
	c := t.clientByID(p["client_id"])
	switch {
	case c == nil:
		oauthFail(w, http.StatusUnauthorized, "invalid_client", "Unknown client: "+p["client_id"])
		return
	case c.Secret != "" && subtle.ConstantTimeCompare([]byte(c.Secret), []byte(p["client_secret"])) != 1:
		oauthFail(w, http.StatusUnauthorized, "access_denied", "Unauthorized")
		return
	case p["token"] == "":
		oauthFail(w, http.StatusBadRequest, "invalid_request", "Missing required parameter: token")
		return
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	if rt := t.refresh[p["token"]]; rt != nil && rt.f.clientID == p["client_id"] {
		// A rotating token stands for its family: what it was rotated into must not outlive it.
		rt.f.dead = true
		t.record("srrt", t.users.at(rt.f.userID), "")
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(http.StatusOK)
}

func (t *Tenant) userinfo(w http.ResponseWriter, r *http.Request) {
	who, problem := t.bearer(r)
	t.mu.Lock()
	u := t.users.at(who.Subject)
	t.mu.Unlock()
	if problem != "" || u == nil || !slices.Contains(who.Audience, t.Issuer()+"userinfo") {
		w.Header().Set("WWW-Authenticate", `Bearer realm="Users", error="invalid_token", error_description="The access token is invalid."`)
		http.Error(w, "Unauthorized", http.StatusUnauthorized)
		return
	}
	out := map[string]any{"sub": u.ID}
	scopes := strings.Fields(who.Scope)
	if slices.Contains(scopes, "profile") {
		for _, f := range []string{"name", "nickname", "given_name", "family_name", "picture", "updated_at"} {
			if v, has := u.field(f); has {
				out[f] = v
			}
		}
	}
	if slices.Contains(scopes, "email") {
		out["email"] = u.Email
		if u.EmailVerified != nil {
			out["email_verified"] = *u.EmailVerified
		}
	}
	sendJSON(w, http.StatusOK, out)
}

func (u *user) isBlocked() bool { return u.Blocked != nil && *u.Blocked }

func loggedOut(w http.ResponseWriter, _ *http.Request) {
	page(w, http.StatusOK, "Signed out", "<p>"+html.EscapeString("You are signed out. You can close this window.")+"</p>")
}
