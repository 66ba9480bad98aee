package localtenant

import (
	"slices"
	"strings"
)

func guardianRoutes() []route {
	ticket := anObject(fields{"user_id": aText().like("user-id"), "email": aText().like("email"), "send_mail": aFlag(), "email_locale": aText(),
		"factor":                     aChoice("push-notification", "phone", "email", "otp", "webauthn-roaming", "webauthn-platform"),
		"allow_multiple_enrollments": aFlag()}, "user_id")
	clear := anObject(fields{"connection": aText(1, 128).matching(connectionShape), "assessors": aList(aChoice("new-device"), 1)}, "connection", "assessors")
	return []route{
		on("GET users/*/enrollments", listEnrollments).needs("read:users", "read:current_user"),
		on("DELETE users/*/authenticators", deleteAuthenticators).needs("delete:guardian_enrollments").titled("Delete All Authenticators"),
		on("POST users/*/multifactor/actions/invalidate-remember-browser", forgetBrowsers).needs("update:users").
			titled("Invalidate All Remembered Browsers for Multi-factor Authentication (MFA)"),
		on("DELETE users/*/multifactor/*", deleteProvider).needs("update:users").titled("Delete a User's Multi-factor Provider"),
		on("POST users/*/recovery-code-regeneration", newRecoveryCode).needs("update:users").
			titled("Generate New Multi-factor Authentication (MFA) Recovery Code"),
		on("POST users/*/risk-assessments/clear", clearRisk).needs("update:users").takes(clear).
			titled("Clear risk assessment assessors for a specific user"),
		on("POST guardian/enrollments/ticket", enrollmentTicket).needs("create:guardian_enrollment_tickets").takes(ticket).
			titled("Create a multi-factor authentication enrollment ticket"),
		on("GET guardian/enrollments/*", readEnrollment).needs("read:guardian_enrollments"),
		on("DELETE guardian/enrollments/*", deleteEnrollment).needs("delete:guardian_enrollments").
			titled("Delete a multi-factor authentication enrollment"),
		on("GET guardian/factors", listFactors).needs("read:guardian_factors"),
		on("PUT guardian/factors/*", switchFactor).needs("update:guardian_factors").takes(anObject(fields{"enabled": aFlag()}, "enabled")).
			titled("Update multi-factor authentication type"),
		on("GET guardian/policies", readPolicies).needs("read:mfa_policies"),
		on("PUT guardian/policies", setPolicies).needs("update:mfa_policies").takes(aList(aChoice("all-applications", "confidence-score"))).
			titled("Update multi-factor authentication policies"),
	}
}

// enrollmentID is the id under which the older endpoints know a method.
func enrollmentID(m *authMethod) string {
	_, id, _ := strings.Cut(m.ID, "|")
	return id
}

// legacyKind is how the older endpoints name a factor; empty for what they do not know.
func legacyKind(m *authMethod) string {
	return map[string]string{"totp": "authenticator", "push": "guardian", "phone": "sms", "webauthn-roaming": "webauthn-roaming",
		"webauthn-platform": "webauthn-platform"}[m.Type]
}

func enrollmentJSON(m *authMethod) map[string]any {
	out := map[string]any{"id": enrollmentID(m), "status": "pending"}
	if m.Confirmed {
		out["status"] = "confirmed"
	}
	if m.Name != "" {
		out["name"] = m.Name
	}
	if m.Phone != "" {
		out["phone_number"] = m.Phone
	}
	if !m.Enrolled.IsZero() {
		out["enrolled_at"] = stamp(m.Enrolled)
	}
	if !m.LastAuth.IsZero() {
		out["last_auth"] = stamp(m.LastAuth)
	}
	return out
}

// listEnrollments is the older view of factors: Auth0 shows only the first confirmed one there.
func listEnrollments(c *call) reply {
	if c.ownOnly(c.arg(0), "read:users") {
		return notSubject()
	}
	if !c.users.has(c.arg(0)) {
		return noUser()
	}
	for _, m := range c.methods.at(c.arg(0)) {
		if kind := legacyKind(m); kind != "" && m.Confirmed {
			row := enrollmentJSON(m)
			row["type"], row["auth_method"] = m.Type, kind
			return ok([]any{row})
		}
	}
	return ok([]any{})
}

func noEnrollment() reply { return notFound("Enrollment not found", "enrollment_not_found") }

func (c *call) enrollment() (owner string, m *authMethod) {
	owner, m, _ = c.foundMethod.find(c.methods, enrollmentID, c.arg(0))
	if m != nil && !isFactor(m) {
		return "", nil
	}
	return owner, m
}

