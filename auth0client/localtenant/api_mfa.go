package localtenant

import (
	"net/http"
	"slices"
)

func (t *Tenant) mfaRoutes() []route {
	one := func(s string) []string { return []string{s} }
	return []route{
		{method: "GET", pattern: []string{"users", "*", "authentication-methods"}, any: one("read:authentication_methods"), do: listMethods},
		{method: "DELETE", pattern: []string{"users", "*", "authentication-methods"}, any: one("delete:authentication_methods"), do: deleteMethods},
		{method: "GET", pattern: []string{"users", "*", "authentication-methods", "*"}, any: one("read:authentication_methods"), do: readMethod},
		{method: "DELETE", pattern: []string{"users", "*", "authentication-methods", "*"}, any: one("delete:authentication_methods"), do: deleteMethod},
		{method: "GET", pattern: []string{"users", "*", "enrollments"}, any: one("read:users"), do: listEnrollments},
		{method: "POST", pattern: []string{"users", "*", "multifactor", "actions", "invalidate-remember-browser"},
			any: one("update:users"), do: forgetBrowsers},
		{method: "POST", pattern: []string{"users", "*", "recovery-code-regeneration"}, any: one("update:users"), do: newRecoveryCode},
		{method: "POST", pattern: []string{"guardian", "enrollments", "ticket"}, any: one("create:guardian_enrollment_tickets"), do: enrollmentTicket},
		{method: "GET", pattern: []string{"guardian", "factors"}, any: one("read:guardian_factors"), do: listFactors},
	}
}

func (m *authMethod) json() map[string]any {
	out := map[string]any{"id": m.ID, "type": m.Type, "confirmed": m.Confirmed, "created_at": stamp(m.Created)}
	for k, v := range map[string]string{"name": m.Name, "phone_number": m.Phone, "email": m.Email, "key_id": m.KeyID,
		"preferred_authentication_method": m.Preferred} {
		if v != "" {
			out[k] = v
		}
	}
	if m.Confirmed && !m.Enrolled.IsZero() {
		out["enrolled_at"] = stamp(m.Enrolled)
	}
	if !m.LastAuth.IsZero() {
		out["last_auth_at"] = stamp(m.LastAuth)
	}
	return out
}

func listMethods(c *call) reply {
	if c.users.at(c.arg(0)) == nil {
		return noUser()
	}
	rows := []any{}
	for _, m := range c.methods.at(c.arg(0)) {
		rows = append(rows, m.json())
	}
	return c.list("authenticators", rows)
}

// deleteMethods removes the enrolled factors. A password or passkey is how someone signs in at all, and stays.
func deleteMethods(c *call) reply {
	id := c.arg(0)
	if c.users.at(id) == nil {
		return noUser()
	}
	c.methods.set(id, slices.DeleteFunc(slices.Clone(c.methods.at(id)), func(m *authMethod) bool {
		return m.Type != "password" && m.Type != "passkey"
	}))
	c.record("gd_unenroll", c.users.at(id), "Guardian - Unenroll")
	return nothing()
}

func (c *call) method() (*authMethod, reply) {
	if c.users.at(c.arg(0)) == nil {
		return nil, noUser()
	}
	for _, m := range c.methods.at(c.arg(0)) {
		if m.ID == c.arg(1) {
			return m, reply{}
		}
	}
	return nil, fail(http.StatusNotFound, "The authentication method could not be found.", "authentication_method_not_found")
}

func readMethod(c *call) reply {
	m, bad := c.method()
	if m == nil {
		return bad
	}
	return ok(m.json())
}

func deleteMethod(c *call) reply {
	m, bad := c.method()
	if m == nil {
		return bad
	}
	id := c.arg(0)
	c.methods.set(id, slices.DeleteFunc(slices.Clone(c.methods.at(id)), func(o *authMethod) bool { return o == m }))
	c.record("gd_unenroll", c.users.at(id), "Guardian - Unenroll")
	return nothing()
}

// listEnrollments is the older view of factors: Auth0 shows only the first confirmed one there.
func listEnrollments(c *call) reply {
	if c.users.at(c.arg(0)) == nil {
		return noUser()
	}
	kinds := map[string]string{"totp": "authenticator", "push": "guardian", "phone": "sms",
		"webauthn-roaming": "webauthn-roaming", "webauthn-platform": "webauthn-platform"}
	for _, m := range c.methods.at(c.arg(0)) {
		kind := kinds[m.Type]
		if kind == "" || !m.Confirmed {
			continue
		}
		row := map[string]any{"id": m.ID, "status": "confirmed", "type": m.Type, "auth_method": kind,
			"enrolled_at": stamp(m.Enrolled)}
		if m.Name != "" {
			row["name"] = m.Name
		}
		if m.Phone != "" {
			row["phone_number"] = m.Phone
		}
		return ok([]any{row})
	}
	return ok([]any{})
}

func forgetBrowsers(c *call) reply {
	if c.users.at(c.arg(0)) == nil {
		return noUser()
	}
	c.forgetTrusted(c.arg(0))
	return nothing()
}

func newRecoveryCode(c *call) reply {
	if c.users.at(c.arg(0)) == nil {
		return noUser()
	}
	if !slices.ContainsFunc(c.methods.at(c.arg(0)), func(m *authMethod) bool { return m.Type == "recovery-code" }) {
		return fail(http.StatusNotFound, "Enrollment not found.", "enrollment_not_found")
	}
	return ok(map[string]any{"recovery_code": secret(24, upperNum)})
}

func enrollmentTicket(c *call) reply {
	if c.text("user_id") == "" {
		return missing("user_id")
	}
	if c.users.at(c.text("user_id")) == nil {
		return noUser()
	}
	id := secret(32, alnum)
	return ok(map[string]any{"ticket_id": id, "ticket_url": c.base + "/mfa/enrollment?ticket=" + id})
}

func listFactors(*call) reply {
	rows := []any{}
	for _, f := range []string{"sms", "push-notification", "otp", "email", "duo", "webauthn-roaming", "webauthn-platform",
		"recovery-code"} {
		rows = append(rows, map[string]any{"name": f, "enabled": f != "duo", "trial_expired": false})
	}
	return ok(rows)
}
