package localtenant

import (
	"maps"
	"slices"
	"strings"
)

// changedUser is the body that changes a user. Null unsets an attribute.
func changedUser() shape {
	s := newUser()
	s.fields = maps.Clone(s.fields)
	delete(s.fields, "user_id")
	for _, name := range []string{"email", "phone_number", "username", "given_name", "family_name", "name", "nickname", "picture",
		"password"} {
		s.fields[name] = s.fields[name].orNull()
	}
	s.need = nil
	return s.with("verify_phone_number", aFlag()).with("client_id", aText(1)).atLeast(1)
}

func metadataProblem(body map[string]any) *reply {
	for _, kind := range []string{"user_metadata", "app_metadata"} {
		m, _ := body[kind].(map[string]any)
		for _, key := range slices.Sorted(maps.Keys(m)) {
			if strings.ContainsAny(key, ".$") {
				bad := (&flaw{message: "Invalid property name: " + key, path: kind}).complaint("Payload", "invalid_body")
				return &bad
			}
			if kind == "app_metadata" && slices.Contains(reservedMetadata(), key) {
				bad := badRequest("The following app_metadata properties cannot be used: "+key, "invalid_body")
				return &bad
			}
		}
	}
	return nil
}

func reservedMetadata() []string {
	return []string{"__tenant", "_id", "blocked", "clientID", "created_at", "email_verified", "email", "globalClientID",
		"global_client_id", "identities", "lastIP", "lastLogin", "loginsCount", "metadata", "multifactor_last_modified",
		"multifactor", "updated_at", "user_id"}
}

// dig walks into nested objects; nil where there is nothing.
func dig(v any, names ...string) any {
	for _, name := range names {
		m, _ := v.(map[string]any)
		v = m[name]
	}
	return v
}

// whole64 is a number that may have come from JSON or from Go.
func whole64(v any, fallback int) int {
	switch v := v.(type) {
	case int:
		return v
	case float64:
		return int(v)
	}
	return fallback
}

// clash reports that somebody else of the same connection has u's id, address, username or phone number. old is u before
// the change, nil for a new record.
func (t *Tenant) clash(u, old *user) *reply {
	refuse := func(r reply) *reply { return &r }
	if old == nil && (t.users.has(u.ID) || t.byIdentity(u.Identities[0].Provider, u.Identities[0].UserID) != "") {
		return refuse(exists())
	}
	other := func(ids []string) bool {
		return slices.ContainsFunc(ids, func(id string) bool { return id != u.ID && t.users.at(id).connection() == u.connection() })
	}
	switch {
	case u.Username != "" && other(t.byUsername(u.Username)):
		return refuse(badRequest("The username provided is in use already.", "auth0_idp_error"))
	case !other(t.byEmail(u.Email)) && !other(t.byPhone(u.Phone)):
		return nil
	case old == nil:
		return refuse(exists())
	case u.Email != old.Email:
		return refuse(badRequest("The specified new email already exists", "auth0_idp_error"))
	}
	return refuse(badRequest("The specified new phone number already exists", "auth0_idp_error"))
}

func (t *Tenant) connectionNamed(name string) *connection {
	return t.connections.find(func(c *connection) bool { return c.Name == name })
}

func updateUser(c *call) reply {
	id := c.arg(0)
	if c.ownOnly(id, "update:users", "update:users_app_metadata") {
		return notSubject()
	}
	old := c.users.at(id)
	if old == nil {
		return noUser()
	}
	if bad := metadataProblem(c.body); bad != nil {
		return *bad
	}
	at, bad := c.mayUpdate(old)
	if bad != nil {
		return *bad
	}
	u := old.clone()
	u.Updated = c.now().UTC()
	if at > 0 {
		u.Identities[at].Profile = maps.Clone(u.Identities[at].Profile)
		if bad := c.updateLinked(u, at); bad != nil {
			return *bad
		}
	} else if bad := c.updateMain(u, old); bad != nil {
		return *bad
	}
	c.put(u)
	return ok(u.json(nil, true))
}

// updateMain changes a record and what hangs on it: a new address is unverified, a new password lifts blocks.
func (c *call) updateMain(u, old *user) *reply {
	email, sent := c.body["email"].(string)
	moved := sent && !strings.EqualFold(email, old.Email)
	if moved && !c.sent("email_verified") {
		u.EmailVerified = new(bool)
	}
	if phone, sent := c.body["phone_number"].(string); sent && phone != old.Phone && !c.sent("phone_verified") {
		u.PhoneVerified = new(bool)
	}
	u.apply(c.body)
	if bad := c.clash(u, old); bad != nil {
		return bad
	}
	if password := c.text("password"); password != "" {
		if bad := c.newPassword(u, password); bad != nil {
			return bad
		}
	}
	for _, x := range []struct {
		changed   bool
		kind, say string
	}{{moved, "sce", "Change Email"}, {u.Username != old.Username, "scu", "Change Username"},
		{u.Phone != old.Phone, "scpn", "Change Phone Number"}, {c.text("password") != "", "scp", "Change Password"},
		{c.flag("verify_email") && u.Email != "" && (u.EmailVerified == nil || !*u.EmailVerified), "svr", ""}} {
		if x.changed {
			c.record(x.kind, u, x.say)
		}
	}
	return nil
}

// newPassword sets a password. As at Auth0 it lifts both the administrator's block and attack protection's.
func (c *call) newPassword(u *user, password string) *reply {
	cn := c.connectionNamed(u.connection())
	if bad := refusePassword(cn, u, password); bad != nil {
		return bad
	}
	u.keepPassword(password, cn)
	u.LastPassword = u.Updated
	if u.Blocked != nil {
		u.Blocked = new(bool)
	}
	c.liftBlocks(u.ID)
	return nil
}

// apply sets the attributes of a checked body. Metadata merges at the first level, where null removes a key.
func (u *user) apply(body map[string]any) {
	text := func(name string, into *string) {
		if v, sent := body[name]; sent {
			*into, _ = v.(string)
		}
	}
	flag := func(name string, into **bool) {
		if v, isFlag := body[name].(bool); isFlag {
			*into = &v
		}
	}
	text("email", &u.Email)
	text("username", &u.Username)
	if u.Identities[0].Provider == "auth0" {
		u.Email, u.Username = strings.ToLower(u.Email), strings.ToLower(u.Username)
	}
	text("phone_number", &u.Phone)
	text("name", &u.Name)
	text("given_name", &u.Given)
	text("family_name", &u.Family)
	text("nickname", &u.Nickname)
	text("picture", &u.Picture)
	flag("email_verified", &u.EmailVerified)
	flag("phone_verified", &u.PhoneVerified)
	flag("blocked", &u.Blocked)
	merge(body, "user_metadata", &u.UserMetadata)
	merge(body, "app_metadata", &u.AppMetadata)
	if v, sent := body["email"]; sent && v == nil {
		u.EmailVerified = nil
	}
	if v, sent := body["phone_number"]; sent && v == nil {
		u.PhoneVerified = nil
	}
}

func merge(body map[string]any, name string, into *map[string]any) {
	v, sent := body[name]
	if !sent {
		return
	}
	if v == nil {
		*into = map[string]any{}
		return
	}
	if *into == nil {
		*into = map[string]any{}
	}
	for key, value := range v.(map[string]any) {
		if value == nil {
			delete(*into, key)
			continue
		}
		(*into)[key] = value
	}
}