func readEnrollment(c *call) reply {
	_, m := c.enrollment()
	if m == nil {
		return noEnrollment()
	}
	return ok(enrollmentJSON(m))
}

func deleteEnrollment(c *call) reply {
	owner, m := c.enrollment()
	if m == nil {
		return noEnrollment()
	}
	c.unenroll(owner, func(o *authMethod) bool { return o.ID == m.ID })
	return nothing()
}

// deleteAuthenticators removes the factors that the older enrollment API knows.
func deleteAuthenticators(c *call) reply {
	if !c.users.has(c.arg(0)) {
		return noUser()
	}
	c.unenroll(c.arg(0), func(m *authMethod) bool { return slices.Contains([]string{"totp", "email", "phone", "push"}, m.Type) })
	return nothing()
}

func deleteProvider(c *call) reply {
	if p := c.arg(1); p != "duo" && p != "google-authenticator" {
		return badRequest("Path validation error: 'No enum match for: "+p+"' on property provider.", "invalid_uri")
	}
	if !c.users.has(c.arg(0)) {
		return noUser()
	}
	if c.arg(1) == "google-authenticator" {
		c.unenroll(c.arg(0), func(m *authMethod) bool { return m.Type == "totp" })
	}
	return nothing()
}

func forgetBrowsers(c *call) reply {
	if !c.users.has(c.arg(0)) {
		return noUser()
	}
	c.forgetTrusted(c.arg(0))
	return nothing()
}

// newRecoveryCode answers with the code, the only time it is shown. As recorded, it takes no earlier code to get one.
func newRecoveryCode(c *call) reply {
	if !c.users.has(c.arg(0)) {
		return noUser()
	}
	list := slices.Clone(c.methods.at(c.arg(0)))
	at := slices.IndexFunc(list, func(m *authMethod) bool { return m.Type == "recovery-code" })
	if at < 0 {
		at = len(list)
		list = append(list, &authMethod{ID: "recovery_code|dev_" + pick(c.ids, 16, alnum), Type: "recovery-code", Confirmed: true})
	}
	renewed := *list[at]
	renewed.Created, renewed.Enrolled = c.now().UTC(), c.now().UTC()
	list[at] = &renewed
	c.methods.set(c.arg(0), list)
	return ok(map[string]any{"recovery_code": secret(24, upperNum)})
}

func clearRisk(c *call) reply {
	u := c.users.at(c.arg(0))
	switch {
	case u == nil:
		return noUser()
	case c.connectionNamed(c.text("connection")) == nil:
		return badRequest("Connection does not exist.", "inexistent_connection")
	}
	return nothing()
}

// enrollmentTicket answers with a link that enrolls whoever opens it: of it a hash is kept, and nothing logged.
func enrollmentTicket(c *call) reply {
	u := c.users.at(c.text("user_id"))
	if u == nil {
		return noUser()
	}
	if c.flag("send_mail") {
		if u.Email == "" && c.text("email") == "" {
			return badRequest("The user does not have an email address.", "operation_not_supported")
		}
		c.record("gd_send_email", u, "Guardian - Enrollment email sent")
	}
	address := c.keepTicket(ticket{Kind: ticketEnrol, UserID: u.ID, SeveralFactors: c.flag("allow_multiple_enrollments")}, 0)
	_, id, _ := strings.Cut(address, "ticket=")
	return ok(map[string]any{"ticket_id": id, "ticket_url": address})
}

func factors() []string {
	return []string{"sms", "push-notification", "otp", "email", "duo", "webauthn-roaming", "webauthn-platform", "recovery-code"}
}

func (t *Tenant) factorEnabled(name string) bool {
	on, said := t.setting("guardian/factors")[name].(bool)
	return on || !said && name != "duo"
}

func listFactors(c *call) reply {
	rows := []any{}
	for _, f := range factors() {
		rows = append(rows, map[string]any{"name": f, "enabled": c.factorEnabled(f), "trial_expired": false})
	}
	return ok(rows)
}

func switchFactor(c *call) reply {
	if !slices.Contains(factors(), c.arg(0)) {
		return badRequest("Path validation error: 'No enum match for: "+c.arg(0)+"' on property name.", "invalid_uri")
	}
	c.changeSetting("guardian/factors", map[string]any{c.arg(0): c.flag("enabled")})
	c.record("gd_tenant_update", nil, "Guardian - Updates tenant settings")
	return ok(map[string]any{"enabled": c.flag("enabled")})
}

func readPolicies(c *call) reply {
	return ok(texts(c.settings.at("guardian/policies")))
}

func setPolicies(c *call) reply {
	c.settings.set("guardian/policies", texts(c.items))
	c.record("gd_tenant_update", nil, "Guardian - Updates tenant settings")
	return readPolicies(c)
}
