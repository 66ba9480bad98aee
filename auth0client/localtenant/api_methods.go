package localtenant

import (
	"maps"
	"slices"
	"strings"
)

// maxMethods is how many authentication methods a user can have.
const maxMethods = 20

func methodRoutes() []route {
	how := aChoice("voice", "sms")
	added := anObject(fields{"type": aChoice("phone", "email", "totp", "webauthn-roaming", "passkey"), "name": aText(), "totp_secret": aText(),
		"phone_number": aText(2, 30), "email": aText(), "preferred_authentication_method": how, "key_id": aText(), "public_key": aText(),
		"aaguid": aText().like("uuid"), "relying_party_identifier": aText().like("hostname"),
		"credential_device_type": aChoice("single_device", "multi_device"), "credential_backed_up": aFlag(), "identity_user_id": aText(),
		"user_agent": aText(), "user_handle": aText(), "transports": aList(aText())}, "type")
	set := aList(anObject(fields{"type": aChoice("phone", "email", "totp"), "preferred_authentication_method": how, "name": aText(1, 20),
		"phone_number": aText(2, 30), "email": aText(1), "totp_secret": aText(1)}, "type"))
	changed := anObject(fields{"name": aText(), "preferred_authentication_method": how})
	all, one := "users/*/authentication-methods", "users/*/authentication-methods/*"
	return []route{
		on("GET "+all, listMethods).needs("read:authentication_methods").asks(byOffsetFromNone()),
		on("POST "+all, addMethod).needs("create:authentication_methods").takes(added).titled("Creates an authentication method for a given user"),
		on("PUT "+all, setMethods).needs("update:authentication_methods").takes(set).
			titled("Update all authentication methods by replacing them with the given ones"),
		on("DELETE "+all, deleteMethods).needs("delete:authentication_methods").titled("Delete all authentication methods for the given user"),
		on("GET "+one, readMethod).needs("read:authentication_methods"),
		on("PATCH "+one, changeMethod).needs("update:authentication_methods").takes(changed).titled("Update an authentication method"),
		on("DELETE "+one, deleteMethod).needs("delete:authentication_methods").titled("Delete an authentication method by ID"),
	}
}

// json is a method as lists show it: with its state, and an address half hidden.
func (m *authMethod) json() map[string]any {
	out := m.bare(masked(m.Email))
	out["confirmed"] = m.Confirmed
	if m.LinkID != "" {
		out["link_id"] = m.LinkID
	}
	if m.Confirmed && !m.Enrolled.IsZero() {
		out["enrolled_at"] = stamp(m.Enrolled)
	}
	if !m.LastAuth.IsZero() {
		out["last_auth_at"] = stamp(m.LastAuth)
	}
	return out
}

// bare is a method as answers to changes show it.
func (m *authMethod) bare(email string) map[string]any {
	out := map[string]any{"id": m.ID, "type": m.Type, "created_at": stamp(m.Created)}
	maps.Copy(out, m.Extra)
	for k, v := range map[string]string{"name": m.Name, "phone_number": m.Phone, "email": email, "key_id": m.KeyID,
		"preferred_authentication_method": m.Preferred} {
		if v != "" {
			out[k] = v
		}
	}
	if m.Type == "phone" {
		_, dev, _ := strings.Cut(m.ID, "|")
		kind := "sms"
		if m.Preferred == "voice" {
			kind = "voice"
		}
		out["authentication_methods"] = []any{map[string]any{"id": kind + "|" + dev, "type": kind}}
	}
	return out
}

// masked hides an address but for up to four characters of either part.
func masked(email string) string {
	local, domain, found := strings.Cut(email, "@")
	if !found {
		return email
	}
	hide := func(s string, shown, least int) string {
		r := []rune(s)
		shown = max(0, min(shown, len(r)))
		return string(r[:shown]) + strings.Repeat("*", max(least, len(r)-shown))
	}
	return hide(local, min(4, len([]rune(local))-4), 4) + "@" + hide(domain, 4, 0)
}

func listMethods(c *call) reply {
	if !c.users.has(c.arg(0)) {
		return noUser()
	}
	rows := []any{}
	for _, m := range c.methods.at(c.arg(0)) {
		rows = append(rows, m.json())
	}
	answer := c.list("authenticators", rows)
	if page, isPage := answer.body.(map[string]any); isPage && len(rows) == 0 {
		// As recorded, an empty list has no total.
		delete(page, "total")
	}
	return answer
}

func isFactor(m *authMethod) bool { return m.Type != "password" && m.Type != "passkey" }

// hasPasskey is when Auth0 refuses to remove or replace all methods: a passkey is how someone signs in at all.
func (c *call) hasPasskey() bool {
	return slices.ContainsFunc(c.methods.at(c.arg(0)), func(m *authMethod) bool { return m.Type == "passkey" })
}

func passkeyInTheWay() reply {
	return fail(403, "Operation not permitted when the user has registered at least 1 passkey", "operation_not_permitted")
}

