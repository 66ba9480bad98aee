package localtenant

import (
	"net/http"
	"slices"
	"strings"
)

// userinfo tells an app who signed in. Its refusals are plain text, as Auth0's are.
func (t *Tenant) userinfo(w http.ResponseWriter, r *http.Request) {
	who, problem := t.bearer(r)
	t.mu.Lock()
	defer t.release()
	u := t.users.at(who.Subject)
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
	if slices.Contains(scopes, "email") && u.Email != "" {
		out["email"] = u.Email
		if u.EmailVerified != nil {
			out["email_verified"] = *u.EmailVerified
		}
	}
	sendJSON(w, http.StatusOK, out)
}
