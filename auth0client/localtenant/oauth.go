package localtenant

import (
	"encoding/json"
	"net/http"
	"strings"
)

const (
	grantDevice  = "urn:ietf:params:oauth:grant-type:device_code"
	grantCode    = "authorization_code"
	grantRefresh = "refresh_token"
	grantClient  = "client_credentials"
)

func (t *Tenant) oauthRoutes(m *http.ServeMux) {
	m.HandleFunc("GET /.well-known/openid-configuration", t.discovery)
	m.HandleFunc("GET /.well-known/jwks.json", t.serveKeys)
	// The Authentication API shares one rate limit; a device's requests have one per address besides.
	api := func(pattern string, do http.HandlerFunc) { m.HandleFunc(pattern, t.limited(limitAPI, do)) }
	api("POST /oauth/device/code", t.limited(limitDeviceCode, t.deviceCode))
	api("POST /oauth/token", t.limited(limitToken, t.token))
	api("POST /oauth/revoke", t.revoke)
	api("GET /authorize", t.authorize)
	api("POST /authorize", t.authorize)
	api("/userinfo", t.userinfo)
	api("GET /v2/logout", t.logout)
	api("GET /oidc/logout", t.oidcLogout)
	api("POST /dbconnections/change_password", t.askPasswordChange)
	api("POST /dbconnections/signup", t.signup)
	m.HandleFunc("GET /activate", t.limited(limitPrompt, t.activatePage))
	m.HandleFunc("POST /activate", t.limited(limitActivation, t.activateAnswer))
	m.HandleFunc("GET /u/login", t.loginPage)
	m.HandleFunc("POST /u/login", t.loginAnswer)
	m.HandleFunc("GET /u/mfa", t.factorPage)
	m.HandleFunc("POST /u/mfa", t.factorAnswer)
	m.HandleFunc("GET /u/consent", t.consentPage)
	m.HandleFunc("POST /u/consent", t.consentAnswer)
	m.HandleFunc("GET /u/reset-password", t.resetPage)
	m.HandleFunc("POST /u/reset-password", t.resetAnswer)
	m.HandleFunc("GET /u/email-verification", t.verifyEmail)
	m.HandleFunc("GET /mfa/enrollment", t.enrolPage)
	m.HandleFunc("POST /mfa/enrollment", t.enrolAnswer)
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

// refusal is an error of the Authentication API. A nil one is none.
type refusal struct {
	status            int
	code, description string
}

func (r *refusal) send(w http.ResponseWriter) { oauthFail(w, r.status, r.code, r.description) }

func missingParameter(name string) *refusal {
	return &refusal{http.StatusBadRequest, "invalid_request", "Missing required parameter: " + name}
}

func invalidGrant(why string) *refusal {
	return &refusal{http.StatusForbidden, "invalid_grant", why}
}

func unsigned() *refusal {
	return &refusal{http.StatusInternalServerError, "server_error", "The token could not be signed."}
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
		"grant_types_supported":                            []string{grantClient, grantCode, grantRefresh, grantDevice},
		"subject_types_supported":                          []string{"public"},
		"id_token_signing_alg_values_supported":            []string{"RS256"},
		"token_endpoint_auth_methods_supported":            []string{authBasic, authPost, authKey, authNone},
		"token_endpoint_auth_signing_alg_values_supported": assertionAlgorithms(),
		"claims_supported": []string{"aud", "auth_time", "created_at", "email", "email_verified", "exp", "family_name",
			"given_name", "iat", "identities", "iss", "name", "nickname", "phone_number", "picture", "sub"},
		"code_challenge_methods_supported": []string{"S256", "plain"}, "request_uri_parameter_supported": false,
		"request_parameter_supported": false,
	})
}

func (t *Tenant) serveKeys(w http.ResponseWriter, _ *http.Request) {
	err := t.needKeys(keyCurrent, keyNext)
	if err == nil {
		t.mu.Lock()
		defer t.release()
		set, broken := t.jwks()
		if err = broken; err == nil {
			sendJSON(w, http.StatusOK, set)
			return
		}
	}
	http.Error(w, "The signing key could not be made.", http.StatusInternalServerError)
}

// parameters reads the body of an OAuth request, form or JSON: Auth0 takes both.
func parameters(w http.ResponseWriter, r *http.Request) (map[string]string, bool) {
	out := map[string]string{}
	r.Body = http.MaxBytesReader(w, r.Body, maxBody)
	if strings.HasPrefix(r.Header.Get("Content-Type"), "application/json") {
		if err := json.NewDecoder(r.Body).Decode(&out); err != nil || out == nil {
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
		if out["client_secret"] != "" || out["client_assertion"] != "" {
			oauthFail(w, http.StatusBadRequest, "invalid_request", "Multiple client authentication methods were sent.")
			return nil, false
		}
		out["client_id"], out["client_secret"] = id, password
	}
	return out, true
}

// audienceAsked is the API a sign-in is for, by either name of the parameter.
func (t *Tenant) audienceAsked(named func(string) string) string {
	for _, a := range []string{named("audience"), named("resource"), t.opts.DefaultAudience} {
		if a != "" {
			return a
		}
	}
	return ""
}

func (t *Tenant) token(w http.ResponseWriter, r *http.Request) {
	p, fine := parameters(w, r)
	if !fine {
		return
	}
	if t.needKeys(keyCurrent) != nil {
		unsigned().send(w)
		return
	}
	t.mu.Lock()
	defer t.release()
	t.tidy()
	v := visitorOf(r, p["client_id"])
	c, bad := t.authenticate(p)
	if bad != nil {
		if p["grant_type"] == grantClient {
			t.noteEvent("feccft", nil, bad.description, v)
		}
		bad.send(w)
		return
	}
	v.Client = c.ID
	exchanges := map[string]func(http.ResponseWriter, *client, map[string]string, visitor) *refusal{
		grantDevice: t.deviceToken, grantCode: t.codeToken, grantRefresh: t.refreshToken, grantClient: t.clientToken,
	}
	g := p["grant_type"]
	exchange, known := exchanges[g]
	switch {
	case g == "":
		bad = missingParameter("grant_type")
	case !known:
		bad = &refusal{http.StatusForbidden, "unsupported_grant_type", "Unsupported grant type: " + g}
	case !c.may(g):
		bad = notAllowed(g)
	default:
		bad = exchange(w, c, p, v)
	}
	if bad != nil {
		bad.send(w)
	}
}

func notAllowed(grant string) *refusal {
	return &refusal{http.StatusForbidden, "unauthorized_client", "Grant type '" + grant + "' not allowed for the client."}
}