// deleteMethods removes the enrolled factors. A password stays.
func deleteMethods(c *call) reply {
	switch {
	case !c.users.has(c.arg(0)):
		return noUser()
	case c.hasPasskey():
		return passkeyInTheWay()
	}
	c.unenroll(c.arg(0), isFactor)
	return nothing()
}

// unenroll removes methods and says so in the log.
func (t *Tenant) unenroll(userID string, gone func(*authMethod) bool) int {
	n := trim(t.methods, userID, gone)
	if n > 0 {
		t.record("gd_unenroll", t.users.at(userID), "Guardian - Unenroll")
	}
	return n
}

func (c *call) method() (*authMethod, reply) {
	if !c.users.has(c.arg(0)) {
		return nil, noUser()
	}
	for _, m := range c.methods.at(c.arg(0)) {
		if m.ID == c.arg(1) {
			return m, reply{}
		}
	}
	return nil, notFound("The authentication method could not be found.", "authentication_method_not_found")
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
	c.unenroll(c.arg(0), func(o *authMethod) bool { return o.ID == m.ID })
	return nothing()
}

// methodFrom makes a confirmed method of a body. A TOTP secret is not kept: nothing here checks codes against it.
func (c *call) methodFrom(body map[string]any) (*authMethod, *reply) {
	text := func(name string) string { s, _ := body[name].(string); return s }
	kind, now := text("type"), c.now().UTC()
	needed := map[string][]string{"phone": {"phone_number"}, "email": {"email"},
		"webauthn-roaming": {"key_id", "public_key", "relying_party_identifier"}, "passkey": {"key_id", "public_key", "relying_party_identifier"}}
	for _, name := range needed[kind] {
		if text(name) == "" {
			bad := missing(name)
			return nil, &bad
		}
	}
	if kind == "email" && !formed("email", text("email")) {
		bad := (&flaw{message: "Object didn't pass validation for format email: " + text("email"), path: "email"}).complaint("Payload", "invalid_body")
		return nil, &bad
	}
	m := &authMethod{ID: strings.ReplaceAll(kind, "-", "_") + "|dev_" + pick(c.ids, 16, alnum), Type: kind, Name: text("name"), Confirmed: true,
		Created: now, KeyID: text("key_id"), Extra: map[string]any{}}
	switch kind {
	case "phone":
		m.Phone, m.Preferred = text("phone_number"), text("preferred_authentication_method")
		if m.Preferred == "" {
			m.Preferred = "sms"
		}
	case "email":
		m.Email = text("email")
	}
	for _, name := range []string{"public_key", "aaguid", "relying_party_identifier", "credential_device_type", "credential_backed_up",
		"identity_user_id", "user_agent", "user_handle", "transports"} {
		if v, sent := body[name]; sent {
			m.Extra[name] = v
		}
	}
	return m, nil
}

// same reports that a method is enrolled already.
func (m *authMethod) same(o *authMethod) bool {
	return m.Type == o.Type && m.Phone == o.Phone && m.Email == o.Email && m.KeyID == o.KeyID
}

func addMethod(c *call) reply {
	if !c.users.has(c.arg(0)) {
		return noUser()
	}
	m, bad := c.methodFrom(c.body)
	if bad != nil {
		return *bad
	}
	has := c.methods.at(c.arg(0))
	switch {
	case slices.ContainsFunc(has, m.same):
		return fail(409, "Authentication method already exists.", "authentication_method_conflict")
	case len(has) >= maxMethods:
		return fail(403, "You reached the limit of entities of this type for this user.", "too_many_entities")
	}
	c.methods.set(c.arg(0), append(slices.Clone(has), m))
	return created(m.bare(masked(m.Email)))
}

// setMethods replaces all factors. A password stays.
func setMethods(c *call) reply {
	switch {
	case !c.users.has(c.arg(0)):
		return noUser()
	case c.hasPasskey():
		return passkeyInTheWay()
	case len(c.items) > maxMethods:
		return fail(403, "You reached the limit of entities of this type for this user.", "too_many_entities")
	}
	list := slices.DeleteFunc(slices.Clone(c.methods.at(c.arg(0))), isFactor)
	rows := []any{}
	for _, item := range c.items {
		m, bad := c.methodFrom(item.(map[string]any))
		if bad != nil {
			return *bad
		}
		if slices.ContainsFunc(list, m.same) {
			return fail(409, "Authentication method already exists.", "authentication_method_conflict")
		}
		list = append(list, m)
		rows = append(rows, m.bare(m.Email))
	}
	c.methods.set(c.arg(0), list)
	return ok(rows)
}

func changeMethod(c *call) reply {
	m, bad := c.method()
	if m == nil {
		return bad
	}
	changed := *m
	if name, sent := c.body["name"].(string); sent {
		changed.Name = name
	}
	if how := c.text("preferred_authentication_method"); how != "" && m.Type == "phone" {
		changed.Preferred = how
	}
	list := slices.Clone(c.methods.at(c.arg(0)))
	list[slices.Index(list, m)] = &changed
	c.methods.set(c.arg(0), list)
	c.record("gd_update_device_account", c.users.at(c.arg(0)), "Guardian - Updates device account")
	return ok(changed.bare(masked(changed.Email)))
}
