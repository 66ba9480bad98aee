package localtenant

import (
	"maps"
	"slices"
	"strings"
)

// profileAttributes are those an identity provider may set again at every login.
func profileAttributes() []string {
	return []string{"family_name", "given_name", "name", "nickname", "picture"}
}

// mayUpdate is what Auth0 refuses in an update whose body is well formed. at is the identity that is changed, 0 the main one.
func (c *call) mayUpdate(u *user) (at int, bad *reply) {
	refuse := func(message, code string) (int, *reply) { r := badRequest(message, code); return 0, &r }
	if bad := c.mayTouch(); bad != nil {
		return 0, bad
	}
	for _, pair := range [][2]string{{"password", "email"}, {"password", "email_verified"}, {"username", "email"},
		{"username", "email_verified"}, {"username", "password"}} {
		if c.sent(pair[0]) && c.sent(pair[1]) {
			return refuse("Cannot update "+pair[0]+" and "+pair[1]+" simultaneously", "invalid_body")
		}
	}
	if name := c.text("connection"); name != "" {
		if c.connectionNamed(name) == nil {
			return refuse("Connection does not exist.", "inexistent_connection")
		}
		at = slices.IndexFunc(u.Identities, func(i identity) bool { return i.Connection == name })
		if at < 0 {
			return refuse("Connection is not supported for this operation.", "operation_not_supported")
		}
	}
	cn := c.connectionNamed(u.Identities[at].Connection)
	if cn == nil {
		cn = &connection{Strategy: u.Identities[at].Provider}
	}
	if bad := c.credentialsProblem(cn); bad != nil {
		return 0, bad
	}
	sent := slices.DeleteFunc(profileAttributes(), func(n string) bool { return !c.sent(n) })
	if at > 0 && len(sent) > 0 {
		return refuse("The following user attributes cannot be updated: "+strings.Join(sent, ", ")+
			". The specified connection belongs to a secondary identity.", "operation_not_supported")
	}
	if bad := c.removedAttributes(cn, slices.DeleteFunc(slices.Clone(sent), func(n string) bool { return c.body[n] != nil })); bad != nil {
		return 0, bad
	}
	return at, c.syncedAttributes(cn, sent)
}

// ownStore reports that Auth0 itself keeps the profiles of a connection.
func ownStore(cn *connection) bool {
	return cn.Strategy == "email" || cn.Strategy == "sms" || cn.Strategy == "auth0" &&
		(cn.Options["enabledDatabaseCustomization"] != true || cn.Options["import_mode"] == true)
}

// removedAttributes refuses to unset profile attributes that a connection would have to give again.
func (c *call) removedAttributes(cn *connection, removed []string) *reply {
	removed = slices.DeleteFunc(removed, func(n string) bool { return slices.Contains(texts(cn.Options["non_persistent_attrs"]), n) })
	switch {
	case len(removed) == 0 || cn.Name == "":
		return nil
	case ownStore(cn):
		return refused("The following user attributes cannot be removed: "+strings.Join(removed, ", ")+". The connection ("+cn.Name+
			") must either be a custom database connection with import mode disabled, a social or enterprise connection.", "operation_not_supported")
	case synced(cn):
		return refused("The following user attributes cannot be removed: "+strings.Join(removed, ", ")+". The connection ("+cn.Name+
			") should have disabled 'Sync user profile attributes at each login' (see <a href='https://auth0.com/docs/users/"+
			"configure-connection-sync-with-auth0'>Configuring Connection Sync with Auth0</a>) or defined these attributes in "+
			"'options.non_persistent_attrs' array (see <a href='https://auth0.com/docs/security/denylist-user-attributes'>Add User "+
			"Attributes to DenyList</a>).", "operation_not_supported")
	}
	return nil
}

// synced reports that the identity provider sets profile attributes at every login.
func synced(cn *connection) bool {
	return cn.Strategy != "auth0" && !slices.Contains([]any{"on_first_login", "never_on_login"}, cn.Options["set_user_root_attributes"])
}

// mayTouch holds the attributes sent against what the token may change.
func (c *call) mayTouch() *reply {
	held := strings.Fields(c.who.Scope)
	if slices.Contains(held, "update:users") {
		return nil
	}
	for _, name := range slices.Sorted(maps.Keys(c.body)) {
		if name == "app_metadata" && slices.Contains(held, "update:users_app_metadata") ||
			name == "user_metadata" && slices.Contains(held, "update:current_user_metadata") {
			continue
		}
		bad := fail(403, "Insufficient scope, expected any of: update:users", "insufficient_scope")
		return &bad
	}
	return nil
}

// credentialsProblem is what a connection says to new credentials.
func (c *call) credentialsProblem(cn *connection) *reply {
	database := cn.Strategy == "auth0"
	refuse := func(message, code string) *reply { r := badRequest(message, code); return &r }
	switch {
	case c.sent("email") && !database && cn.Strategy != "email":
		return refuse("Cannot update email for non-database user.", "operation_not_supported")
	case c.sent("password") && !database:
		return refuse("Cannot update password for non-database user.", "operation_not_supported")
	case c.sent("username") && !database:
		return refuse("Cannot update username for non-database user.", "operation_not_supported")
	case c.sent("phone_number") && !database && cn.Strategy != "sms":
		return refuse("Cannot update phone_number for non-database user.", "operation_not_supported")
	case c.sent("username") && cn.Options["requires_username"] != true:
		return refuse("Cannot set username for connection without requires_username.", "invalid_body")
	case (c.sent("email") || c.sent("password")) && len(cn.Clients) == 0:
		return refuse("Cannot change email or password for users in a disabled connection.", "operation_not_supported")
	case (c.sent("email_verified") || c.flag("verify_email")) && !database && cn.Strategy != "email":
		return refuse("Email verification is not supported for enterprise users.", "operation_not_supported")
	case c.sent("password") && c.text("password") == "":
		return refuse("Payload validation error: 'Expected type string but found type null' on property password.", "invalid_body")
	}
	return usernameProblem(cn, c.text("username"))
}

// syncedAttributes refuses profile attributes that the identity provider sets again at every login.
func (c *call) syncedAttributes(cn *connection, sent []string) *reply {
	if len(sent) == 0 || ownStore(cn) || cn.Name == "" || !synced(cn) {
		return nil
	}
	return refused("The following user attributes cannot be updated: "+strings.Join(sent, ", ")+". The connection ("+cn.Name+
		") must either be a database connection (using the Auth0 store), a passwordless connection (email or sms) or has disabled "+
		"'Sync user profile attributes at each login'. For more information, see "+
		"https://auth0.com/docs/dashboard/guides/connections/configure-connection-sync", "operation_not_supported")
}

// updateLinked changes the credentials of a linked identity, which live in its own profile.
func (c *call) updateLinked(u *user, at int) *reply {
	linked := &u.Identities[at]
	if linked.Profile == nil {
		linked.Profile = map[string]any{}
	}
	for _, name := range []string{"email", "email_verified", "username", "phone_number", "phone_verified"} {
		if v, sent := c.body[name]; sent && v != nil {
			linked.Profile[name] = v
		} else if sent {
			delete(linked.Profile, name)
		}
	}
	if c.sent("email") && !c.sent("email_verified") {
		linked.Profile["email_verified"] = false
	}
	rest := maps.Clone(c.body)
	for _, name := range []string{"email", "email_verified", "username", "phone_number", "phone_verified", "password"} {
		delete(rest, name)
	}
	u.apply(rest)
	if password := c.text("password"); password != "" {
		if bad := refusePassword(c.connectionNamed(linked.Connection), u, password); bad != nil {
			return bad
		}
		linked.Password = hashPassword(password)
	}
	return nil
}
